"""What a trial wrote cannot act on whoever reads it."""

from __future__ import annotations

import io

import pytest
from rich.text import Text

from evenhand.cli.console import PlainConsole
from evenhand.report.marks import visible

TURNING = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


def test_control_and_bidirectional_characters_become_marks() -> None:
    assert visible("a\0b\x1b[2J\x7f\r") == "a␀b␛[2J␡␍"
    assert visible("pay \u202e001$") == "pay ⟨U+202E⟩001$"
    assert visible("\x9b31m") == "⟨U+009B⟩31m"
    for character in [*map(chr, range(32)), "\x7f", *map(chr, range(0x80, 0xA0)), *TURNING]:
        assert (character in visible(f"x{character}y")) == (character in "\t\n")


@pytest.mark.parametrize("text", ["", "plain", "two\nlines\tand a tab", "ж 漢字 ▲ −0.5 ±", "a\u200bb", "שלום"])
def test_all_other_text_stays_as_it_is(text: str) -> None:
    assert visible(text) == text


@pytest.mark.parametrize("terminal", [True, False])
def test_nothing_that_is_printed_can_act_on_the_terminal(terminal: bool) -> None:
    file = io.StringIO()
    console = PlainConsole(
        file=file, force_terminal=terminal, width=80, color_system="standard" if terminal else None, highlight=False
    )
    console.print(Text("loss \x1b]0;title\x07 \u202enan\0", style="red"))
    console.print("plain \x1b[2J line", markup=False, soft_wrap=True)
    shown = file.getvalue()
    assert "␛]0;title" in shown
    assert "⟨U+202E⟩nan␀" in shown
    assert "plain ␛[2J line" in shown
    assert "\x1b[31m" in shown or not terminal
    assert "\0" not in shown
    assert "\x1b[2J" not in shown
    assert "\x1b]0" not in shown
