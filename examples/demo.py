"""What `make demo` runs: the example plate becomes stereo, and the last lines say where it is."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
OUT = Path("out") / "demo"
ART3D = str(Path(sys.executable).with_name("art3d"))
STYLE = "immersive"


def main() -> int:
    """Renders the plate through the real parts: reader, embedded server, new view, writer."""
    words = [
        *(ART3D, "render", "examples/plate/plate.####.exr", "-o", str(OUT / "stereo.####.exr")),
        *("--anaglyph", str(OUT / "anaglyph.####.png"), "--disparity-image", str(OUT / "disparity.####.png")),
        *("--style", STYLE),
    ]
    print("$ art3d " + " ".join(words[1:]), flush=True)
    code = subprocess.run(words, cwd=ROOT, check=False).returncode
    if code == 0:
        page = [ART3D, "review", str(OUT / "stereo.####.exr"), "-o", str(OUT / "review"), "--title", "Example plate"]
        print("$ art3d " + " ".join(page[1:]), flush=True)
        code = subprocess.run(page, cwd=ROOT, check=False).returncode
    if code == 0:
        print(
            f"""
Stereo EXRs      {OUT}/stereo.####.exr     views left and right, disparityL/R, occlusion: a stereo Read in Nuke
Anaglyphs        {OUT}/anaglyph.####.png   look through red/cyan glasses, red on the left eye
Disparity        {OUT}/disparity.####.png  warm comes out of the screen, cool lies behind it
Review page      {OUT}/review/index.html   open it in a browser: views, charts, comfort on real screens, notes
Turn the knobs   .venv/bin/art3d render examples/plate/plate.####.exr -o out/mine.####.exr --depth-gain 1.5
                 --zero-plane -0.3 --sculpt 1.2 (more in docs/start.md)"""
        )
    return code


if __name__ == "__main__":
    sys.exit(main())
