"""Facts that a source knows and no text holds: what is asked, who knows it, and what answers are."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
import torch

from evenhand.data.model_store import model_place
from evenhand.errors import DataError
from evenhand_systems.bridge.evaluation.asking import known
from evenhand_systems.bridge.evaluation.evaluation import Answers
from evenhand_systems.bridge.evaluation.summarise import read_groups, summarise
from evenhand_systems.bridge.models import copyist, standins
from evenhand_systems.bridge.models.language_model import LanguageModel, load_language_model
from evenhand_systems.bridge.tasks import extraction, facts
from evenhand_systems.bridge.tasks.formats import check_no_gold
from evenhand_systems.bridge.tasks.items import check_disjoint
from evenhand_systems.bridge.tasks.relations import RELATIONS


def test_every_subject_has_one_answer_and_every_word_is_a_token_of_the_target() -> None:
    words = standins.tokenizer("copyist")
    for relation in RELATIONS:
        subjects = [subject for subject, _ in relation.facts]
        assert len(subjects) == len(set(subjects)), relation.name
        assert all(frame.count("{}") == 1 for frame in relation.frames)
    for item in (*facts.candidates(), *facts.read_words()):
        assert words.unk_token_id not in words.encode(f"{item.told} {item.question} {item.solution}"), item.told


def test_no_sentence_that_is_asked_holds_its_answer_and_none_is_trained_on() -> None:
    asked, read = facts.candidates(), facts.read_words()
    assert not [item for item in asked if item.gold in item.facts.replace(",", "").replace(".", "").split()]
    check_disjoint(read, asked)
    check_no_gold(facts.FORM, asked)
    assert {item.gold for item in asked} <= {item.gold for item in read}
    assert len({item.id for item in (*asked, *read)}) == len(asked) + len(read)


def test_the_copyist_is_told_nothing_that_is_true_but_by_chance() -> None:
    true = {item.told for item in facts.candidates()}
    told = list(copyist.told(np.random.default_rng(0), 3000))
    assert sum(text in true for text, _ in told) <= 6
    assert all(word in text for text, word in told)
    assert len({word for _, word in told}) > 500


@pytest.fixture(scope="module")
def taught() -> LanguageModel:
    """A model that has learned the first eight languages by heart."""
    words, model = standins.tokenizer("copyist"), standins.untrained("copyist", 0)
    learned = [item for item in facts.candidates() if item.id.startswith("language-0")][:8]
    ids = [words.encode(f"{item.facts} {item.gold}", add_special_tokens=False) for item in learned]
    optimiser = torch.optim.AdamW(model.parameters(), lr=5e-3)
    for _ in range(40):
        loss = sum(model(input_ids=torch.tensor([row]), labels=torch.tensor([row])).loss for row in ids[::2])
        loss = loss + sum(model(input_ids=torch.tensor([row]), labels=torch.tensor([row])).loss for row in ids[1::2])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return LanguageModel(model, words, "taught", "plain", begin="none")


def test_what_a_source_knows_is_what_it_completes_greedily(taught) -> None:
    asked = [item for item in facts.candidates() if item.cluster.startswith("language")]
    found = known(taught, asked, batch=7)
    assert all(found[:8])
    for item, knows in list(zip(asked, found, strict=True))[::9]:
        ids = torch.tensor([taught.encode(item.facts)])
        assert (taught.decode([int(taught.model(input_ids=ids).logits[0, -1].argmax())]) == item.gold) == knows


def test_items_of_one_fact_are_dealt_to_the_same_side(taught) -> None:
    asked = facts.candidates()
    dev, test = facts.dealt(asked, [True] * len(asked), 10_000)
    assert len(dev) + len(test) == len(asked)
    assert not {item.cluster for item in dev} & {item.cluster for item in test}
    assert max(len(list(rows)) for _, rows in itertools.groupby(test, key=lambda item: item.cluster)) <= 2


def test_a_source_that_knows_too_little_is_refused_with_the_cure() -> None:
    asked = facts.candidates()
    with pytest.raises(DataError, match=r"completes 0 of \d+ sentences rightly.*source_begin"):
        facts.dealt(asked, [False] * len(asked), 16)


@pytest.mark.parametrize(
    ("text", "marked", "loose"),
    [
        (" #### Paris", "paris", "paris"),
        ("#### paris.", "paris", "paris"),
        (" Paris. The capital of", None, "paris"),
        ("####", None, None),
        ("", None, None),
        ("#### Rome #### Paris", "paris", "paris"),
    ],
)
def test_a_word_is_read_out_of_an_answer(text: str, marked: str | None, loose: str | None) -> None:
    assert extraction.marked(text, "Paris") == marked
    assert extraction.unmarked(text, "Paris") == loose
    item = facts.candidates()[0]
    assert item.gold == "Paris"
    answers = Answers.read([text], [item])
    assert (answers.correct[0], answers.correct_flexible[0]) == (marked == "paris", loose == "paris")


def test_answers_that_are_words_are_summarised(tmp_path: Path) -> None:
    row = '{"id": "%d", "gold": "Paris", "bridged_output": "%s", "control": "matched", "kind": "bridge", "seed": 1}\n'
    path = tmp_path / "answers.jsonl"
    path.write_text(row % (1, " #### Paris") + row % (2, " #### Rome") + row % (3, "Paris"))
    [found] = summarise(read_groups(path))
    assert (found.count, found.gold_matches, found.flexible_matches, found.invalid) == (3, 1, 2, 1)


@pytest.mark.slow  # a real model reads 24 sentences
def test_smollm2_knows_some_capitals_and_not_all() -> None:
    place = model_place("smollm2", Path())
    if place is None or not place.is_dir():
        pytest.skip("SmolLM2 is not there: run `evenhand models get smollm2`")
    asked = [item for item in facts.candidates() if item.id.startswith("capital-0")][:24]
    assert 8 <= sum(known(load_language_model(place, begin="none"), asked)) < 24


@pytest.mark.parametrize("name", ["source", "target"])
def test_embeddings_are_what_the_model_itself_calls_layer_0(name, request) -> None:
    model, texts = request.getfixturevalue(name), ["Ada has 3 coins.", "Ben loses 2."]
    own = model.hidden_states(texts, 0)
    for text, states in zip(texts, own, strict=True):
        ids = torch.tensor([[*model.begin_ids(), *model.encode(text)]])
        assert torch.equal(states, model.model(input_ids=ids, output_hidden_states=True).hidden_states[0][0])
    assert len(model.hidden_states(texts, 1)) == 2  # no hook is left behind
