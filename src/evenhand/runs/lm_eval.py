"""Runs of lm-evaluation-harness: ``samples_TASK_TIME.jsonl``, each beside its ``results_TIME.json``.

A row is one document under one filter; older versions wrote one list of all rows, into files of either ending.
``doc_id`` is a row number that moves with ``--limit`` and shuffling, so what pairs two runs is ``doc_hash``; old files
without it get the same hash of their ``doc``. The seeds that the files know are those of the evaluation.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import isfinite
from pathlib import Path
from sys import intern
from typing import Any

import numpy as np

from evenhand.data.json_rows import first_row, is_list, iter_json_rows
from evenhand.data.reading import check_file
from evenhand.errors import DataError, shortened
from evenhand.runs.checked import (
    Faults,
    ScoreColumn,
    digest,
    number,
    short,
    source_of,
    table,
    text_of,
    utc,
)
from evenhand.runs.lm_eval_quick import items_at_once
from evenhand.runs.lm_eval_results import (
    about_metric,
    doubts_of,
    metric_name,
    prompt_of,
    results_in,
    seeds_of,
    settings_of,
    version_of,
)
from evenhand.runs.run import Certainty, Items, Options, Run

_TIME = r"\d{4}-\d{2}-\d{2}T\d{2}[-:]\d{2}[-:]\d{2}(?:\.\d+)?"
_SAMPLES = re.compile(rf"(?P<before>.*?)samples_(?P<task>.+?)(?:_(?P<time>{_TIME}))?\.jsonl?")
_RESULTS = re.compile(rf".*results(?:_{_TIME})?\.json")
_LARGE = 1 << 20
"""Bytes from which on it is worth while to read all rows at once."""
_MOST_LOOKED_AT = 1 << 22
"""Bytes of a file that begins as results do, in which what else they have is looked for."""
_FIELDS = frozenset(
    [
        "doc_id",
        "doc",
        "target",
        "arguments",
        "resps",
        "filtered_resps",
        "filter",
        "metrics",
        "doc_hash",
        "prompt_hash",
        "target_hash",
    ]
)
"""Keys of a row that are no metric: files from before there was ``metrics`` do not tell them apart."""


@dataclass
class _Filtered:
    """The rows of one filter."""

    ids: list[str] = field(default_factory=list)
    contents: list[str] = field(default_factory=list)
    prompts: list[str] = field(default_factory=list)
    outputs: list[str] = field(default_factory=list)
    inputs: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)
    scores: dict[str, ScoreColumn] = field(default_factory=dict)
    seen: dict[str, int] = field(default_factory=dict)


class LmEval:
    """Reader of the harness's logs."""

    name = "lm_eval"
    about = "lm-evaluation-harness: samples_TASK_TIME.jsonl with results_TIME.json beside it"

    def recognises(self, path: Path) -> Certainty:
        """By name, else by the keys of the first row."""
        if path.is_dir():
            return Certainty.NO
        if path.suffix in (".json", ".jsonl"):
            row = first_row(path)
            if "doc_id" in row and {"resps", "filtered_resps"} & row.keys():
                return Certainty.SURE
            if _SAMPLES.fullmatch(path.name) and "doc_id" in row:
                return Certainty.LIKELY
        if path.suffix == ".json":
            head = _head(path)
            known = '"results"' in head if _RESULTS.fullmatch(path.name) else _is_results(path, head)
            return Certainty.LIKELY if known else Certainty.NO
        return Certainty.NO

    def read(self, path: Path, options: Options) -> list[Run]:
        """The run of a file of samples, or the numbers of a results file whose samples were not logged.

        Raises:
            DataError: all that is wrong with the file, with its line.
        """
        if path.suffix == ".json" and not (_SAMPLES.fullmatch(path.name) or is_list(path)):
            return _numbers(path)
        return [_run(path, options)]


def _head(path: Path, most: int = 4096) -> str:
    try:
        with path.open("rb") as file:
            return file.read(most).decode("utf-8", "replace")
    except OSError:
        return ""


def _is_results(path: Path, head: str) -> bool:
    """Whether a file of any name holds results: older versions wrote to the path that they were given."""
    if not re.match(r'\s*\{\s*"results"\s*:\s*\{', head):
        return False
    whole = _head(path, _MOST_LOOKED_AT)
    return all(re.search(rf'"{key}"\s*:\s*\{{', whole) for key in ("versions", "configs?"))


def _results_of(path: Path, task: str) -> tuple[Path | None, Mapping[str, Any]]:
    """The results file that belongs to a file of samples: of the same time, else the only one that names the task."""
    match = _SAMPLES.fullmatch(path.name)
    if match and match["time"]:
        for name in (f"{match['before']}results_{match['time']}.json", f"results_{match['time']}.json"):
            beside = path.parent / name
            if beside.is_file():
                return beside, results_in(beside)
    candidates = [one for one in sorted(path.parent.glob("*results*.json")) if _RESULTS.fullmatch(one.name)]
    fitting = [(one, found) for one in candidates if task in table((found := results_in(one)).get("results"))]
    return fitting[0] if len(fitting) == 1 and not (match and match["time"]) else (None, {})


def _task_name(path: Path, options: Options) -> str:
    if options.task:
        return options.task
    match = _SAMPLES.fullmatch(path.name)
    if match:
        return match["task"]
    # older versions named the file after the model's arguments and the task; the results tell which part is the task
    for one in sorted(path.parent.glob("*.json")):
        if _RESULTS.fullmatch(one.name):
            tasks = sorted(table(results_in(one).get("results")), key=len, reverse=True)
            for task in tasks:
                if path.stem.endswith(f"_{task}"):
                    return str(task)
    return path.stem


def _run(path: Path, options: Options) -> Run:
    task = _task_name(path, options)
    beside, results = _results_of(path, task)
    unusable: dict[str, str] = {}
    large = path.is_file() and path.stat().st_size > _LARGE and not is_list(path)
    items = items_at_once(path, first_row(path), _told) if large else None
    items = items or _items_one_by_one(path, unusable)
    doubts = doubts_of(path, task, items, results)
    return Run(
        source=source_of(path, READER.name, str(results.get("lm_eval_version") or ""), [beside] if beside else []),
        task=task,
        task_version=version_of(task, results),
        prompt=prompt_of(task, results),
        model=str(results.get("model_name") or table(results.get("config")).get("model_args") or ""),
        items=items,
        about={name: about_metric(name, task, results) for name in items.scores},
        unusable=unusable,
        settings=settings_of(task, results),
        evaluation_seeds=seeds_of(results),
        ended=utc(results.get("date")),
        doubts=doubts,
        remarks=()
        if beside
        else (f"{path.name} has no results file beside it: model, task version and shots are unknown",),
    )


def _items_one_by_one(path: Path, unusable: dict[str, str]) -> Items:
    """The items of a file, with whatever is wrong with each row."""
    faults = Faults()
    filters: dict[str, _Filtered] = {}
    for line, row in iter_json_rows(path, strict=False):
        _add_row(filters, row, path, line, faults)
    if not filters and not faults.found:
        raise DataError(f"{path}: the file is empty; expected one row for each document.")
    items = _items(filters, path, faults, unusable)
    faults.check()
    return items


def _told(field_: str, value: Any) -> str:
    """A field as text, cut short."""
    return short(_answered({field_: value}) if field_ == "filtered_resps" else text_of(value))


def _add_row(filters: dict[str, _Filtered], row: Any, path: Path, line: int, faults: Faults) -> None:
    """Take up one row: a document under a filter."""
    if not isinstance(row, dict) or "doc_id" not in row:
        faults.add(f"{path}:{line}", "expected a row of lm-evaluation-harness with a `doc_id`")
        return
    one = filters.setdefault(str(row.get("filter", "none")), _Filtered())
    key = text_of(row["doc_id"])
    if key in one.seen:
        faults.add(f"{path}:{line}", f"the document {shortened(key)} stands twice under one filter")
        return
    one.seen[key] = 1
    one.ids.append(key)
    one.contents.append(intern(_content(row)))
    prompt = row.get("prompt_hash")
    asked = _asked(row.get("arguments"))
    one.prompts.append(intern(prompt[:16] if isinstance(prompt, str) else digest(asked)))
    one.inputs.append(short(asked))
    one.outputs.append(short(_answered(row)))
    one.expected.append(short(text_of(row.get("target", ""))))
    _add_scores(one, row, path, line, faults)


def _add_scores(one: _Filtered, row: Mapping[str, Any], path: Path, line: int, faults: Faults) -> None:
    names = row.get("metrics")
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        names = [name for name in row if name not in _FIELDS]
    if len(one.ids) > 1 and list(one.scores) != names and one.scores.keys() != set(names):
        odd = sorted(one.scores.keys() ^ set(names))
        told = ", ".join(map(shortened, odd[:3]))
        faults.add(f"{path}:{line}", f"its metrics are not those of the rows before it ({told})")
        return
    for name in names:
        if name not in row:
            faults.add(f"{path}:{line}", f"the metric {shortened(name)} is named and has no value")
        column = one.scores.setdefault(name, ScoreColumn())
        value = row.get(name)
        if type(value) is float and isfinite(value):
            column.good += 1
            column.values.append(value)
        else:
            column.add(value, f"{path}:{line}")


def _content(row: Mapping[str, Any]) -> str:
    """Hash of the document and its target; what the harness calls ``doc_hash``, made anew where it is missing."""
    known, target = row.get("doc_hash"), row.get("target_hash")
    if not isinstance(known, str):
        text = json.dumps(row.get("doc"), indent=2, default=str, ensure_ascii=False)
        known = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    if not isinstance(target, str):
        target = hashlib.sha256(text_of(row.get("target", "")).encode("utf-8", "surrogatepass")).hexdigest()
    return f"{known[:16]}{target[:8]}"


def _asked(arguments: Any) -> str:
    """What the model was given: the prompt, with the choice where the likelihood of choices was asked for."""
    if isinstance(arguments, dict):  # {"gen_args_0": {"arg_0": prompt, "arg_1": settings or continuation}, ...}
        first = next(iter(arguments.values()), "")
        return text_of(table(first).get("arg_0", first))
    if isinstance(arguments, list) and arguments and isinstance(arguments[0], list) and arguments[0]:
        return text_of(arguments[0][0])
    return text_of(arguments) if arguments is not None else ""


def _answered(row: Mapping[str, Any]) -> str:
    found = row.get("filtered_resps", row.get("resps", ""))
    while isinstance(found, list) and len(found) == 1:
        found = found[0]
    return text_of(found)


def _items(filters: Mapping[str, _Filtered], path: Path, faults: Faults, unusable: dict[str, str]) -> Items:
    """One table of all filters: their rows are the same documents, in whatever order."""
    first = next(iter(filters.values()), _Filtered())
    scores, outputs = {}, {}
    for filter_, one in filters.items():
        if one.seen.keys() != first.seen.keys():
            faults.add(str(path), f"the filter {shortened(filter_)} has other documents than the filter before it")
            continue
        if any(len(column.values) != len(one.ids) for column in one.scores.values()):
            continue  # told already
        places = {key: place for place, key in enumerate(one.ids)}
        order = np.asarray([places[key] for key in first.ids], dtype=np.int64)
        for name, column in one.scores.items():
            whole = metric_name(name, filter_)
            why = column.judged(name, faults)
            if why:
                unusable[whole] = why
            else:
                scores[whole] = column.floats[order]
                outputs[whole] = tuple(one.outputs[i] for i in order)
    if not scores and not unusable and not faults.found:
        faults.add(str(path), "no row has a metric")
    return Items(
        ids=tuple(first.ids), scores=scores, contents=tuple(first.contents), prompts=tuple(first.prompts),
        outputs=outputs, inputs=tuple(first.inputs), expected=tuple(first.expected),
    )  # fmt: skip


def _numbers(path: Path) -> list[Run]:
    """The numbers of a results file; none where the samples of a task lie beside it, which tell more."""
    check_file(path)
    results = results_in(path)
    runs = []
    for task, entry in table(results.get("results")).items():
        found: dict[str, float] = {}
        for key, value in table(entry).items():
            metric, _, filter_ = key.partition(",")
            told = number(value)
            if (
                told is not None
                and not isinstance(value, bool)
                and not metric.endswith("_stderr")
                and metric != "sample_len"
            ):
                found[metric_name(metric, filter_ or "none")] = told
        if found and not _has_samples(path, task):
            runs.append(
                Run(
                    source=source_of(path, READER.name, str(results.get("lm_eval_version") or "")),
                    task=task, task_version=version_of(task, results), prompt=prompt_of(task, results),
                    model=str(results.get("model_name") or table(results.get("config")).get("model_args") or ""),
                    metrics=found, about={name: about_metric(name, task, results) for name in found},
                    settings=settings_of(task, results), evaluation_seeds=seeds_of(results),
                    ended=utc(results.get("date")),
                    remarks=(
                        f"{path.name} has numbers alone, which say nothing of new items: evaluate with --log_samples",
                    ),
                )
            )  # fmt: skip
    return runs


def _has_samples(path: Path, task: str) -> bool:
    """Whether the samples of a task lie beside its results."""
    for one in path.parent.glob("*.json*"):
        match = _SAMPLES.fullmatch(one.name)
        older = not match and one.suffix == ".jsonl" and one.stem.endswith(f"_{task}")
        if older or (match and match["task"] == task):
            return True
    return False


READER = LmEval()
