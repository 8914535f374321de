"""Starting values of RWKV-7's weights, as in the public training recipe (RWKV-LM, RWKV-v7).

Matrices that end a residual branch start at zero; token-shift mixes, decays and learning rates are spread over the
channels.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from evenhand_systems.rwkv7.config import RWKV7Config


def _uniform(shape: torch.Size, bound: float, generator: torch.Generator | None) -> Tensor:
    return torch.empty(shape).uniform_(-bound, bound, generator=generator)


def _orthogonal(shape: torch.Size, gain: float, generator: torch.Generator | None) -> Tensor:
    rows, columns = shape
    widen = gain * max(1.0, (rows / columns) ** 0.5)
    return nn.init.orthogonal_(torch.empty(shape), gain=widen, generator=generator)


def time_mix_values(
    config: RWKV7Config, layer: int, shapes: dict[str, torch.Size], generator: torch.Generator | None
) -> dict[str, Tensor]:
    """Values of `blocks.{layer}.att.*`, keyed by the name after `att.`; `shapes` lists what the layer has."""
    width, size = config.width, config.head_size
    depth = layer / max(1, config.layers - 1)
    shallow = 1.0 - layer / config.layers
    place = torch.arange(width) / width
    along = torch.arange(width) / max(1, width - 1)
    centred = along - 0.5
    within = (torch.arange(width) % size - (size - 1) / 2) / max(0.5, (size - 1) / 2)
    zigzag = within * within.abs()
    values = {
        "x_r": 1 - place ** (0.2 * shallow),
        "x_w": 1 - place ** (0.9 * shallow),
        "x_k": 1 - place ** (0.7 * shallow),
        "x_v": 1 - place ** (0.7 * shallow),
        "x_a": 1 - place ** (0.9 * shallow),
        "x_g": 1 - place ** (0.2 * shallow),
        "w0": -5.5 + 6 * along ** (1 + depth**0.3) + 2.5 * zigzag,
        "a0": -0.19 + 0.3 * zigzag + 0.4 * centred,
        "v0": 0.73 - 0.4 * centred,
        "k_k": 0.71 - 0.1 * centred,
        "k_a": torch.full((width,), 1.02),
        "r_k": torch.full((width,), -0.04),
        "ln_x.weight": torch.full((width,), ((1 + layer) / config.layers) ** 0.7),
        "ln_x.bias": torch.zeros(width),
    }
    bound = 0.5 / width**0.5
    for name, shape in shapes.items():
        if name in {"w1", "a1", "v1", "g1", "output.weight"}:
            values[name] = torch.zeros(shape)
        elif name in {"w2", "a2", "v2", "g2"}:
            values[name] = _orthogonal(shape, 0.1, generator)
        elif name in {"receptance.weight", "value.weight"}:
            values[name] = _uniform(shape, bound, generator)
        elif name == "key.weight":
            values[name] = _uniform(shape, 0.1 * bound, generator)
    return {name: values[name].reshape(shape) for name, shape in shapes.items()}


def channel_mix_values(
    config: RWKV7Config, layer: int, shapes: dict[str, torch.Size], generator: torch.Generator | None
) -> dict[str, Tensor]:
    """Values of `blocks.{layer}.ffn.*`, keyed by the name after `ffn.`."""
    place = torch.arange(config.width) / config.width
    shallow = 1.0 - layer / config.layers
    return {
        "x_k": (1 - place ** (shallow**4)).reshape(shapes["x_k"]),
        "key.weight": _uniform(shapes["key.weight"], 0.5 / config.width**0.5, generator),
        "value.weight": torch.zeros(shapes["value.weight"]),
    }


@torch.no_grad()
def initialise(model: nn.Module, config: RWKV7Config, generator: torch.Generator | None = None) -> None:
    """Overwrite all weights of `model` (an `RWKV7`) with starting values, drawn from `generator`."""
    parameters = dict(model.named_parameters())
    for layer in range(config.layers):
        for part, make in (("att", time_mix_values), ("ffn", channel_mix_values)):
            prefix = f"blocks.{layer}.{part}."
            shapes = {name.removeprefix(prefix): p.shape for name, p in parameters.items() if name.startswith(prefix)}
            for name, value in make(config, layer, shapes, generator).items():
                parameters[prefix + name].copy_(value)
    for name, parameter in parameters.items():
        if ".ln" in "." + name and ".att." not in name:
            parameter.fill_(1.0 if name.endswith("weight") else 0.0)
    embedding, head = parameters["emb.weight"], parameters["head.weight"]
    embedding.copy_(_uniform(embedding.shape, 1e-4, generator))
    head.copy_(_head(config, generator))


def _head(config: RWKV7Config, generator: torch.Generator | None) -> Tensor:
    shape = torch.Size((config.vocabulary, config.width))
    gain = 0.5 * max(1.0, (config.vocabulary / config.width) ** 0.5)
    return nn.init.orthogonal_(torch.empty(shape), gain=gain, generator=generator)
