"""Contact sheets of depth."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from training.mini.sheets import as_look, panel, pictures, sheets


def test_a_panel_shows_picture_and_depth() -> None:
    """Left the picture, right what the source says of it, bright is near, at the same place."""
    look = np.zeros((60, 90, 3), np.uint8)
    look[:30] = (200, 20, 20)
    made = panel(look, "name", lambda rgb: (rgb[..., 0] > 100).astype(np.float32))
    assert made.shape == (216, 648, 3)
    assert tuple(made[50, 100]) == (200, 20, 20) and tuple(made[150, 100]) == (0, 0, 0)
    assert tuple(made[50, 424]) == (255, 255, 255) and tuple(made[150, 424]) == (0, 0, 0)


def test_every_picture_lands_on_a_sheet() -> None:
    panels = [np.full((4, 6, 3), i, np.uint8) for i in range(1, 21)]
    made = list(sheets(panels))
    assert [sheet.shape for sheet in made] == [(24, 18, 3), (4, 18, 3)]
    assert sorted({int(v) for sheet in made for v in np.unique(sheet)} - {0}) == list(range(1, 21))


def test_pictures_are_read_as_plates(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    cv2.imwrite(str(tmp_path / "b" / "two.png"), np.full((8, 12, 3), (10, 20, 30), np.uint8))
    cv2.imwrite(str(tmp_path / "b" / "one.png"), np.full((8, 12), 40000, np.uint16))
    (tmp_path / "b" / "notes.txt").write_text("")
    found = list(pictures(tmp_path, ["b"]))
    assert [path.name for path in found] == ["one.png", "two.png"]
    grey, colour = (as_look(path) for path in found)
    assert np.abs(grey.astype(int) - 156).max() <= 1
    assert np.abs(colour.astype(int) - (30, 20, 10)).max() <= 1
