"""Whatever is wrong with a file of the language models' systems is one sentence that names it, filed under data."""

from __future__ import annotations

from pathlib import Path

import pytest

from evenhand.errors import DataError
from evenhand.recipes.error_classes import classify
from tests.evenhand_systems.text_readers import ANCHORED, BRIDGE, TRANSLATORS, Reader
from tests.mutations import COUNT, assert_only_data_errors

READERS = (*ANCHORED, *BRIDGE, *TRANSLATORS)
TEXTS = [reader for reader in READERS if reader.name.endswith((".json", ".jsonl", ".txt"))]
LINES = [reader for reader in READERS if reader.name.endswith(".jsonl") and reader.name != "answered.jsonl"]


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.name)
def test_five_hundred_damaged_copies_raise_nothing_but_data_errors(reader: Reader, tmp_path: Path) -> None:
    path = tmp_path / reader.name
    reader.prepare(path)
    reader.read(path)
    refused, accepted = assert_only_data_errors(reader.read, reader.damaged(path, COUNT, 0), path)
    assert refused + accepted >= COUNT
    assert refused > COUNT // 20


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.name)
@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n", "Git LFS pointer"),
        (b"<!DOCTYPE html><html><body>404</body></html>", "HTML page"),
    ],
)
def test_a_file_that_stands_for_another_is_named_for_what_it_is(
    content: bytes, said: str, reader: Reader, tmp_path: Path
) -> None:
    path = tmp_path / reader.name
    reader.prepare(path)
    path.write_bytes(content)
    if reader.name == "bridge.json":
        said = "bridge.json"
    with pytest.raises(DataError, match=said) as caught:
        reader.read(path)
    assert classify(caught.value) == "data"


@pytest.mark.parametrize(
    "reader", [r for r in READERS if r.name.endswith((".json", ".jsonl", ".txt"))], ids=lambda r: r.name
)
def test_a_byte_order_mark_changes_nothing(reader: Reader, tmp_path: Path) -> None:
    path = tmp_path / reader.name
    reader.prepare(path)
    before = reader.read(path)
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    if isinstance(before, list | dict | str):
        assert repr(reader.read(path)) == repr(before)


@pytest.mark.parametrize("reader", LINES, ids=lambda reader: reader.name)
@pytest.mark.parametrize(
    "line", [b'{"a": "\xff"}', b'{"a": ', b"[" * 5000, b"9" * 5000, b'{"a": NaN}', b'{"a": "\\ud800"}', b"null"]
)
def test_a_broken_line_is_named_with_its_number(line: bytes, reader: Reader, tmp_path: Path) -> None:
    path = tmp_path / reader.name
    reader.prepare(path)
    rows = path.read_bytes().splitlines()
    path.write_bytes(b"\n".join([*rows[:2], line, *rows[2:]]) + b"\n")
    with pytest.raises(DataError, match=rf"{reader.name}:3"):
        reader.read(path)
