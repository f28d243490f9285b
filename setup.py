"""The one part of the build that pyproject.toml cannot say: the native library, by its own build script."""

from __future__ import annotations

import os
import platform
import sys
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

sys.path.insert(0, str(Path(__file__).parent / "art3d_node" / "native"))
import build as native_build

WANTED = os.environ.get("ART3D_NATIVE", "")
"""`zig` for a portable library; `skip` where `make native` builds it beside the sources."""


class BuildNative(build_ext):  # type: ignore[misc]
    """Build into the wheel, or beside the sources for an editable install."""

    def build_extension(self, ext: Extension) -> None:
        """Hand over to `art3d_node/native/build.py`."""
        out = Path(self.get_ext_fullpath(ext.name)).parent
        native_build.build(out, Path("build", "native-pip"), zig=WANTED == "zig")


def needed() -> list[str]:
    """What the build takes from PyPI on this machine."""
    if WANTED == "skip":
        return []
    return sorted({*native_build.needed_packages(), *(["ziglang"] if WANTED == "zig" else [])})


# A zig build runs on every Linux since that glibc, and its name says so.
PORTABLE = "_".join(["manylinux", *native_build.OLDEST_GLIBC.split("."), platform.machine()])

setup(
    options={"bdist_wheel": {"plat_name": PORTABLE}} if WANTED == "zig" else {},
    ext_modules=[] if WANTED == "skip" else [Extension("art3d_node.native._native", sources=[])],
    cmdclass={"build_ext": BuildNative},
    setup_requires=needed(),
)
