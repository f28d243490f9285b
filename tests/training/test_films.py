"""Films: layouts, eyes, bit depths, what lies beside them."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from PIL import Image

from host_bridge.core.errors import BadInputError, PlateError
from training.films import StereoFrame, ahead, open_film, side_picture
from training.layouts import detect_layout, split
from training.sources import Picture


def _scene(width: int = 192, height: int = 108) -> tuple[Picture, Picture]:
    """Two eyes of a textured plane with 4 px of disparity."""
    rng = np.random.default_rng(0)
    noise = cv2.GaussianBlur(rng.integers(0, 255, (height, width + 8, 3), dtype=np.uint8), (0, 0), 2)
    big = cv2.normalize(noise, None, 0, 255, cv2.NORM_MINMAX)
    return np.ascontiguousarray(big[:, 4 : 4 + width]), np.ascontiguousarray(big[:, 8 : 8 + width])


def _video(path: Path, frames: list[Picture], pix_fmt: str = "yuv444p", **context: int) -> Path:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=Fraction(24), options={"crf": "4"})
        stream.width, stream.height, stream.pix_fmt = frames[0].shape[1], frames[0].shape[0], pix_fmt
        for name, value in context.items():
            setattr(stream.codec_context, name, value)
        for frame in frames:
            for packet in stream.encode(av.VideoFrame.from_ndarray(frame, "rgb24")):
                container.mux(packet)
        for packet in stream.encode():
            container.mux(packet)
    return path


def _only(spec: str, **options: object) -> tuple[Picture, Picture]:
    (frame,) = open_film(spec, **options).pairs()  # type: ignore[arg-type]
    return frame.left, frame.right


@pytest.mark.parametrize(
    ("name", "said", "found"),
    [
        ("a.png", "auto", "sbs"),
        ("b_left-right.png", "auto", "sbs"),
        ("c.top-bottom.png", "auto", "tb"),
        ("d_hsbs.png", "auto", "sbs-half"),
        ("e.png", "tb", "tb"),
    ],
)
def test_layouts_of_stills(tmp_path: Path, name: str, said: str, found: str) -> None:
    left, right = _scene()
    stack = np.vstack if found.startswith("tb") else np.hstack
    Image.fromarray(stack([left, right])).save(tmp_path / name)
    film = open_film(str(tmp_path / name), layout=said)
    assert film.layout == found
    seen = _only(str(tmp_path / name), layout=said)
    assert np.array_equal(seen[0], left) and np.array_equal(seen[1], right)


def test_half_layouts_are_told_by_proportion() -> None:
    left, right = _scene(192, 108)
    narrow = [cv2.resize(x, (96, 108), interpolation=cv2.INTER_AREA) for x in (left, right)]
    flat = [cv2.resize(x, (192, 54), interpolation=cv2.INTER_AREA) for x in (left, right)]
    assert detect_layout("film", [np.hstack(narrow)]) == "sbs-half"
    assert detect_layout("film", [np.vstack(flat)]) == "tb-half"
    assert detect_layout("film", [np.vstack([left, right])]) == "tb"


def test_frame_packing() -> None:
    packed = np.zeros((1470, 4, 3), np.uint8)
    packed[:720], packed[750:] = 1, 2
    assert detect_layout("film", [packed]) == "frame-packed"
    left, right = split(packed, "frame-packed")
    assert left.shape == right.shape == (720, 4, 3)
    assert left.min() == left.max() == 1 and right.min() == right.max() == 2


def test_a_flat_film_has_no_layout(tmp_path: Path) -> None:
    left, _ = _scene()
    Image.fromarray(left).save(tmp_path / "flat.png")
    with pytest.raises(BadInputError, match="layout cannot be told"):
        open_film(str(tmp_path / "flat.png"))


def test_unknown_layout_and_missing_file(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="no layout"):
        open_film("film.mp4", layout="diagonal")
    with pytest.raises(PlateError):
        open_film(str(tmp_path / "nothing.mp4"))


def test_mpo_two_files_and_swapped_eyes(tmp_path: Path) -> None:
    left, right = _scene()
    images = [Image.fromarray(x) for x in (left, right)]
    images[0].save(tmp_path / "camera.mpo", save_all=True, append_images=images[1:], quality=95)
    for name, image in zip(("l.png", "r.png"), images, strict=True):
        image.save(tmp_path / name)
    seen = _only(str(tmp_path / "camera.mpo"))
    assert np.abs(seen[1].astype(int) - right).mean() < 6 < np.abs(seen[1].astype(int) - left).mean()
    twin = f"{tmp_path / 'l.png'}::{tmp_path / 'r.png'}"
    assert np.array_equal(_only(twin)[1], right)
    assert np.array_equal(_only(twin, swap_eyes=True)[1], left)


def test_eyes_of_two_sizes(tmp_path: Path) -> None:
    left, right = _scene()
    Image.fromarray(left).save(tmp_path / "l.png")
    Image.fromarray(right[:-2]).save(tmp_path / "r.png")
    with pytest.raises(PlateError, match="differ in size"):
        _only(f"{tmp_path / 'l.png'}::{tmp_path / 'r.png'}")


def test_video_frames_by_number(tmp_path: Path) -> None:
    frames = [np.full((64, 128, 3), 20 * n, np.uint8) for n in range(6)]
    film = open_film(str(_video(tmp_path / "film.mp4", frames)), layout="sbs")
    found = {pair.index: pair.left.mean() for pair in film.pairs(frozenset({1, 4}))}
    assert found == {1: pytest.approx(20, abs=2), 4: pytest.approx(80, abs=2)}


def test_ten_bits_keep_their_brightness(tmp_path: Path) -> None:
    frames = [np.full((64, 128, 3), 150, np.uint8)]
    left, _ = _only(str(_video(tmp_path / "deep.mp4", frames, "yuv420p10le")), layout="sbs")
    assert left.dtype == np.uint8 and abs(float(left.mean()) - 150) < 2


def test_plates_with_two_views(plates: Path) -> None:
    film = open_film(str(plates / "exr_stereo" / "Adjuster.exr"))
    (pair,) = film.pairs()
    assert pair.left.shape == pair.right.shape == (678, 775, 3)
    assert pair.left.std() > 20 and not np.array_equal(pair.left, pair.right)


def test_depth_beside_a_film(film: Path) -> None:
    eyes = side_picture(str(film), "depth", 0, "sbs")
    assert eyes is not None and eyes[0].shape == (180, 320)
    assert 0.5 < eyes[0].max() <= 1.0 and eyes[0][:8].max() == 0
    swapped = side_picture(str(film), "depth", 0, "sbs", swapped=True)
    assert swapped is not None and np.array_equal(swapped[0], eyes[1])
    assert side_picture(str(film), "depth", 999, "sbs") is None


def test_frames_ahead_come_in_order_and_faults_come_through() -> None:
    left, right = _scene()

    def frames() -> Iterator[StereoFrame]:
        yield from (StereoFrame(n, left, right) for n in range(3))
        raise PlateError("broken off")

    seen: list[int] = []
    with pytest.raises(PlateError, match="broken off"):
        for frame in ahead(frames()):
            seen.append(frame.index)
    assert seen == [0, 1, 2]


def test_a_gap_in_one_eye_ends_the_pairs_before_it(tmp_path: Path) -> None:
    """Files in turn would pair frames of different moments from there on."""
    for number in (1, 2, 3, 4):
        for eye in ("left", "right"):
            if (eye, number) != ("right", 3):
                cv2.imwrite(str(tmp_path / f"s_{eye}.{number:04d}.png"), _scene()[0])
    for spec in (str(tmp_path / "s_%V.####.png"), f"{tmp_path}/s_left.####.png::{tmp_path}/s_right.####.png"):
        found = []
        with pytest.raises(PlateError, match="the right eye has no frame 3"):
            for frame in open_film(spec).pairs():
                found.append(frame.index)
        assert found == [0, 1]
