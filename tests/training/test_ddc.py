"""DDC-IoU: the fit, both readings, what they must tell apart."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from art3d_node.stereo.ddc import READINGS, ddc_iou, robust_fit


def _scene(size: int = 64) -> torch.Tensor:
    y, x = torch.meshgrid(torch.arange(size), torch.arange(size), indexing="ij")
    iz = y.float() / size
    iz[16:48, 20:40] = 0.9
    iz[x > 52] = 0.3
    return iz[None]


@pytest.mark.parametrize("reading", READINGS)
def test_errors(reading: str) -> None:
    iz = _scene()
    with pytest.raises(ValueError, match="one shape"):
        ddc_iou(iz, iz[:, :-1], iz, reading=reading)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="no DDC reading"):
        ddc_iou(iz, iz, iz, reading="magic")  # type: ignore[arg-type]


@settings(deadline=None, max_examples=20)
@given(st.floats(2, 30), st.floats(-20, 20), st.integers(0, 99))
def test_fit_ignores_pop_outs_and_noise(scale: float, shift: float, seed: int) -> None:
    iz = _scene()
    d = scale * iz + shift + 0.05 * torch.randn(iz.shape, generator=torch.Generator().manual_seed(seed))
    d[:, 20:44, 22:36] += 9.0
    fit = robust_fit(d, iz, torch.ones_like(iz))
    assert abs(float(fit.scale) - scale) < 0.1 and abs(float(fit.shift) - shift) < 0.1


def test_fit_of_nothing_is_nil() -> None:
    iz = _scene()
    fit = robust_fit(iz, iz, torch.zeros_like(iz))
    assert float(fit.scale) == 0 and float(fit.shift) == 0 and float(fit.spread) == 0


@pytest.mark.parametrize("reading", READINGS)
def test_order_of_merit(reading: str) -> None:
    iz, on = _scene(), torch.ones(1, 64, 64)
    noise = 0.2 * torch.randn(iz.shape, generator=torch.Generator().manual_seed(0))

    def value(d: torch.Tensor) -> float:
        return float(ddc_iou(d, iz, on, reading=reading, min_span=1.0))  # type: ignore[arg-type]

    good, shifted = value(12 * iz - 5), value(12 * iz.roll(12, -1) - 5)
    assert good > 0.99 and value(12 * iz - 5 + noise) > {"layers": 0.8, "edges": 0.4}[reading]
    assert shifted < 0.75
    assert value(-12 * iz) == 0.0
    assert value(torch.zeros_like(iz) + noise) == 0.0


@pytest.mark.parametrize("reading", READINGS)
def test_what_the_mask_leaves_out_may_hold_anything(reading: str) -> None:
    iz, on = _scene(), torch.ones(1, 64, 64)
    on[:, :20] = 0
    d = 12 * iz - 5
    plain = float(ddc_iou(d, iz, on, reading=reading))  # type: ignore[arg-type]
    assert plain > 0.99
    for nothing in (float("nan"), float("inf"), 1e30):
        holed, deep = (torch.where(on > 0, x, nothing) for x in (d, iz))
        assert float(ddc_iou(holed, iz, on, reading=reading)) == plain  # type: ignore[arg-type]
        assert float(ddc_iou(d, deep, on, reading=reading)) == plain  # type: ignore[arg-type]
        assert float(ddc_iou(d.where(on > 0, float("nan")), iz, torch.ones_like(on), reading=reading)) > 0.95  # type: ignore[arg-type]
