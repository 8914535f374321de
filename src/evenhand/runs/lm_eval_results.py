"""What a results file of lm-evaluation-harness says of a task: version, prompt, settings, seeds, numbers."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from evenhand.data.reading import read_json
from evenhand.errors import DataError
from evenhand.recipes.contract import Direction, Metric
from evenhand.runs.checked import number, short, table, text_of
from evenhand.runs.run import Items

SHARES = frozenset(
    [
        "acc",
        "acc_norm",
        "acc_mutual_info",
        "exact_match",
        "em",
        "f1",
        "likelihood_diff",
        "pass@1",
        "inst_level_strict_acc",
    ]
)
"""Metrics of the harness whose per-document values are shares of what is right."""


def results_in(path: Path) -> Mapping[str, Any]:
    document = read_json(path)
    if not isinstance(document, dict) or not isinstance(document.get("results"), dict):
        raise DataError(f"{path}: no results of lm-evaluation-harness: expected a table `results`.")
    return document


def metric_name(metric: str, filter_: str) -> str:
    """As results files have it: ``exact_match,strict-match``; the filter that changes nothing is left out."""
    return metric if filter_ == "none" else f"{metric},{filter_}"


def about_metric(name: str, task: str, results: Mapping[str, Any]) -> Metric:
    metric, _, _ = name.partition(",")
    higher = table(table(results.get("higher_is_better")).get(task)).get(metric)
    direction: Direction = "minimise" if higher is False else "maximise"
    return Metric(direction, 0.0, 1.0) if metric in SHARES else Metric(direction)


def version_of(task: str, results: Mapping[str, Any]) -> str:
    found = table(results.get("versions")).get(task)
    return "" if found is None else text_of(found)


def prompt_of(task: str, results: Mapping[str, Any]) -> str:
    """What makes up the prompt beside the document, as far as the results tell."""
    config = table(results.get("config"))
    parts = {
        "shots": table(results.get("n-shot")).get(task),
        "template": results.get("chat_template_sha"),
        "instruction": results.get("system_instruction_sha"),
        "generation": config.get("gen_kwargs"),
        "fewshot_seed": config.get("fewshot_seed") if table(results.get("n-shot")).get(task) else None,
    }
    return ", ".join(f"{key} {short(text_of(value), 60)}" for key, value in parts.items() if value not in (None, ""))


def settings_of(task: str, results: Mapping[str, Any]) -> dict[str, str]:
    config = table(results.get("config"))
    found = {key: config.get(key) for key in ("model", "model_args", "model_sha", "model_dtype", "limit", "gen_kwargs")}
    found["shots"] = table(results.get("n-shot")).get(task)
    found["task hash"] = table(results.get("task_hashes")).get(task)
    return {key: short(text_of(value)) for key, value in found.items() if value is not None}


def seeds_of(results: Mapping[str, Any]) -> dict[str, int]:
    config = table(results.get("config"))
    return {
        key: value
        for key in ("random_seed", "numpy_seed", "torch_seed", "fewshot_seed")
        if isinstance(value := config.get(key), int) and not isinstance(value, bool)
    }


def doubts_of(path: Path, task: str, items: Items, results: Mapping[str, Any]) -> dict[str, str]:
    """Rows that are missing, and numbers that the rows do not give."""
    doubts: dict[str, str] = {}
    effective = number(table(table(results.get("n-samples")).get(task)).get("effective"))
    if effective is not None and effective != len(items.ids):
        doubts["partial"] = (
            f"{path} holds {len(items.ids):,} documents, and its results say that {effective:,.0f} were scored"
        )
        return doubts
    reported = table(table(results.get("results")).get(task))
    means = _means(task, results)
    for name, scores in items.scores.items():
        metric, _, filter_ = name.partition(",")
        told = number(reported.get(f"{metric},{filter_ or 'none'}", reported.get(metric)))
        if told is not None and metric in means and abs(told - float(scores.mean())) > 1e-6 * max(1.0, abs(told)):
            mean = float(scores.mean())
            doubts["numbers"] = (
                f"{path}: the mean of '{name}' over its rows is {mean:.6g}, and its results say {told:.6g}"
            )
    return doubts


def _means(task: str, results: Mapping[str, Any]) -> set[str]:
    """Metrics that the task aggregates by their mean."""
    listed = table(table(results.get("configs")).get(task)).get("metric_list")
    entries = [table(entry) for entry in listed] if isinstance(listed, list) else []
    return {str(entry.get("metric")) for entry in entries if entry.get("aggregation", "mean") == "mean"}
