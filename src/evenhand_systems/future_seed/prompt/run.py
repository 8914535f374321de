"""The work of ``future_seed.prompt``: fine-tune on prompts with answers, then answer prompts that were never met."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import numpy as np
import torch

from evenhand.recipes.contract import Bench
from evenhand.recipes.outcome import Outcome
from evenhand_systems.future_seed.obstacles import NO_BF16
from evenhand_systems.future_seed.prompt.settings import Settings
from evenhand_systems.future_seed.text import base
from evenhand_systems.future_seed.text.corpus import load_corpus, resolve_vocabulary
from evenhand_systems.future_seed.text.examples import taken
from evenhand_systems.future_seed.text.prompts import Composer, Prompt, cutting_facts
from evenhand_systems.future_seed.text.reading import Batch, answer_logits, make_batch
from evenhand_systems.future_seed.text.scoring import record, score_prompts
from evenhand_systems.future_seed.text.tokenizers import Tokenizer, make_tokenizer
from evenhand_systems.future_seed.training import MachineError, Reader, Right, Trainer, losses_of

METRICS = ("token_accuracy", "exact_match", "choice_accuracy", "exec_ok", "tests_passed", "pass_at_1")


def train_and_score(settings: Settings, bench: Bench) -> Outcome:
    """Fine-tune within the budget and score the item set; see the recipe."""
    tokenizer = make_tokenizer(vocabulary_file(settings, bench))
    train_prompts, held = prepare(settings, tokenizer, bench)
    reader = make_reader(settings, tokenizer, train_prompts, bench)
    reader.describe(bench)
    train(train_prompts, reader, settings, bench)
    reader.note_gates(bench, "effective gates at the end")
    chosen = [held[i] for i in bench.item_set.choose(len(held))]
    scores = score_prompts(reader, chosen, tokenizer, settings.data, settings.evaluation.batch)
    return Outcome(undefined=record(scores, chosen, bench, METRICS))


def vocabulary_file(settings: Settings, bench: Bench) -> Path | None:
    """The tokenizer's file: the one that is named, else the one that lies in the checkpoint's folder, else none."""
    named = resolve_vocabulary(settings.data, bench)
    if named is not None or settings.checkpoint is None:
        return named
    own = bench.data(settings.checkpoint) / "tokenizer.json"
    return own if own.is_file() else None


def prepare(settings: Settings, tokenizer: Tokenizer, bench: Bench) -> tuple[list[Prompt], list[Prompt]]:
    """Prompts to learn from and prompts to evaluate on; what was left out or cut is noted."""
    corpus, wording = load_corpus(settings.data, bench)
    data = settings.data
    composer = Composer(wording, data.order, data.length, data.answer_length, tokenizer)
    learned = taken(corpus.train, data.examples)
    asked = taken(corpus.evaluation, data.evaluation_examples)
    train_prompts = composer.compose_all(learned, min(data.least, len(learned)), "training")
    held = composer.compose_all(asked, 1, "evaluation")
    for name, text in corpus.facts.items():
        bench.note(name, text)
    for side, prompts, total in (("training", train_prompts, learned), ("evaluation", held, asked)):
        for name, text in cutting_facts(prompts, len(total)).items():
            bench.note(f"{side} {name}", text)
    answers = [prompt.example.answer for prompt in held]
    commonest = max(set(answers), key=answers.count)
    bench.note("commonest answer", f"{commonest.strip()[:40]!r}: {answers.count(commonest) / len(answers):.3f}")
    return train_prompts, held


def make_reader(settings: Settings, tokenizer: Tokenizer, prompts: Sequence[Prompt], bench: Bench) -> Reader:
    """A released checkpoint, a base pre-trained on the training text, or a model from scratch."""
    if settings.checkpoint is not None:
        model = base.released_model(settings.checkpoint, tokenizer.size, bench)
    elif settings.base is not None:
        model = base.pretrained_model(settings.base, settings.model, tokenizer.size, prompts, bench)
    else:
        return Reader.fresh(settings.model, settings.seeding, tokenizer.size, bench)
    return Reader.around(model, settings.seeding)


def epochs(rng: np.random.Generator, count: int) -> Iterator[int]:
    """Positions in random order, all of them before any comes again."""
    while True:
        yield from rng.permutation(count).tolist()


def train(prompts: Sequence[Prompt], reader: Reader, settings: Settings, bench: Bench) -> None:
    """Spend the budget, none of it at a rate of 0. The order of examples depends on the stream ``order`` alone."""
    if settings.optimiser.learning_rate == 0:
        return
    trainer = Trainer(reader, settings.optimiser, bench)
    trainer.restore(bench.resume())
    if bench.probing:  # what fits is tried on the longest there are
        prompts = sorted(prompts, key=lambda prompt: -len(prompt.prompt) - len(prompt.answer))[: settings.batch]
    # A copy of the stream: a trial that goes on replays the order from its beginning up to where it was.
    places = epochs(copy.deepcopy(bench.rng("order")), len(prompts))
    for _ in range(trainer.steps * settings.batch):
        next(places)
    while bench.budget.left > 0:
        batch = make_batch([prompts[next(places)] for _ in range(settings.batch)], bench.device)
        right = Right() if trainer.steps % settings.loop.log_every == 0 else None
        losses = losses_of(logits_of(reader, batch, settings.precision, bench), batch.targets, bench.micro_batch, right)
        loss = trainer.step(losses, tokens=batch.cost(reader.readings), examples=settings.batch)
        if right is not None:
            seeding = {} if reader.seeding is None else reader.seeding.measurements()
            bench.log(trainer.steps, loss=loss.item(), token_accuracy=right.share, **seeding)
        if trainer.steps % settings.loop.checkpoint_every == 0:
            trainer.save()


def logits_of(reader: Reader, batch: Batch, named: str, bench: Bench) -> Callable[[slice], torch.Tensor]:
    """Logits of some rows of a batch, computed in the precision that is named."""

    def logits(rows: slice) -> torch.Tensor:
        part = Batch(batch.prompt[rows], batch.answer[rows], batch.targets[rows])
        with precision(named, bench.device):
            return answer_logits(reader, part)

    return logits


def precision(name: str, device: str) -> AbstractContextManager[object]:
    """Where matrix products are computed: float32, or bfloat16 beside float32 weights.

    Raises:
        MachineError: bfloat16 on a GPU that only imitates it.
    """
    if name == "bf16" and device == "cuda" and not torch.cuda.is_bf16_supported(including_emulation=False):
        raise MachineError(NO_BF16)
    return torch.autocast(device, dtype=torch.bfloat16) if name == "bf16" else nullcontext()
