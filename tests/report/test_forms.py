"""The report in its other forms: tables for a paper, figures as files, and what a machine without a browser says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from evenhand.errors import DataError
from evenhand.report.charts.curves import drawn_curves
from evenhand.report.charts.files import curve_figure, save_figures
from evenhand.report.paper import paper_latex, paper_markdown, scope_sentence
from evenhand.report.pdf import CHROMIUM, browser
from evenhand.report.results import Results
from tests.app import evenhand, parsed
from tests.running.test_run import write_claim


def test_a_table_for_a_paper_states_scope_seeds_items_budget_and_rivals(demonstration: Any) -> None:
    claim, decision, _ = demonstration
    said = scope_sentence(claim, decision)
    for words in (
        "4 to 5 seeds x 200 items", "500 steps for every arm", "error rate of 5 % over all of the claim's verdicts",
        "new seeds and new items", "a gain is one over off, read_twice alike",
    ):  # fmt: skip
        assert words in said
    assert paper_markdown(claim, decision).startswith(said)
    table = paper_latex(claim, decision)
    assert table.count(r"\caption{") == 1
    assert r"5\,\%" in table
    assert r"\usepackage{booktabs}" in table
    assert table.count(r": \textbf{") == len(decision.verdicts)  # each verdict once, above its contrasts
    assert ">=" not in table
    rows = [line for line in table.splitlines() if line.endswith((r"\\", r"\\*"))]
    assert len({line.count("&") for line in rows if "multicolumn" not in line}) == 1
    assert sum("multicolumn" not in line for line in rows) == 1 + len(decision.interactions) + sum(
        len(v.contrasts) for v in decision.verdicts
    )


@pytest.mark.slow
def test_figures_are_files_with_the_same_bytes_every_time(demonstration: Any, tmp_path: Path) -> None:
    claim, decision, records = demonstration
    results = Results.of(claim, records)
    first, second = (save_figures(claim, decision, results, tmp_path / name) for name in ("a", "b"))
    assert [path.name for path in first] == [
        f"{claim.name}-{what}.{ending}"
        for what in ("accuracy", "curve-accuracy", "curve-loss")
        for ending in ("svg", "png")
    ]
    for one, other in zip(first, second, strict=True):
        assert one.read_bytes() == other.read_bytes()
    forest = first[0].read_text()
    assert "margin \u00b10.02" in forest
    assert "future_seed against read_twice \u00b7 rightcopy" in forest


def test_a_legend_covers_no_line_and_every_column_of_panels_ends_with_a_scale(demonstration: Any) -> None:
    claim, _, records = demonstration
    (first, *_), *_ = drawn_curves(Results.of(claim, records)).values()
    figure = curve_figure("loss", [first] * 3)
    figure.draw_without_rendering()
    panels = [area for area in figure.axes if area.axison]
    for area in panels:
        assert area.get_legend().get_window_extent().y0 >= area.get_window_extent().y1 - 1
        assert area.get_title() == "", "all are of one condition"
    shown = [bool(area.get_xlabel()) and area.xaxis.get_tick_params()["labelbottom"] for area in panels]
    assert shown == [False, True, True]


def test_without_a_browser_one_sentence_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(CHROMIUM, "/no/such/browser")
    with pytest.raises(DataError, match=r"names '/no/such/browser', which is no program.*--format html"):
        browser()


@pytest.mark.slow
def test_the_form_follows_the_name_of_the_file(toy_folder: Path) -> None:
    write_claim(toy_folder)
    evenhand(toy_folder, "run", "c.toml")
    for name, begins in (("c.md", "Claim c ("), ("c.tex", "\\begin{table}"), ("c.html", "<!DOCTYPE html>")):
        assert evenhand(toy_folder, "report", "c.toml", "-o", name).returncode == 0
        assert (toy_folder / name).read_text().startswith(begins)
    found = parsed(evenhand(toy_folder, "report", "c.toml", "--format", "md", "--figures", "f", "--json"))
    assert found["report"] == ".evenhand/reports/c.md"
    assert "f/c-score.svg" in found["figures"]
    assert evenhand(toy_folder, "report", "c.toml", "--format", "word").returncode == 2
