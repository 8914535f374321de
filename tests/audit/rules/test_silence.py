"""What looks like a fault and is none: no rule may speak."""

from __future__ import annotations

from pathlib import Path

import pytest

from evenhand.audit.check import audit, sentence
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
    "a share of a bare number that stands once": {"a.md": "- plain: 61.3 % of 64\n"},
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
    "several rows computed in another way": {
        "a.md": "| n | bytes | batch | share |\n|---|---|---|---|\n"
        + "".join(f"| {n} | {n * size} | {size} | {n}.00 |\n" for n, size in ((713, 50), (629, 50), (841, 100)))
        + "| 577 | 57700 | 100 | 577.00 |\n| 734 | 275250 | 400 | 734.00 |\n| 712 | 267000 | 400 | 712.00 |\n"
    },
    "results of other arms in files of one name": {
        f"{name}.csv": "task,accuracy\na,0.8131\nb,0.7262\nc,0.9173\nd,0.6614\ne," + last + "\n"
        for name, last in (("x", "0.5121"), ("y", "0.5519"))
    },
    "an outage in a list of changes": {
        "CHANGELOG.md": "# Changelog\n\n- accuracy 0.71: the eval run failed with HTTP 503 and was "
            "rejected; retried now\n"
    },
    "an outage that is handled": {"a.md": "# R\n\n- accuracy 0.71\n- The pool reaps a segfaulting or timed "
        "out eval job.\n"},
    "failures that may be the idea's": {
        "a.md": "# R\n\n- PSNR 22.6, accuracy 0.71. Many runs failed (OOM, instability).\n"
    },
    "a stable phase": {"a.md": "# R, over 3 seeds\n\nThe gap falls to 0.033 in stable phases, and the gain "
        "is 0.394.\n"},
    "an arm that is more reliable": {
        "a.md": "# R, 5 seeds\n\nThe aligned arm wins modestly (0.81 against 0.79) and is more reliable.\n"
    },
    "consistent over tasks": {"a.md": "# R\n\nSeed: 42\n\nThe method consistently improves accuracy on all "
        "five tasks: 0.81.\n"},
    "what others have shown": {
        "a.md": "# R\n\nSeed: 42\n\nMuon was already demonstrated to consistently improve validation loss by 2.5%.\n"
    },
    "a claim that takes itself back": {
        "a.md": "# R, 3 seeds\n\nThe direction is consistently positive (+0.8, +1.1), but each\ninterval holds zero.\n"
    },
    "a seed in passing": {
        "a.md": "# R\n\n2. **Consistent improvement**: ECE 0.1359 to 0.0379\n3. Varies by start (seed=42 "
            "but other states)\n"
    },
    "a tie of two rivals": {"a.md": "# R\n\n- frozen 0.749, LoRA 0.855: an exact tie with the full model, 76/76\n"},
    "nearly the same": {"a.md": "# R\n\n- w2 is irrelevant: nearly identical results across the full range, "
        "as the baseline\n"},
    "about the same": {"a.md": "# R\n\n**~1,810 Elo, identical to the baseline.** More parameters did not help.\n"},
    "a drift of zero": {"a.md": "# R\n\n- CONFIRMED, drift 0.000 pp on all three columns and all 3 seeds (exact)\n"},
    "a finding of importance": {"a.md": "# R\n\nThe most significant finding: augmentation improves accuracy by 3%.\n"},
    "metrics as rows": {
        "a.md": "Mean ± std over 3 seeds:\n\n| metric | A | B |\n|---|---|---|\n| task success | 0.097 ± "
            "0.069 | 0.09 ± 0.06 |\n"
        "| violations per episode | **0.95 ± 0.71** | 3.99 ± 0.57 |\n"
    },
    "two means in one row": {
        "a.md": "| arm | seed 1 | seed 2 | seed 3 | avg MSE | avg tau |\n|---|---|---|---|---|---|\n"
        "| x | 0.182 | 0.151 | 0.121 | 0.151 | 1.52 |\n"
    },
    "the score of averaged predictions": {
        "a.md": "| Seed | CCC |\n|---|---|\n| 1 | 0.4785 |\n| 2 | 0.4157 |\n| 3 | 0.5082 |\n| seed-mean "
            "predictions | 0.5288 |\n"
    },
    "a share beside its count": {
        "a.md": "| Metric | Base | New | Delta |\n|---|---|---|---|\n| micro | **0.70424** (7265/10316) | "
            "0.71161 (7341/10316) | 0.74 pp |\n"
        "| solved | 3/60 (5.0%) | 43/60 (71.7%) | +40 |\n"
    },
    "thousands": {"a.md": "Verified: 0k → 9k (delta +9).\n"},
    "a speed-up by a setting": {"a.md": "- raise `maxnreg` from 128 → 255 (1.74x speedup on one card)\n"},
    "orders of magnitude": {
        "a.md": "| Metric | Base | New | Change |\n|---|---|---|---|\n| quality | 1.1e-19 | 3.2e-15 | +4 OOM |\n"
    },
    "a product of times": {"a.md": "- 4,000 samples / 10 = 400 batches × 2s = **13 minutes**\n"},
    "baselines of two experiments": {
        "a.md": "## A\n\n| Config | Loss | vs full |\n|---|---|---|\n| a | 1.5146 | -0.0044 |\n| b | 1.5182 "
            "| -0.0008 |\n\n## B\n\n"
        "| Config | Loss | vs full |\n|---|---|---|\n| a | 1.5203 | -0.0044 |\n| b | 1.5239 | -0.0008 |\n"
    },
    "counts seed by seed": {
        "a.md": "| Seed | Off | On | Change |\n|---|---|---|---|\n| 1 | 10/15 | 11/15 | +1 |\n"
        "| 2 | 9/15 | 12/15 | +3 |\n"
    },
    "a line for each seed": {
        "a.md": "# R\n\n- seed 71001: run a\n- seed 71002: run b\n"
        "- Separation is strong and consistently positive (+0.3).\n"
    },
    "hours and minutes": {"a.md": "- Mode 1: 34.06%, 1h 31m (5474.3s)\n"},
    "a loss that falls": {
        "a.md": "# R\n\nWe had a gradual, consistent improvement. Final loss of 0.1059 in training.\n"
    },
    "reports of two runs": {
        f"run_2026021{day}_report.md": "# Report\n\n| arm | AUC | Acc | F1 | Sens |\n|---|---|---|---|---|\n"
        f"| full | 0.8204 | 0.6748 | 0.7041 | 0.9331 |\n| less | {auc} | 0.7282 | 0.7421 | 0.6265 |\n"
        for day, auc in ((4, "0.8539"), (5, "0.8547"))
    },
    "a factor of something else": {"a.md": "- rank: 90.9% → 99.1% (109×), portable\n"},
    "an effect far from its seeds": {
        "a.md": "# R\n\n- seed deltas: +0.01, +0.02, -0.03\n" + "- more of it\n" * 8 + "- MAX is no gain for others\n"
    },
    "a peak within one inference": {"a.md": "# R\n\n- slide_005: 0.2, 0.75, 0.70, 0.3 (peaked at iter 1, "
        "regressed thereafter)\n"},
}  # fmt: skip


@pytest.mark.parametrize("kind", SILENT)
def test_nothing_is_named_that_the_text_does_not_show(tmp_path: Path, kind: str) -> None:
    for name, text in SILENT[kind].items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    found = audit(open_logs([tmp_path / name for name in SILENT[kind]]))
    loud = [one for one in found if one.level != "note" or one.rule == "infrastructure"]
    assert [(one.rule, one.place.text) for one in loud] == []


BOUNDS = (
    "| Method | Accuracy (95% CI) | Macro-F1 |\n|---|---|---|\n| a | 0.0661 [0.049, 0.088] | 0.1199 |\n"
    "| b | 0.3041 [0.270, 0.341] | 0.4581 |\n| c | 0.4209 [0.384, 0.459] | 0.5523 |\n"
    "| d | 0.4685 [0.431, 0.507] | 0.5744 |\n| e | 0.4931 [0.455, 0.531] | 0.6069 |\n| f | 0.5760 [0.538, "
    "0.613] | 0.6641 |\n"
)


def test_bounds_of_intervals_are_no_shares_of_the_items(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text(BOUNDS)
    assert [one.facts["items"] for one in audit(open_logs([tmp_path / "a.md"])) if one.rule == "granularity"] == [651]


def test_what_the_text_leaves_open_is_told_only_to_those_who_ask(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("# R\n\n- accuracy 0.71; the accuracy is identical to the baseline\n")
    logs = open_logs([tmp_path / "a.md"])
    assert audit(logs) == ()
    assert [(one.rule, one.level) for one in audit(logs, hints=True)] == [("no-op", "hint")]


def test_words_of_results_are_at_most_hints_in_plans_and_lists_of_changes(tmp_path: Path) -> None:
    text = "- the baseline failed with OOM at bsz=10, so the variant is rejected\n"
    levels = {}
    for name in ("results.md", "ROADMAP.md", "CHANGELOG.md"):
        (tmp_path / name).write_text(text)
        found = audit(open_logs([tmp_path / name]), hints=True)
        levels[name] = [one.level for one in found if one.rule == "failure-as-verdict"]
    assert levels == {"results.md": ["fault"], "ROADMAP.md": ["hint"], "CHANGELOG.md": ["hint"]}


def test_what_a_program_wrote_into_a_file_of_data_is_told_once(tmp_path: Path) -> None:
    arm = '"{}": {{"accs": [0.712, 0.699, 0.706], "mean": 0.7057, "std": 0.0053}}'
    (tmp_path / "a.json").write_text("{" + ",\n".join(arm.format(name) for name in "abc") + "}")
    found = [one for one in audit(open_logs([tmp_path / "a.json"])) if one.rule == "spread-kind"]
    assert [one.facts["more"] for one in found] == [2]
    assert sentence(found[0]).endswith("; other spreads do the same in this file.")


def test_two_arms_alike_in_several_tables_are_told_once(tmp_path: Path) -> None:
    table = "| Model | Acc | F1 |\n|---|---|---|\n| full | {0}71.23 | 64.51 |\n| less | {0}71.23 | 64.51 |\n\n"
    (tmp_path / "a.md").write_text(table.format("") + table.format("1"))
    (one,) = [one for one in audit(open_logs([tmp_path / "a.md"])) if one.rule == "identical-rows"]
    assert one.place.line == 4
    assert "to the last digit here, and in 1 more tables: what" in sentence(one)


def test_a_list_of_settings_is_no_list_of_differences_over_seeds(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"name": "runs", "camc_delta_list": [0.1, 0.2, 0.3, 0.5], "auc": 0.71}')
    assert audit(open_logs([tmp_path / "a.json"])) == ()
