"""How far a claim is, told of the ledger and of the claim's file alike."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from evenhand.claims.load import LoadedClaim, all_trials
from evenhand.cli.output import plain, status_documents
from evenhand.decisions.likeness import Alike
from evenhand.decisions.standing import SetAsideTrial, Standing
from evenhand.decisions.standing_words import standing_words
from evenhand.recipes.outcome import Execution, Failure, Outcome
from tests.ledgers import Book

Happening = Callable[[Book, LoadedClaim], None]


def _record(book: Book, loaded: LoadedClaim, outcome: Outcome, execution: Execution | None = None) -> None:
    first = all_trials(loaded.resolved)[0]
    book.ledger.record_outcome(first, outcome, execution or Execution(), loaded.resolved.hash, {})


def _fails_first(book: Book, loaded: LoadedClaim) -> None:
    _record(book, loaded, Outcome(failure=Failure("timeout", "took too long")))
    book.run(loaded)


def _fails_after_a_result(book: Book, loaded: LoadedClaim) -> None:
    book.run(loaded)
    _record(book, loaded, Outcome(failure=Failure("timeout", "took too long")))


def _fails(book: Book, loaded: LoadedClaim) -> None:
    _record(book, loaded, Outcome(failure=Failure("timeout", "took too long")))


def _diverges(book: Book, loaded: LoadedClaim) -> None:
    _record(book, loaded, Outcome(failure=Failure("diverged", "loss is NaN")))


def _left_out(book: Book, loaded: LoadedClaim) -> None:
    _record(book, loaded, Outcome(failure=Failure("data", "too large")), replace(Execution(), attempt=0))


@pytest.mark.parametrize("happens", [_fails_first, _fails_after_a_result, _fails, _diverges, _left_out])
def test_the_ledger_tells_of_a_claim_what_its_file_tells(happens: Happening, tmp_path: Path) -> None:
    book = Book(tmp_path)
    loaded = book.enter(book.claim("a"))
    happens(book, loaded)
    (of_file,), (of_ledger,) = status_documents([loaded], book.ledger), status_documents([], book.ledger)
    for key in ("claim", "hash", "results", "failures", "left_out"):
        assert of_ledger[key] == of_file[key], key
    assert of_file["results"] + len(of_file["failures"]) + len(of_file["left_out"])


def test_a_standing_is_read_back_from_plain_data_as_it_was() -> None:
    known = Alike(2, ("a (b)",), ("off",))
    aside = (SetAsideTrial("on · default · confirm · seed 2", 3, ("node",), "2026-01-01T00:00:00"),)
    found = Standing("amended", 1, 6, ("a (b)",), ("margin: 1 -> 2",), alike=known, set_aside=aside, existed=True)
    again = Standing.of_plain(plain(found))
    assert standing_words(again) == standing_words(found)
    late = Standing("post-hoc", 0, 6, alike=known)
    assert standing_words(Standing.of_plain(plain(late))) == standing_words(late)
