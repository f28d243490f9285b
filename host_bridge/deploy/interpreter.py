"""A Python that runs from any folder: the interpreter and its standard library, copied.

CPython finds its library beside itself (`bin/../lib/pythonX.Y`), so that a copy of both runs wherever it lies. Its
shared library, where it has one, is found through `$LD_LIBRARY_PATH`, which the launcher sets.
"""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from host_bridge.core.errors import BadInputError
from host_bridge.deploy.files import copy_file, copy_tree

SKIPPED = (
    "site-packages",
    "dist-packages",
    "test",
    "idlelib",
    "tkinter",
    "turtledemo",
    "ensurepip",
    "lib2to3",
    "config-*",
)
SKIPPED_MODULES = ("_tkinter.*", "nis.*", "_test*", "_ctypes_test.*", "xx*")
"""Modules of `lib-dynload` that Art3D does not import and that need windows, name services or a compiler."""
_PROBE = """
import json, sys, sysconfig
get = sysconfig.get_config_var
base = getattr(sys, "_base_executable", sys.executable)
print(json.dumps({
    "executable": base, "release": "%d.%d.%d" % sys.version_info[:3], "name": "python%d.%d" % sys.version_info[:2],
    "stdlib": sysconfig.get_path("stdlib"), "dynload": get("DESTSHARED") or "",
    "library": "/".join((get("LIBDIR") or "", get("INSTSONAME") or "")) if get("Py_ENABLE_SHARED") else "",
}))
"""

_PACKAGES_PROBE = "import json, site; print(json.dumps(site.getsitepackages(['/'])))"
"""Where a Python of its own looks for packages; Debian's has another name for that folder."""


@dataclass(frozen=True)
class Interpreter:
    """A Python installation.

    Attributes:
        executable: the program itself, no virtual environment's.
        release: such as 3.11.7.
        name: such as python3.11, as its library folder is called too.
        stdlib: folder of the standard library.
        dynload: folder of its compiled modules.
        library: its shared library; None where the program holds everything.
        packages: folder beside its library's modules in which it looks for packages.
    """

    executable: Path
    release: str
    name: str
    stdlib: Path
    dynload: Path
    library: Path | None
    packages: str = "site-packages"


def describe(python: Path) -> Interpreter:
    """What there is to copy of a Python.

    Raises:
        BadInputError: it does not run.
    """
    properties = _answer(python, _PROBE)
    executable = Path(properties["executable"]).resolve()
    folders = [Path(folder) for folder in _answer(executable, _PACKAGES_PROBE)]
    stdlib = Path(properties["stdlib"])
    library = Path(properties["library"]) if properties["library"] else None
    return Interpreter(
        executable=executable,
        release=properties["release"],
        name=properties["name"],
        stdlib=stdlib,
        dynload=Path(properties["dynload"]) if properties["dynload"] else stdlib / "lib-dynload",
        library=library if library is not None and library.is_file() else None,
        packages=next(f.name for f in folders if f.parent == Path("/lib") / properties["name"]),
    )


def _answer(python: Path, question: str) -> Any:
    """What a Python prints as JSON.

    Raises:
        BadInputError: it does not run.
    """
    try:
        done = subprocess.run(
            [str(python), "-I", "-S", "-c", question], capture_output=True, text=True, check=True, timeout=60
        )
        return json.loads(done.stdout)
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        raise BadInputError(
            "this Python does not run", where=str(python), remedy="name another with --python"
        ) from error


def copy_interpreter(found: Interpreter, prefix: Path) -> Path:
    """Copies a Python to `prefix`; returns the program there.

    Raises:
        OSError: something cannot be read or written.
    """
    program = prefix / "bin" / found.name
    copy_file(found.executable, program)
    library = prefix / "lib" / found.name
    copy_tree(found.stdlib, library, skip=(*SKIPPED, "lib-dynload"))
    copy_tree(found.dynload, library / "lib-dynload", skip=SKIPPED_MODULES)
    (library / found.packages).mkdir(exist_ok=True)
    if found.library is not None:
        copy_file(found.library, prefix / "lib" / "system" / found.library.name)
    return program
