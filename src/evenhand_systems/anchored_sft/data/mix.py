"""Which conversations are trained on: a fixed validation set first, then sampling, then the mixture of two subsets.

Membership depends on a conversation's content alone (a hash with a seed), never on its place or on how many others
are taken. So the validation set is the same for every sampling ratio and seed, for files and for streams, and a
conversation that stands in the data twice never stands on both sides.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from evenhand.errors import DataError, Fault, SettingsError
from evenhand_systems.anchored_sft.data.conversations import Conversation

Subset = Literal["general", "reasoning", "both"]


@dataclass(frozen=True)
class Parts:
    """Two subsets of conversations: the main one and the one mixed in (empty where nothing is mixed)."""

    main: tuple[Conversation, ...]
    mixed: tuple[Conversation, ...] = ()


@dataclass(frozen=True)
class DataMix:
    """How the training set is put together.

    Attributes:
        subset: take ``general``, ``reasoning`` or ``both``.
        mix_reasoning_ratio: share of reasoning among all training examples; belongs to ``both``.
        sample_ratio: share of the conversations (after the validation cut) that are kept; None keeps all.
        sample_seed: of that sampling; None is 0.
        val_split: share of all conversations held out for validation.
        curriculum: share of the run before the reasoning subset is drawn from; None draws from both throughout.
        streaming: conversations come one by one and are never all in memory.

    Raises:
        SettingsError: a setting that would have no effect, or a share outside its range.
    """

    subset: Subset = "both"
    mix_reasoning_ratio: float | None = None
    sample_ratio: float | None = None
    sample_seed: int | None = None
    val_split: float = 0.02
    curriculum: float | None = None
    streaming: bool = False

    def __post_init__(self) -> None:
        faults = self._faults()
        if faults:
            raise SettingsError("The data mix", faults)

    def _faults(self) -> list[Fault]:
        faults = []
        if self.mix_reasoning_ratio is not None and self.subset != "both":
            faults.append(
                Fault("mix_reasoning_ratio", f"has no effect with subset = '{self.subset}'; remove it, or set 'both'")
            )
        for name in ("mix_reasoning_ratio", "curriculum", "sample_ratio", "val_split"):
            share = getattr(self, name)
            if share is not None and not 0.0 < share < 1.0:
                why = "selects everything, which is no sampling; remove it" if share == 1.0 else "must lie in (0, 1)"
                faults.append(Fault(name, f"{why}; found {share}"))
        if self.sample_seed is not None and self.sample_ratio is None:
            faults.append(Fault("sample_seed", "has no effect without sample_ratio; remove it, or set sample_ratio"))
        if self.curriculum is not None and self.mix_reasoning_ratio is None:
            faults.append(
                Fault("curriculum", "has no effect without mix_reasoning_ratio; set it, or remove curriculum")
            )
        if self.streaming and (self.mix_reasoning_ratio is not None or self.curriculum is not None):
            faults.append(
                Fault("streaming", "a share of the total needs the total; mix and curriculum need streaming off")
            )
        return faults

    def wants(self, conversation: Conversation) -> bool:
        """Whether a conversation belongs to the subset asked for; one that names no subset counts as general."""
        return self.subset in ("both", conversation.subset or "general")

    def held_out(self, conversation: Conversation) -> bool:
        """Whether a conversation belongs to the validation set. Depends on its content alone."""
        return _uniform(conversation, "validation") < self.val_split

    def sampled(self, conversation: Conversation) -> bool:
        """Whether sampling keeps a conversation."""
        return (
            self.sample_ratio is None or _uniform(conversation, f"sample {self.sample_seed or 0}") < self.sample_ratio
        )

    def validation(self, conversations: Iterable[Conversation]) -> list[Conversation]:
        """The validation set, of all subsets: arms that train on different ones are measured on the same.

        Raises:
            DataError: it is empty.
        """
        found = [c for c in conversations if self.held_out(c)]
        if not found:
            raise DataError(f"val_split={self.val_split} holds out no conversation; raise it or give more data.")
        return found

    def survey(self, conversations: Iterable[Conversation]) -> list[Conversation]:
        """The validation set of a stream, found in the one pass that also makes sure of what will be trained on.

        Raises:
            DataError, SettingsError: as for :meth:`validation` and :meth:`training`.
        """
        held, pool, kept = [], 0, 0
        for conversation in conversations:
            if self.held_out(conversation):
                held.append(conversation)
            elif self.wants(conversation):
                pool += 1
                kept += self.sampled(conversation)
        self._check_counts(pool, kept)
        return self.validation(held)

    def _check_counts(self, pool: int, kept: int) -> None:
        if not pool:
            raise DataError(
                f"subset='{self.subset}' leaves no conversation to train on. Does the data's `subset` column say "
                f"'{self.subset}'? Rows without one count as general."
            )
        if not kept:
            raise DataError(f"sample_ratio={self.sample_ratio} keeps none of {pool} conversations; raise it.")
        if self.sample_ratio is not None and kept == pool:
            message = f"keeps all {pool} conversations, which is no sampling; remove it or lower it"
            raise SettingsError("The data mix", [Fault("sample_ratio", message)])

    def stream(self, conversations: Iterable[Conversation]) -> Iterator[Conversation]:
        """The training conversations of a stream, in its order; sampling works here as everywhere."""
        return (c for c in conversations if self.wants(c) and not self.held_out(c) and self.sampled(c))

    def training(self, conversations: Sequence[Conversation]) -> Parts:
        """The training conversations by subset, after the validation cut and sampling.

        Raises:
            DataError: sampling selects all or nothing, a subset is missing, or too few to mix; with the counts.
        """
        pool = [c for c in conversations if self.wants(c) and not self.held_out(c)]
        kept = [c for c in pool if self.sampled(c)]
        self._check_counts(len(pool), len(kept))
        if self.mix_reasoning_ratio is None:
            return Parts(tuple(kept))
        main = tuple(c for c in kept if c.subset == "general")
        mixed = tuple(c for c in kept if c.subset == "reasoning")
        if not main or not mixed:
            raise DataError(
                f"Mixing needs both subsets; found {len(main)} general and {len(mixed)} reasoning conversations of "
                f"{len(kept)}. Does the data's `subset` column say 'general' and 'reasoning'?"
            )
        return mixture(main, mixed, self.mix_reasoning_ratio)


def mixture(main: Sequence[Conversation], mixed: Sequence[Conversation], share: float) -> Parts:
    """The largest training set in which the mixed subset makes up ``share`` of the total.

    Raises:
        DataError: too few to give the share at least one conversation.
    """
    wanted = round(len(main) * share / (1 - share))
    if wanted > len(mixed):
        keep = round(len(mixed) * (1 - share) / share)
        main = sorted(main, key=lambda c: _uniform(c, "mixture"))[:keep]
    mixed = sorted(mixed, key=lambda c: _uniform(c, "mixture"))[:wanted]
    if not main or not mixed:
        raise DataError(f"A share of {share} cannot be made of {len(main)} and {len(mixed)} conversations.")
    return Parts(tuple(main), tuple(mixed))


def training_order(parts: Sequence[int], steps: int, per_step: int, share: float | None, curriculum: float | None,
                   rng: np.random.Generator) -> list[tuple[int, int]]:  # fmt: skip
    """(part, index) of every example of a run: each part is gone through in random order again and again.

    Args:
        parts: sizes of the main and (perhaps) the mixed subset.
        steps, per_step: optimiser steps and examples in each.
        share: of the mixed subset over the whole run; None draws from the main one only.
        curriculum: share of the steps before the mixed subset comes in; its share later makes up for it.
    """
    decks: list[list[int]] = [[] for _ in parts]
    late = 0.0 if share is None else share / (1.0 - (curriculum or 0.0))
    if late > 1.0:
        message = f"leaves {1 - (curriculum or 0):.0%} of the run, too little for a share of {share:.0%}; lower one"
        raise SettingsError("The data mix", [Fault("curriculum", message)])
    order, owed = [], 0.0
    for step in range(steps):
        active = late if step >= (curriculum or 0.0) * steps else 0.0
        for _ in range(per_step):
            # The running debt spreads the mixed examples evenly; a coin would make their number vary by seed.
            owed += active
            part = 1 if owed >= 1.0 else 0
            owed -= part
            if not decks[part]:
                decks[part] = [int(i) for i in rng.permutation(parts[part])]
            order.append((part, decks[part].pop()))
    return order


def _uniform(conversation: Conversation, purpose: str) -> float:
    """A number in [0, 1) that depends on the conversation's content and the purpose."""
    digest = hashlib.sha256(purpose.encode() + b"\0" + conversation.digest).digest()
    return int.from_bytes(digest[:8], "big") / 2**64
