"""Divergences between the student's and the base's next-token distributions, with their gradients by the logits.

With p the base's and q the student's distribution over V tokens:

    forward     KL(p || q) = sum p log(p / q)                     d/dlogits = q - p
    reverse     KL(q || p) = sum q log(q / p)                     d/dlogits = q (log(q / p) - KL)
    js          beta KL(p || m) + (1 - beta) KL(q || m),          d/dlogits = (1 - beta) q (log(q / m) - KL(q || m))
                m = beta p + (1 - beta) q            (generalised Jensen-Shannon: Agarwal et al. 2024, arXiv:2306.13649)
    non-target  KL(p' || q') with the target token struck out and the rest renormalised
                (Zhao et al. 2022, arXiv:2203.08679, eq. 6, its second term)    d/dlogits = q' - p', 0 at the target

Everything is computed in place, chunk by chunk, since one (chunk, V) array is the largest thing in memory. Each
function returns the values and, where a gradient is wanted, turns the student's probabilities q into
w q + c dD/dlogits, where w is a row's weight in the cross-entropy (whose own gradient is w (q - onehot)).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, get_args

import torch
from torch import Tensor

from evenhand.errors import Fault, SettingsError

Kind = Literal["forward", "reverse", "js", "non-target"]
KINDS: tuple[str, ...] = get_args(Kind)


@dataclass(frozen=True)
class Divergence:
    """Which divergence anchors the student.

    Attributes:
        kind: forward, reverse, js or non-target.
        beta: weight of the base in the mixture of ``js``; 0 < beta < 1. The other kinds have no beta.

    Raises:
        SettingsError: unknown kind, or a beta outside (0, 1).
    """

    kind: Kind = "forward"
    beta: float = 0.5

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise SettingsError(
                "The anchor", [Fault("kind", f"must be one of {', '.join(KINDS)}; found {self.kind!r}")]
            )
        if not 0.0 < self.beta < 1.0:
            raise SettingsError("The anchor", [Fault("beta", f"must lie between 0 and 1; found {self.beta}")])


@dataclass(frozen=True)
class Rows:
    """One chunk of anchored rows. The (R, V) arrays are workspace: they are overwritten.

    Attributes:
        student_logits, base_logits: (R, V).
        student, base: (R, V) probabilities.
        student_lse, base_lse: (R,) logarithms of the sums of the exponentials of the logits.
        targets: (R, 1) the token that the text has next.
    """

    student_logits: Tensor
    base_logits: Tensor
    student: Tensor
    base: Tensor
    student_lse: Tensor
    base_lse: Tensor
    targets: Tensor


@dataclass(frozen=True)
class Weights:
    """What the gradient is made of: (R, 1) weights of the cross-entropy and the anchor's coefficient."""

    entropy: Tensor
    anchor: float


def softmax_into(logits: Tensor, out: Tensor) -> Tensor:
    """Write softmax((R, V) logits) into ``out``, which may be ``logits``, and return the (R,) log-sum-exp."""
    top = logits.amax(dim=-1, keepdim=True)
    torch.sub(logits, top, out=out).exp_()
    total = out.sum(dim=-1, keepdim=True)
    out.div_(total)
    return (top + total.log()).squeeze(-1)


def _dot(left: Tensor, right: Tensor) -> Tensor:
    """(R,) row-wise products of two (R, V) arrays, without a third."""
    return torch.bmm(left.unsqueeze(1), right.unsqueeze(2)).flatten()


def apply_divergence(rows: Rows, divergence: Divergence, weights: Weights | None) -> Tensor:
    """The (R,) divergences; with ``weights``, ``rows.student`` becomes w q + c dD/dlogits."""
    match divergence.kind:
        case "forward":
            return _forward(rows, weights)
        case "reverse":
            return _reverse(rows, weights)
        case "js":
            return _jensen_shannon(rows, weights, divergence.beta)
        case "non-target":
            return _non_target(rows, weights)


def _forward(rows: Rows, weights: Weights | None) -> Tensor:
    gap = rows.base_logits.sub_(rows.student_logits)
    values = _dot(rows.base, gap) - rows.base_lse + rows.student_lse
    if weights is not None:
        rows.student.mul_(weights.entropy + weights.anchor).sub_(rows.base, alpha=weights.anchor)
    return values


def _reverse(rows: Rows, weights: Weights | None) -> Tensor:
    gap = rows.student_logits.sub_(rows.base_logits)
    mean = _dot(rows.student, gap)
    if weights is not None:
        _scale_by(rows.student, gap, mean, weights.entropy, weights.anchor)
    return mean - rows.student_lse + rows.base_lse


def _jensen_shannon(rows: Rows, weights: Weights | None, beta: float) -> Tensor:
    log_q = rows.student_logits.sub_(rows.student_lse.unsqueeze(-1))
    log_p = rows.base_logits.sub_(rows.base_lse.unsqueeze(-1))
    # In log space: both probabilities may underflow at a token, and log(0) would poison the sums.
    log_m = torch.logaddexp(log_p + math.log(beta), log_q + math.log(1.0 - beta))
    of_base = _dot(rows.base, log_p.sub_(log_m))
    of_student = _dot(rows.student, log_q.sub_(log_m))
    if weights is not None:
        _scale_by(rows.student, log_q, of_student, weights.entropy, weights.anchor * (1.0 - beta))
    return beta * of_base + (1.0 - beta) * of_student


def _scale_by(student: Tensor, gap: Tensor, mean: Tensor, entropy: Tensor, anchor: float) -> None:
    """q becomes q (w + c (gap - mean)); ``gap`` is overwritten."""
    student.mul_(gap.sub_(mean.unsqueeze(-1)).mul_(anchor).add_(entropy))


def _non_target(rows: Rows, weights: Weights | None) -> Tensor:
    for logits in (rows.student_logits, rows.base_logits):
        logits.scatter_(-1, rows.targets, -torch.inf)
    # The remaining probabilities are computed afresh: 1 - q_target cancels where the model is sure of the target.
    base_lse = softmax_into(rows.base_logits, rows.base)
    gap = rows.base_logits.sub_(rows.student_logits).scatter_(-1, rows.targets, 0.0)
    values = _dot(rows.base, gap)
    remaining = rows.student_logits
    student_lse = softmax_into(rows.student_logits, remaining)
    if weights is not None:
        rows.student.mul_(weights.entropy)
        rows.student.add_(remaining, alpha=weights.anchor).sub_(rows.base, alpha=weights.anchor)
    return values - base_lse + student_lse
