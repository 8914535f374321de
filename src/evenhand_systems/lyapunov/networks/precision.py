"""In what the matrix products of a training step are computed, and why.

The forward pass stays in float32: V reaches 90 and must fall by a margin of 0.05, where bfloat16 tells 90 from 89.5 at
best. The backward pass only says in which direction to go; there bfloat16 products (sums in float32, weights and
optimiser in float32) lose nothing that the noise of a batch does not hide.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from evenhand_systems.lyapunov.networks.options import Precision
from evenhand_systems.processor import multiplies_bf16

LEAST_WEIGHTS = 1 << 17  # below this a layer's products take no longer than rounding their factors


@dataclass(frozen=True)
class PrecisionChoice:
    """Whether products of the backward pass are bfloat16, and why."""

    bf16: bool
    reason: str


def choose_precision(asked: Precision, weights: Sequence[int], device: str = "cpu") -> PrecisionChoice:
    """What suits this CPU and a network whose layers have so many weights: bfloat16 only where it is faster.

    A network without large layers gets float32 on every machine, and so the same results.
    """
    if asked == "float32":
        return PrecisionChoice(False, "float32: asked for")
    large = sum(count >= LEAST_WEIGHTS for count in weights)
    where = f"backward products of {large} of {len(weights)} layers in bf16"
    if asked == "bf16":
        return PrecisionChoice(True, f"{where}: asked for")
    if not large:
        return PrecisionChoice(False, f"float32: no layer has {LEAST_WEIGHTS:,} weights, so bf16 would save nothing")
    if device != "cpu":
        return PrecisionChoice(False, "float32: bf16 is chosen by itself on CPUs only")
    if not multiplies_bf16():
        return PrecisionChoice(False, "float32: this CPU has no bf16 matrix product")
    return PrecisionChoice(True, f"{where}: this CPU multiplies bf16 natively")


@torch.no_grad()
def backward_products(delta: Tensor, inputs: Tensor, linear: nn.Linear, *, further: bool, bf16: bool) -> Tensor | None:
    """Set the gradients of a layer y = W x + b and return that of the pre-activations below it.

    Args:
        delta: (N, out) float32 gradients of y.
        inputs: (N, in) float32 x, themselves LeakyReLU(0.1) of what lies below.
        further: whether there is a layer below.
        bf16: whether products of bfloat16 are wanted; small layers stay in float32.
    """
    linear.bias.grad = delta.sum(0)
    weight = linear.weight
    if bf16 and weight.numel() >= LEAST_WEIGHTS:
        delta, inputs, weight = delta.bfloat16(), inputs.bfloat16(), weight.bfloat16()
    linear.weight.grad = (delta.T @ inputs).float()
    if not further:
        return None
    # LeakyReLU keeps the sign, so its output tells its slope
    below: Tensor = torch.ops.aten.leaky_relu_backward(delta @ weight, inputs, 0.1, True)
    return below.float()
