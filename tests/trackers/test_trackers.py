"""What is written to a tracker is read back with the tracker's own reader; an outage costs no trial."""

from __future__ import annotations

import json
import os
import shutil
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from evenhand.claims.load import all_trials, load_claim
from evenhand.errors import DataError
from evenhand.ledger import Ledger
from evenhand.recipes.outcome import Curve
from evenhand.running.enter import decided
from evenhand.running.run import run_claim
from evenhand.trackers.entries import VerdictEntry, trial_entry, verdict_entry
from evenhand.trackers.names import by_step, cut, safe_name
from evenhand.trackers.protocol import check, names, opener
from evenhand.trackers.sync import connected, write_trials, write_verdict
from tests import mlflow_server
from tests.app import evenhand

SOURCES = Path(__file__).resolve().parents[2] / "src"
CLAIM = """
recipe = "toy:run"
settings.noise = 0.001
[metric]
name = "score"
margin = 0.02
[[arm]]
name = "plain"
role = "baseline"
[[arm]]
name = "idea"
role = "variant"
settings = { effect = 0.1, noise = 0.004 }
[[arm]]
name = "broken"
role = "reference"
settings.behave = "data"
[[rung]]
name = "confirm"
budget = 4
seeds = 2
items = 20
"""


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a claim that was run, one of its arms without success."""
    from tests.conftest import TOY

    folder = tmp_path_factory.mktemp("tracked")
    (folder / "toy.py").write_text(TOY)
    (folder / "c.toml").write_text(CLAIM)
    run_claim(load_claim(folder / "c.toml"), Ledger(folder / ".evenhand"), jobs=1)
    (folder / "page.html").write_text("<p>report</p>")
    return folder


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """MLflow and others put files beside where they are called."""
    monkeypatch.chdir(tmp_path)


def _write(folder: Path, spec: str) -> tuple[int, int]:
    """Write everything to a tracker; how many trials and verdict runs were new to it."""
    loaded = load_claim(folder / "c.toml")
    ledger = Ledger.existing(folder / ".evenhand")
    records = list(ledger.latest([trial.id for trial in all_trials(loaded.resolved)]).values())
    to = connected(spec, loaded.resolved.name)
    write_trials(to, loaded.resolved, records)
    write_verdict(to, _verdicts(folder))
    to.tracker.close()
    return to.trials, to.verdicts


def _verdicts(folder: Path) -> VerdictEntry:
    loaded, ledger = load_claim(folder / "c.toml"), Ledger.existing(folder / ".evenhand")
    return verdict_entry(decided(loaded, ledger), "0123456789abcdef", "| table |", folder / "page.html")


@pytest.mark.slow
def test_a_trial_is_told_with_all_that_the_ledger_has_of_it(judged: Path) -> None:
    loaded, ledger = load_claim(judged / "c.toml"), Ledger.existing(judged / ".evenhand")
    records = ledger.latest([trial.id for trial in all_trials(loaded.resolved)]).values()
    entries = {(entry.arm, entry.seed): entry for entry in (trial_entry(loaded.resolved, one) for one in records)}
    idea = entries["idea", 0]
    assert idea.name == "idea/default/confirm/seed 0"
    assert idea.tags["evenhand.role"] == "variant"
    assert idea.settings["effect"] == 0.1
    assert idea.metrics["score"] == pytest.approx(0.6, abs=0.05)
    assert idea.curves["loss"].steps.tolist() == [1, 2, 3, 4]
    assert idea.spent["steps"] == 4
    assert entries["broken", 0].failure.startswith("data: only 3 examples")
    assert len({entry.key for entry in entries.values()}) == 6


@pytest.mark.slow
def test_verdicts_become_tags_and_figures(judged: Path) -> None:
    entry = _verdicts(judged)
    assert entry.tags["evenhand.verdict.idea/default/score"] == entry.verdicts["idea/default/score"]
    assert entry.figures["idea/default/score/difference"] == pytest.approx(0.1, abs=0.01)


@pytest.mark.slow
@pytest.mark.parametrize("served", [True, False], ids=["server", "database"])
def test_mlflow_has_trials_curves_tags_and_the_report(judged: Path, tmp_path: Path, served: bool) -> None:
    uri = mlflow_server.server() if served else mlflow_server.database(tmp_path)
    from mlflow.tracking import MlflowClient

    assert _write(judged, f"mlflow:{uri}") == (6, 1)
    assert _write(judged, f"mlflow:{uri}") == (0, 0)
    client = MlflowClient(uri)
    experiment = client.get_experiment_by_name("evenhand/c")
    assert experiment is not None
    runs = {run.info.run_name: run for run in client.search_runs([experiment.experiment_id])}
    idea = runs["idea/default/confirm/seed 0"]
    assert idea.data.params["effect"] == "0.1"
    assert idea.data.metrics["spent/steps"] == 4
    assert [(m.step, m.value) for m in client.get_metric_history(idea.info.run_id, "loss")] == [
        (1, 1.0), (2, 0.5), (3, pytest.approx(1 / 3)), (4, 0.25),
    ]  # fmt: skip
    assert runs["broken/default/confirm/seed 0"].info.status == "FAILED"
    verdict = runs["verdicts"]
    title = _verdicts(judged).verdicts["idea/default/score"]
    assert verdict.data.tags["evenhand.verdict.idea/default/score"] == title
    assert idea.data.tags["evenhand.verdict.default/score"] == title
    assert {file.path for file in client.list_artifacts(verdict.info.run_id)} == {"verdicts.md", "page.html"}


@pytest.mark.slow
def test_a_run_that_broke_off_in_mlflow_is_written_anew(judged: Path, tmp_path: Path) -> None:
    uri = mlflow_server.database(tmp_path)
    from mlflow.tracking import MlflowClient

    _write(judged, f"mlflow:{uri}")
    client = MlflowClient(uri)
    experiment = client.get_experiment_by_name("evenhand/c")
    assert experiment is not None
    one = client.search_runs([experiment.experiment_id])[0]
    client.update_run(one.info.run_id, status="RUNNING")
    assert sum(_write(judged, f"mlflow:{uri}")) == 1
    names_ = [run.info.run_name for run in client.search_runs([experiment.experiment_id])]
    assert len(names_) == len(set(names_)) == 7


@pytest.mark.slow
def test_wandb_writes_offline_runs_that_its_own_reader_reads(
    judged: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("wandb")
    monkeypatch.setenv("WANDB_MODE", "offline")
    monkeypatch.setenv("WANDB_DIR", str(tmp_path))
    assert _write(judged, "wandb:lab/proj") == (6, 1)
    assert _write(judged, "wandb:lab/proj") == (0, 0)
    runs = [_offline(path) for path in tmp_path.glob("wandb/offline-run-*/*.wandb")]
    by_name = {run["name"]: run for run in runs}
    idea = by_name["idea/default/confirm/seed 0"]
    assert (idea["group"], idea["entity"], idea["project"]) == ("c", "lab", "proj")
    logged = [(row["step"], row["loss"]) for row in idea["history"] if "loss" in row]
    assert logged == [(1, 1), (2, 0.5), (3, pytest.approx(1 / 3)), (4, 0.25)]
    assert idea["history"][-1]["final/score"] == pytest.approx(0.6, abs=0.05)
    assert idea["config"]["effect"] == 0.1
    assert idea["summary"]["spent/steps"] == 4
    assert by_name["broken/default/confirm/seed 0"]["exit_code"] == 1
    verdict = by_name["verdicts"]
    assert verdict["summary"]["verdict/idea/default/score"] == _verdicts(judged).verdicts["idea/default/score"]
    assert any(tag.startswith("idea: ") for tag in verdict["tags"])


def _messages(data: bytes) -> Iterator[bytes]:
    """The records of a LevelDB log, as `wandb` writes them behind a header of 7 bytes."""
    at, parts = 7, b""
    while at + 7 <= len(data):
        if 32768 - at % 32768 < 7:
            at += 32768 - at % 32768
            continue
        length, kind = struct.unpack("<HB", data[at + 4 : at + 7])
        parts += data[at + 7 : at + 7 + length]
        at += 7 + length
        if kind in (1, 4):
            yield parts
            parts = b""


def _offline(path: Path) -> dict[str, Any]:
    from wandb.proto import wandb_internal_pb2

    run: dict[str, Any] = {"history": [], "summary": {}, "config": {}}
    for data in _messages(path.read_bytes()):
        record = wandb_internal_pb2.Record()
        record.ParseFromString(data)
        if record.HasField("run"):
            found = record.run
            run |= {"name": found.display_name, "group": found.run_group, "entity": found.entity}
            run |= {"project": found.project, "tags": list(found.tags)}
            run["config"] |= {item.key: json.loads(item.value_json) for item in found.config.update}
        if record.HasField("history"):
            row = {item.key or "/".join(item.nested_key): json.loads(item.value_json) for item in record.history.item}
            run["history"].append(row)
        if record.HasField("summary"):
            for item in record.summary.update:
                run["summary"][item.key or "/".join(item.nested_key)] = json.loads(item.value_json)
        if record.HasField("exit"):
            run["exit_code"] = record.exit.exit_code
    return run


TRACKIO = """
import json, sys
from trackio import Api, SQLiteStorage
runs = {run.name.rpartition(" ")[0]: run for run in Api().runs("proj")}
rows = {name: SQLiteStorage.get_logs("proj", run.name) for name, run in runs.items()}
print(json.dumps({name: [runs[name].config, rows[name]] for name in runs}, default=str))
"""


@pytest.mark.slow
def test_trackio_has_trials_curves_and_verdicts(judged: Path, tmp_path: Path) -> None:
    pytest.importorskip("trackio")
    environment = {**os.environ, "TRACKIO_DIR": str(tmp_path), "PYTHONPATH": str(SOURCES)}
    command = [sys.executable, "-m", "evenhand", "export", "c.toml", "--to", "trackio:proj"]

    def call(*words: str) -> str:
        done = subprocess.run(words, cwd=judged, env=environment, capture_output=True, text=True, check=True)
        return done.stdout.strip().splitlines()[-1]

    assert call(*command) == "trackio:proj: 6 trials, 1 verdict run"
    assert call(*command) == "trackio:proj: 0 trials, 0 verdict runs; it had everything"
    found = json.loads(call(sys.executable, "-c", TRACKIO))
    config, rows = found["idea/default/confirm/seed 0"]
    assert config["effect"] == 0.1
    assert [row["loss"] for row in rows if "loss" in row] == pytest.approx([1, 0.5, 1 / 3, 0.25])
    assert [row["final/score"] for row in rows if "final/score" in row] == [pytest.approx(0.6, abs=0.05)]
    title = _verdicts(judged).verdicts["idea/default/score"]
    assert found["verdicts"][0]["evenhand.verdict.idea/default/score"] == title


@pytest.mark.slow
def test_tensorboard_reads_curves_settings_and_verdicts(judged: Path, tmp_path: Path) -> None:
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    assert _write(judged, f"tensorboard:{tmp_path}") == (6, 1)
    assert _write(judged, f"tensorboard:{tmp_path}") == (0, 0)

    def events(start: str) -> Any:
        (folder,) = (tmp_path / "c").glob(f"{start}*")
        return EventAccumulator(str(folder)).Reload()

    idea = events("idea_default_confirm_seed 0")
    assert [(e.step, e.value) for e in idea.Scalars("loss")] == [
        (1, 1.0), (2, 0.5), (3, pytest.approx(1 / 3)), (4, 0.25),
    ]  # fmt: skip
    assert idea.Scalars("spent/steps")[0].value == 4
    assert b"| effect | 0.1 |" in idea.Tensors("trial")[0].tensor_proto.string_val[0]
    verdicts = events("verdicts")
    assert verdicts.Tensors("verdicts")[0].tensor_proto.string_val[0] == b"| table |"
    assert len(list((tmp_path / "c").glob("verdicts*/page.html"))) == 1
    (broken,) = (tmp_path / "c").glob("broken_default_confirm_seed 0*")
    (broken / "evenhand.key").unlink()
    assert _write(judged, f"tensorboard:{tmp_path}") == (1, 0)


FAULTY = """
import os, sys, time
class Tracker:
    def __init__(self, how): self.how = how
    def known(self): return ()
    def trial(self, entry):
        if self.how == "raises": raise ConnectionError("the server does not answer")
        if self.how == "hangs": time.sleep(600)
        if self.how == "dies": os._exit(9)
        if self.how == "fills": sys.stderr.write("x" * 10**7)
    def verdict(self, entry): pass
    def close(self): pass
def open_tracker(target, claim): return Tracker(target)
"""


@pytest.fixture
def faulty(tmp_path: Path) -> Path:
    """A folder on Python's path with a package that offers a tracker which fails."""
    (tmp_path / "faulty.py").write_text(FAULTY)
    about = tmp_path / "faulty-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: faulty\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text("[evenhand.trackers]\nfaulty = faulty:open_tracker\n")
    return tmp_path


@pytest.mark.slow
@pytest.mark.parametrize(
    ("how", "words"),
    [
        ("raises", "failed after 0 trials: ConnectionError: the server does not answer"),
        ("hangs", "the tracker 'faulty' does not answer"),
        ("dies", "ended with exit code 9"),
        ("fills", None),
    ],
)
def test_a_trackers_outage_costs_no_trial_and_is_told(
    judged: Path, faulty: Path, monkeypatch: pytest.MonkeyPatch, how: str, words: str | None
) -> None:
    from evenhand.cli import tracking

    for name in ("toy.py", "c.toml"):
        shutil.copy(judged / name, faulty / name)
    monkeypatch.setenv("PYTHONPATH", f"{SOURCES}:{faulty}")
    loaded, ledger = load_claim(faulty / "c.toml"), Ledger(faulty / ".evenhand")
    trackers = tracking.Trackers([f"faulty:{how}"], {"c": loaded.path}, faulty / ".evenhand")
    decision = run_claim(loaded, ledger, jobs=1, observer=trackers.observer_of("c", tracking.Observer()))
    began = time.monotonic()
    told = trackers.end(3.0 if how == "hangs" else 60.0)
    assert time.monotonic() - began < 60
    assert decision.finished
    assert len(ledger.outcomes()) == 6
    assert len(told) == (words is not None)
    if words is not None:
        assert words in told[0]
        assert f"--to faulty:{how}` writes what is missing" in told[0]


@pytest.mark.slow
def test_a_run_with_trackers_writes_trials_and_verdicts_and_exports_nothing_twice(judged: Path, tmp_path: Path) -> None:
    pytest.importorskip("tensorboard")
    for name in ("toy.py", "c.toml"):
        shutil.copy(judged / name, tmp_path / name)
    (tmp_path / "evenhand.toml").write_text('track = ["tensorboard:events"]\n')
    done = evenhand(tmp_path, "run", "c.toml", "--jobs", "1")
    assert "No trial is lost" not in done.stderr
    assert len(list(tmp_path.glob("events/c/*/evenhand.key"))) == 7
    assert len(list(tmp_path.glob("events/c/verdicts*/c.html"))) == 1
    again = evenhand(tmp_path, "export", "c.toml", "--to", "tensorboard:events")
    assert again.stdout == "tensorboard:events: 0 trials, 0 verdict runs; it had everything\n"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["run", "c.toml", "--track", "mlfow:x"], "There is no tracker 'mlfow'; there are mlflow, tensorboard"),
        (["export", "c.toml", "--to", "cvs"], "There is no tracker 'cvs'"),
    ],
)
def test_a_tracker_that_is_misspelt_is_refused_before_anything_runs(judged: Path, words: list[str], told: str) -> None:
    done = evenhand(judged, *words)
    assert done.returncode == 2
    assert told in done.stderr


def test_a_project_file_that_names_no_trackers_is_told(tmp_path: Path) -> None:
    from evenhand.cli.tracking import of_project

    path = tmp_path / "evenhand.toml"
    assert of_project(path) == []
    path.write_text('track = ["wandb"]')
    assert of_project(path) == ["wandb"]
    path.write_text("track = 3")
    with pytest.raises(DataError, match="`track` must be a list"):
        of_project(path)
    path.write_text("track = ")
    with pytest.raises(DataError, match="no valid TOML"):
        of_project(path)


def test_a_package_that_is_missing_is_told_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mlflow", None)
    with pytest.raises(DataError, match=r"pip install 'evenhand\[mlflow\]'"):
        opener("mlflow:x")
    assert {"mlflow", "wandb", "trackio", "tensorboard"} <= set(names())
    with pytest.raises(DataError, match="There is no tracker 'x'"):
        check("x")


def test_names_texts_and_curves_are_cut_to_what_trackers_take() -> None:
    assert safe_name("a b/c:d\u202e") == "a b/c_d_"
    assert len(safe_name("x" * 999)) == 250
    assert cut("abcdef", 5) == "ab..."
    curves = {"a": Curve(np.array([2.0, 1.0]), np.array([3.0, np.nan])), "b": Curve(np.array([2.0]), np.array([4.0]))}
    assert by_step(curves) == [(2.0, {"a": 3.0, "b": 4.0})]
