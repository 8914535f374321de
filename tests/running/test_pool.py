"""Claims that run together share one pool of slots: none of them idles while any claim has a trial that may run."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from evenhand.claims.load import LoadedClaim, queue
from evenhand.claims.resolve import resolve
from evenhand.claims.schema import parse_claim
from evenhand.errors import ClaimError, LedgerError
from evenhand.ledger import Ledger
from evenhand.recipes.outcome import Execution, Outcome
from evenhand.recipes.trial import Trial
from evenhand.running.observer import Observer, Tick
from evenhand.running.run import run_claim, run_claims
from evenhand.testing.slots import SimulatedSlots
from evenhand.testing.worlds import RECIPE, TEXT, World, failed
from tests.app import evenhand
from tests.running.test_run import write_claim

SMALL = TEXT.replace("[0, 1, 2, 3, 4, 5]", "[0, 1, 2, 3]").replace("items = 100", "items = 20")
SURE = World(level=0.4, seed_sd=0.001, shared_sd=0.001, item_sd=0.01, item_effect_sd=0.001, binary=False)


def claim(folder: Path, name: str, text: str = SMALL, head: str = "", item_seed: int = 0) -> LoadedClaim:
    """A claim on the simulated recipe; another ``item_seed`` gives it trials of its own."""
    path = folder / f"{name}.toml"
    path.write_text(f"{head}\nitem_seed = {item_seed}\n{text}")
    file = parse_claim(path.read_text(), str(path), name)
    return LoadedClaim(path, file, RECIPE, resolve(file, RECIPE))


def three(folder: Path, heads: Mapping[str, str] | None = None) -> list[LoadedClaim]:
    return [claim(folder, name, head=(heads or {}).get(name, ""), item_seed=i) for i, name in enumerate("abc")]


def names(slots: SimulatedSlots) -> str:
    """The claims of the trials in the order in which they were started, each once in a row."""
    order = [trial.claim for trial in slots.order]
    return "".join(name for i, name in enumerate(order) if i == 0 or order[i - 1] != name)


class Told(Observer):
    def __init__(self) -> None:
        self.trials: list[tuple[str, bool]] = []
        self.ticks: list[Tick] = []
        self.messages: list[str] = []

    def tick(self, tick: Tick) -> None:
        self.ticks.append(tick)

    def finished(self, trial: Trial, outcome: Outcome, execution: Execution, retry: bool) -> None:
        self.trials.append((trial.claim, retry))

    def message(self, text: str) -> None:
        self.messages.append(text)


@pytest.mark.slow
def test_no_slot_idles_while_any_claim_has_a_trial_that_may_run(tmp_path: Path) -> None:
    claims = three(tmp_path)

    def idle(together: bool) -> float:
        # 8 trials on 5 slots, of unlike lengths: a claim alone leaves slots free at its end.
        slots = SimulatedSlots(SURE.outcome, 5, lambda trial: 1.0 + (trial.seed or 0))
        with Ledger(tmp_path / str(together)) as ledger:
            for group in [claims] if together else [[one] for one in claims]:
                run_claims(group, ledger, jobs=5, executor=slots)
        return slots.idle

    assert idle(together=True) < idle(together=False) / 2


@pytest.mark.slow
def test_claims_run_together_leave_the_results_and_verdicts_that_they_leave_one_by_one(tmp_path: Path) -> None:
    seeds = (
        [0, 1, 2, 3],
        [4, 5, 6, 7],
        [8, 9, 10, 11],
    )  # on the same ones the second would know the first
    texts = [SMALL.replace("[0, 1, 2, 3]", str(own)) for own in seeds]
    claims = [claim(tmp_path, name, text) for name, text in zip("abc", texts, strict=True)]
    with Ledger(tmp_path / "pool") as pool, Ledger(tmp_path / "queue") as queued:
        together = run_claims(claims, pool, jobs=4, executor=SimulatedSlots(SURE.outcome, 4))
        one_by_one = [run_claim(one, queued, jobs=4, executor=SimulatedSlots(SURE.outcome, 4)) for one in claims]
        assert together == one_by_one
        for one in claims:
            ids = [trial.id for rung in one.resolved.claim.rungs for trial in one.resolved.trials(rung)]
            left = [
                {(r.trial.id, r.claim_hash, r.outcome.metric("score")) for r in ledger.outcomes(trial_ids=ids)}
                for ledger in (pool, queued)
            ]
            assert left[0] == left[1]
            assert len(left[0]) == 8
        assert [r.name for r in pool.claims()] == ["a", "b", "c"]
        assert pool.verify().faults == ()


@pytest.mark.parametrize(
    ("heads", "order"),
    [
        ({}, "abc"),
        ({"a": 'after = ["c"]'}, "bca"),
        ({"b": "priority = 1"}, "bac"),
        ({"a": "priority = -1", "c": "priority = 2"}, "cba"),
        ({"b": 'after = ["a"]\npriority = 5'}, "abc"),
    ],
)
def test_priorities_and_after_order_the_claims(tmp_path: Path, heads: dict[str, str], order: str) -> None:
    slots = SimulatedSlots(SURE.outcome, 4)
    with Ledger(tmp_path / "ledger") as ledger:
        run_claims(queue(three(tmp_path, heads), lambda name: False), ledger, jobs=4, executor=slots)
    assert names(slots)[:1] == order[:1]
    assert "".join(dict.fromkeys(names(slots))) == order


def test_a_claim_that_waits_for_another_starts_no_trial_before_that_one_has_its_verdict(tmp_path: Path) -> None:
    claims = three(tmp_path, {"b": 'after = ["a"]'})
    slots = SimulatedSlots(SURE.outcome, 5)
    decided: list[tuple[str, int]] = []
    with Ledger(tmp_path / "ledger") as ledger:
        run_claims(
            claims, ledger, jobs=5, executor=slots,
            on_decided=lambda one, _: decided.append((one.resolved.name, len(slots.order))),
        )  # fmt: skip
    started = [trial.claim for trial in slots.order]
    assert started.index("c") < started.index("b")  # its slots are not kept free for it
    assert {name for name, _ in decided} == {"a", "b", "c"}
    assert len(started) - started[::-1].index("a") <= started.index("b")


def test_a_trial_that_two_claims_have_in_common_runs_once_and_counts_for_both(tmp_path: Path) -> None:
    claims = [claim(tmp_path, "a"), claim(tmp_path, "b", head='question = "the same trials"')]
    slots = SimulatedSlots(SURE.outcome, 5)
    with Ledger(tmp_path / "ledger") as ledger:
        first, second = run_claims(claims, ledger, jobs=5, executor=slots)
    assert len(slots.order) == 8
    assert [v.title for v in first.verdicts] == [v.title for v in second.verdicts]


def test_a_trial_that_ran_out_of_memory_has_no_neighbour_from_any_claim_and_keeps_no_slot_from_them(
    tmp_path: Path,
) -> None:
    tried: dict[str, int] = {}
    beside: dict[str, set[str]] = {}

    def outcome(trial: Trial) -> Outcome:
        tried[trial.id] = tried.get(trial.id, 0) + 1
        beside[trial.id] = {job.trial.claim for job in slots.running.values()}
        hungry = trial.claim == "a" and trial.seed == 0 and trial.arm == "on" and tried[trial.id] == 1
        return failed("resource", "memory ran out") if hungry else SURE.outcome(trial)

    slots = SimulatedSlots(outcome, 3, lambda trial: 1.0 + (trial.seed or 0) / 7)
    with Ledger(tmp_path / "ledger") as ledger:
        decisions = run_claims(three(tmp_path), ledger, jobs=3, executor=slots)
    assert all(verdict.kind == "gain" for decision in decisions for verdict in decision.verdicts)
    again = next(key for key, count in tried.items() if count == 2)
    assert beside[again] == set()
    assert slots.order[-1].id == again


def test_where_a_scheduler_gives_each_trial_its_own_memory_one_that_ran_out_of_it_keeps_nobody_waiting(
    tmp_path: Path,
) -> None:
    tried: dict[str, int] = {}
    alone: list[str] = []

    def outcome(trial: Trial) -> Outcome:
        tried[trial.id] = tried.get(trial.id, 0) + 1
        if tried[trial.id] == 2 and len(slots.running) == 1:
            alone.append(trial.id)
        hungry = trial.seed == 0 and trial.arm == "on" and tried[trial.id] == 1
        return failed("resource", "memory ran out") if hungry else SURE.outcome(trial)

    slots = SimulatedSlots(outcome, 4)
    slots.elsewhere = "Slurm, partition gpu"
    with Ledger(tmp_path / "ledger") as ledger:
        run_claims(three(tmp_path), ledger, jobs=4, executor=slots)
    assert sorted(tried.values()) == [1] * 21 + [2] * 3
    assert not alone
    assert slots.clock == 27 / 4 + 1 / 4  # 27 trials of a second each in 4 slots, none of which waits


def test_a_claim_that_cannot_give_what_it_asks_for_is_stopped_and_the_others_go_on(tmp_path: Path) -> None:
    broken = claim(tmp_path, "broken", item_seed=9)
    waits = claim(tmp_path, "waits", head='after = ["broken"]', item_seed=8)

    def outcome(trial: Trial) -> Outcome:
        drawn = SURE.outcome(trial)
        return Outcome(metrics={"other": 1.0}) if trial.claim == "broken" else drawn

    slots, decided = SimulatedSlots(outcome, 2), list[str]()
    with Ledger(tmp_path / "ledger") as ledger, pytest.raises(ClaimError, match=r"broken.toml was stopped"):
        run_claims(
            [broken, claim(tmp_path, "a"), waits], ledger, jobs=2, executor=slots,
            on_decided=lambda one, _: decided.append(one.resolved.name),
        )  # fmt: skip
    assert decided == ["a"]
    assert not any(trial.claim == "waits" for trial in slots.order)


def test_each_claim_is_told_of_its_own_trials_and_is_let_go_when_it_has_ended(tmp_path: Path) -> None:
    claims, told = three(tmp_path), {name: Told() for name in "abc"}
    free: list[str] = []

    def ended(one: LoadedClaim, _: object) -> None:
        with pytest.raises(LedgerError, match="in use"), ledger.lock(f"claim-{one.resolved.name}"):
            pass
        for other in free:
            with ledger.lock(f"claim-{other}"):
                pass
        free.append(one.resolved.name)

    with Ledger(tmp_path / "ledger") as ledger:
        run_claims(claims, ledger, jobs=2, observers=told, executor=SimulatedSlots(SURE.outcome, 2), on_decided=ended)
    assert sorted(free) == ["a", "b", "c"]
    for name, observer in told.items():
        assert observer.trials == [(name, False)] * 8
        assert observer.ticks[-1].done == observer.ticks[-1].total == 8


def test_trials_on_the_same_items_share_what_these_are_called(tmp_path: Path) -> None:
    told = Told()
    with Ledger(tmp_path / "ledger") as ledger:
        run_claims(
            [claim(tmp_path, "a")], ledger, jobs=2, observers={"a": told}, executor=SimulatedSlots(SURE.outcome, 2)
        )
    outcomes = list(told.ticks[-1].outcomes.values())
    assert len(outcomes) == 8
    assert len({id(outcome.items["score"].ids) for outcome in outcomes}) == 1
    assert len({outcome.items["score"].scores.tobytes() for outcome in outcomes}) == 8


def test_two_files_of_one_name_do_not_run_together_and_a_file_that_is_given_twice_runs_once(tmp_path: Path) -> None:
    one = claim(tmp_path, "a")
    assert queue([one, one], lambda name: False) == [one]
    (tmp_path / "other").mkdir()
    other = claim(tmp_path / "other", "a", item_seed=1)
    with pytest.raises(ClaimError, match=r"a.toml.*is named 'a', too"):
        queue([one, other], lambda name: False)


def test_a_priority_is_no_part_of_the_question(tmp_path: Path) -> None:
    plain, urgent = claim(tmp_path, "a"), claim(tmp_path, "a", head="priority = 3")
    assert plain.resolved.hash == urgent.resolved.hash


@pytest.mark.slow  # real processes: two fork servers
def test_claims_of_two_folders_with_recipes_of_one_name_share_the_slots_and_print_whose_line_it_is(
    toy_folder: Path,
) -> None:
    source = (toy_folder / "toy.py").read_text()
    for name, level in (("one", 0.3), ("two", 0.6)):
        (toy_folder / name).mkdir()
        (toy_folder / name / "toy.py").write_text(source.replace("level = 0.5", f"level = {level}"))
        write_claim(toy_folder / name, name=name, seeds="[0, 1]")
    done = evenhand(toy_folder, "run", "one/one.toml", "two/two.toml", "--ledger", "ledger", "--jobs", "2", columns=200)
    assert done.returncode == 0, done.stderr
    for name in ("one", "two"):
        assert f"{name}: [1/4] " in done.stderr
    found = Ledger(toy_folder / "ledger", create=False).outcomes()
    means = {name: [r.outcome.metric("score") for r in found if r.trial.claim == name] for name in ("one", "two")}
    assert {len(values) for values in means.values()} == {4}
    assert max(v for v in means["one"] if v is not None) < 0.75 < max(v for v in means["two"] if v is not None)


def test_a_pool_is_deaf_to_no_interrupt(tmp_path: Path) -> None:
    def interrupt(trial: Trial) -> Outcome:
        raise KeyboardInterrupt

    with Ledger(tmp_path / "ledger") as ledger:
        with pytest.raises(KeyboardInterrupt):
            run_claims(three(tmp_path), ledger, jobs=2, executor=SimulatedSlots(interrupt, 2))
        decisions = run_claims(three(tmp_path), ledger, jobs=2, executor=SimulatedSlots(SURE.outcome, 2))
    assert len(decisions) == 3
