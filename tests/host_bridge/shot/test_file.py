"""The shot file: written by rename, proved when read."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from pathlib import Path

import pytest

from host_bridge.core.errors import ShotError
from host_bridge.core.geometry import Box
from host_bridge.shot import file
from host_bridge.shot.file import Shot, ShotEntry, ShotTransition, _hash, load_shot, save_shot


def entry(scene: int = 0, low: float = 0.1) -> ShotEntry:
    return ShotEntry(low, low + 1.0, 0.02, -0.013, 0.0, scene, "00" * 144)


def shot(**changes: object) -> Shot:
    frames = {n: entry(scene=0 if n < 1004 else 1) for n in range(1001, 1008)}
    fields: dict[str, object] = dict(
        plate="p.####.exr", depth_source="mini", model_id="m", style="neutral", z_meaning="auto", frames=frames
    )
    return Shot(**{**fields, "cuts": (1004,), "steady": 2, **changes})  # type: ignore[arg-type]


def test_round_trip(tmp_path: Path) -> None:
    save_shot(shot(), tmp_path / "s.art3d")
    again = load_shot(tmp_path / "s.art3d")
    assert again == shot()
    assert again.hash == shot().hash
    assert [p.name for p in tmp_path.iterdir()] == ["s.art3d"]


def test_a_shot_is_hashed_once_however_many_frames_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = itertools.count()
    monkeypatch.setattr(file, "_hash", lambda body: str(next(numbers)))
    asked = shot()
    assert [asked.hash for _ in range(3)] == ["0"] * 3
    assert replace(asked, steady=1).hash == "1"


def test_a_file_of_version_1_is_of_the_whole_frame(tmp_path: Path) -> None:
    path = tmp_path / "old.art3d"
    save_shot(shot(), path)
    body = json.loads(path.read_text())
    body["version"] = 1
    for fields in body["frames"].values():
        del fields["size"]
        fields["bars"] = [10, 10, 0, 0]
    body["hash"] = _hash(body)
    path.write_text(json.dumps(body))
    old = load_shot(path).frames[1001]
    assert old.bars == (10, 10, 0, 0) and old.picture(Box.of_size(64, 48)) == Box.of_size(64, 48)


def test_bars_in_a_proxy() -> None:
    barred = replace(entry(), bars=(132, 132, 0, 40), size=(1920, 1080))
    assert barred.picture(Box(-10, 5, 1910, 1085)) == Box(-10, 137, 1870, 953)
    assert barred.picture(Box.of_size(960, 540)) == Box(0, 66, 940, 474)
    assert entry().picture(Box.of_size(9, 9)) == Box.of_size(9, 9)


@pytest.mark.parametrize(
    "wrong", [{"bars": [-1, 0, 0, 0]}, {"bars": [0, 0]}, {"bars": [40, 40, 0, 0], "size": [64, 80]}]
)
def test_bars_that_cannot_be(tmp_path: Path, wrong: dict[str, list[int]]) -> None:
    path = tmp_path / "wrong.art3d"
    save_shot(shot(), path)
    body = json.loads(path.read_text())
    body["frames"]["1001"].update(wrong)
    path.write_text(json.dumps(body))
    with pytest.raises(ShotError, match="holds an invalid value"):
        load_shot(path)


def test_transitions_come_back(tmp_path: Path) -> None:
    made = shot(transitions=(ShotTransition("dissolve", 1003, 1005), ShotTransition("cut", 1006, 1006, "user")))
    save_shot(made, tmp_path / "s.art3d")
    assert load_shot(tmp_path / "s.art3d") == made


def test_hash_sees_every_number() -> None:
    assert shot(depth_gain=0.9).hash != shot().hash
    assert shot(frames={1001: entry(low=0.2)}).hash != shot(frames={1001: entry()}).hash


def test_neighbours_stop_at_cuts_and_ends() -> None:
    assert shot().neighbours(1003) == ((1002, 1001), ())
    assert shot().neighbours(1005) == ((1004,), (1006, 1007))
    assert shot(steady=0).neighbours(1005) == ((), ())


def test_a_frame_outside_is_named() -> None:
    with pytest.raises(ShotError, match="frame 1100 is not in the shot analysis, which holds 1001-1007"):
        shot().frame(1100)


def test_faults_are_named(tmp_path: Path) -> None:
    path = tmp_path / "s.art3d"
    with pytest.raises(ShotError, match="cannot be read"):
        load_shot(path)
    save_shot(shot(), path)
    text = path.read_text(encoding="utf-8")
    path.write_text(text[: len(text) // 2], encoding="utf-8")
    with pytest.raises(ShotError, match="damaged"):
        load_shot(path)
    for change, word in (
        ({"format": "other"}, "not a shot file"),
        ({"version": 99}, "version 99"),
        ({"depth_gain": 0.5}, "edited by hand"),
        ({"frames": {}}, "holds an invalid value"),
        ({"depth_gain": float("nan")}, "not finite"),
    ):
        path.write_text(json.dumps({**json.loads(text), **change}), encoding="utf-8")
        with pytest.raises(ShotError, match=word):
            load_shot(path)
