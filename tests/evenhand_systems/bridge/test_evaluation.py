"""Evaluation, controls and collapse alarms: comparisons are fair, and a dead bridge is seen to be dead."""

from __future__ import annotations

import functools
import re

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional

from evenhand.errors import DataError
from evenhand_systems.bridge.evaluation import collapse as alarms
from evenhand_systems.bridge.evaluation import geometry
from evenhand_systems.bridge.evaluation.evaluation import (
    Answers,
    evaluate_bridge,
    generate_answers,
    item_rows,
    solution_nll,
)
from evenhand_systems.bridge.evaluation.text_only import linear_probe
from evenhand_systems.bridge.tasks.formats import PromptFormat, worked_examples
from evenhand_systems.bridge.tasks.items import Item
from evenhand_systems.bridge.translation.bridge import load_bridge
from evenhand_systems.bridge.translation.controls import ConstantPrompt, controlled, derangement
from evenhand_systems.bridge.translation.soft_tokens import SoftTokens
from evenhand_systems.bridge.translators import TranslatorError


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def stir(bridge, size: float = 0.3):
    generator = torch.Generator().manual_seed(4)
    with torch.no_grad():
        for value in bridge.parameters():
            value.add_(size * torch.randn(value.shape, generator=generator))
    return bridge


class TestDerangement:
    @settings(max_examples=60, deadline=None)
    @given(st.lists(st.sampled_from("abcdefg"), min_size=2, max_size=40), st.integers(0, 9))
    def test_every_item_gets_another_source_with_another_answer(self, answers: list[str], seed: int) -> None:
        if 2 * max(answers.count(a) for a in answers) > len(answers):
            with pytest.raises(DataError, match="cannot be shuffled"):
                derangement(answers, rng(seed))
            return
        partner = derangement(answers, rng(seed))
        assert sorted(partner) == list(range(len(answers)))
        assert all(answers[i] != answers[partner[i]] for i in range(len(answers)))

    def test_no_items_cannot_be_shuffled(self) -> None:
        with pytest.raises(DataError):
            derangement([], rng())

    def test_streams_decide_who_gets_whose_source(self) -> None:
        answers = [str(i) for i in range(30)]
        assert derangement(answers, rng(1)) == derangement(answers, rng(1)) != derangement(answers, rng(2))


class TestControls:
    soft = torch.randn(8, 3, 5, generator=torch.Generator().manual_seed(0))
    answers = tuple("abcdefgh")

    def make(self, control: str, mask: torch.Tensor | None = None) -> SoftTokens | None:
        own, reference = SoftTokens(self.soft, mask), SoftTokens(self.soft[:4] + 1, None if mask is None else mask[:4])
        return controlled(own, control, answers=self.answers, reference=reference, rng=rng())  # type: ignore[arg-type]

    def test_matched_is_the_items_own(self) -> None:
        assert self.make("matched").tokens is self.soft

    def test_shuffled_are_the_same_tokens_in_other_places(self) -> None:
        made = self.make("shuffled").tokens
        assert all(not torch.equal(a, b) for a, b in zip(made, self.soft, strict=True))
        assert torch.equal(made.sum(0).sort().values, self.soft.sum(0).sort().values) or torch.allclose(
            made.sum(0), self.soft.sum(0), atol=1e-5
        )

    def test_noise_has_the_norm_of_each_token(self) -> None:
        assert torch.allclose(self.make("noise").tokens.norm(dim=-1), self.soft.norm(dim=-1), rtol=1e-4)

    def test_the_mean_token_is_that_of_the_reference_items(self) -> None:
        assert torch.allclose(self.make("mean").tokens[5], (self.soft[:4] + 1).mean(0))

    def test_zeros_and_nothing(self) -> None:
        assert float(self.make("zeros").tokens.abs().sum()) == 0.0
        assert self.make("no_soft_tokens") is None

    def test_which_tokens_are_real_goes_with_them(self) -> None:
        mask = (torch.arange(3) < torch.tensor([1, 2, 3, 1, 2, 3, 1, 2])[:, None]).long()
        for control in ("matched", "zeros", "noise"):
            assert torch.equal(self.make(control, mask).mask, mask)
        shuffled = self.make("shuffled", mask)
        for tokens, real in zip(shuffled.tokens, shuffled.mask, strict=True):
            giver = next(i for i in range(8) if torch.equal(tokens, self.soft[i]))
            assert torch.equal(real, mask[giver])
        # The third place is real for one of the four reference items only.
        assert torch.allclose(self.make("mean", mask).tokens[5, 2], self.soft[2, 2] + 1)

    def test_the_constant_prompt_is_the_same_for_every_item_and_learns(self, target) -> None:
        from evenhand_systems.bridge.translators import TranslatorConfig

        prompt = ConstantPrompt(
            TranslatorConfig("linear", 4, target.width, target.embedding_rms(), 3), target.model.get_input_embeddings()
        )
        soft = prompt(torch.randn(2, 5, 4), torch.ones(2, 5))
        assert torch.equal(soft[0], soft[1])
        # Half a thousand steps at a usual rate are enough to turn each token to wherever it is wanted.
        goal = functional.normalize(torch.randn(3, target.width, generator=torch.Generator().manual_seed(1)), dim=-1)
        optimiser = torch.optim.Adam(prompt.parameters(), lr=5e-3)
        for _ in range(500):
            near = (functional.normalize(prompt(torch.randn(1, 5, 4), torch.ones(1, 5))[0], dim=-1) * goal).sum(-1)
            optimiser.zero_grad()
            (-near.mean()).backward()
            optimiser.step()
        assert float(near.detach().min()) > 0.8


def items_of(count: int) -> list[Item]:
    return [Item(str(i), f"Ada has {i + 3} coins.", "", f"#### {i}", str(i)) for i in range(count)]


class TestEvaluation:
    def test_equal_weights_give_equal_evaluations(self, make_bridge, test_items) -> None:
        bridge = stir(make_bridge("dit"))
        first, second = (evaluate_bridge(bridge, test_items[:20], new_tokens=8, rng=rng(3)) for _ in range(2))
        assert first == second

    def test_a_saved_bridge_evaluates_the_same(self, make_bridge, test_items, target, tmp_path) -> None:
        bridge = stir(make_bridge("cross_attention", injection="adapter"))
        bridge.save(tmp_path, {"score": 1})
        loaded = load_bridge(tmp_path, bridge.states_of, target, bridge.prompts)
        runs = [evaluate_bridge(b, test_items[:12], new_tokens=8, rng=rng()) for b in (bridge, loaded)]
        assert runs[0] == runs[1]

    def test_a_bridge_between_other_models_is_refused(self, make_bridge, source, target, tmp_path) -> None:
        bridge = make_bridge()
        bridge.save(tmp_path, {"source": source.hash()})
        load = functools.partial(load_bridge, tmp_path, bridge.states_of)
        assert load(target, bridge.prompts, source=source)
        with pytest.raises(TranslatorError, match="trained with another target"):
            load(source, bridge.prompts, source=source)
        with pytest.raises(TranslatorError, match="trained with another source"):
            load(target, bridge.prompts, source=target)
        with pytest.raises(TranslatorError, match="pass source="):
            load(target, bridge.prompts)

    @pytest.mark.parametrize("name", ["soft_prompt.json", "adapters.safetensors", "translator.json"])
    @pytest.mark.parametrize("content", [None, "{"])
    def test_a_bridge_with_a_missing_or_torn_file_is_refused(
        self, name, content, make_bridge, target, tmp_path
    ) -> None:
        bridge = make_bridge(injection="adapter")
        bridge.save(tmp_path)
        (tmp_path / name).unlink()
        if content is not None:
            (tmp_path / name).write_text(content)
        with pytest.raises(TranslatorError, match=re.escape(str(tmp_path))):
            load_bridge(tmp_path, bridge.states_of, target, bridge.prompts)

    def test_the_gold_solution_is_in_no_input(self, make_bridge, test_items) -> None:
        bridge = make_bridge()
        for item in test_items[:10]:
            row = bridge.prompts.after([item], with_text=True)[0]
            assert item.solution not in bridge.target.decode([*bridge.prompts.opening, *row])

    def test_an_evaluated_item_among_the_worked_examples_is_caught(self, make_bridge, test_items) -> None:
        """The planted fault: the gold solution stands in the prompt that is evaluated."""
        bridge = make_bridge(form=PromptFormat(worked_examples(test_items[5:6]).opening, "\nA: "))
        with pytest.raises(DataError, match="stands among the worked examples"):
            evaluate_bridge(bridge, test_items[:10], new_tokens=4, rng=rng())

    def test_a_question_that_holds_its_own_solution_is_caught(self, make_bridge, test_items) -> None:
        import dataclasses

        told = dataclasses.replace(test_items[0], facts=test_items[0].facts + " " + test_items[0].solution)
        with pytest.raises(DataError, match="holds its gold solution"):
            evaluate_bridge(make_bridge(), [told, *test_items[1:4]], new_tokens=4, rng=rng())

    def test_the_same_answers_come_in_any_batch_size(self, make_bridge, test_items) -> None:
        bridge, items = stir(make_bridge()), test_items[:9]
        soft = bridge.soft_tokens(items)
        runs = [
            generate_answers(bridge, items, soft, with_text=False, new_tokens=8, batch=batch) for batch in (1, 4, 64)
        ]
        assert runs[0] == runs[1] == runs[2]

    def test_the_nll_is_that_of_the_solution_alone(self, make_bridge, test_items) -> None:
        bridge, items = make_bridge(), test_items[:3]
        soft = bridge.soft_tokens(items)
        found = solution_nll(bridge, items, soft, with_text=False)
        inputs = bridge.assemble(items[:1], soft[:1].tokens, with_text=False, with_answers=True)
        logits = bridge.soft_prompt(inputs)[0].log_softmax(-1)
        places = torch.nonzero(inputs.labels[0] >= 0).flatten()
        expected = -logits[places - 1, inputs.labels[0, places]].mean()
        assert float(found[0]) == pytest.approx(float(expected.detach()), rel=1e-4)

    def test_a_row_tells_question_gold_and_three_outputs(self) -> None:
        items = items_of(2)
        answers = Answers.read(["#### 0", "nothing"], items)
        row = item_rows(items, answers, answers, answers, control="shuffled")[1]
        assert row["gold"] == "1"
        assert row["bridged_strict"] is None
        assert {"source_output", "target_output", "bridged_output", "question", "control"} <= set(row)


class TestAlarms:
    def test_a_collapsed_translator_raises_the_alarms(self, make_bridge, test_items) -> None:
        """The planted fault: the translator gives the same soft tokens whatever the source read."""
        bridge = stir(make_bridge())
        forward = bridge.translator.forward
        bridge.translator.forward = (
            lambda states, mask, generator=None: (  # type: ignore[method-assign]
                forward(states[:1], mask[:1]).expand(len(states), -1, -1)
            )
        )
        signs = evaluate_bridge(bridge, test_items, new_tokens=8, rng=rng()).signs
        said = " ".join(signs.alarms())
        for words in ("another item's soft tokens serve as well", "have cosine 1.000", "directions", "is found from"):
            assert words in said

    def test_a_bridge_that_carries_the_text_raises_none_on_its_geometry(self, make_bridge, test_items) -> None:
        bridge = make_bridge()
        texts = [bridge.prompts.encoded(item).facts for item in test_items]
        length = min(map(len, texts))
        soft = torch.stack([bridge.target.embed(torch.tensor(row[:length])) for row in texts])
        signs = alarms.Signs(
            cosine=geometry.cosine_between_items(soft), effective_rank=geometry.effective_rank(soft),
            retrieval=geometry.retrieval(soft, soft.mean(1), rng()),
            rms_ratio=geometry.rms_ratio(soft, bridge.target.embedding_rms()),
        )  # fmt: skip
        assert signs.alarms() == []
        assert signs.retrieval > 0.3

    def test_soft_tokens_eighty_times_too_large_raise_one(self) -> None:
        assert "80.00 times" in alarms.Signs(rms_ratio=80.0).alarms()[0]
        assert alarms.Signs(rms_ratio=1.4).alarms() == []

    def test_one_answer_to_everything_raises_one_though_all_are_valid(self) -> None:
        share, answer = alarms.most_frequent(["10"] * 200)
        assert "'10' was given to 100%" in alarms.Signs(most_frequent=share, most_frequent_answer=answer).alarms()[0]

    def test_differences_too_small_to_see_are_no_information(self) -> None:
        generator = torch.Generator().manual_seed(0)
        base, tiny = torch.randn(1, 4, 6, generator=generator), torch.randn(140, 4, 6, generator=generator)
        soft, texts = base + 1e-4 * tiny, tiny.flatten(1)
        assert geometry.retrieval(soft, texts, rng()) < alarms.RETRIEVAL_LIMIT
        assert geometry.effective_rank(soft) < 1.1
        assert geometry.retrieval(tiny, texts, rng()) == 1.0

    def test_what_cannot_be_computed_is_none_with_a_reason(self, make_bridge, test_items) -> None:
        signs = evaluate_bridge(make_bridge(), test_items[:10], new_tokens=4, rng=rng()).signs
        assert signs.retrieval is None
        assert any("128 are needed" in reason for reason in signs.why_none)

    def test_answers_that_are_missing_are_not_the_most_frequent_one(self) -> None:
        assert alarms.most_frequent([None, None, None, "7"]) == (0.25, "7")


def test_a_linear_probe_reads_what_is_linearly_there() -> None:
    answers = [str(i % 4) for i in range(80)]
    features = torch.eye(4)[torch.arange(80) % 4] + 0.1 * torch.randn(80, 4, generator=torch.Generator().manual_seed(0))
    assert linear_probe(features[:60], answers[:60], features[60:]) == answers[60:]
