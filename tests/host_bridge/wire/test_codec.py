"""Messages ⇄ bytes: golden vectors, strictness, limits, and anything at all."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgpack
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from host_bridge.codegen.constants_header import HEADER, header
from host_bridge.core.errors import Art3DError, LimitError, ProtocolError
from host_bridge.core.geometry import Box
from host_bridge.core.params import Controls
from host_bridge.wire import messages as m
from host_bridge.wire.codec import KINDS, NAMES, Unknown, decode, encode, error_of, failure, request_id_of
from host_bridge.wire.kinds import Reply, Request
from host_bridge.wire.limits import HEADER_BYTES, LIST_ITEMS, NESTING, TEXT_BYTES
from host_bridge.wire.settings import AnalysisSettings
from host_bridge.wire.shot_frame import ShotFrame
from tests.host_bridge.wire import wire_examples as examples


def packed(**fields: Any) -> bytes:
    return bytes(msgpack.packb({"id": 1, "kind": "ping", **fields}))


def request() -> dict[str, Any]:
    return msgpack.unpackb((examples.VECTORS / "tile_request.bin").read_bytes())  # type: ignore[no-any-return]


@pytest.mark.parametrize("message", examples.EXAMPLES, ids=lambda m: NAMES[type(m)])
def test_round_trip(message: Request | Reply) -> None:
    data = encode(7, message)
    envelope = decode(data, limit_bytes=1 << 20)
    assert envelope.id == 7 and envelope.message == decode(encode(7, envelope.message)).message
    assert encode(7, envelope.message) == data


def test_every_kind_has_an_example() -> None:
    assert {type(message) for message in examples.EXAMPLES} == set(KINDS.values())


def test_convention_golden_vectors() -> None:
    golden = examples.golden()
    assert {path.name for path in examples.VECTORS.iterdir()} == set(golden)
    for name, content in golden.items():
        assert (examples.VECTORS / name).read_bytes() == content, name


@pytest.mark.parametrize("path", sorted(examples.VECTORS.glob("*.bin")), ids=lambda path: path.stem)
def test_golden_bytes_decode_and_encode_again(path: Path) -> None:
    if path.stem == "content_key":
        stated = json.loads(path.with_suffix(".json").read_text())
        assert examples.key_frame().key == stated["key"]
        return
    envelope = decode(path.read_bytes(), limit_bytes=1 << 20)
    assert encode(envelope.id, envelope.message) == path.read_bytes()


def test_an_older_client_is_understood() -> None:
    """Bytes of protocol 1.4 are those of a request with the later knobs at rest."""
    old, new = ((folder / "tile_request.bin").read_bytes() for folder in (examples.OLDER, examples.VECTORS))
    assert old != new and "depth_budget" not in msgpack.unpackb(old)["controls"]
    assert decode(old) == decode(new)


def test_header_for_cpp_is_current() -> None:
    assert HEADER.read_text(encoding="utf-8") == header()


def test_unknown_keys_are_ignored_and_unknown_kinds_kept() -> None:
    assert decode(packed(color="blue")).message == m.Ping()
    assert decode(packed(kind="dance")).message == Unknown("dance")
    fields = request()
    fields["settings"]["later"] = {"a": [1]}
    assert decode(msgpack.packb(fields)) == decode(msgpack.packb(request()))


def test_defaults_fill_in() -> None:
    fields = request()
    for name in ("priority", "viewer", "transport"):
        del fields[name]
    fields["controls"], fields["settings"] = {}, {}
    message = decode(msgpack.packb(fields)).message
    assert message.controls == Controls() and message.settings == AnalysisSettings()
    assert (message.priority, message.viewer, message.transport) == ("batch", "", "inline")


def test_canonical_floats_and_key_order() -> None:
    data = encode(1, examples.EXAMPLES[9])
    found = msgpack.unpackb(data)
    assert list(found) == sorted(found) and list(found["controls"]) == sorted(found["controls"])
    assert b"\xaadepth_gain\xcb" in data


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xc0",
        b"\x93\x01\x02\x03",
        b"\xc7\x00\x01",
        b"\xd6\xff\x00\x00\x00\x00",
        b"\x81\xa2id",
        packed() + b"\x00",
        msgpack.packb({"kind": "ping"}),
        msgpack.packb({"id": -1, "kind": "ping"}),
        msgpack.packb({"id": 1 << 63, "kind": "ping"}),
        msgpack.packb({"id": True, "kind": "ping"}),
        msgpack.packb({"id": 1}),
        msgpack.packb({"id": 1, "kind": b"ping"}),
        msgpack.packb({1: 1, "id": 1, "kind": "ping"}),
        b"\x82\xa2id\x01\xa2id\x01",
        b"\x81\xa2\xff\xfe\x01",
        packed(kind="hello", client="x", protocol=[1]),
        packed(kind="hello", client=5, protocol=[1, 0]),
        packed(kind="chunk", upload=1.0, offset=0),
        packed(kind="release", leases={"a": 1}),
        packed(kind="chunk", upload=1),
    ],
)
def test_refused(data: bytes) -> None:
    with pytest.raises(ProtocolError):
        decode(data)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "1", None, True, [1.0]])
def test_floats_are_finite_numbers(value: object) -> None:
    fields = request()
    fields["controls"]["depth_gain"] = value
    with pytest.raises(ProtocolError, match="depth_gain"):
        decode(msgpack.packb(fields))


@pytest.mark.parametrize(
    ("data", "names"),
    [
        (b"\x91" * (HEADER_BYTES + 1), "header_bytes"),
        (packed(kind="have_frame", keys=["x"] * (LIST_ITEMS + 1)), "list_items"),
        (packed(kind="commit", upload=1, extra=[[[[[[[[[[1]]]]]]]]]]), "nesting"),
        (packed(kind="measure", key="x" * (TEXT_BYTES + 1)), "text_bytes"),
    ],
)
def test_limits_are_named(data: bytes, names: str) -> None:
    with pytest.raises(LimitError) as caught:
        decode(data)
    assert names in str(caught.value)


def test_nesting_up_to_the_limit_is_fine() -> None:
    value: object = 1
    for _ in range(NESTING - 1):
        value = [value]
    assert decode(packed(extra=value)).message == m.Ping()


def test_boxes_beyond_the_coordinate_limit() -> None:
    fields = request()
    fields["box"] = [0, 0, 1 << 25, 1]
    with pytest.raises(LimitError, match="coordinate"):
        decode(msgpack.packb(fields))


def test_errors_travel() -> None:
    error = LimitError("a frame of 9 bytes", remedy="the limit frame_bytes is 8", where="frame 7")
    again = error_of(decode(encode(1, failure(error))).message)
    assert type(again) is LimitError and str(again) == str(error)


def test_the_id_of_a_refused_message_is_found() -> None:
    assert request_id_of(packed(id=9, kind="commit", upload="x")) == 9
    assert request_id_of(b"\xc1") == 0


texts = st.text(max_size=20)
numbers = st.floats(allow_nan=False, allow_infinity=False)
corners = st.integers(-(1 << 24), 1 << 24)
boxes = st.builds(Box, corners, corners, corners, corners)
keys = st.lists(texts, max_size=4).map(tuple)
shots = st.builds(ShotFrame, numbers, numbers, numbers, numbers, st.none() | numbers, st.none() | numbers, keys, keys)
requests = st.builds(
    m.TileRequest,
    texts,
    st.builds(AnalysisSettings, texts, texts, texts, st.none() | shots),
    st.builds(Controls, numbers, numbers, numbers, numbers, numbers, texts, texts, texts, st.booleans()),
    boxes,
    keys,
    st.sampled_from(("interactive", "batch")),
    texts,
    st.sampled_from(("memory", "inline")),
)


@settings(deadline=None, max_examples=100)
@given(requests, st.integers(0, (1 << 63) - 1))
def test_property_requests_come_back(message: Request | Reply, number: int) -> None:
    data = encode(number, message)
    envelope = decode(data)
    assert envelope.message == message and envelope.id == number and encode(number, envelope.message) == data


@settings(deadline=None, max_examples=300)
@given(st.binary(max_size=200))
def test_property_noise_is_refused_cleanly(data: bytes) -> None:
    try:
        decode(data)
    except Art3DError as error:
        assert isinstance(error, (ProtocolError, LimitError))


@settings(deadline=None, max_examples=300)
@given(
    st.sampled_from(sorted(examples.VECTORS.glob("*.bin"))),
    st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), min_size=1, max_size=4),
)
def test_property_mutations_are_refused_cleanly_or_stay_stable(path: Path, changes: list[tuple[int, int]]) -> None:
    data = bytearray(path.read_bytes())
    for place, value in changes:
        data[place % len(data)] = value
    try:
        envelope = decode(bytes(data))
    except Art3DError as error:
        assert isinstance(error, (ProtocolError, LimitError))
        return
    if not isinstance(envelope.message, Unknown):
        again = encode(envelope.id, envelope.message)
        assert encode(envelope.id, decode(again).message) == again
