"""A Python that runs from any folder: the interpreter and its standard library, copied.

CPython finds its library beside itself (`bin/../lib/pythonX.Y`), so that a copy of both runs wherever it lies. Its
shared library, where it has one, is found through `$LD_LIBRARY_PATH`, which the launcher sets.
"""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

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
    """

    executable: Path
    release: str
    name: str
    stdlib: Path
    dynload: Path
    library: Path | None


def describe(python: Path) -> Interpreter:
    """What there is to copy of a Python.

    Raises:
        BadInputError: it does not run.
    """
    try:
        done = subprocess.run(
            [str(python), "-I", "-S", "-c", _PROBE], capture_output=True, text=True, check=True, timeout=60
        )
        properties = json.loads(done.stdout)
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        raise BadInputError(
            "this Python does not run", where=str(python), remedy="name another with --python"
        ) from error
    stdlib = Path(properties["stdlib"])
    library = Path(properties["library"]) if properties["library"] else None
    return Interpreter(
        executable=Path(properties["executable"]).resolve(),
        release=properties["release"],
        name=properties["name"],
        stdlib=stdlib,
        dynload=Path(properties["dynload"]) if properties["dynload"] else stdlib / "lib-dynload",
        library=library if library is not None and library.is_file() else None,
    )


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
    (library / "site-packages").mkdir(exist_ok=True)
    if found.library is not None:
        copy_file(found.library, prefix / "lib" / "system" / found.library.name)
    return program
