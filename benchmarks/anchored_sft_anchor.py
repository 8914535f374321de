"""What an anchor costs: peak memory and time of a training step with vocabulary 151,936, hidden 1024, 4 x 512 tokens.

Run: python benchmarks/anchored_sft_anchor.py [--threads 2] [--repeats 3] [--layers 4] [--chunk 128] [--json FILE]

Compared, each in a process of its own (peak resident memory cannot be told apart otherwise), one after the other:

    plain    LoRA SFT with the chunked cross-entropy of evenhand_systems.anchored_sft.anchors
    anchor   the same with a divergence from the base (forward, reverse, js, non-target)
    naive    the anchor as one would write it first: full logits of student and base, cross-entropy and KL by autograd

All 2048 tokens are answers, the worst case for the anchor. The model has Qwen3-0.6B's widths with fewer layers, random
weights, gradient checkpointing as in TRL's default, rank-8 adapters on all linear layers. Times are medians; on a
machine with other work, compare processor time with --threads 1.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

ARMS = ("plain", "forward", "reverse", "js", "non-target", "naive")
VOCABULARY, HIDDEN, ROWS, LENGTH = 151_936, 1024, 4, 512


def peak_bytes() -> int:
    """Largest resident set of this process so far."""
    status = Path("/proc/self/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) * 1024


def current_bytes() -> int:
    """Resident set of this process now."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def build(layers: int):
    """The adapted model, with adapters that are not zero: else the anchor would have nothing to measure."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import Qwen3Config, Qwen3ForCausalLM

    torch.manual_seed(0)
    config = Qwen3Config(
        vocab_size=VOCABULARY, hidden_size=HIDDEN, intermediate_size=3 * HIDDEN, num_hidden_layers=layers,
        num_attention_heads=16, num_key_value_heads=8, head_dim=128, tie_word_embeddings=True,
    )  # fmt: skip
    model = get_peft_model(Qwen3ForCausalLM(config), LoraConfig(r=8, lora_alpha=16, target_modules="all-linear"))
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "lora_B" in name:
                parameter.normal_(std=0.02)
    model.enable_input_require_grads()
    model.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
    return model.train()


def naive_loss(model, inputs, targets):
    """Full logits of both, everything by autograd."""
    import torch
    from torch.nn import functional

    with torch.no_grad(), model.disable_adapter():
        base = functional.log_softmax(model(**inputs, use_cache=False).logits, dim=-1).flatten(0, 1)
    student = functional.log_softmax(model(**inputs, use_cache=False).logits, dim=-1).flatten(0, 1)
    entropy = functional.nll_loss(student, targets)
    return entropy + 0.1 * functional.kl_div(student, base, reduction="batchmean", log_target=True)


def chunked_loss(model, inputs, targets, arm: str, chunk: int):
    """The library's loss, with or without an anchor."""
    from evenhand_systems.anchored_sft.anchors import (
        Divergence,
        anchored_loss,
        base_hidden_states,
        hidden_states,
        output_head,
    )

    base, divergence = None, None
    if arm != "plain":
        base, divergence = base_hidden_states(model, inputs).flatten(0, 1), Divergence(arm)
    hidden = hidden_states(model, inputs).flatten(0, 1)
    found = anchored_loss(
        hidden, output_head(model), targets, base_hidden=base, divergence=divergence, coefficient=0.1, chunk=chunk
    )
    return found.total / len(targets)


def one_arm(options: argparse.Namespace) -> None:
    """Measure one arm in this process and print one JSON line."""
    import torch

    torch.set_num_threads(options.threads)
    model = build(options.layers)
    rng = torch.Generator().manual_seed(1)
    inputs = {"input_ids": torch.randint(VOCABULARY, (ROWS, LENGTH), generator=rng)}
    targets = torch.randint(VOCABULARY, (ROWS * LENGTH,), generator=rng)
    loaded, times, work, loss = current_bytes(), [], [], None
    repeats = options.repeats if options.arm != "naive" else 1
    for _ in range(repeats + (repeats > 1)):
        start, before = time.perf_counter(), time.process_time()
        if options.arm == "naive":
            loss = naive_loss(model, inputs, targets)
        else:
            loss = chunked_loss(model, inputs, targets, options.arm, options.chunk)
        loss.backward()
        times.append(time.perf_counter() - start)
        work.append(time.process_time() - before)
        model.zero_grad()
    # The first step also warms caches up; it is left out where there are more.
    first = 1 if len(times) > 1 else 0
    row = {"arm": options.arm, "seconds": median(times[first:]), "cpu_seconds": median(work[first:])}
    print(json.dumps(row | {"peak": peak_bytes(), "loaded": loaded, "loss": float(loss.detach())}))


def main() -> None:
    """Run every arm in a fresh process and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--layers", type=int, default=4)
    parser.add_argument("--chunk", type=int, default=128)
    parser.add_argument("--arms", nargs="+", choices=ARMS, default=list(ARMS))
    parser.add_argument("--json", type=Path)
    parser.add_argument("--arm", choices=ARMS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.arm:
        one_arm(options)
        return
    shared = [f"--{name}={getattr(options, name)}" for name in ("threads", "repeats", "layers", "chunk")]
    environment = os.environ | {"OMP_NUM_THREADS": str(options.threads)}
    found = {}
    columns = ("arm", "s a step", "to plain", "processor time to plain", "peak GiB", "to plain",
               "above the loaded model, GiB", "loss")  # fmt: skip
    print(f"| {' | '.join(columns)} |\n|{'---|' * len(columns)}")
    for arm in options.arms:
        line = subprocess.run(
            [sys.executable, "-P", __file__, *shared, f"--arm={arm}"],
            check=True, capture_output=True, text=True, env=environment,
        ).stdout.splitlines()[-1]  # fmt: skip
        found[arm] = json.loads(line)
        row, plain = found[arm], found.get("plain", found[arm])
        print(
            f"| {arm} | {row['seconds']:.2f} | {row['seconds'] / plain['seconds']:.2f}x "
            f"| {row['cpu_seconds'] / plain['cpu_seconds']:.2f}x | {row['peak'] / 2**30:.2f} "
            f"| {row['peak'] / plain['peak']:.2f}x | {(row['peak'] - row['loaded']) / 2**30:.2f} | {row['loss']:.4f} |",
            flush=True,
        )
    if options.json:
        options.json.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
