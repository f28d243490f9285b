from __future__ import annotations

import subprocess
import sys

import pytest

from host_bridge.errors import OutputError
from host_bridge.outputs import replacing


def test_the_file_appears_at_the_end_and_its_folder_with_it(tmp_path) -> None:
    path = tmp_path / "new" / "out.exr"
    with replacing(path) as temporary:
        temporary.write_bytes(b"whole")
        assert not path.exists()
        assert temporary.parent == path.parent
        assert temporary.suffix == ".exr"
    assert path.read_bytes() == b"whole"
    assert list(path.parent.iterdir()) == [path]


def test_a_fault_leaves_what_was_there(tmp_path) -> None:
    path = tmp_path / "out.exr"
    path.write_bytes(b"old")
    with pytest.raises(KeyboardInterrupt), replacing(path) as temporary:
        temporary.write_bytes(b"half")
        raise KeyboardInterrupt
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_cannot_be_made(tmp_path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OutputError, match="cannot be written"), replacing(tmp_path / "file" / "out.exr"):
        pass


FULL = """
import resource, signal, sys
from pathlib import Path
import numpy as np
import OpenEXR
from host_bridge.errors import OutputError
from host_bridge.outputs import write_picture
from host_bridge.outputs.stereo_exr import write_parts

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
path, noise = Path(sys.argv[1]), np.random.default_rng(0).random((200, 200, 3)).astype(np.float32)
try:
    if path.suffix == ".exr":
        header = {"type": OpenEXR.scanlineimage, "compression": OpenEXR.ZIP_COMPRESSION}
        write_parts(path, [OpenEXR.Part(header, {"RGB": noise}, "left")])
    else:
        write_picture(path, noise)
except OutputError as error:
    print(error)
"""


@pytest.mark.parametrize("name", ["out.exr", "out.png", "out.tif"])
def test_a_full_disk_is_one_line_and_leaves_nothing(tmp_path, name) -> None:
    """A limit on file size stands for the full disk: the write fails at the same call."""
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(tmp_path / name)], capture_output=True, text=True, check=True
    )
    assert "cannot be written" in done.stdout
    assert str(tmp_path / name) in done.stdout
    assert len(done.stdout.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []
