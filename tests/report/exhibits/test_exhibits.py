"""What a recipe adds to the page: the trials it sees, how each kind is drawn, and how its faults are told."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evenhand.recipes.exhibit import Answered, Bar, Bars, Grid, Lines, Point, Sample, Samples, Scatter, Trace
from evenhand.report.charts.label_places import Box, Wanted, places
from evenhand.report.exhibits.make import make_exhibits, scored_trials
from evenhand.report.exhibits.views import exhibit_views
from evenhand.report.page import render_report
from tests.report.test_page import NASTY, Page

ARMS = {"off": "baseline", "on": "variant", "twice": "rival"}


@pytest.fixture
def sample(world):
    return world(ARMS, seeds=(10, 11), items=3)


def page_of(sample, *exhibits, faults=()):
    decision = sample.decision(sample.verdict("gain", sample.contrast("on", "off", (0.1, 0.2))))
    return render_report(sample.claim(), decision, [], exhibits=exhibits, exhibit_faults=faults)


def section(html):
    (found,) = re.findall(r'<section id="exhibits">.*?</section>', html, re.DOTALL)
    return found


def view(sample, exhibit):
    return exhibit_views(sample.claim(), [exhibit])[0]


def svg(sample, exhibit, panel=0):
    return view(sample, exhibit).body.charts[panel].svg


def scatter(*points, **fields):
    return Scatter("title", "caption", "x", "y", points, **fields)


def lines(*traces):
    return Lines("title", "caption", "step", "loss", traces)


def bars(*rows, **fields):
    return Bars("title", "caption", "score", (("group", rows),), **fields)


EVERY_KIND = (
    scatter(
        Point("on", 0, 1, strong=True), Point("off", 1, 0), Point("twice", 1, 1, strong=True), front=((0, 1), (1, 0))
    ),
    bars(Bar("on", 0.5, 0.4, 0.6), Bar("off", 0.25)),
    lines(Trace("on", (0, 1), (2, 1), strong=True, mark_last=True), Trace("off", (0, 1), (2, 2))),
    Grid("table", "", ("arm", "n"), (("on", "3"),)),
    Samples(
        "answers",
        "",
        (Sample("item-1", "why?", (Answered("on", "so", 1.0), Answered("off", ""))),),
    ),
)


class TestTheTrialsThatAFunctionSees:
    def test_those_with_scores_in_planned_order_from_every_rung(self, sample):
        trials = scored_trials(sample.claim(), list(reversed(sample.records())))
        places = [(t.rung, t.arm, t.seed) for t in trials]
        seeds = {"screen": (0, 1, 2), "confirm": (10, 11)}
        assert places == [(rung, arm, seed) for rung in seeds for arm in ARMS for seed in seeds[rung]]
        assert {t.arm: t.role for t in trials} == ARMS

    def test_settings_are_nested_and_the_id_finds_the_record(self, sample):
        records = sample.records()
        first = scored_trials(sample.claim(), records)[0]
        assert first.settings["model"] == {"layers": 2, "width": 64}
        assert first.id in {record.trial.id for record in records}
        assert first.outcome.metric("accuracy") is not None

    def test_failures_and_what_is_not_planned_are_left_out(self, sample, world):
        records = sample.records()
        records[0] = sample.failed(records[0].trial, "diverged", "loss is nan", 0)
        other = world({"off": "baseline", "else": "variant"}, seeds=(10, 11), items=3).records()
        seen = {t.id for t in scored_trials(sample.claim(), records + other)}
        assert seen == {record.trial.id for record in records[1:]}

    def test_a_record_that_answers_two_conditions_comes_once(self, world):
        sample = world({"off": "baseline", "on": "variant"}, ("here", "there"), seeds=(10, 11))
        claim = replace(sample.claim(), settings={key: {"seeding": key[0]} for key in sample.claim().settings})
        trial = next(iter(claim.trials(claim.claim.rungs[-1])))
        trials = scored_trials(claim, [sample.record(trial, sample.outcome(trial, 0.5), 0)])
        assert [(t.arm, t.condition) for t in trials] == [("off", "here")]

    def test_a_function_cannot_change_what_the_rest_of_the_page_is_made_of(self, sample):
        records = sample.records()
        before = records[0].outcome.items["accuracy"].scores.copy()

        def sort_in_place(trials):
            for trial in trials:
                trial.outcome.items["accuracy"].scores.sort()
            return []

        assert "read-only" in make_exhibits(sort_in_place, scored_trials(sample.claim(), records)).faults[0]
        assert np.array_equal(records[0].outcome.items["accuracy"].scores, before)


class TestFaultsOfAFunction:
    def trials(self, sample):
        return scored_trials(sample.claim(), sample.records())

    def test_an_exception_is_named_with_its_class_and_message(self, sample):
        def broken(trials):
            return 1 / 0

        (fault,) = make_exhibits(broken, self.trials(sample)).faults
        assert "raised ZeroDivisionError: division by zero (at test_exhibits.py, line" in fault

    def test_what_is_no_exhibit_is_named_and_the_others_are_shown(self, sample):
        made = make_exhibits(lambda _: ["text", EVERY_KIND[1], bars(Bar("on", None))], self.trials(sample))
        assert made.exhibits == (EVERY_KIND[1],)
        first, second = made.faults
        assert "Exhibit 1 cannot be shown: it is of the type 'str'" in first
        assert "Exhibit 3 ('title') cannot be shown: groups.0.1.0.value: Input should be a valid number" in second

    def test_arrays_lists_and_numbers_in_tables_are_as_good_as_tuples_floats_and_text(self, sample):
        loose = [lines(Trace("on", np.arange(2), [np.float32(1), 2])), Grid("t", "", ["a"], [[3]])]
        made = make_exhibits(lambda _: loose, self.trials(sample))
        assert made.faults == ()
        assert made.exhibits[0].traces[0] == Trace("on", (0.0, 1.0), (1.0, 2.0))
        assert made.exhibits[1].rows == (("3",),)

    def test_without_scored_trials_the_function_is_not_called(self):
        assert make_exhibits(lambda trials: trials[0], []).faults == ()


class TestThePage:
    def test_the_section_says_what_it_is_and_stands_in_the_contents(self, sample):
        page = Page(page_of(sample, *EVERY_KIND))
        assert not page.faults
        assert "Exhibits describe and decide nothing" in page.text
        assert ("a", {"href": "#exhibits"}) in page.tags
        ids = [attributes["id"] for _, attributes in page.tags if attributes.get("id")]
        assert len(ids) == len(set(ids))
        for words in ("title", "caption", "table", "item-1", "why?", "empty answer", "score 1"):
            assert words in page.text

    def test_without_exhibits_there_is_no_section(self, sample):
        assert 'id="exhibits"' not in page_of(sample)
        assert "#exhibits" not in page_of(sample)

    def test_what_failed_stands_in_the_section(self, sample):
        html = section(page_of(sample, faults=("KeyError: <b>",)))
        assert "The recipe’s exhibits are missing" in html
        assert "KeyError: &lt;b&gt;" in html
        assert "Some exhibits are missing" in page_of(sample, EVERY_KIND[0], faults=("so",))

    def test_the_same_exhibits_give_the_same_bytes(self, sample):
        assert page_of(sample, *EVERY_KIND) == page_of(sample, *EVERY_KIND)

    def test_colours_are_left_to_the_style_sheet(self, sample):
        html = section(page_of(sample, *EVERY_KIND))
        assert not re.findall(r"#[0-9a-f]{6}\b", html)
        assert "var(--arm-1)" in html

    def test_text_from_outside_is_escaped_wherever_it_stands(self, sample):
        n = NASTY
        html = page_of(
            sample,
            Scatter(n, n, n, n, (Point(n, 0, 1, strong=True), Point(n, float("nan"), 1), Point("on", 1, 1))),
            Bars(n, n, n, ((n, (Bar(n, 1), Bar(n, float("nan")))),)),
            Lines(n, n, n, n, (Trace(n, (0, 1), (1,)), Trace(n, (0, 1), (1, 2)))),
            Grid(n, n, (n, n), ((n, n),)),
            Samples(n, n, (Sample(n, n, (Answered(n, n),)),)),
            faults=(n,),
        )
        page = Page(html)
        assert not page.faults
        assert not {"script", "img"} & {tag for tag, _ in page.tags}
        assert not [name for _, attributes in page.tags for name in attributes if name.startswith("on")]

    @pytest.mark.parametrize(
        "exhibit", [scatter(), bars(), lines(), Grid("t", "", (), ()), Samples("t", ""), Bars("t", "", "v", ())]
    )
    def test_an_empty_exhibit_says_so(self, sample, exhibit):
        assert "this exhibit is empty" in section(page_of(sample, exhibit))

    def test_arms_that_are_not_the_claims_take_the_plain_ink_and_are_named(self, sample):
        shown = view(sample, lines(Trace("on", (0, 1), (0, 1)), Trace("base model", (0, 1), (1, 1))))
        assert shown.remarks == ("Not arms of the claim, in plain ink: base model.",)
        assert [key.look.ink for key in shown.body.charts[0].legend] == ["arm-1", "ink"]

    @pytest.mark.slow
    def test_an_arm_looks_the_same_in_every_exhibit(self, world):
        sample = world({"off": "baseline", **{f"v{i}": "variant" for i in range(13)}}, seeds=(10, 11))
        arms = ["off", *(f"v{i}" for i in range(13))]
        first, second = (
            exhibit_views(sample.claim(), [scatter(*(Point(arm, i, i) for i, arm in enumerate(some)))])[0]
            for some in (arms, arms[9:])
        )
        looks = {key.arm: key.look for key in first.body.charts[0].legend}
        assert all(looks[key.arm] == key.look for key in second.body.charts[0].legend)
        assert len({(look.ink, look.mark) for look in looks.values()}) == 14


class TestScatter:
    def test_strong_points_carry_the_name_and_the_others_stand_in_the_legend(self, sample):
        (chart,) = view(sample, EVERY_KIND[0]).body.charts
        assert {"on", "twice"} <= set(re.findall(r">([^<]*)</text>", chart.svg))
        assert [key.arm for key in chart.legend] == ["off"]

    def test_a_name_with_digits_keeps_them(self, sample):
        assert ">anchor-0.125</text>" in svg(sample, scatter(Point("anchor-0.125", 0, 1, strong=True)))

    def test_points_without_a_place_are_counted(self, sample):
        shown = view(sample, scatter(Point("on", 0, 1), Point("on", float("inf"), 1), Point("off", 0, 1e300)))
        assert shown.remarks == ("Not drawn, since not finite or beyond 1e100: 2 points of on, off.",)

    @pytest.mark.parametrize(
        ("front", "better", "corner"),
        [
            (((0, 1), (1, 0)), None, "lower"),
            (((0, 0), (1, 1)), None, "lower"),
            (((0, 1), (1, 0)), ("less", "less"), "upper"),
            (((0, 0), (1, 1)), ("more", "less"), "upper"),
        ],
    )
    def test_the_front_steps_around_what_its_points_beat(self, sample, front, better, corner):
        drawn = svg(sample, scatter(Point("on", 0, 0), Point("on", 1, 1), front=front, better=better))
        (path,) = re.findall(r'<path d="([^"]*)"[^>]*stroke-dasharray', drawn)
        (_, y0), (x1, y1), (_, y2) = [tuple(map(float, pair)) for pair in re.findall(r"([\d.]+) ([\d.]+)", path)][:3]
        xs = sorted(float(x) for x in re.findall(r"[ML] ([\d.]+)", path))
        turns_first = x1 == xs[0]  # goes up or down before it goes on
        rising = y2 < y0
        below = (turns_first and not rising) or (not turns_first and rising)
        assert ("lower" if below else "upper") == corner, (y0, y1, y2)

    @pytest.mark.slow
    @given(
        st.lists(
            st.tuples(st.floats(10, 330), st.floats(20, 240), st.integers(2, 30)), min_size=1, max_size=18, unique=True
        )
    )
    @settings(max_examples=25, deadline=None)
    def test_labels_cover_neither_each_other_nor_a_mark_nor_leave_the_drawing(self, marks):
        area = Box(0, 0, 340, 250)
        wanted = [Wanted(x, y, 6.0 * signs, 12.0) for x, y, signs in marks]
        found = [place for place in places(wanted, area, np.zeros((0, 2))) if place is not None]
        for i, place in enumerate(found):
            assert place.box.within(area)
            assert not any(place.box.meets(other.box) for other in found[:i])
            for mark in wanted:
                inside = place.box.x0 < mark.x < place.box.x1 and place.box.y0 < mark.y < place.box.y1
                assert not inside

    def test_a_label_without_room_moves_to_the_legend(self, sample):
        crowd = [Point(f"a rather long name {i:02d}", i % 9, i // 9, strong=True) for i in range(81)]
        (chart,) = view(sample, scatter(*crowd)).body.charts
        named = {text for text in re.findall(r">([^<]*)</text>", chart.svg) if text.startswith("a rather")}
        assert named.isdisjoint(key.arm for key in chart.legend)
        assert len(named) + len(chart.legend) == 81
        assert chart.legend


class TestBars:
    def rows(self, sample, *given, **fields):
        return view(sample, bars(*given, **fields)).body.groups[0].rows

    def test_values_lie_where_the_common_scale_puts_them(self, sample):
        on, off = self.rows(sample, Bar("on", 0.5, 0.25, 0.75), Bar("off", 0.0), limits=(0.0, 1.0))
        assert (on.start, on.end, on.dot, on.low, on.high) == (0.0, 50.0, 50.0, 25.0, 75.0)
        assert (off.dot, off.low) == (0.0, None)
        assert (on.text, on.spoken) == ("0.500", "on: 0.500, 0.250 to 0.750")

    def test_a_scale_without_limits_begins_at_zero(self, sample):
        (positive,), (negative,) = self.rows(sample, Bar("on", 5.0)), self.rows(sample, Bar("on", -5.0))
        assert positive.start == 0.0
        assert negative.end == 100.0

    def test_limits_without_zero_leave_dots_without_bars(self, sample):
        (row,) = self.rows(sample, Bar("on", 15.0), limits=(10.0, 20.0))
        assert (row.start, row.dot) == (None, 50.0)

    def test_a_value_off_the_scale_has_an_arrow_and_keeps_its_figure(self, sample):
        shown = view(sample, bars(Bar("on", 40.0), limits=(0.0, 10.0)))
        (row,) = shown.body.groups[0].rows
        assert (row.cut, row.dot, row.text) == (1, 100.0, "40.00")
        assert shown.remarks == ("Values off the scale have an arrow at its end in place of their dot.",)

    def test_a_value_that_is_not_finite_keeps_its_row_and_is_remarked(self, sample):
        shown = view(sample, bars(Bar("on", float("nan")), Bar("off", 1.0, float("-inf"), 2.0)))
        first, second = shown.body.groups[0].rows
        assert (first.text, first.dot) == ("nan", None)
        assert second.low == second.dot
        assert [remark.rsplit(": ", 1)[1] for remark in shown.remarks] == ["1 value of on.", "1 end of a range of off."]

    @pytest.mark.parametrize("ends", [(1.0, 1.0), (2.0, 1.0), (float("nan"), 1.0)])
    def test_limits_that_make_no_scale_are_not_used(self, sample, ends):
        shown = view(sample, bars(Bar("on", 1.0), limits=ends))
        assert "make no scale" in shown.remarks[0]
        assert shown.body.groups[0].rows[0].dot > 90


class TestLines:
    def test_a_gap_breaks_the_line_and_is_counted(self, sample):
        whole = lines(Trace("on", (0, 1, 2, 3, 4), (1, 1, 1, 2, 2)))
        gap = lines(Trace("on", (0, 1, 2, 3, 4), (1, 1, float("nan"), 2, 2)))
        moves = [
            svg(sample, exhibit).split("var(--arm-1)")[0].rsplit("<path", 1)[1].count("M ") for exhibit in (whole, gap)
        ]
        assert moves == [1, 2]
        assert view(sample, gap).remarks == ("Not drawn, since not finite or beyond 1e100: 1 point of on.",)

    def test_x_and_y_of_different_length_are_cut_to_the_shorter(self, sample):
        shown = view(sample, lines(Trace("on", (0, 1, 2), (1, 2))))
        assert shown.remarks == ("Cut to the shorter of x and y: on.",)

    def test_more_arms_than_colours_take_further_panels_with_the_baseline_in_each(self, world):
        sample = world({"off": "baseline", **{f"v{i}": "variant" for i in range(6)}}, seeds=(10, 11))
        shown = view(
            sample, lines(*(Trace(arm, (0, 1), (0, 1)) for arm in ("v5", "off", *(f"v{i}" for i in range(5)))))
        )
        legends = [[key.arm for key in chart.legend] for chart in shown.body.charts]
        assert legends == [["off", "v0", "v1", "v2", "v3"], ["off", "v4", "v5"]]

    def test_the_last_point_is_marked_where_that_is_asked_for(self, sample):
        marked, plain = (svg(sample, lines(Trace("on", (0, 1), (0, 1), mark_last=mark))) for mark in (True, False))
        assert marked.count("<use") == 1
        assert plain.count("<use") == 0


class TestText:
    def test_a_table_is_filled_up_to_its_longest_row_and_cut_after_200(self, sample):
        shown = view(sample, Grid("t", "", ("a",), (("1", "2", "3"), *[("x",)] * 210)))
        assert shown.body.header == ("a", "", "")
        assert shown.body.rows[1] == ("x", "", "")
        assert len(shown.body.rows) == 200
        assert shown.remarks == ("11 further rows not shown.",)

    def test_long_texts_are_cut_and_say_by_how_much(self, sample):
        long = "w" * 2000
        shown = view(sample, Samples("t", "", (Sample("i", long, (Answered("on", long),)),))).body[0]
        for text in (shown.question, shown.answers[0].text):
            assert text == "w" * 1200 + " … (800 more characters)"

    def test_a_score_stands_beside_its_answer_where_there_is_one(self, sample):
        answers = (Answered("on", "a", 0.25), Answered("off", "b"), Answered("twice", "c", float("nan")))
        shown = view(sample, Samples("t", "", (Sample("i", "", answers),))).body[0]
        assert [answer.score for answer in shown.answers] == ["0.25", "", "nan"]


ANY = st.floats(allow_nan=True, allow_infinity=True, width=64)
SOME_ARM = st.sampled_from(["off", "future_seed", "read_twice", "base\nmodel", "", "漢字 $x_1$ \x00"])


@pytest.mark.slow
@given(
    st.lists(st.tuples(SOME_ARM, ANY, ANY, st.booleans()), max_size=6),
    st.lists(st.tuples(ANY, ANY), max_size=4),
    st.none() | st.tuples(ANY, ANY),
)
@settings(max_examples=25, deadline=None)
def test_no_values_whatever_stop_the_page(demonstration, values, front, limits_):
    claim, decision, _ = demonstration
    exhibits = (
        scatter(*(Point(*value) for value in values), front=tuple(front)),
        bars(*(Bar(arm, x, y, x) for arm, x, y, _ in values), limits=limits_),
        lines(*(Trace(arm, (0.0, x, y), (y, x), strong, strong) for arm, x, y, strong in values)),
    )
    html = render_report(claim, decision, [], exhibits=exhibits)
    assert not Page(html).faults
    # Nothing that has no place is written as one.
    assert not re.search(r'="[^"]*\b(nan|inf)\b[^"]*%"', html)
