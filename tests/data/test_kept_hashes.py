"""Kept hashes: large files are read once, and again as soon as anything about them has changed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from evenhand.data import kept_hashes
from evenhand.data.kept_hashes import kept_content_hash, kept_folder, remembered
from evenhand.files import content_hash


@pytest.fixture(autouse=True)
def _own_cache(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def weights(tmp_path) -> Path:
    file = tmp_path / "model" / "model.safetensors"
    file.parent.mkdir()
    file.write_bytes(b"weights")
    os.utime(file, (1_000_000_000, 1_000_000_000))
    return file


class Reader:
    """Counts how often it is asked."""

    def __init__(self) -> None:
        self.asked = 0

    def __call__(self) -> str:
        self.asked += 1
        return f"{self.asked:064x}"


def test_a_file_that_stays_as_it_is_is_read_once(weights) -> None:
    reader = Reader()
    assert [remembered("sha256", [weights], reader) for _ in range(3)] == [f"{1:064x}"] * 3


@pytest.mark.parametrize("change", ["content", "time", "inode", "kind"])
def test_what_changed_is_read_again(weights, change) -> None:
    reader, kind = Reader(), "sha256"
    remembered(kind, [weights], reader)
    before = weights.stat()
    if change == "content":
        weights.write_bytes(b"weights, and more")
        os.utime(weights, ns=(before.st_atime_ns, before.st_mtime_ns))
    elif change == "time":
        os.utime(weights, (1_000_000_001, 1_000_000_001))
    elif change == "inode":
        other = weights.with_name("other")
        other.write_bytes(weights.read_bytes())
        os.utime(other, ns=(before.st_atime_ns, before.st_mtime_ns))
        other.replace(weights)
    else:
        kind = "another"
    assert remembered(kind, [weights], reader) == f"{2:064x}"


def test_a_file_that_has_only_just_changed_is_not_trusted(weights) -> None:
    os.utime(weights)
    reader = Reader()
    remembered("sha256", [weights], reader)
    remembered("sha256", [weights], reader)
    assert reader.asked == 2


@pytest.mark.parametrize("damage", ["", "no hash", "f" * 63])
def test_a_damaged_record_is_computed_anew(weights, damage) -> None:
    reader = Reader()
    remembered("sha256", [weights], reader)
    (record,) = kept_folder().iterdir()
    record.write_text(damage)
    assert remembered("sha256", [weights], reader) == f"{2:064x}"


def test_a_cache_that_cannot_be_written_changes_nothing(weights, tmp_path) -> None:
    (tmp_path / "cache").write_text("a file in its place")
    reader = Reader()
    assert [remembered("sha256", [weights], reader) for _ in range(2)] == [f"{1:064x}", f"{2:064x}"]


def test_files_and_folders_have_the_hashes_that_they_always_had(weights, monkeypatch) -> None:
    monkeypatch.setattr(kept_hashes, "SMALLEST", 1)
    for _ in range(2):
        assert kept_content_hash(weights) == content_hash(weights)
        assert kept_content_hash(weights.parent) == content_hash(weights.parent)
