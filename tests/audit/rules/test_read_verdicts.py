"""Steadiness, denied effects and lost gains are read in prose, lists, tables, chats and data; each beside a twin."""

from __future__ import annotations

from pathlib import Path

import pytest

from evenhand.audit.finding import Finding
from evenhand.audit.reading.opened import open_logs
from tests.audit.reading_of import read_in


def loud(tmp_path: Path, name: str, text: str, rule: str) -> list[Finding]:
    """The findings of a rule that are no hints and no notes."""
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return [one for one in read_in(open_logs([path])) if one.rule == rule and one.level != "note"]


STEADY = [
    (
        "a.md",
        "# Log\n\nWe trained three seeds: 71.2, 71.4 and 71.3. The recipe is therefore reliable.\n",
        "three seeds: 71.2, 71.4 and 71.3",
        "seven seeds: 71.2, 71.4, 71.3, 71.1, 71.2, 71.5 and 71.3",
    ),
    (
        "a.md",
        "# Log\n\n- restarts: 2\n- loss of the restarts 1.84, 1.85\n- training gives the same loss whatever the seed\n",
        "restarts: 2\n- loss of the restarts 1.84, 1.85",
        "restarts: 8\n- losses 1.84, 1.85, 1.83, 1.84, 1.86, 1.85, 1.84, 1.84",
    ),
    (
        "a.md",
        "# Log\n\n| head | seed 0 | seed 1 |\n|---|---|---|\n| wide | 61.2 | 61.3 |\n| deep | 63.0 | 63.1 |\n\n"
        "Deep consistently beats wide.\n",
        "",
        "",
    ),
    (
        "a.json",
        '{"seeds": [1, 2],\n "em": [61.2, 61.4],\n "note": "results are insensitive to the initialisation"}\n',
        '[1, 2],\n "em": [61.2, 61.4]',
        '[1, 2, 3, 4, 5, 6],\n "em": [61.2, 61.4, 61.3, 61.1, 61.2, 61.3]',
    ),
    (
        "a.csv",
        "seed,em\n1,61.2\n2,61.4\n# verdict: dependable\n",
        "2,61.4\n",
        "2,61.4\n3,61.3\n4,61.2\n5,61.2\n6,61.4\n",
    ),
    (
        "a.md",
        "# Notiz\n\nZwei Läufe ergaben 0,471 und 0,473. Das Verfahren ist damit zuverlässig.\n",
        "Zwei Läufe ergaben 0,471 und 0,473",
        "Sechs Läufe ergaben 0,471, 0,473, 0,472, 0,470, 0,474 und 0,472",
    ),
    (
        "a.log",
        "<ann> seeds 1-2 end at 0.71 0.72\n<bo> nice\n<ann> it converges every single time\n<bo> ship it\n",
        "seeds 1-2 end at 0.71 0.72",
        "seeds 1-6 end at 0.71 0.72 0.70 0.71 0.72 0.71",
    ),
]


@pytest.mark.parametrize(("name", "text", "few", "many"), STEADY)
def test_steadiness_from_few_repeats_is_read_in_every_form(
    tmp_path: Path, name: str, text: str, few: str, many: str
) -> None:
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
    (
        "a.md",
        "# Log\n\nThree seeds with dropout: 61.2, 66.0, 63.1; without: 64.8, 60.9, 65.2.\n\n{}\n",
        "Dropout makes no difference here.",
        "Three seeds cannot tell whether dropout makes a difference.",
    ),
    (
        "a.md",
        "# Log\n\n| pooling | seed 1 | seed 2 | seed 3 |\n|---|---|---|---|\n| max | 70.2 | 75.9 | 72.4 |\n| "
        "mean pool | 74.8 | 69.5 | 73.1 |\n\n{}\n",
        "Both poolings are equivalent.",
        "The poolings stay undecided.",
    ),
    (
        "a.csv",
        "opt,seed,score\nadam,1,122\nadam,2,208\nadam,3,151\nlion,1,197\nlion,2,133\nlion,3,176\n# {}\n",
        "the optimiser does not matter",
        "the optimiser may matter, too few seeds",
    ),
    (
        "a.json",
        '{{"seeds": 2,\n "with": [22.6, 28.7],\n "without": [28.0, 23.2],\n "finding": "{}"}}\n',
        "warmup has no effect",
        "warmup: open, needs more seeds",
    ),
    (
        "a.md",
        "# Notiz\n\nJe drei Seeds, mit Norm 7,9 / 10,4 / 8,8 und ohne 9,6 / 8,1 / 10,1.\n\n{}\n",
        "Die Norm hat keinen Einfluss.",
        "Ob die Norm Einfluss hat, bleibt offen.",
    ),
    (
        "a.log",
        "ola: two seeds each. frozen 70.2 76.5\nola: trainable 75.8 69.9\npim: {}\nola: ok\n",
        "so freezing is irrelevant",
        "can't call that, more seeds",
    ),
]


@pytest.mark.parametrize(("name", "text", "said", "told"), DENIED)
def test_no_effect_from_few_noisy_repeats_is_read_in_every_form(
    tmp_path: Path, name: str, text: str, said: str, told: str
) -> None:
    assert loud(tmp_path, name, text.format(said), "no-effect-shown")
    assert not loud(tmp_path, name, text.format(told), "no-effect-shown")


def test_no_effect_from_repeats_that_lie_close_is_left_alone(tmp_path: Path) -> None:
    text = (
        "# Log\n\nThree seeds with dropout: 61.20, 61.22, 61.21; without: 61.21, 61.20, 61.22.\n\nDropout "
        "makes no difference.\n"
    )
    assert not loud(tmp_path, "a.md", text, "no-effect-shown")


LOST = [
    (
        "a.md",
        "# Log\n\nTwo seeds: plain 61.2, mixed 62.8.\n\nTen seeds: plain 61.9, mixed 61.8.\n\n{}\n",
        "Mixing improves accuracy by 1.6 points.",
        "Mixing improves nothing, the 1.6 of two seeds is gone.",
    ),
    (
        "a.md",
        "# Log\n\n| seeds | off | on |\n|---|---|---|\n| 3 | 0.447 | 0.459 |\n| 15 | 0.453 | 0.452 |\n\n{}\n",
        "Expansion is worth 0.012.",
        "The early 0.012 did not last.",
    ),
    (
        "a.csv",
        "arm,n_seeds,auc\noff,3,0.735\non,3,0.747\noff,12,0.742\non,12,0.741\n# {}\n",
        "on lifts auc by 0.012, use it",
        "the 0.012 of three seeds is not there with twelve",
    ),
    (
        "a.json",
        '{{"first": {{"seeds": 3, "f1_off": 70.8, "f1_on": 73.1}},\n "full": {{"seeds": 12, "f1_off": 71.9, '
        '"f1_on": 71.7}},\n "claim": "{}"}}\n',
        "it lifts F1 by 2.3",
        "no lift, the 2.3 did not survive",
    ),
    (
        "a.md",
        "# Notiz\n\n- Seeds 1 bis 3: ohne 58,1; mit 59,8\n- Seeds 1 bis 9: ohne 58,7; mit 58,6\n- {}\n",
        "verbucht: +1,7 durch die Kodierung",
        "verbucht: nichts, die +1,7 trugen nicht",
    ),
    (
        "a.log",
        "vera: 2 seeds. base 2.881, qk 2.842\namir: run more?\nvera: 14 seeds per arm now: base 2.873, qk 2.872\n"
        "vera: {}\n",
        "release note: qk lowers the loss by .039",
        "release note: qk does not lower the loss",
    ),
]


@pytest.mark.parametrize(("name", "text", "said", "told"), LOST)
def test_a_gain_that_more_repeats_took_back_is_read_in_every_form(
    tmp_path: Path, name: str, text: str, said: str, told: str
) -> None:
    assert loud(tmp_path, name, text.format(said), "not-replicated")
    assert not loud(tmp_path, name, text.format(told), "not-replicated")


def test_a_gain_that_more_repeats_confirm_is_left_alone(tmp_path: Path) -> None:
    text = (
        "# Log\n\nTwo seeds: plain 61.2, mixed 62.8.\n\nTen seeds: plain 61.3, mixed 62.7.\n\nMixing improves "
        "accuracy by 1.6 points.\n"
    )
    assert not loud(tmp_path, "a.md", text, "not-replicated")


@pytest.mark.parametrize("said", ["The +1.6 was noise.", "Next we try bigger models, worth 1.6 GPU days."])
def test_a_number_that_announces_nothing_is_left_alone(tmp_path: Path, said: str) -> None:
    text = f"# Log\n\nTwo seeds: plain 61.2, mixed 62.8. Ten seeds: plain 61.9, mixed 61.8. {said}\n"
    assert not loud(tmp_path, "a.md", text, "not-replicated")
