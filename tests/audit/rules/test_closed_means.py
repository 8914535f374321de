"""Means and spreads that stand right at their values: told in logs of any length, each beside a sound twin."""

from __future__ import annotations

from pathlib import Path

import pytest

from evenhand.audit.check import audit
from evenhand.audit.finding import Finding
from evenhand.audit.reading.opened import open_logs
from evenhand.audit.rules import RULES

BOTH = [one for one in RULES if one.name in ("mean-disagrees", "spread-kind")]
NOTES = "".join(f"Looked at batch {n}, nothing odd in the loader.\n\n" for n in range(100))


def told(path: Path, text: str, rule: str) -> list[Finding]:
    """The faults and cautions of a rule, and the line that they stand on."""
    path.write_text(text, encoding="utf-8")
    return [one for one in audit(open_logs([path]), BOTH) if one.rule == rule and one.level != "note"]


SEEDS = "| seed | test acc |\n|---|---:|\n| 0 | 77.21 |\n| 1 | 77.64 |\n| 2 | 77.38 |\n| 3 | 77.61 |\n"
KILLED = f"CutMix, seed 4 was killed by the update.\n\n{SEEDS}| 4 | killed (driver update) |\n\n"
FOLDS = "| fold | AUC |\n|---|---:|\n| 0 | 0.8412 |\n| 1 | 0.8487 |\n| 2 | 0.8365 |\n| 3 | 0.8441 |\n| 4 | 0.8398 |\n\n"
ARMS = (
    "| seed | baseline | LS 0.1 |\n|---|---:|---:|\n| 0 | 76.12 | 76.41 |\n| 1 | 76.48 | 76.22 |\n"
    "| 2 | 76.31 | 76.47 |\n| 3 | 75.93 | 76.20 |\n| 4 | 76.26 | 76.35 |\n\n"
)
STACK = "Ablation, dev WER:\nseed 1: 9.84\nseed 2: 9.71\nseed 3: 9.92\n"
HOPPER = "hopper, same cfg\n seeds 1..5: 2911  2644  3012  2187  2811\n"
BLEU = "seeds 1, 2, 3: 27.4, 27.1, 27.6\n\n"

MEANS: dict[str, tuple[str, str, str]] = {
    "below a table with a seed that was killed": (f"{KILLED}mean over the 4 = {{}}, sd 0.20.\n", "77.46", "77.81"),
    "below a table of seeds": (f"{SEEDS}\nmean {{}}, sd 0.20\n", "77.46", "77.72"),
    "below a table of folds": (f"{FOLDS}Mean AUC: {{}} (sd 0.0046).\n", "0.8421", "0.8467"),
    "avg and std": (f"{FOLDS}avg {{}} (std 0.0046)\n", "0.8421", "0.8465"),
    "mean and spread named together": (f"{FOLDS}**mean ± sd: {{}} ± 0.0046**\n", "0.8421", "0.8466"),
    "a point below a table": (f"{FOLDS}- mean AUC {{}}\n- sd 0.0046\n", "0.8421", "0.8466"),
    "two lines below": (f"{FOLDS}mean = {{}}\nstd = 0.0046\n", "0.8421", "0.8466"),
    "a remark behind": (f"{FOLDS}mean {{}}, +0.0102 over raw. All folds up.\n", "0.8421", "0.8466"),
    "of one of several columns": (f"{ARMS}baseline 76.22 ± 0.21, LS {{}} ± 0.12.\n", "76.33", "76.53"),
    "for each column by name": (f"{ARMS}means: baseline 76.22, LS {{}}\n", "76.33", "76.53"),
    "a row of means": (f"{ARMS}mean   76.22   {{}}\n", "76.33", "76.53"),
    "a row of a table behind a blank line": (f"{ARMS}| mean | 76.22 | {{}} |\n", "76.33", "76.53"),
    "below a list without commas": (f"{HOPPER} mean {{}}  sd 324\n", "2713", "2846"),
    "below a list of seeds": (f"{BLEU}mean {{}}\n", "27.4", "27.9"),
    "mean ± spread below a list": (f"{BLEU}{{}} ± 0.25\n", "27.4", "27.7"),
    "behind a list": ("WER of three seeds:\n\n    8.31  8.18  8.24    mean {} sd 0.07\n", "8.24", "8.42"),
    "behind a list in brackets": ("acc per seed [77.21, 77.64, 77.38, 77.61] -> {}\n", "77.46", "77.51"),
    "behind an arrow with a spread": ("ratio 4, seeds 1-3: 30.2, 29.8, 30.0 → {} ± 0.2.\n", "30.0", "30.4"),
    "below lines of seeds": (f"{STACK}mean {{}} sd 0.11\n", "9.82", "9.62"),
    "below points of seeds": ("- seed 1: 9.84\n- seed 2: 9.71\n- seed 3: 9.92\n- avg {} +- 0.11\n", "9.82", "9.62"),
    "above its list": ("**CutMix, mean {} ± 0.20**\n\nseeds 0-3: 77.21, 77.64, 77.38, 77.61\n", "77.46", "77.51"),
    "in a heading above its table": (f"## CutMix: mean {{}}, sd 0.20\n\n{SEEDS}", "77.46", "77.51"),
    "seeds in the header": (
        "| | s0 | s1 | s2 | s3 |\n|---|---|---|---|---|\n| acc | 77.21 | 77.64 | 77.38 | 77.61 |\n\nmean {}, sd 0.20\n",
        "77.46", "77.81",
    ),
    "German": (f"{FOLDS}Mittelwert {{}}, Standardabweichung 0.0046\n", "0.8421", "0.8466"),
    "Spanish": (f"{FOLDS}media {{}}, desviación estándar 0.0046\n", "0.8421", "0.8466"),
    "Russian": (f"{FOLDS}среднее {{}}, СКО 0.0046\n", "0.8421", "0.8466"),
    "Chinese": (f"{FOLDS}均值 {{}}，标准差 0.0046\n", "0.8421", "0.8466"),
}  # fmt: skip

SPREADS: dict[str, tuple[str, str, str]] = {
    "below a table of folds": (f"{FOLDS}mean 0.8421, sd {{}}\n", "0.0046", "0.0109"),
    "std in brackets": (f"{FOLDS}avg 0.8421 (std {{}})\n", "0.0046", "0.0109"),
    "the population's is a note at most": (f"{FOLDS}mean 0.8421, sd {{}}\n", "0.0041", "0.0109"),
    "± that is declared above": (f"± is the sample sd over seeds.\n\n{BLEU}27.4 ± {{}}\n", "0.25", "0.48"),
    "below a list": (f"{HOPPER} mean 2713  sd {{}}\n", "324", "124"),
    "behind a list": ("WER of three seeds:\n\n    8.31  8.18  8.24    mean 8.24 sd {}\n", "0.07", "0.14"),
    "a killed seed": (f"{KILLED}mean over the 4 = 77.46, sd {{}}.\n", "0.20", "0.41"),
    "of one of several columns": (f"{ARMS}baseline: mean 76.22, sd 0.21; LS: mean 76.33, sd {{}}\n", "0.12", "0.34"),
    "the population's under a sample's name": (f"{FOLDS}mean 0.8421, sd (n-1) {{}}\n", "0.0046", "0.0041"),
    "the population's where the log says sample": (
        f"All sd in this log are sample sd (n-1).\n\n{FOLDS}mean 0.8421, sd {{}}\n", "0.0046", "0.0041",
    ),
    "a line of its own": (f"{FOLDS}- mean: 0.8421\n- std: {{}}\n", "0.0046", "0.0109"),
    "below lines of seeds": (f"{STACK}mean 9.82 sd {{}}\n", "0.11", "0.31"),
}  # fmt: skip


def at(text: str, sign: str) -> int:
    """The number of the line on which a placeholder stands."""
    return text[: text.index(sign)].count("\n") + 1


@pytest.mark.parametrize("notes", ["", NOTES], ids=["alone", "among notes"])
@pytest.mark.parametrize(("text", "right", "wrong"), MEANS.values(), ids=MEANS)
def test_a_mean_at_its_values(tmp_path: Path, text: str, right: str, wrong: str, notes: str) -> None:
    whole = f"# Log\n\n{notes}{text}\n{notes}"
    found = told(tmp_path / "a.md", whole.format(wrong), "mean-disagrees")
    assert [one.place.line for one in found] == [at(whole, "{}")]
    assert not told(tmp_path / "a.md", whole.format(right), "mean-disagrees")


@pytest.mark.parametrize("notes", ["", NOTES], ids=["alone", "among notes"])
@pytest.mark.parametrize(("text", "right", "wrong"), SPREADS.values(), ids=SPREADS)
def test_a_spread_at_its_values(tmp_path: Path, text: str, right: str, wrong: str, notes: str) -> None:
    whole = f"# Log\n\n{notes}{text}\n{notes}"
    found = told(tmp_path / "a.md", whole.format(wrong), "spread-kind")
    assert [one.place.line for one in found] == [at(whole, "{}")]
    assert not told(tmp_path / "a.md", whole.format(right), "spread-kind")


OTHERWISE = {
    "part of them": f"{FOLDS}mean 0.8366 without fold 1\n",
    "part of them, in brackets": f"{FOLDS}mean 0.8366 (excluding fold 1)\n",
    "more of them": f"{FOLDS}mean over 10 folds 0.8466\n",
    "weighted": f"{FOLDS}mean 0.8466, weighted by size\n",
    "the next line says so": f"{FOLDS}mean 0.8466\n(weighted by the size of the folds)\n",
    "the median": f"{FOLDS}median 0.8412\n",
    "another metric": f"{FOLDS}mean log loss 0.8466\n",
    "another arm": f"{FOLDS}stacking: mean 0.8466\n",
    "another arm's ±": f"{FOLDS}stacking 0.8466 ± 0.0046\n",
    "the old one": f"{FOLDS}previous mean 0.8466\n",
    "of which column is open": f"{ARMS}mean 76.53\n",
    "a list of settings": "lr 0.1, 0.2, 0.3\nmean 0.27\n",
    "arms in a list": "means over 5 seeds: 77.2, 77.6, 77.4\nmean 77.9\n",
    "a list that goes on": "seeds: 77.2, 77.6, 77.4, ...\nmean 77.9\n",
    "the last of a list": "acc per seed [77.2, 77.6, 77.4, 77.9] -> 77.9\n",
    "an interval": f"{BLEU}27.4 ± 0.9 (95 % CI)\n",
    "an undeclared ±": f"{BLEU}27.4 ± 0.48\n",
    "a standard error": f"{FOLDS}mean 0.8421, se 0.0109\n",
    "spread over something else": f"{FOLDS}mean 0.8421, sd over users 0.0109\n",
    "another section": f"{FOLDS}## Next\n\nmean 0.8466\n",
    "of the weights' average": f"{FOLDS}mean 0.8466 (EMA weights)\n",
    "of the last ones": f"{FOLDS}mean of the last three checkpoints 0.8466\n",
    "on other data": f"{FOLDS}mean 0.8466 on the holdout\n",
    "on other data, by a ±": f"{FOLDS}0.8466 ± 0.0046 on test\n",
    "what it was": f"{FOLDS}was 0.8466 ± 0.0046\n",
    "against what": f"{FOLDS}vs 0.8466 ± 0.0046 for LightGBM\n",
    "of some of them by number": f"{FOLDS}mean over folds 0-2 0.8466\n",
    "over items": f"{FOLDS}mean over all 1,200 customers 0.8466\n",
    "of another experiment": f"{BLEU}mean of E02: 27.9\n",
    "spread of something else": f"{FOLDS}mean 0.8421, sd 0.0109 (per customer)\n",
    "a count above that is another": f"The first of 10 folds.\n\n{FOLDS}mean 0.8466\n",
    "a table of a search": "| trial | lr | acc |\n|---|---|---|\n| 1 | 0.1 | 71.3 |\n| 2 | 0.2 | 70.2 |\n"
    "| 3 | 0.3 | 72.1 |\n\nmean of the test seeds 72.9\n",
    "a table of steps": "| step | loss |\n|---|---|\n| 1 | 0.841 |\n| 2 | 0.848 |\n| 3 | 0.836 |\n\nmean 0.845\n",
}


@pytest.mark.parametrize("notes", ["", NOTES], ids=["alone", "among notes"])
@pytest.mark.parametrize("text", OTHERWISE.values(), ids=OTHERWISE)
def test_what_may_be_of_something_else_is_not_told(tmp_path: Path, text: str, notes: str) -> None:
    whole = f"# Log\n\n{notes}{text}\n{notes}"
    assert not told(tmp_path / "a.md", whole, "mean-disagrees")
    assert not told(tmp_path / "a.md", whole, "spread-kind")


WAYS = [
    "All folds done. Mean {m}, sd {s}.",
    "Five folds done, mean {m} (sd {s}), about what I expected.",
    "That's {m} ± {s} (sd).",
    "So mean {m} with sd {s}.",
    "= {m} ± {s} (mean ± sd)",
    "Avg. over folds: {m} +/- {s} (std)",
    "M = {m}, SD = {s}",
    "mean={m} std={s}",
    "AVG: {m} | STD: {s}",
    "mean(std): {m}({s})",
    "mean (sd): {m} ({s})",
    "mean/sd {m}/{s}",
    "**Mean:** {m}  \n**Std:** {s}",
    "*mean {m}, sd {s}*",
    "> mean {m}, sd {s}",
    "mean of the five: {m}. sd: {s}.",
    "mean {m}; std. dev. {s}",
    "5-fold mean {m}, std {s}",
    "CV mean {m}, CV std {s}",
    "Mean AUC over the five folds is {m}, standard deviation {s}.",
    "mean {m} (sd {s}), best fold 1.",
    "mean {m} sd {s}, range 0.8365-0.8487",
    "mean {m}, sd {s} (n = 5)",
    "average {m}, sample sd {s}",
    "Mittel {m}, sd {s}, damit unter dem Ziel.",
    "mean {m}, σ = {s}",
    "mean AUC = {m} (± {s} sd)",
    "mean: {m}, std: {s}, n: 5",
    "The mean is {m} and the standard deviation {s}.",
    "Which gives a mean of {m} and an sd of {s}.",
    "(mean {m}, sd {s})",
    "mean of 5 = {m}, sd = {s}, se = 0.0021",
    "moyenne {m}, écart-type {s}",
]


@pytest.mark.parametrize("way", WAYS)
def test_ways_to_say_it(tmp_path: Path, way: str) -> None:
    text = f"# Log\n\n{NOTES}{FOLDS}{way}\n"
    assert not told(tmp_path / "a.md", text.format(m="0.8421", s="0.0046"), "mean-disagrees")
    assert told(tmp_path / "a.md", text.format(m="0.8466", s="0.0046"), "mean-disagrees")
    assert not told(tmp_path / "a.md", text.format(m="0.8421", s="0.0046"), "spread-kind")
    assert told(tmp_path / "a.md", text.format(m="0.8421", s="0.0109"), "spread-kind")


LISTS = [
    "five seeds: 84.1, 83.7, 84.6, 84.0, 83.9 (mean {}, std 0.34)",
    "Accuracy over 5 seeds: 84.1 / 83.7 / 84.6 / 84.0 / 83.9, mean {}",
    "seed 0 84.1, seed 1 83.7, seed 2 84.6, seed 3 84.0, seed 4 83.9; mean {} (sd 0.34)",
    "s0 84.1  s1 83.7  s2 84.6  s3 84.0  s4 83.9   avg {}",
    "Five runs gave 84.1, 83.7, 84.6, 84.0 and 83.9 points, i.e. {} on average.",
    "mean {} (seeds 0-4: 84.1, 83.7, 84.6, 84.0, 83.9)",
    "mean of 5 seeds = {} [84.1, 83.7, 84.6, 84.0, 83.9]",
    "**acc {} ± 0.34** (five seeds: 84.1, 83.7, 84.6, 84.0, 83.9)",
    "Gemittelt über 5 Seeds: {} (84.1, 83.7, 84.6, 84.0, 83.9)",
    "acc = 84.1, 83.7, 84.6, 84.0, 83.9 for seeds 0-4; mean = {}, sd = 0.34",
    "seeds 0-4: 84.1, 83.7, 84.6, 84.0, 83.9 (seed 2 is the odd one). mean {}, sd 0.34.",
    "fold  acc\n0     84.1\n1     83.7\n2     84.6\n3     84.0\n4     83.9\nmean  {}",
    "| fold | acc |\n|---|---|\n| 0 | 84.1 |\n| 1 | 83.7 |\n| 2 | 84.6 |\n| 3 | 84.0 |\n| mean | {} |",
]


@pytest.mark.parametrize("line", LISTS)
def test_lists_and_their_means(tmp_path: Path, line: str) -> None:
    text = f"# Log\n\n{NOTES}{line}\n"
    assert not told(tmp_path / "a.md", text.format("84.1"), "mean-disagrees")
    assert told(tmp_path / "a.md", text.format("84.53"), "mean-disagrees")
