"""Features and training step against a plain implementation of the logged recipe, side by side in one run.

Command: python benchmarks/lyapunov_training.py [--threads 2] [--repeats 5] [--numbers 1000000] [--small]

The plain way: features by a Python loop over big integers; four forward passes (n, T n, T^4 n, T^8 n) through autograd
whatever the loss uses; AdamW. Ratios are medians over alternating repeats, features included. The fast step leaves out
rows without a gradient and numbers that occur twice, so it is timed at several shares of active hinges, and on random
numbers (next to none twice) beside batches as training draws them; in float32, and in bf16 where the CPU multiplies it.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import nn

from evenhand_systems.lyapunov.networks.layers import REFERENCE_LAYERS, parse_layers
from evenhand_systems.lyapunov.networks.network import LyapunovNetwork
from evenhand_systems.lyapunov.networks.options import Precision, TrainingOptions
from evenhand_systems.lyapunov.networks.pools import HardPool
from evenhand_systems.lyapunov.networks.precision import multiplies_bf16
from evenhand_systems.lyapunov.networks.trainer import Batch, Trainer, make_batch, stack
from evenhand_systems.lyapunov.numbers.arithmetic import syracuse
from evenhand_systems.lyapunov.numbers.features import FeatureSpec, features, reference_features
from evenhand_systems.lyapunov.numbers.limbs import Limbs, draw, pack, unpack
from evenhand_systems.lyapunov.numbers.trajectories import training_seeds


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


CASES = (
    # numbers, trajectories of the curriculum that are active, share of the hinges that are active
    ("random n alone", 0, 1.0),
    ("random n alone", 0, 0.3),
    ("random n alone", 0, 0.05),
    ("as training draws them, a tenth of the trajectories", 0.1, 1.0),
    ("as training draws them, all trajectories", 1.0, 1.0),
    ("as training draws them, all trajectories", 1.0, 0.3),
    ("as training draws them, all trajectories", 1.0, 0.05),
)


def numbers_for(active: float, batch: int) -> Limbs:
    """A batch: random alone, or half of it from the trajectories of the log's pool (none held out)."""
    rng = np.random.default_rng(2)
    if not active:
        return draw(batch, rng)
    pool = HardPool(training_seeds(), 0, 1000, None)
    return stack(draw(batch // 2, rng), pool.draw(batch // 2, int(1000 * active), rng))


def margin_for(trainer: Trainer, batch: Batch, share: float) -> float:
    """The margin at which that share of the hinges is active."""
    with torch.no_grad():
        values = trainer.network(batch.inputs)[batch.places]
    margin = float(torch.quantile(values[0] - values[1], share))
    return margin + (1e-3 if share == 1.0 else 0.0)


def bench_step(repeats: int, layers: str, precisions: Sequence[Precision], batch: int = 1024) -> None:
    """Time of one step on equal numbers, after the anchor; the fast step in each precision."""
    for name, active, share in CASES:
        limbs = numbers_for(active, batch)
        numbers, growth = unpack(limbs), torch.from_numpy((limbs[:, 0] & np.uint64(3)) == 3)
        trainers = []
        for precision in precisions:
            trainer = Trainer(TrainingOptions(layers=layers, batch=batch, anchor_steps=1, precision=precision))
            trainer.step_number = 100
            trainers.append(trainer)
        made = make_batch(limbs, trainers[0].options, trainers[0].network.spec)
        margin = margin_for(trainers[0], made, share)
        for trainer in trainers:
            trainer.options = trainer.options.model_copy(update={"margin": margin})
            trainer.schedule = torch.optim.lr_scheduler.LambdaLR(trainer.optimiser, lambda _: 1e-6)  # all but none
        plain = PlainStep(layers, trainers[0].options.lookahead, margin)
        slow: list[float] = []
        fast: dict[str, list[float]] = {precision: [] for precision in precisions}
        for _ in range(repeats):
            slow.append(seconds(lambda p=plain, n=numbers, g=growth: p(p.inputs(n), g)))
            for precision, trainer in zip(precisions, trainers, strict=True):
                fast[precision].append(
                    seconds(lambda t=trainer, n=limbs: t.step(make_batch(n, t.options, t.network.spec)))
                )
        print(f"step, {name}, {share:.0%} of hinges active, {len(made.inputs)} of {2 * batch} rows distinct:")
        for precision, times in fast.items():
            ratio = statistics.median(a / b for a, b in zip(slow, times, strict=True))
            taken = f"plain {statistics.median(slow):.3f} s, fast {statistics.median(times):.3f} s"
            print(f"  {precision}: {taken}; ratio {ratio:.2f}")


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
    precisions: tuple[Precision, ...] = ("float32", "bf16") if multiplies_bf16() else ("float32",)
    bench_step(arguments.repeats, "256,128" if arguments.small else REFERENCE_LAYERS, precisions)
    bench_identity(arguments.numbers)


if __name__ == "__main__":
    main()
