"""Arrays ⇄ payload, and the proof of an announced upload."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from host_bridge.core.errors import LimitError, ProtocolError
from host_bridge.wire.layout import (
    PART_BYTES,
    Layer,
    Plane,
    place_layers,
    place_planes,
    validate_layers,
    views,
    write_layers,
)
from host_bridge.wire.limits import ALIGNMENT

LAYERS: dict[str, npt.NDArray[Any]] = {
    "look": np.arange(30, dtype=np.uint8).reshape(2, 5, 3),
    "color": np.arange(84, dtype=np.float16).reshape(3, 7, 4),
}


def test_smoke() -> None:
    placed, nbytes = place_layers(LAYERS)
    payload = bytearray(nbytes)
    write_layers(placed, LAYERS, memoryview(payload))
    found = views(placed, bytes(payload))
    assert all(np.array_equal(found[name], LAYERS[name]) for name in LAYERS)


def test_what_is_written_is_told_from_the_start_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("host_bridge.wire.layout.PART_BYTES", 100)
    placed, nbytes = place_layers(LAYERS)
    payload, told = bytearray(nbytes), []

    def written(end: int) -> None:
        told.append(end)
        assert payload[:end] == whole[:end]

    whole = bytearray(nbytes)
    write_layers(placed, LAYERS, memoryview(whole))
    write_layers(placed, LAYERS, memoryview(payload), written=written)
    assert told == [56, 112, 168, 222]


def test_convention_order_and_alignment() -> None:
    placed, nbytes = place_layers(LAYERS)
    assert [(layer.name, layer.offset) for layer in placed] == [("color", 0), ("look", 192)]
    assert nbytes == 256
    planes, size = place_planes([("right", (1, 1, 1)), ("left", (0, 5, 4))])
    assert [plane.offset for plane in planes] == [0, 64] and size == 64


def test_an_honest_description_passes() -> None:
    placed, nbytes = place_layers(LAYERS)
    validate_layers(placed, nbytes, limit_bytes=nbytes)


def test_the_frame_limit_is_named() -> None:
    placed, nbytes = place_layers(LAYERS)
    with pytest.raises(LimitError, match="256 bytes") as caught:
        validate_layers(placed, nbytes, limit_bytes=nbytes - 1)
    assert "frame_bytes" in str(caught.value)


@pytest.mark.parametrize(
    "change",
    [
        {"name": "secret"},
        {"name": "zzz"},
        {"dtype": "|O"},
        {"dtype": "<f8"},
        {"rows": 0},
        {"rows": 1 << 60},
        {"columns": -5},
        {"channels": 4096},
        {"offset": 64},
        {"offset": -64},
    ],
)
def test_impossible_layers_are_refused(change: dict[str, Any]) -> None:
    placed, nbytes = place_layers(LAYERS)
    with pytest.raises((ProtocolError, LimitError)):
        validate_layers((replace(placed[0], **change), *placed[1:]), nbytes, limit_bytes=1 << 30)


def test_wrong_size_and_repeated_names_are_refused() -> None:
    placed, nbytes = place_layers(LAYERS)
    with pytest.raises(ProtocolError, match="take"):
        validate_layers(placed, nbytes + 64, limit_bytes=1 << 30)
    with pytest.raises(ProtocolError, match="out of order"):
        validate_layers((placed[0], placed[0]), nbytes, limit_bytes=1 << 30)


@pytest.mark.parametrize("plane", [Plane("left", 2, 2, 1, 8), Plane("left", 2, 2, 1, -1), Plane("left", -2, -2, 1, 0)])
def test_planes_outside_their_payload_are_refused(plane: Plane) -> None:
    with pytest.raises(ProtocolError, match="reaches outside"):
        views([plane], bytes(16))


@settings(deadline=None, max_examples=60)
@given(
    st.dictionaries(
        st.sampled_from(("color", "depth", "look", "matte")),
        st.tuples(st.integers(1, 9), st.integers(1, 9), st.integers(1, 5), st.sampled_from(("<f2", "<f4", "|u1"))),
        min_size=1,
    )
)
def test_property_arrays_do_not_overlap(shapes: dict[str, tuple[int, int, int, str]]) -> None:
    layers = {name: np.zeros((h, w, c), dtype) for name, (h, w, c, dtype) in shapes.items()}
    placed, nbytes = place_layers(layers)
    validate_layers(placed, nbytes, limit_bytes=1 << 30)
    owner = np.zeros(nbytes, int)
    for layer in placed:
        assert isinstance(layer, Layer) and layer.offset % ALIGNMENT == 0
        owner[layer.offset : layer.offset + layers[layer.name].nbytes] += 1
    assert owner.max() == 1


def test_large_layers_are_copied_whole() -> None:
    rng = np.random.default_rng(3)
    wide = rng.integers(0, 1 << 16, (900, 1400, 8), np.uint16)
    layers = {"color": wide[:, ::2, :4], "extra": wide[:, :3], "matte": wide[:1, :1, :1]}
    placed, nbytes = place_layers(layers)
    payload = bytearray(nbytes)
    write_layers(placed, layers, memoryview(payload))
    assert layers["color"].nbytes > PART_BYTES > layers["extra"].nbytes
    assert all(np.array_equal(found, layers[name]) for name, found in views(placed, bytes(payload)).items())
