"""Signs of collapse, looked for at every evaluation: soft tokens that do not depend on the item.

A collapsed bridge can look well-behaved: it answers in the right form, always the same. The figures themselves are
measured in :mod:`evenhand_systems.bridge.evaluation.geometry`; here is plain data, which reports read too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

MOST_FREQUENT_LIMIT = 0.2
COSINE_LIMIT = 0.95
RANK_LIMIT = 3.0
RMS_LIMITS = (0.5, 2.0)
RETRIEVAL_ITEMS = 64
RETRIEVAL_LIMIT = 4 / RETRIEVAL_ITEMS
"""Four times chance."""
NLL_GAP_LIMIT = 0.02
"""Nats per token."""


@dataclass(frozen=True)
class Signs:
    """Figures of one evaluation; None where one cannot be computed, with the reason in ``why_none``.

    Attributes:
        most_frequent: share of the most frequent answer, and that answer.
        nll_gap: NLL(shuffled sources) - NLL(matched), nats per token of the solution.
        cosine: mean cosine between soft tokens of different items at the same place.
        effective_rank: exp of the entropy of the spectrum of the soft tokens (Roy & Vetterli 2007).
        retrieval: share of 64 held-out items whose text is found from their soft tokens; chance is 1/64.
        rms_ratio: rms of the soft tokens by rms of the target's embeddings.
    """

    most_frequent: float | None = None
    most_frequent_answer: str = ""
    nll_gap: float | None = None
    cosine: float | None = None
    effective_rank: float | None = None
    retrieval: float | None = None
    rms_ratio: float | None = None
    why_none: tuple[str, ...] = ()

    def fired(self) -> dict[str, str]:
        """A short name and a sentence for each sign that is out of bounds; empty where nothing is."""
        found = {}
        if self.most_frequent is not None and self.most_frequent > MOST_FREQUENT_LIMIT:
            share = f"{self.most_frequent:.0%} of the items"
            found["one answer"] = f"the answer '{self.most_frequent_answer}' was given to {share}"
        if self.nll_gap is not None and self.nll_gap < NLL_GAP_LIMIT:
            found["NLL"] = f"another item's soft tokens serve as well: the NLL rises by {self.nll_gap:.4f} only"
        if self.cosine is not None and self.cosine > COSINE_LIMIT:
            found["cosine"] = f"soft tokens of different items have cosine {self.cosine:.3f}"
        if self.effective_rank is not None and self.effective_rank < RANK_LIMIT:
            found["rank"] = f"the soft tokens of all items span {self.effective_rank:.1f} directions"
        if self.retrieval is not None and self.retrieval < RETRIEVAL_LIMIT:
            share = f"{self.retrieval:.1%} of {RETRIEVAL_ITEMS} items"
            found["retrieval"] = f"the text is found from the soft tokens for {share}"
        if self.rms_ratio is not None and not RMS_LIMITS[0] <= self.rms_ratio <= RMS_LIMITS[1]:
            found["size"] = f"soft tokens are {self.rms_ratio:.2f} times as large as the target's embeddings"
        return found

    def alarms(self) -> list[str]:
        """Sentences, one for each sign that is out of bounds; empty where nothing is."""
        return list(self.fired().values())


def most_frequent(answers: Sequence[str | None]) -> tuple[float, str]:
    """Share and text of the most frequent answer; items without an answer count among the items, not as an answer."""
    counts = Counter(answer for answer in answers if answer is not None)
    if not counts:
        return 0.0, ""
    answer, count = min(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    return count / len(answers), answer
