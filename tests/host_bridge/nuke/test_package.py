"""What `art3d nuke install` writes, and that nothing in it can break Nuke's start."""

from __future__ import annotations

import ast
import re
import runpy
import sys
from pathlib import Path
from typing import Any

import pytest

from host_bridge.core.errors import BadInputError, OutputError
from host_bridge.core.params import KNOBS, PLUGIN_KNOBS
from host_bridge.nuke import install as installer
from host_bridge.nuke.gizmo import gizmo_text
from host_bridge.nuke.names import CLASS, GIZMO
from tests.host_bridge.nuke.stand_in import make_nuke


def test_folder(installed: Path) -> None:
    """Everything is where Nuke and OpenFX hosts look."""
    names = {str(path.relative_to(installed)) for path in installed.rglob("*") if path.is_file()}
    assert {
        "init.py",
        "menu.py",
        f"{GIZMO}.gizmo",
        "command",
        "art3d_nuke/menus.py",
        "OFX/Art3D.ofx.bundle/Contents/Resources/command",
    } <= names
    assert not any("install" in name or "gizmo.py" in name for name in names)
    assert (installed / "command").read_text() == "art3d-for-tests\n"


def test_install_again_replaces(installed: Path, tmp_path: Path) -> None:
    """What an earlier version left is gone; somebody else's folder is not touched."""
    bundle = installed / "OFX" / "Art3D.ofx.bundle"
    folder = tmp_path / "art3d"
    installer.install(folder, bundle)
    (folder / "art3d_nuke" / "old.py").write_text("")
    installer.install(folder, bundle)
    assert not (folder / "art3d_nuke" / "old.py").exists()
    other = tmp_path / "other"
    other.mkdir()
    (other / "init.py").write_text("# mine")
    with pytest.raises(OutputError, match="another Nuke set-up"):
        installer.install(other, bundle)
    assert (other / "init.py").read_text() == "# mine"


def test_unwritable_folder(installed: Path) -> None:
    """One line that names the folder."""
    with pytest.raises(OutputError, match="/proc/art3d"):
        installer.install(Path("/proc/art3d"), installed / "OFX" / "Art3D.ofx.bundle")


def test_missing_bundle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Says to build it."""
    monkeypatch.setattr(installer, "HERE", tmp_path / "host_bridge" / "nuke")
    with pytest.raises(BadInputError, match="make ofx"):
        installer.built_bundle()


def test_notes_name_every_host(tmp_path: Path) -> None:
    """Where the bundle goes in Nuke, Natron, Resolve, Fusion and Flame."""
    text = installer.notes(tmp_path)
    assert all(host in text for host in ("Nuke", "Natron", "Resolve", "Fusion", "Flame", str(tmp_path / "OFX")))


def test_python_39_syntax(installed: Path) -> None:
    """Every installed file parses as Python 3.9 and imports the standard library, `nuke` or its own kind only."""
    files = sorted(installed.rglob("*.py"))
    assert len(files) >= 10
    for path in files:
        tree = ast.parse(path.read_text(encoding="utf-8"), filename=str(path), feature_version=(3, 9))
        for node in ast.walk(tree):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) and node.level == 0 else []
            for name in names:
                top = name.split(".")[0]
                assert top in sys.stdlib_module_names or top in ("nuke", "nukescripts", "art3d_nuke"), (path, name)


def test_no_later_annotations_at_run_time(installed: Path) -> None:
    """`X | Y` is only safe in 3.9 where annotations stay text: modules that annotate say so."""
    for path in installed.rglob("art3d_nuke/*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        annotated = any(isinstance(n, ast.FunctionDef) for n in ast.walk(tree))
        assert not annotated or "from __future__ import annotations" in path.read_text(), path


@pytest.mark.parametrize("name", ["init.py", "menu.py"])
@pytest.mark.parametrize("damage", ["package", "command", "nuke"])
def test_start_survives_any_damage(
    installed: Path, tmp_path: Path, name: str, damage: str, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    """A missing package, command file or `nuke`: one warning line at most, no exception."""
    import shutil

    folder = tmp_path / "art3d"
    shutil.copytree(installed, folder)
    if damage == "package":
        shutil.rmtree(folder / "art3d_nuke")
    elif damage == "command":
        (folder / "command").unlink()
    monkeypatch.delenv("ART3D_COMMAND", raising=False)
    monkeypatch.setenv("OFX_PLUGIN_PATH", str(folder / "OFX"))
    monkeypatch.setattr(sys, "path", [entry for entry in sys.path if entry != str(installed)])
    if damage != "nuke":
        monkeypatch.setitem(sys.modules, "nuke", make_nuke())
    for loaded in [n for n in sys.modules if n.split(".")[0] == "art3d_nuke"]:
        monkeypatch.delitem(sys.modules, loaded)
    runpy.run_path(str(folder / name), run_name="startup")
    assert len(capsys.readouterr().out.splitlines()) <= 1
    for loaded in [n for n in sys.modules if n.split(".")[0] == "art3d_nuke"]:
        del sys.modules[loaded]


def test_start_sets_up(installed: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    """`init.py` makes the package importable and says when OFX_PLUGIN_PATH comes too late."""
    import os

    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setenv("OFX_PLUGIN_PATH", "/elsewhere")
    monkeypatch.setenv("ART3D_COMMAND", "")
    monkeypatch.delenv("ART3D_COMMAND")
    runpy.run_path(str(installed / "init.py"), run_name="startup")
    assert str(installed) in sys.path
    assert os.environ["ART3D_COMMAND"] == "art3d-for-tests"
    assert os.environ["OFX_PLUGIN_PATH"] == f"/elsewhere{os.pathsep}{installed / 'OFX'}"
    assert "OFX_PLUGIN_PATH" in capsys.readouterr().out


def test_gizmo_is_well_formed() -> None:
    """Braces balance, every inner node exists once, variables are set before they are pushed."""
    text = gizmo_text()
    bare = re.sub(r'"(\\.|[^"\\])*"', '""', text)
    assert bare.count("{") == bare.count("}")
    names = re.findall(r"^ *name (\S+)$", text, re.M)
    assert len(names) == len(set(names))
    for inner in ("EyeLeft", "EyeRight", "Review", "Disparity", "Occlusion", "DepthToRed", "EyeOfView", "SourceHero"):
        assert inner in names
    known: set[str] = set()
    for line in text.splitlines():
        if match := re.match(r" *set (\w+) \[stack 0\]", line):
            known.add(match[1])
        elif match := re.match(r" *push \$(\w+)", line):
            assert match[1] in known, line


def test_gizmo_knobs_are_the_table() -> None:
    """Every knob of the table is on the gizmo and every plug-in inside follows it."""
    text = gizmo_text()
    cores = text.split(CLASS)[1:]
    assert len(cores) == 5
    for knob in (*KNOBS, *PLUGIN_KNOBS):
        if knob.name == "output":
            continue
        assert len(re.findall(rf"addUserKnob {{\d+ {knob.name} ", text)) == 1, knob.name
        link = f'"\\[value parent.{knob.name}]"' if knob.kind == "text" else f"{{{{parent.{knob.name}}}}}"
        if knob.name in ("use_depth", "use_matte", "use_clean_plate", "use_clean_depth"):
            # Off inside where nothing is connected outside.
            said = {re.search(rf"^ *{knob.name} (.+)$", core, re.M)[1] for core in cores}  # type: ignore[index]
            assert len(said) == 1 and f"parent.{knob.name} &&" in said.pop()
            continue
        if knob.name == "style":
            # Mixed with a second one, see `test_two_styles_are_mixed`.
            assert len({re.search(r"^ *style (.+)$", core, re.M)[1] for core in cores}) == 1  # type: ignore[index]
            continue
        assert all(f" {knob.name} {link}\n" in core for core in cores), knob.name
    outputs = [re.search(r"^ *output (.+)$", core, re.M)[1] for core in cores]  # type: ignore[index]
    assert outputs == ["left", "right", "disparity", "occlusion", "{{parent.output}}"]


def test_gizmo_says_its_wiring_itself() -> None:
    """Views, inputs and eyes hang on expressions that the saved script holds; all inputs pass the hero's view."""
    text = gizmo_text()
    for name in ("Source", "Depth", "Matte", "CleanPlate", "CleanDepth"):
        for eye in ("left", "right"):
            assert re.search(rf"OneView {{\s+name {name}{eye.capitalize()}\s+view {eye}\s+}}", text)
        chosen = re.search(rf"name {name}Hero\s+which (.+)$", text, re.M)[1]  # type: ignore[index]
        assert "[view]" in chosen and "parent.hero == 1 ? 2 : 1" in chosen
    assert re.search(r"name DepthFrom\s+which {{\"\\\[exists parent.input1]\"}}", text)
    eye = re.search(r"name EyeOfView\s+which (.+)$", text, re.M)[1]  # type: ignore[index]
    assert "string match left" in eye and "string match right" in eye
    assert "addUserKnob {2 shot " in text and "addUserKnob {4 picture " in text


def test_convention_gizmo_disparity_layers() -> None:
    """The left view carries disparityR.x, the right view disparityL.x, from the plug-in's red and blue."""
    text = re.sub(r"\s+", " ", gizmo_text())
    assert "from0 rgba.red to0 disparityR.x from1 rgba.green to1 disparityR.y name DisparityLeft" in text
    assert "from0 rgba.blue to0 disparityL.x from1 rgba.green to1 disparityL.y name DisparityRight" in text
