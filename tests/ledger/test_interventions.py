"""What people did to a claim before it was decided stands in the ledger, and whoever reads of the claim reads of it."""

from __future__ import annotations

from pathlib import Path

from evenhand.decisions.caution_words import caution_words
from evenhand.decisions.intervention_words import intervention_words
from evenhand.decisions.standing import Unblinded
from evenhand.ledger import Ledger
from evenhand.running.enter import decided
from tests.app import evenhand, parsed
from tests.ledgers import Book


def test_they_are_kept_in_order_through_packing_and_merging(tmp_path: Path) -> None:
    book = Book(tmp_path)
    book.whole("c")
    book.ledger.record_intervention("paused", "c", "h1", 2, 6)
    book.ledger.record_intervention("cancelled", "d", "h2", 0, 6)
    book.ledger.pack()
    with Ledger(tmp_path / "ledger") as ledger:
        found = ledger.interventions()
        assert [(one.what, one.name, one.hash, one.results, one.trials) for one in found] == [
            ("paused", "c", "h1", 2, 6), ("cancelled", "d", "h2", 0, 6),
        ]  # fmt: skip
        assert found[0].time[:2] == "20"
        assert [one.what for one in ledger.interventions("h2")] == ["cancelled"]
        assert ledger.verify().faults == ()
    with Ledger(tmp_path / "other") as other:
        other.merge(tmp_path / "ledger")
        assert len(other.interventions()) == 2


def test_status_tells_them_and_the_verdict_warns_of_the_one_that_may_have_told_the_answer(tmp_path: Path) -> None:
    book = Book(tmp_path)
    loaded = book.enter(book.claim("c"))
    book.run(loaded, 2)
    before = decided(loaded, book.ledger).warnings
    hash_ = loaded.resolved.hash
    book.ledger.record_intervention("paused", "c", hash_, 2, 6)
    assert decided(loaded, book.ledger).warnings == before
    book.ledger.record_intervention("unblinded", "c", hash_, 2, 6)
    book.ledger.record_intervention("unblinded", "c", hash_, 4, 6)
    (warning,) = set(decided(loaded, book.ledger).warnings) - set(before)
    assert "with 2 of 6 results in: the board showed its arms by name" in warning
    book.ledger.close()
    shown = " ".join(evenhand(tmp_path, "status", "--ledger", "ledger", columns=200).stdout.split())
    assert "with 2 of 6 results in: it was paused." in shown
    assert "with 4 of 6 results in: the board showed its arms by name." in shown
    (document,) = parsed(evenhand(tmp_path, "status", "--ledger", "ledger", "--json"))
    assert [one["what"] for one in document["interventions"]] == ["paused", "unblinded", "unblinded"]


def test_each_is_a_sentence_with_when_it_was_and_how_much_was_known() -> None:
    assert intervention_words("resumed", "2026-11-28T11:20:33.123456+00:00", 1200, 4800) == (
        "2026-11-28 11:20 UTC, with 1,200 of 4,800 results in: it went on after a pause."
    )
    assert intervention_words("cancelled", "", 0, 6) == "with 0 of 6 results in: it was cancelled."
    warned = caution_words(Unblinded("", 1, 6))
    assert warned.startswith("with 1 of 6 results in: the board showed its arms by name. Whoever saw")
