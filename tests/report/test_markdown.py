"""Verdicts as a Markdown table: every contrast with its figures, columns that say nothing left out."""

from __future__ import annotations

from dataclasses import replace

from evenhand.decisions.verdict import IdenticalShare
from evenhand.report import numbers
from evenhand.report.markdown import verdict_markdown


def test_every_contrast_has_a_row_with_its_figures(demonstration):
    claim, decision, _ = demonstration
    text = verdict_markdown(claim, decision)
    rows = [line for line in text.split("\n") if line.startswith("|")][2:]
    contrasts = [contrast for verdict in decision.verdicts for contrast in verdict.contrasts]
    empty = sum(not verdict.contrasts for verdict in decision.verdicts)
    assert len(rows) == len(contrasts) + empty + len(decision.interactions)
    for contrast in contrasts:
        assert contrast.estimate is None or numbers.signed(contrast.estimate, 3) in text
        assert contrast.interval is None or numbers.interval(contrast.interval, 3) in text
    for verdict in decision.verdicts:
        assert f"**{verdict.title}**" in text


def test_all_rows_have_as_many_cells_as_the_heading(demonstration):
    claim, decision, _ = demonstration
    rows = [line for line in verdict_markdown(claim, decision).split("\n") if line.startswith("|")]
    assert len({row.replace("\\|", "").count("|") for row in rows}) == 1


def test_a_short_table_has_what_decides_each_verdict_and_says_how_much_is_left_out(world):
    sample = world({"off": "baseline", "on": "variant", "twice": "rival"})
    pairs = [
        sample.contrast("on", against, (0.1, 0.2, 0.3, 0.1, shift)) for against, shift in (("off", 0.2), ("twice", 0.9))
    ]
    claim, decision = sample.claim(), sample.decision(sample.verdict("gain", *pairs))
    whole, short = (verdict_markdown(claim, decision, deciding=one) for one in (False, True))
    (decides,) = [line for line in whole.split("\n") if "(decides)" in line]
    rows = [line for line in short.split("\n") if line.startswith("|")][2:]
    assert len(rows) == 1
    assert rows[0].split("|")[2:5] == decides.replace(" (decides)", "").split("|")[2:5]
    assert "**gain**" in rows[0]
    assert "- Shown is what decides each verdict; 1 further contrast stands in the report." in short
    assert "further contrast" not in whole


def test_a_bar_in_a_reason_does_not_break_the_table(world):
    sample = world({"off": "baseline", "on": "variant"})
    contrast = sample.contrast("on", "off", (0.1, 0.2, 0.3, 0.1, 0.2), why_none="gone: a|b\nand more")
    empty = replace(contrast, estimate=None, interval=None)
    text = verdict_markdown(sample.claim(), sample.decision(sample.verdict("invalid", empty)))
    assert "gone: a\\|b and more" in text


def test_an_unfinished_claim_says_so(demonstration):
    claim, decision, _ = demonstration
    assert "not finished" in verdict_markdown(claim, replace(decision, finished=False))
    assert "not finished" not in verdict_markdown(claim, replace(decision, finished=True))


def test_a_table_names_the_head_of_its_ledger_and_shows_control_characters_as_marks(demonstration):
    claim, decision, _ = demonstration
    text = verdict_markdown(claim, replace(decision, warnings=("a\x1b[31m \u202eb",)), "0123456789abcdef")
    assert text.startswith(f"`{decision.claim}` (claim {decision.claim_hash}, ledger 0123456789abcdef)")
    assert "- a␛[31m ⟨U+202E⟩b" in text


def _table(text):
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in text.split("\n") if line.startswith("|")]


def test_every_row_says_how_many_answers_are_the_same_where_answers_were_kept(world):
    sample = world({"off": "baseline", "on": "variant", "twice": "rival", "other": "rival"})

    def pair(against, **same):
        return sample.contrast("on", against, (0.1, 0.2, 0.3, 0.1, 0.2), **same)

    found = [
        pair("off", identical_share=IdenticalShare("answers", 164, 200, 5)),
        pair("twice", identical_share=IdenticalShare("answers", 200, 200, 4)),
        pair("other"),
    ]
    text = verdict_markdown(sample.claim(), sample.decision(sample.verdict("no-effect", *found)))
    head, _, *rows = _table(text)
    at = head.index("same answers")
    assert head[at + 1] == "verdict"
    assert [(row[head.index("against")], row[at]) for row in rows] == [
        ("off (decides)", "82 %"),
        ("twice", "100 % (4 of 5 seeds)"),
        ("other", "–"),
    ]
    assert "of the answers of both arms are the same" not in text


def test_a_verdict_without_a_contrast_and_a_difference_of_differences_have_no_answers_to_compare(demonstration):
    claim, decision, _ = demonstration

    def told(one):
        return replace(one, identical_share=IdenticalShare("answers", 164, 200, len(one.seeds)))

    kept = [replace(verdict, contrasts=tuple(map(told, verdict.contrasts))) for verdict in decision.verdicts]
    assert decision.interactions
    head, _, *rows = _table(verdict_markdown(claim, replace(decision, verdicts=tuple(kept))))
    shares = [row[head.index("same answers")] for row in rows]
    assert set(shares) == {"82 %", "–"}
    assert shares[-len(decision.interactions) :] == ["–"] * len(decision.interactions)
    assert {len(row) for row in rows} == {len(head)}


def test_a_table_says_of_which_contrasts_nearly_all_scores_are_the_same_where_no_answers_were_kept(world):
    sample = world({"off": "baseline", "on": "variant", "twice": "rival"}, conditions=("first", "last"))

    def pair(against, where, count, of="scores", seeds=5):
        same = IdenticalShare(of, count, 200, seeds)
        return sample.contrast("on", against, (0.1, 0.2, 0.3, 0.1, 0.2), where, identical_share=same)

    found = [
        sample.verdict("no-effect", pair("off", "first", 200), pair("twice", "first", 190, seeds=4)),
        sample.verdict("no-effect", pair("off", "last", 189), pair("twice", "last", 199, of="answers")),
    ]
    text = verdict_markdown(sample.claim(), sample.decision(*found))
    notes = [line for line in text.split("\n") if line.startswith("- ")]
    assert notes == [
        "- At least 95 % of the scores of both arms are the same: on (first) against off 100 %, twice 95 % (4 of 5 "
        "seeds)."
    ]
    head, _, *rows = _table(text)
    assert [row[head.index("same answers")] for row in rows] == ["–", "–", "–", "99.5 %"]


def test_a_table_says_nothing_of_scores_that_often_differ_or_where_no_items_were_kept(world):
    sample = world({"off": "baseline", "on": "variant"})
    plain = sample.contrast("on", "off", (0.1, 0.2, 0.3, 0.1, 0.2))
    differ = replace(plain, identical_share=IdenticalShare("scores", 189, 200, 5))
    tables = [verdict_markdown(sample.claim(), sample.decision(sample.verdict("gain", c))) for c in (plain, differ)]
    assert tables[0] == tables[1]
    assert "same answers" not in tables[0]
