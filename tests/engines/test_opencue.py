"""The documented command line as OpenCue's own outline library hands it on."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
from pathlib import Path

import pytest

from host_bridge.io.plates.pattern import parse_frames

COMMAND = "art3d render '/p p/plate.####.exr' -o '/o/s.####.exr' --shot shot.art3d --openjd --frames"


def layer(python: str, home: Path, *words: str) -> dict[str, str | list[str]]:
    script = Path(__file__).with_name("opencue_layer.py")
    environment = {"PATH": os.environ["PATH"], "HOME": str(home)}
    words = (python, str(script), "10", "1001-1100", *words)
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=120, env=environment)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)  # type: ignore[no-any-return]


def test_a_shell_layer_keeps_the_command_as_it_is(tmp_path: Path, python: str) -> None:
    found = layer(python, tmp_path, f"{COMMAND} #FRAMESPEC#")
    assert (found["cmd"], found["range"], found["chunk"]) == (f"{COMMAND} #FRAMESPEC#", "1001-1100", "10")


@pytest.mark.parametrize(
    "name", ['it\'s "it"', "100% %20 %s", "{a} $HOME `ls`", "a;b&c|d>e #FRAME", "plätē 映像", "e\u0301 -x"]
)
def test_names_that_were_quoted_arrive_whole(tmp_path: Path, python: str, name: str) -> None:
    given = ["art3d", "render", f"/p/{name}.####.exr", "-o", f"/o/{name}.####.exr", "--openjd", "--frames"]
    command = shlex.join(given)
    assert layer(python, tmp_path, f"{command} #FRAMESPEC#")["cmd"] == f"{command} #FRAMESPEC#"
    assert layer(python, tmp_path, f"{command} %{{FRAME}}")["frame"] == [*given, "1003"]


def test_pycuerun_fills_in_one_frame(tmp_path: Path, python: str) -> None:
    words = layer(python, tmp_path, f"{COMMAND} %{{FRAME}}")["frame"]
    assert words[2] == "/p p/plate.####.exr" and parse_frames(words[-1]) == (1003,)
