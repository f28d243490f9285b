"""Shards: round trip, standard readers, damage."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import webdataset

from training.shards import FIELDS, FORMAT, Entry, ShardError, decode_sample, encode_sample, index, read_manifests


def test_round_trip(entries: list[Entry]) -> None:
    sample = entries[0].load()
    again = decode_sample(encode_sample(sample, {"figures": sample.figures}))
    for a, b in ((sample.left, again.left), (sample.right, again.right)):
        assert np.array_equal(a.disparity, b.disparity) and np.array_equal(a.inverse_depth, b.inverse_depth)
        assert np.array_equal(a.valid, b.valid) and np.array_equal(a.local, b.local)
        assert np.abs(a.picture.astype(int) - b.picture).mean() < 3
    assert not (sample.left.local & ~sample.left.valid).any()
    assert np.abs(sample.left.disparity).max() < 0.2


@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
def test_webdataset_reads_them(shards: Path, entries: list[Entry]) -> None:
    tars = sorted(str(path) for path in shards.glob("*.tar"))
    assert len(tars) > 1
    found = list(webdataset.WebDataset(tars, shardshuffle=False))
    assert [sample["__key__"] for sample in found] == [entry.row["key"] for entry in entries]
    assert set(FIELDS) <= set(found[0])


def test_nothing_there(tmp_path: Path) -> None:
    with pytest.raises(ShardError, match="no manifest"):
        index(tmp_path)


@pytest.fixture
def copy(shards: Path, tmp_path: Path) -> Path:
    """Shards to damage."""
    return Path(shutil.copytree(shards, tmp_path / "copy"))


def _manifest(folder: Path, **changes: object) -> None:
    (file,) = folder.glob("manifest-*.json")
    file.write_text(json.dumps({**json.loads(file.read_text()), **changes}))


def test_manifests_that_are_none(copy: Path) -> None:
    _manifest(copy, format="other")
    with pytest.raises(ShardError, match="not of the format"):
        read_manifests(copy)
    _manifest(copy, format=FORMAT, parts=3)
    with pytest.raises(ShardError, match=r"parts \[1\] of 3"):
        read_manifests(copy)
    next(copy.glob("manifest-*.json")).write_text("{")
    with pytest.raises(ShardError, match="is not a manifest"):
        read_manifests(copy)


@pytest.mark.parametrize("name", ["part", "parts", "config", "films", "samples", "shards"])
def test_a_manifest_that_lacks_something(copy: Path, name: str) -> None:
    (file,) = copy.glob("manifest-*.json")
    file.write_text(json.dumps({key: value for key, value in json.loads(file.read_text()).items() if key != name}))
    with pytest.raises(ShardError, match=f"lacks {name}"):
        index(copy)


def test_shards_that_are_gone_short_or_empty(copy: Path) -> None:
    first, second = sorted(copy.glob("*.tar"))[:2]
    data = first.read_bytes()
    first.write_bytes(data[: len(data) // 2])
    with pytest.raises(ShardError, match=r"whole samples|cannot be read"):
        index(copy)
    first.write_bytes(data)
    second.unlink()
    with pytest.raises(ShardError, match="cannot be read"):
        index(copy)
    _manifest(copy, samples=[], shards=[])
    with pytest.raises(ShardError, match="holds no sample"):
        index(copy)


def test_a_damaged_sample_names_itself(copy: Path, entries: list[Entry]) -> None:
    entry = index(copy)[0]
    offset, _ = entry.parts["maps.npy"]
    data = bytearray(entry.shard.read_bytes())
    data[offset : offset + 40] = b"x" * 40
    entry.shard.write_bytes(data)
    with pytest.raises(ShardError, match=entry.row["key"]):
        entry.load()
    with pytest.raises(ShardError, match="cannot be read"):
        replace(entry, shard=copy / "gone.tar").load()
