"""Training of a bridge: one optimiser over translator, adapters and loss heads; the language models stay frozen."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from evenhand.errors import Diverged, EvenhandError
from evenhand_systems.bridge.settings import TrainingSettings
from evenhand_systems.bridge.tasks.items import Item
from evenhand_systems.bridge.training.counts import COUNTED, Counts
from evenhand_systems.bridge.training.losses import LOSSES, Heads, Step, check_gradients, places_of
from evenhand_systems.bridge.translation.bridge import Bridge
from evenhand_systems.schedules import WarmUp


class ModeError(EvenhandError):
    """A module in the wrong mode: a translator that does not train, or a language model that does."""


@dataclass(frozen=True)
class StepReport:
    """What one step gave and cost.

    Attributes:
        losses: name to unweighted value.
        total: the weighted sum.
        tokens: that the target read.
        examples: of the batch.
    """

    losses: dict[str, float]
    total: float
    tokens: int
    examples: int


class BridgeTrainer:
    """Trains a bridge step by step.

    Args:
        bridge: to be trained.
        items: training items.
        settings: how.
        steps: planned number of steps, for the schedule of the learning rate.
        order: stream of the data order and of the curriculum.
        generator: randomness of translators that sample.
        micro_batch: items that go through the models at once; the whole batch if None.
    """

    def __init__(
        self, bridge: Bridge, items: Sequence[Item], settings: TrainingSettings, steps: int, *,
        order: np.random.Generator, generator: torch.Generator, head_seed: int = 0, micro_batch: int | None = None,
    ) -> None:  # fmt: skip
        self.micro_batch = micro_batch
        self.bridge, self.items, self.settings, self.steps = bridge, list(items), settings, steps
        self.step_count = 0
        self.gradient_norms: dict[str, float] = {}
        self._order, self._generator = order, generator
        self._places: list[int] = []
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(head_seed)
            config = bridge.translator.config
            # No loss about soft tokens is had of a cache, and a reader as wide as all its layers would fill a device.
            widths = (1, 1) if config.kind == "cache" else (config.source_width, config.target_width)
            self.heads = Heads(*widths).to(bridge.target.device)
        self.optimiser = torch.optim.AdamW(self._groups(), betas=(0.9, 0.98), weight_decay=settings.weight_decay)
        self.schedule = WarmUp(self.optimiser, settings.warmup, self._fall)

    def _groups(self) -> list[dict[str, Any]]:
        """Gates learn faster and without decay: at the common rate they would keep the blocks shut for long."""
        gates = self.bridge.gates()
        known = {id(gate) for gate in gates}
        rest = [*(p for p in self.bridge.parameters() if id(p) not in known), *self.heads.parameters()]
        rate = self.settings.learning_rate
        groups: list[dict[str, Any]] = [{"params": rest, "lr": rate}]
        if gates:
            groups.append({"params": gates, "lr": rate * self.settings.gate_rate, "weight_decay": 0.0})
        return groups

    def _fall(self, step: int) -> float:
        """Half a wave of the cosine over the planned steps, and nothing after them."""
        return 0.5 + 0.5 * math.cos(math.pi * min(1.0, step / max(1, self.steps)))

    def step(self) -> StepReport:
        """One batch forward and backward.

        Raises:
            DeadLossError: at the first step, a loss with a weight does not reach the translator.
            ModeError: a module is in the wrong mode.
            Diverged: a loss is no finite number.
        """
        self.bridge.train()
        check_modes(self.bridge)
        items, with_text = [self.items[i] for i in self._draw()], self._with_text()
        self.optimiser.zero_grad()
        sums, total, tokens = dict[str, float](), 0.0, 0
        for number, (part, shares) in enumerate(self._cut(items)):
            step = self._forward(part, with_text)
            values = {name: LOSSES[name](step) for name in self.settings.losses.active()}
            if self.step_count == number == 0:
                check_distinct(step.soft)
                self.gradient_norms = check_gradients(
                    values, self.bridge.parameters(), list(self.bridge.translator.parameters())
                )
            loss = self._weighed(values, shares)
            loss.backward()  # type: ignore[no-untyped-call]
            total += float(loss.detach())
            tokens += int(step.inputs.attention_mask.sum())
            for name, value in values.items():
                sums[name] = sums.get(name, 0.0) + float(value.detach()) * shares[name]
            del step, values, loss  # the next part needs the room
        self._update()
        self.step_count += 1
        return StepReport(sums, total, tokens, len(items))

    def _weighed(self, values: Mapping[str, Tensor], shares: Mapping[str, float]) -> Tensor:
        """The weighted sum of the losses of a part of the batch, each by the part's share of what it is a mean over."""
        weights = self.settings.losses.active()
        total = torch.stack([weights[name] * shares[name] * value for name, value in values.items()]).sum()
        if not bool(torch.isfinite(total)):
            raise Diverged(f"the loss is {float(total.detach())} at step {self.step_count + 1}")
        return total

    def _cut(self, items: list[Item]) -> list[tuple[list[Item], dict[str, float]]]:
        """The parts of a batch, each with its share of what every loss is a mean over."""
        names, size = self.settings.losses.active(), self.micro_batch
        if size is None or size >= len(items):
            return [(items, dict.fromkeys(names, 1.0))]
        parts, whole = [items[i : i + size] for i in range(0, len(items), size)], self._counts(items)
        counted = [(part, self._counts(part)) for part in parts]
        return [
            (part, {name: COUNTED[name](counts) / max(1, COUNTED[name](whole)) for name in names})
            for part, counts in counted
        ]

    def _counts(self, items: Sequence[Item]) -> Counts:
        settings, soft_tokens = self.settings, self.bridge.translator.config.soft_tokens
        return Counts.of(self.bridge.prompts, items, soft_tokens, settings.teacher, settings.kl_tokens)

    def _forward(self, items: list[Item], with_text: bool) -> Step:
        bridge, settings = self.bridge, self.settings
        states, mask = bridge.states_of([item.facts for item in items])
        soft = bridge.translator(states, mask, generator=self._generator)
        inputs = bridge.assemble(
            items, soft, soft_mask=bridge.translator.soft_mask(states, mask), with_text=with_text, with_answers=True,
            read_before=True,
        )  # fmt: skip
        places = places_of(inputs, settings.losses.active())
        return Step(
            bridge.translator, bridge.soft_prompt, self.heads, bridge.prompts, items, states, mask, soft, inputs,
            places, bridge.soft_prompt(inputs, places), settings.teacher, settings.kl_tokens, self._generator,
        )  # fmt: skip

    def _with_text(self) -> bool:
        """Whether the target sees the text in this batch; one draw per step, whatever the settings."""
        draw = float(self._order.random())
        share = self.settings.curriculum.text_share(self.step_count)
        return self.settings.prompt_mode == "soft_plus_text" or draw < share

    def _draw(self) -> list[int]:
        """Positions of the next batch; every item once before any comes again."""
        while len(self._places) < self.settings.batch:
            self._places.extend(int(i) for i in self._order.permutation(len(self.items)))
        chosen, self._places = self._places[: self.settings.batch], self._places[self.settings.batch :]
        return chosen

    def _update(self) -> None:
        torch.nn.utils.clip_grad_norm_(self.bridge.parameters(), self.settings.clip)
        self.optimiser.step()
        self.schedule.step()

    def state(self) -> dict[str, Any]:
        """Everything a stopped training needs to go on, copied: later steps do not change it."""
        return {
            "bridge": self.bridge.state_dict(),
            "heads": copy.deepcopy(self.heads.state_dict()),
            "optimiser": copy.deepcopy(self.optimiser.state_dict()),
            "schedule": self.schedule.state_dict(),
            "steps": self.step_count,
            "places": list(self._places),
            "generator": self._generator.get_state(),
            "order": self._order.bit_generator.state,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a state."""
        self.bridge.load_state_dict(state["bridge"])
        self.heads.load_state_dict(state["heads"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.schedule.load_state_dict(state["schedule"])
        self.step_count, self._places = state["steps"], list(state["places"])
        self._generator.set_state(state["generator"])
        self._order.bit_generator.state = state["order"]


def check_modes(bridge: Bridge) -> None:
    """Refuse to train with modules in the wrong mode.

    Raises:
        ModeError: the translator is in evaluation mode, or the target is in training mode or not frozen.
    """
    if not all(part.training for part in bridge.translator.modules()):
        raise ModeError("The translator is in evaluation mode while it is trained.")
    if any(part.training for part in bridge.target.model.modules()):
        raise ModeError("The target is in training mode; it must stay frozen, in evaluation mode.")
    if any(parameter.requires_grad for parameter in bridge.target.model.parameters()):
        raise ModeError("The target has weights that would be trained; it must stay frozen.")


def check_distinct(soft: Tensor) -> None:
    """Refuse to train K soft tokens (B, K, C) that are all the same: alike at the start, they would stay alike.

    Raises:
        ModeError: the soft tokens of every item are equal to each other.
    """
    spread = (soft - soft[:, :1]).detach().abs().max()
    if soft.shape[1] > 1 and float(spread) <= 1e-5 * float(soft.detach().abs().max()):
        raise ModeError(f"All {soft.shape[1]} soft tokens of an item are the same at the start: the queries are equal.")


class BestWeights:
    """The weights with the best score on a development split, copied; for early stopping.

    Args:
        patience: evaluations without a new best before it says stop; 0 never stops.
    """

    def __init__(self, patience: int = 0) -> None:
        self.patience, self.score, self.step, self._waited = patience, -math.inf, 0, 0
        self._state: dict[str, dict[str, Tensor]] | None = None

    def offer(self, score: float, step: int, bridge: Bridge) -> bool:
        """Take a score; whether to go on."""
        if score > self.score:
            self.score, self.step, self._waited = score, step, 0
            self._state = bridge.state_dict()
        else:
            self._waited += 1
        return not (self.patience and self._waited >= self.patience)

    def restore(self, bridge: Bridge, evaluate: Callable[[Bridge], float] | None = None) -> None:
        """Put the best weights back.

        Args:
            evaluate: scores a bridge as before; given, the restored score is compared with the remembered one.

        Raises:
            ModeError: nothing was offered yet, or the restored weights do not reach their score again.
        """
        if self._state is None:
            raise ModeError("There are no best weights: no evaluation was offered.")
        bridge.load_state_dict(self._state)
        if evaluate is not None:
            again = evaluate(bridge)
            if again != self.score:
                raise ModeError(f"The best weights scored {self.score} at step {self.step} and now score {again}.")
