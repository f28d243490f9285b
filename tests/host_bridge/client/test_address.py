from __future__ import annotations

import pytest

from host_bridge.client.address import is_ipv6, named_address
from host_bridge.core.errors import BadInputError


@pytest.mark.parametrize(
    "address",
    ["tcp://127.0.0.1:7001", "tcp://farm-07.studio.lan:1", "tcp://[::1]:7001", "tcp://[fe80::1%eth0]:65535",
     "ipc:///run/user/1000/art3d/a.s", "ipc://@abstract", "ipc:///tmp/Ünïcode/s"],
)  # fmt: skip
def test_addresses(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ART3D_SERVER", "nonsense")
    assert named_address(address) == address
    monkeypatch.setenv("ART3D_SERVER", f" {address}\n")
    assert named_address(None) == named_address("") == address


@pytest.mark.parametrize(
    "address",
    ["foo", "localhost:7001", "tcp://1.2.3.4", "tcp://host:99999", "tcp://host:0", "tcp://host:x", "tcp://*:7001",
     "tcp://:7001", "http://host:7001", "ipc://", "ipc:///" + 110 * "a", "tcp://::1:7001", "tcp://a b:1"],
)  # fmt: skip
def test_what_is_no_address(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BadInputError, match=r"^--server: .* is not a server address"):
        named_address(address)
    monkeypatch.setenv("ART3D_SERVER", address)
    with pytest.raises(BadInputError, match=r"^\$ART3D_SERVER: .* is not a server address"):
        named_address(None)


def test_nobody_names_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ART3D_SERVER", raising=False)
    assert named_address(None) is None
    assert is_ipv6("tcp://[::1]:1") and not is_ipv6("tcp://localhost:1")
