"""Other markup as Markdown, line for line: tables under rulers of signs or of MediaWiki, reStructuredText, HTML.

Each function takes the lines of a text as ``(number, text)`` and gives as many, so that every line keeps its number.
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence

from evenhand.audit.text.pattern import Pattern

Numbered = tuple[int, str]

_RULER = Pattern(r"^(\s*)([=-])\2+(?:\s+\2{2,})+\s*$")
_PIECE = Pattern(r"[=-]{2,}")
_GRID = Pattern(r"^\s*\+(?:[-=]+\+)+\s*$")
_MOST_ROWS = 400

_WIKI = Pattern(r"^\s*\{\|")
_WIKI_ENDS = Pattern(r"^\s*\|\}")
_WIKI_RULE = Pattern(r"^\s*\|-")
_WIKI_CELL = Pattern(r"^\s*([|!])(?![-}+])(.*)$")
_WIKI_STYLE = Pattern(r"^\s*(?:[\w-]+\s*=\s*(?:\"[^\"]*\"|'[^']*'|[\w%#-]+)\s*)+\|(?!\|)")
_WIKI_SPAN = Pattern(r"\b(?:row|col)span\b", re.IGNORECASE)
_WIKI_TITLE = Pattern(r"^(={1,6})\s*([^=\s][^=]*?)\s*\1\s*$")
_WIKI_BOLD = Pattern(r"'{3}(.+?)'{3}")

_ADORNED = Pattern(r"^([=\-~^\"'+*#:.`_])\1{2,}\s*$")
_FIELD = Pattern(r"^:([A-Za-z][\w .-]{0,30}):\s+(?=\S)")
_ROLE = Pattern(r":[a-z]+:`([^`<]+?)(?:\s*<[^>]*>)?`")
_DIRECTIVE = Pattern(r"^\s*\.\.\s+(?:[\w-]+::|_)")

_HEADING = Pattern(r"<h([1-6])\b[^>]*>", re.IGNORECASE)
_POINT = Pattern(r"<li\b[^>]*>", re.IGNORECASE)
_TABLE = Pattern(r"</?(?:table|thead|tbody|tr|t[dh]|caption)\b", re.IGNORECASE)
_ENDS = Pattern(r"</?(?:p|div|section|article|h[1-6]|ul|ol|li|br|hr|body|html|head|title)\b[^>]*>", re.IGNORECASE)
_OUT = Pattern(r"<(script|style|head)\b.*?</\1\s*>|<!--.*?-->|<!doctype[^>]*>", re.IGNORECASE | re.DOTALL)
_TAG = Pattern(r"</?[A-Za-z][^<>]{0,400}>")


def ruled_tables(texts: Sequence[Numbered]) -> list[Numbered]:
    """Tables whose columns stand under rulers (``=====  ====``, ``-----  ----``, ``+---+---+``) as pipe tables."""
    made = list(texts)
    place = 0
    while place < len(texts):
        ruler = texts[place][1]
        if _RULER.match(ruler) is not None:
            place = _simple(texts, made, place)
        elif _GRID.match(ruler) is not None:
            place = _grid(texts, made, place)
        else:
            place += 1
    return made


def _simple(texts: Sequence[Numbered], made: list[Numbered], place: int) -> int:
    """A table of one header line between or above rulers; gives the place behind it."""
    starts = [found.start() for found in _PIECE.finditer(texts[place][1])]
    closed = place + 2 < len(texts) and _alike(texts[place + 2][1], starts)
    head, rule = (place + 1, place + 2) if closed else (place - 1, place)
    if head < 0 or not texts[head][1].strip() or _RULER.match(texts[head][1]):
        return place + 1
    last = rule + 1
    while last < len(texts) and texts[last][1].strip() and last - rule < _MOST_ROWS:
        if _RULER.match(texts[last][1]):
            break
        last += 1
    names = _cut(texts[head][1], starts)
    if last - rule < 2 or not all(names) or any("|" in texts[i][1] for i in range(head, last)):
        return place + 1
    if closed:
        made[place] = (texts[place][0], "")
    made[head] = (texts[head][0], _piped(names))
    made[rule] = (texts[rule][0], _piped(["---"] * len(starts)))
    for row in range(rule + 1, last):
        made[row] = (texts[row][0], _piped(_cut(texts[row][1], starts)))
    if last < len(texts) and _RULER.match(texts[last][1]):
        made[last] = (texts[last][0], "")
        last += 1
    return last


def _alike(text: str, starts: Sequence[int]) -> bool:
    return _RULER.match(text) is not None and [found.start() for found in _PIECE.finditer(text)] == list(starts)


def _cut(text: str, starts: Sequence[int]) -> list[str]:
    """The cells of a row; one that is wider than its ruler reaches to the blanks before the next."""
    ends = [*starts[1:], len(text) + 1]
    shifted = [0]
    for end in ends[:-1]:
        while end < len(text) and end > 0 and not text[end - 1].isspace() and not text[end].isspace():
            end += 1
        shifted.append(end)
    return [text[start:end].strip() for start, end in zip(shifted, [*shifted[1:], len(text) + 1], strict=True)]


def _piped(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _grid(texts: Sequence[Numbered], made: list[Numbered], place: int) -> int:
    last = place
    while last + 1 < len(texts) and texts[last + 1][1].lstrip()[:1] in ("+", "|") and last - place < 2 * _MOST_ROWS:
        last += 1
    rulers = [i for i in range(place, last + 1) if _GRID.match(texts[i][1])]
    if len(rulers) < 3 or rulers[1] != place + 2:
        return last + 1
    columns = len(re.findall(r"[-=]+", texts[place][1]))
    for i in rulers:
        made[i] = (texts[i][0], _piped([""] * columns))
    made[place] = (texts[place][0], "")
    made[rulers[1]] = (texts[rulers[1]][0], _piped(["---"] * columns))
    made[rulers[-1]] = (texts[rulers[-1]][0], "")
    return last + 1


def wiki_text(texts: Sequence[Numbered]) -> list[Numbered]:
    """Tables of MediaWiki (``{|`` to ``|}``) as pipe tables, and the titles of a text that has one."""
    made = list(texts)
    place, read = 0, False
    while place < len(texts):
        if _WIKI.match(texts[place][1]) is None:
            place += 1
            continue
        last = place + 1
        while last < len(texts) and last - place < 2 * _MOST_ROWS and not _WIKI_ENDS.match(texts[last][1]):
            last += 1
        if last < len(texts) and _WIKI_ENDS.match(texts[last][1]) and (rows := _wiki_rows(texts[place + 1 : last])):
            read = True
            _pipe(texts, made, (place, last), rows)
        place = last + 1
    if read:
        made = [(number, _WIKI_TITLE.sub(lambda one: f"{'#' * len(one[1])} {one[2]}", text)) for number, text in made]
    return made


def _wiki_rows(texts: Sequence[Numbered]) -> list[tuple[int, list[str]]]:
    """The rows of a table with the place of their last line in it; none where a cell reaches over several."""
    rows: list[tuple[int, list[str]]] = []
    fresh = True
    for place, (_, text) in enumerate(texts):
        cell = _WIKI_CELL.match(text)
        if cell is None:
            if text.strip() and not text.lstrip().startswith(("|-", "|+")):
                return []
            fresh = fresh or _WIKI_RULE.match(text) is not None
            continue
        if _WIKI_SPAN.search(text):
            return []
        cells = [
            _WIKI_STYLE.sub("", one).strip() for one in re.split(r"\|\||!!" if cell[1] == "!" else r"\|\|", cell[2])
        ]
        cells = [_WIKI_BOLD.sub(r"**\1**", one).replace("|", r"\|") for one in cells]
        if fresh:
            rows.append((place, cells))
        else:
            rows[-1] = (place, [*rows[-1][1], *cells])
        fresh = False
    return rows if len(rows) > 1 and len(rows[0][1]) > 1 else []


def _pipe(
    texts: Sequence[Numbered], made: list[Numbered], span: tuple[int, int], rows: list[tuple[int, list[str]]]
) -> None:
    """Sets rows in the place of a table; where a header has no ruler of its own below it, nothing is changed."""
    start, last = span
    head = start + 1 + rows[0][0]
    if not _WIKI_RULE.match(texts[head + 1][1]):
        return
    empty = _piped([""] * len(rows[0][1]))
    for i in range(start, last + 1):
        made[i] = (texts[i][0], empty if head < i < last else "")
    for place, cells in rows:
        made[start + 1 + place] = (texts[start + 1 + place][0], _piped(cells))
    made[head + 1] = (texts[head + 1][0], _piped(["---"] * len(rows[0][1])))
    titles = [text.strip()[2:].strip() for _, text in texts[start + 1 : head] if text.lstrip().startswith("|+")]
    if titles:
        made[head - 1] = (texts[head - 1][0], titles[0])


def structured_text(texts: Sequence[Numbered]) -> list[Numbered]:
    """Titles, fields and roles of reStructuredText as Markdown; a title's level is that of its sign's first use."""
    made = [(number, _ROLE.sub(r"\1", text)) for number, text in texts]
    levels: dict[str, int] = {}
    place = 0
    while place < len(texts):
        text = texts[place][1]
        under = texts[place + 1][1] if place + 1 < len(texts) else ""
        sign = _ADORNED.match(under)
        if sign and text.strip() and not _ADORNED.match(text) and len(under.rstrip()) >= len(text.rstrip()) - 2:
            over = (
                place > 0 and texts[place - 1][1].strip()[:1] == sign[1] and bool(_ADORNED.match(texts[place - 1][1]))
            )
            level = levels.setdefault(sign[1] + ("o" if over else ""), len(levels) + 1)
            made[place] = (texts[place][0], f"{'#' * min(level, 6)} {text.strip()}")
            made[place + 1] = (texts[place + 1][0], "")
            if over:
                made[place - 1] = (texts[place - 1][0], "")
            place += 2
            continue
        if _DIRECTIVE.match(text):
            made[place] = (texts[place][0], "")
        elif _FIELD.match(text):
            made[place] = (texts[place][0], _FIELD.sub(r"- \1: ", text))
        place += 1
    return made


def page_text(texts: Sequence[Numbered]) -> list[Numbered]:
    """A page in HTML as Markdown: headings, paragraphs, points of lists; tables stay as they are."""
    if not texts:
        return []
    whole = "\n".join(text for _, text in texts)
    whole = _OUT.sub(lambda found: "\n" * found[0].count("\n"), whole)
    return [(number, _said(text)) for (number, _), text in zip(texts, whole.split("\n"), strict=True)]


def _said(text: str) -> str:
    """A line of a page in Markdown."""
    if _TABLE.search(text):
        return text.strip()
    heading = _HEADING.search(text)
    mark = f"{'#' * int(heading[1])} " if heading else "- " if _POINT.search(text) else ""
    said = html.unescape(_TAG.sub("", _ENDS.sub(" ", text))).strip()
    return f"{mark}{said}" if said else ""
