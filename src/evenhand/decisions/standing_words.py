"""When a claim was fixed, in words, as far as a reader must know: before its outcomes, after some, or after all.

No code reads what is said here.
"""

from __future__ import annotations

from collections.abc import Sequence

from evenhand.decisions.standing import SetAsideTrial, Standing
from evenhand.errors import counted


def standing_words(found: Standing) -> str:
    """When a claim was fixed, as far as a reader must know; empty for a claim that was fixed before its outcomes."""
    if found.fixed == "amended":
        return _set_aside_words(found) if found.set_aside else _amended_words(found)
    if found.fixed == "post-hoc":
        told = (
            f"{_known_words(found)} when it was entered{_sources(found.claims)}"
            if found.known or not found.alike
            else ""
        )
        return (
            f"This claim is post-hoc: {'; '.join([told, *_alike_words(found)]).removeprefix('; ')}. Its verdicts are "
            "exploratory, and their error rate is not known; confirm them on seeds that nobody has run."
        )
    if found.fixed == "rerun":
        return (
            "This claim was run again: results on its seeds had been seen, made by other code or from other data. Its "
            "question, seeds and margin are the same, so that its error rate is known where the change was not made "
            "for what came out; a reader cannot tell. In the ledger its gain counts only if it did before; confirm it "
            "on seeds that nobody has run."
        )
    if found.fixed == "retrospective":
        return (
            "These verdicts are retrospective: the runs existed when the question was put, so arms, seeds, items, "
            "metric and margin could have been chosen by their results, and the error rate is not known."
        )
    return "This claim is not entered in the ledger yet." if found.fixed == "not entered" else ""


def _known_words(found: Standing) -> str:
    return f"{found.known} of its {found.trials} outcomes were known"


def _sources(claims: Sequence[str]) -> str:
    return f" (from {', '.join(claims)})" if claims else ""


def _amended_words(found: Standing) -> str:
    """What was changed after results were seen, and what of the claim's own was known then."""
    changed = f"What changed: {'; '.join(found.changes) or 'nothing that decides'}."
    if found.known:
        return (
            f"This claim was amended after results were seen, and its error rate is no longer known. {changed} "
            f"When it was entered, {_known_words(found)}{_sources(found.claims)}."
        )
    return (
        f"This claim was amended after results of an earlier version were seen. {changed} None of its own "
        f"{found.trials} outcomes was known when it was entered: the ledger counts every version and holds its gain as "
        "that of a claim of its own; whether the change was made for what came out, a reader must judge."
    )


SHOWN = 3
"""Trials that a sentence names of those whose results were set aside."""


def _set_aside_words(found: Standing) -> str:
    """That results were set aside once they were known, trial by trial, and what else was changed or known."""
    rest = found.set_aside[SHOWN:]
    named = [f"{one.label} ({_times(one)}{', '.join(one.reasons)})" for one in found.set_aside[:SHOWN]]
    named += [counted(len(rest), "further trial")] if rest else []
    words = (
        f"This claim was amended: results were set aside after they had been seen, of {', '.join(named)}. Which "
        "results count was chosen by what they said, so that its error rate is no longer known."
    )
    changed = f" Its file was changed, too: {'; '.join(found.changes)}." if found.changes else ""
    known = f" When it was entered, {_known_words(found)}{_sources(found.claims)}." if found.known else ""
    return words + changed + known


def aside_clauses(found: Standing) -> tuple[str, ...]:
    """What was set aside, a clause for each trial."""
    return tuple(
        f"{one.label}: its result set aside ({_times(one)}{', '.join(one.reasons)})" for one in found.set_aside
    )


def _times(found: SetAsideTrial) -> str:
    return "" if found.times == 1 else f"{found.times} times: "


def foreseen_words(found: Standing) -> str:
    """That a claim which is not entered yet would be post-hoc, and the cure; empty where it would not."""
    if found.fixed != "post-hoc":
        return ""
    told = f"{found.known} of its {found.trials} outcomes are known{_sources(found.claims)}" if found.known else ""
    return (
        f"Entered now, this claim would be post-hoc: {'; '.join([told, *_alike_words(found)]).removeprefix('; ')}. "
        "Take seeds that nobody has run, or let the claim draw them: seeds = { count = 6 }."
    )


def _alike_words(found: Standing) -> list[str]:
    """What was known of a claim by trials that are alike, as clauses."""
    alike, told = found.alike, []
    if alike.trials:
        told.append(
            f"of {alike.trials} of its trials the like had been run: the same arm on the same seed, with other items, "
            f"another budget, other code, or tried out{_sources(alike.claims)}"
        )
    if alike.chosen:
        named = ", ".join(f"'{name}'" for name in alike.chosen)
        told.append(f"its seeds are picked from those on which {named} had been run")
    if alike.scores:
        told.append(
            f"{alike.scores} of its trials came out, item by item, as results did that were known under other settings"
        )
    return told
