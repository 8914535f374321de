"""Markdown and plain text as a log: headings, lists, tables and what belongs to what."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from evenhand.audit.reading.blocks import FENCE, aligned_tables, html_tables
from evenhand.audit.reading.speakers import entries_in
from evenhand.audit.text.log import Kind, Line, Log, Row, Section, Table
from evenhand.audit.text.passages import ENTRY
from evenhand.audit.text.pattern import Pattern

_HEADING = Pattern(r"^ {0,3}(#{1,6})\s+(.*?)\s*#*\s*$")
_BULLET = Pattern(r"^(\s*)(?:[-*+•]|\d{1,3}[.)])\s+(?:\[[ xX]\]\s+)?(\S.*)$")
_DOUBLED = Pattern(r"\s*\|(?P<cells>(?:\|[^|]+\|)+)\|\s*")
_RULER = Pattern(r"^\s*\|?\s*:?-{2,}:?\s*(?:\|\s*:?-{2,}:?\s*)*\|?\s*$|^\s*\|\s*:?-+:?\s*\|\s*$")
_UNDERLINE = Pattern(r"^\s{0,3}(=+|-+)\s*$")
_GAPS = Pattern(r"(?<=\S)(?:\s{2,}|\t)(?=\S)")
_STRUCK = Pattern(r"~~.*?~~")
_EMPHASIS = Pattern(r"\*\*|__(?=\S)|(?<=\S)__|(?<![\w*])\*(?=[^\s*])|(?<=[^\s*])\*(?![\w*])|`+")
_LEAD = Pattern(r":\s*$")


_BANNER = Pattern(r"^\s*(={3,}|-{3,}|\*{3,}|#{3,})\s+(?=.*[A-Za-z])(\S.{1,100}?)\s+(?:={3,}|-{3,}|\*{3,}|#{3,})\s*$")
"""A title between two rulers, as programs print it."""

_REMARK = Pattern(r"^\s*#\s+[a-z]")
"""What somebody noted in the log of a program: no title, which begins with a capital."""

_QUOTED = Pattern(r"^\s*(?:>\s*)+(?=\S)")


def plain(text: str) -> str:
    """A text without its marks of emphasis and code; what is struck out says nothing any more."""
    text = _STRUCK.sub(" ", text).replace("\\%", "%").replace("\\pm", "±").replace("&plusmn;", "±").replace("$±$", "±")
    text = re.sub(r"(?<=\d)\\,(?=\d)", ",", text).replace("&nbsp;", " ").replace("\u00a0", " ").replace("\u202f", " ")
    return re.sub(r"\s+", " ", _EMPHASIS.sub("", text)).strip()


def cells_of(text: str) -> list[str]:
    """The cells of a row of a pipe table, as they stand; an escaped stroke is no border."""
    text = text.strip().replace("\\|", "\x00")
    text = text[1:] if text.startswith("|") else text
    text = text[:-1] if text.endswith("|") else text
    return [cell.strip().replace("\x00", "|") for cell in text.split("|")]


def read_markdown(name: str, texts: Iterable[tuple[int, str]]) -> Log:
    """A log from (number, text) of its lines."""
    lines, sections = _lines(list(texts), remarks=name.endswith(".log"))
    lines, more = html_tables(lines)
    tables, remarks = _tables(name, lines)
    tables = sorted([*tables, *more, *aligned_tables(lines)], key=lambda one: one.line)
    return Log(name, tuple(lines), tuple(sections), tuple(tables), remarks=tuple(remarks))


def _kinds(texts: Sequence[tuple[int, str]], remarks: bool = False) -> list[Kind]:
    kinds: list[Kind] = []
    fence = ""
    entries = entries_in([text for _, text in texts])
    for place, (_, text) in enumerate(texts):
        mark = FENCE.match(text)
        if fence:
            kinds.append("code")
            fence = "" if mark is not None and mark[1] == fence else fence
        elif mark is not None:
            kinds.append("code")
            fence = mark[1]
        elif not text.strip():
            kinds.append("blank")
        elif remarks and _REMARK.match(text):
            kinds.append("bullet")
        elif _HEADING.match(text) or _BANNER.match(text):
            kinds.append("heading")
        elif "|" in text and (
            text.lstrip().startswith("|") or _near_ruler(texts, place) or (kinds and kinds[-1] == "row")
        ):
            kinds.append("row")
        elif place in entries or _BULLET.match(text) or ENTRY.match(text):
            kinds.append("bullet")
        else:
            kinds.append("prose")
    return kinds


def _near_ruler(texts: Sequence[tuple[int, str]], place: int) -> bool:
    """Whether a line is the ruler under a table's header, or the header above one."""
    here = [texts[i][1] for i in (place, place + 1) if i < len(texts)]
    return any("|" in text and _RULER.match(text) is not None for text in here)


def _lines(texts: Sequence[tuple[int, str]], remarks: bool = False) -> tuple[list[Line], list[Section]]:
    kinds = _kinds(texts, remarks)
    lines: list[Line] = []
    sections: list[Section] = []
    open_sections: list[int] = []
    for place, ((number, text), kind) in enumerate(zip(texts, kinds, strict=True)):
        after = texts[place + 1][1] if place + 1 < len(texts) else ""
        level, title = _heading(text, kind, after)
        if level:
            while open_sections and sections[open_sections[-1]].level >= level:
                done = open_sections.pop()
                sections[done] = replace(sections[done], end=place)
            parent = open_sections[-1] if open_sections else -1
            open_sections.append(len(sections))
            sections.append(Section(title, level, place, len(texts), parent))
            lines.append(Line(number, text, title, "heading", level, len(sections) - 1))
            continue
        bullet = _BULLET.match(text) if kind == "bullet" else None
        depth = len(bullet[1].expandtabs(4)) if bullet else len(text) - len(text.lstrip())
        body = plain(bullet[2] if bullet else _QUOTED.sub("", ENTRY.sub("", text)))
        here = open_sections[-1] if open_sections else -1
        line = Line(number, text, body, kind, depth, here)
        lines.append(replace(line, parent=_parent(lines, line)))
    return lines, sections


def _heading(text: str, kind: Kind, after: str) -> tuple[int, str]:
    banner = _BANNER.match(text)
    if kind == "heading" and banner is not None:
        return (1 if banner[1][0] == "=" else 2), plain(banner[2])
    found = _HEADING.match(text)
    if kind == "heading" and found is not None:
        return len(found[1]), plain(found[2])
    under = _UNDERLINE.match(after)
    columns = len(_GAPS.findall(text.strip())) >= 2  # names of columns above a ruler
    if kind == "prose" and under is not None and not columns and len(under[1]) >= 3 and 3 <= len(text.strip()) <= 120:
        return (1 if under[1][0] == "=" else 2), plain(text)
    return 0, ""


def _parent(lines: Sequence[Line], line: Line) -> int | None:
    """The bullet with a smaller indent, or the line ending in a colon that leads in a list or a table."""
    if line.kind not in ("bullet", "row", "prose") or (line.kind == "prose" and line.depth == 0):
        return _lead(lines, line) if line.kind == "prose" else None
    for place in range(len(lines) - 1, max(-1, len(lines) - 60), -1):
        above = lines[place]
        if above.section != line.section or above.kind == "heading":
            return None
        if above.kind == "bullet" and above.depth < line.depth:
            return place
        if above.kind == "prose" and _leads(above) and line.kind in ("bullet", "row") and above.depth <= line.depth:
            return place
        if (
            above.kind == "prose"
            and above.depth == 0
            and line.kind == "bullet"
            and lines[place + 1 :]
            and not _leads(above)
        ):
            return None
    return None


def _leads(line: Line) -> bool:
    return bool(_LEAD.search(line.body)) or bool(re.fullmatch(r"\s*\*\*[^*]+\*\*\s*", line.text))


def _lead(lines: Sequence[Line], line: Line) -> int | None:
    """A line right below one that ends in a colon belongs to it."""
    if lines and lines[-1].kind == "prose" and _leads(lines[-1]) and lines[-1].section == line.section:
        return len(lines) - 1
    return None


def _tables(name: str, lines: Sequence[Line]) -> tuple[list[Table], list[str]]:
    tables: list[Table] = []
    remarks: list[str] = []
    place = 0
    while place < len(lines):
        kind = lines[place].kind
        if not (kind == "row" or (kind == "code" and _is_ruled(lines, place))):
            place += 1
            continue
        end = place
        while end < len(lines) and lines[end].kind == kind and (kind == "row" or "|" in lines[end].text):
            end += 1
        table, short = _table(lines, place, end)
        if table is not None:
            tables.append(table)
        if short:
            also = f" (lines {', '.join(map(str, short[:5]))}{' and others' if len(short) > 5 else ''})"
            remarks.append(
                f"{name}:{short[0]}: rows with fewer or more cells than their table's header were left alone"
                f"{also if len(short) > 1 else ''}."
            )
        place = end
    return tables, remarks


def _is_ruled(lines: Sequence[Line], place: int) -> bool:
    """Whether a line of a block of code is the header of a pipe table."""
    return "|" in lines[place].text and place + 1 < len(lines) and _RULER.match(lines[place + 1].text) is not None


def _table(lines: Sequence[Line], start: int, end: int) -> tuple[Table | None, list[int]]:
    doubled = _DOUBLED.fullmatch(lines[start].text)  # a wiki's header, which needs no ruler
    first = start + (1 if doubled else 2)
    if end - start < 3 or not (doubled or _RULER.match(lines[start + 1].text)):
        return None, []
    head = doubled["cells"].replace("||", "|") if doubled else lines[start].text
    header = tuple(plain(cell) for cell in cells_of(head))
    rows, short = [], []
    for line in lines[first:end]:
        raw = cells_of(line.text)
        torn = line is lines[-1] and lines[start].text.rstrip().endswith("|") and not line.text.rstrip().endswith("|")
        if torn or len(raw) != len(header):
            short.append(line.number)
            continue
        if not any(raw):
            continue  # the ruler between two rows of a grid
        bold = frozenset(i for i, cell in enumerate(raw) if cell.startswith("**") or "<b>" in cell)
        rows.append(Row(line.number, tuple(plain(cell) for cell in raw), bold))
    above = next((line.body for line in reversed(lines[max(0, start - 3) : start]) if line.kind != "blank"), "")
    return Table(header, tuple(rows), lines[start].section, lines[start].number, above), short
