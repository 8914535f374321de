"""Layers below the lowest adapted one are the same for every arm, seed and step: each text goes through them once.

A trunk stands in for those layers: where the model is called with token ids, what they would have made of each row is
looked up, and computed only for a row that was never met.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from evenhand.errors import Fault, SettingsError
from evenhand.recipes import working

BATCH = 16


def backbone_of(model: Any) -> Any:
    """The model without its head: embeddings, ``layers`` and the last norm."""
    return (model.get_base_model() if hasattr(model, "get_base_model") else model).base_model


def layer_pattern(model: Any, adapted: int) -> str:
    """Adapter targets (a regular expression): all linear modules of the last ``adapted`` layers.

    Raises:
        SettingsError: the model has not so many layers.
    """
    depth = int(model.config.num_hidden_layers)
    if not 0 < adapted <= depth:
        raise SettingsError("The adapter", [Fault("adapted_layers", f"is {adapted}; the model has {depth} layers")])
    numbers = "|".join(str(i) for i in range(depth - adapted, depth))
    return rf"(.*\.)?layers\.({numbers})\..*_proj"


def side_by_side(rows: Sequence[Sequence[int]], shared: int, device: Any) -> tuple[Tensor, Tensor, Tensor]:
    """One row of what all rows begin with and then their endings, each of which sees the beginning and itself alone.

    Returns:
        (S,) token ids, (S,) positions within the row that each token comes from, (S, S) who sees whom.
    """
    tails = [len(row) - shared for row in rows]
    ids = [*rows[0][:shared], *(token for row in rows for token in row[shared:])]
    owner = torch.tensor([-1] * shared + [i for i, n in enumerate(tails) for _ in range(n)], device=device)
    places = torch.tensor([*range(shared), *(shared + k for n in tails for k in range(n))], device=device)
    order = torch.arange(len(owner), device=device)
    sees = (order[None] <= order[:, None]) & ((owner[None] == -1) | (owner[None] == owner[:, None]))
    return torch.tensor(ids, device=device), places, sees


def alike(rows: Sequence[Sequence[int]]) -> int:
    """How many tokens all rows begin with; at least one of each is left over."""
    if not rows:
        return 0
    least, most = min(map(tuple, rows)), max(map(tuple, rows))
    shortest = min(map(len, rows)) - 1
    return next((i for i in range(shortest) if least[i] != most[i]), max(0, shortest))


class FrozenTrunk:
    """The lowest ``depth`` layers of a model as a table from texts to hidden states.

    Args:
        model: a causal language model of the Llama and Qwen kind, with an adapter or not; none of the lowest layers may
            be trained.
        depth: how many layers.

    Attributes:
        known: (S, H) hidden states by the bytes of a row's token ids.
    """

    def __init__(self, model: Any, depth: int) -> None:
        self.backbone = backbone_of(model)
        self.lower, self.upper = self.backbone.layers[:depth], self.backbone.layers[depth:]
        self.known: dict[bytes, Tensor] = {}
        self._standing_in = False
        if any(p.requires_grad and "lora" in n for n, p in self.lower.named_parameters()):
            message = f"puts adapters into the lowest {depth} layers, which are to stay as they are"
            raise SettingsError("The adapter", [Fault("adapted_layers", message)])

    def rows(self, rows: Sequence[Sequence[int]]) -> list[Tensor]:
        """(S, H) hidden states of each row as the first layer above gets them."""
        keys = [_key(row) for row in rows]
        missing = {key: row for key, row in zip(keys, rows, strict=True) if key not in self.known}
        order = sorted(missing, key=lambda key: (len(key), key))
        shared = alike([missing[key] for key in order])
        for start in range(0, len(order), BATCH):
            if len(order) > BATCH:
                working.tell("putting texts through the lowest layers", start, len(order))
            self._compute([missing[key] for key in order[start : start + BATCH]], shared)
        return [self.known[key] for key in keys]

    @torch.no_grad()
    def _compute(self, rows: Sequence[Sequence[int]], shared: int) -> None:
        ids, places, sees = side_by_side(rows, shared, self.backbone.embed_tokens.weight.device)
        kept: list[Tensor] = []
        hook = self.lower[-1].register_forward_hook(lambda _m, _i, out: kept.append(out))
        try:
            with self.lifted(), _passed_through(self.upper):
                self.backbone(
                    inputs_embeds=self.backbone.embed_tokens(ids)[None],
                    attention_mask=sees[None, None],
                    position_ids=places[None],
                    use_cache=False,
                )
        finally:
            hook.remove()
        beginning, *tails = torch.split(kept[-1][0], [shared, *(len(row) - shared for row in rows)])
        for row, tail in zip(rows, tails, strict=True):
            self.known[_key(row)] = torch.cat([beginning, tail])

    @contextlib.contextmanager
    def standing_in(self) -> Iterator[None]:
        """The model with the table in the place of its lowest layers; for calls without a cache."""
        hook = self.backbone.register_forward_pre_hook(self._look_up, with_kwargs=True)
        self._standing_in = True
        try:
            with _passed_through(self.lower):
                yield
        finally:
            self._standing_in = False
            hook.remove()

    @contextlib.contextmanager
    def lifted(self) -> Iterator[None]:
        """The whole model for the while, as generation with a cache needs it."""
        if not self._standing_in:
            yield
            return
        self._standing_in = False
        _restore(self.lower)
        try:
            yield
        finally:
            _pass_through(self.lower)
            self._standing_in = True

    def _look_up(self, _module: Any, args: Any, kwargs: dict[str, Any]) -> Any:
        ids = kwargs.get("input_ids")
        if not self._standing_in or ids is None:
            return None
        mask = kwargs.get("attention_mask")
        real = torch.ones_like(ids, dtype=torch.bool) if mask is None else mask.bool()
        found = self.rows([row[here].tolist() for row, here in zip(ids, real, strict=True)])
        hidden = found[0].new_zeros((*ids.shape, found[0].shape[-1]))
        for place, here, states in zip(hidden, real, found, strict=True):
            place[here] = states
        return args, {**kwargs, "input_ids": None, "inputs_embeds": hidden}

    def save(self, folder: Path) -> None:
        """Write the table down."""
        from safetensors.torch import save_file

        ids = torch.tensor([token for key in self.known for token in _row(key)])
        lengths = torch.tensor([len(_row(key)) for key in self.known])
        states = torch.cat(list(self.known.values())).cpu().contiguous()
        save_file({"ids": ids, "lengths": lengths, "states": states}, folder / "trunk.safetensors")

    def load(self, folder: Path) -> None:
        """Take up what :meth:`save` wrote."""
        from safetensors.torch import load_file

        held = load_file(folder / "trunk.safetensors", device=str(self.backbone.embed_tokens.weight.device))
        lengths = held["lengths"].tolist()
        pairs = zip(torch.split(held["ids"].cpu(), lengths), torch.split(held["states"], lengths), strict=True)
        self.known |= {_key(ids.tolist()): states for ids, states in pairs}


def _key(row: Sequence[int]) -> bytes:
    return b"".join(int(token).to_bytes(4, "little") for token in row)


def _row(key: bytes) -> list[int]:
    return [int.from_bytes(key[i : i + 4], "little") for i in range(0, len(key), 4)]


def _unchanged(hidden_states: Tensor, *_args: Any, **_kwargs: Any) -> Tensor:
    return hidden_states


def _pass_through(layers: Any) -> None:
    for layer in layers:
        layer.forward = _unchanged


def _restore(layers: Any) -> None:
    for layer in layers:
        del layer.forward


@contextlib.contextmanager
def _passed_through(layers: Any) -> Iterator[None]:
    _pass_through(layers)
    try:
        yield
    finally:
        _restore(layers)
