"""A share with versions of Art3D side by side: written whole or not at all, switched by one file."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import Distribution
from pathlib import Path

from host_bridge.core.atomic import MARK, replacing
from host_bridge.core.errors import BadInputError, OutputError
from host_bridge.deploy import scripts
from host_bridge.deploy.files import make_executable, size_bytes
from host_bridge.deploy.interpreter import Interpreter, copy_interpreter
from host_bridge.deploy.packages import Wheel, closure, copy_packages, unpack_wheel, wheel_tags
from host_bridge.deploy.system_libraries import copy_system_libraries, libraries_of, oldest_glibc

PROGRAMS = {"art3d": "host_bridge.cli", "art3d-train": "training.cli"}
TRAINING = "train"
_NAME = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]*")
CHECK = "import host_bridge.commands.render, host_bridge.io.plates, host_bridge.io.outputs"
CHECK_NODE = "; import art3d_node.server.workers.process, art3d_node.renderer, art3d_node.native"


@dataclass(frozen=True)
class Plan:
    """A version to put on a share.

    Attributes:
        share: the share's folder.
        name: what the version is called there.
        wheel: Art3D itself.
        interpreter: the Python that travels.
        requires: what its packages are asked for by: the wheel's own requirements, or some of them.
        extras: groups of further packages, such as `train`.
        link: hard links to the packages installed here instead of copies.
        bytecode: compile every module, so that readers without write access start quickly.
    """

    share: Path
    name: str
    wheel: Wheel
    interpreter: Interpreter
    requires: Sequence[str]
    extras: Sequence[str] = ()
    link: bool = False
    bytecode: bool = True

    def __post_init__(self) -> None:
        """Refuses a name that launchers or Rez could not follow."""
        if not _NAME.fullmatch(self.name):
            raise BadInputError(
                f"{self.name!r} cannot be the name of a version", where="--as", remedy="name it like 0.2.0 or 0.2.0-b2"
            )


def versions(share: Path) -> list[str]:
    """The versions on a share."""
    folder = share / "packages" / "art3d"
    return sorted(path.parent.name for path in folder.glob("[!.]*/manifest.json"))


def use(share: Path, name: str) -> None:
    """Makes a version the one that `bin/art3d` starts.

    Raises:
        BadInputError: the share does not have it.
        OutputError: the share cannot be written.
    """
    if name not in versions(share):
        have = ", ".join(versions(share)) or "none"
        raise BadInputError(f"there is no version {name}", where=str(share), remedy=f"choose one of: {have}")
    with replacing(share / "current") as path:
        path.write_text(name + "\n", encoding="utf-8")


def put(plan: Plan, report: Callable[[str], None]) -> Path:
    """Puts a version on a share; the first one becomes `current`.

    Args:
        plan: what to put where.
        report: called with a line for each step.

    Returns:
        The folder of the version.

    Raises:
        BadInputError: the version is there already, or a package is missing here.
        OutputError: the share cannot be written, or what was written does not run.
    """
    target = plan.share / "packages" / "art3d" / plan.name
    if target.exists():
        remedy = "give this one another name with --as, or remove that folder when no job runs it"
        raise BadInputError(f"version {plan.name} is there already", where=str(target), remedy=remedy)
    found = closure(plan.requires, plan.extras)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with _alone(target.parent):
            half = target.with_name(f".{plan.name}.{MARK}")
            half.mkdir()
            _fill(plan, half, found, report)
            half.rename(target)
        _write_top(plan)
    except OSError as error:
        raise OutputError(
            f"cannot be written ({error.strerror or error})",
            where=str(error.filename or plan.share),
            remedy="check permissions and the space on the disk, then run the same command",
        ) from error
    if len(versions(plan.share)) == 1:
        use(plan.share, plan.name)
    return target


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Keeps a second deployment out, and removes what a killed one left."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BadInputError("another `art3d deploy` writes here", where=str(folder), remedy="wait for it") from None
        for left in folder.glob(f".*.{MARK}"):
            shutil.rmtree(left)
        try:
            yield
        except BaseException:
            for left in folder.glob(f".*.{MARK}"):
                shutil.rmtree(left, ignore_errors=True)
            raise
    finally:
        os.close(handle)


def _fill(plan: Plan, half: Path, found: list[Distribution], report: Callable[[str], None]) -> None:
    prefix = half / "python"
    report(f"Python {plan.interpreter.release} from {plan.interpreter.executable}")
    program = copy_interpreter(plan.interpreter, prefix)
    modules = prefix / "lib" / plan.interpreter.name / plan.interpreter.packages
    report(f"{len(found)} packages and {plan.wheel.path.name}")
    copy_packages(found, modules, link=plan.link)
    unpack_wheel(plan.wheel, modules)
    system = prefix / "lib" / "system"
    system_libraries = copy_system_libraries(prefix, system)
    report(f"{len(system_libraries)} libraries of this system")
    binaries = [program, *libraries_of(system), *libraries_of(prefix / "lib" / plan.interpreter.name / "lib-dynload")]
    glibc = oldest_glibc(binaries, [*wheel_tags(found), plan.wheel.tag])
    _write_launchers(plan, half, glibc)
    if plan.bytecode:
        report("compiling")
    _try_out(plan, half, node=any(package.metadata["Name"] == "torch" for package in found))
    manifest = {
        "art3d": plan.wheel.version,
        "python": plan.interpreter.release,
        "machine": os.uname().machine,
        "glibc": f"2.{glibc}",
        "bytes": size_bytes(half),
        "packages": {package.metadata["Name"]: package.version for package in found},
        "system_libraries": system_libraries,
    }
    (half / "manifest.json").write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")


def _programs(plan: Plan) -> dict[str, str]:
    return {name: module for name, module in PROGRAMS.items() if name == "art3d" or TRAINING in plan.extras}


def _write_launchers(plan: Plan, half: Path, glibc: int) -> None:
    programs = _programs(plan)
    values = {"version": plan.name, "glibc": str(glibc), "python": plan.interpreter.name}
    for name, module in programs.items():
        _write_program(half / "bin" / name, scripts.filled(scripts.VERSION_LAUNCHER, **values, module=module))
    tools = ", ".join(f'"{name}"' for name in programs)
    (half / "package.py").write_text(scripts.filled(scripts.REZ_PACKAGE, **values, tools=tools), encoding="utf-8")


def _write_top(plan: Plan) -> None:
    for name in _programs(plan):
        _write_program(plan.share / "bin" / name, scripts.SHARE_LAUNCHER)
    (plan.share / "README.md").write_text(scripts.README, encoding="utf-8")
    for name in ("models", "styles"):
        (plan.share / name).mkdir(exist_ok=True)


def _write_program(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as half:
        half.write_text(text, encoding="utf-8")
        make_executable(half)


def _try_out(plan: Plan, half: Path, *, node: bool) -> None:
    """Runs the Python that was written: it compiles every module and imports what a render needs."""
    prefix = half / "python"
    python = [str(prefix / "bin" / plan.interpreter.name), "-s", "-P"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    environment["LD_LIBRARY_PATH"] = str(prefix / "lib" / "system")
    library = str(prefix / "lib" / plan.interpreter.name)
    # Their source is never looked at again: a copy that loses the times of files, or a link, does not make them stale.
    words = [
        "-m",
        "compileall",
        "-q",
        "-j",
        "0",
        "-o",
        "0",
        "--invalidation-mode",
        "unchecked-hash",
        "-s",
        library,
        library,
    ]
    if plan.bytecode:
        # Some packages carry templates that are no Python; compileall tells of them and goes on.
        subprocess.run([*python, *words], env=environment, capture_output=True, check=False, cwd="/")
    check = CHECK + (CHECK_NODE if node else "")
    done = subprocess.run(
        [*python, "-B", "-c", check], env=environment, capture_output=True, text=True, check=False, cwd="/"
    )
    if done.returncode:
        last_line = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise OutputError(
            f"what was written does not run: {last_line}", where=str(half), remedy="see docs/farm.md, or report it"
        )
