"""A sentence says no more than its log shows, and says it once."""

from __future__ import annotations

from pathlib import Path

from evenhand.audit.check import audit, sentence
from evenhand.audit.reading.opened import open_logs

LOSSES = "- Baseline: loss=1.2848, perplexity=3.6141\n- Final: loss={}, perplexity={}\n"
PEAKS = (
    "| run | acc (peak → final) | notes |\n|---|---|---|\n| a | 0.680 → 0.645 | stable |\n"
    "| b | 0.360 → 0.315 | job timed out before the final evaluation |\n"
)
CEILING = "- baseline: 98.83%\n- all variants pruned (+0.00pp), no measurable gain\n"


def said(folder: Path, text: str, rule: str) -> list[str]:
    (folder / "log.md").write_text("# Log\n\n" + text, encoding="utf-8")
    return [sentence(one) for one in audit(open_logs([folder / "log.md"])) if one.rule == rule]


def test_values_have_the_name_beside_them_and_differences_are_called_so(tmp_path: Path) -> None:
    deltas = "- mean `d_acc = +0.0339`, std `0.0205`\n- seed deltas: `+0.0156`, `+0.0234`, `+0.0625`\n"
    (one,) = said(tmp_path, deltas, "granularity")
    assert one.startswith("All 3 values of 'seed deltas' are multiples of 1/128: they are differences of shares of 128")


def test_the_last_value_of_a_run_that_was_cut_short_is_not_called_its_result(tmp_path: Path) -> None:
    whole, cut = said(tmp_path, PEAKS, "best-of-many")
    assert "the run ended at 0.645, and that is its result" in whole
    assert "the last one before the run was cut short is 0.315, and no final one is told" in cut


def test_a_baseline_that_is_printed_again_is_told_once(tmp_path: Path) -> None:
    text = "## One\n\n" + LOSSES.format("0.9043", "2.4702") + "\n## Two\n\n" + LOSSES.format("0.9163", "2.5001")
    assert [one.split()[1] for one in said(tmp_path, text, "loss-and-perplexity")] == ["3.6141", "2.5001"]


def test_no_difference_beside_a_full_task_is_told_as_the_task_s(tmp_path: Path) -> None:
    (one,) = said(tmp_path, CEILING, "saturated")
    assert one.endswith("so near to its ceiling a task can hardly show a gain.")
    assert said(tmp_path, CEILING, "no-op") == []
    assert len(said(tmp_path, CEILING.replace("98.83", "61.20"), "no-op")) == 1


def test_a_best_that_is_told_with_its_fall_is_a_note(tmp_path: Path) -> None:
    told = "- Best trajectory result at epoch 20k — 69 violations (16.1%){}\n"
    levels = []
    for after in (", then slightly regressed", ", before the run timed out"):
        (tmp_path / "log.md").write_text("# Log\n\n" + told.format(after), encoding="utf-8")
        levels += [one.level for one in audit(open_logs([tmp_path / "log.md"])) if one.rule == "best-of-many"]
    assert levels == ["note", "caution"]
