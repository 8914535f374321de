"""Scripts stay as they are: told by their arguments, read by the files that they leave, costed by what they say."""

from __future__ import annotations

import contextlib
import json
import sys
from pathlib import Path

import pytest

from evenhand.claims.load import all_trials, load_claim
from evenhand.errors import ClaimError
from evenhand.execution.command.settings import Results
from evenhand.ledger import Ledger
from evenhand.recipes.outcome import Execution, Outcome
from evenhand.recipes.trial import Trial
from evenhand.running.observer import Observer
from evenhand.running.plan import plan_of
from evenhand.running.run import run_claim

SCRIPT = """
import argparse, csv, json, os, pathlib, random
parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=float, default=0.1)
parser.add_argument("--seed", type=int, default=0)
parser.add_argument("--steps", type=int, default=10)
parser.add_argument("--out", default=".")
a = parser.parse_args()
out = pathlib.Path(a.out); out.mkdir(exist_ok=True)
skill, noise = 0.3, random.Random(a.seed)
for step in range(a.steps):
    skill += a.lr * (0.9 - skill) + noise.gauss(0, 0.002)
    print(f"step={step + 1} skill={skill:.4f} phase=train")
with open(out / "preds.csv", "w", newline="") as file:
    rows = csv.writer(file)
    rows.writerow(["id", "prediction", "label", "subject"])
    for i in range(200):
        rows.writerow([i, "a" if random.Random(i).random() < skill else "b", "a", "algebra" if i % 2 else "logic"])
json.dump({"global_step": a.steps, "num_input_tokens_seen": 64 * a.steps, "best_metric": 0.99,
           "log_history": [{"loss": 2.0 - skill, "step": a.steps}]}, open(out / "trainer_state.json", "w"))
print(f"done after {a.steps:,} steps, key: {os.environ.get('MY_KEY')}")
"""

CLAIM = """
recipe = "command"
{settings}
[metric]
name = "accuracy"
margin = 0.05
floor = 0.0
ceiling = 1.0
[[arm]]
name = "slow"
role = "baseline"
settings.values.lr = 0.05
[[arm]]
name = "fast"
role = "variant"
{variant}
[[rung]]
name = "confirm"
budget = 12
seeds = {seeds}
"""

ARGV = '["python", "train.py", "--lr", "{lr}", "--seed", "{seed}", "--steps={budget}", "--out", "{workdir}/out"]'
RESULTS = """
settings.spent = "trainer_state"
settings.results.format = "csv"
settings.results.path = "{workdir}/out/preds.csv"
settings.results.scores.accuracy = "prediction == label"
"""
WHOLE = f"settings.argv = {ARGV}\n{RESULTS}"


class First(Observer):
    """Keeps the first trial's outcome and ends the run."""

    outcome: Outcome

    def finished(self, trial: Trial, outcome: Outcome, execution: Execution, retry: bool) -> None:
        self.outcome = outcome
        raise KeyboardInterrupt


def write(
    folder: Path,
    settings: str = WHOLE,
    variant: str = "settings.values.lr = 0.3",
    seeds: str = "[0, 1, 2, 3]",
    script: str = SCRIPT,
) -> Path:
    (folder / "train.py").write_text(script)
    claim = folder / "c.toml"
    text = CLAIM.replace("{settings}", settings).replace("{variant}", variant).replace("{seeds}", seeds)
    claim.write_text(text.replace('"python"', json.dumps(sys.executable)))
    return claim


def first(folder: Path, settings: str = WHOLE, script: str = SCRIPT) -> Outcome:
    watch = First()
    with contextlib.suppress(KeyboardInterrupt):
        run_claim(load_claim(write(folder, settings, script=script)), Ledger(folder / "ledger"), jobs=1, observer=watch)
    return watch.outcome


@pytest.mark.slow
def test_an_ordinary_script_that_writes_predictions_gets_a_verdict_as_it_is(tmp_path: Path) -> None:
    decision = run_claim(load_claim(write(tmp_path)), Ledger(tmp_path / "ledger"), jobs=2)
    (verdict,) = decision.verdicts
    assert verdict.kind == "gain", verdict.reasons
    assert verdict.contrasts[0].items == 200


@pytest.mark.slow
def test_items_groups_budget_and_curves_are_those_of_the_programs_own_files(tmp_path: Path) -> None:
    outcome = first(tmp_path)
    assert outcome.failure is None, outcome.failure
    table = outcome.items["accuracy"]
    assert table.ids[:3] == ("0", "1", "2")
    assert table.groups is not None
    assert set(table.groups) == {"algebra", "logic"}
    assert table.outputs is not None
    assert table.expected is not None
    assert [o == e for o, e in zip(table.outputs, table.expected, strict=True)] == table.scores.astype(bool).tolist()
    assert (outcome.spent["steps"], outcome.spent["tokens"]) == (12, 768)
    assert outcome.curves["loss"].steps.tolist() == [12]
    assert "best_metric" not in outcome.metrics
    assert outcome.notes["results read from"].startswith("csv: preds.csv ")
    assert outcome.notes["budget read from"] == "trainer_state.json at step 12"


@pytest.mark.slow
def test_a_line_for_the_shell_chains_programs_and_quotes_what_is_filled_in(tmp_path: Path) -> None:
    settings = RESULTS + (
        'settings.shell = """mkdir -p {workdir}/out && echo {note} > {workdir}/out/note && '
        "'PYTHON' train.py --lr {lr} --seed {seed} --steps {budget} --out {workdir}/out | tee {workdir}/log\n"
        'test "$(cat {workdir}/out/note)" = \'it is $HOME; exit 3\'"""\n'
        "settings.values.note = 'it is $HOME; exit 3'\n"
    ).replace("PYTHON", sys.executable)
    outcome = first(tmp_path, settings)
    assert outcome.failure is None, outcome.failure
    assert len(outcome.items["accuracy"].ids) == 200
    assert "train.py" in load_claim(tmp_path / "c.toml").resolved.fingerprint
    assert outcome.code.keys() == {"train.py"}


@pytest.mark.slow
def test_the_first_part_of_a_shells_line_that_fails_ends_it(tmp_path: Path) -> None:
    settings = RESULTS + 'settings.shell = "false | cat\\necho {lr} {seed} > {workdir}/went-on"\n'
    outcome = first(tmp_path, settings)
    assert outcome.failure is not None
    assert "exit code 1" in outcome.failure.message


@pytest.mark.slow
def test_what_is_printed_gives_curves_and_the_budget_and_the_environment_the_seed(tmp_path: Path) -> None:
    settings = (
        f"settings.argv = {ARGV}\nsettings.curves = 'key=value'\nsettings.environment.MY_KEY = 'run {{seed}}'\n"
        "settings.spent.source = 'pattern'\nsettings.spent.patterns.steps = 'done after ([\\d,]+) steps'\n"
        "settings.spent.patterns.examples = 'key: run (\\d+)'\n"
        + "".join(line + "\n" for line in RESULTS.splitlines() if "spent" not in line)
    )
    outcome = first(tmp_path, settings)
    assert outcome.failure is None, outcome.failure
    assert outcome.curves["skill"].steps.tolist() == list(range(1, 13))
    assert (outcome.spent["steps"], outcome.spent["examples"]) == (12, 0)


@pytest.mark.slow
def test_a_script_that_writes_where_it_stands_runs_in_the_trials_own_folder(tmp_path: Path) -> None:
    settings = RESULTS.replace("{workdir}/out/", "") + (
        'settings.argv = ["python", "{folder}/train.py", "--lr={lr}", "--seed={seed}", "--steps={budget}"]\n'
        'settings.cwd = "{workdir}"\n'
    )
    outcome = first(tmp_path, settings)
    assert outcome.failure is None, outcome.failure
    assert outcome.code.keys() == {"train.py"}
    assert not (tmp_path / "preds.csv").exists()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('"preds.csv", "w"', '"other.csv", "w"', "wrote nothing at {workdir}/out/preds.csv"),
        (
            '["id", "prediction", "label", "subject"]',
            '["id", "guess", "label", "subject"]',
            "no column 'prediction' for results.scores",
        ),
        ("rows.writerow([i,", "rows.writerow([i // 2,", "out/preds.csv:3: the item '0' stands twice"),
        ('"global_step": a.steps', '"global_step": -1', "`global_step` is -1; expected a number from 0 on"),
        ('"trainer_state.json", "w"', '"state.json", "w"', "no trainer_state.json was written"),
    ],
    ids=["missing", "column", "twice", "steps", "state"],
)
def test_files_that_cannot_be_taken_over_are_a_failure_with_one_sentence(
    tmp_path: Path, old: str, new: str, words: str
) -> None:
    assert old in SCRIPT
    outcome = first(tmp_path, script=SCRIPT.replace(old, new))
    assert outcome.failure is not None
    assert outcome.failure.kind == "code"
    assert words in outcome.failure.message
    assert str(tmp_path) not in outcome.failure.message
    assert outcome.items == {}


@pytest.mark.slow
def test_what_an_earlier_attempt_left_is_not_read_as_this_ones(tmp_path: Path) -> None:
    marker = tmp_path / "killed"
    script = SCRIPT + (
        "import signal\n"
        f"if not os.path.exists({str(marker)!r}):\n"
        f"    open({str(marker)!r}, 'w').close(); os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    script = script.replace(
        "a = parser.parse_args()", f"a = parser.parse_args()\nif os.path.exists({str(marker)!r}): raise SystemExit"
    )

    class Last(Observer):
        outcome: Outcome | None = None

        def finished(self, trial: Trial, outcome: Outcome, execution: Execution, retry: bool) -> None:
            self.outcome = outcome
            if not retry:
                raise KeyboardInterrupt

    watch = Last()
    with contextlib.suppress(KeyboardInterrupt):
        run_claim(load_claim(write(tmp_path, script=script)), Ledger(tmp_path / "ledger"), jobs=1, observer=watch)
    assert marker.exists()
    assert watch.outcome is not None
    assert watch.outcome.failure is not None
    assert "trainer_state.json was written" in watch.outcome.failure.message


@pytest.mark.parametrize(
    ("settings", "variant", "words"),
    [
        (
            WHOLE.replace("{lr}", "{rate}"),
            None,
            r"c.toml:3 .*holds \{rate\}, which is none of \{seed\}, .*\{lr\}, ",
        ),
        (WHOLE.replace('"--lr", "{lr}", ', ""), None, r"never told `values.lr`: write \{lr\} into the command line"),
        (WHOLE.replace("{workdir}/out/preds.csv", "preds.csv"), None, r"side by side would write the same file"),
        (WHOLE.replace('settings.spent = "trainer_state"', ""), None, r"`results` need `spent`"),
        (WHOLE.replace('"trainer_state"', '"declared"').replace("{budget}", "12"), None, r"needs \{budget\}"),
        (WHOLE + 'settings.shell = "true"', None, "give `argv` .* or `shell`"),
        (WHOLE + 'settings.environment.A = "{gpu}"', None, r"`environment` holds \{gpu\}"),
        (
            WHOLE,
            "settings = {values.lr = 1, results.path = '{workdirs}/x'}",
            r"c.toml:\d+.*results.path` holds \{workdirs",
        ),
        (WHOLE.replace('"trainer_state"', '{source = "pattern", patterns.steps = "x"}'), None, "needs one group"),
        (
            WHOLE.replace("{seed}", "7"),
            None,
            r"c.toml:3 \(settings.argv\): .* is never told its seed",
        ),
    ],
    ids=["name", "untold", "shared", "budget", "declared", "both", "environment", "arm", "group", "seed"],
)
def test_what_would_go_wrong_in_every_trial_is_refused_when_the_claim_is_planned(
    tmp_path: Path, settings: str, variant: str | None, words: str
) -> None:
    with pytest.raises(ClaimError, match=words):
        load_claim(write(tmp_path, settings, variant or "settings.values.lr = 0.3"))


NULL = 'settings.values.lr = 0.3\n[[arm]]\nname = "again"\nrole = "null"'


def test_a_null_arm_that_would_share_the_baselines_noise_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ClaimError, match=r"told \{seed\} alone, .* the same to the last bit. Write \{stream_seed\}"):
        load_claim(write(tmp_path, variant=NULL))


def test_the_stream_seed_differs_for_null_arms_and_for_no_other(tmp_path: Path) -> None:
    loaded = load_claim(write(tmp_path, WHOLE.replace("{seed}", "{stream_seed}"), NULL, seeds="[0, 1]"))
    seeds = {(t.arm, t.seed): int(t.rng("command").integers(2**31)) for t in all_trials(loaded.resolved)}
    for seed in (0, 1):
        assert seeds["slow", seed] == seeds["fast", seed] != seeds["again", seed]
    assert len(set(seeds.values())) == 4


def test_arms_override_any_of_the_command_line(tmp_path: Path) -> None:
    variant = f"settings.values.lr = 0.05\nsettings.argv = {ARGV.replace('train.py', 'other.py')}"
    claim = load_claim(write(tmp_path, variant=variant))
    assert claim.resolved.settings["fast", "default"]["argv"][1] == "other.py"
    assert claim.resolved.settings["slow", "default"]["argv"][1] == "train.py"
    plan = plan_of(claim, Ledger(tmp_path / "ledger"))
    assert "other.py" in plan.runs_code_from


def test_a_claim_without_the_later_settings_is_the_one_that_it_was(tmp_path: Path) -> None:
    claim = load_claim(write(tmp_path, 'settings.argv = ["python", "train.py", "{settings.lr}"]'))
    assert claim.resolved.settings["slow", "default"].keys() == {"argv", "values"}


def test_names_of_metrics_may_have_dots() -> None:
    """A claim takes ``scores."exact_match.strict" = ...`` for a table within a table, as with all of its settings."""
    scores = {"exact_match": {"strict": "em"}, "accuracy": "correct"}
    assert Results(format="csv", scores=scores).scores == {"exact_match.strict": "em", "accuracy": "correct"}


NUMBERS = 'settings.argv = ["python", "train.py", "--lr={lr}", "--seed={seed}", "--steps={budget}", "--out={workdir}"]'
PRINTS = NUMBERS + '\nsettings.spent = "declared"\nsettings.results = { format = "metrics", path = "-" }\n'


@pytest.mark.slow
@pytest.mark.parametrize(("value", "kind"), [("0.5", ""), ("float('nan')", "diverged"), ("'0.5'", "code")])
def test_a_script_that_prints_its_metrics_needs_no_file_and_diverges_as_a_recipe_does(
    tmp_path: Path, value: str, kind: str
) -> None:
    outcome = first(tmp_path, PRINTS, SCRIPT + f"\nprint(json.dumps({{'accuracy': {value}}}))\nprint('bye')\n")
    if not kind:
        assert outcome.failure is None, outcome.failure
        assert outcome.metrics == {"accuracy": 0.5}
        return
    assert outcome.failure is not None
    assert outcome.failure.kind == kind
    assert outcome.spent["steps"] == 12
    assert str(tmp_path) not in outcome.failure.message


UNSEEDED = WHOLE.replace('"--seed", "{seed}", ', "")


@pytest.mark.parametrize(
    ("settings", "arms"),
    [
        (UNSEEDED + 'settings.environment.SEED = "{seed}"', ""),
        (WHOLE.replace("{seed}", "{stream_seed}"), ""),
        (UNSEEDED.replace('"--lr"', '"--all={request}", "--lr"'), ""),
        (UNSEEDED, "deterministic = true\n"),
    ],
    ids=["environment", "stream", "request", "deterministic"],
)
def test_a_seed_may_come_another_way_and_arms_without_randomness_need_none(
    tmp_path: Path, settings: str, arms: str
) -> None:
    claim = write(tmp_path, settings)
    claim.write_text(claim.read_text().replace("settings.values.lr", f"{arms}settings.values.lr"))
    load_claim(claim)


LR, VALUES = "settings.values.lr = 0.3", r"c.toml:2\d \(arm\[1\].settings.values"


@pytest.mark.parametrize(
    ("settings", "variant", "place", "words"),
    [
        (
            WHOLE.replace("{seed}", "{sed}"),
            LR,
            r"c.toml:3 \(settings.argv\)",
            r"holds \{sed\}; did you mean \{seed\}\?",
        ),
        (WHOLE, f"{LR}\nsettings.values.rate = 1", rf"{VALUES}.rate\)", r"never told `values.rate`: write \{rate\}"),
        (WHOLE, f"{LR}\nsettings.values.lrs = 1", rf"{VALUES}.lrs\)", r"never told `values.lrs`; did you mean 'lr'\?"),
        (WHOLE.replace('"csv"', '"metric"'), LR, r"c.toml:\d+ \(settings.results.format\)", "did you mean 'metrics'"),
        (WHOLE.replace('"csv"', '"lmeval"'), LR, r"c.toml:\d+ \(settings.results.format\)", "did you mean 'lm_eval'"),
    ],
    ids=["template", "value", "near", "format", "reader"],
)
def test_a_misspelt_name_is_told_once_at_its_own_line_with_the_name_that_was_meant(
    tmp_path: Path, settings: str, variant: str, place: str, words: str
) -> None:
    with pytest.raises(ClaimError, match=f"{place}: .*{words}") as found:
        load_claim(write(tmp_path, settings, variant))
    assert len(found.value.faults) == 1


def test_a_misspelt_recipe_is_told_with_the_name_that_was_meant(tmp_path: Path) -> None:
    claim = write(tmp_path)
    claim.write_text(claim.read_text().replace('recipe = "command"', 'recipe = "comand"'))
    with pytest.raises(ClaimError, match=r"There is no recipe 'comand'; did you mean 'command'\?"):
        load_claim(claim)
