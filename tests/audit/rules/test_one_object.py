"""Numbers of two objects, two metrics or an interval are no count and share, no difference and no repeats."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from evenhand.audit.check import audit, sentence
from evenhand.audit.finding import Finding
from evenhand.audit.reading.opened import open_logs

SUITES = "| Suite | Success rate |\n|---|---|\n{}| A | 66.67% |\n| B | 70.00% |\n| C | 76.67% |\n{}"
FILES = {
    f"{arm}.json": json.dumps({"out": {"miss_count": k, "miss_rate": k / n}, "sum": {"steps": n, "ok": True}}, indent=1)
    for arm, k, n in (("a", 4909, 27381), ("c", 4900, 15301), ("d", 901, 15301), ("e", 433, 15301))
}
SILENT: dict[str, dict[str, str]] = {
    "the steps of another file": FILES,
    "a quotient with the digits of a float": {"a.json": '{"successes": 20, "episodes": 30, "rate": 66.66666666666667}'},
    "a share of something shorter": {"a.json": '{"passed": 12, "total": 30, "win_rate": 0.45}'},
    "shares of few digits": {"a.csv": "class,support,tp,share\na,40,30,0.2\nb,50,20,0.25\nc,60,48,0.3\nd,50,31,0.25\n"},
    "a mean score over prompts": {"a.md": "- Base model on 100 samples: 99.66%\n"},
    "battery on episodes": {"a.md": "- Battery 43.21% on 90 episodes\n"},
    "means of what each row scored": {
        "a.md": "| rows | n | step F1 | recall | precision | EM |\n|---|---|---|---|---|---|\n"
        "| under | 104 | 0.1538 | 0.1346 | 0.1795 | 0.0000 |\n| right | 82 | 0.3902 | 0.3902 | 0.3902 | 0.0488 |\n"
        "| two | 6 | 0.0556 | 0.0417 | 0.0833 | 0.0000 |\n"
    },
    "a rubric's score": {
        "a.md": "| arm | n | score |\n|---|---|---|\n| a | 40 | 0.825 |\n| b | 40 | 0.775 |\n| c | 40 | 0.8125 |\n"
        "| d | 40 | 0.900 |\n"
    },
    "a total with its own count": {
        "a.md": "30 tasks each.\n\n| Suite | Success | Success rate |\n|---|---|---|\n| A | 20/30 | 66.67% |\n"
        "| B | 21/30 | 70.00% |\n| C | 23/30 | 76.67% |\n| D | 24/30 | 80.00% |\n| all | 70/95 | 73.68% |\n"
    },
    "a mean above its rows": {"a.md": "30 tasks each.\n\n" + SUITES.format("| Overall | 71.11% |\n", "")},
    "a mean below its rows": {"a.md": "30 tasks each.\n\n" + SUITES.format("", "| Overall | 71.11% |\n")},
    "a row from a paper": {"a.md": "30 tasks each.\n\n" + SUITES.format("| human (paper) | 83.10% |\n", "")},
    "balanced accuracy": {"a.md": "- Balanced accuracy 0.8123 on 60 images\n"},
    "the square of what changed": {
        "a.md": "- RMSE changes `0.413→0.422` with MSE improvement `-0.0076` (episode interval `[-0.018,+0.002]`).\n"
    },
    "the peak beside the end": {"a.md": "- Final: 83.0%; peak 83.8% vs baseline 73.8% (+9.2 pp)\n"},
    "a difference to another base": {"a.md": "- From 50.2 to 55.7, a gain of +3.5 over the tuned one at 52.2\n"},
    "a difference on other data": {"a.md": "- 61.1% vs 65.5% on dev, +2.0 pp on test\n"},
    "a difference on some items": {"a.md": "- 61.1% to 65.5% (+12% relative on hard items)\n"},
    "a mean of rounded differences": {
        "a.md": "| Model | Base | Tuned | Δ |\n|---|---|---|---|\n| a | 61.1 | 65.5 | +4.4 |\n"
        "| b | 50.0 | 55.2 | +5.2 |\n| c | 70.3 | 71.0 | +0.7 |\n| all | 60.47 | 63.90 | +3.5 |\n"
    },
    "metrics near one": {
        "a.md": "| Model | Accuracy | F1 | ROC-AUC |\n|---|---|---|---|\n| a | 0.729 | 0.668 | 0.756 |\n"
        "| b | 0.994 | 0.994 | 0.9999 |\n| c | 0.9975 | 0.9975 | 0.99999 |\n| d | 0.9967 | 0.9966 | 0.99993 |\n"
        "| e | 0.9917 | 0.9916 | 0.99985 |\n"
    },
    "an interval beside its mean": {"a.json": '{"r": {"mean": 0.812, "std": 0.031, "ci": [0.751, 0.873]}}'},
    "a range beside its mean": {"a.json": '{"acc": {"mean": 0.812, "std": 0.031, "acc_range": [0.751, 0.873]}}'},
    "two bare values around their mean": {"a.json": '{"mean": 0.812, "std": 0.031, "values": [0.751, 0.873]}'},
    "quantiles with a running number": {
        "a.csv": "param,mean,sd,q5,q50,q95\na,0.512,0.034,0.457,0.511,0.569\nb,1.204,0.101,1.04,1.203,1.369\n"
        "c,0.333,0.05,0.251,0.333,0.415\n"
    },
    "rows that nobody compares": {
        "a.md": "| Model | pass@1 |\n|---|---|\n| x | 12/30 |\n| y | 14/30 |\n| z | 11/30 |\n"
    },
    "rows without names": {
        "a.md": "| Model | Setting | pass@1 |\n|---|---|---|\n| x | low | 3/75 |\n| | **high** | **5/75** |\n"
    },
}


def told(folder: Path, files: dict[str, str], *, hints: bool = False) -> list[Finding]:
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return list(audit(open_logs([folder]), hints=hints))


@pytest.mark.parametrize("kind", SILENT)
def test_what_is_no_part_of_it_says_nothing_of_it(tmp_path: Path, kind: str) -> None:
    assert [(one.rule, sentence(one)) for one in told(tmp_path, SILENT[kind])] == []


def test_a_share_is_still_held_against_the_count_of_its_own_object(tmp_path: Path) -> None:
    (one,) = told(tmp_path, {"a.json": '{"successes": 20, "episodes": 30, "rate": 63.33333333333333}'}, hints=True)
    assert sentence(one) == "20 of 30 is 66.67 %, not 63.33333333333333."


def test_an_interval_has_one_digit_more_than_its_numbers(tmp_path: Path) -> None:
    rows = "".join(f"| {seed} | {d:+d} |\n" for seed, d in ((1, 48), (2, 56), (3, 64), (4, 56), (5, 56)))
    (one,) = told(tmp_path, {"a.md": "| Seed | Δ |\n|---|---|\n" + rows})
    assert "mean +56, sample sd 5.7; paired t p < 0.001, 95 % interval +49 to +63, which does not hold 0:" in sentence(
        one
    )


def test_loss_and_perplexity_are_told_once_of_all_files(tmp_path: Path) -> None:
    rows = "1,2.000,7.389\n2,1.500,4.482\n3,1.000,2.718\n4,0.900,2.460\n"
    files = {f"{name}.csv": f"step,{name}_loss,{name}_perplexity\n{rows}" for name in ("test", "train", "val")}
    (one,) = told(tmp_path, files)
    assert sentence(one).endswith("one result, and count once (2 more files have such columns).")


def test_steps_between_values_are_told_with_the_name_of_their_column(tmp_path: Path) -> None:
    rows = "".join(f"| a{k} | {k / 229:.4f} |\n" for k in (13, 29, 41, 77, 101, 119, 143, 160))
    (one,) = told(tmp_path, {"a.md": "| arm | accuracy |\n|---|---|\n" + rows})
    assert sentence(one).startswith("All 8 values of 'accuracy' are multiples of 1/229:")


def test_rows_that_are_compared_are_set_against_chance(tmp_path: Path) -> None:
    rows = "| Model | pass@1 |\n|---|---|\n| x | 12/30 |\n| y | **14/30** |\n| z | 11/30 |\n"
    (one,) = told(tmp_path, {"a.md": rows})
    assert (one.rule, one.level) == ("within-noise", "note")
    assert sentence(one).startswith("In 'pass@1' 11 and 14 of 30")


def test_spreads_of_one_row_are_told_once(tmp_path: Path) -> None:
    rows = "| seed | acc | f1 |\n|---|---|---|\n| 1 | 0.712 | 0.612 |\n| 2 | 0.699 | 0.599 |\n| 3 | 0.706 | 0.606 |\n"
    (one,) = told(tmp_path, {"a.md": rows + "| mean | 0.7057 ± 0.0053 | 0.6057 ± 0.0053 |\n"})
    assert sentence(one).endswith("; other spreads do the same in this row.")
