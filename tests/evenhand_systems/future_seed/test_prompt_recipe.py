"""The recipe ``future_seed.prompt``: pairing, costs, bases, checkpoints, metrics; and ``future_seed.retrieval``."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from evenhand.data.model_store import Facts, keep
from evenhand.files import folder_hash
from evenhand.recipes.outcome import Outcome
from evenhand_systems.future_seed import sandbox, training
from evenhand_systems.future_seed.prompt import run as prompt_run
from evenhand_systems.future_seed.retrieval import run as retrieval_run
from evenhand_systems.future_seed.text import base as base_models
from evenhand_systems.rwkv7 import RWKV7, RWKV7Config
from evenhand_systems.rwkv7.checkpoint import save_checkpoint
from evenhand_systems.rwkv7.hub_folder import save_hub_folder

RunTrial = Callable[..., Outcome]
PROMPT = "evenhand_systems.future_seed.prompt.recipe:run"
RETRIEVAL = "evenhand_systems.future_seed.retrieval.recipe:run"
MODES = {name: {"seeding.mode": name} for name in ("off", "initial", "per_step", "read_twice")}


@pytest.fixture
def arc(tmp_path: Path) -> dict[str, Any]:
    """Forty questions in a file beside the claim."""
    rows = [
        {"id": f"q{i}", "question": f"Question {i}?", "choices": [f"{i} a", f"{i} b", f"{i} c"], "answer_index": i % 3}
        for i in range(40)
    ]
    (tmp_path / "arc.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return {"data": {"name": "arc", "train": "arc.jsonl", "holdout": 0.4, "least": 4, "length": 80}}


def recorded_batches(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Hashes of the batches that training meets."""
    seen: list[str] = []
    real = prompt_run.make_batch

    def recorder(*arguments: Any) -> Any:
        batch = real(*arguments)
        seen.append(hashlib.sha256(batch.prompt.numpy().tobytes() + batch.targets.numpy().tobytes()).hexdigest())
        return batch

    monkeypatch.setattr(prompt_run, "make_batch", recorder)
    return seen


def test_arms_of_equal_seed_see_the_same_prompts_in_the_same_order(
    run_trial: RunTrial, arc: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen, orders = recorded_batches(monkeypatch), []
    for settings in MODES.values():
        seen.clear()
        outcome = run_trial({**arc, **settings}, recipe=PROMPT, amount=8, items=4)
        assert outcome.failure is None, outcome.failure
        orders.append(tuple(seen))
    assert len(set(orders)) == 1
    assert len(set(orders[0])) == 8


def test_reading_the_prompt_twice_costs_its_tokens_twice_and_the_answer_s_once(
    run_trial: RunTrial, arc: dict[str, Any]
) -> None:
    once, twice = (
        run_trial({**arc, **MODES[n]}, recipe=PROMPT, items=4).spent["tokens"] for n in ("off", "read_twice")
    )
    answers = 3 * 4 * len(" A")
    assert twice - answers == 2 * (once - answers)


def test_seeding_above_the_last_layer_changes_no_answer(run_trial: RunTrial, arc: dict[str, Any]) -> None:
    off = run_trial({**arc, **MODES["off"]}, recipe=PROMPT, items=4)
    above = run_trial({**arc, **MODES["initial"], "seeding.layer_start": 2}, recipe=PROMPT, items=4)
    np.testing.assert_array_equal(off.curves["loss"].values, above.curves["loss"].values)


def test_metrics_that_the_task_does_not_have_come_with_a_reason(run_trial: RunTrial, arc: dict[str, Any]) -> None:
    outcome = run_trial(arc, recipe=PROMPT, items=4)
    assert set(outcome.items) == {"token_accuracy", "exact_match", "choice_accuracy"}
    assert outcome.undefined["pass_at_1"] == "only answers that are code are executed"
    assert outcome.items["choice_accuracy"].outputs is not None
    exact = outcome.items["exact_match"]
    assert set(exact.expected) <= {" A", " B", " C"}
    assert len(set(exact.inputs)) == 4
    assert set(outcome.items["choice_accuracy"].outputs) <= {" A", " B", " C"}


def test_a_trial_that_is_killed_goes_on_with_the_example_that_was_next(
    run_trial: RunTrial, arc: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = recorded_batches(monkeypatch)
    whole = run_trial(arc, recipe=PROMPT, amount=5, items=4, workdir="whole")
    expected = list(seen)
    seen.clear()
    real, steps = training.blank_loss, iter(range(100))

    def dies(*arguments: Any) -> Any:
        if next(steps) == 3:
            raise RuntimeError("killed")
        return real(*arguments)

    monkeypatch.setattr(training, "blank_loss", dies)
    assert run_trial(arc, recipe=PROMPT, amount=5, items=4, workdir="cut").failure is not None
    seen.clear()
    monkeypatch.setattr(training, "blank_loss", real)
    resumed = run_trial(arc, recipe=PROMPT, amount=5, items=4, workdir="cut")
    assert seen == expected[2:]  # the last checkpoint was at step 2
    np.testing.assert_array_equal(whole.curves["loss"].values, resumed.curves["loss"].values)


def test_the_base_is_built_once_and_from_training_texts_only(
    run_trial: RunTrial, arc: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    built: list[Any] = []
    real = base_models._build
    monkeypatch.setattr(base_models, "_build", lambda *arguments: (built.append(arguments[-1]), real(*arguments)))
    for seed, mode in ((0, "off"), (0, "initial"), (1, "off")):
        outcome = run_trial(
            {**arc, **MODES[mode], "base": {"steps": 2, "length": 16}}, recipe=PROMPT, seed=seed, items=4
        )
        assert outcome.failure is None, outcome.failure
        assert outcome.spent["steps"] == 3  # pre-training is no part of the budget
        assert outcome.notes["base"].startswith("2 steps on")
    assert len(built) == 1
    text = bytes(i - 1 for i in built[0].tolist() if i > 0).decode()
    held = [i.removeprefix("q") for i in outcome.items["exact_match"].ids]
    assert not any(f"Question {number}?" in text for number in held)


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    model = RWKV7(
        RWKV7Config(layers=3, width=16, head_size=8, vocabulary=300), generator=torch.Generator().manual_seed(0)
    )
    save_checkpoint(model, tmp_path / "small.pth")
    return tmp_path / "small.pth"


def test_a_checkpoint_gives_the_model_and_its_sizes(run_trial: RunTrial, arc: dict[str, Any], checkpoint: Path) -> None:
    outcome = run_trial({**arc, **MODES["initial"], "checkpoint": checkpoint.name}, recipe=PROMPT, amount=1, items=4)
    assert outcome.failure is None, outcome.failure
    assert outcome.notes["effective gates at the start"] == "layer 1 0.1192, layer 2 0.1192"
    assert outcome.data[checkpoint.name] == hashlib.sha256(checkpoint.read_bytes()).hexdigest()


def test_a_rate_of_zero_leaves_the_model_as_it_was_and_spends_nothing(
    run_trial: RunTrial, arc: dict[str, Any], checkpoint: Path
) -> None:
    settings = {**arc, "checkpoint": checkpoint.name}
    untrained, other = (
        run_trial({**settings, "optimiser.learning_rate": 0.0}, recipe=PROMPT, amount=amount, items=4, seed=amount)
        for amount in (2, 5)
    )
    trained = run_trial(settings, recipe=PROMPT, amount=2, items=4)
    assert untrained.failure is None, untrained.failure
    assert untrained.spent.get("steps", 0) == 0
    assert trained.spent["steps"] == 2
    assert np.array_equal(untrained.items["token_accuracy"].scores, other.items["token_accuracy"].scores)


def test_a_model_by_name_gives_its_own_tokenizer_with_it(
    run_trial: RunTrial, arc: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tokenizers = pytest.importorskip("tokenizers")
    monkeypatch.setenv("EVENHAND_MODELS", str(tmp_path / "models"))
    letters = tokenizers.Tokenizer(tokenizers.models.BPE())
    letters.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    letters.decoder = tokenizers.decoders.ByteLevel()
    letters.train_from_iterator(
        ["which letter"] * 9,
        tokenizers.trainers.BpeTrainer(
            vocab_size=270, initial_alphabet=tokenizers.pre_tokenizers.ByteLevel.alphabet(), show_progress=False
        ),
    )
    size = letters.get_vocab_size() + 1

    def write(folder: Path, meanwhile: Path) -> Facts:
        model = RWKV7(RWKV7Config(layers=2, width=64, head_size=64, vocabulary=size))
        save_hub_folder(model, folder)
        letters.save(str(folder / "tokenizer.json"))
        return Facts("small", 1, "none", "a test", "0" * 64, "1" * 64)

    keep("small", write)
    outcome = run_trial({**arc, "checkpoint": "small"}, recipe=PROMPT, amount=1, items=4)
    assert outcome.failure is None, outcome.failure
    assert outcome.data["small"] == folder_hash(tmp_path / "models/small")
    bytes_alone = run_trial({**arc, "checkpoint": None}, recipe=PROMPT, amount=1, items=4)
    assert outcome.spent["tokens"] < bytes_alone.spent["tokens"]


def test_a_model_that_was_not_trained_is_a_failure_that_names_the_command(
    run_trial: RunTrial, arc: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EVENHAND_MODELS", str(tmp_path / "models"))
    info = tmp_path / "site/toys-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: toys\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[evenhand.models]\nrwkv7-small = evenhand_systems.rwkv7.small.making:RWKV7_SMALL\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    outcome = run_trial({**arc, "checkpoint": "rwkv7-small"}, recipe=PROMPT, items=4)
    assert outcome.failure is not None
    assert outcome.failure.kind == "data"
    assert "The model 'rwkv7-small' is not there" in outcome.failure.message
    assert "run `evenhand models train rwkv7-small`" in outcome.failure.message


def test_a_damaged_checkpoint_is_a_failure_of_the_data(
    run_trial: RunTrial, arc: dict[str, Any], checkpoint: Path
) -> None:
    checkpoint.write_bytes(checkpoint.read_bytes()[:1000])
    outcome = run_trial({**arc, "checkpoint": checkpoint.name}, recipe=PROMPT, items=4)
    assert outcome.failure is not None
    assert outcome.failure.kind == "data"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"data.train": "nowhere.jsonl"}, "There is no data file nowhere.jsonl"),
        ({"data.least": 1000}, r"at least 1000 are needed"),
        ({"data.length": 10}, r"data.length = 10"),
        ({"data.vocabulary": "arc.jsonl"}, "no known vocabulary"),
    ],
)
def test_data_that_will_not_do_are_a_failure_that_names_the_cure(
    run_trial: RunTrial, arc: dict[str, Any], change: dict[str, Any], message: str
) -> None:
    settings = {f"data.{key}": value for key, value in arc["data"].items()} | change
    outcome = run_trial(settings, recipe=PROMPT, items=4)
    assert outcome.failure is not None
    assert outcome.failure.kind == "data"
    assert message in outcome.failure.message


@pytest.mark.skipif(bool(sandbox.why_unavailable()), reason="no sandbox here")
def test_answers_that_are_code_are_executed(
    run_trial: RunTrial, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [
        {"task_id": i, "text": f"Give {i}.", "code": f"def f(): return {i}", "test_list": [f"assert f() == {i}"] * 2}
        for i in range(30)
    ]
    (tmp_path / "mbpp.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    data = {
        "name": "mbpp",
        "train": "mbpp.jsonl",
        "least": 4,
        "length": 200,
        "answer_length": 24,
        "notes": 1,
        "holdout": 0.4,
    }
    from evenhand_systems.future_seed.text import scoring

    # A model this small writes no code: let every other answer be the right one, the rest empty.
    monkeypatch.setattr(
        scoring,
        "greedy",
        lambda reader, batch, longest: [
            [i for i in row if i > 0] if n % 2 else [] for n, row in enumerate(batch.answer.tolist())
        ],
    )
    outcome = run_trial({"data": data, "evaluation.batch": 8}, recipe=PROMPT, amount=1, items=6)
    assert outcome.failure is None, outcome.failure
    expected = [float(n % 2) for n in range(6)]
    for metric in ("exec_ok", "tests_passed", "pass_at_1", "exact_match"):
        assert outcome.items[metric].scores.tolist() == expected, metric


@pytest.fixture
def hotpot(tmp_path: Path) -> str:
    rows = [
        {
            "_id": f"q{i}", "question": f"Who is number {i}?", "answer": "x",
            "context": [[f"Title {i}", [f"Number {i} is here."]], [f"Other {i}", ["Nothing to see."]]],
            "supporting_facts": [[f"Title {i}", 0]],
        }
        for i in range(30)
    ]  # fmt: skip
    (tmp_path / "hotpot.json").write_text(json.dumps(rows))
    return "hotpot.json"


def test_retrieval_ranks_all_paragraphs_and_pays_twice_for_reading_twice(run_trial: RunTrial, hotpot: str) -> None:
    tiny = {"model": {"layers": 2, "width": 16, "head_size": 8, "rank": 4}, "batch": 4, "loop": {"log_every": 1}}
    spent = {}
    for mode, settings in MODES.items():
        outcome = run_trial({"train": hotpot, "length": 32, **settings}, recipe=RETRIEVAL, items=5, base=tiny)
        assert outcome.failure is None, outcome.failure
        spent[mode] = outcome.spent["tokens"]
        assert set(outcome.items) == {"recall_at_1", "recall_at_5", "mrr_at_10"}
        assert all(outcome.items["recall_at_1"].inputs)
    assert spent["read_twice"] == 2 * spent["off"]


def test_a_model_that_embeds_everything_alike_finds_nothing(
    run_trial: RunTrial, hotpot: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retrieval_run, "train", lambda *_: None)
    monkeypatch.setattr(retrieval_run, "embed", lambda reader, texts, *_: (torch.ones(len(texts), 4), 0))
    tiny = {"model": {"layers": 1, "width": 16, "head_size": 8, "rank": 4}, "batch": 4}
    outcome = run_trial({"train": hotpot}, recipe=RETRIEVAL, items=5, base=tiny)
    assert outcome.metric("mrr_at_10") == 0.0
