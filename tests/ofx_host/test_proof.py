"""That `proof` would notice: a leak, a write beyond the end, an overflow and a race in a small library are reported."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.ofx_host.conftest import BUILT
from tests.ofx_host.proof import BUILDS, environment, placed, reports

FAULTS = """
#include <string>
#include <thread>
static int count = 0;
static void add() { for (int i = 0; i < 100000; ++i) ++count; }
extern "C" void nothing() {}
extern "C" void leak() { auto* text = new std::string(100, 'x'); *(volatile char*)text->data(); text = nullptr; }
extern "C" void beyond() { auto* p = new char[4]; volatile int i = 5; ((volatile char*)p)[i] = 1; delete[] p; }
extern "C" void overflow() { volatile int a = 2147483647; volatile int b = a + 1; (void)b; }
extern "C" void race() { std::thread a(add), b(add); a.join(), b.join(); }
"""


@pytest.mark.usefixtures("built")
@pytest.mark.skipif(bool(BUILT), reason="a sanitizer's runtime is in this process already")
@pytest.mark.parametrize(("name", "faults"), [("address", ("leak", "beyond", "overflow")), ("thread", ("race",))])
def test_faults_are_reported(name: str, faults: tuple[str, ...], tmp_path: Path) -> None:
    """One report each, none without a fault."""
    library = tmp_path / "Art3D.ofx"
    (tmp_path / "faults.cpp").write_text(FAULTS)
    options = ["-g", "-shared", "-fPIC", "-fno-omit-frame-pointer", f"-fsanitize={BUILDS[name]}"]
    subprocess.run(["g++", *options, str(tmp_path / "faults.cpp"), "-o", str(library)], check=True)
    for fault in ("nothing", *faults):
        folder = tmp_path / fault
        folder.mkdir()
        command = [sys.executable, "-c", f"import ctypes; ctypes.CDLL({str(library)!r}).{fault}()"]
        done = subprocess.run(
            placed(name, command), env=environment(name, folder), capture_output=True, text=True, check=False
        )
        if "FATAL: ThreadSanitizer" in done.stderr + "".join(p.read_text() for p in folder.glob("report*")):
            pytest.skip("the thread sanitizer does not start on this system")
        assert bool(reports(folder, done.stderr)) == (fault != "nothing"), (fault, done.stderr)
