"""Conclusions that rest on results all alike, or on what failed: aloud, and silent on look-alikes."""

from __future__ import annotations

from pathlib import Path

import pytest

from evenhand.audit.check import audit, sentence
from evenhand.audit.finding import Finding
from evenhand.audit.reading.opened import open_logs

RULES = ("no-op", "ceiling", "failure-as-verdict")

ALOUD = {
    "two points with and without": (
        "no-op", "a.md", 5,
        "# Adapter study\n\n- without label noise filter: F1 71.326, EM 58.914\n"
        "- with label noise filter: F1 71.326, EM 58.914\n- the filter does no harm\n",
        "- the filter was probably never applied\n",
    ),
    "a row that the conclusion names": (
        "no-op", "a.md", 9,
        "# Mixing\n\n| arm | F1 | EM | nll |\n|---|---|---|---|\n| base | 71.326 | 58.914 | 1.2043 |\n"
        "| base + mixup | 71.326 | 58.914 | 1.2043 |\n| cutout | 70.112 | 57.803 | 1.2291 |\n\nMixup has no effect.\n",
        "Cutout has no effect.\n",
    ),
    "objects of data": (
        "no-op", "a.json", 4,
        '{\n"plain": {"acc": 0.68293, "nll": 1.04417},\n"ema": {"acc": 0.68293, "nll": 1.04417},\n'
        '"finding": "averaging the weights neither helps nor hurts"\n}\n',
        '"finding": "the averaged weights were not loaded"\n}\n',
    ),
    "a table at its ceiling": (
        "ceiling", "a.md", 8,
        "# Wake word\n\n| variant | accuracy |\n|---|---|\n| none | 99.9 |\n| filter | 100.0 |\n\n"
        "So the filter is not needed.\n",
        "At this ceiling no difference can show.\n",
    ),
    "points at chance": (
        "ceiling", "a.md", 4,
        "- 4 choices, chance is 25 %\n- accuracy without retrieval: 25.2 %\n- accuracy with retrieval: 24.8 %\n"
        "- verdict: retrieval does not help\n",
        "- verdict: none at chance level\n",
    ),
    "a run out of memory": (
        "failure-as-verdict", "a.md", 4,
        "# Wide encoder\n\n- wide encoder: killed by the OOM killer in epoch 3 of 20\n"
        "- verdict: the wide encoder does not train\n",
        "- verdict: open until the wide encoder is run again\n",
    ),
    "a verdict in the sentence of the failure": (
        "failure-as-verdict", "a.md", 1, "- lr 2e-4: preempted after 40 minutes, so it brings no gain\n", "",
    ),
}  # fmt: skip
"""Rule, file, line, a text that must be told aloud, and a last line with which nothing is."""

SILENT = dict(
    part.split("\n", 1)
    for part in (Path(__file__).parent / "look_alikes.txt").read_text(encoding="utf-8").split("=== ")
    if part
)
"""What looks alike: done faster or again, concluded from other results, failures that are counted or caused."""


def loud(folder: Path, name: str, text: str) -> list[Finding]:
    (folder / name).write_text(text, encoding="utf-8")
    return [one for one in audit(open_logs([folder / name])) if one.rule in RULES]


@pytest.mark.parametrize("form", ALOUD)
def test_it_is_told_aloud_and_not_where_the_last_line_takes_it_back(tmp_path: Path, form: str) -> None:
    rule, name, line, text, last = ALOUD[form]
    (one,) = loud(tmp_path, name, text)
    assert (one.rule, one.place.line) == (rule, line)
    assert sentence(one).endswith(".")
    if last:
        told = text.rstrip("\n").split("\n")
        kept = told[: -2 if name.endswith("json") else -1]
        assert loud(tmp_path, name, "\n".join(kept) + "\n" + last) == []


@pytest.mark.parametrize("name", SILENT)
def test_a_look_alike_is_not_told_aloud(tmp_path: Path, name: str) -> None:
    text = SILENT[name]
    assert [(one.rule, one.place.line) for one in loud(tmp_path, name, text)] == []
