"""Verdicts derived by code that shares nothing with the lab are the lab's, and a fault in either is seen."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import tarfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from evenhand import recheck
from evenhand.claims.load import LoadedClaim, all_trials
from evenhand.claims.resolve import ResolvedClaim, resolve
from evenhand.claims.schema import parse_claim
from evenhand.decisions.decide import decide, verdicts_alone
from evenhand.ledger import Ledger
from evenhand.ledger.export import export
from evenhand.recipes.outcome import Execution, ItemScores, Outcome
from evenhand.running import sealing, standing
from evenhand.testing.worlds import RECIPE, two_arms
from tests.ledgers import Book

RESULTS = Path(__file__).resolve().parent.parent / "results"
FILE = Path(recheck.__file__)


def derived(archive: Path) -> dict[str, dict[str, str]]:
    """Claim to verdicts, as the second derivation has them; claims with a floor of learning, or a search, it leaves."""
    ledger = recheck.Ledger(str(archive))
    assert ledger.faults == []
    found = {}
    for body in (row["body"] for row in ledger.of("claim")):
        floor = any(metric.get("learned_above") for metric in body["identity"]["metrics"])
        if floor or any(rung.get("kind") == "search" for rung in body["identity"]["rungs"]):
            with pytest.raises(recheck.Unknown, match=r"searches, .* floors"):
                recheck.decide(ledger, body["identity"], body["identity"]["alpha"])
        else:
            found[body["hash"]] = recheck.decide(ledger, body["identity"], body["identity"]["alpha"])
    return found


def left_alone(claim: ResolvedClaim) -> bool:
    """A floor of learning, or a search, which the second derivation leaves."""
    floor = any(metric.learned_above for metric in claim.claim.metrics)
    return floor or any(rung.kind == "search" for rung in claim.claim.rungs)


def outcomes_of(claim: ResolvedClaim, ledger: Ledger) -> dict[str, Outcome]:
    return {key: record.outcome for key, record in ledger.latest(claim.trial_ids).items()}


def decided(ledger: Ledger) -> dict[str, dict[str, str]]:
    """The same, as the lab has them, of the same claims."""
    found = {}
    for record in ledger.claims():
        claim = standing.of_identity(record.identity)
        assert claim is not None
        if not left_alone(claim):
            verdicts = verdicts_alone(claim, outcomes_of(claim, ledger)).verdicts
            found[record.hash] = {f"{v.arm}/{v.condition}/{v.metric}": str(v.kind) for v in verdicts}
    return found


@pytest.fixture(scope="module")
def archive_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The archive of a committed ledger, written once."""
    folder = tmp_path_factory.mktemp("archives")

    def found(name: str) -> Path:
        path = folder / f"{name.replace('/', '-')}.tar.gz"
        if not path.exists():
            export(RESULTS / name, path)
        return path

    return found


@pytest.mark.slow
@pytest.mark.parametrize("name", ["anchored_sft", "bridge", "future_seed", "lyapunov/ledger"])
def test_on_committed_ledgers_both_derivations_agree(name: str, archive_of: Callable[[str], Path]) -> None:
    ours, theirs = decided(Ledger(RESULTS / name, create=False)), derived(archive_of(name))
    assert theirs == ours
    assert sum(map(len, ours.values())) >= 5


@pytest.mark.slow
def test_it_is_one_short_file_that_needs_nothing_of_the_lab(tmp_path: Path) -> None:
    text = FILE.read_text()
    assert len(text.splitlines()) <= 250
    assert "import evenhand" not in text
    assert "from evenhand" not in text
    (tmp_path / "recheck.py").write_text(text)
    book = Book(tmp_path)
    book.whole("c")
    export(book.ledger.folder, tmp_path / "ledger.tar.gz")
    line = [sys.executable, "-I", str(tmp_path / "recheck.py"), str(tmp_path / "ledger.tar.gz")]
    done = subprocess.run(line, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "on/default/score: gain" in done.stdout
    assert "recorded" not in done.stdout


@pytest.fixture
def book(tmp_path: Path) -> Book:
    found = Book(tmp_path)
    for i, effect in enumerate((0.3, 0.0001, 0.08)):
        found.whole(f"c{i}", f"[{4 * i}, {4 * i + 1}, {4 * i + 2}, {4 * i + 3}]", effect=effect)
    return found


def exported(book: Book) -> Path:
    archive = book.folder / "ledger.tar.gz"
    export(book.ledger.folder, archive)
    return archive


def changed(archive: Path, change: Callable[[str, bytes], bytes]) -> Path:
    """The archive with other content in its files."""
    out = archive.with_name("changed.tar.gz")
    with tarfile.open(archive) as old, tarfile.open(out, "w:gz") as new:
        for member in old.getmembers():
            found = old.extractfile(member)
            assert found is not None
            data = change(member.name, found.read())
            member.size = len(data)
            new.addfile(member, io.BytesIO(data))
    return out


@pytest.mark.parametrize(
    ("folder", "before", "after"),
    [("segments", b'"margin": 0.05', b'"margin": 0.01'), ("tables", b'"score"', b'"scare"')],
)
def test_a_record_or_a_table_that_was_altered_is_named(book: Book, folder: str, before: bytes, after: bytes) -> None:
    spoilt = changed(exported(book), lambda name, data: data.replace(before, after) if folder in name else data)
    assert any("altered" in fault for fault in recheck.Ledger(str(spoilt)).faults)
    assert recheck.Ledger(str(exported(book))).faults == []


@pytest.mark.parametrize(("change", "twice"), [(0.0, 0), (0.25, 1)])
def test_a_result_that_stands_twice_is_one_unless_it_is_another(book: Book, change: float, twice: int) -> None:
    def again(name: str, data: bytes) -> bytes:
        rows = [json.loads(line) for line in data.splitlines()] if name.startswith("segments/") else []
        outcomes = [row for row in rows if row["kind"] == "outcome"]
        if not outcomes:
            return data
        metrics = outcomes[0]["body"]["outcome"]["metrics"]
        metrics |= {name: value + change for name, value in metrics.items()}
        return data + json.dumps(outcomes[0]).encode() + b"\n"

    assert len(recheck.Ledger(str(changed(exported(book), again))).twice) == twice


@pytest.mark.parametrize(
    ("module", "name", "fault"),
    [
        ("evenhand.statistics.two_way", "TIE", 1e9),  # the lab: seeds and items are never reckoned together
        ("evenhand.recheck", "TIE", 1e9),
    ],
)
@pytest.mark.slow
def test_a_fault_that_is_planted_in_either_derivation_is_seen(
    module: str, name: str, fault: float, archive_of: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    archive, ledger = archive_of("future_seed"), Ledger(RESULTS / "future_seed", create=False)
    monkeypatch.setattr(f"{module}.{name}", fault)
    ours, theirs = p_values_of_lab(ledger), p_values_again(archive)
    differ = any(abs(ours[key] - theirs[key]) > 1e-9 for key in ours.keys() & theirs.keys())
    assert differ or decided(ledger) != derived(archive)


def p_values_of_lab(ledger: Ledger) -> dict[str, float]:
    """p-values of variants against the baseline."""
    found = {}
    for record in ledger.claims():
        claim = standing.of_identity(record.identity)
        assert claim is not None
        for v in () if left_alone(claim) else verdicts_alone(claim, outcomes_of(claim, ledger)).verdicts:
            if v.role == "variant" and v.contrasts[0].p_value is not None:
                found[f"{record.hash}/{v.arm}/{v.condition}/{v.metric}"] = v.contrasts[0].p_value
    return found


def p_values_again(archive: Path) -> dict[str, float]:
    """The same, derived again."""
    ledger, found = recheck.Ledger(str(archive)), {}
    for claim in (row["body"] for row in ledger.of("claim")):
        own = claim["identity"]
        base = next(name for name, arm in own["arms"].items() if arm["role"] == "baseline")
        for metric in (m for m in own["metrics"] if m["primary"]):
            for condition in own["conditions"]:
                for arm in (name for name, arm in own["arms"].items() if arm["role"] == "variant"):
                    pair = recheck.Pair(ledger, own, (arm, base), condition, metric)
                    if pair.settled != "invalid":  # of what is invalid before any test, it tests nothing
                        found[f"{claim['hash']}/{arm}/{condition}/{metric['name']}"] = pair.found.p()
    return found


@pytest.mark.slow
def test_p_values_agree_to_the_last_digits_where_nothing_is_planted(archive_of: Callable[[str], Path]) -> None:
    ours = p_values_of_lab(Ledger(RESULTS / "future_seed", create=False))
    theirs = p_values_again(archive_of("future_seed"))
    both = ours.keys() & theirs.keys()
    assert len(both) > 15
    assert np.allclose([ours[key] for key in both], [theirs[key] for key in both], rtol=1e-7, atol=1e-14)


def test_a_receipt_is_held_against_the_chain(tmp_path: Path) -> None:
    book = Book(tmp_path)
    loaded = book.claim("c", "{ count = 3 }", head='item_seed = "seal"')
    receipt = sealing.seal(loaded, book.ledger, to=tmp_path / "receipt.json").receipt
    book.run(loaded)
    book.decide(loaded)
    archive = exported(book)
    assert recheck.main([str(archive), str(tmp_path / "receipt.json")]) == 0
    assert list(derived(archive).values()) == list(decided(book.ledger).values())
    (tmp_path / "forged.json").write_text(receipt.replace('"margin": 0.05', '"margin": 0.01'))
    assert recheck.main([str(archive), str(tmp_path / "forged.json")]) == 4


@pytest.mark.slow
def test_a_ratio_of_tries_alone_makes_no_claim_strict_and_a_verdict_that_differs_is_told_by_the_exit_code(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    book = Book(tmp_path)
    for i in range(4):  # the level of the ledger falls with every claim
        book.whole(f"no_{i}", f"[{3 * i}, {3 * i + 1}, {3 * i + 2}]", effect=0.0001 * (i + 1))
    decision = book.whole("beside", "[20, 21, 22]", effect=0.35, head="[ledger]\ntuning_ratio = 3.0")
    (place,) = decision.families
    (contrast,) = decision.verdicts[0].contrasts
    assert place.level is not None
    assert contrast.p_value is not None
    assert place.level < contrast.p_value < 0.05
    assert recheck.main([str(exported(book))]) == 0
    assert "recorded" not in capsys.readouterr().out
    record = book.claim("forged", "[30, 31, 32]", effect=0.3)
    book.enter(record)
    book.run(record)
    ids = [trial.id for trial in all_trials(record.resolved)]
    book.ledger.record_decision("forged", record.resolved.hash, {"on/default/score": "regression"}, ids, {})
    assert recheck.main([str(exported(book))]) == 1
    assert "(recorded: regression)" in capsys.readouterr().out


RUNGS = """[[arm]]
name = "more"
role = "variant"
settings.effect = {effect}
[[arm]]
name = "again"
role = "null"
[[arm]]
name = "rival"
role = "rival"
settings.effect = 0.05
[[condition]]
name = "seen"
[[condition]]
name = "still"
expect = "no-effect"
settings.condition_effect = 0.0
[[rung]]
name = "screen"
budget = 5
seeds = {seeds}
items = 10
prune = {prune}
[[rung]]
name = "again"
budget = 5
seeds = {{ count = 3 }}
items = 30
"""


def screening(book: Book, name: str, *, effect: float, seeds: str, prune: str = '"futility"') -> LoadedClaim:
    """A claim with two rungs that screen, entered: other seeds and items at each, some drawn from its hash."""
    text = two_arms(
        head='item_seed = "seal"',
        more=RUNGS.format(effect=effect, prune=prune, seeds=seeds),
        variant="settings.effect = -0.1",
        seeds="{ count = 4 }",
        items=200,
    )
    file = parse_claim(text, f"{name}.toml", name)
    return book.enter(LoadedClaim(book.folder / f"{name}.toml", file, RECIPE, resolve(file, RECIPE)))


def test_variants_that_a_rung_screens_out_are_derived_as_the_lab_has_them(tmp_path: Path) -> None:
    book = Book(tmp_path)
    loaded = [
        screening(book, f"c{first}", effect=effect, seeds=f"[{first}, {first + 1}, {first + 2}]")
        for first, effect in ((0, -0.2), (3, 0.02), (6, 0.3))
    ]
    loaded.append(screening(book, "all_go_on", effect=-0.35, prune='"none"', seeds="{ count = 2 }"))
    for one in loaded:
        book.run(one)
        book.decide(one)
    for first, trials in ((20, 20), (30, 66)):
        loaded.append(screening(book, f"first_{trials}", effect=-0.2, seeds=f"[{first}, {first + 1}, {first + 2}]"))
        book.run(loaded[-1], trials=trials)
    archive = exported(book)
    theirs = derived(archive)
    for one in loaded:
        lab = decide(one.resolved, outcomes_of(one.resolved, book.ledger))
        assert theirs[one.resolved.hash] == {f"{v.arm}/{v.condition}/{v.metric}": str(v.kind) for v in lab.verdicts}
    kinds = [kind for own in theirs.values() for kind in own.values()]
    assert {"gain", "regression", "pruned", "not-run"} <= set(kinds)
    assert recheck.main([str(archive)]) == 0


def test_a_trial_with_another_number_of_items_is_invalid_in_both(tmp_path: Path) -> None:
    book = Book(tmp_path)
    loaded = book.enter(book.claim("c", "[0, 1, 2]"))
    for trial in all_trials(loaded.resolved):
        outcome = book.world.outcome(trial)
        if (trial.arm, trial.seed) == ("on", 1):
            table = outcome.items["score"]
            outcome = replace(outcome, items={"score": ItemScores(table.ids[:-1], table.scores[:-1])})
        book.ledger.record_outcome(trial, outcome, Execution(), loaded.resolved.hash, {})
    (ours,), (theirs,) = decided(book.ledger).values(), derived(exported(book)).values()
    assert ours == theirs == {"on/default/score": "invalid"}


@pytest.mark.parametrize(("sizes", "kind"), [((5, 5), "gain"), ((5, 10), "invalid"), ((0, 5), "gain")])
def test_items_that_the_arms_group_otherwise_are_invalid_in_both(
    tmp_path: Path, sizes: tuple[int, int], kind: str
) -> None:
    book = Book(tmp_path)
    loaded = book.enter(book.claim("c", "[0, 1, 2, 3, 4, 5]"))
    for trial in all_trials(loaded.resolved):
        outcome, size = book.world.outcome(trial), sizes[trial.arm == "on"]
        table = outcome.items["score"]
        clusters = tuple(f"{trial.arm} {place // size}" for place in range(len(table.ids))) if size else None
        outcome = replace(outcome, items={"score": replace(table, clusters=clusters)})
        book.ledger.record_outcome(trial, outcome, Execution(), loaded.resolved.hash, {})
    (ours,), (theirs,) = decided(book.ledger).values(), derived(exported(book)).values()
    assert ours == theirs == {"on/default/score": kind}
