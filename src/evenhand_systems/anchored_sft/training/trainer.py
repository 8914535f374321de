"""TRL's SFTTrainer with an anchor to the untouched base model.

    trainer = AnchoredSFTTrainer(model, args=SFTConfig(...), train_dataset=data, peft_config=LoraConfig(r=8),
                                 anchor=Anchor(AnchorSchedule(0.1), Divergence("reverse")))

The loss is (sum of CE over answer tokens + c(t) * sum of D over anchored tokens) / answer tokens of the whole
accumulated batch, so that 1 x 16 and 16 x 1 accumulation give the same gradients.
"""

from __future__ import annotations

import copy
import inspect
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments
from trl import SFTTrainer  # type: ignore[attr-defined]

from evenhand.errors import Diverged, Fault, SettingsError
from evenhand_systems.anchored_sft.anchors import (
    AnchoredLoss,
    TokenLayout,
    anchored_loss,
    answer_tokens,
    base_hidden_states,
    check_base_is_kept,
    hidden_states,
    last_tokens,
    output_head,
    token_layout,
)
from evenhand_systems.anchored_sft.data.training_sets import check_answers_are_labelled, cut_to_length
from evenhand_systems.anchored_sft.training.anchor import Anchor


@dataclass
class _Sums:
    """What was measured since the last line of the log."""

    entropy: float = 0.0
    answers: int = 0
    divergence: float = 0.0
    anchored: int = 0


class _Guard(TrainerCallback):
    """Refuses a schedule that the run cannot fulfil, once the number of steps is known; stops a diverged run."""

    def __init__(self, anchor: Anchor | None) -> None:
        self.anchor = anchor

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        if self.anchor is not None:
            self.anchor.schedule.check(state.max_steps)


class AnchoredSFTTrainer(SFTTrainer):
    """``trl.SFTTrainer`` whose loss may pull the student towards its base.

    Everything that an SFTTrainer takes, and:

    Args:
        anchor: the anchor, or None for plain SFT with the same chunked loss.
        chunk: rows of logits in memory at once.

    The log gains ``cross_entropy`` and ``anchor_distance`` (means per token), and ``anchor_coefficient``.
    ``tokens_seen`` counts real tokens of all training passes of the student, ``base_tokens`` those of the base, which
    an anchor adds; ``processor_seconds`` is what the training steps took.

    Raises:
        SettingsError: the model has no usable reference, its head does more than a product, it adds an auxiliary loss,
            a data set would put loss on questions
            (:func:`~evenhand_systems.anchored_sft.data.training_sets.check_answers_are_labelled`) or lose rows to
            ``max_length`` (:func:`~evenhand_systems.anchored_sft.data.training_sets.cut_to_length`), or (when
            training starts) the schedule never reaches full strength.
    """

    def __init__(self, *args: Any, anchor: Anchor | None = None, chunk: int = 128, **kwargs: Any) -> None:
        check_answers_are_labelled(inspect.signature(SFTTrainer).bind_partial(*args, **kwargs).arguments)
        super().__init__(*args, **kwargs)
        self.anchor = anchor
        self.chunk = chunk
        self.tokens_seen = 0
        self.base_tokens = 0
        self.processor_seconds = 0.0
        self._sums = _Sums()
        self._micro = (-1, -1)
        # The loss is divided by the tokens of the accumulated batch here; dividing again by the number of micro-batches
        # (or not at all) would change the gradients with the accumulation.
        self.model_accepts_loss_kwargs = True
        output_head(self.model)
        if getattr(self, "aux_loss_enabled", False):
            message = (
                "adds a load-balancing loss of its own, which the anchored loss leaves out; set its coefficient to 0"
            )
            raise SettingsError("The anchored trainer", [Fault("router_aux_loss_coef", message)])
        if anchor is not None:
            check_base_is_kept(self.model)
        self.add_callback(_Guard(anchor))

    def _prepare_dataset(
        self, dataset: Any, processing_class: Any, args: Any, packing: bool, formatting_func: Any, dataset_name: str
    ) -> Any:
        """As SFTTrainer's, but that a row whose whole answer ``max_length`` cuts off is an error: trl drops it."""
        if packing or args.max_length is None:
            return super()._prepare_dataset(dataset, processing_class, args, packing, formatting_func, dataset_name)
        whole = copy.copy(args)
        whole.max_length = None
        prepared = super()._prepare_dataset(dataset, processing_class, whole, packing, formatting_func, dataset_name)
        return cut_to_length(prepared, args.max_length, args.truncation_mode, dataset_name)

    def compute_loss(
        self,
        model: Any,
        inputs: dict[str, Any],
        return_outputs: bool = False,
        num_items_in_batch: Tensor | int | None = None,
    ) -> Any:
        """CE and anchor of one micro-batch, divided by the answer tokens of the accumulated batch."""
        training = model.training
        labels = inputs["labels"]
        layout = token_layout(inputs["input_ids"], inputs.get("attention_mask"), inputs.get("position_ids"))
        passed = {k: v for k, v in inputs.items() if k not in ("labels", "use_cache")}
        passed["position_ids"] = layout.position_ids
        coefficient = self._coefficient() if training else 0.0
        found = self._sums_of(model, passed, labels, layout, coefficient)
        answers = int(answer_tokens(labels, layout).sum())
        count = answers if num_items_in_batch is None else num_items_in_batch
        loss = found.total / max(float(count), 1.0)
        if self.args.average_tokens_across_devices and num_items_in_batch is not None:
            loss = loss * self.accelerator.num_processes
        if training:
            if not torch.isfinite(loss):
                raise Diverged(f"the training loss is {float(loss)} at step {self.state.global_step}")
            self._record(found, answers, layout)
        if not return_outputs:
            return loss
        with torch.no_grad():
            return loss, model(**passed)

    def training_step(self, *args: Any, **kwargs: Any) -> Any:
        """As SFTTrainer's, with the processor time it takes on the record."""
        start = time.process_time()
        try:
            return super().training_step(*args, **kwargs)  # type: ignore[no-untyped-call]
        finally:
            self.processor_seconds += time.process_time() - start

    def _coefficient(self) -> float:
        if self.anchor is None:
            return 0.0
        return self.anchor.schedule.at(self.state.global_step, self.state.max_steps)

    def _sums_of(
        self, model: Any, inputs: Mapping[str, Any], labels: Tensor, layout: TokenLayout, coefficient: float
    ) -> AnchoredLoss:
        answer = answer_tokens(labels, layout)
        anchor = self.anchor if coefficient > 0 else None
        if anchor is None:
            hidden = hidden_states(model, inputs)
            return self._loss([_Rows.of(hidden, None, inputs["input_ids"], answer, torch.zeros_like(answer))], 0.0)
        batches = [(dict(inputs), layout, answer, self._anchored(anchor, answer, layout))]
        if anchor.positions == "prompts":
            batches += self._prompt_batches(anchor)
        self.base_tokens += sum(int(layout.real.sum()) for _, layout, _, held in batches if bool(held.any()))
        # The base first: see base_hidden_states.
        bases = [base_hidden_states(model, given) if bool(held.any()) else None for given, _, _, held in batches]
        rows = [
            _Rows.of(hidden_states(model, given), base, given["input_ids"], wanted, held)
            for (given, _, wanted, held), base in zip(batches, bases, strict=True)
        ]
        return self._loss(rows, coefficient)

    def _anchored(self, anchor: Anchor, answer: Tensor, layout: TokenLayout) -> Tensor:
        match anchor.positions:
            case "answers":
                return answer
            case "tail":
                assert anchor.tail is not None
                return last_tokens(layout, anchor.tail)
            case "prompts":
                return torch.zeros_like(answer)

    def _prompt_batches(self, anchor: Anchor) -> list[tuple[dict[str, Any], TokenLayout, Tensor, Tensor]]:
        """The generic prompts of this micro-batch, as one more batch without answers; none where there are too few."""
        step = self.state.global_step
        self._micro = (step, self._micro[1] + 1 if self._micro[0] == step else 0)
        parts = self.current_gradient_accumulation_steps
        drawn = anchor.drawn(step, self._micro[1] % parts, parts)
        if not drawn:
            return []
        width, device = max(map(len, drawn)), self.args.device
        ids = torch.zeros((len(drawn), width), dtype=torch.long, device=device)
        mask = torch.zeros_like(ids)
        for i, prompt in enumerate(drawn):
            ids[i, : len(prompt)] = torch.tensor(list(prompt), device=device)
            mask[i, : len(prompt)] = 1
        layout = token_layout(ids, mask, None)
        self.tokens_seen += int(layout.real.sum())
        given = {"input_ids": ids, "attention_mask": mask, "position_ids": layout.position_ids}
        return [(given, layout, torch.zeros_like(layout.real), layout.predictable)]

    def _loss(self, rows: Sequence[_Rows], coefficient: float) -> AnchoredLoss:
        bases = [part.base for part in rows if part.base is not None]
        return anchored_loss(
            torch.cat([part.hidden for part in rows]),
            output_head(self.model),
            torch.cat([part.targets for part in rows]),
            answer=torch.cat([part.answer for part in rows]),
            base_hidden=torch.cat(bases) if bases else None,
            anchored=torch.cat([part.anchored for part in rows]) if bases else None,
            divergence=None if self.anchor is None else self.anchor.divergence,
            coefficient=coefficient,
            chunk=self.chunk,
        )

    def _record(self, found: AnchoredLoss, answers: int, layout: TokenLayout) -> None:
        self.tokens_seen += int(layout.real.sum())
        self._sums.entropy += float(found.cross_entropy.sum())
        self._sums.answers += answers
        if found.divergence is not None:
            self._sums.divergence += float(found.divergence.sum())
            self._sums.anchored += len(found.divergence)

    def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
        """As SFTTrainer's, with the parts of the loss; a part that was not measured is left out."""
        if "loss" in logs and self._sums.answers:
            logs["cross_entropy"] = self._sums.entropy / self._sums.answers
            if self._sums.anchored:
                logs["anchor_distance"] = self._sums.divergence / self._sums.anchored
            if self.anchor is not None:
                logs["anchor_coefficient"] = self._coefficient()
            self._sums = _Sums()
        super().log(logs, start_time)


@dataclass(frozen=True)
class _Rows:
    """The rows of one batch that carry anything: hidden states in front of each predicted token."""

    hidden: Tensor
    base: Tensor | None
    targets: Tensor
    answer: Tensor
    anchored: Tensor

    @classmethod
    def of(cls, hidden: Tensor, base: Tensor | None, ids: Tensor, answer: Tensor, anchored: Tensor) -> _Rows:
        """Pick the rows; token j is foretold by the hidden state at j - 1."""
        answer, anchored, targets = answer[:, 1:], anchored[:, 1:], ids[:, 1:]
        carries = answer | anchored
        return cls(
            hidden[:, :-1][carries],
            None if base is None else base[:, :-1][anchored],
            targets[carries],
            answer[carries],
            anchored[carries],
        )
