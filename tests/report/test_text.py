"""The verdicts for terminals: narrow ones get stacked lines, wide ones a table."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from rich.console import Console

from evenhand.decisions.kinds_shown import LOOKS
from evenhand.decisions.verdict import Exploratory, IdenticalShare, Interaction, Settling, deciding_interval
from evenhand.report import numbers
from evenhand.report.text import verdict_lines, verdict_view

SMALL = (0.001, -0.002, 0.001, 0.0, 0.0)


def printed(claim, decision, width: int, full: bool = False) -> list[str]:
    console = Console(width=width, file=io.StringIO(), force_terminal=False, color_system=None)
    console.print(verdict_view(claim, decision, width, full=full))
    return console.file.getvalue().splitlines()


@pytest.mark.parametrize("width", [30, 60, 80, 120])
def test_no_line_is_longer_than_the_terminal(demonstration, width):
    claim, decision, _ = demonstration
    for line in [*verdict_lines(claim, decision, width=width), *printed(claim, decision, width)]:
        assert len(line) <= width, line


def test_over_long_names_are_broken_to_fit_60_columns(world):
    name = "arm_" + "x" * 76
    sample = world({"off": "baseline", name: "variant"}, question="why " * 60)
    contrast = sample.contrast(name, "off", (0.1, 0.2, 0.3, 0.1, 0.2), why_none="because " * 30)
    empty = replace(contrast, estimate=None, interval=None)
    decision = sample.decision(
        sample.verdict("gain", contrast), sample.verdict("invalid", empty), warnings=("w" * 200,)
    )
    lines = verdict_lines(sample.claim(), decision)
    assert max(map(len, lines)) <= 60
    assert "".join(lines).replace(" ", "").count("x" * 76) >= 2


@pytest.mark.parametrize("width", [60, 119, 120, 140])
def test_every_contrast_shows_its_figures_at_every_width(demonstration, width):
    claim, decision, _ = demonstration
    text = "\n".join(printed(claim, decision, width, full=True))
    for verdict in decision.verdicts:
        assert f"{LOOKS[verdict.kind].sign} {verdict.title}" in text
        for contrast in verdict.contrasts:
            assert numbers.signed(contrast.estimate, 3) in text
            interval, level = deciding_interval(contrast)
            places = numbers.decimals_apart(interval, 0.02, 3)  # a bound beside the margin is not rounded onto it
            assert interval is None or f"{numbers.interval(interval, places)} {numbers.per_cent(level)}" in text
            assert contrast.against in text
    for effect in decision.interactions:
        assert numbers.interval(effect.interval, 3) in text
    for warning in decision.warnings:
        assert warning.split()[0] in text


@pytest.mark.parametrize("width", [60, 80, 120])
def test_the_first_screen_is_one_table_of_arms_and_conditions_with_the_means_of_both(demonstration, width):
    claim, decision, _ = demonstration
    lines = printed(claim, decision, width)
    top = "\n".join(lines[: 10 + 18 * (1 if width == 120 else 2)])
    for verdict in decision.verdicts:
        deciding = verdict.deciding
        assert f"{LOOKS[verdict.kind].sign} {verdict.title}" in top
        assert numbers.signed(deciding.estimate, 3) in top
        mine, theirs = (numbers.plain(score, 3) for score in deciding.scores)
        assert f"{mine} against {theirs}, {deciding.against}" in top
    heads = [line.split() for line in lines if line.split()[:1] == ["rightcopy"]]
    assert heads[-1] == (["rightcopy"] if width < 120 else ["rightcopy", "leftcopy"])


def test_each_figure_is_said_once_unless_every_contrast_is_asked_for(demonstration):
    claim, decision, _ = demonstration
    text = "\n".join(printed(claim, decision, 80))
    assert text.count("+0.054 [+0.0205, +0.0875]") == 1
    assert "against off, baseline" not in text
    assert "against off, baseline" in "\n".join(printed(claim, decision, 80, full=True))


def test_one_reason_of_many_verdicts_is_said_once_with_all_of_them(world):
    sample = world({"off": "baseline", "on": "variant", "two": "variant"})
    found = [sample.verdict("not-run", arm=arm, reasons=("code: it crashed",)) for arm in ("on", "two")]
    text = "\n".join(verdict_lines(sample.claim(), sample.decision(*found)))
    assert text.count("it crashed") == 1
    assert "○ every verdict: code: it crashed" in text


def test_several_metrics_are_told_apart_in_the_table(demonstration):
    claim, decision, _ = demonstration
    first, *others = decision.verdicts
    decision = replace(decision, verdicts=(replace(first, metric="exact_match"), *others))
    text = "\n".join(printed(claim, decision, 140))
    assert "exact_match" in text
    assert "accuracy" in text


@pytest.mark.parametrize("width", [60, 120])
def test_exploratory_contrasts_stand_apart_with_their_adjusted_p(demonstration, width):
    claim, decision, _ = demonstration
    beside = replace(decision.verdicts[0].contrasts[0], metric="exact")
    decision = replace(decision, exploratory=(Exploratory(beside, 0.0321, True),))
    text = "\n".join(printed(claim, decision, width))
    after = text[text.index("Exploratory: no verdict rests") :]
    assert "future_seed against off · rightcopy · exact" in after
    assert "p .032" in after


def test_colour_is_never_the_only_sign(demonstration):
    claim, decision, _ = demonstration
    lines = verdict_lines(claim, decision)
    for verdict in decision.verdicts:
        assert any(f"{LOOKS[verdict.kind].sign} {verdict.title}" in line for line in lines)


@pytest.mark.parametrize("kind", LOOKS)
def test_every_verdict_kind_has_its_line_even_without_contrasts(world, kind):
    sample = world({"off": "baseline", "on": "variant"})
    decision = sample.decision(sample.verdict(kind, arm="on"), finished=False)
    lines = verdict_lines(sample.claim(), decision)
    assert any(f"{LOOKS[kind].sign} {kind}" in line for line in lines)
    assert any(line.startswith("Not finished") for line in lines)
    assert any(kind in line for line in printed(sample.claim(), decision, 120))


def test_the_contrast_that_decided_is_named(demonstration):
    claim, decision, _ = demonstration
    lines = verdict_lines(claim, decision)
    assert "  against read_twice, rival (decides)" in lines
    assert "  against off, baseline" in lines


def test_words_that_a_contrast_already_carries_are_not_said_twice(world):
    sample = world({"off": "baseline", "on": "variant", "twice": "rival"})
    first = sample.contrast("on", "twice", (0.1, 0.2, 0.3), kind="inconclusive")
    settled = replace(first.judgement, settling=Settling(40))
    first = replace(first, judgement=settled, words="against twice: +20.0 points: inconclusive; 40 seeds would settle")
    second = sample.contrast("on", "off", (0.1, 0.2, 0.3), kind="gain", words="words of the second")
    reasons = (first.words, second.words)
    decision = sample.decision(sample.verdict("inconclusive", second, first, reasons=reasons, standing="twice"))
    text = "\n".join(verdict_lines(sample.claim(), decision))
    assert "? on · default: 40 seeds would settle an effect of this size" in text
    assert "points" not in text
    assert "words of the second" not in text
    assert "against off, baseline: gain" in text


def test_markup_in_names_is_printed_as_it_stands(world):
    sample = world({"off": "baseline", "on": "variant"})
    decision = sample.decision(sample.verdict("gain", arm="[bold]on[/bold]"), warnings=("[red]w[/red]",))
    text = "\n".join(printed(sample.claim(), decision, 120))
    assert "[bold]on[/bold]" in text
    assert "[red]w[/red]" in text


def test_an_arm_that_failed_everywhere_says_so_once_and_lists_no_differences_that_it_has_not(world):
    sample = world({"off": "baseline", "gate": "variant", "other": "variant"}, ("one", "two"))
    sample.document["metric"].append({"name": "nll", "margin": 0.1})
    why = {"reasons": ("code: no pair is complete",), "why": "code: no pair is complete"}
    lost = [
        replace(
            sample.verdict("not-run", arm="gate", condition=where, standing=""), metric=metric, reasons=why["reasons"]
        )
        for where in ("one", "two")
        for metric in ("accuracy", "nll")
    ]
    gain = sample.verdict("gain", sample.contrast("other", "off", (0.6, 0.5, 0.7, 0.6, 0.5), "one"))
    effects = tuple(
        Interaction(arm, "off", "accuracy", "one", "two", *figures)
        for arm, figures in {"gate": (None, None, None, ()), "other": (0.5, (0.4, 0.6), 0.001, (0.5, 0.5))}.items()
    )
    decision = sample.decision(*lost, gain, interactions=effects)
    text = "\n".join(printed(sample.claim(), decision, 80))
    assert "○ gate, everywhere: code: no pair is complete" in text
    assert "gate against off" not in text
    assert "other against off" in text
    assert "gate against off" in "\n".join(printed(sample.claim(), decision, 80, full=True))


@pytest.mark.parametrize("width", range(30, 70, 3))
def test_sentences_have_the_minus_of_the_table_and_keep_a_number_beside_its_per_cent_sign(world, width):
    sample = world({"off": "baseline", "on": "variant"})
    told = "the 95 % interval runs from -0.125 to +0.250, and -.5 is left; 5 % of 2026-11-28 is nothing"
    decision = sample.decision(sample.verdict("gain", sample.contrast("on", "off", (0.1, 0.2))), warnings=(told,))
    lines = printed(sample.claim(), decision, width)
    text = " ".join(" ".join(lines).split())
    assert "from −0.125 to +0.250, and −.5 is left; 5 % of 2026-11-28" in text
    assert not [line for line in lines if line.startswith("%") or line.strip().startswith("%")]


@pytest.mark.parametrize("width", [30, 60, 80, 120])
def test_how_many_answers_both_arms_share_stands_under_the_means(world, width):
    sample = world({"off": "baseline", "on": "variant", "off_again": "null"}, conditions=("first", "last"))
    found = [
        sample.verdict("no-effect", sample.contrast(arm, "off", SMALL, where, identical_share=same), role=role)
        for where in ("first", "last")
        for arm, role, count in (("on", "variant", 1051), ("off_again", "null", 197))
        for same in [IdenticalShare("answers", count, 1280, 5)]
    ]
    lines = printed(sample.claim(), sample.decision(*found), width)
    assert max(map(len, lines)) <= width
    text = "\n".join(lines)
    assert text.count("82.1 % same answers") == text.count("15.4 % same answers") == 2


def test_answers_of_fewer_seeds_than_the_contrast_has_are_told_with_their_number(world):
    sample = world({"off": "baseline", "on": "variant"})
    contrast = sample.contrast("on", "off", SMALL, identical_share=IdenticalShare("answers", 1051, 1280, 4))
    text = "\n".join(printed(sample.claim(), sample.decision(sample.verdict("no-effect", contrast)), 80))
    assert "82.1 % same answers (4 of 5 seeds)" in text


def test_scores_that_are_the_same_are_told_with_all_figures_alone_and_nothing_where_nothing_was_kept(world):
    sample = world({"off": "baseline", "on": "variant"})
    contrast = sample.contrast("on", "off", (0.1, 0.2, 0.3, 0.1, 0.2))
    scored = replace(contrast, identical_share=IdenticalShare("scores", 30, 200, 5))
    short = [printed(sample.claim(), sample.decision(sample.verdict("gain", c)), 80) for c in (contrast, scored)]
    assert short[0] == short[1]
    long = [
        "\n".join(printed(sample.claim(), sample.decision(sample.verdict("gain", c)), 80, full=True))
        for c in (contrast, scored)
    ]
    assert "5 seeds, 40 items, p .012, 15 % same scores" in long[1]
    assert "same" not in long[0]
