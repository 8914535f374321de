"""What ``evaluate``, ``trajectories`` and ``plot`` show of a model, and that bad input is one sentence and status 2."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from evenhand_systems.lyapunov.measures import evaluate, evaluate_trajectories
from evenhand_systems.lyapunov.models import open_model
from evenhand_systems.lyapunov.numbers.arithmetic import trajectory
from evenhand_systems.lyapunov.numbers.evaluation_set import generate, write_csv
from evenhand_systems.lyapunov.numbers.trajectories import listed_steps
from evenhand_systems.lyapunov.potentials.potential import zero_potential
from evenhand_systems.lyapunov.tables import visited
from tests.evenhand_systems.lyapunov.commands.shown import refused, rows, run


def test_trajectories_are_held_against_what_each_model_was_itself_trained_on(checkpoint: Callable[..., Path]) -> None:
    steps = trajectory(27)[:-1]
    shown = rows(run("trajectories", checkpoint({"seeds": [27]})).output)
    on_27 = sum(n in steps for n in listed_steps().flat)
    assert shown["27"][-1] == "41"
    assert shown["all steps"][-1] == str(on_27)
    assert shown["distinct, not trained on"][0] == str(340 - 41)


def test_closed_forms_and_potentials_are_trained_on_no_trajectory(tmp_path: Path) -> None:
    zero_potential().save(tmp_path / "v.json.gz")
    for model in ("window-minimum", tmp_path / "v.json.gz"):
        found = run("trajectories", model)
        assert "trained on no trajectory" in found.output
        assert rows(found.output)["all steps"][-1] == "0"
        assert rows(found.output)["distinct, not trained on"][0] == "340"


def test_a_checkpoint_that_names_no_seeds_leaves_the_share_unknown(checkpoint: Callable[..., Path]) -> None:
    found = run("trajectories", checkpoint(None))
    assert "training trajectories unknown" in found.output
    assert rows(found.output)["all steps"][-1] == "unknown"
    assert "distinct, not trained on" not in found.output


def test_trajectories_show_the_worst_margin_of_each_and_of_all() -> None:
    shown = rows(run("trajectories", "window-minimum", "--lookahead", 5).output)
    expected = evaluate_trajectories(open_model("window-minimum", lookahead=5), listed_steps())
    for seed, (violations, count, margin) in expected.per_seed.items():
        assert shown[str(seed)][:3] == [str(count), str(violations), f"{margin:.4f}"]
    worst = min(margin for _, _, margin in expected.per_seed.values())
    assert shown["all steps"][:3] == ["429", str(expected.violations), f"{worst:.4f}"]
    (told,) = json.loads(run("trajectories", "window-minimum", "--lookahead", 5, "--json").output)
    assert (told["steps"], told["violations"], told["worst_margin"]) == (429, expected.violations, worst)
    assert {one["trajectory"]: one["violations"] for one in told["trajectories"]} == {
        seed: violations for seed, (violations, _, _) in expected.per_seed.items()
    }


def test_evaluation_shows_every_rate_on_both_measures(tmp_path: Path) -> None:
    data = generate(300, max_bits=50, seed=2)
    write_csv(data, tmp_path / "set.csv")
    shown = rows(run("evaluate", "window-minimum", "--lookahead", 3, "--csv", tmp_path / "set.csv").output)
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


def test_a_wrong_row_of_a_csv_is_named(tmp_path: Path) -> None:
    path = tmp_path / "set.csv"
    path.write_text("n,T(n)\n7,11\n9,8\n")
    for command in (("evaluate", "window-minimum"), ("train", tmp_path / "n.pt", "--steps", 1)):
        refused(run(*command, "--csv", path), "set.csv:3", "T(n) of n = 9 is 7, recomputed; found 8")


def test_a_checkpoint_of_another_lookahead_is_refused(checkpoint: Callable[..., Path]) -> None:
    path = checkpoint(None)
    for command in ("evaluate", "trajectories"):
        refused(run(command, path, "--lookahead", 10), "trained with lookahead 4; asked for 10")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("evaluate", "window-minimum", "--lookahead", 0), "at least 1"),
        (("evaluate", "absent.json.gz"), "no model"),
        (("train", "x.pt", "--layers", "1;2"), "Layers"),
        (("train", "x.pt", "--target", "moving"), "fixed, adaptive or split"),
        (("train", "x.pt", "--precision", "half"), "auto, float32 or bf16"),
        (("density", 0), "at least 1"),
        (("generate", "x.csv", "--count", 0), "at least 1"),
    ],
)
def test_bad_input_is_one_clear_sentence_and_status_two(arguments: tuple[object, ...], message: str) -> None:
    found = run(*arguments)
    assert found.exit_code == 2
    assert message in found.output
    assert "Traceback" not in found.output


def test_plots_of_the_same_data_have_the_same_bytes(tmp_path: Path) -> None:
    from evenhand_systems.lyapunov.plots import margins_plot, trajectories_plot

    data = generate(300, seed=1)
    model = open_model("window-minimum", lookahead=5)
    for name in ("a", "b"):
        margins_plot(model, data, tmp_path / f"{name}.svg")
        trajectories_plot(model, tmp_path / f"t{name}.svg", seeds=(27,))
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()
    assert (tmp_path / "ta.svg").read_bytes() == (tmp_path / "tb.svg").read_bytes()
