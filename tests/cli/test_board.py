"""``evenhand board`` says where it is, and what it cannot do in a sentence."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from http.cookiejar import CookieJar
from pathlib import Path

import pytest

from evenhand.ledger import Ledger
from tests.app import evenhand
from tests.board.stage import Stage


def test_a_ledger_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    done = evenhand(tmp_path, "board", "--ledger", "nowhere")
    assert done.returncode == 2
    assert "There is no ledger at nowhere" in " ".join(done.stderr.split())
    (tmp_path / "file").write_text("")
    done = evenhand(tmp_path, "board", "file")
    assert done.returncode == 4
    assert "is a file" in " ".join(done.stderr.split())


@pytest.mark.slow
def test_a_port_in_use_is_a_sentence_with_the_cure(tmp_path: Path) -> None:
    with Ledger(tmp_path / "ledger") as ledger, socket.socket() as taken:
        ledger.record_claim("c", "h", {}, "")
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = evenhand(tmp_path, "board", "ledger", "--port", str(port))
    assert done.returncode == 2
    said = " ".join(done.stderr.split())
    assert f"The board cannot have port {port}: address already in use." in said
    assert "--port 0" in said
    assert "Traceback" not in said


@pytest.mark.slow  # a server in a process of its own
def test_it_prints_its_address_serves_who_has_it_and_ends_on_ctrl_c(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.claim("gate", question="Is it?")
    entered = len(stage.book.ledger.entries())
    stage.book.ledger.close()
    command = [sys.executable, "-m", "evenhand", "board", "ledger", "--port", "0", "--json"]
    buffered = {key: value for key, value in os.environ.items() if key != "PYTHONUNBUFFERED"}
    with subprocess.Popen(
        command, cwd=tmp_path, env=buffered, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as board:
        assert board.stdout is not None
        told = ""
        while not told.rstrip().endswith("}") and (line := board.stdout.readline()):
            told += line
        where = json.loads(told)
        opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
        page = opener.open(where["url"]).read().decode()
        with pytest.raises(urllib.error.HTTPError, match="401"):
            urllib.request.urlopen(f"http://127.0.0.1:{where['port']}/")
        board.send_signal(signal.SIGINT)
        _, said = board.communicate(timeout=30)
    assert "Is it?" in page
    assert board.returncode in (0, 130)
    assert "Traceback" not in said
    with Ledger(tmp_path / "ledger") as ledger:
        assert len(ledger.entries()) == entered  # nothing was written
