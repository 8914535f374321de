"""Numbers and words of other things, which public logs set where a fault would stand; beside each a true fault."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from evenhand.audit.check import audit, sentence
from evenhand.audit.finding import Finding
from evenhand.audit.reading.opened import open_logs
from evenhand.audit.rules.arithmetic import mean_disagrees
from evenhand.audit.told.budgets.amounts import _SHARED_BEHIND
from evenhand.audit.told.budgets.tables import BY_NAME
from evenhand.audit.told.shares import slips

FOLDS = "# Log\n\n- Per fold:\n{}- Average: +0.0{}\n"
FOLD = "".join(f"    - Fold {n}: +0.0{v}{{}}\n" for n, v in enumerate((276, 375, 349, 277, 313)))
SPEED = (
    "| Parameter | V6 | V7 | Improvement |\n|---|---|---|---|\n| env | Dummy | Subproc | Multi-core |\n"
    "| envs | 32 | **768** | 24x |\n| batch | 1024 | **32768** | 32x |\n| n_steps | 4096 | **2048** | Optimized |\n"
    "| FPS | 1,188 | **6,836** | **{}** |\n| util | 31% | 50% | CPU-bound |\n"
)
CAUSE = (
    "## F-2\n\nSymptom:\n\nThe first page run timed out under scripted fetch.\n\n{}\n\n"
    "- Hence the first page is unstable.\n"
)
CHANCE = "### Metrics\n\n- {}\n- acc wide: 0.105\n- acc base: 0.106\n- so wide is better\n"

REDUCED = (
    "| setting | before | after | Reduction % | chunks |\n|---|---|---|---|---|\n"
    "| none | 7093.5 | 7093.5 | 0.0 | 20.0 |\n| top10 | 7093.5 | 1416.6 | {} | 3.91 |\n"
    "| top5 | 7093.5 | 1772.6 | 75.01 | 4.99 |\n| mmr7 | 7093.5 | 1777.9 | 74.95 | 5.0 |\n"
    "| mmr5 | 7093.5 | 1769.6 | 75.09 | 5.0 |\n"
)
PAIRED = "| Model | Strict success |\n|---|---|\n| SFT | 100/150 = 66.7% |\n| **GRPO** | 112/150 = **74.7%** |\n\n{}\n"
SPLITS = (
    "| model | {} | {} |\n|---|---|---|\n| a | 77.08% | 66.15% |\n| b | 91.67% | 97.40% |\n| c | 92.19% | 89.58% |\n"
    "| d | 70.83% | 70.83% |\n| e | 94.27% | 95.83% |\n"
)
NAMES = (
    "| Experiment | Model | prompts | F1 (a) | F1 (b) |\n|---|---|---|---|---|\n"
    "| Primary | medium | 4 | 61.26 | 58.71 |\n| small | small | 4 | 60.51 | 58.09 |\n"
    "| Ablation | {} | 4 | 61.26 | 58.71 |\n| large | large | 4 | 54.80 | 52.45 |\n"
)
WINS = (
    "| Domain | n | Wins | Δ Overall |\n|---|---:|---:|---:|\n| Shops | 5 | 5/5 | +2.20 |\n| SaaS | 5 | 5/5 | +1.40 |\n"
    "| Food | 10 | 7/10 | +0.50 |\n"
)
PROMPTS = (
    "date,file,variant,notes,public_score,private_score,length_chars,ko_ratio\n"
    "d1,p/A.txt,v-A,past,0.643339048,,1915,0.7394\nd1,p/B.txt,v-B,order,0.643339048,,1915,0.7394\n"
    "d2,p/C.txt,v-C,future,0.629474098,,2019,0.7405\nd2,p/D.txt,v-D,none,0.619474098,,2119,0.7415\n"
)
QUOTED = (
    "| arm | seed 1 | seed 2 | seed 3 |\n|---|---|---|---|\n| base | 0.701 | 0.744 | 0.722 |\n"
    '| gated | 0.690 | 0.752 | 0.731 |\n\nThe gates are used, which rules out that "the gate has no effect".\n'
)
SEVERITY = (
    "| failure | severity | AP | change |\n|---|---|---|---|\n| delayed | 1 week | 0.6809 | −0.0% |\n"
    "| delayed | 2 weeks | 0.6808 | −0.0% |\n| removed | total | 0.6803 | −0.0% |\n| masked | half | 0.6781 | −0.3% |\n"
)
SEVERITY += "\n### Youth\n\n" + "\n".join(SEVERITY.splitlines()[:2]) + "\n| delayed | 1 week | 0.4958 | −0.2% |\n"
BLOCKS = "Coverage\n\n" + "\n".join(
    f"  DGP: skewed (delta={shift})\n    n=  500: ours=0.9{a} naive=0.9{b}\n    n= 5000: ours=0.9{c} naive=0.9{d}\n"
    for shift, a, b, c, d in ((0, 550, 547, 517, 510), (0.5, 410, 147, 483, 153), (1.0, 470, 323, 490, 193))
)
TWO_RATES = "| run | Done | All | Accuracy | Macro-F1 |\n|---|---|---|---|---|\n" + "".join(
    f"| {run} | {done} | {every} | {accuracy} | {f1} |\n"
    for run, done, every, accuracy, f1 in (
        ("a", 528, 649, 81.36, 81.36), ("b", 533, 661, 80.64, 80.64), ("c", 544, 671, 81.07, 81.06),
        ("d", 517, 640, 80.78, 80.78), ("e", 501, 633, 79.15, 79.15),
    )
)  # fmt: skip
FIELDS = "| field | Accuracy |\n|---|---|\n" + "".join(
    f"| {name} | {k / n:.4f} |\n"
    for name, k, n in (
        ("name", 33, 39), ("price", 29, 39), ("amount", 38, 39), ("date", 37, 39), ("shop", 30, 39), ("vat", 31, 39),
        ("Overall", 198, 234),
    )
)  # fmt: skip
CHOSEN = (
    "{}:\n\n| method | p1 | p2 | p3 |\n|---|---|---|---|\n| grid | 0.3162 | 0.1778 | 0.5623 |\n"
    "| ours | 0.3162 | 0.1778 | 0.5623 |\n| plain | 0.1000 | 0.3162 | 0.1778 |\n"
)
SPREAD = "{}\n\n- acc over seeds 61.25, 64.10, 59.30: mean 61.55, std 1.97\n"
HEADLESS = "ABLATION\n========\n" + "".join(
    f"  Text only     Method {name}    acc {k / 501:.4f}  F1 {k / 501 + 0.0011:.4f}\n"
    for name, k in zip("ABCDEFGHIJKL", (454, 450, 444, 449, 453, 437, 448, 447, 462, 461, 455, 458), strict=True)
)

CASES: dict[str, tuple[str, str, str]] = {
    "a share of what was counted up to then": (
        "count-and-rate",
        "- killed: 35 invalid answers at 143/239 (24% failure rate)\n",
        "- killed: 143/239 solved (54.8%)\n",
    ),
    "how likely a count is held to be": (
        "count-and-rate",
        "- we expect 1/12: 12%, 2/12: 3%\n",
        "- solved 1/12 (9.3%)\n",
    ),
    "a factor in a column of gains": ("change-disagrees", SPEED.format("5.8x faster"), SPEED.format("6.8x faster")),
    "a share that was rounded twice": (
        "odd-share",
        "| level | n | hit@1 |\n|---|---|---|\n| easy | 47 | 89.4% |\n| medium | 44 | 79.6% |\n| hard | 82 | 73.2% |\n"
        "| all | 91 | 84.6% |\n",
        "| level | n | hit@1 |\n|---|---|---|\n| easy | 47 | 89.4% |\n| medium | 44 | 78.9% |\n| hard | 82 | 73.2% |\n"
        "| all | 91 | 84.6% |\n",
    ),
    "what is wrong with a page, told as the cause": (
        "failure-as-verdict", CAUSE.format("Cause:"), CAUSE.format("Verdict:"),
    ),
    "the chance level of a loss": (
        "ceiling",
        CHANCE.format("CE: 11.27 -> 10.51, below random guess 10.82"),
        CHANCE.format("random guess gives 10.6%"),
    ),
    "a reduction of another column": ("change-disagrees", REDUCED.format("79.98"), REDUCED.format("89.98")),
    "counts that the log tests in pairs": (
        "within-noise", PAIRED.format("The paired difference has exact McNemar p = 0.0118."),
        PAIRED.format("GRPO is better."),
    ),
    "shares of two splits": (
        "granularity", SPLITS.format("训练准确率", "验证准确率"), SPLITS.format("accuracy", "success rate"),
    ),
    "one run under two names": ("identical-rows", NAMES.format("medium"), NAMES.format("wide")),
    "folds of which one is remarked on": (
        "mean-disagrees",
        FOLDS.format(FOLD.format("", " <- best one of all", "", "", ""), "318"),
        FOLDS.format(FOLD.format("", "", "", "", ""), "338"),
    ),
    "the spread of repeats": (
        "no-op", "- evalk4 x3: all 6.80% mean (stdev 0.00 pp under seed 74)\n",
        "- all three differences are 0.00 pp: no gain\n",
    ),
    "steady in several metrics": (
        "few-seeds", "- seed 42\n- Fusion is a consistent improvement of 1.6-2.0% in classification metrics\n",
        "- seed 42\n- Fusion is a consistent improvement of 1.6%\n",
    ),
    "a verdict far below a failure": (
        "failure-as-verdict",
        "OOM kills of the gated run at 18:49.\n\nNo driver errors. The boot ended uncleanly, too. "
        "A rule for later runs follows.\n\nVerdict: the gated run is useless.\n",
        "OOM kills of the gated run at 18:49.\n\nVerdict: the gated run is useless.\n",
    ),
    "settings that were chosen": ("identical-rows", CHOSEN.format("Chosen λ"), CHOSEN.format("Test RMSE")),
    "a spread whose kind is declared": (
        "spread-kind", SPREAD.format("SD is population SD across seeds."), SPREAD.format("SD is across seeds."),
    ),
}  # fmt: skip


def aloud(tmp_path: Path, text: str, rule: str) -> list[Finding]:
    path = tmp_path / "a.md"
    path.write_text("# Results\n\n" + text, encoding="utf-8")
    return [one for one in audit(open_logs([path])) if one.rule == rule]


@pytest.mark.parametrize("case", CASES)
def test_a_number_of_another_thing_is_not_held_against_what_stands_beside_it(tmp_path: Path, case: str) -> None:
    rule, other, faulty = CASES[case]
    assert aloud(tmp_path, other, rule) == []
    assert len(aloud(tmp_path, faulty, rule)) == 1, "the fault itself is told"


ARMS = (
    '{{"results": [{{"arm": "parent", "solved": 0.71931, "reward": 12.4172, "steps_left": 41.233, "notes": ""}},\n'
    '{{"arm": "no trunk", "solved": 0.71931, "reward": 12.4172, "steps_left": 41.233, "notes": "{}"}},\n'
    '{{"arm": "full", "solved": 0.74412, "reward": 13.0021, "steps_left": 44.918, "notes": ""}}]}}\n'
)


def test_a_record_that_says_that_it_is_another_is_no_twin(tmp_path: Path) -> None:
    told = {}
    for note in ("without the trunk blocks", "exact ablation, which collapses back to the parent"):
        (tmp_path / "a.json").write_text(ARMS.format(note))
        told[note] = [one for one in audit(open_logs([tmp_path / "a.json"])) if one.rule == "twin-arms"]
    assert [len(found) for found in told.values()] == [1, 0]


def test_words_of_a_summary_are_told_at_their_line_in_its_file(tmp_path: Path) -> None:
    note = '{{\n"stage": {},\n"criterion": "test accuracy",\n"acc": 0.7{}1,\n"verdict": "{}"\n}}\n'
    said = "the run timed out -> the idea does not help"
    for stage, words in ((1, "kept"), (2, said)):
        (tmp_path / str(stage)).mkdir()
        (tmp_path / str(stage) / "summary.json").write_text(note.format(stage, stage, words))
    found = [one for one in audit(open_logs([tmp_path])) if one.rule == "failure-as-verdict"]
    assert [(one.place.file, one.place.line) for one in found] == [(str(tmp_path / "2" / "summary.json"), 5)]


FOLDED = '{{"{}": {{"recall": [{}]}}}}\n'
SINCE = (
    "| who | Landed | Sold | Δ since 02:47 |\n|---|---|---|---|\n| fighter | 154 | 160 | +5 |\n"
    "| miner | 86 | 83 | +1 |\n| trader | 75 | 75 | +0 |\n| TOTAL | 315 | 318 | +6 |\n"
)
OTHERS = [
    ("change-disagrees", "# Results\n\n" + SINCE, "a.md"),
    ("change-disagrees", WINS, "a.md"),
    ("change-disagrees", "# Results\n\n" + SEVERITY, "a.md"),
    ("fewer-items", BLOCKS, "a.txt"),
    (
        "failure-as-verdict",
        "# Settings\n\n| setting | accuracy | note |\n|---|---|---|\n| full | 71.2 % | fine |\n"
        "| 2048 (OOM) | | chosen+rejected take more |\n",
        "a.md",
    ),
    (
        "no-op",
        "# Proof\n\nThe iteration applies both times the polynomial p(s) = 3.44451s - 4.775s³ to each value. "
        "Singular vectors are unchanged, so it makes no difference.\n",
        "a.md",
    ),
    ("best-of-many", "new peak test acc 0.1021 at step 700 -> saved peak.pt\n", "a.log"),
    (
        "baselines-differ",
        "# Meaning\n\n1. **Naive is catastrophic** - 2.6% on MATH-500, 0.4% on GSM8K.\n2. **The recipe rescues it "
        "more** - +47.6 on MATH-500 (2.6 -> 50.2), +70.6 on GSM8K.\n",
        "a.md",
    ),
    ("odd-share", "# Wins\n\nOn the 10 heldout problems it moved the 20.0% decisive win rate to 62.5%.\n", "a.md"),
    (
        "baselines-differ",
        "# Risks\n\n### The local model may not reach ICC≥0.75 vs faculty\n\n"
        "The model reaches ICC≥0.75 vs faculty or not.\n"
        "- Gate: the best candidate reaches ICC ≥ 0.6 against the synthetic ordering. If no model clears 0.6 there, it "
        "won't clear 0.75 on real data, which is better.\n",
        "a.md",
    ),
    (
        "few-seeds",
        "# Merge\n\n**Why:** Now `detect()` runs 3-5 prompts independently, then NMS merges. Fusion is proven better "
        "for small objects.\n",
        "a.md",
    ),
    (
        "ceiling",
        "# Delivery\n\n- **100% packet delivery ratio** for all protocols\n- **No packet loss** observed in any test\n",
        "a.md",
    ),
    (
        "ceiling",
        "# Patch\n\n- accuracy, patch to clean: follows clean 1.00 [1.00, 1.00]\n- random: 0.29 [0.20, 0.38]\n\n"
        "So the swap condition cuts through the confound of the patch.\n",
        "a.md",
    ),
    (
        "odd-share",
        "# Weakness\n\n- Model performs best on short sequences (<20 items): Hit@10=79.1%\n"
        "- Model performs worst on long ones (>100 items): Hit@10=62.9%\n",
        "a.md",
    ),
    (
        "failure-as-verdict",
        "# Lessons\n\n- Smoke tests must use the longest prompts. A smoke on short prompts passed, then the real run "
        "OOMed on long inputs. A smoke that exercises only the easy case is worse than none.\n",
        "a.md",
    ),
    (
        "change-disagrees",
        "# Gain\n\n`EDITABLE_GAIN` raised its authority gain from 8.0 to 11.06, *improving*\n"
        "`structural_min_margin` by +2.48 relative to the fixed arm (p = 0.0036,\ndz = +0.85) — from 3.80 to 6.28.\n",
        "a.md",
    ),
    (
        "few-seeds",
        "## 启发\n\n1. 当前 reranking 却未稳定改变最终标签或改善三 seed 主指标。\n"
        "2. 后续若重新做方法，应该把“可靠性改善”和“分类性能提升”分开建模：先证明弱域改善。\n",
        "a.md",
    ),
    (
        "odd-share",
        "# Severity\n\n| Severity | Count | Percentage |\n|---|---|---|\n| Critical | 18 | 17% |\n| High | 13 | 12% |\n"
        "| Medium | 10 | 9% |\n| Low | 67 | 62% |\n",
        "a.md",
    ),
    (
        "baselines-differ",
        "# Tests\n\nAll were significant; the least-separated pairs (Grad-CAM vs Layer-CAM, p = 3.6×10⁻³; Score-CAM vs "
        "Plain-CAM, p = 3.5×10⁻³) remained below threshold. The effect between the best and worst (Grad-CAM++ vs "
        "Integrated Gradients) was large.\n",
        "a.md",
    ),
    (
        "no-op",
        "# Slices\n\n- No failure boundary: negation A4−S4 `−0.15 pp`, length Q4 `+1.79 pp`, and distractor Q4 "
        "`0.00 pp`; all four bins were reported.\n",
        "a.md",
    ),
    (
        "change-disagrees",
        "# Splits\n\nWith every arm decoding 80 steps: 48 → 52.950 tok/s (−6.0%),\n**64 → 56.334**, 128 → 54.869.\n",
        "a.md",
    ),
    (
        "mean-disagrees",
        "model,top1_feature,category_top1,positional_in_top10,stateful_in_top10,recall\nForest,rr,Stateful,7,3,0.0000\n"
        "Boost,A_frequency,Stateful,7,3,0.0000\nLight,entropy,Positional,8,2,0.0000\n"
        "LSTM,labels_average,Positional,7,3,0.0180\nCNN,len,Positional,5,5,0.2985\n"
        "Logistic,subdomain_length,Positional,7,3,0.4518\n",
        "a.csv",
    ),
    ("count-and-rate", "# Data\n\n- **Train/Test Split:** 3,200/800 (80%/20%)\n", "a.md"),
    (
        "odd-share",
        "# Prompts\n\nWe tried 12 system prompts on a set of 250 tickets. Prompt 9 has 83.2 % accepted summaries.\n",
        "a.md",
    ),
    (
        "best-on-test",
        "# Notes\n\n- range result: 96 candidates, 12-fold train/test walk-forward. Result is `benchmark_only`: total "
        "return `-51.8707%`, max DD `52.1327%`, positive folds `1/12`.\n",
        "a.md",
    ),
    (
        "odd-share",
        "Swept over 8 values on 120 dev tasks; 0.6 is best. Our test result: 52.0 % of tasks solved.\n",
        "a.md",
    ),
    (
        "odd-share",
        "We asked 8 values on 120 dev tasks; 0.6 is best (54.2 %). Our test result: 52.0 %, greedy: 51.7 %.\n",
        "a.md",
    ),
    (
        "within-noise",
        "# Actions\n\n| Metric | Before | After | Change |\n|---|---|---|---|\n| Unique | 5 | 8 | +60% ✅ |\n"
        "| Action Space Utilization | 10.2% (5/49) | 16.3% (8/49) | +60% ✅ |\n",
        "a.md",
    ),
    (
        "identical-rows",
        "# Sets\n\n| name | gain | change |\n|---|---|---|\n| single_a | 4.8441 | 1.5346 |\n"
        "| pair_ab | 6.3172 | 3.0078 |\n"
        "| subset_oracle | 4.8441 | 1.5346 |\n",
        "a.md",
    ),
    (
        "few-seeds",
        "# Claims\n\n- The 3-seed sweep shows little.\n\nUnsupported claims:\n\n- Priors reliably improve maps.\n",
        "a.md",
    ),
    (
        "unequal-budgets",
        "# Pilots\n\nTandem-training pilots, seed `42`:\n\n- `seq_len=256 batch=16 steps=1000 lr=3e-4`: unstable\n"
        "- `seq_len=512 batch=8 steps=1000 lr=5e-4`: fp16 `0.5717`, `222s`\n\n"
        "- `seq_len=256 batch=16`: 0.5624\n- `seq_len=512 batch=8`: 0.5717\n",
        "a.md",
    ),
    (
        "count-and-rate",
        "# Runs\n\n- 2095 (15:17, raw None) → `person` = a blurry human that\n  slipped into the REVIEW\n"
        "  channel. Same known residual as 07-14's 2007/2009 — REVIEW-tagged, not main\n  channel, and not addressable "
        "(no `raw`).\n`loop.metrics`: fp_rate 0.886 but that is MD-driven (n_md 31, fp_md 31/31).\n",
        "a.md",
    ),
    (
        "identical-rows",
        "# Runs\n\n| run | acc | loss |\n|---|---|---|\n| deterministic_l0 | 0.71931 | 1.20417 |\n"
        "| budget_noop_l0 | 0.71931 | 1.20417 |\n| wide | 0.72412 | 1.19322 |\n",
        "a.md",
    ),
    (
        "change-disagrees",
        "# Results\n\n| Metric | Fresh | Pretrained | Delta |\n|---|---|---|---|\n| Reward | 36.47 | 48.17 | +32% |\n"
        "| Success | 36.6% | 46.6% | +10.0pp |\n"
        "| Precision | 40.5% | 84.2% | +43.7pp |\n| Uses | 12.5 | 40.2 | 3.2x |\n",
        "a.md",
    ),
    (
        "best-of-many",
        "".join(f"new peak test acc 0.{k}01 at step {k}00 -> saved peak.pt\n" for k in range(1, 9)),
        "a.log",
    ),
    ("best-of-many", "On new rows exact match peaked at 10.21% at step 700 and ended at 9.28%.\n", "a.md"),
    (
        "fewer-items",
        "Method:\n  - Recall (mutant): 0.6316 (n=67)\n  - Recall (wild): 0.7783 (n=446)\n  - Δ Recall: -0.1467\n",
        "a.log",
    ),
    ("impossible-share", "Matched subset (33 qs, pass@1 = 0.587, pass@16 = 1.000 by construction):\n", "a.md"),
    (
        "change-disagrees",
        "# 对比\n\n| 维度 | 传统方法 | 新方法 | 提升 |\n|---|---|---|---|\n"
        "| 多样性 | 30种 | 10,000种 | **333倍** ↑ |\n| 偏差 | 63.8% | 2.4% | **96.2%** ↓ |\n"
        "| 准确率 | 94.2% | 99.95% | **5.75%** ↑ |\n| F1 | 0.9387 | 0.9996 | **0.0609** ↑ |\n",
        "a.md",
    ),
    (
        "unequal-budgets",
        "".join(
            f"Epoch {k}/50: training loss = 0.04{k}, f1 score = 0.95{k}, Time {10 * k}m {k + 30}s (- {500 - 10 * k}m "
            f"{60 - k}s)\n"
            for k in range(10, 41)
        ),
        "a.log",
    ),
    (
        "count-and-rate",
        "# Results\n\n23 of 52 conditions fell. Per model: phi3 9/18 (50%), mistral 8/17 (47%), "
        "llama3 6/17 (35%). Of 36 runs 17 were repeated.\n",
        "a.md",
    ),
    ("count-and-rate", "# Results\n\n" + TWO_RATES, "a.md"),
    ("twin-arms", PROMPTS, "a.csv"),
    ("granularity", HEADLESS, "a.txt"),
    ("granularity", FOLDED.format("folds", ", ".join(repr(k / 441) for k in (386, 391, 400, 377, 402))), "cv.json"),
    (
        "granularity",
        FOLDED.format("seeds", ", ".join([*(repr(k / 75) for k in (34, 47, 53, 61)), "0.69"])),
        "a.json",
    ),
    (
        "count-and-rate",
        "# Results\n\nTracking: 301 switches, jitter down **77%**, 645 of 874 apes mostly tracked.\n",
        "a.md",
    ),
    (
        "recomputed",
        "# Results\n\n25. **sub_diff=9 hurts ALL golden seeds** — seed=42 (refuted), seed=77 (0.80→0.62 Iter 108), "
        "seed=79 (0.75→0.64) — 3x confirmed\n",
        "a.md",
    ),
    ("recomputed", "# Results\n\n- seeds: -0.18 / -0.81 / -1.17\n", "a.md"),
    ("no-effect-shown", "# Results\n\n" + QUOTED, "a.md"),
]


@pytest.mark.parametrize(("rule", "text", "name"), OTHERS)
def test_counts_lengths_and_rows_of_results_are_not_taken_for_results_and_names(
    tmp_path: Path, rule: str, text: str, name: str
) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    assert [one for one in audit(open_logs([tmp_path / name])) if one.rule == rule] == []


COUNTED = (
    "| arm | Eval rows | correct_hits | accuracy |\n|---|---|---|---|\n"
    + "".join(f"| a{k} | {{}} | {k} | {k / 25:.2f} |\n" for k in range(11, 21))
)  # fmt: skip


def test_shares_of_rows_that_differ_are_not_said_to_be_of_one_number_of_items(tmp_path: Path) -> None:
    assert aloud(tmp_path, COUNTED.format(*(n * 25 for n in range(1, 11))), "granularity") == []
    (one,) = aloud(tmp_path, COUNTED.format(*[25] * 10), "granularity")
    assert sentence(one).startswith("All 10 values of 'accuracy' are multiples of 1/25")


def test_a_row_that_is_made_of_the_others_is_of_more_items(tmp_path: Path) -> None:
    (one,) = aloud(tmp_path, FIELDS, "granularity")
    assert sentence(one).startswith("All 6 values of 'Accuracy' are multiples of 1/39")


def test_the_least_p_of_signs_counts_no_zeros_and_a_grid_of_round_numbers_tells_no_items(tmp_path: Path) -> None:
    (one,) = aloud(tmp_path, "- seed differences: 0.00, 0.00, 0.00, -0.04, -0.05\n", "recomputed")
    assert "least possible 0.5)" in sentence(one)
    rows = "".join(f"| a{k} | 0.{700 + 13 * k}0 |\n" for k in range(8))
    assert aloud(tmp_path, "| arm | accuracy |\n|---|---|\n" + rows, "granularity") == []


def test_a_run_that_memory_ended_counts_neither_way_unless_memory_was_what_was_tested(tmp_path: Path) -> None:
    text = "| run | accuracy | note |\n|---|---|---|\n| base | 0.71 | fine |\n"
    text += "| wide | - | run ended by OOM |\n"
    (one,) = aloud(tmp_path, text, "infrastructure")
    assert "unless that limit is what was tested" in sentence(one)
    assert aloud(tmp_path, text.replace("run ended", "memory probe: run ended"), "infrastructure") == []


def test_a_spread_that_is_set_right_has_two_digits_at_least(tmp_path: Path) -> None:
    values = [0.51, 0.55, 0.49, 0.56, 0.53, 0.50]
    sd = (sum((one - sum(values) / 6) ** 2 for one in values) / 6) ** 0.5
    (tmp_path / "a.json").write_text(f'{{"accs": {values}, "mean": {sum(values) / 6}, "std": {sd}}}')
    (one,) = [one for one in audit(open_logs([tmp_path / "a.json"])) if one.rule == "spread-kind"]
    assert "these 6 values is 0.028," in sentence(one)


def test_files_that_are_read_together_are_not_called_rows(tmp_path: Path) -> None:
    for name, loss in (("a", 2.13847), ("b", 2.10412), ("c", 2.22091)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "submission.json").write_text(f'{{"val_loss": {loss}, "val_bpb": {loss * 0.5923:.5f}}}')
    (one,) = [one for one in audit(open_logs([tmp_path])) if one.rule == "loss-and-perplexity"]
    assert sentence(one).startswith("In all 3 files 'val_bpb' is 0.592")


def test_a_table_whose_rows_were_all_left_alone_is_no_obstacle(tmp_path: Path) -> None:
    table = "| n | $|p(a)|$ | stable? |\n|---|---|---|\n| 1 | 0.868 | yes |\n| 2 | 0.791 | yes |\n"
    text = f"Over 3 seeds the gain is robust.\n\n{table}\nSo the gain is robust over the seeds.\n"
    assert {one.rule for one in aloud(tmp_path, text, "few-seeds")} == {"few-seeds"}


def test_what_is_matched_on_purpose_is_no_result(tmp_path: Path) -> None:
    assert aloud(tmp_path, "All arms use matched rates.\n\n## Table\n\n" + NAMES.format("wide"), "identical-rows") == []


HELP = "Clean baseline: AP {}.\n\n- depth: 0.612 → 0.648 (+4.5%)\n"


def test_a_difference_that_a_third_number_near_makes_right_is_one_from_that(tmp_path: Path) -> None:
    (one,) = aloud(tmp_path, HELP.format("0.500"), "change-disagrees")
    assert one.level == "fault"
    assert aloud(tmp_path, HELP.format("0.620"), "change-disagrees") == []


def test_a_share_that_another_count_near_makes_right_is_one_of_that(tmp_path: Path) -> None:
    text = "The set has {} tasks with tests.\n\n- solved with depth: 41/60 (60.3%)\n"
    (one,) = aloud(tmp_path, text.format(55), "count-and-rate")
    assert one.level == "fault"
    assert aloud(tmp_path, text.format(68), "count-and-rate") == []


BOTH = """The fine-tuned model reduces code-switched WER from 0.964 to 0.564 — a **41% relative
improvement** over the Small-a baseline and a **36% improvement** over the {}
pre-trained baseline (Small-b at 0.879). Crucially, the penalty drops to
0.84×, meaning the fine-tuned model handles code-switched speech *better* than monolingual speech.
"""


@pytest.mark.parametrize("name", ["tuned", "best"])
def test_two_baselines_of_one_arm_are_no_ranking(tmp_path: Path, name: str) -> None:
    assert aloud(tmp_path, BOTH.format(name), "baselines-differ") == []


def test_a_mean_may_be_that_of_all_rows_of_its_column(tmp_path: Path) -> None:
    rows = "".join(f"| {name} | 0.{n} |\n" for name, n in (("H1", 7037), ("H2", 7158), ("T3", 7269), ("T4", 7456)))
    assert aloud(tmp_path, f"| split | accuracy |\n|---|---|\n{rows}| mean | 0.7230 |\n", "mean-disagrees") == []


SPEED_OF = (
    "| n | ours | theirs | gain |\n|---|---|---|---|\n| 2 | 0.5664 | 0.5755 | -1.6% |\n| 8 | 0.1943 | 0.2004 | {} |\n"
)


def test_a_change_may_be_relative_to_the_second_column(tmp_path: Path) -> None:
    rest = "| 16 | 0.1196 | 0.1160 | +3.2% |\n| 32 | 0.0679 | 0.0643 | +5.5% |\n| 64 | 0.0354 | 0.0341 | +3.7% |\n"
    assert aloud(tmp_path, SPEED_OF.format("-3.0%") + rest, "change-disagrees") == []
    (one,) = aloud(tmp_path, SPEED_OF.format("-4.3%") + rest, "change-disagrees")
    assert one.level == "fault"


def test_rows_without_any_count_do_not_show_what_a_column_is(tmp_path: Path) -> None:
    rows = "".join(f"| {name} | {n}/100 | 0.000 |\n" for name, n in (("a", 0), ("b", 1), ("c", 0)))
    assert aloud(tmp_path, f"| model | answer tags | orig EM |\n|---|---|---|\n{rows}", "count-and-rate") == []


def test_what_holds_under_two_scorings_is_not_said_of_seeds(tmp_path: Path) -> None:
    said = (
        "- **Hold** (both seeds): OFF 0.48, kill 0.47.\n- **The split is consistent** — 377 improved{}, 143 did not.\n"
    )
    assert len(aloud(tmp_path, said.format(""), "few-seeds")) == 1
    assert aloud(tmp_path, said.format(" under both weightings"), "few-seeds") == []


def test_a_best_that_no_table_shows_is_not_counted_in_it(tmp_path: Path) -> None:
    rows = (
        "| Step | Loss | Reward |\n|---|---|---|\n| 600 | 1.42 | 0.25 |\n| 647 | 1.51 | 0.31 |\n| 692 | 1.38 | 0.28 |\n"
    )
    said = "\n- **Best test accuracy** occurred at step 647 with {}\n"
    assert aloud(tmp_path, rows + said.format("0.0625"), "best-of-many") == []
    (one,) = aloud(tmp_path, rows + said.format("0.31"), "best-of-many")
    assert one.level == "caution"


def test_a_row_of_changes_has_no_change_of_its_own(tmp_path: Path) -> None:
    rows = "| stage | rule | model | gain |\n|---|---|---|---|\n| before | 81.61% | 99.95% | +18.34% |\n"
    rows += "| after | 48.87% | 99.80% | +50.93% |\n| {} | 32.74% | 0.15% | +32.59% |\n"
    assert len(aloud(tmp_path, rows.format("third").replace("0.15%", "68.33%"), "change-disagrees")) == 1
    assert aloud(tmp_path, rows.format("change").replace("0.15%", "68.33%"), "change-disagrees") == []


ANSWERED = (
    "| set | n | answered | accuracy |\n|---|---|---|---|\n| one | 45 | 1.000 | 0.778 |\n| two | 56 | 1.000 | 0.482 |\n"
    "| three | 68 | 1.000 | 0.441 |\n| four | 52 | {} | 0.776 |\n"
)  # fmt: skip


def test_a_share_may_be_one_of_the_items_that_were_answered(tmp_path: Path) -> None:
    assert len(aloud(tmp_path, ANSWERED.format("1.000"), "odd-share")) == 1
    assert aloud(tmp_path, ANSWERED.format("0.942"), "odd-share") == []


def test_robustness_that_is_put_off_is_not_claimed(tmp_path: Path) -> None:
    said = "Accuracy 0.81 with seed 17 only. Multi-seed robustness is {}.\n"
    assert aloud(tmp_path, said.format("deferred until the setting is frozen"), "few-seeds") == []


def test_results_of_runs_that_failed_may_be_alike(tmp_path: Path) -> None:
    said = "The new loss gives 0.7134, the baseline 0.7134: no effect of the loss.{}\n"
    assert len(aloud(tmp_path, said.format(""), "no-op")) == 1
    assert aloud(tmp_path, said.format(" Most of its samples ran out of memory."), "no-op") == []


def test_what_a_sentence_of_another_language_denies_is_not_claimed(tmp_path: Path) -> None:
    said = "| seed | new | scratch | paired delta |\n|---:|---:|---:|---:|\n| 1 | 463.05 | 197.78 | +265.27 |\n"
    said += (
        "| 2 | 99.61 | 209.54 | -109.93 |\n| 3 | 143.94 | 169.84 | -25.90 |\n| mean | 235.53 | 192.39 | +43.15 |\n\n"
    )
    said += "均值被 seed 1 主导，只有 1/3 seed 为正；paired delta 的\nseed SD 为 196.9。"
    said += "因此{}把 `+43.1` 解读为稳定的整体改进。\n"
    assert len(aloud(tmp_path, said.format("可以"), "few-seeds")) == 1
    assert aloud(tmp_path, said.format("不能"), "few-seeds") == []


def test_an_arm_that_picks_among_others_has_the_results_of_the_one_it_picked(tmp_path: Path) -> None:
    assert len(aloud(tmp_path, NAMES.format("wide"), "identical-rows")) == 1
    picks = NAMES.format("wide").replace("Ablation", "tradeoff_policy")
    assert aloud(tmp_path, picks, "identical-rows") == []


def test_very_stable_and_not_only_stable_are_claims_in_chinese(tmp_path: Path) -> None:
    for word in ("稳定", "非常稳定"):
        said = f"三个种子的差值：+0.0156、+0.0234、+0.0625。\n\n因此这是{word}的提升。\n"
        assert len(aloud(tmp_path, said, "few-seeds")) == 1, word


def test_the_number_in_the_name_of_a_model_is_no_budget() -> None:
    names = ("E5-large", "e5 base", "base e=3", "run-e40", "3 epochs")
    assert [BY_NAME.search(name) is not None for name in names] == [
        False, False, True, True, True,
    ]  # fmt: skip


def test_the_means_of_a_long_column_are_looked_for_near_their_values(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = 0
    judged = mean_disagrees.right

    def counted(*told: Any) -> bool:
        nonlocal calls
        calls += 1
        return judged(*told)

    monkeypatch.setattr(mean_disagrees, "right", counted)
    rows = "| arm | seed | accuracy |\n|---|---|---|\n"
    for arm in range(40):
        rows += "".join(f"| a{arm} | {k} | 0.{7011 + 13 * k + 7 * arm} |\n" for k in range(3))
        rows += f"| a{arm} | mean | 0.7{arm + 31} |\n"
    (tmp_path / "a.md").write_text(rows)
    audit(open_logs([tmp_path / "a.md"]), hints=True)
    assert calls < 1000


def test_a_large_whole_shows_no_digit_of_its_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = 0

    def counted(*_told: object) -> bool:
        nonlocal calls
        calls += 1
        return False

    monkeypatch.setattr(slips, "a_digit_off", counted)
    assert aloud(tmp_path, "- rows kept: 100123457/733218911 (16.9%)\n", "count-and-rate") == []
    assert calls < 100


def test_a_share_of_savings_is_none_of_layers(tmp_path: Path) -> None:
    said = "- Fraction of all {} left out: 2.1% (3 out of 285 layers)\n"
    assert len(aloud(tmp_path, said.format("layers"), "count-and-rate")) == 1
    assert aloud(tmp_path, said.format("savings"), "count-and-rate") == []


def test_how_long_an_answer_may_be_is_no_budget_of_training(tmp_path: Path) -> None:
    rows = "| Condition | {} | accuracy | Δ vs baseline |\n|---|---|---|---|\n| Baseline | 32 | 70.9% | — |\n"
    rows += "| with steps | 512 | 42.9% | -28.0pp |\n"
    assert len(aloud(tmp_path, rows.format("train_tokens"), "unequal-budgets")) == 1
    assert aloud(tmp_path, rows.format("max_tokens"), "unequal-budgets") == []


def test_seeds_that_improve_more_are_finished_and_those_that_run_are_not(tmp_path: Path) -> None:
    for rest, count in (("by more than one point", 1), ("(5 more running)", 0)):
        assert len(aloud(tmp_path, f"3/3 seeds improve {rest}.\n", "few-seeds")) == count, rest


def test_what_was_too_short_is_not_what_the_other_had_too() -> None:
    words = (" each", ", too", " too few to converge", " as well", " as well as the loss")
    assert [_SHARED_BEHIND.match(text) is not None for text in words] == [True, True, False, True, False]


def test_the_best_on_other_data_is_reported_on_what_did_not_choose_it(tmp_path: Path) -> None:
    said = "Of 12 prompts the best {}had 71.2 %; {}it has 69.8 %. We report 69.8 %.\n"
    assert len(aloud(tmp_path, said.format("", ""), "winner-on-its-seeds")) == 1
    assert aloud(tmp_path, said.format("on dev ", "on the test set "), "winner-on-its-seeds") == []


def test_a_count_whose_share_another_column_prints_is_not_of_this_one(tmp_path: Path) -> None:
    rows = "| candidate | met_rate | met_count | n_total | accurate_rate |\n|---|---|---|---|---|\n"
    rows += "| a | 1.0000 | 50 | 50 | 1.00 |\n| b | 0.9800 | 49 | 50 | 0.98 |\n| c | 0.9600 | 48 | 50 | 0.96 |\n"
    rows += "| d | 0.9000 | 45 | 50 | 0.90 |\n| e | {} | 47 | 50 | 0.98 |\n"
    found = aloud(tmp_path, rows.format("0.8000"), "count-and-rate")
    assert [(one.facts["part"], one.facts["printed"]) for one in found] == [(47, "0.8000")]
    assert aloud(tmp_path, rows.format("0.9400"), "count-and-rate") == []


def test_exact_match_is_the_name_of_a_metric(tmp_path: Path) -> None:
    for name, count in (("Exact tie", 1), ("Exact match", 0)):
        assert len(aloud(tmp_path, f"- {name}: +0.0% (no improvement)\n", "no-op")) == count, name


def test_where_something_holds_is_no_result(tmp_path: Path) -> None:
    for words, count in (("at 100% with and 100% without it", 1), ("at sub-100% rates, only at 100% embedding", 0)):
        assert len(aloud(tmp_path, f"- Seen {words}; extraction does not help\n", "saturated")) == count, words


def test_few_seeds_that_are_called_a_sample_do_not_say_how_the_spread_is_computed(tmp_path: Path) -> None:
    rows = "| arm | seed 1 | seed 2 | seed 3 | mean ± sd |\n|---|---|---|---|---|\n"
    rows += "| a | 0.5127 | 0.4777 | 0.3899 | 0.4601 ± 0.0516 |\n\n{}.\n"
    said = ("The sd is that of a sample", "Three seeds is a small sample for a variance, so the sd is a rough one")
    levels = [[one.level for one in aloud(tmp_path, rows.format(words), "spread-kind")] for words in said]
    assert levels == [["fault"], ["note"]]


def test_shares_below_one_per_cent_stand_in_the_unit_of_their_column(tmp_path: Path) -> None:
    rows = "| row | correct | % |\n|---|---|---|\n| a | 263/600 | 43.8 |\n| b | 206/600 | 34.3 |\n| c | 4/600 | {} |\n"
    assert len(aloud(tmp_path, rows.format("1.7"), "count-and-rate")) == 1
    aloud(tmp_path, rows.format("0.9"), "count-and-rate")
    (hint,) = audit(open_logs([tmp_path / "a.md"]), hints=True)
    assert sentence(hint) == "4 of 600 is 0.67 %, not 0.9."
    assert aloud(tmp_path, rows.format("0.7"), "count-and-rate") == []


def test_a_model_that_was_fine_tuned_was_not_tuned_on_what_it_is_measured_on(tmp_path: Path) -> None:
    for word, count in (("Tuned", 1), ("Fine-tuned", 0)):
        said = f"- {word} on the test split: accuracy 92.64%\n"
        assert len(aloud(tmp_path, said, "best-of-many")) == count, word


def test_two_measures_of_one_seed_are_no_differences_over_seeds(tmp_path: Path) -> None:
    rows = "Per-seed differences:\n- {}: -4.9/-2.0\n- {}: +0.4/-0.5\n"
    assert len(aloud(tmp_path, rows.format("first arm", "second arm"), "recomputed")) == 2
    assert aloud(tmp_path, rows.format("s=2", "s=15"), "recomputed") == []


def test_a_log_that_speaks_of_its_ceiling_has_seen_it(tmp_path: Path) -> None:
    said = "Both models solve 100 % of the tasks, so the new one is as good as the old one.\n\n## Next\n\n- {}\n"
    assert len(aloud(tmp_path, said.format("harder tasks"), "ceiling")) == 1
    assert aloud(tmp_path, said.format("harder tasks, away from the ceiling"), "ceiling") == []


def test_epochs_of_one_run_are_no_arms(tmp_path: Path) -> None:
    rows = "| {} | Loss | Val F1 | Val Precision | Val Recall | Notes |\n|---|---|---|---|---|---|\n"
    rows += "| 1 | 0.1939 | 0.9746 | 0.9737 | 0.9756 | New best saved |\n"
    rows += "| 6 | 0.0131 | 0.9870 | 0.9870 | 0.9871 | kept |\n"
    rows += "| 7 | 0.0131 | 0.9870 | 0.9870 | 0.9871 | No improvement (2) — early stop |\n\n**Stopped after row 7.**\n"
    assert len(aloud(tmp_path, rows.format("Heads"), "no-op")) == 1
    assert aloud(tmp_path, rows.format("Epoch"), "no-op") == []


def test_a_column_that_is_called_accurate_is_no_rate_of_the_count_beside_it(tmp_path: Path) -> None:
    rows = "name,{},met_count,n,cost\na,1.0,50,50,0.02\nb,1.0,50,50,0.018\nc,1.0,50,50,0.017\nd,0.98,49,50,0.001\n"
    told = []
    for name in ("rate", "accurate"):
        (tmp_path / "a.csv").write_text(rows.format(name) + "e,0.96,48,50,0.003\nf,0.98,47,50,\n")
        told.append([one.rule for one in audit(open_logs([tmp_path / "a.csv"])) if one.level == "fault"])
    assert told == [["count-and-rate"], []]


def test_what_brings_results_back_to_the_ceiling_was_told_apart_by_them(tmp_path: Path) -> None:
    said = "The warm start {} both models 100 % of the tasks, so the new one is as good as the old one.\n"
    assert aloud(tmp_path, said.format("restores for"), "ceiling") == []
    assert len(aloud(tmp_path, said.format("gives"), "ceiling")) == 1
