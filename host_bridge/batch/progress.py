"""How a batch goes: a bar with rate and time left for people, one JSON object a line for programs."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping
from typing import Any, TextIO

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from host_bridge.batch import openjd_lines
from host_bridge.batch.events import Event, Reporter
from host_bridge.io.silence import own_stderr
from host_bridge.shot.depth_provenance import depth_words, is_certain

SHOWN = ("depth_source", "style_id", "model_id", "fit_scale", "fit_shift", "parallax_min_pct", "parallax_max_pct",
         "budget", "beyond_border_px", "licence_note", "style_note", "depth_from", "z_meaning", "z_how", "z_agreement",
         "z_void", "floating_window", "window_hides_pct")  # fmt: skip


def reporter_for(*, as_json: bool, farm: bool = False, out: TextIO | None = None) -> Reporter:
    """The reporter that a command line asks for."""
    if farm:
        return FarmReporter(out or sys.stdout)
    return JsonReporter(out or sys.stdout) if as_json else PeopleReporter()


def _depth_of(event: Event) -> tuple[str, ...]:
    """What is said again when it changes from one frame to the next."""
    return tuple(str(event.stats.get(name, "")) for name in ("depth_source", "z_meaning", "z_void"))


class FarmReporter:
    """The lines that an Open Job Description session reads, on `out`."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._frames, self._over = 0, 0
        self._depth: tuple[str, ...] = ()

    def start(self, frames: int, settings: Mapping[str, Any]) -> None:
        """`openjd_status: …`."""
        self._frames = frames
        for note in (*settings.get("notes", ()), f"{frames} frames to {settings['out']}"):
            self._report(openjd_lines.status(note))

    def frame(self, event: Event) -> None:
        """`openjd_progress: …`, and the fault of a frame that failed."""
        self._over += 1
        depth = _depth_of(event)
        if depth[0] and depth != self._depth:
            self._depth = depth
            self._report(openjd_lines.status(depth_words(event.stats)))
        if event.error is not None:
            self._report(openjd_lines.status(f"frame {event.number} {event.kind}: {event.error}"))
        self._report(openjd_lines.progress(self._over, self._frames))

    def done(self, counts: Mapping[str, int], seconds: float) -> None:
        """`openjd_status: …`, and `openjd_fail: …` when frames failed."""
        summary = ", ".join(f"{count} {kind}" for kind, count in counts.items() if count)
        line = openjd_lines.fail if counts.get("failed") else openjd_lines.status
        self._report(line(f"{summary or 'nothing done'}, {seconds:.1f} s"))

    def _report(self, line: str) -> None:
        print(line, file=self._out, flush=True)


class JsonReporter:
    """One JSON object a line on `out`: start, frame, kept, skipped, failed, done."""

    def __init__(self, out: TextIO) -> None:
        self._out = out

    def start(self, frames: int, settings: Mapping[str, Any]) -> None:
        """`{"event": "start", "frames": N, …}`."""
        self._report("start", frames=frames, **settings)

    def frame(self, event: Event) -> None:
        """One line for each frame; `event` is "frame" for one that was rendered."""
        fields: dict[str, Any] = {"frame": event.number}
        if event.files:
            fields["files"] = [str(path) for path in event.files]
        if event.held is not None:
            fields["held"] = event.held
        fields.update({name: event.stats[name] for name in SHOWN if name in event.stats})
        if event.seconds:
            fields["seconds"] = {stage: round(value, 4) for stage, value in event.seconds.items()}
        if event.error is not None:
            fields.update(code=event.error.code, error=str(event.error))
        self._report("frame" if event.kind == "rendered" else event.kind, **fields)

    def done(self, counts: Mapping[str, int], seconds: float) -> None:
        """`{"event": "done", "rendered": N, "kept": N, "skipped": N, "failed": N, "seconds": S}`."""
        states = ("rendered", "kept", "skipped", "failed")
        self._report("done", **{kind: counts.get(kind, 0) for kind in states}, seconds=round(seconds, 3))

    def _report(self, event: str, **fields: Any) -> None:
        print(json.dumps({"event": event, **fields}), file=self._out, flush=True)


class PeopleReporter:
    """A bar on a terminal, plain lines elsewhere; faults and the summary in either case. Writes to stderr."""

    def __init__(self) -> None:
        self._stream = own_stderr()
        self._console = Console(file=self._stream, highlight=False, soft_wrap=True)
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"),
            TimeRemainingColumn(),
            console=self._console,
            disable=not self._console.is_terminal,
        )
        self._failed: list[int] = []
        self._source: tuple[str, ...] = ()
        self._window: list[tuple[float, float, float]] = []
        self._since = 0.0
        self._rendered = 0

    def start(self, frames: int, settings: Mapping[str, Any]) -> None:
        """Shows the bar."""
        self._since = time.monotonic()
        for note in settings.get("notes", ()):
            self._report(note)
        self._task = self._bar.add_task(escape(str(settings["out"])), total=frames, rate="")
        self._bar.start()

    def frame(self, event: Event) -> None:
        """Moves the bar; says what a person must know of this frame."""
        source = _depth_of(event)
        if source[0] and source != self._source:
            self._source = source
            self._report(f"{depth_words(event.stats)}, style {event.stats.get('style_id')}")
            for note in ("licence_note", "style_note"):
                if event.stats.get(note):
                    self._report(str(event.stats[note]))
        elif source[0] and not is_certain(event.stats):
            self._report(f"frame {event.number}: {depth_words(event.stats)}")
        if event.kind == "rendered":
            self._rendered += 1
            if not self._console.is_terminal:
                self._report(f"frame {event.number}: {event.files[0]}")
            self._hidden(event)
        if event.held is not None:
            self._report(f"frame {event.number}: shows the plate of frame {event.held}")
        if event.error is not None:
            self._report(f"frame {event.number} {event.kind}: {event.error}")
        if event.kind == "failed":
            self._failed.append(event.number)
        rate = self._rendered / max(time.monotonic() - self._since, 1e-6)
        self._bar.update(self._task, advance=1, rate=f"{rate:.2f} frames/s")

    def done(self, counts: Mapping[str, int], seconds: float) -> None:
        """The summary."""
        self._bar.stop()
        summary = ", ".join(
            f"{counts[kind]} {kind}" for kind in ("rendered", "kept", "skipped", "failed") if counts.get(kind)
        )
        self._report(f"{summary or 'nothing done'} in {seconds:.1f} s")
        if self._window:
            widest, near, far = zip(*self._window, strict=True)
            self._report(
                f"floating window in {len(self._window)} frames, up to {max(widest):.2f} %; "
                f"its masks hide parallax from {min(near):+.2f} to {max(far):+.2f} %"
            )
        if self._failed:
            self._report(f"failed frames: {', '.join(str(n) for n in sorted(self._failed))}")
        if self._stream is not sys.stderr:
            self._stream.close()

    def _hidden(self, event: Event) -> None:
        """Notes what a floating window takes from the audience, for the summary."""
        if "floating_window" in event.stats and "window_hides_pct" in event.stats:
            near, far = event.stats["window_hides_pct"]
            self._window.append((max(event.stats["floating_window"]), near, far))

    def _report(self, text: str) -> None:
        self._console.print(escape(text))
