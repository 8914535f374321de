"""Features and training step against a plain implementation of the logged recipe, side by side in one run.

Command: python benchmarks/lyapunov_training.py [--threads 2] [--repeats 5] [--numbers 1000000] [--small]

The plain way: features by a Python loop over big integers; four forward passes (n, T n, T^4 n, T^8 n) through autograd
whatever the loss uses; AdamW. Ratios are medians over alternating repeats. The step is timed at three shares of rows
whose hinge is active, because rows without a gradient are left out of the fast backward pass.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

import numpy as np
import torch
from torch import nn

from evenhand.systems.lyapunov.arithmetic import syracuse
from evenhand.systems.lyapunov.features import FeatureSpec, features, reference_features
from evenhand.systems.lyapunov.limbs import draw, pack, unpack
from evenhand.systems.lyapunov.network import REFERENCE_LAYERS, LyapunovNetwork, parse_layers
from evenhand.systems.lyapunov.training import Trainer, TrainingOptions, make_batch


def seconds(function: Callable[[], object]) -> float:
    """Wall time of one call."""
    begin = time.perf_counter()
    function()
    return time.perf_counter() - begin


class PlainStep:
    """The logged step: all passes, plain autograd, features by big integers."""

    def __init__(self, layers: str, lookahead: int, margin: float) -> None:
        self.lookahead, self.margin = lookahead, margin
        self.network = LyapunovNetwork(FeatureSpec(lookahead), parse_layers(layers))
        self.optimiser = torch.optim.AdamW(self.network.parameters(), lr=1e-5)

    def inputs(self, numbers: list[int]) -> list[torch.Tensor]:
        """Features of n, T(n), T^4(n), T^8(n)."""
        found, current, at = [], list(numbers), 0
        for place in (0, 1, 4, 8):
            while at < place:
                current, at = [syracuse(n) for n in current], at + 1
            found.append(torch.from_numpy(reference_features(current, self.lookahead)))
        return found

    def __call__(self, inputs: list[torch.Tensor], growth: torch.Tensor) -> None:
        values = [self.network(x) for x in inputs]
        weight = torch.where(growth, 10.0, 1.0)
        loss = (weight * nn.functional.relu(self.margin - (values[0] - values[1]))).sum() / weight.sum()
        self.optimiser.zero_grad()
        loss.backward()
        self.optimiser.step()


def bench_features(count: int, repeats: int, threads: int, lookahead: int = 20) -> None:
    """Numbers per second at that lookahead, from limbs and from Python integers, and bit-identity."""
    limbs = draw(count, np.random.default_rng(0))
    sample = unpack(limbs[: max(2000, count // 50)])
    features(limbs[:5000], lookahead)
    fast, packed, plain = [], [], []
    for _ in range(repeats):
        fast.append(count / seconds(lambda: features(limbs, lookahead, threads=threads)))
        packed.append(len(sample) / seconds(lambda: features(pack(sample), lookahead, threads=threads)))
        plain.append(len(sample) / seconds(lambda: reference_features(sample, lookahead)))
    rates = [statistics.median(r) for r in (fast, packed, plain)]
    ratios = statistics.median(f / p for f, p in zip(fast, plain, strict=True))
    print(f"features, L = {lookahead}, {threads} threads: {rates[0]:,.0f} n/s from limbs, {rates[1]:,.0f} n/s with")
    print(f"  packing, {rates[2]:,.0f} n/s by big integers; ratio {ratios:.1f}")


def bench_identity(count: int, lookahead: int = 20) -> None:
    """Bit-identity of the kernel with the big-integer loop."""
    limbs = draw(count, np.random.default_rng(1))
    different = 0
    for start in range(0, count, 50_000):
        part = limbs[start : start + 50_000]
        expected = reference_features(unpack(part), lookahead)
        different += int((features(part, lookahead).view(np.uint32) != expected.view(np.uint32)).sum())
    print(f"bit-identity on {count:,} random n: {different} values differ")


def bench_step(repeats: int, layers: str, batch: int = 1024, lookahead: int = 10) -> None:
    """Time of one step on equal numbers; margins set so that a known share of rows is active."""
    limbs = draw(batch, np.random.default_rng(2))
    numbers = unpack(limbs)
    growth = torch.from_numpy((limbs[:, 0] & np.uint64(3)) == 3)
    options = TrainingOptions(lookahead=lookahead, layers=layers, batch=batch, anchor_steps=1)
    for share in (0.05, 0.3, 1.0):
        trainer = Trainer(options)
        trainer.step_number = 100
        made = make_batch(limbs, options, trainer.network.spec)
        with torch.no_grad():
            values = trainer.network(made.inputs)
            margin = float(torch.quantile(values[0] - values[1], share)) + (1e-3 if share == 1.0 else 0.0)
        trainer.options = TrainingOptions(**{**vars(options), "margin": margin, "learning_rate": 1e-9})
        plain = PlainStep(layers, lookahead, margin)
        slow_inputs, slow, fast, slow_step, fast_step = plain.inputs(numbers), [], [], [], []
        for _ in range(repeats):
            slow_step.append(seconds(lambda p=plain, i=slow_inputs: p(i, growth)))
            fast_step.append(seconds(lambda t=trainer, m=made: t.step(m)))
            slow.append(slow_step[-1] + seconds(lambda p=plain: p.inputs(numbers)))
            spec = trainer.network.spec
            fast.append(fast_step[-1] + seconds(lambda s=spec: make_batch(limbs, options, s)))
        alone = statistics.median(a / b for a, b in zip(slow_step, fast_step, strict=True))
        whole = statistics.median(a / b for a, b in zip(slow, fast, strict=True))
        print(
            f"step, batch {batch}, {share:.0%} of rows active: plain {statistics.median(slow):.3f} s, "
            f"fast {statistics.median(fast):.3f} s; ratio {whole:.2f} with features, {alone:.2f} without"
        )


def main() -> None:
    """Run all parts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--numbers", type=int, default=1_000_000)
    parser.add_argument("--small", action="store_true", help="a small network, for a quick look")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    bench_features(arguments.numbers, arguments.repeats, arguments.threads)
    bench_step(arguments.repeats, "256,128" if arguments.small else REFERENCE_LAYERS)
    bench_identity(arguments.numbers)


if __name__ == "__main__":
    main()
