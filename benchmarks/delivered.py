"""Stage film as it is delivered: through a codec at 390 kb/s, or sharpened; its other eye and the disparity are known.

The stage is lit in linear light and shown through a display curve of 2.2; what codec or sharpening make of the shown
picture becomes light again: that is the plate. The truth is the other eye, sharpened alike, that no codec has touched.
Both leave halos along outlines, which a compositor's own plates hardly have.
"""

from __future__ import annotations

import functools
import io
from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction

import av
import cv2
import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from benchmarks.scenes import Scene
from training.stage.build import build_scene
from training.stage.scene import View
from training.stage.textures import Textures

Method = Callable[[Tensor, Tensor], Tensor]
Image = npt.NDArray[np.float32]

BIT_RATE = 390_000
GAMMA = 2.2
SHOTS, FRAMES, SIZE = 6, 8, (800, 336)
SCALE_PX, SHIFT_PX = 28.0, -14.0  # disparity = SCALE_PX iz + SHIFT_PX
KINDS = ("clean", "coded", "sharpened", "sharpened, coded")
CUT_PX = 1.0  # of disparity between neighbours: an outline


@functools.cache
def scenes(kind: str) -> list[Scene]:
    """The last frame of every shot, as ``kind`` has it: "clean", "coded", "sharpened" or "sharpened, coded".

    The pictures are the shown ones, 0 .. 1; `through_light` renders them as a converter does.
    """
    lefts, rights = ([[view.color for view in shot] for shot in eye] for eye in _shots())
    if "sharpened" in kind:
        lefts, rights = ([[_sharpened(picture) for picture in shot] for shot in eye] for eye in (lefts, rights))
    shown = _coded(lefts) if "coded" in kind else lefts
    views = [(left[-1], right[-1]) for left, right in zip(*_shots(), strict=True)]
    return [_scene(kind, shown[shot][-1], rights[shot][-1], *views[shot]) for shot in range(SHOTS)]


def through_light(method: Method, shown: Tensor, disparity: Tensor) -> Tensor:
    """What a method makes of a shown picture's linear light, shown."""
    return method(shown.clamp(min=0) ** GAMMA, disparity).clamp(0, 1) ** (1 / GAMMA)


@functools.cache
def _shots() -> tuple[list[list[View]], list[list[View]]]:
    """Left and right eyes of every frame of every shot, as shown."""
    width, height = SIZE
    textures, lefts, rights = Textures(), [], []
    for shot in range(SHOTS):
        rng = np.random.default_rng([21, shot])
        scene = build_scene(width, height, textures, rng, close_up=shot % 2 == 0, colour="red", pop_out=False)
        lit = replace(scene, planes=tuple(replace(plane, color=_lit(plane.color)) for plane in scene.planes))
        trucks = np.linspace(-3, 3, FRAMES) * (shot % 3 - 1)
        lefts.append([_shown(lit.view(gain_px=truck)) for truck in trucks])
        rights.append([_shown(lit.view(gain_px=truck - SCALE_PX, offset_px=-SHIFT_PX)) for truck in trucks])
    return lefts, rights


def _lit(color: Image) -> Image:
    """A premultiplied RGBA surface in linear light."""
    alpha = color[..., 3:]
    own = np.divide(color[..., :3], alpha, out=np.zeros_like(color[..., :3]), where=alpha > 0)
    return np.concatenate([own.clip(0, 1) ** np.float32(GAMMA) * alpha, alpha], -1)


def _shown(view: View) -> View:
    return replace(view, color=view.color.clip(0, 1) ** np.float32(1 / GAMMA))


def _sharpened(picture: Image) -> Image:
    """An unsharp mask as editors set it: radius 1.2 px, 80 %."""
    soft = cv2.GaussianBlur(picture, (0, 0), 1.2)
    return np.asarray((picture + 0.8 * (picture - soft)).clip(0, 1), np.float32)


def _coded(shots: list[list[Image]]) -> list[list[Image]]:
    """The film once through H.264."""
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=Fraction(24), options={"preset": "medium", "threads": "1"})
        stream.width, stream.height, stream.pix_fmt, stream.bit_rate = *SIZE, "yuv420p", BIT_RATE
        for picture in (picture for shot in shots for picture in shot):
            levels = np.rint(picture * 255).astype(np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(levels, "rgb24")))
        container.mux(stream.encode())
    frames = list(_decoded(file))
    return [frames[first : first + FRAMES] for first in range(0, len(frames), FRAMES)]


def _decoded(file: io.BytesIO) -> Iterator[Image]:
    file.seek(0)
    with av.open(file) as container:
        for frame in container.decode(video=0):  # type: ignore[union-attr]
            yield frame.to_ndarray(format="rgb24").astype(np.float32) / np.float32(255)


def _scene(kind: str, plate: Image, truth: Image, left: View, right: View) -> Scene:
    """What connects the two eyes follows from the inverse depths of both."""
    d, beyond = (SCALE_PX * view.iz + SHIFT_PX for view in (left, right))
    height, width = d.shape
    columns = np.arange(width, dtype=np.float32)[None].repeat(height, 0)
    at = columns + beyond  # where the left eye sees what the right one shows
    outside = (at < -0.5) | (at > width - 0.5)
    nearest = np.rint(at).clip(0, width - 1).astype(int)
    rows = np.arange(height)[:, None]
    hidden = outside | (np.abs(d[rows, nearest] - beyond) > CUT_PX)
    cut = _near_cut(beyond) | _near_cut(d)[rows, nearest]
    hidden_only = cv2.morphologyEx(hidden.astype(np.uint8), cv2.MORPH_OPEN, np.ones((1, 2), np.uint8)) > 0
    arrays = (plate, truth, d, hidden_only, outside, cut & ~hidden_only)
    return Scene(kind, *(torch.from_numpy(np.ascontiguousarray(array)) for array in arrays))


def _near_cut(d: Image) -> npt.NDArray[np.bool_]:
    """Within two pixels of a depth edge."""
    cut = np.zeros(d.shape, np.uint8)
    cut[:, 1:] |= np.abs(np.diff(d, axis=1)) > CUT_PX
    cut[1:] |= np.abs(np.diff(d, axis=0)) > CUT_PX
    return np.asarray(cv2.dilate(cut, np.ones((5, 5), np.uint8)) > 0)
