"""Files that a user names for what a command writes: whole or not at all, and any kind of file."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from evenhand.cli.console import write_output
from evenhand.errors import DataError
from tests.full_disk import largest_file


def test_on_a_full_disk_the_file_that_was_there_stays_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    write_output(path, "first")
    with largest_file(100), pytest.raises(DataError, match=r"table.csv cannot be written: File too large"):
        write_output(path, "x" * 1000)
    assert path.read_text() == "first"
    assert [one.name for one in tmp_path.iterdir()] == ["table.csv"]


def test_a_link_stays_one_and_the_file_at_its_end_is_written(tmp_path: Path) -> None:
    (tmp_path / "end").write_text("old")
    (tmp_path / "link").symlink_to("end")
    write_output(tmp_path / "link", "new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "end").read_text() == "new"


def test_a_pipe_gets_what_is_written(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    read: list[str] = []
    reader = threading.Thread(target=lambda: read.append((tmp_path / "pipe").read_text()))
    reader.start()
    write_output(tmp_path / "pipe", "told")
    reader.join()
    assert read == ["told"]
    assert not (tmp_path / "pipe").is_file()


def test_a_folder_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"nowhere/a.md cannot be written: No such file"):
        write_output(tmp_path / "nowhere" / "a.md", "text")
