"""What people did to a claim before it was decided, as sentences."""

from __future__ import annotations

_DONE = {
    "unblinded": "the board showed its arms by name",
    "paused": "it was paused",
    "resumed": "it went on after a pause",
    "cancelled": "it was cancelled",
}


def intervention_words(what: str, time: str, results: int, trials: int) -> str:
    """One thing that was done, with when, and how much was known then: ``2026-11-28 11:20 UTC, ...``."""
    day = f"{time[:10]} {time[11:16]} UTC, " if len(time) >= len("2026-11-28T11:20") else ""
    return f"{day}with {results:,} of {trials:,} results in: {_DONE.get(what, what)}."
