"""Old and new are never joined: what a trial's code and data were is known, and what changed runs anew."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from evenhand.claims.load import load_claim
from evenhand.cli.output import plan_document, status_documents
from evenhand.decisions.verdict import Decision
from evenhand.errors import ClaimError
from evenhand.ledger import Ledger
from evenhand.report.save import save_report
from evenhand.running.enter import decided
from evenhand.running.run import run_claim
from tests.app import evenhand
from tests.running.test_run import Recorder, write_claim
from tests.running.test_run import run as run_toy

RECIPE = """
from evenhand.recipes.contract import Bench, RecipeSettings, recipe
import helper

class Settings(RecipeSettings):
    fail: bool = False
    path: str = ""

@recipe({declared})
def run(settings: Settings, bench: Bench) -> dict[str, float]:
    bench.budget.spend(steps=bench.budget.amount)
    if settings.fail:
        helper.new_arm()
    more = float(bench.data(settings.path).read_text()) if settings.path else 0.0
    noise = bench.rng("init").normal() * 0.01
    ids = bench.item_set.choose(50)
    level = helper.score() + more + noise * (1 + more)
    bench.items("score", [str(i) for i in ids], [level + 0.001 * (i % 7) for i in ids])
    return {{}}
"""
BROKEN = "def score():\n    return 0.5\n\ndef new_arm():\n    raise ValueError('a fault')\n"
MENDED = "def score():\n    return 0.8\n\ndef new_arm():\n    return None\n"

CLAIM = """
recipe = "mine:run"
{settings}
[metric]
name = "score"
margin = 0.05
[[arm]]
name = "off"
role = "baseline"
[[arm]]
name = "on"
role = "variant"
{arm}
[[rung]]
name = "confirm"
budget = 3
seeds = [0, 1, 2, 3]
items = 20
"""


def project(folder: Path, *, declared: str = "", settings: str = "", arm: str = "settings.fail = true") -> Path:
    (folder / "mine.py").write_text(RECIPE.format(declared=declared))
    (folder / "helper.py").write_text(BROKEN)
    path = folder / "c.toml"
    path.write_text(CLAIM.format(settings=settings, arm=arm))
    for name in ("mine", "helper"):
        sys.modules.pop(name, None)
    return path


def run(path: Path, recorder: Recorder | None = None) -> tuple[Decision, Recorder]:
    recorder = recorder or Recorder()
    return run_claim(load_claim(path), Ledger(path.parent / "ledger"), jobs=2, observer=recorder), recorder


class Impatient(Recorder):
    """Interrupts a run after so many trials."""

    def __init__(self, after: int) -> None:
        super().__init__()
        self.after = after

    def finished(self, *found: object) -> None:
        super().finished(*found)  # type: ignore[arg-type]
        if len(self.trials) == self.after:
            raise KeyboardInterrupt


@pytest.mark.slow
@pytest.mark.parametrize("declared", ["", "version=3"])
def test_a_helper_that_was_mended_makes_all_trials_run_anew_and_no_gain(tmp_path: Path, declared: str) -> None:
    path = project(tmp_path, declared=declared)
    first, _ = run(path)
    assert first.verdicts[0].title == "not-run (code)"
    (tmp_path / "helper.py").write_text(MENDED)
    plan = plan_document(load_claim(path), Ledger(tmp_path / "ledger"))
    assert plan["rungs"][0]["done"] == 0
    assert plan["anew"] == ["4 trials (off) run anew: helper.py changed since then"]
    (status,) = status_documents([load_claim(path)], Ledger(tmp_path / "ledger"))
    assert {entry["why"] for entry in status["stale"].values()} == {"helper.py changed"}
    assert status["pending"] == 8
    second, recorder = run(path)
    assert len(recorder.trials) == 8
    assert "4 trials (off) run anew: helper.py changed since then" in recorder.messages
    assert second.verdicts[0].kind in ("no-op", "no-effect", "inconclusive")
    assert any("4 results replace earlier ones" in warning for warning in second.warnings)
    assert run(path)[1].trials == []
    assert decided(load_claim(path), Ledger(tmp_path / "ledger")).verdicts == second.verdicts


@pytest.mark.slow
def test_the_report_rests_on_the_records_that_the_verdict_rests_on(tmp_path: Path) -> None:
    path = project(tmp_path)
    run(path)
    (tmp_path / "helper.py").write_text(MENDED)
    run(path)
    page, _ = save_report(load_claim(path), Ledger(tmp_path / "ledger"), tmp_path / "page.html")
    rows = [line for line in page.read_text().splitlines() if "<td>off</td><td>default</td>" in line]
    assert len(rows) == 4
    scores = [float(re.search(r'class="num">(0\.\d+)<', row)[1]) for row in rows]  # type: ignore[index]
    assert min(scores) > 0.7, "the mended helper scores 0.8, the broken one 0.5"


@pytest.mark.slow
def test_a_run_that_was_interrupted_between_old_and_new_code_is_invalid_and_no_gain(tmp_path: Path) -> None:
    (tmp_path / "zero.txt").write_text("0.0")
    path = project(tmp_path, arm='settings.path = "zero.txt"')
    run(path)
    (tmp_path / "helper.py").write_text(MENDED)
    loaded, ledger = load_claim(path), Ledger(tmp_path / "ledger")
    with pytest.raises(KeyboardInterrupt):
        run_claim(loaded, ledger, jobs=1, observer=Impatient(3))
    verdict = decided(loaded, ledger).verdicts[0]
    assert verdict.title == "invalid (code)"
    new, old = "on (seed 0), off (seeds 0, 1)", "on (seeds 1, 2, 3), off (seeds 2, 3)"
    assert f"helper.py was not the same for all: {new} against {old}" in verdict.reasons[0]
    decision, recorder = run(path)
    assert len(recorder.trials) == 5
    assert decision.verdicts[0].kind not in ("invalid", "gain")


@pytest.mark.slow
def test_a_data_file_that_changed_makes_the_trials_that_read_it_run_anew(tmp_path: Path) -> None:
    (tmp_path / "scores.txt").write_text("0.1")
    path = project(tmp_path, arm='settings.path = "scores.txt"')
    assert run(path)[0].verdicts[0].kind == "gain"
    (tmp_path / "scores.txt").write_text("0.0")
    decision, recorder = run(path)
    assert {trial.arm for trial, _, _ in recorder.trials} == {"on"}
    assert "4 trials (on) run anew: scores.txt changed since then" in recorder.messages
    assert decision.verdicts[0].kind != "gain"


@pytest.mark.slow
def test_a_verdict_says_what_would_run_anew(tmp_path: Path) -> None:
    (tmp_path / "scores.txt").write_text("0.1")
    path = project(tmp_path, arm='settings.path = "scores.txt"')
    run(path)
    assert "would run anew" not in evenhand(tmp_path, "verdict", path.name, "--ledger", "ledger").stderr
    (tmp_path / "scores.txt").write_text("0.0")
    told = " ".join(evenhand(tmp_path, "verdict", path.name, "--ledger", "ledger").stderr.split())
    assert "4 trials (on) would run anew: scores.txt changed since then" in told


@pytest.mark.slow
def test_data_that_are_gone_are_named_and_the_verdict_stands(tmp_path: Path) -> None:
    (tmp_path / "scores.txt").write_text("0.1")
    path = project(tmp_path, arm='settings.path = "scores.txt"')
    before, _ = run(path)
    (tmp_path / "scores.txt").unlink()
    decision, recorder = run(path)
    assert recorder.trials == []
    assert decision.verdicts == before.verdicts
    assert any("scores.txt is not there, so 4 results" in message for message in recorder.messages)


@pytest.mark.slow
def test_outcomes_from_other_data_never_pair(tmp_path: Path) -> None:
    (tmp_path / "scores.txt").write_text("0.1")
    path = project(tmp_path, settings='settings.path = "scores.txt"', arm="settings.fail = true")
    run(path)
    (tmp_path / "scores.txt").write_text("0.2")
    (tmp_path / "helper.py").write_text(MENDED.replace("0.8", "0.5"))
    with pytest.raises(KeyboardInterrupt):
        run(path, Impatient(5))
    assert decided(load_claim(path), Ledger(tmp_path / "ledger")).verdicts[0].kind in ("invalid", "not-run")


@pytest.mark.slow
def test_a_file_that_is_written_while_trials_run_is_not_taken_for_what_ran(tmp_path: Path) -> None:
    path = project(tmp_path, arm="settings.fail = false\nsettings.path = 'zero.txt'")
    (tmp_path / "zero.txt").write_text("0.0")

    class Editor(Recorder):
        def finished(self, *found: object) -> None:
            super().finished(*found)  # type: ignore[arg-type]
            if len(self.trials) == 1:
                (tmp_path / "helper.py").write_text(MENDED)

    run(path, Editor())
    codes = {record.outcome.code["helper.py"] for record in Ledger(tmp_path / "ledger").outcomes()}
    assert len(codes) == 1, "the process that starts trials had imported the old file"
    assert len(run(path)[1].trials) == 8


LATE = """
from evenhand.recipes.contract import Bench, RecipeSettings
import pathlib

class Settings(RecipeSettings):
    shift: float = 0.0

def run(settings: Settings, bench: Bench) -> dict[str, float]:
    import late
    pathlib.Path(late.__file__).write_text(pathlib.Path(late.__file__).read_text() + "#")
    bench.budget.spend(steps=bench.budget.amount)
    return {"score": 0.5 + settings.shift}
"""


@pytest.mark.slow
def test_a_file_that_changes_between_its_import_and_the_end_of_a_trial_is_marked(tmp_path: Path) -> None:
    path = project(tmp_path, arm="settings.shift = 0.1")
    (tmp_path / "mine.py").write_text(LATE)
    (tmp_path / "late.py").write_text("")
    run(path)
    codes = [record.outcome.code["late.py"] for record in Ledger(tmp_path / "ledger").outcomes()]
    assert all(code.startswith("changed while it ran") for code in codes)
    assert run(path)[1].trials, "nobody knows what these trials ran"


@pytest.mark.slow
def test_a_checkpoint_of_other_code_is_not_gone_on_from(toy_folder: Path) -> None:
    from tests.running.test_run import write_claim

    toy = toy_folder / "toy.py"
    toy.write_text(toy.read_text().replace("import numpy as np", "import numpy as np\nimport helper", 1))
    (toy_folder / "helper.py").write_text("")
    sys.modules.pop("toy", None)
    marker = toy_folder / "full"
    marker.touch()
    path = write_claim(toy_folder, settings=f'behave = "full disk", marker = "{marker}"', seeds="[0, 1]")
    run(path)
    marker.unlink()
    (toy_folder / "helper.py").write_text("# changed\n")
    for left in (toy_folder / "ledger" / "work").glob("*/outcome.json"):
        left.unlink()  # as where the trial was killed
    _, recorder = run(path)
    assert [o.notes.get("resumed") for _, o, _ in recorder.trials] == [None] * 4
    told = [outcome.notes.get("began again") for _, outcome, _ in recorder.trials]
    assert told.count("helper.py changed since its checkpoint") >= 1
    sys.modules.pop("toy", None)


PROGRAM = """
import json, os, sys
{imports}
request = json.load(open(os.environ["EVENHAND_REQUEST"]))
if request["settings"].get("fail"):
    {new}
score = {score} + 0.001 * request["seed"]
outcome = {{"metrics": {{"score": score}}, "spent": {{"steps": request["budget"]["amount"]}}}}
json.dump(outcome, open(os.environ["EVENHAND_OUTCOME"], "w"))
"""
COMMAND = """
recipe = "command"
settings.argv = {argv}
{files}
[metric]
name = "score"
margin = 0.05
[[arm]]
name = "off"
role = "baseline"
[[arm]]
name = "on"
role = "variant"
settings.values.fail = true
[[rung]]
name = "confirm"
budget = 3
seeds = [0, 1, 2]
"""


def package(folder: Path, score: str = "helper.score()") -> None:
    (folder / "pkg").mkdir(exist_ok=True)
    (folder / "pkg" / "__init__.py").write_text("")
    (folder / "pkg" / "helper.py").write_text(BROKEN)
    text = PROGRAM.format(imports="from pkg import helper", new="helper.new_arm()", score=score)
    (folder / "pkg" / "train.py").write_text(text)


def command(folder: Path, argv: str, files: str = "") -> Path:
    path = folder / "c.toml"
    path.write_text(COMMAND.format(argv=argv, files=files))
    return path


def mended_runs_anew(path: Path, changed: str) -> Decision:
    assert run(path)[0].verdicts[0].kind == "not-run"
    assert run(path)[1].trials, "failures are tried again"
    (path.parent / changed).write_text(MENDED)
    decision, recorder = run(path)
    assert len(recorder.trials) == 6
    assert f"3 trials (off) run anew: {changed} changed since then" in recorder.messages
    assert decision.verdicts[0].kind != "gain"
    assert run(path)[1].trials == []
    return decision


@pytest.mark.slow
def test_a_module_that_a_command_line_names_is_followed_to_what_it_imports(tmp_path: Path) -> None:
    package(tmp_path)
    path = command(tmp_path, f'["{sys.executable}", "-m", "pkg.train"]')
    mended_runs_anew(path, "pkg/helper.py")
    record = Ledger(tmp_path / "ledger").outcomes()[-1]
    assert set(record.outcome.code) == {"pkg/__init__.py", "pkg/helper.py", "pkg/train.py"}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("argv", "more"),
    [
        ('["{python}", "train.py"]', 'settings.cwd = "pkg"'),
        ('["{python}", "train.py", "../notes.txt"]', 'settings.cwd = "pkg"'),
        ('["{python}", "-m", "pkg.train"]', 'settings.cwd = ".."'),
        ('["{python}", "-m", "train"]', 'settings.environment.PYTHONPATH = "{folder}/pkg"'),
        ('["env", "PYTHONPATH={folder}/pkg", "{python}", "-m", "train"]', ""),
    ],
)
def test_a_program_is_found_from_where_it_is_started_and_on_its_own_module_path(
    tmp_path: Path, argv: str, more: str
) -> None:
    above = ".." in more
    folder = tmp_path / "claims" if above else tmp_path
    folder.mkdir(exist_ok=True)
    package(tmp_path)
    (tmp_path / "notes.txt").write_text("of no account")
    text = (tmp_path / "pkg" / "train.py").read_text()
    if not above:
        (tmp_path / "pkg" / "train.py").write_text(text.replace("from pkg import helper", "import helper"))
    path = command(folder, argv.replace("{python}", sys.executable), more)
    run(path)
    (tmp_path / "pkg" / "helper.py").write_text(MENDED)
    _, recorder = run(path)
    assert any("3 trials (off) run anew" in message and "helper.py" in message for message in recorder.messages)


@pytest.mark.slow
def test_a_wrapper_says_with_files_what_it_runs(tmp_path: Path) -> None:
    package(tmp_path)
    (tmp_path / "wrapper.sh").write_text(f"exec {sys.executable} -m pkg.train\n")
    path = command(tmp_path, '["sh", "wrapper.sh"]', 'settings.files = ["pkg/train.py"]')
    mended_runs_anew(path, "pkg/helper.py")


@pytest.mark.slow
def test_a_folder_among_the_files_counts_with_all_that_is_in_it(tmp_path: Path) -> None:
    package(tmp_path)
    (tmp_path / "wrapper.sh").write_text(f"exec {sys.executable} -m pkg.train\n")
    path = command(tmp_path, '["sh", "wrapper.sh"]', 'settings.files = ["pkg"]')
    run(path)
    (tmp_path / "pkg" / "helper.py").write_text(MENDED)
    _, recorder = run(path)
    assert "3 trials (off) run anew: pkg/ changed since then" in recorder.messages


@pytest.mark.slow
def test_a_file_that_is_not_there_is_a_failure_with_its_name(tmp_path: Path) -> None:
    package(tmp_path)
    path = command(tmp_path, f'["{sys.executable}", "-m", "pkg.train"]', 'settings.files = ["gone.py"]')
    _, recorder = run(path)
    failure = recorder.trials[0][1].failure
    assert failure is not None
    assert (failure.kind, "gone.py" in failure.message) == ("data", True)


@pytest.mark.slow
def test_a_command_behind_which_no_file_is_found_counts_with_its_checkout(tmp_path: Path) -> None:
    package(tmp_path, "0.5")
    text = (
        (tmp_path / "pkg" / "train.py")
        .read_text()
        .replace("from pkg import helper", "")
        .replace("helper.new_arm()", "pass")
    )
    (tmp_path / "pkg" / "train.py").write_text(text)
    git = ["git", "-C", str(tmp_path), "-c", "user.name=a", "-c", "user.email=a@b"]
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "add", "pkg"], check=True)
    subprocess.run([*git, "commit", "-qm", "one"], check=True)
    path = command(tmp_path, f'["sh", "-c", "{sys.executable} -m pkg.train"]')
    run(path)
    assert run(path)[1].trials == []
    (tmp_path / "pkg" / "train.py").write_text(text + "# changed\n")
    _, recorder = run(path)
    assert len(recorder.trials) == 6
    assert any("git checkout changed" in message for message in recorder.messages)


def test_settings_of_a_command_without_files_are_what_they_were(tmp_path: Path) -> None:
    package(tmp_path)
    path = command(tmp_path, f'["{sys.executable}", "-m", "pkg.train"]')
    assert load_claim(path).resolved.settings["off", "default"].keys() == {"argv", "values"}


def install(folder: Path, name: str, version: str, text: str) -> None:
    """A distribution as an installer leaves it."""
    site = folder / "site-packages"
    for old in site.glob(f"{name}-*.dist-info/METADATA"):
        old.unlink()
        old.parent.rmdir()
    (site / name).mkdir(parents=True, exist_ok=True)
    (site / name / "__init__.py").write_text(text)
    (site / f"{name}-{version}.dist-info").mkdir()
    (site / f"{name}-{version}.dist-info" / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    )


INSTALLED = """
from evenhand.recipes.contract import Bench, RecipeSettings, recipe
import third

class Settings(RecipeSettings):
    shift: float = 0.0

@recipe({declared})
def run(settings: Settings, bench: Bench) -> dict[str, float]:
    bench.budget.spend(steps=bench.budget.amount)
    return {{"score": 0.5 + settings.shift + 0.01 * bench.rng("init").normal() * settings.shift}}
"""


@pytest.mark.slow
@pytest.mark.parametrize("declared", ["", "version=1"])
def test_an_installed_recipe_is_known_by_the_version_of_its_package_or_by_the_one_it_declares(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, declared: str
) -> None:
    name = "mine_installed" + ("_declared" if declared else "")
    install(tmp_path, "third", "1.0", "")
    install(tmp_path, name, "1.0", INSTALLED.format(declared=declared))
    monkeypatch.syspath_prepend(tmp_path / "site-packages")
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path / 'site-packages'}:{Path(__file__).parents[2] / 'src'}")
    path = project(tmp_path, arm="settings.shift = 0.2")
    path.write_text(path.read_text().replace("mine:run", f"{name}:run"))
    assert run(path)[0].verdicts[0].kind == "gain"
    record = Ledger(tmp_path / "ledger").outcomes()[0]
    assert dict(record.outcome.code) == ({} if declared else {f"package {name}": "1.0"})
    assert record.outcome.packages["third"] == "1.0"
    install(tmp_path, name, "1.1", INSTALLED.format(declared=declared))
    install(tmp_path, "third", "2.0", "")
    path.write_text(path.read_text().replace("seeds = [0, 1, 2, 3]", "seeds = [0, 1, 2, 3, 4]"))
    recorder = Recorder()
    decision = run_claim(load_claim(path), Ledger(tmp_path / "ledger"), jobs=2, observer=recorder, amend=True)
    assert len(recorder.trials) == (2 if declared else 10)
    told = [warning for warning in decision.warnings if "The package third was not of one version" in warning]
    assert len(told) == (1 if declared else 0)
    if declared:
        assert "1.0 (off (seeds 0, 1, 2, 3), on (seeds 0, 1, 2, 3)) against 2.0 (off (seed 4), on (seed 4))" in told[0]


@pytest.mark.slow
def test_a_bug_mended_in_the_recipe_itself_is_no_amendment_and_all_its_trials_run_anew(toy_folder: Path) -> None:
    path, store = write_claim(toy_folder), Ledger(toy_folder / "ledger")
    first = load_claim(path).resolved
    run_toy(path)
    recipe = toy_folder / "toy.py"
    recipe.write_text(recipe.read_text().replace("level = 0.5 +", "level = 0.55 +"))
    sys.modules.pop("toy", None)
    changed = load_claim(path)
    with pytest.raises(ClaimError, match=r"made by other code of its recipe.*(?s:.)*no amendment") as caught:
        decided(changed, store)
    assert "fingerprint" not in str(caught.value)
    assert "other code of its recipe" in plan_document(changed, store)["anew"][0]
    verdict, recorder = run_toy(path)
    assert len(recorder.trials) == 8
    assert any("other code of its recipe" in message for message in recorder.messages)
    assert verdict.title == "gain (rerun, >= margin)"
    decision = decided(changed, Ledger(toy_folder / "ledger"))
    assert decision.standing.fixed == "rerun"
    assert any("other code of its recipe" in warning for warning in decision.warnings)
    path.write_text(path.read_text().replace("margin = 0.05", "margin = 0.01"))
    with pytest.raises(ClaimError, match="states another claim"):
        run_toy(path)
    run_toy(path, amend=True)
    recipe.write_text(recipe.read_text() + "# tidied\n")
    sys.modules.pop("toy", None)
    verdict, _ = run_toy(path)
    assert verdict.title == "gain (amended, >= margin)"
    assert first.hash != changed.resolved.hash
    sys.modules.pop("toy", None)
