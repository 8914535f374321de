"""The trained bridge of a trial, shared by the arms that only differ in how it is evaluated.

An arm that evaluates the same weights with shuffled sources would train them once more, step for step the same. The
bridge is therefore an asset of its training settings, streams and budget; every arm that uses it reports what its
training cost, so that the budgets of all arms stay comparable.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor

from evenhand.data import models, reading
from evenhand.errors import DataError
from evenhand.files import file_hash
from evenhand.recipes import working
from evenhand.recipes.contract import Bench
from evenhand.recipes.trial import canonical_hash, stream
from evenhand_systems.bridge.evaluation.evaluation import Evaluation, evaluate_bridge
from evenhand_systems.bridge.inputs import SourceStates, TrialInputs
from evenhand_systems.bridge.settings import Settings, computes_twice
from evenhand_systems.bridge.tasks.items import Item
from evenhand_systems.bridge.training.trainer import BestWeights, BridgeTrainer
from evenhand_systems.bridge.translation.bridge import Bridge
from evenhand_systems.bridge.translation.controls import ConstantPrompt
from evenhand_systems.bridge.translation.prompts import Prompts
from evenhand_systems.bridge.translation.soft_prompt import SoftPrompt
from evenhand_systems.bridge.translators import Translator, TranslatorConfig, build_translator
from evenhand_systems.bridge.translators.vocabulary import VocabularyTranslator

VERSION = 2
"""Raised by hand when training changes."""

CHECKPOINT_EVERY = 250

_COMPUTED_ALIKE = {"training": {"checkpointing"}}
"""What changes how a training is computed, and not what comes out."""

_EVALUATION_ONLY = {"control", "reference", "new_tokens", "batch", "answers_folder", "test_pool"}


def trained_bridge(settings: Settings, inputs: TrialInputs, bench: Bench) -> Bridge:
    """Train the bridge, or fetch it where an arm with the same training has left it; spends the budget either way."""
    seeds = {name: int(bench.rng(name).integers(2**62)) for name in ("init", "order", "sampling")}
    built: list[dict[str, Any]] = []
    states = SourceStates(inputs, bench, settings.pool)
    states.hold([item.facts for item in inputs.test])
    inputs.source.release()

    def build(folder: Path) -> None:
        built.append(_train(settings, inputs, bench, seeds, folder, states))

    if bench.probing:  # a bridge that is there already would try nothing
        build(bench.workdir)
    key = asset_key(settings, inputs, seeds, [bench.budget.unit, bench.budget.amount])
    folder = bench.asset(key, build)
    history: dict[str, Any] = built[0] if built else read_history(folder / "history.json")
    if not built:
        for point in history["curves"]:
            bench.log(point["step"], **{name: value for name, value in point.items() if name != "step"})
    for name, text in history["notes"].items():
        bench.note(name, text)
    for step in history["steps"]:
        bench.budget.spend(steps=1, tokens=step[0], examples=step[1])
    # Steps that early stopping saves were at this arm's disposal: it chose to stop, by a rule that was declared.
    for _ in range(int(bench.budget.amount) - len(history["steps"])):
        bench.budget.spend(steps=1)
    bridge = new_bridge(settings, inputs, states, seeds["init"])
    _load(bridge, folder, history.get("sha256"))
    return bridge


def longest(items: Sequence[Item], count: int) -> list[Item]:
    """The items with the longest texts: what fits is tried on them."""
    return sorted(items, key=lambda item: -len(item.text) - len(item.question) - len(item.solution))[:count]


def read_history(path: Path) -> dict[str, Any]:
    """What a training left behind: curves, costs of the steps, notes, and the sha256 of its weights.

    Raises:
        DataError: the file is damaged.
    """

    def number(value: Any) -> bool:
        return isinstance(value, int | float) and not isinstance(value, bool)

    found = reading.read_json(path)
    parts = [found.get(name) for name in ("curves", "steps", "notes")] if isinstance(found, dict) else [None] * 3
    curves, steps, notes = parts
    sound = (
        isinstance(curves, list)
        and all(isinstance(c, dict) and "step" in c and all(map(number, c.values())) for c in curves)
        and isinstance(steps, list)
        and all(isinstance(step, list) and len(step) == 2 and all(map(number, step)) for step in steps)
        and isinstance(notes, dict)
        and all(isinstance(text, str) for text in notes.values())
        and isinstance(found.get("sha256"), str | None)
    )
    if not sound:
        raise DataError(f"{path} is no course of a training. Remove its folder to have the bridge trained anew.")
    course: dict[str, Any] = found
    return course


def asset_key(settings: Settings, inputs: TrialInputs, seeds: dict[str, int], budget: list[Any]) -> dict[str, Any]:
    """What a trained bridge depends on: contents, not paths, of its data and models."""
    # Answers on the development split choose the weights where the best are kept; their length counts then.
    excluded = _EVALUATION_ONLY - ({"new_tokens"} if settings.select == "best" or settings.patience else set())
    form = inputs.form
    return {
        "asset": "bridge", "version": VERSION, "seeds": seeds, "budget": budget,
        "settings": settings.model_dump(mode="json", exclude={**dict.fromkeys(excluded, True), **_COMPUTED_ALIKE}),
        "models": [inputs.source_hash, inputs.target_hash], "layer": inputs.layer,
        "data": canonical_hash([[i.facts, i.text, i.question, i.solution] for i in (*inputs.train, *inputs.dev)]),
        "format": [form.opening, form.closing],
    }  # fmt: skip


def new_bridge(settings: Settings, inputs: TrialInputs, states: SourceStates, seed: int) -> Bridge:
    """A fresh bridge as the settings describe it."""
    target = inputs.target
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed % 2**63)
        soft_prompt = SoftPrompt(
            target, settings.injection, settings.adapter_scale,
            checkpointing=computes_twice(settings.training.checkpointing, target.parameters),
        ).to(target.device)  # fmt: skip
    translator = _translator(settings, inputs, seed).to(target.device)
    return Bridge(states, translator, soft_prompt, Prompts(target, inputs.form))


def _translator(settings: Settings, inputs: TrialInputs, seed: int) -> Translator:
    target = inputs.target
    constant, table = settings.bridge == "constant_prompt", target.embedding_table
    if settings.bridge == "cache":
        return build_translator(_cache_config(settings, inputs), seed)
    config = TranslatorConfig(
        kind="linear" if settings.bridge == "constant_prompt" else settings.bridge,
        source_width=inputs.source.width, target_width=target.width, target_rms=target.embedding_rms(),
        soft_tokens=settings.soft_tokens, bottleneck=settings.bottleneck, depth=settings.depth, heads=settings.heads,
        train_steps=settings.train_steps, eval_steps=settings.eval_steps, guidance=settings.guidance,
        drop_rate=settings.drop_rate, vocabulary=len(table) if settings.bridge == "vocabulary" else 0,
    )  # fmt: skip
    if not constant:
        made = build_translator(config, seed)
        if isinstance(made, VocabularyTranslator):
            made.table.copy_(table)
        return made
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed % 2**63)
        return ConstantPrompt(config, target.model.get_input_embeddings())


def _cache_config(settings: Settings, inputs: TrialInputs) -> TranslatorConfig:
    """A projector for each layer of the target, between keys and values of both models."""
    source, target = inputs.source, inputs.target
    return TranslatorConfig(
        "cache", target.layers * source.key_width, target.layers * target.key_width, target_rms=1.0,
        bottleneck=settings.bottleneck, depth=target.layers, heads=1,
    )  # fmt: skip


def _load(bridge: Bridge, folder: Path, sha256: str | None) -> None:
    """Weights as they were saved; settings are those of the trial.

    Raises:
        DataError: the file is damaged or of other settings.
    """
    path = folder / "weights.safetensors"
    parts: dict[str, dict[str, Tensor]] = {"translator": {}, "adapters": {}}
    for name, value in models.read_weights(path, sha256, str(bridge.target.device)).items():
        part, _, rest = name.partition("/")
        if part not in parts:
            raise DataError(f"{path} holds weights of '{part}'; expected {' and '.join(parts)}.")
        parts[part][rest] = value
    try:
        bridge.load_state_dict(parts)
    except RuntimeError as error:
        raise DataError(f"{path} holds the weights of another bridge: {error}.") from error
    bridge.train(False)


def _train(
    settings: Settings, inputs: TrialInputs, bench: Bench, seeds: dict[str, int], folder: Path,
    states: SourceStates,
) -> dict[str, Any]:  # fmt: skip
    """Train to the end of the budget, looking at the development split on the way."""
    bridge = new_bridge(settings, inputs, states, seeds["init"])
    steps = int(bench.budget.amount)
    items = longest(inputs.train, settings.training.batch) if bench.probing else inputs.train
    trainer = BridgeTrainer(
        bridge, items, settings.training, steps, order=stream("bridge order", seeds["order"]),
        generator=torch.Generator().manual_seed(seeds["sampling"] % 2**63), head_seed=seeds["init"] % 2**63,
        micro_batch=bench.micro_batch,
    )  # fmt: skip
    best, history = BestWeights(settings.patience), _Course(bench)
    state = bench.resume()
    if state is not None:
        trainer.restore(state["trainer"])
        history.restore(state["course"])
        best = state["best"]
    started, from_step, going = time.monotonic(), trainer.step_count, True
    while trainer.step_count < steps and going:
        report = trainer.step()
        working.tell("training a bridge", trainer.step_count, steps)  # its budget is charged when it is there
        if bench.probing:
            bench.budget.spend(steps=1)  # ends the trial after the second
        history.step(trainer.step_count, report.total, report.losses, (report.tokens, report.examples))
        last = trainer.step_count == steps
        if settings.evaluate_every and (trainer.step_count % settings.evaluate_every == 0 or last):
            seen = _look(settings, inputs, bridge)
            history.look(trainer.step_count, seen)
            going = best.offer(float(seen.answers.metrics()["exact_match"]), trainer.step_count, bridge)
        if trainer.step_count % CHECKPOINT_EVERY == 0 and not last:
            bench.checkpoint({"trainer": trainer.state(), "course": history.state(), "best": best})
    rate = (trainer.step_count - from_step) / max(time.monotonic() - started, 1e-9)
    norms = ", ".join(f"{name} {value:.3g}" for name, value in trainer.gradient_norms.items())
    history.note("gradient norms at step 1", norms or "training was resumed")
    history.note("training speed", f"{rate:.2f} steps/s, looks at the development split included")
    if not going and trainer.step_count < steps:
        why = f"{settings.patience} looks at the development split without a new best"
        history.note("stopped early", f"at step {trainer.step_count} of {steps}, after {why}; all {steps} are charged")
    history.note("weights", _choose(settings, inputs, bridge, best, trainer.step_count))
    flat = {f"{part}/{name}": value.cpu() for part, rest in bridge.state_dict().items() for name, value in rest.items()}
    save_file(flat, folder / "weights.safetensors")
    history.sha256 = file_hash(folder / "weights.safetensors")
    if settings.bridge != "constant_prompt":
        bridge.save(folder / "bridge", {"source": inputs.source_hash, "target": inputs.target_hash})
    folder.joinpath("history.json").write_text(json.dumps(history.document()))
    return history.document()


def _look(settings: Settings, inputs: TrialInputs, bridge: Bridge) -> Evaluation:
    """An evaluation on the development split; the same streams every time, so that equal weights score equally."""
    return evaluate_bridge(
        bridge, inputs.dev, with_text=settings.with_text, new_tokens=settings.new_tokens, batch=settings.batch,
        rng=stream("bridge development"),
    )  # fmt: skip


def _choose(settings: Settings, inputs: TrialInputs, bridge: Bridge, best: BestWeights, steps: int) -> str:
    """Final weights, or the best on the development split, put back and scored again."""
    if settings.select == "final":
        return f"final, step {steps}"
    best.restore(bridge, lambda b: float(_look(settings, inputs, b).answers.metrics()["exact_match"]))
    return f"best on the development split, step {best.step} of {steps}, {best.score:.3f} there"


class _Course:
    """What happened on the way: curves, costs and notes, kept so that other arms can show them too."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._curves: list[dict[str, float]] = []
        self._steps: list[tuple[int, int]] = []
        self._notes: dict[str, str] = {}
        self.sha256: str | None = None

    def step(self, step: int, total: float, losses: dict[str, float], cost: tuple[int, int]) -> None:
        """A training step; curves hold every tenth."""
        self._steps.append(cost)
        if step % 10 == 0 or step == 1:
            self._log(step, {"loss": total, **{f"loss_{name}": value for name, value in losses.items()}})

    def look(self, step: int, seen: Evaluation) -> None:
        """A look at the development split."""
        points = {f"dev_{name}": value for name, value in seen.answers.metrics().items()}
        for name in ("nll_gap", "cosine", "effective_rank", "rms_ratio"):
            value = getattr(seen.signs, name)
            if value is not None:
                points[f"dev_{name}"] = value
        self._log(step, points)
        self.note(f"alarms at step {step}", "; ".join(seen.alarms) or "none")

    def note(self, name: str, text: str) -> None:
        """A fact to show."""
        self._notes[name] = text

    def _log(self, step: int, values: dict[str, float]) -> None:
        self._curves.append({"step": float(step), **values})
        self._bench.log(step, **values)

    def document(self) -> dict[str, Any]:
        """As plain data."""
        return {"curves": self._curves, "steps": self._steps, "notes": self._notes, "sha256": self.sha256}

    state = document

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from plain data; the bench has its own copy of the curves."""
        self._curves, self._steps = list(state["curves"]), [tuple(s) for s in state["steps"]]
        self._notes = dict(state["notes"])
