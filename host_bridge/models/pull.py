"""Fetching network weights once: from their publisher, a mirror or a folder; continued, proved, renamed into place.

Standard library only. Proxies are those of the environment (`https_proxy`, `no_proxy`).
"""

from __future__ import annotations

import json
import os
import shutil
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from host_bridge.core.errors import BadInputError, OutputError, ServerUnreachableError
from host_bridge.models.checkpoints import RECORD, WEIGHTS, Checkpoint, PublishedFolder, folders, sha256_of, verify

Progress = Callable[[int, int], None]
MIRROR = "ART3D_MODELS_URL"
_CHUNK_BYTES = 1 << 20
_TIMEOUT_S = 30.0
_MOST_BYTES = 16 << 30
_SMALL_BYTES = 1 << 20


def mirrored(url: str) -> str:
    """Where a published URL is fetched: under `$ART3D_MODELS_URL`, which stands for the publisher's host, when set."""
    mirror = os.environ.get(MIRROR, "")
    return mirror.rstrip("/") + urllib.parse.urlsplit(url).path if mirror else url


def pull(
    checkpoint: Checkpoint,
    *,
    folder: Path | None = None,
    source: Path | None = None,
    progress: Progress | None = None,
) -> Path:
    """Gets a published file of which size and sha256 are known.

    Args:
        checkpoint: what to get.
        folder: where to; the first of `folders()` by default.
        source: the file, or a folder that holds it; None fetches it.
        progress: called with (bytes so far, bytes in all).

    Returns:
        The file, verified.

    Raises:
        ServerUnreachableError: the publisher does not answer or stops half-way; the part is kept.
        BadInputError: what came is not the published file; it is deleted.
        OutputError: the folder cannot be written.
    """
    target = (folder or folders()[0]) / checkpoint.file_name
    if target.is_file():
        verify(target, checkpoint)
        return target
    part = target.with_name(target.name + ".part")
    if source is not None:
        source_file = source / checkpoint.file_name if source.is_dir() else source
        verify(source_file, checkpoint)
        _copied(source_file, part)
    else:
        fetch(mirrored(checkpoint.url), part, checkpoint.size_bytes, progress)
    try:
        verify(part, checkpoint)
    except BadInputError:
        part.unlink(missing_ok=True)
        raise
    os.replace(part, target)
    return target


def pull_folder(
    published: PublishedFolder,
    *,
    folder: Path | None = None,
    source: Path | None = None,
    sha256: str = "",
    progress: Progress | None = None,
) -> Path:
    """Gets a published folder, and records the sha256 of its files for every later use.

    Args:
        published: what to get.
        folder: where to; the first of `folders()` by default.
        source: a folder that holds it; None fetches it.
        sha256: of its weights, from whoever asks; needed to fetch, since nobody states one publicly.
        progress: called with (bytes so far, bytes in all).

    Returns:
        The folder.

    Raises:
        ServerUnreachableError, OutputError: as `pull`.
        BadInputError: no sha256 to fetch by, a folder that lacks a file, or weights that are others.
    """
    target = (folder or folders()[0]) / published.name
    if target.is_dir():
        return target
    if source is None and not sha256:
        raise BadInputError(
            f"no published sha256 of {published.name} is known",
            where=mirrored(published.url) + WEIGHTS,
            remedy="give the one that you trust with --sha256, or a folder that you trust with --from",
        )
    half = target.with_name(published.name + ".part")
    if source is not None:
        shutil.rmtree(half, ignore_errors=True)  # what was fetched and never proved is not what is trusted here
    for name in published.files:
        part = half / (name + ".part")
        if (half / name).is_file():
            continue
        if source is not None:
            _copied(_given(source, name), part)
        else:
            fetch(mirrored(published.url + name), part, None, progress, most_bytes=_bound(name))
        _replace(part, half / name)
    if source is not None and (source / "README.md").is_file():
        _copied(source / "README.md", half / "README.md")
    found = sha256_of(half / WEIGHTS)
    if sha256 and found != sha256.lower():
        (half / WEIGHTS).unlink()
        raise BadInputError(f"sha256 is {found}, not {sha256}", where=WEIGHTS, remedy="find out which one is right")
    record = {"url": published.url, "files": {name: sha256_of(half / name) for name in published.files}}
    (half / RECORD).write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    _replace(half, target)
    return target


def _given(source: Path, name: str) -> Path:
    if not (source / name).is_file():
        raise BadInputError(f"no {name} in it", where=str(source), remedy="name the folder that its publisher gives")
    return source / name


def _bound(name: str) -> int:
    return _MOST_BYTES if name == WEIGHTS else _SMALL_BYTES


def _copied(source: Path, part: Path) -> None:
    try:
        part.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, part)
    except OSError as error:
        raise _unwritable(error, part) from error


def _replace(part: Path, target: Path) -> None:
    try:
        os.replace(part, target)
    except OSError as error:
        raise _unwritable(error, target) from error


def _unwritable(error: OSError, path: Path) -> OutputError:
    reason = error.strerror or str(error)
    return OutputError(f"cannot be written: {reason}", where=str(path), remedy="free space, or name another folder")


def fetch(
    url: str, part: Path, size_bytes: int | None, progress: Progress | None, *, most_bytes: int = _MOST_BYTES
) -> None:
    """Downloads a file, from where an earlier try stopped.

    Args:
        url: what to fetch.
        part: where it grows.
        size_bytes: its size; None takes what the server says.
        progress: called with (bytes so far, bytes in all).
        most_bytes: more than that is refused where nobody knows the size.

    Raises:
        ServerUnreachableError: nobody answers, or it stops half-way; the part is kept.
        BadInputError: there is no such file, or it is larger than `most_bytes`.
        OutputError: the part cannot be written.
    """
    try:
        part.parent.mkdir(parents=True, exist_ok=True)
        expected = _download(url, part, size_bytes, progress or (lambda done, total: None), most_bytes)
    except urllib.error.HTTPError as error:
        if error.code == 416 and size_bytes is None and part.is_file():
            return  # all of it was here
        raise ServerUnreachableError(
            f"the download failed: {error.code} {error.reason}", where=url, remedy=f"check the address; see ${MIRROR}"
        ) from error
    except urllib.error.URLError as error:
        raise ServerUnreachableError(
            f"the download failed: {error.reason}",
            where=url,
            remedy=f"try again, fetch it elsewhere and put it into {part.parent}, or name a mirror in ${MIRROR}",
        ) from error
    except (TimeoutError, ConnectionError) as error:
        raise ServerUnreachableError(
            f"the download stopped: {error}", where=url, remedy="run the same command to continue"
        ) from error
    except OSError as error:
        raise _unwritable(error, part) from error
    have = part.stat().st_size
    if expected is not None and have < expected:
        raise ServerUnreachableError(
            f"only {have} of {expected} bytes came", where=url, remedy="run the same command to continue"
        )


def _download(url: str, part: Path, size: int | None, progress: Progress, most_bytes: int) -> int | None:
    """Returns the size of the whole where it is known."""
    have = part.stat().st_size if part.is_file() else 0
    if size is not None and have >= size:
        return size
    request = urllib.request.Request(url, headers={"User-Agent": "art3d"})
    if have:
        request.add_header("Range", f"bytes={have}-")
    # An opener of our own: the library's keeps the proxies of its first use.
    with urllib.request.build_opener().open(request, timeout=_TIMEOUT_S) as answer:
        # A server that ignores the range sends the whole file again.
        resumed = have > 0 and answer.status == 206
        length = answer.headers.get("Content-Length", "")
        total = size if size is not None or not length.isdigit() else int(length) + (have if resumed else 0)
        if size is None and (total or 0) > most_bytes:
            raise BadInputError(f"{total} bytes are too many", where=url, remedy="check the address")
        with part.open("ab" if resumed else "wb") as file:
            _copy(answer, file, most_bytes if total is None else total, progress)
    return total


def _copy(source: BinaryIO, file: BinaryIO, total: int, progress: Progress) -> None:
    while file.tell() <= total:
        block = source.read(_CHUNK_BYTES)
        if not block:
            return
        file.write(block)
        progress(min(file.tell(), total), total)
