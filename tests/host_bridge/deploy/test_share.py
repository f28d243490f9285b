"""Art3D on a share: from another path, as another user, without a network; versions side by side."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from host_bridge.core.errors import BadInputError, OutputError
from host_bridge.deploy import share
from host_bridge.deploy.interpreter import describe
from host_bridge.deploy.packages import Wheel
from host_bridge.deploy.share import put, use, versions

from .conftest import listing, plan_of

STRANGER = ("unshare", "--user", "--net", "--map-user=54321", "--map-group=54321")
FOREIGN = {"PATH": "/usr/bin:/bin", "PYTHONHOME": "/opt/host", "PYTHONPATH": "/opt/host/lib"}


def run(*words: str | Path, environment: Mapping[str, str] = FOREIGN, cwd: Path = Path("/")) -> tuple[int, str]:
    given = [str(word) for word in words]
    done = subprocess.run(
        given, env=dict(environment), cwd=cwd, capture_output=True, text=True, check=False, timeout=200
    )
    return done.returncode, done.stdout + done.stderr


def test_a_stranger_runs_it_from_another_path_without_a_network(deployed: Path, tmp_path: Path) -> None:
    """A host application's Python settings, and modules that lie about in the working folder, do no harm."""
    if run(*STRANGER, "true")[0]:
        pytest.skip("no user namespaces here")
    (tmp_path / "random.py").write_text("raise SystemExit('the working folder is not ours')\n")
    (tmp_path / "art3d").symlink_to(deployed / "bin" / "art3d")
    before = listing(deployed)
    code, said = run(*STRANGER, tmp_path / "art3d", "models", "list", cwd=tmp_path)
    assert code == 0 and "comes with Art3D" in said and str(deployed / "models") in said, said
    code, said = run(*STRANGER, "art3d", "models", "list", environment={"PATH": f"{deployed / 'bin'}:/usr/bin:/bin"})
    assert code == 0, said
    assert listing(deployed) == before


def test_another_version_beside_it_leaves_the_current_one_alone(own_share: Path, wheel: Wheel) -> None:
    put(plan_of(wheel, own_share, "0.2.0-b2"), lambda line: None)
    art3d = own_share / "bin" / "art3d"
    home = "import sys; print(sys.prefix)"

    def prefix(**more: str) -> str:
        """Which version a launcher starts, told by a .pth file of the version's own."""
        return run(art3d, "models", "list", environment={**FOREIGN, **more})[1]

    for name in versions(own_share):
        interpreter = describe(Path(sys.executable))
        lib = own_share / "packages" / "art3d" / name / "python/lib" / interpreter.name
        (lib / interpreter.packages / "tell.pth").write_text(home + "\n")
    assert versions(own_share) == ["0.2.0", "0.2.0-b2"]
    assert "art3d/0.2.0/python" in prefix() and "art3d/0.2.0-b2/python" in prefix(ART3D_VERSION="0.2.0-b2")
    use(own_share, "0.2.0-b2")
    assert "art3d/0.2.0-b2/python" in prefix()
    with pytest.raises(BadInputError, match=r"choose one of: 0\.2\.0"):
        use(own_share, "9")
    with pytest.raises(BadInputError, match="--as"):
        put(plan_of(wheel, own_share), lambda line: None)


@pytest.mark.parametrize("wrong", ["9.9", "../../x", "/etc"])
def test_a_version_that_is_not_there_is_one_line(deployed: Path, wrong: str) -> None:
    code, said = run(deployed / "bin" / "art3d", "doctor", environment={**FOREIGN, "ART3D_VERSION": wrong})
    assert code == 2 and wrong in said and len(said.splitlines()) == 1


def test_an_older_system_is_one_line(deployed: Path, tmp_path: Path) -> None:
    old = tmp_path / "getconf"
    old.write_text("#!/bin/sh\necho glibc 2.12\n")
    old.chmod(0o755)
    code, said = run(deployed / "bin" / "art3d", "doctor", environment={"PATH": f"{tmp_path}:/usr/bin:/bin"})
    assert code == 2 and "glibc 2.12" in said and len(said.splitlines()) == 1


def test_what_is_there_is_written_down(deployed: Path) -> None:
    version = deployed / "packages" / "art3d" / "0.2.0"
    manifest = json.loads((version / "manifest.json").read_text())
    assert manifest["packages"]["numpy"] and manifest["glibc"].startswith("2.")
    assert not [name for name in manifest["system_libraries"] if name.startswith(("libc.so", "libm.so", "ld-linux"))]
    assert "triton" not in manifest["packages"]
    assert (deployed / "current").read_text() == "0.2.0\n"
    assert not [path for path in listing(version) if path.endswith((".pyc", ".a"))]


def test_what_does_not_run_never_appears(wheel: Wheel, tmp_path: Path) -> None:
    """Nor does what a killed deployment left."""
    left = tmp_path / "packages" / "art3d" / ".0.1.art3d-tmp"
    left.mkdir(parents=True)
    plan = plan_of(wheel, tmp_path)
    with pytest.raises(OutputError, match="does not run: ModuleNotFoundError"):
        put(replace(plan, requires=("msgpack",)), lambda line: None)
    assert list(left.parent.iterdir()) == []
    with pytest.raises(BadInputError, match="no-such-package"):
        put(replace(plan, requires=("no_such_package",)), lambda line: None)


@pytest.mark.parametrize("name", ["", "-x", ".hidden", "a/b", "a b"])
def test_names_that_a_launcher_cannot_follow_are_refused(wheel: Wheel, tmp_path: Path, name: str) -> None:
    with pytest.raises(BadInputError, match="--as"):
        plan_of(wheel, tmp_path, name)


def test_two_deployments_at_once(wheel: Wheel, tmp_path: Path) -> None:
    def second(line: str) -> None:
        with pytest.raises(BadInputError, match="another"):
            put(plan_of(wheel, tmp_path, "2"), lambda line: None)
        raise BadInputError("seen")

    with pytest.raises(BadInputError, match="seen"):
        put(plan_of(wheel, tmp_path, "1"), second)
    assert versions(tmp_path) == []


def test_a_wheel_cannot_write_outside(wheel: Wheel, tmp_path: Path) -> None:
    bad = tmp_path / "art3d-0-py3-none-any.whl"
    with zipfile.ZipFile(bad, "w") as archive:
        archive.writestr("../out.py", "")
    with pytest.raises(OutputError, match=r"out\.py"):
        put(plan_of(replace(wheel, path=bad), tmp_path / "s"), lambda line: None)
    assert not list(tmp_path.rglob("out.py"))


def test_the_proof_of_a_version_with_a_node_imports_modules_that_there_are() -> None:
    """The versions deployed here carry no node, so that their own proof leaves that half out."""
    code, said = run(sys.executable, "-c", share.CHECK + share.CHECK_NODE, environment=os.environ)
    assert code == 0, said
