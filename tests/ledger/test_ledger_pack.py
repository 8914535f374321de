"""Packing changes where tables and records lie, never what they say; cut short anywhere, it loses nothing."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tarfile
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from evenhand.errors import LedgerError
from evenhand.ledger import Ledger, archive, chain, pack, packs, store, writer
from evenhand.ledger.content import content_hash
from evenhand.ledger.tables import curves_table, items_table
from evenhand.ledger.writer import SegmentWriter
from evenhand.recipes.outcome import ITEM_COLUMNS, Curve, ItemScores, Outcome
from tests.ledger.samples import ASKED, EXECUTION, OUTCOME, SMALL, TRIAL, faults_of, fill

PLAIN = Outcome(
    items={"score": ItemScores(("x", "y"), np.array([1.0, 0.0]))}, curves={"none": Curve(*np.zeros((2, 0)))}
)
EMPTY = Outcome(items={"score": ItemScores((), np.zeros(0))})
IDS = [replace(TRIAL, seed=seed).id for seed in range(9)]


def written(folder: Path, outcomes: tuple[Outcome, ...] = (OUTCOME, PLAIN, SMALL, EMPTY, OUTCOME)) -> Path:
    """A ledger that two processes wrote, one after the other."""
    for part in (range(2), range(2, len(outcomes))):
        ledger = Ledger(folder)
        for seed in part:
            ledger.record_outcome(replace(TRIAL, seed=seed), outcomes[seed], EXECUTION, "h", {"git": None})
        ledger.close()
    return folder


def content(folder: Path) -> list[Any]:
    """All that a ledger says, as plain data."""
    found = []
    for record in Ledger(folder).outcomes():
        items = {
            name: (table.ids, table.scores.tolist(), *(table.column(key) for key in ITEM_COLUMNS))
            for name, table in record.outcome.items.items()
        }
        curves = {name: (c.steps.tolist(), repr(c.values.tolist())) for name, c in record.outcome.curves.items()}
        found.append((str(record.place), record.trial.id, dict(record.outcome.metrics), items, curves))
    return found


def files_of(folder: Path) -> list[str]:
    kept = (path for path in folder.rglob("*") if path.is_file() and path.parent.name not in ("locks", "cache"))
    return sorted(path.relative_to(folder).as_posix() for path in kept)


def the(folder: Path, pattern: str) -> Path:
    (path,) = (folder / "packs").glob(pattern)
    return path


def test_a_packed_ledger_says_what_it_said_and_lies_in_five_files(tmp_path: Path) -> None:
    before = content(written(tmp_path))
    head = Ledger(tmp_path).head_hash(IDS)
    report = Ledger(tmp_path).pack()
    assert (report.tables, report.segments, len(report.packs)) == (7, 2, 3)
    assert content(tmp_path) == before
    assert Ledger(tmp_path).head_hash(IDS) == head
    assert [path.split("/")[0] for path in files_of(tmp_path)] == ["heads", "packs", "packs", "packs", "segments"]
    found = Ledger(tmp_path).verify()
    assert (found.faults, found.notes) == ((), ())
    assert found.records == 2 + 5 + 2


@pytest.mark.slow
def test_what_is_packed_can_be_asked_in_sql_as_before(tmp_path: Path) -> None:
    rows = [f"(select list(row order by row) from {table} row)" for table in ("items", "curves", "metrics")]
    written(tmp_path, (OUTCOME, PLAIN, SMALL))
    before = Ledger(tmp_path).query(f"select {', '.join(rows)}")
    Ledger(tmp_path).pack()
    assert repr(Ledger(tmp_path).query(f"select {', '.join(rows)}")) == repr(before)


def test_packing_again_changes_nothing(tmp_path: Path) -> None:
    Ledger(written(tmp_path)).pack()
    before = {name: (tmp_path / name).read_bytes() for name in files_of(tmp_path)}
    report = Ledger(tmp_path).pack()
    assert (report.tables, report.packs, report.removed) == (0, (), 0)
    assert {name: (tmp_path / name).read_bytes() for name in files_of(tmp_path)} == before


def test_trials_that_are_added_later_are_read_and_can_be_packed_too(tmp_path: Path) -> None:
    ledger = Ledger(written(tmp_path))
    ledger.pack()
    fill(ledger, 8)
    expected = content(tmp_path)
    assert len(expected) == 5 + 8
    assert faults_of(tmp_path) == ""
    # Two of the eight are the tables of two that were packed before, under the same names: they are packed already.
    assert ledger.pack().tables == 16 - 4
    assert content(tmp_path) == expected
    assert faults_of(tmp_path) == ""
    assert not (tmp_path / "items").exists()


def test_a_reader_that_opened_the_ledger_before_it_was_packed_reads_on(tmp_path: Path) -> None:
    before = content(written(tmp_path))
    reader = Ledger(tmp_path)
    records = reader.outcomes()
    Ledger(tmp_path).pack()
    assert records[0].outcome.items["score"].ids == before[0][3]["score"][0]
    assert len(reader.outcomes()) == 5


def packed_twice(folder: Path) -> Path:
    """A ledger with two packs of a kind and two archives, and a trial that is in none."""
    ledger = Ledger(written(folder))
    ledger.pack()
    fill(ledger, 8)
    ledger.pack()
    ledger.record_outcome(replace(TRIAL, seed=99), OUTCOME, EXECUTION, "h", {"git": None})
    ledger.close()
    assert len(files_of(folder)) == 2 * 3 + 2 * 2 + 2
    return folder


def test_all_packs_become_one_of_a_kind_that_says_the_same(tmp_path: Path) -> None:
    before = content(packed_twice(tmp_path))
    head = Ledger(tmp_path).head_hash(IDS)
    report = Ledger(tmp_path).pack(everything=True)
    assert content(tmp_path) == before
    assert Ledger(tmp_path).head_hash(IDS) == head
    assert [name.split("/")[0] for name in files_of(tmp_path)] == ["heads", "packs", "packs", "packs", "segments"]
    found = Ledger(tmp_path).verify()
    assert (found.faults, found.notes) == ((), ())
    assert (report.files, len(report.packs)) == ((12, 5), 3)


@pytest.mark.parametrize("everything", [False, True])
def test_what_is_packed_as_a_whole_is_not_packed_again(tmp_path: Path, everything: bool) -> None:
    Ledger(packed_twice(tmp_path)).pack(everything=True)
    before = files_of(tmp_path)
    report = Ledger(tmp_path).pack(everything)
    assert (report.packs, report.removed) == ((), 0)
    assert files_of(tmp_path) == before


def test_without_it_what_was_packed_before_stays_as_it_is(tmp_path: Path) -> None:
    packs_before = {path.name for path in (packed_twice(tmp_path) / "packs").iterdir()}
    Ledger(tmp_path).pack()
    assert packs_before < {path.name for path in (tmp_path / "packs").iterdir()}


def test_a_reader_that_opened_the_ledger_before_all_was_packed_anew_reads_on(tmp_path: Path) -> None:
    before = content(packed_twice(tmp_path))
    reader = Ledger(tmp_path)
    records = reader.outcomes()
    assert records[0].outcome.items["score"].ids == before[0][3]["score"][0]  # from a pack that goes
    Ledger(tmp_path).pack(everything=True)
    for record, known in zip(records, before, strict=True):
        assert {name: table.ids for name, table in record.outcome.items.items()} == {
            n: t[0] for n, t in known[3].items()
        }
        assert {name: curve.steps.tolist() for name, curve in record.outcome.curves.items()} == {
            name: steps for name, (steps, _) in known[4].items()
        }


@pytest.mark.parametrize("pattern", ["items-*", "records-*"])
def test_a_damaged_pack_is_not_packed_anew_and_nothing_is_removed(tmp_path: Path, pattern: str) -> None:
    packed_twice(tmp_path)
    path = sorted((tmp_path / "packs").glob(pattern))[0]
    path.write_bytes(path.read_bytes()[:-9] + b"123456789")
    before = files_of(tmp_path)
    with pytest.raises(LedgerError, match="altered"):
        Ledger(tmp_path).pack(everything=True)
    assert set(before) <= set(files_of(tmp_path))


def test_packs_of_a_copy_that_are_merged_back_are_named_and_go_at_the_next_packing(tmp_path: Path) -> None:
    mine = packed_twice(tmp_path / "mine")
    shutil.copytree(mine, tmp_path / "copy")
    Ledger(mine).pack(everything=True)
    before = content(mine)
    Ledger(mine).merge(tmp_path / "copy")
    found = Ledger(mine).verify()
    assert found.faults == ()
    assert any("was packed anew" in note for note in found.notes)
    assert content(mine) == before
    Ledger(mine).pack(everything=True)
    assert (Ledger(mine).verify().faults, Ledger(mine).verify().notes) == ((), ())
    assert content(mine) == before
    assert len(files_of(mine)) == 5


def test_a_segment_that_a_crash_left_empty_is_kept_with_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(tmp_path)
    child = os.fork()
    if child == 0:
        monkeypatch.setattr(SegmentWriter, "_write", lambda *_: os._exit(9))
        SegmentWriter(tmp_path).append("none", {})
    os.waitpid(child, 0)
    assert sorted(path.stat().st_size == 0 for path in (tmp_path / "segments").iterdir()) == [False, False, True]
    ledger = Ledger(tmp_path)
    ledger.pack()
    fill(ledger, 8)
    expected = content(tmp_path)
    ledger.pack(everything=True)
    assert faults_of(tmp_path) == ""
    assert content(tmp_path) == expected


def test_an_earlier_packing_by_a_clock_that_is_ahead_is_packed_anew_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Ahead(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return datetime.now(tz) + timedelta(hours=1)

    with monkeypatch.context() as clock:
        clock.setattr(writer, "datetime", Ahead)
        ledger = Ledger(written(tmp_path))
        ledger.pack()
        fill(ledger, 8)
        ledger.pack()
    before = content(tmp_path)
    assert len(Ledger(tmp_path).pack(everything=True).packs) == 3
    assert len(files_of(tmp_path)) == 5
    again = Ledger(tmp_path).pack(everything=True)
    assert (again.packs, again.removed) == ((), 0)
    assert content(tmp_path) == before
    assert faults_of(tmp_path) == ""


@pytest.mark.parametrize("everything", [False, True])
def test_a_record_that_is_written_while_the_ledger_is_packed_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, everything: bool
) -> None:
    """Its segment was begun when those of the others were held already."""
    if everything:
        packed_twice(tmp_path)
    else:
        written(tmp_path)
    other, sound, unlink, recorded = Ledger(tmp_path), pack.sound, Path.unlink, list[int]()

    def record(seed: int) -> None:
        recorded.append(seed)
        other.record_outcome(replace(TRIAL, seed=seed), SMALL, EXECUTION, "h", {"git": None})

    def checked(folder: Path) -> Any:
        chain = sound(folder)
        if not recorded:
            record(200)
        return chain

    def removed(path: Path, missing_ok: bool = False) -> None:
        if recorded == [200] and path.suffix == ".parquet" and not path.name.startswith("."):
            record(201)
        unlink(path, missing_ok)

    monkeypatch.setattr(pack, "sound", checked)
    monkeypatch.setattr(Path, "unlink", removed)
    Ledger(tmp_path).pack(everything)
    monkeypatch.undo()
    other.close()
    assert recorded == [200, 201]
    assert {200, 201} <= {record.trial.seed for record in Ledger(tmp_path).outcomes()}
    assert faults_of(tmp_path) == ""


def test_tables_of_many_row_groups_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pack, "ROWS", 5)
    monkeypatch.setattr(packs, "_HELD", 2)
    before = content(written(tmp_path))
    Ledger(tmp_path).pack()
    assert content(tmp_path) == before
    assert faults_of(tmp_path) == ""


def test_records_keep_the_hash_of_what_their_tables_hold(tmp_path: Path) -> None:
    """Without evenhand it can be computed too: columns and rows, then texts as JSON and numbers as 8 bytes each."""
    written(tmp_path, (OUTCOME, SMALL))
    expected = hashlib.sha256(
        '{"columns":["metric","item","score","output","cluster"],"rows":4}\n'
        '["score","score","score","other"]\n["x","y","ж","x"]\n'.encode()
        + np.array([0.0, 1.0, 0.5, 2.0]).tobytes()
        + b'["4","","7",null]\n["g","g","h",null]\n'
    ).hexdigest()
    lines = [json.loads(line) for path in (tmp_path / "segments").iterdir() for line in path.open("rb")]
    (recorded,) = [
        line["body"]["files"]["items"] for line in lines if line["kind"] == "outcome" and line["body"]["files"]
    ]
    assert recorded["content"] == expected == content_hash(items_table(OUTCOME.items))
    Ledger(tmp_path).pack()
    (segment,) = (tmp_path / "segments").iterdir()
    body = json.loads(segment.read_bytes().splitlines()[-1])["body"]
    assert body["packs"][0]["tables"] == [[IDS[0], recorded["sha256"], expected, 4]]


@pytest.mark.slow
def test_what_was_asked_its_kind_and_the_right_answer_are_packed_and_hashed_too(tmp_path: Path) -> None:
    outcomes = (OUTCOME, ASKED, PLAIN, EMPTY, ASKED)
    before = content(written(tmp_path, outcomes))
    assert before[1][3]["score"][2:] == (("4", "7"), None, ("2 + 3", "3 + 4"), ("odd", "odd"), ("5", "7"))
    assert before[1][3]["other"][2:] == (None, None, None, ("odd",), None)
    hashes = [content_hash(items_table(outcome.items)) for outcome in outcomes]
    asked = "select item, score, input, item_group, expected from items order by all"
    rows = Ledger(tmp_path).query(asked)
    assert ("y", 1.0, "3 + 4", "odd", "7") in rows[1]
    Ledger(tmp_path).pack()
    assert content(tmp_path) == before
    assert faults_of(tmp_path) == ""
    assert repr(Ledger(tmp_path).query(asked)) == repr(rows)
    body = json.loads(next((tmp_path / "segments").iterdir()).read_bytes().splitlines()[-1])["body"]
    assert [entry[2] for entry in body["packs"][0]["tables"]] == hashes
    assert hashes[1] != content_hash(items_table({"score": replace(ASKED.items["score"], expected=("5", "8"))}))


@pytest.mark.slow
def test_a_pack_without_those_columns_reads_as_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = content(written(tmp_path))
    with monkeypatch.context() as early:
        early.setattr(pack, "COLUMNS", {kind: names[:5] for kind, names in packs.COLUMNS.items()})
        Ledger(tmp_path).pack()
    assert content(tmp_path) == before
    assert faults_of(tmp_path) == ""
    assert Ledger(tmp_path).query("select distinct input from items")[1] == [(None,)]


def test_what_is_asked_of_the_same_items_in_every_trial_takes_next_to_no_room(tmp_path: Path) -> None:
    names = tuple(f"item {i}" for i in range(500))
    plain = ItemScores(names, np.zeros(500), names)
    # Texts of 16 hexadecimal digits: nothing inside one compresses, so that only repetition can save room.
    asked = replace(plain, inputs=tuple(hashlib.sha256(n.encode()).hexdigest()[:16] for n in names))
    sizes = []
    for number, table in enumerate((plain, asked)):
        folder = tmp_path / str(number)
        ledger = Ledger(folder)
        for seed in range(9):
            ledger.record_outcome(replace(TRIAL, seed=seed), Outcome(items={"s": table}), EXECUTION, "h", {})
        ledger.close()
        ledger.pack()
        sizes.append(the(folder, "items-*.parquet").stat().st_size)
    assert sizes[1] - sizes[0] < 1.5 * 500 * 16


def test_a_ledger_whose_records_do_not_keep_that_hash_is_packed_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from evenhand.ledger import ledger

    write = ledger.write_table

    def as_before(*arguments: Any) -> dict[str, Any]:
        return {key: value for key, value in write(*arguments).items() if key != "content"}

    monkeypatch.setattr(ledger, "write_table", as_before)
    before = content(written(tmp_path))
    Ledger(tmp_path).pack()
    assert content(tmp_path) == before
    assert faults_of(tmp_path) == ""


def test_the_hash_of_a_content_does_not_depend_on_how_a_column_is_stored() -> None:
    import pyarrow as pa

    table = curves_table(OUTCOME.curves)
    plain = table.set_column(0, "curve", table["curve"].cast(pa.string()))
    assert content_hash(table) == content_hash(plain)
    assert content_hash(table) != content_hash(table.slice(0, 1))


def _damaged(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))


@pytest.mark.parametrize(
    ("hurt", "words"),
    [
        (_damaged, "was altered"),
        (lambda path: path.write_bytes(path.read_bytes() + b"more"), "was altered"),
        (lambda path: path.unlink(), "No such file"),
    ],
    ids=["damaged", "extended", "missing"],
)
def test_a_pack_that_is_not_as_recorded_names_itself_the_trial_and_the_cure(
    tmp_path: Path, hurt: Callable[[Path], None], words: str
) -> None:
    Ledger(written(tmp_path)).pack()
    path = the(tmp_path, "items-*")
    hurt(path)
    outcome = Ledger(tmp_path).outcomes()[0].outcome
    for said in (faults_of(tmp_path), _error(lambda: dict(outcome.items))):
        assert said.startswith(f"packs/{path.name}, which holds the items of trial {IDS[0]}")
        assert words in said
        assert "Restore the file from a backup" in said
    assert dict(outcome.curves)  # another pack
    with pytest.raises(LedgerError, match=path.name):
        fill_and_pack(tmp_path)


def fill_and_pack(folder: Path) -> None:
    ledger = Ledger(folder)
    fill(ledger, 1)
    ledger.pack()


def _error(ask: Callable[[], object]) -> str:
    with pytest.raises(LedgerError) as caught:
        ask()
    return str(caught.value)


def test_what_is_noted_of_packed_scores_reads_the_same_and_hides_no_damage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Ledger(written(tmp_path)).pack()
    before = content(tmp_path)
    monkeypatch.setattr(store, "_MANY_DECODED", 0)
    assert content(tmp_path) == before
    assert list((tmp_path / "cache").iterdir())
    monkeypatch.setattr(packs.PackReader, "items", None)  # what is noted is read, and the pack is not decoded
    assert content(tmp_path) == before
    _damaged(the(tmp_path, "items-*"))
    assert "was altered" in _error(lambda: dict(Ledger(tmp_path).outcomes()[0].outcome.items))


@pytest.mark.parametrize("hurt", [_damaged, lambda path: path.write_bytes(path.read_bytes() + b"\0"), Path.unlink])
def test_an_archive_of_records_that_is_not_as_recorded_is_named_once(
    tmp_path: Path, hurt: Callable[[Path], None]
) -> None:
    Ledger(written(tmp_path)).pack()
    path = the(tmp_path, "records-*")
    hurt(path)
    (fault, *others) = Ledger(tmp_path).verify().faults
    assert fault.startswith(f"packs/{path.name}")
    assert "Restore the file from a backup" in fault
    assert others == []
    assert path.name in _error(lambda: Ledger(tmp_path).outcomes())


def test_records_cut_from_an_archive_are_missed_though_its_name_fits_its_bytes(tmp_path: Path) -> None:
    Ledger(written(tmp_path)).pack()
    found = archive.read_archive(the(tmp_path, "records-*"))
    the(tmp_path, "records-*").unlink()
    name, data = sorted(found.segments.items())[0]
    data = archive.archived({**found.segments, name: data[: data[:-1].rindex(b"\n") + 1]}, found.heads)
    (tmp_path / "packs" / f"records-{hashlib.sha256(data).hexdigest()[:12]}.tar.gz").write_bytes(data)
    assert f"segment {name}, record 2: missing" in faults_of(tmp_path)


def test_the_removed_record_of_a_packing_is_missed(tmp_path: Path) -> None:
    Ledger(written(tmp_path)).pack()
    for folder in ("segments", "heads"):
        shutil.rmtree(tmp_path / folder)
    assert "the segment that recorded the packing is missing" in faults_of(tmp_path)


def test_an_archive_can_be_unpacked_by_hand(tmp_path: Path) -> None:
    before = content(written(tmp_path))
    kept = {
        name: (tmp_path / name).read_bytes() for name in files_of(tmp_path) if name.startswith(("segments", "heads"))
    }
    Ledger(tmp_path).pack()
    with tarfile.open(the(tmp_path, "records-*")) as bundle:
        bundle.extractall(tmp_path, filter="data")
    assert {name: (tmp_path / name).read_bytes() for name in kept} == kept
    the(tmp_path, "records-*").unlink()
    assert content(tmp_path) == before
    assert faults_of(tmp_path) == ""
    Ledger(tmp_path).pack()
    assert content(tmp_path) == before
    assert faults_of(tmp_path) == ""


def test_a_segment_or_a_claim_in_use_keeps_a_ledger_from_being_packed(tmp_path: Path) -> None:
    written(tmp_path)
    busy, before = Ledger(tmp_path), files_of(tmp_path)
    with busy.lock("claim-c"):
        assert "'claim-c' is in use by process" in _error(Ledger(tmp_path).pack)
    busy.record_outcome(replace(TRIAL, seed=9), SMALL, EXECUTION, "h", {})
    assert "is open for writing" in _error(Ledger(tmp_path).pack)
    assert set(before) < set(files_of(tmp_path))
    busy.close()
    assert Ledger(tmp_path).pack().segments == 3


def test_a_damaged_table_or_record_is_not_packed_and_nothing_is_removed(tmp_path: Path) -> None:
    written(tmp_path)
    path = sorted((tmp_path / "items").iterdir())[0]
    good, before = path.read_bytes(), files_of(tmp_path)
    _damaged(path)
    assert f"items/{path.name} does not match the hash" in _error(Ledger(tmp_path).pack)
    path.write_bytes(good)
    _damaged(sorted((tmp_path / "segments").iterdir())[0])
    assert "is damaged and cannot be packed" in _error(Ledger(tmp_path).pack)
    assert set(before) <= set(files_of(tmp_path))


def test_a_table_that_lies_in_a_damaged_file_beside_its_pack_names_both(tmp_path: Path) -> None:
    written(tmp_path)
    path = sorted((tmp_path / "items").glob(f"{IDS[0]}*"))[0]
    data = path.read_bytes()
    Ledger(tmp_path).pack()
    path.parent.mkdir()
    path.write_bytes(data[:-1])
    assert f"packs/{the(tmp_path, 'items-*').name} holds the table too: remove this file" in faults_of(tmp_path)
    path.write_bytes(data)
    assert faults_of(tmp_path) == ""
    assert Ledger(tmp_path).pack().removed == 1


@pytest.mark.parametrize("file", ["/etc/hostname", "../items/x.parquet", "items/../../x.parquet", "items/.x.parquet"])
def test_a_record_that_names_a_file_elsewhere_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: str
) -> None:
    from evenhand.ledger import ledger

    write = ledger.write_table
    monkeypatch.setattr(ledger, "write_table", lambda *arguments: write(*arguments) | {"file": file})
    written(tmp_path, (OUTCOME, SMALL))
    assert f"{file!r}" in faults_of(tmp_path)
    for ask in (Ledger(tmp_path).outcomes, Ledger(tmp_path).pack):
        assert "no table of a ledger" in _error(ask)


@pytest.mark.parametrize("file", ["../packs/items-0123456789ab.parquet", "packs/../x.parquet", "/etc/hostname"])
def test_a_packing_that_names_a_file_elsewhere_is_refused(tmp_path: Path, file: str) -> None:
    from evenhand.ledger.writer import SegmentWriter

    written(tmp_path, (SMALL, SMALL))
    body = {"packs": [{"kind": "items", "file": file, "sha256": "0" * 64, "tables": []}]}
    writer = SegmentWriter(tmp_path)
    writer.append(
        "pack", body | {"records": {"file": "packs/records-0123456789ab.tar.gz", "sha256": "", "segments": []}}
    )
    writer.close()
    assert "no file of a ledger" in faults_of(tmp_path)


def _steps(folder: Path, monkeypatch: pytest.MonkeyPatch, last: int, everything: bool) -> int:
    """Pack in a child that ends at once before its ``last``-th change on the disk; gives its exit code."""
    child = os.fork()
    if child == 0:
        done = 0

        def counted(act: Callable[..., Any]) -> Callable[..., Any]:
            def step(*arguments: Any, **named: Any) -> Any:
                nonlocal done
                if done == last:
                    os._exit(9)
                done += 1
                return act(*arguments, **named)

            return step

        code = 1
        try:
            for owner, name in ((Path, "unlink"), (Path, "replace"), (Path, "rmdir"), (Path, "write_bytes")):
                monkeypatch.setattr(owner, name, counted(getattr(owner, name)))
            monkeypatch.setattr(os, "write", counted(os.write))
            Ledger(folder).pack(everything)
            code = 0
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@pytest.mark.slow
@pytest.mark.parametrize("everything", [False, True])
def test_killed_before_any_of_its_steps_it_has_lost_nothing_and_goes_on_from_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, everything: bool
) -> None:
    source = tmp_path / "source"
    if everything:
        Ledger(written(source, (PLAIN, SMALL))).pack()
        Ledger(written(source, (OUTCOME, PLAIN, SMALL))).pack()
    else:
        written(source, (PLAIN, SMALL, SMALL))
    expected, steps, code = content(source), 0, 9
    while code == 9:
        folder = tmp_path / str(steps)
        shutil.copytree(source, folder)
        code = _steps(folder, monkeypatch, steps, everything)
        assert faults_of(folder) == "", f"killed before step {steps}"
        assert content(folder) == expected, f"killed before step {steps}"
        Ledger(folder).pack(everything)
        assert content(folder) == expected
        assert faults_of(folder) == ""
        assert not (folder / "items").exists()
        assert len(list((folder / "segments").iterdir())) <= 2
        assert not everything or len(list((folder / "packs").glob("[!.]*"))) == 3
        shutil.rmtree(folder)
        steps += 1
    assert code == 0
    assert steps > 15


def test_a_ledger_that_is_packed_while_it_is_checked_has_no_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from evenhand.ledger import verify

    written(tmp_path)
    read = verify.read_chain

    def and_packed(folder: Path) -> Any:
        chain = read(folder)
        Ledger(folder).pack()
        return chain

    monkeypatch.setattr(verify, "read_chain", and_packed)
    assert Ledger(tmp_path).verify().faults == ()
    assert not (tmp_path / "items").exists()


@pytest.mark.parametrize("step", ["glob", "heads"])
def test_a_ledger_that_is_packed_while_it_is_read_is_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """Packed after its heads were read, or after its segments were listed."""
    before, owner = content(written(tmp_path)), Ledger(tmp_path)
    name = "_read_heads" if step == "heads" else "_readings"
    act, todo = getattr(chain, name), [owner.pack]

    def first_pack(*arguments: Any) -> Any:
        if step == "heads":
            found = act(*arguments)
        if todo:
            todo.pop()()
        return found if step == "heads" else act(*arguments)

    monkeypatch.setattr(chain, name, first_pack)
    assert content(tmp_path) == before
    assert not todo
    assert not (tmp_path / "items").exists()
