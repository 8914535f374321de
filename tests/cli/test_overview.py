"""Every claim of ledgers in one table."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from evenhand.claims.load import LoadedClaim, all_trials
from evenhand.recipes.outcome import Execution, Failure, Outcome
from evenhand.report.overview import overview_lines, overview_markdown, overview_page, verdict_words
from evenhand.running import standing
from evenhand.running.enter import decided
from evenhand.running.extending import extend
from evenhand.running.overview import ClaimRow, Cost, Place, TitledVerdict, Trials, overview
from evenhand.running.searching import unfolded
from evenhand.running.versions import difference
from evenhand.testing.worlds import World
from tests.app import evenhand, parsed
from tests.ledgers import Book
from tests.running.test_run import write_claim

ROW = ClaimRow(
    "ledger", "right_copy", "ab" * 8, "Does it help | or not?", "toy", "decided", "post-hoc", 2,
    (TitledVerdict("on", "variant", "default", "score", "gain (post-hoc)"),
     TitledVerdict("again", "null", "default", "score", "no-effect")),
    (Place("toy / score", 2, 3, False),), Trials(12, 8, {"code": 2}, 1, 0, 1), Cost(11, 754.0, {"steps": 1200.0}),
    "steps", "ledger/reports/right_copy.html",
)  # fmt: skip


@pytest.mark.parametrize("width", [30, 60, 80, 120, 200])
def test_every_fact_of_a_claim_is_there_at_every_width(width: int) -> None:
    lines = [line.plain for line in overview_lines([ROW], width)]
    assert max(map(len, lines)) <= width
    text = " ".join(" ".join(lines).split())
    for words in ("right_copy", "Does it help", "▲ 1 gain", "8 of 12", "2 code", "12 min 34 s", "1 claim, 1 decided"):
        assert words in text or words.replace(" ", "") in text.replace(" ", ""), words


def test_a_null_arm_is_no_verdict_on_a_variant() -> None:
    assert "no-effect" not in " ".join(line.plain for line in overview_lines([ROW], 200))


def test_a_verdict_that_a_rival_decides_names_the_rival() -> None:
    titles = ("no-effect (trivial, against small_lr, scope seeds)", "no-effect", "no-op", "invalid (saturated)")
    found = tuple(TitledVerdict(f"arm{i}", "variant", "default", "score", title) for i, title in enumerate(titles))
    assert verdict_words(replace(ROW, verdicts=found, fixed="before")) == (
        "≈ 2 no-effect (1 against small_lr), ≡ 1 no-op, × 1 invalid"
    )
    assert verdict_words(replace(ROW, verdicts=found[:1], fixed="before")) == "≈ 1 no-effect (against small_lr)"


def test_documents_link_to_reports_from_where_they_lie() -> None:
    markdown = overview_markdown([ROW], Path("docs"))
    assert "[right\\_copy](<../ledger/reports/right_copy.html>)" in markdown
    assert "Does it help \\| or not?" in markdown
    page = overview_page([ROW], Path("ledger"))
    assert 'href="reports/right_copy.html"' in page
    assert "gain (post-hoc)" in page
    assert not re.search(r'(src|href)="(https?:|//)', page)


@pytest.fixture
def book(tmp_path: Path) -> Book:
    return Book(tmp_path)


def fail(book: Book, loaded: LoadedClaim, arm: str) -> None:
    for trial in all_trials(loaded.resolved):
        if trial.arm == arm and not book.ledger.latest([trial.id]):
            lost = Outcome(failure=Failure("code", "broken"))
            book.ledger.record_outcome(trial, lost, Execution(), loaded.resolved.hash, {})


def test_a_claim_whose_arm_was_given_up_shows_its_verdicts_and_what_was_given_up_in_every_face(book: Book) -> None:
    loaded = book.enter(book.claim("broken"))
    fail(book, loaded, "on")
    for trial in all_trials(loaded.resolved):
        if trial.arm == "off":
            book.ledger.record_outcome(trial, book.world.outcome(trial), Execution(), loaded.resolved.hash, {})
    (row,) = overview([book.ledger.folder])
    assert row.state == "ended"
    assert [verdict.title for verdict in row.verdicts] == ["not-run (code)"]
    assert (row.trials.given_up, row.trials.pending) == ({"on": 3}, 0)
    assert difference(book.ledger.folder, "broken", "broken").verdicts == {
        "on/default/score": ("not-run (code)", "not-run (code)")
    }
    faces = {
        "terminal": " ".join(" ".join(line.plain for line in overview_lines([row], 80)).split()),
        "markdown": overview_markdown([row]), "page": overview_page([row], Path()),
    }  # fmt: skip
    for face, text in faces.items():
        assert "not finished" not in text, face
        assert re.search("1 not-run|not-run \\(code\\)", text), face
        assert "ended with trials given up" in text, face
    assert "given up: 3 trials of on" in faces["markdown"]
    assert "given up: 3 trials of on" in faces["page"]


def test_verdicts_are_those_of_evenhand_verdict_whatever_an_earlier_version_wrote_down(book: Book) -> None:
    book.whole("first", "[0, 1]")
    loaded = book.enter(book.claim("known", "[0, 1, 2]"))  # two of its seeds were seen
    book.run(loaded)
    now = decided(loaded, book.ledger).titles
    ids = [trial.id for trial in all_trials(loaded.resolved)]
    book.ledger.record_decision("known", loaded.resolved.hash, {"on/default/score": "no-op"}, ids)
    row = overview([book.ledger.folder])[1]
    assert {f"{v.arm}/{v.condition}/{v.metric}": v.title for v in row.verdicts} == now
    assert row.verdicts[0].title.startswith("gain (post-hoc")
    assert row.state == "decided"
    assert difference(book.ledger.folder, "first", "known").verdicts["on/default/score"][1] == row.verdicts[0].title


def test_what_an_earlier_version_decided_of_a_claim_that_cannot_be_read_any_more_stays(
    book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    titles = book.whole("old").titles
    monkeypatch.setattr(standing, "of_identity", lambda identity: None)
    (row,) = overview([book.ledger.folder])
    assert (row.state, [verdict.title for verdict in row.verdicts]) == ("decided", list(titles.values()))


def test_a_claim_that_seeds_were_added_to_shows_no_verdict_until_they_have_run(tmp_path: Path) -> None:
    book = Book(tmp_path, World(seed_sd=0.05))
    loaded = book.enter(book.claim("longer", '[0, 1, 2, 3]\nlooks = "anytime"', effect=0.06))
    book.run(loaded)
    book.decide(loaded)
    extend(loaded, book.ledger, 3)
    (row,) = overview([book.ledger.folder])
    assert (row.state, row.verdicts) == ("begun", ())
    assert (row.trials.planned, row.trials.results, row.trials.pending) == (14, 8, 6)
    book.run(unfolded(loaded, book.ledger))
    book.decide(loaded)
    (row,) = overview([book.ledger.folder])
    assert (row.state, row.trials.planned, row.trials.results, row.trials.unneeded) == ("decided", 14, 14, 0)


@pytest.mark.parametrize("failed", [True, False])
def test_a_claim_with_trials_that_nobody_tried_yet_shows_no_verdict(book: Book, *, failed: bool) -> None:
    loaded = book.enter(book.claim("going_on"))
    book.run(loaded, 3)
    (row,) = overview([book.ledger.folder])
    assert (row.state, row.verdicts, row.trials.pending) == ("begun", (), 3)
    if failed:
        book.run(loaded, 1)
        trial = next(t for t in all_trials(loaded.resolved) if not book.ledger.latest([t.id]))
        lost = Outcome(failure=Failure("code", "broken"))
        book.ledger.record_outcome(trial, lost, Execution(), loaded.resolved.hash, {})
        (row,) = overview([book.ledger.folder])
        assert (row.state, row.verdicts, row.trials.pending) == ("begun", (), 1)


@pytest.mark.slow
def test_claims_that_failed_or_were_not_run_stand_beside_those_that_were_decided(toy_folder: Path) -> None:
    write_claim(toy_folder)
    write_claim(toy_folder, name="broken", arm='settings.behave = "raise"')
    evenhand(toy_folder, "run", "c.toml", "broken.toml", "--jobs", "1")
    done = parsed(evenhand(toy_folder, "overview", "--json"))
    first, second = done["claims"]
    assert (first["claim"], first["state"], first["trials"]["results"]) == ("c", "decided", 8)
    assert first["verdicts"][0]["title"].startswith("gain")
    assert second["trials"]["failures"] == {"code": 2}
    assert second["trials"]["left_out"] == 2
    assert (second["state"], [v["title"] for v in second["verdicts"]]) == ("ended", ["not-run (code)"])
    assert second["trials"]["given_up"] == {"on": 4}
    assert done["sum"]["claims"] == 2
    assert evenhand(toy_folder, "overview", ".evenhand", "-o", "index.html").returncode == 0
    assert 'href=".evenhand/reports/c.html"' in (toy_folder / "index.html").read_text()
    assert parsed(evenhand(toy_folder, "overview", "--ledger", ".evenhand", "--json"))["claims"] == done["claims"]
    assert evenhand(toy_folder, "overview", "typo").returncode == 2
    assert evenhand(toy_folder, "overview", "--format", "word").returncode == 2
    short, long = (evenhand(toy_folder, "overview", "--format", name).stdout for name in ("md", "markdown"))
    assert short == long != ""
