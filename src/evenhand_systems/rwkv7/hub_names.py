"""The tensors of an RWKV-7 model under two sets of names: the released files' and flash-linear-attention's.

The second are those of the models that Hugging Face's hub keeps for `transformers` (rwkv7-hf). Apart from names, its
low-rank factors are transposed (linear layers) and its vectors have one dimension.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from torch import Tensor

from evenhand_systems.rwkv7.config import RWKV7Config

_WHOLE = {"emb.weight": "model.embeddings.weight", "head.weight": "lm_head.weight"}
_WHOLE |= {f"ln_out.{part}": f"model.norm.{part}" for part in ("weight", "bias")}
_LAYER = {"ln0": "pre_norm", "ln1": "attn_norm", "ln2": "ffn_norm", "att.ln_x": "attn.g_norm"}
_LAYER = {f"{ours}.{part}": f"{theirs}.{part}" for ours, theirs in _LAYER.items() for part in ("weight", "bias")}
_PROJECTIONS = {"receptance": "r_proj", "key": "k_proj", "value": "v_proj", "output": "o_proj"}
_LAYER |= {f"att.{ours}.weight": f"attn.{theirs}.weight" for ours, theirs in _PROJECTIONS.items()}
_LAYER |= {f"att.{name}": f"attn.{name}" for name in ("x_r", "x_w", "x_k", "x_v", "x_a", "x_g", "k_k", "k_a", "r_k")}
_LAYER |= {f"ffn.{name}": f"ffn.{name}" for name in ("x_k", "key.weight", "value.weight")}
for _letter in "wavg":
    _LAYER |= {f"att.{_letter}{i}": f"attn.{_letter}_lora.lora.{place}" for i, place in
               (("1", "0.weight"), ("2", "2.weight"), ("0", "2.bias"))}  # fmt: skip
_BACK = {theirs: ours for ours, theirs in (_WHOLE | _LAYER).items()}
_SHIFTS = ("x_r", "x_w", "x_k", "x_v", "x_a", "x_g")
"""In the order in which older versions of the library keep them in one tensor, x_x."""
_OURS, _THEIRS = re.compile(r"blocks\.([0-9]{1,18})\.(.+)"), re.compile(r"model\.layers\.([0-9]{1,18})\.(.+)")
_FACTOR = re.compile(r"att\.[wavg][12]$")
_THEIR_VECTORS = re.compile(r"att\.(k_k|k_a|[wav]0)$|ffn\.x_k$")
_OUR_VECTORS = re.compile(r"att\.(x_[rwkvag]|k_k|k_a|[wav]0)$|ffn\.x_k$")


def is_hub(tensors: Mapping[str, Tensor]) -> bool:
    """Whether these are the names of flash-linear-attention and of the hub's models."""
    return "model.embeddings.weight" in tensors and any(name.startswith("model.layers.") for name in tensors)


def to_released(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The same weights under the released files' names; a name that is not known is kept, for others to complain of."""
    found: dict[str, Tensor] = {}
    for name, tensor in tensors.items():
        layer = _THEIRS.fullmatch(name)
        if layer is None:
            found[_BACK.get(name, name)] = tensor
            continue
        prefix, place = f"blocks.{layer[1]}.", layer[2]
        if place == "attn.x_x" and tensor.ndim and tensor.shape[0] == len(_SHIFTS):
            found |= {f"{prefix}att.{shift}": row.reshape(1, 1, -1) for shift, row in zip(_SHIFTS, tensor, strict=True)}
        elif place in _BACK:
            found[prefix + _BACK[place]] = _our_shape(_BACK[place], tensor)
        else:
            found[name] = tensor
    return found


def _our_shape(place: str, tensor: Tensor) -> Tensor:
    if _FACTOR.match(place) and tensor.ndim == 2:
        return tensor.t()
    return tensor.reshape(1, 1, -1) if _OUR_VECTORS.match(place) and tensor.ndim == 1 else tensor


def to_hub(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """A model's weights (its `state_dict`) under the names of flash-linear-attention."""
    found: dict[str, Tensor] = {}
    for name, tensor in tensors.items():
        layer = _OURS.fullmatch(name)
        if layer is None:
            found[_WHOLE[name]] = tensor
            continue
        place = layer[2]
        if _FACTOR.match(place):
            tensor = tensor.t()
        elif _THEIR_VECTORS.match(place):
            tensor = tensor.reshape(-1)
        found[f"model.layers.{layer[1]}.{_LAYER[place]}"] = tensor
    return found


def hub_config(config: RWKV7Config, dtype: str) -> dict[str, Any]:
    """What flash-linear-attention's `config.json` says of a model of these sizes."""
    decay, rate, value, gate = config.ranks
    return {
        "model_type": "rwkv7", "architectures": ["RWKV7ForCausalLM"], "torch_dtype": dtype,
        "vocab_size": config.vocabulary, "hidden_size": config.width, "num_hidden_layers": config.layers,
        "head_dim": config.head_size, "num_heads": config.heads, "hidden_ratio": 4.0,
        "intermediate_size": 4 * config.width, "hidden_act": "sqrelu", "norm_first": True, "norm_bias": True,
        "decay_low_rank_dim": decay, "a_low_rank_dim": rate, "v_low_rank_dim": value, "gate_low_rank_dim": gate,
        # The library's group norm adds head_dim * norm_eps, RWKV-7 adds 64e-5: the same where a head has 64 channels.
        "norm_eps": 1e-5, "tie_word_embeddings": False, "bos_token_id": 0, "eos_token_id": 0, "pad_token_id": 0,
    }  # fmt: skip


__all__ = ["hub_config", "is_hub", "to_hub", "to_released"]
