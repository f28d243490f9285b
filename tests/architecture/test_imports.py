"""The house: who may import whom, and what must work without the heavy packages."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

BLOCKED = ("torch", "cv2", "OpenEXR", "OpenImageIO", "numba", "transformers")


def test_import_directions(root: Path) -> None:
    """import-linter's contracts in pyproject.toml hold."""
    result = subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports"))], cwd=root, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stdout + result.stderr


def test_client_needs_nothing_heavy(root: Path) -> None:
    """A host may import the client where the heavy packages cannot even be found."""
    script = f"""
import sys
class Block:
    def find_spec(self, name, path=None, target=None):
        if name.partition('.')[0] in {BLOCKED!r}:
            raise ImportError('blocked: ' + name)
sys.meta_path.insert(0, Block())
import host_bridge.client.client
assert not [name for name in {BLOCKED!r} if name in sys.modules]
try:
    import torch
except ImportError:
    print('blocked and fine')
"""
    result = subprocess.run([sys.executable, "-c", script], cwd=root, capture_output=True, text=True, check=False)
    assert result.stdout.strip() == "blocked and fine", result.stderr
