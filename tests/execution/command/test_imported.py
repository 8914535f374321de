"""A script that begins with its imports made does, prints and ends as it does in a fresh process, or is one."""

from __future__ import annotations

import numbers
import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from evenhand.execution.command.imported import ImportServers
from evenhand.execution.command.leading_imports import leading_imports
from evenhand.execution.command.process import Ended, run_program
from evenhand.execution.command.script_calls import Call, call_of, why_cold
from evenhand.execution.command.settings import CommandSettings
from evenhand.execution.machine import thread_variables
from evenhand.execution.process_state import group_of_this

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="import servers are for Linux")

SCRIPT = '''
"""A script that tells what it finds, and ends as it is told."""
import atexit, json, os, random, sys, threading, time
import numpy as np
from helper import WORD
kind = sys.argv[1]


class Kept:
    pass


def found():
    main = sys.modules["__main__"]
    names = {n: str(getattr(main, n, "none")) for n in sorted(vars(main)) if n.startswith("__")}
    names["__loader__"] = f"{type(__loader__).__name__} {__loader__.name} {__loader__.path}"
    yield "main", names
    yield "argv", [sys.argv, getattr(sys, "orig_argv", []), sys.executable, sys.flags[:]]
    yield "path", sys.path
    yield "environment", sorted(os.environ.items())
    yield "process", [os.getcwd(), os.umask(0o022), os.nice(0), threading.active_count(), os.getpgrp(), os.getsid(0)]
    yield "files", sorted(int(n) for n in os.listdir("/proc/self/fd") if os.path.exists(f"/proc/self/fd/{n}"))
    for s in (sys.stdout, sys.stderr):
        yield "stream", [s.encoding, s.errors, s.line_buffering, s.isatty(), s.seekable()]
    yield "input", sys.stdin.read()
    yield "helper", WORD
    yield "class", [Kept.__module__, Kept.__qualname__, Kept is main.Kept]
    yield "numbers", np.random.default_rng(1).standard_normal(3).tolist()
    yield "limit", __import__("resource").getrlimit(__import__("resource").RLIMIT_DATA)


if __name__ == "__main__":
    atexit.register(print, "at exit")
    if kind == "tells":
        for name, value in found():
            print(name, json.dumps(value))
    elif kind == "draws":
        print(random.random(), np.random.random(), os.urandom(4).hex())
    elif kind == "raises":
        def deep():
            raise ValueError("a fault")
        deep()
    elif kind == "exits":
        print("half a line", end="")
        sys.exit(int(*sys.argv[2:]))
    elif kind == "says why it exits":
        sys.exit("no more")
    elif kind == "is killed":
        print("before", flush=True)
        os.kill(os.getpid(), int(sys.argv[2]))
        time.sleep(30)
    elif kind == "goes on in a thread":
        threading.Thread(target=lambda: (time.sleep(0.2), print("from the thread", WORD))).start()
    elif kind == "starts processes":
        import multiprocessing
        for how in ("fork", "spawn"):
            with multiprocessing.get_context(how).Pool(1) as pool:
                print(how, pool.map(abs, [-1, -2]))
    elif kind == "is interrupted":
        raise KeyboardInterrupt
    elif kind == "closes its output":
        os.close(1)
'''


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "script.py").write_text(SCRIPT)
    (tmp_path / "helper.py").write_text('WORD = "first"\n')
    for name, value in thread_variables(1).items():
        monkeypatch.setenv(name, value)
    return tmp_path


@pytest.fixture
def servers() -> Iterator[ImportServers]:
    opened = ImportServers()
    yield opened
    opened.end()


def run(
    folder: Path,
    capfd: Any,
    servers: ImportServers | None,
    *arguments: str,
    python: tuple[str, ...] = (sys.executable,),
) -> tuple[Ended, str, str]:
    variables = {"EVENHAND_REQUEST": f"request {arguments}", "EVENHAND_OUTCOME": "outcome", "ARM": "a"}
    ended = run_program([*python, "./script.py", *arguments], folder, variables, lambda line: True, servers)
    return ended, *capfd.readouterr()


@pytest.mark.slow  # an interpreter for each of its ends
@pytest.mark.parametrize("flags", [(), ("-u", "-X", "utf8"), ("-OB", "-Werror::FutureWarning")])
def test_a_script_finds_and_does_what_it_finds_and_does_in_a_fresh_process(
    flags: tuple[str, ...], folder: Path, servers: ImportServers, capfd: Any
) -> None:
    kinds = [("tells", "", "a b"), ("exits", "3")]
    if not flags:
        more = ("raises", "exits", "goes on in a thread", "says why it exits", "starts processes", "closes its output")
        kinds += [*((kind,) for kind in more), *(("is killed", str(int(n))) for n in (signal.SIGKILL, signal.SIGTERM))]
    python = (sys.executable, *flags)
    for kind in kinds:
        fresh = run(folder, capfd, None, *kind, python=python)
        forked = run(folder, capfd, servers, *kind, python=python)
        assert forked == fresh, kind
        assert servers.note == "forked after its imports: numpy"
    assert servers.used.cpu_seconds > 0
    assert servers.used.peak_memory_bytes > 1 << 20


def test_an_interrupted_script_ends_as_an_interrupted_one(folder: Path, servers: ImportServers, capfd: Any) -> None:
    ended = [run(folder, capfd, found, "is interrupted") for found in (None, servers)]
    assert [one[0].code for one in ended] == [-signal.SIGINT, -signal.SIGINT]
    assert all(err.endswith("KeyboardInterrupt\n") and out == "at exit\n" for _, out, err in ended)


def test_what_is_drawn_without_a_seed_differs_between_runs(folder: Path, servers: ImportServers, capfd: Any) -> None:
    drawn = [run(folder, capfd, servers, "draws")[1].split() for _ in range(3)]
    assert [len(set(column)) for column in zip(*drawn, strict=True)] == [3, 3, 3, 1, 1]  # "at exit" after it


def test_code_beside_the_script_is_read_anew_and_what_it_imports_first_too(
    folder: Path, servers: ImportServers, capfd: Any
) -> None:
    first = run(folder, capfd, servers, "tells")[1]
    (folder / "helper.py").write_text('WORD = "second, and longer"\n')
    second = run(folder, capfd, servers, "tells")[1]
    assert 'helper "first"' in first
    assert 'helper "second, and longer"' in second
    (folder / "script.py").write_text("import numpy, scipy\nprint(scipy.__name__)\n")
    assert run(folder, capfd, servers, "tells")[1] == "scipy\n"
    assert servers.note == "forked after its imports: numpy, scipy"


def test_what_imports_print_begins_the_output_of_every_run(folder: Path, servers: ImportServers, capfd: Any) -> None:
    (folder / "script.py").write_text("import numpy, this\nprint('mine')\n")
    outputs = [run(folder, capfd, found, "x")[1] for found in (None, servers, servers)]
    assert outputs[0].startswith("The Zen of Python")
    assert outputs[0] == outputs[1] == outputs[2]


@pytest.mark.parametrize(
    ("text", "files", "why"),
    [
        ("import numpy, own\n", {"own/__init__.py": "x = [1]"}, ""),
        ("import numpy, nowhere_to_be_found\n", {}, "it imports nowhere_to_be_found, which is not installed"),
        ("import numpy\n", {"numpy.py": ""}, "fresh process"),
        ("import numpy\n", {"ctypes.py": ""}, "ctypes.py beside it hides a module of Python's own"),
        ("import numpy\n", {"numbers.py": Path(numbers.__file__).read_text()}, "its imports bring numbers"),
    ],
)
def test_a_script_whose_imports_could_come_out_otherwise_is_a_fresh_process(
    text: str, files: dict[str, str], why: str, folder: Path, servers: ImportServers, capfd: Any
) -> None:
    (folder / "script.py").write_text(text + "print('done')\n")
    for name, content in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(content)
    fresh, forked = (run(folder, capfd, found, "x") for found in (None, servers))
    assert forked == fresh
    assert why in servers.note


def test_a_run_that_is_stopped_leaves_nothing_and_its_server_serves_the_next(
    folder: Path, servers: ImportServers, capfd: Any
) -> None:
    (folder / "script.py").write_text("import numpy, time\nprint('stop', flush=True)\ntime.sleep(60)\n")
    begun = time.monotonic()
    for _ in range(2):
        ended = run_program([sys.executable, "script.py"], folder, {}, lambda line: False, servers)
        assert ended.code == -signal.SIGKILL
    assert time.monotonic() - begun < 30
    assert len(servers.running()) == 1
    os.kill(servers.running().pop(), signal.SIGKILL)
    ended = run_program([sys.executable, "script.py"], folder, {}, lambda line: False, servers)
    assert ended.code == -signal.SIGKILL
    assert servers.note.startswith("a fresh process: the process with its imports has ended")
    servers.end()
    assert not group_of_this() & servers.running()


@pytest.mark.parametrize(
    ("argv", "found"),
    [
        (["python", "a.py", "x"], Call(("python",), "a.py", ("x",))),
        (["/v/python3.11", "-u", "-X", "d", "-Wi", "a"], Call(("/v/python3.11", "-u", "-X", "d", "-Wi"), "a", ())),
        (["python", "-m", "pk.train"], "Python is called with -m, not with a script"),
        (["python", "-c", "1"], "Python is called with -c, not with a script"),
        (["python", "-u"], "Python is called without a script"),
        (["torchrun", "a.py"], "torchrun is not Python (`python train.py ...` is)"),
    ],
)  # fmt: skip
def test_a_command_line_is_understood_as_python_understands_it(argv: list[str], found: Call | str) -> None:
    assert call_of(argv) == found


@pytest.mark.parametrize(
    ("settings", "unit", "why"),
    [
        ({"argv": ["python", "script.py", "{seed}", "{lr}"], "values": {"lr": 1}}, "steps", ""),
        ({"argv": ["python", "script.py"]}, "seconds", "its budget is time, which imports belong to"),
        ({"shell": "python script.py"}, "steps", "it is a line for a shell"),
        ({"argv": ["python", "nowhere.py"]}, "steps", "there is no nowhere.py"),
        (
            {"argv": ["python", "helper.py"]},
            "steps",
            "it imports nothing that takes long before it does something else",
        ),
        ({"argv": ["python", "script.py"], "cwd": "{workdir}"}, "steps", "{workdir} stands in its environment or"),
        (
            {"argv": ["python", "script.py"], "environment": {"S": "{seed}"}},
            "steps",
            "{seed} stands in its environment",
        ),
    ],
)
def test_why_no_worker_keeps_the_imports_of_a_command_is_told(
    settings: dict[str, Any], unit: str, why: str, folder: Path
) -> None:
    told = why_cold(CommandSettings.model_validate(settings), folder, unit)
    assert told.startswith(why)
    assert bool(told) == bool(why)


@pytest.mark.parametrize(
    ("text", "statements"),
    [
        ('"""D."""\nfrom __future__ import x\nimport a.b as c, d\n', ["import a.b as c", "import d"]),
        ("from e import f, g as h\n", ["from e import f, g as h"]),
        ("import a\nimport os\nos.environ['X'] = '1'\nimport b\n", ["import a", "import os"]),
        ("LR = 3\ndef f(x=1): import b\nimport a\n", ["import a"]),
        ("@wrapped\ndef f(): pass\nimport a\n", []),
        ("def f(x=g()): pass\nimport a\n", []),
        ("try:\n    import a\nexcept ImportError: pass\nimport b\n", []),
        ("import plain\nimport b\n", ["import a", "import b"]),
        ("import pk.inner\nimport b\n", ["import p", "import i", "import b"]),
        ("from pk import inner\nimport b\n", ["import p", "import i", "import b"]),
        ("import setter\nimport b\n", ["import a"]),
        ("import compiled\nimport b\n", []),
        ("from . import x\nimport b\n", []),
        ("import a\nbroken(\n", []),
        ("import itself\nimport a\n", ["import a"]),
    ],
)  # fmt: skip
def test_imports_lead_up_to_the_first_statement_that_may_change_what_they_give(
    text: str, statements: list[str], tmp_path: Path
) -> None:
    files = {
        "itself.py": text, "plain.py": "import a\nX = 1\n", "setter.py": "import a\nimport_all()\nimport c\n",
        "pk/__init__.py": "import p\n", "pk/inner.py": "import i\n", "compiled/x.so": "",
    }  # fmt: skip
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(content)
    assert [one.statement for one in leading_imports(tmp_path / "itself.py", [tmp_path])] == statements
