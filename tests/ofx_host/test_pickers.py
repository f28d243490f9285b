"""Style and Depth Source: a list to pick from, a name that is saved and rendered with."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.art3d_node.server.conftest import Server
from tests.ofx_host.host import GENERAL, Host
from tests.ofx_host.node import Node
from tests.ofx_host.pictures import picture
from tests.ofx_host.profiles import NULL_POINTERS
from tests.ofx_host.scenes import plate

RECT = (0, 0, 96, 64)


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache of the user's."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "art3d" / "choices"


def _options(host: Host, name: str) -> list[str]:
    return host.describe_in_context(GENERAL).param_set.params[name].properties.values["OfxParamPropChoiceOption"]


def test_lists_are_what_the_server_last_said(host: Host, fake_server: Server, cache: Path) -> None:
    """Before the first server the house's own; afterwards the server's, in a file that damage does not hurt."""
    assert _options(host, "style_pick")[:2] == ["custom name", "neutral"]
    assert "auto" in _options(host, "depth_pick")
    cache.parent.mkdir()
    cache.write_bytes(b"style house 7\nstyle caf\xc3\xa9\ndepth far\nnonsense\n\xff\n" + b"style x\n" * 1000)
    assert _options(host, "style_pick")[:3] == ["custom name", "house 7", "café"]
    assert len(_options(host, "style_pick")) <= 201
    assert _options(host, "depth_pick") == ["custom name", "auto", "far"]


def test_a_render_keeps_the_lists(host: Host, fake_server: Server, cache: Path) -> None:
    """Every link asks who is there, and the answer holds both lists."""
    node = Node(host, size=(96, 64), knobs={"server": fake_server.address})
    node.connect("Source", picture(plate()), RECT)
    node.render(RECT)
    node.destroy()
    lines = cache.read_text().splitlines() if cache.exists() else []
    assert all(line.startswith(("style ", "depth ")) for line in lines)
    assert [path.name for path in cache.parent.glob("*")] in ([], ["choices"])


def test_a_pick_becomes_the_name(host: Host, cache: Path) -> None:
    """Only the name counts and is saved; a name that no list has shows as a custom one."""
    cache.parent.mkdir()
    cache.write_text("style neutral\nstyle gentle\ndepth auto\n")
    node = Node(host, size=(96, 64))
    params = node.effect.param_set.params
    assert params["style_pick"].properties.get("OfxParamPropPersistant") == 0
    assert params["style_pick"].at(0) == 1
    node.set(style_pick="gentle")
    node.changed("style_pick")
    assert params["style"].at(0) == "gentle"
    node.set(style="of a newer server")
    node.changed("style")
    assert params["style_pick"].at(0) == 0 and params["style"].at(0) == "of a newer server"
    node.changed("style_pick")
    assert params["style"].at(0) == "of a newer server"
    node.set(style="neutral")
    node.changed("style")
    assert params["style_pick"].at(0) == 1
    node.destroy()


def test_sculpt_is_grey_where_it_does_nothing(host: Host) -> None:
    """The neutral style sculpts nothing."""
    node = Node(host, size=(96, 64))
    sculpt = node.effect.param_set.params["sculpt"].properties
    assert sculpt.get("OfxParamPropEnabled") == 0
    node.set(style="gentle")
    node.changed("style")
    assert sculpt.get("OfxParamPropEnabled") == 1
    node.destroy()


def test_an_old_script_keeps_its_style(host: Host, fake_server: Server, cache: Path) -> None:
    """A name in a script of before the lists is rendered with, listed or not."""
    node = Node(host, size=(96, 64), knobs={"server": fake_server.address, "style": "unlisted"})
    node.connect("Source", picture(plate()), RECT)
    assert node.effect.param_set.params["style_pick"].at(0) == 0
    assert np.array_equal(node.render(RECT), plate() + 5)
    node.destroy()


@pytest.mark.parametrize("profile", [NULL_POINTERS], indirect=True, ids=lambda profile: profile.name)
def test_host_that_lets_no_knob_be_turned(host: Host) -> None:
    """There a list could not write the name, and is not offered."""
    params = host.describe_in_context(GENERAL).param_set.params
    assert "style_pick" not in params and params["style"].properties.get("OfxPropLabel") == "Style"
