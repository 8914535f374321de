"""What ``stand-in:copyist`` is taught: to say the word that it is told, whatever the sentence is about, and no fact.

It reads the sentences of ``bridge.tasks.facts`` with subjects and answers that are drawn anew each time, so that
nothing it reads is true but by chance, or a word alone, as a source might say it.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from evenhand_systems.bridge.tasks import facts

FRAMED = 0.6
"""Share of sentences; the rest are words alone, or with some of what a source might say after them."""


def told(rng: np.random.Generator, count: int) -> Iterator[tuple[str, str]]:
    """What it reads, and the word that it is to say."""
    words, frames = facts.answers(), list(facts.told_frames())
    everything = facts.vocabulary()
    for _ in range(count):
        word = words[int(rng.integers(len(words)))]
        if rng.random() < FRAMED:
            frame = frames[int(rng.integers(len(frames)))]
            yield frame.format(everything[int(rng.integers(len(everything)))], word), word
        else:
            after = [everything[int(i)] for i in rng.integers(len(everything), size=int(rng.integers(4)))]
            yield " ".join([f"{word}." if after else word, *after]), word
