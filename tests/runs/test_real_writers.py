"""Written by the packages themselves, read here: the same numbers that they report.

Each imports a package that takes seconds, so all are slow.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import evenhand as eh
from evenhand.errors import DataError
from evenhand.runs.find import read_runs
from evenhand.runs.inspect_ai import InspectLog
from evenhand.runs.run import Options
from tests import mlflow_server
from tests.runs import writers
from tests.wandb_server import HeldRun, served

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("nothing_is_sent")]


def items(share: float, seed: int, count: int = 80) -> list[list[Any]]:
    right = np.random.default_rng(seed).random(count) < share
    return [[f"q{i}", f"question {i}", int(ok)] for i, ok in enumerate(right)]


@pytest.mark.parametrize("by_server", [True, False], ids=["server", "database"])
def test_mlflow_runs_and_their_tables_of_items_are_read(tmp_path: Path, by_server: bool) -> None:
    uri = mlflow_server.server() if by_server else mlflow_server.database(tmp_path)
    from mlflow import MlflowClient

    place = None if by_server else (tmp_path / "artifacts").as_uri()  # the server has a place of its own
    made = MlflowClient(uri).create_experiment("exp", artifact_location=place)
    reported = {
        arm: writers.mlflow_run(uri, made, arm, items(share, len(arm))) for arm, share in (("base", 0.4), ("new", 0.9))
    }
    found = eh.compare(
        *(f"{arm}=mlflow:{uri}?experiment=exp&filter=attributes.run_name='{arm}'" for arm in ("base", "new")),
        budgets={"tokens": "n_tokens"},
    )
    assert found.verdicts[0].kind == "gain"
    assert found.verdicts[0].contrasts[0].scores == pytest.approx((reported["new"], reported["base"]))
    (run_read,) = found.comparison.arms["base"].runs.values()
    assert (run_read.training_seed, run_read.budget["tokens"].amount) == (3, 5000)
    named = f"mlflow:{uri}?experiment=exp" if served else str(tmp_path / "mlflow.db")
    assert {run.model for run in read_runs(named).runs} == {"base", "new"}
    with pytest.raises(DataError, match=r"there is no experiment 'other'; there are: .*exp"):
        read_runs(f"mlflow:{uri}?experiment=other")


def test_an_mlflow_server_that_does_not_answer_is_told() -> None:
    pytest.importorskip("mlflow")
    with pytest.raises(DataError, match=r"mlflow:http://127.0.0.1:9\?experiment=e"):
        read_runs("mlflow:http://127.0.0.1:9?experiment=e")


def test_wandb_offline_runs_are_read_from_their_folders(tmp_path: Path) -> None:
    wandb = pytest.importorskip("wandb")
    for arm, share in (("base", 0.4), ("new", 0.9)):
        writers.wandb_run(tmp_path / arm, arm, items(share, len(arm)))
    wandb.teardown()  # its own process has then written all, the ends of the runs too
    found = eh.compare(tmp_path / "base", tmp_path / "new")
    assert found.comparison.arms["base"].formats == ("wandb",)
    assert found.verdicts[0].kind == "gain"
    (one,) = found.comparison.arms["new"].runs.values()
    assert (one.model, one.training_seed, one.budget["steps"].amount) == ("new", 1, 100)
    record = next((tmp_path / "new").rglob("run-*.wandb"))
    damaged = bytearray(record.read_bytes())
    damaged[len(damaged) // 2] ^= 255
    record.write_bytes(bytes(damaged))
    with pytest.raises(DataError, match="the record is damaged at byte"):
        read_runs(str(tmp_path / "new"))


def held_by_wandb(name: str, rows: list[list[Any]]) -> HeldRun:
    """A run whose best accuracy came before its last, with its table of items."""
    scored = "media/table/scored.table.json"
    history = [
        {"_step": 0, "accuracy": 0.99, "train/global_step": 50},
        {"_step": 1, "accuracy": writers.accuracy(rows), "train/global_step": 100},
        {"_step": 2, "scored": {"_type": "table-file", "path": scored}},
    ]
    return HeldRun(f"r-{name}", name, {"seed": 1}, history, {scored: {"columns": writers.COLUMNS, "data": rows}})


def test_runs_of_a_wandb_server_are_read_by_its_own_client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wandb = pytest.importorskip("wandb")
    rows = {arm: items(share, len(arm)) for arm, share in (("base", 0.4), ("new", 0.9))}
    with served([held_by_wandb(arm, held) for arm, held in rows.items()]) as (address, asked):
        for name, value in (("WANDB_BASE_URL", address), ("WANDB_API_KEY", "a" * 40), ("WANDB_DIR", str(tmp_path))):
            monkeypatch.setenv(name, value)
        found = eh.compare("base=wandb:lab/p?run=base", "new=wandb:lab/p?run=r-new")
        with pytest.raises(DataError, match="finds no runs"):
            read_runs("wandb:lab/p?run=other")
        with pytest.raises(DataError, match=r"wandb:lab/other cannot be read .*Could not find project other"):
            read_runs("wandb:lab/other")
        wandb.teardown()
    assert found.verdicts[0].kind == "gain"
    assert found.verdicts[0].contrasts[0].scores == pytest.approx([writers.accuracy(rows[a]) for a in ("new", "base")])
    (one,) = found.comparison.arms["new"].runs.values()
    assert (one.model, one.training_seed, one.budget["steps"].amount) == ("new", 1, 100)
    assert any("HistoryPage" in query for query in asked)
    assert any("RunFiles" in query for query in asked)


def test_who_is_not_logged_in_to_wandb_is_told_how(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("wandb")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.delenv("WANDB_API_KEY", raising=False)
    with pytest.raises(DataError, match=r"nobody is logged in. Call `wandb login`, or set WANDB_API_KEY"):
        read_runs("wandb:lab/p")


def test_trackio_projects_are_read_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRACKIO_DIR", str(tmp_path))
    trackio = pytest.importorskip("trackio")
    monkeypatch.setattr("trackio.utils.TRACKIO_DIR", tmp_path, raising=False)
    monkeypatch.setattr("trackio.sqlite_storage.TRACKIO_DIR", tmp_path, raising=False)
    for arm, final in (("base", 0.5), ("new", 0.75)):
        trackio.init(project="p", name=arm, config={"seed": 0}, auto_log_cpu=False, auto_log_gpu=False)
        trackio.log({"accuracy": 0.1, "loss": 1.0})
        trackio.log({"accuracy": final, "loss": 0.5})
        trackio.finish()
    runs = {run.model: run for run in read_runs("trackio:p").runs}
    assert {name: run.metrics["accuracy"] for name, run in runs.items()} == {"base": 0.5, "new": 0.75}
    assert runs["base"].about["loss"].direction == "minimise"


def test_tensorboard_scalars_count_with_their_last_value(tmp_path: Path) -> None:
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    path = writers.event_file(tmp_path / "run")
    (run,) = read_runs(str(tmp_path / "run")).runs
    oracle = EventAccumulator(str(tmp_path / "run")).Reload().Scalars("eval/accuracy")[-1].value
    assert run.metrics == {"eval/accuracy": oracle}
    sound = path.read_bytes()
    path.write_bytes(sound[:-5])  # a run that was killed: the value before counts
    (run,) = read_runs(str(tmp_path / "run")).runs
    assert run.metrics == {"eval/accuracy": pytest.approx(0.65)}
    path.write_bytes(sound[:-60] + b"\x00" + sound[-59:])  # for TensorBoard's own reader this is the end
    with pytest.raises(DataError, match="the event file is damaged at byte"):
        read_runs(str(tmp_path / "run"))


@pytest.mark.parametrize("form", ["eval", "json"])
def test_inspect_logs_give_the_accuracy_that_inspect_reports(tmp_path: Path, form: str) -> None:
    pytest.importorskip("inspect_ai")
    reported, files = {}, []
    for arm, wrong in (("base", 2), ("new", 5)):
        answers = ["B" if i % wrong == 0 else "A" for i in range(40)]
        file, reported[arm] = writers.inspect_run(tmp_path / arm, answers, 20, form)
        files.append(file)
    found = eh.compare(*(f"{arm}={file}" for arm, file in zip(reported, files, strict=True)), metric="match")
    contrast = found.verdicts[0].contrasts[0]
    assert contrast.items == 20  # epochs are decodes of one item
    assert contrast.scores == pytest.approx((reported["new"], reported["base"]))


def test_a_packed_log_is_read_alike_with_inspect_and_without(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("inspect_ai")
    path, _ = writers.inspect_run(tmp_path, ["A"], 1)
    (with_it,) = InspectLog().read(path, Options())
    monkeypatch.setitem(__import__("sys").modules, "inspect_ai.log", None)
    try:
        (without,) = InspectLog().read(path, Options())
    except DataError as error:  # Python below 3.14 does not read zstandard in a zip
        assert "pip install 'evenhand[inspect]'" in str(error)  # noqa: PT017
        return
    assert with_it.items is not None
    assert without.items is not None
    assert with_it.items.contents == without.items.contents


TASK = """
task: letters
dataset_path: json
dataset_kwargs: {{ data_files: {data} }}
test_split: train
output_type: multiple_choice
doc_to_text: "{{{{question}}}}"
doc_to_target: "{{{{label}}}}"
doc_to_choice: ["a", "b"]
metric_list:
  - metric: acc
  - metric: acc_norm
metadata: {{ version: 1.0 }}
"""


def tiny_model(folder: Path, seed: int) -> Path:
    """A model of a few thousand weights with a tokenizer of letters."""
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast

    words = {word: i for i, word in enumerate(["<eos>", "<unk>", *"abcdefghijklmnopqrstuvwxyz0123456789 ?"])}
    tokenizer = Tokenizer(models.WordLevel(words, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Split("", "isolated")
    torch.manual_seed(seed)
    config = GPT2Config(
        vocab_size=len(words), n_positions=64, n_embd=16, n_layer=1, n_head=2, bos_token_id=0, eos_token_id=0
    )
    GPT2LMHeadModel(config).save_pretrained(folder)
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="<eos>", unk_token="<unk>").save_pretrained(folder)
    return folder


def test_lm_eval_logs_give_the_accuracy_that_the_harness_reports(tmp_path: Path) -> None:
    lm_eval = pytest.importorskip("lm_eval")
    from lm_eval.loggers import EvaluationTracker
    from lm_eval.models.huggingface import HFLM
    from lm_eval.tasks import TaskManager

    data = tmp_path / "letters.json"
    data.write_text("".join(json.dumps({"question": f"{i} is", "label": i % 2}) + "\n" for i in range(24)))
    (tmp_path / "tasks").mkdir()
    (tmp_path / "tasks" / "letters.yaml").write_text(TASK.format(data=data))
    reported = {}
    for arm, seed in (("base", 0), ("new", 1)):
        model = HFLM(pretrained=str(tiny_model(tmp_path / "models" / arm, seed)), device="cpu", batch_size=24)
        tracker = EvaluationTracker(output_path=str(tmp_path / "logs" / arm))
        found = lm_eval.simple_evaluate(
            model=model, tasks=["letters"], evaluation_tracker=tracker, bootstrap_iters=0,
            task_manager=TaskManager(include_path=str(tmp_path / "tasks"), include_defaults=False),
        )  # fmt: skip
        samples = found.pop("samples")
        tracker.save_results_aggregated(results=found, samples=samples)
        tracker.save_results_samples(task_name="letters", samples=samples["letters"])
        reported[arm] = found["results"]["letters"]["acc,none"]
    answer = eh.compare(tmp_path / "logs" / "base", tmp_path / "logs" / "new", metric=["acc", "acc_norm"], margin=0.05)
    contrast = answer.verdicts[0].contrasts[0]
    assert contrast.items == 24
    assert answer.comparison.arms["base"].formats == ("lm_eval",)
    (run,) = answer.comparison.arms["base"].runs.values()
    assert (run.task, run.evaluation_seeds["random_seed"], run.doubts) == ("letters", 0, {})
    scored = [outcome.items["acc"].scores.mean() for outcome in answer.comparison.outcomes.values()]
    assert scored == pytest.approx([reported["base"], reported["new"]])
