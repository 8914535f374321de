"""Reading and writing with a finished model: float32 or bfloat16 weights, the decoding step as one compiled function.

Long inputs go through the model itself, whose work is matrix products. One token at a time is bound by how fast the
weights come from memory: there half the bytes are half the time.
"""

from __future__ import annotations

import os
import statistics
import time
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from evenhand.errors import EvenhandError
from evenhand_systems.processor import multiplies_bf16
from evenhand_systems.rwkv7.inference.step import LAYER_NORM_EPSILON, MATRICES, ROWS, VECTORS, decode_step
from evenhand_systems.rwkv7.kernel.simd import LANES
from evenhand_systems.rwkv7.kernel.threads import together
from evenhand_systems.rwkv7.model import RWKV7
from evenhand_systems.rwkv7.seeding import Seeding
from evenhand_systems.rwkv7.state import LayerState, RWKV7State

Precision = Literal["auto", "float32", "bfloat16"]
DECODED_TOGETHER = 16  # above this many sequences torch's matrix products beat products row by row


class InferenceError(EvenhandError, ValueError):
    """A model that cannot be prepared for inference here."""


@dataclass(frozen=True)
class PrecisionChoice:
    """In what the weights are kept and long inputs multiplied, and why."""

    weights: Literal["float32", "bfloat16"]
    products: Literal["float32", "bfloat16"]
    reason: str


def choose_precision(asked: Precision = "auto") -> PrecisionChoice:
    """What suits this CPU: bfloat16 weights always read faster; bfloat16 products only where the processor has them."""
    native = multiplies_bf16()
    if asked == "float32":
        return PrecisionChoice("float32", "float32", "float32: asked for")
    why = "asked for" if asked == "bfloat16" else "half the bytes to read at each token"
    if native:
        return PrecisionChoice("bfloat16", "bfloat16", f"bfloat16 weights: {why}; this CPU multiplies them natively")
    return PrecisionChoice(
        "bfloat16", "float32", f"bfloat16 weights: {why}; float32 products: this CPU has no bf16 matrix product"
    )


class ThreadTrial:
    """One thread or all: whichever steps faster, tried out at the start and again from time to time.

    Two threads halve the work, but they wait for each other seventy times a step: when another process holds one of the
    cores, one thread alone is several times faster. What is computed does not depend on it, to the last bit.
    """

    TRIALS = 6
    PERIOD = 256

    def __init__(self) -> None:
        self._steps = 0
        self._seconds: dict[int, list[float]] = {}

    def threads(self, most: int) -> int:
        """How many threads the next step should take, of at most `most`."""
        options = (1, most)
        place = self._steps % self.PERIOD
        if place == 0:
            self._seconds = {}
        self._steps += 1
        if place < self.TRIALS * len(options) or any(option not in self._seconds for option in options):
            return options[place % len(options)]
        return min(options, key=lambda option: statistics.median(self._seconds[option][: self.TRIALS]))

    def took(self, threads: int, seconds: float) -> None:
        """Note what a step took."""
        self._seconds.setdefault(threads, []).append(seconds)


class Inference:
    """A model prepared for reading and writing on the CPU; its weights are copied and no longer follow the model.

    Args:
        model: an `RWKV7` whose width, head size and ranks are multiples of 8.
        precision: of the weights; "auto" lets `choose_precision` choose.

    Raises:
        InferenceError: a model elsewhere than on the CPU, or sizes that 8 does not divide.
    """

    def __init__(self, model: RWKV7, precision: Precision = "auto") -> None:
        config = model.config
        if model.emb.weight.device.type != "cpu":
            raise InferenceError(f"expected a model on the CPU, found {model.emb.weight.device}")
        sizes = {"width": config.width, "head_size": config.head_size}
        sizes |= dict(zip(("decay_rank", "rate_rank", "value_rank", "gate_rank"), config.ranks, strict=True))
        uneven = {name: size for name, size in sizes.items() if size % LANES}
        if uneven:
            raise InferenceError(f"expected sizes that {LANES} divides, found {uneven}")
        self.config, self.choice = config, choose_precision(precision)
        self._packed = _Packed(model, torch.bfloat16 if self.choice.weights == "bfloat16" else torch.float32)
        self._reader = _reader(model, self.choice)

    @torch.no_grad()
    def last_logits(
        self, inputs: Tensor, state: RWKV7State | None = None, seeding: Seeding | None = None
    ) -> tuple[Tensor, RWKV7State]:
        """Logits (B, vocabulary), float32, after token ids (B, T), and the state; as `RWKV7.last_logits`."""
        if inputs.shape[1] == 1 and inputs.shape[0] <= DECODED_TOGETHER and seeding is None:
            return self._packed.step(inputs[:, 0], state or self._reader.initial_state(inputs.shape[0]))
        logits, state = self._reader.last_logits(inputs, state, seeding)
        return logits.float(), state


def _reader(model: RWKV7, choice: PrecisionChoice) -> RWKV7:
    """The model for long inputs: weights rounded as they are kept, in the type in which they are multiplied."""
    kept = torch.bfloat16 if choice.weights == "bfloat16" else torch.float32
    multiplied = torch.bfloat16 if choice.products == "bfloat16" else torch.float32
    reader = RWKV7(model.config, backend=model.backend, empty=True)
    rounded = {name: t.detach().to(kept).to(multiplied) for name, t in model.state_dict().items()}
    reader.load_state_dict(rounded, assign=True)
    return reader.requires_grad_(False)


def _tiled(matrix: Tensor) -> Tensor:
    """A matrix (rows, columns) flattened in the order in which a product reads it: one stream through memory."""
    rows, columns = matrix.shape
    return matrix.reshape(rows // ROWS, ROWS, columns // LANES, LANES).transpose(1, 2).flatten()


class _Packed:
    """All weights in two flat arrays, in the order in which a step reads them."""

    def __init__(self, model: RWKV7, dtype: torch.dtype) -> None:
        self.config, self.dtype, self.trial = model.config, dtype, ThreadTrial()
        tensors = {name: t.detach().to(dtype) for name, t in model.state_dict().items()}
        layers = range(model.config.layers)
        blank = torch.zeros(model.config.width)
        vectors = [tensors.get(f"blocks.{i}.{name}", blank).flatten().float() for i in layers for name in VECTORS]
        self.vectors = torch.cat([*vectors, tensors["ln_out.weight"].float(), tensors["ln_out.bias"].float()])
        self.embedding, self.head_rows = tensors["emb.weight"], -(-model.config.vocabulary // ROWS) * ROWS
        self.first_norm = tensors["blocks.0.ln0.weight"].float(), tensors["blocks.0.ln0.bias"].float()
        self.places = np.zeros((model.config.layers + 1, len(MATRICES)), np.int64)
        matrices, length = [], 0
        for i in layers:
            for column, name in enumerate(MATRICES):
                matrix = tensors.get(f"blocks.{i}.{name}")
                if matrix is None:
                    continue  # the first layer has no value residual
                self.places[i, column] = length
                # Low-rank factors are kept as (in, out), linear layers as (out, in), which is what a product reads.
                matrices.append(_tiled(matrix if name.endswith("weight") else matrix.t()))
                length += matrix.numel()
        self.places[-1, 0] = length
        head = F.pad(tensors["head.weight"], (0, 0, 0, self.head_rows - model.config.vocabulary))
        self.matrices = torch.cat([*matrices, _tiled(head)])

    def step(self, tokens: Tensor, state: RWKV7State) -> tuple[Tensor, RWKV7State]:
        """Read one token per sequence (B,)."""
        config, batch = self.config, len(tokens)
        embedded = F.layer_norm(
            self.embedding[tokens].float(), (config.width,), *self.first_norm, float(LAYER_NORM_EPSILON)
        ).contiguous()
        before = [
            torch.stack([getattr(s, part) for s in state.layers]).float() for part in ("time_shift", "channel_shift")
        ]
        after = [torch.empty_like(shift) for shift in before]
        states = torch.stack([s.wkv for s in state.layers]).float()
        logits = torch.empty(batch, self.head_rows)
        longest = batch * max(4 * config.width, *config.ranks)
        threads = self.trial.threads(max(1, min(torch.get_num_threads(), os.cpu_count() or 1)))
        matrices = self.matrices.view(torch.uint16) if self.dtype == torch.bfloat16 else self.matrices
        decay, rate, value, gate = config.ranks
        arguments: list[Any] = [
            threads, np.zeros(1, np.int64), config.layers, batch, config.heads, config.head_size,
            np.array([decay, rate, gate, value]), self.head_rows, matrices.numpy(), self.places, self.vectors.numpy(),
            embedded.view(-1).numpy(), *(t.view(config.layers, -1).numpy() for t in (*before, *after, states)),
            np.empty((15, longest), np.float32), np.empty((threads, 9, longest), np.float32), logits.view(-1).numpy(),
        ]  # fmt: skip
        start = time.perf_counter()
        together(decode_step, threads, *arguments)
        self.trial.took(threads, time.perf_counter() - start)
        layers = zip(states, *after, strict=True)
        return logits[:, : config.vocabulary], RWKV7State(tuple(LayerState(*parts) for parts in layers))


__all__ = ["Inference", "InferenceError", "Precision", "PrecisionChoice", "choose_precision"]
