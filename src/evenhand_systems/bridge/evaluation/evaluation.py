"""Evaluation of a bridge: greedy answers in batches, both extractions, signs of collapse, one JSON line per item."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from evenhand.files import write_text
from evenhand_systems.bridge.evaluation import collapse as alarms
from evenhand_systems.bridge.evaluation import geometry
from evenhand_systems.bridge.settings import EvaluationControl
from evenhand_systems.bridge.tasks import extraction
from evenhand_systems.bridge.tasks.formats import check_no_gold
from evenhand_systems.bridge.tasks.items import Item
from evenhand_systems.bridge.translation.bridge import Bridge
from evenhand_systems.bridge.translation.controls import controlled, derangement
from evenhand_systems.bridge.translation.soft_tokens import SoftTokens


@dataclass(frozen=True)
class Answers:
    """What was written for I items, and what was read out of it.

    Attributes:
        outputs: whole texts.
        strict, flexible: extracted numbers, or words where the gold is one; None where there is none.
        correct: strict answer equals gold; correct_flexible: the flexible one does.
    """

    outputs: tuple[str, ...]
    strict: tuple[str | None, ...]
    flexible: tuple[str | None, ...]
    correct: tuple[bool, ...]
    correct_flexible: tuple[bool, ...]

    @classmethod
    def read(cls, outputs: Sequence[str], items: Sequence[Item]) -> Answers:
        """Extract and compare."""
        pairs = [(text, item.gold) for text, item in zip(outputs, items, strict=True)]
        strict = tuple(extraction.marked(text, gold) for text, gold in pairs)
        flexible = tuple(extraction.unmarked(text, gold) for text, gold in pairs)
        right = [
            [extraction.same(a, item.gold) for a, item in zip(row, items, strict=True)] for row in (strict, flexible)
        ]
        return cls(tuple(outputs), strict, flexible, tuple(right[0]), tuple(right[1]))

    def metrics(self) -> dict[str, float]:
        """Accuracy by both extractions, invalid share, share of the most frequent answer."""
        return {
            "exact_match": float(np.mean(self.correct)),
            "flexible_match": float(np.mean(self.correct_flexible)),
            "invalid_share": float(np.mean([answer is None for answer in self.strict])),
            "most_frequent_share": alarms.most_frequent(self.strict)[0],
        }


@dataclass(frozen=True)
class Evaluation:
    """One evaluation of a bridge.

    Attributes:
        answers: of the target with what the control gave it.
        signs: of collapse.
    """

    answers: Answers
    signs: alarms.Signs

    @property
    def alarms(self) -> list[str]:
        """Sentences for the signs that are out of bounds."""
        return self.signs.alarms()


@torch.no_grad()
def generate_answers(
    bridge: Bridge, items: Sequence[Item], soft: SoftTokens | None, *, with_text: bool, new_tokens: int,
    batch: int = 64,
) -> list[str]:  # fmt: skip
    """Greedy answers of the target in batches.

    Args:
        soft: of all items, or None for no soft tokens.
        with_text: whether the target sees the facts as text too.
    """
    bridge.train(False)
    texts: list[str] = []
    for start in range(0, len(items), batch):
        part = slice(start, start + batch)
        own = None if soft is None else soft[part]
        inputs = bridge.assemble(
            items[part], None if own is None else own.tokens, soft_mask=None if own is None else own.mask,
            with_text=with_text, side="left", room=new_tokens,
        )  # fmt: skip
        made, _ = bridge.soft_prompt.generate(inputs, new_tokens)
        texts.extend(bridge.target.decode(row) for row in made)
    return texts


@torch.no_grad()
def solution_nll(
    bridge: Bridge, items: Sequence[Item], soft: SoftTokens | None, *, with_text: bool, batch: int = 64
) -> Tensor:
    """Negative log likelihood (I,) of each item's solution, nats per token."""
    bridge.train(False)
    found = []
    for start in range(0, len(items), batch):
        part = slice(start, start + batch)
        own = None if soft is None else soft[part]
        inputs = bridge.assemble(
            items[part], None if own is None else own.tokens, soft_mask=None if own is None else own.mask,
            with_text=with_text, with_answers=True, read_before=True,
        )  # fmt: skip
        kept = inputs.answer_places
        tokens = inputs.labels[:, 1:][kept[:, :-1]]
        losses = torch.nn.functional.cross_entropy(bridge.soft_prompt(inputs, kept), tokens, reduction="none")
        rows = torch.zeros(kept.shape, dtype=losses.dtype, device=losses.device).masked_scatter(kept, losses)
        found.append(rows.sum(-1) / kept.sum(-1))
    return torch.cat(found)


def evaluate_bridge(
    bridge: Bridge,
    items: Sequence[Item],
    *,
    with_text: bool = False,
    control: EvaluationControl = "matched",
    reference: Sequence[Item] = (),
    new_tokens: int = 256,
    batch: int = 64,
    rng: np.random.Generator,
) -> Evaluation:
    """Answer all items and look for signs of collapse.

    Args:
        items: to be answered; their gold solutions are compared with, never shown.
        with_text: whether the target sees the facts as text too.
        control: what the target gets instead of an item's own soft tokens.
        reference: training items, for the mean control.
        new_tokens: longest answer.
        rng: stream of the controls; equal streams give equal evaluations.

    Raises:
        DataError: a gold solution would be shown, a prompt does not fit, or a control cannot be made.
    """
    check_no_gold(bridge.prompts.form, items)
    own = bridge.soft_tokens(items, batch)
    mean_of = bridge.soft_tokens(reference, batch) if control == "mean" else None
    golds = [item.gold for item in items]
    used = controlled(own, control, answers=golds, reference=mean_of, rng=rng)
    outputs = generate_answers(bridge, items, used, with_text=with_text, new_tokens=new_tokens, batch=batch)
    answers = Answers.read(outputs, items)
    return Evaluation(answers, collapse_signs(bridge, items, used, answers, with_text=with_text, rng=rng))


def collapse_signs(
    bridge: Bridge, items: Sequence[Item], soft: SoftTokens | None, answers: Answers, *, with_text: bool,
    rng: np.random.Generator,
) -> alarms.Signs:  # fmt: skip
    """The figures of :class:`~.collapse.Signs` for soft tokens as the target got them."""
    share, answer = alarms.most_frequent(answers.strict)
    if soft is None:
        return alarms.Signs(share, answer, why_none=("no soft tokens were given",))
    reasons = []
    golds = [item.gold for item in items]
    gap = None
    if len(items) >= 2 and 2 * max(golds.count(gold) for gold in set(golds)) <= len(golds):
        other = soft[torch.tensor(derangement(golds, rng), device=soft.tokens.device)]
        nll = [float(solution_nll(bridge, items, s, with_text=with_text).mean()) for s in (other, soft)]
        gap = nll[0] - nll[1]
    else:
        reasons.append("NLL gap: sources cannot be shuffled, one answer has more than half of the items")
    tokens, real = soft.tokens, soft.mask
    found = geometry.retrieval(tokens, text_features(bridge, items), rng)
    if found is None:
        reasons.append(f"retrieval: {len(items)} items, 128 are needed")
    return alarms.Signs(
        share, answer, gap, geometry.cosine_between_items(tokens, real), geometry.effective_rank(tokens), found,
        geometry.rms_ratio(tokens, _usual_size(bridge), real), tuple(reasons),
    )  # fmt: skip


def _usual_size(bridge: Bridge) -> float:
    """The rms that soft tokens are compared with: that of the embeddings, or where keys and values leave."""
    return 1.0 if bridge.soft_prompt.injection == "cache" else bridge.target.embedding_rms()


def text_features(bridge: Bridge, items: Sequence[Item]) -> Tensor:
    """Mean target embedding (I, C) of each item's facts."""
    rows = [bridge.prompts.encoded(item).facts for item in items]
    device = bridge.target.device
    return torch.stack([bridge.target.embed(torch.tensor(row, device=device)).float().mean(0) for row in rows])


def item_rows(
    items: Sequence[Item], bridged: Answers, source: Answers | None, target: Answers | None, **more: Any
) -> list[dict[str, Any]]:
    """One plain row per item: question, gold, what the facts say in full, the three outputs and their extractions."""
    rows = []
    for i, item in enumerate(items):
        row: dict[str, Any] = {"id": item.id, "facts": item.facts, "question": item.question, "gold": item.gold, **more}
        if item.told:
            row["told"] = item.told
        for name, answers in (("bridged", bridged), ("source", source), ("target", target)):
            if answers is not None:
                row |= {
                    f"{name}_output": answers.outputs[i],
                    f"{name}_strict": answers.strict[i],
                    f"{name}_flexible": answers.flexible[i],
                }
        rows.append(row)
    return rows


def write_rows(path: Path, rows: Sequence[dict[str, Any]]) -> None:
    """JSON lines."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_text(path, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
