"""A finding only where the text leaves no doubt: each rule on a log where it does not, and on a twin where it does."""

from __future__ import annotations

from pathlib import Path

import pytest

from evenhand.audit.check import audit, sentence
from evenhand.audit.finding import Finding, Rule, place_of
from evenhand.audit.reading.opened import open_logs
from evenhand.audit.text.log import Log
from evenhand.audit.told.shares.counted import counted_in_tables

STEADY = "# Log\n\n## Run ({seeds})\n\n- mixing is a {word} gain: loss 1.51 against 1.53\n{after}"
DRIFT = "| Model | Recall@5 | MRR |\n|---|---|---|\n| dense | 0.604 | 0.402 |\n| hard | 0.641 | 0.433 |\n"
PAGE = (
    "# Runs\n\n- dense: Recall@5 0.604, MRR 0.402\n- hard: Recall@5 0.641, MRR 0.433\n- both: Recall@5 0.676, MRR {}\n"
)
SPAN = (
    "# Report\n\n- Bridged runs{colon} bridged accuracy 0.64-0.68{rest}\n\n"
    "| Run ID | Bridged Acc |\n|---|---|\n| bridged_full | 0.645 |\n| bridged_one | 0.625 |\n"
)
KEPT = "commit\tval_bpb\tstatus\n1\t0.998\tkeep\n2\t1.002\tdiscard\n3\t0.997\tkeep\n4\t{a}\tdiscard\n5\t{b}\tdiscard\n"
LISTED = "# Log\n\n## Options\n\n- Result:\n  - seed deltas: -0.01, +0.02, -0.03\n{}\n## Other\n\n- more\n"
TWINS = (
    "| Model | split | acc | F1 |\n|---|---|---|---|\n| a | one | 0.8771 | 0.8043 |\n| b | one | 0.8771 | 0.8043 |\n"
)

LEVELS: dict[str, tuple[str, dict[str, str], dict[str, str]]] = {
    "seeds in a heading above, and none beside a result": (
        "few-seeds", {"a.md": STEADY.format(seeds="3 seeds", word="stable", after="")},
        {"a.md": "# Log\n\n## Run\n\nOver 3 seeds.\n" + "\n- note\n" * 9 + "- mixing is a stable gain: loss 1.51\n"},
    ),
    "a word for steadiness, and one of size": (
        "few-seeds", {"a.md": STEADY.format(seeds="single seed", word="strong", after="")},
        {"a.md": "# Log\n\n- Seed: 42\n- it strongly outperforms the baseline: loss 1.51 against 1.53\n"},
    ),
    "a result that the lines around do not take back": (
        "few-seeds", {"a.md": STEADY.format(seeds="3 seeds", word="consistent", after="- more of it later\n")},
        {"a.md": STEADY.format(seeds="3 seeds", word="consistent", after="- so far it is not a result\n")},
    ),
    "one arm that has another result alike, and one that has not": (
        "drift", {"a.md": f"{DRIFT}| both | 0.667 | 0.451 |\n", "b.md": PAGE.format("0.451")},
        {"a.md": f"{DRIFT}| both | 0.667 | 9.9 |\n| last | 0.688 | 0.461 |\n",
         "b.md": PAGE.format("450") + "- last: Recall@5 0.688, MRR 0.461\n"},
    ),
    "a range of the rows that it names, and one set against something": (
        "drift", {"a.md": SPAN.format(colon=":", rest=", above the source")},
        {"a.md": SPAN.format(colon="", rest=" vs 0.625")},
    ),
    "points, and a factor": (
        "change-disagrees", {"a.md": "- accuracy 76.1% -> 72.9% (-4.2 pp)\n"},
        {"a.md": "- accuracy 40.0% -> 60.0% (1.9x)\n"},
    ),
    "no gain beside its differences, and in a sentence near them": (
        "no-effect-shown", {"a.md": LISTED.format("- Status: no gain\n")},
        {"a.md": LISTED.format("\nLater it had no effect on length.\n")},
    ),
    "a failure a verdict is drawn from, and one that may be the idea's": (
        "failure-as-verdict", {"a.md": "- variant C: API returned 403 for half of the items, so instructions hurt\n"},
        {"a.md": "- variant C: API returned 403 for some items, probably, so instructions hurt\n"},
    ),
    "a cell that tells of a failure, and one that gives a reason": (
        "infrastructure", {"a.md": "| arm | acc | note |\n|---|---|---|\n| b | 0.71 | |\n| a | — | run died: OOM |\n"},
        {"a.md": "| arm | acc | note |\n|---|---|---|\n| a | 0.71 | a model small enough to fit the memory of this "
            "card after OOM with the larger one |\n"},
    ),
    "a tie with its zero, and one without": (
        "no-op", {"a.md": "- `lstart=12`: exact tie with the baseline (`d_acc=0`)\n"},
        {"a.md": "- r1/r2: exact tie on token/seq acc with the baseline\n"},
    ),
    "a best and what came after it, and one that is a rival's": (
        "best-of-many", {"a.md": "- best accuracy 0.71 at epoch 20, then worse\n"},
        {"a.md": "- behind the current best: loss 3.386 vs 3.357 at step 360, then worse\n"},
    ),
    "outputs whose result is told, and outputs that are to be the same": (
        "no-op", {"a.md": "- mixup: scores bit-identical to the baseline, accuracy 0.7120\n"},
        {"a.md": "- Validate that scores are bit-identical to the baseline.\n"},
    ),
    "winners that are confirmed, and a check that confirms": (
        "same-seeds",
        {"a.md": "# R (one seed)\n\n- quick screening first\n- medium confirmed gains:\n  - `a`: 0.31 (+7.3pp)\n"},
        {"a.md": "# R (one seed)\n\n- a separate quick check\n- Check 4 confirms gains:\n  - `a`: 0.31 (+7.3pp)\n"},
    ),
    "the best of so many, and a best alone": (
        "best-of-many", {"a.md": "- best `+1.5pp` of 12 variants\n"}, {"a.md": "- best XLM +25.5%\n"},
    ),
    "arms alike wherever both stand, and arms that differ elsewhere": (
        "identical-rows", {"a.md": TWINS},
        {"a.md": TWINS + "| a | two | 0.917 | 0.909 |\n| b | two | 0.917 | 0.908 |\n"},
    ),
    "arms alike on many items, and on so few that both make the same errors": (
        "identical-rows", {"a.md": TWINS},
        {"a.md": TWINS.replace("0.8771", "98.75%").replace("0.8043", "96.77%")},
    ),
    "arms alike, and arms alike on as few items as the text tells of": (
        "identical-rows", {"a.md": TWINS}, {"a.md": "On 80 test items:\n\n" + TWINS},
    ),
    "a best on the test set, and a best that validation data chose": (
        "best-of-many", {"a.md": "- best test accuracy 0.71 at epoch 20, then worse\n"},
        {"a.md": "- best val accuracy 0.71 at epoch 20, then worse\n"},
    ),
    "a best with what it fell to, and a best before something else": (
        "best-of-many", {"a.md": "- best accuracy 0.71 at epoch 20, then 0.68\n"},
        {"a.md": "- best accuracy 0.71 at epoch 20\n- then the learning rate was lowered\n"},
    ),
    "a log without a word of seeds": (
        "no-seeds", {}, {"a.md": "- The accuracy consistently beats its source by 0.12.\n"}
    ),
    "significant without a test": ("untested", {}, {"a.md": "- Mixing improved the score significantly, by 0.4.\n"}),
}  # fmt: skip


def found(folder: Path, files: dict[str, str], *, hints: bool = False) -> list[Finding]:
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return list(audit(open_logs([folder / name for name in files]), hints=hints))


@pytest.mark.parametrize("what", LEVELS)
def test_what_the_text_leaves_open_is_a_hint_and_its_twin_a_finding(tmp_path: Path, what: str) -> None:
    rule, sure, open_ = LEVELS[what]
    if sure:
        told = [one for one in found(tmp_path, sure, hints=True) if one.rule == rule]
        assert [one.level != "hint" or one.unproven for one in told] == [True]
    assert [one.rule for one in found(tmp_path, open_) if one.rule == rule] == []
    assert {one.level for one in found(tmp_path, open_, hints=True) if one.rule == rule} <= {"hint"}


def test_what_a_reading_finds_that_is_not_proven_is_a_hint_and_no_more(tmp_path: Path) -> None:
    text = "# R\n\nThe tuned arm had 0.71, 0.73 and 0.75 over seeds 0, 1 and 2; its clean mean is 0.78.\n"
    assert found(tmp_path, {"a.md": text}) == []
    (one,) = [f for f in found(tmp_path, {"a.md": text}, hints=True) if f.rule == "mean-disagrees"]
    assert (one.level, one.unproven) == ("hint", True)
    notes = "".join(f"\nDay {k}: read the paper.\n" for k in range(100))
    assert [f for f in found(tmp_path, {"a.md": text + notes}, hints=True) if f.rule == "mean-disagrees"] == []


@pytest.mark.parametrize(
    "text",
    [
        "- the middle blocks, 6–23 out of 30 (60% of the blocks)\n",
        "| Dataset | Epochs | Baseline | Ours |\n|---|---|---|---|\n| digits | 5 | 99.13% | 98.89% |\n"
        "| clothes | 10 | 92.30% | 92.41% |\n",
        "| bias | before | after | ratio |\n|---|---|---|---|\n| a | 33.0 | 29.7 | 0.90 |\n| b | 69.2 | 54.6 | 0.79 |\n"
        "| c | 26.8 | 11.3 | 0.42 |\n| d | 13.7 | 7.1 | 0.52 |\n| e | 6.6 | 4.6 | 0.70 |\n| f | 32.9 | 38.4 | 1.17 |\n"
        "| g | 34.9 | 41.6 | 1.19 |\n| h | 40.0 | 30.0 | 0.75 |\n| **avg** | 32.1 | 27.2 | 0.80 |\n",
        "Five seeds each.\n\n| arm | loss |\n|---|---|\n| stock | 673.07 ± 6.22 |\n| **ours** | **670.72 ± 7.22** |\n\n"
        "- a direction, not yet significant: the gap is inside the seed std\n",
    ],
)
def test_what_only_looks_like_a_fault_is_named_by_nobody(tmp_path: Path, text: str) -> None:
    assert [one for one in found(tmp_path, {"a.md": "# R\n\n" + text}) if one.level != "note"] == []


def test_a_setting_is_no_count(tmp_path: Path) -> None:
    rows = ((20, 40, 0.5), (20, 80, 0.25), (20, 100, 0.2), (20, 125, 0.16), (20, 100, 0.31))
    told = {}
    for name in ("k", "top_k"):
        text = f"run,{name},n,accuracy\n" + "".join(f"r{i},{k},{n},{rate}\n" for i, (k, n, rate) in enumerate(rows))
        (tmp_path / "a.csv").write_text(text, encoding="utf-8")
        told[name] = len(list(counted_in_tables(open_logs([tmp_path / "a.csv"])[0])))
    assert told == {"k": 1, "top_k": 0}


def test_runs_that_were_broken_off_were_not_judged(tmp_path: Path) -> None:
    (one,) = found(tmp_path, {"a.tsv": KEPT.format(a="1.003", b="1.001")})
    assert (one.rule, one.facts["kept"], one.facts["tried"]) == ("kept-of-many", 2, 5)
    assert found(tmp_path, {"a.tsv": KEPT.format(a="0.000", b="1.001")}) == []


def test_what_was_chosen_and_then_tested_was_not_chosen_on_the_test_set(tmp_path: Path) -> None:
    assert (
        found(tmp_path, {"a.md": "# R\n\nThe selected model made 5 errors on the test split (3 missed, 2.5 %).\n"})
        == []
    )


SETTINGS = (
    "# R, 2 seeds\n\nThe successful run used:\n\n- push delta velocity: `[-0.35, 0.35] m/s`\n- lead: 5739 − 5633.5\n"
)


def test_bounds_of_settings_and_subtractions_are_no_results_over_seeds(tmp_path: Path) -> None:
    assert found(tmp_path, {"a.md": SETTINGS}) == []
    (one,) = found(tmp_path, {"a.md": "# R\n\n- seed deltas: -0.35, 0.31\n"})
    assert one.rule == "recomputed"


def test_recall_over_several_documents_and_tables_with_their_number_of_items_tell_no_other(tmp_path: Path) -> None:
    shares = (13, 29, 41, 77, 101, 119, 143, 160)
    table = "| arm | {} | n |\n|---|---|---|\n" + "".join(f"| a{k} | {k / 229:.4f} | {{}} |\n" for k in shares)
    items = [229] * len(shares)
    (one,) = found(tmp_path, {"a.md": table.format("accuracy", *items)})
    assert (one.rule, one.facts["items"]) == ("granularity", 229)
    assert found(tmp_path, {"a.md": table.format("accuracy", *[57] * len(shares))}) == []
    assert found(tmp_path, {"a.md": table.format("Recall@50", *items)}) == []


def test_columns_of_several_splits_and_points_without_their_unit_tell_no_items(tmp_path: Path) -> None:
    shares = ((357, 87, 178), (387, 95, 190), (384, 94, 192), (393, 98, 195))
    rows = "".join(f"| {k} | {a / 400:.4f} | {b / 100:.3f} | {c / 200:.3f} |\n" for k, (a, b, c) in enumerate(shares))
    table = "| Layer | {} | {} | {} |\n|---|---|---|---|\n" + rows
    assert found(tmp_path, {"a.md": table.format("Train Acc", "Val Acc", "Test Acc")}) == []
    assert found(tmp_path, {"a.md": table.format("acc a", "acc b", "acc c")}) == []  # nor those of other numbers
    rows = "".join(f"| {k} | {a / 400:.4f} | {(4 * b - 1) / 400:.4f} |\n" for k, (a, b, _) in enumerate(shares))
    table = "| Layer | acc a | acc b |\n|---|---|---|\n" + rows
    assert [one.rule for one in found(tmp_path, {"a.md": table})] == ["granularity"]
    seeds = "{}:\n\n| n | Seed 7 | Seed 17 | Seed 27 |\n|---|---|---|---|\n| 4 | +0.574205 | +0.397527 | -0.353357 |\n"
    assert found(tmp_path, {"a.md": seeds.format("Differences in percentage points")}) == []
    assert [one.rule for one in found(tmp_path, {"a.md": seeds.format("Shares")})] == ["granularity"]


def test_fields_of_two_arms_are_no_columns_that_follow_from_each_other(tmp_path: Path) -> None:
    rows = [
        f'{{"a": {{"ndcg": {0.2 + k / 100}, "gain": {gain}}}, "b": {{"base": {0.17 + k / 300:.4f}}}}}'
        for k, gain in enumerate((0.03, 0.0367, 0.0433, 0.05, 0.0899))
    ]
    assert [one for one in found(tmp_path, {"a.json": "[" + ",\n".join(rows) + "]"}) if one.level == "fault"] == []


def test_pairs_of_arms_alike_in_one_table_are_told_once(tmp_path: Path) -> None:
    arms = (("a", "61.273 | 41.519"), ("b", "63.117 | 43.891"), ("c", "67.339 | 47.207"))
    rows = "".join(f"| {name} | {values} |\n| {name} again | {values} |\n" for name, values in arms)
    (one,) = found(tmp_path, {"a.md": "| Method | acc | F1 |\n|---|---|---|\n" + rows})
    assert (one.place.line, [place.line for place in one.others]) == (4, [3, 6, 8])
    also = "in none of them; 2 more rows of this table have those of an earlier one, too (lines 6, 8)."
    assert sentence(one).endswith(also)


def test_a_drop_from_peak_to_final_is_no_peak_beside_its_final_value(tmp_path: Path) -> None:
    table = "| arm | {} |\n|---|---|\n| a | {} |\n"
    assert found(tmp_path, {"a.md": table.format("Drop (peak → final)", "0.046 ± 0.036")}) == []
    (one,) = found(tmp_path, {"a.md": table.format("Acc (peak → final)", "0.746 → 0.736")})
    assert (one.rule, one.facts["final"]) == ("best-of-many", 0.736)


def test_the_number_of_an_experiment_is_no_base_of_a_change(tmp_path: Path) -> None:
    assert found(tmp_path, {"a.md": "- 0.8432 (experiment 002) → 0.8448 (+0.16 pp): a little better\n"}) == []


def test_memory_that_ran_out_in_running_prose_is_a_hint(tmp_path: Path) -> None:
    said = "accuracy 0.71\n\n{}all 48 layers stayed and the run OOMed at 22.41 GB."
    assert found(tmp_path, {"a.md": said.format("")}) == []
    assert [one.rule for one in found(tmp_path, {"a.md": said.format("- ")})] == ["infrastructure"]


def test_what_is_repeated_on_purpose_is_no_variant(tmp_path: Path) -> None:
    text = '{{"{}": {{"losses": [1.301, 0.678, 1.191]}}, "{}": {{"losses": [1.301, 0.678, 1.191]}}}}'
    assert found(tmp_path, {"a.json": text.format("a", "b")}) == []
    (one,) = found(tmp_path, {"a.json": text.format("base", "mixup")})
    assert one.rule == "no-op"
    assert found(tmp_path, {"certificate.json": text.format("base", "mixup")}) == []


def test_two_results_alike_in_a_long_table_of_near_ones_may_be_so_by_chance(tmp_path: Path) -> None:
    rows = "".join(f"| r{k} | 0.3{60 + k % 7}1 | 0.2{70 + k % 5}3 |\n" for k in range(40))
    table = "| Run | log loss | imm |\n|---|---|---|\n" + rows
    assert [one for one in found(tmp_path, {"a.md": table}) if one.rule == "identical-rows"] == []


def test_a_row_of_seeds_is_named_by_its_column_and_number(tmp_path: Path) -> None:
    head = "| k-shot | Seed 0 | Seed 1 | Seed 2 | Average |\n|---|---|---|---|---|\n"
    table = head + "| 5 | 0.533 | 0.627 | 0.553 | 0.571 |\n"
    (one,) = [one for one in found(tmp_path, {"a.md": table}) if one.rule == "recomputed"]
    assert "'k-shot 5' sd 0.0495" in sentence(one)


def test_the_level_of_an_interval_is_no_mean(tmp_path: Path) -> None:
    text = "- Per-seed accuracy: 90.02%, 90.14%, 86.88%\n- Mean ± 95% CI: {} (95% CI: [84.3%, 93.7%])\n"
    assert [one for one in found(tmp_path, {"a.md": text.format("89.01%")}) if one.level == "fault"] == []


def test_two_steps_with_a_stroke_between_are_no_count(tmp_path: Path) -> None:
    assert found(tmp_path, {"a.md": "- it collapsed at steps 80/100: 69.9% → 45.9%\n"}) == []
    (one,) = found(tmp_path, {"a.md": "- it solved 67/80 (81.3%)\n"})
    assert one.rule == "count-and-rate"


def test_a_remark_behind_a_mark_counts_with_it(tmp_path: Path) -> None:
    text = KEPT.format(a="1.003", b="1.001").replace("1.003\tdiscard", "1.003\tdiscard (within noise)")
    (one,) = found(tmp_path, {"a.tsv": text})
    assert one.facts["tried"] == 5


def test_instants_of_a_trace_are_no_columns_that_follow_from_each_other(tmp_path: Path) -> None:
    spans = ((12, 96.2), (34, 71.4), (58, 88.1), (77, 63.9))
    rows = "".join(f"{at},{at + span},{span}\n" for at, span in spans) + "90,192.5,96.2\n"
    assert found(tmp_path, {"a.csv": "start_ms,end_ms,compute_ms\n" + rows}) == []
    head = "| a | b | gap |\n|---|---|---|\n"
    (one,) = found(
        tmp_path, {"b.md": head + "".join(f"| {' | '.join(row.split(','))} |\n" for row in rows.splitlines())}
    )
    assert one.rule == "row-breaks-column"


def test_runs_that_another_column_chose_were_not_chosen_by_this_one(tmp_path: Path) -> None:
    assert found(tmp_path, {"a.tsv": KEPT.format(a="0.996", b="1.001")}) == []
    speed = KEPT.format(a="1.003", b="1.001").replace("val_bpb", "accept_length")
    assert found(tmp_path, {"a.tsv": speed}) == []


def test_failed_runs_of_one_table_are_told_once_with_their_lines(tmp_path: Path) -> None:
    crash = "".join(f"{number}\t0.000\tcrash\n" for number in (6, 7, 8))
    text = KEPT.format(a="1.003", b="1.001") + crash
    (note,) = [one for one in found(tmp_path, {"a.tsv": text}) if one.level == "note"]
    assert (note.place.line, [place.line for place in note.others]) == (7, [8, 9])
    assert sentence(note).endswith("no mean and no best; the same holds for 2 others (lines 8, 9).")


def test_example_rows_in_instructions_are_no_runs(tmp_path: Path) -> None:
    text = "# Program\n\n```\ncommit\tval_bpb\tstatus\nc1\t0.9\tkeep\nc2\t0.8\tkeep\nc3\t1.0\tdiscard\n"
    text += "d4\t0.000\tcrash\n```\n"
    assert found(tmp_path, {"a.md": text}, hints=True) == []


def test_a_common_multiple_of_several_sets_is_no_number_of_items(tmp_path: Path) -> None:
    rows = "".join(
        f"| a{at} | {part / whole:.4f} |\n"
        for at, (part, whole) in enumerate(
            ((13, 30), (9, 20), (5, 24), (7, 10), (11, 24), (17, 30), (19, 30), (7, 24), (11, 20), (1, 30))
        )
    )
    table = "| Model | accuracy |\n|---|---|\n"
    assert found(tmp_path, {"a.md": table + rows}) == []
    assert found(tmp_path, {"a.md": f"{table}{rows}| b | {7 / 120:.4f} |\n"}) == []
    rows += "".join(f"| b{part} | {part / 120:.4f} |\n" for part in (7, 11, 49, 73))
    (one,) = found(tmp_path, {"a.md": table + rows})
    assert (one.rule, one.facts["items"]) == ("granularity", 120)


def test_findings_in_json_stand_at_the_line_of_what_they_mean(tmp_path: Path) -> None:
    rows = [f'  {{"seed": {seed}, "base": 0.5{seed}1,\n   "new": 0.6{3 * seed}3}}' for seed in (1, 2, 3)]
    text = '{\n "about": "runs, of {3} seeds",\n "runs": [\n' + ",\n".join(rows) + "\n ]\n}\n"
    (one,) = found(tmp_path, {"a.json": text})
    assert (one.rule, one.place.line, one.place.text) == ("recomputed", 5, '"new": 0.633},')


def test_columns_of_json_that_are_one_result_stand_where_the_second_of_them_is(tmp_path: Path) -> None:
    rows = [f' "{name}": {{\n  "val_loss": {loss},\n  "val_ppl": {ppl}\n }}' for name, loss, ppl in (
        ("a", "2.3026", "10.00"), ("b", "1.6094", "5.00"), ("c", "0.6931", "2.00")
    )]  # fmt: skip
    text = '{\n "sizes": {"train": 80},\n' + ",\n".join(rows) + "\n}\n"
    (one,) = found(tmp_path, {"a.json": text})
    assert (one.rule, one.place.line, one.place.text) == ("loss-and-perplexity", 5, '"val_ppl": 10.00')


def test_kept_runs_that_were_not_the_best_so_far_were_chosen_by_something_else(tmp_path: Path) -> None:
    head = "name\texact_acc\tcategory_acc\tstatus\n"
    rows = ("json\t65.75\t86.0\tkeep", "short\t76.50\t87.0\tkeep", "a\t65.25\t85.0\tdiscard")
    rows += ("b\t74.25\t85.5\tdiscard", "c\t51.00\t85.1\tdiscard")
    assert found(tmp_path, {"a.tsv": head + "\n".join(rows) + "\n"}) == []
    runs = ((0.99, "keep"), (0.96, "discard"), (0.95, "discard"), (0.97, "keep"), (0.94, "keep"), (0.98, "discard"))
    text = "commit\tval_bpb\tstatus\n" + "".join(f"{at}\t{value}\t{mark}\n" for at, (value, mark) in enumerate(runs))
    assert found(tmp_path, {"a.tsv": text}) == []


def test_a_program_that_wrote_its_records_makes_no_slip_in_one_of_them(tmp_path: Path) -> None:
    rows = [(0.2 + k / 100, 0.17 + k / 300, 0.03 + k / 150) for k in range(4)] + [(0.31, 0.18, 0.15)]
    head = "| a | b | gap |\n|---|---|---|\n"
    table = head + "".join(f"| {a:.4f} | {b:.4f} | {a - b if a != 0.31 else c:+.4f} |\n" for a, b, c in rows)
    assert [one.rule for one in found(tmp_path, {"a.md": table})] == ["row-breaks-column"]
    records = ",\n".join(f'{{"a": {a:.4f}, "b": {b:.4f}, "gap": {a - b if a != 0.31 else c:.4f}}}' for a, b, c in rows)
    assert found(tmp_path, {"a.json": f"[{records}]"}) == []


def test_steps_that_are_not_those_of_the_items_that_the_text_tells_of_name_no_other_number(tmp_path: Path) -> None:
    shares = (13, 29, 41, 77, 101, 119, 143, 160)
    table = "| arm | accuracy |\n|---|---|\n" + "".join(f"| a{k} | {k / 229:.4f} |\n" for k in shares)
    for said in ("", "On 229 questions:\n\n", "On 458 test questions, twice each:\n\n"):
        assert [one.rule for one in found(tmp_path, {"a.md": said + table})] == ["granularity"]
    assert found(tmp_path, {"a.md": "On 300 questions:\n\n" + table}) == []


def test_a_p_value_with_its_power_of_ten_is_read_with_it(tmp_path: Path) -> None:
    for exponent in ("×10⁻⁴", " x 10^-4", "·10^{-4}"):
        assert found(tmp_path, {"a.md": f"It differs, t(13) = −4.74, p = 3.9{exponent}, from zero.\n"}) == []
    (one,) = found(tmp_path, {"a.md": "It differs, t(13) = −4.74, p = .039, from zero.\n"})
    assert one.rule == "p-value-disagrees"


def test_a_curve_that_peaks_at_a_step_is_no_best_result(tmp_path: Path) -> None:
    assert found(tmp_path, {"a.md": "- Both benchmarks peak at step 200 and stay flat through 420, then drop.\n"}) == []
    (one,) = found(tmp_path, {"a.md": "- Both benchmarks peak at step 200 with 0.588, then drop.\n"})
    assert one.rule == "best-of-many"


def test_a_failure_that_is_over_and_one_of_a_test_cost_no_result(tmp_path: Path) -> None:
    assert found(tmp_path, {"a.md": "accuracy 0.71\n\n- a fresh run which previously OOMed now completes.\n"}) == []
    assert found(tmp_path, {"a.md": "accuracy 0.71\n\n- the job timed out, then the resumed job completed.\n"}) == []
    table = "| id | test | status | note |\n|---|---|---|---|\n| 1 | {} | {} | run died: OOM on eval |\n"
    assert found(tmp_path, {"a.md": table.format("`test_smoke`", "green")}) == []
    assert [one.rule for one in found(tmp_path, {"a.md": table.format("—", "lost") + "| 2 | 0.713 | | |\n"})] == [
        "infrastructure"
    ]


def test_in_data_the_largest_number_of_items_stands_for_those_that_divide_it(tmp_path: Path) -> None:
    folds = {"a": (267, 258, 265, 277, 263), "b": (130, 126, 138, 136, 122)}
    lists = ",\n".join(
        f' "{name}": {{"accuracies": {[part / (300 if name == "a" else 150) for part in parts]}, '
        '"mean": 0.7, "std": 0.1}'
        for name, parts in folds.items()
    )
    told = [one for one in found(tmp_path, {"a.json": f"{{\n{lists}\n}}\n"}) if one.rule == "granularity"]
    assert [one.facts["items"] for one in told] == [300]


def test_what_is_confirmed_without_a_gain_is_no_winner(tmp_path: Path) -> None:
    said = (
        "# R (screening, n=1)\n\n- quick screening first\n- idea confirmed across models{}\n  - cos(a, b) = 0.994{}\n"
    )
    assert found(tmp_path, {"a.md": said.format(":", "")}) == []
    assert [one.rule for one in found(tmp_path, {"a.md": said.format(":", " (+7.3pp)")})] == ["same-seeds"]


def test_two_metrics_that_are_alike_are_no_two_arms(tmp_path: Path) -> None:
    text = '{{"{}": {{"values": [1.301, 0.678, 1.191]}}, "{}": {{"values": [1.301, 0.678, 1.191]}}}}'
    assert [
        one for one in found(tmp_path, {"a.json": text.format("overload", "violation")}) if one.rule == "no-op"
    ] == []


def test_a_spread_is_no_mean_and_the_name_of_a_seed_no_value(tmp_path: Path) -> None:
    text = (
        "- **Finding (3-seed):** b has a lower mean AND lower variance than c. Task varies (±11.7): 42 fell.\n"
        "- **Per-seed (c):** 7: task=38.1, coh=82.5 | 42: task=18.1, coh=66.9 | 9: task=38.8, coh=48.1\n"
    )
    assert [one for one in found(tmp_path, {"a.md": text}) if one.level == "fault"] == []
    (one,) = [
        one for one in found(tmp_path, {"a.md": "- seeds: 0.71, 0.75, 0.73, mean 0.77\n"}) if one.level == "fault"
    ]
    assert one.rule == "mean-disagrees"


def test_a_threshold_in_the_column_of_means_is_no_mean(tmp_path: Path) -> None:
    head = "| Metric | Seed 0 | Seed 1 | Seed 2 | Mean / Status |\n|---|---|---|---|---|\n"
    table = head + "| acc | 83.8% | 67.6% | 59.0% | {} |\n"
    assert found(tmp_path, {"a.md": table.format("Gate ≥ 80%")}) == []
    assert [one.level for one in found(tmp_path, {"a.md": table.format("80.1%")})] == ["fault"]


def test_a_digit_that_was_cut_off_is_no_drift(tmp_path: Path) -> None:
    page = DRIFT + "| both | 0.667 | 0.451 |\n"
    data = "Model,Recall@5,MRR\ndense,0.60441,0.40213\nhard,0.64112,0.43281\nboth,{},0.45121\n"
    assert found(tmp_path, {"a.md": page, "b.csv": data.format("0.66789")}) == []


def test_papers_that_are_cited_twice_are_no_rows_alike(tmp_path: Path) -> None:
    table = "| Model | Paper(s) |\n|---|---|\n| a | 2507.12314 |\n| b | 2507.12314 |\n"
    assert found(tmp_path, {"a.md": table}) == []


def test_what_stands_in_running_text_is_a_hint_and_in_a_point_of_a_list_a_finding(tmp_path: Path) -> None:
    said, more = "best accuracy 0.71 at epoch 20, then worse", "and the text went on from there to other things. "
    for text in (
        f"It was the {said},\n{more}\n",
        f"- It was the {said}; {more * 5}\n",
        f"- the {said}\n  {more * 5}\n",
    ):
        assert found(tmp_path, {"a.md": text}) == []
        assert [one.level for one in found(tmp_path, {"a.md": text}, hints=True)] == ["hint"]
    for text in (f"- {said}\n", f"It was the {said}.\n", f"# Run\n\n{said}\n- next\n"):
        assert [one.rule for one in found(tmp_path, {"a.md": text})] == ["best-of-many"]


def test_values_of_one_arm_set_against_those_of_another_are_no_differences(tmp_path: Path) -> None:
    said = "- The improvement is consistent across all 3 seeds: 520.2, 511.3, 516.1 vs. 594.3, 591.2, 597.4\n"
    assert [one for one in found(tmp_path, {"a.md": said}) if one.rule == "recomputed"] == []


def test_rows_at_the_ceiling_are_alike_by_themselves(tmp_path: Path) -> None:
    rows = "| Model | Acc | F1 | FPR |\n|---|---|---|---|\n| a | {0} | {0} | {1} |\n| b | {0} | {0} | {1} |\n"
    assert found(tmp_path, {"a.md": rows.format("0.9991", "0.0013")}) == []
    assert [one.rule for one in found(tmp_path, {"a.md": rows.format("0.8771", "0.1229")})] == ["identical-rows"]


def test_three_values_fit_too_many_numbers_of_items_to_tell_one(tmp_path: Path) -> None:
    assert (
        found(tmp_path, {"a.json": '{"accuracies": [0.9392, 0.9278, 0.9354], "mean": 0.9341, "std": 0.0058}\n'}) == []
    )


def test_two_runs_that_wrote_their_times_do_not_drift(tmp_path: Path) -> None:
    steps = "".join(f"- Step {at}: loss 0.{at}713, seconds {at}{{}}\n" for at in (1, 2, 3, 4, 5))
    assert found(tmp_path, {"log.txt": steps.format(*"11111"), "log_b.txt": steps.format(*"11112")}) == []


def test_a_spread_that_is_nearly_right_was_computed_from_more_digits(tmp_path: Path) -> None:
    text = '{{"accuracies": [0.7125, 0.5081, 0.6112], "mean": 0.6106, "std": {}}}\n'
    assert found(tmp_path, {"a.json": text.format("0.10225")}) == []
    assert [one.level for one in found(tmp_path, {"a.json": text.format("0.1322")})] == ["caution"]


def test_the_best_loss_of_a_run_that_overfits_is_what_a_checkpoint_is_chosen_by(tmp_path: Path) -> None:
    said = "- Final eval loss: 0.4055 (after overfitting; best eval_loss = 0.1723 at step 1120)\n"
    assert found(tmp_path, {"a.md": said}) == []


def test_a_rule_for_what_a_peak_is_tells_no_result(tmp_path: Path) -> None:
    said = "- Rule: peaks in window [200, 250], peak EM 0.35 by step 250, then worse.\n"
    assert found(tmp_path, {"a.md": said}) == []


def test_a_list_and_its_summary_are_no_two_arms(tmp_path: Path) -> None:
    text = '{"rule": {"precision": [1.301, 0.678, 1.191]}, "summary": {"precision": {"values": [1.301, 0.678, 1.191]}}}'
    assert [one for one in found(tmp_path, {"a.json": text}) if one.rule == "no-op"] == []


def test_a_column_without_the_name_of_a_difference_is_one_by_accident(tmp_path: Path) -> None:
    spans = ((3.701, 2.513), (4.327, 2.871), (5.189, 3.662), (6.913, 4.437))
    rows = "".join(f"| a{k} | {b} | {a} | {a - b:.3f} |\n" for k, (a, b) in enumerate(spans))
    rows += "| b | 1.141 | 1.622 | 0.631 |\n"
    for name, rules in (("MLU370", []), ("Gap", ["row-breaks-column"])):
        table = f"| Model | 910B | Max | {name} |\n|---|---|---|---|\n" + rows
        assert [one.rule for one in found(tmp_path, {"a.md": table})] == rules


def test_what_a_reading_over_sentences_finds_in_a_long_log_is_a_hint(tmp_path: Path) -> None:
    said = "Run C crashed with CUDA OOM after 10 steps, so the idea does not work.\n"
    notes = "".join(f"\nDay {k}: read the paper.\n" for k in range(100))
    (one,) = found(tmp_path, {"a.md": said})
    assert (one.rule, one.level) == ("failure-as-verdict", "fault")
    assert found(tmp_path, {"a.md": said + notes}) == []
    hints = {one.rule: one.level for one in audit(open_logs([tmp_path / "a.md"]), hints=True)}
    assert hints["failure-as-verdict"] == "hint"


def test_in_a_long_log_a_slip_is_told_where_one_digit_makes_it_right(tmp_path: Path) -> None:
    notes = "".join(f"\nDay {k}: read the paper.\n" for k in range(100))
    for told, aloud in (("28.6%", ["count-and-rate"]), ("21.9%", [])):
        said = f"- accuracy: 80/429 = {told}, 12.0% left out\n"
        assert [one.rule for one in found(tmp_path, {"a.md": said + notes})] == aloud
        assert [one.rule for one in found(tmp_path, {"a.md": said})] == ["count-and-rate"]


def test_in_long_logs_a_number_that_drifted_by_a_digit_is_told(tmp_path: Path) -> None:
    notes = "".join(f"\nDay {k}: read the paper.\n" for k in range(100))
    files = {"a.md": f"{DRIFT}| both | 0.667 | 0.451 |\n{notes}", "b.md": PAGE.format("0.451") + notes}
    assert [one.rule for one in found(tmp_path, files)] == ["drift"]


@pytest.mark.parametrize(("apart", "long", "level"), [(5, 20, "caution"), (30, 20, "hint"), (5, 300, "hint")])
def test_a_statement_is_short_and_stands_near_what_it_is_set_against(
    tmp_path: Path, apart: int, long: int, level: str
) -> None:
    (tmp_path / "a.md").write_text("- " + "x" * long + "\n" + "- note\n" * 40)

    def check(logs: list[Log]) -> list[Finding]:
        there = place_of(logs[0], 1 + apart)
        return [Finding("made-up", "caution", place_of(logs[0], 1), others=(there,), anywhere=True)]

    rule = Rule("made-up", "Two lines.", check, lambda _one: "Two lines.", words=False)
    assert [one.level for one in audit(open_logs([tmp_path / "a.md"]), [rule], hints=True)] == [level]
