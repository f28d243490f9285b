"""From what a render is asked for to the `Job` that is run: files found, shot chosen, canvas proved."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

from host_bridge.batch.clean_plate import CleanPlate, depth_of_clean_plate
from host_bridge.batch.depth_script import load_depth_script
from host_bridge.batch.job import Job
from host_bridge.batch.matte import Matte
from host_bridge.batch.memory_need import FROM_THE_PLATE
from host_bridge.batch.options import RenderOptions
from host_bridge.client import Client
from host_bridge.core.errors import BadInputError
from host_bridge.core.recipe import art3d_version
from host_bridge.io.colour import transforms as colour
from host_bridge.io.outputs import Writing
from host_bridge.io.plates import Pattern, Plate, PlateSequence
from host_bridge.io.plates.canvas import Canvas, canvas_of
from host_bridge.io.plates.depth_option import with_depth
from host_bridge.io.plates.hero import settle_hero
from host_bridge.io.plates.naming import eye_of
from host_bridge.shot.file import Shot
from host_bridge.shot.make import Reading, beside, canvas_in, kept_shot, looked_at, make_shot, open_shot
from host_bridge.shot.style_mix import of_each_style
from host_bridge.shot.survey import Plan

LAYERS = ("inverse_depth", "scale", "shift", "disparity_local")


def job_of(options: RenderOptions) -> Job:
    """The batch that the options describe.

    Raises:
        BadInputError: a value that cannot be used.
    """
    sequence, hero = settle_hero(
        PlateSequence.open(options.plate, view=options.view, start=options.start), options.hero
    )
    clean = clean_plate_of(options, sequence.view, hero)
    frames = PlateSequence.open(
        options.plate,
        frames=options.frames,
        view=sequence.view,
        layer=options.layer,
        start=options.start,
        gap=options.missing != "error",
    )
    eye = "" if hero == "none" else hero
    plate, source = with_depth(frames, options.settings.depth, options.depth_channel, hero=eye)
    if options.clean_depth and source not in FROM_THE_PLATE:
        raise BadInputError(
            f"the clean plate's depth is in the units of the plate's Z, and {source} is a network",
            where="--clean-depth",
            remedy="give the plate's own Z with --depth, or leave --clean-depth out",
        )
    reviews = {"anaglyph": options.anaglyph, "disparity": options.disparity_image}
    script = load_depth_script(options.script) if options.script else None
    style = script.style if script and script.style else options.settings.style
    return Job(
        plate=plate,
        out=Pattern.parse(options.out),
        settings=replace(options.settings, depth=source, style=style),
        controls=replace(options.controls, hero=hero),
        writing=Writing(art3d_version(), layers_of(options.layers), options.compression),
        reviews={name: Pattern.parse(text) for name, text in reviews.items() if text},
        script=script,
        clean_plate=clean,
        matte=matte_of(options, sequence.view or eye),
        input_space=colour.validate_space(options.input_space) if options.input_space else None,
        missing=options.missing,
        overwrite=options.overwrite,
    )


def clean_plate_of(options: RenderOptions, view: str, hero: str) -> CleanPlate | None:
    """The clean plate that is named, with its depth; None where none is.

    Args:
        options: what is asked.
        view: the plate's.
        hero: the eye that it is.

    Raises:
        BadInputError: one that is needed is not named.
    """
    if not options.clean_plate:
        if options.clean_depth:
            remedy = "name the clean plate with --clean-plate"
            raise BadInputError("depth of a clean plate that is not named", where="--clean-depth", remedy=remedy)
        if options.controls.fill == "clean-plate":
            remedy = "name it with --clean-plate"
            raise BadInputError("no clean plate is named", where="--fill clean-plate", remedy=remedy)
        return None
    clean = CleanPlate.open(options.clean_plate, options.view, view)
    if not options.clean_depth:
        return clean
    eye = "" if hero == "none" else hero
    return replace(clean, depth=depth_of_clean_plate(options.clean_depth, options.depth_channel, view or eye))


def matte_of(options: RenderOptions, view: str) -> Matte | None:
    """The matte that is named; None where none is.

    Args:
        options: what is asked.
        view: the plate's.

    Raises:
        BadInputError: it names no pictures, or people were to be found instead.
        MissingFrameError: there is none.
    """
    if not options.sculpt_matte:
        return None
    if options.controls.matte != "input":
        remedy = "leave one of the two out"
        where = f"--matte {options.controls.matte}"
        raise BadInputError("Local Sculpt has a matte in --sculpt-matte already", where=where, remedy=remedy)
    return Matte.open(options.sculpt_matte, view)


def layers_of(text: str) -> tuple[str, ...]:
    """The analysis layers of a comma-separated list, in table order.

    Raises:
        BadInputError: one that does not exist.
    """
    wanted = {name.strip() for name in text.split(",") if name.strip()}
    unknown = sorted(wanted - set(LAYERS))
    if unknown:
        raise BadInputError(f"no layer {unknown[0]!r}", where="--layers", remedy=f"choose of: {', '.join(LAYERS)}")
    return tuple(name for name in LAYERS if name in wanted)


def in_shot(options: RenderOptions, job: Job, client: Client) -> Job:
    """The job with its shot, and with the windows that its frames have in common.

    Raises:
        ShotError: a named shot file that does not serve this render.
    """
    sequence = _whole_sequence(options, job)
    shot = _shot(options, job, sequence, client)
    canvas = canvas_in(shot) if shot else None
    if canvas is None and (common := canvas_of(sequence)) is not None:
        # Frames on their own lie on no canvas; that they show one picture is proved all the same.
        canvas = Canvas(common.display)
    return replace(job, shot=shot, canvas=canvas)


def in_kept_shot(options: RenderOptions, job: Job) -> Job:
    """The job with the shot that an earlier render of it kept; nothing is analysed."""
    if options.shot == "none" or job.settings.style == "given":
        return job
    path = beside(job.out.path(0, "left"), options.plate) if options.shot == "auto" else Path(options.shot)
    return replace(job, shot=open_shot(path, job.plate, job.settings) if path.is_file() else None)


def _whole_sequence(options: RenderOptions, job: Job) -> PlateSequence:
    """The whole sequence, whatever frames are asked: a frame must not depend on the chunk it is rendered in."""
    found = PlateSequence.open(options.plate, view=job.plate.view, layer=job.plate.layer, start=options.start)
    return replace(found, depth=job.plate.depth)


def _shot(options: RenderOptions, job: Job, sequence: PlateSequence, client: Client) -> Shot | None:
    """The shot that the frames belong to: the named one, or for a sequence the one kept beside the output."""
    if options.shot == "none" or job.settings.style == "given":
        return None
    if options.shot != "auto":
        return open_shot(Path(options.shot), job.plate, job.settings)
    if len(sequence.frames) < 2:
        return None

    def make_for(style: str) -> Shot:
        reading = Reading(job.input_space, strict=False, plates=job.kept, later=frozenset(job.plate.frames))
        return make_shot(sequence, client, replace(job.settings, style=style), Plan(), reading)

    def make() -> Shot:
        return of_each_style(job.settings.style, make_for)

    ready = {str(source["name"]) for source in client.welcome.depth_sources if source.get("ready", True)}
    out = Pattern.parse(options.beside) if options.beside else job.out
    path = beside(out.path(0, "left"), options.plate)
    look = partial(looked_at, sequence, job.input_space, job.kept)
    return kept_shot(path, job.plate, job.settings, make, look=look, ready=ready)


def notes_of(plate: Plate, job: Job, frames: str | None) -> tuple[str, ...]:
    """What was chosen for a person who did not say, a line each.

    Args:
        plate: the first frame that can be read.
        job: the batch.
        frames: the range as it was asked for; None where it was not.
    """
    hero, notes = job.controls.hero, list(plate.choices)
    if hero == eye_of(plate.view) == "right":
        notes.append(f"the hero eye is {hero}, as the plate is; --hero names another")
    if hero == "none" and plate.unmoved:
        notes.append(f"left out, since no eye is the plate itself: {', '.join(plate.unmoved)}; --hero left keeps them")
    frames_present = job.plate.frames
    if frames is None and len(frames_present) > 1 and (step := frames_present[1] - frames_present[0]) > 1:
        span = f"{frames_present[0]}-{frames_present[-1]}"
        notes.append(
            f"frames {span}x{step}: those between have no files and are not missed; --frames {span} misses them"
        )
    return tuple(notes)
