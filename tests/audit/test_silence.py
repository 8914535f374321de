"""What looks like a fault and is none: no rule may speak."""

from __future__ import annotations

from pathlib import Path

import pytest

from evenhand.audit.check import audit
from evenhand.audit.reading.opened import open_logs

REPORT = """# Report

| Model | Params | MSE | Rollout MSE | Forgetting |
|---|---|---|---|---|
| GRU | 14259 | 0.0211 | 0.1902 | 1.211 |
| LSTM | 14301 | 0.0214 | 0.1877 | 1.304 |
| Leaky | 14107 | 0.0302 | 0.2204 | 1.402 |
| Cell | {params} | {a} | {b} | {c} |
"""
GUARDS = """| Subject | S | same | rho | cross | rho c | more |
|---|---:|---:|---:|---:|---:|---:|
| a | 10 | 5 | 0.50 | 10 | 1.00 | 5 |
| b | 12 | 6 | 0.50 | 12 | 1.00 | 6 |
| c | 14 | 8 | 0.57 | 14 | 1.00 | 6 |
| d | 16 | 7 | 0.44 | 16 | 1.00 | 9 |
| e | 10 | 5 | 0.50 | 7 | 0.70 | 2 |
"""

GOALS = """| Goal | Accuracy | Note |
|---|---|---|
| a | 71.2% | x |
| b | 68.1% | x |
| c | {accuracy} | {note} |
"""

SILENT: dict[str, dict[str, str]] = {
    "files that are byte-identical": {"a.md": "- The parser at this commit is byte-identical to the frozen one.\n"},
    "a repetition that is byte-identical": {"a.md": "Scoring was run twice and produced byte-identical results.\n"},
    "two means that agree": {"a.md": "- Cold means are identical (10.25 = 10.25) over the runs, no difference.\n"},
    "a divergence told with its epoch": {
        "a.md": "- The backbone failed: training diverged (best at epoch 3). Elsewhere the path efficiency is 0.46.\n"
    },
    "two coarse results alike": {
        "a.md": "| Model | acc A | acc B |\n|---|---|---|\n| x | 0.933 | 0.989 |\n| y | 0.933 | 0.989 |\n"
    },
    "a denial that begins in the line above": {
        "a.md": "# Replay, null over 3 seeds\n\nCosts make the worst arm. No\nscheduler beats uniform robustly.\n"
    },
    "several seeds told over two lines": {
        "a.md": "# R\n\nOver seeds\n{0, 1, 2} the recall is 0.994,\nand the gain is robust. At seed 1 it was slow.\n"
    },
    "a single seed that was set beside others since": {
        "a.md": "# Screening\n\nCandidates: linear attention, seed-averaged.\n\n"
        "1. **No cost: CONFIRMED** (0.833 against 0.834). The single-seed drop was noise.\n   - arm b: 0.84\n"
    },
    "a screening that comes later": {
        "a.md": "# R\n\n1. Stability confirmed, one seed: -0.2%\n   - a: 0.91\n\nThen quick screening of the next.\n"
    },
    "correlations are no differences": {"a.md": "- Seeds: Spearman of difference and warmth = 0.90/0.92/0.89\n"},
    "bounds of an interval are no values": {
        "a.md": "**Damping** (5 seeds):\n- Initial noise: σ = 1.0 (runs)\n- Runs, 95% CI: [0.012, 0.034]\n"
    },
    "a share said of several counts": {"a.md": "- It recovers all it can (5/15, 5/15, 4/15 = 100% in each run).\n"},
    "an arm that was run in another configuration": {
        "a.md": REPORT.format(params=14356, a="0.0165", b="0.1287", c="1.333"),
        "b.md": REPORT.format(params=14359, a="0.0162", b="0.1107", c="1.385"),
    },
    "a result of another setting": {
        "a.md": GOALS.format(accuracy="92.11%", note="d=256"),
        "b.md": GOALS.format(accuracy="92.37%", note="d=512"),
    },
    "a column that follows from others in every row": {"a.md": GUARDS},
}  # fmt: skip


@pytest.mark.parametrize("kind", SILENT)
def test_nothing_is_named_that_the_text_does_not_show(tmp_path: Path, kind: str) -> None:
    for name, text in SILENT[kind].items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    found = audit(open_logs([tmp_path / name for name in SILENT[kind]]))
    assert [(one.rule, one.place.text) for one in found if one.level != "note"] == []
