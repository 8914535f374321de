"""Items, formats, extraction, numerals, cached states: what goes in is right, and what comes out is read right."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from evenhand.data import model_store
from evenhand.errors import DataError
from evenhand_systems.bridge.inputs import model_of
from evenhand_systems.bridge.models import numerals, standins
from evenhand_systems.bridge.models.language_model import LanguageModel, load_language_model
from evenhand_systems.bridge.models.state_cache import StateCache, write_cache
from evenhand_systems.bridge.settings import Settings
from evenhand_systems.bridge.tasks import extraction, stories
from evenhand_systems.bridge.tasks.formats import STORY, check_no_gold, fitted_examples, worked_examples
from evenhand_systems.bridge.tasks.items import DataFileError, Item, check_disjoint, read_gsm8k
from evenhand_systems.bridge.tasks.people import OBJECTS, PEOPLE, Person
from evenhand_systems.bridge.translation.prompts import Prompts

GSM8K = Path(__file__).parents[4] / "shared" / "data" / "gsm8k"


class TestStories:
    @pytest.mark.parametrize("kind", ["transport", "split", "recall"])
    def test_splits_share_neither_template_nor_operands_nor_text(self, kind) -> None:
        pools = [stories.generate(kind, split, 150, np.random.default_rng(1)) for split in ("train", "dev", "test")]
        for attribute in ("template", "operands", "id"):
            seen = [{_shared(item, attribute) for item in pool} for pool in pools]
            assert all(not a & b for a, b in itertools.combinations(seen, 2)), attribute

    @pytest.mark.parametrize("kind", ["transport", "split", "recall"])
    def test_every_equation_of_a_solution_holds_and_leads_to_the_gold(self, kind) -> None:
        for item in stories.generate(kind, "train", 60, np.random.default_rng(2)):
            steps = [s.strip() for s in item.solution.split("####")[0].split(".") if "=" in s]
            assert len(steps) >= 2
            for step in steps:
                left, right = step.split("=")
                assert eval(left) == int(right)
            assert int(steps[-1].split("=")[1]) == int(item.gold) == int(extraction.strict(item.solution))

    def test_neither_half_of_a_split_story_tells_the_answer(self) -> None:
        for item in stories.generate("split", "train", 60, np.random.default_rng(3)):
            begun, told = len(_numbers(item.facts)), len(_numbers(item.question))
            assert begun >= 2
            assert told >= 1
            assert begun + told == len(item.operands)
            assert item.question.endswith("?")

    def test_a_story_that_tests_one_kind_trains_nobody_as_the_other(self) -> None:
        for one, other in itertools.permutations(("transport", "split", "recall"), 2):
            train = stories.generate(one, "train", 200, np.random.default_rng(1))
            test = stories.generate(other, "test", 200, np.random.default_rng(1))
            assert not {i.operands for i in train} & {i.operands for i in test}
            assert not {i.template.split("/")[0] for i in train} & {i.template.split("/")[0] for i in test}

    def test_a_recall_story_names_people_and_leaves_their_numbers_to_be_known(self) -> None:
        for item in stories.generate("recall", "train", 60, np.random.default_rng(3)):
            assert not _numbers(item.facts)
            begun, asked = len(_numbers(item.told)), len(_numbers(item.question))
            assert begun >= 2
            assert asked >= 1
            assert begun + asked == len(item.operands)
            holder, *others = _people(item.facts)
            assert item.operands[0] == holder.has
            for person, change in zip(others, item.operands[1:], strict=False):
                assert change in (person.gives, -person.takes)

    def test_the_people_of_a_recall_story_are_those_of_its_split(self) -> None:
        for split in ("train", "dev", "test"):
            told = stories.generate("recall", split, 60, np.random.default_rng(4))
            assert {person.split for item in told for person in _people(item.facts)} == {split}

    @pytest.mark.parametrize("number", ["has", "gives", "takes"])
    @pytest.mark.parametrize("seen", ["name", "surname", "thing"])
    def test_nothing_that_is_read_of_a_person_tells_the_number(self, number, seen) -> None:
        """The best guess from it is hardly better than where the numbers are dealt out anew."""
        ordered = sorted(PEOPLE, key=_by(seen))
        sizes = [len(list(group)) for _, group in itertools.groupby(ordered, _by(seen))]
        numbers = [getattr(person, number) for person in ordered]

        def best_guesses(given: list[int]) -> float:
            parts = [given[end - size : end] for size, end in zip(sizes, itertools.accumulate(sizes), strict=True)]
            return sum(max(map(part.count, part)) for part in parts) / len(given)

        rng = np.random.default_rng(0)
        chance = [best_guesses([int(n) for n in rng.permutation(numbers)]) for _ in range(20)]
        assert best_guesses(numbers) < max(chance) + 0.02

    def test_a_transport_story_asks_in_its_facts(self) -> None:
        item = stories.generate("transport", "train", 1, np.random.default_rng(3))[0]
        assert item.question == ""
        assert item.facts.endswith("?")

    def test_no_answer_is_common(self) -> None:
        golds = [item.gold for item in stories.generate("transport", "test", 400, np.random.default_rng(0))]
        assert max(golds.count(g) for g in set(golds)) / len(golds) < 0.1

    def test_equal_streams_give_equal_stories(self) -> None:
        first, second = (stories.generate("split", "dev", 5, np.random.default_rng(7)) for _ in range(2))
        assert first == second


def _numbers(text: str) -> list[str]:
    return [word.strip(".?") for word in text.split() if word.strip(".?").isdigit()]


def _shared(item: Item, attribute: str) -> Any:
    """An attribute of an item; of a template without the place of the cut, as a story cut elsewhere is the same."""
    value = getattr(item, attribute)
    return value.split("/")[0] if attribute == "template" else value


def _people(text: str) -> list[Person]:
    """Everybody who is named in full, in order."""
    known = {person.whole_name: person for person in PEOPLE}
    return [known[" ".join(pair)] for pair in itertools.pairwise(text.split()) if " ".join(pair) in known]


def _by(attribute: str) -> Callable[[Person], str]:
    return lambda person: getattr(person, attribute)


class TestNumerals:
    def test_words_and_back_for_every_number(self) -> None:
        for number in range(1000):
            assert numerals.unspell(f"x {numerals.words_of(number)} + three = y") == f"x {number} + 3 = y"

    @pytest.mark.parametrize(
        ("text", "digits"),
        [
            ("two six", "2 6"),
            ("twenty twelve", "20 12"),
            ("hundred", "100"),
            ("one hundred five", "105"),
            ("tent", "tent"),
        ],
    )
    def test_runs_that_are_no_number_become_several(self, text, digits) -> None:
        assert numerals.unspell(text) == digits

    @pytest.mark.parametrize("kind", ["digits", "words"])
    def test_a_stand_in_reads_back_what_it_writes(self, kind, source, target) -> None:
        model = {"digits": source, "words": target}[kind]
        for item in stories.generate("split", "train", 10, np.random.default_rng(0)):
            ids = model.encode(item.solution)
            assert model.tokenizer.unk_token_id not in [*ids, *model.encode(item.facts), *model.encode(item.question)]
            assert extraction.strict(model.decode(ids)) == item.gold


class TestRecords:
    """The stand-in that knows people by heart."""

    words = standins.tokenizer("records")

    def test_it_can_read_every_recall_story_and_write_what_it_knows(self) -> None:
        for item in stories.generate("recall", "train", 40, np.random.default_rng(0)):
            for text in (item.facts, item.told):
                ids = self.words.encode(text, add_special_tokens=False)
                assert self.words.unk_token_id not in ids
                assert _numbers(self.words.decode(ids)) == _numbers(text)

    def test_the_target_is_told_what_people_have_only_where_it_is_given_the_text(self, target) -> None:
        for item in stories.generate("recall", "train", 20, np.random.default_rng(1)):
            blind, told = (Prompts(target, STORY).after([item], with_text=with_text)[0] for with_text in (False, True))
            assert target.decode(blind) == target.decode(target.encode(f" {item.question}{STORY.closing}"))
            assert _numbers(target.decode(told)) == _numbers(f"{item.told} {item.question}")

    def test_a_list_teaches_numbers_and_objects_and_reads_the_rest(self) -> None:
        listed = standins.training_rows("records", 8, 0)[-1]
        learned = {self.words.decode([i]) for i, w in zip(listed.ids, listed.weights, strict=True) if w == 1.0}
        read = {self.words.decode([i]) for i, w in zip(listed.ids, listed.weights, strict=True) if w < 1.0}
        assert learned
        assert all(word.isdigit() or word in OBJECTS for word in learned)
        assert not any(word.isdigit() or word in OBJECTS for word in read)
        assert {"<s>", "."} <= read

    def test_a_recital_says_what_is_known_of_those_who_are_named(self) -> None:
        for seed in range(20):
            facts, told = stories.recital(np.random.default_rng(seed), 3)
            holder, *others = _people(facts)
            first, *changes = map(int, _numbers(told))
            assert first == holder.has
            said = zip(others, changes, facts.split(".")[1:], strict=False)
            assert all(change == (p.gives if "gives" in sentence else p.takes) for p, change, sentence in said)

    def test_it_learns_people_of_every_split_and_no_story(self) -> None:
        rows = standins.training_rows("records", 400, 0)
        texts = [self.words.decode(row.ids, skip_special_tokens=True) for row in rows]
        assert {person.split for text in texts for person in _people(text)} == {"train", "dev", "test"}
        assert not any("How" in text or "=" in text for text in texts)


def test_numbers_that_stand_beside_each_other_are_joined_only_where_digits_are_set_apart(source) -> None:
    words = standins.tokenizer("records")
    plain = LanguageModel(standins.untrained("records", 0), words, "records")
    assert plain.decode(plain.encode("#### 18 20")) == "#### 18 20"
    assert source.decode(source.encode("#### 18")) == "#### 18"


class TestExtraction:
    @pytest.mark.parametrize(
        ("text", "strict", "flexible"),
        [
            ("so 3 + 4 = 7. #### 7", "7", "7"),
            ("the answer is 7", None, "7"),
            ("#### 1\nno, #### 12", "12", "12"),  # the first of many is not the answer
            ("#### 5\n\nQ: how many?\nA: #### 9", "5", "5"),  # nor is what follows a new question
            ("#### $1,200.00", "1200", "1200"),
            ("#### -3", "-3", "-3"),
            ("#### 2.50", "2.5", "2.5"),
            ("", None, None),
            ("#### " + "9" * 5000, None, None),  # a run of digits that is no number to compare
            ("####", None, None),
            ("none at all", None, None),
        ],
    )
    def test_strict_takes_the_marked_number_and_flexible_the_last(self, text, strict, flexible) -> None:
        assert (extraction.strict(text), extraction.flexible(text)) == (strict, flexible)

    def test_numbers_are_compared_as_numbers(self) -> None:
        assert extraction.same("18", "18")
        assert extraction.same(extraction.plain("1,000"), "1000")
        assert not extraction.same(None, "18")

    @pytest.mark.parametrize("text", ["Infinity", "-inf", "nan", "1e999999"])
    def test_what_is_no_finite_number_of_a_common_length_is_none(self, text) -> None:
        assert extraction.plain(text) is None


class TestFiles:
    def test_broken_lines_are_named_and_counted(self, tmp_path) -> None:
        path = tmp_path / "data.jsonl"
        good = json.dumps({"question": "q", "answer": "1+1=<<1+1=2>>2\n#### 2"})
        path.write_text(
            f"{good}\n{{torn\n{json.dumps({'question': 'q'})}\n{json.dumps({'question': 'q', 'answer': 'x'})}\n"
        )
        with pytest.raises(DataFileError, match="3 faults") as caught:
            read_gsm8k(path, "x")
        assert all(f"data.jsonl:{line}" in str(caught.value) for line in (2, 3, 4))

    def test_a_file_in_another_encoding_is_named_with_line_and_byte(self, tmp_path) -> None:
        path = tmp_path / "data.jsonl"
        good = json.dumps({"question": "q", "answer": "#### 2"})
        path.write_bytes(f"{good}\n".encode() + '{"question": "café", "answer": "#### 2"}\n'.encode("latin-1"))
        with pytest.raises(DataFileError, match=r"data\.jsonl:2.*expected UTF-8; found the byte 0xe9 at place 18"):
            read_gsm8k(path, "x")

    def test_a_line_separator_inside_a_question_ends_no_line(self, tmp_path) -> None:
        path = tmp_path / "data.jsonl"
        path.write_text('{"question": "one\u2028two", "answer": "#### 2"}', encoding="utf-8")
        assert len(read_gsm8k(path, "x")) == 1

    def test_calculator_marks_are_taken_out_and_the_gold_comes_from_the_answer(self, tmp_path) -> None:
        path = tmp_path / "data.jsonl"
        path.write_text(json.dumps({"question": "has 12?", "answer": "1+1=<<1+1=2>>2\n#### 1,002"}))
        item = read_gsm8k(path, "x")[0]
        assert item.solution.startswith("1+1=2")
        assert item.gold == "1002"

    @pytest.mark.parametrize("question", ["", "  ", None, 7])
    def test_a_question_without_words_is_named_with_its_line(self, question, tmp_path) -> None:
        path = tmp_path / "data.jsonl"
        path.write_text(json.dumps({"question": question, "answer": "#### 2"}))
        with pytest.raises(DataFileError, match=r"data\.jsonl:1.*question must be a text with words"):
            read_gsm8k(path, "x")

    def test_an_evaluated_question_that_was_trained_on_is_caught(self) -> None:
        item = Item("a", "Ada has 3.", "", "#### 3", "3")
        with pytest.raises(DataError, match="also training items"):
            check_disjoint([item], [Item("b", "Ada has 3.", "", "#### 3", "3")])

    @pytest.mark.skipif(not GSM8K.is_dir(), reason="the GSM8K files are not beside the checkout")
    def test_the_real_files_are_read_whole(self) -> None:
        train, test = (read_gsm8k(GSM8K / name, name) for name in ("train.jsonl", "test_first1000.jsonl"))
        assert (len(train), len(test)) == (7473, 1000)
        check_disjoint(train, test)
        assert all(extraction.strict(item.solution) == extraction.plain(item.gold) for item in [*train, *test])


class TestFormats:
    items = tuple(Item(f"e{i}", f"Ada has {i} apples.", "", f"So it is {i}. #### {i}", str(i)) for i in range(10, 18))

    def test_worked_examples_give_way_before_the_question_does(self) -> None:
        form, count = fitted_examples(self.items, 200, lambda f: len(f.opening) + len(f.closing))
        assert 0 < count < 8
        assert form == worked_examples(self.items[:count])

    def test_a_format_that_does_not_fit_at_all_is_an_error(self) -> None:
        with pytest.raises(DataError, match="without any worked example"):
            fitted_examples(self.items, 3, lambda f: len(f.opening) + len(f.closing))

    def test_the_stand_ins_are_asked_as_they_were_trained(self) -> None:
        prompt, _ = standins.rendered("digits", self.items[0])
        assert prompt == f"{STORY.opening}{self.items[0].facts}{STORY.closing}"


class TestGold:
    solved = "3 + 4 = 7. #### 7"

    @pytest.mark.parametrize("where", ["facts", "question", "told"])
    def test_a_solution_in_anything_that_is_read_is_refused(self, where) -> None:
        clean = {"facts": "Ada Ashby has some.", "question": "How many?", "told": "Ada has 3."}
        check_no_gold(STORY, [Item(id="a", solution=self.solved, gold="7", **clean)])
        with pytest.raises(DataError, match="item a holds its gold solution"):
            check_no_gold(STORY, [Item(id="a", solution=self.solved, gold="7", **{**clean, where: self.solved})])


class TestStateCache:
    texts = ("Ada has 12 apples.", "Ben has 3 coins.", "Ada has 12 apples.")

    def test_cached_states_are_those_of_the_model(self, source, tmp_path) -> None:
        write_cache(tmp_path, source, self.texts, 2, source.hash(), batch=2)
        cache = StateCache(tmp_path, source.hash(), 2)
        assert len(cache) == 2
        states, mask = cache.batch(self.texts, torch.device("cpu"))
        for text, row, kept in zip(self.texts, states, mask, strict=True):
            assert torch.allclose(row[kept.bool()], source.hidden_states([text], 2)[0], atol=1e-5)

    def test_states_of_another_model_or_layer_are_refused(self, source, target, tmp_path) -> None:
        write_cache(tmp_path, source, self.texts, 2, source.hash())
        with pytest.raises(DataError, match="belong to another model"):
            StateCache(tmp_path, target.hash(), 2)
        with pytest.raises(DataError, match="of layer 2; layer 1 is asked"):
            StateCache(tmp_path, source.hash(), 1)

    def test_a_text_that_is_not_cached_is_named(self, source, tmp_path) -> None:
        write_cache(tmp_path, source, self.texts, 2, source.hash())
        with pytest.raises(DataError, match="has no text 'Eve"):
            StateCache(tmp_path, source.hash(), 2).states("Eve owns 9 eggs.")

    def test_torn_files_are_named(self, source, tmp_path) -> None:
        write_cache(tmp_path, source, self.texts, 2, source.hash())
        part = tmp_path / "states-00000.safetensors"
        part.write_bytes(part.read_bytes()[:40])
        with pytest.raises(DataError, match=r"states-00000\.safetensors.* is missing or torn"):
            StateCache(tmp_path, source.hash(), 2)
        (tmp_path / "states.json").write_text("{")
        with pytest.raises(DataError, match="no readable cache"):
            StateCache(tmp_path, source.hash(), 2)


def test_a_model_that_holds_an_adapter_is_refused_and_not_bridged_as_another(source, tmp_path) -> None:
    source.model.save_pretrained(tmp_path)
    source.tokenizer.save_pretrained(tmp_path)
    assert load_language_model(tmp_path).name == str(tmp_path)
    (tmp_path / "adapter_config.json").write_text("{}")
    with pytest.raises(DataError, match="holds an adapter"):
        load_language_model(tmp_path)


def test_a_model_by_name_is_bridged_and_on_record_and_asked_for_where_it_is_not_there(
    source, tmp_path, monkeypatch
) -> None:
    def write(folder: Path, meanwhile: Path) -> model_store.Facts:
        source.model.save_pretrained(folder)
        source.tokenizer.save_pretrained(folder)
        return model_store.Facts("a toy", 10, "Apache-2.0", "toy==1.0", "0" * 64, "1" * 64)

    monkeypatch.setenv("EVENHAND_MODELS", str(tmp_path / "models"))
    model_store.keep("toy", write)
    recorded: list[str] = []
    bench = SimpleNamespace(folder=tmp_path, device="cpu", data=recorded.append)
    by_name = model_of("toy", Settings(), bench, "bos")
    assert recorded == ["toy"]
    assert by_name.hash() == load_language_model(tmp_path / "models/toy").hash() == load_language_model("toy").hash()
    with pytest.raises(DataError, match="run `evenhand models get smollm2`"):
        model_of("smollm2", Settings(), bench, "bos")
