"""Numbers that only a taught source knows: what is asked, of whom, and that no text holds them."""

from __future__ import annotations

import pytest

from evenhand.errors import DataError
from evenhand_systems.bridge.models import standins
from evenhand_systems.bridge.tasks import counts, people
from evenhand_systems.bridge.tasks.formats import check_no_gold, worked_examples
from evenhand_systems.bridge.tasks.items import check_disjoint

ASKED = counts.candidates()


def test_three_numbers_are_asked_of_each_of_the_people_and_no_text_that_is_read_holds_one() -> None:
    assert len(ASKED) == 3 * len(people.PEOPLE) == len({item.id for item in ASKED})
    assert not [item for item in ASKED if any(character.isdigit() for character in item.facts + item.question)]
    assert all(item.told.startswith(item.facts) and f" {item.gold}" in item.told for item in ASKED)


def test_the_source_is_taught_every_sentence_as_it_is_told() -> None:
    words = standins.tokenizer("records")
    for item in ASKED[::7]:
        ids = words.encode(item.told, add_special_tokens=False)
        assert words.unk_token_id not in ids
        read = words.encode(item.facts, add_special_tokens=False)
        assert words.decode(ids[len(read)]).strip() == item.gold  # the number is what it says next


def test_all_that_is_known_of_one_of_the_people_is_in_one_split() -> None:
    found = counts.dealt(ASKED, [True] * len(ASKED), 10_000)
    assert sum(map(len, found.values())) == len(ASKED)
    people_of = [{item.cluster for item in items} for items in found.values()]
    assert sum(map(len, people_of)) == len(set().union(*people_of))
    check_disjoint(found["train"], [*found["dev"], *found["test"]])
    check_no_gold(worked_examples(found["train"][:8]), [*found["dev"], *found["test"]])
    assert len(counts.dealt(ASKED, [True] * len(ASKED), 16)["dev"]) == 16


def test_what_the_source_does_not_know_is_not_asked_and_one_that_knows_nothing_is_refused() -> None:
    knows = [item.template == "has" for item in ASKED]
    found = counts.dealt(ASKED, knows, 10_000)
    assert {item.template for items in found.values() for item in items} == {"has"}
    with pytest.raises(DataError, match=r"knows 0 of \d+ numbers"):
        counts.dealt(ASKED, [False] * len(ASKED), 16)
