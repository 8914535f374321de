"""Speed and accuracy of the RWKV-7 recurrence on the CPU, compiled kernel against the torch loop under autograd.

    .venv/bin/python benchmarks/rwkv7_kernel.py [--threads 2] [--repeats 20]

Prints one Markdown table: forward + backward (gradients of all six inputs and of the initial state), medians over
alternating repeats in one process, and the largest relative error of any gradient against the loop in float64. Then a
training step of a small model, and where its time goes.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from evenhand_systems.rwkv7 import RWKV7, RWKV7Config, Seeding, SeedingSettings, wkv7

SHAPES = [(1, 1024, 12, 64), (32, 64, 4, 32)]


def random_inputs(shape: Sequence[int]) -> list[Tensor]:
    """Float64 inputs as an RWKV-7 layer makes them."""
    generator = torch.Generator().manual_seed(0)
    batch, _, heads, size = shape

    def draw(*dims: int) -> Tensor:
        return torch.randn(dims, generator=generator, dtype=torch.float64)

    removal = F.normalize(draw(*shape), dim=-1)
    log_decay = -0.6065 * torch.sigmoid(draw(*shape))
    rewrite = removal * torch.sigmoid(draw(*shape))
    state = draw(batch, heads, size, size)
    return [draw(*shape), log_decay, draw(*shape), draw(*shape), -removal, rewrite, state]


def forward_backward(inputs: Sequence[Tensor], backend: str) -> list[Tensor]:
    """Gradients of a fixed function of the output and the terminal state."""
    leaves = [t.detach().requires_grad_() for t in inputs]
    out, terminal = wkv7(*leaves, backend=backend)  # type: ignore[arg-type]
    torch.autograd.backward((out, terminal), (torch.ones_like(out), torch.ones_like(terminal)))
    return [t.grad for t in leaves if t.grad is not None]


def seconds(call: Callable[[], object]) -> float:
    """Wall-clock seconds of one call."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def kernel_row(shape: Sequence[int], repeats: int) -> str:
    """One table row: times of both backends side by side, their ratio, the kernel's error."""
    exact = random_inputs(shape)
    single = [t.float() for t in exact]
    expected, found = forward_backward(exact, "reference"), forward_backward(single, "numba")
    error = max(float((a - e).norm() / e.norm()) for a, e in zip(found, expected, strict=True))
    loops, kernels = [], []
    for _ in range(max(3, repeats // 4)):
        loops.append(seconds(lambda: forward_backward(single, "reference")))
        kernels += [seconds(lambda: forward_backward(single, "numba")) for _ in range(4)]
    loop, kernel = statistics.median(loops), statistics.median(kernels)
    name = "B{} T{} H{} N{}".format(*shape)
    return f"| {name} | {1e3 * loop:.0f} | {1e3 * kernel:.1f} | {loop / kernel:.0f}x | {error:.1e} |"


def training_step(backend: str, steps: int = 32) -> Callable[[], None]:
    """A step of the in-place task's model: 2 layers, width 64, head 32, batch 32, Future-Seed."""
    config = RWKV7Config(layers=2, width=64, head_size=32, vocabulary=16)
    model = RWKV7(config, generator=torch.Generator().manual_seed(0), backend=backend)  # type: ignore[arg-type]
    seeding = Seeding(SeedingSettings(), config)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, fused=True)
    tokens = torch.randint(16, (32, steps), generator=torch.Generator().manual_seed(0))

    def step() -> None:
        logits, _ = model(tokens, seeding=seeding)
        loss = F.cross_entropy(logits.flatten(0, 1), tokens.flatten())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    return step


def step_shares(step: Callable[[], None], repeats: int) -> dict[str, float]:
    """Milliseconds of a step by kind of work, from torch's profiler and the median wall time."""
    step()
    wall = statistics.median(seconds(step) for _ in range(repeats))
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU]) as profile:
        for _ in range(repeats):
            step()
    own: dict[str, float] = {}
    for event in profile.key_averages():
        kind = "everything else (torch calls, norms, loss)"
        if event.key in {"aten::mm", "aten::addmm", "aten::addmm_", "aten::bmm"}:
            kind = "matrix products"
        elif event.key.startswith(("TimeMixFunction", "ChannelMixFunction", "_Scan")):
            kind = "recurrence and compiled elementwise passes"
        elif event.key.startswith("Optimizer") or "adam" in event.key:
            kind = "optimizer"
        own[kind] = own.get(kind, 0.0) + event.self_cpu_time_total
    whole = sum(own.values())
    return {"whole step": 1e3 * wall} | {kind: 1e3 * wall * part / whole for kind, part in sorted(own.items())}


def main() -> None:
    """Run both parts and print them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=20)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    print(f"{options.threads} threads, torch {torch.__version__}\n")
    print("| shape | torch loop, ms | kernel, ms | ratio | relative gradient error |")
    print("|---|---|---|---|---|")
    for shape in SHAPES:
        print(kernel_row(shape, options.repeats), flush=True)
    print("\nTraining step, 2 layers, width 64, head 32, batch 32, 32 tokens, initial seeding:\n")
    print("| part | ms |\n|---|---|")
    for part, value in step_shares(training_step("auto"), options.repeats).items():
        print(f"| {part} | {value:.1f} |")
    loop = training_step("reference")
    loop()
    slow = statistics.median(seconds(loop) for _ in range(3))
    print(f"| the same step with the recurrence as a torch loop and plain elementwise operations | {1e3 * slow:.1f} |")


if __name__ == "__main__":
    main()
