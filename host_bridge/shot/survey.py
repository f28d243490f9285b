"""One pass over a shot: what each frame says on its own, put together into what the shot fixes."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from host_bridge.core.errors import ShotError
from host_bridge.core.frame import Frame
from host_bridge.shot.bars import settled
from host_bridge.shot.edges import EYE_SHARES, Edges, Layer, bands_of
from host_bridge.shot.file import Shot, ShotEntry
from host_bridge.shot.frame_survey import GIVEN, FrameSurvey, look_at
from host_bridge.shot.scenes import NO_EDITS, Cuts, Scene, between_scenes, edited, scenes_of
from host_bridge.shot.steady import gaussian, handover, normalisation, suggest
from host_bridge.shot.tile_source import TileSource
from host_bridge.shot.transitions import Transition, find_transitions
from host_bridge.wire.settings import AnalysisSettings

COMFORT = (-1.0, 2.0)
TRUE_DEPTH = ("aov", GIVEN)


@dataclass(frozen=True)
class Plan:
    """How a shot is steadied.

    Attributes:
        smooth: frames (standard deviation) over which normalisation, s and t are smoothed; 0 leaves each frame's own.
        handover: frames over which the zero plane eases on each side of a cut; 0 leaves cuts hard.
        steady: neighbours on each side that steady a network's depth along motion.
        cuts: what a person says of the cuts.
    """

    smooth: float = 12.0
    handover: int = 0
    steady: int = 4
    cuts: Cuts = NO_EDITS


@dataclass(frozen=True)
class SurveySource:
    """Where surveyed frames come from.

    Attributes:
        plate: the plate's pattern, for people.
        missing: asked frames that have no readable file; written down, not guessed. They may grow during the survey.
        again: gives a frame once more whose bars its neighbours know better; None leaves bars as each frame sees them.
    """

    plate: str
    missing: Sequence[int] = ()
    again: Callable[[int], Frame] | None = None


def survey(
    frames: Iterable[tuple[int, Frame]],
    server: TileSource,
    settings: AnalysisSettings,
    plan: Plan,
    source: SurveySource,
    *,
    done: Callable[[int], None] | None = None,
) -> Shot:
    """Analyses every frame once and settles what the shot fixes.

    Args:
        frames: number and frame, in order.
        server: who analyses.
        settings: depth source, style and meaning of Z; without a shot.
        plan: how to steady.
        source: the plate that the frames are of.
        done: told each finished frame.

    Raises:
        ShotError: no frame at all, or frames that different depth sources analysed.
    """
    surveys, plate = [], source.plate
    for one in look_at(frames, server, settings):
        surveys.append(one)
        if done:
            done(one.number)
    if not surveys:
        raise ShotError("no frame of the shot could be read", where=plate, remedy="check the plate")
    complete = _fill_blank(surveys, plate)
    sources = sorted({s.source for s in complete})
    if len(sources) > 1:
        raise ShotError(
            f"the frames have different depth sources: {', '.join(sources)}",
            where=plate,
            remedy="name one with --depth",
        )
    found = find_transitions([s.glance for s in surveys])
    if sources[0] in TRUE_DEPTH and any(one.blank == (0, len(surveys)) for one in found):
        found = []  # a plate without a picture may still be a pass of true depth
    changes = edited(found, plan.cuts, [s.number for s in surveys])
    if source.again is not None:
        surveys = _with_bars(surveys, changes, server, settings, source.again)
    return _settle(_fill_blank(surveys, plate), changes, settings, plan, plate, tuple(sorted(source.missing)))


def _fill_blank(surveys: list[FrameSurvey], plate: str) -> list[FrameSurvey]:
    """Frames without depth of their own, with the figures of the nearest that has: they are a part of its scene.

    Raises:
        ShotError: no frame has any.
    """
    measured = [s for s in surveys if not s.blank]
    if not measured:
        raise ShotError("no frame of the shot has depth", where=plate, remedy="take a network's: --depth mini")
    nearest = [min(measured, key=lambda other: abs(other.number - s.number)) if s.blank else s for s in surveys]
    return [
        replace(s, measured=source.measured, source=source.source, model_id=source.model_id)
        for s, source in zip(surveys, nearest, strict=True)
    ]


def _with_bars(
    surveys: list[FrameSurvey],
    changes: Sequence[Transition],
    server: TileSource,
    settings: AnalysisSettings,
    again: Callable[[int], Frame],
) -> list[FrameSurvey]:
    """The frames with the bars of their scenes; those that saw other bars are measured once more."""
    settled_bars = settled(
        [s.glance.found for s in surveys], [(s.start, s.stop) for s in scenes_of(changes, len(surveys))]
    )
    changed = [index for index, (s, bars) in enumerate(zip(surveys, settled_bars, strict=True)) if s.bars != bars]
    frames = ((surveys[i].number, again(surveys[i].number)) for i in changed)
    renewed = look_at(frames, server, settings, [settled_bars[i] for i in changed])
    found = list(surveys)
    for index, one in zip(changed, renewed, strict=True):
        found[index] = one
    return found


def _settle(
    surveys: list[FrameSurvey],
    changes: list[Transition],
    settings: AnalysisSettings,
    plan: Plan,
    plate: str,
    missing: tuple[int, ...],
) -> Shot:
    source = surveys[0].source
    metric = source in TRUE_DEPTH
    scenes = scenes_of(changes, len(surveys))
    cuts = [scene.start for scene in scenes[1:] if scene.kind == "scene"]
    settled_scenes: dict[int, list[ShotEntry]] = {}
    for index, scene in enumerate(scenes):
        if scene.kind == "scene":
            scene_frames = _past_flashes(surveys, scene, changes)
            settled_scenes[index] = _scene(scene_frames, index, plan, metric)
    entries = between_scenes(scenes, settled_scenes, [own_entry(s) for s in surveys])
    if plan.handover:
        entries = _hand_over(entries, surveys, cuts, plan.handover)
    entries = [replace(entry, edges=edges_seen(s, entry)) for s, entry in zip(surveys, entries, strict=True)]
    parallax = np.array([s.measured.parallax for s in surveys])
    scale_pct = 100.0 * float(np.median([e.fit_scale for e in entries]))
    gain, offset, advice = suggest(parallax, scale_pct, comfort=COMFORT)
    first_frames = tuple(surveys[index].number for index in cuts)
    shot = Shot(
        plate=plate,
        depth_source=source,
        model_id=surveys[0].model_id,
        style=settings.style,
        z_meaning=settings.z_meaning,
        frames={s.number: entry for s, entry in zip(surveys, entries, strict=True)},
        cuts=first_frames,
        transitions=tuple(t.numbered([s.number for s in surveys]) for t in changes),
        missing=missing,
        steady=0 if metric else plan.steady,
        depth_gain=gain,
        zero_plane=offset,
    )
    return replace(shot, reasons=tuple(_reasons(surveys, shot, plan, advice)))


def edges_seen(s: FrameSurvey, entry: ShotEntry) -> dict[str, Edges]:
    """What the picture's edges cut for each hero eye, with the depth that the shot gives the frame."""
    m = s.measured
    frame_layer = Layer(m.iz_low, m.iz_high, m.fit_scale, m.fit_shift)
    shot = Layer(entry.iz_low, entry.iz_high, entry.fit_scale, entry.fit_shift)
    cut = {
        hero: Edges(*(bands_of(rows, frame_layer, shot, entry.zero_plane) for rows in sides))
        for hero, sides in s.edges.items()
    }
    return cut or dict.fromkeys(EYE_SHARES, Edges())


def _past_flashes(surveys: list[FrameSurvey], scene: Scene, changes: Sequence[Transition]) -> list[FrameSurvey]:
    """The frames of a scene; a flash has the figures of the frame before it, else after it, whose range it keeps."""
    frames = list(surveys[scene.start : scene.stop])
    for flash in changes:
        if flash.kind == "flash" and scene.start <= flash.first and flash.last < scene.stop:
            beside = flash.first - 1 if flash.first > scene.start else min(flash.last + 1, scene.stop - 1)
            for index in range(flash.first, flash.last + 1):
                frames[index - scene.start] = replace(surveys[index], measured=surveys[beside].measured)
    return frames


def own_entry(s: FrameSurvey) -> ShotEntry:
    """What a frame that belongs to no scene says of itself, until the scenes around it settle its range."""
    m = s.measured
    return ShotEntry(
        m.iz_low, m.iz_high, m.fit_scale, m.fit_shift, 0.0, 0, s.glance.signature, bars=s.bars, size=s.size
    )


def _scene(surveys: list[FrameSurvey], scene: int, plan: Plan, metric: bool) -> list[ShotEntry]:
    frames = [s.measured for s in surveys]
    ranges = normalisation(frames, metric=metric, sigma=plan.smooth)
    # A style speaks of the full range 0..1, whoever normalised it: its s and t hold for the shot's range too.
    fits = gaussian(np.array([(m.fit_scale, m.fit_shift) for m in frames]), plan.smooth)
    return [
        ShotEntry(
            iz_low=float(low),
            iz_high=float(high),
            fit_scale=float(scale),
            fit_shift=float(shift),
            zero_plane=0.0,
            scene=scene,
            signature=s.glance.signature,
            bars=s.bars,
            size=s.size,
        )
        for s, (low, high), (scale, shift) in zip(surveys, ranges, fits, strict=True)
    ]


def _hand_over(entries: list[ShotEntry], surveys: list[FrameSurvey], cuts: list[int], length: int) -> list[ShotEntry]:
    offsets = np.zeros(len(entries))
    edges = [0, *cuts, len(entries)]
    for before, cut, after in zip(edges, edges[1:], edges[2:], strict=False):
        jump = -100.0 * (surveys[cut].measured.subject - surveys[cut - 1].measured.subject)
        ends, starts = handover(jump, cut - before, after - cut, length)
        offsets[cut - len(ends) : cut] += ends
        offsets[cut : cut + len(starts)] += starts
    return [replace(entry, zero_plane=float(offset)) for entry, offset in zip(entries, offsets, strict=True)]


def _reasons(surveys: list[FrameSurvey], shot: Shot, plan: Plan, advice: str) -> Iterator[str]:
    cuts, missing = shot.cuts, shot.missing
    if shot.depth_source in TRUE_DEPTH:
        yield "depth is the plate's own: one range for each scene"
    else:
        yield f"normalisation: the network's jumps followed, its range smoothed over {plan.smooth:g} frames"
        yield f"depth steadied along motion over {plan.steady} frames on each side"
    yield f"s and t smoothed over {plan.smooth:g} frames inside each scene" if plan.smooth else "s and t as they are"
    yield f"scenes begin at {', '.join(map(str, cuts))}" if cuts else "no cut inside the shot"
    for change in shot.transitions:
        if change.kind != "cut":
            yield f"{change.kind} {change.first}-{change.last}"
    if cuts and plan.handover:
        yield f"zero plane handed over in {plan.handover} frames on each side of a cut"
    if missing:
        yield f"{len(missing)} frames had no readable file: {', '.join(map(str, missing[:20]))}"
    bars = sorted({entry.bars for entry in shot.frames.values()})
    if len(bars) > 1:
        moved = [b.number for a, b in itertools.pairwise(surveys) if a.bars != b.bars]
        yield f"black bars change at {', '.join(map(str, moved[:20]))}"
    elif any(bars[0]):
        yield f"black bars (top, bottom, left, right): {bars[0]} px"
    yield advice
