"""The chunked loss against a plain float64 computation from full logits."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from evenhand_systems.anchored_sft.anchors import KINDS, Divergence, Head, anchored_loss

DIVERGENCES = [Divergence("forward"), Divergence("reverse"), Divergence("js", 0.3), Divergence("non-target")]
ROWS, WIDTH, VOCABULARY = 13, 5, 17


class Case:
    """A small problem in float64; ``spread`` sets how peaked the distributions are."""

    def __init__(self, spread: float = 1.0, bias: bool = False, dtype: torch.dtype = torch.float64) -> None:
        rng = torch.Generator().manual_seed(3)

        def draw(*shape: int) -> Tensor:
            return (torch.randn(*shape, generator=rng, dtype=torch.float64) * spread).to(dtype)

        self.hidden, self.base = draw(ROWS, WIDTH), draw(ROWS, WIDTH)
        self.head = Head(draw(VOCABULARY, WIDTH), draw(VOCABULARY) if bias else None)
        self.targets = torch.randint(VOCABULARY, (ROWS,), generator=rng)
        self.answer = torch.rand(ROWS, generator=rng) < 0.6
        self.anchored = torch.rand(ROWS, generator=rng) < 0.6


def plain_divergence(student: Tensor, base: Tensor, targets: Tensor, divergence: Divergence) -> Tensor:
    """(R,) from (R, V) logits by the definitions, one row and one token at a time where that is clearer."""
    if divergence.kind == "non-target":
        keep = torch.ones_like(student, dtype=torch.bool).scatter_(1, targets[:, None], False)
        student = student[keep].reshape(len(student), -1)
        base = base[keep].reshape(len(base), -1)
    q, p = student.softmax(-1), base.softmax(-1)
    kl = lambda a, b: (a * (a / b).log()).sum(-1)  # noqa: E731
    if divergence.kind == "reverse":
        return kl(q, p)
    if divergence.kind == "js":
        m = divergence.beta * p + (1 - divergence.beta) * q
        return divergence.beta * kl(p, m) + (1 - divergence.beta) * kl(q, m)
    return kl(p, q)


def plain_loss(case: Case, hidden: Tensor, divergence: Divergence, coefficient: float) -> Tensor:
    logits = [h @ case.head.weight.T + (0 if case.head.bias is None else case.head.bias) for h in (hidden, case.base)]
    entropy = -logits[0].log_softmax(-1)[torch.arange(ROWS), case.targets]
    anchor = plain_divergence(logits[0], logits[1], case.targets, divergence)
    return entropy[case.answer].sum() + coefficient * anchor[case.anchored].sum()


def chunked(case: Case, hidden: Tensor, divergence: Divergence, coefficient: float, chunk: int = 4):
    return anchored_loss(
        hidden,
        case.head,
        case.targets,
        answer=case.answer,
        base_hidden=case.base[case.anchored],
        anchored=case.anchored,
        divergence=divergence,
        coefficient=coefficient,
        chunk=chunk,
    )


@pytest.mark.parametrize("divergence", DIVERGENCES, ids=lambda d: d.kind)
@pytest.mark.parametrize("spread", [0.3, 3.0], ids=["flat", "peaked"])
@pytest.mark.parametrize("bias", [False, True])
def test_value_and_gradient_equal_the_plain_computation(divergence: Divergence, spread: float, bias: bool) -> None:
    case = Case(spread, bias)
    hidden = case.hidden.clone().requires_grad_()
    expected = plain_loss(case, hidden, divergence, 0.7)
    (gradient,) = torch.autograd.grad(expected, hidden)
    other = case.hidden.clone().requires_grad_()
    found = chunked(case, other, divergence, 0.7)
    found.total.backward()
    torch.testing.assert_close(found.total, expected)
    torch.testing.assert_close(other.grad, gradient)


@pytest.mark.parametrize("divergence", DIVERGENCES, ids=lambda d: d.kind)
def test_gradients_pass_gradcheck_for_hidden_states_weight_and_bias(divergence: Divergence) -> None:
    case = Case(bias=True)

    def total(hidden: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        case.head = Head(weight, bias)
        return chunked(case, hidden, divergence, 0.5).total

    # The base's logits go through the same head, but as a reference: they carry no gradient. So the head is checked
    # where nothing is anchored, and the hidden states where it is.
    hidden = case.hidden.clone().requires_grad_()
    weight, bias = case.head.weight.clone(), case.head.bias.clone()
    assert torch.autograd.gradcheck(lambda h: total(h, weight, bias), (hidden,))
    case.anchored = torch.zeros(ROWS, dtype=torch.bool)
    assert torch.autograd.gradcheck(
        lambda w, b: total(case.hidden, w, b), (weight.requires_grad_(), bias.requires_grad_())
    )


@pytest.mark.parametrize("divergence", DIVERGENCES, ids=lambda d: d.kind)
@pytest.mark.parametrize("chunk", [1, 5, 64])
def test_the_size_of_the_chunks_changes_nothing(divergence: Divergence, chunk: int) -> None:
    case = Case()
    one, other = (case.hidden.clone().requires_grad_() for _ in range(2))
    whole = chunked(case, one, divergence, 0.5, ROWS)
    parts = chunked(case, other, divergence, 0.5, chunk)
    (whole.total + parts.total).backward()
    torch.testing.assert_close(parts.total, whole.total)
    torch.testing.assert_close(parts.cross_entropy, whole.cross_entropy)
    torch.testing.assert_close(parts.divergence, whole.divergence)
    torch.testing.assert_close(one.grad, other.grad)


@pytest.mark.parametrize("divergence", DIVERGENCES, ids=lambda d: d.kind)
def test_a_student_equal_to_its_base_is_not_pulled(divergence: Divergence) -> None:
    case = Case()
    case.base = case.hidden
    case.answer = torch.zeros(ROWS, dtype=torch.bool)
    hidden = case.hidden.clone().requires_grad_()
    found = chunked(case, hidden, divergence, 1.0)
    found.total.backward()
    torch.testing.assert_close(found.divergence, torch.zeros_like(found.divergence), atol=1e-12, rtol=0)
    torch.testing.assert_close(hidden.grad, torch.zeros_like(hidden), atol=1e-12, rtol=0)


def test_float32_stays_finite_and_close_where_probabilities_underflow() -> None:
    exact, rounded = Case(8.0), Case(8.0, dtype=torch.float32)
    for divergence in DIVERGENCES:
        hidden = rounded.hidden.clone().requires_grad_()
        found = chunked(rounded, hidden, divergence, 1.0)
        found.total.backward()
        assert torch.isfinite(hidden.grad).all()
        expected = chunked(exact, exact.hidden, divergence, 1.0)
        torch.testing.assert_close(found.divergence.double(), expected.divergence, rtol=1e-3, atol=1e-4)


def test_rows_that_are_no_answers_carry_no_cross_entropy() -> None:
    case = Case()
    hidden = case.hidden.clone().requires_grad_()
    found = anchored_loss(hidden, case.head, case.targets, answer=case.answer)
    found.total.backward()
    assert (found.cross_entropy[~case.answer] == 0).all()
    assert (hidden.grad[~case.answer] == 0).all()
    assert (hidden.grad[case.answer] != 0).any(dim=1).all()


def test_a_coefficient_of_zero_measures_the_divergence_but_pulls_nothing() -> None:
    case = Case()
    free, held = (case.hidden.clone().requires_grad_() for _ in range(2))
    plain = anchored_loss(free, case.head, case.targets, answer=case.answer)
    measured = chunked(case, held, Divergence("reverse"), 0.0)
    (plain.total + measured.total).backward()
    assert (measured.divergence > 0).all()
    torch.testing.assert_close(free.grad, held.grad)


def test_shapes_that_do_not_fit_are_refused() -> None:
    case = Case()
    with pytest.raises(ValueError, match="anchored rows need as many rows of the base"):
        anchored_loss(case.hidden, case.head, case.targets, base_hidden=case.base[:2], anchored=case.anchored)


def test_every_kind_of_divergence_is_tested_here() -> None:
    assert {d.kind for d in DIVERGENCES} == set(KINDS)
