"""How plans, decisions and reports show themselves: short in a terminal, tables in a notebook, and harmless in both."""

from __future__ import annotations

from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from evenhand.decisions.decide import decide
from evenhand.report.notebook import html
from evenhand.report.notebook.results import Plan, Result
from evenhand.report.written import Report
from evenhand.running import plan
from evenhand.testing.worlds import TEXT, claim_of, outcomes_of

HOSTILE = '<script>alert("x")</script>\u202e\x1b[31m<img src=x onerror=alert(1)>'

RICH = (
    TEXT.replace('recipe = "world"', 'recipe = "world"\nquestion = "Does it <b>help</b>?"')
    + """
[[arm]]
name = "other"
role = "rival"
settings.effect = 0.02
[[condition]]
name = "target"
[[condition]]
name = "control"
expect = "no-effect"
settings.condition_effect = 0.0
"""
)


class Tags(HTMLParser):
    """What a browser would make of a page: its elements with their attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.attributes: dict[str, str | None] = {}
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append(tag)
        self.attributes |= dict(attrs)


def result_of(text: str = RICH) -> Result:
    claim = claim_of(text)
    return Result.of(decide(claim, outcomes_of(claim)), claim)


def hostile(result: Result) -> Result:
    """The same with every name that a stranger may choose replaced."""

    def named(verdict):  # type: ignore[no-untyped-def]
        contrasts = tuple(replace(c, arm=HOSTILE, against=HOSTILE, words=HOSTILE) for c in verdict.contrasts)
        return replace(
            verdict, arm=HOSTILE, condition=HOSTILE, metric=HOSTILE, reasons=(HOSTILE,), qualifier=HOSTILE,
            contrasts=contrasts,
        )  # fmt: skip

    return replace(
        result, claim=HOSTILE, verdicts=tuple(map(named, result.verdicts)), warnings=(HOSTILE,), remarks=(HOSTILE,),
        interactions=tuple(replace(e, arm=HOSTILE, metric=HOSTILE, target=HOSTILE) for e in result.interactions),
        exploratory=tuple(replace(e, contrast=replace(e.contrast, arm=HOSTILE)) for e in result.exploratory),
    )  # fmt: skip


def plan_named(name: str) -> Plan:
    arm, condition = plan.PlannedArm(name, "variant", ""), plan.PlannedCondition(name, None)
    rung = plan.PlannedRung(name, 8, 0, 5, "steps", (0, 1), 20, ())
    return Plan.of(
        plan.Plan(name, "0" * 16, name, name, "", name, "recipe", (arm,), None, (condition,), (rung,), (), {}, (name,))
    )


@pytest.mark.parametrize(
    "shown",
    [
        hostile(result_of()),
        plan_named(HOSTILE),
        Report(HOSTILE, Path(f"/tmp/{HOSTILE}.html"), (HOSTILE,), f'<meta charset="utf-8">{html.shown(HOSTILE)}'),
    ],
    ids=["decision", "plan", "report"],
)
def test_names_of_strangers_are_shown_and_do_nothing(shown: Result | Plan | Report) -> None:
    page = shown._repr_html_()
    tags = Tags(page)
    assert not {"script", "img"} & set(tags.found)
    assert not [name for name in tags.attributes if name.startswith("on")]
    for text in (page, repr(shown)):
        assert "\u202e" not in text
        assert "\x1b" not in text
    assert "⟨U+202E⟩" in page
    assert "<script>" in repr(shown)  # in a terminal it is a text like any other


def test_a_decision_is_a_line_for_each_verdict_with_the_contrast_that_decided() -> None:
    lines = repr(result_of()).splitlines()
    assert lines[0].endswith(", finished")
    assert lines[1].startswith("▲ gain (>= margin): on · target · score, +0.")
    assert lines[1].endswith((" against off", " against other"))
    assert all(len(line) < 120 for line in lines if not line.startswith("! "))


def test_many_verdicts_are_cut_short_in_a_terminal_and_whole_in_a_notebook() -> None:
    result = result_of()
    many = replace(result, verdicts=result.verdicts * 20)
    assert repr(many).count("score") == 24
    assert "... and 16 verdicts more" in repr(many)
    assert many._repr_html_().count("<tr>") > 80


def test_a_notebook_shows_each_contrast_the_question_and_what_no_verdict_rests_on() -> None:
    page = result_of()._repr_html_()
    tags = Tags(page)
    assert "Does it &lt;b&gt;help&lt;/b&gt;?" in page
    assert tags.found.count("table") >= 2
    assert "target less control" in page
    assert "Exploratory" not in page


def test_the_table_is_plain_data_a_row_for_each_contrast() -> None:
    result = result_of()
    rows = result.table()
    assert len(rows) == sum(len(verdict.contrasts) for verdict in result.verdicts)
    first = rows[0]
    assert (first["arm"], first["condition"], first["against"]) == ("on", "target", "off")
    assert first["low"] < first["difference"] < first["high"]
    assert {type(value) for row in rows for value in row.values()} <= {str, float, int, bool, type(None)}
    assert [row["decides"] for row in rows if row["condition"] == "target" and row["role"] == "variant"].count(
        True
    ) == 1


def test_a_claim_without_outcomes_shows_that_it_is_not_finished() -> None:
    claim = claim_of(RICH)
    result = Result.of(decide(claim, {}), claim)
    assert result.failed
    assert "not finished: planned trials are still missing" in repr(result)
    assert "not finished" in result._repr_html_()
    assert all(row["difference"] is None for row in result.table())


def test_a_report_stands_in_a_frame_in_which_nothing_runs_and_links_stay_inside() -> None:
    report = Report("c", Path("c.html"), (), '<meta charset="utf-8"><a href="#method">Method</a><script>1</script>')
    tags = Tags(report._repr_html_())
    assert tags.found == ["p", "iframe"]
    assert tags.attributes["sandbox"] == ""
    assert str(tags.attributes["srcdoc"]).startswith(
        '<meta charset="utf-8"><base href="about:srcdoc"><a href="#method">'
    )
