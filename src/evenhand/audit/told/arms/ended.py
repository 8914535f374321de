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
_CLOCK = Pattern(r"_?(?:runtime|run[ _-]?time|duration|elapsed|wall\w*)(?:[ _-]?\w{1,4})?", re.IGNORECASE)
"""A column that runs have, and items do not, which may have failed by their answer."""


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


def ended_in(table: Table, *, runs: bool = False) -> tuple[Ended, ...]:
    """The runs of a table that ended early; none where most did, or where nothing shows that its rows are runs.

    Args:
        table: of records.
        runs: its rows are known to be runs.
    """
    names = [name.strip().rpartition(".")[2] for name in table.header]
    states = [place for place, name in enumerate(names) if _STATE.fullmatch(name)]
    scores = [place for place, name in enumerate(table.header) if is_metric(name) and place not in states]
    runs = runs or any(SEED.match(name) or _CLOCK.fullmatch(name) for name in names)
    if len(states) != 1 or not scores or not runs:
        return ()
    found = []
    for at, row in enumerate(table.rows):
        state = row.cells[states[0]].strip()
        if _ENDED.match(state):
            scored = any(table.columns[place][at] is not None for place in scores)
            found.append(Ended(row, state, states[0], scored))
    return tuple(found) if 2 * len(found) <= len(table.rows) else ()
