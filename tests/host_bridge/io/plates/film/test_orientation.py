"""Display matrices turn and mirror the picture as players do."""

from __future__ import annotations

import struct
from pathlib import Path

import av
import numpy as np
import pytest

from host_bridge.io.plates import film
from tests.host_bridge.io.plates.film.kinds import again
from tests.host_bridge.io.plates.films import Make, make


@pytest.mark.parametrize("turn", [0, 90, 180, -90])
def test_rotation(tmp_path: Path, turn: int) -> None:
    how = Make(codec="libx264", frames=2, options={"qp": "0"}, pixels="yuv444p")
    path = make(tmp_path / "a.mp4", how)
    straight = again(path).read(1).frame.layers["color"]
    rotate(path, turn)
    plate = again(path).read(1)
    # A display matrix of +90 degrees is a picture that players turn counterclockwise.
    assert (plate.frame.layers["color"] == np.rot90(straight, turn // 90)).all()
    assert plate.frame.display.width == (64 if turn % 180 else 96)


def rotate(path: Path, degrees: int) -> None:
    """Writes the movie again with a display matrix."""
    turned = path.with_name("turned.mp4")
    with av.open(str(path)) as source, av.open(str(turned), "w") as target:
        stream = target.add_stream_from_template(source.streams.video[0])
        if degrees:
            stream.set_display_rotation(degrees)
        for packet in source.demux(source.streams.video[0]):
            if packet.size:
                packet.stream = stream
                target.mux(packet)
    turned.replace(path)


@pytest.mark.parametrize(
    ("matrix", "orientation"),
    [((1, 0, 0, 1), 1), ((-1, 0, 0, 1), 2), ((-1, 0, 0, -1), 3), ((1, 0, 0, -1), 4), ((0, 1, 1, 0), 5),
     ((0, 1, -1, 0), 6), ((0, -1, -1, 0), 7), ((0, -1, 1, 0), 8), ((0, 0, 0, 0), 1)],
)  # fmt: skip
def test_mirrored_display_matrices(matrix: tuple[int, int, int, int], orientation: int) -> None:
    a, b, c, d = (v << 16 for v in matrix)
    raw = struct.pack("<9i", a, b, 0, c, d, 0, 0, 0, 1 << 30)
    assert film.orientation_of_matrix(raw) == orientation
