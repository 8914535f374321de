"""Two-turn questions answered greedily and scored by a reward model, one raw reward per question and turn.

Nothing is ever scored without the judge: one that cannot be reached is a failure of infrastructure, one that is there
and is no judge a failure of data. Both show when it is loaded, before any training.
"""

from __future__ import annotations

import codecs
import hashlib
import json
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from evenhand.data import models, reading
from evenhand.data.model_sizes import check_sizes
from evenhand.errors import DataError, EvenhandError, Fault, FaultsError, counted
from evenhand.files import locked
from evenhand_systems.anchored_sft.chat_files import read_records, shown
from evenhand_systems.anchored_sft.data.chat import Message, render, without_thoughts
from evenhand_systems.anchored_sft.data.conversations import SHOWN_FAULTS
from evenhand_systems.anchored_sft.evaluation.answers import answers_and_caps


class JudgeUnavailable(EvenhandError, ConnectionError):
    """The reward model cannot be reached: a ConnectionError, which the lab files under infrastructure."""


class JudgeUnfit(DataError):
    """What is named as reward model is none, or cannot judge conversations; trying again would not help."""


class QuestionFaults(FaultsError, DataError):
    """Questions that cannot be asked; names the rows."""


_TALK = "2 + 2?", "4", "3 + 3?"
_ANSWERS = "6", "3 + 3 = 6.", "I do not know, and would rather talk of something else."
"""What a judge is tried with when it is loaded: one conversation with three endings."""


@dataclass(frozen=True)
class JudgedQuestion:
    """A question of two (or any number of) turns: id, category, and what the user says in each."""

    id: str
    category: str
    turns: tuple[str, ...]


@dataclass(frozen=True)
class JudgedAnswer:
    """One question's answers, raw rewards, and whether each answer ran into the cap; (K,) each for K turns."""

    question: JudgedQuestion
    answers: tuple[str, ...]
    rewards: tuple[float, ...]
    capped: tuple[bool, ...] = ()

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
        QuestionFaults: rows without them, or an id that stands twice; every one is named.
        DataError: the file cannot be read, or holds no questions.
    """
    found: dict[str, JudgedQuestion] = {}
    places: dict[str, str] = {}
    faults: list[Fault] = []
    for place, record in read_records(path):
        wrong = _question_fault(record)
        name = "" if wrong else str(record["question_id"])
        if name in places:
            wrong = f"the question_id {name} stands at {places[name]} already; ids name the items, so each stands once"
        if wrong:
            faults.append(Fault(place, wrong))
            continue
        places[name] = place
        found[name] = JudgedQuestion(name, record.get("category") or "", tuple(record["turns"]))
    if faults:
        raise QuestionFaults(f"{path.name}: {counted(len(faults), 'question')} cannot be asked", faults[:SHOWN_FAULTS])
    if not found:
        raise DataError(f"{path} holds no questions; expected rows with `question_id`, `category` and `turns`.")
    return list(found.values())


def _question_fault(record: Any) -> str:
    """What is wrong with a row, in words; empty where nothing is."""
    expected = "expected `question_id`, `category` and `turns` (a list of texts)"
    if not isinstance(record, Mapping):
        return f"{expected}; found {shown(record)}"
    name, turns = record.get("question_id"), record.get("turns")
    if isinstance(name, bool) or not isinstance(name, str | int) or not str(name).strip():
        return f"{expected}; `question_id` is {shown(name)}"
    if not isinstance(record.get("category"), str | None):
        return f"{expected}; `category` is {shown(record['category'])}"
    if not isinstance(turns, list) or not turns:
        return f"{expected}; `turns` is {shown(turns)}"
    wrong = [turn for turn in turns if not isinstance(turn, str) or not turn.strip()]
    return f"{expected}; one of `turns` is {shown(wrong[0])}" if wrong else ""


def answer_all(
    model: Any, tokenizer: Any, questions: Sequence[JudgedQuestion], *, cap: int, batch: int = 16
) -> list[list[Message]]:
    """The conversations: every turn is answered greedily, with the model's own earlier answers before it."""
    return answer_with_caps(model, tokenizer, questions, cap=cap, batch=batch)[0]


def answer_with_caps(
    model: Any, tokenizer: Any, questions: Sequence[JudgedQuestion], *, cap: int, batch: int = 16
) -> tuple[list[list[Message]], list[tuple[bool, ...]]]:
    """The conversations, without thoughts before answers; and of each turn whether it ran into the cap."""
    conversations: list[list[Message]] = [[] for _ in questions]
    capped: list[tuple[bool, ...]] = [() for _ in questions]
    for turn in range(max((len(q.turns) for q in questions), default=0)):
        asked = [i for i, q in enumerate(questions) if turn < len(q.turns)]
        for i in asked:
            conversations[i].append({"role": "user", "content": questions[i].turns[turn]})
        answers = answers_and_caps(model, tokenizer, [conversations[i] for i in asked], cap=cap, batch=batch)
        for i, (answer, cut) in zip(asked, answers, strict=True):
            conversations[i].append({"role": "assistant", "content": without_thoughts(answer)})
            capped[i] += (cut,)
    return conversations, capped


class RewardJudge:
    """A reward model by path or hub id, with one raw reward for a conversation that ends with an answer.

    Args:
        path: of a sequence classification model with one output.
        device: cpu or cuda.
        batch: conversations scored at once; it changes no score beyond rounding.
        cache: folder for the scores, by judge and content of the conversation; None keeps them for this object only.
        max_length: most tokens of a conversation; the judge's own limit counts where it is lower.

    Raises:
        JudgeUnavailable: it cannot be reached.
        JudgeUnfit: there is none at the path, it has no trained reward head or more than one output, its tokenizer
            cannot write a conversation, or it gives different answers the same reward.
        DataError: the cache is damaged; names the line.
    """

    def __init__(
        self, path: str, *, device: str = "cpu", batch: int = 8, cache: Path | None = None, max_length: int = 4096
    ) -> None:
        self.path, self.batch, self.device = path, batch, device
        self.model, self.tokenizer = _load(path, device)
        positions = getattr(self.model.config, "max_position_embeddings", None)
        self.max_length = max_length if positions is None else min(max_length, positions)
        self._check_that_it_judges()
        self.identity = _identity(path, self.model)
        self._file = None if cache is None else cache / f"rewards-{self.identity[:16]}.jsonl"
        self._known: dict[str, float] = {}
        self.computed = 0
        if self._file is not None and self._file.exists():
            self._known = read_cache(self._file)

    def rewards(self, conversations: Sequence[Sequence[Message]]) -> NDArray[np.float64]:
        """(C,) raw rewards. Conversations judged before cost nothing.

        Raises:
            DataError: a conversation does not end with an answer, or is longer than the judge reads.
        """
        for conversation in conversations:
            if not conversation or conversation[-1]["role"] != "assistant":
                raise DataError("A reward is for an answer; found a conversation that does not end with the assistant.")
        texts = [render(self.tokenizer, conversation, generation=False) for conversation in conversations]
        keys = [hashlib.sha256(f"{self.identity}\0{text}".encode()).hexdigest() for text in texts]
        fresh = {key: text for key, text in zip(keys, texts, strict=True) if key not in self._known}
        if fresh:
            values = self._compute(list(fresh.values()))
            self.computed += len(values)
            self._remember(dict(zip(fresh, values, strict=True)))
        return np.asarray([self._known[key] for key in keys])

    def judge(
        self, model: Any, tokenizer: Any, questions: Sequence[JudgedQuestion], *, cap: int, batch: int = 16
    ) -> list[JudgedAnswer]:
        """Let a model answer all turns of all questions and score each answer in its conversation."""
        conversations, capped = answer_with_caps(model, tokenizer, questions, cap=cap, batch=batch)
        parts = [(i, c[: 2 * (t + 1)]) for i, c in enumerate(conversations) for t in range(len(c) // 2)]
        scores = self.rewards([conversation for _, conversation in parts])
        rewards: list[list[float]] = [[] for _ in questions]
        for (i, _), score in zip(parts, scores, strict=True):
            rewards[i].append(float(score))
        return [
            JudgedAnswer(question, tuple(m["content"] for m in conversation[1::2]), tuple(of_question), cut)
            for question, conversation, of_question, cut in zip(questions, conversations, rewards, capped, strict=True)
        ]

    def _check_that_it_judges(self) -> None:
        """Try it before hours are spent on answers that it could not score, or would score all alike."""
        question, answer, further = _TALK
        turns = [("user", question), ("assistant", answer), ("user", further)]
        talk = [{"role": role, "content": text} for role, text in turns]
        try:
            texts = [
                render(self.tokenizer, [*talk, {"role": "assistant", "content": text}], generation=False)
                for text in _ANSWERS
            ]
        except Exception as error:
            raise JudgeUnfit(
                f"The tokenizer of the reward model '{self.path}' cannot write a conversation of two turns: {error}"
            ) from error
        scores = self._compute(texts)
        if len(set(scores)) == 1:
            raise JudgeUnfit(
                f"The reward model '{self.path}' gives the answers {', '.join(map(repr, _ANSWERS))} the same reward, "
                f"{scores[0]:g}: it measures nothing. Name another model, or mend its head or chat template."
            )

    def _compute(self, texts: Sequence[str]) -> list[float]:
        import torch

        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
        found = [0.0] * len(texts)
        for start in range(0, len(order), self.batch):
            chosen = order[start : start + self.batch]
            inputs = self.tokenizer(
                [texts[i] for i in chosen], add_special_tokens=False, padding=True, return_tensors="pt"
            )
            longest = int(inputs["attention_mask"].sum(1).max())
            if longest > self.max_length:
                # The end would be cut, and the end is the answer.
                raise DataError(
                    f"A conversation has {counted(longest, 'token')}, but the reward model '{self.path}' reads "
                    f"{self.max_length}: its answer would be judged cut short. Lower the cap on new tokens, or leave "
                    "long questions out."
                )
            given = {k: v.to(self.device) for k, v in inputs.items() if k in ("input_ids", "attention_mask")}
            with torch.no_grad():
                scores = self.model(**given).logits[:, 0].float().cpu()
            for i, score in zip(chosen, scores.tolist(), strict=True):
                found[i] = score
        if not np.isfinite(found).all():
            raise DataError(f"The reward model '{self.path}' gives a reward that is no finite number.")
        return found

    def _remember(self, fresh: dict[str, float]) -> None:
        self._known |= fresh
        if self._file is None:
            return
        self._file.parent.mkdir(parents=True, exist_ok=True)
        lines = [json.dumps({"key": key, "reward": reward}) + "\n" for key, reward in fresh.items()]
        with locked(self._file), self._file.open("a+b") as file:
            _drop_torn_end(file)
            file.write("".join(lines).encode())


def read_cache(file: Path) -> dict[str, float]:
    """Rewards kept earlier. A last line without its end belongs to a writer that died, or is still at work.

    Raises:
        DataError: the file is another one, or a line is no reward; names the line.
    """
    reading.check_file(file)
    known: dict[str, float] = {}
    for number, line in enumerate(file.read_bytes().removeprefix(codecs.BOM_UTF8).split(b"\n")[:-1], 1):
        try:
            entry = reading.parse_json(line.decode("utf-8"), str(file), number)
            reward = float(entry["reward"])
            if not math.isfinite(reward) or not isinstance(entry["key"], str):
                raise ValueError("a key is a text, a reward a finite number")
            known[entry["key"]] = reward
        except (ValueError, KeyError, TypeError, OverflowError, DataError) as error:
            said = str(error).removeprefix(f"{file}:{number}: ")
            raise DataError(
                f"{file}:{number} is no cached reward ({type(error).__name__}: {said}). Delete the file: what it kept "
                "is computed again."
            ) from error
    return known


def _drop_torn_end(file: IO[bytes]) -> None:
    """Cut off a last line without its end, so that the next does not run on from it."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - 1))
    if size and file.read(1) != b"\n":
        file.seek(0)
        file.truncate(file.read().rfind(b"\n") + 1)


def _load(path: str, device: str) -> tuple[Any, Any]:
    from transformers import AutoConfig, AutoModelForSequenceClassification, AutoTokenizer

    try:
        models.check_folder(path)
        config = AutoConfig.from_pretrained(path)
        tokenizer = AutoTokenizer.from_pretrained(path)
        if config.num_labels == 1:
            if models.is_local(path):
                check_sizes(AutoModelForSequenceClassification, Path(path).expanduser())
            model, report = AutoModelForSequenceClassification.from_pretrained(path, output_loading_info=True)
            models.check_base(model, path)
    except Exception as error:
        if isinstance(error, DataError) or models.is_damage(path, error):
            raise JudgeUnfit(f"The reward model '{path}' cannot be loaded: {_said(error)}") from error
        raise JudgeUnavailable(f"The reward model '{path}' cannot be loaded: {_said(error)}") from error
    if config.num_labels != 1:
        raise JudgeUnfit(
            f"'{path}' has a head with {config.num_labels} outputs; a reward model has one. Name another model."
        )
    # A language model loads here too, with a head of random numbers: its scores would be noise that looks like scores.
    missing = sorted(report["missing_keys"])
    if missing:
        raise JudgeUnfit(f"'{path}' holds no trained reward head (missing: {', '.join(missing)}).")
    models.check_finite(model.named_parameters(), f"The reward model '{path}'")
    tokenizer.padding_side = "right"
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    if tokenizer.pad_token_id is None:
        raise JudgeUnfit(f"The tokenizer of '{path}' has neither a padding nor an end token; give it one.")
    model.config.pad_token_id = tokenizer.pad_token_id
    return model.to(device).eval(), tokenizer


def _said(error: Exception) -> str:
    """An error in words; what evenhand says itself needs no name of a class before it."""
    return str(error) if isinstance(error, DataError) else f"{type(error).__name__}: {error}"


def _identity(path: str, model: Any) -> str:
    """Hash of the judge: its path and a sample of every weight, so that another judge never gets its cached scores."""
    digest = hashlib.sha256(str(path).encode())
    for name, weight in model.state_dict().items():
        sample = weight.flatten()[:: max(1, weight.numel() // 64)].float().cpu().numpy()
        digest.update(f"{name}{tuple(weight.shape)}".encode() + sample.tobytes())
    return digest.hexdigest()
