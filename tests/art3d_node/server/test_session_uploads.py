"""Uploads in a session without a socket: what is taken, what is refused, what is proved while it is written."""

from __future__ import annotations

import numpy as np
import pytest

from host_bridge.core.frame import Frame
from host_bridge.core.geometry import Box
from host_bridge.wire import messages as m
from host_bridge.wire.layout import place_layers, write_layers
from tests.art3d_node.server.session_bench import BOX, Bench, picture, probe_bytes


@pytest.fixture
def bench() -> Bench:
    made = Bench()
    made.greet()
    return made


def begun(bench: Bench, *, transport: m.Transport = "memory") -> tuple[Frame, int, bytes]:
    """An upload for which room is reserved: its frame, its number, and the bytes that it is to have."""
    frame = picture()
    placed, nbytes = place_layers(frame.layers)
    payload = bytearray(nbytes)
    write_layers(placed, frame.layers, memoryview(payload))
    put = m.PutFrame(frame.key, BOX, BOX, frame.channels, placed, nbytes, transport=transport)
    return frame, bench.ask(put).upload, bytes(payload)


def test_a_second_upload_of_the_same_frame_is_not_needed(bench: Bench) -> None:
    frame = picture()
    bench.upload(frame)
    assert bench.upload(frame) == m.Held(frame.key)


def test_shared_memory_upload(bench: Bench) -> None:
    assert bench.upload(picture(), transport="memory") == m.Held(picture().key)


def test_once_the_memory_is_full_frames_take_the_pages_of_those_that_leave(bench: Bench) -> None:
    box, taken = Box.of_size(256, 120), []
    for seed in range(20):  # of half a megabyte each: six are kept
        color = np.random.default_rng(seed).random((120, 256, 4)).astype(np.float32)
        assert isinstance(bench.upload(Frame(box, box, {"color": color}, tuple("RGBA")), transport="memory"), m.Held)
        plates, idle = bench.session.memory.plates.cache, bench.session.memory.pool._idle.values()
        taken.append({id(piece) for piece in (*idle, *(plate.piece for plate, _ in plates._kept.values()))})
    assert len(taken[-1]) == 7, "six plates, and where their client writes them"
    assert all(pieces == taken[-1] for pieces in taken[6:])


def test_what_was_written_is_proved_while_the_rest_is_written(bench: Bench) -> None:
    frame, upload, payload = begun(bench)
    staging = bench.session.uploads.open[upload].staging
    assert staging is not None
    staging.payload(256)[:] = payload[:256]
    for nbytes in (100, 256):
        (action,) = bench.send(m.Written(upload, nbytes))
        assert bench.prove(action) == []
    staging.payload(len(payload))[:] = bytes(256) + payload[256:]  # what was written may not change, and does
    assert bench.answer(bench.send(m.Commit(upload))) == m.Held(frame.key)
    plate = bench.session.memory.plates.held(frame.key)
    assert bytes(plate.piece.payload(len(payload))) == payload


def test_what_comes_while_a_part_is_proved_waits_for_it(bench: Bench) -> None:
    frame, upload, payload = begun(bench)
    opened = bench.session.uploads.open[upload]
    assert opened.staging is not None
    opened.staging.payload(len(payload))[:] = payload
    (action,) = bench.send(m.Written(upload, 64))
    assert bench.send(m.Written(upload, 128)) == [] and bench.send(m.Commit(upload)) == []
    assert bench.answer([action]) == m.Held(frame.key)


def test_what_is_written_while_a_part_is_proved_is_taken_in_the_same_turn(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    frame, upload, payload = begun(bench)
    opened = bench.session.uploads.open[upload]
    assert opened.staging is not None
    opened.staging.payload(len(payload))[:] = payload
    (action,) = bench.send(m.Written(upload, 64))
    write = opened.piece.write
    taken: list[tuple[int, int]] = []

    def meanwhile(offset: int, data: memoryview) -> memoryview:
        if not taken:
            assert bench.send(m.Written(upload, 128)) == []
        taken.append((offset, len(data)))
        return write(offset, data)

    monkeypatch.setattr(opened.piece, "write", meanwhile)
    assert bench.prove(action) == [] and taken == [(0, 64), (64, 64)]
    assert bench.answer(bench.send(m.Commit(upload))) == m.Held(frame.key)


def test_memory_that_a_thread_is_at_work_on_is_not_given_to_another(bench: Bench) -> None:
    _, upload, _ = begun(bench)
    pool = bench.session.memory.pool
    before, (action,) = pool.used_bytes, bench.send(m.Written(upload, 64))
    bench.send(m.Bye())
    assert pool.used_bytes == before and pool.idle_bytes == 0
    assert bench.prove(action) == []
    assert pool.used_bytes == probe_bytes(bench) and not bench.session.uploads.open
    assert not len(bench.session.memory.shares)


@pytest.mark.parametrize(("nbytes", "first"), [(0, 0), (64, 64), (-1, 0), (1 << 40, 0), (64, 128)])
def test_what_cannot_be_written_ends_the_upload(bench: Bench, nbytes: int, first: int) -> None:
    _, upload, _ = begun(bench)
    if first:
        bench.prove(bench.send(m.Written(upload, first))[0])
    assert bench.ask(m.Written(upload, nbytes)).code == "protocol"
    assert not bench.session.uploads.open and bench.ask(m.Commit(upload)).code == "protocol"


def test_only_staging_is_written_to(bench: Bench) -> None:
    _, upload, _ = begun(bench, transport="inline")
    assert bench.ask(m.Written(upload, 64)).code == "protocol"


def test_a_key_that_cannot_be_computed_is_no_key(bench: Bench) -> None:
    _, upload, _ = begun(bench)
    (action,) = bench.send(m.Written(upload, 64))
    action.upload.fault = True
    bench.session.verified(upload, 0.0)
    assert bench.ask(m.Commit(upload)).code == "protocol"


def test_wrong_pixels_are_refused(bench: Bench) -> None:
    frame, upload, payload = begun(bench, transport="inline")
    chunk = bench.send(m.Chunk(upload, 0), payload=bytes(len(payload)))
    assert bench.send(m.Commit(upload)) == []
    failure = bench.answer(chunk)
    assert failure.code == "protocol" and "key" in failure.message
    assert bench.ask(m.HaveFrame((frame.key,))).keys and bench.session.memory.pool.used_bytes == probe_bytes(bench)


@pytest.mark.parametrize(
    ("offset", "size"), [(64, 64), (0, 0), (0, 5000), (-1, 1)], ids=["gap", "empty", "too much", "negative"]
)
def test_chunks_out_of_order_end_the_upload(bench: Bench, offset: int, size: int) -> None:
    _, upload, _ = begun(bench, transport="inline")
    assert bench.ask(m.Chunk(upload, offset), payload=bytes(size)).code == "protocol"
    assert not bench.session.uploads.open and bench.ask(m.Commit(upload)).code == "protocol"


def test_an_early_commit_is_refused(bench: Bench) -> None:
    _, upload, _ = begun(bench, transport="inline")
    assert "of" in bench.ask(m.Commit(upload)).message


def test_uploads_belong_to_their_client(bench: Bench) -> None:
    bench.greet(b"b")
    _, upload, _ = begun(bench, transport="inline")
    assert bench.ask(m.Commit(upload), peer=b"b").code == "protocol"


def test_silent_uploads_are_given_up(bench: Bench) -> None:
    begun(bench, transport="inline")
    bench.session.tick(1000.0)
    assert not bench.session.uploads.open and bench.session.memory.pool.used_bytes == probe_bytes(bench)
