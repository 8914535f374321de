"""One trial: train (or fetch) the bridge, evaluate it under its control, record items, signs and samples."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch

from evenhand.recipes.contract import Bench
from evenhand.recipes.outcome import Outcome
from evenhand.recipes.trial import canonical_hash, stream
from evenhand_systems.bridge.evaluation import collapse as alarms
from evenhand_systems.bridge.evaluation.evaluation import (
    Answers,
    Evaluation,
    collapse_signs,
    evaluate_bridge,
    generate_answers,
    item_rows,
    write_rows,
)
from evenhand_systems.bridge.evaluation.text_only import linear_probe, mean_states
from evenhand_systems.bridge.inputs import SourceStates, TrialInputs, prepare, text_outputs
from evenhand_systems.bridge.settings import Settings
from evenhand_systems.bridge.tasks.extraction import own_answer
from evenhand_systems.bridge.tasks.items import Item
from evenhand_systems.bridge.training.assets import trained_bridge
from evenhand_systems.bridge.translation.bridge import Bridge
from evenhand_systems.bridge.translation.prompts import Prompts
from evenhand_systems.bridge.translation.soft_prompt import SoftPrompt
from evenhand_systems.processor import torch_threads

REFERENCE_ITEMS = 256
"""Training items whose mean soft tokens are the mean control."""


def run_trial(settings: Settings, bench: Bench) -> Outcome:
    """Run the trial that the settings describe."""
    with torch_threads(bench.threads):
        return _run(settings, bench)


def _run(settings: Settings, bench: Bench) -> Outcome:
    inputs = prepare(settings, bench)
    # Arms without soft tokens draw nothing: they are declared deterministic.
    if settings.reference != "none":
        evaluation = _reference(settings, inputs, bench)
    elif settings.control == "no_soft_tokens":
        evaluation = _without_soft_tokens(settings, inputs)
    else:
        bridge = trained_bridge(settings, inputs, bench)
        rng = stream("bridge evaluation", int(bench.rng("evaluation").integers(2**62)))
        evaluation = evaluate_bridge(
            bridge, inputs.test, with_text=settings.with_text, control=settings.control,
            reference=inputs.train[:REFERENCE_ITEMS], new_tokens=settings.new_tokens, batch=settings.batch, rng=rng,
        )  # fmt: skip
    _record(settings, inputs, bench, evaluation)
    return _outcome(evaluation)


def _without_soft_tokens(settings: Settings, inputs: TrialInputs) -> Evaluation:
    """The target alone in the bridge's format: nothing stands where the soft tokens would."""
    bridge = _bare(inputs)
    outputs = generate_answers(
        bridge, inputs.test, None, with_text=settings.with_text, new_tokens=settings.new_tokens, batch=settings.batch
    )
    answers = Answers.read(outputs, inputs.test)
    never_drawn_from = stream("bridge evaluation", 0)
    signs = collapse_signs(bridge, inputs.test, None, answers, with_text=False, rng=never_drawn_from)
    return Evaluation(answers, signs)


def _bare(inputs: TrialInputs) -> Bridge:
    """A bridge without a translator: it can only answer from what is given to it."""
    from evenhand_systems.bridge.translation.controls import Passthrough
    from evenhand_systems.bridge.translators import TranslatorConfig

    target = inputs.target
    config = TranslatorConfig("linear", target.width, target.width, target.embedding_rms())
    return Bridge(_no_states, Passthrough(config), SoftPrompt(target), Prompts(target, inputs.form))


def _no_states(texts: Sequence[str]) -> tuple[torch.Tensor, torch.Tensor]:
    raise ValueError("a bare bridge reads no source")


def _reference(settings: Settings, inputs: TrialInputs, bench: Bench) -> Evaluation:
    """What the models answer without a bridge."""
    test, source, target = inputs.test, inputs.source, inputs.target
    if settings.reference == "source_probe":
        states = SourceStates(inputs, bench)
        features = [_features(states, part) for part in (inputs.train, test)]
        golds = [item.gold for item in inputs.train]
        outputs = [f"#### {answer}" for answer in linear_probe(features[0], golds, features[1])]
    elif settings.reference == "target_text":
        outputs = text_outputs(target, inputs.target_hash, inputs.form, test, settings, bench)
    else:
        outputs = text_outputs(source, inputs.source_hash, inputs.form, read_by_source(test), settings, bench)
        if settings.reference == "relay":
            told = relayed(test, outputs, with_text=settings.with_text)
            outputs = text_outputs(target, inputs.target_hash, inputs.form, told, settings, bench)
    answers = Answers.read(outputs, test)
    share, answer = alarms.most_frequent(answers.strict)
    return Evaluation(answers, alarms.Signs(share, answer, why_none=("no soft tokens were given",)))


def _features(states: SourceStates, items: Sequence[Item], batch: int = 64) -> torch.Tensor:
    """Features (I, 2C) of the source's states of each item, a batch at a time: all states at once may not fit."""
    found = []
    for start in range(0, len(items), batch):
        read = states([item.facts for item in items[start : start + batch]])
        found.append(mean_states([row[mask.bool()] for row, mask in zip(*read, strict=True)]))
    return torch.cat(found)


def read_by_source(items: Sequence[Item]) -> list[Item]:
    """Items as the source sees them: the facts alone."""
    return [dataclasses.replace(item, question="", told="") for item in items]


def relayed(items: Sequence[Item], texts: Sequence[str], *, with_text: bool) -> list[Item]:
    """Items as the target gets them with the source's words in the place of the facts; its own question stays.

    Of what the source wrote only its own answer is passed on, not the questions that it went on to ask itself.

    Args:
        texts: what the source wrote for each item.
        with_text: whether the target sees the facts too, in front of the source's words, as in the bridge's format.
    """
    told = []
    for item, text in zip(items, texts, strict=True):
        words = own_answer(text).strip() or "?"
        facts = f"{item.text} {words}" if with_text else words
        told.append(dataclasses.replace(item, id=f"{item.id}-relayed", facts=facts, told="", solution=""))
    return told


def _asked(item: Item) -> str:
    """What was asked: the facts that the source reads, the question, and the facts in full where it knows a part."""
    asked = f"{item.facts} {item.question}".strip()
    return f"{asked}\nIn full: {item.told}" if item.told else asked


def _record(settings: Settings, inputs: TrialInputs, bench: Bench, evaluation: Evaluation) -> None:
    """Item scores, notes and one JSON line per item."""
    answers, test = evaluation.answers, inputs.test
    ids, clusters = [item.id for item in test], [item.cluster or item.template or item.id for item in test]
    for name, right in (("exact_match", answers.correct), ("flexible_match", answers.correct_flexible)):
        bench.items(
            name,
            ids,
            [float(r) for r in right],
            list(answers.outputs),
            clusters,
            inputs=[_asked(item) for item in test],
            groups=[item.template for item in test] if all(item.template for item in test) else None,
            expected=[item.gold for item in test],
        )
    bench.note("collapse alarms", "; ".join(evaluation.alarms) or "none")
    for reason in evaluation.signs.why_none:
        bench.note("not computed", reason)
    alone = [
        Answers.read(text_outputs(model, digest, inputs.form, rows, settings, bench), test)
        for model, digest, rows in (
            (inputs.source, inputs.source_hash, read_by_source(test)),
            (inputs.target, inputs.target_hash, test),
        )
    ] if settings.answers_folder else [None, None]  # fmt: skip
    name = settings.shown_as
    rows = item_rows(test, answers, alone[0], alone[1], control=name, kind=settings.kind, seed=bench.seed)
    write_rows(bench.workdir / "answers.jsonl", rows)
    if settings.answers_folder:
        digest = canonical_hash(settings.model_dump(mode="json"))[:8]
        write_rows(Path(bench.folder, settings.answers_folder, f"{name}-{digest}-seed{bench.seed}.jsonl"), rows)


def _outcome(evaluation: Evaluation) -> Outcome:
    """Metrics that are not item-wise; what cannot be computed says why."""
    signs = evaluation.signs
    found: dict[str, float] = {
        name: value
        for name, value in evaluation.answers.metrics().items()
        if name not in ("exact_match", "flexible_match")
    }
    undefined: dict[str, str] = {}
    measured: Mapping[str, float | None] = {
        "nll_gap": signs.nll_gap, "cosine": signs.cosine, "effective_rank": signs.effective_rank,
        "retrieval": signs.retrieval, "rms_ratio": signs.rms_ratio,
    }  # fmt: skip
    for name, value in measured.items():
        if value is None:
            undefined[name] = "; ".join(signs.why_none) or "too few items"
        else:
            found[name] = value
    return Outcome(metrics=found, undefined=undefined)
