"""Peak resident memory of one training step of a target, in a process of its own; prints bytes.

Run: ``python measured_memory.py '{"layers": 6, ...}' '{"rows": 8, ...}'``: the fields of ``Shape`` and ``Step``.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import torch
from transformers import LlamaConfig, LlamaForCausalLM

from evenhand_systems.bridge.memory import Shape, Step
from evenhand_systems.bridge.models import standins
from evenhand_systems.bridge.models.language_model import LanguageModel
from evenhand_systems.bridge.translation.soft_prompt import SoftPrompt

SOFT = 8


def peak() -> int:
    """Bytes that were resident at most so far, by this program alone: ``ru_maxrss`` begins at what its parent had."""
    status = Path("/proc/self/status").read_text()
    return 1024 * int(status.split("VmHWM:")[1].split()[0])


def main() -> None:
    """Weights first, then a step of two tokens, then the step that is measured."""
    shape, step = Shape(**json.loads(sys.argv[1])), Step(**json.loads(sys.argv[2]))
    torch.set_num_threads(1)
    model = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=shape.vocabulary, hidden_size=shape.width, intermediate_size=shape.inner,
            num_hidden_layers=shape.layers, num_attention_heads=shape.heads, num_key_value_heads=shape.key_heads,
            head_dim=shape.head_width, tie_word_embeddings=shape.tied, max_position_embeddings=8192,
        )
    )  # fmt: skip
    target = LanguageModel(model, standins.tokenizer("words"), "measured", "words")
    prompt = SoftPrompt(target, checkpointing=step.twice)
    run(prompt, Step(1, 70, 12, 2, apart=step.apart, twice=step.twice))
    before = peak()
    run(prompt, step)
    print(peak() - before)


def run(prompt: SoftPrompt, step: Step) -> None:
    """Forward and backward to the soft tokens."""
    answers = step.places // step.rows
    soft = torch.randn(step.rows, SOFT, prompt.target.width, requires_grad=True)
    inputs = prompt.assemble(
        [[5] * step.opening] * step.rows, soft, [[6] * (step.rest - SOFT - answers)] * step.rows,
        answers=[[7] * answers] * step.rows, read_before=step.apart,
    )  # fmt: skip
    places = inputs.answer_places
    tokens = inputs.labels[:, 1:][places[:, :-1]]
    torch.nn.functional.cross_entropy(prompt(inputs, places), tokens).backward()


if __name__ == "__main__":
    main()
