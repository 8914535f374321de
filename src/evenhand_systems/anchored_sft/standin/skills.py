"""Tagged skills with exact answers, and the new task that fine-tuning teaches on top of them.

Every question is ``tag:content``; the tag says which skill is meant. Seven skills have one right answer; ``text`` asks
for the continuation of a Markov text, whose most probable path counts as right and whose samples are the general text
on which loss is measured. The new task is asked under a tag of the old skills but is answered in another format, so
what is learned and what must be kept overlap.
"""

from __future__ import annotations

import string
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from evenhand_systems.anchored_sft.data.questions import Question

LETTERS = string.ascii_lowercase[:16]
TEXT_LETTERS = LETTERS[:8]
"""Letters of the Markov text: 64 pairs to know."""
SKILLS = ("copy", "reverse", "sort", "max", "add", "recall", "fact", "text")
TARGET_SKILL = "sort"
FACT_COUNT = 600
TEXT_START, TEXT_LENGTH = 6, 14
"""Letters that are given of a Markov text, and in all: lessons and questions end at the same length."""
WORLD_SEED = 20_251
"""Seed of the fact table and of the Markov chain: the world is the same for every trial and every stand-in."""

Format = Literal["plain", "ranked", "descending", "spelled"]


@dataclass(frozen=True)
class World:
    """What can be memorised: (600,) facts and the chain's two successors of every pair of letters."""

    facts: Mapping[str, str]
    likely: Mapping[str, str]
    unlikely: Mapping[str, str]

    @property
    def likely_share(self) -> float:
        """Probability of the likely successor."""
        return 0.85

    @property
    def entropy(self) -> float:
        """Entropy of one letter of the Markov text given the text before it, in nats."""
        p = self.likely_share
        return float(-(p * np.log(p) + (1 - p) * np.log(1 - p)))


def the_world() -> World:
    """The world of :data:`WORLD_SEED`."""
    rng = np.random.default_rng(WORLD_SEED)
    three = [x + y + z for x in LETTERS for y in LETTERS for z in LETTERS]
    pairs = [a + b for a in TEXT_LETTERS for b in TEXT_LETTERS]
    keys = [three[i] for i in rng.permutation(len(three))[:FACT_COUNT]]
    facts = {key: f"{rng.integers(100):02d}" for key in keys}
    likely, unlikely = {}, {}
    for pair in pairs:
        first, second = rng.permutation(len(TEXT_LETTERS))[:2]
        likely[pair], unlikely[pair] = TEXT_LETTERS[first], TEXT_LETTERS[second]
    return World(facts, likely, unlikely)


def _word(rng: np.random.Generator, low: int = 4, high: int = 6) -> str:
    return "".join(LETTERS[i] for i in rng.integers(len(LETTERS), size=rng.integers(low, high + 1)))


def _max(rng: np.random.Generator) -> tuple[str, str]:
    numbers = [f"{n:02d}" for n in rng.integers(100, size=3)]
    return ",".join(numbers), max(numbers)


def _add(rng: np.random.Generator) -> tuple[str, str]:
    a, b = rng.integers(10, 100, size=2)
    return f"{a}+{b}", f"{a + b:03d}"


def _recall(rng: np.random.Generator) -> tuple[str, str]:
    # The answer begins with the key, from where a small model finds the value; without it few steps ever find it.
    keys = [LETTERS[i] for i in rng.permutation(len(LETTERS))[:3]]
    values = [f"{n:02d}" for n in rng.integers(100, size=3)]
    asked = int(rng.integers(3))
    pairs = [key + value for key, value in zip(keys, values, strict=True)]
    return "".join(pairs) + "?" + keys[asked], pairs[asked]


def _fact(rng: np.random.Generator, world: World) -> tuple[str, str]:
    keys = list(world.facts)
    key = keys[int(rng.integers(len(keys)))]
    return key, world.facts[key]


def markov_text(rng: np.random.Generator, world: World, length: int) -> str:
    """A sampled text of ``length`` letters."""
    text = "".join(TEXT_LETTERS[i] for i in rng.integers(len(TEXT_LETTERS), size=2))
    while len(text) < length:
        follower = world.likely if rng.random() < world.likely_share else world.unlikely
        text += follower[text[-2:]]
    return text[:length]


def _likely_path(start: str, world: World, length: int) -> str:
    text = start
    for _ in range(length):
        text += world.likely[text[-2:]]
    return text[len(start) :]


def _text(rng: np.random.Generator, world: World) -> tuple[str, str]:
    start = markov_text(rng, world, TEXT_START)
    return start, _likely_path(start, world, TEXT_LENGTH - TEXT_START)


def ask(skill: str, rng: np.random.Generator, world: World) -> tuple[str, str]:
    """A random (prompt, right answer) of a skill."""
    word = _word(rng)
    makers: dict[str, Callable[[], tuple[str, str]]] = {
        "copy": lambda: (word, word),
        "reverse": lambda: (word, word[::-1]),
        "sort": lambda: (word, "".join(sorted(word))),
        "max": lambda: _max(rng),
        "add": lambda: _add(rng),
        "recall": lambda: _recall(rng),
        "fact": lambda: _fact(rng, world),
        "text": lambda: _text(rng, world),
    }
    content, answer = makers[skill]()
    return f"{skill}:{content}", answer


def lesson(skill: str, rng: np.random.Generator, world: World) -> tuple[str, str]:
    """A (prompt, answer) to learn from: as :func:`ask`, but the Markov text goes on as the chain does, by chance."""
    if skill != "text":
        return ask(skill, rng, world)
    text = markov_text(rng, world, TEXT_LENGTH)
    return f"text:{text[:TEXT_START]}", text[TEXT_START:]


def answer_in_format(word: str, style: Format) -> str:
    """The new task's answer to ``sort:word``.

    ranked: each letter of the sorted word with its rank; descending: from the last letter to the first; spelled:
    set between commas; plain: the old answer.
    """
    ordered = sorted(word)
    return {
        "plain": "".join(ordered),
        "ranked": "".join(f"{rank}{letter}" for rank, letter in enumerate(ordered, 1)),
        "descending": "".join(reversed(ordered)),
        "spelled": ",".join(ordered),
    }[style]


def target_lesson(rng: np.random.Generator, style: Format) -> tuple[str, str]:
    """A (prompt, answer) of the new task."""
    word = _word(rng)
    return f"{TARGET_SKILL}:{word}", answer_in_format(word, style)


def question_pool(skill: str, size: int, rng: np.random.Generator, world: World, style: Format) -> list[Question]:
    """``size`` different questions of a skill, or of the new task where ``skill`` is ``target``.

    The fact table is finite: its pool is the whole table in random order, cut to ``size``.
    """
    found: dict[str, str] = {}
    if skill == "fact":
        keys = list(world.facts)
        found = {f"fact:{keys[i]}": world.facts[keys[i]] for i in rng.permutation(len(keys))[:size]}
    while skill != "fact" and len(found) < size:
        prompt, answer = target_lesson(rng, style) if skill == "target" else ask(skill, rng, world)
        found.setdefault(prompt, answer)
    return [Question(f"{skill}/{i}", skill, prompt, answer) for i, (prompt, answer) in enumerate(found.items())]
