"""A conditioned diffusion transformer that turns noise into soft tokens by flow matching.

Blocks are modulated by AdaLN-zero (Peebles & Xie 2023, section 3.2); the flow is the straight one of Lipman et al.
2023, with the schedule and the Euler step of ``diffusers``' FlowMatchEulerDiscreteScheduler.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from evenhand_systems.bridge.translators.base import Translator
from evenhand_systems.bridge.translators.blocks import Attention, SourceReader, SwiGLU, check_states, sinusoids
from evenhand_systems.bridge.translators.config import TranslatorConfig, TranslatorError


class ModulatedBlock(nn.Module):
    """Self-attention, cross-attention and SwiGLU, shifted, scaled and gated by the condition; gates start at 0."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.norms = nn.ModuleList(nn.LayerNorm(width, elementwise_affine=False) for _ in range(3))
        self.self_attention, self.cross_attention = Attention(width, heads), Attention(width, heads)
        self.mix = SwiGLU(width)
        self.modulation = nn.Linear(width, 9 * width)
        nn.init.zeros_(self.modulation.weight)
        nn.init.zeros_(self.modulation.bias)

    def forward(self, tokens: Tensor, memory: Tensor, mask: Tensor, condition: Tensor) -> Tensor:
        """tokens (B, K, C), memory (B, S, C), mask (B, S), condition (B, C) -> (B, K, C)."""
        parts = self.modulation(nn.functional.silu(condition)).unsqueeze(1).chunk(9, dim=-1)

        def modulated(index: int, inputs: Tensor) -> Tensor:
            result: Tensor = self.norms[index](inputs) * (1 + parts[3 * index + 1]) + parts[3 * index]
            return result

        own = modulated(0, tokens)
        tokens = tokens + parts[2] * self.self_attention(own, own)
        tokens = tokens + parts[5] * self.cross_attention(modulated(1, tokens), memory, mask)
        result: Tensor = tokens + parts[8] * self.mix(modulated(2, tokens))
        return result


class DiTTranslator(Translator):
    """Soft tokens by a few Euler steps from noise, conditioned on the source states.

    In evaluation mode the noise is one fixed buffer, the same for every item: equal weights give equal soft tokens,
    and a batch gives what its items give one by one.
    """

    noise: Tensor

    def __init__(self, config: TranslatorConfig) -> None:
        super().__init__(config)
        width = config.bottleneck
        self.reader = SourceReader(config.source_width, width)
        self.memory_norm = nn.LayerNorm(width)
        self.enter = nn.Linear(config.target_width, width)
        self.clock = nn.Sequential(nn.Linear(width, width), nn.SiLU(), nn.Linear(width, width))
        self.pool = nn.Linear(width, width)
        self.null_memory = nn.Parameter(torch.randn(width) * 0.02)
        self.blocks = nn.ModuleList(ModulatedBlock(width, config.heads) for _ in range(config.depth))
        self.last_norm = nn.LayerNorm(width, elementwise_affine=False)
        self.last_modulation = nn.Linear(width, 2 * width)
        self.leave = nn.Linear(width, config.target_width)
        for layer in (self.last_modulation, self.leave):
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)
        self.register_buffer("noise", torch.randn(config.soft_tokens, config.target_width))

    def forward(self, states: Tensor, mask: Tensor, *, generator: torch.Generator | None = None) -> Tensor:
        """See :meth:`Translator.forward`; gradients flow through the Euler steps."""
        check_states(states, mask, self.config.source_width)
        memory = self.memory_norm(self.reader(states, mask))
        tokens = self._start(len(states), states.device, generator)
        scheduler = _scheduler(self.config.train_steps if self.training else self.config.eval_steps)
        for time in scheduler.timesteps:
            sigma = (time / scheduler.config.num_train_timesteps).expand(len(states)).to(states.device)
            velocity = self._guided_velocity(tokens, sigma, memory, mask)
            tokens = scheduler.step(velocity, time, tokens, return_dict=False)[0]
        result: Tensor = self.scale(tokens)
        return result

    def flow_loss(self, states: Tensor, mask: Tensor, data: Tensor, data_mask: Tensor,
                  generator: torch.Generator) -> Tensor:  # fmt: skip
        """Mean squared error of the velocity between noise and ``data``.

        Args:
            data: (B, K, C_target) embeddings to be reached, in units of the target's rms.
            data_mask: (B, K), which of them count.

        Raises:
            TranslatorError: called in evaluation mode, where nothing would be learned.
        """
        if not self.training:
            raise TranslatorError("The flow loss belongs to training; call translator.train() before it.")
        check_states(states, mask, self.config.source_width)
        memory, device = self.memory_norm(self.reader(states, mask)), states.device
        noise = torch.randn(data.shape, generator=generator, device=generator.device).to(device)
        draws = torch.rand(2, len(data), generator=generator, device=generator.device).to(device)
        sigma = draws[0]
        dropped = (draws[1] < self.config.drop_rate)[:, None, None]
        memory = torch.where(dropped, self.null_memory, memory)
        mixed = (1 - sigma)[:, None, None] * data + sigma[:, None, None] * noise
        error = (self._velocity(mixed, sigma, memory, mask) - (noise - data)).square().mean(-1)
        return (error * data_mask).sum() / data_mask.sum().clamp(min=1)

    def _start(self, batch: int, device: torch.device, generator: torch.Generator | None) -> Tensor:
        """Noise (B, K, C): drawn in training, the fixed buffer in evaluation."""
        if not self.training:
            return self.noise.expand(batch, -1, -1)
        if generator is None:
            raise TranslatorError("This translator samples in training: pass generator=torch.Generator with a seed.")
        return torch.randn((batch, *self.noise.shape), generator=generator, device=generator.device).to(device)

    def _guided_velocity(self, tokens: Tensor, sigma: Tensor, memory: Tensor, mask: Tensor) -> Tensor:
        """Velocity with classifier-free guidance (Ho & Salimans 2022, eq. 6) in evaluation, plain in training."""
        velocity = self._velocity(tokens, sigma, memory, mask)
        if self.training or self.config.guidance == 1.0:
            return velocity
        free = self._velocity(tokens, sigma, self.null_memory.expand_as(memory), mask)
        return free + self.config.guidance * (velocity - free)

    def _velocity(self, tokens: Tensor, sigma: Tensor, memory: Tensor, mask: Tensor) -> Tensor:
        """tokens (B, K, C_target) at noise levels sigma (B,) -> velocity of the same shape."""
        width = self.config.bottleneck
        places = torch.arange(tokens.shape[1], device=tokens.device)
        inner = self.enter(tokens) + sinusoids(places, width)
        weights = mask.float().unsqueeze(-1)
        pooled = (memory * weights).sum(1) / weights.sum(1)
        condition = self.clock(sinusoids(sigma * 1000, width)) + self.pool(pooled)
        for block in self.blocks:
            inner = block(inner, memory, mask, condition)
        shift, scale = self.last_modulation(nn.functional.silu(condition)).unsqueeze(1).chunk(2, dim=-1)
        result: Tensor = self.leave(self.last_norm(inner) * (1 + scale) + shift)
        return result


def _scheduler(steps: int) -> Any:
    """A fresh Euler schedule from noise (1) to data (0) in ``steps`` equal steps."""
    try:
        from diffusers import FlowMatchEulerDiscreteScheduler
    except ImportError as error:
        raise TranslatorError('The dit translator needs the package "diffusers"; install evenhand[bridge].') from error
    make: Any = FlowMatchEulerDiscreteScheduler
    scheduler = make()
    scheduler.set_timesteps(sigmas=[1 - i / steps for i in range(steps)])
    return scheduler
