"""Work that a command does itself is shown where it is long: a bar in a terminal, a line now and then elsewhere."""

from __future__ import annotations

import contextlib
import io
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import typer
from rich.console import Console

from evenhand.claims.load import load_claim
from evenhand.cli import claims
from evenhand.cli import compare as comparing
from evenhand.cli import export as exports
from evenhand.cli import gate as gates
from evenhand.cli import ledger as ledgers
from evenhand.cli import report as reports
from evenhand.cli.working import PLAIN_SECONDS, long_work
from evenhand.ledger import Ledger
from evenhand.recipes import catalogue, working
from evenhand.testing.worlds import RECIPE
from tests.ledger.samples import EXECUTION, OUTCOME, TRIAL
from tests.ledgers import TEXT, Book
from tests.runs.logs import lm_eval


@pytest.fixture
def two(tmp_path: Path) -> Path:
    for name, seeds in (("a", (0, 1)), ("b", (2, 3))):
        ledger = Ledger(tmp_path / name)
        ledger.record_claim("c", "h", {"fingerprint": "v1"}, "text")
        for seed in seeds:
            ledger.record_outcome(replace(TRIAL, seed=seed), OUTCOME, EXECUTION, "h", {"git": None})
        ledger.close()
        for seed in (0, 1):
            lm_eval(tmp_path / "runs" / name / f"s{seed}", [float((i + seed) % 2) for i in range(20)])
    return tmp_path


@pytest.fixture
def decided(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A claim that was run: ``claim.toml``, with its ledger."""
    book = Book(tmp_path)
    text = TEXT.format(head="", margin=0.05, effect=0.3, seeds=[0, 1, 2], items=20, budget=10)
    (tmp_path / "claim.toml").write_text(text)
    found = catalogue.find
    monkeypatch.setattr(catalogue, "find", lambda name, folder=None: RECIPE if name == "world" else found(name, folder))
    book.run(book.enter(load_claim(tmp_path / "claim.toml")))
    return tmp_path


def compare(folder: Path) -> None:
    comparing.compare([str(folder / "runs" / name / "s{seed}") for name in "ab"])


COMMANDS: dict[str, tuple[Callable[[Path], None], str]] = {
    "verify": (lambda folder: ledgers.verify(folder / "a"), "checking tables"),
    "pack": (lambda folder: ledgers.pack(folder / "a"), "packing items"),
    "merge": (lambda folder: ledgers.merge([folder / "a", folder / "b"]), "checking tables"),
    "export": (lambda folder: ledgers.export(folder / "x.tar.gz", folder / "a"), "writing tables"),
    "compare": (compare, "s{seed}"),
}
OF_A_CLAIM: dict[str, tuple[Callable[[Path, Path], None], str]] = {
    "verdict": (claims.verdict, "comparing arms"),
    "report": (reports.report, "drawing verdicts"),
    "gate": (lambda claim, ledger: gates.gate([claim], "gain", ledger=ledger), "comparing arms"),
    "export": (lambda claim, ledger: exports.export(claim, "json", ledger=ledger), "comparing arms"),
}


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """What a terminal is sent, for a small example of what takes long."""
    console = Console(file=io.StringIO(), force_terminal=True, width=200)
    for module in (comparing, ledgers, claims, reports, gates, exports):
        monkeypatch.setattr(module, "note", lambda: console)
    monkeypatch.setattr("evenhand.cli.working.BAR_SECONDS", 0.0)
    assert isinstance(console.file, io.StringIO)
    return console.file


@pytest.mark.parametrize("name", COMMANDS)
def test_what_takes_long_with_much_to_do_draws_a_bar(name: str, two: Path, shown: io.StringIO) -> None:
    command, words = COMMANDS[name]
    with contextlib.suppress(typer.Exit):
        command(two)
    assert words in shown.getvalue()


@pytest.mark.parametrize("name", OF_A_CLAIM)
def test_a_claim_of_many_trials_draws_bars_while_it_is_decided(
    name: str, decided: Path, shown: io.StringIO, capsys: pytest.CaptureFixture[str]
) -> None:
    command, words = OF_A_CLAIM[name]
    with contextlib.suppress(typer.Exit):
        command(decided / "claim.toml", decided / "ledger")
    assert "reading results" in shown.getvalue()
    assert words in shown.getvalue()
    assert words not in capsys.readouterr().out  # which may be piped


def test_a_bar_is_not_drawn_for_what_is_short() -> None:
    console = Console(file=(told := io.StringIO()), force_terminal=True, width=200)
    with long_work(console):
        working.tell("packing", 1, 2)
    assert not told.getvalue()


def test_where_no_terminal_is_a_line_comes_now_and_then_and_none_where_it_was_quick(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    console = Console(file=(told := io.StringIO()), width=200)
    with long_work(console):
        for step in range(10):
            working.tell("packing", step, 10)
            now[0] += 0.4 * PLAIN_SECONDS
    assert told.getvalue().splitlines() == ["packing: 30%", "packing: 60%", "packing: 90%"]
