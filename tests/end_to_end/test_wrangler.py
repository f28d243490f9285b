"""A wrangler's night: submit, run what was printed, ask how far it is, clean, mend, run again; with any names."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import OpenEXR
import pytest

from host_bridge.cli import main
from host_bridge.client.server_process import own_endpoint, ping

BIN = Path(sys.executable).parent
HOSTILE = 'it\'s a "job" ü $HOME `id` ; & 100%'
ART3D = [sys.executable, "-m", "host_bridge.cli"]


@pytest.fixture(autouse=True)
def own_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A folder to work in, and a server that nobody else uses."""
    runtime = tmp_path / "r"
    runtime.mkdir(mode=0o700)
    monkeypatch.setenv("ART3D_RUNTIME_DIR", str(runtime))
    monkeypatch.delenv("ART3D_SERVER", raising=False)
    monkeypatch.setenv("PATH", f"{BIN}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.chdir(tmp_path)
    yield
    if ping(own_endpoint().address, timeout_s=0.3):
        main(["stop"])


def write_plate(pattern: Path, frames: range) -> None:
    pattern.parent.mkdir(parents=True, exist_ok=True)
    for number in frames:
        blobs = np.kron(np.random.default_rng(number + 1).random((4, 6, 3)), np.ones((8, 8, 1))).astype(np.float16)
        path = str(pattern).replace("####", f"{number:04d}")
        OpenEXR.File({"type": OpenEXR.scanlineimage}, {"RGB": blobs}).write(path)


def test_the_printed_lines_run_as_they_stand(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Pasted into a shell, whatever the names hold."""
    plate = Path(HOSTILE) / '-pl\'ate "ä" $1.####.exr'
    out = Path(HOSTILE) / "out ü" / "-o'ut.####.exr"
    write_plate(plate, range(-1, 2))
    submit = ["submit", str(plate), "-o", str(out), "--bundle", f"{HOSTILE}/-job", "--chunk", "2", "--depth", "mini"]
    assert main(submit) == 0
    lines = dict(line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines())
    main(["stop"])
    for word in ("check", "run"):
        done = subprocess.run(
            ["sh", "-c", lines[word]], cwd="/", capture_output=True, text=True, check=False, timeout=280
        )
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-2000:]
    assert len(list(out.parent.glob("-o'ut.*.exr"))) == 3
    assert main(["status", str(out)]) == 0
    capsys.readouterr()
    assert main(["status", f"./{out}", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["counts"]["done"] == 3


def test_the_status_of_a_render_that_never_wrote_a_frame(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_plate(Path("p.####.exr"), range(1, 4))
    (tmp_path / "out" / "o.0001.exr").mkdir(parents=True)
    render = ["render", "p.####.exr", "-o", "out/o.####.exr", "--shot", "none", "--depth", "mini"]
    assert main([*render, "--frames", "1"]) == 2
    capsys.readouterr()
    assert main(["status", "out/o.####.exr"]) == 4
    said = capsys.readouterr().out
    assert "1 failed, 2 missing" in said and "o.0001.exr" in said


def test_a_disk_that_fills_up_costs_the_frames_that_had_no_room(tmp_path: Path) -> None:
    """Then room is made and the same command writes the rest; nothing half-written is left."""
    write_plate(Path("p.####.exr"), range(1, 9))
    words = [*ART3D, "render", "p.####.exr", "-o", "out/o.####.exr", "--shot", "none", "--depth", "mini"]
    script = (
        'mkdir out && mount -t tmpfs -o size=64k tmpfs out || exit 77\n"$@"; echo first=$?; ls -A out\n'
        'mount -o remount,size=1m out\n"$@"; echo second=$?; ls -A out\n'
    )
    enter = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script, "sh"]
    done = subprocess.run([*enter, *words], capture_output=True, text=True, check=False, timeout=280)
    if done.returncode in (1, 77):
        pytest.skip(f"no user namespaces here: {done.stderr[-100:]}")
    said = done.stdout + done.stderr
    assert "first=4" in said and "No space left" in said and "art3d-tmp" not in said, said
    assert "second=0" in said and "o.0008.exr" in said.partition("second=")[2], said


@pytest.mark.parametrize(
    ("limit", "says", "code"),
    [
        ("size=64k", "", 4),
        ("size=4k", "8 missing", 4),
        ("size=1m,nr_inodes=4", "2 done, 6 missing", 4),
        ("size=1m,nr_inodes=1", "no record of a render", 2),
    ],
)
def test_the_status_on_a_full_disk_says_that_it_is_full(tmp_path: Path, limit: str, says: str, code: int) -> None:
    """Reasons of single frames need room too; where there is none for them either, the disk itself is the reason."""
    write_plate(Path("p.####.exr"), range(1, 9))
    command = "'" + "' '".join(ART3D) + "'"
    script = (
        f"mkdir out && mount -t tmpfs -o {limit} tmpfs out || exit 77\n"
        f"{command} render p.####.exr -o out/o.####.exr --shot none --depth mini >&2\n"
        "for n in 1 2 3 4 5 6 7 8 9; do head -c 65536 /dev/zero > out/filler$n; done 2> /dev/null\n"
        f"{command} status out/o.####.exr; echo status=$?"
    )
    enter = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script]
    done = subprocess.run(enter, capture_output=True, text=True, check=False, timeout=280)
    if done.returncode in (1, 77):
        pytest.skip(f"no user namespaces here: {done.stderr[-100:]}")
    said = done.stdout + done.stderr
    assert says in said and f"status={code}" in said and "no space left" in said and "Traceback" not in said, said


def test_a_folder_that_cannot_be_cleaned_does_not_hide_what_was(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    left = tmp_path / ".o.0001.0123456789ab.art3d-tmp.exr"
    left.write_bytes(b"half")
    assert main(["clean", "nowhere", str(tmp_path)]) == 2
    said = capsys.readouterr()
    assert str(left) in said.out and "nowhere" in said.err and not left.exists()


@pytest.mark.parametrize(
    "words", [["-p.####.exr", "-o", "o.####.exr"], ["p.####.exr", "-o", "-o.####.exr"], ["p", "--no"]]
)
def test_a_wrong_command_line_is_one_line(capsys: pytest.CaptureFixture[str], words: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["render", *words])
    said = capsys.readouterr().err
    assert ended.value.code == 2 and len(said.splitlines()) == 1 and "--help" in said
    assert ("./-NAME" in said) == (words[-1] != "--no")
