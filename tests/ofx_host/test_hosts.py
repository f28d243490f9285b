"""What hosts do that the specification does not foresee: messages, inputs that only seem connected, frame threads."""

from __future__ import annotations

import queue
import threading
from pathlib import Path

import numpy as np
import psutil
import pytest

from tests.art3d_node.server.conftest import Server
from tests.ofx_host import abi
from tests.ofx_host.host import Host
from tests.ofx_host.node import Node
from tests.ofx_host.pictures import Picture, picture
from tests.ofx_host.profiles import (
    HOSTSUPPORT,
    MLT,
    NO_MULTIRES,
    PROFILES,
    RESOLVE,
    RESOLVE_NULL,
    V1_MESSAGES,
    Profile,
)
from tests.ofx_host.scenes import plate

RECT = (0, 0, 96, 64)
LEFT_GAIN, GAIN = 4, 5  # what the synthetic engine adds to each eye

every_host = pytest.mark.parametrize("profile", PROFILES, indirect=True, ids=lambda profile: profile.name)
LIARS = (HOSTSUPPORT, RESOLVE, RESOLVE_NULL)


def _render(node: Node) -> int:
    return node.render_into(Picture(RECT), RECT)


@every_host
def test_a_fault_is_told_in_every_host(node: Node, profile: Profile, capfd: pytest.CaptureFixture[str]) -> None:
    """Where messages stay, until the next good render; elsewhere once; without any messages on the error output."""
    node.set(depth="boom")
    for _ in range(3):
        assert _render(node) == abi.FAILED
    silent = "message.message" in profile.null
    told = [line for line in capfd.readouterr().err.splitlines() if "boom" in line] if silent else node.effect.messages
    assert len(told) == (3 if profile.stays else 1)
    assert all(line.startswith("Art3D: ") and "boom" in line for line in told)
    assert silent or set(node.effect.kinds) == {"OfxMessageError"}
    assert node.changed("depth") == abi.OK
    assert node.effect.message == "" or not profile.stays
    assert _render(node) == abi.FAILED
    node.set(depth="auto")
    assert np.array_equal(node.render(RECT), plate() + GAIN)
    assert node.effect.message == "" or not profile.stays


@every_host
def test_nothing_is_cleared_that_was_not_shown(node: Node) -> None:
    """A host's own message, or another node's, is left alone."""
    node.effect.message = "of the host's own"
    assert node.changed("depth") == abi.OK
    assert np.array_equal(node.render(RECT), plate() + GAIN)
    assert node.effect.message == "of the host's own"


@pytest.mark.parametrize("profile", LIARS, indirect=True, ids=lambda profile: profile.name)
def test_inputs_that_only_seem_connected(node: Node, profile: Profile) -> None:
    """Such a host's node ignores them from the start; an artist who connects one switches it on."""
    for name in ("use_depth", "use_matte", "use_clean_plate"):
        assert node.effect.param_set.params[name].at(0) == 0
    node.set(fill="clean-plate")
    assert np.array_equal(node.render(RECT), plate() + GAIN)
    assert node.effect.message == ""
    node.set(use_depth=1, use_matte=1, use_clean_plate=1)
    assert np.array_equal(node.render(RECT), plate() + GAIN)
    # Pixels that are not there are no input; black ones might be meant, and are named.
    assert ("black" in node.effect.message) == (profile.unconnected == "black")


@every_host
@pytest.mark.parametrize(
    ("name", "fill", "words"),
    [
        ("Matte", "background", "Matte is black"),
        ("CleanPlate", "clean-plate", "Clean Plate is black"),
        ("CleanPlate", "background", ""),
        ("Depth", "background", "Depth input is the same"),
    ],
)
def test_an_empty_input_is_named(node: Node, profile: Profile, name: str, fill: str, words: str) -> None:
    """The picture comes all the same, with a warning for as long as it holds."""
    node.set(fill=fill)
    node.connect(name, picture(plate() * 0), RECT)
    for _ in range(2):
        assert np.array_equal(node.render(RECT), plate() + GAIN)
    if "message.message" in profile.null:
        return
    told = node.effect.messages[-1] if node.effect.messages else ""
    assert words in told and bool(words) == bool(told)
    assert set(node.effect.kinds) <= {"OfxMessageWarning"}
    node.connect(name, picture(plate(seed=3)), RECT)
    assert np.array_equal(node.render(RECT), plate() + GAIN)
    assert node.effect.message == "" or not profile.stays


@every_host
def test_switched_off_is_not_connected(node: Node) -> None:
    """An input of other channels would be refused, and a black matte named."""
    node.connect("CleanPlate", picture(plate(channels=3)), RECT)
    assert _render(node) == abi.FAILED
    node.set(use_clean_plate=0)
    assert np.array_equal(node.render(RECT), plate() + GAIN)
    node.connect("Depth", picture(plate() * 0), RECT)
    node.set(use_depth=0)
    asked = node.regions_of_interest((10, 10, 20, 20)).values
    assert "OfxImageClipPropRoI_Depth" not in asked and "OfxImageClipPropRoI_CleanPlate" not in asked


@pytest.mark.parametrize("profile", [NO_MULTIRES, RESOLVE, HOSTSUPPORT, MLT], indirect=True, ids=lambda p: p.name)
def test_a_pair_fits_a_host_of_one_size(host: Host, fake_server: Server) -> None:
    """Both eyes are there, each half as wide or high, in a picture of the plate's size; odd sizes too."""
    for width, height in ((96, 64), (95, 63), (3, 2), (1, 1)):
        color = plate(width, height)
        node = Node(host, size=(width, height), knobs={"server": fake_server.address})
        node.connect("Source", picture(color), (0, 0, width, height))
        for mode, axis in (("side-by-side", 1), ("over-under", 0)):
            node.set(output=mode)
            assert node.region() == (0, 0, width, height)
            found = node.render((0, 0, width, height))
            first, second = np.array_split(found, [(found.shape[axis] + 1) // 2], axis=axis)
            assert np.allclose(first.mean(axis), color.astype(np.float64).mean(axis) + LEFT_GAIN, atol=1e-4)
            if second.size:
                assert np.allclose(second.mean(axis), color.astype(np.float64).mean(axis) + GAIN, atol=1e-4)
        node.destroy()


@pytest.mark.parametrize("profile", [MLT, V1_MESSAGES], indirect=True, ids=lambda p: p.name)
@pytest.mark.parametrize("unloads", [False, True])
def test_an_instance_for_every_frame(
    bundle: Path,
    profile: Profile,
    unloads: bool,
    fake_server: Server,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """200 frames on four threads, each with a load, a node and a render of its own: the server is asked for once."""
    script = tmp_path / "art3d"
    script.write_text(f"#!/bin/sh\necho start >> {tmp_path}/calls\necho {fake_server.address}\n")
    script.chmod(0o755)
    monkeypatch.setenv("ART3D_COMMAND", str(script))
    monkeypatch.delenv("ART3D_SERVER", raising=False)
    me = psutil.Process()
    before = me.num_fds()
    host = Host(bundle, profile=profile)
    colors = [plate(seed=seed) for seed in range(8)]
    frames: queue.SimpleQueue[int] = queue.SimpleQueue()
    for frame in range(200):
        frames.put(frame)
    wrong: list[str] = []

    def work() -> None:
        while True:
            try:
                frame = frames.get_nowait()
            except queue.Empty:
                return
            if not profile.loads_each:
                host.load()
            node = Node(host, size=(96, 64))
            node.connect("Source", picture(colors[frame % 8]), RECT)
            target = Picture(RECT)
            status = node.render_into(target, RECT)
            if status != abi.OK or not np.array_equal(target.array, colors[frame % 8] + GAIN):
                wrong.append(f"{frame}: {status} {node.effect.message}")
            node.destroy()
            if unloads:
                host.call("OfxActionUnload")
                host.loads -= 1

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert (tmp_path / "calls").read_text().split() == ["start"]
    assert host.unload() == abi.OK
    assert me.num_fds() <= before + 1
