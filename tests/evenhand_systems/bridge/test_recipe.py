"""The recipe: settings that do something, arms that share their training, and what a trial leaves behind."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from evenhand.execution import worker
from evenhand.recipes.outcome import Outcome
from evenhand.recipes.trial import ItemSet, Trial
from evenhand_systems.bridge.models import standins, tiny
from evenhand_systems.bridge.models.language_model import LanguageModel
from evenhand_systems.bridge.settings import Settings
from evenhand_systems.bridge.tasks import counts, facts, people
from evenhand_systems.bridge.tasks.items import Item
from evenhand_systems.bridge.training import assets as trained
from evenhand_systems.bridge.translation.prompts import Prompts

RECIPE = "evenhand_systems.bridge.recipes:run"
SMALL: dict[str, Any] = {
    "train_pool": 64, "dev_pool": 16, "test_pool": 80, "soft_tokens": 4, "bottleneck": 16, "depth": 1, "heads": 2,
    "new_tokens": 8, "evaluate_every": 3,
}  # fmt: skip
SHARED = Path(__file__).parents[4] / "shared" / "data"


@pytest.fixture(scope="session")
def assets(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("assets")


@pytest.fixture(autouse=True)
def _quick_models(monkeypatch) -> None:
    monkeypatch.setattr(standins, "STEPS", {"digits": 3, "words": 3, "records": 3, "copyist": 3})
    monkeypatch.setattr(standins, "POOL", 80)
    monkeypatch.setattr(tiny, "STEPS", 2)


def small(**settings: Any) -> dict[str, Any]:
    """Settings of a small trial; a probe-sized bridge has none of the sizes that it does not look at."""
    unused = ("bottleneck", "depth", "heads") if settings.get("bridge") in ("linear", "constant_prompt") else ()
    return {**{name: value for name, value in SMALL.items() if name not in unused}, **settings}


def run(assets: Path, tmp_path: Path, **more: Any) -> Outcome:
    outcome = attempted(assets, tmp_path, **more)
    assert outcome.failure is None, outcome.failure
    return outcome


def attempted(assets: Path, tmp_path: Path, *, seed: int | None = 0, steps: float = 4, items: int = 12,
              name: str = "t", noise: str = "", **settings: Any) -> Outcome:  # fmt: skip
    resolved = Settings.model_validate(small(**settings)).model_dump(mode="json")
    trial = Trial(
        "claim", "arm", "default", "rung", seed, RECIPE, "1", resolved, "steps", steps, ItemSet("rung", 0, items, 0),
        noise,
    )  # fmt: skip
    workdir = tmp_path / name
    workdir.mkdir(exist_ok=True)
    return worker.run(worker.Job(trial, str(tmp_path), str(workdir), str(assets)))


def test_a_bridge_is_trained_and_evaluated_item_by_item(assets, tmp_path) -> None:
    outcome = run(assets, tmp_path)
    assert outcome.spent["steps"] == 4
    assert outcome.spent["examples"] == 4 * 16
    assert len(outcome.items["exact_match"].ids) == 12
    assert {"invalid_share", "nll_gap", "cosine", "effective_rank", "rms_ratio"} <= set(outcome.metrics)
    assert "128 are needed" in outcome.undefined["retrieval"]
    assert outcome.curves["dev_exact_match"].steps.tolist() == [3, 4]
    assert "answer" in outcome.notes["gradient norms at step 1"]
    rows = [json.loads(line) for line in (tmp_path / "t" / "answers.jsonl").read_text().splitlines()]
    assert [row["gold"] for row in rows]
    assert rows[0]["control"] == "matched"


def test_the_final_step_counts_and_test_items_are_touched_once(assets, tmp_path, monkeypatch) -> None:
    seen: list[set[str]] = []
    look = trained.evaluate_bridge

    def watched(bridge: Any, items: Any, **more: Any) -> Any:
        seen.append({item.id for item in items})
        return look(bridge, items, **more)

    monkeypatch.setattr(trained, "evaluate_bridge", watched)
    outcome = run(assets, tmp_path, seed=11, select="final")
    assert len(seen) == 2
    assert not set().union(*seen) & set(outcome.items["exact_match"].ids)
    assert outcome.notes["weights"] == "final, step 4"


@pytest.mark.parametrize("pool", ["mean", "last"])
def test_source_states_can_be_pooled(pool, assets, tmp_path) -> None:
    assert run(assets, tmp_path, pool=pool).spent["steps"] == 4


RECALL: dict[str, Any] = {"task": "recall", "source": "stand-in:records", "dev_pool": 16, "test_pool": 60}


@pytest.mark.parametrize(
    "arm",
    [
        {},
        {"source_reading": "embeddings"},
        {"bridge": "linear"},
        {"reference": "relay"},
        {"reference": "source_text"},
        {"reference": "source_probe"},
    ],
)
def test_the_source_of_recall_reads_no_number_in_any_arm(arm, tmp_path, monkeypatch) -> None:
    read: list[str] = []
    states, after = LanguageModel.hidden_states, Prompts.after

    def watched_states(model: LanguageModel, texts: Sequence[str], layer: int) -> Any:
        read.extend(texts)
        return states(model, texts, layer)

    def watched_prompts(prompts: Prompts, items: Sequence[Item], *, with_text: bool) -> list[list[int]]:
        rows = after(prompts, items, with_text=with_text)
        if prompts.target.numerals == "plain":  # the source; the target writes number words
            read.extend(prompts.target.decode(row) for row in rows)
        return rows

    monkeypatch.setattr(LanguageModel, "hidden_states", watched_states)
    monkeypatch.setattr(Prompts, "after", watched_prompts)
    outcome = run(tmp_path / "assets", tmp_path, **RECALL, **arm)
    assert all(name.startswith("recall-") for name in outcome.items["exact_match"].ids)
    assert any("some" in text for text in read)
    assert not any(character.isdigit() for text in read for character in text)


@pytest.mark.parametrize("arm", [{}, {"reference": "target_text"}, {"reference": "relay"}])
def test_numbers_that_the_source_knows_are_asked_of_other_people_than_those_trained_on(
    arm, assets, tmp_path, monkeypatch
) -> None:
    every = [True] * len(counts.candidates())
    monkeypatch.setattr("evenhand_systems.bridge.inputs.known", lambda source, asked: every)  # it is taught for 3 steps
    sizes = {"train_pool": 10_000, "test_pool": 2_000}  # there are as many people as there are
    asked = {"task": "counts", "source": "stand-in:records", "dev_pool": 16, "shots": 2, **sizes}
    outcome = run(assets, tmp_path, **asked, **arm)
    scored = outcome.items["exact_match"]
    assert {name.split("-")[1] for name in scored.ids} <= {"has", "gives", "takes"}
    assert all(people.split_of(f"person/{group}") == "test" for group in scored.clusters or ())
    assert scored.clusters
    assert outcome.notes["known numbers"] == f"{len(every)} of {len(every)} sentences are completed rightly"
    assert outcome.notes["worked examples"].startswith("2 of 2 fit")


def test_the_reader_is_shown_what_the_source_of_recall_had_to_know(assets, tmp_path) -> None:
    outcome = run(assets, tmp_path, reference="target_text", **RECALL)
    questions = outcome.items["exact_match"].inputs
    assert questions
    assert all("In full: " in text for text in questions)
    rows = [json.loads(line) for line in (tmp_path / "t" / "answers.jsonl").read_text().splitlines()]
    assert all(row["told"] and not any(c.isdigit() for c in row["facts"]) for row in rows)


def test_controls_evaluate_the_same_training_and_report_its_cost(assets, tmp_path, monkeypatch) -> None:
    run(assets, tmp_path, seed=1)

    def never(*_: Any) -> None:
        raise AssertionError("trained again")

    monkeypatch.setattr(trained, "_train", never)
    for control in ("zeros", "shuffled", "noise", "mean"):
        outcome = run(assets, tmp_path, seed=1, control=control, name=control)
        assert outcome.spent["steps"] == 4
        assert outcome.curves["loss"].values.size == 1
        assert len(outcome.items["exact_match"].ids) == 12


def test_other_seeds_noise_settings_or_budgets_train_anew(assets, tmp_path) -> None:
    base: dict[str, Any] = {"seed": 2}
    changes: list[dict[str, Any]] = [{}, {"seed": 3}, {"noise": "null"}, {"steps": 5}, {"bridge": "linear"}]
    found = [run(assets, tmp_path, name=f"n{i}", **{**base, **c}) for i, c in enumerate(changes)]
    bridges = [{name for name in o.data if name.startswith("asset:")} for o in found]
    assert all(bridges[0] != other for other in bridges[1:])


def test_other_data_under_the_same_path_trains_anew() -> None:
    """The key holds contents: an edited file must not hand out the bridge of the old one."""
    form = SimpleNamespace(opening="Q: ", closing=" A:")
    items = [Item(str(i), f"Ada has {i} coins.", "", f"#### {i}", str(i)) for i in range(3)]
    given = {"source_hash": "s", "target_hash": "t", "layer": -1, "form": form, "train": items[:2], "dev": items[2:]}
    settings = Settings(task="gsm8k", train_data="train.jsonl", test_data="test.jsonl")

    def key(asked: Settings = settings, **change: Any) -> Any:
        return trained.asset_key(asked, SimpleNamespace(**{**given, **change}), {}, ["steps", 4])

    edited = [dataclasses.replace(items[0], facts="Ben has 9 coins."), items[1]]
    others = [key(train=edited), key(dev=items[1:2]), key(form=SimpleNamespace(opening="", closing=" A:"))]
    assert all(other != key() for other in others)
    longer = settings.model_copy(update={"new_tokens": 64})
    assert key(longer) == key()  # how long answers may get is no matter of training
    best = {"select": "best"}
    assert key(longer.model_copy(update=best)) != key(settings.model_copy(update=best))  # unless they choose weights


def test_the_same_trial_gives_the_same_answers_twice(assets, tmp_path, tmp_path_factory) -> None:
    first = run(assets, tmp_path, seed=4, bridge="dit", name="a")
    again = run(tmp_path_factory.mktemp("other"), tmp_path, seed=4, bridge="dit", name="b")
    assert first.items["exact_match"].outputs == again.items["exact_match"].outputs
    assert first.metrics == again.metrics


@pytest.mark.parametrize(
    "settings",
    [
        {"bridge": "constant_prompt"},
        {"bridge": "linear"},
        {"source_reading": "untrained"},
        {"source_reading": "embeddings"},
        {"injection": "adapter"},
        {"task": "split"},
        {"training": {"prompt_mode": "soft_plus_text"}},
        {"select": "best"},
    ],
)
def test_every_trained_control_runs_at_the_same_budget(settings, assets, tmp_path) -> None:
    assert run(assets, tmp_path, **settings).spent["steps"] == 4


@pytest.mark.parametrize(
    "settings",
    [
        {"control": "no_soft_tokens"},
        *({"reference": r} for r in ("target_text", "source_text", "relay", "source_probe")),
    ],
)
def test_references_and_the_bare_target_train_nothing(settings, assets, tmp_path) -> None:
    outcome = run(assets, tmp_path, seed=None, **settings)
    assert "steps" not in outcome.spent
    assert "no soft tokens" in outcome.undefined["cosine"]


def test_an_arm_that_stopped_early_is_charged_its_whole_budget_and_says_where_it_stopped(assets, tmp_path) -> None:
    """Else it would have spent less than its rivals, and no contrast with it would be valid."""
    settings: dict[str, Any] = {"seed": 12, "steps": 30, "evaluate_every": 1, "patience": 2, "bridge": "linear"}
    outcome = run(assets, tmp_path, **settings)
    reached = int(outcome.curves["dev_exact_match"].steps[-1])
    assert reached < 30
    assert outcome.spent["steps"] == 30
    assert outcome.spent["examples"] == reached * 16
    assert outcome.notes["stopped early"].startswith(f"at step {reached} of 30, after 2 looks")
    shared = run(assets, tmp_path, control="zeros", name="zeros", **settings)
    assert shared.spent["steps"] == 30
    assert shared.notes["stopped early"] == outcome.notes["stopped early"]
    assert "stopped early" not in run(assets, tmp_path, name="whole", **{**settings, "steps": 2}).notes


def test_a_killed_training_goes_on_from_its_checkpoint(assets, tmp_path, monkeypatch) -> None:
    whole = run(assets, tmp_path, seed=6, name="whole")
    monkeypatch.setattr(trained, "CHECKPOINT_EVERY", 2)
    step, other = trained.BridgeTrainer.step, tmp_path / "others"

    def killed(self: Any) -> Any:
        if self.step_count == 3:
            raise KeyboardInterrupt
        return step(self)

    monkeypatch.setattr(trained.BridgeTrainer, "step", killed)
    with pytest.raises(AssertionError, match="interrupted"):
        run(other, tmp_path, seed=6, name="killed")
    monkeypatch.setattr(trained.BridgeTrainer, "step", step)
    resumed = run(other, tmp_path, seed=6, name="killed")
    assert resumed.items["exact_match"].outputs == whole.items["exact_match"].outputs
    assert resumed.spent["steps"] == whole.spent["steps"]
    assert resumed.curves["loss"].values.tolist() == whole.curves["loss"].values.tolist()


@pytest.mark.skipif(not SHARED.is_dir(), reason="the GSM8K and tokenizer files are not beside the checkout")
def test_the_gsm8k_form_runs_end_to_end_on_real_questions(assets, tmp_path) -> None:
    words = SHARED / "tokenizers" / "torchtune_llama3style_bpe2000_tokenizer.json"
    lines = (SHARED / "gsm8k" / "train.jsonl").read_text().splitlines()[:60]
    (tmp_path / "train.jsonl").write_text("\n".join(lines))
    outcome = run(
        assets, tmp_path, task="gsm8k", source=f"tiny:{words}", target=f"tiny:{words}", train_data="train.jsonl",
        test_data=str(SHARED / "gsm8k" / "test_first1000.jsonl"), dev_pool=2, steps=1, items=2, new_tokens=4,
        training={"batch": 2},
    )  # fmt: skip
    assert outcome.notes["worked examples"].startswith("8 of 8")
    assert len(outcome.items["exact_match"].ids) == 2
    assert "train.jsonl" in outcome.data


def test_the_recipe_can_be_imported_without_torch() -> None:
    program = "import sys, evenhand_systems.bridge.recipes; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_trials_that_differ_in_the_control_only_are_different_trials() -> None:
    settings = Settings.model_validate({}).model_dump(mode="json")
    one = Trial("c", "a", "d", "r", 0, RECIPE, "1", settings, "steps", 4, ItemSet("r"))
    other = dataclasses.replace(one, settings={**settings, "control": "shuffled"})
    assert one.id != other.id


@pytest.fixture(scope="session")
def knowing(tmp_path_factory) -> Path:
    """A checkpoint that knows some forty facts by heart, as a folder."""
    words, model = standins.tokenizer("copyist"), standins.untrained("copyist", 0)
    learned = facts.candidates()[:40]
    rows = [words.encode(f"{item.facts} {item.gold}", add_special_tokens=False) for item in learned]
    optimiser = torch.optim.AdamW(model.parameters(), lr=5e-3)
    ids, weights = standins.batch_of(
        [standins.Row(row, [float(i == len(row) - 1) for i in range(len(row))]) for row in rows]
    )
    for _ in range(60):
        losses = torch.nn.functional.cross_entropy(
            model(input_ids=ids).logits[:, :-1].flatten(0, 1), ids[:, 1:].flatten(), reduction="none"
        )
        optimiser.zero_grad()
        (losses * weights[:, 1:].flatten()).sum().backward()
        optimiser.step()
    folder = tmp_path_factory.mktemp("knowing")
    model.save_pretrained(folder)
    words.save_pretrained(folder)
    return folder


FACTS: dict[str, Any] = {
    "task": "facts", "target": "stand-in:copyist", "source_begin": "none", "evaluate_every": 0, "dev_pool": 16,
}  # fmt: skip
CACHE: dict[str, Any] = {"bridge": "cache", "injection": "cache"}


@pytest.mark.parametrize(
    "arm",
    [
        {"bridge": "linear"},
        CACHE,
        {**CACHE, "source_reading": "untrained"},
        {**CACHE, "control": "shuffled"},
        {"reference": "source_text"},
        {"control": "no_soft_tokens"},
    ],
)
def test_a_source_is_asked_what_it_knows_and_every_arm_answers_the_same_items(arm, knowing, assets, tmp_path) -> None:
    unused = ("soft_tokens", "depth", "heads") if arm.get("bridge") == "cache" else ()
    plain = {name: Settings.model_fields[name].default for name in ("train_pool", "test_pool", *unused)}
    outcome = run(assets, tmp_path, items=8, **{**FACTS, **plain, "source": str(knowing), **arm})
    table = outcome.items["exact_match"]
    known = {item.id: item for item in facts.candidates()}
    assert len(table.ids) == 8
    assert all(known[name].gold == gold for name, gold in zip(table.ids, table.expected or (), strict=True))
    assert table.clusters is not None
    assert [known[name].cluster for name in table.ids] == list(table.clusters)
    assert "are completed rightly" in outcome.notes["known facts"]
    if arm == {"reference": "source_text"}:
        assert list(outcome.items["flexible_match"].scores) == [1.0] * 8
