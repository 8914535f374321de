"""The reference of an anchor: the same model with its adapter switched off, in evaluation mode. No second copy.

What could silently make that reference something else than the base is refused: adapters whose initialisation
alters base weights, adapters or trained copies of the output head, trained base parameters, merged adapters, a model
without any adapter.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from evenhand.errors import Fault, SettingsError
from evenhand_systems.anchored_sft.anchors.loss import Head

ALTERING_INITIALISATIONS = ("pissa", "olora", "corda", "loftq", "lora_ga")
"""``init_lora_weights`` values (or their beginnings) that subtract the adapter from the base weights."""


def check_base_is_kept(model: Any) -> None:
    """Refuse adapters with which "adapter off" would not be the base model.

    Args:
        model: a ``peft.PeftModel``.

    Raises:
        SettingsError: with every reason found.
    """
    configs: Mapping[str, Any] | None = getattr(model, "peft_config", None)
    if configs is None or not hasattr(model, "disable_adapter"):
        message = f"needs a peft model, whose base is found by switching the adapter off; found {type(model).__name__}"
        raise SettingsError("The anchor has no reference", [Fault("model", message)])
    faults = []
    for name, config in configs.items():
        start = getattr(config, "init_lora_weights", True)
        if isinstance(start, str) and start.lower().startswith(ALTERING_INITIALISATIONS):
            faults.append(
                Fault(
                    f"{name}.init_lora_weights",
                    f"'{start}' changes the base weights, so the base is lost as a reference; use true or 'gaussian'",
                )
            )
        if getattr(config, "bias", "none") != "none":
            message = f"'{config.bias}' trains biases of the base, which stay when the adapter is off; use 'none'"
            faults.append(Fault(f"{name}.bias", message))
    faults += _faults_of_parameters(model)
    if any(getattr(module, "merged", False) is True for module in model.modules()):
        message = (
            "an adapter is merged into the base weights; unmerge it (merging and unmerging leaves rounding behind)"
        )
        faults.append(Fault("model", message))
    if faults:
        raise SettingsError("The anchor's reference would not be the base model", faults)


def _faults_of_parameters(model: Any) -> list[Fault]:
    """A head that the adapter changes, which student and base share here, and base parameters that are trained."""
    from peft.tuners.tuners_utils import BaseTunerLayer
    from peft.utils.other import AuxiliaryTrainingWrapper

    faults = []
    head = model.get_output_embeddings()
    if isinstance(head, BaseTunerLayer | AuxiliaryTrainingWrapper):
        message = "is changed by the adapter, but student and base share it here; take it out of the adapter's targets"
        faults.append(Fault("output head", f"{message} and modules_to_save"))
    prefix = getattr(model.base_model, "prefix", None) or "prompt_encoder"
    told = any(getattr(config, "bias", "none") != "none" for config in model.peft_config.values())
    own = (prefix, "modules_to_save.", "trainable_tokens_", *([".bias"] if told else []))
    trained = [
        name
        for name, parameter in model.named_parameters()
        if parameter.requires_grad and not any(part in name for part in own)
    ]
    if trained:
        more = f" and {len(trained) - 1} more" if len(trained) > 1 else ""
        message = f"is a trainable parameter of the base{more}, which would move with the student; freeze it"
        faults.append(Fault(trained[0], message))
    return faults


def output_head(model: Any) -> Head:
    """The output head of a causal language model, adapted or not.

    Raises:
        SettingsError: it has none, or its logits are not hidden states times its weight.
    """
    layer = model.get_output_embeddings()
    if layer is None or not hasattr(layer, "weight"):
        message = f"{type(model).__name__} has no output head; a causal language model is expected"
        raise SettingsError("The base is no causal language model", [Fault("model", message)])
    text = getattr(model.config, "get_text_config", lambda: model.config)()
    neutral = {"final_logit_softcapping": (None,), "logit_scale": (None, 1), "logits_scaling": (None, 1)}
    faults = [
        Fault(f"model.config.{key}", f"is {getattr(text, key)}: its logits are more than a product with the head")
        for key, fine in neutral.items()
        if getattr(text, key, None) not in fine
    ]
    if faults:
        raise SettingsError("The anchor cannot compute this model's logits from its hidden states", faults)
    return Head(layer.weight, getattr(layer, "bias", None))


def hidden_states(model: nn.Module, inputs: Mapping[str, Tensor]) -> Tensor:
    """(B, S, H) last hidden states, normalised, as the output head gets them.

    The model itself is called (so that wrappers for several devices see the call) with the logits of one position; the
    hidden states are taken from what goes into its head.
    """
    kept: list[Tensor] = []
    backbone = _backbone(model)

    def keep(_module: nn.Module, _inputs: Any, output: Any) -> None:
        kept.append(output.last_hidden_state)

    handle = backbone.register_forward_hook(keep)
    try:
        model(**inputs, use_cache=False, logits_to_keep=1)
    finally:
        handle.remove()
    return kept[-1]


def _backbone(model: Any) -> nn.Module:
    unwrapped = getattr(model, "module", model)
    plain = unwrapped.get_base_model() if hasattr(unwrapped, "get_base_model") else unwrapped
    found: nn.Module = plain.base_model
    return found


@contextlib.contextmanager
def _evaluation_mode(model: nn.Module) -> Iterator[None]:
    training = [module for module in model.modules() if module.training]
    model.eval()
    try:
        yield
    finally:
        for module in training:
            module.training = True


def base_hidden_states(model: Any, inputs: Mapping[str, Tensor]) -> Tensor:
    """(B, S, H) last hidden states of the base: adapter off, evaluation mode, no gradient.

    Call it before the student's own pass: switching adapters off and on between a pass and its backward would flip
    ``requires_grad`` of parameters that are part of a graph.
    """
    unwrapped = getattr(model, "module", model)
    with torch.no_grad(), _evaluation_mode(model), unwrapped.disable_adapter():
        return hidden_states(model, inputs)
