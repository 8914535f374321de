"""Models give their memory back and come again as they were; untrained twins are made where they belong."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from evenhand.recipes.trial import canonical_hash
from evenhand_systems.bridge import inputs
from evenhand_systems.bridge.models import standins
from evenhand_systems.bridge.models.language_model import LanguageModel
from evenhand_systems.bridge.settings import COMPUTED_TWICE_FROM, Settings, computes_twice
from evenhand_systems.bridge.tasks.formats import STORY
from evenhand_systems.bridge.tasks.items import Item


def loaded(kind: torch.dtype = torch.float32) -> LanguageModel:
    def load() -> torch.nn.Module:
        return standins.untrained("digits", 1).to(kind)

    return LanguageModel(load(), standins.tokenizer("digits"), "digits", "digits", again=load)


def test_a_released_model_has_no_weights_and_reads_as_before_when_it_is_asked() -> None:
    model = loaded()
    before, what = model.hidden_states(["1 2 3"], -1)[0], (model.width, model.layers, model.context, model.hash())
    model.release()
    assert all(value.device.type == "meta" for value in model.model.parameters())
    assert (model.width, model.layers, model.context) == what[:3]
    assert torch.equal(model.hidden_states(["1 2 3"], -1)[0], before)
    assert not any(value.requires_grad for value in model.model.parameters())
    assert model.hash() == what[3]


def test_a_model_that_cannot_be_loaded_anew_is_kept() -> None:
    model = LanguageModel(standins.untrained("digits", 0), standins.tokenizer("digits"), "digits", "digits")
    model.release()
    assert model.device.type == "cpu"


def test_an_untrained_twin_is_drawn_in_the_precision_of_its_model_which_makes_room_for_it() -> None:
    for kind in (torch.bfloat16, torch.float32):
        model = loaded(kind)
        before = model.model.state_dict()["model.embed_tokens.weight"].float()
        twin = inputs.untrained_twin(model)
        assert {value.dtype for value in twin.model.parameters()} == {kind}
        assert model.device.type == "meta"
        assert not torch.equal(twin.embedding_table.float(), before)
        assert torch.get_default_dtype() == torch.float32


def test_equal_models_have_equal_twins_whatever_was_drawn_before() -> None:
    first = inputs.untrained_twin(loaded()).hash()
    torch.rand(3)
    assert inputs.untrained_twin(loaded()).hash() == first


def test_trials_from_before_layers_could_be_computed_twice_keep_their_ids() -> None:
    plain = Settings().model_dump(mode="json")
    assert "checkpointing" not in plain["training"]
    chosen = Settings.model_validate({"training": {"checkpointing": "on"}}).model_dump(mode="json")
    assert chosen["training"]["checkpointing"] == "on"
    assert canonical_hash(chosen) != canonical_hash(plain)


def test_layers_are_computed_twice_where_that_is_asked_or_the_target_is_large() -> None:
    sizes = (1_000_000, COMPUTED_TWICE_FROM)
    found = {chosen: [computes_twice(chosen, size) for size in sizes] for chosen in ("off", "auto", "on")}
    assert found == {"off": [False, False], "auto": [False, True], "on": [True, True]}


def test_texts_that_are_held_are_read_once_for_all_arms(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A trial that finds them held does not need the weights of its source."""
    model = loaded()
    item = Item("a", "1 2 3", "", "#### 6", "6")
    given = inputs.TrialInputs(model, model, model.hash(), model.hash(), -1, STORY, [item], [], [])

    def asset(key: dict[str, Any], build: Callable[[Path], None]) -> Path:
        folder = tmp_path / canonical_hash(key)[:12]
        if not folder.exists():
            folder.mkdir()
            build(folder)
        return folder

    bench: Any = SimpleNamespace(asset=asset)
    first = inputs.SourceStates(given, bench)
    first.hold(["4 5", "1 2 3"])
    before = first(["4 5", "1 2 3", "7"])
    torch.testing.assert_close(before[0][2, 0], model.hidden_states(["7"], -1)[0][0])

    def unread(*_: Any) -> list[torch.Tensor]:
        raise AssertionError("the source was read again")

    for place in ("read_states", "write_cache"):
        monkeypatch.setattr(inputs, place, unread)
    second = inputs.SourceStates(given, bench)
    second.hold(["4 5", "1 2 3"])
    assert torch.equal(second(["4 5", "1 2 3"])[0], before[0][:2, : second(["4 5", "1 2 3"])[0].shape[1]])


def test_a_loss_without_a_weight_that_came_later_leaves_the_ids_of_trials_as_they_were() -> None:
    assert "naming" not in Settings().model_dump(mode="json")["training"]["losses"]
