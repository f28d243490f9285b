"""`stress` with the plain build and with builds that watch memory and threads: one command for the whole proof.

`python -m tests.ofx_host.proof [--count 1000] [--only plain address thread]` builds what it needs under build/, prints
one line a build, and ends with 1 after a wrong pixel, a crash, a leak of the plug-in or anything a sanitizer reports.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.ofx_host.conftest import ROOT, build

BUILDS = {"plain": "", "address": "address,undefined", "thread": "thread"}
RUNTIMES = {"address": ("libasan.so", "libubsan.so"), "thread": ("libtsan.so",)}
# Python and numpy keep memory until they end, and libzmq is not built with the sanitizer: its atomics are invisible.
LEAKS = "leak:libpython\nleak:python3\nleak:_multiarray_umath\nleak:_ctypes\nleak:ld-linux\n"
RACES = "called_from_lib:libzmq.so\nrace:libzmq.so\nrace:python3\nrace:_ctypes\n"
REPORT = re.compile(r"(ERROR: AddressSanitizer|runtime error|WARNING: ThreadSanitizer|ERROR: LeakSanitizer)[^\n]*")


def environment(name: str, folder: Path) -> dict[str, str]:
    """What lets Python run with a sanitizer's build; reports go to files in `folder`."""
    if name == "plain":
        return dict(os.environ)
    found = [
        subprocess.run(
            ["g++", f"-print-file-name={library}"], capture_output=True, text=True, check=True
        ).stdout.strip()
        for library in RUNTIMES[name]
    ]
    (folder / "leaks").write_text(LEAKS)
    (folder / "races").write_text(RACES)
    log = f"log_path={folder / 'report'}"
    return {
        **os.environ,
        "LD_PRELOAD": " ".join(found),
        "ASAN_OPTIONS": f"{log}:detect_leaks=1:exitcode=0:halt_on_error=1:handle_segv=1",
        "LSAN_OPTIONS": f"suppressions={folder / 'leaks'}:print_suppressions=0",
        "UBSAN_OPTIONS": f"{log}:print_stacktrace=1",
        "TSAN_OPTIONS": f"{log}:suppressions={folder / 'races'}:exitcode=0:ignore_noninstrumented_modules=1",
    }


def reports(folder: Path) -> list[str]:
    """What the sanitizers said that concerns the plug-in: a leak counts where its stack passes through the bundle."""
    found = []
    for path in sorted(folder.glob("report*")):
        for part in re.split(r"\n\n+", path.read_text(errors="replace")):
            leak = part.lstrip().startswith(("Direct leak", "Indirect leak"))
            if (leak and ("Art3D.ofx" in part or "libzmq" in part)) or (REPORT.search(part) and "LeakSan" not in part):
                found.append(part.strip())
    return found


def prove(name: str, count: int, kills: int, seed: int) -> bool:
    """Runs one build; whether nothing was found."""
    at = ROOT / "build" / ("ofx" if name == "plain" else f"ofx-{name}")
    kind = "Release" if name == "plain" else "RelWithDebInfo"
    build(at, f"-DCMAKE_BUILD_TYPE={kind}", f"-DART3D_SANITIZE={BUILDS[name]}")
    command = [sys.executable, "-m", "tests.ofx_host.stress", "--count", str(count), "--kills", str(kills)]
    command += ["--seed", str(seed), "--bundle", str(at / "Art3D.ofx.bundle")]
    # The thread sanitizer wants its own place in memory, which a randomised layout may take.
    command = ["setarch", "-R", *command] if name == "thread" else command
    with tempfile.TemporaryDirectory(prefix="art3d-proof-") as text:
        folder = Path(text)
        done = subprocess.run(
            command, cwd=ROOT, env=environment(name, folder), capture_output=True, text=True, check=False
        )
        found = reports(folder)
    lines = (done.stdout.strip() or done.stderr.strip()).splitlines()
    print(f"{name}: exit {done.returncode}, {len(found)} reports; {lines[-1] if lines else ''}", flush=True)
    for report in found[:5]:
        print(report)
    if done.returncode:
        print(done.stderr[-4000:])
    return done.returncode == 0 and not found


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", nargs="*", choices=tuple(BUILDS), default=tuple(BUILDS))
    args = parser.parse_args()
    return 0 if all([prove(name, args.count, args.kills, args.seed) for name in args.only]) else 1


if __name__ == "__main__":
    sys.exit(main())
