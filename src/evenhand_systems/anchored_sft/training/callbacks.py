"""What happens between training steps: evaluations at fixed steps, and stopping when too much is forgotten."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from evenhand.errors import Fault, SettingsError
from evenhand_systems.anchored_sft.evaluation.losses import Answers, compare


class EvaluateWhileTraining(TrainerCallback):
    """Calls ``evaluate(model, step)`` before the first step, after every ``every`` steps and after the last one.

    Attributes:
        done: steps at which an evaluation was made; a run that ends without its middle ones is an error.

    Raises:
        SettingsError: (when training starts) ``every`` is so long that there would be no evaluation on the way.
    """

    def __init__(self, evaluate: Callable[[Any, int], None], every: int, *, skip_baseline: bool = False) -> None:
        self.evaluate = evaluate
        self.every = every
        self.skip_baseline = skip_baseline
        self.done: list[int] = []

    def _do(self, model: Any, step: int) -> None:
        if step not in self.done:
            self.evaluate(model, step)
            self.done.append(step)

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Evaluate before the first step.

        Raises:
            SettingsError: the run ends before the first evaluation on the way.
        """
        if self.every >= state.max_steps:
            message = (
                f"is {self.every}, but the run has {state.max_steps} steps: no evaluation would be made on the way"
            )
            raise SettingsError("Evaluation while training", [Fault("eval_steps", message)])
        if state.global_step == 0 and not self.skip_baseline:
            self._do(kwargs["model"], 0)

    def on_step_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        """Evaluate after every so many steps."""
        if state.global_step % self.every == 0:
            self._do(kwargs["model"], state.global_step)

    def on_train_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Evaluate at the end, unless the last step has just been."""
        self._do(kwargs["model"], state.global_step)


@dataclass
class StopOnForgetting(TrainerCallback):
    """Early stopping on forgetting: training ends once the old skills have been worse than at their start, by more
    than ``tolerance``, for ``patience`` evaluations in a row.

    Hand it to the trainer and call :meth:`see` with every evaluation of the dev questions. Like is compared with like:
    other questions or another cap on the answers are an error, not a score.

    Attributes:
        patience: evaluations in a row.
        tolerance: how much of the share of right answers may be lost.
        stopped_at: step of the stop, or None.
    """

    patience: int
    tolerance: float = 0.02
    stopped_at: int | None = None
    first: Answers | None = None
    worse: int = 0
    changes: list[tuple[int, float]] = field(default_factory=list)

    def __post_init__(self) -> None:
        if self.patience < 1:
            raise SettingsError("Early stopping", [Fault("early_stop_patience", f"must be 1 or more: {self.patience}")])

    def see(self, answers: Answers, step: int) -> None:
        """Take note of an evaluation of the dev questions."""
        if self.first is None:
            self.first = answers
            return
        change = compare(self.first, answers).difference
        self.changes.append((step, change))
        self.worse = self.worse + 1 if change < -self.tolerance else 0

    def on_step_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        """Stop the training when the last evaluation shows too much forgotten."""
        if self.worse >= self.patience and self.stopped_at is None:
            self.stopped_at = state.global_step
            control.should_training_stop = True
