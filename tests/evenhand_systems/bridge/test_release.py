"""Models give their memory back and come again as they were; untrained twins are made where they belong."""

from __future__ import annotations

import torch

from evenhand.recipes.trial import canonical_hash
from evenhand_systems.bridge import inputs
from evenhand_systems.bridge.models import standins
from evenhand_systems.bridge.models.language_model import LanguageModel
from evenhand_systems.bridge.settings import COMPUTED_TWICE_FROM, Settings, computes_twice


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
