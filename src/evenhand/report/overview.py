"""The claims of ledgers in one table: for a terminal, as Markdown, as an HTML index with links to the reports."""

from __future__ import annotations

import itertools
import os
import textwrap
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import quote

from markupsafe import Markup
from rich.text import Text

from evenhand.decisions.kinds_shown import LOOKS
from evenhand.report import numbers
from evenhand.report.marks import visible
from evenhand.report.page import environment, read_template
from evenhand.running.overview import ClaimRow, TitledVerdict, summed

HEAD = ("claim", "verdicts on variants", "family", "trials", "failed", "cost")

_GAP = 2
_NARROWEST = 14
"""Columns that a cell keeps before one claim is shown under another instead."""


def cells(row: ClaimRow) -> tuple[str, ...]:
    """What each column says of a claim, without its question."""
    return (row.claim, verdict_words(row), family_words(row), trial_words(row), failure_words(row), cost_words(row))


def verdict_words(row: ClaimRow) -> str:
    """How many verdicts of each kind there are on variants; the state of a claim that is not decided."""
    found = [verdict for verdict in row.verdicts if verdict.role == "variant"]
    of = {kind: [v for v in found if v.kind is kind] for kind in LOOKS}
    said = ", ".join(f"{LOOKS[k].sign} {len(those)} {k}{_rivals(those)}" for k, those in of.items() if those)
    mark = "" if row.fixed == "before" else f" ({row.fixed})"
    said = said or {"begun": "not finished", "not begun": "not run"}.get(row.state, "none")
    return said + mark + (f"; {given_up_words(row)}" if row.state == "ended" else "")


def _rivals(found: Sequence[TitledVerdict]) -> str:
    """Against which rivals verdicts of a kind stand, where the baseline does not decide them."""
    rivals = Counter(verdict.rival for verdict in found if verdict.rival)
    several = len(found) > 1
    told = ", ".join(f"{f'{number} ' if several else ''}against {name}" for name, number in rivals.items())
    return f" ({told})" if told else ""


def given_up_words(row: ClaimRow) -> str:
    """Of which arms how many trials gave no result."""
    lost = [f"{numbers.count(number, 'trial')} of {arm}" for arm, number in row.trials.given_up.items()]
    return f"given up: {', '.join(lost)}" if lost else ""


def family_words(row: ClaimRow) -> str:
    """Which claim of how many it is in each family, and whether its gain holds there."""
    held = {None: "", True: ": holds", False: ": does not hold"}
    return "; ".join(f"{place.place} of {place.claims}{held[place.holds]}" for place in row.families) or numbers.NONE


def trial_words(row: ClaimRow) -> str:
    """How many trials have results, and what became of the others."""
    trials = row.trials
    of = "" if trials.planned is None else f" of {trials.planned:,}"
    rest = {"pending": trials.pending, "not needed": trials.unneeded, "left out": trials.left_out}
    return ", ".join([f"{trials.results:,}{of}", *(f"{number:,} {what}" for what, number in rest.items() if number)])


def failure_words(row: ClaimRow) -> str:
    """Failures by class."""
    return ", ".join(f"{number} {kind}" for kind, number in row.trials.failures.items()) or numbers.NONE


def cost_words(row: ClaimRow) -> str:
    """Wall time of all attempts, and what they spent of the claim's own budget."""
    spent = row.cost.spent.get(row.unit) if row.unit != "seconds" else None
    amount = f", {numbers.amount(spent)} {row.unit}" if spent else ""
    return numbers.duration(row.cost.seconds) + amount if row.cost.attempts else numbers.NONE


def total_words(rows: Sequence[ClaimRow]) -> str:
    """All rows in a sentence."""
    found = summed(rows)
    parts = [
        numbers.count(int(found["claims"]), "claim"), f"{int(found['decided']):,} decided",
        *([f"{int(found['ended']):,} ended with trials given up"] if found["ended"] else []),
        numbers.count(int(found["results"]), "result"), f"{int(found['failed']):,} failed",
        f"{int(found['pending']):,} pending", numbers.duration(found["seconds"]),
    ]  # fmt: skip
    return ", ".join(parts)


def overview_lines(rows: Sequence[ClaimRow], width: int) -> Iterator[Text]:
    """The table for a terminal where it fits its columns, else one claim under another."""
    several = len({row.ledger for row in rows}) > 1
    ledger = ""
    table = [cells(row) for row in rows]
    widths = _widths([HEAD, *table], width)
    if widths:
        yield from _line(HEAD, widths, "dim")
    for row, shown in zip(rows, table, strict=True):
        if several and row.ledger != ledger:
            ledger = row.ledger
            yield Text(ledger, "bold")
        if widths:
            yield from _line(shown, widths)
            yield from _wrapped(row.question, width, "  ", "dim")
        else:
            yield from _stacked(row, shown, width)
    yield Text()
    yield from _wrapped(total_words(rows), width, "", "bold")


def _widths(table: Sequence[Sequence[str]], width: int) -> list[int]:
    """Columns that fit ``width``, the widest narrowed first; none where that leaves too little of them."""
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    room = width - _GAP * (len(widths) - 1)
    while sum(widths) > room:
        widest = max(range(1, len(widths)), key=lambda i: widths[i])
        if widths[widest] <= _NARROWEST:
            return []
        widths[widest] -= 1
    return widths


def _line(shown: Sequence[str], widths: Sequence[int], style: str = "") -> Iterator[Text]:
    columns = [textwrap.wrap(cell, size, break_on_hyphens=False) for cell, size in zip(shown, widths, strict=True)]
    for parts in itertools.zip_longest(*columns, fillvalue=""):
        line = (" " * _GAP).join(part.ljust(size) for part, size in zip(parts, widths, strict=True))
        yield Text(line.rstrip(), style)


def _stacked(row: ClaimRow, shown: Sequence[str], width: int) -> Iterator[Text]:
    yield from _wrapped(row.claim, width, "", "bold")
    yield from _wrapped(row.question, width, "  ", "dim")
    for name, cell in zip(HEAD[1:], shown[1:], strict=True):
        if cell != numbers.NONE:
            yield from _wrapped(cell if name.startswith("verdicts") else f"{name}: {cell}", width, "  ")


def _wrapped(text: str, width: int, indent: str, style: str = "") -> Iterator[Text]:
    for line in textwrap.wrap(text, max(width, 20), initial_indent=indent, subsequent_indent=indent + "  "):
        yield Text(line, style)


def overview_markdown(rows: Sequence[ClaimRow], beside: Path | None = None) -> str:
    """The table as Markdown, with links to the reports relative to ``beside``, the folder of the document."""
    several = len({row.ledger for row in rows}) > 1
    head = (*(("ledger",) if several else ()), "claim", "question", *HEAD[1:])
    lines = [_row(head), _row(["---"] * len(head))]
    for row in rows:
        shown = [_code(cell) for cell in cells(row)]
        link = report_link(row, beside)
        shown[0] = f"[{shown[0]}](<{link}>)" if link else shown[0]
        lines.append(_row([*([row.ledger] if several else []), shown[0], row.question, *shown[1:]]))
    return visible("\n".join([*lines, "", total_words(rows), ""]))


def _code(cell: str) -> str:
    return cell.replace("_", "\\_")


def _row(shown: Sequence[str]) -> str:
    return "| " + " | ".join(" ".join(cell.split()).replace("|", "\\|") for cell in shown) + " |"


def report_link(row: ClaimRow, beside: Path | None) -> str:
    """Where a report lies as seen from a folder; empty where there is none."""
    if row.report is None:
        return ""
    path = Path(row.report) if beside is None else Path(os.path.relpath(row.report, beside))
    return quote(path.as_posix())


def overview_page(rows: Sequence[ClaimRow], beside: Path) -> str:
    """The table as one HTML page that works offline, with links to the reports relative to its folder."""
    shown = [
        {"row": row, "cells": cells(row), "link": report_link(row, beside), "given_up": given_up_words(row)}
        for row in rows
    ]
    context = {
        "css": Markup(read_template("page.css")), "rows": shown, "head": HEAD, "total": total_words(rows),
        "several": len({row.ledger for row in rows}) > 1, "looks": LOOKS,
    }  # fmt: skip
    return visible(environment().get_template("overview.html.j2").render(context))
