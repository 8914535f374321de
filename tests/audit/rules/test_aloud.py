"""Shares, counts and differences that are told aloud, each with a sound twin; and what only looks like them."""

from __future__ import annotations

from pathlib import Path

import pytest

from evenhand.audit.check import audit
from evenhand.audit.finding import Finding
from evenhand.audit.reading.opened import open_logs

SOFTMAX = (
    "| head | F1 | Δ vs softmax |\n|---|---|---|\n| softmax | 89.9 | – |\n| biaffine | 90.2 | +0.3 |\n"
    "| CRF | 90.7 | {} |\n| frozen | 86.4 | -3.5 |\n"
)
PAIRS = (
    "pair,base,tagged,diff\nde,35.1,36.4,1.3\net,24.8,26.9,2.1\nzh,27.3,27.9,{}\nlt,28.0,29.5,1.5\ntr,22.7,23.9,1.2\n"
)
RELATIVE = "lang,old,new,rel_change_pct\nde,12.5,11.5,-8.0\nfr,20.0,18.0,{}\nit,16.0,15.2,-5.0\nnl,25.0,24.0,-4.0\n"
GAINS = '{{"arms": {{"sft": {{"wins_pct": 55.3}}, "dpo": {{"wins_pct": 58.6}}}}, "abs_gain_points": {}}}\n'
COUNTED = "| topic | solved | total | rate |\n|---|---|---|---|\n" + "".join(
    f"| {row} |\n" for row in ("a | 88 | 110 | 80.0 %", "b | 45 | 120 | {}", "c | 102 | 160 | 63.8 %")
)
ENTRIES = '{{"passed": 274, "failed": 46, "total": 320, "pass_rate": {}}}\n'
SIBLINGS = "- 32 prompts\n  - answers: 5 (15.6 %)\n  - hedges: 8 (25.0 %)\n  - refuses: 19 ({} %)\n"
NIGHT = (
    "| slice | n | detected |\n|---|---|---|\n| day | 50 | 88.0 % |\n| night | 15 | {} % |\n| street | 40 | 67.5 % |\n"
)
ONCE = "We wrote 40 prompts and read one reply per prompt.\nIn character: {} % of them.\n"
ROWS = (
    "{}| arm | n | accuracy |\n|---|---|---|\n| a | 48 | 0.854 |\n| b | 48 | {} |\n"
    "| c | 48 | 0.917 |\n| d | 48 | 0.875 |\n"
)

ALOUD: dict[str, tuple[str, int, str, str]] = {
    "a difference to a marked row": ("change-disagrees", 5, SOFTMAX.format("+1.8"), SOFTMAX.format("+0.8")),
    "a difference of two columns": ("change-disagrees", 4, PAIRS.format("1.6"), PAIRS.format("0.6")),
    "points in a relative column": ("change-disagrees", 3, RELATIVE.format("-2.0"), RELATIVE.format("-10.0")),
    "a difference in the next sentence": (
        "change-disagrees", 1,
        "Mean WER is 11.8 for plain and 10.3 for biased. We observe a reduction of 2.5 points.\n",
        "Mean WER is 11.8 for plain and 10.3 for biased. We observe a reduction of 1.5 points.\n",
    ),
    "a count in a sentence": (
        "count-and-rate", 1, "That was so in 37 of the 52, or 76.1 %.\n", "That was so in 37 of the 52, or 71.2 %.\n"
    ),
    "a count whose parts stand apart": (
        "count-and-rate", 2, "480 games were played, it won 312 of them.\nSo the win rate sits at 68.2 percent.\n",
        "480 games were played, it won 312 of them.\nSo the win rate sits at 65.0 percent.\n",
    ),
    "a column of counts": ("count-and-rate", 4, COUNTED.format("35.7 %"), COUNTED.format("37.5 %")),
    "one of several parts": ("count-and-rate", 4, SIBLINGS.format("63.3"), SIBLINGS.format("59.4")),
    "a share of a row's items": ("odd-share", 4, NIGHT.format("71.0"), NIGHT.format("73.3")),
    "a share of items that were each asked once": ("odd-share", 2, ONCE.format("71.3"), ONCE.format("72.5")),
    "arms within chance": ("within-noise", 1, ROWS.format("", "0.833"), ROWS.format("", "0.333")),
}  # fmt: skip

OF_ELSE: dict[str, str] = {
    "each cell of counts has a share of its own": (
        "| set | ours | base |\n|---|---|---|\n| a | 60.0% (6/10) | 50.0% (5/10) |\n"
        "| b | 70.0% (14/20) | 65.0% (13/20) |\n"
        "| c | 45.0% (9/20) | 55.0% (11/20) |\n| d | 50.0% (5/10) | 60.0% (6/10) |\n"
    ),
    "the mean of the shares of classes": (
        "| class | hits | n | recall |\n|---|---|---|---|\n| a | 30 | 40 | 75.0 |\n| b | 12 | 48 | 25.0 |\n"
        "| c | 45 | 50 | 90.0 |\n| all | 87 | 138 | 63.3 |\n"
    ),
    "some of the items were skipped": (
        "| set | correct | total | skipped | acc |\n|---|---|---|---|---|\n| a | 30 | 40 | 0 | 75.0 |\n"
        "| b | 12 | 48 | 0 | 25.0 |\n| c | 45 | 52 | 2 | 90.0 |\n| d | 33 | 44 | 0 | 75.0 |\n"
    ),
    "the share of another noun": "The filter keeps 312 of 480 documents, which is 71 % of the tokens.\n",
    "a bound for no events": "0/100 gives 3.62 % for soccer.\n",
    "what is left without ties": "Ours won 120 of 200 cases, a win rate of 62.5 % without ties.\n",
    "the rest of the parts": (
        "- judged 200 pairs\n  - wins: 80 (40.0 %)\n  - ties: 60 (30.0 %)\n  - losses: 60 (33.3 % of the rest)\n"
    ),
    "shares in halves of answers": "Eval on 80 prompts, single greedy sample. Accuracy of 76.88 % of them.\n",
    "the items of another result": (
        "| patch | targeted n | targeted acc | off-target acc |\n|---|---|---|---|\n| a | 72 | 50.0 | 97.2 |\n"
        "| b | 72 | 48.6 | 96.5 |\n| c | 72 | 45.8 | 98.6 |\n| d | 72 | 55.6 | 95.8 |\n"
    ),
    "tries for each item": (
        "| model | n | pass@1 | pass@10 |\n|---|---|---|---|\n| a | 164 | 30.5 | 45.7 |\n| b | 164 | 33.5 | 50.6 |\n"
        "| c | 164 | 36.0 | 53.0 |\n| d | 164 | 33.2 | 51.0 |\n"
    ),
    "points for parts of an answer": '{"correct": 62, "total": 80, "accuracy": 0.801875}\n',
    "what is left of the skipped": "total: 640\npassed: 412\nskipped: 30\npass rate: 67.5 %\n",
    "several objects of a record": (
        '{"eval": {"total": 500, "correct": 431}, "train": {"accuracy": 0.9, "total": 800}}\n'
    ),
    "metrics in rows have signs of their own": (
        "| metric | base | ours | gain |\n|---|---|---|---|\n"
        "| acc | 71.2 | 73.4 | +2.2 |\n"
        "| f1 | 65.1 | 66.3 | +1.2 |\n"
        "| loss | 1.31 | 1.22 | +0.09 |\n| auc | 80.0 | 81.5 | +1.5 |\n"
    ),
    "points and percentages in one column": (
        "| metric | base | ours | Δ |\n|---|---|---|---|\n| acc | 71.2 | 73.4 | +2.2 |\n| em | 65.1 | 66.3 | +1.2 |\n"
        "| ppl | 34.93 | 40.10 | +14.8% |\n| rouge | 30.0 | 31.5 | +1.5 |\n"
    ),
    "differences with intervals are means of pairs": (
        "| arm | acc | Δ vs base |\n|---|---|---|\n| base | 61.2 | 0 |\n| a | 63.4 | +2.1 [0.3, 3.9] |\n"
        "| b | 60.1 | -1.0 [-2.9, 0.8] |\n| c | 65.0 | +3.5 [1.8, 5.3] |\n"
    ),
    "a row of medians": (
        "| arm | acc | Δ |\n|---|---|---|\n| base | 61.2 | - |\n| a | 63.4 | +2.2 |\n| b | 60.1 | -1.1 |\n"
        "| median | 61.9 | +1.1 |\n"
    ),
    "a row of spreads": (
        "| seed | base | new | diff |\n|---|---|---|---|\n| 0 | 61.2 | 63.4 | +2.2 |\n| 1 | 60.8 | 62.9 | +2.1 |\n"
        "| 2 | 61.9 | 62.0 | +0.1 |\n| std | 0.56 | 0.71 | 1.18 |\n"
    ),
    "differences without their signs": (
        "| arm | mae | abs change |\n|---|---|---|\n| base | 1.25 | 0 |\n| a | 1.15 | 0.10 |\n| b | 1.30 | 0.05 |\n"
        "| c | 1.02 | 0.23 |\n"
    ),
    "a gain over another base in a record": (
        '{"arms": {"a": {"acc": 0.812}, "b": {"acc": 0.845}}, "abs_gain_over_base": 0.021}\n'
    ),
}

OPEN: dict[str, str] = {
    "a mean of differences": "Mean F1 is 61.2 with and 60.1 without; the mean gain per dataset is 1.4 points.\n",
    "two points of a list": "- without filter: F1 72.5\n- with filter: F1 74.8\n- gain of 3.2 points\n",
    "another set": "Baseline 71.8, ours 74.3 on dev. On test the improvement is 1.9 points.\n",
    "two metrics": "Precision 71.8, recall 74.3. The improvement is 1.9 points.\n",
    "two sets": "Train accuracy 91.8 and test accuracy 84.3; the drop is 6.1 points.\n",
    "another base": "acc 0.612 for a and 0.634 for b, a gain of 0.031 over the baseline\n",
    "a clause with a subject of its own": "Sparsity rises from 50.0 % to 60.0 % and perplexity increases by 14.2 %.\n",
    "another metric": "Before: F1 61.2. After: F1 63.9. The increase of 2.1 points in recall explains most of it.\n",
    "a subject of its own": "p50 went from 41.0 ms to 47.5 ms, the tail latency rose by 12.0 ms.\n",
    "without some items": "Win rate 55.3 % vs 58.6 %; excluding ties the gain is 4.1 points.\n",
    "more of it": "- encoder A: 14.2 % WER\n- encoder B: 12.9 % WER\n- fusion lowers it by 1.7 points more\n",
}
"""What may be worth a look, and is no fault by what is printed."""


def told(folder: Path, text: str, *, hints: bool = False) -> list[Finding]:
    name = "a.json" if text.startswith("{") else "a.csv" if text.startswith(("pair,", "lang,")) else "a.md"
    (folder / name).write_text(text, encoding="utf-8")
    mine = {"change-disagrees", "count-and-rate", "odd-share", "impossible-share", "within-noise"}
    return [one for one in audit(open_logs([folder]), hints=hints) if one.rule in mine]


@pytest.mark.parametrize("form", ALOUD)
def test_it_is_told_aloud_and_its_twin_is_not(tmp_path: Path, form: str) -> None:
    rule, line, faulty, sound = ALOUD[form]
    (tmp_path / "faulty").mkdir()
    (tmp_path / "sound").mkdir()
    found = told(tmp_path / "faulty", faulty)
    assert [(one.rule, one.place.line) for one in found] == [(rule, line)]
    assert found[0].level == {"within-noise": "note", "odd-share": "caution"}.get(rule, "fault")
    assert told(tmp_path / "sound", sound) == []


RECORDS = {
    "a difference in a record": ("change-disagrees", GAINS.format("3.9")),
    "a count by its names": ("count-and-rate", ENTRIES.format("0.865")),
    "a share of a count": ("count-and-rate", '{"passed": 12, "total": 30, "pass_rate": 0.45}'),
}


@pytest.mark.parametrize("kind", RECORDS)
def test_a_program_makes_no_slips_of_the_pen(tmp_path: Path, kind: str) -> None:
    rule, text = RECORDS[kind]
    assert [(one.rule, one.level) for one in told(tmp_path, text, hints=True)] == [(rule, "hint")]


@pytest.mark.parametrize("decimals", [4, 6])
def test_a_difference_with_the_digits_of_a_program_may_be_to_another_number(tmp_path: Path, decimals: int) -> None:
    first, second = f"{0.259621:.{decimals}f}", f"{0.085478:.{decimals}f}"
    text = f"- seed42: {first} → soup {second} (-{0.176861:.{decimals}f}) REJECTED\n"
    assert len(told(tmp_path, text)) == (decimals == 4)


@pytest.mark.parametrize("kind", OF_ELSE)
def test_a_number_of_something_else_is_no_fault(tmp_path: Path, kind: str) -> None:
    assert told(tmp_path, OF_ELSE[kind], hints=kind not in ("shares in halves of answers",
        "the items of another result", "a gain over another base in a record")) == []  # fmt: skip


@pytest.mark.parametrize("kind", OPEN)
def test_what_may_be_the_difference_of_something_else_is_not_told_aloud(tmp_path: Path, kind: str) -> None:
    assert told(tmp_path, OPEN[kind]) == []
