"""Each rule on a small log of its own where it fires at a line, and on a twin where it must not."""

from __future__ import annotations

from pathlib import Path

import pytest

from evenhand.audit.check import audit, sentence
from evenhand.audit.finding import Finding
from evenhand.audit.reading.opened import open_logs
from evenhand.audit.rules import RULES
from tests.audit.reading_of import read_in
from tests.audit.rules.test_recall import MORE

SEEDS = (
    "# Study\n\n## Options first\n\n- Result:\n  - mean `d_acc = {mean}`, std `{sd}`\n  - seed deltas: "
    "`+0.0156`, `+0.0234`, `+0.0625`\n- Status: {status}\n"
)
ROUND = (
    "# Log\n\n## Round 4 ({seeds})\n\n- quick stage first (`time_budget_sec=80`)\n- medium only for survivors "
    "(`time_budget_sec=220`)\n\n"
    "- baseline {stage}: `24.66%`\n- {word}:\n  - `head_l10`: `31.97%` (**+7.31pp**)\n"
)
SUBSET = (
    "# Log\n\n## A\n\n- Baseline MT-Bench (16 Q): avg=2.0744\n- Final MT-Bench (16 Q): avg=2.4899 (≈ +20.0%)\n\n"
    "## B\n\n- Baseline MT-Bench (80 Q): avg={base}\n- Final MT-Bench (80 Q): avg={new} (Δ {delta})\n"
)
TWICE = (
    "# Log\n\n## Task\n\n### R1: Options-first\n\n- mean `d_acc = +0.0339`, std `0.0205`\n- seed deltas: "
    "`+0.0156`, `+0.0234`, `+0.0625`\n"
    "- Status: stable positive\n\n### Task options-first (seeds 0..4)\n\n- mean `d_acc = {later}`, std `0.0367`, "
    "sign `2+/3-`\n"
)
TABLE = "| Exp | Baseline | Final | Delta |\n|---|---|---|---|\n| loss | {base} | {new} | {delta} |\n"
BASES = (
    "# Log\n\n## Exp 1\n\n| Metric | Baseline | Final | Delta |\n|---|---|---|---|\n| MT-Bench | 2.0357 | 1.4924 | "
    "-26.7% |\n\n"
    "## Exp 2\n\n| Metric | Baseline | Final | Delta |\n|---|---|---|---|\n| MT-Bench | {base} | {new} | -8.0% "
    "|\n\nBetter: loss of skill reduced from -26.7% to -8.0%.\n"
)
RATIOS = (
    "| Seed | Peak | Ratio |\n|---|---|---|\n| 111 | 3,077 | 27.7x |\n| 27 | 9,232 | {odd}x |\n| 703 | 83,501 "
    "| 118.8x |\n| 26623 | 35,452,673 | 1,331.7x |\n| 626331 | 2,407,427,729 | 3,843.7x |\n"
)
MEANS = (
    "| Model | A | B | C | Avg |\n|---|---|---|---|---|\n| one | 71.20 | 64.31 | 55.02 | 63.51 |\n| two | "
    "72.84 | 61.35 | 58.89 | 64.36 |\n| three | 70.13 | 66.27 | 51.16 | 62.52 |\n| four | 69.96 | 62.98 | 54.47 | "
    "{odd} |\n"
)
RANGE = (
    "# Report\n\n- Phase 1 and ablations: bridged accuracy {low}-{high}, above the source\n\n"
    "| Run ID | Bridged Acc (end) |\n|---|---|\n| phase1_full | 0.645 |\n| ablB_one | 0.625 |\n"
)
ROWS = "| Model | Acc | F1 |\n|---|---|---|\n| baseline | 71.23 | 64.51 |\n| ours | {acc} | {f1} |\n"


CASES: dict[str, tuple[str, int, str]] = {
    "mean-disagrees": (
        SEEDS.format(mean="+0.0439", sd="0.0205", status="done"), 6,
        SEEDS.format(mean="+0.0339", sd="0.0205", status="done"),
    ),
    "spread-kind": (
        SEEDS.format(mean="+0.0339", sd="0.0205", status="done"), 6,
        SEEDS.format(mean="+0.0339", sd="0.0251", status="done"),
    ),
    "signs-disagree": (
        "- seed deltas: +0.01, +0.02, -0.03\n- signs: 3+/0-\n", 2,
        "- seed deltas: +0.01, +0.02, -0.03\n- signs: 2+/1-\n",
    ),
    "change-disagrees": (
        TABLE.format(base="1.2848", new="0.8430", delta="-43.4%"), 3,
        TABLE.format(base="1.2848", new="0.8430", delta="-34.4%"),
    ),
    "count-and-rate": ("- solved 80/429 (28.6%)\n", 1, "- solved 80/429 (18.6%), 27/100 (73.0%) unsolved\n"),
    "row-breaks-column": (
        RATIOS.format(odd="114.0"), 4,
        RATIOS.format(odd="341.9"),
    ),
    "p-value-disagrees": ("The gain holds, t(9) = 1.20, p = .01.\n", 1, "The gain holds, t(9) = 2.40, p = .04; "
        "one-sided t(9) = 1.90, p = .045.\n"),
    "share-twice": (
        "- one: 0.817 (81.7%)\n- two: 0.834 (84.3%)\n", 2, "- one: 0.817 (81.7%)\n- two: 0.834 (83.4%)\n",
    ),
    "impossible-share": ("- accuracy = 0.347 on 50 problems\n", 1, "- accuracy = 0.340 on 50 problems\n- mean "
        "accuracy = 0.347 on 50 problems over 3 seeds\n"),
    "drift": (
        RANGE.format(low="0.64", high="0.68"), 3,
        RANGE.format(low="0.62", high="0.65"),
    ),
    "recomputed": ("- seed deltas: +0.01, +0.02, -0.03\n", 1, "- learning rates per seed: 0.01, 0.02, 0.03\n"),
    "granularity": (
        "- seed deltas: +0.0156, +0.0234, +0.0625\n", 1,
        "- seed deltas: +0.0151, +0.0238, +0.0621\n",
    ),
    "loss-and-perplexity": ("- Final: loss=0.9169, perplexity=2.5015\n", 1, "- Final: loss=0.9169, "
        "perplexity=3.1415\n"),
    "unequal-budgets": (
        ROUND.format(stage="quick", seeds="5 seeds", word="medium"), 10,
        ROUND.format(stage="medium", seeds="5 seeds", word="medium"),
    ),
    "baselines-differ": (
        BASES.format(base="2.6565", new="2.4440"), 15,
        BASES.format(base="2.0357", new="1.8728"),
    ),
    "subset-against-full": (
        SUBSET.format(base="2.8469", new="2.7252", delta="-0.1217"), 6,
        SUBSET.format(base="2.7252", new="2.8469", delta="+0.1217"),
    ),
    "same-seeds": (
        ROUND.format(stage="medium", seeds="single seed", word="medium confirmed"), 9,
        ROUND.format(stage="medium", seeds="8 seeds", word="medium confirmed"),
    ),
    "few-seeds": (
        SEEDS.format(mean="+0.0339", sd="0.0205", status="success / stable positive"), 8,
        SEEDS.format(mean="+0.0339", sd="0.0205", status="positive, not yet a stable gain"),
    ),
    "no-seeds": ("# Log\n\n- The accuracy consistently beats its source by 0.12.\n", 3, "# Log\n\nFive seeds "
        "each.\n\n- The accuracy consistently beats its source by 0.12.\n"),
    "untested": ("# Log\n\nMixing improved the score significantly, by 0.4.\n", 3, "# Log\n\nMixing improved the "
        "score significantly, by 0.4 (p < .01).\n"),
    "no-effect-shown": (
        SEEDS.format(mean="+0.0339", sd="0.0205", status="no gain"), 8,
        SEEDS.format(mean="+0.0339", sd="0.0205", status="mixed"),
    ),
    "not-replicated": (
        TWICE.format(later="-0.0203"), 13,
        TWICE.format(later="+0.0203"),
    ),
    "within-noise": (
        "| Metric | Run 2 | Run 3 | Change |\n|---|---|---|---|\n| Violations | 87/429 | 80/429 | ✓ -8% |\n", 3,
        "| Metric | Run 2 | Run 3 | Change |\n|---|---|---|---|\n| Violations | 187/429 | 80/429 | ✓ -57% |\n",
    ),
    "best-of-many": ("- Best result at epoch 20: 69 violations, then worse\n", 1, "- Result at the last epoch: 69 "
        "violations\n- Best practice: evaluate at step 100\n"),
    "infrastructure": ("- accuracy 0.71; the baseline failed with OOM at bsz=10\n", 1, "- smaller "
        "batches avoid OOM in the baseline run\n"),
    "no-op": ("- `lstart=12`: exact tie with the baseline (`d_acc=0`)\n", 1, "- `lstart=12`: no exact tie; "
        "d_acc=0.004\n"),
    "identical-rows": (
        ROWS.format(acc="71.23", f1="64.51"), 4,
        ROWS.format(acc="71.23", f1="64.58"),
    ),
    "fewer-items": (
        "The old ranker has 41.2 on all 2,400 queries.\nThe new ranker was run on the first 150 queries and has 44.0.\n"
        "So the new ranker is 2.8 ahead.\n", 2,
        "The old ranker has 41.2 on all 2,400 queries.\nThe new ranker was run on all 2,400 queries and has 44.0.\n"
        "So the new ranker is 2.8 ahead.\n",
    ),
    "best-on-test": (
        "The model was scored on the test set after each of the 30 epochs; the peak is 64.8.\n"
        "The number we report is 64.8.\n", 2,
        "The model was scored on the dev set after each of the 30 epochs; the peak is 64.8.\n"
        "The number we report is 63.9, on the test set.\n",
    ),
    "winner-on-its-seeds": (
        "We tried 14 prompts on the 300 tickets.\nPrompt 5 came first with 71.7 %.\nWe report 71.7 % on these 300 "
        "tickets.\n", 3,
        "We tried 14 prompts on the 300 tickets.\nPrompt 5 came first with 71.7 %.\nWe report 69.4 % on 300 fresh "
        "tickets.\n",
    ),
    "kept-of-many": (
        "| Commit | Val bpb | Status |\n|---|---|---|\n| 1 | 0.998 | keep |\n| 2 | 1.002 | discard |\n| 3 | 0.997 "
            "| keep |\n"
        "| 4 | 1.003 | discard |\n| 5 | 1.001 | discard |\n", 5,
        "| Commit | Val bpb | Status |\n|---|---|---|\n| 1 | 0.998 | done |\n| 2 | 1.002 | done |\n| 3 | 0.997 | "
            "done |\n",
    ),
    "saturated": (
        "# Log\n\n- baseline quick: `98.83%`\n- all tested variants pruned (`+0.00pp`), no measurable gain\n", 3,
        "# Log\n\n- baseline quick: `58.83%`\n- all tested variants pruned (`+0.00pp`), no measurable gain\n",
    ),
}  # fmt: skip


HINTS = {"no-seeds", "untested"}
"""Rules that are never surer than a hint: another document may give what this one leaves out."""


def found(tmp_path: Path, text: str, name: str = "log.md", *, hints: bool = False) -> tuple[Finding, ...]:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return audit(open_logs([path]), hints=True) if hints else read_in(open_logs([path]))


def test_every_rule_has_a_log_where_it_fires_and_a_twin_where_it_does_not() -> None:
    elsewhere = {rule for rule, *_ in MORE.values()}
    assert sorted({*CASES, *elsewhere}) == sorted(rule.name for rule in RULES)


@pytest.mark.parametrize("rule", CASES)
def test_a_rule_fires_at_its_line_and_says_so(tmp_path: Path, rule: str) -> None:
    text, line, _ = CASES[rule]
    mine = [one for one in found(tmp_path, text, hints=rule in HINTS) if one.rule == rule]
    assert [one.place.line for one in mine] == [line]
    assert sentence(mine[0]).endswith(".")
    assert "None" not in sentence(mine[0])
    assert mine[0].place.text == text.split("\n")[line - 1].strip()


@pytest.mark.parametrize("rule", CASES)
def test_a_rule_is_silent_on_its_twin(tmp_path: Path, rule: str) -> None:
    assert [one for one in found(tmp_path, CASES[rule][2], hints=rule in HINTS) if one.rule == rule] == []


def test_an_average_that_one_row_does_not_have_is_named(tmp_path: Path) -> None:
    right, wrong = (found(tmp_path, MEANS.format(odd=odd)) for odd in ("62.47", "66.47"))
    assert [one.rule for one in right] == []
    assert {(one.rule, one.place.line) for one in wrong} == {("mean-disagrees", 6)}


def test_budgets_are_named_where_the_section_tells_them(tmp_path: Path) -> None:
    (one,) = [one for one in found(tmp_path, CASES["unequal-budgets"][0]) if one.rule == "unequal-budgets"]
    assert (one.facts["amount"], one.facts["base_amount"]) == (220, 80)
    assert [place.line for place in one.others] == [8, 6, 5]


def test_a_failure_that_the_text_itself_excuses_is_no_verdict(tmp_path: Path) -> None:
    excused = "- run aborted by lost connection; treated as infrastructure failure, no regression\n"
    drawn = "- the job timed out before its end, so it brings no gain\n"
    assert [(one.rule, one.level) for one in found(tmp_path, excused)] == [("infrastructure", "note")]
    assert [(one.rule, one.level) for one in found(tmp_path, drawn)] == [("failure-as-verdict", "fault")]


def test_arms_with_a_column_of_seeds_are_paired_seed_by_seed(tmp_path: Path) -> None:
    rows = "".join(
        f"{s},{arm},{v}\n"
        for s, b, v2 in ((0, 0.5, 0.52), (1, 0.6, 0.63), (2, 0.4, 0.41))
        for arm, v in (("baseline", b), ("new", v2))
    )
    (one,) = found(tmp_path, f"seed,arm,accuracy\n{rows}", "runs.csv")
    assert (one.rule, one.place.line, one.facts["seeds"]) == ("recomputed", 3, 3)
    assert one.facts["mean"] == pytest.approx(0.02)
    assert "'new' less 'baseline' in accuracy" in sentence(one)


def test_the_one_seed_that_a_log_names_anywhere_stands_for_all_of_it(tmp_path: Path) -> None:
    text = "# Log\n\n## Setup\n\n- Seed: 42\n\n## Results\n\n- a stable win: loss 1.51, better than the baseline\n"
    (one,) = found(tmp_path, text)
    assert (one.rule, one.place.line, one.others[0].line) == ("few-seeds", 9, 5)
    assert found(tmp_path, text.replace("Seed: 42", "Seeds: 42, 43, 44, 45, 46, 47")) == ()


def test_numbers_in_passing_are_no_list_of_seeds(tmp_path: Path) -> None:
    text = "- Mean delta: -0.005 with std 0.006\n- Two great runs (-0.010, -0.011), one bad (+0.004)\n"
    assert [one.rule for one in found(tmp_path, text)] == []


def test_three_of_three_seeds_is_what_chance_gives_in_a_quarter_of_cases(tmp_path: Path) -> None:
    (one,) = found(tmp_path, "# Log\n\n- accuracy +0.02, 3/3 seeds positive\n")
    assert (one.rule, one.facts["seeds"]) == ("few-seeds", 3)
    assert "25%" in sentence(one)
    assert found(tmp_path, "# Log\n\n- accuracy +0.02, 3/3 seeds positive (sign-flip p = 0.25, the floor)\n") == ()
    assert found(tmp_path, "# Log\n\n- the plan requires 3/3 seeds positive\n") == ()


def test_the_page_of_rules_lists_all_of_them() -> None:
    page = (Path(__file__).resolve().parents[3] / "docs" / "audit.md").read_text()
    assert all(f"| `{rule.name}` | {rule.about} |" in page for rule in RULES)
