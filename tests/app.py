"""The command line as people type it, in a process of its own that need not import everything anew.

Starting ``python -m evenhand`` takes more than a second of imports. A server imports the command line once and
forks for each call: what is forked has its own folder, environment, modules and exit, as a process started anew would.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import socketserver
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

SERVER = """
import atexit, gc, json, os, sys, traceback
from evenhand.cli.main import app, main
import evenhand.cli.live, evenhand.cli.output, evenhand.cli.power_output, evenhand.ledger, evenhand.report.save
import duckdb, evenhand.report.page, evenhand.running.run, matplotlib.pyplot, scipy.optimize
import evenhand.cli.run, evenhand.decisions.ledger_families, evenhand.report.text, matplotlib.backends.backend_svg
import pyarrow.compute, pyarrow.parquet
assert not os.path.isdir("/proc/self/task") or len(os.listdir("/proc/self/task")) == 1
gc.collect()
gc.freeze()
print("ready", flush=True)
while line := sys.stdin.readline():
    call = json.loads(line)
    child = os.fork()
    if child == 0:
        break
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
else:
    sys.exit()
os.chdir(call["folder"])
os.environ.clear()
os.environ.update(call["environment"])
sys.argv = ["evenhand", *call["arguments"]]
for stream, path in ((0, os.devnull), (1, call["out"]), (2, call["err"])):
    os.dup2(os.open(path, os.O_RDWR | os.O_CREAT), stream)
sys.stdin = open(0)
code = 1
try:
    main()
    code = 0
except SystemExit as end:
    code = end.code if isinstance(end.code, int) else 0 if end.code is None else 1
except BaseException:
    traceback.print_exc()
atexit._run_exitfuncs()
sys.stdout.flush()
sys.stderr.flush()
os._exit(code)  # taking the modules down one by one takes longer than most calls
"""


@cache
def _server() -> subprocess.Popen[str]:
    # A process with threads cannot be forked: what numpy and pyarrow start at import is asked not to.
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "JE_ARROW_MALLOC_CONF": "background_thread:false"}
    server = subprocess.Popen(
        [sys.executable, "-P", "-c", SERVER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    )
    atexit.register(server.kill)
    assert server.stdout is not None
    assert server.stdout.readline() == "ready\n"
    return server


def evenhand(
    folder: Path, *arguments: str, columns: int = 60, environment: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Call the command line in a folder, in a terminal of so many columns that shows no colours."""
    server = _server()
    assert server.stdin is not None
    assert server.stdout is not None
    with tempfile.TemporaryDirectory() as caught:
        out, err = Path(caught, "out"), Path(caught, "err")
        shell = {"COLUMNS": str(columns), "NO_COLOR": "1", "TERM": "xterm"}
        call = {"folder": str(folder), "arguments": arguments, "environment": environment or {**os.environ, **shell}}
        server.stdin.write(json.dumps({**call, "out": str(out), "err": str(err)}) + "\n")
        server.stdin.flush()
        code = int(server.stdout.readline())
        return subprocess.CompletedProcess(arguments, code, out.read_text(), err.read_text())


CLIENT = """#!{python} -SE
import json, os, socket, sys
line = socket.socket(socket.AF_UNIX)
line.connect({address!r})
line.sendall(json.dumps([os.getcwd(), sys.argv[1:], dict(os.environ)]).encode() + b"\\n")
code, out, err = json.loads(line.makefile().read())
sys.stdout.write(out)
sys.stderr.write(err)
sys.exit(code)
"""


class _Answer(socketserver.StreamRequestHandler):
    """One call of the program that :func:`program` made."""

    def handle(self) -> None:
        folder, arguments, environment = json.loads(self.rfile.readline())
        done = evenhand(Path(folder), *arguments, environment=environment)
        self.wfile.write(json.dumps([done.returncode, done.stdout, done.stderr]).encode())


@contextlib.contextmanager
def program(folder: Path) -> Iterator[Path]:
    """A program ``evenhand`` in a folder for scripts to call: as the installed one, without its second of imports."""
    with tempfile.TemporaryDirectory() as short:  # the address of a socket has at most 107 letters
        address = f"{short}/evenhand"
        path = folder / "evenhand"
        path.write_text(CLIENT.format(python=sys.executable, address=address))
        path.chmod(0o755)
        with socketserver.UnixStreamServer(address, _Answer) as served:
            threading.Thread(target=served.serve_forever, args=(0.05,), daemon=True).start()
            try:
                yield path
            finally:
                served.shutdown()


def parsed(done: subprocess.CompletedProcess[str]) -> Any:
    """The JSON that a call printed."""
    return json.loads(done.stdout)
