"""What a log says in words is read as sentences, whatever they are printed in."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from evenhand.audit.reading.opened import open_logs
from evenhand.audit.text.log import Log
from evenhand.audit.text.passages import Passage, passages_of


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., Log]:
    def one(text: str, name: str = "log.md") -> Log:
        (tmp_path / name).write_text(text, encoding="utf-8")
        return open_logs([tmp_path / name])[0]

    return one


def told(passages: tuple[Passage, ...]) -> list[list[str]]:
    return [[sentence.text for sentence in passage.sentences] for passage in passages]


def test_a_sentence_that_is_wrapped_by_hand_is_one_and_each_column_knows_its_line(read: Callable[..., Log]) -> None:
    log = read(
        "# Results\n\nThe tuned model reaches an accuracy of 71.4 on all of the items,\n"
        "the untuned one 69.8. That is a gain of 1.6 points, cf. the table below,\nwhich has all seeds.\n"
    )
    heading, passage = passages_of(log)
    assert (heading.kind, passage.kind) == ("heading", "prose")
    first, second = passage.sentences
    assert first.text.endswith("the untuned one 69.8.")
    assert [number.value for number in first.numbers] == [71.4, 69.8]
    assert [first.line_at(number.start).number for number in first.numbers] == [3, 4]
    assert second.text.startswith("That is a gain")
    assert [line.number for line in second.lines] == [4, 5]


def test_short_lines_and_rows_of_values_are_sentences_by_themselves(read: Callable[..., Log]) -> None:
    log = read(
        "lr 3e-4\nacc 0.81\n\nours    48.9, 47.2, 49.6, 48.1, 48.7   mean 48.50\n"
        "theirs  50.4, 50.1, 51.2, 49.6, 50.7   mean 50.40\n",
        "a.txt",
    )
    assert told(passages_of(log)) == [
        ["lr 3e-4", "acc 0.81"],
        ["ours 48.9, 47.2, 49.6, 48.1, 48.7 mean 48.50", "theirs 50.4, 50.1, 51.2, 49.6, 50.7 mean 50.40"],
    ]


def test_a_point_of_a_list_holds_the_lines_that_go_on_with_it(read: Callable[..., Log]) -> None:
    log = read("- the first point goes on in\n  the line below\n- the second\n")
    assert [(p.kind, p.first, p.last) for p in passages_of(log)] == [("bullet", 1, 2), ("bullet", 3, 3)]


@pytest.mark.parametrize(
    "line",
    [
        "2024-11-12 14:22 <ana> seed 2 ended at 0.71",
        "[09:31] ana: seed 2 ended at 0.71",
        "[2024-11-12 09:31:07] ana | seed 2 ended at 0.71",
        "09:31 ana> seed 2 ended at 0.71",
    ],
)
def test_an_entry_of_a_chat_is_what_is_said_and_who_says_it(read: Callable[..., Log], line: str) -> None:
    (passage,) = passages_of(read(line + "\n", "chat.log"))
    assert (passage.kind, passage.label) == ("message", "ana")
    assert told((passage,)) == [["seed 2 ended at 0.71"]]


def test_words_in_fields_of_data_are_notes_with_the_way_to_them(read: Callable[..., Log]) -> None:
    log = read(
        '{"arms": [{"name": "a", "acc": 0.71}],\n "note": "All arms are alike. Nothing helps here."}\n', "r.json"
    )
    (note,) = passages_of(log)
    assert (note.kind, note.label, note.path, note.first) == ("note", "note", ("note",), 2)
    assert told((note,)) == [["All arms are alike.", "Nothing helps here."]]
    (number,) = [leaf for leaf in log.leaves if not leaf.word]
    assert (number.path, number.value, number.line) == (("arms", 0, "acc"), "0.71", 1)
    assert number.number is not None
    assert number.number.decimals == 2


def test_words_in_cells_of_data_are_notes_of_their_column(read: Callable[..., Log]) -> None:
    log = read("arm,acc,remark\na,0.71,the run was cut short\nb,0.72,\n", "r.csv")
    assert [(p.label, p.first, p.text) for p in passages_of(log)] == [("remark", 2, "the run was cut short")]


def test_lines_that_go_on_for_pages_without_a_full_stop_are_no_one_sentence(read: Callable[..., Log]) -> None:
    line = "names and words that somebody transcribed and that have neither a point nor an end,"
    sentences = [one for passage in passages_of(read("\n".join([line] * 400))) for one in passage.sentences]
    assert len(sentences) > 20
    assert sum(len(one.lines) for one in sentences) == 400
    few = [one for passage in passages_of(read("\n".join([line] * 6))) for one in passage.sentences]
    assert [len(one.lines) for one in few] == [6]


def test_a_curve_in_figures_is_no_text_but_a_few_lines_of_figures_are(read: Callable[..., Log]) -> None:
    curve = [f"{step} 0.{step % 97:02} 0.{step % 89:02}" for step in range(1, 200)]
    said = told(passages_of(read("\n".join(["Accuracy by step.", "", *curve, "", "It rose."]))))
    assert said == [["Accuracy by step."], ["It rose."]]
    assert len(told(passages_of(read("\n".join(["Accuracy by seed.", "", *curve[:5]]))))) > 1
