"""Ways of presenting a text to the model: prompt and answer in two passes, and the context read twice."""

from __future__ import annotations

import torch
from torch import Tensor

from evenhand_systems.rwkv7.model import RWKV7
from evenhand_systems.rwkv7.seeding import Seeding
from evenhand_systems.rwkv7.state import RWKV7State


def prompt_then_answer(
    model: RWKV7, prompt: Tensor, answer: Tensor, seeding: Seeding | None = None
) -> tuple[Tensor, RWKV7State]:
    """Seed the prompt's pass only; the answer goes on from the prompt's terminal states, token shift included.

    Args:
        model: the model.
        prompt: token ids (B, P).
        answer: token ids (B, A), the answer's inputs; its first token is predicted by the prompt's last position.
        seeding: gates used in the prompt's pass.

    Returns:
        Logits (B, P + A, vocabulary) as one pass would lay them out, and the state after the answer.
    """
    prompt_logits, state = model(prompt, seeding=seeding)
    answer_logits, state = model(answer, state)
    return torch.cat((prompt_logits, answer_logits), dim=1), state


def read_twice(context: Tensor, separator: Tensor | None = None) -> Tensor:
    """The rival to seeding that any reader would try first: the context, an optional separator, and the context again.

    Args:
        context: token ids (B, T).
        separator: token ids (S,) to stand between.

    Returns:
        Token ids (B, 2 T + S). The second reading's positions are the last T; the cost in tokens is the whole.
    """
    if separator is None:
        return torch.cat((context, context), dim=1)
    between = separator.to(context).expand(context.shape[0], -1)
    return torch.cat((context, between, context), dim=1)
