"""One arm: fine-tune with or without an anchor, evaluate on the way, measure forgetting at the target level and at the
end. The recipes say what is evaluated (a :class:`Probe`); how an arm is trained is the same for all of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from transformers import PrinterCallback, ProgressCallback, TrainerCallback
from transformers import TrainerControl as Control
from transformers import TrainerState as State
from transformers import TrainingArguments as Arguments
from trl import SFTConfig  # type: ignore[attr-defined]

from evenhand.recipes.contract import Bench
from evenhand.recipes.outcome import Outcome
from evenhand.recipes.trial import stream
from evenhand_systems.anchored_sft.anchors import Divergence
from evenhand_systems.anchored_sft.data.conversations import Tokenised
from evenhand_systems.anchored_sft.evaluation.losses import Answers
from evenhand_systems.anchored_sft.settings import KINDS, TrainingSettings
from evenhand_systems.anchored_sft.training.adapters import (
    check_space,
    checkpoint_bytes,
    export_merged,
    lora,
    rescaled,
    save_adapter,
)
from evenhand_systems.anchored_sft.training.anchor import Anchor
from evenhand_systems.anchored_sft.training.callbacks import EvaluateWhileTraining, StopOnForgetting
from evenhand_systems.anchored_sft.training.micro_batches import longest_first, rows_at_once
from evenhand_systems.anchored_sft.training.run_length import check_length, schedule_of
from evenhand_systems.anchored_sft.training.trainer import AnchoredSFTTrainer


@dataclass(frozen=True)
class Glance:
    """A quick evaluation on dev questions.

    Attributes:
        values: for the curves.
        reached: whether the target level is reached; None where none is declared.
        answers: to the dev questions of the old skills, for early stopping; None where there are none.
    """

    values: Mapping[str, float]
    reached: bool | None
    answers: Answers | None = None


class Probe(Protocol):
    """What a recipe evaluates."""

    @property
    def matched(self) -> Sequence[str]:
        """Metrics that exist only where the target level is reached."""

    def glance(self, model: Any) -> Glance:
        """Quick evaluation on dev questions."""

    def record(self, model: Any, prefix: str) -> Mapping[str, float]:
        """Full evaluation on the items of the rung; metric names begin with ``prefix`` ('' at the target level)."""


@dataclass
class ArmProgress:
    """How far an arm has come; part of its checkpoints."""

    reached_at: int | None = None
    metrics: dict[str, float] = field(default_factory=dict)
    scale: float | None = None


@dataclass
class Arm:
    """One arm of a claim at work.

    Attributes:
        settings, bench: of the trial.
        model: base with a fresh adapter (see :func:`adapted`).
        rows: a dataset for the trainer, in the order of training.
        prompts: token ids of generic texts, for ``anchor_prompts``.
        max_length: limit for packing; None where rows are not packed.
    """

    settings: TrainingSettings
    bench: Bench
    model: Any
    tokenizer: Any
    rows: Any
    probe: Probe
    prompts: Sequence[Sequence[int]] | None = None
    pack_to: int | None = None
    skip_baseline: bool = False
    progress: ArmProgress = field(default_factory=ArmProgress)
    trainer: AnchoredSFTTrainer | None = None

    def run(self) -> Outcome:
        """Train, evaluate and report."""
        if self.settings.train:
            self._train()
            self._export()
            self._rescale()
        scale = 1.0 if self.progress.scale is None else self.progress.scale
        with rescaled(self.model, scale):
            self.progress.metrics |= self.probe.record(self.model, "final_")
        return self._outcome()

    def _train(self) -> None:
        check_length(self.settings, int(self.bench.budget.amount))
        stopper = self._stopper()
        saved = self.bench.resume()
        if saved is not None:
            self.progress = saved["progress"]
            if stopper is not None:
                stopper.first, stopper.worse, stopper.changes = saved["stopper"]
        trainer = self._trainer(stopper)
        check_space(self.bench.workdir, checkpoint_bytes(self.model))
        trainer.train(resume_from_checkpoint=None if saved is None else saved["folder"])
        if stopper is not None and stopper.stopped_at is not None:
            # The budget was granted to this arm as to every other; what it forgoes counts as spent.
            self.bench.note("early stop", f"stopped at step {stopper.stopped_at}; the rest of the budget was forgone")
            self.bench.budget.spend(**{self.bench.budget.unit: self.bench.budget.left})

    def _export(self) -> None:
        """Keep the trained adapter, and the merged model, where the settings ask for them."""
        seed = f"seed-{self.bench.seed}"
        if self.settings.save_adapter_to is not None:
            save_adapter(self.model, Path(self.bench.folder, self.settings.save_adapter_to, seed))
        if self.settings.save_merged_to is not None:
            export_merged(self.model, self.tokenizer, Path(self.bench.folder, self.settings.save_merged_to, seed))

    def _stopper(self) -> StopOnForgetting | None:
        patience, tolerance = self.settings.early_stop_patience, self.settings.early_stop_tolerance
        if patience is None:
            return None
        return StopOnForgetting(patience) if tolerance is None else StopOnForgetting(patience, tolerance)

    def _trainer(self, stopper: StopOnForgetting | None) -> AnchoredSFTTrainer:
        steps = int(self.bench.budget.amount)
        evaluate = EvaluateWhileTraining(
            lambda model, step: self._look(model, step, stopper),
            self.settings.eval_steps,
            skip_baseline=self.skip_baseline,
        )
        ledger = _Ledger(self, stopper)
        callbacks = [evaluate, ledger, *([stopper] if stopper else [])]
        trainer = AnchoredSFTTrainer(
            self.model,
            args=arguments(self.settings, self.bench, steps, self.pack_to),
            train_dataset=longest_first(self.rows) if self.bench.probing else self.rows,
            processing_class=self.tokenizer,
            anchor=anchor_of(self.settings, self.prompts, int(self.bench.rng("prompts").integers(2**31))),
            callbacks=callbacks,
        )
        ledger.trainer = self.trainer = trainer
        trainer.remove_callback(PrinterCallback)
        trainer.remove_callback(ProgressCallback)
        return trainer

    def _look(self, model: Any, step: int, stopper: StopOnForgetting | None) -> None:
        found = self.probe.glance(model)
        self.bench.log(step, **found.values)
        if stopper is not None and found.answers is not None:
            stopper.see(found.answers, step)
        if found.reached and self.progress.reached_at is None and self.settings.rescale is None:
            self.progress.reached_at = step
            self.progress.metrics |= self.probe.record(model, "")

    def _rescale(self) -> None:
        """The smallest scale of the adapter that reaches the target level on the dev questions."""
        for scale in sorted(self.settings.rescale or ()):
            with rescaled(self.model, scale):
                if self.probe.glance(self.model).reached:
                    self.progress.scale = scale
                    self.progress.reached_at = int(self.bench.budget.amount)
                    self.progress.metrics |= self.probe.record(self.model, "")
                    self.bench.note("adapter scale", f"{scale:g}: the smallest at which the target level is reached")
                    return

    def _outcome(self) -> Outcome:
        undefined = {}
        metrics = dict(self.progress.metrics)
        if self.progress.reached_at is None:
            reason = "the target level was never reached on the dev questions"
            undefined = dict.fromkeys((*self.probe.matched, "steps_to_target"), reason)
        else:
            metrics["steps_to_target"] = float(self.progress.reached_at)
            self.bench.note("target level", f"first reached at step {self.progress.reached_at}")
        return Outcome(metrics=metrics, undefined=undefined)


class _Ledger(TrainerCallback):
    """Tells the bench what every step cost and how the loss went; keeps its checkpoints beside the trainer's."""

    def __init__(self, arm: Arm, stopper: StopOnForgetting | None) -> None:
        self.arm, self.stopper, self.tokens = arm, stopper, 0
        self.trainer: AnchoredSFTTrainer | None = None

    def on_step_end(self, args: Arguments, state: State, control: Control, **kwargs: Any) -> None:
        batch = self.arm.settings.batch * self.arm.settings.grad_acc
        seen = 0 if self.trainer is None else self.trainer.tokens_seen
        self.arm.bench.budget.spend(steps=1, examples=batch, tokens=seen - self.tokens)
        self.tokens = seen

    def on_log(self, args: Arguments, state: State, control: Control, **kwargs: Any) -> None:
        logs = kwargs.get("logs") or {}
        shown = ("cross_entropy", "anchor_distance", "anchor_coefficient")
        values = {name: float(logs[name]) for name in shown if name in logs}
        if values:
            self.arm.bench.log(state.global_step, **values)

    def on_save(self, args: Arguments, state: State, control: Control, **kwargs: Any) -> None:
        folder = str(Path(str(args.output_dir), f"checkpoint-{state.global_step}"))
        kept = None if self.stopper is None else (self.stopper.first, self.stopper.worse, self.stopper.changes)
        self.arm.bench.checkpoint({"folder": folder, "progress": self.arm.progress, "stopper": kept})


def training_stream(settings: TrainingSettings, bench: Bench, name: str) -> np.random.Generator:
    """The trial's stream of a name; an arm that does not train draws nothing of its trial, whatever it prepares."""
    return bench.rng(name) if settings.train else stream("untrained", name)


def adapted(model: Any, settings: TrainingSettings, bench: Bench) -> Any:
    """The base with a fresh adapter, drawn from the stream ``init``."""
    seed = int(training_stream(settings, bench, "init").integers(2**31))
    return lora(
        model,
        r=settings.lora_r,
        alpha=settings.lora_alpha,
        dropout=settings.lora_dropout,
        targets=settings.lora_targets,
        seed=seed,
    )


def anchor_of(settings: TrainingSettings, prompts: Sequence[Sequence[int]] | None, seed: int) -> Anchor | None:
    """The anchor that the settings describe."""
    schedule = schedule_of(settings)
    if settings.anchor_type is None or schedule is None:
        return None
    divergence = Divergence(KINDS[settings.anchor_type], settings.js_beta or 0.5)  # type: ignore[arg-type]
    if settings.anchor_prompts is not None:
        return Anchor(
            schedule, divergence, "prompts", prompts=prompts, prompts_per_step=settings.anchor_prompts, seed=seed
        )
    if settings.kl_limit_seq is not None:
        return Anchor(schedule, divergence, "tail", tail=settings.kl_limit_seq)
    return Anchor(schedule, divergence)


def arguments(settings: TrainingSettings, bench: Bench, steps: int, pack_to: int | None) -> SFTConfig:
    """The trainer's arguments; everything that could differ by machine or clock is fixed."""
    cuda = bench.device == "cuda"
    rows = rows_at_once(settings.batch, settings.grad_acc, bench.micro_batch)
    return SFTConfig(
        str(bench.workdir / "trainer"),
        max_steps=steps,
        per_device_train_batch_size=rows,
        gradient_accumulation_steps=settings.batch * settings.grad_acc // rows,
        learning_rate=settings.learning_rate,
        lr_scheduler_type=settings.schedule,
        warmup_steps=round(settings.warmup_ratio * steps),
        weight_decay=settings.weight_decay,
        seed=int(bench.rng("dropout").integers(2**31)),
        data_seed=int(bench.rng("order").integers(2**31)),
        train_sampling_strategy="random" if pack_to else "sequential",
        packing=pack_to is not None,
        max_length=pack_to,
        dataset_kwargs=None if pack_to else {"skip_prepare_dataset": True},
        save_strategy="no" if settings.save_steps is None else "steps",
        save_steps=settings.save_steps or steps,
        save_total_limit=2,
        logging_steps=max(1, steps // 100),
        report_to=[],
        disable_tqdm=True,
        use_cpu=not cuda,
        bf16=cuda,
        gradient_checkpointing=cuda,
        dataloader_pin_memory=cuda,
    )


def dataset_of(rows: Sequence[Tokenised]) -> Any:
    """A dataset of tokenised conversations, in their order."""
    from datasets import Dataset

    return Dataset.from_dict(
        {"input_ids": [list(row.input_ids) for row in rows], "labels": [list(row.labels) for row in rows]}
    )


def in_order(parts: Sequence[Sequence[Tokenised]], order: Sequence[tuple[int, int]]) -> list[Tokenised]:
    """The rows of a run, one after the other."""
    return [parts[part][index] for part, index in order]
