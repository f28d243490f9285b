"""Damaged films are said, one line each; what is whole is used; nothing kept is explained."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
import pytest

from host_bridge.core.errors import PlateError
from training.cli import main
from training.explain import costliest, study
from training.faults import Faults, complete_pairs
from training.films import StereoFrame, TwinFilm, open_film
from training.sources import Stills
from training.video import Video

WORDS = ["--depth", "sidecar", "--size-px", "96", "--min-shot-frames", "2"]


def _sound(path: Path) -> Path:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=8000, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 800), np.int16), format="s16", layout="mono")
        frame.sample_rate = 8000
        for packet in [*stream.encode(frame), *stream.encode()]:
            container.mux(packet)
    return path


def test_one_junk_film_never_stops_the_list(film: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    junk, bare = tmp_path / "junk.mp4", tmp_path / "bare.mp4"
    junk.write_bytes(b"no film at all")
    shutil.copy(film, bare)
    films = [str(junk), str(_sound(tmp_path / "sound.wav")), str(film), str(bare)]
    out = tmp_path / "out"
    assert main(["curate", *films, "-o", str(out), "--layout", "sbs", "--min-ddc", "0.2", *WORDS]) == 4
    said = capsys.readouterr().err
    assert "junk.mp4: cannot be read as a video" in said and "sound.wav: holds no pictures" in said
    assert "bare.mp4: has no depth beside it" in said and "3 of 4 films have faults" in said
    assert main(["curate", *films[:2], "-o", str(tmp_path / "b"), "--layout", "sbs", *WORDS]) == 2
    assert "none of 2 films can be read" in capsys.readouterr().err


def test_nothing_kept_is_no_success(film: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["curate", str(film), "-o", str(tmp_path), "--min-ddc", "1.0", "--min-consistent", "0.3", *WORDS]
    assert main(words) == 5
    said = capsys.readouterr().out
    assert "disparity and depth disagree cost most" in said and "--min-ddc" in said and "pairs at DDC-IoU" in said


def test_a_film_cut_short_is_used_as_far_as_it_goes(
    film: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    frames = [StereoFrame(n, np.zeros((2, 2, 3), np.uint8), np.zeros((2, 2, 3), np.uint8)) for n in range(3)]

    def cut() -> Iterator[StereoFrame]:
        yield from frames
        raise PlateError("is damaged", where="film")

    faults = Faults()
    assert [f.index for f in complete_pairs(cut(), "film", faults)] == [0, 1, 2]
    assert faults.lines == {"film": "film: is damaged; its first 3 frames are used"}
    with pytest.raises(PlateError, match="8 of 24 frames"):
        Video(tmp_path / "x.mp4")._whole(8, 24)
    Video(tmp_path / "x.mp4")._whole(23, 24)


def test_eyes_of_two_lengths_are_said(tmp_path: Path) -> None:
    eye = np.zeros((2, 2, 3), np.uint8)
    film = TwinFilm("twin", "twin", Stills((eye,) * 3), Stills((eye,) * 2))
    faults = Faults()
    assert len(list(complete_pairs(film.pairs(), "twin", faults))) == 2
    assert "the right eye ends at frame 2" in faults.lines["twin"]


def test_what_cost_most_is_named() -> None:
    rows = [{"reason": "inconsistent", "figures": {"consistent": v}} for v in (0.4, 0.5, 0.6)]
    rows.append({"reason": "eyes swapped", "figures": {"ddc": 0.55}})
    line = costliest(rows)
    assert "inconsistent cost most, 3 of 4" in line and "0.50 in the median, 0.60 at best" in line
    assert "--min-consistent" in line and costliest([]) == ""
    assert "--swap-eyes" in costliest(rows[3:]) and study(rows)["0.5"] == 1 and study(rows)["0.6"] == 0


def _ffv1(path: Path, damaged: int | None = None) -> Path:
    """Six frames side by side, each with checksums; some bytes of one may be others."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=24, options={"level": "3", "slicecrc": "1"})
        stream.width, stream.height, stream.pix_fmt = 128, 64, "yuv420p"
        for number in range(6):
            codes = np.random.default_rng(number).integers(0, 256, (64, 128, 3)).astype(np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(codes, format="rgb24")))
        container.mux(stream.encode())
    if damaged is not None:
        with av.open(str(path)) as container:
            packets = [bytes(packet) for packet in container.demux(video=0) if packet.size]
        data = path.read_bytes()
        at = data.index(packets[damaged]) + len(packets[damaged]) // 2
        path.write_bytes(data[:at] + bytes(byte ^ 0x5A for byte in data[at : at + 40]) + data[at + 40 :])
    return path


@pytest.mark.parametrize("damaged", [2, 5])
def test_frames_that_fail_their_checksum_are_not_learned_from(tmp_path: Path, damaged: int) -> None:
    film = open_film(str(_ffv1(tmp_path / "film_sbs.mkv", damaged)))
    faults = Faults()
    assert [frame.index for frame in complete_pairs(film.pairs(), "film", faults)] == list(range(damaged))
    assert f"a checksum does not fit; its first {damaged} frames are used" in faults.lines["film"]


def test_a_container_that_counts_no_frames_is_cut_short_too(tmp_path: Path) -> None:
    path = _ffv1(tmp_path / "film_sbs.mkv")
    assert len(list(open_film(str(path)).pairs())) == 6
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    faults = Faults()
    count = len(list(complete_pairs(open_film(str(path)).pairs(), "film", faults)))
    assert 2 <= count <= 3 and f"{count} of 6 frames can be read" in faults.lines["film"]


def test_a_folder_in_which_nothing_was_measured_takes_another_film(film: Path, tmp_path: Path) -> None:
    junk, out = tmp_path / "junk.mp4", str(tmp_path / "out")
    junk.write_bytes(b"no film at all")
    assert main(["curate", str(junk), "-o", out, "--layout", "sbs", *WORDS]) == 2
    assert main(["curate", str(film), "-o", out, "--layout", "sbs", "--min-ddc", "0.2", *WORDS]) == 0
    assert main(["curate", str(junk), "-o", out, "--layout", "sbs", *WORDS]) == 2
