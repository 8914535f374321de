"""Training: modes, order, curriculum, resuming, best weights; it learns."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from evenhand.errors import Diverged
from evenhand_systems.bridge.settings import Curriculum, LossWeights, TrainingSettings
from evenhand_systems.bridge.training.losses import LOSSES
from evenhand_systems.bridge.training.trainer import BestWeights, BridgeTrainer, ModeError, check_modes
from evenhand_systems.bridge.translators.blocks import sinusoids


def trainer(bridge, items, seed: int = 0, steps: int = 12, **settings) -> BridgeTrainer:
    return BridgeTrainer(
        bridge, items, TrainingSettings(**{"batch": 6, **settings}), steps, order=np.random.default_rng(seed),
        generator=torch.Generator().manual_seed(seed),
    )  # fmt: skip


def test_training_lowers_the_loss_on_what_it_is_trained_on(make_bridge, train_items) -> None:
    run = trainer(
        make_bridge(), train_items[:6], steps=40, losses=LossWeights(answer=0.0, prompt_alignment=1.0), warmup=5,
        learning_rate=5e-3,
    )  # fmt: skip
    first = run.step().total
    for _ in range(39):
        last = run.step().total
    assert last < 0.8 * first


def test_training_changes_the_translator_and_leaves_both_models_alone(make_bridge, train_items, source, target) -> None:
    bridge, hashes = make_bridge(), (source.hash(), target.hash())
    before = bridge.state_dict()["translator"]
    run = trainer(bridge, train_items)
    for _ in range(3):
        run.step()
    after = bridge.translator.state_dict()
    assert any(not torch.equal(before[name], after[name]) for name in before)
    assert (source.hash(), target.hash()) == hashes


def test_a_translator_left_in_evaluation_mode_is_caught(make_bridge) -> None:
    bridge = make_bridge()
    bridge.train(False)
    with pytest.raises(ModeError, match="evaluation mode while it is trained"):
        check_modes(bridge)


def test_queries_that_are_equal_at_the_start_are_caught(make_bridge, train_items) -> None:
    bridge = make_bridge()
    with torch.no_grad():
        same = torch.randn(32, generator=torch.Generator().manual_seed(0))
        bridge.translator.queries.copy_(same - sinusoids(torch.arange(6), 32))  # equal once positions are added
    with pytest.raises(ModeError, match="All 6 soft tokens"):
        trainer(bridge, train_items).step()


def test_every_step_trains_in_training_mode_even_after_an_evaluation(make_bridge, train_items) -> None:
    bridge = make_bridge("dit")
    run = trainer(bridge, train_items)
    run.step()
    bridge.train(False)
    run.step()
    assert bridge.translator.training


def test_a_target_that_would_learn_is_caught(make_bridge, target) -> None:
    bridge = make_bridge()
    bridge.train()
    try:
        target.model.train()
        with pytest.raises(ModeError, match="training mode"):
            check_modes(bridge)
        target.model.eval()
        next(target.model.parameters()).requires_grad_(True)
        with pytest.raises(ModeError, match="frozen"):
            check_modes(bridge)
    finally:
        target.model.eval().requires_grad_(False)


def test_equal_seeds_train_equal_weights(make_bridge, train_items) -> None:
    ends = []
    for seed in (0, 0, 1):
        bridge = make_bridge("dit")
        run = trainer(bridge, train_items, seed)
        for _ in range(3):
            run.step()
        ends.append(torch.cat([value.flatten() for value in bridge.translator.state_dict().values()]))
    assert torch.equal(ends[0], ends[1])
    assert not torch.equal(ends[0], ends[2])


def test_a_stopped_training_goes_on_as_if_nothing_had_happened(make_bridge, train_items) -> None:
    straight, broken = make_bridge("dit"), make_bridge("dit")
    whole = trainer(straight, train_items, curriculum=Curriculum(fade_steps=6))
    for _ in range(6):
        whole.step()
    first = trainer(broken, train_items, curriculum=Curriculum(fade_steps=6))
    for _ in range(3):
        first.step()
    state = first.state()
    for _ in range(2):
        first.step()  # what came after the state must not matter
    second = trainer(make_bridge("dit", seed=9), train_items, seed=5, curriculum=Curriculum(fade_steps=6))
    second.restore(state)
    for _ in range(3):
        second.step()
    ends = [run.bridge.state_dict()["translator"] for run in (whole, second)]
    assert all(torch.equal(ends[0][name], ends[1][name]) for name in ends[0])


def test_every_item_comes_once_before_any_comes_again(make_bridge, train_items) -> None:
    run = trainer(make_bridge(), train_items[:24])
    drawn = [place for _ in range(4) for place in run._draw()]
    assert sorted(drawn) == list(range(24))


def test_the_data_order_does_not_depend_on_the_arm(make_bridge, train_items) -> None:
    runs = [
        trainer(make_bridge(), train_items, prompt_mode="soft_plus_text"),
        trainer(make_bridge("linear"), train_items, curriculum=Curriculum(fade_steps=4)),
    ]
    drawn = []
    for run in runs:
        order = []
        draw = run._draw
        run._draw = lambda draw=draw, order=order: order.append(draw()) or order[-1]  # type: ignore[method-assign]
        for _ in range(4):
            run.step()
        drawn.append(order)
    assert drawn[0] == drawn[1]


@pytest.mark.parametrize(
    ("step", "share"), [(0, 1.0), (99, 1.0), (100, 100 / 101), (150, 50 / 101), (199, 1 / 101), (200, 0.0), (900, 0.0)]
)
def test_a_curriculum_fades_the_text_away(step, share) -> None:
    assert Curriculum(text_steps=100, fade_steps=100).text_share(step) == pytest.approx(share)


def test_without_a_curriculum_the_text_is_never_there() -> None:
    assert Curriculum().text_share(0) == 0.0


def test_the_target_sees_the_text_when_the_mode_says_so(make_bridge, train_items) -> None:
    items = train_items[:6]
    lengths = {
        mode: int(run._forward(items, run._with_text()).inputs.attention_mask.sum())
        for mode in ("soft_only", "soft_plus_text")
        for run in [trainer(make_bridge(), items, prompt_mode=mode)]
    }
    bridge = make_bridge()
    facts = sum(len(bridge.prompts.encoded(item).facts) for item in items)
    assert lengths["soft_plus_text"] == lengths["soft_only"] + facts


def test_gates_learn_faster_than_the_rest(make_bridge, train_items) -> None:
    run = trainer(make_bridge(), train_items, gate_rate=7.0)
    run.step()
    rates = [group["lr"] for group in run.optimiser.param_groups]
    assert rates[1] == pytest.approx(7 * rates[0])


def test_a_loss_that_is_no_number_stops_the_training(make_bridge, train_items, monkeypatch) -> None:
    run = trainer(make_bridge(), train_items)
    run.step()
    monkeypatch.setitem(LOSSES, "answer", lambda step: step.soft.sum() * float("nan"))
    with pytest.raises(Diverged, match="at step 2"):
        run.step()


class TestBestWeights:
    def test_they_are_a_copy_that_later_training_leaves_alone(self, make_bridge, train_items) -> None:
        bridge, best = make_bridge(), BestWeights()
        run = trainer(bridge, train_items)
        run.step()
        best.offer(0.5, 1, bridge)
        kept = bridge.state_dict()["translator"]
        for _ in range(3):
            run.step()
        best.offer(0.4, 4, bridge)
        best.restore(bridge)
        assert all(torch.equal(kept[name], value) for name, value in bridge.translator.state_dict().items())

    def test_weights_that_do_not_reach_their_score_again_are_refused(self, make_bridge) -> None:
        bridge, best = make_bridge(), BestWeights()
        best.offer(0.5, 1, bridge)
        with pytest.raises(ModeError, match=r"scored 0\.5 at step 1 and now score 0\.25"):
            best.restore(bridge, lambda _: 0.25)

    def test_patience_counts_looks_without_a_new_best(self, make_bridge) -> None:
        bridge, best = make_bridge(), BestWeights(patience=2)
        assert [best.offer(score, i, bridge) for i, score in enumerate((0.1, 0.3, 0.2, 0.3))] == [
            True,
            True,
            True,
            False,
        ]


@pytest.mark.parametrize(("size", "kind"), [(1, "cross_attention"), (4, "cross_attention"), (4, "vocabulary")])
def test_the_gradient_of_a_step_does_not_depend_on_the_micro_batch(
    make_bridge, train_items, source, target, size, kind, monkeypatch
) -> None:
    """Every loss that has parts at once, in float64, on items of unlike lengths."""
    monkeypatch.setattr(torch.Tensor, "float", torch.Tensor.double)  # the bridge computes in float32 wherever it stands
    models = [source.model, target.model]
    for model in models:
        model.double()
    torch.set_default_dtype(torch.float64)
    without = {"contrastive", "flow"} | ({"naming"} if kind != "vocabulary" else set())
    named = [name for name in LOSSES if name not in without]
    found = []
    for micro_batch in (None, size):
        bridge = make_bridge(kind)
        run = trainer(bridge, train_items, losses=LossWeights(**dict.fromkeys(named, 1.0)), kl_tokens=2, clip=1e9)
        run.micro_batch = micro_batch
        for module in (bridge.translator, bridge.soft_prompt, run.heads):
            module.double()
        report = run.step()
        found.append((report, [p.grad for p in (*bridge.parameters(), *run.heads.parameters()) if p.grad is not None]))
    whole, split = found
    assert split[0].losses.keys() == whole[0].losses.keys()
    for name, value in whole[0].losses.items():
        assert split[0].losses[name] == pytest.approx(value, rel=1e-9), name
    assert split[0].total == pytest.approx(whole[0].total, rel=1e-9)
    assert (split[0].examples, len(split[1])) == (whole[0].examples, len(whole[1]))
    for one, other in zip(whole[1], split[1], strict=True):
        torch.testing.assert_close(other, one, rtol=1e-7, atol=1e-11)
    monkeypatch.undo()
    torch.set_default_dtype(torch.float32)
    for model in models:
        model.float()
