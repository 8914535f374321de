"""Comparisons that could not be fair, told in the plainest words, each with a sound twin."""

from __future__ import annotations

from pathlib import Path

import pytest

from evenhand.audit.check import audit, sentence
from evenhand.audit.finding import Finding
from evenhand.audit.reading.opened import open_logs

LIMIT = "Time budget was {} s for the baseline and 220 s for each variant. Best variant: 62.1 % vs 49.1 % (+13.0 pp).\n"
STOPPED = (
    "The baseline was stopped after {} epochs. Ours was trained for 10 epochs and reaches 88.1 % against 84.0 %, so our"
    " loss function helps.\n"
)
TUNED = "We tuned our method over 20 values; the baseline {}. Ours: 74.1, baseline: 72.6.\n"
SETUP = (
    "## Setup\n\n- baseline: {} steps\n- ours: 6000 steps\n\n## Results\n\n- baseline: 0.642\n- ours: 0.671\n\n"
    "Ours improves on the baseline by 2.9 points.\n"
)
EPOCHS = "Test accuracy per epoch: 61.0, 63.2, 66.1, 64.8, 62.9. We report {} %.\n"
PEAK = "The test accuracy peaked at 73.8 % (epoch 9 of 30) and ended at 71.0 %. We report {} %.\n"
RATES = (
    "Of 16 learning rates, 3e-4 gave the highest accuracy on seeds 1, 2, 3 (73.4 %). Final result: {} %, versus "
    "baseline 72.0 %.\n"
)
PROMPTS = (
    "We tried 24 prompts on the 50 dev questions and chose the best (62 %). On {} questions the default prompt has 54 %"
    ": prompting gains {} points.\n"
)
SEEDS = "Of the 5 seeds, seed 3 was the best at 90.4. We report {}; the baseline has 89.6.\n"
KL = (
    "Exp 2: KL lowers perplexity by 13.1 % vs {}. Exp 3: replay lowers it by 4.0 % vs plain SFT. KL is three times as "
    "effective.\n"
)
OVER = (
    "| method | gain | over |\n|---|---|---|\n| A | +13.0 | {} |\n| B | +2.0 | tuned |\n\nA is the stronger method.\n"
)
ROUNDS = (
    "Round 1 baseline 61.2, variant 63.0. Round 2 baseline {}, variant {}. Round 2's variant is the better one (+2.6 "
    "against +1.8).\n"
)
GRID = "We tuned our learning rate in {{1e-5, 3e-5, 1e-4, 3e-4}}; the baseline {}. Ours: 74.1, baseline: 72.6.\n"
HOURS = "The baseline got {} GPU-hours, our model 16 GPU-hours. Ours wins, 74.1 % against 72.6 %.\n"
EPOCH_LIST = (
    "Test accuracy, evaluated at every epoch:\n\n- epoch 1: 61.0 %\n- epoch 2: 63.2 %\n- epoch 3: 66.1 %\n"
    "- epoch 4: 64.8 %\n- epoch 5: 62.9 %\n\nFinal result: {} %.\n"
)
THAT = "Of the 8 epochs, epoch 5 has the highest {} accuracy (91.3 %). That is our final result.\n"
BEST_SEED = "We report the {} (92.1 %); the baseline has 91.5 %.\n"
STARTS = (
    "| change | baseline | gain |\n|---|---|---|\n| warm-up | 61.2 | +1.8 |\n| dropout | {} | +2.6 |\n\n"
    "Dropout is the better change.\n"
)

FORMS: dict[str, tuple[str, str, int, str, str]] = {
    "two limits": ("unequal-budgets", "caution", 1, LIMIT.format(80), LIMIT.format(220)),
    "a baseline that was stopped": ("unequal-budgets", "caution", 1, STOPPED.format(3), STOPPED.format(10)),
    "one arm was tuned": (
        "unequal-budgets", "caution", 1, TUNED.format("was run with its default"), TUNED.format("was tuned as well"),
    ),
    "a setup and its results": ("unequal-budgets", "caution", 4, SETUP.format(1500), SETUP.format(6000)),
    "the best epoch": ("best-on-test", "caution", 1, EPOCHS.format(66.1), EPOCHS.format(62.9)),
    "a peak that was reported": ("best-on-test", "caution", 1, PEAK.format(73.8), PEAK.format("71.0")),
    "the best rate": ("winner-on-its-seeds", "caution", 1, RATES.format(73.4), RATES.format("on seeds 4-9: 72.6")),
    "a gain of the best prompt": (
        "winner-on-its-seeds", "caution", 1, PROMPTS.format("the same 50", 8), PROMPTS.format("450 new", 3),
    ),
    "the best seed": ("winner-on-its-seeds", "caution", 1, SEEDS.format(90.4), SEEDS.format("the mean, 89.9")),
    "two arms": ("baselines-differ", "fault", 1, KL.format("the untrained model"), KL.format("plain SFT")),
    "two rows": ("baselines-differ", "fault", 6, OVER.format("random init"), OVER.format("tuned")),
    "two rounds": ("baselines-differ", "fault", 1, ROUNDS.format(58.9, 61.5), ROUNDS.format(61.2, 63.8)),
    "two rounds without their gains": (
        "baselines-differ", "fault", 1, ROUNDS.format(58.9, 61.5).replace(" (+2.6 against +1.8)", ""),
        ROUNDS.format(61.2, 63.8).replace(" (+2.6 against +1.8)", ""),
    ),
    "a grid in braces": (
        "unequal-budgets", "caution", 1, GRID.format("was run with its default"), GRID.format("was tuned as well"),
    ),
    "hours of machines": ("unequal-budgets", "caution", 1, HOURS.format(4), HOURS.format(16)),
    "looks line by line": ("best-on-test", "caution", 9, EPOCH_LIST.format(66.1), EPOCH_LIST.format(62.9)),
    "the best look as that": ("best-on-test", "caution", 1, THAT.format("test"), THAT.format("validation")),
    "the best of so many seeds": (
        "winner-on-its-seeds", "caution", 1, BEST_SEED.format("best of 10 seeds"), BEST_SEED.format("mean of 10 seeds"),
    ),
    "a column of baselines": ("baselines-differ", "fault", 6, STARTS.format(58.9), STARTS.format(61.2)),
}  # fmt: skip

SOUND = (
    "Warm-up was 5 epochs for the baseline and 10 epochs for ours. Ours is better (74.2 vs 73.1).\n",
    "First we ran the baseline for 1 epoch. Then the baseline and ours ran for 10 epochs. Ours wins: 71.2 vs 70.1.\n",
    "We ran the baseline for 6 h on 8 GPUs and our model for 12 h on 4 GPUs. Ours is better: 0.71 vs 0.69.\n",
    "Test accuracy of the five methods after 10 epochs: 61.0, 63.2, 66.1, 64.8, 62.9. Our method gets 66.1 %.\n",
    "Test accuracy over 5 epochs peaked at 66.1 % and fell to 62.9 %. We report 62.9 %.\n",
    "We ran 20 seeds. The best has 41.2, the median 39.8. We report the median, 39.8 (baseline 39.0).\n",
    "Ours: +5.0 over BM25 on NQ, +2.0 over DPR on MS MARCO. Ours is the best system.\n",
    "A gains 5.0 points over B. B gains 2.0 points over C. So A is the best.\n",
    "Exp 1: baseline 0.520, ours 0.561 on CIFAR-10. Exp 2: baseline 0.380, ours 0.402 on CIFAR-100. The better one is "
    "CIFAR-10 (+0.041 vs +0.022).\n",
)


def loud(folder: Path, text: str) -> list[Finding]:
    """What is told aloud of a log."""
    (folder / "log.md").write_text(text, encoding="utf-8")
    return list(audit(open_logs([folder / "log.md"])))


@pytest.mark.parametrize("form", FORMS)
def test_a_plain_form_is_named_and_its_sound_twin_is_not(tmp_path: Path, form: str) -> None:
    rule, level, line, fault, twin = FORMS[form]
    assert (rule, level, line) in [(one.rule, one.level, one.place.line) for one in loud(tmp_path, fault)]
    assert rule not in [one.rule for one in loud(tmp_path, twin)]


@pytest.mark.parametrize("text", SOUND)
def test_what_only_looks_alike_is_not_told(tmp_path: Path, text: str) -> None:
    assert [one.rule for one in loud(tmp_path, text) if one.level != "note"] == []


def test_two_gains_of_one_sentence_are_told_once(tmp_path: Path) -> None:
    text = "A is +0.037 over plain SFT; B is +0.155 over the untrained model, so B helps four times as much.\n"
    assert [one.rule for one in loud(tmp_path, text)] == ["baselines-differ"]


def test_the_prompts_are_counted_and_not_the_questions(tmp_path: Path) -> None:
    said = [sentence(one) for one in loud(tmp_path, FORMS["a gain of the best prompt"][3])]
    assert [one for one in said if one.startswith("62 is the best of 24 (line 1)")] != []
