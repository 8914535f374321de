"""The index answers questions about the ledger and is never the truth."""

from __future__ import annotations

import multiprocessing
import os
from pathlib import Path

import pytest

from evenhand.errors import LedgerError
from evenhand.ledger import Ledger, ask, index
from evenhand.recipes.outcome import Failure, Outcome
from tests.ledger.samples import EXECUTION, SMALL, TRIAL, fill, rewrite, segment_of

COUNT = "select count(*) from items where metric = 'score'"


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Ledger:
    """A ledger of one trial with a fresh index, for queries that change nothing."""
    ledger = Ledger(tmp_path_factory.mktemp("asked") / "ledger")
    fill(ledger, 1)
    ledger.query(COUNT)
    return ledger


def answer(ledger: Ledger, sql: str) -> str:
    """What is wrong with a query, as its process finds it."""
    found = ask.answer(str(ledger.folder / "index.duckdb"), index.MEMORY, sql)
    assert isinstance(found, str), found
    return found


@pytest.mark.slow
def test_the_index_is_rebuilt_when_stale_lost_or_broken(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    fill(ledger, 2)
    assert ledger.query(COUNT)[1] == [(6,)]
    fill(ledger, 1)
    assert ledger.query(COUNT)[1] == [(9,)]
    (tmp_path / "index.duckdb").unlink()
    assert ledger.query(COUNT)[1] == [(9,)]
    (tmp_path / "index.duckdb").write_bytes(b"no database")
    assert ledger.query(COUNT)[1] == [(9,)]


@pytest.mark.slow
def test_a_fresh_index_is_not_built_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(Ledger(tmp_path), 1)
    Ledger(tmp_path).query(COUNT)
    monkeypatch.setattr(index, "_build", None)
    assert Ledger(tmp_path).query(COUNT)[1] == [(3,)]


@pytest.mark.slow
def test_every_table_can_be_asked(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    fill(ledger, 1)
    columns, rows = ledger.query("select name, value, undefined from metrics order by name")
    assert columns == ["name", "value", "undefined"]
    assert rows == [
        ("loss", 0.25, None),
        ("other", 2.0, None),
        ("score", 0.5, None),
        ("steps_to_target", None, "never reached"),
    ]
    assert ledger.query("select max(value) from curves where curve = 'loss' and not isnan(value)")[1] == [(0.5,)]
    assert ledger.query("select item, score, output, cluster from items where metric = 'score' order by score")[1] == [
        ("x", 0.0, "4", "g"),
        ("ж", 0.5, "7", "h"),
        ("y", 1.0, "", "g"),
    ]
    joined = (
        "select settings->>'$.a.b', spent->>'$.steps', budget, peak_memory_bytes, score from outcomes "
        "join items using (trial, segment, sequence) where metric = 'other'"
    )
    assert ledger.query(joined)[1] == [("1", "10.0", 10.0, 2**20, 2.0)]


@pytest.mark.slow
def test_failures_are_rows_with_their_class_and_only_what_counts_is_marked(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    ledger.record_outcome(TRIAL, Outcome(failure=Failure("resource", "out of memory")), EXECUTION, "h", {})
    ledger.record_outcome(TRIAL, SMALL, EXECUTION, "h", {})
    ledger.record_outcome(TRIAL, SMALL, EXECUTION, "", {}, exploratory=True)
    rows = ledger.query("select status, message, counts, exploratory from outcomes order by sequence")[1]
    assert rows == [
        ("resource", "out of memory", False, False),
        ("ok", None, True, False),
        ("ok", None, False, True),
    ]


@pytest.mark.slow
def test_an_empty_ledger_has_empty_tables(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    for name in ("outcomes", "metrics", "items", "curves"):
        assert ledger.query(f"select count(*) from {name}")[1] == [(0,)]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("select * from nothing", "Tables: outcomes, metrics, items, curves"),
        ("no sql", "Tables: outcomes, metrics, items, curves"),
        ("", "one statement that only reads"),
        ("delete from outcomes", "one statement that only reads"),
        ("select 1; select 2", "one statement that only reads"),
        ("copy (select 1) to '/dev/null'", "one statement that only reads"),
    ],
)
def test_a_query_that_cannot_be_run_is_refused_in_words(asked: Ledger, sql: str, words: str) -> None:
    assert words in answer(asked, sql)


@pytest.mark.slow
@pytest.mark.parametrize("sql", ["no sql", "select content from read_blob('/etc/hostname')", "set threads = 1"])
def test_what_is_wrong_with_a_query_comes_out_of_its_process_as_an_error(asked: Ledger, sql: str) -> None:
    with pytest.raises(LedgerError, match=r"one statement that only reads|cannot be run"):
        asked.query(sql)


@pytest.mark.slow
def test_a_damaged_ledger_answers_nothing_even_where_the_index_is_fresh(tmp_path: Path) -> None:
    fill(Ledger(tmp_path), 2)
    Ledger(tmp_path).query(COUNT)
    path = segment_of(tmp_path)
    state = path.stat()
    rewrite(path, lambda lines: [lines[0], lines[1].replace(b'"steps": 10', b'"steps": 11'), lines[2]])
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))
    with pytest.raises(LedgerError, match="is damaged"):
        Ledger(tmp_path).query(COUNT)


def _ask(folder: Path, answers: multiprocessing.Queue[list[tuple[int]]]) -> None:
    answers.put(Ledger(folder).query(COUNT)[1])


@pytest.mark.slow
def test_two_processes_may_rebuild_at_once(tmp_path: Path) -> None:
    fill(Ledger(tmp_path), 3)
    context = multiprocessing.get_context("spawn")
    answers = context.Queue()
    readers = [context.Process(target=_ask, args=(tmp_path, answers)) for _ in range(2)]
    for reader in readers:
        reader.start()
    assert [answers.get(timeout=120) for _ in readers] == [[(9,)], [(9,)]]
    for reader in readers:
        reader.join()
    assert [path.name for path in tmp_path.glob("*index*")] == ["index.duckdb"]


@pytest.mark.parametrize(
    "sql",
    [
        "select content from read_blob('{secret}')",
        "select * from read_text('{secret}')",
        "select * from read_csv('{secret}')",
        "select * from read_json('{secret}')",
        "select * from read_parquet('{parquet}')",
        "select * from parquet_metadata('{parquet}')",
        "select * from '{secret}'",
        "select * from '{parquet}'",
        "select * from glob('{folder}/*')",
        "select * from sniff_csv('{secret}')",
        "select * from query('select * from read_text(''{secret}'')')",
        "select * from read_text('file://{secret}')",
        "select * from read_csv('https://example.org/x.csv')",
        "select * from duckdb_secrets() union all select * from read_text('{secret}')",
        "explain analyze select * from read_text('{secret}')",
        "with x as (select * from read_text('{secret}')) select * from x",
    ],
)
def test_a_query_reads_nothing_but_the_ledger(asked: Ledger, tmp_path: Path, sql: str) -> None:
    (tmp_path / "secret.csv").write_text("a,b\nhunter2,1\n")
    parquet = next((asked.folder / "items").iterdir())
    told = answer(asked, sql.format(secret=tmp_path / "secret.csv", parquet=parquet, folder=tmp_path))
    assert "cannot be run" in told
    assert "hunter2" not in told


@pytest.mark.parametrize(
    "sql",
    [
        "set enable_external_access = true",
        "set lock_configuration = false",
        "set memory_limit = '100GB'",
        "pragma memory_limit = '100GB'",
        "reset memory_limit",
        "attach '/tmp/x.duckdb'",
        "install httpfs",
        "load httpfs",
        "export database '/tmp/x'",
        "call pragma_version()",
    ],
)
def test_a_query_changes_no_setting(asked: Ledger, sql: str) -> None:
    told = answer(asked, sql)
    assert "one statement that only reads" in told or "cannot be run" in told


@pytest.mark.slow
def test_a_query_that_takes_too_long_is_ended(asked: Ledger) -> None:
    endless = "select sum(hash(a.range + b.range)) from range(10000000) a, range(10000000) b"
    with pytest.raises(LedgerError, match=r"ended after 2 seconds.*--seconds"):
        asked.query(endless, 2)


@pytest.mark.slow
@pytest.mark.parametrize(
    "sql",
    [
        "select range(1000000000)[1:2]",
        "select list(range) from range(1000000000)",
        "select repeat('x', 2000000000) || repeat('y', 2000000000)",
        "select * from range(500000000)",
    ],
)
def test_a_query_that_needs_too_much_memory_is_ended(asked: Ledger, sql: str) -> None:
    with pytest.raises(LedgerError, match=r"MiB of memory|cannot be run|ended after"):
        asked.query(sql, 15)
