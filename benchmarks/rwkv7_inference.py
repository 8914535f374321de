"""Reading, writing and training speed of a 0.1 B RWKV-7, against the package `rwkv` on the same random checkpoint.

    .venv/bin/python benchmarks/rwkv7_inference.py [--threads 2] [--repeats 3]

Prints two Markdown tables: tokens per second in prefill (one prompt of 512 tokens) and decoding (one text), medians
over alternating repeats in one process; and one training step at 1024 tokens with the share of time outside matrix
products.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import importlib.util
import io
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F

from evenhand_systems.rwkv7 import RWKV7, RWKV7Config, save_checkpoint
from evenhand_systems.rwkv7.inference import Inference, choose_precision

CONFIG = RWKV7Config(layers=12, width=768)
PROMPT, DECODED = 512, 48


def random_model() -> RWKV7:
    """The sizes of the released 0.1 B model, random everywhere (the recipe's starting values hold zeros)."""
    model = RWKV7(CONFIG, empty=True).to_empty(device="cpu")
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if ".ln" in f".{name}" and name.endswith("weight"):
                parameter.fill_(1.0)
            else:
                parameter.normal_(0, 0.5 / parameter.shape[-1] ** 0.5, generator=generator)
    return model


def package_model(model: RWKV7) -> Any:
    """The same weights in the package `rwkv`, CPU float32."""
    os.environ["RWKV_V7_ON"] = "1"
    if importlib.util.find_spec("rwkv") is None:
        sys.exit("this comparison needs the package rwkv (extra `test`)")
    with contextlib.redirect_stdout(io.StringIO()):
        from rwkv.model import RWKV_x070

    with tempfile.TemporaryDirectory() as folder:
        save_checkpoint(model, Path(folder) / "model.pth")
        with contextlib.redirect_stdout(io.StringIO()):  # the package announces itself
            return RWKV_x070(str(Path(folder) / "model"), "cpu fp32")


def package_speeds(package: Any, tokens: list[int]) -> tuple[float, float]:
    """Tokens per second in prefill and decoding."""
    start = time.perf_counter()
    logits, state = package.forward(tokens, None)
    middle = time.perf_counter()
    for _ in range(DECODED):
        logits, state = package.forward([int(logits.argmax())], state)
    return len(tokens) / (middle - start), DECODED / (time.perf_counter() - middle)


def own_speeds(inference: Inference, tokens: list[int]) -> tuple[float, float]:
    """Tokens per second in prefill and decoding."""
    start = time.perf_counter()
    logits, state = inference.last_logits(torch.tensor([tokens]))
    middle = time.perf_counter()
    for _ in range(DECODED):
        logits, state = inference.last_logits(logits.argmax(dim=-1, keepdim=True), state)
    return len(tokens) / (middle - start), DECODED / (time.perf_counter() - middle)


def compare(model: RWKV7, repeats: int) -> None:
    """Print the table of reading and writing speeds."""
    tokens = torch.randint(CONFIG.vocabulary, (PROMPT,), generator=torch.Generator().manual_seed(2)).tolist()
    package = package_model(model)
    runs: dict[str, Callable[[], tuple[float, float]]] = {"rwkv, float32": lambda: package_speeds(package, tokens)}
    for precision in ("float32", "bfloat16"):
        inference = Inference(model, precision)  # type: ignore[arg-type]
        runs[f"evenhand, {precision} weights"] = functools.partial(own_speeds, inference, tokens)
        ours, theirs = inference.last_logits(torch.tensor([tokens]))[0][0], package.forward(tokens, None)[0]
        print(f"{precision}: logits differ by {float((ours - theirs).norm() / theirs.norm()):.1e} (relative)")
    speeds: dict[str, list[tuple[float, float]]] = {name: [] for name in runs}
    for _ in range(repeats):
        for name, run in runs.items():
            speeds[name].append(run())
    medians = {name: [statistics.median(column) for column in zip(*rows, strict=True)] for name, rows in speeds.items()}
    base = medians["rwkv, float32"]
    print(f"\n{choose_precision().reason}\n")
    print("| | prefill, tokens/s | ratio | decoding, tokens/s | ratio |\n|---|---|---|---|---|")
    for name, (prefill, decode) in medians.items():
        print(f"| {name} | {prefill:.0f} | {prefill / base[0]:.1f}x | {decode:.1f} | {decode / base[1]:.2f}x |")


def training_shares(model: RWKV7, repeats: int) -> None:
    """Print what a training step at 1024 tokens costs, and how much of it is not matrix products."""
    tokens = torch.randint(CONFIG.vocabulary, (1, 1025), generator=torch.Generator().manual_seed(3))

    def step() -> None:
        model.zero_grad()
        logits, _ = model(tokens[:, :-1])
        F.cross_entropy(logits.flatten(0, 1), tokens[0, 1:]).backward()

    step()
    wall, outside = [], []
    for _ in range(repeats):
        with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU]) as profile:
            start = time.perf_counter()
            step()
            wall.append(time.perf_counter() - start)
        events = profile.key_averages()
        whole = sum(event.self_cpu_time_total for event in events)
        products = {"aten::mm", "aten::addmm", "aten::addmm_", "aten::bmm"}
        inside = sum(event.self_cpu_time_total for event in events if event.key in products)
        outside.append(1 - inside / whole)
    seconds, share = statistics.median(wall), statistics.median(outside)
    print("\n| training step, 1024 tokens, float32, forward + backward | |\n|---|---|")
    print(f"| seconds | {seconds:.2f} |\n| tokens/s | {1024 / seconds:.0f} |")
    print(f"| time outside matrix products | {100 * share:.0f} % |")


def main() -> None:
    """Run all comparisons."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    model = random_model()
    compare(model, options.repeats)
    training_shares(model, options.repeats)


if __name__ == "__main__":
    main()
