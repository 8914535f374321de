"""Soft tokens inside a frozen causal language model: prepended to the text, read by adapters, or as keys and values.

One assembly serves training and generation: masks and position ids are always given explicitly, so that neither the
side of the padding nor the company in a batch changes what the model computes.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor, nn

from evenhand.errors import DataError
from evenhand_systems.bridge.models.language_model import LanguageModel, ModelError, pad_rows
from evenhand_systems.bridge.settings import Injection
from evenhand_systems.bridge.translation.frugal import computed_again, head_at
from evenhand_systems.bridge.translation.prefix import LEAST, Prefix, as_cache, read_prefix
from evenhand_systems.bridge.translators.blocks import Attention

Side = Literal["left", "right"]
IGNORED = -100


@dataclass(frozen=True)
class Inputs:
    """A batch ready for the target.

    Attributes:
        embeddings: (B, T, C).
        attention_mask: (B, P + T), 1 at real positions; P is the length of the prefix or cache, 0 without one.
        position_ids: (B, T), counted from each row's first real position.
        labels: (B, T), the token at each place where it is to be predicted, -100 elsewhere.
        soft_places: (B, T), True where a soft token stands.
        soft: (B, K, C) soft tokens and soft_mask (B, K), for adapters and caches.
        prefix: what stands before all rows and was read beforehand; None where the rows hold everything.
    """

    embeddings: Tensor
    attention_mask: Tensor
    position_ids: Tensor
    labels: Tensor
    soft_places: Tensor
    soft: Tensor
    soft_mask: Tensor
    prefix: Prefix | None = None

    @property
    def answer_places(self) -> Tensor:
        """(B, T), True where the next token is to be predicted; in rows one after the other, as the answers are."""
        return nn.functional.pad(self.labels[:, 1:] != IGNORED, (0, 1))


class LayerAdapter(nn.Module):
    """Gated cross-attention from a layer's output to the soft tokens; a fresh one changes nothing."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.norm, self.soft_norm = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attention = Attention(width, heads)
        self.gate = nn.Parameter(torch.zeros(()))

    def forward(self, hidden: Tensor, soft: Tensor, mask: Tensor, scale: float) -> Tensor:
        """hidden (B, T, C), soft (B, K, C), mask (B, K) -> hidden with what it read."""
        read = self.attention(self.norm(hidden.float()), self.soft_norm(soft.float()), mask)
        result: Tensor = hidden + (scale * self.gate.tanh() * read).to(hidden.dtype)
        return result


class SoftPrompt(nn.Module):
    """Puts soft tokens into a target model.

    Attributes:
        target: the frozen model; no parameter of this module.
        injection: ``prepend`` puts them where the question would stand, ``adapter`` lets every layer read them,
            ``cache`` takes them for keys and values of all layers, which stand before the text.
        scale: of what the adapters add.
        checkpointing: compute the target's layers again on the way back instead of keeping what they computed.
    """

    def __init__(
        self, target: LanguageModel, injection: Injection = "prepend", scale: float = 1.0, *,
        checkpointing: bool = False,
    ) -> None:  # fmt: skip
        super().__init__()
        self.checkpointing = checkpointing
        self._prefixes: dict[tuple[int, ...], Prefix | None] = {}
        self.__dict__["target"] = target
        self.target: LanguageModel
        self.injection, self.scale = injection, scale
        self.adapters = nn.ModuleList()
        if injection == "adapter":
            heads = int(target.model.config.num_attention_heads)
            self.adapters.extend(LayerAdapter(target.width, heads) for _ in range(len(self._layers())))

    def assemble(
        self,
        before: Sequence[Sequence[int]],
        soft: Tensor | None,
        after: Sequence[Sequence[int]],
        *,
        soft_mask: Tensor | None = None,
        answers: Sequence[Sequence[int]] | None = None,
        side: Side = "right",
        room: int = 0,
        read_before: bool = False,
    ) -> Inputs:
        """Rows of ``before + soft tokens + after + answer``, without holes, padded on one side.

        Args:
            before, after, answers: token ids of each row; ``answers`` become labels.
            soft: (B, K, C), or None for no soft tokens.
            soft_mask: (B, K), which of them are real; all by default.
            side: of the padding.
            room: tokens that are to be generated and must fit into the context too.
            read_before: read what stands before all rows once, without a gradient, where the model allows it and it is
                long; the rows then hold the rest. Adapters change how it is read, so that there it stays in the rows.

        Raises:
            DataError: a row with its soft tokens is longer than the target's context.
        """
        target, device = self.target, self.target.device
        if soft is None:
            soft = torch.zeros(len(before), 0, self.width, device=device)
        soft = soft.to(device)
        if soft_mask is None:
            soft_mask = torch.ones(soft.shape[:2], dtype=torch.long, device=device)
        soft_mask = soft_mask.long()
        prefix = self._prefix(before) if read_before else None
        before = [[]] * len(before) if prefix is not None else before
        parts = [pad_rows(rows, target.pad_id, device) for rows in (before, after, answers or [[]] * len(before))]
        told = [target.embed(ids) for ids, _ in parts]
        inline = soft.to(told[0].dtype) if self.injection == "prepend" else told[0][:, :0]
        inline_mask = soft_mask[:, : inline.shape[1]]
        embeddings = torch.cat([told[0], inline, *told[1:]], dim=1)
        mask = torch.cat([parts[0][1], inline_mask, parts[1][1], parts[2][1]], dim=1)
        labels = torch.full_like(mask, IGNORED)
        if parts[2][0].shape[1]:
            labels[:, -parts[2][0].shape[1] :] = parts[2][0].masked_fill(parts[2][1] == 0, IGNORED)
        places = torch.zeros_like(mask)
        places[:, parts[0][0].shape[1] : parts[0][0].shape[1] + inline.shape[1]] = inline_mask
        cached = soft.shape[1] if self.injection == "cache" else 0
        self._check_room(mask, room + cached + (0 if prefix is None else len(prefix)))
        inputs = _compact(embeddings, mask, labels, places.bool(), soft, soft_mask, side)
        if cached:
            return _behind_cache(inputs)
        return inputs if prefix is None else _behind(prefix, inputs)

    def forward(self, inputs: Inputs, places: Tensor | None = None) -> Tensor:
        """Logits (B, T, V), in float32 at least; or those (N, V) where ``places`` (B, T) is True, rows in their order.

        The logits of all places are large: 1 GB for each 2,000 tokens of a vocabulary of 128,000. The target's head
        reads the places that are asked for and no others.
        """
        model = self.target.model
        layers = self._layers() if self.checkpointing else ()
        with self._reading(inputs), head_at(model, places), computed_again(layers, self.checkpointing):
            result: Tensor = model(
                inputs_embeds=inputs.embeddings, attention_mask=inputs.attention_mask,
                position_ids=inputs.position_ids, past_key_values=self._cache(inputs),
                use_cache=False,
            ).logits  # fmt: skip
        kept = result if places is None else result[0]
        return kept.to(torch.promote_types(kept.dtype, torch.float32))

    @property
    def width(self) -> int:
        """C of what it takes: that of the embeddings, or of keys and values of all layers."""
        if self.injection == "cache":
            return self.target.layers * self.target.key_width
        return self.target.width

    def _cache(self, inputs: Inputs) -> Any:
        """What the rows find before them; None where they hold everything."""
        if self.injection == "cache" and inputs.soft.shape[1]:
            like = inputs.soft.to(inputs.embeddings.dtype)
            return as_cache(like, self.target.layers, int(self.target.model.config.num_key_value_heads))
        return None if inputs.prefix is None else inputs.prefix.cache()

    def _prefix(self, before: Sequence[Sequence[int]]) -> Prefix | None:
        """What stands before all rows, as the target reads it; None where it is short, differs or has to stay."""
        ids = tuple(before[0]) if before else ()
        if self.injection != "prepend" or len(ids) < LEAST or any(tuple(row) != ids for row in before[1:]):
            return None
        if ids not in self._prefixes:
            self._prefixes = {ids: read_prefix(self.target.model, ids, self.target.device)}
        return self._prefixes[ids]

    @torch.no_grad()
    def generate(self, inputs: Inputs, new_tokens: int, *, with_logits: bool = False) -> tuple[list[list[int]], Tensor]:
        """Greedy continuation of each row.

        Args:
            inputs: padded on the left, so that every row ends where generation begins.
            new_tokens: at most this many.
            with_logits: also return the logits (B, N, V) that were decided on; else they are empty.

        Raises:
            DataError: the inputs are padded on the right, or hold the answer that is to be generated.
        """
        from transformers import GenerationConfig

        if not bool(inputs.attention_mask[:, -1].all()):
            raise DataError('Generation needs inputs padded on the left: assemble(..., side="left").')
        if inputs.prefix is not None:
            raise DataError("Generation needs inputs that hold everything: assemble(...) without read_before.")
        if bool((inputs.labels >= 0).any()):
            raise DataError("Generation needs inputs without answers: these hold the gold solution that is asked for.")
        if self.injection == "cache" and inputs.soft.shape[1]:
            return self._generate_behind(inputs, new_tokens)
        own = self.target.model.generation_config
        make: Any = GenerationConfig
        settings = make(
            do_sample=False, num_beams=1, max_new_tokens=new_tokens, pad_token_id=own.pad_token_id,
            eos_token_id=own.eos_token_id, return_dict_in_generate=True, output_logits=with_logits,
        )  # fmt: skip
        with self._reading(inputs):
            made = self.target.model.generate(
                inputs_embeds=inputs.embeddings, attention_mask=inputs.attention_mask,
                position_ids=inputs.position_ids, generation_config=settings,
            )  # fmt: skip
        logits = torch.stack(made.logits, dim=1).float() if with_logits else torch.empty(0)
        return [[int(token) for token in row] for row in made.sequences], logits

    def _generate_behind(self, inputs: Inputs, new_tokens: int) -> tuple[list[list[int]], Tensor]:
        """Greedy continuation behind keys and values that were made; ``generate`` of ``transformers`` takes no such."""
        model, rows = self.target.model, len(inputs.embeddings)
        cache, ends = self._cache(inputs), torch.tensor(self.target.end_ids, device=self.target.device)
        for layer in cache.layers:
            layer.grows = True
        embeddings, mask, places = inputs.embeddings, inputs.attention_mask, inputs.position_ids
        written: list[Tensor] = []
        decided: list[Tensor] = []
        over = torch.zeros(rows, dtype=torch.bool, device=embeddings.device)
        while len(written) < new_tokens and not bool(over.all()):
            logits = model(
                inputs_embeds=embeddings, attention_mask=mask, position_ids=places, past_key_values=cache,
                use_cache=True,
            ).logits[:, -1]  # fmt: skip
            token = logits.argmax(-1).masked_fill(over, self.target.pad_id)
            written.append(token)
            decided.append(logits.float())
            over = over | torch.isin(token, ends)
            embeddings = self.target.embed(token.unsqueeze(1))
            mask, places = nn.functional.pad(mask, (0, 1), value=1), places[:, -1:] + 1
        return torch.stack(written, dim=1).tolist(), torch.stack(decided, dim=1)

    def _check_room(self, mask: Tensor, room: int) -> None:
        longest, context = int(mask.sum(-1).max()) + room, self.target.context
        if longest > context:
            raise DataError(
                f"A prompt with its soft tokens and {room} new tokens takes {longest} tokens; the context of "
                f"{self.target.name} has {context}. Lower soft_tokens, new_tokens or the number of worked examples."
            )

    def _layers(self) -> Any:
        layers = getattr(self.target.model.get_decoder(), "layers", None)
        if layers is None:
            raise ModelError(
                f'{self.target.name} shows no layers to put adapters on or to compute again; use injection = "prepend" '
                'and checkpointing = "off".'
            )
        return layers

    @contextmanager
    def _reading(self, inputs: Inputs) -> Iterator[None]:
        """While this is open, the target's layers read the soft tokens through the adapters."""
        if self.injection != "adapter" or inputs.soft.shape[1] == 0:
            yield
            return

        def reader(adapter: nn.Module) -> Any:
            def read(_module: nn.Module, _arguments: Any, output: Any) -> Any:
                hidden = output[0] if isinstance(output, tuple) else output
                changed = adapter(hidden, inputs.soft, inputs.soft_mask, self.scale)
                return (changed, *output[1:]) if isinstance(output, tuple) else changed

            return read

        hooks = [
            layer.register_forward_hook(reader(adapter))
            for layer, adapter in zip(self._layers(), self.adapters, strict=True)
        ]
        try:
            yield
        finally:
            for hook in hooks:
                hook.remove()


def _compact(
    embeddings: Tensor, mask: Tensor, labels: Tensor, places: Tensor, soft: Tensor, soft_mask: Tensor, side: Side
) -> Inputs:
    """Move padding to one side of each row and cut what no row uses."""
    order = torch.argsort(mask, dim=1, stable=True, descending=side == "right")
    length = int(mask.sum(-1).max())
    order = order[:, :length] if side == "right" else order[:, order.shape[1] - length :]
    kept = mask.gather(1, order)
    return Inputs(
        embeddings=embeddings.gather(1, order.unsqueeze(-1).expand(-1, -1, embeddings.shape[-1])),
        attention_mask=kept,
        position_ids=(kept.cumsum(-1) - 1).clamp(min=0),
        labels=labels.gather(1, order),
        soft_places=places.gather(1, order),
        soft=soft,
        soft_mask=soft_mask,
    )


def _behind_cache(inputs: Inputs) -> Inputs:
    """Rows that go on behind as many places as each finds in the cache; places that are not real are hidden."""
    read = inputs.soft_mask.sum(-1, keepdim=True)
    return dataclasses.replace(
        inputs, attention_mask=torch.cat([inputs.soft_mask, inputs.attention_mask], dim=1),
        position_ids=inputs.position_ids + read,
    )  # fmt: skip


def _behind(prefix: Prefix, inputs: Inputs) -> Inputs:
    """Rows that go on where the prefix ends."""
    read = torch.ones_like(inputs.attention_mask[:, :1]).expand(-1, len(prefix))
    return dataclasses.replace(
        inputs, prefix=prefix, attention_mask=torch.cat([read, inputs.attention_mask], dim=1),
        position_ids=inputs.position_ids + len(prefix),
    )  # fmt: skip
