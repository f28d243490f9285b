"""One depth for a shot: its source, what its Z means, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from host_bridge.client.tile import Tile
from host_bridge.core.errors import DepthSourceError, ShotError
from host_bridge.core.frame import Frame
from host_bridge.core.geometry import Box
from host_bridge.core.params import Controls
from host_bridge.io.plates import Plate, PlateSequence
from host_bridge.shot.depth import outdated, settle, spread
from host_bridge.shot.depth_choice import ShotDepth
from host_bridge.shot.depth_provenance import depth_fields, depth_words
from host_bridge.shot.file import Shot, load_shot, save_shot
from host_bridge.shot.make import fits, kept_shot, make_shot
from host_bridge.shot.scenes import Cuts
from host_bridge.shot.survey import Plan
from host_bridge.wire.depth_values import Evidence
from host_bridge.wire.settings import AnalysisSettings
from tests.host_bridge.conftest import MakeRgba, Write

AUTO = AnalysisSettings()
BOX = Box.of_size(16, 9)
GREY = np.full((9, 16, 3), 0.5, np.float32)


def plate(number: int, z: float | None = None, *, flat: bool = False, meaning: str = "auto") -> Plate:
    layers = {"color": GREY * number / 10}
    if z is not None:
        layers["depth"] = np.linspace(z, z if flat else 2 * z, 144, dtype=np.float32).reshape(9, 16, 1)  # type: ignore[assignment]
    frame = Frame(BOX, BOX, layers)
    name = "" if z is None else "depth.Z"
    return Plate(Path(f"p.{number}.exr"), number, "", (), frame, (), depth_name=name, depth_meaning=meaning,
                 depth_varies=z is not None and not flat)  # fmt: skip


class Says:
    """A server that says what Z's values agree with, frame by frame."""

    def __init__(self, *agreements: float, network: str = "mini") -> None:
        self.agreements, self.network, self.asked = list(agreements), network, list[AnalysisSettings]()

    def submit(
        self, frame: Frame, settings: AnalysisSettings, controls: Controls, box: Box, outputs: Sequence[str]
    ) -> Tile:
        self.asked.append(settings)
        ramp = np.linspace(0, 1, 16 * 9, dtype=np.float32).reshape(9, 16, 1)
        stats: dict[str, Any] = {"iz_low": 0.1, "iz_high": 1.1, "fit_scale": 0.02, "fit_shift": -0.013,
                                 "parallax_p1_pct": -0.7, "parallax_p99_pct": 1.3, "model_id": "m",
                                 "depth_source": "aov" if settings.depth == "aov" else self.network}  # fmt: skip
        if settings.depth == "aov" and settings.z_meaning == "auto":
            r = self.agreements[len(self.asked) % len(self.agreements)]
            stats["z_evidence"] = Evidence(-r, r, 2.0, 40.0, False, False).to_wire()
        return Tile(box, {name: ramp for name in outputs}, stats)

    def result(self, pending: Tile) -> Tile:
        return pending


def test_a_few_frames_over_the_whole_shot() -> None:
    assert spread([1, 2, 3]) == [1, 2, 3]
    assert spread(list(range(100))) == [10, 30, 50, 70, 90]


def test_z_is_decided_over_the_frames() -> None:
    found = settle([plate(n, 3.0) for n in range(1, 5)], Says(0.9, 0.96), AUTO)
    assert (found.source, found.meaning, found.how, found.agreement) == ("aov", "distance", "decided", 0.93)
    said = depth_words({"depth_source": "aov", **found.fields()})
    assert said == "depth from plate depth.Z (distance, decided: 0.93 agreement)"


@pytest.mark.parametrize(
    ("agreements", "asked", "meaning"),
    [
        ([0.9], 3, "distance"),
        ([-0.9], 3, "inverse"),
        ([0.45], 5, "distance"),  # not clear
        ([0.6, 0.9, -0.8, 0.9, 0.9], 5, "distance"),  # of two minds
    ],
)
def test_every_other_frame_is_enough_where_all_say_the_same(agreements: list[float], asked: int, meaning: str) -> None:
    server = Says(*agreements)
    assert settle([plate(n, 3.0) for n in range(1, 6)], server, AUTO).meaning == meaning
    assert len(server.asked) == asked


def test_no_agreement_is_told() -> None:
    found = settle([plate(1, 3.0)], Says(0.1), AUTO)
    assert found.meaning == "distance"
    assert "0.10 agreement cannot tell" in depth_words({"depth_source": "aov", **found.fields()})


def test_people_and_files_come_first() -> None:
    asked = settle([plate(1, 3.0, meaning="inverse")], Says(0.9), replace(AUTO, z_meaning="far-is-white"))
    assert (asked.meaning, asked.how, asked.agreement) == ("far-is-white", "asked", None)
    stated = settle([plate(1, 3.0, meaning="inverse")], Says(0.9), AUTO)
    assert (stated.meaning, stated.how) == ("inverse", "stated")
    assert depth_words({"depth_source": "aov", **stated.fields()}).endswith("(inverse, as the file says)")


def test_one_value_is_no_depth() -> None:
    found = settle([plate(1, 3.0, flat=True), plate(2, 0.0, flat=True)], Says(0.9), AUTO)
    assert (found.source, found.plate_z, found.meaning) == ("mini", "one value", "")
    assert "not depth" in depth_words({"depth_source": found.source, **found.fields()})
    with pytest.raises(DepthSourceError, match="one value in every frame"):
        settle([plate(1, 3.0, flat=True)], Says(0.9), replace(AUTO, depth="aov"))
    with pytest.raises(DepthSourceError, match="no depth channel"):
        settle([plate(1)], Says(0.9), replace(AUTO, depth="aov"))


def test_a_few_blank_frames_do_not_change_the_source() -> None:
    assert settle([plate(1, 0.0, flat=True), plate(2, 3.0), plate(3, 3.0)], Says(0.9), AUTO).source == "aov"
    assert settle([plate(1), plate(2), plate(3, 3.0)], Says(0.9), AUTO).source == "mini"


@pytest.mark.parametrize(
    ("depth", "asked", "now", "ready", "why"),
    [
        (ShotDepth("auto", "aov"), "auto", [plate(1, 3.0)], (), ""),
        (ShotDepth("auto", "mini"), "auto", [plate(1)], (), ""),
        (ShotDepth("auto", "mini"), "auto", [plate(1, 3.0)], (), "the plate had no depth then"),
        (ShotDepth("auto", "aov"), "auto", [plate(1)], (), "the plate had depth then"),
        (ShotDepth("auto", "aov"), "auto", [plate(1, 0.0, flat=True), plate(2, 3.0)], (), ""),
        (ShotDepth("mini", "mini"), "auto", [plate(1, 3.0)], (), "depth mini was asked for then, auto now"),
        (ShotDepth("mini", "mini"), "mini", [plate(1, 3.0)], (), ""),
        (ShotDepth("auto", "aov"), "aov", [plate(1, 3.0)], (), ""),
        (ShotDepth("auto", "mini"), "auto", [plate(1)], ("mini", "da2-small"), "da2-small was not there then"),
        (ShotDepth("mini", "mini"), "mini", [plate(1)], ("da2-small",), ""),
    ],
)
def test_a_kept_shot_remembers_why(
    depth: ShotDepth, asked: str, now: list[Plate], ready: tuple[str, ...], why: str
) -> None:
    assert outdated(depth, replace(AUTO, depth=asked), lambda: now, ready) == why


@pytest.fixture
def sequence(write_exr: Write, rgba: MakeRgba) -> PlateSequence:
    """Four frames with Z, of which the third shows nothing."""
    for number in range(1, 5):
        z = np.zeros((24, 40), "<f4") if number == 3 else np.linspace(2, 40, 960, dtype="<f4").reshape(24, 40)
        path = write_exr(f"p.{number:04d}.exr", ({}, {**rgba(), "Z": z}))
    return PlateSequence.open(str(path.parent / "p.####.exr"))


def test_a_shot_asks_one_meaning_of_every_frame(sequence: PlateSequence, tmp_path: Path) -> None:
    server = Says(0.9)
    shot = make_shot(sequence, server, AUTO, Plan())
    meanings = [(s.depth, s.z_meaning) for s in server.asked]
    assert meanings == [("aov", "auto")] * 2 + [("aov", "distance")] * 3
    assert (shot.z_meaning, shot.depth.meaning, shot.depth.agreement) == ("auto", "distance", 0.9)
    # A frame that shows nothing is a part of the shot all the same.
    assert sorted(shot.frames) == [1, 2, 3, 4] and shot.frames[3].iz_high == shot.frames[2].iz_high
    assert shot.reasons[0] == "depth from plate Z (distance, decided: 0.90 agreement)"
    save_shot(shot, tmp_path / "s.art3d")
    assert load_shot(tmp_path / "s.art3d") == shot


def test_defaults_do_not_inherit_a_network(sequence: PlateSequence, tmp_path: Path) -> None:
    path, made = tmp_path / "s.art3d", list[str]()

    def render(settings: AnalysisSettings) -> str:
        def make() -> Shot:
            made.append(settings.depth)
            return make_shot(sequence, Says(0.9), settings, Plan())

        look = lambda: (sequence.read(n) for n in (1, 2, 4))  # noqa: E731
        return kept_shot(path, sequence, settings, make, look=look).depth_source

    assert render(replace(AUTO, depth="mini")) == "mini"
    assert render(AUTO) == "aov" and render(AUTO) == "aov"
    assert made == ["mini", "auto"]


def test_cuts_that_somebody_named_are_not_replaced(sequence: PlateSequence, tmp_path: Path) -> None:
    path = tmp_path / "s.art3d"
    save_shot(make_shot(sequence, Says(0.9), AUTO, Plan(cuts=Cuts(None, (3,), ()))), path)
    before = path.read_bytes()

    def render(settings: AnalysisSettings) -> Shot:
        return kept_shot(path, sequence, settings, lambda: make_shot(sequence, Says(0.9), settings, Plan()), look=list)

    assert render(AUTO).cuts == (3,)
    with pytest.raises(ShotError, match="cuts that somebody named, and does not fit"):
        render(replace(AUTO, style="popout"))
    assert path.read_bytes() == before


def test_a_shot_serves_its_own_depth_only(sequence: PlateSequence) -> None:
    shot = make_shot(sequence, Says(0.9), AUTO, Plan())
    assert fits(shot, sequence, AUTO) == ""
    assert "depth from plate Z" in fits(replace(shot, depth=replace(shot.depth, channel="fog.V")), sequence, AUTO)
    assert "d.####.png" in fits(
        replace(shot, depth=replace(shot.depth, pictures="d.####.png", read_from="d.####.png")), sequence, AUTO
    )


def test_an_older_shot_is_analysed_again(sequence: PlateSequence, tmp_path: Path) -> None:
    save_shot(make_shot(sequence, Says(0.9), AUTO, Plan()), tmp_path / "s.art3d")
    text = (tmp_path / "s.art3d").read_text()
    (tmp_path / "s.art3d").write_text(text.replace('"version": 2', '"version": 1'))
    with pytest.raises(ShotError, match=r"version 1.*analyse the plate again"):
        load_shot(tmp_path / "s.art3d")


def test_what_a_frame_on_its_own_tells() -> None:
    stats = {"depth_source": "aov", "z_meaning": "inverse", "z_agreement": 0.61}
    fields = {**stats, **depth_fields(plate(1, 3.0), AUTO, stats)}
    assert depth_words(fields) == "depth from plate depth.Z (inverse, decided: 0.61 agreement)"
    pictures = replace(plate(1, 3.0), depth_file="d.####.png", depth_name="depth")
    asked = replace(AUTO, z_meaning="distance")
    fields = {"depth_source": "aov", "z_meaning": "distance", **depth_fields(pictures, asked, stats)}
    assert depth_words(fields) == "depth from d.####.png (distance, as asked)"
    flat = {"depth_source": "aov", "z_meaning": "distance"}
    assert depth_words({**flat, **depth_fields(plate(1, 3.0, flat=True), AUTO, flat)}).startswith("no depth")
    assert depth_words({"depth_source": "mini"}) == "depth from mini"
