"""What was learned and what was forgotten: the same questions, texts and limits before, during and after training.

Every evaluation keeps a record per question; comparisons are paired question by question.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from evenhand.errors import DataError
from evenhand_systems.anchored_sft.data.conversations import Tokenised
from evenhand_systems.anchored_sft.data.questions import Question
from evenhand_systems.anchored_sft.evaluation.answers import greedy_answers

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["Answers", "Comparison", "ForgettingEvaluation", "Losses", "Question", "compare", "detectable_change"]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Answers:
    """Scores of questions with exact answers.

    Attributes:
        ids, skills: (I,) of the questions.
        scores: (I,) 1 where the answer is exactly right, else 0.
        outputs: (I,) what was answered.
        cap: most new tokens an answer could have.
    """

    ids: tuple[str, ...]
    skills: tuple[str, ...]
    scores: Floats
    outputs: tuple[str, ...]
    cap: int

    @property
    def mean(self) -> float:
        """Share of right answers."""
        return float(self.scores.mean())

    def by_skill(self) -> dict[str, float]:
        """Share of right answers of every skill."""
        names = np.asarray(self.skills)
        return {str(name): float(self.scores[names == name].mean()) for name in dict.fromkeys(self.skills)}


@dataclass(frozen=True)
class Losses:
    """Losses of texts.

    Attributes:
        ids: (I,) of the texts.
        sums: (I,) summed loss in nats.
        tokens: (I,) number of tokens it was summed over.
    """

    ids: tuple[str, ...]
    sums: Floats
    tokens: NDArray[np.int64]

    @property
    def mean(self) -> float:
        """Nats per token, every token counting the same; a long text counts more than a short one."""
        return float(self.sums.sum() / self.tokens.sum())

    @property
    def perplexity(self) -> float:
        """exp of the mean loss."""
        return float(np.exp(self.mean))

    def per_text(self) -> Floats:
        """(I,) nats per token of each text."""
        return self.sums / self.tokens


@dataclass(frozen=True)
class Comparison:
    """Two evaluations of the same questions, paired.

    Attributes:
        difference: mean of after - before.
        gained, lost: ids of questions whose score rose, fell.
        count: number of questions.
        sd: standard deviation of the differences; None for fewer than two questions.
        detectable: smallest change that this many questions show with 80 % power at 5 %; None without an sd.
    """

    difference: float
    gained: tuple[str, ...]
    lost: tuple[str, ...]
    count: int
    sd: float | None
    detectable: float | None


def detectable_change(count: int, sd: float, *, alpha: float = 0.05, power: float = 0.8) -> float:
    """Smallest mean change that ``count`` paired questions detect, given the sd of their differences.

    (z(1 - alpha / 2) + z(power)) sd / sqrt(count): .47 for 80 questions with sd 1.5.
    """
    return float((norm.isf(alpha / 2) + norm.ppf(power)) * sd / np.sqrt(count))


def compare(before: Answers, after: Answers) -> Comparison:
    """Compare like with like.

    Raises:
        DataError: other questions, or another cap on the answers.
    """
    if before.ids != after.ids or before.cap != after.cap:
        raise DataError(
            f"Only evaluations of the same questions under the same cap compare; found {len(before.ids)} questions "
            f"capped at {before.cap} and {len(after.ids)} capped at {after.cap}, {len({*before.ids} & {*after.ids})} "
            "of them the same."
        )
    change = after.scores - before.scores
    sd = float(change.std(ddof=1)) if len(change) > 1 else None
    names = np.asarray(before.ids)
    return Comparison(
        float(change.mean()),
        tuple(map(str, names[change > 0])),
        tuple(map(str, names[change < 0])),
        len(change),
        sd,
        None if sd is None else detectable_change(len(change), sd),
    )


@dataclass
class ForgettingEvaluation:
    """The fixed questions and texts of an evaluation. Made once, before any training or sampling.

    Attributes:
        tokenizer: of the model, with a chat template.
        questions: with exact answers, of whatever skills.
        cap: most new tokens of an answer.
        validation: conversations of the target task, cut before sampling.
        texts: general texts; all their tokens but the first count.
        batch: rows computed at once; it changes no score beyond rounding.
    """

    tokenizer: Any
    questions: Sequence[Question] = ()
    cap: int = 16
    validation: Sequence[Tokenised] = ()
    texts: Sequence[Tokenised] = ()
    batch: int = 256
    chunk: int = 256

    def answers(self, model: Any, *, skills: Sequence[str] | None = None) -> Answers:
        """Greedy answers to all questions (of the given skills), scored exactly.

        Raises:
            DataError: there are no such questions.
        """
        asked = [q for q in self.questions if skills is None or q.skill in skills]
        if not asked:
            raise DataError(f"There are no questions of {'any skill' if skills is None else ', '.join(skills)}.")
        outputs = greedy_answers(model, self.tokenizer, [q.prompt for q in asked], cap=self.cap, batch=self.batch)
        scores = np.asarray([float(out == q.answer) for out, q in zip(outputs, asked, strict=True)])
        return Answers(tuple(q.id for q in asked), tuple(q.skill for q in asked), scores, tuple(outputs), self.cap)

    def target_loss(self, model: Any) -> Losses:
        """Cross-entropy on the answers of the validation conversations."""
        return self._losses(model, self.validation)

    def text_loss(self, model: Any) -> Losses:
        """Cross-entropy on the general texts."""
        return self._losses(model, self.texts)

    def distance(self, model: Any) -> Losses:
        """Forward KL of the model from its base (adapter off) on the general texts, summed over their tokens."""
        return self._losses(model, self.texts, distance=True)

    def _losses(self, model: Any, rows: Sequence[Tokenised], *, distance: bool = False) -> Losses:
        if not rows:
            raise DataError("There are no texts to measure a loss on.")
        sums, tokens = np.zeros(len(rows)), np.zeros(len(rows), dtype=np.int64)
        was_training = model.training
        model.eval()
        try:
            for indices, row_of, values in self._batches(model, rows, distance):
                for i, index in enumerate(indices):
                    mine = row_of == i
                    sums[index], tokens[index] = float(values[mine].double().sum()), int(mine.sum())
        finally:
            model.train(was_training)
        return Losses(tuple(row.id for row in rows), sums, tokens)

    def _batches(
        self, model: Any, rows: Sequence[Tokenised], distance: bool
    ) -> Iterator[tuple[list[int], Tensor, Tensor]]:
        """(indices, row of each counted token, its value) of one batch after the other."""
        import torch

        from evenhand_systems.anchored_sft import anchors

        device = next(model.parameters()).device
        order = sorted(range(len(rows)), key=lambda i: len(rows[i].input_ids))
        for start in range(0, len(order), self.batch):
            indices = order[start : start + self.batch]
            inputs, labels, layout = _padded([rows[i] for i in indices], device)
            counted = anchors.answer_tokens(labels, layout)[:, 1:]
            base = anchors.base_hidden_states(model, inputs)[:, :-1][counted] if distance else None
            with torch.no_grad():
                found = anchors.anchored_loss(
                    anchors.hidden_states(model, inputs)[:, :-1][counted],
                    anchors.output_head(model),
                    inputs["input_ids"][:, 1:][counted],
                    base_hidden=base,
                    chunk=self.chunk,
                )
            values = found.cross_entropy if found.divergence is None else found.divergence
            yield indices, counted.nonzero()[:, 0], values


def _padded(rows: Sequence[Tokenised], device: Any) -> tuple[dict[str, Tensor], Tensor, Any]:
    import torch

    from evenhand_systems.anchored_sft.anchors import token_layout

    width = max(len(row.input_ids) for row in rows)
    ids = torch.zeros((len(rows), width), dtype=torch.long)
    mask, labels = torch.zeros_like(ids), torch.full_like(ids, -100)
    for i, row in enumerate(rows):
        ids[i, : len(row.input_ids)] = torch.tensor(row.input_ids)
        mask[i, : len(row.input_ids)] = 1
        labels[i, : len(row.labels)] = torch.tensor(row.labels)
    layout = token_layout(ids, mask, None)
    inputs = {"input_ids": ids, "attention_mask": mask, "position_ids": layout.position_ids}
    return (
        {k: v.to(device) for k, v in inputs.items()},
        labels.to(device),
        token_layout(ids.to(device), mask.to(device), None),
    )
