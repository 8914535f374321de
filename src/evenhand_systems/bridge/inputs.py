"""What a trial works with: models, items and cached states, built once as assets and shared by trials."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from evenhand.data import reading
from evenhand.data.model_store import model_place
from evenhand.errors import DataError, counted
from evenhand.recipes.contract import Bench
from evenhand.recipes.trial import canonical_hash, stream
from evenhand_systems.bridge.evaluation.asking import known
from evenhand_systems.bridge.evaluation.text_only import text_answers
from evenhand_systems.bridge.models import standins, tiny
from evenhand_systems.bridge.models.language_model import LanguageModel, load_language_model
from evenhand_systems.bridge.models.state_cache import (
    KEYS_AND_VALUES,
    StateCache,
    pad_states,
    read_states,
    write_cache,
)
from evenhand_systems.bridge.settings import STAND_INS, Settings
from evenhand_systems.bridge.tasks import counts, facts, formats, stories
from evenhand_systems.bridge.tasks.items import Item, check_disjoint, read_gsm8k

VERSION = 1
"""Raised by hand when cached states or text answers change."""


@dataclass
class TrialInputs:
    """Models and items of a trial.

    Attributes:
        source, target: frozen models; the source may be an untrained twin.
        source_hash, target_hash: of their weights.
        layer: of the source's hidden states, or what is read in their place.
        form: the prompt format, for the target.
        train, dev, test: items; no item of one is in another.
    """

    source: LanguageModel
    target: LanguageModel
    source_hash: str
    target_hash: str
    layer: int | str
    form: formats.PromptFormat
    train: list[Item]
    dev: list[Item]
    test: list[Item]


def prepare(settings: Settings, bench: Bench) -> TrialInputs:
    """Load or build models and items.

    Raises:
        DataError, ModelError: something is missing, too few or does not fit.
    """
    source = model_of(settings.source, settings, bench, settings.source_begin)
    target = model_of(settings.target, settings, bench, settings.target_begin)
    layer: int | str = settings.layer
    train, dev, test = _dealt(settings, source, bench)
    if settings.bridge == "cache":
        layer = f"{KEYS_AND_VALUES}{target.layers}"
    if settings.source_reading == "untrained":
        source = untrained_twin(source)
    elif settings.source_reading == "embeddings":
        layer = 0
    check_disjoint([*train, *dev], test)
    form = _format(settings, source, target, (train, dev, test), bench)
    formats.check_no_gold(form, [*dev, *test])
    for role, model in (("source", source), ("target", target)):
        for name, text in model.notes.items():
            bench.note(f"{role} {name}", text)
    return TrialInputs(source, target, source.hash(), target.hash(), layer, form, train, dev, test)


def model_of(reference: str, settings: Settings, bench: Bench, begin: str) -> LanguageModel:
    """The model that a setting names: ``stand-in:digits``, ``tiny:TOKENIZER.json``, a folder, a name or a hub id."""
    kind, _, rest = reference.partition(":")
    if kind == "stand-in":
        stand_in = next(name for name in STAND_INS if name == rest)  # settings refuse others
        folder = bench.asset(standins.key(stand_in), lambda place: standins.build(stand_in, place))
    elif kind == "tiny":
        vocabulary, text = bench.data(rest), bench.data(settings.train_data)
        folder = bench.asset(tiny.key(vocabulary, text), lambda place: tiny.build(vocabulary, text, place))
    else:
        local = model_place(reference, Path(bench.folder))
        if local is not None and local.is_dir():
            bench.data(reference)  # a checkpoint is data: its hash belongs into the record
            reference = str(local)
        return load_language_model(reference, device=bench.device, begin="none" if begin == "none" else "bos")
    return load_language_model(folder, device=bench.device, begin="none" if begin == "none" else "bos")


def untrained_twin(model: LanguageModel) -> LanguageModel:
    """The same architecture and tokenizer with fresh weights, drawn where the model computes and in its precision.

    A model that can be loaded anew gives its memory back first: two of 8 billion weights would fill a device.
    """
    device, kind = model.device, model.embedding_table.dtype
    model.release()

    def draw() -> Any:
        with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
            torch.manual_seed(0)
            usual = torch.get_default_dtype()
            torch.set_default_dtype(kind)
            try:
                with device:
                    return type(model.model)(model.model.config)
            finally:
                torch.set_default_dtype(usual)

    return LanguageModel(draw(), model.tokenizer, f"untrained {model.name}", model.numerals, model.begin, again=draw)


def _dealt(settings: Settings, source: LanguageModel, bench: Bench) -> tuple[list[Item], list[Item], list[Item]]:
    """Training, development and chosen test items."""
    if settings.task == "facts":
        return _facts(settings, source, bench)
    if settings.task == "counts":
        return _counts(settings, source, bench)
    if settings.task == "gsm8k":
        rows = read_gsm8k(bench.data(settings.train_data), "train")
        if len(rows) < settings.dev_pool + settings.shots + 1:
            raise DataError(
                f"{settings.train_data} has {counted(len(rows), 'row')}; dev_pool, shots and training need more than "
                f"{settings.dev_pool + settings.shots}. Lower dev_pool or shots."
            )
        train, dev = rows[: -settings.dev_pool][: settings.train_pool], rows[-settings.dev_pool :]
        pool = read_gsm8k(bench.data(settings.test_data), "test")
    else:
        task = settings.task
        train = stories.generate(task, "train", settings.train_pool, stream("bridge", task, "train"))
        dev = stories.generate(task, "dev", settings.dev_pool, stream("bridge", task, "dev"))
        pool = stories.generate(task, "test", settings.test_pool, bench.item_set.rng("stories"))
    return train, dev, [pool[int(i)] for i in bench.item_set.choose(len(pool))]


def _facts(settings: Settings, source: LanguageModel, bench: Bench) -> tuple[list[Item], list[Item], list[Item]]:
    """Words that the source reads, to train on; facts that it knows, for development and test."""
    asked = facts.candidates()
    knows = _known(source, asked, bench)
    dev, pool = facts.dealt(asked, knows, settings.dev_pool)
    count = len({item.cluster for item in (*dev, *pool)})
    bench.note("known facts", f"{sum(knows)} of {len(asked)} sentences, about {count} facts, are completed rightly")
    return facts.read_words(), dev, [pool[int(i)] for i in bench.item_set.choose(len(pool))]


def _counts(settings: Settings, source: LanguageModel, bench: Bench) -> tuple[list[Item], list[Item], list[Item]]:
    """Numbers that the source knows of people; those of one are in one split."""
    asked = counts.candidates()
    knows = _known(source, asked, bench)
    found = counts.dealt(asked, knows, settings.dev_pool)
    bench.note("known numbers", f"{sum(knows)} of {len(asked)} sentences are completed rightly")
    return found["train"], found["dev"], [found["test"][int(i)] for i in bench.item_set.choose(len(found["test"]))]


def _known(source: LanguageModel, asked: Sequence[Item], bench: Bench) -> list[bool]:
    """Which items the source completes rightly; asked once, and kept."""
    key = {
        "asset": "bridge known facts", "version": VERSION, "model": source.hash(), "begin": source.begin,
        "asked": canonical_hash([[item.facts, item.gold] for item in asked]),
    }  # fmt: skip

    def build(folder: Path) -> None:
        folder.joinpath("known.json").write_text(json.dumps(known(source, asked)), encoding="utf-8")

    path = bench.asset(key, build) / "known.json"
    knows = reading.read_json(path)
    if not isinstance(knows, list) or len(knows) != len(asked) or not all(isinstance(one, bool) for one in knows):
        raise DataError(f"{path} must hold {len(asked)} of true and false. Remove its folder to have them asked anew.")
    return knows


def _format(
    settings: Settings, source: LanguageModel, target: LanguageModel, splits: Sequence[Sequence[Item]], bench: Bench
) -> formats.PromptFormat:
    """The stand-ins' bare format, or worked examples: as many as fit, in every arm of a claim alike.

    The target has to hold the longest question with its soft tokens and either its solution, which it is trained on
    and scored by, or a new answer; the source the longest question that it answers by itself, with its answer.
    """
    if settings.task == "facts":
        return facts.FORM
    if settings.task not in ("gsm8k", "counts"):
        return formats.STORY
    train, dev, test = splits
    taken = _longest(target, [*train, *dev, *test], settings.new_tokens, solved=True) + settings.soft_tokens
    asked = _longest(source, test, settings.new_tokens, solved=False)
    fitted = []
    for model, used in ((target, taken), (source, asked)):
        room = model.context - len(model.begin_ids()) - used
        fitted.append(formats.fitted_examples(train[: settings.shots], room, partial(_length, model), model.name))
    form, count = min(fitted, key=lambda pair: pair[1])
    bench.note("worked examples", f"{count} of {settings.shots} fit beside the longest question and solution")
    return form


def _length(model: LanguageModel, form: formats.PromptFormat) -> int:
    """Tokens of a format by itself."""
    return len(model.encode(form.opening)) + len(model.encode(form.closing))


def _longest(model: LanguageModel, items: Sequence[Item], new_tokens: int, *, solved: bool) -> int:
    """Tokens of the longest item: facts and question with a new answer, or with its solution where that is longer."""
    lengths = []
    for item in items:
        question = len(model.encode(item.facts))
        if solved and item.question:
            question += len(model.encode(f" {item.question}"))
        answer = len(model.encode(f" {item.solution}")) + 1 if solved else 0
        lengths.append(question + max(new_tokens, answer))
    return max(lengths)


class SourceStates:
    """Source states of texts: kept for those that are held, read by the source itself for others.

    Texts are held as an asset: arms that share source, layer and texts have them read once.
    """

    def __init__(self, inputs: TrialInputs, bench: Bench, pool: str = "none") -> None:
        self._inputs, self._bench, self._pool = inputs, bench, pool
        self._held: dict[str, StateCache] = {}
        self.hold([item.facts for item in (*inputs.train, *inputs.dev)])

    def hold(self, texts: Sequence[str]) -> None:
        """Have texts read now, so that the source is not needed again."""
        source, layer, digest = self._inputs.source, self._inputs.layer, self._inputs.source_hash
        new = [text for text in texts if text not in self._held]
        if not new:
            return
        key = {
            "asset": "bridge states", "version": VERSION, "model": digest, "layer": layer,
            "begin": source.begin, "texts": canonical_hash(new),
        }  # fmt: skip
        folder = self._bench.asset(key, lambda place: write_cache(place, source, new, layer, digest))
        self._held |= dict.fromkeys(new, StateCache(folder, digest, layer))

    def __call__(self, texts: Sequence[str]) -> tuple[Tensor, Tensor]:
        """States (B, S, C) and their mask (B, S)."""
        missing = [text for text in texts if text not in self._held]
        read = read_states(self._inputs.source, missing, self._inputs.layer) if missing else []
        found = dict(zip(missing, read, strict=True))
        rows = [found[text] if text in found else self._held[text].states(text) for text in texts]
        return pad_states([pooled(row, self._pool) for row in rows], self._inputs.target.device)


def pooled(states: Tensor, pool: str) -> Tensor:
    """States (T, C) as they are, or one row: their mean, or the last."""
    if pool == "none":
        return states
    return states.mean(0, keepdim=True) if pool == "mean" else states[-1:]


def text_outputs(
    model: LanguageModel, model_hash: str, form: formats.PromptFormat, items: Sequence[Item], settings: Settings,
    bench: Bench,
) -> list[str]:  # fmt: skip
    """A model's own answers to items as text, computed once for all arms."""
    key = {
        "asset": "bridge text answers", "version": VERSION, "model": model_hash, "begin": model.begin,
        "format": [form.opening, form.closing], "items": [[i.text, i.question] for i in items],
        "new_tokens": settings.new_tokens,
    }  # fmt: skip

    def build(folder: Path) -> None:
        model.wake()
        answers = text_answers(model, form, items, new_tokens=settings.new_tokens, batch=settings.batch)
        folder.joinpath("answers.json").write_text(json.dumps(answers), encoding="utf-8")

    folder = bench.asset(key, build)
    return read_answers(folder.joinpath("answers.json"), len(items))


def read_answers(path: Path, count: int) -> list[str]:
    """Answers as they were kept.

    Raises:
        DataError: the file is damaged or of other items.
    """
    found = reading.read_json(path)
    if not isinstance(found, list) or len(found) != count or not all(isinstance(text, str) for text in found):
        raise DataError(f"{path} must hold a list of {count} texts. Remove its folder to have them written anew.")
    return found
