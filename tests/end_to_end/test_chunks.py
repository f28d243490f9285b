"""A frame is a frame: the same bytes alone, in any chunk, in any order, beside another process, after a crash."""

from __future__ import annotations

import hashlib
import itertools
import random
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import OpenEXR
import pytest

from host_bridge.cli import main
from tests.end_to_end.conftest import kill_server

FRAMES = range(1001, 1025)
SIZE = (54, 96)
DEPTHS = ("aov", "mini")


@pytest.fixture(scope="module")
def plate(tmp_path_factory: pytest.TempPathFactory) -> str:
    """24 frames of a ball that moves over a textured floor, with Z; a cut in the middle."""
    folder = tmp_path_factory.mktemp("plate")
    rng = np.random.default_rng(0)
    grounds = [np.kron(rng.uniform(0, 0.8, (9, 16, 3)), np.ones((6, 6, 1))) for _ in range(2)]
    y, x = np.mgrid[: SIZE[0], : SIZE[1]]
    for number in FRAMES:
        index = number - FRAMES[0]
        color = grounds[index // 12].copy()
        ball = (x - 20 - 2 * index) ** 2 + (y - 30) ** 2 < 100
        color[ball] = (0.9, 0.2, 0.1)
        z = np.where(ball, 3.0 - 0.05 * index, 20.0 - 0.25 * y)
        channels = {"RGB": color.astype(np.float16), "depth.Z": z.astype(np.float32)}
        OpenEXR.File({"type": OpenEXR.scanlineimage}, channels).write(str(folder / f"p.{number}.exr"))
    return str(folder / "p.####.exr")


def render(plate: str, out: Path, depth: str, frames: str = "") -> int:
    out.mkdir(exist_ok=True)
    words = ["render", plate, "-o", str(out / "o.####.exr"), "--depth", depth, "--json"]
    return main([*words, "--frames", frames] if frames else words)


def pixels(folder: Path) -> dict[str, str]:
    """File name → hash of every channel of every part."""
    found = {}
    for path in sorted(folder.glob("o.*.exr")):
        digest = hashlib.sha256()
        with OpenEXR.File(str(path), separate_channels=True) as file:
            for part in file.parts:
                for name, channel in sorted(part.channels.items()):
                    digest.update(f"{part.header.get('name')}/{name}".encode() + channel.pixels.tobytes())
        found[path.name] = digest.hexdigest()
    return found


@pytest.fixture(scope="module", params=DEPTHS)
def whole(
    request: pytest.FixtureRequest, plate: str, tmp_path_factory: pytest.TempPathFactory
) -> tuple[str, dict[str, Any]]:
    """Depth source, and the pixels of the shot rendered in one piece."""
    out = tmp_path_factory.mktemp("whole")
    assert render(plate, out, request.param) == 0
    found = pixels(out)
    assert len(found) == len(FRAMES) and len(set(found.values())) == len(FRAMES)
    return request.param, found


@pytest.mark.parametrize("size", [1, 4])
def test_chunks_in_random_order(whole: tuple[str, dict[str, Any]], plate: str, tmp_path: Path, size: int) -> None:
    depth, expected = whole
    chunks = [FRAMES[i : i + size] for i in range(0, len(FRAMES), size)]
    random.Random(size).shuffle(chunks)
    for chunk in chunks:
        assert render(plate, tmp_path / "o", depth, f"{chunk[0]}-{chunk[-1]}") == 0
    assert pixels(tmp_path / "o") == expected


def test_two_processes_at_once(whole: tuple[str, dict[str, Any]], plate: str, tmp_path: Path) -> None:
    depth, expected = whole
    out = str(tmp_path / "o.####.exr")
    words = [sys.executable, "-m", "host_bridge.cli", "render", plate, "-o", out, "--depth", depth]
    pair = [subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) for _ in range(2)]
    for process in pair:
        _, said = process.communicate(timeout=200)
        assert process.returncode == 0, said.decode()
    assert pixels(tmp_path) == expected
    assert not [p.name for p in tmp_path.iterdir() if "art3d-tmp" in p.name]


def test_server_killed_again_and_again(whole: tuple[str, dict[str, Any]], plate: str, tmp_path: Path) -> None:
    depth, expected = whole
    # A server with a network takes seconds to load, so that ten kills would mostly hit loading servers.
    kills = 10 if depth == "aov" else 3
    stop = threading.Event()
    killed: list[bool] = []

    def kill() -> None:
        dice = random.Random(7)
        while not stop.wait(dice.uniform(0.5, 1.5)) and sum(killed) < kills:
            killed.append(kill_server())

    killer = threading.Thread(target=kill)
    killer.start()
    try:
        for turn in itertools.count():  # until every kill has found a server
            for chunk in range(FRAMES[0], FRAMES[-1], 6):
                assert render(plate, tmp_path / f"o{turn}", depth, f"{chunk}-{chunk + 5}") == 0
            assert pixels(tmp_path / f"o{turn}") == expected
            if sum(killed) >= kills:
                break
    finally:
        stop.set()
        killer.join()


def test_interrupted_batch_continues(whole: tuple[str, dict[str, Any]], plate: str, tmp_path: Path) -> None:
    """A render that is killed outright leaves whole files only; the same command finishes the rest."""
    depth, expected = whole
    out = str(tmp_path / "o.####.exr")
    words = [sys.executable, "-m", "host_bridge.cli", "render", plate, "-o", out, "--depth", depth]
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    end = time.monotonic() + 100
    while len(list(tmp_path.glob("o.*.exr"))) < 5 and process.poll() is None and time.monotonic() < end:
        time.sleep(0.02)
    process.kill()
    process.wait()
    early = pixels(tmp_path)
    assert early and all(expected[name] == found for name, found in early.items())
    before = {path.name: path.stat().st_mtime_ns for path in tmp_path.glob("o.*.exr")}
    assert render(plate, tmp_path, depth) == 0
    assert pixels(tmp_path) == expected
    assert all((tmp_path / name).stat().st_mtime_ns == stamp for name, stamp in before.items())
