"""Reading prompts and giving answers: batches, the two passes, greedy answers, the probabilities of choices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from evenhand_systems.future_seed.tasks.problems import IGNORED
from evenhand_systems.future_seed.text.prompts import Prompt
from evenhand_systems.future_seed.training import Reader
from evenhand_systems.rwkv7 import RWKV7State, read_twice

END = 0
"""Ends a text, and stands before the shorter prompts of a batch."""


@dataclass(frozen=True)
class Batch:
    """Prompts of one batch.

    Attributes:
        prompt: (B, P) ids, shorter prompts filled up in front, so that all end where their answer begins.
        answer: (B, A) ids read after the prompt, filled up behind.
        targets: (B, A + 1) what each position should say: the answer and its end; ``IGNORED`` behind.
    """

    prompt: Tensor
    answer: Tensor
    targets: Tensor

    def cost(self, readings: int) -> int:
        """Tokens that a pass over the batch reads."""
        return self.prompt.numel() * readings + self.answer.numel()


def make_batch(prompts: Sequence[Prompt], device: str) -> Batch:
    """A batch of prompts with their answers."""
    before = max(len(p.prompt) for p in prompts)
    after = max(len(p.answer) for p in prompts)
    prompt = torch.full((len(prompts), before), END)
    answer = torch.full((len(prompts), after), END)
    targets = torch.full((len(prompts), after + 1), IGNORED)
    for row, item in enumerate(prompts):
        prompt[row, before - len(item.prompt) :] = torch.tensor(item.prompt)
        answer[row, : len(item.answer)] = torch.tensor(item.answer)
        targets[row, : len(item.answer) + 1] = torch.tensor([*item.answer, END])
    return Batch(prompt.to(device), answer.to(device), targets.to(device))


def read_prompt(reader: Reader, prompt: Tensor) -> tuple[Tensor, RWKV7State]:
    """Hidden vector of the prompt's last position (B, 1, C) and the states to go on from; seeding is used here only."""
    context = read_twice(prompt) if reader.readings == 2 else prompt
    hidden, state = reader.model.hidden(context, None, reader.seeding)
    return hidden[:, -1:], state


def answer_logits(reader: Reader, batch: Batch) -> Tensor:
    """Logits (B, A + 1, V) under the right answer: from the prompt's last position and after each answer token."""
    last, state = read_prompt(reader, batch.prompt)
    hidden, _ = reader.model.hidden(batch.answer, state)
    logits: Tensor = reader.model.head(torch.cat((last, hidden), dim=1))
    return logits


@torch.no_grad()
def greedy(reader: Reader, batch: Batch, longest: int) -> list[list[int]]:
    """The likeliest next id again and again, until the end of the text or ``longest`` ids."""
    last, state = read_prompt(reader, batch.prompt)
    said: list[list[int]] = [[] for _ in range(len(batch.prompt))]
    going = torch.ones(len(batch.prompt), dtype=torch.bool)
    for _ in range(longest):
        chosen = reader.model.head(last[:, -1]).argmax(dim=-1)
        going &= (chosen != END).cpu()
        if not going.any():
            break
        for row in torch.nonzero(going).flatten().tolist():
            said[row].append(int(chosen[row]))
        last, state = reader.model.hidden(chosen[:, None], state)
    return said


@torch.no_grad()
def choice_scores(reader: Reader, batch: Batch, choices: Sequence[Sequence[Sequence[int]]]) -> list[list[float]]:
    """Log probability of each choice of each prompt, its end included.

    Args:
        reader: who reads.
        batch: B prompts.
        choices: for each prompt the ids of its choices.
    """
    last, state = read_prompt(reader, batch.prompt)
    scores: list[list[float]] = [[] for _ in choices]
    for place in range(max(map(len, choices))):
        rows = [row for row, own in enumerate(choices) if place < len(own)]
        ids = [list(choices[row][place]) for row in rows]
        longest = max(map(len, ids))
        padded = torch.full((len(rows), longest), END, device=batch.prompt.device)
        targets = torch.full((len(rows), longest + 1), IGNORED, device=batch.prompt.device)
        for row, own in enumerate(ids):
            padded[row, : len(own)] = torch.tensor(own)
            targets[row, : len(own) + 1] = torch.tensor([*own, END])
        hidden, _ = reader.model.hidden(padded, state.select(rows))
        logits = reader.model.head(torch.cat((last[rows], hidden), dim=1)).float().log_softmax(dim=-1)
        wanted = targets != IGNORED
        picked = logits.gather(-1, targets.clamp_min(0)[..., None])[..., 0]
        for row, total in zip(rows, (picked * wanted).sum(dim=1).tolist(), strict=True):
            scores[row].append(total)
    return scores
