"""Eyes out of step, interlaced films, and what containers say of their eyes."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest

from host_bridge.core.errors import BadInputError, PlateError
from training.eye_sync import SyncCheck, combing, frames_late
from training.films import OffsetFilm, StereoFrame, TwinFilm, open_film
from training.sources import Stills
from training.stereo_tag import StereoTag, stereo_tag


def _moving(count: int, height: int = 72, width: int = 128) -> list[np.ndarray]:
    """A textured disc that swings over a still ground."""
    ground = np.random.default_rng(3).integers(60, 110, (height, width, 3)).astype(np.uint8)
    y, x = np.indices((height, width))
    frames = []
    for n in range(count):
        picture = ground.copy()
        centre = width * (0.5 + 0.3 * np.sin(n * 0.45 + 0.02 * n * n)), height * (0.5 + 0.2 * np.cos(0.31 * n))
        picture[(x - centre[0]) ** 2 + (y - centre[1]) ** 2 < 225] = 230
        frames.append(picture)
    return frames


def _film(frames: list[np.ndarray], late: int, shift_px: int = 4) -> TwinFilm:
    """Both eyes of a film, the right one `late` frames behind."""
    other = [np.roll(f, -shift_px, 1) for f in frames]
    n = len(frames)
    left, right = (frames[late:], other[: n - late]) if late >= 0 else (frames[: n + late], other[-late:])
    return TwinFilm("twin", "twin", Stills(tuple(left)), Stills(tuple(right)))


@pytest.mark.parametrize("late", [-5, -1, 0, 1, 3])
def test_a_late_eye_is_found_and_brought_in_step(late: int) -> None:
    film = _film(_moving(48), late)
    watch = SyncCheck("film")
    assert len(list(watch.over(film.pairs()))) == 48 - abs(late)
    if not late:
        watch.refuse_out_of_step()
        return
    with pytest.raises(PlateError, match=f"the {'right' if late > 0 else 'left'} eye is {abs(late)} frame") as caught:
        watch.refuse_out_of_step()
    assert f"--right-late {late}," in caught.value.remedy
    whole = list(OffsetFilm(film, late).pairs())
    assert [f.index for f in whole] == list(range(48 - 2 * abs(late)))
    assert all(np.array_equal(np.roll(f.left, -4, 1), f.right) for f in whole)
    some = list(OffsetFilm(film, late).pairs(frozenset({7, 20})))
    assert [f.index for f in some] == [7, 20] and all(np.array_equal(f.left, whole[f.index].left) for f in some)


def test_what_does_not_move_tells_nothing() -> None:
    still = np.zeros((40, 6), np.float32)
    noise = np.random.default_rng(1).normal(0, 1, (2, 40, 6)).astype(np.float32)
    assert frames_late(still, still) == 0 and frames_late(noise[0], noise[1]) == 0
    assert frames_late(noise[0][:8], noise[0][2:8]) == 0


def test_combed_frames_are_told_from_whole_ones() -> None:
    frames = _moving(26)
    woven = [np.where(np.arange(72)[:, None, None] % 2 == 0, a, b) for a, b in pairwise(frames)]
    assert max(combing(f) for f in frames) < 1.2 and np.median([combing(f) for f in woven]) > 1.4
    for pictures, combed in ((frames, False), (woven, True)):
        watch = SyncCheck("film")
        list(watch.over(iter([StereoFrame(n, p, p) for n, p in enumerate(pictures)])))
        if combed:
            with pytest.raises(PlateError, match="interlaced"):
                watch.refuse_out_of_step()
        else:
            watch.refuse_out_of_step()


def _video(path: Path, size: tuple[int, int], *, mode: str = "", packing: str = "") -> Path:
    """Two frames with a Matroska StereoMode or an H.264 frame packing message."""
    rng = np.random.default_rng(0)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=24)
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        if mode:
            stream.metadata["stereo_mode"] = mode
        if packing:
            stream.options = {"x264-params": f"frame-packing={packing}"}
        for _ in range(2):
            picture = rng.integers(0, 255, (size[1], size[0], 3), dtype=np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())
    return path


@pytest.mark.parametrize(
    ("size", "mode", "packing", "tag"),
    [
        ((256, 64), "left_right", "", StereoTag("sbs", False)),
        ((128, 64), "right_left", "", StereoTag("sbs-half", True)),
        ((128, 64), "top_bottom", "", StereoTag("tb-half", False)),
        ((64, 128), "bottom_top", "", StereoTag("tb", True)),
        ((256, 64), "", "3", StereoTag("sbs", False)),
        ((64, 128), "", "4", StereoTag("tb", False)),
        ((128, 64), "", "", None),
    ],
)
def test_a_container_says_how_its_eyes_lie(
    size: tuple[int, int], mode: str, packing: str, tag: StereoTag | None, tmp_path: Path
) -> None:
    film = _video(tmp_path / "film_tb.mkv", size, mode=mode, packing=packing)
    assert stereo_tag(film) == tag
    # The tag is believed before the name.
    assert open_film(str(film)).layout == (tag.layout if tag else "tb")


def test_tags_that_cannot_be_followed(tmp_path: Path) -> None:
    flat = _video(tmp_path / "flat.mkv", (128, 64), mode="mono")
    lines = _video(tmp_path / "lines.mkv", (128, 64), packing="2")
    with pytest.raises(BadInputError, match=r"line by line, which is not read.*--layout"):
        raise_str(lines)
    assert open_film(str(lines), layout="sbs").layout == "sbs"
    assert flat.exists()


def raise_str(path: Path) -> None:
    """The whole line of the error, as a person reads it."""
    try:
        open_film(str(path))
    except BadInputError as error:
        raise BadInputError(str(error)) from error
