"""What players, editors and screens are told about a movie."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import av
import pytest

from host_bridge.cli import main
from host_bridge.deliver import movie
from host_bridge.deliver.plan import plan
from tests.host_bridge.deliver.conftest import FRAMES, frames


@pytest.mark.parametrize(
    ("out", "words", "layout", "said"),
    [
        ("m.mov", {}, "sbs", "call it _Full_SBS"),
        ("m.mxf", {"layout": "tb-half"}, "tb-half", "call it _HTB"),
        ("m.mov", {"codec": "hevc"}, "sbs", "call it _Full_SBS"),
        ("m_LR.mp4", {"layout": "tb"}, "tb", "its name says sbs, and it is written as tb"),
        ("m_SBS.####.png", {"layout": "sbs-half"}, "sbs-half", "_HSBS would be true"),
        ("m.mov", {"codec": "h264"}, "sbs", ""),
        ("m.mkv", {"codec": "hevc"}, "sbs", ""),
        ("m.mp4", {}, "sbs", ""),
        ("m_LR.mov", {}, "sbs", ""),
        ("m.v2_TB.mov", {}, "tb", ""),
        ("m_%V.mov", {}, "", ""),
    ],
)
def test_who_is_told_how_both_eyes_lie(
    out: str, words: dict[str, str], layout: str, said: str, caplog: pytest.LogCaptureFixture
) -> None:
    assert plan(out, frames=5, **words)[1] == layout
    assert [said in message for message in caplog.messages] == [True] * bool(said)


def probed(path: str, *what: str) -> str:
    if shutil.which("ffprobe") is None:
        pytest.skip("no ffprobe: apt-get install ffmpeg")
    words = ["ffprobe", "-v", "error", "-select_streams", "v:0", *what, path]
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize(("name", "kind"), [("m_Full_SBS.mp4", 1), ("m_TB.mp4", 2), ("m_HSBS.mkv", 1)])
def test_players_are_told_how_the_eyes_are_packed(stereo: str, name: str, kind: int) -> None:
    """The frame-packing message, as another build of FFmpeg finds it too, and Matroska's own mark."""
    assert main(["deliver", stereo, "-o", name, "--codec", "h264", "--frames", "1001-1002"]) == 0
    with av.open(name) as file:
        told = [bytes(d) for d in next(file.decode(video=0)).side_data if d.type.name == "STEREO3D"]  # type: ignore[arg-type, attr-defined]
    # AVStereo3D begins with its type: 1 is side by side, 2 is top and bottom.
    assert {int.from_bytes(one[:4], "little") for one in told} == {kind}
    assert "side_data_type=Stereo 3D" in probed(name, "-show_frames")
    if name.endswith(".mkv"):
        said = probed(name, "-show_streams")
        assert "side_data_type=Stereo 3D" in said and "type=side by side" in said


@pytest.mark.parametrize(
    ("name", "codec", "boxes"),
    [("m_LR.mp4", "h264", {b"st3d"}), ("m_TB.mp4", "hevc", {b"st3d", b"hvc1"}), ("m_HSBS.mov", "hevc", {b"hvc1"}),
     ("m_%V.mp4", "hevc", {b"hvc1"})],
)  # fmt: skip
def test_the_container_tells_how_the_eyes_are_packed(
    stereo: str, name: str, codec: str, boxes: set[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(movie, "SEGMENT", 2)
    assert main(["deliver", stereo, "-o", name, "--codec", codec]) == 0
    path = name.replace("%V", "left")
    whole = Path(path).read_bytes()
    assert {box for box in (b"st3d", b"vexu", b"hvc1", b"hev1") if box in whole} == boxes
    assert len(frames(path)) == len(FRAMES)
    said = probed(path, "-show_streams")
    packed = "side by side" if "LR" in name else "top and bottom"
    assert ("side_data_type=Stereo 3D" in said and f"type={packed}" in said) == (b"st3d" in boxes)


@pytest.mark.parametrize(
    ("display", "tags"),
    [("Rec.2100-PQ - Display", ("smpte2084", "bt2020", "bt2020nc")),
     ("Rec.2100-HLG - Display", ("arib-std-b67", "bt2020", "bt2020nc")),
     ("Rec.1886 Rec.709 - Display", ("bt709", "bt709", "bt709"))],
)  # fmt: skip
def test_a_movie_is_tagged_as_its_display(
    stereo: str, display: str, tags: tuple[str, str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["deliver", stereo, "-o", "m_LR.mp4", "--frames", "1001-1003", "--display", display]
    assert main([*words, "--codec", "hevc"]) == 0
    said = probed("m_LR.mp4", "-show_streams")
    for name, value in zip(("transfer", "primaries", "space"), tags, strict=True):
        assert f"color_{name}={value}" in said
    if "2100" in display:
        assert main([*words, "--codec", "h264"]) == 2
        assert "8 bits are too few for HDR" in capsys.readouterr().err
