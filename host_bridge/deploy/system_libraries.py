"""Which shared libraries a tree takes from the machine that it was made on, and how old a system may be.

The packages from PyPI bring most of theirs; what is left (libffi and OpenSSL of the interpreter, libGL and GLib of
OpenCV) is missing on a bare farm node. glibc and the GPU driver are the node's own and never travel.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path

from host_bridge.deploy.files import copy_file

_GLIBC = (
    *("ld-linux", "libc.so", "libm.so", "libmvec.so", "libdl.so", "libpthread.so", "librt.so", "libutil.so"),
    *("libresolv.so", "libanl.so", "libnss_", "libnsl.so.1", "libBrokenLocale.so"),
)
_DRIVER = ("libcuda.so", "libnvidia-", "libnvcuvid.so")
_RESOLVED = re.compile(r"=> (/.+) \(0x")
_GLIBC_VERSION = re.compile(rb"GLIBC_2\.(\d+)")
_WHEEL_TAG = re.compile(r"manylinux_2_(\d+)_")
_OLD_TAGS = {"manylinux1": 5, "manylinux2010": 12, "manylinux2014": 17}
_AT_ONCE = 200


def libraries_of(tree: Path) -> list[Path]:
    """Every shared library and compiled module in a tree."""
    names = (Path(parent) / name for parent, _, files in os.walk(tree) for name in files)
    return sorted(path for path in names if ".so" in path.suffixes and path.is_file())


def copy_system_libraries(tree: Path, target: Path) -> list[str]:
    """Copies what the libraries of a tree find outside it; returns their names.

    Raises:
        OSError: something cannot be read or written.
    """
    found = {path.name: path for path in _outside(libraries_of(tree), tree) if not (target / path.name).exists()}
    for name, path in found.items():
        copy_file(path, target / name)
    return sorted(found)


def _outside(libraries: Iterable[Path], tree: Path) -> Iterator[Path]:
    """What the loader finds for them, theirs in turn included, that neither the tree nor the node has."""
    inside, named = str(tree.resolve()) + os.sep, list(map(str, libraries))
    own = {Path(name).name for name in named}
    environment = {**os.environ, "LC_ALL": "C"}
    for start in range(0, len(named), _AT_ONCE):
        words = ["ldd", *named[start : start + _AT_ONCE]]
        listing = subprocess.run(words, capture_output=True, text=True, check=False, env=environment).stdout
        for path in map(Path, sorted(set(_RESOLVED.findall(listing)))):
            kept = str(path.resolve()).startswith(inside) or path.name in own
            if not kept and not path.name.startswith((*_GLIBC, *_DRIVER)):
                yield path


def oldest_glibc(binaries: Iterable[Path], tags: Iterable[str]) -> int:
    """The minor version of the oldest glibc 2 that some binaries, and packages of some wheel tags, run on.

    Raises:
        OSError: a binary cannot be read.
    """
    minors = [int(found) for path in binaries for found in set(_GLIBC_VERSION.findall(path.read_bytes()))]
    for tag in tags:
        claims = [int(found) for found in _WHEEL_TAG.findall(tag)]
        claims += [minor for name, minor in _OLD_TAGS.items() if f"{name}_" in tag]
        minors += [min(claims)] if claims else []
    return max(minors, default=17)
