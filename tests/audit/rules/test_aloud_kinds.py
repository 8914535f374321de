"""Kinds of text that once were taken for faults, each beside a text of the same form in which the finding holds."""

from __future__ import annotations

from pathlib import Path

import pytest

from evenhand.audit.check import audit, sentence
from evenhand.audit.finding import Finding
from evenhand.audit.reading.opened import open_logs


def aloud(tmp_path: Path, rule: str, text: str, name: str = "a.md") -> list[Finding]:
    """The findings of a rule that are no hints."""
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return [one for one in audit(open_logs([path])) if one.rule == rule]


LAMBDA = (
    "# Bench\n\n| Method | {name} | Spread |\n|---|---|---|\n| one | 50.031 | 0.007 |\n"
    "| grid_elbo | 1581.124 | 0.2231 |\n"
    "| grid_{other} | 1581.124 | 0.2231 |\n{more}"
)
SWEEP = (
    "# Arm\n\n## {title}\n\n| Config | accuracy | Steps |\n|---|---|---|\n| baseline | 0.412 | 5M |\n"
    "| wide | 0.433 | 5M |\n| {name} | 0.471 | 10M |\n"
)
TABLE = "| run | ASR |\n|---|---|\n| baseline | {} |\n| kl | 0.31 |\n"
TWO_TEXTS = (
    "experiment,f1,auc,brier,features\nbaseline,0.5911,0.7321,0.2134,length of the answer and language\n"
    "all,0.6911,0.7821,0.1934,agreement of the answers and language\n"
    "answers,0.6911,0.7821,0.1934,{} of the answers and language\nnone,0.5111,0.6821,0.2434,nothing but the language\n"
)
STEADY = "# Log\n\n- Result:\n  - seed deltas: `+{}`, `+{}`, `+{}`\n- Status: stable positive\n"
NONE = "# Log\n\n- control, 3 seeds: +0.001, -0.001, +0.000\n- Status: no effect{}\n"
CUT = (
    "# Log\n\n| arm | new | old | delta |\n|---|---|---|---|\n| a | 61.2 | 51.0 | +10.2 |\n"
    "| b | 63.2 | 51.0 | +12.2 |\n"
    "| c | 64.2 | 51.0 | +13.2 |\n| d | 66.5 | 52.3 | +14.2 |\n| e | 70.1 | 53.3 | +16.8 |\n| f | 72.9 | 53.3 {}"
)
LATER = (
    "# Log\n\n## Search\n\n- a stable win: accuracy 0.751, better than the baseline\n\n{}"
    "- command: `search.py --trials 120 --seed 42`\n"
)
RUNS = (
    "{first},f1,auc,brier\n{a},0.5911,0.7321,0.2134\n{b},0.6911,0.7821,0.1934\n"
    "{c},0.6911,0.7821,0.1934\n{d},0.5111,0.6821,0.2434\n"
)
FAILED = "# Log\n\n## Adam\n\n{}\n\n- the Adam optimizer is worse, so we drop Adam\n"
CELLS = (
    "# Log\n\n| run | accuracy | slid accuracy | Notes |\n|---|---|---|---|\n| base | 0.712 | 0.731 | fine |\n"
    "| wide | {} | — | OOM on the sliding eval |\n"
)
RIVALS = (
    "# Log\n\n| Method | Update | Epochs | success |\n|---|---|---|---|\n| {} | AWR | 200 | **98.8%** |\n"
    "| {} | PPO | 100 | 94.8% |\n| plus | PPO | 100 | 92.0% |\n"
)
SEED = (
    "# Log\n\n## First run\n\n- accuracy 0.712 at seed: 42\n\n"
    "## Second run\n\n- a stable win: accuracy 0.751, better than the baseline\n"
)
SEEDS = (
    "# Best of n\n\n| Budget | seed 1 | seed 2 | mean |\n|---|---|---|---|\n| 1000 | {0} | {0} | 80.0%{1} |\n"
    "| 2000 | {2} | {3} | 77.8%{1} |\n| 3000 | {4} | {4} | 86.7%{1} |\n"
).format
STAGES = (
    "# Log\n\n| Stage | Examples | Epochs | reward |\n|---|---|---|---|\n| {} | 638 | 3 | 0.301 |\n"
    "| {} | 638 | 1 | 0.282 |\n"
)
LICENCES = (
    "# Arms\n\n## Labels\n\n- wide: accuracy by hand, {0}\n- deep: accuracy by hand, {0}\n"
    "- Conclusion: wide and deep are equally good\n"
)

CASES = {
    "a story of a fall": (
        "best-of-many",
        "# Log\n\n- run A: accuracy peaked at iter 20 with 0.240 and collapsed to 0.040 by iter 100.\n",
        "# Log\n\n- run A: accuracy peaked at iter 20 with 0.240 and was worse later.\n",
    ),
    "a selected setting": (
        "identical-rows", LAMBDA.format(name="Mean λ", other="renyi", more=""),
        LAMBDA.format(name="Error", other="renyi", more=""),
    ),
    "one method in two implementations": (
        "identical-rows",
        LAMBDA.format(name="Error", other="ldlt", more="\n- `grid_ldlt` is the same on a CUDA kernel\n"),
        LAMBDA.format(name="Error", other="ldlt", more="\n- `grid_ldlt` has another prior\n"),
    ),
    "a plan": (
        "unequal-budgets", SWEEP.format(title="Sweep plan", name="deep"), SWEEP.format(title="Sweep", name="deep"),
    ),
    "stages of one training": ("unequal-budgets", STAGES.format("SFT", "GRPO"), STAGES.format("SFT", "baseline")),
    "a best row among methods": (
        "unequal-budgets", RIVALS.format("deep", "wide"), RIVALS.format("deep", "baseline"),
    ),
    "a mean beside counts with shares of their own": (
        "count-and-rate", SEEDS("80.0% (12/15)", "", "80.0% (12/15)", "73.3% (11/15)", "86.7% (13/15)"),
        SEEDS("12/15", "", "12/15", "x", "13/15"),
    ),
    "a mean with its spread beside counts": (
        "count-and-rate", SEEDS("12/15", " ± 0.1", "12/15", "x", "13/15"), SEEDS("12/15", "", "12/15", "x", "13/15"),
    ),
    "an amount in the name": (
        "unequal-budgets", SWEEP.format(title="Sweep", name="deep_10M"), SWEEP.format(title="Sweep", name="deep_10k"),
    ),
    "one failed evaluation of a measured row": ("infrastructure", CELLS.format("0.741"), CELLS.format("—")),
    "a run that was resumed": (
        "infrastructure", "# Log\n\n- base: accuracy 71.2 %\n- training run crashed with OOM; resumed and done\n",
        "# Log\n\n- base: accuracy 71.2 %\n- training run crashed with OOM; excluded\n",
    ),
    "a time limit as a setting": (
        "failure-as-verdict", FAILED.format("- Adam run, time limit: 600 s"),
        FAILED.format("- Adam run hit the time limit"),
    ),
    "the name of an arm": (
        "failure-as-verdict", FAILED.format("- the Adam run of the rate-limited arm"),
        FAILED.format("- the Adam run was rate-limited"),
    ),
    "a part of words": (
        "failure-as-verdict", FAILED.format("- the Adam run has goal-reached/time cost"),
        FAILED.format("- the Adam run reached the time limit"),
    ),
    "none of them": (
        "failure-as-verdict", FAILED.format("- the Adam run had 0 OOMs"), FAILED.format("- the Adam run had OOMs"),
    ),
    "a table between": (
        "failure-as-verdict", FAILED.format("- the Adam run hit the time limit\n\n" + TABLE.format("0.42")),
        FAILED.format("- the Adam run hit the time limit"),
    ),
    "a seed of another run": ("few-seeds", SEED, SEED.replace("accuracy 0.712 at seed", "seed")),
    "a p-value of another clause": (
        "interval-and-word", "# Log\n\n- A is significantly better, while the paired test for B gives p = 0.31\n",
        "# Log\n\n- A is significantly better: the paired test gives p = 0.31\n",
    ),
    "a gain that is stable over a training": (
        "few-seeds", "# Log\n\n- seed: 42\n- a stable win with more steps: accuracy 0.751, better than the baseline\n",
        "# Log\n\n- seed: 42\n- a stable win: accuracy 0.751, better than the baseline\n",
    ),
    "a share of something else behind a count": (
        "count-and-rate", "# Log\n\n- it clears a coin flip on 32/50 folds (0.519)\n",
        "# Log\n\n- it clears a coin flip on 32/50 folds (0.604)\n",
    ),
    "a word that begins like one of comparison": (
        "change-disagrees",
        "# Log\n\n- the base costs 5.281, against 3.160 for capitals and 2.832 for lowercase names\n",
        "# Log\n\n- the base costs 5.281, the variant costs 3.160, so 2.832 lower\n",
    ),
    "a seed of a later run": ("few-seeds", LATER.format("## Another run\n\n"), LATER.format("")),
    "two counts with their shares in order": (
        "count-and-rate", "# Log\n\nErrors fell from 131/400 to 112/400 (32.8% to 28.0%).\n",
        "# Log\n\nErrors fell from 131/400 (32.8%) to 112/400 (38.0%).\n",
    ),
    "a setting and its gain": (
        "change-disagrees", "# Log\n\n- dropout 0.1 -> 0.3: -0.5 points\n",
        "# Log\n\n- with dropout: accuracy 71.2 -> 73.4: +1.2 points\n",
    ),
    "few seeds that show it": (
        "few-seeds", STEADY.format("0.0111", "0.0110", "0.0109"), STEADY.format("0.0156", "0.0234", "0.0625"),
    ),
    "no effect beside its margin": (
        "no-effect-shown", NONE.format(" (equivalence margin 0.01)"), NONE.format(""),
    ),
    "a last row that is cut": ("row-breaks-column", CUT.format("| +1"), CUT.format("| +1 |\n")),
    "numbers of licences": ("ceiling", LICENCES.format("`CC0-1.0`"), LICENCES.format("accuracy 1.0")),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_what_is_meant_otherwise_is_not_told_aloud(tmp_path: Path, case: str) -> None:
    rule, innocent, fault = CASES[case]
    assert aloud(tmp_path, rule, fault)
    assert aloud(tmp_path, rule, innocent) == []


DATA = {
    "arms with one text": (TWO_TEXTS.format("agreement"), TWO_TEXTS.format("difference")),
    "numbered runs": (
        RUNS.format(first="experiment", a=1, b=2, c=3, d=4),
        RUNS.format(first="experiment", a="base", b="x", c="y", d="z"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", DATA)
def test_records_of_one_arm_are_no_twins(tmp_path: Path, case: str) -> None:
    innocent, fault = DATA[case]
    assert aloud(tmp_path, "twin-arms", fault, "a.csv")
    assert aloud(tmp_path, "twin-arms", innocent, "a.csv") == []


def test_a_failure_in_records_is_not_pinned_on_another_row(tmp_path: Path) -> None:
    rows = (
        "run,net,steps,exit,loss,verdict\nr1,adam,500,ok,2.91,reference\nr2,lion,500,{},2.93,unclear\n"
        "r3,wide,62,{},3.88,inferior optimiser forget it\nr4,deep,500,ok,2.95,smaller\n"
    )
    assert aloud(tmp_path, "failure-as-verdict", rows.format("ok", "NCCL timeout node 3"), "a.csv")
    assert aloud(tmp_path, "failure-as-verdict", rows.format("NCCL timeout node 3", "ok"), "a.csv") == []


def test_a_best_whose_end_is_told_below_is_a_note_with_its_whole_number(tmp_path: Path) -> None:
    text = "# Log\n\n- Best test accuracy: **0.8661** at epoch **190**\n- Final test accuracy: **0.8633**\n"
    (one,) = aloud(tmp_path, "best-of-many", text)
    assert (one.level, one.quote[-12:]) == ("note", "at epoch 190")
    assert "the last one (line 4)" in sentence(one)


def test_an_impossible_share_is_told_in_its_own_unit(tmp_path: Path) -> None:
    (percent,) = aloud(tmp_path, "impossible-share", "# Log\n\n- accuracy 63.8% on 40 items\n")
    assert sentence(percent) == "No whole number of 40 items gives 63.8%: 25 would be 62.50%, 26 would be 65.00%."
    (share,) = aloud(tmp_path, "impossible-share", "# Log\n\n- accuracy 0.638 on 40 items\n")
    assert sentence(share) == "No whole number of 40 items gives 0.638: 25 would be 0.6250, 26 would be 0.6500."


def test_a_quote_stands_in_the_log(tmp_path: Path) -> None:
    (english,) = aloud(tmp_path, "count-and-rate", "# Log\n\n- solved 80/429 (28.6%) of them\n")
    assert english.quote == "80/429 (28.6%)"
    words = "# Protokoll\n\nDie Genauigkeit der Läufe steht unten und wird mit der Basis verglichen.\n\n"
    (german,) = aloud(tmp_path, "count-and-rate", words + "- 80 von 429 Aufgaben gelöst (28,6 %)\n")
    assert german.quote in german.place.text
