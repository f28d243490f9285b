"""SEA-RAFT: the files it comes in, its output beside ptlflow's own, and the signs of both eyes."""

from __future__ import annotations

import subprocess
import sys
from argparse import Namespace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from host_bridge.core.errors import BadInputError
from training.sea_raft import SeaRaft, network, size_of
from training.stereo_net import BothWays, stereo_net

pytest.importorskip("ptlflow", reason="the matcher of the paper comes with the extra `train`")
SIDE = 128


@pytest.fixture(scope="module")
def small() -> Any:
    """The network of size s with weights by chance, its statistics too."""
    torch.manual_seed(3)
    model = network("s").eval()
    for name, buffer in model.named_buffers():
        if name.endswith("running_var"):
            buffer.uniform_(0.5, 2.0)
    return model


def _pair() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    wide = cv2.GaussianBlur(rng.integers(0, 255, (SIDE, SIDE + 8, 3), dtype=np.uint8), (0, 0), 2)
    return wide[:, :SIDE].copy(), wide[:, 5 : SIDE + 5].copy()


def _saved(kind: str, model: Any, folder: Path) -> Path:
    state = {name: value.clone() for name, value in model.state_dict().items()}
    path = folder / kind
    if kind == "authors.safetensors":
        save_file(state, path)
    elif kind == "parallel.pth":
        torch.save({f"module.{name}": value for name, value in state.items()}, path)
    elif kind == "ptlflow.ckpt":
        torch.save({"state_dict": state, "epoch": 3, "hyper_parameters": {"args": Namespace(lr=1e-4)}}, path)
    else:
        torch.save(state, path)
    return path


@pytest.mark.parametrize("kind", ["authors.pth", "authors.safetensors", "parallel.pth", "ptlflow.ckpt"])
def test_every_file_gives_what_ptlflow_gives(kind: str, small: Any, tmp_path: Path) -> None:
    left, right = _pair()
    found = stereo_net("sea-raft", weights=_saved(kind, small, tmp_path)).match(left, right)
    for a, b, mine, sign in ((left, right, found.left, -1), (right, left, found.right, 1)):
        # As ptlflow's own reader hands pictures over: read by OpenCV, blue first, 0..1.
        seen = [torch.from_numpy(cv2.cvtColor(x, cv2.COLOR_RGB2BGR)).permute(2, 0, 1).float() / 255 for x in (a, b)]
        with torch.no_grad():
            flow = small({"images": torch.stack(seen)[None]})["flows"][0, 0, 0].numpy()
        np.testing.assert_allclose(mine, sign * flow, atol=1e-5)
        assert np.abs(flow).max() > 1e-3


def test_the_size_is_told_from_the_file() -> None:
    states = {size: dict(network(size).state_dict()) for size in ("s", "m")}
    assert size_of(states["s"], "sea_raft_l") == "s"
    assert size_of(states["m"], "Tartan-C-T-TSKH-spring540x960-M") == "m"
    assert size_of(states["m"], "sea_raft_l-spring") == "l"
    assert size_of(states["m"], "model") == "m"


@pytest.mark.parametrize("disparity", [-6, 4])
def test_both_eyes_have_one_sign(disparity: int, monkeypatch: pytest.MonkeyPatch, small: Any, tmp_path: Path) -> None:
    engine = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)

    def flow(self: SeaRaft, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        grey = [np.asarray(cv2.cvtColor(x, cv2.COLOR_RGB2GRAY)) for x in (a, b)]
        return np.asarray(engine.calc(grey[0], grey[1], None))[..., 0]

    monkeypatch.setattr(SeaRaft, "flow", flow)  # a network that was trained
    rng = np.random.default_rng(2)
    wide = cv2.GaussianBlur(rng.integers(0, 255, (128, 160, 3), dtype=np.uint8), (0, 0), 2)
    left, right = wide[:, 16:144].copy(), wide[:, 16 + disparity : 144 + disparity].copy()
    found = BothWays(SeaRaft(_saved("authors.pth", small, tmp_path))).match(left, right)
    assert np.median(found.left) == pytest.approx(disparity, abs=0.3)
    assert np.median(found.right) == pytest.approx(disparity, abs=0.3)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("junk.pth", b"junk", "no weights can be read"),
        ("empty.ckpt", b"", "no weights can be read"),
        ("junk.safetensors", b"junk", "no weights can be read"),
        ("list.pth", [1, 2], "it holds no state dict"),
        ("other.pth", {"conv.weight": torch.zeros(3)}, "it has no fnet"),
        ("code.pth", Path("x"), "no weights can be read"),
    ],
)
def test_junk_is_refused_in_one_line(name: str, content: Any, said: str, tmp_path: Path) -> None:
    path = tmp_path / name
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        torch.save(content, path)
    with pytest.raises(BadInputError, match=said) as caught:
        SeaRaft(path)
    assert "\n" not in str(caught.value)


def test_layers_of_another_size_are_refused(small: Any, tmp_path: Path) -> None:
    state = {name: value for name, value in small.state_dict().items() if not name.startswith("init_conv")}
    torch.save(state, tmp_path / "part.pth")
    with pytest.raises(BadInputError, match="not those of SEA-RAFT s") as caught:
        SeaRaft(tmp_path / "part.pth")
    assert "\n" not in str(caught.value)


def test_the_library_says_nothing() -> None:
    code = "from training.sea_raft import network; network('s')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "" and done.stderr == ""
