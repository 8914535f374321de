"""Whatever is altered, removed or put in another order in a ledger is named by segment and record."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from evenhand.errors import LedgerError
from evenhand.ledger import Ledger, chain
from evenhand.ledger.segments import FIRST, Checked, SegmentReading, line_of, record_hash
from evenhand.ledger.writer import SegmentWriter
from tests.ledger.samples import EXECUTION, SMALL, TRIAL, faults_of, fill, rewrite, segment_of

Change = Callable[[list[bytes]], list[bytes]]


def put(number: int, old: bytes, new: bytes) -> Change:
    """Replace bytes once in one line."""

    def change(lines: list[bytes]) -> list[bytes]:
        assert old in lines[number]
        return [*lines[:number], lines[number].replace(old, new, 1), *lines[number + 1 :]]

    return change


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (put(2, b'"steps": 10', b'"steps": 11'), ["record 2: its content does not match its hash"]),
        (put(2, b'"sequence": 2', b'"sequence": 7'), ["record 2: its content does not match its hash"]),
        (put(1, b": ", b":\t"), ["record 1: its bytes are not those that were written"]),
        (lambda lines: [*lines[:1], b"{broken}\n", *lines[2:]], ["record 1: the line is not valid JSON"]),
        (lambda lines: [*lines[:1], b'{"a": 1}\n', *lines[2:]], ["record 1: the line is no record"]),
        (lambda lines: [*lines[:2], *lines[3:]], ["record 2: missing, though record 3 is there"]),
        (lambda lines: [lines[0], lines[3]], ["record 1: missing (as are all up to record 2), though record 3"]),
        (lambda lines: lines[1:], ["record 0: missing, though record 1 is there"]),
        (
            lambda lines: [lines[0], lines[2], lines[1], lines[3]],
            [
                "record 1: it stands where record 2 belongs: records were reordered",
                "record 2: it stands where record 1 belongs: records were reordered",
            ],
        ),
        (lambda lines: [*lines, lines[3]][1:], ["record 0: missing"]),
        (lambda lines: lines[:-1], ["record 3: missing; heads/"]),
        (lambda lines: lines[:2], ["records 2 to 3: missing; heads/"]),
        (lambda lines: [*lines[:3], lines[3][:40]], ["record 3: missing; heads/"]),
        (lambda _: [], ["records 0 to 3: missing; heads/"]),
        (
            lambda lines: put(1, b'"steps": 10', b'"steps": 11')([*lines[:2], *lines[3:]]),
            ["record 1: its content does not match", "record 2: missing, though record 3"],
        ),
        (
            lambda lines: put(3, b'"steps": 10', b'"steps": 11')(put(1, b'"steps": 10', b'"steps": 11')(lines)),
            ["record 1: its content does not match", "record 3: its content does not match"],
        ),
    ],
    ids=[
        "flipped byte", "altered number of a record", "white space", "overwritten line", "foreign line",
        "removed line", "two removed lines", "removed first line", "swapped lines", "repeated line for a removed one",
        "removed last line", "two removed last lines", "last line cut", "emptied", "altered and removed",
        "two altered lines",
    ],
)  # fmt: skip
def test_damage_is_named_by_segment_and_record(tmp_path: Path, change: Change, expected: list[str]) -> None:
    fill(Ledger(tmp_path))
    path = segment_of(tmp_path)
    rewrite(path, change)
    faults = faults_of(tmp_path)
    for words in expected:
        assert f"segment {path.name}, {words}" in faults
    for reading in (Ledger(tmp_path).outcomes, Ledger(tmp_path).claims):
        with pytest.raises(LedgerError, match="is damaged"):
            reading()


def test_each_byte_of_a_record_is_guarded(tmp_path: Path) -> None:
    fill(Ledger(tmp_path), 2, SMALL)
    path = segment_of(tmp_path)
    whole = path.read_bytes()
    starts = [0, *(i + 1 for i, byte in enumerate(whole) if byte == 10)]
    for at in range(starts[1], starts[2] - 1, 7):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        assert f"segment {path.name}, record 1: " in faults_of(tmp_path)


def _forge(lines: list[bytes], first: int) -> list[bytes]:
    """The lines with another loss in record ``first`` and all hashes from there on made to fit."""
    documents = [json.loads(line) for line in lines]
    documents[first]["body"]["outcome"]["metrics"]["loss"] = 0.0
    for i in range(first, len(documents)):
        documents[i]["previous"] = documents[i - 1]["hash"] if i else FIRST
        documents[i]["hash"] = record_hash(documents[i])
    return [line_of(document) + b"\n" for document in documents]


def test_a_record_forged_with_a_new_hash_breaks_the_chain_after_it(tmp_path: Path) -> None:
    fill(Ledger(tmp_path))
    rewrite(segment_of(tmp_path), lambda lines: [*lines[:2], _forge(lines[:3], 2)[2], *lines[3:]])
    assert "record 3: it does not follow the record before it" in faults_of(tmp_path)


def test_a_segment_forged_to_its_end_with_its_head_is_not_what_later_segments_know(tmp_path: Path) -> None:
    first = Ledger(tmp_path)
    fill(first)
    fill(Ledger(tmp_path), 1)
    fill(first, 1)  # the head is then further than what the second segment knows
    path, witness = segment_of(tmp_path), segment_of(tmp_path, 1)
    rewrite(path, lambda lines: _forge(lines, 2))
    last = json.loads(path.read_bytes().splitlines()[-1])
    (tmp_path / "heads" / path.name).write_text(json.dumps([last["sequence"], last["hash"]]))
    assert faults_of(tmp_path) == (
        f"segment {path.name}, record 3: it is not the record that segment {witness.name} knows"
    )


def test_a_removed_segment_is_missed_by_the_others_even_without_its_head(tmp_path: Path) -> None:
    fill(Ledger(tmp_path))
    fill(Ledger(tmp_path))
    gone = segment_of(tmp_path)
    gone.unlink()
    assert f"segment {gone.name} is missing" in faults_of(tmp_path)
    (tmp_path / "heads" / gone.name).unlink()
    assert f"segment {gone.name} is missing" in faults_of(tmp_path)


def test_the_only_segment_is_missed_by_its_head(tmp_path: Path) -> None:
    fill(Ledger(tmp_path))
    gone = segment_of(tmp_path)
    gone.unlink()
    assert f"segment {gone.name} is missing" in faults_of(tmp_path)


@pytest.mark.parametrize("text", ["", "5", "[1]", "{}", '["x", "y"]', "[true, 1]", "\0\0", "[" * 100_000])
def test_a_head_that_cannot_be_read_is_a_fault(tmp_path: Path, text: str) -> None:
    fill(Ledger(tmp_path))
    name = segment_of(tmp_path).name
    (tmp_path / "heads" / name).write_text(text)
    assert f"heads/{name} cannot be read: the end of this segment cannot be checked" in faults_of(tmp_path)
    with pytest.raises(LedgerError, match="is damaged"):
        Ledger(tmp_path).outcomes()


def test_records_cut_from_the_end_are_not_hidden_by_removing_the_heads(tmp_path: Path) -> None:
    fill(Ledger(tmp_path), 5)
    rewrite(segment_of(tmp_path), lambda lines: lines[:-3])
    shutil.rmtree(tmp_path / "heads")
    name = segment_of(tmp_path).name
    assert faults_of(tmp_path) == (
        f"heads/{name} is missing: the end of this segment cannot be checked. Restore it from a backup"
    )
    with pytest.raises(LedgerError, match="is damaged"):
        Ledger(tmp_path).latest([])


def test_a_head_is_missed_also_where_a_later_segment_knows_a_part_of_its_segment(tmp_path: Path) -> None:
    first = Ledger(tmp_path)
    fill(first)
    fill(Ledger(tmp_path), 1)
    fill(first, 2)
    name = segment_of(tmp_path).name
    rewrite(segment_of(tmp_path), lambda lines: lines[:-2])
    (tmp_path / "heads" / name).unlink()
    assert f"heads/{name} is missing" in faults_of(tmp_path)


def test_the_head_of_a_segment_is_there_before_the_segment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(self: SegmentWriter, line: bytes) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(SegmentWriter, "_put", killed)
        with pytest.raises(KeyboardInterrupt):
            fill(Ledger(tmp_path), 1)
    assert [path.name for path in (tmp_path / "heads").iterdir()] == [segment_of(tmp_path).name]
    assert Ledger(tmp_path).verify().faults == ()
    segment_of(tmp_path).unlink()  # killed even before the segment was made
    assert Ledger(tmp_path).verify().faults == ()


def test_a_segment_of_an_earlier_version_may_end_without_a_head_after_its_opening_record(tmp_path: Path) -> None:
    fill(Ledger(tmp_path), 1)
    name, document = "20200101T000000.000000-1-abcdef.jsonl", {"sequence": 0, "time": "2020", "kind": "segment"}
    document |= {"body": {"others": {}}, "previous": FIRST}
    path = tmp_path / "segments" / name
    path.write_bytes(line_of(document | {"hash": record_hash(document)}) + b"\n")
    report = Ledger(tmp_path).verify()
    assert report.faults == ()
    assert report.notes == (f"segment {name} has no file in heads/, and holds no result",)
    named = document | {"body": {"others": {}, "name": name}}
    path.write_bytes(line_of(named | {"hash": record_hash(named)}) + b"\n")
    assert f"heads/{name} is missing" in faults_of(tmp_path)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda lines: [*lines, lines[-1]], "record 3: it stands twice"),
        (lambda lines: [*lines[:2], lines[1], *lines[2:]], "record 1: it stands twice"),
        (lambda lines: [*lines[:3], lines[1], *lines[3:]], "record 1: it stands twice"),
        (lambda lines: [lines[0], lines[0], lines[0], *lines[1:]], "record 0: it stands 3 times"),
    ],
)
def test_a_record_that_stands_twice_is_named(tmp_path: Path, change: Change, expected: str) -> None:
    fill(Ledger(tmp_path))
    rewrite(segment_of(tmp_path), change)
    assert faults_of(tmp_path) == f"segment {segment_of(tmp_path).name}, {expected}: remove what was doubled"


def test_a_segment_copied_under_another_name_is_named_and_counted_once(tmp_path: Path) -> None:
    fill(Ledger(tmp_path))
    path = segment_of(tmp_path)
    for copy in (path.with_name("a copy.jsonl"), path.with_name(f"{path.stem} (conflict).jsonl")):
        shutil.copy(path, copy)
        report = Ledger(tmp_path).verify()
        assert report.faults == ()
        assert report.records == 4
        assert f"segment {copy.name} is segment {path.name} again under another name" in report.notes[0]
        assert len(Ledger(tmp_path).outcomes()) == 3
        rewrite(copy, lambda lines: lines[:2])  # an older state of it
        assert Ledger(tmp_path).verify().records == 4
        copy.unlink()


def test_a_copy_that_goes_on_otherwise_than_its_segment_is_a_fault(tmp_path: Path) -> None:
    fill(Ledger(tmp_path))
    path = segment_of(tmp_path)
    copy = path.with_name("z.jsonl")
    shutil.copy(path, copy)
    rewrite(copy, lambda lines: _forge(lines, 3))
    assert f"segment z.jsonl is segment {path.name} again under another name, and they differ" in faults_of(tmp_path)


def test_converted_line_endings_are_one_fault_that_says_so(tmp_path: Path) -> None:
    fill(Ledger(tmp_path))
    path = segment_of(tmp_path)
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    faults = faults_of(tmp_path)
    assert faults.startswith(f"segment {path.name}: every line ends in CR LF")
    assert "\n" not in faults
    path.write_bytes(path.read_bytes().replace(b"\r\n", b"\n"))
    assert faults_of(tmp_path) == ""


def test_a_head_may_lag_behind_as_a_crash_leaves_it(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    fill(ledger, 2)
    head = tmp_path / "heads" / segment_of(tmp_path).name
    before = head.read_text()
    fill(ledger, 1)
    head.write_text(before)
    assert faults_of(tmp_path) == ""
    assert len(Ledger(tmp_path).outcomes()) == 3


def test_a_record_written_while_the_ledger_is_read_is_no_damage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    busy = Ledger(tmp_path)
    fill(busy, 1)
    read = chain.read_segment

    def slowly(path: Path, known: Checked | None = None) -> SegmentReading:
        reading = read(path, known)
        busy.record_outcome(replace(TRIAL, seed=9), SMALL, EXECUTION, "h", {})
        return reading

    monkeypatch.setattr(chain, "read_segment", slowly)
    assert faults_of(tmp_path) == ""


def test_a_segment_begun_while_the_folder_is_listed_is_no_damage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(Ledger(tmp_path))
    fill(Ledger(tmp_path))
    unseen = segment_of(tmp_path)
    listing = Path.glob
    monkeypatch.setattr(Path, "glob", lambda self, pattern: (p for p in listing(self, pattern) if p != unseen))
    assert faults_of(tmp_path) == ""
    assert len(Ledger(tmp_path).outcomes()) == 6


@pytest.mark.parametrize("tail", [b'{"sequence": 4, "ti', b"\0" * 40, b"\0" * 40 + b"\n", b'{"half": \n'])
def test_a_torn_last_line_is_tolerated_and_noted(tmp_path: Path, tail: bytes) -> None:
    fill(Ledger(tmp_path))
    with segment_of(tmp_path).open("ab") as file:
        file.write(tail)
    ledger = Ledger(tmp_path)
    assert len(ledger.outcomes()) == 3
    report = ledger.verify()
    assert report.faults == ()
    assert "torn line" in report.notes[0]
    fill(ledger, 1)
    assert len(Ledger(tmp_path).outcomes()) == 4


def test_a_record_that_was_cut_off_within_its_line_is_lost_and_no_note_says_otherwise(tmp_path: Path) -> None:
    fill(Ledger(tmp_path))
    path = segment_of(tmp_path)
    path.write_bytes(path.read_bytes()[:-40])
    report = Ledger(tmp_path).verify()
    assert not [note for note in report.notes if "torn" in note]
    (fault,) = report.faults
    assert "record 3: missing; heads/" in fault
    assert fault.endswith("and the file was cut off within it: restore the segment from a backup")


def test_a_segment_without_a_record_is_what_a_crash_at_its_beginning_leaves(tmp_path: Path) -> None:
    fill(Ledger(tmp_path))
    (tmp_path / "segments" / "20990101T000000.000000-1-abcdef.jsonl").write_bytes(b"")
    assert Ledger(tmp_path).verify().faults == ()
    fill(Ledger(tmp_path), 1)
    assert len(Ledger(tmp_path).outcomes()) == 4


@pytest.mark.parametrize("name", ["items", "curves"])
def test_altered_and_missing_tables_are_named_with_their_record(tmp_path: Path, name: str) -> None:
    fill(Ledger(tmp_path), 1)
    (path,) = (tmp_path / name).glob("*.parquet")
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))
    segment = segment_of(tmp_path).name
    altered = f"{name}/{path.name} does not match the hash in segment {segment}, record 1: it was altered"
    assert altered in faults_of(tmp_path)
    (record,) = Ledger(tmp_path).outcomes()
    with pytest.raises(LedgerError, match="was altered"):
        dict(getattr(record.outcome, name))
    path.unlink()
    assert f"{name}/{path.name}, which segment {segment}, record 1 refers to, cannot be read" in faults_of(tmp_path)


def test_a_table_without_a_record_is_noted_not_a_fault(tmp_path: Path) -> None:
    fill(Ledger(tmp_path), 1)
    shutil.copy(next((tmp_path / "items").iterdir()), tmp_path / "items" / "stray.parquet")
    (tmp_path / "curves" / ".x.parquet.1-ab.part").write_bytes(b"half")
    report = Ledger(tmp_path).verify()
    assert report.faults == ()
    assert report.notes == (
        "items/stray.parquet belongs to no record; a crash can leave such a file",
        "curves/.x.parquet.1-ab.part was never finished; it may be removed",
    )
