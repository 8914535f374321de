"""The reference: adapter off is the base, bit for bit, and what would break that is refused."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch
from peft import LoraConfig, LoraGAConfig, get_peft_model
from peft.tuners.lora.loraga import preprocess_loraga
from transformers import Qwen3Config, Qwen3ForCausalLM

from evenhand.errors import SettingsError
from evenhand_systems.anchored_sft.anchors import base_hidden_states, check_base_is_kept, hidden_states, output_head


def tiny_model() -> Qwen3ForCausalLM:
    torch.manual_seed(0)
    config = Qwen3Config(
        vocab_size=40, hidden_size=16, intermediate_size=24, num_hidden_layers=2, num_attention_heads=2,
        num_key_value_heads=1, head_dim=8, max_position_embeddings=64, tie_word_embeddings=True,
    )  # fmt: skip
    return Qwen3ForCausalLM(config).eval()


def adapted(**changes: object):
    model = get_peft_model(
        tiny_model(), LoraConfig(r=2, lora_dropout=0.5, target_modules=["q_proj", "v_proj"], **changes)
    )
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "lora_B" in name:
                parameter.normal_()
    return model


INPUTS = {"input_ids": torch.arange(12).reshape(2, 6), "attention_mask": torch.ones(2, 6, dtype=torch.long)}


def test_with_the_adapter_off_the_hidden_states_are_the_base_models_bit_for_bit() -> None:
    expected = hidden_states(tiny_model(), INPUTS)
    model = adapted().train()
    assert torch.equal(base_hidden_states(model, INPUTS), expected)
    assert not torch.allclose(hidden_states(model.eval(), INPUTS), expected)


def test_the_reference_leaves_training_mode_and_trainable_parameters_as_they_were() -> None:
    model = adapted().train()
    before = [parameter.requires_grad for parameter in model.parameters()]
    assert not base_hidden_states(model, INPUTS).requires_grad
    assert all(module.training for module in model.modules())
    assert before == [parameter.requires_grad for parameter in model.parameters()]


def test_hidden_states_times_head_are_the_models_logits() -> None:
    model = adapted().eval()
    logits = hidden_states(model, INPUTS) @ output_head(model).weight.T
    torch.testing.assert_close(logits, model(**INPUTS).logits)


def test_a_model_without_an_adapter_has_no_reference() -> None:
    with pytest.raises(SettingsError, match="no reference"):
        check_base_is_kept(tiny_model())


@pytest.mark.parametrize("changes", [{"target_modules": ["lm_head"]}, {"modules_to_save": ["lm_head"]}])
def test_an_adapter_on_the_output_head_is_refused(changes: dict[str, list[str]]) -> None:
    model = get_peft_model(tiny_model(), LoraConfig(**{"target_modules": ["q_proj"]} | changes))
    with pytest.raises(SettingsError, match="output head: is changed by the adapter"):
        check_base_is_kept(model)


def test_base_parameters_trained_beside_the_adapter_are_refused_by_name() -> None:
    model = adapted()
    for name, parameter in model.named_parameters():
        if "norm.weight" in name:
            parameter.requires_grad_()
    with pytest.raises(
        SettingsError, match=r"1 fault\n.*norm\.weight: is a trainable parameter of the base and \d more"
    ):
        check_base_is_kept(model)


@pytest.mark.parametrize("initialisation", ["pissa", "pissa_niter_4", "olora"])
def test_initialisations_that_alter_the_base_weights_are_refused(initialisation: str) -> None:
    model = get_peft_model(tiny_model(), LoraConfig(r=2, target_modules=["q_proj"], init_lora_weights=initialisation))
    assert not torch.equal(base_hidden_states(model, INPUTS), hidden_states(tiny_model(), INPUTS))
    with pytest.raises(SettingsError, match="changes the base weights"):
        check_base_is_kept(model)


def test_an_initialisation_that_needs_data_is_refused_like_the_others() -> None:
    """CorDA, from directions that its preprocessing would have found; LoRA-GA, from gradients."""
    oriented, guided = tiny_model(), tiny_model()
    for layer in oriented.model.layers:
        weight = layer.self_attn.q_proj.weight.detach()
        left, sizes, right = torch.linalg.svd(weight, full_matrices=False)
        directions = SimpleNamespace(U_WC=left[:, :2].clone(), S_WC=sizes[:2].clone(), V_WC=right[:2].T.clone())
        layer.self_attn.q_proj.eigens = directions
    named = {"target_modules": ["q_proj"], "r": 2}

    def step() -> None:
        guided(**INPUTS, labels=INPUTS["input_ids"]).loss.backward()

    gradients = LoraConfig(init_lora_weights="lora_ga", lora_ga_config=LoraGAConfig(), **named)
    preprocess_loraga(guided, gradients, step)
    expected = hidden_states(tiny_model(), INPUTS)
    for base, config in ((oriented, LoraConfig(init_lora_weights="corda", **named)), (guided, gradients)):
        model = get_peft_model(base, config)
        assert not torch.equal(base_hidden_states(model, INPUTS), expected)
        with pytest.raises(SettingsError, match="changes the base weights"):
            check_base_is_kept(model)


def test_an_initialisation_that_rounds_the_base_is_refused_by_its_name() -> None:
    # LoftQ's own quantiser needs a library that only runs with a GPU.
    model = adapted()
    model.peft_config["default"].init_lora_weights = "loftq"
    with pytest.raises(SettingsError, match="'loftq' changes the base weights"):
        check_base_is_kept(model)


@pytest.mark.parametrize("initialisation", ["orthogonal", "mica"])
def test_initialisations_that_keep_the_base_are_accepted(initialisation: str) -> None:
    model = get_peft_model(tiny_model(), LoraConfig(r=2, target_modules=["q_proj"], init_lora_weights=initialisation))
    assert torch.equal(base_hidden_states(model, INPUTS), hidden_states(tiny_model(), INPUTS))
    check_base_is_kept(model)


def test_trained_biases_and_merged_adapters_are_refused_together() -> None:
    model = adapted(bias="lora_only")
    model.merge_adapter()
    with pytest.raises(SettingsError, match="2 faults"):
        check_base_is_kept(model)


def test_a_plain_adapter_is_accepted() -> None:
    check_base_is_kept(adapted())
    check_base_is_kept(adapted(init_lora_weights="gaussian"))


def test_a_head_with_softcapping_is_refused() -> None:
    model = tiny_model()
    model.config.final_logit_softcapping = 30.0
    with pytest.raises(SettingsError, match="final_logit_softcapping"):
        output_head(model)
