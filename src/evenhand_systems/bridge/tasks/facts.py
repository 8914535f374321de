"""Facts of one word each that a source may know by itself: no text of a trial holds them.

``facts``: the source reads a sentence that breaks off before the answer ("The capital of France is"), the target is
asked for the word. The bridge is trained on words that the source has just *read* ("The word is Paris. The word is"),
every answer among them, and on no fact: what comes over in the test is what the source knows and has not read.

Which facts a source knows is found out by asking it (``bridge.evaluation.asking``).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from evenhand.errors import DataError
from evenhand_systems.bridge.tasks.formats import PromptFormat
from evenhand_systems.bridge.tasks.items import Item
from evenhand_systems.bridge.tasks.people import split_of
from evenhand_systems.bridge.tasks.relations import RELATIONS

FORM = PromptFormat("", "")
"""Nothing stands around a sentence that breaks off: a model that knows the word goes on with it."""

QUESTION = "Say it:"

READ_FRAMES = ("The word is {}. The word is", "{}, {}, {},")
"""Sentences in which a source has read the word that it says next."""


def candidates() -> list[Item]:
    """Every fact in every frame that does not show its subject or answer already."""
    found = []
    for relation in RELATIONS:
        for number, frame in enumerate(relation.frames):
            for subject, answer in relation.facts:
                if not {subject, answer} & set(_words(frame)):
                    found.append(_item(f"{relation.name}-{number}-{subject}", frame.format(subject), answer,
                                       relation.name, f"{relation.name}/{subject}"))  # fmt: skip
    return found


def read_words() -> list[Item]:
    """Training items: every answer as a word that the source reads, in each of :data:`READ_FRAMES`."""
    return [
        _item(f"read-{number}-{word}", frame.replace("{}", word), word, "read", f"read/{word}")
        for number, frame in enumerate(READ_FRAMES)
        for word in answers()
    ]


def answers() -> list[str]:
    """Every word that is an answer."""
    return sorted({answer for relation in RELATIONS for _, answer in relation.facts})


def vocabulary() -> list[str]:
    """Every word of the task: subjects, answers and frames."""
    frames = [frame.format("") for relation in RELATIONS for frame in relation.frames]
    texts = [*frames, *READ_FRAMES, QUESTION]
    named = {word for relation in RELATIONS for pair in relation.facts for word in pair}
    return sorted(named | {word for text in texts for word in _words(text)})


def told_frames() -> Iterator[str]:
    """Sentences that tell a fact in full, with places for subject and answer."""
    for relation in RELATIONS:
        for frame in relation.frames:
            yield f"{frame} {{}}."


def dealt(items: Sequence[Item], knows: Sequence[bool], dev_pool: int) -> tuple[list[Item], list[Item]]:
    """Known items for development and test; all items of a fact are dealt to the same side, by hash.

    Raises:
        DataError: the source knows too little, so that a side would be empty.
    """
    kept = [item for item, knew in zip(items, knows, strict=True) if knew]
    dev = [item for item in kept if split_of(f"fact/{item.cluster}") == "dev"]
    test = [item for item in kept if split_of(f"fact/{item.cluster}") != "dev"]
    if not dev or not test:
        raise DataError(
            f"The source completes {len(kept)} of {len(items)} sentences rightly, too few to ask about. Take a source "
            'that knows more, or check source_begin: many models start without a BOS token ("none").'
        )
    return dev[:dev_pool], test


def _item(name: str, facts: str, answer: str, relation: str, fact: str) -> Item:
    return Item(name, facts, QUESTION, f"#### {answer}", answer, relation, told=f"{facts} {answer}.", cluster=fact)


def _words(text: str) -> list[str]:
    return [word.strip(".,:") for word in text.split() if word.strip(".,:{}")]
