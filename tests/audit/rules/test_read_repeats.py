"""Means and spreads of values are read in prose, lists, tables, chats and data; each beside a twin."""

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


MEANS = [
    (
        "a.md",
        "# Parsing\n\nOver four seeds labelled attachment came to 87.2, 86.5,\n88.1 and 87.0 (dev), which "
        "averages to {}.\n",
        "87.2",
        "88.0",
    ),
    (
        "a.txt",
        "Reading speed study\n\nThe three systems needed 14.2, 15.0 and 14.6 s per page.\n\nOn average they thus "
        "need {} s.\n",
        "14.6",
        "15.3",
    ),
    (
        "a.md",
        "# Log\n\n- rouge by run\n  - run 1: 31.2\n  - run 2: 30.4\n  - run 3: 32.0\n- the mean is {}\n",
        "31.2",
        "32.1",
    ),
    (
        "a.md",
        "## Lauf\n\nDie vier Seeds lieferten 71,2 / 70,4 / 72,0 / 71,6 Punkte. Im Durchschnitt sind das {} Punkte.\n",
        "71,3",
        "72,1",
    ),
    ("a.md", "## Essai\n\nTrois graines : 0,412, 0,431 et 0,420. La moyenne vaut {}.\n", "0,421", "0,437"),
    ("a.md", "## Prueba\n\nCon tres semillas: 12,4; 12,9 y 12,0. La media es {}.\n", "12,4", "13,0"),
    ("a.md", "## Запись\n\nТри прогона дали 55.1, 54.2 и 56.0, среднее {}.\n", "55.1", "56.4"),
    ("a.log", "bea: three reruns: 412 405 420\nbea: so mean {}\ntim: fine\nbea: next week more\n", "412", "431"),
    (
        "a.rst",
        "====  ====  ====  ====  =====\nnet   f1    f2    f3    mean\n====  ====  ====  ====  =====\nwide  61.2  "
        "60.4  62.0  61.2\ndeep  63.5  62.1  64.0  {}\n====  ====  ====  ====  =====\n",
        "63.2",
        "64.9",
    ),
    ("a.csv", "fold,auc,minutes\n1,0.812,31\n2,0.798,33\n3,0.805,32\naverage,{},32\n", "0.805", "0.829"),
    ("a.json", '{{"seeds": [1, 2, 3],\n "psnr": [28.1, 28.9, 28.4],\n "avg_psnr": {}}}\n', "28.47", "29.2"),
    (
        "a.jsonl",
        '{{"arm":"x","seed":1,"f1":0.61}}\n{{"arm":"x","seed":2,"f1":0.64}}\n{{"arm":"x","seed":3,"f1":0.62}}\n'
        '{{"of":"x","n":3,"mean":{}}}\n',
        "0.623",
        "0.653",
    ),
]


@pytest.mark.parametrize(("name", "text", "right", "wrong"), MEANS)
def test_a_mean_that_the_values_do_not_have_is_read_in_every_form(
    tmp_path: Path, name: str, text: str, right: str, wrong: str
) -> None:
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
        "Three annotators scored 4.2, 3.9 and 4.4; the mean over the corpus is 4.6.\n",
        "Three seeds: 61.2, 60.4 and 62.0 on dev, and the mean on test is 60.1.\n",
        "We trained three seeds (61.2, 60.4, 62.0). Previous work reports a mean of 62.4.\n",
    ],
)
def test_a_mean_of_something_else_is_left_alone(tmp_path: Path, text: str) -> None:
    assert not loud(tmp_path, "a.md", f"# Log\n\n{text}", "mean-disagrees")


SPREADS = [
    (
        "a.md",
        "# Log\n\nFive seeds: 61.2, 60.4, 62.0, 61.1, 60.8, that is 61.1 with a sample standard deviation of {}.\n",
        "0.59",
        "0.53",
    ),
    (
        "a.md",
        "# Log\n\n- scores of four runs: 0.612, 0.631, 0.598, 0.620\n- mean 0.615\n- std (ddof=1) {}\n",
        "0.0139",
        "0.0120",
    ),
    (
        "a.csv",
        "# std is the sample standard deviation\nseed,acc\n1,71.2\n2,73.0\n3,70.4\n4,72.6\nmean,71.8\nstd,{}\n",
        "1.21",
        "1.05",
    ),
    ("a.json", '{{"runs": [0.712, 0.731, 0.704],\n "mean": 0.7157, "ddof": 1,\n "std": {}}}\n', "0.0139", "0.0113"),
    ("a.md", "# Log\n\nRuns 1-4 end at 12.1, 13.4, 12.6 and 12.9 (mean 12.75, sd {}).\n", "0.54", "1.62"),
]


@pytest.mark.parametrize(("name", "text", "right", "wrong"), SPREADS)
def test_a_spread_that_is_not_what_it_is_called_is_read_in_every_form(
    tmp_path: Path, name: str, text: str, right: str, wrong: str
) -> None:
    assert loud(tmp_path, name, text.format(wrong), "spread-kind")
    assert not loud(tmp_path, name, text.format(right), "spread-kind")


def test_dividing_by_n_is_a_note_where_no_kind_is_claimed(tmp_path: Path) -> None:
    text = "# Log\n\nFive seeds: 61.2, 60.4, 62.0, 61.1, 60.8, mean 61.1, spread 0.54.\n"
    assert not loud(tmp_path, "a.md", text, "spread-kind")


def test_a_spread_of_another_result_is_left_alone(tmp_path: Path) -> None:
    text = "# Log\n\nThree seeds: 61.2, 60.4, 62.0 (mean 61.2).\n\nOver all twelve it is 60.1 (sd 1.9).\n"
    assert not loud(tmp_path, "a.md", text, "spread-kind")
