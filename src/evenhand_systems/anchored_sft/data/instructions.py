"""Small instructions whose answers a program can check: format, length, language, copying, arithmetic, a few facts.

What is wanted is dictated word for word, so one look at the model's next tokens decides: an instruction is followed
where greedy decoding writes the wanted words. Where models word an answer as they please (a sum, a capital), the
beginning of a sentence is put into their mouths, and what has to follow is checked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

NAMES = (
    "Anna", "Peter", "Maria", "Tom", "Lucy", "John", "Sarah", "David", "Emma", "James", "Laura", "Robert",
    "Alice", "Henry", "Susan", "Paul", "Nina", "Oscar", "Clara", "Martin", "Helen", "Frank", "Julia", "Simon",
    "Grace", "Victor", "Diana", "George", "Rose", "Daniel",
)  # fmt: skip
NOUNS = (
    "apple", "river", "stone", "cloud", "horse", "table", "music", "window", "garden", "silver", "market",
    "winter", "doctor", "bridge", "forest", "candle", "teacher", "mountain", "island", "kitchen", "pencil",
    "letter", "castle", "engine", "summer", "basket", "mirror", "ticket", "village", "planet", "hammer",
    "rabbit", "tiger", "flower", "carpet", "bottle", "button", "camera", "lemon", "salad", "tower", "tunnel",
    "valley", "wagon", "ladder", "jacket", "monkey", "orange",
)  # fmt: skip
CAPITALS = {
    "France": "Paris", "Italy": "Rome", "Spain": "Madrid", "Japan": "Tokyo", "Egypt": "Cairo", "Peru": "Lima",
    "Cuba": "Havana", "Norway": "Oslo", "Sweden": "Stockholm", "Finland": "Helsinki", "Denmark": "Copenhagen",
    "Poland": "Warsaw", "Greece": "Athens", "Austria": "Vienna", "Hungary": "Budapest", "Ireland": "Dublin",
    "Portugal": "Lisbon", "Russia": "Moscow", "China": "Beijing", "Thailand": "Bangkok", "Vietnam": "Hanoi",
    "Kenya": "Nairobi", "Chile": "Santiago", "Germany": "Berlin", "Belgium": "Brussels", "Iceland": "Reykjavik",
    "Canada": "Ottawa", "Australia": "Canberra", "Argentina": "Buenos Aires", "Colombia": "Bogotá", "Iran": "Tehran",
    "Iraq": "Baghdad", "Indonesia": "Jakarta", "Ukraine": "Kyiv", "Romania": "Bucharest", "Bulgaria": "Sofia",
}  # fmt: skip
SPANISH = ("El", "La", "Los", "Las", "Un", "Una", "En", "Mi", "Hay", "Es")
FRENCH = ("Le", "La", "Les", "Un", "Une", "Il", "Elle", "Je", "Ce", "C", "L", "Cette", "Dans")


@dataclass(frozen=True)
class Instruction:
    """One instruction and what its answer must be.

    Attributes:
        id: kind and number.
        kind: what is asked for.
        prompt: what the user says.
        lead: beginning of the answer that is given; empty where the model begins itself.
        want: what greedy decoding must write next.
        ends: the answer must end there.
        options: words of which one must come first, in place of ``want``.
    """

    id: str
    kind: str
    prompt: str
    want: str = ""
    lead: str = ""
    ends: bool = False
    options: tuple[str, ...] = ()


def _each(kind: str, make: Callable[..., dict[str, object]], *lists: tuple[object, ...]) -> Iterator[dict[str, object]]:
    grid = np.stack(np.meshgrid(*(np.arange(len(part)) for part in lists), indexing="ij"), -1).reshape(-1, len(lists))
    for places in grid:
        yield {"kind": kind, **make(*(part[place] for part, place in zip(lists, places, strict=True)))}


def _kinds() -> dict[str, list[dict[str, object]]]:
    names, nouns = NAMES, NOUNS
    small, digits = tuple(range(2, 30)), tuple(range(2, 10))
    found = [
        *_each("copying: a sentence", lambda name, noun: {
            "prompt": f"Repeat after me: {name} has a {noun}.", "want": f"{name} has a {noun}.", "ends": True,
        }, names, nouns),
        *_each("copying: a phrase", lambda noun: {
            "prompt": f"Repeat after me: I like {noun}.", "want": f"I like {noun}.", "ends": True}, nouns),
        *_each("format: opening words", lambda noun: {
            "prompt": f'Answer with a sentence that starts with "My {noun}".', "want": f"My {noun}"}, nouns),
        *_each("format: a given beginning", lambda name: {
            "prompt": f'Begin your answer with "Dear {name}".', "want": f"Dear {name}"}, names),
        *_each("format: a letter", lambda name, noun: {
            "prompt": f"Write an email to {name} about the {noun}.", "want": f"Dear {name}"}, names, nouns),
        *_each("format: a numbered list", lambda noun: {
            "prompt": f"Give me a numbered list of {noun} ideas.", "want": "1."}, nouns),
        *_each("format: a code block", lambda noun: {
            "prompt": f"Write a Python function called {noun}.", "want": "```python"}, nouns),
        *_each("length: one word", lambda low, more: {
            "prompt": f"Is {low} greater than {low + more}? Answer yes or no.", "want": "No.", "ends": True,
        }, small, digits),
        *_each("language: Spanish", lambda noun: {
            "prompt": f"Write a sentence in Spanish about a {noun}.", "options": SPANISH}, nouns),
        *_each("language: French", lambda noun: {
            "prompt": f"Write a sentence in French about a {noun}.", "options": FRENCH}, nouns),
        *_each("arithmetic: a sum", lambda a, b: {
            "prompt": f"What is {a} + {b}?", "lead": f"{a} + {b} =", "want": f" {a + b}"}, small, digits),
        *_each("arithmetic: twice", lambda a: {
            "prompt": f"What is {a} times 2?", "lead": f"{a} times 2 is", "want": f" {2 * a}"}, small),
        *_each("a fact: first letter", lambda noun: {
            "prompt": f'What is the first letter of "{noun}"?', "lead": f'The first letter of "{noun}" is "',
            "want": noun[0].upper()}, nouns),
        *_each("a fact: capital", lambda land: {
            "prompt": f"What is the capital of {land}?", "lead": f"The capital of {land} is",
            "want": f" {CAPITALS[str(land)]}"}, tuple(CAPITALS)),
    ]  # fmt: skip
    kinds: dict[str, list[dict[str, object]]] = {}
    for fields in found:
        kinds.setdefault(str(fields["kind"]), []).append(fields)
    return kinds


def instructions(per_kind: int, seed: int = 0) -> list[Instruction]:
    """Up to ``per_kind`` different instructions of each kind, in a random order that depends on ``seed`` alone."""
    found = []
    for number, (kind, fields) in enumerate(_kinds().items()):
        order = np.random.default_rng([seed, number]).permutation(len(fields))[:per_kind]
        found += [Instruction(f"{kind}/{place}", **fields[place]) for place in order]
    return found
