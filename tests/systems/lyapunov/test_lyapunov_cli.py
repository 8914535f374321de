"""What the command line shows of a model, and that bad input is one sentence and status 2."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from evenhand.systems.lyapunov import training
from evenhand.systems.lyapunov.arithmetic import trajectory
from evenhand.systems.lyapunov.cli import app
from evenhand.systems.lyapunov.evaluation_set import generate, write_csv
from evenhand.systems.lyapunov.features import FeatureSpec
from evenhand.systems.lyapunov.metrics import evaluate, evaluate_trajectories
from evenhand.systems.lyapunov.models import open_model
from evenhand.systems.lyapunov.network import LyapunovNetwork, load_checkpoint, save_checkpoint
from evenhand.systems.lyapunov.options import TrainingOptions
from evenhand.systems.lyapunov.potential import zero_potential
from evenhand.systems.lyapunov.tables import visited
from evenhand.systems.lyapunov.trajectories import curriculum_seeds, listed_steps


def _run(*arguments: object) -> Any:
    return CliRunner().invoke(app, [str(a) for a in arguments])


def _refused(found: Any, *parts: str) -> None:
    assert found.exit_code == 2, found.output
    assert isinstance(found.exception, SystemExit)
    for part in parts:
        assert part in found.output


def _rows(output: str) -> dict[str, list[str]]:
    """First cell to the others, of every row of the tables."""
    lines = [[cell.strip() for cell in line.split("│")[1:-1]] for line in output.splitlines() if "│" in line]
    return {cells[0]: cells[1:] for cells in lines}


@pytest.fixture
def checkpoint(tmp_path: Path) -> Callable[..., Path]:
    """An untrained network of lookahead 4 that says what it was trained on."""

    def write(training: dict[str, object] | None) -> Path:
        network = LyapunovNetwork(FeatureSpec(4), (8,), seed=1)
        save_checkpoint(network, tmp_path / "net.pt", training=training)
        return tmp_path / "net.pt"

    return write


@pytest.fixture
def certified(tmp_path: Path) -> tuple[Path, Path]:
    """(certificate, model) of a small head over log n."""
    model, certificate = tmp_path / "v.json.gz", tmp_path / "c.jsonl"
    zero_potential(2).save(model)
    assert _run("certify", model, certificate, "--cutoff", 64, "--max-exponent", 8).exit_code == 0
    assert _run("check", certificate, model).exit_code == 0
    return certificate, model


def test_trajectories_are_held_against_what_each_model_was_itself_trained_on(checkpoint: Callable[..., Path]) -> None:
    steps = trajectory(27)[:-1]
    shown = _rows(_run("trajectories", checkpoint({"seeds": [27]})).output)
    on_27 = sum(n in steps for n in listed_steps().flat)
    assert shown["27"][-1] == "41"
    assert shown["all steps"][-1] == str(on_27)
    assert shown["distinct, not trained on"][0] == str(340 - 41)


def test_closed_forms_and_potentials_are_trained_on_no_trajectory(tmp_path: Path) -> None:
    zero_potential().save(tmp_path / "v.json.gz")
    for model in ("window-minimum", tmp_path / "v.json.gz"):
        found = _run("trajectories", model)
        assert "trained on no trajectory" in found.output
        assert _rows(found.output)["all steps"][-1] == "0"
        assert _rows(found.output)["distinct, not trained on"][0] == "340"


def test_a_checkpoint_that_names_no_seeds_leaves_the_share_unknown(checkpoint: Callable[..., Path]) -> None:
    found = _run("trajectories", checkpoint(None))
    assert "training trajectories unknown" in found.output
    assert _rows(found.output)["all steps"][-1] == "unknown"
    assert "distinct, not trained on" not in found.output


def test_trajectories_show_the_worst_margin_of_each_and_of_all() -> None:
    shown = _rows(_run("trajectories", "window-minimum", "--lookahead", 5).output)
    expected = evaluate_trajectories(open_model("window-minimum", lookahead=5), listed_steps())
    for seed, (violations, count, margin) in expected.per_seed.items():
        assert shown[str(seed)][:3] == [str(count), str(violations), f"{margin:.4f}"]
    worst = min(margin for _, _, margin in expected.per_seed.values())
    assert shown["all steps"][:3] == ["429", str(expected.violations), f"{worst:.4f}"]


def test_evaluation_shows_every_rate_on_both_measures(tmp_path: Path) -> None:
    data = generate(300, max_bits=50, seed=2)
    write_csv(data, tmp_path / "set.csv")
    shown = _rows(_run("evaluate", "window-minimum", "--lookahead", 3, "--csv", tmp_path / "set.csv").output)
    model = open_model("window-minimum", lookahead=3)
    both = [evaluate(model, numbers) for numbers in (data, visited(data))]
    for row, name in [
        ("pass %", "passed"),
        ("weighted %", "weighted"),
        ("growth %", "growth"),
        ("growth weighted %", "growth_weighted"),
        ("decay %", "decay"),
    ]:
        assert shown[row] == [f"{100 * getattr(one, name):.3f}" for one in both]
    assert both[0].growth != both[0].growth_weighted
    assert shown["1 % margin"] == [f"{one.margins[0.01]:.4f}" for one in both]


def test_a_full_evaluation_during_training_shows_every_rate_on_both_measures(tmp_path: Path) -> None:
    write_csv(generate(100, max_bits=40, seed=2), tmp_path / "set.csv")
    found = _run(
        "train", tmp_path / "net.pt", "--layers", "8", "--steps", 2, "--batch", 16, "--lookahead", 3,
        "--evaluate-every", 2, "--quick-every", 0, "--csv", tmp_path / "set.csv",
    )  # fmt: skip
    assert found.exit_code == 0, found.output
    (line,) = [line for line in found.output.splitlines() if line.startswith("step 2")]
    rates = r"pass % [\d.]+, weighted % [\d.]+, growth % [\d.]+, growth weighted % [\d.]+, decay % [\d.]+"
    assert re.fullmatch(rf"step 2: loss [\d.]+; random n \(100\): {rates}; on trajectories \(100\): {rates}", line)
    assert load_checkpoint(tmp_path / "net.pt").seeds == tuple(curriculum_seeds(hold_out=True))


@pytest.mark.parametrize(("steps", "patience"), [(2000, 10), (100_000, 500), (20, 1)])
def test_the_patience_of_the_logged_schedule_follows_the_budget(
    steps: int, patience: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[TrainingOptions] = []

    def without_steps(options: TrainingOptions, **_: Any) -> LyapunovNetwork:
        seen.append(options)
        return LyapunovNetwork(FeatureSpec(options.lookahead), (8,))

    monkeypatch.setattr(training, "train", without_steps)
    write_csv(generate(20, seed=2), tmp_path / "set.csv")
    found = _run("train", tmp_path / "n.pt", "--logged", "--steps", steps, "--csv", tmp_path / "set.csv")
    assert found.exit_code == 0, found.output
    assert [(options.schedule, options.patience) for options in seen] == [("plateau", patience)]


def test_a_wrong_row_of_a_csv_is_named(tmp_path: Path) -> None:
    path = tmp_path / "set.csv"
    path.write_text("n,T(n)\n7,11\n9,8\n")
    for command in (("evaluate", "window-minimum"), ("train", tmp_path / "n.pt", "--steps", 1)):
        _refused(_run(*command, "--csv", path), "set.csv:3", "T(n) of n = 9 is 7, recomputed; found 8")


def test_a_checkpoint_of_another_lookahead_is_refused(checkpoint: Callable[..., Path]) -> None:
    path = checkpoint(None)
    for command in ("evaluate", "trajectories"):
        _refused(_run(command, path, "--lookahead", 10), "trained with lookahead 4; asked for 10")


def test_training_without_lookahead_is_refused(tmp_path: Path) -> None:
    _refused(_run("train", tmp_path / "n.pt", "--lookahead", 0), "lookahead must be at least 1; found 0")
    assert not (tmp_path / "n.pt").exists()


def test_a_cutoff_that_the_checker_would_not_accept_is_refused(certified: tuple[Path, Path], tmp_path: Path) -> None:
    _, model = certified
    for cutoff in (-5, 0, 1, 2):
        found = _run("certify", model, tmp_path / "low.jsonl", "--cutoff", cutoff)
        _refused(found, f"cutoff must be at least 3, the least n at which V can fall; found {cutoff}")
        assert not (tmp_path / "low.jsonl").exists()
    assert _run("certify", model, tmp_path / "low.jsonl", "--cutoff", 3, "--max-exponent", 6).exit_code == 0
    assert _run("check", tmp_path / "low.jsonl", model).exit_code == 0


def test_learning_from_several_starts_shows_each_window_and_the_plain_way_stays_the_default(tmp_path: Path) -> None:
    models = [tmp_path / f"{name}.json.gz" for name in ("plain", "asked_plain", "gradual")]
    for model, starts in zip(models, ((), ("--starts", 0), ("--starts", 2)), strict=True):
        found = _run("learn", model, "--window", 2, "--residue-power", 1, "--sweeps", 5, *starts)
        assert found.exit_code == 0, found.output
        assert "window 2" in found.output
    plain, asked, gradual = (model.read_bytes() for model in models)
    assert plain == asked != gradual
    _refused(_run("learn", tmp_path / "x.json.gz", "--starts", -1), "starts must be at least 1", "-1")


def test_a_network_is_not_certified_and_the_message_says_what_is(
    checkpoint: Callable[..., Path], tmp_path: Path
) -> None:
    _refused(
        _run("certify", checkpoint(None), tmp_path / "c.jsonl"),
        "net.pt", "networks are saved in", "evenhand-lyapunov learn", "cannot be certified",
    )  # fmt: skip
    assert not (tmp_path / "c.jsonl").exists()


def test_a_potential_that_reads_residues_modulo_81_is_measured_but_not_certified(tmp_path: Path) -> None:
    model = tmp_path / "v81.json.gz"
    assert _run("learn", model, "--window", 1, "--residue-power", 4, "--sweeps", 1).exit_code == 0
    found = _run("certify", model, tmp_path / "c.jsonl")
    _refused(found, "v81.json.gz", "n mod 81", "up to mod 27", "--residue-power 3 or less")
    assert not (tmp_path / "c.jsonl").exists()
    assert "429" in _run("trajectories", model).output


def test_absent_certificates_and_models_are_named(certified: tuple[Path, Path], tmp_path: Path) -> None:
    certificate, model = certified
    _refused(_run("check", tmp_path / "no.jsonl", model), "certificate", "no.jsonl cannot be read")
    _refused(_run("check", certificate, tmp_path / "no.json.gz"), "model", "no.json.gz cannot be read")
    _refused(_run("check", tmp_path, model), "cannot be read")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("[[1,2],0,1,[0", "damaged, it is no JSON"),
        ("5", "expected a class"),
        ("[[1,2],0]", "expected a class"),
        ('[[1,2],0,"1",[0]]', "expected a class"),
        ("[[],0,1,[0]]", "expected a class"),
        ("[7,0,1,[0]]", "expected a class"),
        ('{"certified":"much"}', "expected a summary"),
        ('{"certified":"1/0"}', "expected a summary"),
        ("{}", "expected a summary"),
    ],
)
def test_a_damaged_line_is_named(certified: tuple[Path, Path], line: str, message: str) -> None:
    certificate, model = certified
    lines = certificate.read_text().splitlines()
    certificate.write_text("\n".join([*lines[:2], line, *lines[3:]]) + "\n")
    _refused(_run("check", certificate, model), "c.jsonl:3", message)


@pytest.mark.parametrize("header", ["[]", "{}", '{"format": "evenhand-lyapunov-certificate-1"}', "x"])
def test_a_damaged_header_is_named(certified: tuple[Path, Path], header: str) -> None:
    certificate, model = certified
    certificate.write_text(header + "\n" + certificate.read_text().split("\n", 1)[1])
    _refused(_run("check", certificate, model), "c.jsonl:1")


def test_files_that_are_no_certificate_at_all_are_refused(certified: tuple[Path, Path], tmp_path: Path) -> None:
    certificate, model = certified
    cases = {
        "plain.gz": (certificate.read_bytes(), "is named .gz and is not compressed"),
        "cut.gz": (gzip.compress(certificate.read_bytes())[:-20], "compressed and damaged"),
        "bits.jsonl": (b"\xff\xfe\x00", "is no text"),
        "empty.jsonl": (b"", "holds no whole line"),
    }
    for name, (content, message) in cases.items():
        (tmp_path / name).write_bytes(content)
        _refused(_run("check", tmp_path / name, model), message)
    (tmp_path / "good.gz").write_bytes(gzip.compress(certificate.read_bytes()))
    assert _run("check", tmp_path / "good.gz", model).exit_code == 0


@pytest.mark.parametrize("content", [b"plain", gzip.compress(b"[]\n"), gzip.compress(b'{"units": 41}\n')])
def test_a_certificate_for_a_file_that_is_no_model_is_refused(
    certified: tuple[Path, Path], tmp_path: Path, content: bytes
) -> None:
    certificate, _ = certified
    (tmp_path / "junk.gz").write_bytes(content)
    header, rest = certificate.read_text().split("\n", 1)
    header = json.dumps(json.loads(header) | {"model_sha256": hashlib.sha256(content).hexdigest()})
    certificate.write_text(f"{header}\n{rest}")
    _refused(_run("check", certificate, tmp_path / "junk.gz"), "junk.gz")
