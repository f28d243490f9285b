"""Builds the bundle that facilities install: `make ofx-release`.

An Art3D.ofx.bundle for Linux (glibc 2.28 upward), 64-bit Windows and macOS (11 upward, both processors), whose binaries
hold libzmq and the C++ runtime; those for Windows and macOS talk to a server on Linux. Beside the bundle, in a folder
for each binary, lie the small host and the tool that `tests/ofx_host` proves it with.
The compiler is zig's clang, from PyPI; libzmq's source comes from Debian's archive and is checked against its hash.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
import urllib.request
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
ZMQ_URL = "http://deb.debian.org/debian/pool/main/z/zeromq3/zeromq3_4.3.4.orig.tar.gz"
ZMQ_SHA256 = "0ff5a531c9ffaf0dfdc7dc78d13d1383088f454896d252934c429b2554d10559"
# libc++ refuses an allocator that rebinds to another kind; libzmq's next release does the same.
ALLOCATOR = "template <typename T> struct secure_allocator_t : std::allocator<T>\n{\n};"
ALLOCATOR_MENDED = "template <typename T> using secure_allocator_t = std::allocator<T>;"
# A library of its own shows its names; inside the plug-in nobody else is to see them.
EXPORT = '#define ZMQ_EXPORT __attribute__ ((visibility ("default")))'
EXPORT_MENDED = EXPORT.replace("default", "hidden")
HEADERS = ("zmq.hpp", "zmq_addon.hpp", "msgpack.hpp", "msgpack", "xxhash.h")
SYSTEM_INCLUDE = Path("/usr/include")


@dataclass(frozen=True)
class Target:
    """One binary of the bundle.

    Attributes:
        name: folder of its build.
        group: what `--only` calls it.
        triple: zig's name of it.
        system, processor: CMake's names.
        folder: where it lies under Contents.
    """

    name: str
    group: str
    triple: str
    system: str
    processor: str
    folder: str


TARGETS = (
    Target("linux", "linux", "x86_64-linux-gnu.2.28", "Linux", "x86_64", "Linux-x86-64"),
    Target("windows", "windows", "x86_64-windows-gnu", "Windows", "AMD64", "Win64"),
    Target("macos-x86_64", "macos", "x86_64-macos.11.0", "Darwin", "x86_64", "MacOS"),
    Target("macos-arm64", "macos", "aarch64-macos.11.0", "Darwin", "arm64", "MacOS"),
)


def run(folder: Path, *command: str | Path) -> None:
    """Runs a command in a folder of its own, so that what a compiler leaves beside it stays out of the checkout.

    Its output is shown only if it fails.
    """
    folder.mkdir(parents=True, exist_ok=True)
    done = subprocess.run([str(part) for part in command], cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}\n{done.stdout[-4000:]}{done.stderr[-4000:]}")


def zmq_source(folder: Path, archive: Path | None) -> Path:
    """libzmq's source, downloaded once; `archive` is one that is here already."""
    found = sorted(folder.glob("*/src/zmq.cpp"))
    if found:
        return found[0].parents[1]
    folder.mkdir(parents=True, exist_ok=True)
    data = archive.read_bytes() if archive else urllib.request.urlopen(ZMQ_URL, timeout=60).read()
    if hashlib.sha256(data).hexdigest() != ZMQ_SHA256:
        sys.exit(f"{archive or ZMQ_URL}: not the source of libzmq 4.3.4 that this build was proved with")
    local = folder / "libzmq.tar.gz"
    local.write_bytes(data)
    with tarfile.open(local) as packed:
        packed.extractall(folder, filter="data")
    source = next(folder.glob("*/src/zmq.cpp")).parents[1]
    mend(source / "src" / "secure_allocator.hpp", ALLOCATOR, ALLOCATOR_MENDED)
    mend(source / "include" / "zmq.h", EXPORT, EXPORT_MENDED)
    return source


def mend(path: Path, old: str, new: str) -> None:
    """Changes one place of a source file."""
    text = path.read_text()
    if text.count(old) != 1:
        sys.exit(f"{path}: not the file that this build was proved with")
    path.write_text(text.replace(old, new))


def headers(folder: Path) -> Path:
    """The header-only libraries in a folder of their own, away from this system's C library."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in HEADERS:
        source = SYSTEM_INCLUDE / name
        if not source.exists():
            sys.exit(f"{source} is missing; run `make system`")
        if source.is_dir():
            shutil.copytree(source, folder / name, dirs_exist_ok=True)
        else:
            shutil.copyfile(source, folder / name)
    return folder


def compiler(folder: Path, target: Target) -> Path:
    """Scripts that call zig as a compiler and archiver for one target."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, arguments in {
        "cc": f"cc -target {target.triple}",
        "c++": f"c++ -target {target.triple}",
        "ar": "ar",
        "ranlib": "ranlib",
    }.items():
        script = folder / name
        script.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m ziglang {arguments} "$@"\n')
        script.chmod(0o755)
    return folder


def build(target: Target, folder: Path, source: Path, include: Path, jobs: int) -> Path:
    """Builds one binary; its path."""
    out = folder / target.name
    zig = compiler(folder / "zig" / target.name, target)
    run(
        out, "cmake", "-S", HERE.parent, "-B", out, "-DCMAKE_BUILD_TYPE=Release",
        f"-DCMAKE_TOOLCHAIN_FILE={HERE / 'zig.cmake'}", f"-DART3D_ZIG={zig}",
        f"-DART3D_SYSTEM={target.system}", f"-DART3D_PROCESSOR={target.processor}",
        f"-DART3D_ZMQ_SOURCE={source}", f"-DART3D_HEADERS={include}",
    )  # fmt: skip
    run(out, "cmake", "--build", out, "-j", str(jobs), "--target", "Art3D", "wire_vectors", "small_host")
    return out / "Art3D.ofx.bundle" / "Contents" / target.folder / "Art3D.ofx"


def universal(thin: list[Path], to: Path) -> None:
    """One Mach-O of several processors: a header that says where each lies, and then each."""
    sys.path.insert(0, str(HERE))
    from fat import fat_binary

    to.write_bytes(fat_binary([path.read_bytes() for path in thin]))


def assemble(built: dict[Target, Path], bundle: Path) -> None:
    """Puts the binaries into one bundle."""
    shutil.rmtree(bundle, ignore_errors=True)
    resources = HERE.parent / "resources"
    shutil.copytree(resources, bundle / "Contents" / "Resources")
    for folder in dict.fromkeys(target.folder for target in built):
        parts = [path for target, path in built.items() if target.folder == folder]
        to = bundle / "Contents" / folder / "Art3D.ofx"
        to.parent.mkdir(parents=True)
        if len(parts) > 1:
            universal(parts, to)
        else:
            shutil.copyfile(parts[0], to)
        to.chmod(0o755)


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--to", type=Path, default=ROOT / "build" / "ofx-release")
    groups = list(dict.fromkeys(target.group for target in TARGETS))
    parser.add_argument("--only", nargs="+", choices=groups, default=groups, help="systems (all)")
    parser.add_argument("--zmq", type=Path, help="libzmq's source archive, where the network must not be asked")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    args = parser.parse_args()
    folder = args.to.resolve()
    source = zmq_source(folder / "source", args.zmq)
    include = headers(folder / "include")
    wanted = [target for target in TARGETS if target.group in args.only]
    built = {target: build(target, folder, source, include, args.jobs) for target in wanted}
    assemble(built, folder / "Art3D.ofx.bundle")
    print(folder / "Art3D.ofx.bundle")


if __name__ == "__main__":
    main()
