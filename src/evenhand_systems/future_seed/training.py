"""What every recipe of Future-Seed does with torch: build the model, train it, keep and restore its state."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor
from torch.optim.lr_scheduler import LambdaLR

from evenhand.errors import Diverged, EvenhandError
from evenhand.recipes.contract import Bench
from evenhand_systems.future_seed.obstacles import NO_KERNEL
from evenhand_systems.future_seed.settings import ModelSettings, OptimiserSettings, SeedingOptions
from evenhand_systems.future_seed.tasks.problems import IGNORED
from evenhand_systems.rwkv7 import RWKV7, RWKV7Config, Seeding, SeedingSettings, choose_backend, read_twice
from evenhand_systems.schedules import cosine


class MachineError(EvenhandError, RuntimeError):
    """A machine that cannot run the trial in a time that makes sense."""


def library_sizes(sizes: ModelSettings, vocabulary: int) -> RWKV7Config:
    """The library's sizes for a recipe's settings."""
    ranks = dict.fromkeys(("decay_rank", "rate_rank", "value_rank", "gate_rank"), sizes.rank)
    return RWKV7Config(
        layers=sizes.layers, width=sizes.width, head_size=sizes.head_size, vocabulary=vocabulary, **ranks
    )


@dataclass
class Reader:
    """A model with its way of reading: once, with Future-Seed, or the row twice over."""

    model: RWKV7
    seeding: Seeding | None
    readings: int = 1

    @classmethod
    def fresh(cls, sizes: ModelSettings, options: SeedingOptions, vocabulary: int, bench: Bench) -> Reader:
        """A model from scratch; its starting values come from the stream ``init`` and do not depend on the seeding."""
        config = library_sizes(sizes, vocabulary)
        generator = torch.Generator().manual_seed(int(bench.rng("init").integers(2**63 - 1)))
        return cls.around(RWKV7(config, generator=generator).to(bench.device), options)

    @classmethod
    def around(cls, model: RWKV7, options: SeedingOptions) -> Reader:
        """A given model with a way of reading."""
        seeding = None
        if options.seeds:
            settings = SeedingSettings.variant(options.variant, mode=options.mode, **options.changes())
            seeding = Seeding(settings, model.config).to(model.emb.weight.device)
        return cls(model, seeding, options.readings)

    def rows(self, tokens: Tensor) -> Tensor:
        """Logits (B, T, V) at each position of rows (B, T); of the second reading where there are two."""
        steps = tokens.shape[1]
        context = read_twice(tokens) if self.readings == 2 else tokens
        logits, _ = self.model(context, seeding=self.seeding)
        answers: Tensor = logits if self.readings == 1 else logits[:, -steps:]
        return answers

    def parameters(self) -> int:
        """Number of weights that are trained."""
        gates = 0 if self.seeding is None else sum(p.numel() for p in self.seeding.parameters() if p.requires_grad)
        return sum(p.numel() for p in self.model.parameters()) + gates

    def describe(self, bench: Bench) -> None:
        """Note what a report must show: parameters, kernel with its reason, effective gates before training.

        Raises:
            MachineError: a GPU without the kernel for it.
        """
        config = self.model.config
        per_step = self.seeding is not None and self.seeding.settings.mode == "per_step"
        weight = self.model.emb.weight
        choice = choose_backend(weight.device, weight.dtype, config.head_size, per_step=per_step)
        if choice.degraded and weight.device.type == "cuda":
            raise MachineError(NO_KERNEL)
        bench.note("parameters", f"{self.parameters():,}")
        bench.note("kernel", f"{choice.name}: {choice.reason}")
        self.note_gates(bench, "effective gates at the start")

    def note_gates(self, bench: Bench, name: str) -> None:
        """Note the effective gate of every seeded layer."""
        if self.seeding is None:
            return
        measured = self.seeding.measurements()
        gates = {key.rsplit("/", 1)[1]: value for key, value in measured.items() if key.startswith("seeding/gate/")}
        seeded = [layer for layer in range(self.model.config.layers) if self.seeding.seeds_layer(layer)]
        if not seeded:
            bench.note(name, "none: layer_start lies above the last layer, so nothing is seeded")
            return
        shown = ", ".join(f"layer {layer} {gates[layer]:.4f}" for layer in gates)
        bench.note(name, shown or f"layers {seeded}: they depend on the input and are logged in training")


class Trainer:
    """AdamW over a reader's weights, with the warm-up, decay and gradient norm of the settings."""

    def __init__(self, reader: Reader, settings: OptimiserSettings, bench: Bench) -> None:
        self.reader, self.settings, self.bench = reader, settings, bench
        groups: list[dict[str, Any]] = [{"params": list(reader.model.parameters())}]
        if reader.seeding is not None:
            groups += reader.seeding.parameter_groups()
        # One fused update for all weights: a loop over some seventy small tensors costs more than their arithmetic.
        self.optimiser = torch.optim.AdamW(
            groups, lr=settings.learning_rate, betas=settings.betas, weight_decay=settings.weight_decay, fused=True
        )
        self._weights = [p for group in self.optimiser.param_groups for p in group["params"]]
        self.steps = 0
        # A lambda, since a schedule's state would hold a method's own.
        self.schedule = LambdaLR(self.optimiser, lambda step: self._factor(step))  # noqa: PLW0108

    def step(self, losses: Tensor | Iterable[Tensor], **spent: float) -> Tensor:
        """One update, and what it cost in every unit that is known: the rates follow the budget.

        Args:
            losses: of the batch, or of its parts one after the other, each divided by what the whole batch counts.
            spent: unit to amount.

        Returns:
            The loss of the batch, without its graph.

        Raises:
            Diverged: the gradients have left the finite numbers.
        """
        self.optimiser.zero_grad(set_to_none=True)
        loss = torch.zeros((), device=self._weights[0].device)
        for part in [losses] if isinstance(losses, Tensor) else losses:
            part.backward()
            loss = loss + part.detach()
        norm = torch.nn.utils.clip_grad_norm_(self._weights, self.settings.gradient_norm or math.inf)
        if not torch.isfinite(norm):
            raise Diverged(f"step {self.steps + 1}: the loss is {loss.item()} and the gradients' norm {norm.item()}")
        self.optimiser.step()
        self.bench.budget.spend(steps=1, **spent)
        self.steps += 1
        self.schedule.step()
        return loss

    def _factor(self, step: int) -> float:
        """Factor on the learning rates: a rise over the warm-up, a fall over the budget where one is asked for."""
        warm = min(1.0, (step + 1) / self.settings.warmup) if self.settings.warmup else 1.0
        done = min(1.0, self.bench.budget.spent / self.bench.budget.amount)
        if self.settings.decay == "linear":
            return warm * (1 - done)
        if self.settings.decay == "cosine":
            return warm * cosine(1)(done)
        return warm

    def save(self) -> None:
        """Leave a checkpoint from which :meth:`restore` goes on."""
        seeding = None if self.reader.seeding is None else self.reader.seeding.state_dict()
        self.bench.checkpoint(
            {
                "model": self.reader.model.state_dict(),
                "seeding": seeding,
                "optimiser": self.optimiser.state_dict(),
                "schedule": self.schedule.state_dict(),
                "steps": self.steps,
            }
        )

    def restore(self, state: Mapping[str, Any] | None) -> None:
        """Go on from a checkpoint, where there is one."""
        if state is None:
            return
        self.reader.model.load_state_dict(state["model"])
        if self.reader.seeding is not None and state["seeding"] is not None:
            self.reader.seeding.load_state_dict(state["seeding"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.schedule.load_state_dict(state["schedule"])
        self.steps = state["steps"]


def blank_loss(logits: Tensor, targets: Tensor, scored: int | None = None) -> Tensor:
    """Mean cross entropy over the scored positions of targets (B, T); logits (B, T, V).

    Args:
        scored: positions of the whole batch of which these are a part: what the sum is divided by.
    """
    given, wanted = logits.flatten(0, 1), targets.flatten()
    given = given if given.dtype == torch.float64 else given.float()
    if scored is None:
        return torch.nn.functional.cross_entropy(given, wanted, ignore_index=IGNORED)
    return torch.nn.functional.cross_entropy(given, wanted, ignore_index=IGNORED, reduction="sum") / scored


def parts(rows: int, at_once: int | None) -> list[slice]:
    """The batch of a step cut into parts of at most ``at_once`` rows, as even as can be; whole where that is None."""
    count = 1 if at_once is None else -(-rows // at_once)
    ends = [rows * k // count for k in range(count + 1)]
    return [slice(first, end) for first, end in pairwise(ends)]


class Right:
    """Which of the scored positions of a batch are right, part by part."""

    def __init__(self) -> None:
        self._right: list[Tensor] = []

    def count(self, logits: Tensor, targets: Tensor) -> None:
        """Count a part: logits (B, T, V) and targets (B, T)."""
        self._right.append((logits.argmax(dim=-1) == targets)[targets != IGNORED])

    @property
    def share(self) -> float:
        """Share of the scored positions whose likeliest symbol is the target."""
        return float(torch.cat(self._right).float().mean())


def losses_of(
    logits_of: Callable[[slice], Tensor], targets: Tensor, at_once: int | None, right: Right | None = None
) -> Iterator[Tensor]:
    """The losses of the parts of a batch, one after the other, each over the scored positions of the whole.

    Args:
        logits_of: some rows of the batch to their logits (B, T, V).
        targets: (B, T) of the whole batch.
        at_once: rows of a part; the whole batch if None.
        right: counts what is right, where it is given.
    """
    cut = parts(len(targets), at_once)
    whole = () if len(cut) == 1 else (int((targets != IGNORED).sum()),)
    for rows in cut:
        logits = logits_of(rows)
        if right is not None:
            right.count(logits.detach(), targets[rows])
        loss = blank_loss(logits, targets[rows], *whole)
        del logits  # the next part's need the room
        yield loss
