"""What a sentence about steadiness rests on: seeds of its own place, of the file that it cites, or of what it names."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from evenhand.audit.text.log import Line, Log
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.text.words import tokens
from evenhand.audit.told.seeds.count import Seeds, only_seed, seeds_of
from evenhand.audit.told.seeds.series import Series, series_of

_RUN = Pattern(r"^(?:[a-z]{0,3}\d+[a-z]?|round\d*|experiment|exp|completed|new|\d+)$")


@dataclass(frozen=True)
class Evidence:
    """Seeds, the log in which they are told, and the values over them where they are listed."""

    seeds: Seeds
    log: Log
    series: Series | None


class Evidences:
    """What is known of the results of logs that are read together."""

    def __init__(self, logs: Sequence[Log]) -> None:
        self._series = {log.name: [one for one in series_of(log) if one.differences] for log in logs}
        self._one: dict[str, Seeds | None] = {}
        self._cited: dict[str, Evidence] = {}
        for log in logs:
            for line in log.spoken():
                mine = self._own(log, line.section)
                if mine is not None:
                    self._cited.update({name: mine for name in _files(line.text) if name not in self._cited})

    def _own(self, log: Log, section: int) -> Evidence | None:
        found = [one for one in self._series[log.name] if one.section == section]
        return _of(log, found[0]) if len(found) == 1 else None

    def of(self, log: Log, line: Line, clause: str) -> Evidence | None:
        """What a clause of a line rests on; None where the text does not show it."""
        cited = next((self._cited[name] for name in _files(line.text) if name in self._cited), None)
        own = self._own(log, line.section)
        if cited is not None or (own is not None and own.series is not None):
            return cited or own
        seeds = seeds_of(log, line)
        if seeds is not None:
            return Evidence(seeds, log, None)
        return _in_table(log, line) or self._named(log, line, clause) or self._only(log, line)

    def _only(self, log: Log, line: Line) -> Evidence | None:
        """The one seed that the whole log names, for a line that gives numbers."""
        if log.name not in self._one:
            self._one[log.name] = only_seed(log)
        seeds = self._one[log.name]
        return Evidence(seeds, log, None) if seeds is not None and line.numbers else None

    def _named(self, log: Log, line: Line, clause: str) -> Evidence | None:
        """The one section above whose headings hold three words of the clause, and more of them than all others."""
        words = tokens(clause)
        best: list[tuple[int, Series]] = []
        for one in self._series[log.name]:
            if one.line.number < line.number and one.section >= 0:
                best.append((len(words & about(log, one.section)), one))
        best.sort(key=lambda pair: -pair[0])
        if not best or best[0][0] < 3 or (len(best) > 1 and best[1][0] == best[0][0]):
            return None
        return _of(log, best[0][1])


def _in_table(log: Log, line: Line) -> Evidence | None:
    """The seeds of the one table of a line's own section that has a column of them."""
    found = []
    for table in (one for one in log.tables if one.section == line.section and one.line < line.number):
        places = [i for i, name in enumerate(table.header) if name.strip().lower() in ("seed", "seeds")]
        values = {row.cells[i].strip() for i in places for row in table.rows if row.cells[i].strip().isdigit()}
        if len(places) == 1 and len(values) >= 2:
            found.append(Seeds(len(values), log.line(table.line)))
    return Evidence(found[0], log, None) if len(found) == 1 and line.section >= 0 else None


def about(log: Log, section: int) -> frozenset[str]:
    """The words of the headings that a section stands under, but for the title of the whole and the names of runs."""
    titles = log.path(section)
    return frozenset(word for word in tokens(" ".join(titles[1:] or titles)) if not _RUN.match(word))


def _of(log: Log, series: Series) -> Evidence | None:
    return (
        None if not series.count else Evidence(Seeds(series.count, series.line), log, series if series.values else None)
    )


def _files(text: str) -> list[str]:
    return re.findall(r"[\w.-]+\.(?:txt|jsonl?|csv|md|log)\b", text)
