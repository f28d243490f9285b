"""The installed package, loaded as Nuke would load it, beside a recording `nuke`."""

from __future__ import annotations

import builtins
import importlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from host_bridge.nuke.install import install
from tests.host_bridge.nuke.stand_in import make_nuke

ALLOWED = frozenset(sys.stdlib_module_names) | {"nuke", "nukescripts", "art3d_nuke", "menu"}


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that `art3d nuke install` writes, with a bundle that holds no binary."""
    bundle = tmp_path_factory.mktemp("bundle") / "Art3D.ofx.bundle"
    (bundle / "Contents" / "Linux-x86-64").mkdir(parents=True)
    (bundle / "Contents" / "Linux-x86-64" / "Art3D.ofx").write_bytes(b"")
    folder = tmp_path_factory.mktemp("nuke") / "art3d"
    install(folder, bundle, command="art3d-for-tests")
    return folder


@pytest.fixture
def load(installed: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Any]]:
    """Loads a module of the package with a fresh `nuke`, all imports outside the standard library blocked."""
    real = builtins.__import__

    def guarded(name: str, globals: Any = None, locals: Any = None, fromlist: Any = (), level: int = 0) -> Any:
        importer = (globals or {}).get("__name__", "")
        if level == 0 and importer.startswith(("art3d_nuke", "startup")) and name.split(".")[0] not in ALLOWED:
            raise ImportError(f"{importer} imports {name}, which Nuke does not have")
        return real(name, globals, locals, fromlist, level)

    monkeypatch.setattr(builtins, "__import__", guarded)
    monkeypatch.syspath_prepend(str(installed))

    def forget() -> None:
        for name in [name for name in sys.modules if name.split(".")[0] == "art3d_nuke"]:
            del sys.modules[name]

    def loaded(name: str, **options: Any) -> Any:
        forget()
        nuke = make_nuke(**options)
        monkeypatch.setitem(sys.modules, "nuke", nuke)
        return SimpleNamespace(module=importlib.import_module(f"art3d_nuke.{name}"), nuke=nuke)

    yield loaded
    forget()
