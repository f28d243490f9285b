"""What the two sides say to each other, as frozen dataclasses; `codec` turns them into bytes and back.

`docs/protocol.md` is the authority; this file is its Python spelling. The field names are the keys on the wire.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from host_bridge.core.frame import Array
from host_bridge.core.geometry import Box
from host_bridge.core.params import Controls

PROTOCOL = (1, 4)
PROXIES = (1, 64)
Priority = Literal["interactive", "batch"]
Transport = Literal["memory", "inline"]

OUTPUTS: Mapping[str, str] = {
    "left": "left view, channels of the plate",
    "right": "right view, channels of the plate",
    "left_extra": "the plate's extra layers in the left view",
    "right_extra": "the plate's extra layers in the right view",
    "disparity_left": "x_L − x_R on the left grid, px",
    "disparity_right": "x_L − x_R on the right grid, px",
    "occlusion_left": "1 where the left view had to be invented",
    "occlusion_right": "1 where the right view had to be invented",
    "window_left": "1 where the floating window leaves the left view, 0 where it masks it",
    "window_right": "1 where the floating window leaves the right view, 0 where it masks it",
    "inverse_depth": "normalised inverse depth on the hero grid, larger = nearer",
    "scale": "the style's vs on the hero grid, fraction of picture width",
    "shift": "the style's vt on the hero grid, fraction of picture width",
    "disparity_local": "what the style sculpts, d_L − (s·iz + t), on the hero grid, px",
}
MEASURE_LAYERS = ("left", "right", "reference", "disparity")


@dataclass(frozen=True)
class ShotFrame:
    """What a shot analysis fixes for one frame, so that the frame is the same in any chunk.

    Attributes:
        iz_low, iz_high: raw inverse depths that become 0 and 1 over the whole shot.
        depth_gain: the shot's own gain on global depth, times the artist's.
        zero_plane: the shot's own zero-plane offset in % parallax, added to the artist's.
        fit_scale, fit_shift: the shot's smoothed s and t, fractions of picture width; None leaves the frame's own.
        before, after: keys of neighbouring frames (at least their `look`) that steady this one's depth, nearest
            first.
    """

    iz_low: float
    iz_high: float
    depth_gain: float = 1.0
    zero_plane: float = 0.0
    fit_scale: float | None = None
    fit_shift: float | None = None
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()


@dataclass(frozen=True)
class AnalysisSettings:
    """Everything beside the pixels that the analysis of a frame depends on.

    Attributes:
        depth: depth source name, "auto" allowed.
        style: style name; "given" stages the frame's own `disparity` layer.
        z_meaning: "auto", "distance" or "inverse", for the plate's Z.
        shot: what the shot fixes, or None for a frame on its own.
        proxy: every how many-th pixel of the plate is staged and rendered, 1 to 64; boxes, planes and px are then
            those of the proxy, as `Frame.proxy` makes it. The depth source sees the plate all the same.
        picture: the active picture, px of the whole plate; None has the server look for black bars itself, but not with
            style "given".
    """

    depth: str = "auto"
    style: str = "neutral"
    z_meaning: str = "auto"
    shot: ShotFrame | None = None
    proxy: int = 1
    picture: Box | None = None


@dataclass(frozen=True)
class Segment:
    """A piece of the server's memory that a process of the same user may map: `/proc/<pid>/fd/<fd>`.

    Attributes:
        pid, fd: where the kernel lists it.
        token: 32 hexadecimal digits; the segment's first 16 bytes are the same, else it is another segment.
        nbytes: bytes of payload, which starts at byte 64.
    """

    pid: int
    fd: int
    token: str
    nbytes: int


@dataclass(frozen=True)
class Layer:
    """Where one array of an upload lies: little-endian, rows × columns × channels, at `offset` in the payload."""

    name: str
    dtype: str
    rows: int
    columns: int
    channels: int
    offset: int


@dataclass(frozen=True)
class Plane:
    """Where one float32 plane of a tile lies: rows × columns × channels, at `offset` in the payload."""

    name: str
    rows: int
    columns: int
    channels: int
    offset: int


@dataclass(frozen=True)
class Hello:
    """First message of a client. `client` is a name for logs; `viewer` tells one artist's panel from another."""

    client: str
    protocol: tuple[int, int] = PROTOCOL


@dataclass(frozen=True)
class Welcome:
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
class HaveFrame:
    """Asks which frames the server does not hold; answered by `NeedFrame`."""

    keys: tuple[str, ...]


@dataclass(frozen=True)
class NeedFrame:
    """The keys that must be uploaded before the request can be carried out; may be empty for `HaveFrame`."""

    keys: tuple[str, ...]


@dataclass(frozen=True)
class PutFrame:
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
class SendFrame:
    """Room is reserved: write the payload to `segment`, or send it in `Chunk`s, then `Commit`."""

    upload: int
    segment: Segment | None = None


@dataclass(frozen=True)
class Chunk:
    """A piece of an inline upload, in order; the bytes are the message's second part. Not answered."""

    upload: int
    offset: int


@dataclass(frozen=True)
class Commit:
    """The payload is complete; answered by `Held` once its key is proved."""

    upload: int


@dataclass(frozen=True)
class Held:
    """The server holds this frame now."""

    key: str


@dataclass(frozen=True)
class TileRequest:
    """Asks for pixels of one frame.

    Attributes:
        key: the frame's content key.
        box: pixels asked, in the plate's own coordinates; may reach outside the data window. Empty asks for the
            statistics only.
        outputs: names of `OUTPUTS`.
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
class TileReply:
    """The answer to a `TileRequest`: pixels in `segment` (give it back with `Release`) or in the second part."""

    box: Box
    planes: tuple[Plane, ...]
    stats: Mapping[str, Any]
    nbytes: int
    segment: Segment | None = None
    lease: int = 0


@dataclass(frozen=True)
class Release:
    """The client has done with these tiles' memory. Not answered."""

    leases: tuple[int, ...]


@dataclass(frozen=True)
class Measure:
    """Asks for the figures of an uploaded pair: layers left, right, and perhaps reference and disparity."""

    key: str


@dataclass(frozen=True)
class Measured:
    """PSNR, SSIM, SIoU, parallax percentiles and the depth-budget verdict, as far as the layers allow."""

    figures: Mapping[str, Any]


@dataclass(frozen=True)
class Match:
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
class Cancel:
    """On the control socket: the requests of this session that nobody waits for any more; empty means all."""

    session: str
    requests: tuple[int, ...] = ()


@dataclass(frozen=True)
class Cancelled:
    """How many requests a `Cancel` found; each of them is also answered by an error `cancelled`."""

    count: int


@dataclass(frozen=True)
class Progress:
    """Sent now and then while requests wait, so that silence means a dead server."""

    requests: tuple[int, ...]
    stage: str = ""


@dataclass(frozen=True)
class StylesRequest:
    """Asks for the styles and depth sources afresh."""


@dataclass(frozen=True)
class Styles:
    """The styles and depth sources that the server can load now."""

    styles: tuple[Mapping[str, Any], ...]
    depth_sources: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True)
class StatusRequest:
    """Asks for the server's figures; needs no `Hello`."""


@dataclass(frozen=True)
class Status:
    """Endpoint, workers, queue, cache, milliseconds per stage, clients: see docs/server.md."""

    figures: Mapping[str, Any]


@dataclass(frozen=True)
class Ping:
    """Asks whether somebody is there; needs no `Hello`."""


@dataclass(frozen=True)
class Pong:
    """Somebody is there."""

    instance: str
    pid: int
    version: str


@dataclass(frozen=True)
class Bye:
    """The client leaves; everything it asked for is dropped. Not answered."""


@dataclass(frozen=True)
class Failure:
    """A request that could not be carried out; the fields of `host_bridge.core.errors.to_wire`."""

    code: str
    message: str
    remedy: str = ""
    where: str = ""
    retryable: bool = False


@dataclass(frozen=True)
class Unknown:
    """A kind of message that this version does not know. Never encoded."""

    kind: str


@dataclass(frozen=True)
class Tile:
    """What a client hands to its caller: the answer to a `TileRequest`.

    Attributes:
        planes: output name → (rows, columns, channels) float32, covering exactly the asked box. They may lie in
            shared memory: read-only, and valid as long as the array lives.
        stats: figures of the whole frame: `fit_scale` and `fit_shift` (fractions of picture width),
            `parallax_min_pct`, `parallax_max_pct`, `budget` (verdict), `beyond_border_px`, `depth_source`,
            `style_id`, `model_id`, and `ms` per stage; under a floating window also `floating_window` (left top, left
            bottom, right top, right bottom, %) and `window_hides_pct` (nearest and farthest parallax under its masks).
    """

    box: Box
    planes: Mapping[str, Array]
    stats: Mapping[str, Any] = field(default_factory=dict)
