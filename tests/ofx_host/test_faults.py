"""What goes wrong, and what the artist then reads: a line with a remedy, never a frozen or dead host."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import zmq

from host_bridge.wire.codec import decode, encode
from host_bridge.wire.messages import Hello, Welcome
from tests.ofx_host import abi
from tests.ofx_host.host import Host
from tests.ofx_host.node import Node
from tests.ofx_host.pictures import Picture, picture
from tests.ofx_host.scenes import plate
from tests.server.conftest import Server

RECT = (0, 0, 96, 64)
GAIN = 5  # what the synthetic engine adds to the right eye


@pytest.fixture
def node(host: Host, fake_server: Server) -> Iterator[Node]:
    """A connected node."""
    made = Node(host, size=(96, 64), knobs={"server": fake_server.address})
    made.connect("Source", picture(plate()), RECT)
    yield made
    made.destroy()


def _fails(node: Node, *words: str, status: int = abi.FAILED, **options: object) -> None:
    target = Picture(RECT)
    assert node.render_into(target, RECT, **options) == status  # type: ignore[arg-type]
    assert all(word in node.effect.message for word in words), node.effect.message
    assert target.intact()


def _works(node: Node) -> None:
    assert np.array_equal(node.render(RECT), plate() + GAIN)
    assert node.effect.message == ""


def test_message_names_the_remedy_and_clears_itself(node: Node) -> None:
    """A fault of the server stands on the node until a render goes well."""
    node.set(depth="boom")
    _fails(node, "boom", "do not ask for it")
    node.set(depth="auto")
    _works(node)


def test_change_clears_the_message(node: Node) -> None:
    """What stood there may no longer be true."""
    node.set(depth="boom")
    _fails(node, "boom")
    node.changed("depth")
    assert node.effect.message == ""


@pytest.mark.parametrize("field", ["OfxFieldLower", "OfxFieldUpper"])
def test_fields_are_refused(node: Node, field: str) -> None:
    """Rendering a field, or a source made of fields."""
    _fails(node, "whole frames", status=abi.ERR_UNSUPPORTED, field=field)
    node.effect.clips["Source"].properties.put("test.field", field)
    _fails(node, "progressive", "de-interlace", status=abi.ERR_UNSUPPORTED)


@pytest.mark.parametrize(
    ("field", "order", "taken"),
    [
        ("", "OfxFieldNone", True),
        ("OfxFieldBoth", "OfxFieldNone", True),
        ("OfxFieldBoth", None, True),
        ("", "OfxFieldUpper", False),
        ("OfxFieldBoth", "OfxFieldLower", False),
        ("OfxFieldNone", "OfxFieldLower", True),
    ],
)
def test_whole_pictures_are_taken(node: Node, field: str, order: str | None, taken: bool) -> None:
    """A picture that says "both fields" or nothing is progressive unless its clip has a field order."""
    clip = node.effect.clips["Source"].properties
    clip.put("test.field", field)
    if order is not None:
        clip.put("OfxImageClipPropFieldOrder", order)
    if taken:
        _works(node)
    else:
        _fails(node, "progressive", status=abi.ERR_UNSUPPORTED)
    node.effect.clips["Source"].properties.put("OfxImageClipPropFieldOrder", "OfxFieldNone")
    node.effect.clips["Source"].properties.put("test.field", "OfxFieldNone")
    assert np.array_equal(node.render(RECT, field="OfxFieldBoth"), plate() + GAIN)


@pytest.mark.parametrize("depth", ["OfxBitDepthByte", "OfxBitDepthShort"])
def test_disparity_needs_float(node: Node, depth: str) -> None:
    """Pixels of disparity do not fit 0..1."""
    node.set(output="disparity")
    target = Picture(RECT, depth)
    assert node.render_into(target, RECT) == abi.ERR_UNSUPPORTED
    assert "float" in node.effect.message


def test_no_source(node: Node) -> None:
    """Nothing connected, an empty region, no picture at this frame."""
    node.effect.clips["Source"].rod = (0, 0, 0, 0)
    _fails(node, "no picture")
    node.effect.clips["Source"].rod = RECT
    node.effect.clips["Source"].images = lambda time, region: None
    _fails(node, "no picture", "connect")


def test_strange_pictures(node: Node) -> None:
    """A depth or components of a later API, rows shorter than the picture, a clean plate of other channels."""
    for change in ({"depth": "OfxBitDepthDouble"}, {"components": "OfxImageComponentYUVA"}):
        odd = picture(plate())
        vars(odd).update(change)
        node.connect("Source", odd, RECT)
        _fails(node, next(iter(change.values())), status=1000)
    short = picture(plate())
    short.stride //= 2
    node.connect("Source", short, RECT)
    _fails(node, "shorter")
    node.connect("Source", picture(plate()), RECT)
    node.connect("CleanPlate", picture(plate(channels=3)), RECT)
    _fails(node, "clean plate", "channels")


def test_target_smaller_than_window(node: Node) -> None:
    """Only pixels that exist are written."""
    target = Picture((10, 10, 40, 30))
    assert node.render_into(target, RECT) == abi.OK
    assert target.intact()
    assert np.array_equal(target.array, (plate() + GAIN)[34:54, 10:40])


@pytest.mark.parametrize(
    "address",
    ["foo", "tcp://", "tcp://host", "tcp://host:", "tcp://host:0", "tcp://host:99999", "tcp://a b:7000", "http://h:1",
     "ipc://", "ipc://relative/path", "ipc:///" + "x" * 120, "tcp://:7000", "tcp://host:70 00"],
)  # fmt: skip
@pytest.mark.parametrize("way", ["knob", "variable"])
def test_address_that_is_none(node: Node, monkeypatch: pytest.MonkeyPatch, address: str, way: str) -> None:
    """It is refused at once, by name and with the place where it stands."""
    if way == "variable":
        monkeypatch.setenv("ART3D_SERVER", address)
        node.set(server="")
    else:
        node.set(server=address)
    _fails(
        node,
        f'"{address}"',
        "$ART3D_SERVER" if way == "variable" else "Server knob",
        "not a server address",
        "tcp://HOST:PORT",
    )


def test_wrong_variable_is_named(node: Node, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nobody at the variable's address: three seconds, then the variable by name; the knob is not blamed."""
    monkeypatch.setenv("ART3D_SERVER", f" ipc://{tmp_path}/nobody ")
    node.set(server="")
    started = time.monotonic()
    _fails(node, f"nobody answers at ipc://{tmp_path}/nobody ($ART3D_SERVER)", "correct $ART3D_SERVER")
    assert "Server knob" not in node.effect.message
    assert 2.9 < time.monotonic() - started < 20
    _fails(node, "$ART3D_SERVER")


def test_nobody_at_the_address(node: Node, tmp_path: Path) -> None:
    """The host waits a few seconds at most, can stop that wait, and is not made to wait again at once."""
    node.set(server=f"ipc://{tmp_path}/nobody")
    _fails(node, "nobody answers", "art3d serve")
    polls = iter(range(10**6))
    node.effect.abort = lambda: next(polls) < 0
    _fails(node, "nobody answers")
    assert next(polls) < 10


def test_abort_is_heard_while_waiting(node: Node, tmp_path: Path) -> None:
    """`abort` is polled every 20 ms, connected or not, and ends the wait; the bound leaves room for a busy machine."""
    for knobs in ({"depth": "slow-200"}, {"server": f"ipc://{tmp_path}/nobody"}):
        node.set(**knobs)
        polled: list[float] = []

        def abort(polled: list[float] = polled) -> bool:
            polled.append(time.monotonic())
            return len(polled) > 30

        node.effect.abort = abort
        assert node.render_into(Picture(RECT), RECT) == abi.OK
        assert node.effect.message == ""
        assert float(np.median(np.diff(polled))) <= 0.25
    node.effect.abort = lambda: False


def test_abort_cancels_at_the_server(node: Node, fake_server: Server) -> None:
    """The worker stops an analysis that nobody waits for, and serves the next request."""
    node.set(depth="slow-200")
    calls = iter(range(10**6))
    node.effect.abort = lambda: next(calls) > 20
    assert node.render_into(Picture(RECT), RECT) == abi.OK
    node.effect.abort = lambda: False
    node.set(depth="auto")
    started = time.monotonic()
    _works(node)
    assert time.monotonic() - started < 60


def test_progress_of_a_long_analysis(node: Node) -> None:
    """A bar appears after a second, grows and goes; its Cancel is an abort."""
    node.set(depth="slow-2.5")
    assert np.array_equal(node.render(RECT), plate() + GAIN)
    shares = [entry for entry in node.effect.progress if isinstance(entry, float)]
    assert isinstance(node.effect.progress[0], str) and node.effect.progress[-1] == "end"
    assert shares == sorted(shares) and shares[0] > 0 and shares[-1] < 1
    node.set(depth="slow-200")
    node.effect.progress_reply = abi.REPLY_NO
    started = time.monotonic()
    assert node.render_into(Picture(RECT), RECT) == abi.OK
    assert time.monotonic() - started < 60


def test_server_restarts_between_renders(node: Node, fake_server: Server) -> None:
    """Its cache is only a cache: the plate goes up again."""
    _works(node)
    fake_server.kill()
    fake_server.start()
    _works(node)


def test_server_dies_during_a_render(node: Node, fake_server: Server) -> None:
    """An explicit server that dies is reported; one that comes back in time is used."""
    node.set(depth="slow-1.5")

    def restart() -> None:
        time.sleep(0.5)
        fake_server.kill()
        fake_server.start()

    thread = threading.Thread(target=restart)
    thread.start()
    status = node.render_into(Picture(RECT), RECT)
    thread.join()
    assert status == abi.OK or "gone" in node.effect.message or "nobody" in node.effect.message
    node.set(depth="auto")
    time.sleep(4.1)
    _works(node)


def test_worker_dies_over_a_request(node: Node) -> None:
    """The server tries again and then says so; the node stays usable."""
    node.set(depth="die")
    _fails(node, "worker")
    node.set(depth="auto")
    _works(node)


def test_another_version(node: Node, tmp_path: Path) -> None:
    """A server of another major version: both numbers are named."""
    context = zmq.Context()
    socket = context.socket(zmq.ROUTER)
    socket.bind(f"ipc://{tmp_path}/other")

    def serve() -> None:
        peer, header = socket.recv_multipart()
        assert isinstance(decode(header).message, Hello)
        socket.send_multipart([peer, encode(decode(header).id, Welcome("art3d 9", (9, 4), "i", "s", (), (), {}))])

    thread = threading.Thread(target=serve)
    thread.start()
    node.set(server=f"ipc://{tmp_path}/other")
    _fails(node, "protocol 9", "plug-in 1", "same version")
    thread.join()
    socket.close(0)
    context.term()


@pytest.mark.parametrize("answer", [b"", b"\x80", b"nonsense", b"\x82\xa2id\x01\xa4kind\x07", b"\xff" * 100])
def test_something_else_answers(node: Node, tmp_path: Path, answer: bytes) -> None:
    """Bytes that are not this protocol."""
    context = zmq.Context()
    socket = context.socket(zmq.ROUTER)
    socket.bind(f"ipc://{tmp_path}/other")
    stopped = threading.Event()

    def serve() -> None:
        while not stopped.is_set():
            if socket.poll(50):
                peer, _ = socket.recv_multipart()
                socket.send_multipart([peer, answer])

    thread = threading.Thread(target=serve)
    thread.start()
    node.set(server=f"ipc://{tmp_path}/other")
    calls = iter(range(10**6))
    node.effect.abort = lambda: next(calls) > 100
    status = node.render_into(Picture(RECT), RECT)
    assert status == abi.OK or "protocol" in node.effect.message
    stopped.set()
    thread.join()
    socket.close(0)
    context.term()
    node.effect.abort = lambda: False


def test_server_is_started_when_needed(
    node: Node, tmp_path: Path, fake_server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without an address the command is asked for one, in an environment without the host's Python and libraries."""
    script = tmp_path / "art3d"
    script.write_text(
        '#!/bin/sh\necho "$*:$PYTHONHOME:$LD_LIBRARY_PATH" >> ' + f"{tmp_path}/calls\n"
        f"echo starting\necho {fake_server.address}\n"
    )
    script.chmod(0o755)
    for name in ("PYTHONHOME", "LD_LIBRARY_PATH"):
        monkeypatch.setenv(name, "/of/the/host")
    node.set(server="", server_command=str(script))
    _works(node)
    _works(node)
    assert (tmp_path / "calls").read_text() == "nuke server::\n"


def test_server_command_fails(node: Node, tmp_path: Path) -> None:
    """The command's last line reaches the artist."""
    script = tmp_path / "art3d"
    script.write_text("#!/bin/sh\necho art3d: no torch here >&2\nexit 3\n")
    script.chmod(0o755)
    node.set(server="", server_command=str(script))
    _fails(node, "no torch here", "art3d doctor")
    node.set(server_command=str(tmp_path / "absent"))
    _fails(node, "Server Command")


@pytest.mark.parametrize("body", ["exec sleep 200", "trap '' TERM\nexec >&- 2>&-\nwhile :; do sleep 0.1; done"])
def test_slow_server_command_can_be_stopped(node: Node, tmp_path: Path, body: str) -> None:
    """A command that hangs does not hang the host, even one that says nothing more and will not end."""
    script = tmp_path / "art3d"
    script.write_text(f"#!/bin/sh\n{body}\n")
    script.chmod(0o755)
    node.set(server="", server_command=str(script))
    calls = iter(range(10**6))
    node.effect.abort = lambda: next(calls) > 20
    started = time.monotonic()
    assert node.render_into(Picture(RECT), RECT) == abi.OK
    assert time.monotonic() - started < 60
    node.effect.abort = lambda: False
