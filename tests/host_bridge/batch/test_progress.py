from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from host_bridge.batch import Event
from host_bridge.batch.progress import JsonReporter, reporter_for
from host_bridge.core.errors import PlateError

RENDERED = Event(
    7, "rendered", (Path("o.0007.exr"),), {"depth_source": "aov", "style_id": "n"}, {"read": 0.12345}, held=6
)
FAILED = Event(8, "failed", error=PlateError("it is [bold]cut", where="p.exr"))


def test_json_is_one_object_a_line() -> None:
    out = io.StringIO()
    reporter = JsonReporter(out)
    reporter.start(2, {"out": "o.####.exr"})
    reporter.frame(RENDERED)
    reporter.frame(FAILED)
    reporter.done({"rendered": 1, "failed": 1}, 1.23456)
    start, frame, failed, done = (json.loads(line) for line in out.getvalue().splitlines())
    assert start == {"event": "start", "frames": 2, "out": "o.####.exr"}
    assert frame["event"] == "frame"
    assert (frame["frame"], frame["held"], frame["files"]) == (7, 6, ["o.0007.exr"])
    assert frame["seconds"] == {"read": 0.1235}
    assert failed["code"] == "bad_plate"
    assert "cut" in failed["error"]
    assert done == {"event": "done", "rendered": 1, "kept": 0, "skipped": 0, "failed": 1, "seconds": 1.235}


def test_people_read_plain_lines_where_there_is_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    reporter = reporter_for(as_json=False)
    reporter.start(2, {"out": "o.####.exr"})
    reporter.frame(RENDERED)
    reporter.frame(FAILED)
    reporter.done({"rendered": 1, "failed": 1}, 1.0)
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == [
        "depth from aov, style n",
        "frame 7: o.0007.exr",
        "frame 7: shows the plate of frame 6",
        "frame 8 failed: p.exr: it is [bold]cut",
        "1 rendered, 1 failed in 1.0 s",
        "failed frames: 8",
    ]
