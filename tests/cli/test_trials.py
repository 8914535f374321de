"""One trial looked at, and one made anew on purpose: nothing is removed, and no verdict keeps quiet about it."""

from __future__ import annotations

from pathlib import Path

import pytest

from evenhand.running.trials import KEPT
from tests.app import evenhand, parsed
from tests.ledgers import Book
from tests.running.test_run import write_claim


def trials_of(folder: Path, where: str = "true") -> list[str]:
    rows = parsed(evenhand(folder, "ledger", "query", f"select trial from outcomes where {where} order by 1", "--json"))
    return [row["trial"] for row in rows]


@pytest.fixture
def finished(toy_folder: Path) -> Path:
    """A folder with a claim that has been run to a gain."""
    write_claim(toy_folder)
    assert evenhand(toy_folder, "run", "c.toml").returncode == 0
    return toy_folder


@pytest.mark.slow
def test_a_result_that_is_set_aside_runs_anew_and_the_claim_counts_as_amended(finished: Path) -> None:
    before = parsed(evenhand(finished, "verdict", "c.toml", "--json"))["verdicts"][0]["title"]
    assert before.startswith("gain (>=")
    (one,) = trials_of(finished, "arm = 'on' and seed = 2")
    done = evenhand(finished, "set-aside", one[:8], "--reason", "the node had a broken fan")
    assert done.returncode == 0, done.stderr
    waiting = parsed(evenhand(finished, "verdict", "c.toml", "--json"))
    assert waiting["finished"] is False
    assert waiting["verdicts"][0]["title"] == "not-run (pending)"
    again = evenhand(finished, "run", "c.toml", "--json")
    decision = parsed(again)[0]
    assert decision["verdicts"][0]["title"].startswith("gain (amended")
    assert (
        "set aside after they had been seen, of on · default · confirm · seed 2 (the node had a broken fan)."
        in " ".join(decision["warnings"])
    )
    (place,) = decision["families"]
    assert (place["holds"], place["set_aside"]) == (False, True)
    assert "the node had a broken fan" in (finished / ".evenhand/reports/c.html").read_text()
    assert len(trials_of(finished)) == 9, "the outcome that was set aside is still there"
    assert parsed(evenhand(finished, "overview", "--json"))["claims"][0]["fixed"] == "amended"
    assert evenhand(finished, "ledger", "verify").returncode == 0
    told = parsed(evenhand(finished, "logs", one[:8], "--json"))
    assert [attempt["set_aside"] for attempt in told["attempts"]] == ["the node had a broken fan", ""]
    gate = evenhand(finished, "gate", "c.toml", "--require", "gain")
    assert gate.returncode == 3, "a gate does not hold on it"


@pytest.mark.slow
def test_a_failure_may_be_set_aside_freely_and_its_log_is_shown(toy_folder: Path) -> None:
    path = write_claim(toy_folder, arm='settings.behave = "raise"')
    evenhand(toy_folder, "run", "c.toml", "--jobs", "1")
    shown = evenhand(toy_folder, "logs", "on/default/confirm/0")
    assert shown.returncode == 0, shown.stderr
    assert "raise ValueError" in shown.stdout
    assert "code: " in shown.stdout
    for seed in range(4):
        assert evenhand(toy_folder, "set-aside", f"on/default/confirm/{seed}", "--reason", "mended").returncode == 0
    (found,) = parsed(evenhand(toy_folder, "status", "--json"))
    assert found["standing"]["fixed"] == "before", "of a failure nothing was known"
    assert path.exists()


@pytest.mark.slow
def test_the_end_of_what_a_trial_printed_is_kept_when_it_has_its_scores(toy_folder: Path) -> None:
    write_claim(toy_folder)
    recipe = toy_folder / "toy.py"
    printing = '    print("\\n".join(f"line {n}" for n in range(9000)), "the last words", flush=True)\n'
    text = recipe.read_text()
    start = text.index("def run(settings: Settings")
    body = text.index("\n", start) + 1
    recipe.write_text(text[:body] + printing + text[body:])
    assert evenhand(toy_folder, "run", "c.toml").returncode == 0
    shown = evenhand(toy_folder, "logs", "on/default/confirm/0").stdout
    assert "gave scores" in shown
    assert "the last words" in shown
    assert "line 17\n" not in shown
    assert max(path.stat().st_size for path in (toy_folder / ".evenhand" / "logs").iterdir()) <= KEPT + 4
    assert evenhand(toy_folder, "ledger", "verify").returncode == 0


def test_a_label_that_several_trials_have_is_answered_with_their_claims(tmp_path: Path) -> None:
    book = Book(tmp_path)
    for name, effect in (("one", 0.3), ("other", 0.2)):
        book.run(book.enter(book.claim(name, effect=effect)))
    asked = evenhand(tmp_path, "logs", "on/default/confirm/1", "--ledger", "ledger")
    assert asked.returncode == 2
    assert "names 2 trials" in asked.stderr
    assert " of one; " in asked.stderr
    assert " of other. Give the beginning of its id" in asked.stderr


@pytest.mark.slow
def test_what_cannot_be_set_aside_is_said(finished: Path) -> None:
    one = trials_of(finished)[0]
    for arguments, words in (
        (("set-aside", one), "for a reason"),
        (("set-aside", "zzzz", "--reason", "x"), "No trial of this ledger is 'zzzz'"),
        (("logs", "zz"), "No trial of this ledger is 'zz'"),
    ):
        done = evenhand(finished, *arguments)
        assert done.returncode == 2
        assert words in done.stderr
    evenhand(finished, "set-aside", one, "--reason", "x")
    again = evenhand(finished, "set-aside", one, "--reason", "x")
    assert (again.returncode, "nothing is set aside" in again.stderr) == (2, True)
