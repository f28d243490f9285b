"""Which installed packages Art3D needs, and their files: what was tested here is what travels."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from email.parser import Parser
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path, PurePosixPath

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from host_bridge.core.errors import BadInputError, OutputError
from host_bridge.deploy.files import copy_file, is_runtime_file

LEFT_OUT = frozenset({"triton"})
"""torch names it for `torch.compile`, which Art3D does not use: a gigabyte."""


@dataclass(frozen=True)
class Wheel:
    """A built wheel of Art3D.

    Attributes:
        path: the file.
        version: what it holds.
        requires: what it asks for, as its metadata spell it.
        extras: the groups of further packages that it knows.
        tag: the platform that its name states, such as manylinux_2_28_x86_64.
    """

    path: Path
    version: str
    requires: Sequence[str]
    extras: Sequence[str]
    tag: str


def read_wheel(path: Path) -> Wheel:
    """What a wheel of Art3D says of itself.

    Raises:
        BadInputError: it is no wheel of Art3D.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            name = next(name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
            metadata = Parser().parsestr(archive.read(name).decode())
        if canonicalize_name(metadata["Name"]) != "art3d":
            raise ValueError(metadata["Name"])
    except (OSError, zipfile.BadZipFile, StopIteration, UnicodeDecodeError, KeyError, ValueError, TypeError) as error:
        raise BadInputError(
            "not a wheel of Art3D", where=str(path), remedy="run `make wheel`, then name the file that it writes"
        ) from error
    return Wheel(
        path=path,
        version=metadata["Version"],
        requires=metadata.get_all("Requires-Dist") or [],
        extras=metadata.get_all("Provides-Extra") or [],
        tag=path.stem.rsplit("-", 1)[-1],
    )


def find_wheel(folder: Path) -> Path:
    """The newest wheel of Art3D in a folder.

    Raises:
        BadInputError: there is none.
    """
    found = sorted(folder.glob("art3d-*.whl"), key=lambda path: path.stat().st_mtime)
    if not found:
        raise BadInputError("no wheel of Art3D", where=str(folder), remedy="run `make wheel`, or name one with --wheel")
    return found[-1]


def closure(requires: Iterable[str], extras: Iterable[str] = ()) -> list[Distribution]:
    """The installed packages that some requirements lead to, without those that Art3D never imports.

    Args:
        requires: requirements as metadata spell them.
        extras: groups that count as asked for.

    Raises:
        BadInputError: one of them is not installed here.
    """
    found: dict[str, Distribution] = {}
    waiting = [(text, frozenset(extras), "art3d") for text in requires]
    seen: set[tuple[str, frozenset[str]]] = set()
    while waiting:
        text, groups, needed_by = waiting.pop()
        need = _parsed(text, needed_by)
        name = canonicalize_name(need.name)
        if name in LEFT_OUT or not _applies(need, groups) or (name, frozenset(need.extras)) in seen:
            continue
        seen.add((name, frozenset(need.extras)))
        found[name] = _installed(name, needed_by)
        waiting += [(more, frozenset(need.extras), name) for more in found[name].requires or []]
    return [found[name] for name in sorted(found)]


def _parsed(text: str, needed_by: str) -> Requirement:
    try:
        return Requirement(text)
    except InvalidRequirement as error:
        raise BadInputError(f"{needed_by} requires {text!r}, which is no requirement", remedy="reinstall it") from error


def _applies(need: Requirement, groups: frozenset[str]) -> bool:
    return need.marker is None or any(need.marker.evaluate({"extra": group}) for group in groups | {""})


def _installed(name: str, needed_by: str) -> Distribution:
    try:
        return distribution(name)
    except PackageNotFoundError as error:
        remedy = f"pip install -c constraints.txt {name}, then run the same command"
        raise BadInputError(f"{name}, which {needed_by} needs, is not installed here", remedy=remedy) from error


def copy_packages(found: Iterable[Distribution], target: Path, *, link: bool = False) -> None:
    """Copies the files of installed packages into a folder of packages.

    Raises:
        BadInputError: a package keeps no list of its files, or lies in no folder of packages.
        OSError: something cannot be read or written.
    """
    for package in found:
        for name in _files(package):
            copy_file(Path(str(package.locate_file(name))), target / name, link=link)


def _files(package: Distribution) -> Iterator[str]:
    """Names of its files below the folder of packages; programs in `bin` name this machine's Python and stay."""
    if package.files is None:
        raise BadInputError(
            f"{package.metadata['Name']} keeps no list of its files", remedy="install it with pip, then run again"
        )
    for file in package.files:
        path = Path(str(package.locate_file(file)))
        if ".." not in file.parts and not file.is_absolute() and is_runtime_file(Path(file)) and path.is_file():
            yield str(file)


def unpack_wheel(wheel: Wheel, target: Path) -> None:
    """Writes the files of a wheel into a folder of packages.

    Raises:
        OutputError: the wheel names a file outside the folder.
        OSError: something cannot be read or written.
    """
    with zipfile.ZipFile(wheel.path) as archive:
        for name in archive.namelist():
            parts = PurePosixPath(name).parts
            if ".." in parts or name.startswith("/"):
                raise OutputError(f"it names {name!r}", where=str(wheel.path), remedy="build it anew with `make wheel`")
            if not name.endswith("/"):
                path = target / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(archive.read(name))


def wheel_tags(found: Iterable[Distribution]) -> list[str]:
    """The platforms that the wheels of installed packages were built for."""
    lines = [line for package in found for line in (package.read_text("WHEEL") or "").splitlines()]
    return [line.partition(":")[2].strip() for line in lines if line.startswith("Tag:")]
