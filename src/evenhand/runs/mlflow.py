"""MLflow: the runs of a tracking server or database, with their parameters, last metrics and tables.

``mlflow:URI?experiment=NAME&filter=...&run=ID&table=PATH``; the URI is that of the environment where none is given.
A folder ``mlruns``, and that of one run within it, is read as files.
"""

from __future__ import annotations

import os
import tempfile
import urllib.parse
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from evenhand.data.reading import check_file
from evenhand.errors import DataError
from evenhand.runs.checked import utc
from evenhand.runs.mlflow_files import LOGGED, USUAL_TABLE, is_deleted, is_run, runs_below, table_names, tracked
from evenhand.runs.run import Certainty, Options, Run, Source
from evenhand.runs.tracked import Tracked, missing_package, read_table, runs_of_tracked
from evenhand.runs.trackio import tables_of

_KEYS = ("experiment", "filter", "run", "table")
_PAGE = 1000
_TABLES = {"experiments", "runs", "latest_metrics"}


class MLflow:
    """Reader of MLflow's tracking."""

    name = "mlflow"
    about = "MLflow: mlflow:URI?experiment=NAME, the SQLite file of a tracking server, or a folder of mlruns"

    def recognises(self, path: Path) -> Certainty:
        """By the tables of the database; a folder by the files of a run."""
        if path.is_dir():
            return Certainty.SURE if is_run(path) else Certainty.NO
        return Certainty.SURE if path.is_file() and tables_of(path) >= _TABLES else Certainty.NO

    def chosen(self, paths: Sequence[Path]) -> Sequence[Path]:
        """Without the folders of runs that were deleted."""
        return [path for path in paths if not (path.is_dir() and is_deleted(path))]

    def read(self, path: Path, options: Options) -> list[Run]:
        """All runs of a tracking database, or the run of a folder.

        Raises:
            DataError: MLflow is not installed, or cannot read it.
        """
        if path.is_dir():
            return runs_of_tracked(tracked(path, self.name), options)
        check_file(path)
        if not tables_of(path) >= _TABLES:  # MLflow would make them there
            raise DataError(f"{path}: no tracking database of MLflow, or a damaged one.")
        return self.ask(f"sqlite:///{path.resolve()}", options)

    def ask(self, query: str, options: Options) -> list[Run]:
        """The runs that a query finds.

        Raises:
            DataError: MLflow is not installed, the server does not answer, or there is no such experiment or run.
        """
        uri, wanted = parsed(query)
        folder = Path(uri.removeprefix("file://"))
        if uri and folder.is_dir():
            return self._in_folder(folder, wanted, options)
        _quietly()
        try:
            from mlflow import MlflowClient
            from mlflow.exceptions import MlflowException
        except ImportError as error:
            raise missing_package("mlflow", "mlflow", f"mlflow:{query}") from error
        try:
            client = MlflowClient(tracking_uri=uri or None)
            found = list(_runs(client, wanted, query))
            return [run for one in found for run in runs_of_tracked(_tracked(client, one, wanted, query), options)]
        except DataError:
            raise
        except MlflowException as error:
            raise DataError(f"mlflow:{query}: {_line(error)}.") from error
        except Exception as error:  # of many kinds: no connection, no such database, a migration that is due
            raise DataError(f"mlflow:{query} cannot be read ({type(error).__name__}: {_line(error)}).") from error

    def _in_folder(self, folder: Path, wanted: Mapping[str, str], options: Options) -> list[Run]:
        if "filter" in wanted:
            raise DataError(f"mlflow:{folder}: a filter needs a server; pick runs with run=ID or experiment=NAME.")
        found = runs_below(folder, wanted.get("experiment", ""), wanted.get("run", ""))
        named = wanted.get("table", "")
        return [run for one in found for run in runs_of_tracked(tracked(one, self.name, named), options)]


def _line(error: BaseException) -> str:
    text = " ".join(str(error).split()).rstrip(".")
    return text if len(text) <= 200 else f"{text[:197]}..."


def _quietly() -> None:
    """Without MLflow's bars and its notes on how it is doing."""
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")


def parsed(query: str) -> tuple[str, dict[str, str]]:
    """The URI of a query, and what it asks for.

    Raises:
        DataError: a key that is none.
    """
    uri, _, rest = query.partition("?")
    wanted = dict(urllib.parse.parse_qsl(rest, keep_blank_values=True))
    unknown = [key for key in wanted if key not in _KEYS]
    if unknown:
        raise DataError(f"mlflow:{query}: there is no key '{unknown[0]}'; a query knows {', '.join(_KEYS)}.")
    return uri, wanted


def _runs(client: Any, wanted: Mapping[str, str], query: str) -> Iterator[Any]:
    if "run" in wanted:
        yield client.get_run(wanted["run"])
        return
    if "experiment" in wanted:
        experiment = client.get_experiment_by_name(wanted["experiment"])
        if experiment is None:
            known = ", ".join(sorted(one.name for one in client.search_experiments())) or "none"
            raise DataError(f"mlflow:{query}: there is no experiment '{wanted['experiment']}'; there are: {known}.")
        ids = [experiment.experiment_id]
    else:
        ids = [one.experiment_id for one in client.search_experiments()]
    token: str | None = None
    while token is None or token:
        page = client.search_runs(ids, filter_string=wanted.get("filter", ""), max_results=_PAGE, page_token=token)
        yield from page
        token = page.token or ""


def _tracked(client: Any, run: Any, wanted: Mapping[str, str], query: str) -> Tracked:
    info, data = run.info, run.data
    name = data.tags.get("mlflow.runName") or info.run_name or info.run_id
    uri = query.partition("?")[0]
    return Tracked(
        name=str(name),
        source=Source(
            f"mlflow:{uri}?run={info.run_id}", "", READER.name, "", (info.end_time or info.start_time) / 1000
        ),
        config=dict(data.params),
        metrics=dict(data.metrics),
        tables=dict(_tables(client, run, wanted, query)),
        status=str(info.status),
        ended_well=str(info.status) == "FINISHED",
        started=utc(info.start_time / 1000),
        ended=utc(info.end_time / 1000) if info.end_time else "",
    )


def _tables(
    client: Any, run: Any, wanted: Mapping[str, str], query: str = ""
) -> Iterator[tuple[str, tuple[list[str], list[list[Any]]]]]:
    """The tables of a run: the one that is named, else those that it says it logged, else MLflow's own."""
    if "table" in wanted:
        names = [wanted["table"]]
    else:
        names = table_names(run.data.tags.get(LOGGED, ""), f"mlflow:{query}, tag {LOGGED}")
        if not names and USUAL_TABLE in [one.path for one in client.list_artifacts(run.info.run_id)]:
            names = [USUAL_TABLE]
    for name in dict.fromkeys(names):
        if not name.endswith(".json"):
            continue
        with tempfile.TemporaryDirectory() as folder:
            path = Path(client.download_artifacts(run.info.run_id, name, folder))
            where = f"mlflow:{query}: the artifact {name} of the run {run.info.run_id}"
            yield Path(name).stem, read_table(path, where)


READER = MLflow()
