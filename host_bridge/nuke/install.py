"""Writes the folder for NUKE_PATH. Runs in Art3D's own environment.

The folder holds `init.py`, `menu.py`, the gizmo, the package `art3d_nuke` and, under `OFX`, the plug-in's bundle, which
serves every other OpenFX host too.
"""

from __future__ import annotations

import shlex
import shutil
import sys
from pathlib import Path

import platformdirs

from host_bridge.core.errors import BadInputError, OutputError
from host_bridge.nuke.gizmo import gizmo_text
from host_bridge.nuke.names import GIZMO

HERE = Path(__file__).parent
BUNDLE = "Art3D.ofx.bundle"
# What runs inside Nuke.
PACKAGE = ("names", "report", "tool", "nodes", "pick", "mixing", "controls", "shots", "styles", "menus")


def default_folder() -> Path:
    """Where the package goes unless the user says otherwise."""
    return Path(platformdirs.user_data_dir("art3d")) / "nuke"


def built_bundle() -> Path:
    """The plug-in that `make ofx` built.

    Raises:
        BadInputError: it is not built.
    """
    bundle = HERE.parents[1] / "build" / "ofx" / BUNDLE
    if not (bundle / "Contents" / "Linux-x86-64" / "Art3D.ofx").is_file():
        raise BadInputError(
            "the plug-in is not built", where=str(bundle), remedy="run `make ofx`, or name one with --bundle"
        )
    return bundle


def named_bundle(bundle: Path) -> Path:
    """A plug-in that somebody named, for whatever system.

    Raises:
        BadInputError: there is none.
    """
    if not any(bundle.glob("Contents/*/Art3D.ofx")):
        raise BadInputError(
            "it is no bundle: no Contents/*/Art3D.ofx is in it",
            where=str(bundle),
            remedy=f"name the folder {BUNDLE} that `make ofx` built, with --bundle",
        )
    return bundle


def own_command() -> str:
    """The shell words that start this very Art3D."""
    beside = Path(sys.executable).with_name("art3d")
    launcher = Path(sys.prefix).parent / "bin" / "art3d"  # of a version that `art3d deploy` wrote
    found = next((path for path in (beside, launcher) if path.is_file()), None)
    words = [str(found)] if found else [sys.executable, "-m", "host_bridge.cli"]
    return " ".join(map(shlex.quote, words))


def install(folder: Path, bundle: Path, *, command: str | None = None) -> list[Path]:
    """Writes everything; what an earlier version left there is replaced.

    Returns:
        The files and folders at the top.

    Raises:
        OutputError: the folder cannot be written, or holds somebody else's set-up.
    """
    line = (command or own_command()) + "\n"
    _validate_ours(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "command").write_text(line, encoding="utf-8")
        for name in ("init.py", "menu.py"):
            shutil.copyfile(HERE / "startup" / name, folder / name)
        _write_package(folder / "art3d_nuke")
        (folder / f"{GIZMO}.gizmo").write_text(gizmo_text(), encoding="utf-8")
        target = folder / "OFX" / BUNDLE
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(bundle, target, symlinks=True)
        resources = target / "Contents" / "Resources"
        resources.mkdir(exist_ok=True)
        (resources / "command").write_text(line, encoding="utf-8")
    except OSError as error:
        raise OutputError(
            f"the Nuke package cannot be written: {error.strerror}",
            where=str(folder),
            remedy="check space and permissions",
        ) from error
    return sorted(folder.iterdir())


def _validate_ours(folder: Path) -> None:
    if (folder / "init.py").exists() and not (folder / "art3d_nuke").is_dir():
        raise OutputError(
            "this folder holds another Nuke set-up", where=str(folder), remedy="name a folder of its own with --to"
        )


def _write_package(target: Path) -> None:
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir()
    (target / "__init__.py").write_text('"""Art3D in Nuke: standard library and `nuke` only."""\n', encoding="utf-8")
    for name in PACKAGE:
        shutil.copyfile(HERE / f"{name}.py", target / f"{name}.py")


def notes(folder: Path) -> str:
    """What to set in each host."""
    ofx = folder / "OFX"
    bundle = shlex.quote(str(ofx / BUNDLE))
    return "\n".join(
        (
            f"installed in {folder}",
            "Nuke     set before it starts:",
            f"           NUKE_PATH={shlex.quote(str(folder))}",
            f"           OFX_PLUGIN_PATH={shlex.quote(str(ofx))}",
            "         with other entries in either, separate them with a colon",
            f"Natron   OFX_PLUGIN_PATH={shlex.quote(str(ofx))}, or Preferences > Plug-ins",
            f"Resolve  cp -r {shlex.quote(str(ofx / BUNDLE))} /usr/OFX/Plugins/",
            f"Fusion   cp -r {bundle} /usr/OFX/Plugins/, or OFX_PLUGIN_PATH={shlex.quote(str(ofx))}",
            f"Flame    cp -r {shlex.quote(str(ofx / BUNDLE))} /usr/OFX/Plugins/",
        )
    )
