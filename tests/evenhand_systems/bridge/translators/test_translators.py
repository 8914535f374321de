"""Translators: identity at the start, size of what leaves, independence of padding and company, saving and loading."""

from __future__ import annotations

import pytest
import torch

from evenhand_systems.bridge.translators import (
    EmbeddingScale,
    TranslatorConfig,
    TranslatorError,
    build_translator,
    load_translator,
    save_translator,
)
from evenhand_systems.bridge.translators.cross_attention import CrossAttentionTranslator, GatedBlock
from evenhand_systems.bridge.translators.linear import stretches

KINDS = ("cross_attention", "dit", "linear")


def config(kind: str, **more: object) -> TranslatorConfig:
    settings = {"source_width": 20, "target_width": 12, "target_rms": 0.02, "soft_tokens": 5, "bottleneck": 16}
    return TranslatorConfig(kind, **{**settings, "depth": 2, "heads": 2, **more})  # type: ignore[arg-type]


def stirred(kind: str, **more: object) -> torch.nn.Module:
    """A translator as after some training: gates and zero layers moved."""
    translator = build_translator(config(kind, **more), seed=1)
    generator = torch.Generator().manual_seed(2)
    with torch.no_grad():
        for value in translator.parameters():
            value.add_(0.2 * torch.randn(value.shape, generator=generator))
    return translator


def batch(seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    states = torch.randn(3, 7, 20, generator=torch.Generator().manual_seed(seed))
    return states, torch.tensor([[1] * 7, [1] * 4 + [0] * 3, [1] + [0] * 6])


def sides(states: torch.Tensor, mask: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The same rows padded on the left."""
    order = torch.argsort(mask, dim=1, stable=True)
    return states.gather(1, order.unsqueeze(-1).expand_as(states)), mask.gather(1, order)


def test_a_fresh_gated_block_changes_nothing() -> None:
    block = GatedBlock(16, 2)
    queries, memory = torch.randn(2, 5, 16), torch.randn(2, 7, 16)
    assert torch.equal(block(queries, memory, torch.ones(2, 7)), queries)


def test_learned_queries_differ_from_the_start() -> None:
    translator = build_translator(config("cross_attention"), 0)
    assert isinstance(translator, CrossAttentionTranslator)
    assert torch.pdist(translator.queries).min() > 0.1
    soft = translator(*batch())
    assert torch.pdist(soft[0]).min() > 1e-4


@pytest.mark.parametrize("kind", KINDS)
def test_soft_tokens_leave_at_the_targets_rms_times_the_learned_gain(kind: str) -> None:
    translator = stirred(kind).eval()
    gain = translator.scale.log_gain.exp()
    sizes = translator(*batch()).square().mean(-1).sqrt()
    assert torch.allclose(sizes, (0.02 * gain).expand_as(sizes), rtol=1e-3)


@pytest.mark.parametrize("rms", [0.0125, 1.0, 40.0])
def test_no_bound_on_the_size_of_soft_tokens_takes_over(rms: float) -> None:
    scale = EmbeddingScale(rms)
    out = scale(torch.randn(4, 12))
    assert 0.5 < float(out.detach().square().mean().sqrt()) / rms < 2
    out.sum().backward()
    assert scale.log_gain.grad is not None
    assert float(scale.log_gain.grad) != 0


@pytest.mark.parametrize("kind", KINDS)
def test_the_side_of_the_padding_does_not_matter(kind: str) -> None:
    translator = stirred(kind).eval()
    states, mask = batch()
    assert torch.allclose(translator(states, mask), translator(*sides(states, mask)), atol=1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_a_batch_gives_what_its_items_give_one_by_one(kind: str) -> None:
    translator = stirred(kind).eval()
    states, mask = batch()
    alone = [translator(s[None, : int(m.sum())], m[None, : int(m.sum())]) for s, m in zip(states, mask, strict=True)]
    assert torch.allclose(translator(states, mask), torch.cat(alone), atol=1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_soft_tokens_depend_on_what_the_source_read(kind: str) -> None:
    translator = stirred(kind).eval()
    soft = translator(*batch())
    assert float((soft[0] - soft[1]).detach().abs().max()) > 1e-4


@pytest.mark.parametrize("kind", KINDS)
def test_equal_seeds_give_equal_translators_whatever_ran_before(kind: str) -> None:
    first = build_translator(config(kind), 3).state_dict()
    torch.rand(5)
    again, other = build_translator(config(kind), 3).state_dict(), build_translator(config(kind), 4).state_dict()
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert any(not torch.equal(first[name], other[name]) for name in first)


@pytest.mark.parametrize("kind", KINDS)
def test_a_saved_translator_comes_back_the_same(kind: str, tmp_path) -> None:
    translator = stirred(kind).eval()
    save_translator(translator, tmp_path, {"score": 0.5})
    loaded, about = load_translator(tmp_path)
    assert about == {"score": 0.5}
    assert loaded.config == translator.config
    assert not loaded.training
    assert torch.equal(loaded(*batch()), translator(*batch()))


def test_a_torn_file_is_named(tmp_path) -> None:
    save_translator(stirred("linear"), tmp_path)
    weights = tmp_path / "translator.safetensors"
    weights.write_bytes(weights.read_bytes()[:100])
    with pytest.raises(TranslatorError, match="no readable translator"):
        load_translator(tmp_path)


def test_weights_of_other_settings_are_refused(tmp_path) -> None:
    save_translator(stirred("linear"), tmp_path)
    about = tmp_path / "translator.json"
    about.write_text(about.read_text().replace('"target_width": 12', '"target_width": 13'))
    with pytest.raises(TranslatorError, match="do not belong"):
        load_translator(tmp_path)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"kind": "telepathy"}, "kind"),
        ({"soft_tokens": 0}, "soft_tokens"),
        ({"bottleneck": 15}, "multiple of heads"),
        ({"target_rms": 0.0}, "target_rms"),
        ({"drop_rate": 1.0}, "drop_rate"),
    ],
)
def test_settings_that_build_nothing_are_refused(change: dict[str, object], words: str) -> None:
    with pytest.raises(TranslatorError, match=words):
        config(**{"kind": "linear", **change})  # type: ignore[arg-type]


def test_states_that_do_not_fit_are_refused() -> None:
    translator = build_translator(config("linear"), 0)
    with pytest.raises(TranslatorError, match="Expected source states"):
        translator(torch.zeros(2, 3, 19), torch.ones(2, 3))
    with pytest.raises(TranslatorError, match="no source state"):
        translator(torch.zeros(2, 3, 20), torch.tensor([[1, 1, 1], [0, 0, 0]]))


def test_stretches_are_means_over_equal_parts_of_the_valid_states() -> None:
    states = torch.arange(6.0).view(1, 6, 1)
    found = stretches(states, torch.tensor([[1, 1, 1, 1, 0, 0]]), 2)
    assert found.flatten().tolist() == [0.5, 2.5]
    assert stretches(states, torch.tensor([[1, 0, 0, 0, 0, 0]]), 3).flatten().tolist() == [0.0, 0.0, 0.0]


class TestDiffusion:
    def test_sampling_in_training_asks_for_its_randomness(self) -> None:
        with pytest.raises(TranslatorError, match="generator"):
            stirred("dit").train()(*batch())

    def test_training_draws_noise_and_evaluation_does_not(self) -> None:
        translator, generator = stirred("dit").train(), torch.Generator().manual_seed(0)
        first, second = translator(*batch(), generator=generator), translator(*batch(), generator=generator)
        assert not torch.allclose(first, second)
        translator.eval()
        assert torch.equal(translator(*batch()), translator(*batch()))

    def test_the_flow_loss_reaches_the_weights_at_the_first_step(self) -> None:
        translator = build_translator(config("dit"), 0).train()
        loss = translator.flow_loss(*batch(), torch.randn(3, 5, 12), torch.ones(3, 5), torch.Generator().manual_seed(0))
        loss.backward()
        assert sum(float(p.grad.abs().sum()) for p in translator.parameters() if p.grad is not None) > 0

    def test_the_flow_loss_is_refused_in_evaluation_mode(self) -> None:
        translator = build_translator(config("dit"), 0).eval()
        with pytest.raises(TranslatorError, match="belongs to training"):
            translator.flow_loss(*batch(), torch.randn(3, 5, 12), torch.ones(3, 5), torch.Generator())

    def test_other_translators_have_no_flow(self) -> None:
        translator = build_translator(config("linear"), 0)
        assert translator.flow_loss(*batch(), torch.randn(3, 5, 12), torch.ones(3, 5), torch.Generator()) is None

    def test_training_on_one_answer_leads_the_noise_to_it(self) -> None:
        translator = build_translator(config("dit", depth=1, drop_rate=0.0), 0).train()
        goal = torch.randn(1, 5, 12, generator=torch.Generator().manual_seed(5)).expand(3, -1, -1)
        generator = torch.Generator().manual_seed(0)
        optimiser = torch.optim.Adam(translator.parameters(), lr=1e-2)
        for _ in range(120):
            loss = translator.flow_loss(*batch(), goal, torch.ones(3, 5), generator)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
        reached = translator.eval()(*batch())
        assert float(torch.nn.functional.cosine_similarity(reached, goal, dim=-1).mean()) > 0.8

    def test_guidance_moves_the_soft_tokens_away_from_the_unconditioned_ones(self) -> None:
        plain, guided = stirred("dit"), stirred("dit", guidance=3.0)
        assert not torch.allclose(plain.eval()(*batch()), guided.eval()(*batch()), atol=1e-5)
