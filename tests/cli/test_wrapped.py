"""Sentences are broken between words on a terminal, and stay one line in a file."""

from __future__ import annotations

import io

import pytest
from rich.text import Text

from evenhand.cli.console import PlainConsole
from evenhand.cli.wrapped import between_words, tell

PATH = "/a/path/that/is/far/longer/than/the/terminal/is/wide/and/that/people/copy/claim.toml:3:"
SENTENCE = f"  a fault: {PATH} expected one of 'gain', 'no-regression' and 'no-effect'; found nothing at all, twice"


@pytest.mark.parametrize("width", [20, 33, 60, 80])
def test_words_stay_whole_and_in_order_and_further_lines_are_indented(width: int) -> None:
    lines = between_words(Text(SENTENCE), width).plain.splitlines()
    assert " ".join(" ".join(lines).split()) == " ".join(SENTENCE.split())
    assert [line for line in lines if len(line) > width and PATH not in line] == []
    assert all(line.startswith("    ") for line in lines[1:])


def test_what_fits_and_what_has_lines_of_its_own_is_left_as_it_is() -> None:
    assert between_words(Text("one\n  two\n\nthree"), 20).plain == "one\n  two\n\nthree"


@pytest.mark.parametrize("width", range(20, 60))
def test_a_number_and_its_percent_sign_stay_together(width: int) -> None:
    sentence = "72 of 164 is 43.9 %, not 47.9 %; the 95 % interval reaches from 36.2 % (low) to 51.9 %."
    file = io.StringIO()
    console = PlainConsole(file=file, force_terminal=True, width=width, color_system=None)
    tell(console, sentence)
    for text in (between_words(Text(sentence), width).plain, file.getvalue()):
        assert [line for line in text.splitlines() if line.lstrip().startswith("%")] == []
        assert " ".join(text.split()) == sentence, "and nothing else is changed"


def test_styles_go_with_their_words() -> None:
    text = Text.assemble("plain words before the ", ("fault", "red"), " and some more after it")
    (span,) = between_words(text, 20).spans
    assert between_words(text, 20).plain[span.start : span.end] == "fault"


@pytest.mark.parametrize("terminal", [True, False])
def test_a_line_is_broken_on_a_terminal_and_never_in_a_file(*, terminal: bool) -> None:
    file = io.StringIO()
    console = PlainConsole(file=file, force_terminal=terminal, width=40, color_system=None)
    console.print(SENTENCE.replace(PATH, "x.toml"), markup=False, soft_wrap=True)
    lines = file.getvalue().splitlines()
    assert (len(lines) > 1) == terminal
    assert not terminal or max(map(len, lines)) <= 40
