"""`art3d doctor`: what is installed, what works, and what to do about what does not."""

from __future__ import annotations

import argparse
import contextlib
import json
import platform
import sys
import tempfile
from collections.abc import Callable, Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np

from host_bridge.client import Client
from host_bridge.commands.finding import Finding
from host_bridge.commands.plate_doctor import look_at
from host_bridge.core.errors import EXIT_BAD_INPUT, EXIT_OK, EXIT_SERVER, Art3DError
from host_bridge.core.geometry import Box
from host_bridge.core.params import Controls
from host_bridge.core.printable import printable
from host_bridge.core.recipe import art3d_version
from host_bridge.io.colour import config as colour_config
from host_bridge.io.colour import transforms as colour
from host_bridge.io.outputs.exr_file import OutPart, write_exr
from host_bridge.io.plates import read_plate
from host_bridge.models import checkpoints
from host_bridge.wire.settings import AnalysisSettings

NAME = "doctor"
HELP = "check the installation, the server and a plate, and say what to do about each fault"
PACKAGES = (
    "torch",
    "transformers",
    "numpy",
    "pyzmq",
    "msgpack",
    "openimageio",
    "openexr",
    "fileseq",
    "av",
    "opencv-python",
)
OLDEST_PYTHON = (3, 11)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What to look at."""
    parser.add_argument(
        "plate", nargs="?", metavar="PLATE", help="a plate to try to read; default: one made for the purpose"
    )
    parser.add_argument("--start", type=int, metavar="N", help="number of a movie's first frame")
    parser.add_argument("--server", metavar="ADDRESS", help="compute server to reach; default: this user's own")
    parser.add_argument("--json", action="store_true", help="one JSON object a line on standard output")


def run(args: argparse.Namespace) -> int:
    """Carries the command out; 0 when all is well, 3 when the server is at fault, else 2."""
    faults = []
    for finding in findings(args.plate, args.server, args.start):
        print(json.dumps(finding.__dict__) if args.json else _line(finding), flush=True)
        faults += [] if finding.ok else [finding]
    if not faults:
        return EXIT_OK
    return EXIT_SERVER if all(f.server for f in faults) else EXIT_BAD_INPUT


def _line(finding: Finding) -> str:
    text = f"{'ok   ' if finding.ok else 'FAULT'} {finding.name:14} {finding.message}"
    return printable(f"{text}; {finding.remedy}" if finding.remedy else text)


def findings(plate: str | None, server: str | None, start: int | None = None) -> Iterator[Finding]:
    """All checks, one after the other."""
    yield _python()
    yield from (_package(name) for name in PACKAGES)
    yield _guarded("colour", _colour)
    yield from _models()
    yield from _plate(plate, start)
    yield _guarded("server", lambda: _server(server), server=True)
    yield from _styles(server)


def _guarded(name: str, check: Callable[[], Finding], *, server: bool = False) -> Finding:
    try:
        return check()
    except Art3DError as error:
        return _fault(name, error, server=server)


def _fault(name: str, error: Art3DError, *, server: bool = False) -> Finding:
    where = f"{error.where}: " if error.where else ""
    return Finding(name, False, f"{where}{error.message}", error.remedy, server)


def _python() -> Finding:
    ok = sys.version_info[:2] >= OLDEST_PYTHON
    system = f"{platform.python_version()} on {platform.platform(terse=True)}, Art3D {art3d_version()}"
    return Finding("python", ok, system, "" if ok else "set up with Python 3.11 or newer: make setup PYTHON=python3.11")


def _package(name: str) -> Finding:
    try:
        return Finding(name, True, version(name))
    except PackageNotFoundError:
        return Finding(name, False, "not installed", "run `make setup`, or pip install -e . -c constraints.txt")


def _colour() -> Finding:
    config = colour_config.config_name()
    colour.make_look(np.zeros((8, 8, 3), np.float32), ("R", "G", "B"), colour.LINEAR_REC709)
    named = "built-in" if config == colour_config.BUILT_IN_CONFIG else "$OCIO"
    return Finding("colour", True, f"{config} ({named})")


def _models() -> Iterator[Finding]:
    for name, checkpoint in checkpoints.KNOWN.items():
        path = checkpoints.find(name)
        # An absent network is no fault: plates with Z do without.
        hint = "" if path else f"for plates without Z: art3d models pull {name}"
        yield Finding(name, True, str(path) if path else f"not here ({checkpoint.licence})", hint)


def _plate(text: str | None, start: int | None) -> Iterator[Finding]:
    """What is recognised in the plate, up to the fault that ends it; without one, that plates can be read."""
    if text is None:
        yield _guarded("plate", _own_plate)
        return
    try:
        yield from look_at(text, start)
    except Art3DError as error:
        yield _fault("plate", error)


def _own_plate() -> Finding:
    with tempfile.TemporaryDirectory(prefix="art3d-doctor-") as folder:
        display = read_plate(_made(Path(folder))).frame.display
    return Finding("plate", True, f"an EXR of {display.width}×{display.height} px is written and read")


def _made(folder: Path) -> Path:
    path = folder / "plate.exr"
    half = np.full((16, 16), 0.5, np.float16)
    floor = np.repeat(np.linspace(20, 4, 16, dtype=np.float16)[:, None], 16, 1)
    box = Box.of_size(16, 16)
    write_exr(path, [OutPart("rgba", "", box, box, {**dict.fromkeys("RGB", half), "Z": floor})])
    return path


def _styles(address: str | None) -> Iterator[Finding]:
    """The style files that the server cannot use; none when it cannot be asked, which `_server` tells."""
    with contextlib.suppress(Art3DError), Client(address) as client:
        client.styles()
        for fault in client.status().get("style_faults", ()):
            yield Finding("style", False, str(fault), "take the file away, or export the style again")


def _server(address: str | None) -> Finding:
    with tempfile.TemporaryDirectory(prefix="art3d-doctor-") as folder, Client(address) as client:
        frame = read_plate(_made(Path(folder))).frame
        client.tile(frame, AnalysisSettings(depth="aov"), Controls(), Box.of_size(16, 16), ("right",))
        welcome = client.welcome
        workers = client.status()["workers"]
        on = ", ".join(" ".join(str(w[k]) for k in ("device", "device_name") if k in w) for w in workers)
        description = f"{welcome.server} at {client.address} on {on or 'no device'}"
        return Finding("server", True, f"{description}, log {welcome.log}")
