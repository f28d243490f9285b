"""Builds the library beside its sources: ``python art3d_node/native/build.py``, as `make native` and `pip` do.

It takes the system's C++ compiler and CMake; what a machine lacks of them comes from PyPI, the compiler as `ziglang`.
Standard library only.
"""

from __future__ import annotations

import argparse
import importlib.util
import platform
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
OLDEST_GLIBC = "2.28"  # what a zig build runs on: manylinux_2_28


class BuildError(Exception):
    """The library could not be built; says why and what to do."""


def needed_packages() -> list[str]:
    """What has to come from PyPI to build on this machine."""
    missing = [name for name in ("cmake", "ninja") if not _runs(name)]
    return ["nanobind", *missing, *([] if compiler() else ["ziglang"])]


def _runs(name: str) -> bool:
    """Whether a program on PATH runs: a script that came from PyPI does not where pip hides its packages."""
    found = shutil.which(name)
    return found is not None and subprocess.run([found, "--version"], capture_output=True, check=False).returncode == 0


def compiler() -> str | None:
    """The system's C++ compiler, or None."""
    return next((found for name in ("c++", "g++", "clang++") if (found := shutil.which(name))), None)


def build(out: Path, folder: Path, *, zig: bool = False, coverage: bool = False, target: str = "all") -> None:
    """Compile what has changed.

    Args:
        out: the folder that the library is written to.
        folder: CMake's own.
        zig: take the compiler of `ziglang`, whose result runs on every Linux since `OLDEST_GLIBC`.
        coverage: count how often each line runs, for gcov; every kernel once.
        target: CMake's name of what to build: the library, or `native_tests` in CMake's folder.

    Raises:
        BuildError: a tool is missing or says no.
    """
    folder = folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    options = [
        f"-DPython_EXECUTABLE={sys.executable}",
        f"-DART3D_OUT={out.resolve()}",
        f"-Dnanobind_ROOT={_nanobind()}",
    ]
    if coverage:
        options += ["-DCMAKE_CXX_FLAGS=--coverage -fprofile-update=atomic", "-DART3D_ONE_ISA=ON"]
    if zig or compiler() is None:
        options += _zig(folder)
    cmake = _tool("cmake")
    ninja = [*_tool("ninja"), "-C", str(folder)]
    ninja_file = folder / "build.ninja"
    options_file = folder / "options.txt"
    if not ninja_file.exists() or not options_file.exists() or options_file.read_text() != "\n".join(options):
        shutil.rmtree(folder / "CMakeFiles", ignore_errors=True)
        (folder / "CMakeCache.txt").unlink(missing_ok=True)
        generator = ["-G", "Ninja", f"-DCMAKE_MAKE_PROGRAM={_tool('ninja')[0]}"]
        _run(folder, [*cmake, "-S", str(HERE), "-B", str(folder), *generator, *options])
        options_file.write_text("\n".join(options))
    _run(folder, [*ninja, target])


def _tool(name: str) -> list[str]:
    """A program on PATH, or beside this Python, where PyPI's packages put it."""
    beside = Path(sys.executable).with_name(name)
    found = shutil.which(name) or (str(beside) if beside.exists() else None)
    if found is None:
        raise BuildError(f"{name} is missing; run: pip install {' '.join(needed_packages())}")
    return [found]


def _nanobind() -> str:
    if importlib.util.find_spec("nanobind") is None:
        raise BuildError(f"nanobind is missing; run: pip install {' '.join(needed_packages())}")
    done = subprocess.run([sys.executable, "-m", "nanobind", "--cmake_dir"], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def _zig(folder: Path) -> list[str]:
    """CMake takes a program for a compiler, so that zig's subcommands get one each."""
    if importlib.util.find_spec("ziglang") is None:
        raise BuildError("there is no C++ compiler; run: pip install ziglang, or install g++")
    target = f"{platform.machine()}-linux-gnu.{OLDEST_GLIBC}"
    for name, words in {"c++": ["c++", "-target", target], "ar": ["ar"], "ranlib": ["ranlib"]}.items():
        script = folder / f"zig-{name}"
        command = shlex.join([sys.executable, "-m", "ziglang", *words])
        script.write_text(f'#!/bin/sh\nexec {command} "$@"\n')
        script.chmod(0o755)
    names = {
        "CXX_COMPILER": "c++",
        "AR": "ar",
        "CXX_COMPILER_AR": "ar",
        "RANLIB": "ranlib",
        "CXX_COMPILER_RANLIB": "ranlib",
    }
    programs = [f"-DCMAKE_{option}={(folder / f'zig-{name}').resolve()}" for option, name in names.items()]
    return ["-DART3D_ZIG=ON", *programs]


def _run(folder: Path, command: list[str]) -> None:
    """Runs a command in CMake's folder, so that what a compiler leaves beside it stays out of the checkout."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise BuildError(f"{Path(command[0]).name} failed:\n{(done.stdout + done.stderr)[-4000:]}")


def main() -> int:
    """The command line; 0, or 2 with the reason on standard error."""
    parser = argparse.ArgumentParser(description="build art3d_node.native beside its sources")
    parser.add_argument("--zig", action="store_true", help="take ziglang's compiler even where there is another")
    parser.add_argument("--coverage", action="store_true", help="count how often each line runs (g++ only)")
    parser.add_argument("--tests", action="store_true", help="build the cases of single rows, and run them")
    parser.add_argument("--needs", action="store_true", help="print what has to come from PyPI, and end")
    args = parser.parse_args()
    if args.needs:
        print(" ".join(needed_packages()))
        return 0
    try:
        folder = "native-zig" if args.zig else "native-coverage" if args.coverage else "native"
        build_folder = HERE.parents[1] / "build" / folder
        build(HERE, build_folder, zig=args.zig, coverage=args.coverage, target="native_tests" if args.tests else "all")
        if args.tests:
            return subprocess.run([build_folder / "native_tests"], check=False).returncode
    except BuildError as error:
        print(f"art3d: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
