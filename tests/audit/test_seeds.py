"""The five logs that the lab was built from: what must be found in them, line by line, checked by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from evenhand.audit.check import audit, sentence
from evenhand.audit.finding import Finding
from evenhand.audit.reading.opened import open_logs

FOLDER = Path(__file__).resolve().parents[3] / "shared" / "seeds"

pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason=f"the logs are not at {FOLDER}")

GOLDEN: dict[str, dict[str, list[int]]] = {
    "000": {
        "spread-kind": [26, 35, 46, 55, 64, 82],
        "granularity": [27],
        "recomputed": [27, 36, 47, 56, 65, 83],
        "few-seeds": [28, 252, 429, 495],
        "no-effect-shown": [57],
        "no-op": [221, 287, 294, 362, 371, 514],
        "not-replicated": [344],
        "infrastructure": [406, 412, 515, 532],
        "same-seeds": [420, 470],
        "unequal-budgets": [421, 422, 423, 424, 425, 426, 471, 472, 473, 474, 530, 555, 556],
        "saturated": [460],
        "best-of-many": [493, 494, 495],
        "baselines-differ": [529],
    },
    "001": {
        "few-seeds": [16, 24, 53],
        "infrastructure": [51, 52],
        "same-seeds": [55, 78, 84],
        "unequal-budgets": [56, 57, 58, 78, 85, 86, 87],
        "saturated": [80],
        "baselines-differ": [83],
    },
    "002": {
        "best-of-many": [42],
        "within-noise": [50],
        "row-breaks-column": [154],
    },
    "003": {
        "loss-and-perplexity": [20, 70, 124, 146, 176],
        "change-disagrees": [94, 123],
        "baselines-differ": [98],
        "subset-against-full": [149],
        "best-of-many": [150],
    },
    "004": {
        "drift": [6],
        "best-of-many": [8, 16, 17, 19, 21],
        "infrastructure": [8, 21],
        "granularity": [14],
    },
}
"""Rule to the lines at which it must fire, by the first three digits of a log's name."""

ROWS = {
    "variants at another budget than the baseline": ("000", "unequal-budgets", 421),
    "three seeds called stable": ("000", "few-seeds", 28),
    "a loss over five seeds": ("000", "not-replicated", 344),
    "16 questions against 80": ("003", "subset-against-full", 149),
    "the best of many evaluations": ("004", "best-of-many", 8),
    "the best of k variants confirmed on the screening seed": ("000", "same-seeds", 420),
    "missing examples": ("000", "infrastructure", 406),
    "a hub's outage": ("000", "infrastructure", 515),
    "out of memory": ("000", "infrastructure", 532),
    "a time-out": ("004", "infrastructure", 8),
    "a variant that changed nothing": ("000", "no-op", 221),
    "a task at its ceiling": ("000", "saturated", 460),
    "a summary that drifted from its table": ("004", "drift", 6),
    "changes from different baselines": ("003", "baselines-differ", 98),
}
"""What went wrong in these logs, and where an audit says so."""


HINTS = {
    "000": {"few-seeds": [95, 477, 494]},
    "001": {"no-op": [20, 31]},
    "003": {"untested": [156], "no-seeds": [193]},
    "004": {"no-seeds": [6], "infrastructure": [45]},
}
"""What is right there, but of kinds that were wrong too often elsewhere: told to those who ask for hints."""


@pytest.fixture(scope="module")
def findings() -> tuple[Finding, ...]:
    return audit(open_logs(sorted(FOLDER.glob("*.txt"))))


def lines(findings: tuple[Finding, ...], log: str) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for one in findings:
        if Path(one.place.file).name.startswith(log):
            found.setdefault(one.rule, []).append(one.place.line)
    return found


@pytest.mark.parametrize("log", GOLDEN)
def test_every_finding_stands_at_the_line_where_it_was_checked_by_hand(findings, log: str) -> None:
    assert lines(findings, log) == GOLDEN[log]


@pytest.mark.parametrize("what", ROWS)
def test_what_went_wrong_in_the_logs_is_named_at_its_line(findings, what: str) -> None:
    log, rule, line = ROWS[what]
    assert line in lines(findings, log)[rule]


@pytest.mark.parametrize("log", HINTS)
def test_what_only_may_be_worth_a_look_is_told_apart(log: str) -> None:
    told = audit(open_logs(sorted(FOLDER.glob("*.txt"))), hints=True)
    assert lines(tuple(one for one in told if one.level == "hint"), log) == HINTS[log]


def test_there_are_at_least_sixty_findings(findings) -> None:
    assert len(findings) >= 60


PLACES = {
    "the seeds of the task itself": ("000", "few-seeds", 252, [246]),
    "the screening of the round": ("001", "same-seeds", 78, [71, 67]),
    "a screening, and not another task's": ("001", "same-seeds", 84, [71, 67]),
    "a row of two values once": ("004", "drift", 6, [17]),
}
"""Where a finding points to, where it once pointed to a line of another task, or twice to one."""


@pytest.mark.parametrize("what", PLACES)
def test_a_finding_points_to_what_it_rests_on(findings, what: str) -> None:
    log, rule, line, others = PLACES[what]
    one = next(
        f for f in findings if Path(f.place.file).name.startswith(log) and (f.rule, f.place.line) == (rule, line)
    )
    assert [place.line for place in one.others] == others


def test_figures_stand_with_their_unit_and_as_they_are(findings) -> None:
    said = {(one.rule, one.place.line): sentence(one) for one in findings}
    assert "(220 against 80 seconds, lines 394 and 392)" in said["unequal-budgets", 421]
    assert "here that would be 341.9259, printed" in said["row-breaks-column", 154]


def test_no_finding_points_to_one_place_twice(findings) -> None:
    assert all(len(set(one.others)) == len(one.others) for one in findings)
