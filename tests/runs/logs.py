"""Logs as other programs write them, small and of known content."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

TIME = "2026-01-21T03-44-18.458309"


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def lm_eval_row(
    number: int, score: Any, *, task: str = "arc", prompt: str = "Q:", metric: str = "acc", filter_: str = "none"
) -> dict[str, Any]:
    """One document under one filter."""
    doc = {"question": f"{task} {number}"}
    return {
        "doc_id": number,
        "doc": doc,
        "target": "x",
        "arguments": {"gen_args_0": {"arg_0": f"{prompt} {doc['question']}", "arg_1": {}}},
        "resps": [["x" if score else "y"]],
        "filtered_resps": ["x" if score else "y"],
        "filter": filter_,
        "metrics": [metric],
        "doc_hash": _hash(json.dumps(doc, indent=2, ensure_ascii=False)),
        "prompt_hash": _hash(f"{prompt} {doc['question']}"),
        "target_hash": _hash("x"),
        metric: score,
    }


def lm_eval(
    folder: Path,
    scores: Sequence[float],
    *,
    task: str = "arc",
    model: str = "base",
    prompt: str = "Q:",
    version: float = 1.0,
    rows: Sequence[dict[str, Any]] | None = None,
    effective: int | None = None,
    first: int = 0,
) -> Path:
    """The logs of a task, added to those of the folder; returns the file of samples."""
    folder.mkdir(parents=True, exist_ok=True)
    made = (
        rows
        if rows is not None
        else [lm_eval_row(first + i, s, task=task, prompt=prompt) for i, s in enumerate(scores)]
    )
    samples = folder / f"samples_{task}_{TIME}.jsonl"
    samples.write_text("".join(json.dumps(row) + "\n" for row in made))
    results = folder / f"results_{TIME}.json"
    document = json.loads(results.read_text()) if results.exists() else {}
    count = effective if effective is not None else len(made)
    parts = {
        "results": {"acc,none": sum(scores) / max(len(scores), 1)},
        "configs": {"metric_list": [{"metric": "acc", "aggregation": "mean"}]},
        "versions": version,
        "n-shot": 0,
        "higher_is_better": {"acc": True},
        "n-samples": {"original": count, "effective": count},
    }
    for key, value in parts.items():
        document.setdefault(key, {})[task] = value
    document |= {"model_name": model, "lm_eval_version": "0.4.13", "date": 1768964383.8, "config": {"random_seed": 0}}
    results.write_text(json.dumps(document))
    return samples


def inspect_log(
    values: Sequence[Any], *, model: str = "m/base", status: str = "success", epochs: int = 1, question: str = "q"
) -> dict[str, Any]:
    """A log of Inspect in JSON; ``values`` of the samples, epoch after epoch."""
    count = len(values) // epochs
    return {
        "version": 2,
        "status": status,
        "eval": {
            "run_id": "r", "task": "arc", "task_id": "t", "task_version": 0, "model": model, "dataset": {"name": "d"},
            "config": {"epochs": epochs}, "packages": {"inspect_ai": "0.3.285"},
        },
        "plan": {"steps": [{"solver": "generate", "params": {}}]},
        "results": {"total_samples": len(values), "completed_samples": len(values), "scores": []},
        "stats": {"started_at": "2026-01-01T00:00:00+00:00", "completed_at": "2026-01-01T00:01:00+00:00"},
        "samples": [
            {
                "id": i % count + 1, "epoch": i // count + 1, "input": f"{question} {i % count + 1}", "target": "A",
                "messages": [{"role": "user", "content": f"{question} {i % count + 1}"}],
                "output": {"completion": str(value)},
                "scores": {"match": {"value": value, "answer": str(value)}},
            }
            for i, value in enumerate(values)
        ],
    }  # fmt: skip
