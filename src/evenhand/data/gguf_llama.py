"""A GGUF file of the Llama family as a folder that transformers loads: safetensors in float32, config and tokenizer.

What is written depends on the file alone: no version, no date and no path goes into it, so that two machines make the
same bytes. The numbers of the file's blocks (4 or 8 bits with a scale in float16) are exact in float32, or rounded once
(``scale * q + minimum``); nothing is quantised anew.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evenhand.errors import DataError

Weights = Mapping[str, NDArray[np.float32]]

NEEDED = ("gguf", "safetensors", "tokenizers")
"""Packages that a conversion imports."""
_TOP = {"token_embd": "model.embed_tokens", "output_norm": "model.norm", "output": "lm_head"}
_LAYER = {
    "attn_norm": "input_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_norm": "post_attention_layernorm",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}
_DIGITS_APART = "smollm"
"""The rule by which the tokenizer splits text before merging: each digit by itself, then as GPT-2 does."""
_CONTROL = 3
"""Kind of the tokens that stand for no text."""


def check_packages() -> None:
    """Refuse to begin what a missing package would end.

    Raises:
        DataError: names those that are missing, and how to install them.
    """
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise DataError(f"Converting needs the package {' and '.join(missing)}: run `pip install 'evenhand[models]'`.")


def convert(path: Path, folder: Path) -> tuple[int, str]:
    """Write a GGUF file's model and tokenizer into a folder.

    Args:
        path: the GGUF file.
        folder: is there, and empty.

    Returns:
        The number of parameters (tied ones once), and :func:`weights_sha256` of the weights.

    Raises:
        DataError: no sound GGUF file, or not of this family.
    """
    check_packages()
    from gguf import GGUFReader

    try:
        reader = GGUFReader(path)
        facts = {name: field.contents() for name, field in reader.fields.items()}
        _check_kind(facts, path)
        weights = _weights(reader, int(facts["llama.attention.head_count"]), _key_heads(facts))
        config = _config(facts, weights)
        tokenizer = _tokenizer(facts)
    except (KeyError, ValueError, IndexError, TypeError, OverflowError, OSError) as error:
        raise DataError(
            f"{path} is no GGUF file of a Llama that can be converted ({type(error).__name__}: {str(error)[:200]})."
        ) from error
    _save_weights(folder / "model.safetensors", weights)
    _save_json(folder / "config.json", config)
    ends = {name: config[name] for name in ("bos_token_id", "eos_token_id", "pad_token_id")}
    _save_json(folder / "generation_config.json", ends)
    _save_tokenizer(folder, tokenizer, facts)
    return sum(values.size for values in weights.values()), weights_sha256(weights)


def weights_sha256(weights: Weights) -> str:
    """sha256 over names, shapes and values of weights, whatever file they lie in; 64 hex digits."""
    digest = hashlib.sha256()
    for name, values in sorted(weights.items()):
        digest.update(f"{name}\0{values.dtype.str}\0{values.shape}\n".encode())
        digest.update(np.ascontiguousarray(values).data)
    return digest.hexdigest()


def _check_kind(facts: Mapping[str, Any], path: Path) -> None:
    wanted = {
        "general.architecture": "llama",
        "tokenizer.ggml.model": "gpt2",
        "tokenizer.ggml.pre": _DIGITS_APART,
    }
    for key, value in wanted.items():
        if facts.get(key) != value:
            raise DataError(f"{path} has {key} = {facts.get(key)!r:.60}; only {value!r} can be converted.")


def _key_heads(facts: Mapping[str, Any]) -> int:
    return int(facts.get("llama.attention.head_count_kv", facts["llama.attention.head_count"]))


def _weights(reader: Any, heads: int, key_heads: int) -> dict[str, NDArray[np.float32]]:
    """All tensors in float32, under the names and in the order of rows that transformers has."""
    from gguf import dequantize

    rows: dict[str, Callable[[NDArray[np.float32]], NDArray[np.float32]]] = {
        "attn_q": lambda values: _halves(values, heads),
        "attn_k": lambda values: _halves(values, key_heads),
    }
    found = {}
    for tensor in reader.tensors:
        values = np.array(dequantize(tensor.data, tensor.tensor_type), dtype=np.float32)
        own = tensor.name.removesuffix(".weight")
        if own in _TOP:
            name = _TOP[own]
        else:  # blk.LAYER.NAME
            _, layer, own = own.split(".")
            name = f"model.layers.{int(layer)}.{_LAYER[own]}"
        found[f"{name}.weight"] = np.ascontiguousarray(rows[own](values) if own in rows else values)
    return found


def _halves(values: NDArray[np.float32], heads: int) -> NDArray[np.float32]:
    """Rows of queries or keys, from pairs side by side to first halves before second ones, head by head.

    GGUF rotates dimensions 2i and 2i + 1 of a head together, transformers i and i + D / 2 (D: a head's width).
    """
    return values.reshape(heads, -1, 2, values.shape[1]).swapaxes(1, 2).reshape(values.shape)


def _config(facts: Mapping[str, Any], weights: Weights) -> dict[str, Any]:
    width, heads = int(facts["llama.embedding_length"]), int(facts["llama.attention.head_count"])
    # The file holds 1e-5 in float32; its shortest decimal is what the model was made with.
    epsilon = float(str(np.float32(facts["llama.attention.layer_norm_rms_epsilon"])))
    return {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "dtype": "float32",
        "vocab_size": weights["model.embed_tokens.weight"].shape[0],
        "hidden_size": width,
        "intermediate_size": int(facts["llama.feed_forward_length"]),
        "num_hidden_layers": int(facts["llama.block_count"]),
        "num_attention_heads": heads,
        "num_key_value_heads": _key_heads(facts),
        "head_dim": int(facts.get("llama.rope.dimension_count", width // heads)),
        "max_position_embeddings": int(facts["llama.context_length"]),
        "rms_norm_eps": epsilon,
        "rope_parameters": {"rope_type": "default", "rope_theta": float(facts.get("llama.rope.freq_base", 10000.0))},
        "tie_word_embeddings": "lm_head.weight" not in weights,
        "hidden_act": "silu",
        "attention_bias": False,
        "mlp_bias": False,
        "attention_dropout": 0.0,
        "bos_token_id": int(facts["tokenizer.ggml.bos_token_id"]),
        "eos_token_id": int(facts["tokenizer.ggml.eos_token_id"]),
        "pad_token_id": int(facts["tokenizer.ggml.padding_token_id"]),
    }


def _tokenizer(facts: Mapping[str, Any]) -> Any:
    """The rules by which text becomes tokens and back."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

    words, kinds = facts["tokenizer.ggml.tokens"], facts["tokenizer.ggml.token_type"]
    merges = [tuple(pair.split(" ")) for pair in facts["tokenizer.ggml.merges"]]
    tokenizer = Tokenizer(models.BPE(vocab={word: i for i, word in enumerate(words)}, merges=merges))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    control = [word for word, kind in zip(words, kinds, strict=True) if kind == _CONTROL]
    tokenizer.add_special_tokens([AddedToken(word, normalized=False, special=True) for word in control])
    return tokenizer


def _save_tokenizer(folder: Path, tokenizer: Any, facts: Mapping[str, Any]) -> None:
    words = facts["tokenizer.ggml.tokens"]
    names = {"bos": "bos", "eos": "eos", "unk": "unknown", "pad": "padding"}
    special = {f"{own}_token": words[facts[f"tokenizer.ggml.{name}_token_id"]] for own, name in names.items()}
    (folder / "tokenizer.json").write_text(tokenizer.to_str(pretty=False), encoding="utf-8")
    _save_json(
        folder / "tokenizer_config.json",
        special
        | {
            "tokenizer_class": "PreTrainedTokenizerFast",
            "model_max_length": int(facts["llama.context_length"]),
            "clean_up_tokenization_spaces": False,
            "add_prefix_space": False,
        },
    )
    (folder / "chat_template.jinja").write_text(facts["tokenizer.chat_template"], encoding="utf-8")


def _save_weights(path: Path, weights: Weights) -> None:
    from safetensors import SafetensorError
    from safetensors.numpy import save_file

    try:
        save_file(dict(sorted(weights.items())), path, {"format": "pt"})
    except SafetensorError as error:  # of a full disk it tells in words alone
        number = re.search(r"os error (\d+)", str(error))
        if number is None:
            raise
        raise OSError(int(number[1]), os.strerror(int(number[1])), str(path)) from error


def _save_json(path: Path, document: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
