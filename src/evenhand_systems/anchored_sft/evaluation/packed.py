"""How well texts are foretold, many at once: what all of them begin with is computed once, and their endings stand side
by side in one row, each seeing the beginning and itself alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from evenhand_systems.anchored_sft.data.conversations import Tokenised

if TYPE_CHECKING:
    from torch import Tensor

    from evenhand_systems.anchored_sft.evaluation.frozen_trunk import FrozenTrunk

WIDTH = 512
"""Tokens of a packed row."""
CHUNK = 64
"""Rows of logits in memory at once."""


@dataclass(frozen=True)
class Foretold:
    """The labelled tokens of one text.

    Attributes:
        nats: (A,) loss of each.
        wanted: (A,) the tokens themselves.
        said: (A,) what greedy decoding would have written in the place of each, given all before it.
    """

    nats: NDArray[np.float64]
    wanted: NDArray[np.int64]
    said: NDArray[np.int64]

    @property
    def exact(self) -> bool:
        """Whether greedy decoding writes these very tokens."""
        return bool((self.wanted == self.said).all())

    @property
    def loss(self) -> float:
        """Nats per token."""
        return float(self.nats.mean())


def foretell(
    model: Any, rows: Sequence[Tokenised], *, trunk: FrozenTrunk | None = None, width: int = WIDTH
) -> list[Foretold]:
    """How each text's labelled tokens are foretold.

    Args:
        model: a causal language model, with an adapter or not; it is put into evaluation mode for the while.
        rows: texts with labels; their first token is never a labelled one.
        trunk: what stands in for the model's lowest layers, where anything does.
        width: most tokens of a packed row; a longer text has one to itself.
    """
    import torch

    from evenhand_systems.anchored_sft.evaluation.frozen_trunk import alike

    if not rows:
        return []
    first = min(next(i for i, label in enumerate(row.labels) if i and label != -100) for row in rows)
    shared = min(alike([row.input_ids for row in rows]), first)
    found: list[Foretold | None] = [None] * len(rows)
    was_training = model.training
    model.eval()
    try:
        with torch.no_grad():
            for chosen in _packs(rows, shared, width):
                for index, part in zip(chosen, _pack(model, [rows[i] for i in chosen], shared, trunk), strict=True):
                    found[index] = part
    finally:
        model.train(was_training)
    return [part for part in found if part is not None]


def _packs(rows: Sequence[Tokenised], shared: int, width: int) -> Iterator[list[int]]:
    """Rows that go together, in order of length."""
    pack: list[int] = []
    used = shared
    for i in sorted(range(len(rows)), key=lambda i: len(rows[i].input_ids)):
        length = len(rows[i].input_ids) - shared
        if pack and used + length > width:
            yield pack
            pack, used = [], shared
        pack.append(i)
        used += length
    if pack:
        yield pack


def _pack(model: Any, rows: Sequence[Tokenised], shared: int, trunk: FrozenTrunk | None) -> list[Foretold]:
    """One packed row through the model."""
    import torch

    from evenhand_systems.anchored_sft.evaluation.frozen_trunk import backbone_of, side_by_side

    backbone = backbone_of(model)
    device = backbone.embed_tokens.weight.device
    tails = [len(row.input_ids) - shared for row in rows]
    ids, places, sees = side_by_side([row.input_ids for row in rows], shared, device)
    if trunk is None:
        states = backbone.embed_tokens(ids)
    else:
        below = trunk.rows([row.input_ids for row in rows])
        states = torch.cat([below[0][:shared], *(part[shared:] for part in below)])
    hidden = backbone(
        inputs_embeds=states[None], attention_mask=sees[None, None], position_ids=places[None], use_cache=False
    ).last_hidden_state[0]
    before, wanted, counts = _labelled(rows, shared, tails)
    nats, said = _at_the_head(model, hidden[torch.tensor(before, device=device)], wanted)
    stops = np.cumsum(counts)[:-1]
    parts = zip(np.split(nats, stops), np.split(np.asarray(wanted), stops), np.split(said, stops), strict=True)
    return [Foretold(*part) for part in parts]


def _labelled(rows: Sequence[Tokenised], shared: int, tails: Sequence[int]) -> tuple[list[int], list[int], list[int]]:
    """Of the labelled tokens: where the hidden state before each stands in the packed row, itself; their numbers."""
    before: list[int] = []
    wanted: list[int] = []
    counts: list[int] = []
    start = shared
    for row, length in zip(rows, tails, strict=True):
        chosen = [i for i, label in enumerate(row.labels) if label != -100 and i]
        before += [i - 1 if i <= shared else start + i - shared - 1 for i in chosen]
        wanted += [row.input_ids[i] for i in chosen]
        counts.append(len(chosen))
        start += length
    return before, wanted, counts


def _at_the_head(model: Any, hidden: Tensor, wanted: Sequence[int]) -> tuple[Any, Any]:
    """(A,) losses and greedy tokens, a few rows of logits at a time."""
    import torch

    head = model.get_output_embeddings()
    losses, greedy = [], []
    for start in range(0, len(wanted), CHUNK):
        logits = head(hidden[start : start + CHUNK]).float()
        targets = torch.tensor(wanted[start : start + CHUNK], device=logits.device)
        losses.append(torch.nn.functional.cross_entropy(logits, targets, reduction="none"))
        greedy.append(logits.argmax(-1))
    return torch.cat(losses).double().cpu().numpy(), torch.cat(greedy).cpu().numpy()
