"""Means, spreads, steadiness, denied effects and lost gains are read in prose, lists, tables, chats and data."""

from __future__ import annotations

from pathlib import Path

import pytest

from evenhand.audit.check import audit
from evenhand.audit.finding import Finding
from evenhand.audit.reading.opened import open_logs


def loud(tmp_path: Path, name: str, text: str, rule: str) -> list[Finding]:
    """The findings of a rule that are no hints and no notes."""
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return [one for one in audit(open_logs([path])) if one.rule == rule and one.level in ("fault", "caution")]


MEANS = [
    ("a.md", "# Parsing\n\nOver four seeds labelled attachment came to 87.2, 86.5,\n88.1 and 87.0 (dev), which averages to {}.\n", "87.2", "88.0"),
    ("a.txt", "Reading speed study\n\nThe three systems needed 14.2, 15.0 and 14.6 s per page.\n\nOn average they thus need {} s.\n", "14.6", "15.3"),
    ("a.md", "# Log\n\n- rouge by run\n  - run 1: 31.2\n  - run 2: 30.4\n  - run 3: 32.0\n- the mean is {}\n", "31.2", "32.1"),
    ("a.md", "## Lauf\n\nDie vier Seeds lieferten 71,2 / 70,4 / 72,0 / 71,6 Punkte. Im Durchschnitt sind das {} Punkte.\n", "71,3", "72,1"),
    ("a.md", "## Essai\n\nTrois graines : 0,412, 0,431 et 0,420. La moyenne vaut {}.\n", "0,421", "0,437"),
    ("a.md", "## Prueba\n\nCon tres semillas: 12,4; 12,9 y 12,0. La media es {}.\n", "12,4", "13,0"),
    ("a.md", "## Запись\n\nТри прогона дали 55.1, 54.2 и 56.0, среднее {}.\n", "55.1", "56.4"),
    ("a.log", "bea: three reruns: 412 405 420\nbea: so mean {}\ntim: fine\nbea: next week more\n", "412", "431"),
    ("a.rst", "====  ====  ====  ====  =====\nnet   f1    f2    f3    mean\n====  ====  ====  ====  =====\nwide  61.2  60.4  62.0  61.2\ndeep  63.5  62.1  64.0  {}\n====  ====  ====  ====  =====\n", "63.2", "64.9"),
    ("a.csv", "fold,auc,minutes\n1,0.812,31\n2,0.798,33\n3,0.805,32\naverage,{},32\n", "0.805", "0.829"),
    ("a.json", '{{"seeds": [1, 2, 3],\n "psnr": [28.1, 28.9, 28.4],\n "avg_psnr": {}}}\n', "28.47", "29.2"),
    ("a.jsonl", '{{"arm":"x","seed":1,"f1":0.61}}\n{{"arm":"x","seed":2,"f1":0.64}}\n{{"arm":"x","seed":3,"f1":0.62}}\n{{"of":"x","n":3,"mean":{}}}\n', "0.623", "0.653"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "text", "right", "wrong"), MEANS)
def test_a_mean_that_the_values_do_not_have_is_read_in_every_form(tmp_path: Path, name: str, text: str, right: str, wrong: str) -> None:  # fmt: skip
    assert loud(tmp_path, name, text.format(wrong), "mean-disagrees")
    assert not loud(tmp_path, name, text.format(right), "mean-disagrees")


@pytest.mark.parametrize(
    "text",
    [
        "Seeds gave 61.2, 60.4 and 62.0. The median is 61.9.\n",
        "Seeds gave 61.2, 60.4 and 62.0. The baseline's mean was 60.1.\n",
        "Seeds gave 61.2, 60.4 and 62.0, and the gate asks for a mean above 62.5.\n",
        "Widths of 61.2, 60.4 and 62.0 were tried with a mean batch of 61.9.\n",
        "Weighted by size, runs of 61.2, 60.4 and 62.0 give a weighted mean of 61.9.\n",
        "Runs: 61.2, 60.4, 62.0.\n\nAnother task: em 70.1, f1 72.3, avg 61.9.\n",
    ],
)
def test_a_mean_of_something_else_is_left_alone(tmp_path: Path, text: str) -> None:
    assert not loud(tmp_path, "a.md", f"# Log\n\n{text}", "mean-disagrees")


SPREADS = [
    ("a.md", "# Log\n\nFive seeds: 61.2, 60.4, 62.0, 61.1, 60.8, that is 61.1 with a sample standard deviation of {}.\n", "0.59", "0.53"),
    ("a.md", "# Log\n\n- scores of four runs: 0.612, 0.631, 0.598, 0.620\n- mean 0.615\n- std (ddof=1) {}\n", "0.0139", "0.0120"),
    ("a.csv", "# std is the sample standard deviation\nseed,acc\n1,71.2\n2,73.0\n3,70.4\n4,72.6\nmean,71.8\nstd,{}\n", "1.21", "1.05"),
    ("a.json", '{{"runs": [0.712, 0.731, 0.704],\n "mean": 0.7157, "ddof": 1,\n "std": {}}}\n', "0.0139", "0.0113"),
    ("a.md", "# Log\n\nRuns 1-4 end at 12.1, 13.4, 12.6 and 12.9 (mean 12.75, sd {}).\n", "0.54", "1.62"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "text", "right", "wrong"), SPREADS)
def test_a_spread_that_is_not_what_it_is_called_is_read_in_every_form(tmp_path: Path, name: str, text: str, right: str, wrong: str) -> None:  # fmt: skip
    assert loud(tmp_path, name, text.format(wrong), "spread-kind")
    assert not loud(tmp_path, name, text.format(right), "spread-kind")


def test_dividing_by_n_is_a_note_where_no_kind_is_claimed(tmp_path: Path) -> None:
    text = "# Log\n\nFive seeds: 61.2, 60.4, 62.0, 61.1, 60.8, mean 61.1, spread 0.54.\n"
    assert not loud(tmp_path, "a.md", text, "spread-kind")


def test_a_spread_of_another_result_is_left_alone(tmp_path: Path) -> None:
    text = "# Log\n\nThree seeds: 61.2, 60.4, 62.0 (mean 61.2).\n\nOver all twelve it is 60.1 (sd 1.9).\n"
    assert not loud(tmp_path, "a.md", text, "spread-kind")


STEADY = [
    ("a.md", "# Log\n\nWe trained three seeds: 71.2, 71.4 and 71.3. The recipe is therefore reliable.\n", "three seeds: 71.2, 71.4 and 71.3", "seven seeds: 71.2, 71.4, 71.3, 71.1, 71.2, 71.5 and 71.3"),
    ("a.md", "# Log\n\n- restarts: 2\n- loss of the restarts 1.84, 1.85\n- training gives the same loss whatever the seed\n", "restarts: 2\n- loss of the restarts 1.84, 1.85", "restarts: 8\n- losses 1.84, 1.85, 1.83, 1.84, 1.86, 1.85, 1.84, 1.84"),
    ("a.md", "# Log\n\n| head | seed 0 | seed 1 |\n|---|---|---|\n| wide | 61.2 | 61.3 |\n| deep | 63.0 | 63.1 |\n\nDeep consistently beats wide.\n", "", ""),
    ("a.json", '{"seeds": [1, 2],\n "em": [61.2, 61.4],\n "note": "results are insensitive to the initialisation"}\n', "[1, 2],\n \"em\": [61.2, 61.4]", "[1, 2, 3, 4, 5, 6],\n \"em\": [61.2, 61.4, 61.3, 61.1, 61.2, 61.3]"),
    ("a.csv", "seed,em\n1,61.2\n2,61.4\n# verdict: dependable\n", "2,61.4\n", "2,61.4\n3,61.3\n4,61.2\n5,61.2\n6,61.4\n"),
    ("a.md", "# Notiz\n\nZwei Läufe ergaben 0,471 und 0,473. Das Verfahren ist damit zuverlässig.\n", "Zwei Läufe ergaben 0,471 und 0,473", "Sechs Läufe ergaben 0,471, 0,473, 0,472, 0,470, 0,474 und 0,472"),
    ("a.log", "<ann> seeds 1-2 end at 0.71 0.72\n<bo> nice\n<ann> it converges every single time\n<bo> ship it\n", "seeds 1-2 end at 0.71 0.72", "seeds 1-6 end at 0.71 0.72 0.70 0.71 0.72 0.71"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "text", "few", "many"), STEADY)
def test_steadiness_from_few_repeats_is_read_in_every_form(tmp_path: Path, name: str, text: str, few: str, many: str) -> None:  # fmt: skip
    assert loud(tmp_path, name, text, "few-seeds")
    if few:
        assert not loud(tmp_path, name, text.replace(few, many), "few-seeds")


@pytest.mark.parametrize(
    "text",
    [
        "Two seeds, 61.2 and 61.4. Training is not yet reliable.\n",
        "Two seeds, 61.2 and 61.4. Whether it is reliable needs more of them.\n",
        "Two seeds, 61.2 and 61.4. The loss curve is stable without spikes.\n",
        "Two seeds, 61.2 and 61.4. This is consistent with the theory.\n",
        "Two seeds, 61.2 and 61.4. The script is reproducible from the commit.\n",
        "Two seeds, 61.2 and 61.4. The gain is consistent across all six tasks.\n",
        "A run takes 3 hours per seed. The service is reliable.\n",
    ],
)
def test_other_steadiness_is_left_alone(tmp_path: Path, text: str) -> None:
    assert not loud(tmp_path, "a.md", f"# Log\n\n{text}", "few-seeds")


DENIED = [
    ("a.md", "# Log\n\nThree seeds with dropout: 61.2, 66.0, 63.1; without: 64.8, 60.9, 65.2.\n\n{}\n", "Dropout makes no difference here.", "Three seeds cannot tell whether dropout makes a difference."),
    ("a.md", "# Log\n\n| pooling | seed 1 | seed 2 | seed 3 |\n|---|---|---|---|\n| max | 70.2 | 75.9 | 72.4 |\n| mean pool | 74.8 | 69.5 | 73.1 |\n\n{}\n", "Both poolings are equivalent.", "The poolings stay undecided."),
    ("a.csv", "opt,seed,score\nadam,1,122\nadam,2,208\nadam,3,151\nlion,1,197\nlion,2,133\nlion,3,176\n# {}\n", "the optimiser does not matter", "the optimiser may matter, too few seeds"),
    ("a.json", '{{"seeds": 2,\n "with": [22.6, 28.7],\n "without": [28.0, 23.2],\n "finding": "{}"}}\n', "warmup has no effect", "warmup: open, needs more seeds"),
    ("a.md", "# Notiz\n\nJe drei Seeds, mit Norm 7,9 / 10,4 / 8,8 und ohne 9,6 / 8,1 / 10,1.\n\n{}\n", "Die Norm hat keinen Einfluss.", "Ob die Norm Einfluss hat, bleibt offen."),
    ("a.log", "ola: two seeds each. frozen 70.2 76.5\nola: trainable 75.8 69.9\npim: {}\nola: ok\n", "so freezing is irrelevant", "can't call that, more seeds"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "text", "said", "told"), DENIED)
def test_no_effect_from_few_noisy_repeats_is_read_in_every_form(tmp_path: Path, name: str, text: str, said: str, told: str) -> None:  # fmt: skip
    assert loud(tmp_path, name, text.format(said), "no-effect-shown")
    assert not loud(tmp_path, name, text.format(told), "no-effect-shown")


def test_no_effect_from_repeats_that_lie_close_is_left_alone(tmp_path: Path) -> None:
    text = "# Log\n\nThree seeds with dropout: 61.20, 61.22, 61.21; without: 61.21, 61.20, 61.22.\n\nDropout makes no difference.\n"
    assert not loud(tmp_path, "a.md", text, "no-effect-shown")


LOST = [
    ("a.md", "# Log\n\nTwo seeds: plain 61.2, mixed 62.8.\n\nTen seeds: plain 61.9, mixed 61.8.\n\n{}\n", "Mixing improves accuracy by 1.6 points.", "Mixing improves nothing, the 1.6 of two seeds is gone."),
    ("a.md", "# Log\n\n| seeds | off | on |\n|---|---|---|\n| 3 | 0.447 | 0.459 |\n| 15 | 0.453 | 0.452 |\n\n{}\n", "Expansion is worth 0.012.", "The early 0.012 did not last."),
    ("a.csv", "arm,n_seeds,auc\noff,3,0.735\non,3,0.747\noff,12,0.742\non,12,0.741\n# {}\n", "on lifts auc by 0.012, use it", "the 0.012 of three seeds is not there with twelve"),
    ("a.json", '{{"first": {{"seeds": 3, "f1_off": 70.8, "f1_on": 73.1}},\n "full": {{"seeds": 12, "f1_off": 71.9, "f1_on": 71.7}},\n "claim": "{}"}}\n', "it lifts F1 by 2.3", "no lift, the 2.3 did not survive"),
    ("a.md", "# Notiz\n\n- Seeds 1 bis 3: ohne 58,1; mit 59,8\n- Seeds 1 bis 9: ohne 58,7; mit 58,6\n- {}\n", "verbucht: +1,7 durch die Kodierung", "verbucht: nichts, die +1,7 trugen nicht"),
    ("a.log", "vera: 2 seeds. base 2.881, qk 2.842\namir: run more?\nvera: 14 seeds per arm now: base 2.873, qk 2.872\nvera: {}\n", "release note: qk lowers the loss by .039", "release note: qk does not lower the loss"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "text", "said", "told"), LOST)
def test_a_gain_that_more_repeats_took_back_is_read_in_every_form(tmp_path: Path, name: str, text: str, said: str, told: str) -> None:  # fmt: skip
    assert loud(tmp_path, name, text.format(said), "not-replicated")
    assert not loud(tmp_path, name, text.format(told), "not-replicated")


def test_a_gain_that_more_repeats_confirm_is_left_alone(tmp_path: Path) -> None:
    text = "# Log\n\nTwo seeds: plain 61.2, mixed 62.8.\n\nTen seeds: plain 61.3, mixed 62.7.\n\nMixing improves accuracy by 1.6 points.\n"
    assert not loud(tmp_path, "a.md", text, "not-replicated")
