"""Shots of one page are told apart by their names."""

from __future__ import annotations

from pathlib import Path

import pytest

from host_bridge.review.shot_names import names_apart


@pytest.mark.parametrize(
    ("files", "names"),
    [
        (["a/s.####.exr"], ["s.####.exr"]),
        (["a/s.####.exr", "b/t.####.exr"], ["s.####.exr", "t.####.exr"]),
        (["sh010/s.####.exr", "sh020/s.####.exr", "x.mp4"], ["sh010/s.####.exr", "sh020/s.####.exr", "x.mp4"]),
        (["sh010/v1/s.exr", "sh020/v1/s.exr", "sh020/v2/s.exr"], ["sh010/v1/s.exr", "sh020/v1/s.exr", "v2/s.exr"]),
        (["s.mp4", "s.mp4", "s.mp4"], ["s.mp4", "s.mp4 (2)", "s.mp4 (3)"]),
        (["s.mp4", "s.mp4 (2)", "s.mp4"], ["s.mp4", "s.mp4 (2)", "s.mp4 (3)"]),
    ],
)
def test_names(files: list[str], names: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert names_apart([Path(file) for file in files]) == names
