"""Folders ``mlruns`` as MLflow writes them, read without it; and by its own store, where that can still be opened."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

import evenhand as eh
from evenhand.errors import DataError
from evenhand.runs.find import read_runs
from evenhand.runs.mlflow import MLflow
from evenhand.runs.run import Options
from tests.mutations import assert_only_data_errors, mutations
from tests.runs import writers


def mlruns(
    folder: Path,
    run: str,
    metrics: Mapping[str, str],
    *,
    status: int = 3,
    stage: str = "active",
    params: Mapping[str, str] | None = None,
    rows: Any = None,
) -> Path:
    """A run of the experiment ``exp``."""
    place = folder / "mlruns" / "1" / run
    for part, held in (("metrics", metrics), ("params", params or {}), ("tags", {"mlflow.runName": f"named {run}"})):
        for name, text in held.items():
            (place / part / name).parent.mkdir(parents=True, exist_ok=True)
            (place / part / name).write_text(text)
    (place / "meta.yaml").write_text(
        f"artifact_uri: file:///elsewhere/{run}/artifacts\nend_time: 1622557739000\nlifecycle_stage: {stage}\n"
        f"name: ''\nrun_id: {run}\nrun_name: x\nrun_uuid: {run}\nstart_time: 1622557738980\n"
        f"status: {status}\ntags: []\n"
    )
    (place.parent / "meta.yaml").write_text("artifact_location: x\nexperiment_id: '1'\nname: exp\n")
    if rows is not None:
        (place / "artifacts").mkdir()
        document = json.dumps({"columns": writers.COLUMNS, "data": rows})
        (place / "artifacts" / "eval_results_table.json").write_text(document)
    return place


def test_the_last_value_of_each_metric_counts_whatever_the_order_of_its_lines(tmp_path: Path) -> None:
    lines = "1622557738984 0.9 20\n1622557738981 0.4 10\n1622557738990 0.8 20\n"
    metrics = {"val/acc": lines, "loss": "1622557738984 nan 0\n"}
    place = mlruns(tmp_path, "r1", metrics, params={"lr": "0.1", "seed": "3"})
    (run,) = read_runs(str(place)).runs
    assert (run.metrics, run.training_seed, run.model) == ({"val/acc": 0.8}, 3, "named r1")
    assert (run.source.format, run.settings["lr"], run.started[:19]) == ("mlflow", "0.1", "2021-06-01T14:28:58")


def test_a_name_that_yaml_folds_over_lines_is_read_whole(tmp_path: Path) -> None:
    place, name = (
        mlruns(tmp_path, "r1", {"acc": "1 0.5 0\n"}),
        "fine-tuned: " + "on a long list of things, " * 6 + "end",
    )
    (place / "tags" / "mlflow.runName").unlink()
    meta = yaml.safe_load((place / "meta.yaml").read_text()) | {"run_name": name}
    (place / "meta.yaml").write_text(yaml.safe_dump(meta))
    (run,) = read_runs(str(place)).runs
    assert run.model == name


@pytest.mark.parametrize("text", ["run_id: [1", "- a list", "just a text", ""])
def test_a_meta_file_that_is_none_is_named(tmp_path: Path, text: str) -> None:
    place = mlruns(tmp_path, "r1", {"acc": "1 0.5 0\n"})
    (place / "meta.yaml").write_text(text)
    with pytest.raises(DataError, match=r"meta\.yaml: "):
        read_runs(str(place))


def test_a_whole_folder_is_several_models_of_which_one_is_picked(tmp_path: Path) -> None:
    for name, value in (("r1", "0.5"), ("r2", "0.7")):
        mlruns(tmp_path, name, {"acc": f"1 {value} 0\n"})
    mlruns(tmp_path, "gone", {"acc": "1 1 0\n"}, stage="deleted")
    (tmp_path / "mlruns" / "1" / "models" / "m-1" / "params").mkdir(parents=True)
    (tmp_path / "mlruns" / "1" / "models" / "m-1" / "meta.yaml").write_text("model_id: m-1\n")
    with pytest.raises(DataError, match=r"holds 2 models .named r1, named r2.*: pick one with .*mlruns#named r1"):
        eh.compare(tmp_path / "mlruns", tmp_path / "mlruns" / "1" / "r2", margin=0.1)
    found = eh.compare(f"{tmp_path}/mlruns#named r1", f"{tmp_path}/mlruns#named r2", margin=0.1)
    assert found.verdicts[0].contrasts[0].estimate == pytest.approx(0.2)
    asked = read_runs(f"mlflow:{tmp_path}/mlruns?experiment=exp").runs
    assert [run.metrics["acc"] for run in asked] == [0.5, 0.7]
    assert read_runs(f"mlflow:{tmp_path}/mlruns?run=r2").runs[0].metrics == {"acc": 0.7}


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("?experiment=other", "there is no experiment 'other'; there are: exp"),
        ("?run=r9", "there is no run 'r9'"),
        ("?filter=x", "a filter needs a server"),
    ],
)
def test_what_a_folder_cannot_answer_is_told(tmp_path: Path, query: str, says: str) -> None:
    mlruns(tmp_path, "r1", {"acc": "1 0.5 0\n"})
    with pytest.raises(DataError, match=says):
        read_runs(f"mlflow:{tmp_path}/mlruns{query}")


def test_tables_of_items_are_read_and_a_run_that_did_not_end_is_in_doubt(tmp_path: Path) -> None:
    rows = [[f"q{i}", f"question {i}", i % 2] for i in range(4)]
    (run,) = read_runs(str(mlruns(tmp_path, "r1", {"acc": "1 0.5 0\n"}, status=1, rows=rows))).runs
    assert run.items is not None
    assert run.items.scores["accuracy"].tolist() == [0, 1, 0, 1]
    assert "did not end well: 'RUNNING'" in run.doubts["partial"]


@pytest.mark.slow
def test_damage_of_any_kind_is_one_sentence(tmp_path: Path) -> None:
    place = mlruns(tmp_path, "r1", {"acc": "1622557738984 0.5 0\n"}, rows=[["q1", "question", 1]])
    for file in (place / "meta.yaml", place / "metrics" / "acc"):
        sound = file.read_bytes()

        def read(path: Path) -> None:
            MLflow().recognises(place)
            MLflow().read(place, Options())

        assert_only_data_errors(read, mutations(sound, 250), file)
        file.write_bytes(sound)
    (place / "metrics" / "acc").write_text("1 x 0 y\n1\n")
    with pytest.raises(DataError, match=r"acc:2: expected a time, a value and a step; found '1'"):
        MLflow().read(place, Options())


@pytest.mark.slow
def test_what_mlflow_writes_is_what_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("mlflow")
    from mlflow.store.tracking.file_store import FileStore

    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", (tmp_path / "mlruns").as_uri())
    FileStore(str(tmp_path / "mlruns"))
    reported = writers.mlflow_run((tmp_path / "mlruns").as_uri(), "0", "base", [["q1", "a", 1], ["q2", "b", 0]])
    (run,) = read_runs(str(tmp_path / "mlruns")).runs
    assert run.items is not None
    assert float(run.items.scores["accuracy"].mean()) == reported
