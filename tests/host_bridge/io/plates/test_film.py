from __future__ import annotations

import gc
import logging
import os
import shutil
import struct
import threading
from dataclasses import replace
from fractions import Fraction

import av
import numpy as np
import pytest
from av.video.frame import VideoFrame

from host_bridge.core.errors import BadInputError, MissingFrameError, PlateError
from host_bridge.io.colour import curves
from host_bridge.io.colour import transforms as colour
from host_bridge.io.plates import PlateSequence, film, film_decoder, film_index
from tests.host_bridge.io.plates.films import Make, make, picture, planar

H264 = Make(codec="libx264", frames=40)
KINDS = {
    "h264.mp4": H264,
    "h264.mov": H264,
    "h264.mkv": H264,
    "open.mp4": Make(codec="libx264", frames=40, options={"x264-params": "open-gop=1:bframes=3"}),
    "hevc.mp4": Make(codec="libx265", frames=40, pixels="yuv420p10le", options={"x265-params": "log-level=none"}),
    "mpeg2.mxf": Make(codec="mpeg2video", frames=40, pixels="yuv422p", options={"bf": "2"}),
    "mpeg2.mpg": Make(codec="mpeg2video", frames=40),
    "prores.mov": Make(codec="prores_ks", pixels="yuv422p10le"),
    "ffv1.mkv": Make(),
    "mpeg4.avi": Make(codec="mpeg4", frames=40),
}


@pytest.fixture(autouse=True)
def fresh(monkeypatch) -> None:
    monkeypatch.delenv("OCIO", raising=False)
    film._opened.cache_clear()


@pytest.fixture(scope="module")
def films(tmp_path_factory):
    folder = tmp_path_factory.mktemp("films")
    return {name: make(folder / name, how) for name, how in KINDS.items()}


def again(path, **options) -> PlateSequence:
    """The movie as a process sees it that has read nothing of it."""
    film._opened.cache_clear()
    return PlateSequence.open(str(path), **options)


@pytest.mark.parametrize("name", KINDS)
def test_a_frame_is_the_same_sought_or_in_order(films, name) -> None:
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
def test_frames_come_out_alike_when_several_threads_ask(films, name) -> None:
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
def test_one_frame_is_sought_and_not_reached_by_decoding_all(films, name, monkeypatch) -> None:
    seen = []
    keep = film_decoder.FilmDecoder._keep
    monkeypatch.setattr(film_decoder.FilmDecoder, "_keep", lambda s, at, f: (seen.append(at), keep(s, at, f)))
    again(films[name], frames="37").content(37)
    assert 36 in seen
    assert len([at for at in seen if at > 0]) < 20


def test_memory_is_bounded(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(film_decoder, "KEPT_FRAMES", 6)
    sequence = again(make(tmp_path / "p.mkv", Make(frames=60)))
    for number in sequence.frames:
        sequence.read(number)
        assert len(sequence.film._decoder._kept) <= 6
    gc.collect()


@pytest.mark.parametrize(
    ("name", "timecode", "rate", "first"),
    [
        ("a.mov", "01:00:00:00", Fraction(24), 86400),
        ("a.mp4", "00:00:10:05", Fraction(25), 255),
        ("a.mkv", "10:00:00:12", Fraction(24000, 1001), 864012),
        ("a.mov", "00:01:00;02", Fraction(30000, 1001), 1800),
        ("a.mov", "", Fraction(24), 1),
    ],
)
def test_frames_are_numbered_by_timecode_or_from_1(tmp_path, name, timecode, rate, first) -> None:
    how = Make(codec="libx264", frames=3, timecode=timecode, rate=rate)
    sequence = again(make(tmp_path / name, how))
    assert sequence.frames == (first, first + 1, first + 2)
    assert again(tmp_path / name, start=1001).frames == (1001, 1002, 1003)
    assert again(tmp_path / name, start=-1).frames == (-1, 0, 1)


def test_mxf_has_a_timecode_too(tmp_path) -> None:
    how = Make(codec="mpeg2video", frames=3, timecode="01:00:00:00", pixels="yuv422p")
    assert again(make(tmp_path / "a.mxf", how)).frames[0] == 86400


def test_asked_frames(films) -> None:
    sequence = again(films["h264.mp4"], start=1001, frames="1010-1044x2")
    assert sequence.frames[:2] == (1010, 1012)
    assert sequence.missing == frozenset({1042, 1044})
    assert sequence.content(1010) == again(films["h264.mp4"]).content(10)
    with pytest.raises(MissingFrameError, match=r"the movie holds no frame 1044"):
        sequence.content(1044)
    with pytest.raises(MissingFrameError, match=r"none of the 2 requested frames is in the movie; its frames are 1-40"):
        again(films["h264.mp4"], frames="1041-1042")


def test_start_is_for_movies(tmp_path, write_exr, rgba) -> None:
    path = write_exr("p.0001.exr", ({}, rgba()))
    with pytest.raises(BadInputError, match="--start"):
        PlateSequence.open(str(path), start=5)


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
def test_colour_tags(tmp_path, tags, space) -> None:
    plate = again(make(tmp_path / "a.mkv", Make(frames=1, tags=tags, pixels="yuv420p10le"))).read(1)
    assert (plate.input_space, plate.pixel_space) == (space, colour.LINEAR_REC709)
    by_hand = again(tmp_path / "a.mkv").read(1, input_space="g22_rec709_scene")
    assert by_hand.input_space == "g22_rec709_scene"
    assert (by_hand.frame.layers["color"] != plate.frame.layers["color"]).any()


def test_an_unknown_transfer_is_a_warning(tmp_path, caplog) -> None:
    film.default.__globals__["_warn"].cache_clear()
    plate = again(make(tmp_path / "a.mkv", Make(frames=1, tags=(1, 9, 1, 1)))).read(1)
    assert plate.input_space == "g24_rec709_display"
    assert "colour 1/9/1 is not known here: taken as g24_rec709_display" in caplog.text


@pytest.mark.parametrize("bits", [8, 10, 12])
@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("transfer", [1, 16, 18])
def test_greys_are_exact(tmp_path, bits, full, transfer) -> None:
    top, low, span = 2**bits - 1, 16 << (bits - 8), 219 << (bits - 8)
    codes = np.linspace(0 if full else low, top if full else low + span, 96).round()
    luma = np.repeat(codes[None], 64, 0).astype(np.uint8 if bits == 8 else np.uint16)
    grey = np.full((32, 48), 2 ** (bits - 1), luma.dtype)
    pixels = "yuv420p" if bits == 8 else f"yuv420p{bits}le"
    primaries, matrix = (1, 1) if transfer == 1 else (9, 9)
    how = Make(pixels=pixels, tags=(primaries, transfer, matrix, 2 if full else 1))
    plate = again(make(tmp_path / "a.mkv", how, [planar([luma, grey, grey], pixels)])).read(1)
    values = codes / top if full else (codes - low) / span
    light = {
        1: lambda v: v**2.4,
        16: curves.pq_to_linear,
        18: lambda v: curves.hlg_to_linear(v[:, None])[:, 0],
    }[transfer](values)
    shown = light > 1e-4
    found = plate.frame.layers["color"].astype(np.float64)[10][shown]
    assert found / light[shown, None] == pytest.approx(1.0, abs=1e-3)
    assert plate.frame.layers["color"].dtype == (np.float16 if transfer == 1 and bits < 12 else np.float32)


def test_what_lies_below_black_and_above_white_survives(tmp_path) -> None:
    luma = np.full((64, 96), 254, np.uint8)
    luma[:32] = 1
    grey = np.full((32, 48), 128, np.uint8)
    plate = again(make(tmp_path / "a.mkv", Make(), [planar([luma, grey, grey], "yuv420p")])).read(1)
    color = plate.frame.layers["color"].astype(float)
    assert color[-1, 0] == pytest.approx((238 / 219) ** 2.4, rel=1e-3)
    assert color[0, 0] == pytest.approx(-((15 / 219) ** 2.4), rel=1e-2)


PIXELS = """yuv444p12le yuv422p10le yuv420p gbrp10le gbrp yuva444p10le gray10le gray nv12 p010le uyvy422 rgb24 bgra
rgb48le gbrp16le"""


@pytest.mark.parametrize("pixels", PIXELS.split())
def test_pixel_formats(tmp_path, pixels) -> None:
    rgb = VideoFrame.from_ndarray(
        np.kron(picture(3)[::16, ::16], np.ones((16, 16, 1))).astype(np.uint8), format="rgb24"
    )
    is_rgb = pixels.startswith(("gbr", "rgb", "bgr"))
    tags = (1, 13, 0 if is_rgb else 1, 2 if is_rgb or pixels.startswith("gray") else 1)
    frame = rgb.reformat(format=pixels, dst_colorspace="ITU709", dst_color_range="JPEG" if tags[3] == 2 else "MPEG")
    codes = film.film_pixels.codes_of(tagged(frame, tags))
    colours = len(codes.channels) - (codes.channels[-1] == "A")
    assert codes.channels[:colours] == (("Y",) if "gray" in pixels else ("R", "G", "B"))
    assert ("A" in codes.channels) == ("a" in pixels.replace("gray", ""))
    if colours == 3:
        # Blocks of 16 px: their middles know nothing of how chroma is carried.
        middle = codes.pixels[8::16, 8::16, :3] * 255
        assert middle == pytest.approx(rgb.to_ndarray()[8::16, 8::16], abs=4.0)


def tagged(frame, tags):
    frame.color_primaries, frame.color_trc, frame.colorspace, frame.color_range = tags
    return frame


@pytest.mark.parametrize("matrix", [1, 4, 5, 6, 7, 9, 8])
def test_matrices(matrix) -> None:
    rgb = np.random.default_rng(0).uniform(0.1, 0.9, (3, 8, 16))
    if matrix == 8:
        luma = rgb[0] / 4 + rgb[1] / 2 + rgb[2] / 4
        blue, red = -rgb[0] / 4 + rgb[1] / 2 - rgb[2] / 4, (rgb[0] - rgb[2]) / 2
    else:
        kr, kb = film.film_pixels._LUMA[matrix]
        luma = kr * rgb[0] + (1 - kr - kb) * rgb[1] + kb * rgb[2]
        blue, red = (rgb[2] - luma) / (2 * (1 - kb)), (rgb[0] - luma) / (2 * (1 - kr))
    planes = [np.rint(luma * 65535), *(np.rint(c * 65535 + 32768) for c in (blue, red))]
    frame = tagged(planar([p.astype(np.uint16) for p in planes], "yuv444p16le"), (1, 1, matrix, 2))
    assert film.film_pixels.codes_of(frame).pixels == pytest.approx(np.moveaxis(rgb, 0, -1), abs=5e-5)


@pytest.mark.parametrize("matrix", [10, 14])
def test_a_matrix_that_is_not_read_is_refused_by_name(matrix) -> None:
    flat = [np.full((16, 16), 500, np.uint16)] * 3
    with pytest.raises(PlateError, match=f"matrix {matrix} of H.273"):
        film.film_pixels.codes_of(tagged(planar(flat, "yuv444p10le"), (9, 16, matrix, 1)))


def test_chroma_lies_on_every_other_column_and_between_rows() -> None:
    """A slope in chroma comes out as a slope, at the place where 4:2:0 has its samples."""
    across = np.arange(48, dtype=np.float32)[None].repeat(32, 0)
    down = np.arange(32, dtype=np.float32)[:, None].repeat(48, 1)
    frame = VideoFrame(96, 64, "yuv420p")
    wide = film.film_pixels._upsampled(across, frame)
    assert wide[5, :95] == pytest.approx(np.arange(95) / 2)
    tall = film.film_pixels._upsampled(down, frame)
    assert tall[1:-1, 5] == pytest.approx((np.arange(1, 63) - 0.5) / 2)


@pytest.mark.parametrize("turn", [0, 90, 180, -90])
def test_rotation(tmp_path, turn) -> None:
    how = Make(codec="libx264", frames=2, options={"qp": "0"}, pixels="yuv444p")
    path = make(tmp_path / "a.mp4", how)
    straight = again(path).read(1).frame.layers["color"]
    rotate(path, turn)
    plate = again(path).read(1)
    # A display matrix of +90 degrees is a picture that players turn counterclockwise.
    assert (plate.frame.layers["color"] == np.rot90(straight, turn // 90)).all()
    assert plate.frame.display.width == (64 if turn % 180 else 96)


def rotate(path, degrees) -> None:
    """Writes the movie again with a display matrix."""
    turned = path.with_name("turned.mp4")
    with av.open(str(path)) as source, av.open(str(turned), "w") as target:
        stream = target.add_stream_from_template(source.streams.video[0])
        if degrees:
            stream.set_display_rotation(degrees)
        for packet in source.demux(source.streams.video[0]):
            if packet.size:
                packet.stream = stream
                target.mux(packet)
    turned.replace(path)


@pytest.mark.parametrize(
    ("matrix", "orientation"),
    [((1, 0, 0, 1), 1), ((-1, 0, 0, 1), 2), ((-1, 0, 0, -1), 3), ((1, 0, 0, -1), 4), ((0, 1, 1, 0), 5),
     ((0, 1, -1, 0), 6), ((0, -1, -1, 0), 7), ((0, -1, 1, 0), 8), ((0, 0, 0, 0), 1)],
)  # fmt: skip
def test_mirrored_display_matrices(matrix, orientation) -> None:
    a, b, c, d = (v << 16 for v in matrix)
    raw = struct.pack("<9i", a, b, 0, c, d, 0, 0, 0, 1 << 30)
    assert film.orientation_of_matrix(raw) == orientation


def test_interlace_is_refused_by_name(tmp_path) -> None:
    how = Make(codec="mpeg2video", pixels="yuv422p", options={"flags": "+ildct+ilme", "field_order": "tt"}, frames=3)
    path = make(tmp_path / "a.mxf", how)
    mark_interlaced(path)
    with pytest.raises(PlateError, match=r"a\.mxf: the film is interlaced; deinterlace it first"):
        again(path)


def mark_interlaced(path) -> None:
    with av.open(str(path)) as source:
        assert next(source.decode(video=0)).interlaced_frame


def test_a_varying_rate_is_said_and_numbered_by_presentation(tmp_path, caplog) -> None:
    times = tuple(40 * i + (i % 3) * 15 for i in range(24))
    path = make(tmp_path / "a.mp4", Make(codec="libx264", times_ms=times))
    sequence = again(path)
    assert sequence.frames == tuple(range(1, 25))
    assert "the frame rate varies: frames are numbered in the order they are shown" in caplog.text
    order = [n for n, frame in enumerate(shown(path), 1) if sequence.film.index.positions[frame.pts] == n - 1]
    assert order == list(sequence.frames)


def shown(path):
    with av.open(str(path)) as container:
        return sorted(container.decode(video=0), key=lambda frame: frame.pts)


@pytest.mark.parametrize("name", ["h264.mp4", "h264.mkv", "prores.mov", "mpeg2.mxf", "ffv1.mkv"])
def test_an_even_rate_is_not_called_varying(films, name, caplog) -> None:
    assert again(films[name]).film.notes == ()
    assert not caplog.records


@pytest.mark.parametrize("rate", [Fraction(24000, 1001), Fraction(30000, 1001), Fraction(60000, 1001)])
def test_milliseconds_of_matroska_are_no_varying_rate(tmp_path, rate) -> None:
    assert again(make(tmp_path / "a.mkv", Make(frames=120, rate=rate))).film.index.even


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
def test_a_cut_off_movie_gives_what_it_has_and_names_the_rest(tmp_path, name, how, share, caplog) -> None:
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
    assert good >= held - 4
    assert sequence.held(how.frames) == min(sequence.missing) - 1


def test_a_movie_without_its_index_is_one_line(tmp_path) -> None:
    path = make(tmp_path / "a.mp4", H264)
    os.truncate(path, path.stat().st_size // 2)
    with pytest.raises(PlateError, match=r"a\.mp4: not a movie that can be read") as caught:
        again(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"x", b"\0" * 5000, b"\x1aE\xdf\xa3" + b"\xff" * 100])
def test_what_is_no_movie(tmp_path, content) -> None:
    (tmp_path / "a.mov").write_bytes(content)
    with pytest.raises(PlateError, match=r"a\.mov: "):
        again(tmp_path / "a.mov")
    with pytest.raises(MissingFrameError):
        again(tmp_path / "none.mov")


def test_damage_in_the_middle_costs_those_frames(tmp_path) -> None:
    path = make(tmp_path / "a.mov", Make(codec="prores_ks", pixels="yuv422p10le"))
    whole = again(path)
    expected = {n: whole.content(n) for n in whole.frames}
    entry = whole.film.index
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


def test_the_identity_is_the_samples_and_not_the_file(tmp_path) -> None:
    one = again(make(tmp_path / "a.mkv", Make()))
    two = again(make(tmp_path / "b.mkv", Make(said={"title": "another"}, gop=3)))
    assert [one.content(n) for n in one.frames] == [two.content(n) for n in two.frames]
    other = again(make(tmp_path / "c.mkv", Make(tags=(1, 1, 6, 1))))
    assert one.content(1) != other.content(1)


def test_an_exchanged_file_is_read_anew(tmp_path) -> None:
    path = make(tmp_path / "a.mkv", Make(frames=3))
    before = PlateSequence.open(str(path)).content(1)
    make(
        tmp_path / "b.mkv",
        Make(frames=5),
        [planar([np.full((64, 96), 99, np.uint8), *[np.full((32, 48), 128, np.uint8)] * 2], "yuv420p")],
    )
    shutil.copyfile(tmp_path / "b.mkv", path)
    assert PlateSequence.open(str(path)).content(1) != before


def test_metadata_that_is_not_utf8_costs_nothing(tmp_path) -> None:
    path = make(tmp_path / "a.mkv", Make(frames=2, said={"title": "ZZZZ Studio"}))
    path.write_bytes(path.read_bytes().replace(b"ZZZZ Studio", b"\xa9\xff\xfeZ Studio"))
    header = again(path).read(1).header
    assert "Studio" in str(header["film/title"])


def test_an_all_key_movie_is_not_read_through(films, monkeypatch) -> None:
    monkeypatch.setattr(film_index, "_from_packets", lambda *_: pytest.fail("packets were read"))
    assert len(again(films["prores.mov"]).frames) == 24


def test_sound_alone_is_no_plate(tmp_path) -> None:
    with av.open(str(tmp_path / "a.mp4"), "w") as container:
        stream = container.add_stream("aac", rate=48000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), "fltp", "mono")
        frame.sample_rate = 48000
        container.mux(stream.encode(frame))
        container.mux(stream.encode())
    with pytest.raises(PlateError, match="no picture"):
        again(tmp_path / "a.mp4")


@pytest.mark.parametrize("tags", [(1, 1, 1, 1), (9, 16, 9, 1), (9, 18, 9, 1)])
def test_a_film_looks_like_its_extracted_frames(tmp_path, tags) -> None:
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


@pytest.mark.parametrize("name", ["h264.mp4", "mpeg2.mxf"])
def test_a_damaged_frame_fails_and_is_never_made_up(tmp_path, name) -> None:
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
    data[begin + size // 3 : begin + size // 2] = rng.bytes(size // 2 - size // 3)
    path.write_bytes(data)
    for order in (1, -1):
        sequence, lost = again(path), []
        for number in sequence.frames[::order]:
            try:
                assert sequence.content(number) == expected[number]
            except PlateError as error:
                assert path.name in str(error)
                lost.append(number)
        assert 0 < len(lost) < 24


def noisy(how):
    rng = np.random.default_rng(1)
    for number in range(how.frames):
        rough = picture(number).astype(int) + rng.integers(-30, 30, (64, 96, 3))
        yield VideoFrame.from_ndarray(rough.clip(0, 255).astype(np.uint8), format="rgb24").reformat(format=how.pixels)
