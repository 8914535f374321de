"""The folder ``mlruns`` that MLflow tracks into where no server is named: read as files, without MLflow.

A run is ``mlruns/EXPERIMENT/RUN`` with ``meta.yaml`` and a file for each parameter, metric and tag; newer versions of
MLflow do not open such folders themselves.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from evenhand.data.reading import parse_json, read_text
from evenhand.errors import DataError, shortened
from evenhand.files import file_hash
from evenhand.runs.checked import table, told_number, utc
from evenhand.runs.run import Source
from evenhand.runs.tracked import Tracked, read_table

_META = "meta.yaml"
_STATUS = {"1": "RUNNING", "2": "SCHEDULED", "3": "FINISHED", "4": "FAILED", "5": "KILLED"}
LOGGED, USUAL_TABLE = "mlflow.loggedArtifacts", "eval_results_table.json"
"""The tag that names the tables of a run, and what ``mlflow.evaluate`` calls its own."""


def is_run(folder: Path) -> bool:
    """Whether a folder is one run: an experiment and a logged model have a ``meta.yaml``, too."""
    parts = any((folder / part).is_dir() for part in ("metrics", "params", "tags"))
    return parts and (folder / _META).is_file() and folder.resolve().parent.name != "models"


def is_deleted(run: Path) -> bool:
    """Whether a run was deleted: its folder stays until it is collected."""
    return _meta(run).get("lifecycle_stage") == "deleted"


def runs_below(folder: Path, experiment: str = "", run: str = "") -> Iterator[Path]:
    """The folders of runs that were not deleted, of an experiment or with an id if these are named.

    Raises:
        DataError: there is no such experiment or run.
    """
    experiments = {}
    for one in sorted(folder.iterdir()):
        if one.is_dir() and not one.name.startswith(".") and (one / _META).is_file():
            experiments[one] = _meta(one).get("name", one.name)
    if experiment and experiment not in experiments.values():
        known = ", ".join(sorted(experiments.values())) or "none"
        raise DataError(f"{folder}: there is no experiment '{experiment}'; there are: {known}.")
    chosen = [one for one, name in experiments.items() if not experiment or name == experiment]
    runs = [inner for one in chosen for inner in sorted(one.iterdir()) if inner.is_dir() and is_run(inner)]
    if run and run not in {one.name for one in runs}:
        raise DataError(f"{folder}: there is no run '{run}'.")
    for one in runs:
        if (not run or one.name == run) and not is_deleted(one):
            yield one


def tracked(folder: Path, format_: str, table_name: str = "") -> Tracked:
    """A run as its folder has it.

    Raises:
        DataError: a file of it is damaged.
    """
    meta = _meta(folder)
    if "run_id" not in meta:
        raise DataError(f"{folder / _META}: no run of MLflow: expected a `run_id`.")
    tags = dict(_texts(folder / "tags"))
    metrics = dict(_metrics(folder / "metrics"))
    files = [folder / _META, *_files(folder / "metrics"), *_files(folder / "params")]
    whole = hashlib.sha256("".join(map(file_hash, files)).encode()).hexdigest()
    status = _STATUS.get(meta.get("status", ""), meta.get("status", ""))
    return Tracked(
        name=tags.get("mlflow.runName") or meta.get("run_name") or meta["run_id"],
        source=Source(str(folder), whole, format_, "", max(one.stat().st_mtime for one in files)),
        config=dict(_texts(folder / "params")),
        metrics=metrics,
        tables=dict(_tables(folder, tags, table_name)),
        status=status,
        ended_well=status == "FINISHED",
        started=_time(meta.get("start_time", "")),
        ended=_time(meta.get("end_time", "")),
    )


def table_names(logged: str, where: str) -> list[str]:
    """The tables that a run says it logged.

    Raises:
        DataError: the tag is no JSON.
    """
    found = parse_json(logged or "[]", where, strict=False)
    return [
        str(one["path"])
        for one in (found if isinstance(found, list) else ())
        if table(one).get("type") == "table" and "path" in one
    ]


def _meta(folder: Path) -> Mapping[str, str]:
    """The keys of a ``meta.yaml``, each value as it is written.

    Raises:
        DataError: it is no YAML, or no table.
    """
    import yaml

    path = folder / _META
    try:
        found = yaml.load(read_text(path), Loader=yaml.BaseLoader)
    except (yaml.YAMLError, RecursionError) as error:
        raise DataError(f"{path}: no usable YAML ({' '.join(str(error).split())[:200]}).") from error
    if not isinstance(found, dict):
        raise DataError(f"{path}: expected the keys of a run or an experiment; found {shortened(found)}.")
    texts = {str(key): value for key, value in found.items() if isinstance(value, str)}
    if "run_uuid" in texts:  # of old versions
        texts.setdefault("run_id", texts["run_uuid"])
    return {key: "" if value == "null" else value for key, value in texts.items()}


def _time(milliseconds: str) -> str:
    return utc(int(milliseconds) / 1000) if milliseconds.isdecimal() else ""


def _files(folder: Path) -> Sequence[Path]:
    """The files of a folder; names with a slash are folders within it."""
    return sorted(path for path in folder.rglob("*") if path.is_file()) if folder.is_dir() else []


def _texts(folder: Path) -> Iterator[tuple[str, str]]:
    for path in _files(folder):
        yield path.relative_to(folder).as_posix(), read_text(path)


def _metrics(folder: Path) -> Iterator[tuple[str, float]]:
    """The last value of each metric: of the largest step, and of the latest time where a step was logged again."""
    for path in _files(folder):
        logged = []
        for number, line in enumerate(read_text(path).splitlines(), 1):
            parts = line.split(" ")
            told = [told_number(part) for part in (parts[0], *parts[2:3])]
            if len(parts) < 2 or None in told:
                raise DataError(f"{path}:{number}: expected a time, a value and a step; found {shortened(line)}.")
            time, step = told[0] or 0.0, (told[1] or 0.0) if len(told) > 1 else 0.0
            logged.append((step, time, number, parts[1]))
        if logged and (value := told_number(max(logged)[3])) is not None:  # a NaN is no score
            yield path.relative_to(folder).as_posix(), value


def _tables(
    folder: Path, tags: Mapping[str, str], name: str
) -> Iterator[tuple[str, tuple[list[str], list[list[object]]]]]:
    top = (folder / "artifacts").resolve()
    names = [name] if name else table_names(tags.get(LOGGED, ""), f"{folder}/tags/{LOGGED}")
    if not names and (top / USUAL_TABLE).is_file():
        names = [USUAL_TABLE]
    for one in dict.fromkeys(names):
        path = (top / one).resolve()
        if not path.is_relative_to(top):
            raise DataError(f"{folder}: the table '{one}' lies outside the folder of the run.")
        if path.suffix == ".json":
            yield path.stem, read_table(path, str(path))
