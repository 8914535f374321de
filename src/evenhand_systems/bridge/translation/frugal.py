"""How a frozen model is run in little memory: its head at a few places only, its layers computed again on the way back.

Both work from outside, on any causal model of ``transformers``, and change no value that is computed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch
from torch import Tensor
from torch.utils.checkpoint import checkpoint


@contextmanager
def head_at(model: Any, places: Tensor | None) -> Iterator[None]:
    """While this is open, the model's head reads (1, N, C) hidden states, those where ``places`` (B, T) is True.

    Whatever the model does to its logits afterwards (a scale, a soft cap) is done to those. None lets it read all.
    """
    if places is None:
        yield
        return

    def chosen(_module: Any, arguments: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        return (arguments[0][places].unsqueeze(0), *arguments[1:])

    hook = model.get_output_embeddings().register_forward_pre_hook(chosen)
    try:
        yield
    finally:
        hook.remove()


@contextmanager
def computed_again(layers: Iterable[Any], wanted: bool) -> Iterator[None]:
    """While this is open, layers keep their inputs alone and are run a second time for the gradient.

    The switch of ``transformers`` works in training mode only, in which a frozen model has no business.
    """
    if not (wanted and torch.is_grad_enabled()):
        yield
        return
    changed = list(layers)
    for layer in changed:
        layer.forward = partial(checkpoint, layer.forward, use_reentrant=False, preserve_rng_state=False)
    try:
        yield
    finally:
        for layer in changed:
            del layer.forward
