"""``evenhand gate``: exit codes, summaries, the steps of the action as they stand, the fixture for pytest."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
import yaml

from tests.app import evenhand, parsed, program
from tests.runs.logs import lm_eval

FILLED = re.compile(r"\$\{\{ inputs\.([\w-]+) \}\}")
ROOT = Path(__file__).resolve().parents[2]
CLAIM = """
recipe = "toy:run"
settings.noise = 0.001
settings.marker = "{name}"
[metric]
name = "score"
margin = 0.02
[[arm]]
name = "plain"
role = "baseline"
[[arm]]
name = "idea"
role = "variant"
settings.effect = {effect}
settings.noise = 0.004
[[rung]]
name = "confirm"
budget = 4
seeds = 4
items = 40
"""


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with claims that were run: one that gains, one that loses."""
    from tests.conftest import TOY

    folder = tmp_path_factory.mktemp("gate")
    (folder / "toy.py").write_text(TOY)
    for name, effect in (("better", 0.1), ("worse", -0.1)):
        (folder / f"{name}.toml").write_text(CLAIM.format(effect=effect, name=name))
    assert evenhand(folder, "run", "better.toml", "worse.toml", "--jobs", "2").returncode == 0
    return folder


@pytest.mark.slow
@pytest.mark.parametrize(
    ("claims", "require", "code"),
    [
        (["better.toml"], "gain", 0),
        (["better.toml"], "no-regression", 0),
        (["better.toml"], "no-effect", 1),
        (["worse.toml"], "no-regression", 1),
        (["better.toml", "worse.toml"], "gain", 1),
        (["no.toml"], "gain", 2),
    ],
)
def test_the_exit_code_says_whether_verdicts_are_what_is_required(
    judged: Path, claims: list[str], require: str, code: int
) -> None:
    assert evenhand(judged, "gate", *claims, "--require", require).returncode == code


@pytest.mark.slow
def test_a_saved_decision_is_judged_as_its_claim_is(judged: Path) -> None:
    for name in ("better", "worse"):
        (judged / f"{name}.json").write_text(evenhand(judged, "verdict", f"{name}.toml", "--json").stdout)
        for require in ("gain", "no-regression", "no-effect"):
            of_claim, of_file = (
                evenhand(judged, "gate", f"{name}{suffix}", "--require", require, "--json")
                for suffix in (".toml", ".json")
            )
            assert of_file.returncode == of_claim.returncode
            assert parsed(of_file)["gates"][0]["rows"] == parsed(of_claim)["gates"][0]["rows"]
    (judged / "cut.json").write_text('{"claim": "x", "verdicts": [{"arm": "a"}]}')
    done = evenhand(judged, "gate", "cut.json", "--require", "gain")
    assert done.returncode == 2
    assert "holds no decision: verdicts.0.role" in done.stderr


@pytest.mark.slow
def test_summary_and_junit_say_what_the_exit_code_says(judged: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(judged / "step.md"))
    (judged / "step.md").write_text("# before\n")
    targets = ("better.toml", "worse.toml", "--require", "gain")
    done = evenhand(judged, "gate", *targets, "--summary", "s.md", "--junit", "j.xml")
    assert done.returncode == 1
    text = (judged / "s.md").read_text()
    assert "### ❌ evenhand gate: does not hold" in text
    assert re.search(r"\| ✅ \| idea \| plain \| default \| score \| \+0\.1\d+ \[.*\] 95 % \| 0\.02 \| gain", text)
    assert (judged / "step.md").read_text() == "# before\n" + text
    suites = ElementTree.parse(judged / "j.xml").getroot()
    assert [(s.get("name"), s.get("failures"), s.get("errors")) for s in suites] == [
        ("better", "0", "0"), ("worse", "1", "0"),
    ]  # fmt: skip
    # what Jenkins' schema requires, and the times without which some readers show none of it
    assert all({"name", "tests", "failures", "errors", "time"} == set(suite.attrib) for suite in suites)
    assert all({"name", "classname", "time"} == set(case.attrib) for case in suites.iter("testcase"))
    failure = suites.find("testsuite[@name='worse']/testcase/failure")
    assert failure is not None
    assert str(failure.get("message")).startswith("regression")


def _steps(**inputs: str) -> list[dict[str, object]]:
    """The steps of the action with their inputs filled in, those left out whose condition does not hold."""
    action = yaml.safe_load((ROOT / "action.yml").read_text())
    values = {name: str(entry.get("default", "")) for name, entry in action["inputs"].items()} | inputs
    conditions = {"inputs.install != ''": values["install"] != "", "inputs.run == 'true'": values["run"] == "true"}
    steps = []
    for step in action["runs"]["steps"]:
        assert "${{" not in step["run"], "what is filled in must not become part of a script"
        if "if" not in step or conditions[step["if"]]:
            env = {
                k: re.sub(r"\$\{\{ inputs\.([\w-]+) \}\}", lambda m: values[m[1]], v) for k, v in step["env"].items()
            }
            steps.append({**step, "env": env})
    return steps


PYTHON = f"""#!/bin/bash
if [ "$1 $2" = "-m evenhand" ]; then exec evenhand "${{@:3}}"; fi
exec "{sys.executable}" "$@"
"""


def _run_action(folder: Path, **inputs: str) -> tuple[int, str]:
    """Run each step's script in bash, as a runner would; the exit code of the first that fails, and the outputs."""
    output = folder / "output"
    output.write_text("")
    shims = folder / "bin"
    shims.mkdir(exist_ok=True)
    (shims / "python").write_text(PYTHON)
    (shims / "python").chmod(0o755)
    environment = {**os.environ, "PATH": f"{shims}:{os.environ['PATH']}", "GITHUB_OUTPUT": str(output)}
    environment |= {"PYTHONPATH": str(ROOT / "src"), "GITHUB_STEP_SUMMARY": str(folder / "action.md")}
    with program(shims):
        for step in _steps(**inputs):
            assert step["shell"] == "bash"
            command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", str(step["run"])]
            done = subprocess.run(
                command, cwd=folder, env={**environment, **step["env"]}, capture_output=True, text=True, check=False
            )  # type: ignore[dict-item]
            if done.returncode != 0:
                return done.returncode, output.read_text()
    return 0, output.read_text()


@pytest.mark.slow
def test_the_steps_of_the_action_run_and_answer(judged: Path) -> None:
    own = {"install": "", "ledger": ".evenhand"}
    assert _run_action(judged, claims="better.toml", require="gain", run="true", **own) == (0, "answer=holds\n")
    assert _run_action(judged, claims="better.toml\nworse.toml", junit="a.xml", **own) == (1, "answer=does not hold\n")
    assert (judged / "a.xml").exists()
    assert "❌ evenhand gate" in (judged / "action.md").read_text()
    (judged / "a claim").mkdir()
    (judged / "a claim" / "of better.json").write_text(evenhand(judged, "verdict", "better.toml", "--json").stdout)
    several = "\n  a claim/of better.json\nbetter.toml worse.toml\n\n"
    assert _run_action(judged, claims=several, junit="a file.xml", **own) == (1, "answer=does not hold\n")
    assert len(ElementTree.parse(judged / "a file.xml").getroot()) == 3
    code, _ = _run_action(judged, claims="$(touch pwned) no.toml", **own)
    assert code == 2
    assert not (judged / "pwned").exists()


@pytest.mark.slow
def test_an_undecided_gate_stops_a_workflow_unless_that_is_allowed(judged: Path) -> None:
    verdicts = json.loads(evenhand(judged, "verdict", "better.toml", "--json").stdout)
    verdicts["verdicts"][0] |= {"kind": "inconclusive"}
    verdicts["verdicts"][0]["contrasts"][0] |= {"kind": "inconclusive", "equivalence_interval": [-0.5, 0.5]}
    (judged / "open.json").write_text(json.dumps(verdicts))
    own = {"install": "", "claims": "open.json"}
    assert _run_action(judged, **own) == (3, "answer=not decided\n")
    assert _run_action(judged, **own, **{"allow-undecided": "true"}) == (0, "answer=not decided\n")


def test_the_action_installs_what_it_is_told_to(tmp_path: Path) -> None:
    step = _steps(claims="x", install="evenhand[nn] other==1")[0]
    shim = tmp_path / "python"
    shim.write_text('#!/bin/bash\nprintf "%s|" "$@"\n')
    shim.chmod(0o755)
    environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}", **step["env"]}  # type: ignore[dict-item]
    done = subprocess.run(["bash", "-e", "-c", str(step["run"])], env=environment, capture_output=True, check=True)
    assert done.stdout.decode() == "-m|pip|install|evenhand[nn]|other==1|"


TESTS = """
import sys
import pytest

def test_nothing_was_imported_for_those_who_do_not_use_it():
    of_the_lab = {name for name in sys.modules if name.startswith("evenhand.")}
    assert of_the_lab == {"evenhand.cli", "evenhand.cli.pytest_plugin", "evenhand.old_names"}
    assert "numpy" not in sys.modules

def test_gain(evenhand_compare):
    assert evenhand_compare("better.toml", require="gain").rows[0].arm == "idea"

def test_saved(evenhand_compare):
    evenhand_compare("better.json")

def test_worse(evenhand_compare):
    evenhand_compare("worse.toml")

def test_misspelt(evenhand_compare):
    with pytest.raises(ValueError, match="require='no-loss' is none of"):
        evenhand_compare("better.toml", require="no-loss")
"""


@pytest.mark.slow
def test_the_fixture_passes_and_fails_as_the_gate_does(judged: Path) -> None:
    (judged / "better.json").write_text(evenhand(judged, "verdict", "better.toml", "--json").stdout)
    (judged / "test_gates.py").write_text(TESTS)
    command = [sys.executable, "-m", "pytest", "-p", "evenhand.cli.pytest_plugin", "-q", "test_gates.py"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    done = subprocess.run(command, cwd=judged, env=environment, capture_output=True, text=True, check=False)
    assert "1 failed, 4 passed" in done.stdout, done.stdout
    assert "❌ idea against plain · default · score: −0." in done.stdout
    assert "= evenhand =" in done.stdout


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """Three runs of one task: the baseline, one that answers as well, one that answers worse."""
    for arm, right in (("base", 300), ("same", 300), ("worse", 200)):
        lm_eval(tmp_path / arm, [float((i * 7) % 400 < right) for i in range(400)], model=arm)
    return tmp_path


@pytest.mark.slow
def test_a_comparison_of_runs_that_was_saved_is_a_gate(runs: Path) -> None:
    for variant, code in (("same", 0), ("worse", 1)):
        done = evenhand(runs, "compare", "base", variant, "--margin", "0.05", "--json")
        (runs / f"{variant}.json").write_text(done.stdout)
        gated = evenhand(runs, "gate", f"{variant}.json", "--require", "no-regression", "--json")
        assert gated.returncode == code, gated.stderr
        assert parsed(gated)["gates"][0]["fixed"] == "retrospective"


RUN_TESTS = """
def test_same(evenhand_compare):
    evenhand_compare("base", "same", margin=0.05)

def test_worse(evenhand_compare):
    evenhand_compare("base", "same", "worse", margin=0.05, require="no-regression")
"""


@pytest.mark.slow
def test_the_fixture_compares_runs_on_the_spot(runs: Path) -> None:
    (runs / "test_runs.py").write_text(RUN_TESTS)
    command = [sys.executable, "-m", "pytest", "-p", "evenhand.cli.pytest_plugin", "-q", "test_runs.py"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    done = subprocess.run(command, cwd=runs, env=environment, capture_output=True, text=True, check=False)
    assert "1 failed, 1 passed" in done.stdout, done.stdout
    assert re.search("❌ worse against base · .* · acc: −0.25", done.stdout), done.stdout
