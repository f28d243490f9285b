"""Shoots a whole film on the stage and writes it as a studio would deliver it, with the truth beside it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import numpy.typing as npt

from host_bridge.core.errors import BadInputError, OutputError
from training.stage.build import build_scene
from training.stage.directors import Director, eased_shift, stage_shots
from training.stage.scene import Scene, View
from training.stage.textures import Textures

REPORT_WIDTH_PX = 512
LEAST_SIDE_PX, MOST_SIDE_PX = 32, 4096


@dataclass(frozen=True)
class FilmPlan:
    """What to shoot.

    Attributes:
        shots, frames_per_shot: length of the film.
        width, height: px of one eye's picture, bars included.
        aspect: width over height of the picture inside the bars; 0 leaves no bars.
        layout: "sbs" or "tb", both at full size.
        pop_out_share: share of the shots in which somebody wears the director's colour.
        close_up_share: share of the shots that are close-ups.
        grain: standard deviation of noise, 0..1, independent in each eye.
        seed: chance.

    Raises:
        BadInputError: a width or height that no film has.
    """

    shots: int = 24
    frames_per_shot: int = 8
    width: int = 640
    height: int = 360
    aspect: float = 2.0
    layout: str = "sbs"
    pop_out_share: float = 0.5
    close_up_share: float = 0.3
    grain: float = 0.008
    seed: int = 1

    def __post_init__(self) -> None:
        if any(side % 2 or not LEAST_SIDE_PX <= side <= MOST_SIDE_PX for side in (self.width, self.height)):
            raise BadInputError(f"{self.width}×{self.height} px is no film's size", where="--width, --height",
                                remedy=f"give even sides, {LEAST_SIDE_PX} to {MOST_SIDE_PX}")  # fmt: skip


@dataclass(frozen=True)
class StereoView:
    """Both eyes of one frame, and what the director did in it (px at 512)."""

    left: View
    right: View
    scale_px: float
    shift_px: float
    pop_out_px: float


def shoot(director: Director, plan: FilmPlan, textures: Textures) -> Iterator[tuple[int, StereoView]]:
    """Frames in order, each with its shot's number."""
    rng = np.random.default_rng([plan.seed, 1])
    close_ups = _shares(plan.shots, plan.close_up_share, rng)
    pop_outs = _shares(plan.shots, plan.pop_out_share, rng)
    stagings = stage_shots(director, close_ups, rng)
    before = stagings[0].shift_px
    for number, staging in enumerate(stagings):
        shot_rng = np.random.default_rng([plan.seed, 2, number])
        size, popped = _picture_size(plan), pop_outs[number]
        scene = build_scene(
            *size, textures, shot_rng, close_up=close_ups[number], colour=director.pop_out, pop_out=popped
        )
        moves = _camera(shot_rng, plan.frames_per_shot, size[0])
        for frame, move in enumerate(moves):
            shift = eased_shift(director, before, staging.shift_px, frame)
            yield number, _both_eyes(scene, move, staging.scale_px, shift, director.pop_out_px if popped else 0.0)
        before = staging.shift_px


def _shares(count: int, share: float, rng: np.random.Generator) -> list[bool]:
    return [bool(v) for v in rng.permutation(np.arange(count) < round(count * share))]


def _picture_size(plan: FilmPlan) -> tuple[int, int]:
    if plan.aspect <= plan.width / plan.height:
        return plan.width, plan.height
    return plan.width, int(plan.width / plan.aspect) // 2 * 2


def _camera(rng: np.random.Generator, frames: int, width: int) -> npt.NDArray[np.float64]:
    """Truck per frame, px of the nearest plane: still, or a steady move either way."""
    speed = float(rng.choice([0.0, 1.0, -1.0])) * rng.uniform(0.5, 1.5) * width / 640
    return np.asarray(speed * (np.arange(frames) - frames / 2), np.float64)


def _both_eyes(scene: Scene, truck: float, scale_px: float, shift_px: float, pop_px: float) -> StereoView:
    px = scene.width / REPORT_WIDTH_PX
    left = scene.view(gain_px=truck)
    right = scene.view(gain_px=truck - scale_px * px, offset_px=-shift_px * px, pop_out_px=-pop_px * px)
    return StereoView(left, right, scale_px, shift_px, pop_px)


def write_film(path: Path, director: Director, plan: FilmPlan, textures: Textures) -> Path:
    """Write PATH (a video), PATH.truth.json, and PATH.depth/ and PATH.mattes/ with one picture per frame.

    Depth pictures are 16-bit, 0..65535 for iz 0..1, mattes 8-bit; both are laid out as the film is.

    Raises:
        OutputError: a file cannot be written.
    """
    depth, mattes = Path(f"{path}.depth"), Path(f"{path}.mattes")
    noise = np.random.default_rng([plan.seed, 3])
    truth: list[dict[str, float]] = []
    stack = np.hstack if plan.layout == "sbs" else np.vstack
    try:
        for folder in (path.parent, depth, mattes):
            folder.mkdir(parents=True, exist_ok=True)
        with av.open(str(path), "w") as container:
            stream = _stream(container, plan)
            for index, (shot, both) in enumerate(shoot(director, plan, textures)):
                eyes = [_barred(_grainy(view.color, plan, noise), plan) for view in (both.left, both.right)]
                for packet in stream.encode(av.VideoFrame.from_ndarray(stack(eyes), "rgb24")):
                    container.mux(packet)
                iz = [_barred((view.iz.clip(0, 1) * 65535).astype(np.uint16), plan) for view in (both.left, both.right)]
                mattes_of = [_barred((view.matte * 255).astype(np.uint8), plan) for view in (both.left, both.right)]
                _write_png(depth / f"{index:06d}.png", stack(iz))
                _write_png(mattes / f"{index:06d}.png", stack(mattes_of))
                truth.append({"shot": shot, **{k: v for k, v in asdict(both).items() if k.endswith("_px")}})
            for packet in stream.encode():
                container.mux(packet)
    except (av.FFmpegError, OSError) as error:
        raise OutputError(f"cannot write this film: {error}", where=str(path),
                          remedy="name a FILM.mp4 in a folder that can be written") from error  # fmt: skip
    facts = {"director": asdict(director), "plan": asdict(plan), "frames": truth}
    Path(f"{path}.truth.json").write_text(json.dumps(facts, indent=1))
    return path


def _stream(container: av.container.OutputContainer, plan: FilmPlan) -> av.VideoStream:
    stream = container.add_stream("libx264", rate=Fraction(24), options={"crf": "8", "preset": "veryfast"})
    wide, high = (2, 1) if plan.layout == "sbs" else (1, 2)
    stream.width, stream.height, stream.pix_fmt = plan.width * wide, plan.height * high, "yuv420p"
    return stream


def _grainy(color: npt.NDArray[np.float32], plan: FilmPlan, rng: np.random.Generator) -> npt.NDArray[np.uint8]:
    grain = rng.normal(0, plan.grain, color.shape[:2])[..., None]
    return ((color + grain).clip(0, 1) * 255 + 0.5).astype(np.uint8)


def _barred(picture: npt.NDArray[Any], plan: FilmPlan) -> npt.NDArray[Any]:
    frame = np.zeros((plan.height, *picture.shape[1:]), picture.dtype)
    top = (plan.height - picture.shape[0]) // 2
    frame[top : top + picture.shape[0]] = picture
    return frame


def _write_png(path: Path, image: npt.NDArray[np.generic]) -> None:
    if not cv2.imwrite(str(path), image, [cv2.IMWRITE_PNG_COMPRESSION, 1]):
        raise OutputError("cannot write", where=str(path))
