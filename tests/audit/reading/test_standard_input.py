"""What is piped in is read as the kind of log that it is."""

from __future__ import annotations

import errno
import io
from pathlib import Path

import pytest

from evenhand.audit.reading.standard_input import NAME, read_standard_input
from evenhand.errors import DataError


@pytest.mark.parametrize(
    ("text", "data", "tables"),
    [
        ("# Notes\n\n- mean 0.71, seeds 0.70, 0.72\n", False, 0),
        ("| a | b |\n|---|---|\n| 1 | 2 |\n", False, 1),
        ("run,arm,acc\n1,base,0.71\n2,base,0.72\n", True, 1),
        ("run\tarm\tacc\n1\tbase\t0.71\n2\tbase\t0.72\n", True, 1),
        ('{"acc": 0.71}\n{"acc": 0.72}\n', True, 1),
        ('\ufeff[{"acc": 0.71},\n {"acc": 0.72}]\n', True, 1),
        ("It rose, as we hoped,\nfrom a to b, at last,\nand then fell, too, but\n", False, 0),
        ("[12:01] acc 0.71\n[12:02] acc 0.72\n", False, 0),
    ],
)
def test_it_is_read_by_what_it_holds(text: str, data: bool, tables: int) -> None:
    log = read_standard_input(io.BytesIO(text.encode()))
    assert (log.name, log.data, len(log.tables)) == (NAME, data, tables)
    assert log.lines


def test_remarks_and_errors_name_it() -> None:
    assert read_standard_input(io.BytesIO(b"")).remarks == (f"{NAME} is empty: there is nothing to read in it.",)
    with pytest.raises(DataError, match=f"^{NAME}:2: the byte 0xe9 is no UTF-8"):
        read_standard_input(io.BytesIO(b"a\ncaf\xe9\n"))


def test_where_there_is_no_room_to_keep_it_the_cure_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(DataError, match=r"No space left on device\. Make room in .*TMPDIR"):
        read_standard_input(io.BytesIO(b"- solved 80/429 (18.6%)\n"))
