"""A deployed Art3D on the barest machine: nothing but glibc and a shell, another user, no network, another path.

python -m tests.host_bridge.deploy.proof [--share FOLDER]

Deploys with hard links (or takes FOLDER, as it is), enters a root of its own with `unshare` and `chroot`, renders the
example plate there and compares the bytes with this checkout's; then lets Rez, where `make engines` has put it, resolve
the package. It needs the rights of root.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
REZ = ROOT / "build" / "engines" / "bin" / "python"
ART3D = [sys.executable, "-m", "host_bridge.cli"]
MOUNTED = "mnt/studio tools/art3d"
USER = "54321:54321"
TOOLS = ("/bin/sh", "/usr/bin/getconf", "/usr/bin/readlink")
GLIBC = (
    "ld-linux-x86-64.so.2",
    *(f"lib{name}.so.6" for name in ("c", "m")),
    *(f"lib{name}" for name in ("mvec.so.1", "dl.so.2", "pthread.so.0", "rt.so.1", "util.so.1", "resolv.so.2")),
)
LIBRARIES = ("/lib64", "/lib/x86_64-linux-gnu", "/usr/lib64")
ENTER = """
set -e
mount --bind "$SHARE" "$BARE/$MOUNTED" && mount -o remount,bind,ro "$BARE/$MOUNTED"
mount --bind "$PLATE" "$BARE/plate" && mount -o remount,bind,ro "$BARE/plate"
mount --rbind /dev "$BARE/dev" && mount -t proc proc "$BARE/proc"
exec chroot --userspec="$USER_ID" "$BARE" /bin/sh -c "$INSIDE"
"""
INSIDE = """
cd /out
art3d="/mnt/studio tools/art3d/bin/art3d"
"$art3d" render "/plate/plate.####.exr" -o "/out/s.####.exr" --depth mini --shot none --frames 1001-1002
"$art3d" status "/out/s.####.exr" --frames 1001-1002
"$art3d" stop
"""


def bare_root(folder: Path) -> Path:
    """A root with the C library, a shell and the two tools that the launcher calls."""
    for name in ("bin", "usr/bin", "lib64", "lib", "proc", "dev", "tmp", "plate", "out", MOUNTED):
        (folder / name).mkdir(parents=True, exist_ok=True)
    for name in TOOLS:
        shutil.copy(name, folder / name[1:])
    for name in GLIBC:
        source = next(path for base in LIBRARIES if (path := Path(base, name)).exists())
        (folder / str(source)[1:]).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, folder / str(source)[1:])
    for name in ("out", "tmp"):
        (folder / name).chmod(0o777)
    return folder


def environment(**values: object) -> dict[str, str]:
    """What the step inside sees; no home, foreign Python settings."""
    given = {name: str(value) for name, value in values.items()}
    return {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "PYTHONHOME": "/opt/nuke", "PYTHONPATH": "/opt/nuke/lib", **given}


def render_bare(share: Path, folder: Path) -> Path:
    """Renders two frames inside; returns the folder of the output."""
    bare = bare_root(folder / "bare")
    values = environment(
        SHARE=share, BARE=bare, MOUNTED=MOUNTED, PLATE=ROOT / "examples" / "plate", USER_ID=USER, INSIDE=INSIDE
    )
    words = ["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "sh", "-c", ENTER]
    subprocess.run(words, env=values, check=True, timeout=500)
    return bare / "out"


def render_here(folder: Path) -> Path:
    """The same two frames by this checkout."""
    folder.mkdir(mode=0o700)
    values = {**os.environ, "ART3D_RUNTIME_DIR": str(folder)}
    plate, out = str(ROOT / "examples/plate/plate.####.exr"), str(folder / "s.####.exr")
    words = ["render", plate, "-o", out, "--depth", "mini", "--shot", "none", "--frames", "1001-1002"]
    subprocess.run([*ART3D, *words], env=values, check=True, timeout=500, stdout=subprocess.DEVNULL)
    subprocess.run([*ART3D, "stop"], env=values, check=True, stdout=subprocess.DEVNULL)
    return folder


def resolve_with_rez(share: Path, folder: Path) -> str:
    """What Rez itself makes of the package: the first line of `art3d --help` in the resolved environment."""
    packages = str(share / "packages")
    config = folder / "rezconfig.py"
    config.write_text(f"packages_path = [{packages!r}]\nimplicit_packages = []\nlocal_packages_path = '/nonexistent'\n")
    script = (
        "from rez.resolved_context import ResolvedContext\n"
        f"context = ResolvedContext(['art3d'], package_paths=[{packages!r}])\n"
        "print([p.qualified_name for p in context.resolved_packages], flush=True)\n"
        "done = context.execute_command(['art3d', '--help'], stdout=-1, text=True)\n"
        "print(done.communicate()[0].splitlines()[0])\n"
    )
    values = {"PATH": "/usr/bin:/bin", "REZ_CONFIG_FILE": str(config), "HOME": str(folder)}
    done = subprocess.run(
        [str(REZ), "-c", script], env=values, capture_output=True, text=True, check=False, timeout=200
    )
    if done.returncode:
        raise SystemExit(f"rez: {done.stderr[-2000:]}")
    return done.stdout.strip()


def main() -> None:
    """Runs the proof and prints what held."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--share", type=Path, help="a deployed share; default: deploy one for the purpose")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="art3d-proof-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        share = args.share or folder / "share"
        if args.share is None:
            subprocess.run([*ART3D, "deploy", str(share), "--link"], check=True)
        inside, here = render_bare(share.absolute(), folder), render_here(folder / "h")
        for number in (1001, 1002):
            same = (inside / f"s.{number}.exr").read_bytes() == (here / f"s.{number}.exr").read_bytes()
            print(f"frame {number}: {'the same bytes' if same else 'DIFFERENT BYTES'}")
            if not same:
                raise SystemExit(1)
        print(f"rez: {resolve_with_rez(share.absolute(), folder)}" if REZ.exists() else "rez: not here (make engines)")


if __name__ == "__main__":
    main()
