"""HELM: ``per_instance_stats.json`` of a run, with ``run_spec.json`` and ``scenario_state.json`` beside it.

What was asked and answered stands in ``scenario_state.json``; ``instances.json`` has the questions alone.

Draws of the examples in the prompt (``train_trial_index``) are averaged; a perturbed instance is an item of its own.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from evenhand.data.reading import read_json
from evenhand.errors import DataError, shortened
from evenhand.recipes.contract import Metric
from evenhand.runs.checked import Faults, digest, number, rows, short, source_of, table, text_of
from evenhand.runs.run import Certainty, Items, Options, Run

_STATS = re.compile(r"(?P<before>.*)per_instance_stats\.json")
_COSTS = re.compile(
    r"num_.*|.*_runtime|.*runtime.*|batch_size|finish_reason_.*|training_.*|prompt_truncated|max_prob|inference_.*|"
    r"logprob|estimated_.*"
)
"""Stats that HELM keeps of every instance and that score nothing."""

SHARES = re.compile(r"(quasi_|prefix_|quasi_prefix_|final_number_)?exact_match(@\d+)?|f1_score|rouge_[l12]|bleu_\d")


class Helm:
    """Reader of HELM's runs."""

    name = "helm"
    about = "HELM: per_instance_stats.json with run_spec.json and scenario_state.json beside it"

    def recognises(self, path: Path) -> Certainty:
        """By name."""
        return Certainty.SURE if path.is_file() and _STATS.fullmatch(path.name) else Certainty.NO

    def read(self, path: Path, options: Options) -> list[Run]:
        """The run of a folder.

        Raises:
            DataError: damaged, no such file of HELM, or an instance that stands twice.
        """
        match = _STATS.fullmatch(path.name)
        before = match["before"] if match else ""
        entries = read_json(path, strict=False)
        if not isinstance(entries, list) or not entries:
            raise DataError(f"{path}: no stats of HELM: expected a list with an entry for each instance.")
        beside = path.parent / f"{before}run_spec.json"
        spec = table(read_json(beside, strict=False)) if beside.is_file() else {}
        places = [path.parent / f"{before}{name}.json" for name in ("scenario_state", "instances")]
        asked_file = next((one for one in places if one.is_file()), None)
        asked = {} if asked_file is None else (_states if asked_file == places[0] else _instances)(asked_file)
        items, shares = _items(path, entries, asked)
        adapter = table(spec.get("adapter_spec"))
        further = [one for one in (beside, asked_file) if one is not None and one.is_file()]
        names = _ordered(items, spec)
        items = Items(**{**items.__dict__, "scores": {name: items.scores[name] for name in names}})
        return [
            Run(
                source=source_of(path, READER.name, further=further),
                task=options.task or _task(spec, path),
                task_version=digest(text_of(spec["scenario_spec"])) if "scenario_spec" in spec else "",
                prompt=_prompt(adapter),
                model=str(adapter.get("model") or ""),
                items=items,
                about={name: _about(name, name in shares) for name in items.scores},
                settings={k: short(text_of(adapter[k])) for k in ("model", "method", "temperature") if k in adapter},
                remarks=() if spec else (f"{path.name} has no run_spec.json beside it: model and prompt are unknown",),
            )
        ]


@dataclass
class _Asked:
    """An instance: what was asked, what is right, the prompts that it was put into, and what was answered to each."""

    text: str
    right: str
    prompts: list[str] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)


def _instance(instance: Mapping[str, Any]) -> _Asked:
    references = instance.get("references")
    right = [
        text_of(table(table(one).get("output")).get("text", ""))
        for one in rows(references)
        if "correct" in rows(table(one).get("tags"))
    ]
    asked = instance.get("input")
    return _Asked(text_of(table(asked).get("text", asked)), ", ".join(right))


def _key(instance: Any, perturbation: Any) -> str:
    kind = text_of(table(perturbation).get("name", ""))
    return text_of(instance) + (f"+{kind}" if kind else "")


def _instances(path: Path) -> dict[str, _Asked]:
    """Instance to what was asked and what is right."""
    entries = read_json(path, strict=False)
    known = [table(entry) for entry in rows(entries)]
    return {text_of(one.get("id", "")): _instance(one) for one in known}


def _states(path: Path) -> dict[str, _Asked]:
    """Instance, in each of its perturbations, to what was asked, and how, and what was answered."""
    found: dict[str, _Asked] = {}
    states = table(read_json(path, strict=False)).get("request_states")
    for state in map(table, rows(states)):
        instance, request = table(state.get("instance")), table(state.get("request"))
        if state.get("request_mode") == "calibration":  # the answers alone, without the question
            continue
        key = _key(instance.get("id", ""), instance.get("perturbation"))
        one = found.setdefault(key, _instance(instance))
        one.prompts.append(text_of(request.get("prompt", "")))
        completions = table(state.get("result")).get("completions")
        texts = [text_of(table(c).get("text", "")) for c in rows(completions)]
        one.answers.append("\n".join(texts))
    return found


def _items(path: Path, entries: list[Any], asked: Mapping[str, _Asked]) -> tuple[Items, set[str]]:
    """The instances, and which scores are right or wrong in every draw."""
    faults = Faults()
    scores: dict[str, dict[str, list[float]]] = {}
    groups: dict[str, str] = {}
    instance: dict[str, str] = {}
    seen: set[tuple[str, Any]] = set()
    for row, entry in enumerate(entries):
        place = f"{path} (entry {row + 1})"
        if not isinstance(entry, dict) or not isinstance(entry.get("stats"), list) or "instance_id" not in entry:
            faults.add(place, "expected an entry with `instance_id` and `stats`")
            continue
        kind = text_of(table(entry.get("perturbation")).get("name", ""))
        key = _key(entry["instance_id"], entry.get("perturbation"))
        trial = text_of(entry.get("train_trial_index", 0))
        if (key, trial) in seen:
            faults.add(place, f"the instance {shortened(key)} stands twice in trial {trial}")
            continue
        seen.add((key, trial))
        groups[key], instance[key] = kind, text_of(entry["instance_id"])
        _add_stats(scores.setdefault(key, {}), entry["stats"], place, faults)
    faults.check()
    ids = list(scores)
    names = dict.fromkeys(name for own in scores.values() for name in own)
    if not names:
        raise DataError(f"{path}: no instance has a score; only costs and counts were recorded.")
    said = [asked.get(key) or asked.get(instance[key]) for key in ids]
    known = [one for one in said if one is not None]
    whole = len(known) == len(ids)  # else some instance was asked nobody knows what
    answered = whole and all(one.answers for one in known)
    outputs = tuple(short("\n".join(one.answers)) for one in known) if answered else None
    told = {name: {value for own in scores.values() for value in own.get(name, ())} for name in names}
    items = Items(
        ids=tuple(ids),
        scores={name: np.asarray([_mean(scores[key].get(name)) for key in ids], dtype=np.float64) for name in names},
        contents=tuple(digest(one.text, one.right, groups[key]) for one, key in zip(known, ids, strict=True))
        if whole
        else None,
        prompts=tuple(digest(*one.prompts) for one in known) if answered else None,
        outputs={} if outputs is None else dict.fromkeys(names, outputs),
        inputs=tuple(short(one.text) for one in known) if whole else None,
        expected=tuple(short(one.right) for one in known) if whole else None,
        groups=tuple(groups[key] or "as it is" for key in ids) if any(groups.values()) else None,
    )
    return items, {name for name, values in told.items() if values <= {0.0, 1.0}}


def _mean(values: list[float] | None) -> float:
    return float(np.mean(values)) if values else math.nan


def _add_stats(own: dict[str, list[float]], stats: list[Any], place: str, faults: Faults) -> None:
    for stat in stats:
        name = table(table(stat).get("name")).get("name")
        if not isinstance(name, str):
            faults.add(place, "a stat has no name")
            continue
        count = number(table(stat).get("count"))
        if _COSTS.fullmatch(name) or count == 0:
            continue
        told = number(table(stat).get("mean"))
        if told is None:
            faults.add(place, f"the score '{name}' is {shortened(table(stat).get('mean'))}, which is no number")
        else:
            own.setdefault(name, []).append(told)


def _ordered(items: Items, spec: Mapping[str, Any]) -> list[str]:
    """Metrics, those first that the run asked for by name."""
    listed = spec.get("metric_specs")
    wanted = [
        name
        for one in rows(listed)
        for name in rows(table(table(one).get("args")).get("names"))
        if isinstance(name, str)
    ]
    return list(dict.fromkeys([*(name for name in wanted if name in items.scores), *items.scores]))


def _task(spec: Mapping[str, Any], path: Path) -> str:
    """Name of the run without the model."""
    name = spec.get("name")
    if not isinstance(name, str):
        return path.parent.name
    head, colon, rest = name.partition(":")
    kept = [part for part in rest.split(",") if part and not part.startswith(("model=", "model_deployment="))]
    return head + (colon + ",".join(kept) if kept else "")


def _prompt(adapter: Mapping[str, Any]) -> str:
    """How instances were made into prompts, whatever the model."""
    own = {
        k: v for k, v in adapter.items() if not k.startswith("model") and k not in ("max_eval_instances", "num_outputs")
    }
    return f"adapter {digest(json.dumps(own, sort_keys=True, default=str))}" if own else ""


def _about(name: str, right_or_wrong: bool) -> Metric:
    return Metric(floor=0.0, ceiling=1.0) if right_or_wrong or SHARES.fullmatch(name) else Metric()


READER = Helm()
