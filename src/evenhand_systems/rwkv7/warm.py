"""Importing this module makes the compiled CPU code of training ready: for servers that fork their workers.

A worker that is forked afterwards finds the machine code in memory, where each would otherwise load it (most of a
second) or, the first time, compile it. It starts no threads (OpenBLAS, which numba loads, starts its own unless
OPENBLAS_NUM_THREADS is 1; they survive a fork).
"""

from __future__ import annotations

import torch

from evenhand_systems.processor import torch_threads
from evenhand_systems.rwkv7.config import RWKV7Config
from evenhand_systems.rwkv7.model import RWKV7
from evenhand_systems.rwkv7.seeding import Seeding, SeedingSettings


def make_ready() -> None:
    """Run the smallest model forward and backward, seeded at the start and at every step, and forward alone."""
    with torch_threads(1):
        _run()


def _run() -> None:
    config = RWKV7Config(
        layers=2, width=8, head_size=8, vocabulary=2, decay_rank=1, rate_rank=1, value_rank=1, gate_rank=1
    )
    model = RWKV7(config, generator=torch.Generator().manual_seed(0))
    tokens = torch.zeros(1, 1, dtype=torch.long)
    for mode in ("initial", "per_step"):
        logits, _ = model(tokens, seeding=Seeding(SeedingSettings(mode=mode), config))
        logits.sum().backward()
    with torch.no_grad():
        model(tokens)


make_ready()
