"""Runs that did not come to their end by their own record: a column of states says killed, crashed, out of memory."""

from __future__ import annotations

import re
from dataclasses import dataclass

from evenhand.audit.text.log import Row, Table
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.told.arms.by_seed import SEED, is_metric

_STATE = Pattern(
    r"(?:(?:run|job|exit|final|slurm)[ _.-]?)?(?:status|state)|(?:exit|end|stop|termination)[ _.-]?reason",
    re.IGNORECASE,
)
_ENDED = Pattern(
    r"\W*(?:killed|crash(?:ed)?|fail(?:ed|ure)?|oom(?:[ _-]?killed)?|out[ _-]?of[ _-]?memory|cuda out of memory|"
    r"timed?[ _-]?out|time[ _-]?limit|pre-?empted|evicted|aborted|interrupted|node[ _-]?fail\w*|error(?:ed)?)(?![a-z])",
    re.IGNORECASE,
)
_WRONG = Pattern(r"\W*(?:fail|error)", re.IGNORECASE)
"""What an answer may be said to have done, and a test; of runs that have seeds it says that they did not end."""

_CLOCK = Pattern(r"_?(?:runtime|run[ _-]?time|wall\w*)(?:[ _-]?\w{1,4})?", re.IGNORECASE)
_ITEM = Pattern(
    r"(?:item|question|prompt|example|sample|problem|case|instance|query|doc|episode|test)(?:[ _-]?(?:id|name|no))?",
    re.IGNORECASE,
)
"""A column of a table whose rows are not runs."""


@dataclass(frozen=True)
class Ended:
    """A run that did not come to its end.

    Attributes:
        row: of the run.
        state: what its record says, as it is printed.
        column: place of that.
        scored: it has results all the same.
    """

    row: Row
    state: str
    column: int
    scored: bool

    @property
    def line(self) -> int:
        """The line of what its record says."""
        return self.row.line_of(self.column)


def ended_in(table: Table) -> tuple[Ended, ...]:
    """The runs of a table that ended early; none where most did, or where nothing shows that its rows are runs."""
    names = [name.strip().rpartition(".")[2] for name in table.header]
    states = [place for place, name in enumerate(names) if _STATE.fullmatch(name)]
    scores = [place for place, name in enumerate(table.header) if is_metric(name) and place not in states]
    seeded = any(map(SEED.match, names))
    runs = (seeded or any(map(_CLOCK.fullmatch, names))) and not any(map(_ITEM.fullmatch, names))
    if len(states) != 1 or not scores or not runs:
        return ()
    found = []
    for at, row in enumerate(table.rows):
        state = row.cells[states[0]].strip()
        if _ENDED.match(state) and (seeded or not _WRONG.match(state)):
            scored = any(table.columns[place][at] is not None for place in scores)
            found.append(Ended(row, state, states[0], scored))
    return tuple(found) if 2 * len(found) <= len(table.rows) else ()
