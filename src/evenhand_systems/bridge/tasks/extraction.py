"""Reading an answer out of what a model wrote: strict (the marked number) and flexible (the last number).

A model that has answered often goes on: it asks itself another question, lets a user speak, writes the next exercise.
None of that is its answer. Headings of Markdown (``#### 1. Add``) look like marks and are none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation

_MINUS = "-\u2212\ufe63\uff0d"
_BLANKS = "\u00a0\u2007\u2009\u202f"
"""Blanks that typesetters put between thousands."""
_CURRENCY = "$\u20ac\u00a3\u00a5"
# "10-8" and "COVID-19" hold no negative number.
_SIGN = rf"(?:(?<![\w)\]])[{_MINUS}][{_CURRENCY}]?|[{_CURRENCY}][{_MINUS}]?)?"
# A comma or a narrow blank joins groups of thousands (or the Indian groups of two), never the members of a list; two
# points cannot both be decimal points.
_WHOLE = "|".join(
    (
        rf"\d{{1,3}}(?:[,{_BLANKS}]\d{{3}})+(?!\d)",
        r"\d{1,2}(?:,\d{2})+,\d{3}(?!\d)",
        r"\d{1,3}(?:\.\d{3}){2,}(?![\d.]*\d)",
        r"\d+",
    )
)
_NUMBER = rf"{_SIGN}(?:(?:{_WHOLE})(?:\.\d+)?|(?<![\w.])\.\d+)"
_ANY = re.compile(_NUMBER)
# At a mark a plain blank joins thousands too: nothing else stands there.
_MARKED = re.compile(rf"####\s*({_SIGN}\d{{1,3}}(?: \d{{3}})+(?=[ .]{{0,3}}(?:\n|$))|{_NUMBER})")
_HEADING = re.compile(r"[.):][ \t]+[*_]*[^\W\d_]")
_NEXT_WORD = re.compile(r"\s*(?=\S)")
GOLD = re.compile(r"####\s*(-?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?)\s*$")
"""How a worked solution ends in the data."""

_SPEAKERS = "Q|Question|User|Human"
_SECTIONS = "(?:(?:Next|New|Another)[ \\t])?(?:Problem|Exercise|Task|Example|Question)"
_COLON = r"[ \t]{0,3}#?\d{0,4}[ \t]{0,3}[*_]{0,3}[ \t]{0,3}:"
_USER_TOKEN = (
    r"<\|im_start\|>\s?user|<\|[Uu]ser\|>|<\|start_header_id\|>\s?user|<start_of_turn>\s?user|\[INST\]|<\|endoftext\|>"
)
_LINE = r"\n[ \t*_#>]*"
# What is left of a user's token where a tokenizer writes no special ones.
_BARE_ROLE = r"\n[ \t]*(?:user|human)[ \t]*(?=\n)"
_NEW_SPEAKER = re.compile(rf"{_LINE}(?i:{_SPEAKERS}){_COLON}|{_BARE_ROLE}|{_USER_TOKEN}")
_NEW_TURN = re.compile(
    rf"{_LINE}(?:-[ \t*_]{{1,4}})?(?:(?i:{_SPEAKERS}|{_SECTIONS}|Assistant|System|Instruction|Input){_COLON}|A[ \t]?:"
    rf"|(?i:Q|Question|{_SECTIONS})[ \t]?#?\d{{1,4}}\b)"
    r"|<\|(?:im_start|im_end|start_header_id|eot_id|end|system|assistant)\|>|<(?:start|end)_of_turn>|</s>"
)
_SAME_LINE = re.compile(rf"(?<![^\s.*_])(?:{_SPEAKERS}|{_SECTIONS}){_COLON}")

DIGITS = 400
"""A number of more digits is no answer to anything, and would take long to write out."""


def own_answer(text: str) -> str:
    """The model's answer alone: what it wrote before it went on to another question, another speaker or exercise.

    A line that lets somebody ask ends it anywhere. What may as well belong to an answer (``Problem:`` before the
    solution) ends it only once a number is marked.
    """
    for speaker in _NEW_SPEAKER.finditer(text):
        # A token at the very start opens the answer itself.
        if speaker[0].startswith("\n") or text[: speaker.start()].strip():
            text = text[: speaker.start()]
            break
    mark = next(_marks(text), None)
    if mark is None:
        return text
    line_end = text.find("\n", mark.end())
    turn = _SAME_LINE.search(text, mark.end(), len(text) if line_end < 0 else line_end)
    turn = turn or _NEW_TURN.search(text, mark.end())
    return text if turn is None else text[: turn.start()]


def _marks(text: str) -> Iterator[re.Match[str]]:
    """The marked numbers, without numbered headings."""
    heading = 1
    for mark in _MARKED.finditer(text):
        if _is_heading(text, mark, heading):
            heading += 1
        else:
            yield mark


def _is_heading(text: str, mark: re.Match[str], number: int) -> bool:
    """Whether a mark is a heading: ``N. Words`` that goes on the numbering, or has its text below it."""
    if not mark[1].isdecimal() or not _HEADING.match(text, mark.end()):
        return False
    if mark[1] == str(number):
        return True
    line_end = text.find("\n", mark.end())
    below = None if line_end < 0 else _NEXT_WORD.match(text, line_end)
    return below is not None and not _NEW_TURN.match(text, text.rfind("\n", 0, below.end()))


def strict(text: str) -> str | None:
    """The number after the last ``####`` of the model's own answer, in plain form; None where there is none.

    The last, because a model that shows its attempts marks more than one; what follows a new question is not its
    answer.
    """
    found = [mark[1] for mark in _marks(own_answer(text))]
    return plain(found[-1].replace(" ", "")) if found else None


def flexible(text: str) -> str | None:
    """The marked number, or else the last number of the model's own answer; None where there is none."""
    marked = strict(text)
    if marked is not None:
        return marked
    found = _ANY.findall(own_answer(text))
    return plain(found[-1]) if found else None


_PLAIN = str.maketrans(dict.fromkeys(_MINUS, "-") | dict.fromkeys(f",{_BLANKS}{_CURRENCY}"))


def plain(number: str) -> str | None:
    """A number without signs of currency or thousands: ``$1,200.00`` becomes ``1200``; None where it is no number.

    A point is a decimal point, so that ``1.000`` is 1; where there are two, they stand between thousands.
    """
    digits = number.translate(_PLAIN).rstrip(".")
    if digits.count(".") > 1:
        digits = digits.replace(".", "")
    try:
        value = Decimal(digits)
    except InvalidOperation:
        return None
    if not value.is_finite() or abs(value.adjusted()) >= DIGITS:
        return None
    return str(int(value)) if value == value.to_integral_value() else str(value.normalize())


def same(answer: str | None, gold: str) -> bool:
    """Whether an extracted answer is the gold number, or the gold word."""
    number = plain(gold)
    return answer is not None and answer == (word(gold) if number is None else number)


_MARKED_WORD = re.compile(r"####[ \t]*(\S+)")


def word(text: str) -> str | None:
    """A word in plain form: lower case, without marks around it; None where nothing is left."""
    return text.strip(" \t\n.,:;!?\"'()*_#").casefold() or None


def marked_word(text: str) -> str | None:
    """The last word after ``####``, in plain form."""
    found = _MARKED_WORD.findall(text)
    return word(found[-1]) if found else None


def marked(text: str, gold: str) -> str | None:
    """What a text marks as its answer: a number where the gold answer is one, else a word."""
    return marked_word(text) if plain(gold) is None else strict(text)


def unmarked(text: str, gold: str) -> str | None:
    """The marked answer, or else the last number of a text, or its first word where the gold answer is one."""
    if plain(gold) is not None:
        return flexible(text)
    return marked_word(text) or next((found for part in text.split() if (found := word(part))), None)
