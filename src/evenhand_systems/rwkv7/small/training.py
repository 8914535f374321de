"""Training in parts: what each step does depends on its number alone, so that parts add up to the whole to the bit."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from evenhand.data.reading import check_file
from evenhand.errors import DataError, Diverged
from evenhand.files import replacing
from evenhand_systems.rwkv7.config import RWKV7Config
from evenhand_systems.rwkv7.model import RWKV7
from evenhand_systems.rwkv7.small.corpus import Ids

Tell = Callable[[int, float, float], None]
"""(steps done, loss of the last ones in nats an id, ids a second)."""


@dataclass(frozen=True)
class Plan:
    """How the model is trained.

    Attributes:
        sizes: of the model.
        steps: updates in all; the rate falls over the last fifth of them, so a longer plan goes on from a shorter one.
        batch, length: windows of a step and the ids of each.
        learning_rate: between its rise and its fall.
        warmup: steps of the rise.
        seed: of starting values and windows.
        save_every: steps between checkpoints.
    """

    sizes: RWKV7Config
    steps: int
    batch: int = 4
    length: int = 128
    learning_rate: float = 1.5e-3
    warmup: int = 100
    seed: int = 0
    save_every: int = 200

    @property
    def falls_from(self) -> int:
        """The step at which the rate begins to fall."""
        return self.steps * 4 // 5

    def learned(self, steps: int) -> int:
        """Ids that so many updates read."""
        return steps * self.batch * self.length

    def rate(self, step: int) -> float:
        """The learning rate of a step, counted from 0: a rise, a plain, a line down to nothing."""
        rise = min(1.0, (step + 1) / self.warmup) if self.warmup else 1.0
        fall = min(1.0, (self.steps - step) / max(1, self.steps - self.falls_from))
        return self.learning_rate * rise * fall

    def identity(self, corpus: str) -> dict[str, Any]:
        """All that a checkpoint must share with this plan to be gone on from, but for the steps."""
        own = asdict(self) | {"sizes": self.sizes.model_dump(mode="json"), "corpus": corpus}
        return {key: value for key, value in own.items() if key not in {"steps", "save_every"}}


@dataclass(frozen=True)
class Part:
    """What one call of :func:`train` came to.

    Attributes:
        model: as it stands.
        steps: updates done in all.
        loss: nats an id, mean of the last fifty updates of this part; None where there were none.
        ids_per_second: over this part.
    """

    model: RWKV7
    steps: int
    loss: float | None
    ids_per_second: float | None


def train(
    plan: Plan, ids: Ids, corpus: str, folder: Path, *, seconds: float | None = None, device: str = "cpu",
    tell: Tell = lambda steps, loss, pace: None,
) -> Part:  # fmt: skip
    """Go on from the folder's checkpoint, or begin, until all steps are done or the time is over.

    Args:
        plan: how.
        ids: of the corpus, texts one after the other.
        corpus: its sha256.
        folder: of checkpoints.
        seconds: after which to save and stop; None is never.
        device: where.
        tell: called now and then.

    Raises:
        DataError: the checkpoint is damaged, or belongs to another model or text.
    """
    model = RWKV7(plan.sizes, generator=torch.Generator().manual_seed(plan.seed)).to(device)
    optimiser = torch.optim.AdamW(
        model.parameters(), lr=plan.learning_rate, betas=(0.9, 0.95), weight_decay=0.0, fused=True
    )
    identity = plan.identity(corpus)
    first = step = _restore(plan, identity, folder, model, optimiser)
    started = time.monotonic()
    losses: list[float] = []

    def state() -> dict[str, Any]:
        weights, moments = model.state_dict(), optimiser.state_dict()
        return {"identity": identity, "steps": plan.steps, "step": step, "model": weights, "optimiser": moments}

    while step < plan.steps and (seconds is None or time.monotonic() - started < seconds):
        for group in optimiser.param_groups:
            group["lr"] = plan.rate(step)
        losses = [*losses[-49:], _update(plan, ids, step, model, optimiser, device)]
        step += 1
        if step % 50 == 0:
            tell(step, float(np.mean(losses)), (step - first) * plan.batch * plan.length / (time.monotonic() - started))
        if step == plan.falls_from:
            _save(folder / "before_fall.pt", state())
        if step % plan.save_every == 0:
            _save(folder / "checkpoint.pt", state())
    if step > first:
        _save(folder / "checkpoint.pt", state())
    pace = (step - first) * plan.batch * plan.length / (time.monotonic() - started) if step > first else None
    return Part(model, step, float(np.mean(losses)) if losses else None, pace)


def _update(plan: Plan, ids: Ids, step: int, model: RWKV7, optimiser: torch.optim.Optimizer, device: str) -> float:
    starts = np.random.default_rng([plan.seed, step]).integers(len(ids) - plan.length, size=plan.batch)
    windows = np.stack([ids[start : start + plan.length + 1] for start in starts]).astype(np.int64)
    tokens = torch.from_numpy(windows).to(device)
    logits, _ = model(tokens[:, :-1])
    loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1).float(), tokens[:, 1:].flatten())
    optimiser.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimiser.step()
    found = loss.item()
    if not math.isfinite(found):
        raise Diverged(f"step {step + 1}: the loss is {found}")
    return found


def _save(path: Path, state: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as part:
        torch.save(state, part)


def _restore(plan: Plan, identity: dict[str, Any], folder: Path, model: RWKV7, optimiser: torch.optim.Optimizer) -> int:
    """Load the checkpoint that serves this plan best; its step, 0 where there is none."""
    for name in ("checkpoint.pt", "before_fall.pt"):
        state = _read(folder / name, identity)
        if state is None or not _serves(plan, state, last=name == "checkpoint.pt"):
            continue
        model.load_state_dict(state["model"])
        optimiser.load_state_dict(state["optimiser"])
        return int(state["step"])
    return 0


def _read(path: Path, identity: dict[str, Any]) -> dict[str, Any] | None:
    if not path.is_file():
        return None
    check_file(path)
    try:
        state: dict[str, Any] = torch.load(path, weights_only=True)
        known = state["identity"]
    except Exception as error:
        raise DataError(
            f"{path} is no sound checkpoint ({type(error).__name__}): remove it; training begins anew."
        ) from error
    if known != identity:
        other = sorted(key for key in identity if known.get(key) != identity[key])
        raise DataError(
            f"{path} belongs to a training of other {', '.join(other)}: remove {path.parent}, or train as it was begun."
        )
    return state


def _serves(plan: Plan, state: dict[str, Any], *, last: bool) -> bool:
    """Whether the rates up to a checkpoint are those of this plan."""
    same = last and state["steps"] == plan.steps
    return bool(same or state["step"] <= min(plan.falls_from, state["steps"] * 4 // 5))


__all__ = ["Part", "Plan", "train"]
