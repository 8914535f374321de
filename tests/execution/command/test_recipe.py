"""Any program is a recipe: what it is told, what it may answer, and how its end is understood."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from evenhand.claims.load import load_claim
from evenhand.errors import ClaimError
from evenhand.execution.failures import failure_of_program
from evenhand.execution.machine import device_of_programs
from evenhand.ledger import Ledger
from evenhand.recipes.outcome import Execution, FailureClass, Outcome
from evenhand.recipes.trial import Trial
from evenhand.running.observer import Observer
from evenhand.running.run import run_claim

HEAD = """
import json, os, random, signal, sys, subprocess, time
request = json.load(open(os.environ["EVENHAND_REQUEST"]))
settings, items = request["settings"], request["items"]
def answer(document):
    json.dump(document, open(os.environ["EVENHAND_OUTCOME"], "w"))
def well():
    answer({"items": {"accuracy": {"ids": [str(i) for i in range(items["count"])], "scores": [0.5] * items["count"]}},
            "spent": {"steps": request["budget"]["amount"]}})
"""

CLAIM = """
recipe = "command"
settings.argv = {argv}
settings.values.rate = 0.5
[metric]
name = "accuracy"
margin = 0.05
floor = 0.0
ceiling = 1.0
[[arm]]
name = "plain"
role = "baseline"
[[arm]]
name = "idea"
role = "variant"
settings.values.rate = 0.25
[[rung]]
name = "confirm"
budget = 4
seeds = [0, 1]
items = 8
"""


class Watch(Observer):
    def __init__(self) -> None:
        self.seen: list[tuple[Trial, Outcome, bool]] = []

    def finished(self, trial: Trial, outcome: Outcome, execution: Execution, retry: bool) -> None:
        self.seen.append((trial, outcome, retry))


class FirstAlone(Watch):
    """Interrupts the run when the first trial has had its last try."""

    def finished(self, trial: Trial, outcome: Outcome, execution: Execution, retry: bool) -> None:
        super().finished(trial, outcome, execution, retry)
        if not retry and trial.id == self.seen[0][0].id:
            raise KeyboardInterrupt


def write(folder: Path, program: str, argv: list[str] | None = None) -> Path:
    (folder / "train.py").write_text(HEAD + program)
    claim = folder / "c.toml"
    claim.write_text(CLAIM.format(argv=json.dumps(argv or [sys.executable, "train.py"])))
    return claim


def first(folder: Path, program: str, argv: list[str] | None = None) -> tuple[Outcome, list[bool]]:
    """The last outcome of the claim's first trial, and whether each of its tries was followed by another."""
    watch = FirstAlone()
    with contextlib.suppress(KeyboardInterrupt):
        run_claim(load_claim(write(folder, program, argv)), Ledger(folder / "ledger"), jobs=1, observer=watch)
    tries = [(outcome, retry) for trial, outcome, retry in watch.seen if trial.id == watch.seen[0][0].id]
    return tries[-1][0], [retry for _, retry in tries]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("program", "kind", "message", "phase", "tries"),
    [
        ('answer({"failure": {"kind": "diverged", "message": "loss is nan"}})', "diverged", "loss is nan", "run", 1),
        ('answer({"failure": {"kind": "data", "message": "no rows"}}); sys.exit(3)', "data", "no rows", "run", 1),
        ('answer({"failure": {"kind": "infrastructure", "message": "hub"}})', "infrastructure", "hub", "run", 3),
        ('answer({"failure": {"kind": "resource", "message": "vram", "phase": "import"}})', "resource", "vram",
         "import", 2),
    ],
)  # fmt: skip
def test_a_failure_that_a_program_reports_is_the_failure_recorded(
    tmp_path: Path, program: str, kind: str, message: str, phase: str, tries: int
) -> None:
    outcome, retries = first(tmp_path, 'print("said before")\n' + program)
    assert outcome.failure is not None
    assert (outcome.failure.kind, outcome.failure.message, outcome.failure.phase) == (kind, message, phase)
    assert outcome.failure.detail == "said before"
    assert len(retries) == tries


@pytest.mark.slow
def test_a_program_that_diverged_in_every_trial_is_a_result_and_its_costs_stay(tmp_path: Path) -> None:
    watch = Watch()
    claim = load_claim(write(tmp_path, 'answer({"failure": {"kind": "diverged"}, "spent": {"steps": 3}})'))
    run_claim(claim, Ledger(tmp_path / "ledger"), jobs=1, observer=watch)
    outcome = watch.seen[0][1]
    assert outcome.spent["steps"] == 3
    again = Watch()
    run_claim(load_claim(tmp_path / "c.toml"), Ledger(tmp_path / "ledger"), jobs=1, observer=again)
    assert again.seen == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("program", "kind", "words", "last", "tries"),
    [
        ('sys.stderr.write("usage: x\\nx: error: invalid int value\\n"); sys.exit(2)', "code", "exit code 2",
         "x: error: invalid int value", 1),
        ('raise RuntimeError("CUDA out of memory. Tried to allocate 2 GiB")', "resource", "ran out of memory",
         "RuntimeError: CUDA out of memory. Tried to allocate 2 GiB", 2),
        ('[0] * 10**12', "resource", "ran out of memory", "MemoryError", 2),
        ('print("epoch 3", flush=True); os.kill(os.getpid(), signal.SIGKILL)', "infrastructure",
         "killed from outside (SIGKILL)", "epoch 3", 3),
        ('print("x"); raise ConnectionError("the hub does not answer")', "infrastructure", "network",
         "ConnectionError: the hub does not answer", 3),
        ('print("last words"); well(); sys.exit(3)', "code", "exit code 3 although it wrote an outcome file",
         "last words", 1),
        ('print("forgot to answer")', "code", "wrote no outcome file", "forgot to answer", 1),
        ('print("spoilt"); answer({"metrics": {"accuracy": "high"}})', "code", "'metrics.accuracy' must be a number",
         "spoilt", 1),
        ('answer({"spent": {"steps": float("nan")}, "metrics": {"accuracy": 1}}); print("x")', "code",
         "the outcome file says spent.steps = NaN", "x", 1),
        ('answer({"metrics": {"accuracy": float("nan")}}); print("x")', "diverged", "'accuracy' is nan", "", 1),
        ('print("evenhand: {step}", flush=True); time.sleep(60)', "code", "is no curve point", "evenhand: {step}", 1),
    ],
)  # fmt: skip
def test_the_end_of_a_program_has_its_class_its_retries_and_its_own_last_lines(
    tmp_path: Path, program: str, kind: str, words: str, last: str, tries: int
) -> None:
    outcome, retries = first(tmp_path, program)
    assert outcome.failure is not None
    assert (outcome.failure.kind, len(retries)) == (kind, tries)
    assert words in outcome.failure.message
    if last:
        assert outcome.failure.detail.strip().splitlines()[-1] == last
        assert "evenhand/execution" not in outcome.failure.detail


@pytest.mark.parametrize(
    ("code", "tail", "memory", "kind"),
    [
        (-9, "", True, "resource"),
        (-9, "", False, "infrastructure"),
        (-15, "", False, "infrastructure"),
        (137, "", True, "resource"),
        (143, "Terminated", False, "infrastructure"),
        (-11, "", False, "code"),
        (-6, "terminate called after throwing an instance of 'std::bad_alloc'", False, "resource"),
        (1, "OSError: [Errno 28] No space left on device", False, "infrastructure"),
        (1, "requests.exceptions.HTTPError: 503", False, "infrastructure"),
        (1, "out of memory\n" + "step\n" * 40 + "KeyError: 'x'", False, "code"),
        (1, "ValueError: the connection is odd", False, "code"),
    ],
)
def test_exit_codes_and_last_lines_are_classified(code: int, tail: str, memory: bool, kind: FailureClass) -> None:
    failure = failure_of_program(code, "'train'", tail, out_of_memory=memory)
    assert failure.kind == kind
    assert failure.detail == tail


@pytest.mark.slow
def test_templates_in_the_arguments_are_filled_in(tmp_path: Path) -> None:
    argv = [sys.executable, "train.py", "--seed={seed}", "--lr", "{settings.rate}", "{budget}", "{device}", "{threads}",
            "{workdir}",
            "{outcome}", "{items.start}:{items.count}", "{{seed}}", '{"a": {"b": 1}}', "${HOME}"]  # fmt: skip
    outcome, _ = first(
        tmp_path,
        "a = sys.argv[1:]; r = request\n"
        'assert a[0] == f"--seed={r[\'seed\']}" and a[1] == "--lr" and float(a[2]) == settings["rate"], a\n'
        'assert a[3] == "4" and a[4] == r["device"] and a[5] == str(r["threads"]) and a[6] == r["workdir"], a\n'
        'assert a[7] == os.environ["EVENHAND_OUTCOME"] and a[8] == "0:8", a\n'
        'assert a[9:] == ["{seed}", \'{"a": {"b": 1}}\', "${HOME}"], a\n'
        "well()",
        argv,
    )
    assert outcome.failure is None, outcome.failure


def test_a_template_that_stands_for_nothing_is_refused_before_anything_runs(tmp_path: Path) -> None:
    claim = write(tmp_path, "well()", [sys.executable, "train.py", "{sede}"])
    with pytest.raises(
        ClaimError,
        match=r"\{sede\}; did you mean \{seed\}\? It may hold \{seed\}, .*\{settings.rate\}; write \{\{sede\}\}",
    ):
        load_claim(claim)


@pytest.mark.slow
def test_a_program_is_told_the_device_that_is_there_with_its_reason(tmp_path: Path) -> None:
    device, reason = device_of_programs()
    assert device in ("cpu", "cuda")
    outcome, _ = first(tmp_path, f'assert request["device"] == "{device}"\nwell()')
    assert outcome.failure is None, outcome.failure
    assert outcome.notes["device"] == f"{device}: {reason}"
    assert "torch" not in outcome.notes["device"]


@pytest.mark.slow
def test_a_number_handed_to_every_program_is_no_draw(tmp_path: Path) -> None:
    outcome, _ = first(tmp_path, 'assert request["stream_seed"] > 0\nwell()')
    assert outcome.draws is None


@pytest.mark.slow
def test_what_a_program_leaves_running_does_not_hold_its_trial(tmp_path: Path) -> None:
    program = (
        'subprocess.Popen([sys.executable, "-c", "import time; time.sleep(300)"]); print("left", flush=True); well()'
    )
    began = time.monotonic()
    outcome, _ = first(tmp_path, program)
    assert outcome.failure is None
    assert time.monotonic() - began < 200


@pytest.mark.slow
def test_a_program_dies_with_its_worker(tmp_path: Path) -> None:
    marker = tmp_path / "pid"
    program = (
        f'open({str(marker)!r}, "a").write(f"{{os.getpid()}}\\n")\n'
        f'if open({str(marker)!r}).read().count("\\n") == 1:\n'
        "    os.kill(os.getppid(), signal.SIGKILL); time.sleep(300)\n"
        "well()"
    )
    outcome, retries = first(tmp_path, program)
    assert outcome.failure is None
    assert retries == [True, False]
    assert not _alive(int(marker.read_text().splitlines()[0]))


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.slow
def test_progress_bars_and_lines_without_end_stay_lines(tmp_path: Path) -> None:
    program = (
        'sys.stdout.write("10%\\r20%\\r"); sys.stdout.flush()\n'
        'print(\'evenhand: {"step": 1, "loss": 2.5}\', flush=True)\n'
        'sys.stdout.write("x" * 100_000); sys.stdout.flush(); os.write(2, b"\\xff\\xfe")\nsys.exit(4)'
    )
    outcome, _ = first(tmp_path, program)
    assert outcome.failure is not None
    assert len(outcome.failure.detail) <= 6000
    assert outcome.curves["loss"].values.tolist() == [2.5]


@pytest.mark.slow
def test_status_shows_the_last_lines_of_the_program(tmp_path: Path) -> None:
    from evenhand.cli.output import status_documents

    claim = write(tmp_path, 'print("about to crash"); int("{seed}")')
    run_claim(load_claim(claim), Ledger(tmp_path / "ledger"), jobs=1)
    (document,) = status_documents([load_claim(claim)], Ledger(tmp_path / "ledger"))
    detail: dict[str, Any] = document["failures"][0]
    assert "about to crash" in detail["detail"]
    assert detail["detail"].strip().endswith("ValueError: invalid literal for int() with base 10: '{seed}'")
    assert os.fspath(tmp_path) not in detail["message"]
