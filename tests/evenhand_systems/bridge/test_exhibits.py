"""The bridge's part of a report: figures against values computed here, from trials made by hand."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from evenhand.recipes.exhibit import Bars, Grid, Lines
from evenhand_systems.bridge.exhibits.early_records import recall
from evenhand_systems.bridge.exhibits.page import exhibits
from evenhand_systems.bridge.recipes import run as recipe_function
from tests.evenhand_systems.bridge.scored import HEALTHY, bars_of, not_shown, one, right_in, scored


class TestExactMatch:
    def test_arms_stand_with_others_of_their_kind(self) -> None:
        answers = right_in(5)
        found = exhibits([
            scored("target_alone", answers, role="baseline", seed=None, control="no_soft_tokens"),
            scored("bridge", answers),
            scored("without", answers, role="rival"),
            scored("constant_prompt", answers, role="rival", bridge="constant_prompt"),
            scored("untrained_source", answers, role="rival", source_reading="untrained"),
            scored("shuffled", answers, role="rival", control="shuffled"),
            scored("reference_relay", answers, seed=None, reference="relay"),
        ])  # fmt: skip
        assert {name: [bar.arm for bar in bars] for name, bars in one(Bars, found).groups} == {
            "bridges": ["bridge", "without"],
            "no soft tokens": ["target_alone", "reference_relay"],
            "controls at evaluation": ["shuffled"],
            "controls of equal training": ["constant_prompt", "untrained_source"],
        }

    def test_one_trial_has_a_t_interval_over_its_items(self) -> None:
        bar = bars_of(exhibits([scored("bridge", right_in(8))]))["bridge"]
        scores = np.array([1.0] * 8 + [0.0] * 12)
        low, high = stats.t.interval(0.95, 19, scores.mean(), stats.sem(scores))
        assert bar.value == pytest.approx(0.4)
        assert (bar.low, bar.high) == (pytest.approx(low), pytest.approx(high))

    def test_items_of_one_template_count_once(self) -> None:
        answers = [str(i) if i % 34 < 16 else "999" for i in range(68)]
        clusters = [str(i // 2) for i in range(68)]
        bar = bars_of(exhibits([scored("bridge", answers, clusters=clusters)]))["bridge"]
        means = np.array([a == str(i) for i, a in enumerate(answers)], dtype=float).reshape(34, 2).mean(axis=1)
        low, high = stats.t.interval(0.95, 33, means.mean(), stats.sem(means))
        assert (bar.low, bar.high) == (pytest.approx(low), pytest.approx(high))

    def test_several_seeds_widen_the_interval_by_their_own_spread(self) -> None:
        """By hand: the wider of the two-way interval, variance (MS_S + MS_I - MS_E) / (S I), and the t over seeds."""
        rows = [right_in(6), right_in(10), right_in(14)]
        bar = bars_of(exhibits([scored("bridge", row, seed=seed) for seed, row in enumerate(rows)]))["bridge"]
        table = np.array([[answer == str(i) for i, answer in enumerate(row)] for row in rows], dtype=float)
        seeds, items = table.mean(axis=1, keepdims=True), table.mean(axis=0, keepdims=True)
        mean = table.mean()
        squares = (
            20 * ((seeds - mean) ** 2).sum() / 2,
            3 * ((items - mean) ** 2).sum() / 19,
            ((table - seeds - items + mean) ** 2).sum() / 38,
        )
        total = squares[0] + squares[1] - squares[2]
        freedom = total**2 / (squares[0] ** 2 / 2 + squares[1] ** 2 / 19 + squares[2] ** 2 / 38)
        half = max(stats.t.ppf(0.975, freedom) * (total / 60) ** 0.5, stats.t.ppf(0.975, 2) * (squares[0] / 60) ** 0.5)
        assert bar.value == pytest.approx(0.5)
        assert (bar.low, bar.high) == (pytest.approx(mean - half), pytest.approx(mean + half))

    def test_an_interval_does_not_leave_the_shares(self) -> None:
        found = bars_of(exhibits([scored("low", right_in(1)), scored("high", right_in(19))]))
        assert found["low"].low == 0.0
        assert found["high"].high == 1.0

    @pytest.mark.parametrize(
        ("answers", "words"),
        [(right_in(0), "do not vary"), (right_in(5, 10), "10 independent items; an interval needs 16")],
    )
    def test_an_interval_that_cannot_be_had_is_left_out_with_a_reason(self, answers, words) -> None:
        found = exhibits([scored("bridge", answers)])
        bar = bars_of(found)["bridge"]
        assert (bar.low, bar.high) == (None, None)
        reasons = [why for what, why in not_shown(found).items() if "interval of bridge" in what]
        assert len(reasons) == 1
        assert words in reasons[0]

    def test_the_interval_over_items_covers_what_it_says(self) -> None:
        """Calibration: 400 items in 23 templates of their own difficulty, as in the split task; nominal 95 %."""
        rng, covered, draws = np.random.default_rng(0), 0, 300
        clusters = [str(i % 23) for i in range(400)]
        for _ in range(draws):
            chances = np.resize(rng.beta(5.7, 13.3, size=23), 400)
            answers = [str(i) if right else "999" for i, right in enumerate(rng.random(400) < chances)]
            bar = bars_of(exhibits([scored("bridge", answers, clusters=clusters)]))["bridge"]
            covered += bar.low <= 0.3 <= bar.high
        assert 0.92 <= covered / draws <= 0.98

    def test_an_arm_with_fewer_seeds_is_named(self) -> None:
        trials = [scored("bridge", right_in(4), seed=s) for s in (1, 2, 3)] + [scored("zeros", right_in(4), seed=1)]
        assert "Seeds: 3, but zeros 1." in one(Bars, exhibits(trials)).caption


class TestAccuracyOverSteps:
    def test_the_mean_over_seeds_is_strong_and_its_final_step_marked(self) -> None:
        looks = [[(100, 0.25), (200, 0.75)], [(100, 0.5), (200, 0.25)]]
        found = exhibits([scored("bridge", right_in(4), seed=s, looks=row) for s, row in enumerate(looks)])
        traces = one(Lines, found).traces
        assert [(t.y, t.strong, t.mark_last) for t in traces] == [
            ((0.25, 0.75), False, False),
            ((0.5, 0.25), False, False),
            ((0.375, 0.5), True, True),
        ]
        assert {t.x for t in traces} == {(100.0, 200.0)}

    def test_seeds_that_stopped_at_other_steps_have_no_mean_and_a_mark_each(self) -> None:
        looks = [[(100, 0.25), (200, 0.75)], [(100, 0.5)]]
        found = exhibits([scored("bridge", right_in(4), seed=s, looks=row) for s, row in enumerate(looks)])
        assert [(t.strong, t.mark_last) for t in one(Lines, found).traces] == [(False, True), (False, True)]

    def test_a_selected_step_is_not_marked_as_the_last(self) -> None:
        found = exhibits([scored("bridge", right_in(4), looks=[(100, 0.5), (200, 0.25)], select="best")])
        (trace,) = one(Lines, found).traces
        assert not trace.mark_last
        assert "best weights" in one(Lines, found).caption

    def test_controls_at_evaluation_do_not_draw_the_bridge_again(self) -> None:
        looks = [(100, 0.5)]
        trials = [scored("bridge", right_in(4), looks=looks)]
        trials.append(scored("zeros", right_in(4), role="rival", control="zeros", looks=looks))
        assert [t.arm for t in one(Lines, exhibits(trials)).traces] == ["bridge"]

    def test_training_without_looks_is_said(self) -> None:
        found = exhibits([scored("bridge", right_in(4), evaluate_every=0)])
        assert not any(isinstance(exhibit, Lines) for exhibit in found)
        assert "did not look" in not_shown(found)["accuracy over steps of bridge"]


class TestMostFrequentAnswers:
    def test_shares_are_of_all_items_and_the_threshold_is_told_in_words(self) -> None:
        often = ["10"] * 5 + ["7"] * 3 + ["", ""] + [str(i) for i in range(20, 30)]
        found = exhibits([
            scored("bridge", often, notes={"most frequent gold answer": "'3', right for 1 of 20 items (5.0%)"}),
            scored("zeros", [str(i) for i in range(50, 70)], role="rival", control="zeros"),
        ])  # fmt: skip
        table = one(Grid, found, "Most frequent answers")
        assert table.rows[0] == ("bridge", "yes", "10", "7 (15.0 %), 20 (5.0 %)", "25.0 %", "25.0 %", "10.0 %")
        assert table.rows[1][:2] == ("zeros", "no")
        assert "'3', right for 1 of 20 items" in table.caption
        assert "20 %" in table.caption

    def test_exactly_the_threshold_is_not_above_it(self) -> None:
        answers = ["10"] * 4 + [str(i) for i in range(20, 36)]
        assert one(Grid, exhibits([scored("bridge", answers)]), "Most frequent").rows[0][1] == "no"

    def test_seeds_above_it_are_counted_one_by_one(self) -> None:
        calm = [str(i) for i in range(20, 40)]
        trials = [scored("bridge", ["10"] * 20, seed=1), scored("bridge", calm, seed=2), scored("bridge", calm, seed=3)]
        row = one(Grid, exhibits(trials), "Most frequent").rows[0]
        assert row[1:3] == ("yes (1 of 3 seeds)", "10")
        assert row[4:6] == ("33.3 %", "100.0 %")

    def test_an_arm_that_marks_no_answer_has_no_share(self) -> None:
        row = one(Grid, exhibits([scored("bridge", [""] * 20)]), "Most frequent").rows[0]
        assert row[2:] == ("none", "none", "–", "–", "100.0 %")


class TestGeometry:
    def test_means_come_with_their_range_over_seeds(self) -> None:
        trials = [
            scored("bridge", right_in(4), seed=seed, metrics={**HEALTHY, "cosine": cosine})
            for seed, cosine in enumerate((0.2, 0.4, 0.9))
        ]
        table = one(Grid, exhibits(trials), "Soft tokens")
        assert table.rows == (("bridge", "none", "0.500 (0.200 to 0.900)", "12.0", "0.750", "1.25", "0.500"),)

    def test_a_collapsed_bridge_shows_every_alarm_that_fired(self) -> None:
        collapsed = {
            "nll_gap": -0.001, "cosine": 1.0, "effective_rank": 1.0, "retrieval": 0.015, "rms_ratio": 80.0,
            "most_frequent_share": 1.0,
        }  # fmt: skip
        trials = [scored("bridge", right_in(4), seed=1, metrics=collapsed)]
        row = one(Grid, exhibits(trials), "Soft tokens").rows[0]
        assert row[1] == "one answer, NLL, cosine, rank, retrieval, size"
        assert row[-1] == "−0.001"
        trials.append(scored("bridge", right_in(4), seed=2, metrics={**HEALTHY, "rms_ratio": 3.0}))
        fired = one(Grid, exhibits(trials), "Soft tokens").rows[0][1]
        assert "cosine (1 of 2 seeds)" in fired
        assert fired.endswith("size")

    def test_what_was_not_computed_is_a_dash_with_its_reason(self) -> None:
        metrics = {name: value for name, value in HEALTHY.items() if name != "retrieval"}
        reason = "retrieval: 12 items, 128 are needed"
        found = exhibits([scored("bridge", right_in(4), metrics=metrics, undefined={"retrieval": reason})])
        assert one(Grid, found, "Soft tokens").rows[0][4] == "–"
        assert not_shown(found)["retrieval at 64 of bridge"] == reason

    def test_arms_without_soft_tokens_are_named(self) -> None:
        found = exhibits([
            scored("target_alone", right_in(4), role="baseline", control="no_soft_tokens"),
            scored("bridge", right_in(4), metrics=HEALTHY),
        ])  # fmt: skip
        table = one(Grid, found, "Soft tokens")
        assert [row[0] for row in table.rows] == ["bridge"]
        assert table.caption.endswith("Arms without soft tokens: target_alone.")


def test_the_most_frequent_gold_answer_is_counted_where_right_answers_are_recorded() -> None:
    trial = scored("bridge", right_in(4))
    table = replace(trial.outcome.items["exact_match"], expected=("3",) * 11 + ("2",) * 9)
    known = replace(trial, outcome=replace(trial.outcome, items={"exact_match": table}))
    assert "'3', right for 11 of 20 items (55.0%)" in one(Grid, exhibits([known]), "Most frequent answers").caption


def test_questions_that_early_records_note_are_recalled() -> None:
    trial = scored("bridge", right_in(4), notes={"question item-3": "How many is 3?\nGold: 3"})
    asked = recall(trial).outcome.items["exact_match"].inputs
    assert asked == tuple("How many is 3?\nGold: 3" if i == 3 else "" for i in range(20))
    assert recall(scored("bridge", right_in(4))).outcome.items["exact_match"].inputs is None


def test_each_condition_stands_alone_at_its_last_rung() -> None:
    trials = [
        scored("bridge", right_in(2), rung="screen", condition=c, seed=9) for c in ("a", "b")
    ] + [scored("bridge", right_in(10), condition=c) for c in ("a", "b")]  # fmt: skip
    trials.insert(0, scored("pruned", right_in(2), rung="screen", condition="a"))
    found = exhibits(trials)
    bars = [exhibit for exhibit in found if isinstance(exhibit, Bars)]
    assert [bar.title for bar in bars] == [
        "Exact match (rung confirm, condition a)",
        "Exact match (rung confirm, condition b)",
    ]
    assert [bar.groups[0][1][0].value for bar in bars] == [0.5, 0.5]
    assert "no scores at the rung confirm" in not_shown(found).values()
    assert "rung screen" in not_shown(found)


def test_no_trials_give_no_exhibits() -> None:
    assert list(exhibits([])) == []


def test_exhibits_need_no_torch() -> None:
    program = "import sys, evenhand_systems.bridge.exhibits.page; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_the_recipe_names_them() -> None:
    info = recipe_function.__evenhand_recipe__
    assert info.exhibits == f"{exhibits.__module__}:{exhibits.__name__}"
    assert info.recalls == f"{recall.__module__}:{recall.__name__}"
