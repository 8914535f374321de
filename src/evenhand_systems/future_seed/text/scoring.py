"""Scores of answers: token by token under the right answer, exactly as said, among choices, and by execution."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch

from evenhand.recipes.contract import Bench
from evenhand_systems.future_seed import sandbox
from evenhand_systems.future_seed.tasks.problems import IGNORED
from evenhand_systems.future_seed.text.examples import Example
from evenhand_systems.future_seed.text.prompts import Prompt
from evenhand_systems.future_seed.text.reading import answer_logits, choice_scores, greedy, make_batch
from evenhand_systems.future_seed.text.settings import MbppSettings, TextSettings
from evenhand_systems.future_seed.text.tokenizers import Tokenizer
from evenhand_systems.future_seed.training import Reader

EXECUTION = ("exec_ok", "tests_passed", "pass_at_1")


@dataclass
class Scores:
    """Per item: what was said, and the scores by metric."""

    said: list[str] = field(default_factory=list)
    picked: list[str] = field(default_factory=list)
    by_metric: dict[str, list[float]] = field(default_factory=dict)

    def add(self, metric: str, values: Sequence[float]) -> None:
        """Scores of further items."""
        self.by_metric.setdefault(metric, []).extend(values)


@torch.no_grad()
def score_prompts(
    reader: Reader, prompts: Sequence[Prompt], tokenizer: Tokenizer, settings: TextSettings, batch: int
) -> Scores:
    """All scores of some prompts."""
    scores = Scores()
    for start in range(0, len(prompts), batch):
        part = prompts[start : start + batch]
        made = make_batch(part, str(reader.model.emb.weight.device))
        scores.add("token_accuracy", _token_accuracy(reader, part, made))
        said = [tokenizer.decode(ids) for ids in greedy(reader, made, settings.answer_length + 1)]
        scores.said += said
        scores.add(
            "exact_match", [float(a.strip() == p.example.answer.strip()) for a, p in zip(said, part, strict=True)]
        )
        if part[0].example.choices:
            _add_choices(scores, reader, part, made, tokenizer)
    if isinstance(settings, MbppSettings):
        _add_execution(scores, [prompt.example for prompt in prompts], settings)
    return scores


def _token_accuracy(reader: Reader, part: Sequence[Prompt], made: object) -> list[float]:
    """Share of the answer's tokens that are likeliest where all before them are right; the end does not count."""
    logits = answer_logits(reader, made)  # type: ignore[arg-type]
    targets = made.targets  # type: ignore[attr-defined]
    right = (logits.argmax(dim=-1) == targets) & (targets != IGNORED)
    return [float(right[row, : len(p.answer)].float().mean()) for row, p in enumerate(part)]


def _add_choices(scores: Scores, reader: Reader, part: Sequence[Prompt], made: object, tokenizer: Tokenizer) -> None:
    ids = [[tokenizer.encode(choice) for choice in prompt.example.choices] for prompt in part]
    for prompt, own in zip(part, choice_scores(reader, made, ids), strict=True):  # type: ignore[arg-type]
        best = prompt.example.choices[max(range(len(own)), key=own.__getitem__)]
        scores.picked.append(best)
        scores.add("choice_accuracy", [float(best == prompt.example.answer)])


def _add_execution(scores: Scores, examples: Sequence[Example], settings: MbppSettings) -> None:
    limits = sandbox.Limits(seconds=settings.seconds)
    for example, code in zip(examples, scores.said, strict=True):
        verdict = sandbox.run_tests(
            code,
            example.extra["tests"],
            setup=example.extra["setup"],
            names=example.extra["names"],
            limits=limits,
            unsafe=settings.unsafe,
        )
        # An empty program runs, but there is nothing to call it right for.
        scores.add("exec_ok", [float(verdict.exec_ok and bool(code.strip()))])
        scores.add("tests_passed", [verdict.tests_passed])
        scores.add("pass_at_1", [float(verdict.all_passed)])


def record(scores: Scores, prompts: Sequence[Prompt], bench: Bench, known: Sequence[str]) -> dict[str, str]:
    """Hand the scores to the bench; metrics that this task does not have come back with the reason."""
    ids = [prompt.example.id for prompt in prompts]
    groups = [prompt.example.cluster for prompt in prompts]
    clusters = groups if all(groups) else None
    asked = ["\n".join(filter(None, (prompt.example.context, prompt.example.question))) for prompt in prompts]
    expected = [prompt.example.answer for prompt in prompts]
    undefined = {}
    for metric in known:
        values = scores.by_metric.get(metric)
        if values is None:
            undefined[metric] = (
                "only answers that are code are executed" if metric in EXECUTION else "the task has no fixed choices"
            )
            continue
        outputs = scores.picked if metric == "choice_accuracy" else scores.said
        bench.items(metric, ids, values, outputs, clusters, inputs=asked, groups=clusters, expected=expected)
    return undefined
