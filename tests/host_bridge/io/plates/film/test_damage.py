"""A damaged or cut-off movie gives what it has, names the rest and makes nothing up."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest
from av.video.frame import VideoFrame

from host_bridge.core.errors import PlateError
from tests.host_bridge.io.plates.film.kinds import H264, KINDS, again
from tests.host_bridge.io.plates.films import Make, make, picture


@pytest.mark.parametrize(
    ("name", "how"),
    [
        ("a.mkv", Make()),
        ("b.mkv", H264),
        ("a.mp4", Make(codec="libx264", frames=40, container={"movflags": "faststart"})),
        ("p.mov", Make(codec="prores_ks", pixels="yuv422p10le", container={"movflags": "faststart"})),
    ],
)
@pytest.mark.parametrize("share", [0.4, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75])
def test_a_cut_off_movie_gives_what_it_has_and_names_the_rest(
    tmp_path: Path, name: str, how: Make, share: float, caplog: pytest.LogCaptureFixture
) -> None:
    path = make(tmp_path / name, how)
    whole = again(path)
    expected = {n: whole.content(n) for n in whole.frames}
    os.truncate(path, int(path.stat().st_size * share))
    with caplog.at_level(logging.WARNING):
        sequence = again(path)
    assert sequence.frames == tuple(range(1, how.frames + 1))
    assert 2 < len(sequence.missing) < how.frames - 2
    assert sequence.missing == frozenset(range(min(sequence.missing), how.frames + 1))
    held = how.frames - len(sequence.missing)
    assert f"it holds {held} of {how.frames} frames, not {held + 1}-{how.frames}" in caplog.text
    good = 0
    for number in sequence.frames:
        try:
            assert sequence.content(number) == expected[number]
            good += 1
        except PlateError as error:
            assert str(path) in str(error)
    assert good == held
    assert sequence.held(how.frames) == min(sequence.missing) - 1


def test_damage_in_the_middle_costs_those_frames(tmp_path: Path) -> None:
    path = make(tmp_path / "a.mov", Make(codec="prores_ks", pixels="yuv422p10le"))
    whole = again(path)
    expected = {n: whole.content(n) for n in whole.frames}
    entry = whole.film.index  # type: ignore[union-attr]
    assert entry.keys == tuple(range(24))
    with av.open(str(path)) as container:
        at = list(container.streams.video[0].index_entries)[10]
    data = bytearray(path.read_bytes())
    data[at.pos : at.pos + 40] = bytes(40)
    path.write_bytes(data)
    sequence = again(path)
    lost = []
    for number in sequence.frames:
        try:
            assert sequence.content(number) == expected[number]
        except PlateError as error:
            assert "a.mov" in str(error)
            lost.append(number)
    assert lost == [11]


@pytest.mark.parametrize("name", ["h264.mp4", "mpeg2.mxf"])
def test_a_damaged_frame_fails_and_is_never_made_up(tmp_path: Path, name: str) -> None:
    """What a decoder would conceal depends on what it decoded before: such a frame is none."""
    how = replace(KINDS[name], options={**KINDS[name].options, "qp": "12"})
    path = make(tmp_path / name, how, noisy(how))
    whole = again(path)
    expected = {n: whole.content(n) for n in whole.frames}
    with av.open(str(path)) as container:
        stored = [(p.pos, p.size) for p in container.demux(video=0) if p.size]
    data, rng = bytearray(path.read_bytes()), np.random.default_rng(0)
    rng.bytes(800)
    begin, size = stored[18]
    data[begin + size // 3 : begin + size // 2] = rng.bytes(size // 2 - size // 3)  # type: ignore[operator]
    path.write_bytes(data)
    for order in (1, -1):
        lost = lost_frames(path, expected, order)
        assert 0 < len(lost) < 24


def lost_frames(path: Path, expected: dict[int, str], order: int) -> list[int]:
    """Frames that are refused, read forwards or backwards; all others are as expected."""
    sequence, lost = again(path), []
    for number in sequence.frames[::order]:
        try:
            assert sequence.content(number) == expected[number]
        except PlateError as error:
            assert path.name in str(error)
            lost.append(number)
    return lost


def damaged(path: Path, which: int, share: float = 0.4) -> None:
    """One packet, with bytes in its middle that nobody wrote."""
    with av.open(str(path)) as container:
        packet = [(p.pos or 0, p.size) for p in container.demux(video=0) if p.size][which]
    data, at = bytearray(path.read_bytes()), packet[0] + int(packet[1] * share)
    data[at : at + 40] = np.random.default_rng(which).bytes(40)
    path.write_bytes(data)


@pytest.mark.parametrize(
    ("name", "how"),
    [
        ("a.mp4", Make(codec="libx264", options={"sc_threshold": "0"})),
        ("a.mkv", Make(options={"level": "3", "slicecrc": "1", "slices": "4"})),
        ("a.mov", Make(codec="png", pixels="rgb24", gop=1)),
    ],
)
@pytest.mark.parametrize("which", [8, 16])
def test_damage_costs_what_was_made_from_it_and_nothing_else(tmp_path: Path, name: str, how: Make, which: int) -> None:
    """A damaged key frame too is no place to begin anew; FFV1's checksums are believed."""
    path = make(tmp_path / name, how)
    whole = again(path)
    expected = {n: whole.content(n) for n in whole.frames}
    assert whole.film is not None
    keys = (*whole.film.index.keys, how.frames)
    damaged(path, which)
    for order in (1, -1):
        lost = lost_frames(path, expected, order)
        end = min(key for key in keys if key > which)
        more = set(lost) - set(range(which + 1, end + 1))
        assert len(lost) - len(more) == end - which
        # Of what a decoder held back when the fault came, the frame stored right before it is not believed.
        assert len(more) <= 1 and more <= {which - 1, which}


def noisy(how: Make) -> Iterator[VideoFrame]:
    rng = np.random.default_rng(1)
    for number in range(how.frames):
        rough = picture(number).astype(int) + rng.integers(-30, 30, (64, 96, 3))
        yield VideoFrame.from_ndarray(rough.clip(0, 255).astype(np.uint8), format="rgb24").reformat(format=how.pixels)
