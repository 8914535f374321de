"""What can be detected is told before the run: per design, with the seeds and items that the margin needs."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from evenhand import statistics
from evenhand.cli.main import app
from evenhand.cli.power import parse_counts
from evenhand.cli.power_output import bars, draw_power
from evenhand.decisions.power import assured_by, claim_power, plan_power, smallest_effects
from evenhand.errors import DataError, SettingsError, StatisticsError
from evenhand.running.earlier_spreads import prior_of
from evenhand.running.plan import smallest_effect_words
from evenhand.testing.worlds import TEXT, World, claim_of, outcomes_of, two_arms
from tests.app import evenhand as in_a_process
from tests.ledgers import Book

NULL = '[[arm]]\nname = "off_again"\nrole = "null"\n'
SCREEN = '[[rung]]\nname = "screen"\nbudget = 5\nseeds = [100, 101, 102]\nitems = 50\n'
GUESS = statistics.Spread(0.02, 0.1, 0.4)
GUESS_03 = statistics.Spread(0.03)


def evenhand(*arguments: str, columns: int = 60) -> Any:
    # A dumb terminal has a width of its own, whatever COLUMNS says.
    return CliRunner(env={"COLUMNS": str(columns), "NO_COLOR": "1", "TERM": "xterm"}).invoke(app, ["power", *arguments])


@pytest.mark.parametrize(("seeds", "in_sd"), [(3, 3.26), (4, 2.13), (5, 1.68), (6, 1.44), (8, 1.16), (10, 1.00)])
def test_without_items_the_detectable_effect_is_the_paired_t_s(seeds: int, in_sd: float) -> None:
    (design,) = plan_power(statistics.Spread(0.02), [seeds]).designs
    assert design.effect == pytest.approx(0.02 * in_sd, rel=0.01)


def test_more_seeds_and_more_items_detect_less() -> None:
    few, many = plan_power(GUESS, [5, 10], 200).designs
    assert (few.effect or 0) > (many.effect or 1)
    assert (plan_power(GUESS, [5], 2000).designs[0].effect or 1) < (few.effect or 0)


@pytest.mark.slow
def test_the_seeds_needed_reach_the_power_and_one_less_does_not() -> None:
    answer = plan_power(GUESS, [5], 200, margin=0.03)
    assert answer.seeds_needed is not None
    reached, short = (
        statistics.planned_power(0.03, GUESS, count, 200) for count in (answer.seeds_needed, answer.seeds_needed - 1)
    )
    assert (reached or 0) >= 0.8 > (short or 1)
    assert plan_power(GUESS, [answer.seeds_needed], 200, margin=0.03).designs[0].power_at_margin == reached


@pytest.mark.slow
def test_where_more_items_alone_cannot_help_the_design_says_so() -> None:
    three, ten = plan_power(GUESS, [3, 10], 200, margin=0.03).designs
    assert three.items_needed is None
    assert "add seeds" in three.why_no_items
    assert ten.items_needed is not None
    assert (statistics.planned_power(0.03, GUESS, 10, ten.items_needed) or 0) >= 0.8


def test_one_seed_detects_nothing_and_says_why() -> None:
    (design,) = plan_power(statistics.Spread(0.02), [1], margin=0.05).designs
    assert (design.effect, design.power_at_margin) == (None, None)
    assert "one seed" in design.why_none


def test_checkpoints_are_planned_over_items_alone() -> None:
    answer = plan_power(GUESS, [1], 400, margin=0.05, scope="checkpoint")
    assert answer.seeds_needed is None
    assert answer.designs[0].items_needed is not None
    with pytest.raises(StatisticsError, match="number of items"):
        plan_power(GUESS, [1], scope="checkpoint")


@pytest.mark.slow
def test_a_claim_s_own_guess_comes_first() -> None:
    claim = claim_of(TEXT.replace("margin = 0.05", "margin = 0.05\nsd = 0.03"))
    (answer,) = claim_power(claim, {})
    own = next(design for design in answer.designs if design.seeds == 6)
    assert own.effect == pytest.approx(0.03 * 1.43, rel=0.01)
    assert answer.margin == 0.05


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        (NULL + SCREEN, "pairs of 'off_again'"),
        (SCREEN, "at rung 'screen'"),
        ("", "at rung 'confirm'"),
    ],
)
def test_the_spread_comes_from_the_null_arm_else_the_screen_else_the_confirmation(parts: str, words: str) -> None:
    claim = claim_of(TEXT.replace("[[rung]]", parts + "[[rung]]", 1))
    (answer,) = claim_power(claim, outcomes_of(claim, World(seed_sd=0.03)))
    assert words in answer.spread.source
    assert answer.spread.residual_sd > 0
    assert answer.spread.seed_sd_interval is not None


def test_without_any_spread_effects_are_told_in_units_of_the_seed_sd() -> None:
    (answer,) = claim_power(claim_of(), {}, seeds=[3])
    assert answer.unit == "seed sd"
    assert answer.designs[0].effect == pytest.approx(3.26, abs=0.01)
    assert answer.seeds_needed is None


def test_looks_and_several_verdicts_are_allowed_for() -> None:
    text = TEXT.replace("seeds = [0, 1, 2, 3, 4, 5]", "seeds = [0, 1, 2, 3, 4]\nlooks = [3, 5]")
    more = '[[arm]]\nname = "on2"\nrole = "variant"\nsettings.effect = 0.1\n'
    (answer,) = claim_power(claim_of(text.replace("[[rung]]", more + "[[rung]]", 1)), {})
    plan = statistics.plan_looks((3, 5))
    assert answer.alpha == pytest.approx(plan.nominal_for(0.025))  # the first step of Holm, with the looks allowed for
    assert answer.alpha < 0.028 / 1.5
    assert any("planned looks [3, 5]" in note for note in answer.notes)
    assert any("Holm over 2 verdicts" in note for note in answer.notes)


@pytest.mark.slow
def test_the_command_prints_designs_and_needs_in_a_narrow_terminal(tmp_path: Path) -> None:
    # In a process of its own: the width must come from this command's environment alone.
    done = in_a_process(tmp_path, "power", "--sd", ".02", "--seeds", "3,5,10", "--items", "200", "--item-sd", ".1",
                        "--residual-sd", ".4", "--margin", ".03", columns=60)  # fmt: skip
    assert done.returncode == 0
    text = " ".join(done.stdout.split())
    assert "21 seeds at 200 items find the margin 0.03 with 80% power." in text
    assert "437 items at 10 seeds find the margin" in text
    assert max(map(len, done.stdout.splitlines())) <= 60


@pytest.mark.slow
def test_the_same_answer_comes_as_json_and_as_a_plot(tmp_path: Path) -> None:
    plots = [tmp_path / "one.svg", tmp_path / "two.svg"]
    for plot in plots:
        done = evenhand("--sd", "0.02", "--seeds", "3,5", "--json", "--plot", str(plot))
        assert done.exit_code == 0
        (answer,) = json.loads(done.stdout)
        assert [design["seeds"] for design in answer["designs"]] == [3, 5]
        assert len(answer["curves"][0]["power"]) == len(answer["curves"][0]["effects"])
    assert plots[0].read_bytes() == plots[1].read_bytes()
    answers = [plan_power(statistics.Spread(0.02), [3])]
    assert draw_power(answers, tmp_path / "p.png").read_bytes().startswith(b"\x89PNG")
    with pytest.raises(DataError, match=r"\.svg or \.png"):
        draw_power(answers, tmp_path / "p.jpeg")


@pytest.mark.slow
def test_a_claim_file_is_planned_with_its_own_figures(toy_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(toy_folder)
    text = TEXT.replace('"world"', '"toy:run"').replace("margin = 0.05", "margin = 0.05\nsd = 0.03")
    (toy_folder / "c.toml").write_text(text)
    done = evenhand("c.toml")
    assert done.exit_code == 0, done.output
    assert "margin 0.05" in done.stdout
    assert not (toy_folder / ".evenhand").exists()
    assert "detects" in evenhand("c.toml", "--sd", "0.5", "--seeds", "4").stdout


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--sd", "0.02", "--seeds", "three"],
        ["--sd", "0.02", "--scope", "world"],
        ["--sd", "0.02", "--item-sd", "0.1"],
        ["c.toml", "--margin", "0.1"],
    ],
)
def test_options_that_say_nothing_are_refused(arguments: list[str]) -> None:
    assert isinstance(evenhand(*arguments).exception, SettingsError)


def test_counts_are_read_in_any_order_and_once() -> None:
    assert parse_counts("10, 3,3") == (3, 10)


def test_bars_show_no_power_as_nothing_and_full_power_as_a_full_bar() -> None:
    assert bars([0.0, 1.0], 2) == " █"


def test_planning_uses_the_level_that_holm_will_use() -> None:
    more = '[[arm]]\nname = "on{n}"\nrole = "variant"\nsettings.effect = 0.{n}1\n'
    guessed = TEXT.replace("margin = 0.05", "margin = 0.05\nsd = 0.03")
    alone = claim_of(guessed)
    many = claim_of(guessed.replace("[[rung]]", "".join(more.format(n=n) for n in range(3, 7)) + "[[rung]]", 1))
    (one,), (five,) = smallest_effects(alone, {}), smallest_effects(many, {})
    assert (one.level, one.verdicts) == (0.05, 1)
    assert (five.level, five.verdicts) == (pytest.approx(0.01), 5)
    assert (five.effect or 0) > 1.3 * (one.effect or 1)
    assert (five.effect or 0) == pytest.approx(
        statistics.planned_detectable(GUESS_03, 6, None, scope="seeds", alpha=0.01)
    )
    assert "level 0.01 as Holm over 5 verdicts can ask" in smallest_effect_words(five)
    assert "Holm" not in smallest_effect_words(one)
    (answer,) = claim_power(many, {})
    assert answer.alpha == pytest.approx(0.01)


@pytest.mark.slow
def test_looks_say_what_they_need_at_no_effect_at_the_margin_and_at_twice_it() -> None:
    answer = plan_power(statistics.Spread(0.02), [5, 10], margin=0.02)
    named = {(one.name, one.futility): one for one in answer.looks}
    assert list(named) == [
        ("one look", None), ("group-sequential", None), ("group-sequential", 0.9), ("early group-sequential", 0.9),
        ("anytime", None), ("anytime", 0.9),
    ]  # fmt: skip
    assert not any(one.own for one in answer.looks)
    assert [at.seeds for at in named["one look", None].at] == [10, 10, 10]
    assert named["group-sequential", 0.9].at[0].seeds < 6 < named["group-sequential", None].at[0].seeds
    assert named["group-sequential", None].at[2].seeds < 6
    early = named["early group-sequential", 0.9]
    assert early.after == (4, 5, 6, 7, 8, 9, 10)
    aims = (6.0, 8.5, 5.0)  # 60 % of the seeds at no effect, 85 at the margin, 50 at twice it
    assert all(at.seeds < aim + 0.08 for at, aim in zip(early.at, aims, strict=True))
    assert named["group-sequential", 0.9].at[2].seeds > aims[2] + 0.08
    at_margin = [one.at[1].gain for one in answer.looks]
    assert at_margin == sorted(at_margin, reverse=True)  # what looks spare, they cost in power


@pytest.mark.slow
def test_the_looks_of_a_claim_stand_beside_those_that_it_could_have() -> None:
    text = TEXT.replace("margin = 0.05", "margin = 0.05\nsd = 0.05")
    for looks, own in (
        ('"anytime"', ("anytime", None)),
        ('{ at = [4, 6], spending = "obrien-fleming", futility = 0.95 }', ("group-sequential", 0.95)),
        ("[3, 6]", ("group-sequential", None)),
    ):
        (answer,) = claim_power(claim_of(f"{text}looks = {looks}\n"), {})
        assert [(one.name, one.futility) for one in answer.looks if one.own] == [own]


def test_without_a_margin_or_a_spread_nothing_is_said_of_looks() -> None:
    assert plan_power(statistics.Spread(0.02), [10]).looks == ()
    assert plan_power(statistics.Spread(0.02), [3], margin=0.02).looks == ()
    (answer,) = claim_power(claim_of(TEXT), {})
    assert answer.looks == ()


@pytest.mark.slow
def test_what_a_pilot_does_not_know_is_averaged_over_and_earlier_claims_may_lend() -> None:
    claim = claim_of(TEXT + NULL)
    (answer,) = claim_power(claim, outcomes_of(claim))
    assert answer.assured is None
    alone = assured_by(answer, None).assured
    lent = assured_by(answer, statistics.SpreadPrior(0.05, 30.0, 8)).assured
    assert alone is not None
    assert lent is not None
    assert (alone.df, lent.df) == (5, 35)
    assert len(alone.at_margin) == len(answer.designs)
    assert (alone.seeds_needed or 0) >= (answer.seeds_needed or 0)
    guessed = replace(answer, spread=statistics.Spread(0.05))
    assert assured_by(guessed, None).assured is None


def test_earlier_claims_of_a_ledger_on_the_recipe_lend_their_spreads(tmp_path: Path) -> None:
    book = Book(tmp_path)
    claim = book.claim("next", "[90, 91, 92]").resolved
    assert prior_of(claim, "score", book.ledger) is None
    for number in range(4):
        loaded = book.enter(book.claim(f"c{number}", str([4 * number + i for i in range(4)])))
        book.run(loaded)
    found = prior_of(claim, "score", book.ledger)
    assert found is not None
    assert found.experiments == 4
    assert 0.01 < found.sd < 0.3
    assert prior_of(claim, "loss", book.ledger) is None


def test_a_plan_that_could_borrow_nothing_says_so(tmp_path: Path) -> None:
    assert in_a_process(tmp_path, "new", "mine").returncode == 0
    assert in_a_process(tmp_path, "run", "mine.toml").returncode == 0
    borrowed, alone = (in_a_process(tmp_path, "power", "mine.toml", "--pilot", *more) for more in (["--borrow"], []))
    assert (borrowed.returncode, alone.returncode) == (0, 0)
    assert "nothing is borrowed" in borrowed.stderr
    assert "borrowed" not in alone.stderr


@pytest.mark.parametrize("options", [["--pilot", "--sd", "0.1"], ["--sd", "0.1", "--borrow"]])
def test_options_of_a_pilot_without_one_are_refused(options: list[str]) -> None:
    assert evenhand(*options).exit_code != 0


@pytest.mark.parametrize("seeds", ["[0, 1, 2]", "[0, 1, 2, 3, 4, 5]"])
def test_a_claim_that_may_be_extended_is_told_what_looks_need_however_few_seeds_it_begins_with(seeds: str) -> None:
    claim = claim_of(two_arms(seeds=f'{seeds}\nlooks = "anytime"'))
    (answer,) = claim_power(claim, {}, spread=statistics.Spread(0.02))
    assert any("stands in the table" in note for note in answer.notes)
    (own,) = (one for one in answer.looks if one.own)
    assert (own.name, len(own.at)) == ("anytime", 3)
    (unknown,) = claim_power(claim, {})
    assert not any("stands in the table" in note for note in unknown.notes)
