"""Samples on disk: WebDataset tar files of equal bytes on every run, and the manifest that describes them.

Convention:
    maps.npy is (4, H, W) float16: disparity left, disparity right (fractions of picture width, x_L − x_R), iz left,
    iz right. masks.png is (H, W) uint8 of bits: 1 valid left, 2 valid right, 4 local left, 8 local right.
"""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import msgpack
import numpy as np
import numpy.typing as npt
import webdataset

from host_bridge.core.atomic import replacing
from host_bridge.core.errors import BadInputError
from training.pairs import Eye, Sample

FORMAT = "art3d-shards-2"
_TRAINED_BY = ("parts", "config", "films", "samples", "shards")
FIELDS = ("left.jpg", "right.jpg", "maps.npy", "masks.png", "meta.json")
_QUALITY = (cv2.IMWRITE_JPEG_QUALITY, 95)


class ShardError(BadInputError):
    """Shards that are missing, damaged, or of another version."""

    code = "bad_shards"


def encode_sample(sample: Sample, meta: Mapping[str, Any]) -> dict[str, bytes]:
    """The files of one sample."""
    eyes = (sample.left, sample.right)
    maps = np.stack([eye.disparity for eye in eyes] + [eye.inverse_depth for eye in eyes]).astype("<f2")
    bits = [eyes[0].valid, eyes[1].valid, eyes[0].local, eyes[1].local]
    masks = sum((mask.astype(np.uint8) << i for i, mask in enumerate(bits)), np.zeros(bits[0].shape, np.uint8))
    stream = io.BytesIO()
    np.save(stream, maps)
    return {
        "left.jpg": _jpeg(eyes[0].picture),
        "right.jpg": _jpeg(eyes[1].picture),
        "maps.npy": stream.getvalue(),
        "masks.png": cv2.imencode(".png", masks)[1].tobytes(),
        "meta.json": json.dumps(meta, sort_keys=True).encode(),
    }


def _jpeg(picture: npt.NDArray[np.uint8]) -> bytes:
    return cv2.imencode(".jpg", picture[..., ::-1], _QUALITY)[1].tobytes()


def decode_sample(files: Mapping[str, bytes], *, where: str = "") -> Sample:
    """The sample that `encode_sample` wrote, as near as its encodings allow.

    Raises:
        ShardError: a file is missing or damaged.
    """
    try:
        pictures = [_image(files[name], cv2.IMREAD_COLOR)[..., ::-1] for name in FIELDS[:2]]
        maps = np.load(io.BytesIO(files["maps.npy"]), allow_pickle=False).astype(np.float32)
        masks = _image(files["masks.png"], cv2.IMREAD_UNCHANGED)
        if maps.shape != (4, *masks.shape) or pictures[0].shape[:2] != masks.shape:
            raise ValueError(f"its parts differ in size: {maps.shape}, {masks.shape}, {pictures[0].shape}")
        figures = json.loads(files["meta.json"])["figures"]
    except (KeyError, ValueError, cv2.error, EOFError) as error:
        raise ShardError(f"a damaged sample ({error})", remedy="curate these films again", where=where) from error
    bit = [(masks >> i & 1).astype(bool) for i in range(4)]
    eyes = [Eye(pictures[i], maps[i], maps[2 + i], bit[i], bit[2 + i]) for i in (0, 1)]
    return Sample(eyes[0], eyes[1], figures)


def _image(data: bytes, flags: int) -> npt.NDArray[np.uint8]:
    image = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    if image is None:
        raise ValueError("no picture")
    return np.asarray(image, np.uint8)


def write_atomically(path: Path, data: bytes) -> None:
    """All of `data` or nothing, whenever the process dies.

    Raises:
        OutputError: the folder or the file cannot be written, or the disk is full.
    """
    with replacing(path) as temporary:
        temporary.write_bytes(data)


def save_record(path: Path, record: Mapping[str, Any]) -> None:
    """One frame's outcome, msgpack."""
    write_atomically(path, msgpack.packb(dict(record)))


def load_record(path: Path) -> dict[str, Any]:
    """What `save_record` wrote.

    Raises:
        ShardError: the file is damaged.
    """
    try:
        return dict(msgpack.unpackb(path.read_bytes()))
    except (ValueError, msgpack.UnpackException) as error:
        raise ShardError("a damaged record", remedy="delete it and run again", where=str(path)) from error


def pack(
    records: Iterable[tuple[str, Mapping[str, bytes]]], folder: Path, stem: str, per_shard: int
) -> list[dict[str, Any]]:
    """Write records (key, files) into FOLDER/STEM-NNNNN.tar, and tell each shard's name, sample count and sha256."""
    shards: list[dict[str, Any]] = []
    batch: list[tuple[str, Mapping[str, bytes]]] = []

    def flush() -> None:
        stream = io.BytesIO()
        with webdataset.TarWriter(stream, encoder=False, mtime=0.0, user="art3d", group="art3d") as tar:
            for key, files in batch:
                tar.write({"__key__": key, **files})
        name = f"{stem}-{len(shards):05d}.tar"
        write_atomically(folder / name, stream.getvalue())
        digest = hashlib.sha256(stream.getvalue()).hexdigest()
        shards.append({"name": name, "samples": len(batch), "sha256": digest})
        batch.clear()

    for item in records:
        batch.append(item)
        if len(batch) == per_shard:
            flush()
    if batch:
        flush()
    return shards


@dataclass(frozen=True)
class Entry:
    """Where one sample lies: its manifest row, its tar file, and each file's offset and size in it."""

    row: dict[str, Any]
    shard: Path
    parts: dict[str, tuple[int, int]]

    def load(self) -> Sample:
        """Read and decode the sample.

        Raises:
            ShardError: the shard is gone or damaged.
        """
        return decode_sample(self.files(), where=f"{self.shard.name} {self.row['key']}")

    def files(self) -> dict[str, bytes]:
        """The sample's files as they are.

        Raises:
            ShardError: the shard is gone.
        """
        files = {}
        try:
            with self.shard.open("rb") as stream:
                for name, (offset, size) in self.parts.items():
                    stream.seek(offset)
                    files[name] = stream.read(size)
        except OSError as error:
            raise ShardError(f"cannot be read ({error.strerror})", where=str(self.shard)) from error
        return files


def read_manifests(folder: Path) -> list[dict[str, Any]]:
    """Every manifest of a shard folder, parts in order.

    Raises:
        ShardError: none is there, one is damaged, incomplete or of another version, a part is missing, or parts differ
            in size.
    """
    manifests = manifests_there(folder)
    for manifest in manifests:
        _validate_complete(manifest, _TRAINED_BY, folder)
    _check_parts(manifests, folder)
    return manifests


def manifests_there(folder: Path) -> list[dict[str, Any]]:
    """The manifests of the parts that are finished, in order.

    Raises:
        ShardError: none is there, one is damaged, incomplete or of another version.
    """
    files = manifest_files(folder)
    manifests = []
    for file in files:
        try:
            manifest = json.loads(file.read_text())
        except ValueError as error:
            raise ShardError("is not a manifest", where=str(file)) from error
        if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
            raise ShardError(f"is not of the format {FORMAT}", remedy="curate these films again", where=str(file))
        _validate_complete(manifest, ("part",), file)
        manifests.append(manifest)
    return sorted(manifests, key=lambda m: m["part"])


def manifest_files(folder: Path) -> list[Path]:
    """The files of a folder's manifests.

    Raises:
        ShardError: none is there.
    """
    files = sorted(folder.glob("manifest-p*.json"))
    if not files:
        raise ShardError("holds no manifest", remedy="run art3d-train curate into it first", where=str(folder))
    return files


def _validate_complete(manifest: Mapping[str, Any], names: Sequence[str], where: Path) -> None:
    if lacking := [name for name in names if name not in manifest]:
        raise ShardError(
            f"its manifest lacks {', '.join(lacking)}", remedy="curate these films again", where=str(where)
        )


def _check_parts(manifests: list[dict[str, Any]], folder: Path) -> None:
    parts, total = sorted(m["part"] for m in manifests), manifests[0]["parts"]
    if len({m["config"]["size_px"] for m in manifests}) > 1:
        raise ShardError("its parts are of several picture sizes", where=str(folder))
    if parts != list(range(1, total + 1)) or any(m["parts"] != total for m in manifests):
        raise ShardError(f"has parts {parts} of {total}", remedy="run the missing --part", where=str(folder))


def index(folder: Path) -> list[Entry]:
    """Every sample of a shard folder, in order.

    Raises:
        ShardError: a shard is missing, or holds other samples than its manifest says.
    """
    entries: list[Entry] = []
    for manifest in read_manifests(folder):
        rows = {row["key"]: row for row in manifest["samples"]}
        for shard in manifest["shards"]:
            entries += of_shard(folder / shard["name"], shard["samples"], rows)
    if not entries:
        raise ShardError("holds no sample", remedy="see the rejects in its manifest", where=str(folder))
    return entries


def validate_shards(folder: Path) -> None:
    """Read a folder's tar files through and compare them with their manifests.

    Raises:
        ShardError: one is missing or was changed.
    """
    for manifest in read_manifests(folder):
        for shard in manifest["shards"]:
            path = folder / shard["name"]
            try:
                with path.open("rb") as stream:
                    found = hashlib.file_digest(stream, "sha256").hexdigest()
            except OSError as error:
                raise ShardError(f"cannot be read ({error.strerror})", where=str(path)) from error
            if found != shard["sha256"]:
                raise ShardError("is not what its manifest says", remedy="curate again", where=str(path))


def of_shard(path: Path, expected: int, rows: Mapping[str, dict[str, Any]]) -> Iterator[Entry]:
    """The samples of one tar file.

    Raises:
        ShardError: it cannot be read, or holds other samples than `rows` say.
    """
    found: dict[str, dict[str, tuple[int, int]]] = {}
    try:
        with tarfile.open(path, "r:") as tar:
            for member in tar:
                key, _, name = member.name.partition(".")
                found.setdefault(key, {})[name] = (member.offset_data, member.size)
    except (OSError, tarfile.TarError) as error:
        raise ShardError(f"cannot be read ({error})", remedy="curate again", where=str(path)) from error
    complete = {key: parts for key, parts in found.items() if set(parts) >= set(FIELDS) and key in rows}
    if len(complete) != expected:
        raise ShardError(
            f"holds {len(complete)} whole samples, its manifest says {expected}", remedy="curate again", where=str(path)
        )
    yield from (Entry(rows[key], path, parts) for key, parts in complete.items())
