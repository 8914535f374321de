"""The words of guard metrics: what a gain rests on beside itself, and what it fails by. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from evenhand.decisions.verdict import Guarded


def guard_bracket(guards: Sequence[Guarded]) -> str:
    """What stands in brackets where a gain does not count: the first guard that is not shown to hold."""
    return next((f"guard {guard.metric}" for guard in guards if not guard.held), "")


def guard_words(guard: Guarded) -> str:
    """How a guard stands, as a sentence."""
    head = f"guard {guard.metric}"
    if guard.same:
        return f"{head}: nothing changed"
    size = "no interval"
    if guard.interval is not None:
        low, high = guard.interval
        size = f"{guard.estimate:+.4g}, {100 * guard.level:.4g} % interval {low:+.4g} to {high:+.4g}"
    if guard.blind:
        return f"{head}: a loss could not show there ({size})"
    if guard.held:
        return f"{head}: no loss as large as its margin {guard.margin:g} ({size})"
    if guard.worse:
        return f"{head}: it falls by more than its margin {guard.margin:g} ({size}), so the gain does not count"
    said = f"a loss as large as its margin {guard.margin:g} is not excluded"
    return f"{head}: {said} ({size}), so the gain does not count"
