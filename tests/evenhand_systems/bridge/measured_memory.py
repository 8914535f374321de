"""Peak resident memory of training steps of a target, each in a process of its own; prints bytes, a line a step.

Run: ``python measured_memory.py '{"layers": 6, ...}' '{"rows": 8, ...}' ...``: the fields of ``Shape`` and of each
``Step``. What takes long, the imports, is done once: each step has its own fork of this process.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import torch
from transformers import LlamaConfig, LlamaForCausalLM

from evenhand_systems.bridge.models import standins
from evenhand_systems.bridge.models.language_model import LanguageModel
from evenhand_systems.bridge.translation.soft_prompt import SoftPrompt
from evenhand_systems.model_memory import Step
from evenhand_systems.model_shapes import Shape

SOFT = 8


def peak() -> int:
    """Bytes that were resident at most so far, by this program alone: ``ru_maxrss`` begins at what its parent had."""
    status = Path("/proc/self/status").read_text()
    return 1024 * int(status.split("VmHWM:")[1].split()[0])


def main() -> None:
    """A fork for each step; one with threads would not survive it."""
    torch.set_num_threads(1)
    shape, *steps = sys.argv[1:]
    for step in steps:
        child = os.fork()
        if child == 0:
            measure(Shape(**json.loads(shape)), Step(**json.loads(step)))
            sys.stdout.flush()
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if status:
            sys.exit(os.waitstatus_to_exitcode(status))


def measure(shape: Shape, step: Step) -> None:
    """Weights first, then a step of two tokens, then the step that is measured."""
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
