"""Files that people bring are read, or refused with a sentence that names file and line."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from evenhand.data.reading import check_file, iter_json_lines, read_csv, read_json, read_json_lines, read_text
from evenhand.data.records import read_file
from evenhand.errors import DataError
from tests.mutations import assert_only_data_errors, json_mutations, mutations

ROWS = [{"id": i, "text": f"row {i} with ünïcode", "score": i / 7, "tags": ["a", "b"]} for i in range(8)]


def test_a_byte_order_mark_is_no_part_of_the_text(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"\xef\xbb\xbfid,x\n")
    assert read_text(path) == "id,x\n"


def test_bytes_that_are_no_utf8_are_told_with_their_line(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"one\ntwo\n\xff three")
    with pytest.raises(DataError, match=r"a\.txt:3: the byte 0xff is no UTF-8"):
        read_text(path)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:ab\n", "Git LFS pointer"),
        (b"\n<!DOCTYPE html>\n<html>", "HTML page"),
        (b"<HTML><body>", "HTML page"),
    ],
)
def test_what_stands_in_the_place_of_a_file_is_named(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(content)
    with pytest.raises(DataError, match=said):
        check_file(path)


@pytest.mark.parametrize("text", ["NaN", "[Infinity]", "1e999", "9" * 5000, "[" * 100_000, "{", '{"a": }'])
def test_what_is_no_usable_json_is_one_sentence_with_its_line(tmp_path: Path, text: str) -> None:
    path = tmp_path / "a.json"
    path.write_text(text)
    with pytest.raises(DataError, match=r"a\.json:1"):
        read_json(path)


def test_broken_lines_of_a_json_lines_file_are_told_together(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"a": 1}\n{\n\n{"a": 2}\n]\n')
    with pytest.raises(DataError, match=r"(?s)a\.jsonl:2.*a\.jsonl:5"):
        read_json_lines(path)


@pytest.mark.parametrize(
    ("lines", "bad"),
    [
        (["[1", "2]"], [1, 2]),
        (["1", "2,3", "4"], [2]),
        (["[1", "2]", "3,4,5"], [1, 2, 3]),
        (['{"a": 1}, {"b": 2}', '{"c": 3', '"d": 4}'], [1, 2, 3]),
        (['"a', 'b"', "1, 2"], [1, 2, 3]),
        (["1]", "[2"], [1, 2]),
        (["", "1,", " ", ",2"], [2, 4]),
        (["1", "1e999", '"\\ud800"', "NaN", "[" * 100_000, "2"], [2, 3, 4, 5]),
    ],
)
def test_each_line_is_a_document_of_its_own_and_nothing_that_one_opens_is_closed_by_another(
    tmp_path: Path, lines: list[str], bad: list[int]
) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text("\n".join(lines))
    with pytest.raises(DataError) as caught:
        read_json_lines(path)
    assert [int(number) for number in re.findall(r"rows\.jsonl:(\d+)", str(caught.value))] == bad


def test_lines_of_any_number_are_read_with_their_numbers(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    rows = [{"i": i, "x": i / 7, "text": "ä\u2028" + "-" * 5000} for i in range(500)]
    path.write_text("\n\n".join(json.dumps(row, ensure_ascii=False) for row in rows) + "\n \n")
    assert read_json_lines(path) == [(2 * i + 1, row) for i, row in enumerate(rows)]
    assert list(iter_json_lines(path, strict=False)) == read_json_lines(path)


def test_short_and_long_rows_of_a_csv_are_told_with_their_line(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("id,x\n1,2\n3\n")
    with pytest.raises(DataError, match=r"a\.csv:3: the row is short; it has nothing for x"):
        list(read_csv(path))
    path.write_text("id,x\n1,2,3\n")
    with pytest.raises(DataError, match=r"a\.csv:2: the row has more fields"):
        list(read_csv(path))
    with pytest.raises(DataError, match=r"a\.csv:1: the header lacks y"):
        list(read_csv(path, ["y"]))


def _sound(suffix: str, folder: Path) -> bytes:
    if suffix == ".parquet":
        pq.write_table(pa.Table.from_pylist(ROWS), folder / "sound.parquet")
        return (folder / "sound.parquet").read_bytes()
    if suffix == ".json":
        return json.dumps(ROWS).encode()
    if suffix == ".jsonl":
        return "\n".join(json.dumps(row) for row in ROWS).encode()
    if suffix == ".csv":
        return ("id,text\n" + "\n".join(f'{r["id"]},"{r["text"]}"' for r in ROWS)).encode()
    return "\n".join(str(r["text"]) for r in ROWS).encode()


@pytest.mark.slow
@pytest.mark.parametrize("suffix", [".json", ".jsonl", ".csv", ".parquet", ".txt"])
def test_damaged_records_are_told_as_data_errors_and_as_nothing_else(tmp_path: Path, suffix: str) -> None:
    sound = _sound(suffix, tmp_path)
    refused, accepted = assert_only_data_errors(read_file, mutations(sound), tmp_path / f"damaged{suffix}")
    assert refused > 10
    assert refused + accepted == 500


def test_json_of_another_shape_is_told_as_a_data_error(tmp_path: Path) -> None:
    refused, _ = assert_only_data_errors(read_file, json_mutations(ROWS), tmp_path / "damaged.json")
    assert refused > 10
