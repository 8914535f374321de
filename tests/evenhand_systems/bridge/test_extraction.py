"""Reading answers: run-on text, headings and the ways in which numbers are written."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from evenhand.errors import DataError
from evenhand_systems.bridge.tasks import extraction
from evenhand_systems.bridge.tasks.items import read_gsm8k

GSM8K = Path(__file__).resolve().parents[4] / "shared" / "data" / "gsm8k"


@pytest.mark.parametrize(
    "turn",
    [
        "Q:", "Q: ", "Q2:", "Q 2.", "Question:", "**Question:**", "**Question**:", "### Question 3:", "Question 2",
        "Problem:", "Problem 4", "## Problem 2:", "**Exercise:**", "Task 3.", "User:", "user:", "Human:", "**Human:**",
        "> User:", "USER:", "Assistant:", "Instruction:", "### Instruction:", "A:", "System:", "<|im_start|>user",
        "<|user|>", "<start_of_turn>user", "[INST]", "user\n", "human \n", "<|start_header_id|>user<|end_header_id|>",
        "- User:", "- **Question:**", "Input:", "### Input:", "Next problem:", "Another question 2:", "New Task:",
    ],
)  # fmt: skip
@pytest.mark.parametrize("between", ["\n\n", "\n", " dollars.\n \n"])
def test_what_follows_a_new_turn_is_not_the_answer(turn: str, between: str) -> None:
    text = f"2 * 9 = 18\n#### 18{between}{turn} Ada has 2 and finds 1. How many?\nAnswer: #### 3"
    assert (extraction.strict(text), extraction.flexible(text)) == ("18", "18")


@pytest.mark.parametrize("turn", ["Question: next?", "User: and then?", "Q: 3?", "Problem: 3?", "<|im_start|>user 3?"])
def test_a_turn_that_begins_on_the_answer_s_own_line_ends_it_too(turn: str) -> None:
    assert extraction.strict(f"#### 18 {turn} #### 3") == "18"


@pytest.mark.parametrize("turn", ["Q:", "Question:", "**Question:**", "User:", "Human:", "<|im_start|>user"])
def test_an_answer_without_a_mark_ends_at_a_speaker_too(turn: str) -> None:
    text = f"The answer is 7.\n\n{turn} how many?\nA: #### 9"
    assert (extraction.strict(text), extraction.flexible(text)) == (None, "7")


@pytest.mark.parametrize("opening", ["Problem: Ada has 2 and finds 1.", "Sure!\n\n**Problem:** 2 and 1.\n", "Task 1\n"])
def test_a_restated_problem_before_the_answer_ends_nothing(opening: str) -> None:
    assert extraction.strict(f"{opening}\nSolution: 2 + 1 = 3\n#### 3") == "3"


@pytest.mark.parametrize(
    "words",
    ["The user has 3 left", "a question of 3", "Answer: 3", "Step 3: add", "A total of 3", "Note: 3", "Q is 3"],
)
def test_words_of_a_turn_inside_an_attempt_end_nothing(words: str) -> None:
    assert extraction.strict(f"#### 1\n{words}, so\n#### 12") == "12"


@pytest.mark.parametrize(
    ("text", "strict", "flexible"),
    [
        ("#### 1. Add things\nWe get 14.\n#### 2. Multiply\nThe answer is 28.", None, "28"),
        ("#### 1. Add things\n14\n#### 2. Multiply\n28\n#### 28", "28", "28"),
        ("#### 1) Add things\n14\n#### 2) Multiply\nso 28", None, "28"),
        ("#### 1: Add things\nso 28", None, "28"),
        ("#### 1. Add things", None, "1"),
        ("#### 2. Multiply\nso 28", None, "28"),
        ("#### 1. **Add** things\nso 28", None, "28"),
        ("#### 72. The answer is 72.", "72", "72"),
        ("#### 18.", "18", "18"),
        ("#### 1.", "1", "1"),
        ("#### 1.\nDone", "1", "1"),
        ("#### 20% of them", "20", "20"),
        ("#### 18 apples. That is all.\nBye", "18", "18"),
    ],
)
def test_a_numbered_heading_is_no_answer(text: str, strict: str | None, flexible: str | None) -> None:
    assert (extraction.strict(text), extraction.flexible(text)) == (strict, flexible)


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("\u22125", "-5"),
        ("-5", "-5"),
        ("\uff0d5", "-5"),
        ("-$5", "-5"),
        ("$-5", "-5"),
        (".5", "0.5"),
        ("-.5", "-0.5"),
        ("$.75", "0.75"),
        ("1,000", "1000"),
        ("1\u2009000", "1000"),
        ("1\u202f000", "1000"),
        ("1\u00a0000\u00a0000", "1000000"),
        ("12\u2007345.50", "12345.5"),
        ("1 000", "1000"),
        ("1,00,000", "100000"),
        ("1,000,", "1000"),
        ("1.000", "1"),  # a point is a decimal point, as in the data
        ("1.000.000", "1000000"),  # two of them cannot be
        ("$1,200.00", "1200"),
        ("\u20ac18", "18"),
        ("18%", "18"),
        ("0", "0"),
        ("-0", "0"),
        ("007", "7"),
    ],
)
def test_a_marked_number_is_read_however_it_is_written(written: str, value: str) -> None:
    for text in (f"#### {written}", f"####{written}", f"so\n#### {written}\n", f"#### {written}\n\nQ: #### 3"):
        assert (extraction.strict(text), extraction.flexible(text)) == (value, value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("it takes 10-8", "8"),
        ("it takes 10\u22128", "8"),
        ("it takes 10 - 8", "8"),
        ("10 = 18-8", "8"),
        ("that leaves -8", "-8"),
        ("x=-8", "-8"),
        ("(-8)", "-8"),
        ("that is \u22128 degrees", "-8"),
        ("COVID-19", "19"),
        ("half, so .5", "0.5"),
        ("well...5 of them", "5"),
        ("one of 1,2,3", "3"),
        ("one of 1, 2, 3", "3"),
        ("1\u202f000 of them", "1000"),
        ("it costs $1,200.50.", "1200.5"),
        ("6 boxes of 250", "250"),  # a plain blank joins nothing outside a mark
        ("5 100 dollar bills are 100", "100"),
        ("no number - at all", None),
    ],
)
def test_the_last_number_of_an_unmarked_answer_keeps_its_sign_and_no_other(text: str, value: str | None) -> None:
    assert extraction.flexible(text) == value
    assert extraction.strict(text) is None


@pytest.mark.parametrize("gold", [",", "-", ".", "", "$", "9" * 401, "1.", "four"])
def test_a_gold_answer_that_is_no_number_is_refused_with_its_line(gold: str, tmp_path: Path) -> None:
    path = tmp_path / "data.jsonl"
    path.write_text(json.dumps({"question": "q", "answer": f"so\n#### {gold}"}))
    with pytest.raises(DataError, match=r"data\.jsonl:1.*does not end with '#### number'"):
        read_gsm8k(path, "x")


@pytest.mark.skipif(not GSM8K.is_dir(), reason="the GSM8K files are not beside the checkout")
def test_every_gold_answer_of_the_real_files_is_read_as_it_stands() -> None:
    for name in ("train.jsonl", "test_first1000.jsonl"):
        rows = [json.loads(line) for line in (GSM8K / name).read_text(encoding="utf-8").splitlines()]
        items = read_gsm8k(GSM8K / name, name)
        for row, item in zip(rows, items, strict=True):
            gold = row["answer"].rsplit("####", 1)[1].strip().replace(",", "")
            assert item.gold == gold
            assert extraction.strict(item.solution) == extraction.flexible(item.solution) == str(int(gold))
            assert extraction.own_answer(item.solution) == item.solution


def test_reading_a_long_answer_takes_no_longer_than_its_length() -> None:
    for text in ("#### " * 40_000, "1," * 100_000, "\n" * 100_000 + "Q", "1\u202f000" * 50_000, "####1. a" * 20_000):
        extraction.flexible(text)
