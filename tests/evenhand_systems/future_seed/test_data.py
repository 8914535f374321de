"""Records from files and the hub, and what the tasks need of data."""

from __future__ import annotations

from pathlib import Path

import pytest

from evenhand.data.records import read_file, read_hub, read_records
from evenhand.data.requirements import DataRequirement, examine
from evenhand.errors import DataError
from evenhand_systems.future_seed.data_requirements import requirements

REAL = Path(__file__).parents[4] / "shared" / "data"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("x.jsonl", '{"a": "1"}\n\n{"a": "2\u2028"}\n'),
        ("x.json", '[{"a": "1"}, {"a": "2\u2028"}]'),
        ("x.csv", 'a\n1\n"2\u2028"\n'),
    ],
)
def test_every_form_gives_the_same_records(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    assert [row["a"] for row in read_file(tmp_path / name)] == ["1", "2\u2028"]


def test_parquet_and_plain_text_are_read_too(tmp_path: Path) -> None:
    import pyarrow
    import pyarrow.parquet

    pyarrow.parquet.write_table(pyarrow.table({"a": [1, 2]}), tmp_path / "x.parquet")
    assert read_file(tmp_path / "x.parquet") == [{"a": 1}, {"a": 2}]
    (tmp_path / "x.txt").write_text("one\n\ntwo\n")
    assert read_records("x.txt", lambda name: tmp_path / name) == [{"text": "one"}, {"text": "two"}]


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("x.xml", "", r"unknown form '.xml'"),
        ("x.jsonl", '{"a": 1}\n{"a": \nno\n', r"x.jsonl:2: no valid JSON .*x.jsonl:3: no valid JSON"),
        ("x.json", '{"a": 1}', "must hold a list of records; found dict"),
        ("x.json", "[", "x.json:1: no valid JSON"),
        ("x.jsonl", "", "holds no records"),
    ],
)
def test_files_that_cannot_be_read_are_refused(tmp_path: Path, name: str, text: str, message: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(DataError, match=message):
        read_file(tmp_path / name)


def test_a_hub_id_without_a_split_is_refused_before_anything_is_fetched() -> None:
    with pytest.raises(DataError, match="'hub:owner/name' is no hub id; expected"):
        read_hub("hub:owner/name")


def counted(path: Path) -> str:
    if not path.read_text():
        raise DataError("it is empty")
    return "1 record"


@pytest.mark.parametrize(
    ("text", "present", "sound", "finding"),
    [
        (None, False, None, "not there; get it from the hub"),
        ("", True, False, "it is empty"),
        ("x", True, True, "1 record"),
    ],
)
def test_data_are_there_and_sound_or_the_finding_says_what_to_do(
    tmp_path: Path, text: str | None, present: bool, sound: bool | None, finding: str
) -> None:
    if text is not None:
        (tmp_path / "file").write_text(text)
    state = examine(DataRequirement("s", "t", "n", "file", "data.train", "form", "the hub", counted), tmp_path)
    assert (state.present, state.sound) == (present, sound)
    assert finding in state.finding


def test_every_task_that_needs_data_says_so() -> None:
    tasks = " ".join(requirement.task for requirement in requirements())
    for name in ("arc", "hotpot", "retrieval", "mbpp", "punctuation", "structure_spot", "secondary_structure"):
        assert name in tasks
    assert all(r.source and r.form and r.setting for r in requirements())


CHEAP = [r for r in requirements() if "structure" not in r.name and "checkpoint" not in r.name]


@pytest.mark.parametrize("requirement", CHEAP, ids=lambda r: r.name)
def test_the_data_beside_the_checkout_are_sound(requirement: DataRequirement) -> None:
    state = examine(requirement, REAL)
    if not state.present:
        pytest.skip(f"{state.path} is not beside the checkout")
    assert state.sound, state.finding
