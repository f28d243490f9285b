"""Stereo as it lies on the disk, its figures, and the small pictures that a page holds."""

from __future__ import annotations

import io
import math
from pathlib import Path

import numpy as np
import OpenEXR
import pytest
from PIL import Image

from host_bridge.core.errors import BadInputError, MissingFrameError, PlateError
from host_bridge.core.geometry import Box
from host_bridge.io.colour import transforms as colour
from host_bridge.io.outputs import write_picture
from host_bridge.io.plates.exr import open_exr
from host_bridge.review.figures import figures_of, resized, scenes
from host_bridge.review.packing import LAYOUTS, named_layout, unpack
from host_bridge.review.pair import Pair, hidden
from host_bridge.review.proxies import Proxy, decode_measured, encode_measured, frame_script, packed_measured
from host_bridge.review.source import open_stereo

ROWS, COLUMNS = 32, 64


def views() -> tuple[np.ndarray, np.ndarray]:
    noise = np.random.default_rng(0).integers(0, 256, (ROWS, COLUMNS, 3)).astype(np.uint8)
    return noise, np.roll(noise, 3, axis=1)


def parts(parallax_px: float) -> list[OpenEXR.Part]:
    """Both views, `disparityR` and the mask, as `art3d render` writes them."""
    found = []
    for eye, value in (("left", 0.2), ("right", 0.6)):
        header = {"type": OpenEXR.scanlineimage, "view": eye}
        found.append(OpenEXR.Part(header, {"RGB": np.full((ROWS, COLUMNS, 3), value, np.float16)}, eye))
    across = np.full((ROWS, COLUMNS), parallax_px, np.float32)
    header = {"type": OpenEXR.scanlineimage, "view": "left"}
    found.append(OpenEXR.Part(header, {"disparityR.x": across, "disparityR.y": across * 0}, "disparityR"))
    mask = np.zeros((ROWS, COLUMNS), np.float16)
    mask[:, :16] = 1
    header = {"type": OpenEXR.scanlineimage, "view": "right"}
    found.append(OpenEXR.Part(header, {"occlusion.mask": mask}, "occlusion.right"))
    return found


def test_a_multi_view_exr(tmp_path: Path) -> None:
    OpenEXR.File(parts(parallax_px=1.28)).write(str(tmp_path / "s.0007.exr"))
    source = open_stereo(str(tmp_path / "s.####.exr"))
    assert source.numbers == (7,)
    pair = source.read(7)
    assert pair.left.mean() < pair.right.mean()
    assert pair.parallax == pytest.approx(2.0) and pair.filled is not None and pair.filled.mean() == 0.25
    assert pair.full_width == COLUMNS
    figures = figures_of(pair)
    assert (figures.near, figures.far, figures.median) == pytest.approx((2.0, 2.0, 2.0))
    assert figures.on_screen == 0 and figures.filled == 0.25


@pytest.mark.parametrize(
    ("hero", "edges"), [("left", ()), ("right", ("right",)), ("none", ("right",)), ("", ("right",))]
)
def test_what_the_right_eye_alone_sees_counts_where_it_was_not_made_up(
    tmp_path: Path, hero: str, edges: tuple[str, ...]
) -> None:
    """Two columns at the right edge of the right eye's picture, 3 px before the screen: the left eye sees nothing."""
    across = np.full((ROWS, COLUMNS), -0.64, np.float32)
    across[8:24, -2:] = 3.0
    said = {"type": OpenEXR.scanlineimage, "view": "right", **({"art3d/hero": hero} if hero else {})}
    right = OpenEXR.Part(said, {"disparityL.x": across, "disparityL.y": 0 * across}, "disparityL")
    OpenEXR.File([*parts(parallax_px=0.64), right]).write(str(tmp_path / "s.0007.exr"))
    found = figures_of(open_stereo(str(tmp_path / "s.0007.exr")).read(7)).violations
    assert tuple(v.edge for v in found) == edges
    assert all((v.parallax_pct, v.top, v.bottom) == pytest.approx((-300 / COLUMNS, 0.25, 0.75)) for v in found)


def test_parts_decoded_side_by_side_are_those_decoded_alone(tmp_path: Path) -> None:
    path = tmp_path / "s.0007.exr"
    chance = np.random.default_rng(0)
    views = [chance.random((ROWS, COLUMNS, 3)).astype(np.float16) for _ in range(2)]
    kinds = [{"type": OpenEXR.scanlineimage, "view": eye} for eye in ("left", "right")]
    made = [OpenEXR.Part(kind, {"RGB": view}, kind["view"]) for kind, view in zip(kinds, views, strict=True)]
    OpenEXR.File([*made, *parts(parallax_px=1.28)[2:]]).write(str(path))
    together = open_exr(path)
    together.decode(together.channels)
    for channel in together.channels:
        (alone,) = open_exr(path).read([channel])
        (found,) = together.read([channel])
        assert found.dtype == alone.dtype and (found == alone).all()
    whole = bytearray(path.read_bytes())
    whole[-40:] = bytes(40)
    path.write_bytes(whole)
    with pytest.raises(PlateError, match="damaged") as caught:
        open_stereo(str(path)).read(7)
    assert caught.value.where == str(path)


@pytest.mark.parametrize("eye", ["left", "right", None])
def test_what_was_filled_lies_on_the_grid_of_the_made_view(tmp_path: Path, eye: str | None) -> None:
    """A mask without a view is of the right one, as `--hero left` makes it."""
    mask = np.zeros((ROWS, COLUMNS), np.float16)
    mask[:, :8] = 1
    header = {"type": OpenEXR.scanlineimage, **({"view": eye} if eye else {})}
    made = OpenEXR.Part(header, {"occlusion.mask": mask}, "occlusion")
    OpenEXR.File([*parts(parallax_px=1)[:3], made]).write(str(tmp_path / "s.0007.exr"))
    pair = open_stereo(str(tmp_path / "s.0007.exr")).read(7)
    here, other = (pair.filled_left, pair.filled) if eye == "left" else (pair.filled, pair.filled_left)
    assert here is not None and here[:, :8].all() and not here[:, 8:].any() and other is None
    assert figures_of(pair).filled == 0.125


@pytest.mark.parametrize("text", ["v.%V.####.png", "v.left.####.png::v.right.####.png"])
def test_one_file_a_view(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.chdir(tmp_path)
    for eye, picture in zip(("left", "right"), views(), strict=True):
        write_picture(Path(f"v.{eye}.0001.png"), picture)
    pair = open_stereo(text).read(1)
    assert np.abs(pair.left.astype(int) - views()[0]).max() <= 1
    assert np.abs(pair.right.astype(int) - views()[1]).max() <= 1
    assert pair.parallax is None and math.isnan(figures_of(pair).median)


@pytest.mark.parametrize(
    ("name", "layout"),
    [("a_LR", "sbs"), ("a.Full_SBS", "sbs"), ("a_HSBS", "sbs-half"), ("a_TB", "tb"), ("a-half-ou", "tb-half"),
     ("a [Half-SBS]", "sbs-half"), ("a (3D, H-OU)", "tb-half"), ("a_RL", "sbs"),
     ("a_BT", "tb"), ("a_BT.709", ""), ("a_LR_BT-2020", "sbs"),
     ("subset", ""), ("outback", ""), ("film", "")],
)  # fmt: skip
def test_layouts_told_by_name(name: str, layout: str) -> None:
    assert named_layout(name) == layout


@pytest.mark.parametrize("layout", LAYOUTS)
def test_packed_pictures_come_apart(tmp_path: Path, layout: str) -> None:
    left, right = views()
    axis = 1 if layout.startswith("sbs") else 0
    eyes = [eye.take(range(0, eye.shape[axis], 2), axis) if layout.endswith("half") else eye for eye in (left, right)]
    write_picture(tmp_path / "p.0001.png", np.concatenate(eyes, axis))
    pair = open_stereo(str(tmp_path / "p.0001.png"), layout=layout).read(1)
    assert pair.left.shape == left.shape and pair.full_width == COLUMNS
    half = slice(None, None, 2) if layout.endswith("half") else slice(None)
    kept = (slice(None), half) if axis == 1 else (half,)
    for shown, eye in ((pair.left, left), (pair.right, right)):
        assert np.abs(shown[kept].astype(int) - eye[kept]).max() <= 1
    assert unpack(np.concatenate([left, right], 1), "sbs")[1].shape == right.shape


def test_nothing_is_known_outside_a_files_pixels(tmp_path: Path) -> None:
    """A rendered region, far behind the screen: what surrounds it is not on the screen."""
    window = {"dataWindow": (np.array([8, 4], "i4"), np.array([8 + COLUMNS - 1, 4 + ROWS - 1], "i4")),
              "displayWindow": (np.array([0, 0], "i4"), np.array([2 * COLUMNS - 1, 2 * ROWS - 1], "i4"))}  # fmt: skip
    region = [OpenEXR.Part({**part.header, **window}, part.channels, part.name()) for part in parts(parallax_px=1.28)]
    OpenEXR.File(region).write(str(tmp_path / "s.0001.exr"))
    pair = open_stereo(str(tmp_path / "s.####.exr")).read(1)
    assert pair.parallax is not None and pair.parallax.shape == (2 * ROWS, 2 * COLUMNS)
    assert np.isfinite(pair.parallax).sum() == ROWS * COLUMNS and pair.left[0, 0].max() == 0
    figures = figures_of(pair)
    assert (figures.near, figures.p1, figures.far) == pytest.approx((1.0, 1.0, 1.0))
    assert figures.on_screen == 0 and figures.violations == ()


def test_a_flat_picture_has_no_second_eye(tmp_path: Path) -> None:
    write_picture(tmp_path / "flat.png", views()[0])
    with pytest.raises(BadInputError, match="LEFT::RIGHT"):
        open_stereo(str(tmp_path / "flat.png"))
    with pytest.raises(BadInputError, match="--layout"):
        open_stereo(str(tmp_path / "flat.png"), layout="diagonal")


def test_frames_of_one_eye_are_told(tmp_path: Path) -> None:
    for eye, numbers in (("left", (1, 2, 3, 5)), ("right", (1, 3, 5, 6))):
        for number in numbers:
            write_picture(tmp_path / f"v.{eye}.{number:04d}.png", views()[0])
    source = open_stereo(str(tmp_path / "v.%V.####.png"))
    assert source.numbers == (1, 3, 5)
    assert source.lacking == {"left": "4,6", "right": "2,4"}
    whole = source.without_gaps()
    assert whole.numbers == (1, 3, 5) and not whole.lacking
    gap = open_stereo(str(tmp_path / "v.%V.####.png"), frames="3-5")
    assert gap.lacking_text == "missing: frame 4"
    with pytest.raises(MissingFrameError, match="none of the 1 requested frames") as caught:
        open_stereo(str(tmp_path / "v.%V.####.png"), frames="6")
    assert caught.value.where == str(tmp_path / "v.left.####.png")
    with pytest.raises(MissingFrameError, match="no left eye in frame 6, no right eye in frames 1-2"):
        open_stereo(f"{tmp_path / 'v.left.1-2####.png'}::{tmp_path / 'v.right.6####.png'}")


def test_two_pictures_are_a_pair_whatever_their_numbers(tmp_path: Path) -> None:
    write_picture(tmp_path / "a.0001.png", views()[0])
    write_picture(tmp_path / "b.0002.png", views()[1])
    source = open_stereo(f"{tmp_path / 'a.0001.png'}::{tmp_path / 'b.0002.png'}")
    assert source.numbers == (1,) and not source.lacking
    assert np.abs(source.read(1).right.astype(int) - views()[1]).max() <= 1


def test_each_eye_is_shown_in_its_own_space(tmp_path: Path) -> None:
    """The left eye is a JPEG of sRGB, the right one an EXR of the same light."""
    write_picture(tmp_path / "l.png", views()[0])
    write_picture(tmp_path / "r.exr", np.asarray(colour.decode(views()[0] / 255.0, colour.SRGB), np.float32))
    pair = open_stereo(f"{tmp_path / 'l.png'}::{tmp_path / 'r.exr'}").read(1)
    assert np.abs(pair.left.astype(int) - pair.right).max() <= 1


def test_a_layout_is_refused_where_each_eye_has_its_picture(tmp_path: Path) -> None:
    """Half of the left eye would pass for the left eye."""
    OpenEXR.File(parts(parallax_px=1.28)).write(str(tmp_path / "s.0007.exr"))
    for eye in ("left", "right"):
        write_picture(tmp_path / f"v.{eye}.png", views()[0])
    for text in ("s.####.exr", "v.%V.png", f"v.left.png::{tmp_path / 'v.right.png'}"):
        with pytest.raises(BadInputError, match="leave --layout out"):
            open_stereo(str(tmp_path / text), layout="sbs")


def test_eyes_of_two_sizes(tmp_path: Path) -> None:
    write_picture(tmp_path / "l.png", views()[0])
    write_picture(tmp_path / "r.png", views()[1][:-2])
    with pytest.raises(PlateError, match="both eyes alike"):
        open_stereo(f"{tmp_path / 'l.png'}::{tmp_path / 'r.png'}").read(1)


def test_what_the_right_eye_does_not_see() -> None:
    """A near bar moves left over the background beside it, and what leaves the picture is unseen."""
    parallax = np.zeros((4, 100), np.float32)
    parallax[:, 40:60] = -10.0
    unseen = hidden(parallax)
    assert unseen[:, 30:40].all() and not unseen[:, 40:].any() and not unseen[:, :30].any()
    assert hidden(np.full((1, 100), -5.0, np.float32))[0, :5].all()
    assert not hidden(np.full((1, 100), np.nan, np.float32)).any()


def test_measurements_survive_the_browsers_pictures() -> None:
    parallax = np.linspace(-12, 12, ROWS * COLUMNS, dtype=np.float32).reshape(ROWS, COLUMNS)
    parallax[0, :5] = np.nan
    filled = np.zeros((ROWS, COLUMNS), bool)
    filled[3:9] = True
    coded = encode_measured(Pair(1, *views(), parallax, filled, filled_left=filled[::-1]))
    through = np.asarray(Image.open(io.BytesIO(packed_measured(coded))).convert("RGB"))
    back, back_filled, back_unseen, back_left = decode_measured(through)
    assert np.isnan(back[0, :5]).all()
    known = np.isfinite(parallax)
    assert np.abs(back - parallax.clip(-10, 10))[known].max() <= 0.0051
    assert (back_filled == filled).all() and (back_unseen == hidden(parallax)).all()
    assert (back_left == filled[::-1]).all()


def test_a_frame_keeps_its_budget_when_it_can() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (270, 480, 3)).astype(np.uint8)
    pair = Pair(1, noise, noise)
    fine, coarse = (len(frame_script(pair, Proxy(budget_bytes=budget))) for budget in (10_000_000, 1))
    assert coarse < 0.7 * fine


def test_jitter_is_told_of_what_stands_still() -> None:
    left, right = views()
    moved = left.copy()
    moved[:, 32:] = 255 - moved[:, 32:]
    before = Pair(1, left, right, np.zeros((ROWS, COLUMNS), np.float32))
    parallax = np.zeros((ROWS, COLUMNS), np.float32)
    parallax[:, :32] = 0.2
    parallax[:, 32:] = 5.0  # where the picture changed, and so does not count
    assert figures_of(Pair(2, moved, right, parallax), before).jitter == pytest.approx(0.2)


def test_scenes_and_nearest_samples() -> None:
    assert scenes([5, 9], [1, 2, 5, 6, 8, 9]) == [(1, 2), (5, 8), (9, 9)]
    assert scenes([], [3, 4]) == [(3, 4)]
    steps = np.repeat([[1.0, 5.0]], 4, 0).repeat(4, 1)
    assert set(np.unique(resized(steps, 3, 3))) == {1.0, 5.0}
    places = np.arange(12.0)[:, None] * 100 + np.arange(20.0)
    assert resized(places, 4, 5)[:2, :2].tolist() == [[102.0, 106.0], [402.0, 406.0]]  # the middle ones of 3 × 4
    assert resized(places, 5, 8)[1].tolist() == [301.0, 303.0, 306.0, 308.0, 311.0, 313.0, 316.0, 318.0]


def test_what_a_files_pixels_cover_is_known_on_the_views_grid(tmp_path: Path) -> None:
    window = {"dataWindow": (np.array([9, 4], "i4"), np.array([9 + COLUMNS - 1, 4 + ROWS - 1], "i4")),
              "displayWindow": (np.array([0, 0], "i4"), np.array([2 * COLUMNS - 1, 2 * ROWS - 1], "i4"))}  # fmt: skip
    region = [OpenEXR.Part({**part.header, **window}, part.channels, part.name()) for part in parts(parallax_px=1.28)]
    OpenEXR.File(region).write(str(tmp_path / "s.0001.exr"))
    source = open_stereo(str(tmp_path / "s.####.exr"))
    assert source.read(1).shown == Box(9, 4, 9 + COLUMNS, 4 + ROWS)
    half = source.read(1, side_px=COLUMNS)
    assert half.shown == Box(5, 2, (9 + COLUMNS) // 2, (4 + ROWS) // 2), "no pixel that is mixed with nothing"
