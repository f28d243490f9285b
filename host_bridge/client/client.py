"""The client: asks a compute server for tiles, blocking, with deadlines, bounded retries and reconnection.

One `Client` belongs to one thread. Several of them share the server's frames and analyses.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from host_bridge.client.address import named_address
from host_bridge.client.exchange import Exchange
from host_bridge.client.link import Access
from host_bridge.client.pending import Pair, Pending
from host_bridge.client.server_age import validate_age
from host_bridge.client.server_process import START_TIMEOUT_S
from host_bridge.client.tile import Tile
from host_bridge.core import keyring
from host_bridge.core.errors import ProtocolError
from host_bridge.core.frame import Array, Frame
from host_bridge.core.geometry import Box
from host_bridge.core.params import Controls
from host_bridge.wire import messages as m
from host_bridge.wire.outputs import bare
from host_bridge.wire.settings import AnalysisSettings


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
        BadInputError: an address that is none, or a key that cannot be read.
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
        address = named_address(address)
        self._priority, self._viewer = priority, viewer
        keys = keys if keys is not None or address is None else keyring.from_environment()
        hello_timeout_s = hello_timeout_s or (START_TIMEOUT_S if address is None else 10.0)
        access = Access(address, device, keys, hello_timeout_s, timeout_s)
        self._exchange = Exchange(access, shared_memory=shared_memory)

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Leaves the server; whatever was asked and not answered is dropped there."""
        self._exchange.close()

    @property
    def welcome(self) -> m.Welcome:
        """What the server said of itself."""
        return self._exchange.link.open.welcome

    @property
    def address(self) -> str:
        """Where the server is."""
        return self._exchange.link.open.address

    def tile(
        self,
        frame: Frame,
        settings: AnalysisSettings,
        controls: Controls,
        box: Box,
        outputs: Sequence[str],
        *,
        neighbours: Iterable[Frame] = (),
    ) -> Tile:
        """Pixels of one frame.

        Args:
            frame: the plate; uploaded when the server does not hold it.
            settings: depth source, style and shot.
            controls: the knobs.
            box: pixels asked, in the plate's own coordinates.
            outputs: names of `host_bridge.wire.outputs.OUTPUTS`; by `as_half` where half floats are enough.
            neighbours: the frames that `settings.shot` names.

        Raises:
            Art3DError: what went wrong, as the server or the connection said it.
        """
        return self.result(self.submit(frame, settings, controls, box, outputs, neighbours=neighbours))

    def tiles(
        self,
        frame: Frame,
        settings: AnalysisSettings,
        controls: Controls,
        boxes: Iterable[Box],
        outputs: Sequence[str],
        *,
        neighbours: Iterable[Frame] = (),
        ahead: int = 8,
    ) -> Iterator[Tile]:
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
        settings: AnalysisSettings,
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
        validate_age(self.welcome.protocol, settings, controls)
        frames = {frame.key: frame, **{other.key: other for other in neighbours}}
        if self.welcome.protocol < (1, 5):
            outputs = [bare(name) for name in outputs]
        request = m.TileRequest(frame.key, settings, controls, box, tuple(outputs), self._priority, self._viewer)
        return self._exchange.begin(request, frames)

    def result(self, pending: Pending) -> Tile:
        """Waits for a tile that was submitted.

        Raises:
            Art3DError: as `tile`.
        """
        tile: Tile = self._exchange.wait(pending)
        return tile

    def cancel(self, pending: Pending | None = None) -> None:
        """Drops one request, or all of this client's; the server stops their work. Does not wait."""
        self._exchange.cancel(pending)

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
        return dict(self._exchange.wait(self._exchange.begin(m.Measure(pair.key), {pair.key: pair})).figures)

    def match(self, left: Array, right: Array, *, reach_pct: float = 25.0) -> Tile:
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
        found: Tile = self._exchange.wait(self._exchange.begin(m.Match(pair.key, reach_pct), {pair.key: pair}))
        return found

    def styles(self) -> m.Styles:
        """The styles and depth sources that the server can load now."""
        found: m.Styles = self._exchange.wait(self._exchange.begin(m.StylesRequest(), {}))
        return found

    def status(self) -> Mapping[str, Any]:
        """The server's figures."""
        found: m.Status = self._exchange.wait(self._exchange.begin(m.StatusRequest(), {}))
        return found.figures
