"""Coverage-guided fuzzing of the codec and the session with Atheris.

python -m benchmarks.fuzz [-runs=200000]        (libFuzzer's options)
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["host_bridge", "art3d_node.server"]):
    from art3d_node.server.protocol.session import Session
    from art3d_node.server.workers.records import Ready
    from host_bridge.core.errors import LimitError, ProtocolError
    from host_bridge.wire import messages as m
    from host_bridge.wire.codec import Unknown, decode, encode
    from host_bridge.wire.limits import Limits

VECTORS = Path(__file__).resolve().parents[1] / "tests" / "host_bridge" / "wire" / "vectors"
LIMITS = Limits(frame_bytes=1 << 16, tile_bytes=1 << 16, memory_bytes=1 << 20, clients=4)


def one(data: bytes) -> None:
    """What decodes must encode stably; the session must answer everything and end clean."""
    try:
        envelope = decode(data)
    except (ProtocolError, LimitError):
        pass
    else:
        if not isinstance(envelope.message, Unknown):
            again = encode(envelope.id, envelope.message)
            assert encode(envelope.id, decode(again).message) == again
    session = Session(LIMITS, {"server": "x", "control": "", "log": ""}, pid=1)
    session.worker_started(1, "cpu")
    session.worker_message(1, Ready("cpu", (), ()), 0.0)
    session.received(b"a", [memoryview(encode(1, m.Hello("fuzz")))], 0.0)
    cut = len(data) - len(data) // 4
    for parts in ([data], [data[:cut], data[cut:]]):
        session.received(b"a", [memoryview(part) for part in parts], 0.0)
    session.tick(1.0)
    assert session.take()
    session.peer_gone(b"a")
    assert session.memory.pool.used_bytes == session.memory.probe_piece.capacity
    session.memory.pool.give_back(session.memory.probe_piece)
    session.memory.pool.close()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as corpus:
        for path in VECTORS.glob("*.bin"):
            (Path(corpus) / path.stem).write_bytes(path.read_bytes())
        options = sys.argv[1:] or ["-runs=200000"]
        atheris.Setup(
            [sys.argv[0], "-max_len=4096", f"-artifact_prefix={tempfile.gettempdir()}/art3d-fuzz-", *options, corpus],
            one,
        )
        atheris.Fuzz()
