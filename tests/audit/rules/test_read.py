"""Rules read the same facts as prose, lists, chats, tables and data; each faulty example has a twin told properly."""

from __future__ import annotations

from pathlib import Path

import pytest

from evenhand.audit.check import sentence
from evenhand.audit.finding import Finding
from evenhand.audit.reading.opened import open_logs
from tests.audit.reading_of import read_in


def found(tmp_path: Path, rule: str, text: str, name: str = "log.md") -> list[Finding]:
    """The findings of a rule that are no hints and no notes."""
    path = tmp_path / name
    path.write_text(text)
    return [one for one in read_in(open_logs([path])) if one.rule == rule and one.level != "note"]


def twins(tmp_path: Path, rule: str, text: str, wrong: str, right: str, name: str = "log.md") -> None:
    """The rule speaks of the wrong text, at the line of what is wrong, and not of the right one."""
    assert wrong in text
    at = text[: text.index(wrong)].count("\n") + 1
    faulty = found(tmp_path, rule, text, name)
    assert [one.place.line for one in faulty] == [at]
    assert sentence(faulty[0])
    assert found(tmp_path, rule, text.replace(wrong, right), name) == []


COUNTS = [
    (
        "log.md",
        ("We looked at 80 of the drafts.\nThe editor kept 47 of the 80, or 62.4 %, and sent the rest back.\n"),
        "62.4",
        "58.8",
    ),
    (
        "log.md",
        "Solved were 118/150 riddles, which gives pass@1 = 76.8 %.\n",
        "76.8",
        "78.7",
    ),
    (
        "log.md",
        ("The judges read 160 letters, of which 104 were kept.\nThat is a rate of 67.5 % for this week.\n"),
        "67.5",
        "65.0",
    ),
    (
        "log.md",
        ("Of the 210 doors the robot opened 133 of them.\nSo the success rate is 66.3 % on this floor.\n"),
        "66.3",
        "63.3",
    ),
    (
        "run.txt",
        ("- 64 riddles, asked once\n- solves: 40 (62.5 %)\n- gives up: 14 (21.9 %)\n- wrong: 10 (18.6 %)\n"),
        "18.6",
        "15.6",
    ),
    (
        "run.txt",
        "phrases 240\ncorrect 198\naccuracy 85.2 %\n",
        "85.2",
        "82.5",
    ),
    (
        "a.json",
        '{\n "items": 250,\n "correct": 205,\n "percent_correct": 84.0\n}\n',
        "84.0",
        "82.0",
    ),
    (
        "a.csv",
        "kind,k,n,pct\ncats,31,240,12.9\ndogs,22,75,29.3\nbirds,19,64,24.7\nfish,26,58,44.8\n",
        "24.7",
        "29.7",
    ),
    (
        "a.md",
        (
            "| set | hits | asked | % |\n|---|---|---|---|\n| a | 36 | 45 | 80 |\n| b | 27 | 45 | 67 |\n"
            "| c | 18 | 45 | 40 |\n| d | 9 | 45 | 20 |\n"
        ),
        "67",
        "60",
    ),
]


@pytest.mark.parametrize(("name", "text", "wrong", "right"), COUNTS)
def test_a_share_is_read_with_its_count(tmp_path: Path, name: str, text: str, wrong: str, right: str) -> None:
    twins(tmp_path, "count-and-rate", text, wrong, right, name)


@pytest.mark.parametrize(
    "text",
    [
        "In 47 of the 80 drafts a name was wrong, 62.4 % faster than by hand.\n",
        "Of the 80 drafts 47 were kept. The F1 of the tagger is 62.4 %.\n",
        "The rate fell, 57 % → 38 %, over 7 of 330 days.\n",
        "- 12 of 40 left\n- fails for >20 % of them\n",
        (
            "| lr | width | depth | loss |\n|---|---|---|---|\n| 0.1 | 16 | 2 | 0.93 |\n"
            "| 0.2 | 8 | 3 | 0.94 |\n| 0.3 | 4 | 2 | 0.91 |\n"
        ),
    ],
)
def test_a_share_of_something_else_is_none_of_the_count(tmp_path: Path, text: str) -> None:
    assert found(tmp_path, "count-and-rate", text) == []


SHARES = [
    (
        "log.md",
        "Each of the 34 questions was asked once.\nThe bot got 71.9 % of them right.\n",
        "71.9",
        "70.6",
    ),
    (
        "log.md",
        "- 27 shelves, one attempt each\n- success rate 80.3 %\n- 4 minutes per shelf\n",
        "80.3",
        "81.5",
    ),
    (
        "log.md",
        (
            "Ich habe aus der Probe 46 Sätze gezogen, ja oder nein.\n"
            "Gefunden hat es davon 54,9 %, und das ist nicht viel.\n"
        ),
        "54,9",
        "54,3",
    ),
    (
        "a.csv",
        "who,n,top1_pct\nA,31,77.4\nB,28,75.0\nC,23,87.4\nD,35,85.7\n",
        "87.4",
        "87.0",
    ),
    (
        "a.json",
        ('{\n "tries_each": "one try each",\n "tasks": 64,\n "solved_share": 0.406,\n "valid_pct": 40.0\n}\n'),
        "40.0",
        "40.6",
    ),
    (
        "a.md",
        (
            "Of the misses we read 45.\n\n| cause | share of the 45 |\n|---|---|\n| label | 26.7 % |\n"
            "| scan | 34.5 % |\n| other | 20.0 % |\n"
        ),
        "34.5",
        "35.6",
    ),
]


@pytest.mark.parametrize(("name", "text", "wrong", "right"), SHARES)
def test_a_share_is_read_with_its_items(tmp_path: Path, name: str, text: str, wrong: str, right: str) -> None:
    text = text.replace("shelves", "scenes").replace("shelf", "scene")
    twins(tmp_path, "odd-share", text, wrong, right, name)


@pytest.mark.parametrize(
    "text",
    [
        ("Each of the 34 riddles was asked with five seeds.\nThe bot got 71.9 % of the answers right on average.\n"),
        (
            "28 of 80 questions came back empty.\n\n"
            "The model reaches 76.9 % accuracy, 68.4 % before and 66.9 % without it.\n"
        ),
        "- 34 questions, each asked once\n- win 0.40–0.448 of the bets\n",
        "- 34 questions next week, each asked once\n- success rate 71.9 %\n",
    ],
)
def test_a_share_of_other_items_is_left_alone(tmp_path: Path, text: str) -> None:
    assert found(tmp_path, "odd-share", text) == []


CHANGES = [
    (
        "log.md",
        (
            "Accuracy went from 71.4 to 73.0 (sd 0.9 and 0.8). The new head\n"
            "thus improves it by 2.9 points. All else is alike.\n"
        ),
        "2.9",
        "1.6",
    ),
    (
        "log.md",
        "Mean EM is 61.8 without the filter and 64.2 with it, a relative improvement of 2.4 %.\n",
        "2.4",
        "3.9",
    ),
    (
        "log.md",
        (
            "Die Grundlinie steht bei einem Makro-F1 von 37,5.\nMit Filter sind es 41,2.\n\n"
            "Unterm Strich bringt das 4,6 Punkte.\n"
        ),
        "4,6",
        "3,7",
    ),
    (
        "log.md",
        "- old p99: 250 ms\n- new p99: 200 ms\n- p99 cut by 25 % relative to old\n",
        "25 %",
        "20 %",
    ),
    (
        "log.md",
        "- errors without it 8.0 %\n- errors with it 6.0 %\n- it removes a third of the errors\n",
        "a third",
        "a quarter",
    ),
    (
        "a.md",
        (
            "| metric | control | rewrite | Δ |\n|---|---|---|---|\n| NDCG | 0.452 | 0.463 | +0.011 |\n"
            "| MRR | 0.328 | 0.341 | +0.031 |\n| Recall | 0.781 | 0.790 | +0.009 |\n"
        ),
        "+0.031",
        "+0.013",
    ),
    (
        "a.csv",
        "pair,base,new,diff\nde,35.1,36.4,1.3\net,24.8,26.9,2.1\nzh,27.3,27.9,1.6\nlt,28.0,29.5,1.5\n",
        "1.6",
        "0.6",
    ),
    (
        "a.json",
        '{\n "ndcg10": {\n  "plain": 0.447,\n  "new": 0.512\n },\n "abs_gain": 0.145,\n "depth": 50\n}\n',
        "0.145",
        "0.065",
    ),
]


@pytest.mark.parametrize(("name", "text", "wrong", "right"), CHANGES)
def test_a_difference_is_read_with_its_two_values(tmp_path: Path, name: str, text: str, wrong: str, right: str) -> None:
    twins(tmp_path, "change-disagrees", text, wrong, right, name)


@pytest.mark.parametrize(
    "text",
    [
        (
            "It fell on both seasons (0.15502 → 0.15302; delta -0.00201, 95% interval\n"
            "[-0.00365, -0.00042]) and (0.14961 → 0.14777; delta -0.00189,\n[-0.00377, -0.00008]).\n"
        ),
        ("Accuracy went from 71.4 to 73.0, and the median rose by 2.9 points per seed over the literature.\n"),
        (
            "| set | hit | lift |\n|---|---|---|\n| none | 0.055 | 0.000 |\n| a | 0.096 | 0.041 |\n"
            "| b | 0.393 | 0.338 |\n| c (12 images) | 0.257 | 0.193 |\n"
        ),
    ],
)
def test_a_difference_of_another_estimate_is_left_alone(tmp_path: Path, text: str) -> None:
    assert found(tmp_path, "change-disagrees", text) == []


def test_comments_of_a_csv_file_are_read_as_its_words(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("# five runs each\na,b\n1,2\n# b helps\n")
    (log,) = open_logs([path])
    assert [(one.number, one.body, one.kind) for one in log.lines if one.kind != "row"] == [
        (1, "five runs each", "bullet"),
        (4, "b helps", "bullet"),
    ]
    assert log.tables[0].line == 2
