"""When a claim was fixed: before its outcomes, after some were known, or amended; and what nobody has entered."""

from __future__ import annotations

from pathlib import Path

import pytest

from evenhand.claims.load import exploratory_trial, load_claim
from evenhand.cli.output import decision_document, plain, status_documents
from evenhand.decisions.verdict import Decision
from evenhand.errors import ClaimError
from evenhand.ledger import Ledger
from evenhand.report.bind import verdict_table_of
from evenhand.report.save import save_report
from evenhand.running.enter import decided
from evenhand.running.run import run_claim
from tests.running.test_run import Recorder, write_claim


def run(path: Path, *, amend: bool = False) -> tuple[Decision, Recorder]:
    recorder = Recorder()
    decision = run_claim(load_claim(path), Ledger(path.parent / "ledger"), jobs=2, observer=recorder, amend=amend)
    return decision, recorder


def faces(path: Path) -> dict[str, str]:
    """What each face says of a claim: terminal, JSON, report and bound table."""
    from rich.console import Console

    from evenhand.cli.output import print_decision

    ledger, loaded = Ledger(path.parent / "ledger"), load_claim(path)
    decision = decided(loaded, ledger)
    console = Console(record=True, width=100, file=(path.parent / "out.txt").open("w"))
    print_decision(loaded.resolved, decision, console)
    page, _ = save_report(loaded, ledger, path.parent / "page.html")
    return {
        "terminal": " ".join(console.export_text().split()),
        "json": str(plain(decision)),
        "report": " ".join(page.read_text().split()),
        "table": verdict_table_of(path, path.parent / "ledger"),
    }


@pytest.fixture
def bank(toy_folder: Path) -> Path:
    path = write_claim(toy_folder, name="bank", seeds="[0, 1, 2, 3, 4, 5]")
    run(path)
    return path


@pytest.mark.slow
def test_status_of_all_claims_counts_results_whichever_claim_ran_them(bank: Path) -> None:
    path = write_claim(bank.parent, name="final", seeds="[0, 2, 5]")
    run(path)
    ledger = Ledger(path.parent / "ledger")
    counts = {document["claim"]: document["results"] for document in status_documents([], ledger)}
    (named,) = status_documents([load_claim(path)], ledger)
    assert counts == {"bank": 12, "final": 6}
    assert named["results"] == counts["final"]


@pytest.mark.slow
def test_a_claim_on_outcomes_that_were_known_is_post_hoc_in_every_face_and_runs_nothing(bank: Path) -> None:
    path = write_claim(bank.parent, name="final", seeds="[0, 2, 5]")
    decision, recorder = run(path)
    assert recorder.trials == []
    assert decision.verdicts[0].title == "gain (post-hoc, >= margin)"
    assert decision_document(decision)["verdicts"][0]["title"] == "gain (post-hoc, >= margin)"
    assert (decision.standing.fixed, decision.standing.known, decision.standing.trials) == ("post-hoc", 6, 6)
    assert decision.standing.claims == (f"bank ({load_claim(bank).resolved.hash})",)
    for face, text in faces(path).items():
        assert "post-hoc" in text, face
        assert f"bank ({load_claim(bank).resolved.hash})" in text, face
    assert "Fixed before the first trial" not in faces(path)["report"]
    (record,) = Ledger(path.parent / "ledger").claims("final")
    assert (record.known["results"], record.known["trials"]) == (6, 6)


@pytest.mark.slow
def test_a_claim_that_takes_up_some_known_outcomes_says_how_many(bank: Path) -> None:
    decision, recorder = run(write_claim(bank.parent, name="more", seeds="[4, 5, 6, 7]"))
    assert len(recorder.trials) == 4
    assert (decision.standing.fixed, decision.standing.known, decision.standing.trials) == ("post-hoc", 4, 8)


@pytest.mark.slow
def test_a_claim_whose_outcomes_all_came_from_another_cannot_be_changed_quietly(bank: Path) -> None:
    run(write_claim(bank.parent, name="final", seeds="[0, 2, 5]"))
    path = write_claim(bank.parent, name="final", seeds="[0, 2, 4, 5]")
    with pytest.raises(ClaimError, match=r"rungs.0.seeds: \[0, 2, 5\] became \[0, 2, 4, 5\]"):
        run(path)
    decision, _ = run(path, amend=True)
    assert decision.verdicts[0].title == "gain (amended, >= margin)"


def test_a_claim_that_was_decided_has_results_even_where_its_trials_cannot_be_found(toy_folder: Path) -> None:
    path = write_claim(toy_folder)
    ledger, resolved = Ledger(toy_folder / "ledger"), load_claim(path).resolved
    ledger.record_claim("c", resolved.hash, resolved.identity(), "")
    ledger.record_decision("c", resolved.hash, {"on/default/score": "inconclusive"})
    path.write_text(path.read_text().replace("margin = 0.05", "margin = 0.01"))
    with pytest.raises(ClaimError, match="has results"):
        run(path)


@pytest.mark.slow
def test_a_claim_without_results_may_still_be_changed(toy_folder: Path) -> None:
    path = write_claim(toy_folder)
    ledger, resolved = Ledger(toy_folder / "ledger"), load_claim(path).resolved
    ledger.record_claim("c", resolved.hash, resolved.identity(), "")
    path.write_text(path.read_text().replace("margin = 0.05", "margin = 0.01"))
    decision, _ = run(path)
    assert decision.standing.fixed == "before"
    assert decision.verdicts[0].title == "gain (>= margin)"


@pytest.mark.slow
def test_a_resumed_claim_and_one_that_was_first_in_a_shared_ledger_were_fixed_before(toy_folder: Path) -> None:
    first = write_claim(toy_folder, name="first", seeds="[0, 1, 2]")
    loaded, ledger = load_claim(first), Ledger(toy_folder / "ledger")

    class Impatient(Recorder):
        def finished(self, *found: object) -> None:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_claim(loaded, ledger, jobs=1, observer=Impatient())
    second, _ = run(write_claim(toy_folder, name="second", seeds="[0, 1, 2]"))
    assert (second.standing.fixed, second.standing.known) == ("post-hoc", 1)
    again, recorder = run(first)
    assert recorder.trials == []
    assert again.standing.fixed == "before"
    assert again.verdicts[0].title == "gain (>= margin)"
    assert "post-hoc" not in faces(first)["terminal"]


@pytest.mark.slow
def test_exploratory_trials_and_failures_are_no_known_outcomes(toy_folder: Path) -> None:
    from evenhand.running.observer import Observer
    from evenhand.running.run import run_trial

    path = write_claim(toy_folder)
    loaded = load_claim(path)
    tried = exploratory_trial(loaded.recipe, {}, unit="steps", amount=5.0, seed=0, items=20)
    assert tried.id in {trial.id for trial in loaded.resolved.trials(loaded.resolved.claim.rungs[0])}
    run_trial(tried, loaded.recipe, toy_folder, Ledger(toy_folder / "ledger"), observer=Observer())
    assert run(path)[0].standing.fixed == "before"
    run(write_claim(toy_folder, name="failing", settings='behave = "raise"'))
    assert run(write_claim(toy_folder, name="later", settings='behave = "raise"'))[0].standing.fixed == "before"


@pytest.mark.slow
def test_what_was_known_is_derived_for_records_that_do_not_say_it(bank: Path) -> None:
    path = write_claim(bank.parent, name="old", seeds="[0, 2, 5]")
    ledger, loaded = Ledger(bank.parent / "ledger"), load_claim(path)
    ledger.record_claim("old", loaded.resolved.hash, loaded.resolved.identity(), "")
    assert (decided(loaded, ledger).standing.fixed, decided(loaded, ledger).standing.known) == ("post-hoc", 6)


@pytest.mark.slow
def test_verdict_report_and_bind_refuse_a_file_that_was_never_entered(toy_folder: Path) -> None:
    path = write_claim(toy_folder)
    run(path)
    page, ledger = toy_folder / "page.html", Ledger(toy_folder / "ledger")
    save_report(load_claim(path), ledger, page)
    before = page.read_text()
    path.write_text(path.read_text().replace("margin = 0.05", "margin = 0.2"))
    for decide in (
        lambda: decided(load_claim(path), ledger),
        lambda: save_report(load_claim(path), ledger, page),
        lambda: verdict_table_of(path, toy_folder / "ledger"),
    ):
        with pytest.raises(ClaimError, match=r"(?s)has results.*--amend.*metrics.0.margin: 0.05 became 0.2"):
            decide()
    assert page.read_text() == before
    renamed = write_claim(toy_folder, name="renamed")
    with pytest.raises(ClaimError, match=r"never entered.*evenhand run renamed.toml"):
        decided(load_claim(renamed), ledger)


def test_an_arm_that_an_amendment_brings_is_one_change(toy_folder: Path) -> None:
    path = write_claim(toy_folder)
    run(path)
    path.write_text(path.read_text() + '\n[[arm]]\nname = "third"\nrole = "reference"\nsettings.effect = 0.1\n')
    decision, _ = run(path, amend=True)
    assert decision.standing.changes == ("arm third is new",)


def test_a_setting_that_an_amendment_changes_in_all_arms_is_one_change(toy_folder: Path) -> None:
    path = write_claim(toy_folder, settings="noise = 0.1")
    run(path)
    path.write_text(path.read_text().replace("noise = 0.1", "noise = 0.2"))
    decision, _ = run(path, amend=True)
    assert decision.standing.changes == ("settings.default.noise of 2 arms: 0.1 -> 0.2",)


def test_what_nobody_ran_is_not_run_and_not_entered(toy_folder: Path) -> None:
    decision = decided(load_claim(write_claim(toy_folder)), Ledger(toy_folder / "ledger", create=False))
    assert (decision.verdicts[0].kind, decision.standing.fixed) == ("not-run", "not entered")


@pytest.mark.slow
def test_an_amended_claim_shows_its_whole_chain_in_every_face(toy_folder: Path) -> None:
    path = write_claim(toy_folder)
    run(path)
    for before, after in (("0.05", "0.3"), ("0.3", "0.2")):
        path.write_text(path.read_text().replace(f"margin = {before}", f"margin = {after}"))
        decision, recorder = run(path, amend=True)
        assert recorder.trials == []
    assert decision.standing.fixed == "amended"
    assert decision.standing.changes == ("metrics.0.margin: 0.05 -> 0.3 -> 0.2",)
    for face, text in faces(path).items():
        assert "amended" in text, face
        assert "0.05 -> 0.3 -> 0.2" in text.replace("&gt;", ">"), face
        assert "error rate" in text, face
    (status,) = status_documents([load_claim(path)], Ledger(toy_folder / "ledger"))
    assert status["standing"]["fixed"] == "amended"
    (entry,) = status_documents([], Ledger(toy_folder / "ledger"))
    assert entry["standing"]["changes"] == ["metrics.0.margin: 0.05 -> 0.3 -> 0.2"]
