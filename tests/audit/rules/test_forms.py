"""The same faults in other forms: records, lists in JSON, tables in code and HTML, and sentences; each with a twin."""

from __future__ import annotations

from pathlib import Path

import pytest

from evenhand.audit.check import audit, sentence
from evenhand.audit.finding import Finding
from evenhand.audit.reading.opened import open_logs
from tests.audit.reading_of import read_in

STEPS = (
    "| Config | Epochs | Acc (%) | Δ vs base |\n|---|---|---|---|\n| base (r=8) | 2 | 41.25 | - |\n"
    "| r=16 | 2 | 42.00 | +0.75 |\n| r=32 | {epochs} | 45.50 | +4.25 |\n| r=64 | 2 | 46.75 | {delta} |\n"
)
HTML = (
    "<table>\n<tr><th>Arm</th><th>Steps</th><th>EM</th><th>Delta</th></tr>\n"
    "<tr><td>baseline</td><td>1000</td><td>52.0</td><td>-</td></tr>\n"
    "<tr><td><b>long prompt</b></td><td>{steps}</td><td>57.5</td><td>+5.5</td></tr>\n</table>\n"
)
RECORDS = "arm,seed,steps,acc\n" + "".join(
    f"{arm},{seed},{steps},{value}\n"
    for arm, steps, values in (("baseline", 2000, (0.612, 0.604, 0.621)), ("new", "{steps}", ("{a}", "{b}", "{c}")))
    for seed, value in enumerate(values)
)
LISTS = (
    '{{\n "mixup": {{"accs": [0.712, 0.699, 0.706], "mean": {mean}, "std": {std}}},\n'
    ' "plain": {{"accs": [{first}, 0.688, 0.694], "mean": 0.6943}}\n}}\n'
)
PAGE = (
    "# Runs\n\n- dense: Recall@5 0.604, MRR 0.402\n- hard: Recall@5 0.641, MRR 0.433\n"
    "- both: Recall@5 {both}, MRR 0.451\n"
)

MEANS = {"mean": "0.7057", "std": "0.0065", "first": "0.701"}
SAME = {"steps": 2000, "a": 0.622, "b": 0.611, "c": 0.619}

FORMS: dict[str, tuple[str, str, int, str, str]] = {
    "epochs of a row": (
        "unequal-budgets", "a.md", 5, STEPS.format(epochs=6, delta="+5.50"), STEPS.format(epochs=2, delta="+5.50")
    ),
    "a difference that is not to the baseline's row": (
        "change-disagrees", "a.md", 6, STEPS.format(epochs=2, delta="+4.50"), STEPS.format(epochs=2, delta="+5.50")
    ),
    "steps of records": (
        "unequal-budgets", "a.csv", 5, RECORDS.format(**SAME | {"steps": 6000}), RECORDS.format(**SAME)
    ),
    "tokens in a sentence": (
        "unequal-budgets", "a.md", 1,
        "T=4: trained for 600M tokens, baseline 200M tokens, val_loss 2.431 -> 2.318 (-0.113)\n",
        "T=4: trained for 200M tokens, baseline 200M tokens, val_loss 2.431 -> 2.318 (-0.113)\n",
    ),
    "an arm that repeats the baseline": (
        "no-op", "a.csv", 5, RECORDS.format(steps=2000, a=0.612, b=0.604, c=0.621), RECORDS.format(**SAME)
    ),
    "a mean of a list": (
        "mean-disagrees", "a.json", 2, LISTS.format(**MEANS | {"mean": "0.7157"}), LISTS.format(**MEANS)
    ),
    "a spread of a list": (
        "spread-kind", "a.json", 2, LISTS.format(**MEANS | {"std": "0.0301"}), LISTS.format(**MEANS)
    ),
    "a list on one line of many": (
        "mean-disagrees", "a.jsonl", 2,
        '{"arm": "a", "accs": [0.5, 0.75], "mean": 0.625}\n{"arm": "b", "accs": [0.5, 0.75], "mean": 0.725}\n',
        '{"arm": "a", "loss_curve": [0.5, 0.75], "mean": 0.7}\n{"arm": "b", "accs": [0.5, 0.75], "mean": 0.625}\n',
    ),
    "a mean that leads in its values": (
        "mean-disagrees", "a.md", 1, "- mean acc 0.4467, std 0.0076\n  - per-seed acc: 0.4375, 0.4425, 0.4525\n",
        "- mean acc 0.4467, std 0.0076\n  - per-seed acc: 0.4400, 0.4450, 0.4550\n",
    ),
    "points that are said last": (
        "change-disagrees", "a.md", 1, "Perplexity 26.6 -> 24.8, i.e. 6.8 points lower\n",
        "Perplexity 26.6 -> 24.8, i.e. 1.8 points lower\n",
    ),
    "points to a baseline": (
        "change-disagrees", "a.md", 1, "- baseline 76.13%, pruned 72.90%, a loss of 4.23 points\n",
        "- baseline 76.13%, pruned 72.90%, a loss of 3.23 points\n",
    ),
    "a ceiling": (
        "saturated", "a.md", 1, "- format reward is 1.000 for every arm, so the penalty has no effect\n",
        "- format reward is 0.640 for every arm, so the penalty has no effect\n",
    ),
    "chance": (
        "saturated", "a.md", 1, "SST: student 50.9, with KD 50.6: KD has no effect (chance is 50)\n",
        "SST: student 70.9, with KD 70.6: KD has no effect (chance is 50)\n",
    ),
    "a tie": (
        "no-op", "a.md", 1, "- dropout: identical results (41.25 vs 41.25), it has no effect\n",
        "- dropout: 41.25 vs 41.75, hardly any effect\n",
    ),
    "a preempted run": (
        "failure-as-verdict", "a.md", 1, "- lr 2e-4: preempted after 40 minutes; no gain\n",
        "- places say how trials are killed and preempted; no gain is lost\n",
    ),
    "a refused request": (
        "failure-as-verdict", "a.md", 1, "- variant C: API returned 403 for half of the items, so instructions hurt\n",
        "- variant C: 403 steps, accuracy 0.51\n",
    ),
    "the highest of many checkpoints": (
        "best-of-many", "a.md", 1, "- highest win rate 59.1% among the 14 checkpoints scored on the prompts\n",
        "- win rate 57.0%, the last of the 14 checkpoints\n",
    ),
    "what was counted before its share": (
        "count-and-rate", "a.md", 1, "- 438/805 wins (55.4%) for beta 0.1\n", "- 437/805 wins (54.3%) for beta 0.1\n"
    ),
    "memory": (
        "failure-as-verdict", "a.md", 1, "- ran out of GPU memory with 8k context, so long context does not help\n",
        "- 0 of 1200 requests failed with 429, no gain\n",
    ),
    "a share of images": (
        "impossible-share", "a.md", 1, "On the 100-image debug split accuracy is 0.745\n",
        "On the 200-image debug split accuracy is 0.745\n",
    ),
    "a share before its count": (
        "count-and-rate", "a.md", 1, "- HumanEval: 12.8% (19/164)\n", "- HumanEval: 12.8% (21/164), 5.0% (3/5) shots\n"
    ),
}  # fmt: skip


def found(folder: Path, files: dict[str, str]) -> tuple[Finding, ...]:
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return read_in(open_logs([folder / name for name in files]))


@pytest.mark.parametrize("form", FORMS)
def test_a_fault_is_found_at_its_line_in_this_form_and_not_in_its_twin(tmp_path: Path, form: str) -> None:
    rule, name, line, faulty, clean = FORMS[form]
    mine = [one for one in found(tmp_path, {name: faulty}) if one.rule == rule]
    assert [one.place.line for one in mine] == [line]
    assert sentence(mine[0]).endswith(".")
    assert [one for one in found(tmp_path, {name: clean}) if one.level != "note"] == []


def test_a_result_that_two_files_quote_differently_is_named_where_the_others_agree(tmp_path: Path) -> None:
    table = "| Model | Recall@5 | MRR |\n|---|---|---|\n| dense | 60.4% | 0.402 |\n| hard | 64.1% | 0.433 |\n"
    files = {"a.md": f"{table}| both | 66.7% | 0.451 |\n", "b.md": PAGE.format(both="0.667")}
    assert found(tmp_path, files) == ()
    assert found(tmp_path, files | {"b.md": PAGE.format(both="0.676")}) == ()  # other units: no digits to compare
    files["a.md"] = files["a.md"].replace("60.4%", "0.604").replace("64.1%", "0.641").replace("66.7%", "0.667")
    (one,) = found(tmp_path, files | {"b.md": PAGE.format(both="0.676")})
    assert (one.rule, Path(one.place.file).name, one.place.line) == ("drift", "b.md", 5)
    assert (Path(one.others[0].file).name, one.others[0].line) == ("a.md", 5)
    assert "0.676 here and 0.667 at" in sentence(one)


def test_two_files_about_different_runs_do_not_drift(tmp_path: Path) -> None:
    later = PAGE.format(both="0.676").replace("0.604", "0.614").replace("0.402", "0.412").replace("0.433", "0.443")
    assert found(tmp_path, {"a.md": PAGE.format(both="0.667"), "b.md": later}) == ()


def test_numbers_computed_in_single_precision_are_no_wrong_means(tmp_path: Path) -> None:
    text = '{"accs": [0.7120000123977661, 0.6990000009536743], "mean": 0.7055000066757202, "std": 0.00650000572204590}'
    assert [one.level for one in found(tmp_path, {"a.json": text})] == ["note"]


def test_listings_that_are_no_tables_of_results_are_left_alone(tmp_path: Path) -> None:
    text = "```\ntotal 8  user  group\n-rw-r--r--  1 me  me  80  a.txt\n-rw-r--r--  1 me  me  429  b.txt\n```\n"
    (log,) = open_logs([_written(tmp_path, text)])
    assert log.tables == ()
    assert audit([log]) == ()


def test_html_tables_with_spans_are_left_alone(tmp_path: Path) -> None:
    text = HTML.format(steps=5000).replace("<td>5000", '<td rowspan="2">5000')
    (log,) = open_logs([_written(tmp_path, text)])
    assert log.tables == ()


def _written(folder: Path, text: str) -> Path:
    path = folder / "log.md"
    path.write_text(text, encoding="utf-8")
    return path


STATED: dict[str, tuple[str, str, str, str]] = {
    "means over seeds without a spread": (
        "| Seed | val_loss | val_bpb |\n|---|---|---|\n| 1 | 3.2810 | 1.1427 |\n| 2 | 3.2790 | 1.1430 |\n"
        "| 3 | 3.2830 | 1.1426 |\n| **Mean** | 3.2810 | 1.1428 |\n{}",
        "'val_loss' sd 0.002, 3.276 to 3.286; 'val_bpb' sd 0.00021", "", "| Std | 0.0020 | 0.0002 |\n",
    ),
    "a row for each arm and a column for each seed": (
        "| arm | seed 1 | seed 2 | seed 3 |\n|---|---|---|---|\n| {} | 0.50 | 0.60 | 0.40 |\n"
        "| new | 0.52 | 0.63 | 0.41 |\n",
        "'new' less 'baseline', 3 differences: mean +0.02", "baseline", "train acc",
    ),
    "means and spreads beside a baseline": (
        "Accuracy, mean ± {} over 3 seeds:\n\n| Method | Acc |\n|---|---|\n| baseline | 71.0 ± 0.6 |\n"
        "| ours | 72.2 ± 0.5 |\n",
        "Less 'baseline' in 'Acc', with p-value and 95 % interval of Welch's test over 3 seeds (line 3), if ± is the "
        "standard deviation: 'ours' +1.2 (p = ", "std", "95 % CI",
    ),
    "columns that are one result": (
        "| step | val loss | ppl |\n|---|---|---|\n| 1 | 2.3026 | 10.00 |\n| 2 | 1.6094 | 5.00 |\n"
        "| 3 | 0.6931 | {} |\n",
        "In all 3 rows 'ppl' is the exponential of 'val loss'", "2.00", "2.40",
    ),
    "columns in a constant ratio": (
        "| arm | val loss | val bpb |\n|---|---|---|\n| a | 2.5000 | 1.2500 |\n| b | 2.4000 | 1.2000 |\n"
        "| c | 2.3000 | {} |\n",
        "'val bpb' is 0.5000 times 'val loss'", "1.1500", "1.1900",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", STATED)
def test_what_can_be_recomputed_is_stated_where_the_text_gives_all_of_it(tmp_path: Path, what: str) -> None:
    text, says, given, missing = STATED[what]
    told = [sentence(one) for one in found(tmp_path, {"a.md": text.format(given)}) if says in sentence(one)]
    assert len(told) == 1
    assert not any(says in sentence(one) for one in found(tmp_path, {"a.md": text.format(missing)}))


def test_a_row_of_means_enters_no_comparison_seed_by_seed(tmp_path: Path) -> None:
    rows = "".join(f"| {seed} | 0.5{seed} | 0.5{2 * seed} |\n" for seed in (1, 2, 3))
    text = f"| seed | baseline | new |\n|---|---|---|\n{rows}| mean | 0.52 | 0.94 |\n"
    (one,) = [one for one in found(tmp_path, {"a.md": text}) if "arm" in one.facts]
    assert one.facts["seeds"] == 3
    assert one.facts["mean"] == pytest.approx(0.02)
