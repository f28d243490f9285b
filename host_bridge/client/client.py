"""The client: asks a compute server for tiles, blocking, with deadlines, bounded retries and reconnection.

One `Client` belongs to one thread. Several of them share the server's frames and analyses.
"""

from __future__ import annotations

import logging
import os
import time
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from host_bridge.client.connection import Connection, Lost, Reply, client_name
from host_bridge.client.leases import Borrowed
from host_bridge.client.pending import Pair, Pending
from host_bridge.client.server_process import START_TIMEOUT_S, ensure_server
from host_bridge.core import keyring
from host_bridge.core.errors import (
    Art3DError,
    CancelledError,
    LimitError,
    ProtocolError,
    ServerError,
    ServerUnreachableError,
    UnknownClientError,
    WorkerLostError,
)
from host_bridge.core.frame import Array, Frame
from host_bridge.core.geometry import Box
from host_bridge.core.params import Controls
from host_bridge.wire import messages as m
from host_bridge.wire.codec import error_of
from host_bridge.wire.layout import place_layers, views, write_layers
from host_bridge.wire.memory import Mappings

log = logging.getLogger(__name__)
TRIES = 8
WORKER_TRIES = 1
BACKOFF_S = (0.05, 2.0)
REMEMBERED_KEYS = 4096


class Client:
    """A connection to a compute server.

    Args:
        address: its endpoint, or None for $ART3D_SERVER, or else the embedded server of this user, which is started
            when needed.
        timeout_s: deadline of one request, retries included.
        priority: "interactive" where somebody is looking, else "batch".
        viewer: names the panel that asks, so that its newest request goes first.
        device: device of the embedded server.
        keys: CURVE keys; by default those that the environment names.
        hello_timeout_s: how long a server may take to answer the first message.

    Raises:
        ServerUnreachableError: nobody answers, or the server refuses the key.
    """

    def __init__(
        self,
        address: str | None = None,
        *,
        timeout_s: float = 300.0,
        priority: m.Priority = "batch",
        viewer: str = "",
        device: str = "auto",
        keys: keyring.ClientKeys | None = None,
        hello_timeout_s: float | None = None,
        shared_memory: bool = True,
    ) -> None:
        address = address or os.environ.get("ART3D_SERVER") or None
        self._address, self._device, self._timeout_s = address, device, timeout_s
        self._priority, self._viewer = priority, viewer
        self._keys = keys if keys is not None or address is None else keyring.from_environment()
        self._hello_timeout_s = hello_timeout_s or (START_TIMEOUT_S if address is None else 10.0)
        self._shared_memory = shared_memory
        self._connection: Connection | None = None
        self._generation = 0
        self._held: set[str] = set()
        self._borrowed, self._writing = Borrowed(), Mappings(write=True)
        self._connect()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Leaves the server; whatever was asked and not answered is dropped there."""
        if self._connection is not None:
            self._connection.close(polite=True)
            self._connection = None
        self._borrowed.clear()
        self._writing.clear()

    @property
    def welcome(self) -> m.Welcome:
        """What the server said of itself."""
        return self._open.welcome

    @property
    def address(self) -> str:
        """Where the server is."""
        return self._open.address

    @property
    def _open(self) -> Connection:
        if self._connection is None:
            raise ServerError("the client is closed", remedy="open another")
        return self._connection

    def _connect(self) -> None:
        device, known = self._device, self._address
        self._connection = Connection(
            known or ensure_server(device).address,
            hello_timeout_s=self._hello_timeout_s, name=client_name(), keys=self._keys,
            revive=None if known else lambda: ensure_server(device),
        )  # fmt: skip
        self._generation += 1
        self._held.clear()
        self._borrowed.clear()
        self._writing.clear()

    def _reconnect(self, end_s: float, why: object) -> None:
        """A fresh connection, perhaps to a fresh server.

        Raises:
            ServerUnreachableError: none until the deadline.
        """
        where = self._connection.address if self._connection else self._address or ""
        log.info("the connection to %s is lost (%s); connecting again", where, why)
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        pause = BACKOFF_S[0]
        while True:
            try:
                self._connect()
                return
            except ServerUnreachableError:
                if time.monotonic() + pause > end_s:
                    raise
            time.sleep(pause)
            pause = min(pause * 2, BACKOFF_S[1])

    def tile(
        self,
        frame: Frame,
        settings: m.AnalysisSettings,
        controls: Controls,
        box: Box,
        outputs: Sequence[str],
        *,
        neighbours: Iterable[Frame] = (),
    ) -> m.Tile:
        """Pixels of one frame.

        Args:
            frame: the plate; uploaded when the server does not hold it.
            settings: depth source, style and shot.
            controls: the knobs.
            box: pixels asked, in the plate's own coordinates.
            outputs: names of `messages.OUTPUTS`.
            neighbours: the frames that `settings.shot` names.

        Raises:
            Art3DError: what went wrong, as the server or the connection said it.
        """
        return self.result(self.submit(frame, settings, controls, box, outputs, neighbours=neighbours))

    def tiles(
        self,
        frame: Frame,
        settings: m.AnalysisSettings,
        controls: Controls,
        boxes: Iterable[Box],
        outputs: Sequence[str],
        *,
        neighbours: Iterable[Frame] = (),
        ahead: int = 8,
    ) -> Iterator[m.Tile]:
        """Several boxes of one frame in their order, `ahead` of them under way at a time. Errors as `tile`."""
        others = tuple(neighbours)
        waiting: deque[Pending] = deque()
        try:
            for box in boxes:
                waiting.append(self.submit(frame, settings, controls, box, outputs, neighbours=others))
                if len(waiting) > ahead:
                    yield self.result(waiting.popleft())
            while waiting:
                yield self.result(waiting.popleft())
        finally:
            for pending in waiting:
                self.cancel(pending)

    def submit(
        self,
        frame: Frame,
        settings: m.AnalysisSettings,
        controls: Controls,
        box: Box,
        outputs: Sequence[str],
        *,
        neighbours: Iterable[Frame] = (),
    ) -> Pending:
        """Starts a tile; the frame is uploaded before this returns, `result` waits for the pixels.

        Raises:
            Art3DError: as `tile`.
        """
        if settings.proxy > 1 and self.welcome.protocol < (1, 1):
            raise ProtocolError("this server is too old for proxies", remedy="update it, or ask for the whole plate")
        frames = {frame.key: frame, **{other.key: other for other in neighbours}}
        if controls.matte != "input" and self.welcome.protocol < (1, 2):
            raise ProtocolError("this server is too old to find people", remedy="update it, or bring a matte")
        if controls.floating_window != "off" and self.welcome.protocol < (1, 3):
            raise ProtocolError("this server is too old for a floating window", remedy="update it, or switch it off")
        request = m.TileRequest(frame.key, settings, controls, box, tuple(outputs), self._priority, self._viewer)
        return self._begin(request, frames)

    def _begin(self, message: Any, frames: Mapping[str, Frame | Pair]) -> Pending:
        pending = Pending(message, frames, time.monotonic() + self._timeout_s)
        self._persist(pending, lambda: self._send(pending, upload=True))
        return pending

    def result(self, pending: Pending) -> m.Tile:
        """Waits for a tile that was submitted.

        Raises:
            Art3DError: as `tile`.
        """
        tile: m.Tile = self._await(pending)
        return tile

    def _await(self, pending: Pending) -> Any:
        if pending.cancelled:
            raise CancelledError("cancelled by its own client")
        return self._persist(pending, lambda: self._receive(pending))

    def _persist(self, pending: Pending, step: Any) -> Any:
        """Does a step, again and with pauses when a retry can help, until the deadline."""
        while True:
            try:
                return step()
            except Lost as loss:
                self._again(pending, ServerUnreachableError(str(loss), where=self._address or "", remedy=""))
                self._reconnect(pending.end_s, loss)
            except UnknownClientError as error:
                self._again(pending, error)
                self._reconnect(pending.end_s, error)
            except Art3DError as error:
                if not error.retryable or pending.cancelled:
                    raise
                self._again(pending, error)
                time.sleep(min(BACKOFF_S[1], BACKOFF_S[0] * 2**pending.tries))
            pending.number = 0

    def _again(self, pending: Pending, error: Art3DError) -> None:
        pending.tries += 1
        if (
            pending.tries > (WORKER_TRIES if isinstance(error, WorkerLostError) else TRIES)
            or time.monotonic() > pending.end_s
        ):
            error.remedy = error.remedy or self._remedy()
            raise error

    def _remedy(self) -> str:
        welcome = self._connection.welcome if self._connection else None
        return f"the server's log is {welcome.log}" if welcome and welcome.log else "see the server's log"

    def _send(self, pending: Pending, *, upload: bool) -> None:
        """Sends the request, uploading first what the server is not known to hold."""
        self._release_returned()
        if upload:
            unknown = tuple(key for key in pending.frames if key not in self._held)
            if unknown:
                missing = self._ask(m.HaveFrame(unknown), pending.end_s)
                self._held.update(set(unknown) - set(missing.keys))
                for key in missing.keys:
                    self._upload(pending.frames[key], key, pending.end_s)
        message = pending.message
        if isinstance(message, m.TileRequest | m.Match):
            message = replace(message, transport=self._transport)
        pending.number = self._open.send(message)
        pending.generation = self._generation

    @property
    def _transport(self) -> m.Transport:
        return "memory" if self._shared_memory and self._open.memory else "inline"

    def _receive(self, pending: Pending) -> Any:
        while True:
            if not pending.number or pending.generation != self._generation:
                self._send(pending, upload=True)
            reply = self._reply(pending.number, pending.end_s)
            if isinstance(reply.message, m.NeedFrame):
                self._serve_need(pending, reply.message.keys)
                continue
            if isinstance(reply.message, m.Failure):
                pending.number = 0
                raise error_of(reply.message)
            if isinstance(reply.message, m.TileReply):
                return self._tile(reply.message, reply)
            return reply.message

    def _serve_need(self, pending: Pending, keys: tuple[str, ...]) -> None:
        self._held.difference_update(keys)
        for key in keys:
            if key not in pending.frames:
                raise ProtocolError(f"the server needs frame {key[:64]}, which was not given",
                                    remedy="pass the shot's neighbouring frames too")  # fmt: skip
            pending.uploaded[key] = pending.uploaded.get(key, 0) + 1
            if pending.uploaded[key] > TRIES:
                raise ServerError(
                    "the server drops frames as fast as they are uploaded", remedy="start it with more memory"
                )
            self._upload(pending.frames[key], key, pending.end_s)
        self._send(pending, upload=False)

    def _reply(self, number: int, end_s: float) -> Reply:
        reply = self._open.poll(number, end_s - time.monotonic())
        if reply is None:
            self._open.forget(number)
            raise ServerError(
                f"no answer within {self._timeout_s:g} s", where=self._open.address, remedy=self._remedy()
            )
        return reply

    def _ask(self, message: Any, end_s: float) -> Any:
        reply = self._reply(self._open.send(message), end_s)
        if isinstance(reply.message, m.Failure):
            raise error_of(reply.message)
        return reply.message

    def _upload(self, frame: Frame | Pair, key: str, end_s: float) -> None:
        placed, nbytes = place_layers(frame.layers)
        limit = int(self.welcome.limits.get("frame_bytes", nbytes))
        if nbytes > limit:
            raise LimitError(f"a frame of {nbytes} bytes", remedy=f"the server's limit frame_bytes is {limit}")
        put = m.PutFrame(key, frame.display, frame.data, frame.channels, placed, nbytes, frame.pixel_aspect,
                         self._transport)  # fmt: skip
        answer = self._ask(put, end_s)
        if isinstance(answer, m.SendFrame):
            if answer.segment is not None:
                write_layers(placed, frame.layers, self._writing.payload(answer.segment))
            else:
                payload = memoryview(bytearray(nbytes))
                write_layers(placed, frame.layers, payload)
                self._open.send_payload(answer.upload, payload)
            answer = self._ask(m.Commit(answer.upload), end_s)
        if not isinstance(answer, m.Held):
            raise ProtocolError("the server did not take the frame", remedy=self._remedy())
        if len(self._held) >= REMEMBERED_KEYS:
            self._held.clear()
        self._held.add(key)

    def _tile(self, message: m.TileReply, reply: Reply) -> m.Tile:
        if message.segment is None:
            payload = reply.payload.buffer if reply.payload is not None else memoryview(b"")
            return m.Tile(message.box, views(message.planes, payload), message.stats)
        return m.Tile(message.box, self._borrowed.planes(message, self._generation), message.stats)

    def _release_returned(self) -> None:
        leases = self._borrowed.returned(self._generation)
        if leases:
            self._open.send(m.Release(leases), answered=False)

    def cancel(self, pending: Pending | None = None) -> None:
        """Drops one request, or all of this client's; the server stops their work. Does not wait."""
        if pending is None:
            self._open.cancel(())
            return
        pending.cancelled = True
        if pending.number and pending.generation == self._generation and self._connection is not None:
            self._connection.cancel((pending.number,))
            self._connection.forget(pending.number)

    def measure(self, layers: Mapping[str, Array]) -> Mapping[str, Any]:
        """The figures of a stereo pair.

        Args:
            layers: `left`, `right`, and perhaps `reference` and `disparity`, each (rows, columns, channels) of one
                size; `disparity` is x_L − x_R on the left grid, px.

        Raises:
            Art3DError: as `tile`.
        """
        box = Box.of_size(layers["left"].shape[1], layers["left"].shape[0])
        pair = Pair(layers, box, box)
        return dict(self._await(self._begin(m.Measure(pair.key), {pair.key: pair})).figures)

    def match(self, left: Array, right: Array, *, reach_pct: float = 25.0) -> m.Tile:
        """The disparities of a stereo pair: planes `disparity_left` and `disparity_right`, px, NaN: not known.

        Args:
            left, right: (rows, columns, 3) uint8 of one size, display-referred, without bars that only one eye has.
            reach_pct: largest parallax that is searched, % of width.

        Returns:
            The planes; `stats` says how the eyes differ, see docs/protocol.md.

        Raises:
            Art3DError: as `tile`; the server is older than protocol 1.4.
        """
        if self.welcome.protocol < (1, 4):
            raise ProtocolError("this server is too old to match pairs", remedy="update it")
        box = Box.of_size(left.shape[1], left.shape[0])
        pair = Pair({"left": left, "right": right}, box, box)
        found: m.Tile = self._await(self._begin(m.Match(pair.key, reach_pct), {pair.key: pair}))
        return found

    def styles(self) -> m.Styles:
        """The styles and depth sources that the server can load now."""
        found: m.Styles = self._await(self._begin(m.StylesRequest(), {}))
        return found

    def status(self) -> Mapping[str, Any]:
        """The server's figures."""
        found: m.Status = self._await(self._begin(m.StatusRequest(), {}))
        return found.figures
