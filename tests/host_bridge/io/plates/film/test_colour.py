"""Colour tags of movies become a space, and codes become light."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from av.video.frame import VideoFrame

from host_bridge.io.colour import curves
from host_bridge.io.colour import transforms as colour
from host_bridge.io.plates import PlateSequence, film
from tests.host_bridge.io.plates.film.kinds import again
from tests.host_bridge.io.plates.films import Make, make, picture, planar


@pytest.mark.parametrize(
    ("tags", "space"),
    [
        ((1, 1, 1, 1), "g24_rec709_display"),
        ((9, 16, 9, 1), "pq_rec2020_display"),
        ((9, 18, 9, 1), "hlg_rec2020_display"),
        ((9, 14, 9, 1), "g24_rec2020_display"),
        ((12, 16, 9, 1), "pq_p3d65_display"),
        ((2, 2, 2, 1), "g24_smptec_display"),
        ((2, 2, 1, 1), "g24_rec709_display"),
        ((2, 2, 9, 1), "g24_rec2020_display"),
        ((1, 13, 1, 1), "srgb_rec709_scene"),
    ],
)
def test_colour_tags(tmp_path: Path, tags: tuple[int, int, int, int], space: str) -> None:
    plate = again(make(tmp_path / "a.mkv", Make(frames=1, tags=tags, pixels="yuv420p10le"))).read(1)
    assert (plate.input_space, plate.pixel_space) == (space, colour.LINEAR_REC709)
    by_hand = again(tmp_path / "a.mkv").read(1, input_space="g22_rec709_scene")
    assert by_hand.input_space == "g22_rec709_scene"
    assert (by_hand.frame.layers["color"] != plate.frame.layers["color"]).any()


def test_an_unknown_transfer_is_a_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    film.default.__globals__["_warn"].cache_clear()  # type: ignore[attr-defined]
    plate = again(make(tmp_path / "a.mkv", Make(frames=1, tags=(1, 9, 1, 1)))).read(1)
    assert plate.input_space == "g24_rec709_display"
    assert "colour 1/9/1 is not known here: taken as g24_rec709_display" in caplog.text


@pytest.mark.parametrize("bits", [8, 10, 12])
@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("transfer", [1, 16, 18])
def test_greys_are_exact(tmp_path: Path, bits: int, full: bool, transfer: int) -> None:
    top, low, span = 2**bits - 1, 16 << (bits - 8), 219 << (bits - 8)
    codes = np.linspace(0 if full else low, top if full else low + span, 96).round()
    luma = np.repeat(codes[None], 64, 0).astype(np.uint8 if bits == 8 else np.uint16)
    grey = np.full((32, 48), 2 ** (bits - 1), luma.dtype)
    pixels = "yuv420p" if bits == 8 else f"yuv420p{bits}le"
    primaries, matrix = (1, 1) if transfer == 1 else (9, 9)
    how = Make(pixels=pixels, tags=(primaries, transfer, matrix, 2 if full else 1))
    plate = again(make(tmp_path / "a.mkv", how, [planar([luma, grey, grey], pixels)])).read(1)
    values = codes / top if full else (codes - low) / span
    light: dict[Any, Callable[..., Any]] = {  # type: ignore[no-untyped-call]
        1: lambda v: v**2.4,
        16: curves.pq_to_linear,
        18: lambda v: curves.hlg_to_linear(v[:, None])[:, 0],
    }[transfer](values)
    shown = light > 1e-4  # type: ignore[operator]
    found = plate.frame.layers["color"].astype(np.float64)[10][shown]
    assert found / light[shown, None] == pytest.approx(1.0, abs=1e-3)
    assert plate.frame.layers["color"].dtype == (np.float16 if transfer == 1 and bits < 12 else np.float32)


def test_what_lies_below_black_and_above_white_survives(tmp_path: Path) -> None:
    luma = np.full((64, 96), 254, np.uint8)
    luma[:32] = 1
    grey = np.full((32, 48), 128, np.uint8)
    plate = again(make(tmp_path / "a.mkv", Make(), [planar([luma, grey, grey], "yuv420p")])).read(1)
    color = plate.frame.layers["color"].astype(float)
    assert color[-1, 0] == pytest.approx((238 / 219) ** 2.4, rel=1e-3)
    assert color[0, 0] == pytest.approx(-((15 / 219) ** 2.4), rel=1e-2)


@pytest.mark.parametrize("tags", [(1, 1, 1, 1), (9, 16, 9, 1), (9, 18, 9, 1)])
def test_a_film_looks_like_its_extracted_frames(tmp_path: Path, tags: tuple[int, int, int, int]) -> None:
    """PNGs as today's FFmpeg writes them, with cICP, through its own conversion to R'G'B'."""
    blocks = np.kron(picture(3)[::16, ::16], np.ones((16, 16, 1))).astype(np.uint8)
    how = Make(pixels="yuv444p10le", tags=tags)
    names = {1: ("ITU709", "MPEG"), 9: ("BT2020", "MPEG")}[tags[2]]
    source = VideoFrame.from_ndarray(blocks, format="rgb24")
    coded = source.reformat(format="yuv444p10le", dst_colorspace=names[0], dst_color_range=names[1])
    path = make(tmp_path / "a.mkv", how, [coded])
    with av.open(str(path)) as container:
        decoded = next(container.decode(video=0))
    still = decoded.reformat(format="rgb48be", src_colorspace=names[0], dst_color_range="JPEG")
    with av.open(str(tmp_path / "p.png"), "w", format="image2", options={"update": "1"}) as target:
        stream = target.add_stream("png", rate=1)
        stream.width, stream.height, stream.pix_fmt = 96, 64, "rgb48be"
        context = stream.codec_context
        context.color_primaries, context.color_trc, context.color_range = tags[0], tags[1], 2
        still.color_primaries, still.color_trc, still.color_range = tags[0], tags[1], 2
        target.mux(stream.encode(still))
        target.mux(stream.encode())
    assert b"cICP" + bytes([tags[0], tags[1], 0, 1]) in (tmp_path / "p.png").read_bytes()
    shown = PlateSequence.open(str(tmp_path / "p.png")).read(1)
    film_plate = again(path).read(1)
    assert shown.input_space == film_plate.input_space
    one, other = (np.sqrt(np.abs(p.frame.layers["color"].astype(float))) for p in (shown, film_plate))
    assert one == pytest.approx(other, abs=0.02 * max(1.0, float(other.max())))
