"""Which words against evidence are told aloud: those whose evidence stands complete beside them, and no "
"look-alikes."""

from __future__ import annotations

from pathlib import Path

import pytest

from evenhand.audit.check import audit
from evenhand.audit.finding import Finding
from evenhand.audit.reading.opened import open_logs

RULES = {"few-seeds", "untested", "interval-and-word", "no-effect-shown", "drift"}
HEAD = "# Log\n\n## Results\n\n"
SEEDS = f"{HEAD}| seed | acc |\n|---|---|\n| 1 | 71.2 |\n| 2 | 71.6 |\n| 3 | 71.4 |\n\n"
ARMS = f"{HEAD}Three seeds each: aug 61, 67, 63, plain 66, 60, 68.\n\n"
ROWS = (
    f"{HEAD}| task | diff | 95% CI | p-value | significant |\n|---|---|---|---|---|\n"
    "| boolq | +0.4 | [-0.6, 1.4] | 0.41 | Yes |\n| piqa | +2.4 | [1.1, 3.7] | 0.001 | Yes |\n"
)
BASIC = f"{HEAD}| run | test acc |\n|---|---|\n| vit-b16 | 81.4 |\n\n"


def aloud(tmp_path: Path, text: str, name: str = "a.md") -> list[Finding]:
    """The findings of these rules that everybody sees."""
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return [one for one in audit(open_logs([path])) if one.rule in RULES]


ALOUD = {
    "seeds in so many words": (
        "few-seeds", f"{HEAD}WER: 14.2, 14.3 (seeds 1, 2). The model is remarkably stable against initialisation.\n",
        "14.2, 14.3 (seeds 1, 2)", "14.2, 14.3, 14.1, 14.4, 14.2 (seeds 1-5)",
    ),
    "a column of seeds": ("few-seeds", f"{SEEDS}The score is insensitive to the seed.\n", "71.2", "71.4 |\n| 4 "
    "| 71.3"),
    "a promise of the result": (
        "few-seeds", f"{SEEDS}The score is therefore reproducible and goes into the report.\n", "therefore", "hardly",
    ),
    "one seed": (
        "few-seeds", f"{HEAD}We ran it with seed 13: accuracy 91.1. The schedule is robust to the randomness of "
        f"training.\n",
        "seed 13", "8 seeds",
    ),
    "pairs that chance leaves open": (
        "few-seeds", f"{HEAD}- rouge-L by run, lora vs dora\n  - s0: 40.2 vs 40.9\n  - s1: 40.5 vs 40.8\n  - "
        f"s2: 39.9 vs 40.6\n"
        "- dora consistently comes out ahead\n", "39.9 vs 40.6", "39.9 vs 40.5",
    ),
    "values of seeds in data": (
        "few-seeds", '{"seeds": [1, 2],\n "em": [61.2, 61.4],\n "note": "insensitive to the initialisation"}\n',
        "[61.2, 61.4]", "[61.2, 61.2]",
    ),
    "an interval of the difference": (
        "interval-and-word", f"{HEAD}Vocoders: the difference has the 95 % confidence interval [-0.03, "
        f"0.13].\n\nThe vocoder is "
        "beyond doubt better.\n", "[-0.03", "[0.03",
    ),
    "a test right above": (
        "interval-and-word", f"{HEAD}- exact McNemar p = 0.44\n- the prompt helps beyond chance\n", "0.44", "0.004",
    ),
    "a name in both sentences": (
        "interval-and-word", f"{HEAD}SnapKV gains 2.9, paired p = 0.002. The difference of WiseKV to SnapKV has "
        f"the 95 % "
        "interval [-0.47, 0.63]. WiseKV is thus significantly better.\n", "[-0.47", "[0.17",
    ),
    "a p-value in the claim": (
        "interval-and-word", f"{HEAD}- significant improvement of 0.4 (p = 0.31)\n", "0.31", "0.031",
    ),
    "the row that is named": (
        "interval-and-word", f"{HEAD}| task | diff | 95% CI |\n|---|---|---|\n| boolq | +0.4 | [-0.6, 1.4] |\n| "
        f"piqa | "
        "+2.4 | [1.1, 3.7] |\n\nThe gain on boolq is significant.\n", "on boolq", "on piqa",
    ),
    "a denied effect": ("no-effect-shown", f"{ARMS}Aug has no effect.\n", "aug 61, 67, 63, plain", "aug 66, 60, "
    "68, plain"),
    "a denied effect by seed": (
        "no-effect-shown", f"{HEAD}| seed | switch on | switch off |\n|---|---|---|\n| 1 | 61.2 | 66.3 |\n| 2 | "
        f"67.0 | 60.1 |\n| 3 | 63.1 "
        "| 68.0 |\n\nThe switch makes no difference.\n", "| 66.3 |\n| 2 | 67.0 | 60.1 |\n| 3 | 63.1 | 68.0 |",
        "| 61.3 |\n| 2 | 67.0 | 67.1 |\n| 3 | 63.1 | 63.0 |",
    ),
    "swapped digits": ("drift", f"{HEAD}- test AUC dcn-88: 0.7936\n- for the deck: dcn-88, test AUC "
    f"0.7963\n", "0.7963", "0.7936"),
    "a row and its summary": ("drift", f"{BASIC}Summary: vit-b16 reaches a test accuracy of 84.1.\n", "84.1", "81.4"),
    "no test, and the spreads overlap": (
        "untested", f"{HEAD}- a: 26.4 (5 runs, sd 0.3)\n- b: 26.6 (5 runs, sd 0.4)\n- a highly significant "
        f"gain\n", "26.6", "27.6",
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", ALOUD)
def test_it_is_told_aloud_and_its_twin_is_not(tmp_path: Path, kind: str) -> None:
    rule, text, wrong, right = ALOUD[kind]
    name = "a.json" if text.startswith("{") else "a.md"
    assert [one.rule for one in aloud(tmp_path, text, name)] == [rule]
    assert wrong in text
    assert aloud(tmp_path, text.replace(wrong, right), name) == []


SILENT = {
    "it counts itself": f"{HEAD}Seeds 0, 1, 2: 71.2, 71.4 and 71.3. The result is robust to these three seeds.\n",
    "all values are the same": f"{HEAD}Three seeds: 0.134, 0.134, 0.134. The policy is insensitive to the seed.\n",
    "other seeds are named": f"{HEAD}Seed 0: 46.3.\n\nSeeds 1 and 2: 35.7, 35.1. The loss is robust to the seed.\n",
    "more seeds further down": f"{SEEDS}The score is insensitive to the seed. With 10 seeds it is 71.3.\n",
    "pairs that the t test carries": f"{HEAD}| arm | seed 0 | seed 1 | seed 2 |\n|---|---|---|---|\n| a | 35.1 "
    f"| 35.7 | 35.3 "
    "|\n| b | 46.3 | 46.9 | 46.1 |\n\nb consistently beats a, whatever the seed.\n",
    "a question": f"{SEEDS}Is it robust to the seed?\n",
    "what a model does": f"{SEEDS}The model consistently predicts class 3 for blank images.\n",
    "a judge": f"{SEEDS}The judge is reliable, kappa 0.81.\n",
    "a program": f"{SEEDS}All numbers are reproducible with make results.\n",
    "the noise is stable": f"{SEEDS}Run-to-run noise is stable at 0.2.\n",
    "the seed of something else": f"{SEEDS}The score is robust to the seed of the tokenizer.\n",
    "every time of something else": f"{SEEDS}It works every time on the demo machine.\n",
    "a p-value of dropout": f"{HEAD}We augment with p = 0.5 for flips. The augmented model is significantly better.\n",
    "what a test assumes": f"{HEAD}Levene's test p = 0.61, so variances are equal. The improvement is significant.\n",
    "a level": f"{HEAD}We call p > 0.05 open. The new loss is significantly better.\n",
    "an interval of values": f"{HEAD}Reward lies in the interval [-1, 1]. PPO is significantly better than A2C.\n",
    "a range that was tried": f"{HEAD}Shifts in the 95 % range from -3 to 3. The augmented model is "
    f"significantly better.\n",
    "a precision": f"{HEAD}P=0.445, R=0.768, F1=0.564.\n\nIt is significantly better than the old tool.\n",
    "a control": f"{HEAD}The paired test of the control has p = 0.50. The intervention has a significant effect.\n",
    "two tests": f"{HEAD}Arm B: paired test p = 0.31.\n\nArm A: paired test p = 0.004.\n\nThe change is significant.\n",
    "numbers of another comparison": f"{HEAD}McNemar p = 0.41.\n\nWith all 5,000 items the gain is significant.\n",
    "another subject": f"{HEAD}Permutation test over heads: p = 0.21.\n\nUmlauts give a significant gain.\n",
    "the other row": f"{HEAD}| task | diff | 95% CI |\n|---|---|---|\n| boolq | +0.4 | [-0.6, 1.4] |\n| piqa | "
    f"+2.4 | "
    "[1.1, 3.7] |\n\nThe gain on piqa is significant; boolq differs.\n",
    "a bound": f"{HEAD}Wilcoxon test p = 0.12; the drop is definitely smaller than 2 points.\n",
    "a claim of earlier": f"{HEAD}Paired test p = 0.41. It was called a significant gain in May.\n",
    "rows that do not go by it": ROWS.replace("0.001", "0.31").replace("[1.1", "[-1.1"),
    "a level of one in ten": f"{HEAD}| task | p-value | significant |\n|---|---|---|\n| a | 0.08 | Yes |\n| b | "
    f"0.01 | Yes |\n",
    "pairs that lie together": f"{HEAD}| seed | on | off |\n|---|---|---|\n| 1 | 61.2 | 61.3 |\n| 2 | 65.0 | "
    f"65.1 |\n| 3 | "
    "70.7 | 70.6 |\n\nThe switch makes no difference.\n",
    "no repeats": f"{HEAD}By depth 1, 2, 3: aug 61.1, 67.2, 63.0, plain 66.4, 60.3, 68.1.\n\nAug makes no "
    f"difference.\n",
    "a third arm": f"{ARMS.replace('68.', '68, both 41, 47, 43.')}Aug has no effect, both hurts.\n",
    "an effect on cost": f"{ARMS}Aug has no effect on throughput.\n",
    "a flag that was never read": f"{ARMS}Aug had no effect: the flag was never read.\n",
    "another thing": f"{ARMS}Dropout has no effect.\n",
    "no significant effect": f"{ARMS}Aug has no significant effect.\n",
    "no difference in something": f"{ARMS}There is no difference in the code path of aug and plain.\n",
    "two data sets": f"{HEAD}- resnet50 on cifar10: accuracy 95.4\n- resnet50 on svhn: accuracy 94.5\n",
    "two cut-offs": f"{HEAD}- cl-19 recall@5 62.8\n- cl-19 recall@10 68.2\n",
    "two days": f"{HEAD}## 4 May\n\n- cl-19: loss 1.284\n\n## 5 May\n\n- cl-19: loss 1.248\n",
    "two prompts": f"{HEAD}- llama-3 zero-shot accuracy 62.8\n- llama-3 accuracy 68.2 with CoT\n",
    "two precisions": f"{HEAD}- llama-3-8b ppl 7.42\n- llama-3-8b int4 ppl 7.24\n",
    "two classes": f"{HEAD}- yolo-v8 precision on cars 0.714\n- yolo-v8 precision on bikes 0.741\n",
    "more training": f"{HEAD}- exp-12 loss 1.284\n\nSummary: exp-12 loss 1.248 after 3 more epochs\n",
    "more data": f"{BASIC}## Summary\n\nvit-b16 reaches a test accuracy of 84.1 with 5x more data.\n",
    "a target": f"{BASIC}Conclusion: the target for vit-b16 is a test accuracy of 84.1.\n",
    "a value of a paper": f"{HEAD}- vit-b16 accuracy 81.4 (ours)\n- vit-b16 accuracy 84.1 (published)\n",
    "a cost": f"{HEAD}Memory 26.4 GB (5 runs, sd 0.3) and 26.6 GB (5 runs, sd 0.4). Time is significantly lower.\n",
    "a test elsewhere": f"{HEAD}- a: 26.4 (5 runs, sd 0.3)\n- b: 26.6 (5 runs, sd 0.4)\n- b is significantly "
    f"better\n\n"
    "## Tests\n\nPaired permutation test: p = 0.01.\n",
    "lists whose pairs agree": f"{HEAD}- without: 47.1, 48.0, 46.2\n- with: 47.9, 48.8, 47.3\n- a real effect\n",
    "both over a third": f"{HEAD}- a: 26.4 (5 runs, sd 0.3)\n- b: 26.6 (5 runs, sd 0.4)\n\nBoth significantly "
    f"beat 19.\n",
}


@pytest.mark.parametrize("kind", SILENT)
def test_what_only_looks_alike_is_not_told_aloud(tmp_path: Path, kind: str) -> None:
    assert aloud(tmp_path, SILENT[kind]) == []
