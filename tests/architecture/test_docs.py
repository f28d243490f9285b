"""The docs name what is there: pages, headings, files, functions of the walks, messages as the code has them."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)
NAMED = re.compile(r"`((?:host_bridge|art3d_node|training|ofx_wrapper|tests|benchmarks|docs)/[\w./-]+)`")
STEP = re.compile(r"^\| `([\w/]+\.\w+)` \| ([^|]+) \| [^|]+ \|$", re.MULTILINE)
CODE = ("host_bridge", "art3d_node", "training", "ofx_wrapper/src")
ENDINGS = (".py", ".cpp", ".h", ".js", ".html")
NO_MESSAGE = ("art3d ", "--", "$", "make ", "pip ", "chmod ", "apt-get ")
DEVELOPING = ("architecture.md", "contributing.md")


def pages(root: Path) -> list[Path]:
    """README, and every page under docs."""
    return [root / "README.md", *sorted((root / "docs").rglob("*.md"))]


def anchors(page: Path) -> set[str]:
    """What `page.md#…` may name: the headings, spelled as GitHub does."""
    headings = re.findall(r"^#+ (.+)$", FENCE.sub("", page.read_text(encoding="utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def broken(page: Path) -> list[str]:
    """The links of a page that lead nowhere."""
    found = []
    for link in LINK.findall(FENCE.sub("", page.read_text(encoding="utf-8"))):
        if re.match(r"[a-z]+:", link):
            continue
        name, _, anchor = link.partition("#")
        target = page.parent / name if name else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            found.append(link)
    return found


def test_links_lead_somewhere(root: Path) -> None:
    assert {str(page.relative_to(root)): bad for page in pages(root) if (bad := broken(page))} == {}


def test_a_broken_link_is_found(tmp_path: Path) -> None:
    (tmp_path / "there.md").write_text("## A heading: two\n")
    page = tmp_path / "page.md"
    page.write_text("[a](there.md#a-heading-two) [b](there.md#gone) [c](gone.md) [d](https://x.y/z) [e](#f)\n")
    assert broken(page) == ["there.md#gone", "gone.md", "#f"]


def rooms(text: str, package: str) -> list[str]:
    """Files and folders in the table of a package's rooms, as the page names them."""
    table = text.partition(f"### {package}\n")[2].partition("\n#")[0]
    return re.findall(r"`([\w/]+(?:\.py|/))`", table)


@pytest.mark.parametrize("package", ["host_bridge", "art3d_node", "training"])
def test_every_room_is_named_and_there(root: Path, package: str) -> None:
    named = rooms((root / "docs" / "developing" / "architecture.md").read_text(encoding="utf-8"), package)
    assert len(named) > 10 and [name for name in named if not (root / package / name).exists()] == []
    folders = {path.parent.name for path in (root / package).glob("*/__init__.py")}
    assert folders - {name.partition("/")[0] for name in named} == set()


@pytest.mark.parametrize("name", DEVELOPING)
def test_files_that_are_named_exist(root: Path, name: str) -> None:
    named = NAMED.findall((root / "docs" / "developing" / name).read_text(encoding="utf-8"))
    patterns = ("NAME", "NNN")
    missing = [path for path in named if not (root / path).exists() and not any(word in path for word in patterns)]
    assert named and missing == []


def test_the_walks_name_what_is_there(root: Path) -> None:
    """Each row's file holds every name of the row's second column."""
    text = (root / "docs" / "developing" / "architecture.md").read_text(encoding="utf-8")
    steps = [step for step in STEP.findall(text) if "/" in step[0]]
    missing = [
        f"{file}: {word}"
        for file, names in steps
        for word in re.findall(r"\w+", " ".join(re.findall(r"`([\w.]+)`", names)))
        if not re.search(rf"\b{word}\b", (root / file).read_text(encoding="utf-8"))
    ]
    assert len(steps) > 50 and missing == []


def test_the_tests_of_the_threat_model_are_there(root: Path) -> None:
    page = (root / "docs" / "server.md").read_text(encoding="utf-8")
    table = page[page.index("| fault | test |") : page.index("## As a service")]
    found = []
    for file, names in re.findall(r"`([\w/]+\.py)`: ((?:`test_\w+`(?:, )?)+)", table):
        text = (root / "tests" / file).read_text(encoding="utf-8")
        found += [f"def {name}(" in text for name in re.findall(r"test_\w+", names)]
    assert len(found) > 20 and all(found)


def test_troubleshooting_quotes_messages_as_they_are(root: Path) -> None:
    """Whatever stands between the … of a quoted message stands in the sources too."""
    files = [path for folder in CODE for path in (root / folder).rglob("*") if path.suffix in ENDINGS]
    sources = "\n".join(path.read_text(encoding="utf-8") for path in (*files, root / "Makefile"))
    sources = re.sub(r'"\s*\n\s*f?"', "", sources)  # texts that go on in the next line
    page = (root / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
    quoted = [text for text in re.findall(r"`([^`\n]+)`", page) if not text.startswith(NO_MESSAGE)]
    parts = [part.strip(" :,;()") for text in quoted for part in text.split("…")]
    spoken = [part for part in parts if " " in part]
    assert len(spoken) > 80 and [part for part in spoken if part not in sources] == []


def test_the_pages_build_without_a_warning(root: Path, tmp_path: Path) -> None:
    pytest.importorskip("sphinx", reason="Sphinx is not installed")
    words = ["-m", "sphinx", "-q", "-W", "--keep-going", "-b", "html", str(root / "docs"), str(tmp_path)]
    done = subprocess.run([sys.executable, *words], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "convert" in (tmp_path / "api.html").read_text(encoding="utf-8")
