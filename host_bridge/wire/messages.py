"""The messages of the wire, as frozen dataclasses; `codec` turns them into bytes and back.

`docs/protocol.md` is the authority; this file is its Python spelling. The field names are the keys on the wire, and
`kind` is the message's name there. A `Request` is what a client sends, a `Reply` what a server does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from host_bridge.core.geometry import Box
from host_bridge.core.params import Controls
from host_bridge.wire.kinds import Reply, Request
from host_bridge.wire.layout import Layer, Plane
from host_bridge.wire.memory import Segment
from host_bridge.wire.settings import AnalysisSettings

PROTOCOL = (1, 6)
Priority = Literal["interactive", "batch"]
Transport = Literal["memory", "inline"]


@dataclass(frozen=True)
class Hello(Request, kind="hello"):
    """First message of a client. `client` is a name for logs; `viewer` tells one artist's panel from another."""

    client: str
    protocol: tuple[int, int] = PROTOCOL


@dataclass(frozen=True)
class Welcome(Reply, kind="welcome"):
    """The server's answer to `Hello`: who it is and what it can do.

    Attributes:
        server: name and version.
        instance: differs after every start of a server.
        session: names this client on the control socket.
        control: address of the control socket; empty when it is the same.
        probe: a segment to try; a client that can read its token may ask for transport "memory".
    """

    server: str
    protocol: tuple[int, int]
    instance: str
    session: str
    styles: tuple[Mapping[str, Any], ...]
    depth_sources: tuple[Mapping[str, Any], ...]
    limits: Mapping[str, Any]
    devices: tuple[str, ...] = ()
    pid: int = 0
    control: str = ""
    log: str = ""
    probe: Segment | None = None


@dataclass(frozen=True)
class HaveFrame(Request, kind="have_frame"):
    """Asks which frames the server does not hold; answered by `NeedFrame`."""

    keys: tuple[str, ...]


@dataclass(frozen=True)
class NeedFrame(Reply, kind="need_frame"):
    """The keys that must be uploaded before the request can be carried out; may be empty for `HaveFrame`."""

    keys: tuple[str, ...]


@dataclass(frozen=True)
class PutFrame(Request, kind="put_frame"):
    """Announces an upload; answered by `SendFrame`, or by `Held` when the server has the frame already."""

    key: str
    display: Box
    data: Box
    channels: tuple[str, ...]
    layers: tuple[Layer, ...]
    nbytes: int
    pixel_aspect: float = 1.0
    transport: Transport = "inline"


@dataclass(frozen=True)
class SendFrame(Reply, kind="send_frame"):
    """Room is reserved: write the payload to `segment`, or send it in `Chunk`s, then `Commit`."""

    upload: int
    segment: Segment | None = None


@dataclass(frozen=True)
class Chunk(Request, kind="chunk"):
    """A piece of an inline upload, in order; the bytes are the message's second part. Not answered."""

    upload: int
    offset: int


@dataclass(frozen=True)
class Written(Request, kind="written"):
    """So many bytes of a segment's payload, from its start, are written and will not change. Not answered."""

    upload: int
    nbytes: int


@dataclass(frozen=True)
class Commit(Request, kind="commit"):
    """The payload is complete; answered by `Held` once its key is proved."""

    upload: int


@dataclass(frozen=True)
class Held(Reply, kind="held"):
    """The server holds this frame now."""

    key: str


@dataclass(frozen=True)
class TileRequest(Request, kind="tile_request"):
    """Asks for pixels of one frame.

    Attributes:
        key: the frame's content key.
        box: pixels asked, in the plate's own coordinates; may reach outside the data window. Empty asks for the
            statistics only.
        outputs: names of `outputs.OUTPUTS`, as they are or by `outputs.as_half`.
        viewer: who asks; among interactive requests of one viewer the newest goes first.
        transport: how the pixels come back.
    """

    key: str
    settings: AnalysisSettings
    controls: Controls
    box: Box
    outputs: tuple[str, ...]
    priority: Priority = "batch"
    viewer: str = ""
    transport: Transport = "inline"


@dataclass(frozen=True)
class TileReply(Reply, kind="tile"):
    """The answer to a `TileRequest`: pixels in `segment` (give it back with `Release`) or in the second part."""

    box: Box
    planes: tuple[Plane, ...]
    stats: Mapping[str, Any]
    nbytes: int
    segment: Segment | None = None
    lease: int = 0


@dataclass(frozen=True)
class Release(Request, kind="release"):
    """The client has done with these tiles' memory. Not answered."""

    leases: tuple[int, ...]


@dataclass(frozen=True)
class Measure(Request, kind="measure"):
    """Asks for the figures of an uploaded pair: layers left, right, and perhaps reference and disparity."""

    key: str


@dataclass(frozen=True)
class Measured(Reply, kind="measured"):
    """PSNR, SSIM, SIoU, parallax percentiles and the depth-budget verdict, as far as the layers allow."""

    figures: Mapping[str, Any]


@dataclass(frozen=True)
class Match(Request, kind="match"):
    """Asks for the disparities of an uploaded pair: layers left and right, 8 bits; answered by `TileReply`.

    The reply's planes are `disparity_left` and `disparity_right`, px of these pictures, NaN where no texture that both
    eyes show tells them; its stats how the eyes differ.

    Attributes:
        reach_pct: largest parallax that is searched, % of width.
    """

    key: str
    reach_pct: float = 25.0
    transport: Transport = "inline"


@dataclass(frozen=True)
class Cancel(Request, kind="cancel"):
    """On the control socket: the requests of this session that nobody waits for any more; empty means all."""

    session: str
    requests: tuple[int, ...] = ()


@dataclass(frozen=True)
class Cancelled(Reply, kind="cancelled"):
    """How many requests a `Cancel` found; each of them is also answered by an error `cancelled`."""

    count: int


@dataclass(frozen=True)
class Progress(Reply, kind="progress"):
    """Sent now and then while requests wait, so that silence means a dead server."""

    requests: tuple[int, ...]
    stage: str = ""


@dataclass(frozen=True)
class StylesRequest(Request, kind="styles"):
    """Asks for the styles and depth sources afresh."""


@dataclass(frozen=True)
class Styles(Reply, kind="style_list"):
    """The styles and depth sources that the server can load now."""

    styles: tuple[Mapping[str, Any], ...]
    depth_sources: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True)
class StatusRequest(Request, kind="status"):
    """Asks for the server's figures; needs no `Hello`."""


@dataclass(frozen=True)
class Status(Reply, kind="status_figures"):
    """Endpoint, workers, queue, cache, milliseconds per stage, clients: see docs/server.md."""

    figures: Mapping[str, Any]


@dataclass(frozen=True)
class Ping(Request, kind="ping"):
    """Asks whether somebody is there; needs no `Hello`."""


@dataclass(frozen=True)
class Pong(Reply, kind="pong"):
    """Somebody is there."""

    instance: str
    pid: int
    version: str


@dataclass(frozen=True)
class Bye(Request, kind="bye"):
    """The client leaves; everything it asked for is dropped. Not answered."""


@dataclass(frozen=True)
class Failure(Reply, kind="error"):
    """A request that could not be carried out; the fields of `host_bridge.core.errors.to_wire`."""

    code: str
    message: str
    remedy: str = ""
    where: str = ""
    retryable: bool = False
