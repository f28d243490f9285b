"""Pictures and movies for whoever watches: the right pixels, the right packing, and nothing made twice."""

from __future__ import annotations

import errno
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image

from host_bridge.cli import main
from host_bridge.core.errors import BadInputError
from host_bridge.deliver import movie
from host_bridge.deliver.plan import plan
from host_bridge.review.source import open_stereo
from tests.host_bridge.deliver.conftest import COLUMNS, FRAMES, ROWS, frames


def shown(number: int) -> tuple[np.ndarray, np.ndarray]:
    return open_stereo("s.####.exr").shown(number)


def test_pictures_hold_what_the_display_transform_gives(stereo: str) -> None:
    assert main(["deliver", stereo, "-o", "a_%V.####.png"]) == 0
    left, right = shown(1003)
    for eye, values in (("left", left), ("right", right)):
        code = np.asarray(Image.open(f"a_{eye}.1003.png").convert("RGB"), np.float32) / 255
        assert np.abs(code - values).max() <= 1 / 254


@pytest.mark.parametrize(
    ("name", "size"),
    [("o_LR.####.tif", (ROWS, 2 * COLUMNS)), ("o_HSBS.####.jpg", (ROWS, COLUMNS)),
     ("o_TB.####.dpx", (2 * ROWS, COLUMNS)), ("o_half_ou.####.png", (ROWS, COLUMNS)),
     ("plain.####.png", (ROWS, 2 * COLUMNS))],
)  # fmt: skip
def test_the_name_tells_how_eyes_are_packed(stereo: str, name: str, size: tuple[int, int]) -> None:
    from OpenImageIO import ImageInput

    assert main(["deliver", stereo, "-o", name, "--frames", "1001"]) == 0
    spec = ImageInput.open(name.replace("####", "1001")).spec()  # type: ignore[union-attr]
    assert (spec.height, spec.width) == size


@pytest.mark.parametrize(
    ("name", "codec", "pixels"),
    [("m_Full_SBS.mp4", "h264", "yuv420p"), ("m_SBS.mkv", "hevc", "yuv420p10le"), ("m_SBS.mp4", "hevc", "yuv420p10le"),
     ("m_SBS.mxf", "dnxhr", "yuv422p10le"),
     ("m_SBS.mov", "prores", "yuv422p10le"), ("n_SBS.mov", "dnxhr", "yuv422p10le")],
)  # fmt: skip
def test_movies_hold_every_frame_in_its_colours(
    stereo: str, name: str, codec: str, pixels: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(movie, "SEGMENT", 2)
    assert main(["deliver", stereo, "-o", name, "--codec", codec, "--fps", "23.976", "--quality", "4"]) == 0
    with av.open(name) as file:
        stream = file.streams.video[0]
        assert stream.codec_context.pix_fmt == pixels
        assert stream.average_rate == pytest.approx(Fraction(24000, 1001), abs=0.02)
        first = next(file.decode(stream))
        assert (first.color_primaries, first.color_trc, first.colorspace) == (1, 1, 1)
        if codec == "h264":
            assert any(data.type.name == "STEREO3D" for data in first.side_data)  # type: ignore[attr-defined]
    found = frames(name)
    assert len(found) == len(FRAMES)
    for number, picture in zip(FRAMES, found, strict=True):
        expected = np.concatenate(shown(number), 1) * 255
        inner = np.abs(picture[8:110, 72:120] - expected[8:110, 72:120])
        assert inner.mean() < 3, number
    assert not list(Path().glob(".*segments*"))


@pytest.mark.parametrize("fps", ["0", "-24", "nan", "1000"])
def test_no_movie_has_such_a_rate(stereo: str, capsys: pytest.CaptureFixture[str], fps: str) -> None:
    assert main(["deliver", stereo, "-o", "m_LR.mp4", "--fps", fps]) == 2
    assert "give 1 to 240" in capsys.readouterr().err and not Path("m_LR.mp4").exists()
    Path("cuts.txt").write_text("1003\n")
    assert main(["analyse", stereo, "-o", "s.art3d", "--cuts", "cuts.txt", "--cuts-fps", fps]) == 2
    assert "--cuts-fps" in capsys.readouterr().err and not Path("s.art3d").exists()


def test_a_stopped_movie_goes_on(stereo: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the first try encoded is not made again, and the result is that of an undisturbed one."""
    monkeypatch.setattr(movie, "SEGMENT", 2)
    made: list[int] = []
    from host_bridge.deliver import run

    picture = run._picture

    def interrupted(source: Any, delivery: Any, number: int, view: str | None) -> Any:
        if number == 1004 and 1004 not in made:
            made.append(number)
            raise KeyboardInterrupt
        made.append(number)
        return picture(source, delivery, number, view)  # type: ignore[arg-type]

    monkeypatch.setattr(run, "_picture", interrupted)
    assert main(["deliver", stereo, "-o", "m_LR.mp4"]) == 130
    assert not Path("m_LR.mp4").exists() and not list(Path().glob(".m_LR*tmp*"))
    assert main(["deliver", stereo, "-o", "m_LR.mp4"]) == 0
    assert made.count(1001) == 1 and made.count(1003) == 2
    monkeypatch.setattr(run, "_picture", picture)
    assert main(["deliver", stereo, "-o", "n_LR.mp4"]) == 0
    assert all((a == b).all() for a, b in zip(frames("m_LR.mp4"), frames("n_LR.mp4"), strict=True))


def test_an_asked_view_is_taken(stereo: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["deliver", stereo, "-o", "raw_LR.####.png", "--frames", "1005", "--display-view", "Raw"]) == 0
    raw = np.asarray(Image.open("raw_LR.1005.png").convert("RGB"), np.float32) / 255
    assert raw[20, 228, 1] == pytest.approx(0.5, abs=0.01)
    assert main(["deliver", stereo, "-o", "x_LR.####.png", "--display-view", "Nothing"]) == 2
    said = capsys.readouterr().err
    assert "--display-view" in said and "Raw" in said and len(said.splitlines()) == 1


def test_pictures_that_are_there_are_kept(stereo: str) -> None:
    assert main(["deliver", stereo, "-o", "a_LR.####.png"]) == 0
    stamp = Path("a_LR.1001.png").stat().st_mtime_ns
    assert main(["deliver", stereo, "-o", "a_LR.####.png"]) == 0
    assert Path("a_LR.1001.png").stat().st_mtime_ns == stamp


def test_a_frame_that_cannot_be_read_fails_alone(stereo: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("s.1002.exr").write_bytes(b"v/1\x01 nonsense")
    assert main(["deliver", stereo, "-o", "a_LR.####.png"]) == 4
    assert "frame 1002" in capsys.readouterr().err and Path("a_LR.1005.png").is_file()


def test_a_full_disk_is_said_of_the_movie(
    stereo: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(*_: Any, **__: Any) -> Any:
        raise av.error.OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(av, "open", full)
    assert main(["deliver", stereo, "-o", "m_LR.mp4"]) == 2
    said = capsys.readouterr().err
    assert "art3d: m_LR.mp4: cannot be written (No space left on device)" in said and "space on the disk" in said


def test_a_movie_has_no_gaps(stereo: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Sound would no longer fit; pictures are delivered without the missing one, and that is said."""
    Path("s.1003.exr").unlink()
    assert main(["deliver", stereo, "-o", "m_LR.mp4"]) == 2
    assert "missing: frame 1003" in capsys.readouterr().err and not Path("m_LR.mp4").exists()
    assert main(["deliver", stereo, "-o", "m_LR.mp4", "--frames", "1001,1002,1004"]) == 0
    assert main(["deliver", stereo, "-o", "a_LR.####.png"]) == 4
    assert "missing: frame 1003" in capsys.readouterr().err and Path("a_LR.1005.png").is_file()


@pytest.mark.parametrize(
    ("out", "words", "said"),
    [
        ("one.png", {}, "####"),
        ("m.####.mp4", {}, "leave the ####"),
        ("m.avi", {}, "no format ends"),
        ("m.mp4", {"codec": "prores"}, "does not go into .mp4"),
        ("m.mp4", {"codec": "vhs"}, "no codec"),
        ("p.####.png", {"codec": "h264"}, "pictures have no codec"),
        ("m_%V.mp4", {"layout": "sbs"}, "take one of them"),
        ("m_RL.mp4", {}, "right eye comes first"),
        ("m_BT.####.png", {"layout": "tb"}, "right eye comes first"),
        ("m.mp4", {"layout": "spiral"}, "no layout"),
        ("m.mov", {"codec": "mv-hevc"}, "Apple's Compressor"),
        ("m_%V.mp4", {"layout": "spatial"}, "MV-HEVC"),
        ("m.mp4", {"layout": "VR180"}, "Spatial Media Metadata Injector"),
    ],
)
def test_what_does_not_fit_is_refused(out: str, words: dict[str, str], said: str) -> None:
    with pytest.raises(BadInputError) as error:
        plan(out, frames=5, **words)
    assert said in str(error.value)


def test_the_input_is_never_written_over(stereo: str, tmp_path: Path) -> None:
    assert main(["deliver", stereo, "-o", "v_%V.####.png"]) == 0
    assert main(["deliver", "v_%V.####.png", "-o", "v_%V.####.png", "--overwrite"]) == 2


def test_short_segments_keep_their_times(stereo: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """x265 invents decoding times for streams that are shorter than its delay."""
    for length in (1, 2):
        monkeypatch.setattr(movie, "SEGMENT", length)
        name = f"s{length}_LR.mkv"
        assert main(["deliver", stereo, "-o", name, "--codec", "hevc"]) == 0
        with av.open(name) as file:
            times = [float(packet.dts * packet.time_base) for packet in file.demux(video=0) if packet.dts is not None]
        assert np.diff(times) == pytest.approx(1 / 24, abs=2e-3)


@pytest.mark.parametrize(("layout", "axis"), [("sbs", 1), ("tb", 0), ("sbs-half", 1), ("tb-half", 0)])
def test_colour_that_two_pixels_share_is_of_one_eye(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, layout: str, axis: int
) -> None:
    """Of eyes with odd sides as well: what is red in one eye leaves no trace in the other."""
    monkeypatch.chdir(tmp_path)
    eyes = np.zeros((2, 67, 71, 3), np.uint8)
    eyes[0, ..., 0] = eyes[1, ..., 2] = 200
    for eye, picture in zip(("left", "right"), eyes, strict=True):
        Image.fromarray(picture).save(f"e.{eye}.0001.png")
    assert main(["deliver", "e.%V.####.png", "-o", "m.mkv", "--layout", layout, "--quality", "0"]) == 0
    with av.open("m.mkv") as file:
        frame = next(file.decode(video=0))
        blue, red = (
            np.frombuffer(bytes(p), np.uint8).reshape(p.height, p.line_size)[:, : p.width] for p in frame.planes[1:]
        )
    half = blue.shape[axis] // 2
    assert 2 * half == blue.shape[axis]
    left, right = ([plane.take(range(at, at + half), axis) for plane in (blue, red)] for at in (0, half))
    assert all(int(plane.max()) - int(plane.min()) <= 6 for plane in (*left, *right))
    assert left[1].min() > right[1].max() + 50
