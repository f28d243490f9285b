"""A session without a socket, driven by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from art3d_node.server.protocol.actions import Send, Start, Verify
from art3d_node.server.protocol.session import Session
from art3d_node.server.protocol.tasks import Task
from art3d_node.server.workers.records import Done, Ready, WorkerJob
from host_bridge.core.frame import Frame
from host_bridge.core.geometry import Box
from host_bridge.core.params import Controls
from host_bridge.wire import messages as m
from host_bridge.wire.codec import encode
from host_bridge.wire.kinds import Reply, Request
from host_bridge.wire.layout import place_layers, write_layers
from host_bridge.wire.limits import Limits
from host_bridge.wire.settings import AnalysisSettings

LIMITS = Limits(
    frame_bytes=1 << 20, tile_bytes=1 << 20, memory_bytes=4 << 20, clients=3, requests_per_client=4,
    uploads_per_client=2, leases_per_client=2, keys_per_request=3,
)  # fmt: skip
READY = Ready("cpu", ({"name": "neutral"},), ({"name": "aov"},))
BOX = Box.of_size(16, 8)


def picture(seed: int = 0) -> Frame:
    color = np.random.default_rng(seed).random((8, 16, 3)).astype(np.float32)
    return Frame(BOX, BOX, {"color": color})


class Bench:
    """A session with one worker, driven by hand."""

    def __init__(self, limits: Limits = LIMITS, *, ready: bool = True) -> None:
        self.session = Session(limits, {"server": "art3d test", "control": "c", "log": ""}, pid=1)
        self.now, self.number = 0.0, 0
        self.session.worker_started(1, "cpu")
        if ready:
            self.session.worker_message(1, READY, 0.0)

    def source_of(self, peer: bytes) -> str:
        """Where a peer connects from."""
        return ""

    def send(
        self,
        message: Request | Reply,
        *,
        peer: bytes = b"a",
        payload: bytes | bytearray | None = None,
        control: bool = False,
        number: int | None = None,
    ) -> list[Any]:
        """Sends a message; returns what the session wants done."""
        self.number += 1
        parts = [memoryview(encode(number or self.number, message))]
        parts += [memoryview(payload)] if payload is not None else []
        self.session.received(peer, parts, self.now, control=control, source=self.source_of(peer))
        return self.session.take()

    def ask(self, message: Request | Reply, **named: Any) -> Any:
        """Sends a message that has one answer; returns that."""
        sends = [action for action in self.send(message, **named) if isinstance(action, Send)]
        assert len(sends) == 1, sends
        return sends[0].message

    def greet(self, *peers: bytes) -> None:
        for peer in peers or (b"a",):
            assert isinstance(self.ask(m.Hello("test"), peer=peer), m.Welcome)

    def upload(self, frame: Frame, *, peer: bytes = b"a", transport: m.Transport = "inline") -> Any:
        """Uploads a frame whole; the last answer."""
        placed, nbytes = place_layers(frame.layers)
        payload = bytearray(nbytes)
        write_layers(placed, frame.layers, memoryview(payload))
        put = m.PutFrame(frame.key, frame.display, frame.data, frame.channels, placed, nbytes, transport=transport)
        answer = self.ask(put, peer=peer)
        if not isinstance(answer, m.SendFrame):
            return answer
        if transport == "inline":
            (begun,) = self.send(m.Chunk(answer.upload, 0), peer=peer, payload=payload)
            assert self.prove(begun) == []
        else:
            self.session.uploads.open[answer.upload].staging.payload(nbytes)[:] = payload  # type: ignore[union-attr]
        return self.answer(self.send(m.Commit(answer.upload), peer=peer))

    def prove(self, action: Any) -> list[Any]:
        """Does what the service does with a part that came; returns what the session wants done then."""
        assert isinstance(action, Verify)
        action.upload.prove()
        self.session.verified(action.upload.id, self.now)
        return self.session.take()

    def answer(self, actions: list[Any]) -> Any:
        """The one answer among what the session wants done, once the rest of an upload is proved."""
        done = [more for action in actions if isinstance(action, Verify) for more in self.prove(action)]
        (send,) = [action for action in [*actions, *done] if isinstance(action, Send)]
        return send.message

    def finish(self, job: WorkerJob | Task, figures: dict[str, Any] | None = None) -> list[Any]:
        self.session.worker_message(1, Done(job.id, figures or {"ok": 1}), self.now)
        return self.session.take()


def request(frame: Frame, **named: Any) -> m.TileRequest:
    made = m.TileRequest(frame.key, AnalysisSettings(), Controls(), BOX, ("right",))
    return replace(made, **named)


def started(actions: list[Any]) -> list[WorkerJob]:
    return [action.job for action in actions if isinstance(action, Start)]


def probe_bytes(bench: Bench) -> int:
    return bench.session.memory.probe_piece.capacity
