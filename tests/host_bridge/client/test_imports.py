"""The client stays light: it must import where nothing heavy is installed."""

from __future__ import annotations

import subprocess
import sys

BLOCKED = ("torch", "cv2", "OpenEXR", "OpenImageIO", "numba", "transformers", "art3d_node", "training", "rich")


def test_client_imports_with_everything_heavy_blocked() -> None:
    code = (
        "import sys\n"
        f"for name in {BLOCKED!r}: sys.modules[name] = None\n"
        "import host_bridge.client.client\n"
        "from host_bridge.commands import keys, serve, status, styles\n"
        "print('fine')"
    )
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "fine", done.stderr
