"""What unseen logs meant otherwise than it was read, beside a text of the same form in which the finding holds."""

from __future__ import annotations

from pathlib import Path

import pytest

from evenhand.audit.check import audit
from evenhand.audit.finding import Finding
from evenhand.audit.reading.opened import open_logs


def aloud(tmp_path: Path, rule: str, text: str) -> list[Finding]:
    """The findings of a rule that are no hints."""
    path = tmp_path / ("a.json" if text.startswith("{") else "a.md")
    path.write_text(text, encoding="utf-8")
    return [one for one in audit(open_logs([path])) if one.rule == rule]


BINS = '{{"learned": {{"mean": {}, "std": {}, "accs": [0.712, 0.701, 0.713, 0.702]}}}}'
COPY = '{{"{}": {{"losses": [1.301, 0.678, 1.191]}}, "{}": {{"losses": [1.301, 0.678, 1.191]}}}}'
GAINS = (
    "# Rewards\n\n| Env | Baseline reward | Learnable reward | Improvement |\n|---|---|---|---|\n"
    "| door | 0.175 | 0.300 | +71% |\n| room | 0.700 | 0.800 | +14% |\n| hop | {} | +1000% |\n"
)
CRASH = "# Log\n\n1. the server container of the draft run crashed with HTTP 500\n2. {}\n"

CASES = {
    "a mean beside a list that is none of its values": (
        "mean-disagrees", BINS.format("0.721", "0.055"), BINS.format("0.721", "0.0063"),
    ),
    "a spread beside a list that is none of its values": (
        "spread-kind", BINS.format("0.721", "0.015"), BINS.format("0.707", "0.015"),
    ),
    "one list that stands twice": ("no-op", COPY.format("mixup", "best"), COPY.format("mixup", "base")),
    "a change from a small base": (
        "change-disagrees", GAINS.format("0.008 | 0.092"), GAINS.format("0.0080 | 0.0920"),
    ),
    "parts of a whole with strokes between": (
        "count-and-rate", "# Log\n\n- of 48 cases 8 / 20 (41.7%) / 20 (41.7%) passed\n",
        "# Log\n\n- of 48 cases 8 / 20 (46.0%) passed\n",
    ),
    "a count of the share before it": (
        "count-and-rate", "# Log\n\n- SR=31.2% represents 5/16 and SR=33.3% represents 5/15\n",
        "# Log\n\n- here SR=33.3% (5/16 items): 5 of 16 = 33.3%\n",
    ),
    "a verdict that is drawn from nothing": (
        "failure-as-verdict", CRASH.format("the draft model collapses into repetitions"),
        CRASH.format("so the draft model does not help and is dropped"),
    ),
    "a checkpoint that was chosen": (
        "best-of-many", "# Log\n\n- accuracy 11.4% (of 500 samples, best checkpoint at step 200), then it was worse\n",
        "# Log\n\n- accuracy 11.4% (best accuracy at step 200), then it was worse\n",
    ),
    "a difference with its own two numbers": (
        "change-disagrees", "# Log\n\n- the old has 88.7%, the new 53.3%, a reduction of 30.6% (45 → 31)\n",
        "# Log\n\n- the old has 88.7%, the new 53.3%, a reduction of 30.6%\n",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_what_is_meant_otherwise_is_not_told_aloud(tmp_path: Path, case: str) -> None:
    rule, innocent, fault = CASES[case]
    (tmp_path / "fault").mkdir()
    assert aloud(tmp_path / "fault", rule, fault)
    assert aloud(tmp_path, rule, innocent) == []


def test_a_whole_percentage_whose_rest_was_cut_off_is_a_note(tmp_path: Path) -> None:
    for printed, level in ((160, ["note"]), (159, ["fault"]), (161, [])):
        line = f"# Log\n\n- reward 28.11 → 73.25 (+{printed}%)\n"
        assert [one.level for one in aloud(tmp_path, "change-disagrees", line)] == level
