"""Eyes are found however a studio spells their views."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import OpenEXR
import pytest

from host_bridge.core.errors import BadInputError, MissingFrameError
from host_bridge.io.outputs import write_picture
from host_bridge.io.plates.naming import eyes_among
from host_bridge.review.source import open_stereo

ROWS, COLUMNS = 12, 20
LEVELS = {"left": 0.1, "right": 0.6}


@pytest.mark.parametrize(
    ("views", "found"),
    [
        (("left", "right"), ("left", "right")),
        (("left", "RIGHT"), ("left", "RIGHT")),
        (("R", "L"), ("L", "R")),
        (("cam_Left", "cam_Right", "witness"), ("cam_Left", "cam_Right")),
        (("left", "cam_left", "right"), ("left", "right")),
        (("a_left", "b_left", "right"), None),
        (("left",), None),
        (("main", "aux"), None),
        ((), None),
    ],
)
def test_the_eyes_among_views(views: tuple[str, ...], found: tuple[str, str] | None) -> None:
    assert eyes_among(views) == found


@pytest.mark.parametrize("views", [("left", "right"), ("LEFT", "RIGHT"), ("left", "RIGHT"), ("R", "L")])
def test_views_of_an_exr(views: tuple[str, str], tmp_path: Path) -> None:
    names = dict(zip(("right", "left") if views == ("R", "L") else ("left", "right"), views, strict=True))
    parts = [
        OpenEXR.Part(
            {"type": OpenEXR.scanlineimage, "view": name}, {"RGB": np.full((ROWS, COLUMNS, 3), LEVELS[eye], "f2")}, name
        )
        for eye, name in names.items()
    ]
    mask = np.zeros((ROWS, COLUMNS), np.float16)
    mask[:, :5] = 1
    parts.append(OpenEXR.Part({"type": OpenEXR.scanlineimage, "view": names["right"]}, {"occlusion.mask": mask}, "m"))
    OpenEXR.File(parts).write(str(tmp_path / "s.0001.exr"))
    pair = open_stereo(str(tmp_path / "s.####.exr")).read(1)
    assert pair.left.max() < pair.right.min()
    assert pair.filled is not None and pair.filled.mean() == 0.25 and pair.filled_left is None


@pytest.mark.parametrize(
    ("pattern", "left", "right"),
    [("s.%V.####.png", "left", "right"), ("s.%V.####.png", "Left", "Right"), ("s.%V.####.png", "L", "R"),
     ("%V/s.####.png", "LEFT", "right"), ("s_%v.####.png", "l", "r"), ("s_%v.####.png", "L", "R"),
     ("%V.png", "L", "R")],
)  # fmt: skip
def test_one_file_a_view(pattern: str, left: str, right: str, tmp_path: Path) -> None:
    for eye, word in (("left", left), ("right", right)):
        path = tmp_path / pattern.replace("%V", word).replace("%v", word).replace("####", "0001")
        path.parent.mkdir(exist_ok=True)
        write_picture(path, np.full((ROWS, COLUMNS, 3), round(255 * LEVELS[eye]), np.uint8))
    source = open_stereo(str(tmp_path / pattern))
    pair = source.read(source.numbers[0])
    assert pair.left.max() < pair.right.min()


def test_what_no_eye_is_called(tmp_path: Path) -> None:
    for view in ("main", "aux"):
        write_picture(tmp_path / f"s.{view}.0001.png", np.zeros((ROWS, COLUMNS, 3), np.uint8))
    with pytest.raises(MissingFrameError, match=r"s\.left\."):
        open_stereo(str(tmp_path / "s.%V.####.png"))
    with pytest.raises(BadInputError, match="no second eye"):
        open_stereo(str(tmp_path / "s.main.####.png"))
