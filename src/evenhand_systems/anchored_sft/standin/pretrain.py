"""Teaching the stand-in: a Qwen3 of about 0.8 M parameters, from random weights to at least 95 % on every skill.

Deterministic for a given number of threads; a few minutes on two cores. The lab builds it once as an asset and keeps
it by content hash.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from evenhand.errors import DataError
from evenhand.recipes import working
from evenhand_systems.anchored_sft.standin import skills
from evenhand_systems.anchored_sft.standin.tokenizer import skill_tokenizer

if TYPE_CHECKING:
    from torch import Tensor

ENOUGH = 0.95
"""Share of exact answers that every skill must reach before the stand-in may stand in."""


@dataclass(frozen=True)
class Teaching:
    """How the stand-in is taught; part of its asset's key.

    Attributes:
        steps: at most; it stops at the first test where every skill reaches ``stop_at`` and passes the exam as well.
        batch: questions a step.
        learning_rate: peak, after a linear warm-up of 100 steps; cosine to a twentieth.
        test_every: steps between tests on ``test_questions`` fresh questions a skill.
        exam_questions: a skill, on which the finished stand-in must show the share that is asked of it.
        shares: of the skills in a batch, in the order of ``skills.SKILLS``: what is slow to learn gets more.
        need: after each test this part of every batch goes to the skills by their share of wrong answers.
        seed: of weights and lessons.
    """

    steps: int = 5000
    batch: int = 64
    learning_rate: float = 2e-3
    test_every: int = 300
    test_questions: int = 200
    stop_at: float = 0.975
    exam_questions: int = 500
    shares: tuple[float, ...] = (0.05, 0.07, 0.1, 0.14, 0.16, 0.18, 0.2, 0.1)
    need: float = 0.6
    seed: int = 0
    widths: Mapping[str, int] = field(
        default_factory=lambda: {"hidden": 128, "intermediate": 384, "layers": 4, "heads": 4, "kv_heads": 2}
    )

    def key(self) -> dict[str, Any]:
        """Key of the asset."""
        return {"asset": "anchored_sft.standin", "version": 4, **asdict(self), "world": skills.WORLD_SEED}


def small_qwen3(vocabulary: int, tokenizer: Any, widths: Mapping[str, int], length: int = 128) -> Any:
    """A Qwen3 with random weights; the caller seeds torch."""
    from transformers import Qwen3Config, Qwen3ForCausalLM

    from evenhand_systems.anchored_sft.standin.tokenizer import END

    end = tokenizer.convert_tokens_to_ids(END)
    config = Qwen3Config(
        vocab_size=vocabulary,
        hidden_size=widths["hidden"],
        intermediate_size=widths["intermediate"],
        num_hidden_layers=widths["layers"],
        num_attention_heads=widths["heads"],
        num_key_value_heads=widths["kv_heads"],
        head_dim=widths["hidden"] // widths["heads"],
        max_position_embeddings=length,
        tie_word_embeddings=True,
        pad_token_id=tokenizer.pad_token_id,
        eos_token_id=end,
        bos_token_id=None,
    )
    return Qwen3ForCausalLM(config)


def encode_lessons(tokenizer: Any, pairs: Sequence[tuple[str, str]]) -> tuple[Tensor, Tensor, Tensor]:
    """(B, S) ids, mask and labels of (prompt, answer) pairs, padded on the right; only answers are labelled."""
    import torch

    from evenhand_systems.anchored_sft.standin.tokenizer import ASSISTANT, END, USER

    prompts = [f"{USER}{prompt}{END}{ASSISTANT}" for prompt, _ in pairs]
    whole = [p + answer + END for p, (_, answer) in zip(prompts, pairs, strict=True)]
    ids = tokenizer(whole, add_special_tokens=False)["input_ids"]
    starts = [len(row) for row in tokenizer(prompts, add_special_tokens=False)["input_ids"]]
    width = max(map(len, ids))
    batch = torch.full((len(ids), width), tokenizer.pad_token_id)
    labels = torch.full((len(ids), width), -100)
    for i, (row, start) in enumerate(zip(ids, starts, strict=True)):
        batch[i, : len(row)] = torch.tensor(row)
        labels[i, start : len(row)] = torch.tensor(row[start:])
    return batch, (batch != tokenizer.pad_token_id).long(), labels


def dealt(teaching: Teaching, tested: Mapping[str, float]) -> list[float]:
    """Shares of the skills in the batches after a test with shares ``tested`` of exact answers; they sum to 1."""
    wrong = np.asarray([1 - tested[skill] for skill in skills.SKILLS])
    plain = np.asarray(teaching.shares)
    if not wrong.any():
        return list(teaching.shares)
    mixed: list[float] = ((1 - teaching.need) * plain + teaching.need * wrong / wrong.sum()).tolist()
    return mixed


def test_shares(model: Any, tokenizer: Any, count: int, seed: int) -> dict[str, float]:
    """Share of exact answers of every skill on ``count`` questions of the given seed."""
    from evenhand_systems.anchored_sft.evaluation.answers import greedy_answers

    world, rng = skills.the_world(), np.random.default_rng([seed, 77])
    found = {}
    for skill in skills.SKILLS:
        pool = skills.question_pool(skill, count, rng, world, "plain")
        answers = greedy_answers(model, tokenizer, [q.prompt for q in pool], cap=12)
        found[skill] = float(np.mean([a == q.answer for a, q in zip(answers, pool, strict=True)]))
    return found


def teach(folder: Path, teaching: Teaching, enough: float = ENOUGH) -> dict[str, float]:
    """Teach a stand-in and save it with its tokenizer and its record; returns the shares of exact answers.

    Raises:
        DataError: a skill stayed below ``enough``; names it with its share.
    """
    import torch

    from evenhand_systems.schedules import WarmUp, cosine

    start = time.monotonic()
    rng, world, tokenizer = np.random.default_rng([teaching.seed, 1]), skills.the_world(), skill_tokenizer()
    torch.manual_seed(teaching.seed)
    model = small_qwen3(len(tokenizer), tokenizer, teaching.widths)
    optimiser = torch.optim.AdamW(model.parameters(), lr=teaching.learning_rate, betas=(0.9, 0.98), weight_decay=0.01)
    schedule = WarmUp(optimiser, 100, cosine(teaching.steps, floor=0.05))
    names, dealing = np.asarray(skills.SKILLS), list(teaching.shares)
    history: list[dict[str, float]] = []
    step = 0

    def exam() -> dict[str, float]:
        return test_shares(model.eval(), tokenizer, teaching.exam_questions, 0)

    for step in range(1, teaching.steps + 1):
        working.tell("teaching a stand-in", step - 1, teaching.steps)
        model.train()
        drawn = rng.choice(names, size=teaching.batch, p=dealing)
        ids, mask, labels = encode_lessons(tokenizer, [skills.lesson(str(skill), rng, world) for skill in drawn])
        loss = model(input_ids=ids, attention_mask=mask, labels=labels).loss
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        if step % teaching.test_every == 0:
            shares = test_shares(model.eval(), tokenizer, teaching.test_questions, step)
            history.append({"step": step, "loss": float(loss.detach()), "seconds": time.monotonic() - start, **shares})
            # Written on the way, so that somebody who waits can see how far it is.
            (folder / "teaching.json").write_text(json.dumps({"history": history}, indent=1), encoding="utf-8")
            dealing = dealt(teaching, shares)
            # A test is short; only the exam says that it is enough, and there may be steps left to learn what is not.
            if min(shares.values()) >= teaching.stop_at and min(exam().values()) >= enough:
                break
    shares = exam()
    short = {skill: share for skill, share in shares.items() if share < enough}
    if short:
        raise DataError(
            f"The stand-in fell short of {enough:.0%} exact answers after {step} steps: "
            + ", ".join(f"{skill} {share:.1%}" for skill, share in short.items())
            + ". Raise the steps of its teaching."
        )
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    record = {"shares": shares, "steps": step, "history": history}
    (folder / "teaching.json").write_text(json.dumps(record, indent=1), encoding="utf-8")
    return shares
