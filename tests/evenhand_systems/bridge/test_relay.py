"""The relay, a reference: the target gets the source's own answer, and no less than the bridge's target gets."""

from __future__ import annotations

import pytest

from evenhand_systems.bridge.tasks.items import Item
from evenhand_systems.bridge.trial import read_by_source, relayed

ASKED = Item("a", "Ada has 3 coins.", "Ada finds 4 more. How many?", "3 + 4 = 7. #### 7", "7")
RAMBLING = " Ada has 3. #### 3\n\nQ: Ben has 9 coins. How many?\nA: #### 9"


def test_questions_that_the_source_went_on_to_ask_itself_are_not_passed_on() -> None:
    told = relayed([ASKED], [RAMBLING], with_text=False)[0]
    assert told.facts == "Ada has 3. #### 3"
    assert told.question == ASKED.question


def test_beside_the_text_the_target_keeps_what_bridge_and_baseline_see() -> None:
    told = relayed([ASKED], [RAMBLING], with_text=True)[0]
    assert told.facts == "Ada has 3 coins. Ada has 3. #### 3"
    assert told.question == ASKED.question


@pytest.mark.parametrize("text", ["", " \n", "\nQ: Ben has 9 coins?"])
def test_a_source_that_said_nothing_is_relayed_as_a_question_mark(text) -> None:
    assert relayed([ASKED], [text], with_text=False)[0].facts == "?"


def test_what_is_relayed_is_another_item_without_a_solution_and_in_order() -> None:
    other = Item("b", "Ben has 5.", "", "#### 5", "5")
    told = relayed([ASKED, other], ["#### 1", "#### 2"], with_text=False)
    assert [(item.id, item.facts, item.solution) for item in told] == [
        ("a-relayed", "#### 1", ""),
        ("b-relayed", "#### 2", ""),
    ]


def test_a_source_that_knows_more_than_it_reads_is_asked_without_being_told() -> None:
    known = Item("a", "Ada Ashby has some coins.", "How many?", "#### 3", "3", told="Ada has 3 coins.")
    assert read_by_source([known])[0].text == "Ada Ashby has some coins."
    assert relayed([known], [" Ada has 5 coins."], with_text=False)[0].text == "Ada has 5 coins."
