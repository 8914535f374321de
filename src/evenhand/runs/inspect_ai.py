"""Logs of Inspect: ``.eval`` by its own reader where ``inspect_ai`` is installed, JSON without it.

Epochs are decodes of one item and are averaged. Letters are what Inspect's own reducers make of them: C 1, P 0.5, I and
N 0. Items pair by what was asked (``input``, choices and target), and what the model was sent is compared.
"""

from __future__ import annotations

import json
import math
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from evenhand.data.reading import check_file, parse_json, read_json
from evenhand.errors import DataError, counted, shortened
from evenhand.recipes.contract import Metric
from evenhand.runs.checked import (
    Faults,
    ScoreColumn,
    bounded,
    digest,
    number,
    short,
    source_of,
    table,
    text_of,
    told_number,
    utc,
)
from evenhand.runs.run import Certainty, Items, Options, Run

LETTERS: Mapping[str, float] = {"C": 1.0, "I": 0.0, "P": 0.5, "N": 0.0}
_WORDS: Mapping[str, float] = {"yes": 1.0, "true": 1.0, "no": 0.0, "false": 0.0}


class InspectLog:
    """Reader of Inspect's logs."""

    name = "inspect_ai"
    about = "Inspect: .eval and JSON logs; epochs are averaged"

    def recognises(self, path: Path) -> Certainty:
        """By the ending and the first bytes."""
        if path.is_dir() or path.suffix not in (".eval", ".json"):
            return Certainty.NO
        try:
            with path.open("rb") as file:
                head = file.read(8192)
        except OSError:
            return Certainty.NO
        if path.suffix == ".eval":
            return Certainty.SURE if head.startswith(b"PK") else Certainty.NO
        looks = b'"status"' in head and b'"eval"' in head and (b'"task_id"' in head or b'"run_id"' in head)
        return Certainty.SURE if looks else Certainty.NO

    def read(self, path: Path, options: Options) -> list[Run]:
        """The run of a log.

        Raises:
            DataError: damaged, no log, or samples that stand twice.
        """
        log = _packed(path) if path.suffix == ".eval" else read_json(path, strict=False)
        if not isinstance(log, dict) or not isinstance(log.get("eval"), dict) or "status" not in log:
            raise DataError(f"{path}: no log of Inspect: expected a table with `status` and `eval`.")
        return [_run(path, log, options)]


def _packed(path: Path) -> Any:
    """The log of a ``.eval`` file as plain data."""
    check_file(path)
    try:
        from inspect_ai.log import read_eval_log
    except ImportError:
        return _unzipped(path)
    try:
        found: dict[str, Any] = read_eval_log(str(path)).model_dump(mode="json")
        return found
    except Exception as error:  # of many kinds: damaged archives, JSON, or content
        raise DataError(f"{path}: no sound log of Inspect ({_line(error)}).") from error


def _line(error: BaseException) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= 200 else f"{text[:197]}..."


def _unzipped(path: Path) -> dict[str, Any]:
    """The log of a ``.eval`` file, without Inspect: a zip of JSON documents."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            if any(
                archive.getinfo(name).compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for name in names
            ):
                raise DataError(
                    f"{path} is packed in a way that Python {'.'.join(map(str, _version()))} does not read; install "
                    "Inspect, which does: pip install 'evenhand[inspect]'."
                )
            if "header.json" not in names:
                raise DataError(f"{path}: the log has no header, so it did not end: its run was cut off.")
            document = parse_json(archive.read("header.json").decode("utf-8"), f"{path}/header.json", strict=False)
            if isinstance(document, dict):
                document["samples"] = [
                    parse_json(archive.read(name).decode("utf-8"), f"{path}/{name}", strict=False)
                    for name in sorted(names)
                    if name.startswith("samples/") and name.endswith(".json")
                ]
            return dict(table(document))
    except (zipfile.BadZipFile, zlib.error, UnicodeDecodeError, EOFError, OSError, NotImplementedError, KeyError,
            RuntimeError, ValueError) as error:  # fmt: skip
        raise DataError(f"{path}: no sound log of Inspect ({_line(error)}).") from error


def _version() -> Sequence[int]:
    import sys

    return sys.version_info[:2]


@dataclass
class _Sample:
    """One item, over its epochs."""

    content: str
    prompt: str
    asked: str
    expected: str
    row: int
    scores: dict[str, list[float]] = field(default_factory=dict)
    answers: dict[str, list[str]] = field(default_factory=dict)
    epochs: set[Any] = field(default_factory=set)
    error: str = ""


def _run(path: Path, log: Mapping[str, Any], options: Options) -> Run:
    told = log["eval"]
    faults, unusable = Faults(), dict[str, str]()
    samples = log.get("samples")
    items = None if not isinstance(samples, list) or not samples else _items(path, samples, faults, unusable)
    faults.check()
    config = table(told.get("config"))
    packages = table(told.get("packages"))
    stats = table(log.get("stats"))
    metrics = _numbers(log)
    if items is None and not metrics:
        raise DataError(
            f"{path}: the log holds neither samples nor results (its status is {shortened(log['status'])})."
        )
    names = [*(items.scores if items else ()), *metrics]
    if items is not None and not names and not unusable:
        unusable["score"] = f"{path}: no sample was scored; score them with `inspect score {path.name}`"
    return Run(
        source=source_of(path, READER.name, str(packages.get("inspect_ai") or "")),
        task=options.task or str(told.get("task") or ""),
        task_version=text_of(told.get("task_version", "")),
        prompt=_prompt(log),
        model=str(told.get("model") or ""),
        items=items,
        metrics=metrics,
        about={name: _about(items, name) for name in names},
        unusable=unusable,
        settings=_settings(told, config),
        evaluation_seeds=_seeds(told, config),
        started=utc(stats.get("started_at")),
        ended=utc(stats.get("completed_at")),
        doubts=_doubts(path, log, items),
        remarks=()
        if items
        else (f"{path.name} holds no samples, so that it says nothing of new items: log them (--log-samples)",),
    )


def _items(path: Path, samples: Sequence[Any], faults: Faults, unusable: dict[str, str]) -> Items:
    found: dict[str, _Sample] = {}
    columns: dict[str, ScoreColumn] = {}
    for row, sample in enumerate(samples):
        place = f"{path} (sample {row + 1})"
        if not isinstance(sample, dict) or "id" not in sample:
            faults.add(place, "expected a sample with an `id`")
            continue
        key = text_of(sample["id"])
        one = found.get(key)
        if one is None:
            one = found[key] = _sample(sample, row)
        epoch = text_of(sample.get("epoch", 1))
        if epoch in one.epochs:
            faults.add(place, f"the sample {shortened(key)} stands twice in epoch {epoch}")
        elif one.content != _content(sample):
            faults.add(place, f"the sample {shortened(key)} was asked otherwise in another epoch")
        one.epochs.add(epoch)
        if sample.get("error"):
            one.error = short(text_of(table(sample["error"]).get("message", sample["error"])))
            continue
        _add_scores(one, sample, columns, place)
    ids = list(found)
    for name, column in list(columns.items()):
        why = column.judged(name, faults)
        if why:
            unusable[name] = why
            del columns[name]
    rows = [found[key] for key in ids]
    return Items(
        ids=tuple(ids),
        scores={name: np.asarray([_mean(row.scores.get(name)) for row in rows], dtype=np.float64) for name in columns},
        contents=tuple(row.content for row in rows),
        prompts=tuple(row.prompt for row in rows),
        outputs={name: tuple(short("\n".join(row.answers.get(name, []))) for row in rows) for name in columns},
        inputs=tuple(row.asked for row in rows),
        expected=tuple(row.expected for row in rows),
        errors={key: row.error for key, row in found.items() if row.error},
    )


def _mean(values: Sequence[float] | None) -> float:
    known = [value for value in values or () if not math.isnan(value)]
    return float(np.mean(known)) if known else math.nan


def _sample(sample: Mapping[str, Any], row: int) -> _Sample:
    return _Sample(
        _content(sample),
        _sent(sample),
        short(_said(sample.get("input", ""))),
        short(text_of(sample.get("target", ""))),
        row,
    )


def _content(sample: Mapping[str, Any]) -> str:
    return digest(
        _said(sample.get("input", "")), text_of(sample.get("choices") or ""), text_of(sample.get("target", ""))
    )


def _said(messages: Any) -> str:
    """A prompt as text: who says what, without the ids that differ in every run."""
    if not isinstance(messages, list):
        return text_of(messages)
    return "\n".join(f"{table(m).get('role', '')}: {_content_text(table(m).get('content', ''))}" for m in messages)


def _content_text(content: Any) -> str:
    if isinstance(content, list):
        parts = [
            {k: v for k, v in table(part).items() if k not in ("id", "internal") and v is not None} for part in content
        ]
        return json.dumps(parts, ensure_ascii=False, sort_keys=True, default=str)
    return text_of(content)


def _sent(sample: Mapping[str, Any]) -> str:
    """Hash of what the model was sent first: all before its first answer."""
    messages = sample.get("messages")
    before = []
    for message in messages if isinstance(messages, list) else ():
        if table(message).get("role") == "assistant":
            break
        before.append(message)
    return digest(_said(before or sample.get("input", "")))


def _add_scores(one: _Sample, sample: Mapping[str, Any], columns: dict[str, ScoreColumn], place: str) -> None:
    answered = text_of(table(sample.get("output")).get("completion") or "")
    for scorer, score in table(sample.get("scores")).items():
        value, answer = table(score).get("value"), table(score).get("answer")
        parts = (
            {f"{scorer}/{key}": inner for key, inner in value.items()} if isinstance(value, dict) else {scorer: value}
        )
        for name, inner in parts.items():
            column = columns.setdefault(name, ScoreColumn())
            told = value_of(inner)
            if told is None and not (inner is None or (isinstance(inner, float) and math.isnan(inner))):
                column.add(inner if not isinstance(inner, bool | int | float) else shortened(inner), place)
            else:
                column.add(0.0 if told is None else told, place)
            one.scores.setdefault(name, []).append(math.nan if told is None else told)
            one.answers.setdefault(name, []).append(text_of(answer) if answer is not None else answered)


def value_of(value: Any) -> float | None:
    """A score as a number, as Inspect's own reducers take it; None where it is none."""
    if isinstance(value, str):
        letter = LETTERS.get(value, _WORDS.get(value.lower()))
        return told_number(value) if letter is None else letter
    return number(value)


def _about(items: Items | None, name: str) -> Metric:
    share = items is not None and name in items.scores and (bounded(items.scores[name]) or _in_unit(items.scores[name]))
    return Metric(floor=0.0, ceiling=1.0) if share else Metric()


def _in_unit(scores: np.ndarray[Any, np.dtype[np.float64]]) -> bool:
    """Whether all scores are between 0 and 1 and some stand at an end: means of right and wrong over epochs."""
    known = scores[~np.isnan(scores)]
    halves = np.isin(known, (0.0, 0.5, 1.0))
    return bool(known.size) and bool(halves.all())


def _numbers(log: Mapping[str, Any]) -> dict[str, float]:
    """``scorer/metric`` to the number that the log reports."""
    found = {}
    scores = table(log.get("results")).get("scores")
    for score in scores if isinstance(scores, list) else ():
        for name, metric in table(table(score).get("metrics")).items():
            told = number(table(metric).get("value"))
            if told is not None and name not in ("stderr", "std", "var"):
                found[f"{table(score).get('name')}/{name}"] = told
    return found


def _prompt(log: Mapping[str, Any]) -> str:
    """What makes up the prompt beside the sample: the solvers with their parameters."""
    steps = table(log.get("plan")).get("steps")
    told = (
        [f"{table(s).get('solver')} {text_of(table(s).get('params') or {})}" for s in steps]
        if isinstance(steps, list)
        else []
    )
    return short("; ".join(told))


def _settings(told: Mapping[str, Any], config: Mapping[str, Any]) -> dict[str, str]:
    found = {
        "model": told.get("model"), "model_args": told.get("model_args") or None,
        "generation": told.get("model_generate_config") or None, "epochs": config.get("epochs"),
        "limit": config.get("limit"), "revision": table(told.get("revision")).get("commit"),
        "dataset": table(told.get("dataset")).get("name"),
    }  # fmt: skip
    return {key: short(text_of(value)) for key, value in found.items() if value is not None}


def _seeds(told: Mapping[str, Any], config: Mapping[str, Any]) -> dict[str, int]:
    seeds = {
        "generation seed": table(told.get("model_generate_config")).get("seed"),
        "sample_shuffle": config.get("sample_shuffle"),
    }
    return {k: v for k, v in seeds.items() if isinstance(v, int) and not isinstance(v, bool)}


def _doubts(path: Path, log: Mapping[str, Any], items: Items | None) -> dict[str, str]:
    doubts: dict[str, str] = {}
    if log["status"] != "success":
        doubts["partial"] = (
            f"{path} has the status {shortened(log['status'])}; only a run that ended well can be compared"
        )
    if items is None:
        return doubts
    if items.errors:
        key, why = next(iter(items.errors.items()))
        doubts["errors"] = f"{path} has {counted(len(items.errors), 'sample')} that ended in an error ({key}: {why})"
    expected = number(table(log.get("results")).get("total_samples"))
    epochs = number(table(table(log.get("eval")).get("config")).get("epochs")) or 1
    if expected is not None and "partial" not in doubts and len(items.ids) * epochs < expected:
        doubts["partial"] = (
            f"{path} holds {counted(len(items.ids), 'sample')} of the {expected / epochs:,.0f} that were run"
        )
    if not doubts:
        doubts |= _not_adding_up(path, log, items)
    return doubts


def _not_adding_up(path: Path, log: Mapping[str, Any], items: Items) -> dict[str, str]:
    """Where the mean over samples is not the accuracy that the log reports, though it reduces by the mean."""
    reducers = table(table(log.get("eval")).get("config")).get("epochs_reducer")
    if reducers not in (None, ["mean"]):
        return {}
    for name, told in _numbers(log).items():
        scorer, _, metric = name.rpartition("/")
        if metric in ("accuracy", "mean") and scorer in items.scores:
            mean = float(np.nanmean(items.scores[scorer])) if not np.isnan(items.scores[scorer]).all() else math.nan
            if abs(mean - told) > 1e-6:
                found = f"the mean of '{scorer}' over its samples is {mean:.6g}, and its results say {told:.6g}"
                return {"numbers": f"{path}: {found}"}
    return {}


READER = InspectLog()
