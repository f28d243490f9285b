"""How far a render is, told from what lies on the disk."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import OpenEXR
import pytest

from host_bridge.cli import main


@pytest.fixture
def shot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Six frames of noise, the fourth cut off."""
    monkeypatch.chdir(tmp_path)
    noise = np.random.default_rng(0)
    for number in range(1, 7):
        channels = {"RGB": noise.random((16, 32, 3)).astype(np.float32)}
        OpenEXR.File({"type": OpenEXR.scanlineimage}, channels).write(f"p.{number:04d}.exr")
    whole = Path("p.0004.exr").read_bytes()
    Path("p.0004.exr").write_bytes(whole[: len(whole) // 2])
    return tmp_path


def states(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, dict[int, str]]:
    capsys.readouterr()
    code = main(["status", "o.####.exr", "--json", *words])
    body = json.loads(capsys.readouterr().out)
    return code, {frame["number"]: frame["state"] for frame in body["frames"]}


RENDER = ["render", "p.####.exr", "-o", "o.####.exr", "--shot", "none", "--depth", "mini"]


def test_each_frame_is_done_stale_failed_or_missing(shot: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*RENDER, "--frames", "1-4"]) == 4
    assert states(capsys) == (4, {1: "done", 2: "done", 3: "done", 4: "failed", 5: "missing", 6: "missing"})
    main(["status", "o.####.exr"])
    said = capsys.readouterr().out
    assert "p.0004.exr" in said and "1-3" in said and "5-6" in said
    # Another knob, asked for one frame only, makes the others stale.
    assert main([*RENDER, "--frames", "2", "--zero-plane", "0.3"]) == 0
    assert states(capsys, "--frames", "1-3") == (4, {1: "stale", 2: "done", 3: "stale"})


def test_a_mended_frame_is_forgiven(shot: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*RENDER, "--frames", "3-4"]) == 4
    assert (shot / ".o.0004.art3d-failed.json").is_file()
    (shot / "p.0004.exr").write_bytes((shot / "p.0005.exr").read_bytes())
    assert main(RENDER) == 0
    assert not (shot / ".o.0004.art3d-failed.json").exists()
    assert states(capsys) == (0, dict.fromkeys(range(1, 7), "done"))


def test_an_output_that_nobody_rendered(shot: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["status", "other.####.exr"]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_clean_removes_what_a_killed_render_left(shot: Path, capsys: pytest.CaptureFixture[str]) -> None:
    left = shot / ".o.0001.0123456789ab.art3d-tmp.exr"
    left.write_bytes(b"half")
    assert main(["clean", str(shot)]) == 0
    assert str(left) in capsys.readouterr().out and not left.exists()
    assert main(["clean", str(shot / "nowhere")]) == 2


def test_a_worker_that_would_cook_otherwise_stops(shot: Path, capsys: pytest.CaptureFixture[str]) -> None:
    expected = json.dumps({"art3d": "0", "style": "neutral"})
    assert main([*RENDER, "--expect", expected]) == 2
    said = capsys.readouterr().err
    assert "the version of Art3D was 0" in said and len(said.splitlines()) == 1
    assert not list(shot.glob("o.*.exr"))
