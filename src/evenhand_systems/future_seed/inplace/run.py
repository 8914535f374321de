"""The work of ``future_seed.inplace``: train on rows with blanks, then fill the blanks of rows that were never met."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from evenhand.errors import counted
from evenhand.recipes.contract import Bench
from evenhand.recipes.outcome import Outcome
from evenhand_systems.future_seed.inplace.settings import Settings
from evenhand_systems.future_seed.tasks.build import in_place_task
from evenhand_systems.future_seed.tasks.problems import IGNORED, EvaluationItems, InPlaceTask, Ints
from evenhand_systems.future_seed.training import Reader, Right, Trainer, losses_of


def train_and_score(settings: Settings, bench: Bench) -> Outcome:
    """Train within the budget and score the item set; see the recipe."""
    task = in_place_task(settings.task, settings.evaluation.pool, bench)
    items = task.evaluation(bench.item_set)
    reader = Reader.fresh(settings.model, settings.seeding, len(task.symbols), bench)
    for name, text in task.statistics().items():
        bench.note(name, text)
    for ceiling in task.ceilings(items.problems):
        bench.note(f"ceiling, {ceiling.reader}", str(ceiling))
    reader.describe(bench)
    train(task, reader, settings, bench)
    reader.note_gates(bench, "effective gates at the end")
    score(task, items, reader, settings.evaluation.batch, bench)
    return Outcome()


def train(task: InPlaceTask, reader: Reader, settings: Settings, bench: Bench) -> None:
    """Spend the budget. The order of problems depends on the stream ``order`` alone, not on the arm."""
    trainer = Trainer(reader, settings.optimiser, bench)
    trainer.restore(bench.resume())
    order = bench.rng("order")
    while bench.budget.left > 0:
        problems = task.training(order, settings.batch)
        tokens, targets = _tensor(problems.tokens, bench), _tensor(problems.targets, bench)
        logging = trainer.steps % settings.loop.log_every == 0
        watch(reader, logging)
        right = Right() if logging else None

        def logits_of(rows: slice, tokens: Tensor = tokens) -> Tensor:
            return reader.rows(tokens[rows])

        losses = losses_of(logits_of, targets, bench.micro_batch, right)
        loss = trainer.step(losses, tokens=tokens.numel() * reader.readings, examples=len(problems))
        if right is not None:
            seeding = {} if reader.seeding is None else reader.seeding.measurements()
            # Fresh problems: before the update this is an honest, if small, sample of what the model can do.
            bench.log(trainer.steps, loss=loss.item(), accuracy=right.share, **seeding)
        if trainer.steps % settings.loop.checkpoint_every == 0:
            trainer.save()


def watch(reader: Reader, on: bool) -> None:
    """Have the seeding keep this pass's seeds and their gradients, for the log."""
    if reader.seeding is not None:
        reader.seeding.watch = on


@torch.no_grad()
def score(task: InPlaceTask, items: EvaluationItems, reader: Reader, batch: int, bench: Bench) -> None:
    """Fill the blanks of the items and record the share that is right, and whether all are."""
    watch(reader, False)
    problems = items.problems
    filled = []
    for start in range(0, len(problems), batch):
        logits = reader.rows(_tensor(problems.tokens[start : start + batch], bench))
        filled.append(logits.argmax(dim=-1).cpu().numpy())
    answers = np.concatenate(filled)
    scored = problems.targets != IGNORED
    right = ((answers == problems.targets) & scored).sum(axis=1) / scored.sum(axis=1)
    outputs = [_spell(task.symbols, row[mask]) for row, mask in zip(answers, scored, strict=True)]
    told: dict[str, Any] = {
        "outputs": outputs,
        "clusters": items.clusters,
        "inputs": [_spell(task.symbols, row) for row in problems.tokens],
        "groups": [counted(int(count), "blank") for count in scored.sum(axis=1)],
        "expected": [_spell(task.symbols, row[mask]) for row, mask in zip(problems.targets, scored, strict=True)],
    }
    bench.items("accuracy", items.ids, right.tolist(), **told)
    bench.items("exact_match", items.ids, (right == 1.0).astype(float).tolist(), **told)


def _spell(symbols: Sequence[str], tokens: Ints) -> str:
    return "".join(symbols[token] for token in tokens.tolist())


def _tensor(array: Ints, bench: Bench) -> Tensor:
    return torch.as_tensor(array, device=bench.device)
