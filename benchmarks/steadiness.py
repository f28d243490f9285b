"""How steady is a shot? Disparity flicker along motion, frame by frame against a shot analysis.

    python -m benchmarks.steadiness [--plates ../shared/plates] [--depth mini] [--plot FOLDER]

Jitter is the mean of |d(n) − (d(n−1) + d(n+1)) / 2| with both neighbours followed along the optical flow (DIS, where
forward and backward flow agree to 1 px), in px at 512 wide: true motion in depth is nearly straight over three frames
and drops out, flicker stays. Sharpness is the mean disparity gradient on the strongest 2 % of edges of the
frame-by-frame result. The jump at a cut is judged by `find_cuts` alone: no neighbour crosses it.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from art3d_node.analysis import stage
from art3d_node.estimate import RawDepth, estimate_depth
from art3d_node.library import Library
from art3d_node.motion import Link, links
from art3d_node.plate import PlateTensors
from art3d_node.renderer import render
from art3d_node.temporal import ALONE, Neighbour, Neighbourhood
from host_bridge.client.tile import Tile
from host_bridge.core.bars import find_bars
from host_bridge.core.frame import Frame
from host_bridge.core.geometry import Box
from host_bridge.core.params import Controls
from host_bridge.shot.file import Shot
from host_bridge.shot.survey import Plan, SurveySource, survey
from host_bridge.wire.settings import AnalysisSettings

ROOT = Path(__file__).resolve().parents[1]


@dataclass
class Here:
    """The compute node in this process, keeping each frame's raw depth and the motion between frames."""

    library: Library
    raw: dict[str, RawDepth]
    motions: dict[tuple[str, str], Link]

    def depth(self, frame: Frame, settings: AnalysisSettings) -> RawDepth:
        if frame.key not in self.raw:
            self.raw[frame.key] = estimate_depth(frame, settings, self.library)
        return self.raw[frame.key]

    def side(
        self, frames: list[Frame], settings: AnalysisSettings, *, start: int, others: Sequence[int]
    ) -> list[Neighbour]:
        """One side of the window of a frame."""
        found, last = [], frames[start]
        for index in others:
            there = frames[index]
            near, far = self.depth(last, settings), self.depth(there, settings)
            if near.grey.shape != far.grey.shape:  # other bars: as the node does, no further
                break
            if (last.key, there.key) not in self.motions:
                ahead, back = links(near.grey, far.grey)
                self.motions[last.key, there.key], self.motions[there.key, last.key] = ahead, back
            link = self.motions[last.key, there.key]
            found.append(Neighbour(far.grey, far.inverse_depth.numpy(), link))
            last = there
        return found

    def submit(
        self, frame: Frame, settings: AnalysisSettings, controls: Controls, box: Box, outputs: Sequence[str]
    ) -> Tile:
        seen = frame.proxy(settings.proxy)
        analysis = stage(seen, self.depth(frame, settings), settings, self.library)
        made = render(seen, analysis, controls, box, outputs)
        return Tile(box, {name: plane.numpy() for name, plane in made.planes.items()}, made.stats)

    def result(self, pending: Tile) -> Tile:
        return pending


def frames_of(path: Path, first: int, count: int) -> list[Frame]:
    """Frames of a folder of PNGs or of a video file, inside the widest bars of any of them: one grid for all."""
    pictures: list[np.ndarray] = []
    if path.is_dir():
        files = sorted(path.glob("*.png"))[first : first + count]
        pictures = [cv2.cvtColor(cv2.imread(str(file)), cv2.COLOR_BGR2RGB) for file in files]
    else:
        video = cv2.VideoCapture(str(path))
        video.set(cv2.CAP_PROP_POS_FRAMES, first)
        while len(pictures) < count:
            there, picture = video.read()
            if not there:
                break
            pictures.append(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB))
    top, bottom, left, right = np.max([find_bars(picture).bars for picture in pictures], axis=0)
    return [_frame(picture[top : len(picture) - bottom, left : picture.shape[1] - right]) for picture in pictures]


def _frame(picture: np.ndarray) -> Frame:
    box = Box.of_size(picture.shape[1], picture.shape[0])
    linear = (np.where(picture <= 10, picture / 255 / 12.92, ((picture / 255 + 0.055) / 1.055) ** 2.4)).astype("<f2")
    return Frame(box, box, {"color": linear, "look": picture})


def disparities(frames: list[Frame], here: Here, settings: AnalysisSettings, shot: Shot | None) -> list[np.ndarray]:
    """d_L of every frame, px at 512 wide."""
    found = []
    for index, frame in enumerate(frames):
        window, staged = ALONE, settings
        if shot is not None:
            staged = replace(settings, shot=shot.frame(index))
            window = Neighbourhood(
                *(here.side(frames, settings, start=index, others=o) for o in shot.neighbours(index))
            )
        analysis = stage(frame, here.depth(frame, settings), staged, here.library, window=window)
        found.append(analysis.disparity_px.numpy() * (512.0 / frame.picture_width))
    return found


def motion(frames: list[Frame], here: int, there: int) -> tuple[np.ndarray, np.ndarray]:
    """Flow from one frame to another and where it may be trusted."""
    greys = [cv2.cvtColor(PlateTensors(frames[i]).look.numpy(), cv2.COLOR_RGB2GRAY) for i in (here, there)]
    engine = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    first, second = greys
    forward, backward = engine.calc(first, second, None), engine.calc(second, first, None)
    miss = np.linalg.norm(forward + follow(backward, forward), axis=2)
    return forward, miss < 1.0


def follow(image: np.ndarray, flow: np.ndarray) -> np.ndarray:
    """An image seen along the flow."""
    y, x = np.indices(flow.shape[:2], np.float32)
    return np.asarray(
        cv2.remap(image, x + flow[..., 0], y + flow[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    )


def jitter(maps: dict[str, list[np.ndarray]], frames: list[Frame], cuts: Sequence[int]) -> dict[str, list[float]]:
    """Per method the jitter of every frame that has both neighbours in its scene."""
    found: dict[str, list[float]] = {name: [] for name in maps}
    for n in range(1, len(frames) - 1):
        if n in cuts or n + 1 in cuts:
            continue
        back, ahead = motion(frames, n, n - 1), motion(frames, n, n + 1)
        trust = back[1] & ahead[1]
        if trust.mean() < 0.1:
            continue
        for name, d in maps.items():
            middle = 0.5 * (follow(d[n - 1], back[0]) + follow(d[n + 1], ahead[0]))
            found[name].append(float(np.abs(d[n] - middle)[trust].mean()))
    return found


def sharpness(maps: dict[str, list[np.ndarray]]) -> dict[str, float]:
    """Mean gradient on the strongest 2 % of edges of the frame-by-frame result."""
    total = dict.fromkeys(maps, 0.0)
    for index, base in enumerate(maps["frame by frame"]):
        strong = gradient(base)
        mask = strong >= np.quantile(strong, 0.98)
        for name in maps:
            # A steadied edge may lie a pixel beside: the largest gradient near by counts, for both.
            near = cv2.dilate(gradient(maps[name][index]), np.ones((5, 5)))
            total[name] += float(near[mask].mean())
    return {name: value / len(maps["frame by frame"]) for name, value in total.items()}


def gradient(d: np.ndarray) -> np.ndarray:
    """Magnitude of central differences."""
    down, along = np.gradient(d)
    return np.asarray(np.hypot(down, along), np.float32)


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--plates", type=Path, default=ROOT.parent / "shared" / "plates")
    parser.add_argument("--depth", default="mini")
    parser.add_argument("--style", default="neutral")
    parser.add_argument("--frames", type=int, default=48)
    parser.add_argument("--steady", type=int, default=Plan.steady)
    parser.add_argument("--plot", type=Path)
    args = parser.parse_args()
    clips = {
        "film_frames/tos_shot_a": (args.plates / "film_frames" / "tos_shot_a", 0),
        "film_clips/tears_of_steel_a": (args.plates / "film_clips" / "tears_of_steel_a.webm", 96),
        "film_clips/his_girl_friday": (args.plates / "film_clips" / "his_girl_friday.mp4", 0),
        "film_clips/flower": (args.plates / "film_clips" / "flower.mp4", 0),
    }
    settings = AnalysisSettings(depth=args.depth, style=args.style)
    print(f"{'clip':30} {'frames':>6} {'cuts':>4} {'alone':>7} {'shot':>7} {'ratio':>6} {'sharpness':>9}")
    curves = {}
    for name, (path, first) in clips.items():
        frames = frames_of(path, first, args.frames)
        here = Here(Library(), {}, {})
        shot = survey(enumerate(frames), here, settings, Plan(steady=args.steady), SurveySource(name))
        maps = {
            "frame by frame": disparities(frames, here, settings, None),
            "shot": disparities(frames, here, settings, shot),
        }
        found, sharp = jitter(maps, frames, shot.cuts), sharpness(maps)
        curves[name] = found
        alone, steady = (float(np.mean(found[k])) for k in maps)
        kept = sharp["shot"] / sharp["frame by frame"]
        counts = f"{len(frames):6} {len(shot.cuts):4}"
        row = f"{name:30} {counts} {alone:7.4f} {steady:7.4f} {alone / steady:6.2f} {kept:9.3f}"
        print(row, flush=True)
    if args.plot:
        plot(curves, args.plot)


def plot(curves: dict[str, dict[str, list[float]]], folder: Path) -> None:
    """One panel a clip: jitter over frames."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, panels = pyplot.subplots(len(curves), 1, figsize=(8, 2.2 * len(curves)), constrained_layout=True)
    for panel, (name, found) in zip(panels, curves.items(), strict=True):
        for method, values in found.items():
            panel.plot(values, label=method)
        panel.set(title=name, ylabel="jitter, px at 512", ylim=(0, None))
        panel.legend(loc="upper right", fontsize="small")
    panels[-1].set_xlabel("frame")
    folder.mkdir(parents=True, exist_ok=True)
    figure.savefig(folder / "steadiness.png", dpi=90)


if __name__ == "__main__":
    main()
