from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from host_bridge.core import atomic
from host_bridge.core.atomic import clean_folder, replacing
from host_bridge.core.errors import OutputError
from host_bridge.io.outputs import write_picture


def test_the_file_appears_at_the_end_and_its_folder_with_it(tmp_path: Path) -> None:
    path = tmp_path / "new" / "out.exr"
    with replacing(path) as temporary:
        temporary.write_bytes(b"whole")
        assert not path.exists()
        assert temporary.parent == path.parent
        assert temporary.suffix == ".exr"
    assert path.read_bytes() == b"whole"
    assert list(path.parent.iterdir()) == [path]


def test_a_fault_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "out.exr"
    path.write_bytes(b"old")
    with pytest.raises(KeyboardInterrupt), replacing(path) as temporary:
        temporary.write_bytes(b"half")
        raise KeyboardInterrupt
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OutputError, match="cannot be written"), replacing(tmp_path / "file" / "out.exr"):
        pass


FULL = """
import resource, signal, sys
from pathlib import Path
import numpy as np
from host_bridge.core.errors import OutputError
from host_bridge.io.outputs import write_picture
from host_bridge.core.geometry import Box
from host_bridge.io.outputs.exr_file import OutPart, write_exr

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
path, noise = Path(sys.argv[1]), np.random.default_rng(0).random((200, 200, 3)).astype(np.float32)
try:
    if path.suffix == ".exr":
        box = Box.of_size(200, 200)
        write_exr(path, [OutPart("left", "", box, box, {"R": noise[..., 0].copy()})])
    else:
        write_picture(path, noise)
except OutputError as error:
    print(error)
"""


@pytest.mark.parametrize("name", ["out.exr", "out.png", "out.tif"])
def test_a_full_disk_is_one_line_and_leaves_nothing(tmp_path: Path, name: str) -> None:
    """A limit on file size stands for the full disk: the write fails at the same call."""
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(tmp_path / name)], capture_output=True, text=True, check=True
    )
    assert "cannot be written" in done.stdout
    assert str(tmp_path / name) in done.stdout
    assert len(done.stdout.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


LEFT = """
import os, signal, sys
from pathlib import Path
from host_bridge.core.atomic import replacing

with replacing(Path(sys.argv[1])) as temporary:
    temporary.write_bytes(b"half")
    os.kill(os.getpid(), signal.SIGKILL)
"""


def kill_a_writer(path: Path) -> None:
    subprocess.run([sys.executable, "-c", LEFT, str(path)], check=False)


def test_the_next_writer_removes_what_a_killed_one_left(tmp_path: Path) -> None:
    kill_a_writer(tmp_path / "out.exr")
    kill_a_writer(tmp_path / "other.exr")
    assert len(list(tmp_path.iterdir())) == 2
    with replacing(tmp_path / "out.exr") as temporary:
        temporary.write_bytes(b"whole")
    assert (tmp_path / "out.exr").read_bytes() == b"whole"
    (left,) = [p for p in tmp_path.iterdir() if p.name != "out.exr"]
    assert left.name.startswith(".other.")
    assert clean_folder(tmp_path) == [left]
    assert [p.name for p in tmp_path.iterdir()] == ["out.exr"]


def test_a_writer_at_work_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "out.exr"
    with replacing(path) as first:
        first.write_bytes(b"first")
        with replacing(path) as second:
            assert first.exists()
            second.write_bytes(b"second")
        assert clean_folder(tmp_path) == []
    assert path.read_bytes() == b"first"


@pytest.mark.parametrize("name", ["out.exr", "out.png", "out.tif", "out.jpg"])
def test_image_writers_keep_the_locked_file(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The lock is the file's: a writer that made another file under the name would lose it."""
    seen = []
    flush = atomic._flush
    monkeypatch.setattr(
        atomic,
        "_flush",
        lambda path: (seen.append(path.is_dir() or atomic._abandoned(path)), flush(path)),  # type: ignore[func-returns-value]
    )
    write_picture(tmp_path / name, np.zeros((8, 8, 3), np.float32))
    assert seen[0] is False


def test_the_umask_decides_who_may_read(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        with replacing(tmp_path / "a.exr") as temporary:
            temporary.write_bytes(b"x")
    finally:
        os.umask(before)
    assert (tmp_path / "a.exr").stat().st_mode & 0o777 == 0o640


def test_files_of_others_are_no_leftovers(tmp_path: Path) -> None:
    for name in (".out.exr", ".out.0123456789ab.tmp.exr", "out.0123456789ab.art3d-tmp.exr"):
        (tmp_path / name).write_bytes(b"theirs")
    (tmp_path / ".out.0123456789ab.art3d-tmp.exr").symlink_to(tmp_path / ".out.exr")
    assert clean_folder(tmp_path) == []
