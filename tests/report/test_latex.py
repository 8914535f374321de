"""The table for a paper: whatever stands in it, LaTeX takes it, and it is no wider than the text."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from evenhand.decisions.verdict import Decision
from evenhand.report.latex import latex, verdict_latex
from evenhand.report.paper import paper_latex

DOCUMENT = r"""\documentclass{article}
\usepackage{booktabs,longtable}
\begin{document}
%s
\end{document}
"""

EVERYTHING = (
    "50 % of a_b & c #1 $x {y} ~z ^2 \\w <a> |b| --amend `it` \u22120.1 "
    "\u2264 \u2265 \u00b1 \u00d7 \u2013 \u2026 \u201cq\u201d \u0416 \x1b[31m \u00e9"
)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("a_b & 50%", r"a\_\allowbreak{}b \& 50\%"),
        ("95 % of 3", r"95\,\% of 3"),
        ("--amend", "-{}-amend"),
        (">= 1, <= 2, \u22123", r"$\geq$ 1, $\leq$ 2, $-$3"),
        ("a|b `c`", r"a$|$b \`{}c\`{}"),
        ("\u0416", "U+0416"),
        ("caf\u00e9", "caf\u00e9"),
        ("two\nlines", "two lines"),
    ],
)
def test_what_latex_acts_on_is_escaped(text: str, written: str) -> None:
    assert latex(text) == written


def long_names(decision: Decision) -> Decision:
    """The decision with names and reasons that are as long, and as odd, as they may be."""
    name = "reading_twice_with_a_name_that_goes_on_and_on"
    verdicts = [
        replace(
            verdict, arm=f"{verdict.arm}_{name}", reasons=(EVERYTHING,),
            contrasts=tuple(replace(one, against=f"{one.against}_{name}") for one in verdict.contrasts),
        )
        for verdict in decision.verdicts
    ]  # fmt: skip
    return replace(decision, verdicts=tuple(verdicts))


def test_a_long_table_goes_on_over_pages_with_its_head_and_says_what_it_needs(demonstration: Any) -> None:
    claim, decision, _ = demonstration
    short, long = (verdict_latex(claim, replace(decision, verdicts=decision.verdicts * n)) for n in (1, 20))
    assert short.startswith(r"\begin{table} % needs \usepackage{booktabs}")
    assert long.startswith(r"{% needs \usepackage{booktabs,longtable}")
    assert long.count("against & means") == 2
    assert r"\endhead" in long
    assert all(line.endswith(r"\\*") for line in long.splitlines() if r"\textbf" in line)


def test_braces_and_dollars_are_closed_whatever_stands_in_a_table(demonstration: Any) -> None:
    claim, decision, _ = demonstration
    text = paper_latex(claim, long_names(decision)) + latex(EVERYTHING)
    bare = re.sub(r"\\[{}$%&#_\\]", "", text)
    assert bare.count("{") == bare.count("}")
    assert bare.count("$") % 2 == 0
    assert all(character.isascii() or character == "\u00e9" for character in bare)


@pytest.mark.slow  # a real LaTeX
def test_latex_sets_every_table_without_a_fault_and_within_the_text(demonstration: Any, tmp_path: Path) -> None:
    if shutil.which("pdflatex") is None:
        pytest.skip("there is no pdflatex here (texlive-latex-base, texlive-latex-recommended)")
    claim, decision, _ = demonstration
    tables = [
        paper_latex(claim, decision), paper_latex(claim, long_names(decision)),
        verdict_latex(claim, decision, EVERYTHING),
        verdict_latex(claim, replace(decision, verdicts=decision.verdicts * 20, claim_hash="other")),
    ]  # fmt: skip
    (tmp_path / "paper.tex").write_text(DOCUMENT % "\n".join(tables))
    for _ in range(3):  # longtable knows its columns after the second run
        done = subprocess.run(
            ["pdflatex", "-interaction=nonstopmode", "-no-shell-escape", "paper.tex"],
            cwd=tmp_path, capture_output=True, text=True, errors="replace", timeout=120, check=False,
        )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:]
    assert "Missing character" not in (tmp_path / "paper.log").read_text(errors="replace")
    wide = re.findall(r"Overfull \\hbox \(([0-9.]+)pt too wide", done.stdout)
    assert [points for points in wide if float(points) > 5] == []
