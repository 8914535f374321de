"""Text tasks: both forms of each data set, faults that are counted, splits and leakage guards."""

from __future__ import annotations

from typing import Any

import pytest

from evenhand.errors import DataError
from evenhand_systems.future_seed.tasks.structure import Protein
from evenhand_systems.future_seed.text import arc, hotpot, mbpp, proteins, punctuation
from evenhand_systems.future_seed.text.examples import Example, hold_out, make_corpus

LOCAL_ARC = {
    "id": "a",
    "question": "Which?",
    "choices": ["cold", "hot"],
    "choice_labels": ["1", "2"],
    "answer_index": 1,
}
HUB_ARC = {"id": "a", "question": "Which?", "choices": {"text": ["cold", "hot"], "label": ["1", "2"]}, "answerKey": "2"}


@pytest.mark.parametrize("record", [LOCAL_ARC, HUB_ARC], ids=["local", "hub"])
def test_arc_options_are_lettered_anew_and_the_answer_is_a_letter(record: dict[str, Any]) -> None:
    (example,) = arc.arc_examples([record], "x")
    assert example.context == "A) cold\nB) hot"
    assert example.answer == " B"
    assert example.choices == (" A", " B")


OFFICIAL = {
    "_id": "q1", "question": "Who?", "answer": "Ann", "context": [["T", ["One. ", "Two."]], ["U", ["Three."]]],
    "supporting_facts": [["U", 0]],
}  # fmt: skip
HUB_HOTPOT = {
    "id": "q1", "question": "Who?", "answer": "Ann",
    "context": {"title": ["T", "U"], "sentences": [["One. ", "Two."], ["Three."]]},
    "supporting_facts": {"title": ["U"], "sent_id": [0]},
}  # fmt: skip


@pytest.mark.parametrize("record", [OFFICIAL, HUB_HOTPOT], ids=["official", "hub"])
def test_hotpot_paragraphs_know_their_titles_and_which_support_the_answer(record: dict[str, Any]) -> None:
    (example,) = hotpot.hotpot_examples([record], "x")
    assert example.context == "T: One. Two.\nU: Three."
    assert example.answer == " Ann"
    assert [article.supporting for article in hotpot.paragraphs(record)] == [False, True]


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (lambda records: arc.arc_examples(records, "x.jsonl"), "ARC"),
        (lambda records: hotpot.hotpot_examples(records, "x.jsonl"), "HotpotQA"),
        (lambda records: mbpp.mbpp_examples(records, "x.jsonl", 2, True), "MBPP"),
    ],
)
def test_records_that_lack_a_field_are_counted(make: Any, name: str) -> None:
    with pytest.raises(DataError, match=rf"x.jsonl: 2 of 2 records are no {name}: record 1: KeyError"):
        make([{"question": "?"}, {}])


def problem(number: int) -> dict[str, Any]:
    return {
        "task_id": number,
        "text": f"Add {number}.",
        "code": "def f():\r\n  return 1",
        "test_list": ["assert f() == 1"],
    }


def test_mbpp_keeps_the_split_of_its_authors_and_plain_line_ends() -> None:
    examples = mbpp.mbpp_examples([problem(n) for n in (5, 11, 510, 550, 601, 974)], "x", 3, True)
    train, evaluation = mbpp.official_split(examples)
    assert [e.id for e in train] == ["601", "974"]
    assert [e.id for e in evaluation] == ["11", "510"]
    assert examples[0].answer == "def f():\n  return 1"
    assert examples[0].extra["tests"] == ("assert f() == 1",)


def test_filler_notes_say_nothing_about_the_problem_and_are_always_the_same() -> None:
    first, again = (mbpp.mbpp_examples([problem(7)], "x", 5, False)[0] for _ in range(2))
    assert first.context == again.context
    assert len(first.context.splitlines()) == 5
    assert "return 1" not in first.context
    assert "assert" not in first.question


LINES = [(f"Sentence {word}, with a mark.", f"c{i}") for i, word in enumerate(("one", "two", "three", "four", "five"))]


def test_notes_never_hold_the_sentence_that_is_asked_for() -> None:
    examples = punctuation.punctuation_examples([*LINES, ("sentence ONE with; a mark", "d")], notes=4)
    assert all(len(example.context.splitlines()) >= 3 for example in examples)
    assert punctuation.leaks(examples) == []


def test_a_planted_leak_is_found() -> None:
    leaky = Example("x", "Other. SENTENCE one with a mark!", "sentence one with a mark", " Sentence one, with a mark.")
    assert punctuation.leaks([leaky]) == ["x"]


def test_the_question_of_punctuation_has_neither_case_nor_marks() -> None:
    (example,) = punctuation.punctuation_examples([("It's Ann, (of) York.", "c")], notes=0)
    assert example.question == "it s ann of york"
    assert example.answer == " It's Ann, (of) York."


def test_sentences_of_one_paragraph_stay_on_one_side_of_the_split() -> None:
    examples = [Example(f"{c}{i}", "", f"{c} {i}", "a", cluster=c) for c in "abcdefghijklmnop" for i in range(5)]
    train, held = hold_out(examples, 0.3)
    assert {e.cluster for e in train}.isdisjoint({e.cluster for e in held})
    assert held
    assert hold_out(examples[::-1], 0.3)[1] == held[::-1]  # the order of the file does not matter


def test_evaluation_examples_that_stand_in_the_training_data_are_left_out() -> None:
    train = [Example("t", "Context", "Question one?", "a")]
    held = [
        Example("e1", "context", "question ONE", "a"),
        Example("e2", "", "Another?", "b"),
        Example("e3", "", "another", "b"),
    ]
    corpus = make_corpus(train, held, 1, "data.train")
    assert [e.id for e in corpus.evaluation] == ["e2"]
    assert corpus.facts["left out"].startswith("2 evaluation examples")


def test_too_few_examples_are_refused_with_their_counts() -> None:
    with pytest.raises(DataError, match=r"Found 1 training examples \(at least 5 are needed\) and 1 for evaluation"):
        make_corpus([Example("t", "", "a", "a")], [Example("e", "", "b", "b")], 5, "data.train")


def test_spot_questions_ask_for_resolved_positions_only() -> None:
    protein = Protein("p", "ACDEFGHIKL", "CCCHHHEEEC", "0001111100", "train")
    (example,) = proteins.spot_examples([protein], 3, 8)
    asked = [int(word) - 1 for word in example.question.split()]
    assert example.context == "ACDEFGHI"
    assert all(protein.mask[i] == "1" and i < 8 for i in asked)
    assert example.answer == " " + "".join(protein.labels[i] for i in asked)
    assert proteins.spot_examples([protein], 6, 8) == []  # fewer resolved residues than positions


def test_a_question_with_a_window_repeats_the_residues_around_the_position_and_nothing_beyond_the_crop() -> None:
    protein = Protein("p", "ACDEFGHIKL", "CHECHECHEC", "0000000100", "train")
    (example,) = proteins.spot_examples([protein], 1, 8, window=2)
    assert (example.context, example.question, example.answer) == ("ACDEFGHI", "8 GHI--", " H")
    (alone,) = proteins.spot_examples([protein], 1, 8, window=0)
    assert alone.question == "8 I"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"test_list": "assert f(1) == 1"}, "its test_list is no list of texts"),
        ({"test_list": [1]}, "its test_list is no list of texts"),
        ({"test_imports": 3}, "its test_imports is no list of texts"),
        ({"test_list": None}, "its test_list is no list of texts"),
    ],
)
def test_mbpp_tests_that_are_no_list_of_texts_are_named(change: dict[str, object], said: str) -> None:
    record = {"task_id": 1, "text": "do", "code": "def f(x): return x", "test_list": ["assert f(1) == 1"]} | change
    with pytest.raises(DataError, match=f"here: 1 of 1 records are no MBPP: record 1: {said}"):
        mbpp.mbpp_examples([record], "here", 0, True)
