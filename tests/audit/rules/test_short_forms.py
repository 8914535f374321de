"""Faults that are told in one short sentence, or in two lines, each with a sound twin."""

from __future__ import annotations

from pathlib import Path

import pytest

from evenhand.audit.check import audit, sentence
from evenhand.audit.finding import Finding
from evenhand.audit.reading.opened import open_logs

DELTAS = "# Log\n\n- seed deltas: +0.012, {}, +0.021\n- {}\n"
ACCURACIES = "Ours reaches 74.1 %, baseline 71.3 %."
VERDICTS = "| variant | accuracy | verdict |\n|---|---|---|\n| A | 71.3 % | keep |\n| B | {} | {} |\n"
SEEDS = "| seed | acc |\n|---|---|\n| 0 | 71.2 |\n| 1 | 72.4 |\n| 2 | 70.9 |\n\n{}\n"
BEST = "# Log\n\nWe tried 12 variants on seeds 0-2; the best, variant 7, has 74.1 % on {} seeds, the baseline 71.3 %.\n"

FORMS: dict[str, tuple[str, str, int, str, str]] = {
    "all of one sign": (
        "signs-disagree", "fault", 4, DELTAS.format("-0.004", "signs: all positive"),
        DELTAS.format("+0.004", "signs: all positive"),
    ),
    "stable beside both signs": (
        "signs-disagree", "caution", 4, DELTAS.format("-0.004", "Status: success / stable positive"),
        DELTAS.format("-0.004", "Status: mixed, no stable gain"),
    ),
    "another word before it": (
        "signs-disagree", "caution", 4, DELTAS.format("-0.004", "verdict: clearly stable gain"),
        DELTAS.format("-0.004", "verdict: the control is clearly stable, gains vary"),
    ),
    "consistent in the line of the values": (
        "signs-disagree", "caution", 3, "# Log\n\n- deltas +0.012, -0.004, +0.021: small but consistent gain\n",
        "# Log\n\n- deltas +0.012, +0.004, +0.021: small but consistent gain\n",
    ),
    "a sign said of other runs": (
        "signs-disagree", "fault", 4, DELTAS.format("-0.004", "every seed is positive"),
        DELTAS.format("-0.004", "other runs are all positive"),
    ),
    "a word beside the pattern": (
        "signs-disagree", "fault", 4, DELTAS.format("-0.004", "sign pattern 3+/0-, stable"),
        DELTAS.format("-0.004", "sign pattern 2+/1-, mixed"),
    ),
    "the pattern beside the mean": (
        "signs-disagree", "fault", 3,
        "# Log\n\n- mean `d_acc = +0.0097`, std `0.0104`, sign `3+/0-`\n- seed deltas: +0.012, -0.004, +0.021\n",
        "# Log\n\n- mean `d_acc = +0.0097`, std `0.0104`, sign `2+/1-`\n- seed deltas: +0.012, -0.004, +0.021\n",
    ),
    "a gain from a p-value": (
        "interval-and-word", "caution", 1, "Accuracy rose from 71.2 to 72.0, p = 0.21, so the method clearly helps.\n",
        "Accuracy rose from 71.2 to 72.0, p = 0.02, so the method clearly helps.\n",
    ),
    "a gain from a probability": (
        "interval-and-word", "caution", 1, "Ours has 72.0 against 71.2 (p = 0.21): our method works.\n",
        "Tokens are masked (p = 0.21): our method works.\n",
    ),
    "a p-value and a verdict": (
        "interval-and-word", "caution", 1, "- +0.8 points, p = 0.21: clear gain\n",
        "- +0.8 points, p = 0.21: no clear gain\n"
    ),
    "a subset that the whole turns round": (
        "subset-against-full", "fault", 1,
        "On 50 queries MRR rose from 0.380 to 0.460; on all 6980 queries it fell from 0.402 to 0.399.\n",
        "On 50 queries MRR rose from 0.380 to 0.460; on all 6980 queries it rose from 0.402 to 0.419.\n",
    ),
    "counts of a subset that the whole turns round": (
        "subset-against-full", "fault", 1, "On 16 questions: 9 -> 12. On all 80 questions: 45 -> 43.\n",
        "On 16 questions: 9 -> 12. On all 80 questions: 45 -> 50.\n",
    ),
    "shares of a subset that the whole turns round": (
        "subset-against-full", "fault", 1,
        "On the 16-question subset it went from 50.0 % to 62.5 %. On the full 80 questions from 52.5 % to 50.0 %.\n",
        "On the 16-question subset it went from 50.0 % to 62.5 %. On the full 80 questions from 52.5 % to 55.0 %.\n",
    ),
    "the mean in a sentence of its own": (
        "mean-disagrees", "fault", 1, "Per-seed deltas: +0.0156, +0.0234, +0.0625. Mean +0.0400.\n",
        "Per-seed deltas: +0.0156, +0.0234, +0.0625. Mean +0.0338.\n",
    ),
    "gains over two baselines, and the better one": (
        "baselines-differ", "fault", 1,
        "A gains +3.1 points over the untrained model, B gains +1.2 points over SFT. A is the better method.\n",
        "A gains +3.1 points over the untrained model, B gains +1.2 points over SFT. Both are tuned.\n",
    ),
    "points called relative": (
        "change-disagrees", "fault", 1, "Error fell from 12.0 % to 10.0 %, a 2.0 % relative reduction.\n",
        "Error fell from 12.0 % to 10.0 %, a 16.7 % relative reduction.\n",
    ),
    "a relative change called points": (
        "change-disagrees", "fault", 1, "Accuracy went up 5.1 points, from 71.2 to 74.8.\n",
        "Accuracy went up 3.6 points, from 71.2 to 74.8.\n",
    ),
    "a relative change of shares": (
        "change-disagrees", "fault", 1, "Accuracy: 0.712 -> 0.748 (+3.6% relative).\n",
        "Accuracy: 0.712 -> 0.748 (+5.1% relative).\n",
    ),
    "a change of something else": (
        "change-disagrees", "fault", 1, "Accuracy rose by 4.6 points, from 71.2 to 74.8.\n",
        "Speed rose by 4.6 points on the hard half, from 71.2 to 74.8.\n",
    ),
    "all of both arms": (
        "saturated", "caution", 1, "Both arms reach 100 %, so the method has no effect.\n",
        "Both arms reach 84.2 %, so the method has no effect.\n",
    ),
    "a mean below a table of seeds": (
        "mean-disagrees", "fault", 7, SEEDS.format("Mean: 72.5"), SEEDS.format("Mean: 71.5"),
    ),
    "a mean of others below a table of seeds": (
        "mean-disagrees", "fault", 7, SEEDS.format("Mean over the three seeds: 72.5."),
        SEEDS.format("Mean of the baseline: 72.5"),
    ),
    "hours of training": (
        "unequal-budgets", "caution", 1, f"Baseline trained 1 hour, ours 5 hours. {ACCURACIES}\n",
        f"Baseline trained 5 hours, ours 5 hours. {ACCURACIES}\n",
    ),
    "steps in brackets": (
        "unequal-budgets", "caution", 1, "Ours (1200 steps) reaches 74.1 %, the baseline (400 steps) 71.3 %.\n",
        "Ours (400 steps) reaches 74.1 %, the baseline (1200 steps) 71.3 %.\n",
    ),
    "hours beside each result": (
        "unequal-budgets", "caution", 2, "- Baseline: trained 1 h, 71.3 %\n- Ours: trained 5 h, 74.1 %\n",
        "- Baseline: trained 1 h, 71.3 %\n- Ours: trained 1 h, 74.1 %\n",
    ),
    "hours of data": (
        "unequal-budgets", "caution", 1, f"- baseline trained 1 day, ours 4 days\n- {ACCURACIES}\n",
        f"- baseline trained with 100 hours, ours with 960 hours\n- {ACCURACIES}\n",
    ),
    "hours that it took": (
        "unequal-budgets", "caution", 1, f"- baseline trained for 20 minutes, ours for 90 minutes\n- {ACCURACIES}\n",
        f"- baseline trained in 20 minutes, ours in 90 minutes\n- {ACCURACIES}\n",
    ),
    "both at the ceiling": (
        "saturated", "caution", 1, "Both at 99.8 %, so the trick does not matter.\n",
        "Both at 91.8 %, so the trick does not matter.\n",
    ),
    "two equal results at the ceiling": (
        "saturated", "caution", 1, "- plain 99.8 %, with trick 99.8 %: the trick is useless\n",
        "- plain 99.8 % of GPU utilisation, with trick 99.8 %: the trick is useless\n",
    ),
    "rejected for want of memory": (
        "failure-as-verdict", "fault", 3, "# Log\n\n- Variant B: OOM -> rejected, idea does not work\n- A: 71.3 %\n",
        "# Log\n\n- Variant B: OOM -> batch halved and run again\n- A: 71.3 %\n",
    ),
    "rejected in a cell": (
        "failure-as-verdict", "fault", 4, VERDICTS.format("OOM", "rejected, does not work"),
        VERDICTS.format("OOM", "does not fit 24 GB"),
    ),
    "a rejection with a result": (
        "failure-as-verdict", "fault", 4, VERDICTS.format("OOM", "useless"),
        VERDICTS.format("70.1 %", "OOM once; rejected"),
    ),
    "a no-op in one sentence": (
        "no-op", "caution", 1, "- Variant C gives exactly the baseline's 71.34 %, so it does not hurt.\n",
        "- Variant C gives exactly the baseline's 71.34 %: the flag was never switched on.\n",
    ),
    "outputs that are the same": (
        "no-op", "caution", 1, "With gating the outputs are bit-identical to the baseline: gating has no effect.\n",
        "With caching the outputs are bit-identical to the baseline: caching has no effect.\n",
    ),
    "the winner on its seeds": ("winner-on-its-seeds", "fault", 3, BEST.format("these"), BEST.format("fresh")),
    "the winner against the baseline": (
        "winner-on-its-seeds", "fault", 2,
        "- 12 variants on seeds 0, 1, 2\n- best: 74.1 % (seeds 0, 1, 2), +2.8 pp over baseline\n",
        "- 12 variants on seeds 0, 1, 2\n- best: 74.1 % (seeds 3, 4, 5), +2.8 pp over baseline\n",
    ),
    "the winner on its one seed": (
        "winner-on-its-seeds", "fault", 2,
        "- tried 8 rates on seed 0\n- best rate 3e-4: 74.1 % on seed 0, +2.8 pp over baseline\n",
        "- tried 8 rates on seed 0\n- best rate 3e-4: 74.1 % on seed 4, +2.8 pp over baseline\n",
    ),
    "no winner": (
        "winner-on-its-seeds", "fault", 2,
        "- 12 variants on seeds 0, 1\n- best: variant 7, 74.1 % on seeds 0, 1, above the baseline\n",
        "- 12 variants on seeds 0, 1\n- best: none is above the baseline on seeds 0, 1 (71.3 %)\n",
    ),
    "confirmed on the seed of the screening": (
        "same-seeds", "fault", 1, "Best of 8 variants (seed 3): +2.1 pp. Confirmed on seed 3.\n",
        "Best of 8 variants (seed 3): +2.1 pp. Confirmed on seed 4.\n",
    ),
    "a robust gain of three seeds": (
        "few-seeds", "caution", 1, "3 seeds: +0.4, +0.9, +0.2. Robust gain.\n",
        "3 seeds: +0.41, +0.42, +0.43. Robust gain.\n",
    ),
    "a share of all": (
        "count-and-rate", "fault", 1, "- Failed 9/60 (25%)\n", "- Failed 9/60 (25% in the first round)\n"
    ),
    "a ratio that one row does not have": (
        "row-breaks-column", "fault", 4,
        "| Seed | Peak | Ratio |\n|---|---|---|\n| 111 | 3,077 | 27.7x |\n| 27 | 9,232 | 114.0x |\n"
        "| 703 | 83,501 | 118.8x |\n| 26623 | 35,452,673 | 1,331.7x |\n| 626331 | 2,407,427,729 | 3,843.7x |\n",
        "| Seed | Peak | Ratio |\n|---|---|---|\n| 111 | 3,077 | 27.7x |\n| 27 | 9,232 | 341.9x |\n"
        "| 703 | 83,501 | 118.8x |\n| 26623 | 35,452,673 | 1,331.7x |\n| 626331 | 2,407,427,729 | 3,843.7x |\n",
    ),
    "seconds of one sentence, a gain in the next": (
        "unequal-budgets", "caution", 1, "Baseline trained for 80 s, variant for 220 s; variant +2.1 points.\n",
        "Baseline trained for 220 s, variant for 80 s; variant +2.1 points.\n",
    ),
    "our model had more": (
        "unequal-budgets", "caution", 1,
        "The baseline got 1,000 steps and our model 5,000 steps. Our model is better by 3 points.\n",
        "The baseline got 5,000 steps and our model 5,000 steps. Our model is better by 3 points.\n",
    ),
    "a budget and a share for each of two": (
        "unequal-budgets", "caution", 1, "Baseline: 80 s budget, 71.2 %. Ours: 220 s budget, 74.0 % (+2.8).\n",
        "Baseline: 80 s budget, 71.2 %. Ours: 80 s budget, 74.0 % (+2.8).\n",
    ),
    "so many seeds as a setting": (
        "few-seeds", "caution", 5, "# Log\n\n- seeds: 2\n- mean d_acc = +0.0339\n- verdict: stable positive\n",
        "# Log\n\n- seeds: 42\n- mean d_acc = +0.0339\n- verdict: stable positive\n",
    ),
    "a verdict in the next sentence": (
        "failure-as-verdict", "fault", 1, "Variant C: CUDA out of memory. Verdict: discard C, no benefit.\n",
        "Variant C: CUDA out of memory. Verdict: rerun C on a larger card.\n",
    ),
    "worse without a result": (
        "failure-as-verdict", "fault", 4, VERDICTS.format("OOM", "worse, dropped"),
        VERDICTS.format("70.2 %", "worse, dropped"),
    ),
    "a gate without a difference": (
        "no-op", "caution", 1, "d_acc = +0.0000 on all seeds: the gate does not matter.\n",
        "d_acc = +0.0100 on all seeds: the gate does matter.\n",
    ),
    "the peak over evaluations": (
        "best-of-many", "caution", 1, "Peak accuracy over 40 evaluations: 74.1 % (final 71.0 %). We report 74.1 %.\n",
        "Final accuracy after 40 evaluations: 71.0 %. We report 71.0 %.\n",
    ),
    "a method on a full task": (
        "ceiling", "caution", 6,
        "| arm | acc |\n|---|---|\n| base | 100.0 % |\n| ours | 100.0 % |\n\nNo effect of the method.\n",
        "| arm | acc |\n|---|---|\n| base | 90.0 % |\n| ours | 90.1 % |\n\nNo effect of the method.\n",
    ),
}  # fmt: skip


def loud(folder: Path, text: str) -> list[Finding]:
    """What is told aloud of a log."""
    (folder / "log.md").write_text(text, encoding="utf-8")
    return list(audit(open_logs([folder / "log.md"])))


@pytest.mark.parametrize("form", FORMS)
def test_a_short_form_is_named_and_its_sound_twin_is_not(tmp_path: Path, form: str) -> None:
    rule, level, line, fault, twin = FORMS[form]
    assert (rule, level, line) in [(one.rule, one.level, one.place.line) for one in loud(tmp_path, fault)]
    assert rule not in [one.rule for one in loud(tmp_path, twin)]


def test_a_figure_of_another_file_is_compared_with_the_file_that_is_cited(tmp_path: Path) -> None:
    table = "# Log\n\n| run | accuracy |\n|---|---|\n| gated | 91.4 % |\n| baseline | 90.2 % |\n"
    said = "# Summary\n\nThe gated run reached {} % accuracy (see log.md); the baseline has 90.2 %.\n"
    (tmp_path / "log.md").write_text(table, encoding="utf-8")
    for figure, rules in (("92.4", ["drift"]), ("91.4", []), ("90.2", [])):
        (tmp_path / "README.md").write_text(said.format(figure), encoding="utf-8")
        found = audit(open_logs([tmp_path / "README.md", tmp_path / "log.md"]))
        assert [one.rule for one in found if one.level == "fault"] == rules


def test_a_failure_is_told_once_and_not_again_by_its_message(tmp_path: Path) -> None:
    text = "# Log\n\naccuracy 71.25 %\n\n- a run failed: sample construction limit\n  - it only built 374 examples\n"
    assert [one.place.line for one in loud(tmp_path, text) if one.rule == "infrastructure"] == [5]


def test_the_value_that_a_row_should_have_is_that_of_the_printed_numbers(tmp_path: Path) -> None:
    text = FORMS["a ratio that one row does not have"][3]
    said = [sentence(one) for one in loud(tmp_path, text) if one.rule == "row-breaks-column"]
    assert "here that would be 341.9259, printed is 114.0x." in said[0]


def test_a_list_keeps_its_last_value_before_a_colon(tmp_path: Path) -> None:
    text = "- seed deltas: +0.012, -0.004, +0.021: not a stable gain\n"
    assert [one.facts["seeds"] for one in loud(tmp_path, text) if one.rule == "recomputed"] == [3]


def test_hours_are_told_in_hours(tmp_path: Path) -> None:
    text = "- baseline: 71.3 % (trained for 1 hour)\n- ours: 74.1 % (trained for 5 hours), +2.8 pp\n"
    said = [sentence(one) for one in loud(tmp_path, text) if one.rule == "unequal-budgets"]
    assert "had 5 and 1 (hours, line 1)" in said[0]


def test_a_failure_below_one_that_is_told_in_running_text_is_told(tmp_path: Path) -> None:
    text = "# Log\n\naccuracy 71.25 %\n\nThe jobs crashed by a segfault. We saw:\n\n- one job crashed by segfault\n"
    assert [one.place.line for one in loud(tmp_path, text) if one.rule == "infrastructure"] == [7]


def test_results_are_the_names_of_no_arms(tmp_path: Path) -> None:
    text = "# 日志\n\n1. 从 51.6%（13M steps）提升至 56.0%（20M steps），增量约 +4.4%\n"
    assert [one for one in loud(tmp_path, text) if one.rule == "unequal-budgets"] == []
