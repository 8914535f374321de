"""What is read in a log, whether or not the reading has shown to be right often enough to be told aloud."""

from __future__ import annotations

from collections.abc import Sequence

from evenhand.audit.check import audit
from evenhand.audit.finding import Finding
from evenhand.audit.text.log import Log


def read_in(logs: Sequence[Log]) -> tuple[Finding, ...]:
    """The findings of logs, those of readings that are not proven with them."""
    return tuple(one for one in audit(logs, hints=True) if one.level != "hint" or one.unproven)
