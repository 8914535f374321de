"""Terminals and pipes that cannot write every sign get the whole answer in ASCII."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path

import pytest

from evenhand.cli import signs
from evenhand.cli.as_json import write_json
from evenhand.cli.export import _show
from evenhand.errors import DataError

SAID = "▲ gain · +0.35 [+0.27, +0.42] 95 % … 5 × 200, Δ −0.1, 漢"


@pytest.mark.parametrize(
    ("encoding", "written"),
    [
        ("ascii", "^ gain ; +0.35 [+0.27, +0.42] 95 % ... 5 x 200, d -0.1, ?"),
        ("latin-1", "^ gain · +0.35 [+0.27, +0.42] 95 % ... 5 × 200, d -0.1, ?"),
        ("utf-8", SAID),
    ],
)
def test_what_an_encoding_lacks_is_written_in_ascii(encoding: str, written: str) -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    signs.forgiving(stream)
    stream.write(SAID)
    stream.flush()
    assert isinstance(stream.buffer, io.BytesIO)
    assert stream.buffer.getvalue().decode(encoding) == written


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_json_says_the_same_in_every_encoding(encoding: str, monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    signs.forgiving(stream)
    monkeypatch.setattr(sys, "stdout", stream)
    write_json({"said": SAID + "\N{GRINNING FACE}"})
    assert isinstance(stream.buffer, io.BytesIO)
    assert json.loads(stream.buffer.getvalue().decode(encoding)) == {"said": SAID + "\N{GRINNING FACE}"}


@pytest.mark.slow
def test_a_refusal_reaches_a_terminal_that_writes_ascii_alone(tmp_path: Path) -> None:
    code = "import sys; sys.argv = ['evenhand', 'plan', 'naïve·.toml']; from evenhand.cli.main import main; main()"
    environment = {"PYTHONIOENCODING": "ascii", "PATH": "/usr/bin"}
    ended = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, env=environment, check=False
    )
    assert ended.returncode == 2
    assert b"na?ve;.toml cannot be read" in ended.stderr


def test_an_export_is_no_text_to_be_written_in_other_signs(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding="latin-1")
    signs.forgiving(stream)
    monkeypatch.setattr(sys, "stdout", stream)
    _show("arm;difference\nä;0.1\n", None)
    with pytest.raises(DataError, match=r"'.u6f22' cannot be written as .*--output"):
        _show("arm;difference\n漢;0.1\n", None)
