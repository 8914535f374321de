"""Two-turn questions answered greedily and scored by a reward model, one raw reward per question and turn.

A judge that cannot be loaded stops the claim as a failure of infrastructure; nothing is ever scored without it.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evenhand.errors import DataError, EvenhandError
from evenhand.systems.anchored_sft.conversations import read_records
from evenhand.systems.anchored_sft.decoding import Message, greedy_answers, render


class JudgeUnavailable(EvenhandError, ConnectionError):
    """The reward model cannot be loaded or is none: a ConnectionError, which the lab files under infrastructure."""


@dataclass(frozen=True)
class JudgedQuestion:
    """A question of two (or any number of) turns: id, category, and what the user says in each."""

    id: str
    category: str
    turns: tuple[str, ...]


@dataclass(frozen=True)
class JudgedAnswer:
    """One question's answers and raw rewards, (K,) each for K turns."""

    question: JudgedQuestion
    answers: tuple[str, ...]
    rewards: tuple[float, ...]

    @property
    def reward(self) -> float:
        """Mean raw reward over the turns."""
        return float(np.mean(self.rewards))


def display_score(reward: float, *, centre: float = 0.0, scale: float = 4.0) -> float:
    """A raw reward on a scale from 1 to 10, for people: 1 + 9 / (1 + exp(-(reward - centre) / scale)).

    Rising everywhere, so it never turns an order round; statistics use the raw reward.
    """
    z = (reward - centre) / scale
    logistic = 1 / (1 + math.exp(-z)) if z >= 0 else math.exp(z) / (1 + math.exp(z))
    return 1.0 + 9.0 * logistic


def read_questions(path: Path) -> list[JudgedQuestion]:
    """Questions of an MT-Bench file: ``question_id``, ``category``, ``turns``.

    Raises:
        DataError: a row without them.
    """
    found = []
    for place, record in read_records(path):
        turns = record.get("turns") if isinstance(record, dict) else None
        if not turns or not all(isinstance(turn, str) and turn.strip() for turn in turns):
            raise DataError(
                f"{place}: expected `question_id`, `category` and `turns` (a list of texts); found {record!r:.120}."
            )
        found.append(
            JudgedQuestion(str(record.get("question_id", place)), str(record.get("category", "")), tuple(turns))
        )
    return found


def answer_all(
    model: Any, tokenizer: Any, questions: Sequence[JudgedQuestion], *, cap: int, batch: int = 16
) -> list[list[Message]]:
    """The conversations: every turn is answered greedily, with the model's own earlier answers before it."""
    conversations: list[list[Message]] = [[] for _ in questions]
    for turn in range(max((len(q.turns) for q in questions), default=0)):
        asked = [i for i, q in enumerate(questions) if turn < len(q.turns)]
        for i in asked:
            conversations[i].append({"role": "user", "content": questions[i].turns[turn]})
        answers = greedy_answers(model, tokenizer, [conversations[i] for i in asked], cap=cap, batch=batch)
        for i, answer in zip(asked, answers, strict=True):
            conversations[i].append({"role": "assistant", "content": answer})
    return conversations


class RewardJudge:
    """A reward model by path or hub id, with one raw reward for a conversation that ends with an answer.

    Args:
        path: of a sequence classification model with one output.
        device: cpu or cuda.
        batch: conversations scored at once; it changes no score beyond rounding.
        cache: folder for the scores, by judge and content of the conversation; None keeps them for this object only.

    Raises:
        JudgeUnavailable: it cannot be loaded, has no trained reward head, or has more than one output.
    """

    def __init__(
        self, path: str, *, device: str = "cpu", batch: int = 8, cache: Path | None = None, max_length: int = 4096
    ) -> None:
        self.path, self.batch, self.device, self.max_length = path, batch, device, max_length
        self.model, self.tokenizer = _load(path, device)
        self.identity = _identity(path, self.model)
        self._file = None if cache is None else cache / f"rewards-{self.identity[:16]}.jsonl"
        self._known: dict[str, float] = {}
        self.computed = 0
        if self._file is not None and self._file.exists():
            for line in self._file.read_text(encoding="utf-8").splitlines():
                entry = json.loads(line)
                self._known[entry["key"]] = entry["reward"]

    def rewards(self, conversations: Sequence[Sequence[Message]]) -> NDArray[np.float64]:
        """(C,) raw rewards. Conversations judged before cost nothing.

        Raises:
            DataError: a conversation does not end with an answer.
        """
        for conversation in conversations:
            if not conversation or conversation[-1]["role"] != "assistant":
                raise DataError("A reward is for an answer; found a conversation that does not end with the assistant.")
        texts = [render(self.tokenizer, conversation, generation=False) for conversation in conversations]
        keys = [hashlib.sha256(f"{self.identity}\0{text}".encode()).hexdigest() for text in texts]
        fresh = {key: text for key, text in zip(keys, texts, strict=True) if key not in self._known}
        if fresh:
            values = self._compute(list(fresh.values()))
            self._remember(dict(zip(fresh, values, strict=True)))
        return np.asarray([self._known[key] for key in keys])

    def judge(
        self, model: Any, tokenizer: Any, questions: Sequence[JudgedQuestion], *, cap: int, batch: int = 16
    ) -> list[JudgedAnswer]:
        """Let a model answer all turns of all questions and score each answer in its conversation."""
        conversations = answer_all(model, tokenizer, questions, cap=cap, batch=batch)
        parts = [(i, c[: 2 * (t + 1)]) for i, c in enumerate(conversations) for t in range(len(c) // 2)]
        scores = self.rewards([conversation for _, conversation in parts])
        rewards: list[list[float]] = [[] for _ in questions]
        for (i, _), score in zip(parts, scores, strict=True):
            rewards[i].append(float(score))
        return [
            JudgedAnswer(question, tuple(m["content"] for m in conversation[1::2]), tuple(of_question))
            for question, conversation, of_question in zip(questions, conversations, rewards, strict=True)
        ]

    def _compute(self, texts: Sequence[str]) -> list[float]:
        import torch

        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
        found = [0.0] * len(texts)
        for start in range(0, len(order), self.batch):
            chosen = order[start : start + self.batch]
            inputs = self.tokenizer(
                [texts[i] for i in chosen], add_special_tokens=False, padding=True, return_tensors="pt",
                truncation=True, max_length=self.max_length,
            )  # fmt: skip
            given = {k: v.to(self.device) for k, v in inputs.items() if k in ("input_ids", "attention_mask")}
            with torch.no_grad():
                scores = self.model(**given).logits[:, 0].float().cpu()
            for i, score in zip(chosen, scores.tolist(), strict=True):
                found[i] = score
        self.computed += len(texts)
        return found

    def _remember(self, fresh: dict[str, float]) -> None:
        self._known |= fresh
        if self._file is None:
            return
        self._file.parent.mkdir(parents=True, exist_ok=True)
        with self._file.open("a", encoding="utf-8") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            file.writelines(json.dumps({"key": key, "reward": reward}) + "\n" for key, reward in fresh.items())


def _load(path: str, device: str) -> tuple[Any, Any]:
    from transformers import AutoConfig, AutoModelForSequenceClassification, AutoTokenizer

    try:
        config = AutoConfig.from_pretrained(path)
        tokenizer = AutoTokenizer.from_pretrained(path)
        if config.num_labels == 1:
            model, report = AutoModelForSequenceClassification.from_pretrained(path, output_loading_info=True)
    except Exception as error:
        raise JudgeUnavailable(
            f"The reward model '{path}' cannot be loaded: {type(error).__name__}: {error}"
        ) from error
    if config.num_labels != 1:
        raise JudgeUnavailable(
            f"'{path}' has a head with {config.num_labels} outputs; a reward model has one. Name another model."
        )
    # A language model loads here too, with a head of random numbers: its scores would be noise that looks like scores.
    missing = sorted(report["missing_keys"])
    if missing:
        raise JudgeUnavailable(f"'{path}' holds no trained reward head (missing: {', '.join(missing)}).")
    tokenizer.padding_side = "right"
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    model.config.pad_token_id = tokenizer.pad_token_id
    return model.to(device).eval(), tokenizer


def _identity(path: str, model: Any) -> str:
    """Hash of the judge: its path and a sample of every weight, so that another judge never gets its cached scores."""
    digest = hashlib.sha256(str(path).encode())
    for name, weight in model.state_dict().items():
        sample = weight.flatten()[:: max(1, weight.numel() // 64)].float().cpu().numpy()
        digest.update(f"{name}{tuple(weight.shape)}".encode() + sample.tobytes())
    return digest.hexdigest()
