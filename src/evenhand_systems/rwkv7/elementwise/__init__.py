"""The elementwise parts of an RWKV-7 block: compiled on the CPU in float32, plain torch everywhere else."""

from __future__ import annotations

from evenhand_systems.rwkv7.elementwise.plain import (
    DECAY_FLOOR,
    GROUP_NORM_EPSILON,
    Prepared,
    finish,
    prepare,
    shift_mix,
    squared_relu,
)

__all__ = ["DECAY_FLOOR", "GROUP_NORM_EPSILON", "Prepared", "finish", "prepare", "shift_mix", "squared_relu"]
