"""Writing on: greedy, with temperature or from the nucleus; texts of any lengths at once; from a carried state."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import torch
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor

from evenhand.errors import EvenhandError
from evenhand_systems.rwkv7.seeding import Seeding
from evenhand_systems.rwkv7.state import RWKV7State


class GenerationError(EvenhandError, ValueError):
    """Prompts that nothing can be generated from."""


class Decoder(Protocol):
    """What turns token ids into bytes: a tokenizer."""

    def decode_bytes(self, tokens: Sequence[int], /) -> bytes:
        """The bytes of token ids."""


class LanguageModel(Protocol):
    """What reads tokens: `RWKV7` or `Inference`."""

    def last_logits(
        self, inputs: Tensor, state: RWKV7State | None = None, seeding: Seeding | None = None
    ) -> tuple[Tensor, RWKV7State]:
        """Logits (B, vocabulary) after token ids (B, T), and the state."""


class GenerationSettings(BaseModel):
    """How to write on.

    Attributes:
        max_tokens: most tokens to write.
        temperature: 0 takes the likeliest token; otherwise logits are divided by it.
        top_p: sample from the smallest set of likeliest tokens whose probabilities (at this temperature) reach it.
        stop: strings that end the text; the text is cut before the first of them.
        end_token: id that ends the text, kept out of it; None if no id does.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    max_tokens: int = Field(default=64, ge=1)
    temperature: float = Field(default=0.0, ge=0)
    top_p: float = Field(default=1.0, gt=0, le=1)
    stop: tuple[str, ...] = ()
    end_token: int | None = 0


@dataclass(frozen=True)
class Generated:
    """One text that was written.

    Attributes:
        tokens: all ids drawn, the end token or the stop string's included.
        content: the text's bytes, cut before the stop string.
        reason: why it ended.
        state: of this one sequence, after everything but the last token. To write on, read `[tokens[-1], *further]`.
    """

    tokens: tuple[int, ...]
    content: bytes
    reason: Literal["stop", "end", "length"]
    state: RWKV7State

    @property
    def text(self) -> str:
        """The content as text; bytes that are no UTF-8 become U+FFFD."""
        return self.content.decode("utf-8", errors="replace")


@dataclass
class _Writing:
    """A text while it is being written."""

    tokens: list[int]
    generator: torch.Generator | None
    content: bytes = b""

    def reason(self, settings: GenerationSettings, decoder: Decoder) -> Literal["stop", "end", "length"] | None:
        """Take up the newest token; why the text ends with it, or None."""
        newest = self.tokens[-1]
        if newest == settings.end_token:
            return "end"
        before = len(self.content)
        self.content += decoder.decode_bytes([newest])
        stops = [stop.encode("utf-8") for stop in settings.stop]
        # A stop string may have begun in earlier tokens, but no earlier than its length allows.
        places = [self.content.find(stop, max(0, before - len(stop) + 1)) for stop in stops]
        found = [place for place in places if place >= 0]
        if found:
            self.content = self.content[: min(found)]
            return "stop"
        return "length" if len(self.tokens) == settings.max_tokens else None


@torch.no_grad()
def generate(
    model: LanguageModel,
    decoder: Decoder,
    prompts: Sequence[Sequence[int]],
    settings: GenerationSettings,
    *,
    states: Sequence[RWKV7State | None] | None = None,
    seeds: Sequence[int] | None = None,
    seeding: Seeding | None = None,
    device: torch.device | str = "cpu",
) -> list[Generated]:
    """Write on from each prompt; a batch gives what its prompts give one by one.

    Args:
        model: reads the tokens.
        decoder: the tokenizer.
        prompts: token ids, at least one each; of any lengths.
        settings: how to choose and when to stop.
        states: per prompt the state (of one sequence) that it goes on from; None is a text's beginning.
        seeds: per prompt the seed of its draws; needed if the temperature is not 0.
        seeding: Future-Seed, used in the prompt's pass and not afterwards.
        device: where the model is.

    Raises:
        GenerationError: an empty prompt, states or seeds that are not one per prompt, no seeds for drawing.
    """
    _check(prompts, settings, states, seeds)
    writings = [
        _Writing([], None if settings.temperature == 0 else torch.Generator().manual_seed(seeds[row]))  # type: ignore[index]
        for row in range(len(prompts))
    ]
    done: dict[int, Generated] = {}
    active, logits, state = _read_prompts(model, prompts, states, seeding, device)
    while active:
        reasons = []
        for row, row_logits in zip(active, logits, strict=True):
            writings[row].tokens.append(choose(row_logits, settings, writings[row].generator))
            reasons.append(writings[row].reason(settings, decoder))
        for place, (row, reason) in enumerate(zip(active, reasons, strict=True)):
            if reason is not None:
                written = writings[row]
                done[row] = Generated(tuple(written.tokens), written.content, reason, state.select([place]))
        going = [place for place, reason in enumerate(reasons) if reason is None]
        if len(going) < len(active):
            active = [active[place] for place in going]
            state = state.select(going) if going else state
        if active:
            newest = torch.tensor([[writings[row].tokens[-1]] for row in active], device=device)
            logits, state = model.last_logits(newest, state)
    return [done[row] for row in range(len(prompts))]


def choose(logits: Tensor, settings: GenerationSettings, generator: torch.Generator | None) -> int:
    """One token id from logits (vocabulary,); the draw happens on the CPU, so that devices agree."""
    if settings.temperature == 0:
        return int(logits.argmax())
    probabilities = torch.softmax(logits.double().cpu() / settings.temperature, dim=-1)
    if settings.top_p < 1:
        ordered, ids = probabilities.sort(descending=True, stable=True)
        outside = ordered.cumsum(dim=-1) - ordered >= settings.top_p
        probabilities[ids[outside]] = 0
    return int(torch.multinomial(probabilities, 1, generator=generator))


def _read_prompts(
    model: LanguageModel,
    prompts: Sequence[Sequence[int]],
    states: Sequence[RWKV7State | None] | None,
    seeding: Seeding | None,
    device: torch.device | str,
) -> tuple[list[int], Tensor, RWKV7State]:
    """Read the prompts, those of equal length together; rows in the order read, their last logits, their states."""
    rows, all_logits, all_states = [], [], []
    for group in _groups(prompts, states):
        tokens = torch.tensor([list(prompts[row]) for row in group], device=device)
        carried = None if states is None else [states[row] for row in group]
        start = (
            None if carried is None or carried[0] is None else RWKV7State.stack([s for s in carried if s is not None])
        )
        logits, state = model.last_logits(tokens, start, seeding)
        rows += group
        all_logits.append(logits)
        all_states.append(state)
    return rows, torch.cat(all_logits), RWKV7State.stack(all_states)


def _groups(prompts: Sequence[Sequence[int]], states: Sequence[RWKV7State | None] | None) -> Iterator[list[int]]:
    """Rows that can be read in one pass: equal lengths, and all or none with a state."""
    groups: dict[tuple[int, bool], list[int]] = {}
    for row, prompt in enumerate(prompts):
        groups.setdefault((len(prompt), states is not None and states[row] is not None), []).append(row)
    yield from groups.values()


def _check(
    prompts: Sequence[Sequence[int]],
    settings: GenerationSettings,
    states: Sequence[RWKV7State | None] | None,
    seeds: Sequence[int] | None,
) -> None:
    if not prompts:
        raise GenerationError("expected at least one prompt, found none")
    for row, prompt in enumerate(prompts):
        if not len(prompt):
            raise GenerationError(f"prompt {row} is empty; give at least one token, such as the end of text (0)")
    if states is not None and len(states) != len(prompts):
        raise GenerationError(f"expected one state per prompt ({len(prompts)}), found {len(states)}")
    if settings.temperature > 0 and (seeds is None or len(seeds) != len(prompts)):
        found = "none" if seeds is None else len(seeds)
        raise GenerationError(f"drawing at temperature > 0 needs one seed per prompt ({len(prompts)}), found {found}")
