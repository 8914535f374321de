"""Small real logs, each written by the package whose format it is. Callers skip where the package is not there."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

COLUMNS = ["id", "input", "accuracy"]
Rows = Sequence[Sequence[Any]]


def accuracy(rows: Rows) -> float:
    return float(sum(row[2] for row in rows) / len(rows))


def mlflow_run(uri: str, experiment: str, name: str, rows: Rows) -> float:
    """A run with parameters, a metric that was higher before, and its table of items; the accuracy that is reported."""
    from mlflow import MlflowClient

    client = MlflowClient(tracking_uri=uri)
    run = client.create_run(experiment, run_name=name).info.run_id
    client.log_param(run, "seed", 3)
    client.log_param(run, "n_tokens", 5000)
    for step, value in ((1, 0.99), (2, accuracy(rows))):
        client.log_metric(run, "accuracy", value, step=step)
    client.log_table(run, {column: [row[i] for row in rows] for i, column in enumerate(COLUMNS)}, "scored.json")
    client.set_terminated(run)
    reported: float = client.get_run(run).data.metrics["accuracy"]
    return reported


def wandb_run(folder: Path, name: str, rows: Rows) -> None:
    """An offline run with a configuration, three steps and its table of items."""
    import wandb

    run = wandb.init(project="p", name=name, dir=str(folder), config={"seed": 1}, settings={"console": "off"})
    for step in range(3):
        run.log({"accuracy": 0.1 * step, "train/global_step": 50 * step})
    run.log({"scored": wandb.Table(columns=COLUMNS, data=rows), "accuracy": accuracy(rows)})
    run.finish()


def event_file(folder: Path, steps: int = 5) -> Path:
    """Events of one scalar that rises from 0.5 by 0.05."""
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.summary.writer.event_file_writer import EventFileWriter

    writer = EventFileWriter(str(folder))
    for step in range(steps):
        value = Summary.Value(tag="eval/accuracy", simple_value=0.5 + 0.05 * step)
        writer.add_event(Event(wall_time=1e9 + step, step=step, summary=Summary(value=[value])))
    writer.close()
    (path,) = folder.glob("*tfevents*")
    return path


def mock_answers(texts: list[str]) -> list[Any]:
    """What the mock model says; with its usage, which it would else count with a vocabulary that it fetches."""
    from inspect_ai.model import ModelOutput, ModelUsage

    found = [ModelOutput.from_content("mockllm/model", text) for text in texts]
    for one in found:
        one.usage = ModelUsage(input_tokens=1, output_tokens=1, total_tokens=2)
    return found


def inspect_run(folder: Path, answers: list[str], items: int, form: str = "eval") -> tuple[Path, float]:
    """A log of an evaluation in which A is right, and the accuracy that it reports."""
    import inspect_ai
    from inspect_ai.dataset import MemoryDataset, Sample
    from inspect_ai.model import get_model
    from inspect_ai.scorer import match

    task = inspect_ai.Task(
        name="letters", epochs=len(answers) // items, scorer=match(),
        dataset=MemoryDataset([Sample(id=i, input=f"question {i}", target="A") for i in range(items)]),
    )  # fmt: skip
    (log,) = inspect_ai.eval(
        task, model=get_model("mockllm/model", custom_outputs=mock_answers(answers)), display="none",
        log_dir=str(folder), log_format=form, max_samples=1,
    )  # fmt: skip
    assert log.status == "success"
    assert log.results is not None
    return Path(log.location), float(log.results.scores[0].metrics["accuracy"].value)
