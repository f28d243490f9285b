"""What cannot be read as a movie is refused by name, on one line."""

from __future__ import annotations

import os
from pathlib import Path

import av
import numpy as np
import pytest

from host_bridge.core.errors import MissingFrameError, PlateError
from tests.host_bridge.io.plates.film.kinds import H264, again
from tests.host_bridge.io.plates.films import Make, make


def test_interlace_is_refused_by_name(tmp_path: Path) -> None:
    how = Make(codec="mpeg2video", pixels="yuv422p", options={"flags": "+ildct+ilme", "field_order": "tt"}, frames=3)
    path = make(tmp_path / "a.mxf", how)
    mark_interlaced(path)
    with pytest.raises(PlateError, match=r"a\.mxf: the film is interlaced; deinterlace it first"):
        again(path)


def mark_interlaced(path: Path) -> None:
    with av.open(str(path)) as source:
        assert next(source.decode(video=0)).interlaced_frame


def test_a_movie_without_its_index_is_one_line(tmp_path: Path) -> None:
    path = make(tmp_path / "a.mp4", H264)
    os.truncate(path, path.stat().st_size // 2)
    with pytest.raises(PlateError, match=r"a\.mp4: not a movie that can be read") as caught:
        again(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"x", b"\0" * 5000, b"\x1aE\xdf\xa3" + b"\xff" * 100])
def test_what_is_no_movie(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.mov").write_bytes(content)
    with pytest.raises(PlateError, match=r"a\.mov: "):
        again(tmp_path / "a.mov")
    with pytest.raises(MissingFrameError):
        again(tmp_path / "none.mov")


def test_sound_alone_is_no_plate(tmp_path: Path) -> None:
    with av.open(str(tmp_path / "a.mp4"), "w") as container:
        stream = container.add_stream("aac", rate=48000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), "fltp", "mono")
        frame.sample_rate = 48000
        container.mux(stream.encode(frame))
        container.mux(stream.encode())
    with pytest.raises(PlateError, match="no picture"):
        again(tmp_path / "a.mp4")
