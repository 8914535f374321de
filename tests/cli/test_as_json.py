"""JSON on standard output: the same values, and nothing that acts on the terminal it may be shown in."""

from __future__ import annotations

import json
import re
import unicodedata
from pathlib import Path

import pytest

from evenhand.cli.as_json import json_text
from tests.app import evenhand

STEERING = re.compile("[\0-\x09\x0b-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]")
NASTY = 'gain\u202e\u2066 \x1b[2J\x7f\x9b31m \u200b\u2028 Größe 例 −0.1\n\t"\\\U000e0041'


def test_characters_that_a_terminal_obeys_are_escaped_and_the_values_are_the_same() -> None:
    document = {NASTY: [NASTY, 1.5, None, {"a": NASTY}]}
    text = json_text(document)
    assert json.loads(text) == document
    assert not STEERING.search(text)
    assert "Größe 例 −0.1" in text


def test_every_character_that_cannot_be_seen_comes_back_as_it_was() -> None:
    hidden = [chr(c) for c in range(0x110000) if unicodedata.category(chr(c)) in ("Cc", "Cf", "Cs", "Zl", "Zp")]
    text = json_text([*hidden[:: len(hidden) // 500], "\ud800", "\x7f"])
    assert all(c == "\n" or c.isprintable() for c in text)
    assert json.loads(text)[-2:] == ["\ud800", "\x7f"]


@pytest.mark.slow
@pytest.mark.parametrize("command", [["plan", "c.toml"], ["data", "--folder", "d\u202eata"]])
def test_no_command_hands_a_strangers_characters_to_the_terminal(toy_folder: Path, command: list[str]) -> None:
    from tests.running.test_run import write_claim

    path = write_claim(toy_folder)
    path.write_text(f'question = "What \u202epays?"\n{path.read_text()}')
    for form in ([], ["--json"]):
        done = evenhand(toy_folder, *command, *form)
        assert done.returncode in (0, 2), done.stderr
        shown = done.stdout
        assert shown
        assert not STEERING.search(shown)
