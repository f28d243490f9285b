"""Transfer curves: published points."""

from __future__ import annotations

import numpy as np
import pytest

from training.transfer import BT2020, HLG, PQ, display_referred, hlg_linear, pq_nits


def test_pq_at_published_points() -> None:
    signal = np.array([0.0, 0.508078, 0.751827, 1.0], np.float32)
    np.testing.assert_allclose(pq_nits(signal), [0, 100, 1000, 10000], rtol=2e-3, atol=1e-3)


def test_hlg_reference_white_is_one() -> None:
    assert float(hlg_linear(np.array(0.75, np.float32))) == pytest.approx(1.0)
    assert float(hlg_linear(np.array(0.0, np.float32))) == 0.0


@pytest.mark.parametrize("trc", [PQ, HLG])
def test_hdr_rises_and_stays_in_range(trc: int) -> None:
    ramp = np.repeat(np.linspace(0, 65535, 64).astype(np.uint16)[None, :, None], 3, 2)
    shown = display_referred(ramp, trc, BT2020)[0, :, 1].astype(int)
    assert (np.diff(shown) >= 0).all() and shown[0] == 0 and shown[-1] > 240


def test_sdr_passes() -> None:
    eight = np.arange(12, dtype=np.uint8).reshape(2, 2, 3)
    assert display_referred(eight, 1, 1) is eight
    assert np.array_equal(display_referred(eight.astype(np.uint16) * 257, 1, 1), eight)
