"""Cross-entropy plus anchor from hidden states, a few rows of logits at a time.

The gradient by the hidden states is taken while a chunk's logits exist. So nothing of size V outlives its chunk, as
under checkpointing, but the output head is not run a second time: per row one product with the head for the
student, one for the base, one for the gradient. (For Qwen3's 151,936 tokens the full logits of 8 x 768 positions
would be 3.7 GB a tensor.)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from evenhand_systems.anchored_sft.anchors.divergence import Divergence, Rows, Weights, apply_divergence, softmax_into

CACHED_ELEMENTS = 400_000
"""Elements of a block on a CPU: what is done to them one operation after the other stays in its cache."""


@dataclass(frozen=True)
class Head:
    """The output head: (V, H) weight, (V,) bias or None. Shared by student and base: adapters leave it alone."""

    weight: Tensor
    bias: Tensor | None = None


@dataclass(frozen=True)
class AnchoredLoss:
    """What :func:`anchored_loss` returns.

    Attributes:
        total: (), the differentiable sum over rows of CE + coefficient * D. Divide it by the token count.
        cross_entropy: (T,) by row, 0 where the row is no answer; carries no gradient.
        divergence: (A,) by anchored row, in their order; carries no gradient. None where nothing is anchored.
    """

    total: Tensor
    cross_entropy: Tensor
    divergence: Tensor | None


@dataclass(frozen=True)
class _Plan:
    """Rows sorted so that the anchored ones come first; ``anchored`` counts them."""

    targets: Tensor
    answer: Tensor
    anchored: int
    divergence: Divergence
    coefficient: float
    chunk: int


def anchored_loss(
    hidden: Tensor,
    head: Head,
    targets: Tensor,
    *,
    answer: Tensor | None = None,
    base_hidden: Tensor | None = None,
    anchored: Tensor | None = None,
    divergence: Divergence | None = None,
    coefficient: float = 0.0,
    chunk: int = 64,
) -> AnchoredLoss:
    """Sum over rows of the cross-entropy and of coefficient times the divergence from the base.

    Args:
        hidden: (T, H) last hidden states of the student, one row per predicted token.
        head: the output head.
        targets: (T,) the token that follows each row.
        answer: (T,) bool, rows that carry cross-entropy; None means all.
        base_hidden: (A, H) hidden states of the base at the anchored rows, in row order; None means no anchor.
        anchored: (T,) bool, rows that carry the anchor; None means the answer rows.
        divergence: which one; forward KL where not given.
        coefficient: c(t), at least 0. With 0 the divergence is measured but pulls nothing.
        chunk: rows whose logits are in memory at once.

    Raises:
        ValueError: shapes that do not fit each other.
    """
    rows = hidden.shape[0]
    if answer is None:
        answer = torch.ones(rows, dtype=torch.bool, device=hidden.device)
    if base_hidden is None:
        anchored = torch.zeros_like(answer)
    elif anchored is None:
        anchored = answer
    assert anchored is not None
    _check_shapes(rows, targets, answer, anchored, base_hidden, chunk)
    # Anchored rows first: then a chunk has either a base or none, and no half-filled workspace is copied about.
    order = torch.argsort(~anchored, stable=True)
    count = 0 if base_hidden is None else base_hidden.shape[0]
    plan = _Plan(targets[order], answer[order], count, divergence or Divergence(), float(coefficient), chunk)
    if 0 < count < rows:
        hidden = hidden[order]
    total, entropy, values = _Chunked.apply(hidden, head.weight, head.bias, base_hidden, plan)  # type: ignore[no-untyped-call]
    entropy = torch.zeros_like(entropy).index_copy_(0, order, entropy)
    return AnchoredLoss(total, entropy, None if base_hidden is None else values)


def _check_shapes(
    rows: int, targets: Tensor, answer: Tensor, anchored: Tensor, base_hidden: Tensor | None, chunk: int
) -> None:
    expected, found = int(anchored.sum()), 0 if base_hidden is None else base_hidden.shape[0]
    if targets.shape != (rows,) or answer.shape != (rows,) or anchored.shape != (rows,) or expected != found:
        raise ValueError(
            f"{rows} rows of hidden states need as many targets (found {tuple(targets.shape)}) and masks (found "
            f"{tuple(answer.shape)} and {tuple(anchored.shape)}); {expected} anchored rows need as many rows of the "
            f"base (found {found})"
        )
    if chunk < 1:
        raise ValueError(f"a chunk must hold at least one row; found {chunk}")


class _Chunked(torch.autograd.Function):
    """The sum with its gradient computed on the way; first derivatives only."""

    @staticmethod
    def forward(
        ctx: Any, hidden: Tensor, weight: Tensor, bias: Tensor | None, base_hidden: Tensor | None, plan: _Plan
    ) -> tuple[Tensor, Tensor, Tensor]:
        work = _Pass(hidden, weight, bias, base_hidden, plan, ctx.needs_input_grad[:3])
        work.run()
        ctx.save_for_backward(*work.gradients)
        ctx.mark_non_differentiable(work.entropy, work.values)
        total = work.entropy.sum() + plan.coefficient * work.values.sum()
        return total, work.entropy, work.values

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, of_total: Tensor, *_: Tensor) -> tuple[Tensor | None, ...]:
        found = [None if gradient is None else gradient * of_total for gradient in ctx.saved_tensors]
        return (*found, None, None)


class _Pass:
    """One pass over the chunks with a workspace that is allocated once: fresh pages cost more than the arithmetic."""

    def __init__(
        self,
        hidden: Tensor,
        weight: Tensor,
        bias: Tensor | None,
        base_hidden: Tensor | None,
        plan: _Plan,
        wanted: Sequence[bool],
    ) -> None:
        self.hidden, self.weight, self.bias, self.base_hidden, self.plan = hidden, weight, bias, base_hidden, plan
        # Half-precision logits would lose the small probabilities that an anchor is about.
        self.dtype = torch.float64 if hidden.dtype == torch.float64 else torch.float32
        self.gradients: list[Tensor | None] = [
            torch.zeros_like(source) if want and source is not None else None
            for source, want in zip((hidden, weight, bias), wanted, strict=True)
        ]
        rows = hidden.shape[0]
        self.entropy = hidden.new_zeros(rows, dtype=self.dtype)
        self.values = hidden.new_zeros(plan.anchored, dtype=self.dtype)
        chunk, vocabulary = min(plan.chunk, max(rows, 1)), weight.shape[0]
        self.block = chunk if hidden.is_cuda else min(chunk, max(1, CACHED_ELEMENTS // vocabulary))
        sides = 2 if plan.anchored else 1
        self.logits = torch.empty((sides, chunk, vocabulary), dtype=self.dtype, device=hidden.device)
        self.scratch = torch.empty((sides, self.block, vocabulary), dtype=self.dtype, device=hidden.device)

    def run(self) -> None:
        """All chunks: the anchored rows, then the others."""
        rows, anchored, chunk = self.hidden.shape[0], self.plan.anchored, self.plan.chunk
        for start in range(0, anchored, chunk):
            self._chunk(slice(start, min(start + chunk, anchored)), True)
        for start in range(anchored, rows, chunk):
            self._chunk(slice(start, min(start + chunk, rows)), False)

    def _chunk(self, rows: slice, anchored: bool) -> None:
        """Products with the head for the whole chunk; in between, what is done element by element for a block."""
        count = rows.stop - rows.start
        self._logits(self.hidden[rows], self.logits[0, :count])
        if anchored:
            assert self.base_hidden is not None
            self._logits(self.base_hidden[rows], self.logits[1, :count])
        wanted = any(gradient is not None for gradient in self.gradients)
        for start in range(0, count, self.block):
            self._block(rows.start, slice(start, min(start + self.block, count)), anchored, wanted)
        if wanted:
            self._carry_back(rows, self.logits[0, :count])

    def _block(self, offset: int, part: slice, anchored: bool, wanted: bool) -> None:
        """Losses of some rows of a chunk; where a gradient is wanted, it takes the place of their logits."""
        rows, count = slice(offset + part.start, offset + part.stop), part.stop - part.start
        logits, student = self.logits[0, part], self.scratch[0, :count]
        lse = softmax_into(logits, student)
        targets, answer = self.plan.targets[rows].unsqueeze(-1), self.plan.answer[rows]
        self.entropy[rows] = torch.where(answer, lse - logits.gather(-1, targets).squeeze(-1), 0.0)
        entropy_weight = answer.to(self.dtype).unsqueeze(-1)
        if anchored:
            base_logits, base = self.logits[1, part], self.scratch[1, :count]
            base_lse = softmax_into(base_logits, base)
            weights = Weights(entropy_weight, self.plan.coefficient) if wanted else None
            filled = Rows(logits, base_logits, student, base, lse, base_lse, targets)
            self.values[rows] = apply_divergence(filled, self.plan.divergence, weights)
        elif wanted:
            student.mul_(entropy_weight)
        if wanted:
            logits.copy_(student.scatter_add_(-1, targets, -entropy_weight))

    def _logits(self, hidden: Tensor, out: Tensor) -> None:
        if hidden.dtype == self.weight.dtype == self.dtype:
            torch.mm(hidden, self.weight.T, out=out)
        else:
            out.copy_(hidden.to(self.weight.dtype) @ self.weight.T)
        if self.bias is not None:
            out.add_(self.bias)

    def _carry_back(self, rows: slice, by_logits: Tensor) -> None:
        of_hidden, of_weight, of_bias = self.gradients
        by_logits = by_logits.to(self.weight.dtype)
        if of_hidden is not None:
            of_hidden[rows] = (by_logits @ self.weight).to(of_hidden.dtype)
        if of_weight is not None:
            of_weight.addmm_(by_logits.T, self.hidden[rows].to(self.weight.dtype))
        if of_bias is not None:
            of_bias.add_(by_logits.sum(dim=0))
