"""What rests on more than the words nearest to it: each case speaks, its look-alike is at most a hint."""

from __future__ import annotations

from pathlib import Path

import pytest

from evenhand.audit.check import audit
from evenhand.audit.reading.opened import open_logs

CONFIGS = (
    "# Runs\n\n| Config | Epochs | batch | acc |\n|---|---|---|---|\n| baseline | 1 | 16 | {} |\n"
    "| wide | 3 | {} | {} |\n"
)
STEPS = (
    "| Config | Epochs | Acc (%) | Size | Δ vs base |\n|---|---|---|---|---|\n| base | 2 | 41.25 | 8.2 | - |\n"
    "| r=16 | 2 | 42.00 | 8.4 | +0.75 |\n| r=32 | 6 | 45.50 | 8.9 | {} |\n"
)

FAR = "- accuracy base 0.71250, gated 0.71250\n- so the gate has no effect{}\n"
MORE = "- the data were read again\n" * 14
ALL = "## Task\n\n| Model | Accuracy |\n|---|---|\n| base | 100.0% |\n| wide | 100.0% |\n\nSo wide {}.\n"
SEED = "# Log\n\n## Setup\n\n- Seed: 42\n{}\n## Results\n\n- a stable win: loss 1.51, better than the baseline\n"
ROWS = (
    "# Bots\n\n| Variant | acc | loss |\n|---|---|---|\n| baseline | 0.81973 | 1.57871 |\n"
    "| filter | 0.81973 | 1.57871 |\n\n- so the filter {}\n"
)
KL = "Exp 2: KL lowers perplexity by 13.1 % vs {}. Exp 3: replay lowers it by 4.0 % vs plain SFT. KL is the stronger."
HIP = (
    "Our +2.93 rad hip beats their +2.88; the leg torque is 3.1 vs G1 3.0, and our deficit is paid at the hip "
    "where we are strongest.\n"
)
LONG = (
    "# Runs\n\n| Run | Epochs | acc | note |\n|---|---|---|---|\n| baseline | 50 | 0.712 | first |\n"
    "| aug | 50 | 0.731 | |\n| deep | 100 | 0.745 | {}? |\n"
)
HOURS = "# Log\n\n- baseline: trained 2 h, 71.2 %\n- ours: trained 8 h, 74.1 %\n{}"
BATCHES = "Baseline: 1000 steps{}, 71.2 %. Ours: 4000 steps{}, 72.4 %. Ours is better by 1.2 points.\n"
TRIALS = (
    "# Tuning\n\n- baseline: default settings, 71.2 %\n- ours: 40 trials of Optuna on dev, 73.1 %{}\n"
    "- so ours is better by 1.1\n"
)
HURTS = "# Log\n\n- the retrieval run crashed with OOM{}\n- verdict: retrieval hurts\n"
NAMED = "# Grid\n\n| config | epochs | acc |\n|---|---|---|\n| {} | 10 | 0.712 |\n| {} | 30 | 0.745 |\n"
AT = (
    "# Runs\n\n- baseline: 10 epochs, 71.2 %\n- ours: 30 epochs, 74.1 %\n- ours at first: 73.0 %\n"
    "- ours is better by 1.8 points {}\n"
)

CASES = {
    "a short conclusion": ("no-op", FAR.format(""), FAR.format(", as far as could be seen" * 12)),
    "one denies an effect, one tells of reaching": (
        "ceiling",
        ALL.format("is as good as base"),
        ALL.format("and base preserve it"),
    ),
    "the only seed of one scene": ("few-seeds", SEED.format(""), SEED.format("\n## Notes\n" + MORE * 4)),
    "seeds beside a translated word": (
        "few-seeds",
        "# 日志\n\n结论：三个 seed 一致改善，准确率 0.712 提升\n",
        "# 日志\n\n三个 seed。\n\n这里是对所有实验的总结和分析。\n\n结论：一致改善，准确率 0.712 提升\n",
    ),
    "an effect and a change of other things": (
        "no-op",
        ROWS.format("has no effect"),
        ROWS.format("did not change the set of pairs"),
    ),
    "an effect that is called noisy": (
        "few-seeds",
        "We ran it once, and the gain of 1.2 points is real.\n",
        "We ran it once, and the gain of 1.2 points is real but noisy.\n",
    ),
    "a comparison in a row's own words": (
        "unequal-budgets",
        "# Runs\n\n| Run | Data | Epochs | F1 | Note |\n|---|---|---|---|---|\n| Baseline | 2000 | 1 | 0.155 | |\n"
        "| v1 | 2000 | 1 | 0.149 | |\n| more | 6000 | 3 | 0.114 | worse than baseline |\n",
        "# Runs\n\n| Run | Data | Epochs | F1 | Note |\n|---|---|---|---|---|\n| Baseline | 2000 | 1 | 0.155 | |\n"
        "| v1 | 2000 | 1 | 0.149 | |\n| more | 6000 | 3 | 0.114 | no collapse |\n",
    ),
    "a longer training that is what is tried": (
        "unequal-budgets",
        LONG.format("new head"),
        LONG.format("does longer training help"),
    ),
    "steady over seeds, and over sets of data": (
        "few-seeds",
        "# Log\n\n- seed: 42\n- ours is consistently better: 0.71 against 0.68\n",
        "# Log\n\n- seed: 42\n- ours is consistently better: 0.71 against 0.68 on all five datasets\n",
    ),
    "an idea and a size that did not fit": (
        "failure-as-verdict",
        "# Log\n\n- Lookahead: out of memory\n- so Lookahead is not suited for speech\n",
        "# Log\n\n- batch 64: out of memory\n- so batch 64 is not suited for this card\n",
    ),
    "hours, and epochs that were equal": (
        "unequal-budgets",
        HOURS.format(""),
        HOURS.format("- both for 10 epochs on the same machine\n"),
    ),
    "steps of batches of one size, and of two": (
        "unequal-budgets",
        BATCHES.format("", ""),
        BATCHES.format(" with batch 64", " with batch 16"),
    ),
    "settings that both tried": (
        "unequal-budgets",
        TRIALS.format(""),
        TRIALS.format("; the baseline tuned with 40 trials too: 72.0 %"),
    ),
    "a gain upon a gain": (
        "baselines-differ",
        "RAG gives +4.1 over the base model; SFT gives +2.0 over BERT, so RAG is the best.\n",
        "RAG gives +4.1 over the base model; SFT gives another +2.0 over RAG, so RAG is the best.\n",
    ),
    "what failed, and what was measured instead": (
        "failure-as-verdict",
        HURTS.format(""),
        HURTS.format("; on a sample retrieval has 41.2 % against 44.0 %"),
    ),
    "seeds that are still running": (
        "few-seeds",
        "- 3/3 seeds positive\n",
        "- 3/3 seeds positive (5 more are running)\n",
    ),
    "epochs of a name": ("unequal-budgets", NAMED.format("baseline", "big"), NAMED.format("baseline-e10", "big-e30")),
    "a comparison at the smaller budget": (
        "unequal-budgets",
        AT.format("in all"),
        AT.format("at 10 epochs"),
    ),
    "a reference and another result": (
        "baselines-differ",
        KL.format("the untrained model"),
        HIP,
    ),
    "a peak that is the result, and one beside its end": (
        "best-of-many",
        "# Log\n\nThe model reached 11.25% peak accuracy at step 7400\non the held-out words.\n",
        "# Log\n\nThe model reached 11.25% peak accuracy at step 7400\nand 11.15% final at step 8000.\n",
    ),
    "the budget alone tells two rows apart": (
        "unequal-budgets",
        CONFIGS.format(0.411, 16, 0.433),
        CONFIGS.format(0.411, 64, 0.433),
    ),
    "rows without results are plans": (
        "unequal-budgets",
        CONFIGS.format(0.411, 16, 0.433),
        CONFIGS.format(0.01, 16, 0.001),
    ),
    "the row's own difference is of its results": ("unequal-budgets", STEPS.format("+4.25"), STEPS.format("+0.7")),
    "arms of which one is a baseline": (
        "unequal-budgets",
        "- baseline: trained 2 epochs, 71.3 %\n- ours: trained 8 epochs, 74.1 %\n",
        "- entities: F1 71.3 %\n- relations: F1 64.1 %\n\n1. entities: 3-5 epochs sufficient\n"
        "2. relations: 7-10 epochs needed\n",
    ),
    "results of both": (
        "unequal-budgets",
        "- baseline trained 5 epochs, wide 15 epochs\n- baseline 71.3 %, wide 74.1 %\n",
        "- baseline trained 5 epochs, wide 15 epochs\n- baseline and wide in 3.2 and 9.1 minutes\n",
    ),
}


def aloud(tmp_path: Path, rule: str, text: str) -> list[int]:
    path = tmp_path / "a.md"
    path.write_text(text)
    return [one.place.line for one in audit(open_logs([path])) if one.rule == rule and one.level != "note"]


@pytest.mark.parametrize("case", CASES)
def test_what_the_text_shows_is_told_and_its_look_alike_is_not(tmp_path: Path, case: str) -> None:
    rule, fault, look_alike = CASES[case]
    assert aloud(tmp_path, rule, fault)
    assert aloud(tmp_path, rule, look_alike) == []
