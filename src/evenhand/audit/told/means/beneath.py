"""Means and spreads in the line right below, behind or above the values that they are of, and of nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from evenhand.audit.text.log import Line, Log
from evenhand.audit.text.numbers import Number, numbers, right
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.text.said import DIFFERENCE
from evenhand.audit.text.vocabulary.numerals import any_number, number_of
from evenhand.audit.text.vocabulary.own_words import nothing_new
from evenhand.audit.text.vocabulary.repeats import MEAN_WORD, NO_MEAN, SPREAD_WORD
from evenhand.audit.told.means.blocks import Block, blocks_of
from evenhand.audit.told.means.summary_line import LOOSE, Part, parts_of, pointed_at, restricted
from evenhand.audit.told.repeats.said_counts import count_said, repeats_said
from evenhand.audit.told.seeds.series import Series
from evenhand.audit.told.seeds.stated import kind_said, kind_stated

_BLANKS = 2
_STEM = 3
_REMEMBERED, _SENTENCES = 400, 4
_WIDTHS, _PART = 2, 0.1
"""How far from values a wrong mean of theirs may lie: so many times their width, or such a part of them."""
_LOST = Pattern(
    r"^[^,.;:]{0,80}\b(?:killed|crashed|died|diverged|failed|lost|missing)\b[^,.;:]{0,40}[,;:]\s*", re.IGNORECASE
)
_BRIDGE = Pattern(r"(?:[\s\])},;:.|/–—]|-(?!>))*(?:(?:so|→|->|=>|⇒|=)\s*)?[\s(*]*")
_ARROW = Pattern(r"[\s\])}]*(?:→|->|=>|⇒|=)\s*")
_FOLDS = Pattern(rf"(?<![\w.])(\d{{1,2}}|{any_number(2)})[ -]folds?\b", re.IGNORECASE)
_DONE = Pattern(r"['’]s\b|\bM\s*=\s|\b(?:done|complete|completed|ready|back|in)\b")
_WAS = Pattern(r"\b(?:was|were|from|than|to|vs|became|up|down|at|then|had|for)\b", re.IGNORECASE)
_REMARK = Pattern(r"^\s*\([^().]*\)")
_SENTENCE = Pattern(r"(?<=[.!?])\s+(?=[A-Z(])")
_STOP = Pattern(r"(?<=[.!?])\s+")
_WORD = Pattern(r"[^\W_]+")

Column = tuple[str, tuple[Number, ...]]


def beneath(log: Log) -> Iterator[Series]:
    """Every block of values with what one line says of it, where that line says of nothing else."""
    blocks = list(blocks_of(log))
    begins = {block.line.number for block in blocks}
    held: dict[tuple[int, int, str], str] = {}
    for block in blocks:
        form = _form(block)
        like = held.get(form, "")
        block = replace(block, words=f"{block.words}; {like}") if like else block
        for line, parts in _told(log, block, begins, alike=bool(like)):
            made = [_of(log, block, column, line, part) for column, part in _matched(block, line, parts)]
            yield from made
            if block.named and form[2] and any(one.mean is not None and right(one.mean, one.values) for one in made):
                held[form] = f"{like} {block.words}"[:_REMEMBERED]
            if made:
                break


def _form(block: Block) -> tuple[int, int, str]:
    """How many values a list has, how fine they are, and its line without them; a table has no form."""
    body = block.line.body
    bare = re.sub(r"[+\-−]?\d*[.,]?\d+", "#", body) if block.line.number == block.last else ""
    return block.rows, max((n.decimals for _, values in block.columns for n in values), default=0), bare


def _told(log: Log, block: Block, begins: set[int], *, alike: bool = False) -> Iterator[tuple[Line, tuple[Part, ...]]]:
    """The lines that may sum up a block, the surest first, with what they give."""
    if block.head:
        yield log.line(block.last), _before(block.head)
        return
    if block.tail:
        yield log.line(block.last), _behind(block.tail)
        if re.search(r"\w", block.tail) and not nothing_new(block.tail, block.words, block.rows):
            return
    if not block.named and block.line.kind != "row":
        return
    below = _next(log, log.by_number[block.last], 1)
    if below is not None and below.section == block.section and below.number not in begins and below.kind != "heading":
        yield below, () if not block.named else _below(log, below, alike=alike)
        if block.line.kind == "row":
            yield below, _further(block, below)
    if not block.named:
        return
    above = _next(log, log.by_number[block.line.number], -1)
    if above is not None and above.section == block.section and above.kind in ("heading", "prose", "bullet"):
        yield above, _above(above)


def _next(log: Log, place: int, step: int) -> Line | None:
    """The nearest line in a direction that is not blank, few blank ones between."""
    for one in range(place + step, place + step * (_BLANKS + 2), step):
        if 0 <= one < len(log.lines) and re.search(r"\w", log.lines[one].text):
            return log.lines[one]
    return None


def _before(head: str) -> tuple[Part, ...]:
    """What stands right before a list in brackets: ``mean 0.71 (0.70, 0.71, 0.72)``."""
    said = _SENTENCE.split(head)[-1]
    parts = parts_of(said)
    last = (parts[-1].sd or parts[-1].mean) if parts else None
    told = [one for one in numbers(said) if one.decimals]
    return parts[-1:] if last is not None and (not told or told[-1] == last) else ()


def _behind(tail: str) -> tuple[Part, ...]:
    """What follows a list on its line: ``mean 0.71 sd 0.02``, ``-> 0.71``."""
    if restricted(tail, near=True):
        return ()
    tail = _REMARK.sub(" ", tail, count=1).replace("i.e.", "ie")
    arrow, bridge = _ARROW.match(tail), _BRIDGE.match(tail)
    said = re.split(r"[.;](?:\s|$)", tail[bridge.end() if bridge else 0 :])[0]
    if arrow is not None and (pointed := pointed_at(said)):
        return pointed
    return parts_of(said)


def _further(block: Block, line: Line) -> tuple[Part, ...]:
    """What the sentences below a table give, each of a column that it names and whose mean it has, with a spread."""
    if restricted(line.body) or line.kind not in ("prose", "bullet"):
        return ()
    parts = [part for said in _SENTENCE.split(line.body)[:_SENTENCES] for part in parts_of(said)[:1]]
    return tuple(
        part
        for part in parts
        if part.mean is not None and part.sd is not None
        and sum(_names(part.name, name) and right(part.mean, values) for name, values in block.columns) == 1
    )  # fmt: skip


def _below(log: Log, line: Line, *, alike: bool = False) -> tuple[Part, ...]:
    """What the first sentence of a line with numbers gives, and the spread that the next line gives for its mean."""
    place = log.by_number[line.number]
    after = log.lines[place + 1] if place + 1 < len(log.lines) else None
    whole = "" if alike else line.body  # beside lists of its form whose means are plain, its own sentence must be plain
    if restricted(whole) or (after is not None and restricted(after.body, near=True)):
        return ()
    body = line.body.strip("| ")
    said = next((one for one in (_STOP if alike else _SENTENCE).split(body)[:2] if re.search(r"\d", one)), "")
    parts = parts_of(re.sub(r"^\W*(?:→|->|=>|=)\s*", "", _LOST.sub("", said)))
    if len(parts) == 1 and parts[0].sd is None and after is not None and after.kind == line.kind:
        more = parts_of(after.body.strip("| "))
        if len(more) == 1 and more[0].mean is None:
            return (replace(parts[0], name=f"{parts[0].name} {more[0].name}", sd=more[0].sd, called=True, below=after),)
    return parts


def _above(line: Line) -> tuple[Part, ...]:
    """What the line above values gives, which holds no other result."""
    parts = parts_of(line.body) if not restricted(line.body) else ()
    fine = [one for one in line.numbers if one.decimals]
    told = [one for part in parts for one in (part.mean, part.sd) if one is not None and one.decimals]
    return parts if len(parts) == 1 and len(fine) == len(told) else ()


def _matched(block: Block, line: Line, parts: tuple[Part, ...]) -> Iterator[tuple[Column, Part]]:
    """The parts of a line with the columns that they are of."""
    if not parts:
        return
    above = line.number < block.line.number or block.head != ""
    if len(block.columns) == 1:
        if _is_of(block, block.columns[0], parts[0], line, above=above):
            yield block.columns[0], parts[0]
        return
    row = parts[0].row
    if len(row) == len(block.columns):
        told = list(zip(block.columns, row, strict=True))
        if sum(right(mean, values) for (_, values), mean in told) >= len(row) - 1:
            yield from ((column, Part(parts[0].name, mean, worded=True)) for column, mean in told)
        return
    for part in parts:
        named = [one for one in block.columns if _names(part.name, one[0])]
        fits = named or [one for one in block.columns if part.mean is not None and right(part.mean, one[1])]
        fits = fits or [one for one in block.columns if part.mean is not None and _among(part.mean, one[1])]
        if len(fits) == 1 and _is_of(block, fits[0], part, line, above=above):
            yield fits[0], part


def _among(mean: Number, values: tuple[Number, ...]) -> bool:
    """Whether a number lies among values, or near them, as they are wide or large."""
    least, most = min(one.value for one in values), max(one.value for one in values)
    room = max(_WIDTHS * (most - least), _PART * max(abs(least), abs(most)))
    return least - room <= mean.value <= most + room


def _names(said: str, column: str) -> bool:
    """Whether words name a column: all of them that say something, and one at least, are words of its name."""
    words = {one.lower() for one in _WORD.findall(said) if not nothing_new(one) and not one[0].isdigit()}
    words |= {one.lower() for one in _WORD.findall(said) if one.lower() == column.lower()}
    return bool(words) and words <= {one.lower() for one in _WORD.findall(column)}


def _is_of(block: Block, column: Column, part: Part, line: Line, *, above: bool) -> bool:
    """Whether a part can be said of a column: in no words but its own, and of as many values."""
    name, values = column
    own = name if len(block.columns) > 1 else f"{name} {block.words}"
    count = len(values)
    other = NO_MEAN.search(part.name)
    if (other is not None and other[0].lower() not in name.lower()) or (not part.worded and _WAS.search(part.name)):
        return False
    said = {*repeats_said(part.name), count_said(part.name) or count}
    said |= {*repeats_said(line.body)} if line.number != block.last else set()
    told = {*repeats_said(block.words), *map(number_of, _FOLDS.findall(block.words))} - {count, block.rows}
    if said - {count} or (told and not (part.mean is not None and right(part.mean, values))):
        return False
    if not (block.named or part.worded or part.sd is not None):
        return False  # an arrow, or a sign of equality, behind numbers of no name
    fine = max(one.decimals for one in values)
    fits = part.mean is None or (part.mean.decimals + 1 >= fine and _among(part.mean, values))
    return fits and (above or nothing_new(_bare(part.name, own), own, count))


def _bare(said: str, known: str) -> str:
    """Words without those of which known ones are the beginnings: accuracy beside ``acc``."""
    short = tuple({one.lower() for one in _WORD.findall(known) if len(one) >= _STEM and one.isalpha()})
    said = _DONE.sub(" ", said)
    return _WORD.sub(lambda one: " " if short and one[0].lower().startswith(short) else one[0], said)


def _of(log: Log, block: Block, column: Column, line: Line, part: Part) -> Series:
    name, values = column
    called = part.called or any(SPREAD_WORD.search(LOOSE.sub(" ", text)) for text in (part.name, line.body))
    stated = kind_said(f"{part.name} {line.body}") or kind_stated(log, block.section) if part.sd is not None else ""
    closed = block.named or (line.number == block.last and (part.worded or MEAN_WORD.search(part.name) is not None))
    label = name.strip(" :=([,-`|")
    signed = DIFFERENCE.search(name) is not None or all(one.signed or not one.value for one in values)
    return Series(
        label, values, part.mean, part.sd, len(values), block.line, line, signed, block.section, part.below,
        stated or ("deviation" if called and part.sd is not None else ""), True, True, whole=True, closed=closed,
    )  # fmt: skip
