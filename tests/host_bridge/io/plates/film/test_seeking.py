"""A frame is the same however it is reached, without all frames decoded or kept."""

from __future__ import annotations

import gc
import threading
from pathlib import Path

import pytest

from host_bridge.io.plates import film_decoder, film_index
from tests.host_bridge.io.plates.film.kinds import KINDS, again
from tests.host_bridge.io.plates.films import Make, make


@pytest.mark.parametrize("name", KINDS)
def test_a_frame_is_the_same_sought_or_in_order(films: dict[str, Path], name: str) -> None:
    path, count = films[name], KINDS[name].frames
    sequence = again(path)
    assert sequence.frames == tuple(range(sequence.frames[0], sequence.frames[0] + count))
    in_order = {n: (sequence.content(n), sequence.read(n).frame.key) for n in sequence.frames}
    assert len({content for content, _ in in_order.values()}) == count
    for frames in (tuple(reversed(sequence.frames)), sequence.frames[::7], sequence.frames[5::3]):
        other = again(path)
        assert all((other.content(n), other.read(n).frame.key) == in_order[n] for n in frames)
    for number in (sequence.frames[0], sequence.frames[count // 2], sequence.frames[-1]):
        assert again(path).content(number) == in_order[number][0]


@pytest.mark.parametrize("name", ["h264.mp4", "prores.mov"])
def test_frames_come_out_alike_when_several_threads_ask(films: dict[str, Path], name: str) -> None:
    sequence = again(films[name])
    expected = [sequence.content(n) for n in sequence.frames]
    other, found = again(films[name]), {}
    threads = [
        threading.Thread(target=lambda part=part: found.update({n: other.content(n) for n in other.frames[part::4]}))
        for part in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [found[n] for n in other.frames] == expected


@pytest.mark.parametrize("name", ["h264.mp4", "open.mp4", "hevc.mp4", "h264.mkv"])
def test_one_frame_is_sought_and_not_reached_by_decoding_all(
    films: dict[str, Path], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    keep = film_decoder.FilmDecoder._keep
    monkeypatch.setattr(film_decoder.FilmDecoder, "_keep", lambda s, at, f: (seen.append(at), keep(s, at, f)))  # type: ignore[func-returns-value]
    again(films[name], frames="37").content(37)
    assert 36 in seen
    assert len([at for at in seen if at > 0]) < 20


def test_memory_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(film_decoder, "KEPT_FRAMES", 6)
    sequence = again(make(tmp_path / "p.mkv", Make(frames=60)))
    for number in sequence.frames:
        sequence.read(number)
        assert len(sequence.film._decoder._kept) <= 6  # type: ignore[union-attr]
    gc.collect()


def test_an_all_key_movie_is_not_read_through(films: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(film_index, "_from_packets", lambda *_: pytest.fail("packets were read"))
    assert len(again(films["prores.mov"]).frames) == 24
