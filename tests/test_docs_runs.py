"""The page on runs that exist: its commands run as they stand, on logs of the shape that it speaks of."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.app import evenhand
from tests.runs.logs import lm_eval
from tests.snippets import blocks

PAGE = Path(__file__).parent.parent / "docs" / "runs.md"
COMMANDS = [
    line for block in re.findall(r"```sh\n(.*?)```", PAGE.read_text(), re.DOTALL) for line in block.splitlines()
]


def scores(share: float, *seed: int) -> list[float]:
    return (np.random.default_rng(seed).random(60) < share).astype(float).tolist()


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    for number, (arm, share) in enumerate({"base": 0.4, "new": 0.9, "other": 0.5, "strong": 0.6, "again": 0.4}.items()):
        for task in ("arc", "gsm"):
            lm_eval(tmp_path / "runs" / arm, scores(share, number, len(task)), task=task, model=arm)
            for seed in range(3) if arm in ("base", "new") else ():
                lm_eval(tmp_path / "trained" / arm / f"seed{seed}", scores(share, number, seed), task=task, model=arm)
    for arm, share in (("base", 0.4), ("new", 0.9)):
        rows = [f"q{i},{int(ok)},d{i // 2}" for i, ok in enumerate(scores(share, len(arm)))]
        (tmp_path / f"{arm}.csv").write_text("\n".join(["qid,correct,document", *rows]))
    both = [
        f"q{i},{model},{int(ok)}"
        for model, share in (("base", 0.4), ("new", 0.9))
        for i, ok in enumerate(scores(share, 7))
    ]
    (tmp_path / "both.csv").write_text("\n".join(["id,model,correct", *both]))
    return tmp_path


def test_the_page_has_commands() -> None:
    assert len(COMMANDS) > 10
    assert {line.split()[1] for line in COMMANDS} == {"compare", "run"}


@pytest.mark.slow  # a process for every command
def test_every_command_of_the_page_runs_as_it_stands(runs: Path) -> None:
    for line in COMMANDS:
        done = evenhand(runs, *shlex.split(line)[1:])
        assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
        assert "gain" in done.stdout or "--json" in line, line


@pytest.mark.slow
def test_the_python_of_the_page_runs_as_it_stands(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(runs)
    names: dict[str, Any] = {}
    for block in blocks(PAGE):
        exec(compile(block, PAGE.name, "exec"), names)
    assert names["found"].verdicts[0].kind == "gain"
    assert names["page"].exists()
