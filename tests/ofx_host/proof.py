"""`stress` with the plain build and with builds that watch memory and threads: one command for the whole proof.

`python -m tests.ofx_host.proof [--count 1000] [--only plain address thread] [--host NAME] [--tests [EXPRESSION]]`
builds what it needs under build/, prints one line a build, and ends with 1 after a wrong pixel, a crash, a leak of the
plug-in or anything a sanitizer reports. With `--tests` the tests of this folder follow, or those that pytest's `-k`
EXPRESSION chooses, against the same builds.
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
from tests.ofx_host.profiles import BY_NAME

BUILDS = {"plain": "", "address": "address,undefined", "thread": "thread"}
RUNTIMES = {"address": ("libasan.so", "libubsan.so"), "thread": ("libtsan.so",)}
# libzmq is not built with the sanitizer: its atomics are invisible.
RACES = "called_from_lib:libzmq.so\nrace:libzmq.so\nrace:python3\nrace:_ctypes\n"
# A stack is cut short behind the C++ library, which only the plug-in and libzmq use here.
OURS = re.compile(r"/ofx_wrapper/|Art3D\.ofx|libzmq|libstdc\+\+|std::")
NOT_UNDER_TEST = "tests/ofx_host/test_bundle.py"  # what a sanitizer adds to the binary is no part of a bundle
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
    (folder / "races").write_text(RACES)
    log = f"log_path={folder / 'report'}"
    return {
        **os.environ,
        "LD_PRELOAD": " ".join(found),
        "ASAN_OPTIONS": f"{log}:detect_leaks=1:exitcode=0:halt_on_error=1:handle_segv=1",
        "LSAN_OPTIONS": "max_leaks=0",
        "UBSAN_OPTIONS": "print_stacktrace=1",
        "TSAN_OPTIONS": f"{log}:suppressions={folder / 'races'}:exitcode=0:ignore_noninstrumented_modules=1",
    }


def reports(folder: Path, said: str) -> list[str]:
    """What the sanitizers wrote into a folder or said that concerns the plug-in.

    Python and numpy keep memory until they end: a leak counts where its stack shows the plug-in's code.
    """
    found = []
    for text in (said, *(path.read_text(errors="replace") for path in sorted(folder.glob("report*")))):
        for part in re.split(r"\n\n+", text):
            leak = part.lstrip().startswith(("Direct leak", "Indirect leak"))
            if (leak and OURS.search(part)) or (REPORT.search(part) and "LeakSan" not in part):
                found.append(part.strip())
    return found


def placed(name: str, command: list[str]) -> list[str]:
    """The thread sanitizer wants its own place in memory, which a randomised layout may take."""
    still = ["setarch", "-R"]
    granted = name == "thread" and subprocess.run([*still, "true"], capture_output=True, check=False).returncode == 0
    return [*still, *command] if granted else command


def built(name: str) -> Path:
    """The folder of a build, brought up to date."""
    at = ROOT / "build" / ("ofx" if name == "plain" else f"ofx-{name}")
    kind = "Release" if name == "plain" else "RelWithDebInfo"
    return build(at, f"-DCMAKE_BUILD_TYPE={kind}", f"-DART3D_SANITIZE={BUILDS[name]}")


def prove(name: str, what: str, command: list[str]) -> bool:
    """Runs a Python command beside one build; whether nothing was found."""
    command = [sys.executable, *command]
    with tempfile.TemporaryDirectory(prefix="art3d-proof-") as text:
        folder = Path(text)
        done = subprocess.run(
            placed(name, command),
            cwd=ROOT,
            env={**environment(name, folder), "ART3D_OFX_BUILD": str(built(name))},
            capture_output=True,
            text=True,
            check=False,
        )
        found = reports(folder, done.stderr)
    lines = (done.stdout.strip() or done.stderr.strip()).splitlines()
    print(f"{name}, {what}: exit {done.returncode}, {len(found)} reports; {lines[-1] if lines else ''}", flush=True)
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
    parser.add_argument("--host", choices=sorted(BY_NAME), default="plain", help="which host the stress plays")
    parser.add_argument("--tests", nargs="?", const="", help="the tests of this folder too, or some of them")
    args = parser.parse_args()
    fine = []
    for name in args.only:
        stress = ["-m", "tests.ofx_host.stress", "--count", str(args.count), "--kills", str(args.kills)]
        stress += ["--seed", str(args.seed), "--bundle", str(built(name) / "Art3D.ofx.bundle"), "--host", args.host]
        if args.count:
            fine.append(prove(name, "stress", stress))
        if args.tests is not None:
            tests = ["-m", "pytest", "-q", "tests/ofx_host", "--ignore", NOT_UNDER_TEST, "-k", args.tests]
            fine.append(prove(name, "tests", tests))
    return 0 if all(fine) else 1


if __name__ == "__main__":
    sys.exit(main())
