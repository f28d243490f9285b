"""Windows that change from frame to frame, through the real server."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import OpenEXR
import OpenImageIO as oiio
import pytest

from host_bridge.cli import main
from host_bridge.shot.file import load_shot


def write(
    path: Path, size: tuple[int, int], corner: tuple[int, int], display: tuple[int, int]
) -> dict[str, np.ndarray]:
    """A frame of soft blobs; `size` and `display` are (rows, columns), `corner` is (x, y)."""
    rng = np.random.default_rng(3)
    ground = np.kron(rng.uniform(0.05, 0.9, (6, 8, 3)), np.ones((16, 16, 1)))
    part = ground[corner[1] : corner[1] + size[0], corner[0] : corner[0] + size[1]].astype(np.float16)
    channels = {c: np.ascontiguousarray(part[..., i]) for i, c in enumerate("RGB")}
    header = {
        "type": OpenEXR.scanlineimage,
        "displayWindow": (np.array([0, 0], np.int32), np.array([display[1] - 1, display[0] - 1], np.int32)),
        "dataWindow": (np.array(corner, np.int32), np.array(corner, np.int32) + np.array(size[::-1], np.int32) - 1),
    }
    path.parent.mkdir(exist_ok=True)
    OpenEXR.File(header, dict(channels)).write(str(path))
    return channels


def render(folder: Path, capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, list[dict[str, Any]]]:
    plate = next(f"p.####{p.suffix}" for p in sorted((folder / "in").iterdir()))
    code = main(["render", str(folder / "in" / plate), "-o", str(folder / "out" / "o.####.exr"), "--json", *words])
    return code, [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_autocropped_frames_are_one_sequence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = {n: write(tmp_path / "in" / f"p.{n:04d}.exr", (64 - n, 96), (8 + 2 * n, n), (96, 128)) for n in range(1, 5)}
    code, events = render(tmp_path, capsys, "--depth", "mini")
    assert (code, [e["event"] for e in events]) == (0, ["start", *["frame"] * 4, "done"])
    shot = load_shot(tmp_path / "out" / "p.art3d")
    assert (shot.display, shot.canvas) == ((0, 0, 128, 96), (10, 1, 112, 64))
    for number, channels in made.items():
        parts = {p.name(): p for p in OpenEXR.File(str(tmp_path / "out" / f"o.{number:04d}.exr"), True).parts}
        left = parts["left"]
        assert left.header["dataWindow"][0].tolist() == [8 + 2 * number, number]
        assert all(left.channels[c].pixels.tobytes() == channels[c].tobytes() for c in "RGB")
        assert parts["right"].header["dataWindow"][1][1] == 63
    alone = tmp_path / "alone.####.exr"
    words = ["--shot", str(tmp_path / "out" / "p.art3d"), "--frames", "2", "--depth", "mini"]
    assert main(["render", str(tmp_path / "in" / "p.####.exr"), "-o", str(alone), *words]) == 0
    a, b = (OpenEXR.File(str(p), True).parts for p in (tmp_path / "alone.0002.exr", tmp_path / "out" / "o.0002.exr"))
    for mine, theirs in zip(a, b, strict=True):
        assert all(mine.channels[c].pixels.tobytes() == theirs.channels[c].pixels.tobytes() for c in mine.channels)


@pytest.mark.parametrize("shot", ["auto", "none"])
def test_a_frame_of_another_size_fails_alone_and_by_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], shot: str
) -> None:
    for number in range(1, 6):
        rows = 64 if number == 3 else 96
        write(tmp_path / "in" / f"p.{number:04d}.exr", (rows, 128), (0, 0), (rows, 128))
    code, events = render(tmp_path, capsys, "--depth", "mini", "--shot", shot)
    assert code == 4
    assert [e["frame"] for e in events if e["event"] == "frame"] == [1, 2, 4, 5]
    (failed,) = (e for e in events if e["event"] == "failed")
    assert failed["frame"] == 3
    assert "p.0003.exr: the picture is 128×64 px, the sequence's 128×96 px" in failed["error"]
    code, events = render(tmp_path, capsys, "--depth", "mini", "--shot", shot, "--frames", "3")
    assert (code, events[1]["event"]) == (2, "failed")


def test_a_png_of_another_size_fails_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "in").mkdir()
    for number in range(1, 4):
        rows = 48 if number == 2 else 64
        image = oiio.ImageBuf(np.random.default_rng(1).integers(0, 255, (rows, 96, 3)).astype(np.uint8))
        assert image.write(str(tmp_path / "in" / f"p.{number:04d}.png"))
    code, events = render(tmp_path, capsys, "--depth", "mini")
    assert code == 4
    assert [e["frame"] for e in events if e["event"] == "failed"] == [2]


def test_a_right_first_plate_is_a_right_hero_and_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "in").mkdir()
    rng = np.random.default_rng(0)
    made = {v: {c: rng.uniform(0, 1, (64, 96)).astype(np.float16) for c in "RGB"} for v in ("right", "left")}
    floor = np.repeat(np.linspace(40, 4, 64, dtype=np.float32)[:, None], 96, 1)
    parts = [
        OpenEXR.Part({"view": view, "compression": OpenEXR.ZIP_COMPRESSION}, {**channels, "Z": floor}, f"rgba.{view}")
        for view, channels in made.items()
    ]
    OpenEXR.File(parts).write(str(tmp_path / "in" / "p.0001.exr"))
    code, events = render(tmp_path, capsys, "--depth", "aov")
    assert code == 0
    assert (events[0]["hero"], events[0]["view"]) == ("right", "right")
    assert any("the hero eye is right" in note for note in events[0]["notes"])
    found = {p.name(): p for p in OpenEXR.File(str(tmp_path / "out" / "o.0001.exr"), separate_channels=True).parts}
    assert found["right"].channels["R"].pixels.tobytes() == made["right"]["R"].tobytes()
    assert "occlusion.left" in found
    assert found["right"].header["art3d/hero"] == "right"
