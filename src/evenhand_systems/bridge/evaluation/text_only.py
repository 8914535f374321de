"""What a language model answers by itself, from text: the references of every bridge."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from evenhand_systems.bridge.models.language_model import LanguageModel
from evenhand_systems.bridge.tasks.formats import PromptFormat
from evenhand_systems.bridge.tasks.items import Item
from evenhand_systems.bridge.translation.prompts import Prompts
from evenhand_systems.bridge.translation.soft_prompt import SoftPrompt


def text_answers(
    model: LanguageModel, form: PromptFormat, items: Sequence[Item], *, new_tokens: int, batch: int = 64
) -> list[str]:
    """Greedy answers to facts and question as text, in the same format and through the same assembly as soft tokens."""
    prompts, plain = Prompts(model, form), SoftPrompt(model)
    texts: list[str] = []
    for start in range(0, len(items), batch):
        part = items[start : start + batch]
        inputs = plain.assemble(
            prompts.before(part), None, prompts.after(part, with_text=True), side="left", room=new_tokens
        )
        texts.extend(model.decode(row) for row in plain.generate(inputs, new_tokens)[0])
    return texts


def mean_states(rows: Sequence[Tensor]) -> Tensor:
    """Features (I, 2C) of source states: their mean and the last one."""
    return torch.stack([torch.cat([row.float().mean(0), row[-1].float()]) for row in rows])


def linear_probe(train: Tensor, train_answers: Sequence[str], test: Tensor, ridge: float = 1.0) -> list[str]:
    """Answers that a ridge classifier reads off the source's states: a closed form, no training steps.

    Args:
        train: (N, F) features, train_answers: N gold answers.
        test: (I, F) features.
        ridge: penalty on standardised features.
    """
    classes = sorted(set(train_answers))
    goals = torch.zeros(len(train), len(classes), dtype=torch.double)
    goals[torch.arange(len(train)), torch.tensor([classes.index(a) for a in train_answers])] = 1.0
    mean, spread = train.double().mean(0), train.double().std(0).clamp(min=1e-6)
    features = []
    for rows in (train, test):
        standard = ((rows.double() - mean) / spread).cpu()
        features.append(torch.cat([standard, torch.ones(len(rows), 1, dtype=torch.double)], dim=1))
    gram = features[0].T @ features[0] + ridge * torch.eye(features[0].shape[1], dtype=torch.double)
    weights = torch.linalg.solve(gram, features[0].T @ goals)
    return [classes[int(i)] for i in (features[1] @ weights).argmax(-1)]
