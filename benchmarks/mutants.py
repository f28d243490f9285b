"""Do the tests of the new view bite? ``python -m benchmarks.mutants`` breaks its C++ in one place after another.

Each mutant is built in a copy of the checkout and has to fail a test. Prints those that live; ends with 1 when more
than one in ten does.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TESTS = (
    "tests/golden",
    "tests/art3d_node/stereo/test_known_answers.py",
    "tests/art3d_node/stereo/test_synthesis.py",
    "tests/art3d_node/stereo/test_synthesis_edges.py",
    "tests/art3d_node/stereo/test_synthesis_fill.py",
    "tests/art3d_node/stereo/test_nearby.py",
    "tests/art3d_node/stereo/test_ramps.py",
    "tests/properties/test_new_view.py",
)
MAY_LIVE = 0.1


@dataclass(frozen=True)
class Mutant:
    """One change of one header.

    Attributes:
        file: which one.
        old: what is there, once.
        new: what is put in its place.
        idea: what breaks.
    """

    file: str
    old: str
    new: str
    idea: str


MUTANTS = (
    Mutant("knobs.h", "made[x] = lined[x]", "made[x] = row[x]", "ramps across rows tear"),
    Mutant("knobs.h", "lined[is_near(", "row[is_near(", "a row's ramp ends within a column's"),
    Mutant("knobs.h", "0 < first && last + 1 < job.height && ", "", "the border counts as a ramp's end"),
    Mutant("fill.h", "sqrtf(share + STEADY)", "sqrtf(0.5f + STEADY)", "edges are not continued"),
    Mutant("fill.h", "1.0f / (distance * sqrtf", "1.0f / (sqrtf", "near counts no more than far"),
    Mutant("rays.h", "ALL_RAYS_PX ? RAYS : RAYS / 2", "ALL_RAYS_PX ? 4 : 4", "four rays"),
    Mutant("rays.h", "ALL_RAYS_PX ? RAYS : RAYS / 2", "ALL_RAYS_PX ? 8 : 8", "eight rays in wide holes"),
    Mutant("rays.h", "min(2 * (hole.last - hole.first) + 8, RAY_PX)", "RAY_PX", "narrow holes look far"),
    Mutant("fill.h", "weight * NEARER : weight", "weight : weight", "one tap"),
    Mutant(
        "fill.h", "for (int side = -1; side <= 1; side += 2)", "for (int side = 1; side <= 1; side += 2)", "one side"
    ),
    Mutant(
        "background.h", "found.disparity - 1.0f) found.disparity", "found.disparity - 99.0f) found.disparity", "no gap"
    ),
    Mutant("fill.h", "weight *= FADE", "weight *= 1.0f", "hidden background does not fade"),
    Mutant("background.h", "s > 0.0f ? index[left] + 1 : index[right]", "index[left] + 1", "the gap's wrong end"),
    Mutant("rays.h", "2 * turn - 1 : 2 * turn", "2 * turn : 2 * turn", "half the precision of rays"),
    Mutant("background.h", "max(1.0f, 0.5f *", "max(1.0f, 1.5f *", "foreground counts as background"),
    Mutant("holes.h", "j - k >= job.widest", "j - k >= 2 * job.widest", "border holes are too narrow"),
    Mutant("holes.h", "cover[at] >= 0.5f)", "cover[at] >= 0.9f)", "covered targets count as holes"),
    Mutant("holes.h", "sight(width, {k, end}) + TAPS", "sight(width, {k, end})", "two rows too few beside a tile"),
    Mutant("holes.h", "if (cover >= 0.5f) {", "if (cover >= 0.1f) {", "a thin outline takes the disparity"),
    Mutant("holes.h", "cover = job.hole[at] ? 0.0f : 1.0f", "cover = 1.0f", "outlines stand alone over holes"),
    Mutant("holes.h", "cover * over[c] + (1.0f - cover) * out[c]", "cover * over[c] + out[c]", "outlines add light"),
    Mutant("scanline.h", "SURFACE_SLOPE = 1.0f", "SURFACE_SLOPE = 1.5f", "surfaces stretch further"),
    Mutant("scanline.h", "k - shift <= 0.5f : shift", "k - shift < 0.5f : shift", "the end's half pixel"),
    Mutant("scanline.h", "w.w1 += 2.0f * w.w0", "w.w1 += w.w0", "a level stands in beyond a cut"),
    Mutant("scanline.h", "(1.5f * a - 2.5f)", "(1.25f * a - 2.25f)", "another cubic"),
    Mutant("scanline.h", "out[from.alpha] = mend", "if (false) out[from.alpha] = mend", "alpha overshoots"),
    Mutant("scanline.h", "return a < 0.5f ? p1 : p2", "return p1 + a * (p2 - p1)", "NaN spreads"),
    Mutant("scatter.h", "value >= disparity[k]", "value <= disparity[k]", "the farthest surface wins"),
    Mutant("scatter.h", "values[j] >= nearest[j]", "values[j] <= nearest[j]", "the farthest of a run wins"),
    Mutant("matte.h", "inside * inside * closeness", "closeness", "pixels at the edge tell as much as others"),
    Mutant("survey.h", "0.25f * (p.high - p.low)", "0.6f * (p.high - p.low)", "both surfaces are one"),
    Mutant("survey.h", "min(own, beyond)", "own", "the back surface is the pixel's own"),
    Mutant(
        "survey.h", "found < nearest ? found : nearest", "found < NEIGHBOURS ? found : nearest", "far ones are asked"
    ),
    Mutant("knobs.h", "x + LOOKED_AT <= last && !any_falls(x)", "x + LOOKED_AT <= last", "ramps are passed over"),
    Mutant("softness.h", "STEP = 14.0f", "STEP = 1400.0f", "no outline is soft by its surroundings"),
    Mutant("softness.h", "SHARP = 0.25f", "SHARP = 0.05f", "sharp outlines count as soft"),
    Mutant("softness.h", "OPAQUE = 0.9f", "OPAQUE = 0.6f", "outlines end early"),
    Mutant("softness.h", "PURE = 0.04f", "PURE = 0.3f", "outlines end early"),
    Mutant("softness.h", "{8.0f, 0.35f}", "{80.0f, 40.0f}", "colours go astray"),
    Mutant("softness.h", "min(1.0f / sqrtf(at_edge * inside), 1.0f)", "1.0f", "smeared pixels are trusted"),
    Mutant("softness.h", "min(1.0f / sqrtf(at_edge * inside), 1.0f)", "0.1f", "no pixel is trusted"),
    Mutant("softness.h", "is_front(kind) ? 1.0f - share : share", "share", "front pixels take the back's share"),
    Mutant("soft_row.h", "base.disparity[x] = is_front ? high : low;", "", "mixed pixels stay in the background's row"),
    Mutant("soft_row.h", "base_disparity[x] = UNKNOWN", "if (false) base_disparity[x] = UNKNOWN", "inner"),
    Mutant("soft_row.h", "nearest - disparity > 0.5f", "nearest - disparity > 90.0f", "no outline behind another"),
    Mutant("soft_row.h", "d[x] == high ? base.extra : soft.extra", "soft.extra", "ids of front pixels"),
    Mutant("band.h", "there[k] > away ? there[k] : away", "away", "every pixel lies in the band"),
)


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", metavar="WORD", default="", help="mutants of that file or idea")
    wanted = [m for m in MUTANTS if parser.parse_args().only in f"{m.file} {m.idea}"]
    with tempfile.TemporaryDirectory(prefix="art3d-mutants-") as folder:
        copy = Path(folder)
        for name in ("art3d_node", "host_bridge", "tests", "benchmarks", "examples", "pyproject.toml"):
            whole = (ROOT / name).is_dir()
            (shutil.copytree if whole else shutil.copy)(ROOT / name, copy / name)
        if not _dies(copy):
            print("the tests pass without a mutant")
        else:
            print("the tests fail without a mutant; mend them first", file=sys.stderr)
            return 2
        living = [mutant for mutant in wanted if not _try(copy, mutant)]
    for mutant in living:
        print(f"lives: {mutant.file}: {mutant.idea}")
    print(f"{len(wanted) - len(living)} of {len(wanted)} mutants die")
    return int(len(living) > MAY_LIVE * len(wanted))


def _try(copy: Path, mutant: Mutant) -> bool:
    source = copy / "art3d_node" / "native" / mutant.file
    text = source.read_text()
    if text.count(mutant.old) != 1:
        raise SystemExit(f"{mutant.file} holds {mutant.old!r} {text.count(mutant.old)} times, not once")
    source.write_text(text.replace(mutant.old, mutant.new))
    try:
        died = _dies(copy)
    finally:
        source.write_text(text)
    print("dies " if died else "LIVES", mutant.file, mutant.idea, flush=True)
    return died


def _dies(copy: Path) -> bool:
    """Build the copy and run its tests: whether one fails."""
    build = copy / "build" / "native"
    options = [f"-DART3D_OUT={copy / 'art3d_node' / 'native'}", "-DART3D_ONE_ISA=ON", "-DCMAKE_CXX_FLAGS_RELEASE=-O1"]
    options += [f"-DPython_EXECUTABLE={sys.executable}", f"-Dnanobind_ROOT={_nanobind()}"]
    if not build.exists():
        _must(["cmake", "-G", "Ninja", "-S", str(copy / "art3d_node" / "native"), "-B", str(build), *options])
    _must(["ninja", "-C", str(build)])
    _must(["ninja", "-C", str(build), "native_tests"])
    if subprocess.run([build / "native_tests"], capture_output=True, check=False).returncode != 0:
        return True
    environment = os.environ | {"PYTHONPATH": str(copy)}
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *TESTS]
    done = subprocess.run(command, cwd=copy, env=environment, capture_output=True, check=False)
    return done.returncode != 0


def _nanobind() -> str:
    done = subprocess.run([sys.executable, "-m", "nanobind", "--cmake_dir"], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def _must(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{command[0]} failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")


if __name__ == "__main__":
    sys.exit(main())
