"""Where the time of a training step goes.

python -m evenhand_systems.future_seed.step_cost [--mode initial] [--kernel reference] [--steps 60]

Prints the mean processor time of a step of ``future_seed.inplace`` on rightcopy (8 digits, 2 layers, width 64, batch
32, one thread; on an idle machine this is the time on the clock) and its shares. ``--kernel reference`` takes the
compiled recurrence out, for comparison.
"""

from __future__ import annotations

import argparse
import time
from collections import defaultdict
from collections.abc import Callable
from typing import TypeVar, cast

import numpy as np
import torch

from evenhand_systems.future_seed.settings import ModelSettings, SeedingOptions
from evenhand_systems.future_seed.tasks.copying import Copying
from evenhand_systems.future_seed.tasks.problems import GeneratedTask
from evenhand_systems.future_seed.training import Reader, blank_loss, library_sizes
from evenhand_systems.rwkv7 import RWKV7
from evenhand_systems.rwkv7.kernel import Backend

T = TypeVar("T")
WARM_UP = 10


def measure(mode: str, backend: Backend, steps: int, batch: int) -> dict[str, float]:
    """Mean processor seconds per step by part: data, forward, backward, gradient norm, optimiser."""
    task = GeneratedTask(Copying("rightcopy", 8))
    options = SeedingOptions.model_validate({"mode": mode, "detach": False})
    config = library_sizes(ModelSettings(rank=16), len(task.symbols))
    reader = Reader.around(RWKV7(config, generator=torch.Generator().manual_seed(0), backend=backend), options)
    optimiser = torch.optim.AdamW(reader.model.parameters(), lr=1e-3, fused=True)
    weights = list(reader.model.parameters())
    rng = np.random.default_rng(0)
    spent: dict[str, float] = defaultdict(float)

    def timed(name: str, work: Callable[[], T]) -> T:
        start = time.process_time()
        result = work()
        spent[name] += time.process_time() - start
        return result

    for step in range(WARM_UP + steps):
        if step == WARM_UP:
            spent.clear()
        problems = timed("data", lambda: task.training(rng, batch))
        tokens, targets = torch.as_tensor(problems.tokens), torch.as_tensor(problems.targets)
        optimiser.zero_grad()
        loss = timed("forward", lambda: blank_loss(reader.rows(tokens), targets))  # noqa: B023 (called at once)
        timed("backward", loss.backward)
        timed("gradient norm", lambda: torch.nn.utils.clip_grad_norm_(weights, 1.0))
        timed("optimiser", optimiser.step)
    return {name: seconds / steps for name, seconds in spent.items()}


def operators(mode: str, batch: int) -> dict[str, float]:
    """Share of a step's processor time by kind of work, from torch's profiler: ten steps."""
    from torch.profiler import ProfilerActivity, profile

    with profile(activities=[ProfilerActivity.CPU]) as profiler:
        measure(mode, "auto", 10, batch)
    kinds: dict[str, float] = defaultdict(float)
    for event in profiler.key_averages():
        name = event.key
        if name in ("aten::mm", "aten::bmm", "aten::addmm"):
            kinds["matrix products"] += event.self_cpu_time_total
        elif "TimeMix" in name or "ChannelMix" in name:
            kinds["recurrence and elementwise parts, compiled"] += event.self_cpu_time_total
        elif "AdamW" in name or "fused_adamw" in name:
            kinds["optimiser"] += event.self_cpu_time_total
        else:
            kinds["other operators, autograd"] += event.self_cpu_time_total
    total = sum(kinds.values())
    return {name: value / total for name, value in sorted(kinds.items(), key=lambda pair: -pair[1])}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--mode", default="initial", choices=["off", "initial", "per_step", "read_twice"])
    parser.add_argument("--kernel", default="auto", choices=["auto", "numba", "reference"])
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--batch", type=int, default=32)
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    parts = measure(chosen.mode, cast("Backend", chosen.kernel), chosen.steps, chosen.batch)
    total = sum(parts.values())
    print(f"{chosen.mode}, kernel {chosen.kernel}: {1e3 * total:.1f} ms of processor time a step")
    for name, seconds in parts.items():
        print(f"  {name:14s} {1e3 * seconds:7.2f} ms  {seconds / total:5.1%}")
    if chosen.kernel == "auto":
        print("by kind of work (processor time of torch's operators):")
        for name, share in operators(chosen.mode, chosen.batch).items():
            print(f"  {name:42s} {share:5.1%}")


if __name__ == "__main__":
    main()
