"""A gate's answer for people and machines: Markdown for a pull request, JUnit XML for a test report."""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree import ElementTree

from evenhand.decisions.gate import Answer, Gate, Row, joined
from evenhand.report import numbers
from evenhand.report.marks import visible

SIGNS = {Answer.HOLDS: "✅", Answer.FAILS: "❌", Answer.UNDECIDED: "❔"}
_HEAD = ("", "arm", "against", "condition", "metric", "difference", "margin", "verdict", "why")


def gate_markdown(gates: Sequence[Gate]) -> str:
    """A summary for a pull request: one table a claim, the answer above all of them."""
    answer = joined(gates)
    lines = [f"### {SIGNS[answer]} evenhand gate: {answer}", ""]
    for gate in gates:
        name = f"`{gate.claim}`" + (f" (claim {gate.claim_hash})" if gate.claim_hash else "")
        lines += [f"{name}: {gate.require} **{gate.answer}**{_fixed(gate)}", ""]
        lines += [_line(_HEAD), _line(["---"] * len(_HEAD)), *(_line(_cells(row)) for row in gate.rows), ""]
        lines += [f"- {' '.join(warning.split())}" for warning in gate.warnings]
        lines += [""] if gate.warnings else []
    return visible("\n".join(lines).rstrip() + "\n")


def gate_lines(gate: Gate) -> list[str]:
    """The answer for a terminal, a line for each row."""
    rows = [
        f"  {SIGNS[row.answer]} {compared(row)} · {row.condition} · {row.metric}: {figures(row)}; "
        f"{numbers.true_minus(row.why)}"
        for row in gate.rows
    ]
    if not gate.rows:
        rows = ["  no variant was judged"]
    return [f"{SIGNS[gate.answer]} {gate.claim}: {gate.require} {gate.answer}{_fixed(gate)}", *rows]


def gate_junit(gates: Sequence[Gate]) -> str:
    """A test suite for each claim and a test case for each answer; what is not decided is an error, no failure.

    As Jenkins' schema has it (``junit-10.xsd``); times, which it does not ask for, are there for readers that do.
    """
    root = ElementTree.Element("testsuites", name="evenhand")
    for gate in gates:
        counts = {answer: sum(row.answer is answer for row in gate.rows) for answer in Answer}
        suite = ElementTree.SubElement(
            root, "testsuite", name=_xml(gate.claim), tests=str(len(gate.rows)),
            failures=str(counts[Answer.FAILS]), errors=str(counts[Answer.UNDECIDED]), time="0",
        )  # fmt: skip
        for row in gate.rows:
            name = f"{gate.require}: {row.arm} · {row.condition} · {row.metric}"
            case = ElementTree.SubElement(suite, "testcase", classname=_xml(gate.claim), name=_xml(name), time="0")
            told = _xml(f"{compared(row)}: {figures(row)}; {row.why}")
            if row.answer is not Answer.HOLDS:
                kind = "failure" if row.answer is Answer.FAILS else "error"
                ElementTree.SubElement(case, kind, type=str(row.answer), message=_xml(row.verdict)).text = told
            else:
                ElementTree.SubElement(case, "system-out").text = told
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=False) + "\n"


def compared(row: Row) -> str:
    """The arms whose difference answers: ``idea against plain``."""
    return f"{row.arm} against {row.against}" if row.against else row.arm


def figures(row: Row) -> str:
    """The difference with its interval; a dash where there is none."""
    if row.estimate is None:
        return numbers.NONE
    places = numbers.decimals_for(row.margin)
    shown = numbers.signed(row.estimate, places)
    if row.interval is None:
        return shown
    places = numbers.decimals_apart(row.interval, row.margin, places)
    return f"{shown} {numbers.interval(row.interval, places)} {numbers.per_cent(row.level)}"


def _cells(row: Row) -> list[str]:
    return [
        SIGNS[row.answer], row.arm, row.against or numbers.NONE, row.condition, row.metric, figures(row),
        f"{row.margin:g}", row.verdict, row.why,
    ]  # fmt: skip


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(" ".join(cell.split()).replace("|", "\\|") for cell in cells) + " |"


def _fixed(gate: Gate) -> str:
    return "" if gate.fixed in ("before", "") else f" ({gate.fixed})"


def _xml(text: str) -> str:
    """Text that XML can hold: control characters as marks."""
    return visible(" ".join(text.split()))
