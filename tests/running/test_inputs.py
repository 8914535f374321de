"""A claim whose files or models are not there is planned, and refused before its first trial."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from evenhand.claims.load import load_claim
from evenhand.cli.main import app
from evenhand.data import model_store
from evenhand.data.models import cached_folder
from evenhand.errors import ClaimError
from evenhand.ledger import Ledger
from evenhand.recipes.inputs import Kind, Named
from evenhand.running import inputs
from evenhand.running.inputs import missing, to_fetch
from evenhand.running.plan import plan_lines, plan_of
from evenhand.running.run import run_claim, run_claims

RECIPE = """
from pathlib import Path

from evenhand.recipes.inputs import named
from evenhand.recipes.contract import Bench, Metric, RecipeSettings, recipe


class Settings(RecipeSettings):
    shift: float = 0.0
    train: str | None = None
    model: str | None = None
    write: str | None = None


@recipe(
    metrics={"score": Metric()}, units=("steps",), version=1, gpu=False,
    reads=lambda settings: named(settings, {"train": "file", "model": "model"}),
)
def run(settings: Settings, bench: Bench) -> dict[str, float]:
    if settings.write:
        (bench.folder / settings.write).write_text("rows")
    if settings.train:
        bench.data(settings.train)
    return {"score": settings.shift + 0.001 * bench.seed}
"""

CLAIM = """
recipe = "reading:run"
{head}
[settings]
{settings}
[metric]
name = "score"
margin = 0.1
[[arm]]
name = "off"
role = "baseline"
[[arm]]
name = "on"
role = "variant"
settings = {{ shift = 0.5{arm} }}
[[rung]]
name = "confirm"
budget = 5
seeds = 2
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "reading.py").write_text(RECIPE)
    monkeypatch.setenv("EVENHAND_MODELS", str(tmp_path / "models"))
    return tmp_path


def claim(
    folder: Path, settings: str = 'train = "rows.txt"', *, name: str = "c", arm: str = "", head: str = ""
) -> Path:
    path = folder / f"{name}.toml"
    path.write_text(CLAIM.format(settings=settings, arm=arm, head=head))
    return path


def planned(path: Path) -> Result:
    return CliRunner().invoke(app, ["plan", str(path), "--ledger", str(path.parent / "ledger")])


REFUSED = [
    ('train = "rows.txt"', "", "c.toml:5 (settings.train): there is no rows.txt (looked for {folder}/rows.txt)"),
    ("", ', train = "rows.txt"', "(arm[1].settings.train): there is no rows.txt"),
    ('model = "rwkv7-small"', "", "(settings.model): the model 'rwkv7-small' is not there; run `evenhand models train"),
]


@pytest.mark.parametrize(("settings", "arm", "words"), REFUSED)
def test_it_is_planned_and_refused_with_the_line_and_the_cure(
    folder: Path, settings: str, arm: str, words: str
) -> None:
    result = planned(claim(folder, settings, arm=arm))
    assert "rung confirm: 4 trials" in result.output
    assert isinstance(result.exception, ClaimError)
    assert words.format(folder=folder.resolve()) in str(result.exception)
    assert len(result.exception.faults) == 1


def test_all_that_is_missing_is_told_at_once(folder: Path) -> None:
    result = planned(claim(folder, 'train = "rows.txt"\nmodel = "./mine"', arm=', train = "more.txt"'))
    assert isinstance(result.exception, ClaimError)
    assert [fault.message.split(" (")[0] for fault in result.exception.faults] == [
        "there is no rows.txt", "there is no ./mine", "there is no more.txt",
    ]  # fmt: skip


def test_a_run_is_refused_before_its_first_trial_and_leaves_the_ledger_empty(folder: Path) -> None:
    loaded, ledger = load_claim(claim(folder)), Ledger(folder / "ledger")
    with pytest.raises(ClaimError, match=r"there is no rows\.txt"):
        run_claim(loaded, ledger)
    assert (ledger.claims(), ledger.outcomes()) == ([], [])
    assert not list(folder.glob("ledger/work/*"))


@pytest.mark.slow
def test_once_it_is_there_the_claim_runs_and_is_shown_and_decided_when_it_is_gone_again(folder: Path) -> None:
    path, ledger = claim(folder), Ledger(folder / "ledger")
    (folder / "rows.txt").write_text("rows")
    assert planned(path).exit_code == 0
    assert run_claim(load_claim(path), ledger, jobs=1).finished
    (folder / "rows.txt").unlink()
    assert planned(path).exit_code == 0
    assert run_claim(load_claim(path), ledger, jobs=1).finished


@pytest.mark.slow
def test_what_a_claim_that_is_to_run_before_it_may_write_is_waited_for(folder: Path) -> None:
    first = claim(folder, 'write = "rows.txt"', name="first")
    second = claim(folder, name="second", head='after = "first"')
    assert planned(second).exit_code == 0
    ledger = Ledger(folder / "ledger")
    made = run_claims([load_claim(first), load_claim(second)], ledger, jobs=1)
    assert [decision.finished for decision in made] == [True, True]
    (folder / "rows.txt").unlink()
    third = claim(folder, 'train = "rows.txt"\nshift = 0.1', name="third", head='after = "first"')
    assert isinstance(planned(third).exception, ClaimError)


def test_a_plan_says_what_a_hub_would_be_asked_for(folder: Path) -> None:
    loaded = load_claim(claim(folder, 'model = "nobody/has-this-model"'))
    plan = plan_of(loaded, Ledger(folder / "ledger", create=False))
    told = "not on this machine, and fetched from the hub by the first trial that needs it: nobody/has-this-model"
    assert plan.fetched == told
    assert told in [line for line, _ in plan_lines(plan)]
    assert planned(loaded.path).exit_code == 0


@pytest.fixture
def beside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A claim's folder with data beside it, and a models folder with one model; no hub's cache."""
    monkeypatch.setenv("EVENHAND_MODELS", str(tmp_path / "models"))
    monkeypatch.setattr(inputs, "cached_folder", lambda *_: None)
    (tmp_path / "models/mine").mkdir(parents=True)
    (tmp_path / "models/mine" / model_store.MANIFEST).write_text("{}")
    (tmp_path / "claims").mkdir()
    (tmp_path / "data/model").mkdir(parents=True)
    (tmp_path / "data/rows.jsonl").write_text("{}\n")
    return tmp_path / "claims"


THERE: list[tuple[Kind, str]] = [
    ("file", "../data/rows.jsonl"),
    ("file", "../data"),
    ("file", "mine"),
    ("records", "../data/rows.jsonl"),
    ("records", "hub:org/set/train"),
    ("data set", "../data/rows.jsonl"),
    ("data set", "org/set"),
    ("model", "../data/model"),
    ("model", "mine"),
    ("model", "org/model"),
    ("model", "gpt2"),
    ("file", "x" * 5000),  # no path, which the trial itself tells
]


@pytest.mark.parametrize(("kind", "name"), THERE)
def test_what_is_there_or_may_be_had_from_a_hub_is_not_missing(beside: Path, kind: Kind, name: str) -> None:
    assert missing(Named("train", name, kind), beside) == ""


MISSING: list[tuple[Kind, str, str]] = [
    (
        "file",
        "../data/other.jsonl",
        "no ../data/other.jsonl (looked for {root}/data/other.jsonl); put it there",
    ),
    ("file", "org/model", "there is no org/model (looked for {root}/claims/org/model)"),
    ("file", "smollm2", "the model 'smollm2' is not there; run `evenhand models get smollm2`"),
    ("file", "rwkv7-small", "the model 'rwkv7-small' is not there; run `evenhand models train rwkv7-small`"),
    ("records", "rows.jsonl", "there is no rows.jsonl"),
    ("data set", "rows.parquet", "there is no rows.parquet"),
    ("data set", "./set", "there is no ./set"),
    ("model", "smollm2", "run `evenhand models get smollm2`"),
    ("model", "../data/none", "there is no ../data/none"),
    ("model", "~/none-of-mine", "there is no ~/none-of-mine"),
    ("model", "/none/of/mine", "there is no /none/of/mine"),
    ("model", "data/models/mine", "there is no data/models/mine (looked for {root}/claims/data/models/mine)"),
    ("file", "../mbpp/mbpp.jsonl", "get it from hub:google-research-datasets/mbpp/train (CC BY 4.0), or mend the path"),
]


@pytest.mark.parametrize(("kind", "name", "words"), MISSING)
def test_what_is_missing_is_told_with_where_it_was_looked_for_and_a_cure(
    beside: Path, kind: Kind, name: str, words: str
) -> None:
    assert words.format(root=beside.parent.resolve()) in missing(Named("train", name, kind), beside)
    assert to_fetch(Named("train", name, kind), beside) == ""


def test_a_hub_is_asked_for_what_its_client_keeps_no_copy_of(beside: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    constants = pytest.importorskip("huggingface_hub.constants")
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(beside / "hub"))
    monkeypatch.setattr(inputs, "cached_folder", cached_folder)
    asked = [
        Named("model", "org/model", "model"), Named("data", "org/set", "data set"),
        Named("train", "hub:org/other/config/train", "records"),
    ]  # fmt: skip
    assert [to_fetch(one, beside) for one in asked] == ["org/model", "org/set", "org/other"]
    for kept in ("models--org--model/snapshots/abc", "models--org--model/refs", "datasets--org--set"):
        (beside / "hub" / kept).mkdir(parents=True)
    (beside / "hub/models--org--model/refs/main").write_text("abc")
    (beside / "hub/models--org--model/snapshots/abc/config.json").write_text("{}")
    assert [to_fetch(one, beside) for one in asked] == ["", "", "org/other"]
    (beside / "org/other").mkdir(parents=True)
    assert to_fetch(Named("model", "org/other", "model"), beside) == ""
