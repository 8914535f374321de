"""Means, spreads and gains over seeds that are told aloud: each form beside a twin, and beside what looks like it."""

from __future__ import annotations

from pathlib import Path

import pytest

from evenhand.audit.check import audit
from evenhand.audit.finding import Finding
from evenhand.audit.reading.opened import open_logs


def aloud(tmp_path: Path, name: str, text: str, rule: str) -> list[Finding]:
    """The faults and cautions of a rule that users see without asking for hints."""
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return [one for one in audit(open_logs([path])) if one.rule == rule and one.level != "note"]


MEANS = {
    "one sentence": (
        "a.md",
        "# Tagging\n\nThe five seeds reached 91.2, 90.6, 91.0, 90.8 and 91.4, so the mean is {}.\n",
        "91.0",
        "90.1",
    ),
    "the sentence behind": (
        "a.md",
        "# Tagging\n\nAccuracy of four seeds: 91.2, 90.6, 91.0, 90.8.\nOn average {}.\n",
        "90.9",
        "91.6",
    ),
    "points": ("a.md", "- chrF\n  - seed 1: 52.1\n  - seed 2: 51.4\n  - seed 3: 52.3\n  - mean: {}\n", "51.9", "52.6"),
    "values below that are called its seeds": (
        "a.md",
        "# Study\n\n- mean `d_acc = {}`, std `0.0251`\n- seed deltas: `+0.0156`, `+0.0234`, `+0.0625`\n",
        "+0.0338",
        "+0.0439",
    ),
    "another language": ("a.md", "# Lauf\n\nDrei Seeds ergaben 71,2, 70,4 und 72,0, im Mittel {}.\n", "71,2", "72,4"),
    "a row among rows that agree": (
        "a.md",
        "| net | s1 | s2 | s3 | mean |\n|---|---|---|---|---|\n| a | 61.2 | 60.4 | 62.0 | 61.2 |\n"
        "| b | 60.2 | 61.0 | 60.9 | 60.7 |\n| c | 58.2 | 58.0 | 57.9 | {} |\n",
        "58.0",
        "58.6",
    ),
    "a column among columns that agree": (
        "a.md",
        "| task | acc | f1 | gap |\n|---|---|---|---|\n| x | 61.2 | 60.4 | 0.41 |\n| y | 65.0 | 64.2 | 0.36 |\n"
        "| z | 58.3 | 57.0 | 0.52 |\n| mean | 61.5 | 60.5 | {} |\n",
        "0.43",
        "0.49",
    ),
}


@pytest.mark.parametrize(("name", "text", "right", "wrong"), MEANS.values(), ids=MEANS)
def test_a_mean_of_all_the_values(tmp_path: Path, name: str, text: str, right: str, wrong: str) -> None:
    """Where the text shows all values and names nothing else, a wrong mean is a fault, and a right one is none."""
    assert aloud(tmp_path, name, text.format(wrong), "mean-disagrees")
    assert not aloud(tmp_path, name, text.format(right), "mean-disagrees")


FIVE = "Five seeds reach 71.2, 72.9, 70.8, 73.1 and 71.5."
POINTS = "- seed 1: 84.1\n- seed 2: 84.3\n- seed 3: 84.5\n"
OTHERS = {
    "runs of one part": "- mean reward 0.712\n- runs with dropout: 0.701, 0.722, 0.725\n",
    "another arm": f"{FIVE} The baseline's mean is 70.1.",
    "another arm over as many seeds": f"{FIVE}\nAveraged over five seeds, vanilla gets 70.1.",
    "another split": f"{FIVE} On dev the mean is 72.8.",
    "part of them": f"{FIVE} Excluding the last, the mean is 72.4.",
    "the best of them": f"{FIVE} The mean of the three best is 72.5.",
    "averaged weights": f"- {FIVE}\n- weight average of the five: 74.0",
    "predictions": f"{FIVE} Averaging their predictions gives 74.3.",
    "more seeds than are listed": "Three example seeds: 61.2, 60.4, 62.0. The mean over 10 seeds is 60.5.",
    "seeds still running": "- seeds 0-4 so far: 61.2, 60.4, 62.0 (two still running)\n- mean over all five: 60.9",
    "rows left out": "- seed 0: 61.2\n- seed 1: 60.4\n- seed 2: 62.0\n- ...\n- mean (10 seeds): 60.5",
    "another metric": "Per-seed reward (3 seeds): 0.61 / 0.62 / 0.63, average episode reward 0.59.",
    "a name of an arm behind": "LoRA (3 seeds: 84.1, 84.3, 84.5), full fine-tuning mean 84.9.",
    "an average of tasks": f"{POINTS}- GLUE average: 83.9",
    "people": f"{POINTS}- human average: 83.9",
    "a rank": f"{POINTS}- mean rank: 84.9",
    "what is needed": f"{POINTS}- mean needed to ship: 85.0",
    "two lists": "Three seeds give 61.2, 60.4, 62.0 on A and 58.1, 57.3, 59.0 on B, with a mean over both of 59.67.",
    "steps of a program": "\n".join(
        f"step:{i}0/90 train_time:{i * 971}ms step_avg:{97 + i / 20:.2f}ms" for i in range(1, 9)
    )
    + "\nstep:90/90 val_loss:2.10 train_time:8800ms step_avg:97.95ms",
    "weights": "| fold | n | acc |\n|---|---|---|\n| 1 | 100 | 0.712 |\n| 2 | 300 | 0.789 |\n| 3 | 150 | 0.744 |\n"
    "| mean | 183 | 0.763 |",
    "the change of the means": "| seed | base | new | change |\n|---|---|---|---|\n| 1 | 100.0 | 110.0 | +10.0% |\n"
    "| 2 | 50.0 | 65.0 | +30.0% |\n| 3 | 80.0 | 84.0 | +5.0% |\n| mean | 76.7 | 86.3 | +12.6% |",
    "F1 of the means": "| seed | P | R | F1 |\n|---|---|---|---|\n| 1 | 0.90 | 0.50 | 0.64 |\n"
    "| 2 | 0.70 | 0.80 | 0.75 |\n| 3 | 0.60 | 0.95 | 0.74 |\n| mean | 0.73 | 0.75 | 0.74 |",
    "a mean of more rows": "| seed | acc |\n|---|---|\n| 0 | 61.2 |\n| 1 | 60.4 |\n| 2 | 62.0 |\n"
    "| mean (10 seeds) | 60.5 |",
    "the mean of another arm": "| model | run | acc |\n|---|---|---|\n| a | 1 | 61.2 |\n| a | 2 | 60.4 |\n"
    "| a | 3 | 62.0 |\n| b | mean | 63.1 |",
}


@pytest.mark.parametrize("text", OTHERS.values(), ids=OTHERS)
def test_a_mean_of_something_else(tmp_path: Path, text: str) -> None:
    """A number that may be of more, of fewer or of other things than the values beside it is no fault."""
    assert not aloud(tmp_path, "a.md", f"# Log\n\n{text}\n", "mean-disagrees")


def test_a_record_of_another_metric(tmp_path: Path) -> None:
    """A field whose name has a word that the values' field has not is of something else."""
    rows = '{"seed":1,"acc":0.61}\n{"seed":2,"acc":0.62}\n{"seed":3,"acc":0.63}\n'
    assert aloud(tmp_path, "a.jsonl", rows + '{"n":3,"mean":0.66,"std":0.01}\n', "mean-disagrees")
    assert not aloud(tmp_path, "a.jsonl", rows + '{"n":3,"val_mean":0.66,"std":0.01}\n', "mean-disagrees")


SPREADS = "Four seeds: 71.2, 72.9, 70.8 and 73.1, a mean of 72.0 with a sample standard deviation of {}.\n"


def test_a_spread_that_is_said_to_be_of_a_sample(tmp_path: Path) -> None:
    """All values, their mean and the word sample stand in one sentence: 1.00 divides by four, 0.41 by nothing."""
    assert aloud(tmp_path, "a.md", SPREADS.format("0.41"), "spread-kind")
    (stated,) = aloud(tmp_path, "a.md", SPREADS.format("1.00"), "spread-kind")
    assert stated.facts["kind"] == "stated"
    assert not aloud(tmp_path, "a.md", SPREADS.format("1.16"), "spread-kind")


def test_spreads_over_something_else(tmp_path: Path) -> None:
    """Where no row's spread is that of its seeds, the column is of something else; where one's is, others are wrong."""
    text = (
        "| arm | seed 0 | seed 1 | seed 2 | mean | std |\n|---|---|---|---|---|---|\n"
        "| a | 0.71 | 0.73 | 0.72 | 0.72 | {} |\n| b | 0.61 | 0.63 | 0.65 | 0.63 | 0.07 |\n"
    )
    assert not aloud(tmp_path, "a.md", text.format("0.05"), "spread-kind")
    assert [one.place.line for one in aloud(tmp_path, "a.md", text.format("0.01"), "spread-kind")] == [4]


def test_a_name_of_a_parameter_is_no_row_of_spreads(tmp_path: Path) -> None:
    """``sigma_alpha`` names what was fitted."""
    rows = [
        (f"M{i}", name, 0.88 + i / 10, 35.7 + i)
        for i in range(3)
        for name in ("mu_alpha", "beta_1", "beta_2", "sigma_alpha")
    ]
    text = "label,variable,median,ess\n" + "".join(f"{a},{b},{c:.3f},{d:.2f}\n" for a, b, c, d in rows)
    path = tmp_path / "a.csv"
    path.write_text(text, encoding="utf-8")
    assert not [one for one in audit(open_logs([path]), hints=True) if one.rule == "spread-kind"]


LOOKS = "# Mixup\n\n{} plain 61.2, mixup 63.1.\n{} plain 61.0, mixup 61.1.\n\n{}\n"


def looks(said: str, few: str = "3 seeds:", many: str = "10 seeds:") -> str:
    return LOOKS.format(few, many, said)


def test_a_gain_that_more_seeds_took_back(tmp_path: Path) -> None:
    """Both looks and the announcement name the same arms and nothing else."""
    assert aloud(tmp_path, "a.md", looks("Mixup adds 1.9 points."), "not-replicated")
    assert not aloud(tmp_path, "a.md", looks("Mixup adds 0.1 points."), "not-replicated")
    rows = "| 3 | 61.2 | 63.1 |\n| 10 | 61.0 | 61.1 |\n"
    table = f"# Mixup\n\n| seeds | plain | mixup |\n|---|---|---|\n{rows}\nMixup adds {{}}.\n"
    assert aloud(tmp_path, "a.md", table.format("1.9"), "not-replicated")
    assert not aloud(tmp_path, "a.md", table.format("0.1"), "not-replicated")


NOT_TAKEN_BACK = {
    "another arm": looks("Cutout adds 1.9 points."),
    "another data set": looks("Mixup adds 1.9 points on MNLI.", "MNLI, 3 seeds:", "QQP, 10 seeds:"),
    "other settings": looks("Mixup adds 1.9 points.", "batch 32, 3 seeds:", "batch 512, 10 seeds:"),
    "other epochs": looks("Mixup adds 1.9 points.", "3 seeds, 100 epochs:", "10 seeds, 300 epochs:"),
    "a wrong claim told as such": looks("We wrongly claimed that mixup adds 1.9 points."),
    "what others say": looks("Paper A says mixup adds 1.9 points."),
    "another measure": looks("Mixup costs 1.9 h more."),
    "chance": looks("So the +1.9 of mixup was chance."),
    "retracted": looks("Retracted: mixup +1.9."),
    "with few seeds": looks("So with few seeds mixup seems to add 1.9."),
    "rows of two tasks": "# Mixup\n\n| task | seeds | plain | mixup |\n|---|---|---|---|\n| x | 3 | 61.2 | 63.1 |\n"
    "| y | 10 | 61.0 | 61.1 |\n\nMixup adds 1.9 points.\n",
}


@pytest.mark.parametrize("text", NOT_TAKEN_BACK.values(), ids=NOT_TAKEN_BACK)
def test_a_gain_of_something_else(tmp_path: Path, text: str) -> None:
    """A word that only one of the two looks or the announcement has leaves open what was taken back."""
    assert not aloud(tmp_path, "a.md", text, "not-replicated")


def test_signs_of_something_else(tmp_path: Path) -> None:
    """Signs of another arm, of another metric or of more seeds are not those of the differences above."""
    above = "# Log\n\n- seed deltas: +0.1, +0.2, -0.1\n"
    assert aloud(tmp_path, "a.md", above + "- signs: 1+/2-\n", "signs-disagree")
    for line in ("signs of the other arm: 1+/2-", "recall deltas: 3+/0-", "signs over all six: 4+/2-"):
        assert not aloud(tmp_path, "a.md", above + f"- {line}\n", "signs-disagree")


def test_a_p_value_of_the_other_side(tmp_path: Path) -> None:
    """A one-sided test against the sign of its statistic has a p-value near one."""
    assert not aloud(tmp_path, "a.md", "t(9) = -2.26, p = 0.975\n", "p-value-disagrees")
    assert aloud(tmp_path, "a.md", "t(9) = -2.26, p = 0.875\n", "p-value-disagrees")


def notes(tmp_path: Path, text: str) -> list[Finding]:
    path = tmp_path / "a.md"
    path.write_text(text, encoding="utf-8")
    return [one for one in audit(open_logs([path])) if one.rule == "recomputed"]


COLUMNS = (
    "| {} | seed 0 | seed 1 | seed 2 |\n|---|---|---|---|\n| {} | 0.71 | 0.73 | 0.72 |\n| {} | 0.81 | 0.82 | 0.83 |\n"
)


def test_two_arms_seed_by_seed(tmp_path: Path) -> None:
    """The second arm less the first, where rows are arms; not where they are metrics, steps or data sets."""
    (one,) = notes(tmp_path, COLUMNS.format("arm", "stock", "wide"))
    assert one.facts["mean"] == pytest.approx(0.1)
    for names in (("arm", "train acc", "test acc"), ("step", "100", "200"), ("dataset", "mnli", "qqp")):
        assert not notes(tmp_path, COLUMNS.format(*names))


def test_a_column_of_differences_by_seed(tmp_path: Path) -> None:
    """Without a row for their mean, or with one for something else."""
    rows = "| 42 | 0.4785 | 0.4954 | +0.0169 |\n| 7 | 0.4157 | 0.4524 | +0.0367 |\n| 1 | 0.5082 | 0.4743 | -0.0339 |\n"
    (one,) = notes(
        tmp_path,
        f"| seed | old | new | delta |\n|---|---|---|---|\n{rows}| mean predictions | 0.4888 | 0.4896 | +0.0008 |\n",
    )
    assert one.facts["seeds"] == 3
    assert one.facts["mean"] == pytest.approx(0.0066, abs=1e-4)


def test_two_arms_with_spreads(tmp_path: Path) -> None:
    """Welch's test of two arms where the table itself says over how many seeds, and over nothing else."""
    text = "{}\n\n| {} | ppl (mean ± std, n=3) |\n|---|---|\n| {} | 268.40 ± 2.61 |\n| {} | 267.65 ± 2.63 |\n"
    (one,) = notes(tmp_path, text.format("3 seeds each.", "arch", "core", "core + heads"))
    assert one.facts["told"][0][1] == pytest.approx(-0.75)
    assert not notes(tmp_path, text.format("3 seeds, ± over folds.", "arch", "core", "core + heads"))
    assert not notes(tmp_path, text.format("3 seeds each.", "split", "train", "test"))
