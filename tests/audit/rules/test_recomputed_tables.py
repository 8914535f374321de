"""Tables of results over seeds in which no arm is called the baseline: what they say by themselves, and look-alikes."""

from __future__ import annotations

from pathlib import Path

import pytest

from evenhand.audit.check import audit, sentence
from evenhand.audit.finding import Finding
from evenhand.audit.reading.opened import open_logs
from evenhand.audit.rules.certainty.differences import shown_by

ROWS = """| {} | {} | {} | {} | mean |
|---|---|---|---|---|
| 0.5 | 0.528 | 0.574 | 0.567 | 0.556 |
| 1.0 | 0.530 | 0.538 | 0.588 | 0.552 |
| 2.0 | 0.563 | 0.557 | 0.583 | 0.568 |
"""
COLUMNS = """| seed | {} | {} | {} |
|---|---|---|---|
| 1 | 0.41 | 0.45 | {} |
| 2 | 0.44 | 0.43 | {} |
| 3 | 0.40 | 0.46 | {} |
"""
BLOCKED = """| Seed | {0} VER | {0} edges | {1} VER | {1} edges |
|---|---|---|---|---|
| 1 | 0 | 0 | 1 | 19 |
| 2 | 1 | 8 | 1 | 19 |
| 3 | 0 | 0 | 1 | 8 |
| 4 | 0 | 0 | 1 | 15 |
| 5 | 1 | 1 | 1 | 1 |
"""
LONG = """| {} | {} | {} | accuracy |
|---|---|---|---|
| {} | 7 | a | 0.61 |
| wide | 8 | a | 0.64 |
| wide | 9 | a | 0.66 |
| deep | 7 | a | 0.70 |
| deep | 8 | a | 0.69 |
| deep | {} | a | 0.75 |
| tall | 7 | a | 0.65 |
| tall | 8 | a | 0.66 |
| tall | 9 | a | 0.67 |
"""
ONE = "| seed | {} | epochs |\n|---|---|---|\n| 3 | {} | 20 |\n| 4 | {} | 21 |\n| 5 | {} | 35 |\n"


CELLS = """| {} | params | {} | mean |
|---|---|---|---|
| {} | 10M | {} | 0.61 |
| wide | 12M | 0.64 / 0.66 / 0.68 | 0.66 |
| deep | 12M | 0.63 / 0.64 / 0.62 | 0.63 |
"""
MEANS = """| Variant | {} | {} | {} |
|---|---|---|---|
| {} | 0.503 | 0.011 | 3 |
| two passes | 0.541 | 0.007 | {} |
| one pass | 0.511 | 0.008 | 3 |
"""


def notes(folder: Path, text: str) -> list[Finding]:
    path = folder / "log.md"
    path.write_text(text)
    return [one for one in audit(open_logs([path])) if one.rule == "recomputed"]


def test_the_two_rows_that_lie_furthest_apart_over_their_seeds(tmp_path: Path) -> None:
    (one,) = notes(tmp_path, ROWS.format("Alpha", "Seed 42 F1", "Seed 100 F1", "Seed 7 F1"))
    assert (one.facts["arm"], one.facts["baseline"], one.facts["metric"], one.facts["of"]) == (
        "Alpha 2.0", "Alpha 1.0", "F1", 3,
    )  # fmt: skip
    assert one.facts["mean"] == pytest.approx((0.033 + 0.019 - 0.005) / 3)
    said = sentence(one)
    assert said.startswith(
        "The furthest apart of 3 arms: 'Alpha 2.0' less 'Alpha 1.0' in F1, 3 differences: mean +0.0157"
    )
    assert said.endswith("It is the largest of 3 differences; p is that of one chosen beforehand.")


@pytest.mark.parametrize(
    "header",
    [
        ("Metric", "Seed 42", "Seed 100", "Seed 7"),
        ("Fold", "Seed 42", "Seed 100", "Seed 7"),
        ("Alpha", "Seed 42 F1", "Seed 42 acc", "Seed 42 loss"),
        ("Alpha", "Seed 42 F1", "Seed 100 acc", "Seed 7 F1"),
        ("Alpha", "100 steps", "200 steps", "300 steps"),
    ],
)
def test_rows_that_are_no_arms_and_columns_that_are_no_seeds_of_one_metric(tmp_path: Path, header) -> None:
    assert [one for one in notes(tmp_path, ROWS.format(*header)) if "of" in one.facts] == []


def test_differences_of_percentages_are_told_in_points(tmp_path: Path) -> None:
    text = COLUMNS.format("old", "new", "gain", "4%", "-1%", "6%")
    for value in ("0.41", "0.45", "0.44", "0.43", "0.40", "0.46"):
        text = text.replace(value, f"{value[2:]}.0%")
    (one,) = notes(tmp_path, text)
    assert "mean +3 points, sample sd 3.61;" in sentence(one)
    assert "sign-flip p = 0.50 (least possible 0.25)" in sentence(one)


def test_an_arm_with_results_of_another_kind_is_not_compared(tmp_path: Path) -> None:
    rows = ROWS.format("Method", "seed 1", "seed 2", "seed 3").replace("0.563 | 0.557 | 0.583", "12.31 | 11.90 | 12.55")
    assert [one for one in notes(tmp_path, rows) if "of" in one.facts] == []


def test_a_column_that_is_the_difference_of_two_others_pairs_them(tmp_path: Path) -> None:
    (one,) = notes(tmp_path, COLUMNS.format("old", "new", "gain (new - old)", "0.04", "-0.01", "0.06"))
    assert (one.facts["arm"], one.facts["baseline"]) == ("new", "old")
    assert one.facts["mean"] == pytest.approx(0.03)
    assert notes(tmp_path, COLUMNS.format("old", "new", "gain of a third", "0.04", "0.01", "0.06")) == []
    assert notes(tmp_path, COLUMNS.format("old", "new", "other", "0.04", "-0.01", "0.06")) == []


def test_columns_are_paired_where_one_is_named_for_what_the_other_changes(tmp_path: Path) -> None:
    found = notes(tmp_path, BLOCKED.format("Unblocked", "Blocked"))
    assert [(one.facts["arm"], one.facts["baseline"]) for one in found] == [
        ("Blocked VER", "Unblocked VER"), ("Blocked edges", "Unblocked edges"),
    ]  # fmt: skip
    assert found[0].facts["mean"] == pytest.approx(0.6)
    assert "paired t p = 0.0705" in sentence(found[0])
    for names in (("train", "test"), ("Left", "Right"), ("Unseen", "Blocked"), ("baseline", "mean")):
        assert notes(tmp_path, BLOCKED.format(*names)) == []


def test_records_of_arms_over_the_same_seeds(tmp_path: Path) -> None:
    (one,) = notes(tmp_path, LONG.format("model", "seed", "set", "wide", "9"))
    assert (one.facts["arm"], one.facts["baseline"], one.facts["metric"]) == ("deep", "wide", "accuracy")
    assert one.facts["mean"] == pytest.approx((0.09 + 0.05 + 0.09) / 3)
    assert notes(tmp_path, LONG.format("model", "seed", "set", "wide", "11")) == []  # a seed that the others lack
    assert notes(tmp_path, LONG.format("model", "fold", "set", "wide", "9")) == []


def test_one_arm_over_its_seeds_has_a_mean_with_an_interval(tmp_path: Path) -> None:
    (one,) = notes(tmp_path, ONE.format("best accuracy", "93.05%", "93.56%", "93.51%"))
    assert sentence(one) == (
        "Mean over 3 seeds, sample sd and 95 % interval of the mean: 'best accuracy' 93.373, sd 0.281, 92.675 to "
        "94.072."
    )


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("best step", ("100.5", "120.5", "90.5")),
        ("time of accuracy", ("9.5", "9.6", "9.1")),
        ("accuracy", ("0.98", "0.99", "0.90")),  # an interval beyond 1 says nothing
        ("accuracy", ("0.91", "0.91", "0.91")),
        ("val loss", ("0.0002", "0.0002", "0.0003")),  # printed too roughly for a spread
        ("accuracy", ("0.91", "n/a", "0.92")),
    ],
)
def test_what_is_no_result_or_gives_no_interval(tmp_path: Path, name: str, values) -> None:
    assert notes(tmp_path, ONE.format(name, *values)) == []


def test_rows_besides_those_of_seeds_void_the_table_unless_they_sum_it_up(tmp_path: Path) -> None:
    text = ONE.format("accuracy", "0.71", "0.73", "0.76")
    assert len(notes(tmp_path, text)) == 1
    assert notes(tmp_path, text + "| 6 (other data) | 0.55 | 20 |\n") == []
    assert notes(tmp_path, text + "| median | 0.73 | 21 |\n") == []
    pairs = COLUMNS.format("old", "new", "gain", "0.04", "-0.01", "0.06")
    assert len(notes(tmp_path, pairs + "| range | 0.04 | 0.03 | 0.07 |\n")) == 1
    assert notes(tmp_path, pairs + "| 4 (again) | 0.40 | 0.41 | 0.01 |\n") == []


def test_a_remark_on_a_seed_leaves_it_one(tmp_path: Path) -> None:
    text = ONE.format("AUROC", "0.71", "0.73", "0.76").replace("| 3 |", "| 3 (original run) |")
    (one,) = notes(tmp_path, text)
    assert one.facts["seeds"] == 3


def test_results_over_seeds_that_are_listed_in_one_cell(tmp_path: Path) -> None:
    (one,) = notes(tmp_path, CELLS.format("arm", "acc (seeds 0/1/2)", "plain", "0.60 / 0.61 / 0.62"))
    assert (one.facts["arm"], one.facts["baseline"], one.facts["metric"]) == ("wide", "plain", "acc")
    assert one.facts["mean"] == pytest.approx(0.05)
    found = notes(tmp_path, CELLS.format("arm", "acc per seed", "baseline", "0.60 / 0.61 / 0.62"))
    assert [(one.facts["arm"], one.facts["baseline"]) for one in found] == [("wide", "baseline"), ("deep", "baseline")]
    assert notes(tmp_path, CELLS.format("arm", "P / R / F1", "plain", "0.60 / 0.61 / 0.62")) == []
    assert notes(tmp_path, CELLS.format("arm", "acc per seed", "plain", "0.60 / 0.61 / 0.62 / 0.63")) == []
    assert notes(tmp_path, CELLS.format("split", "acc per seed", "plain", "0.60 / 0.61 / 0.62")) == []


def test_means_with_a_column_of_their_spread_and_one_of_the_number_of_seeds(tmp_path: Path) -> None:
    (one,) = notes(tmp_path, MEANS.format("accuracy mean", "accuracy SD", "seeds", "vanilla", "3"))
    assert (one.facts["baseline"], one.facts["seeds"]) == ("vanilla", 3)
    assert "if 'accuracy SD' is the standard deviation: 'two passes' +0.038 (p = " in sentence(one)
    for names in (
        ("accuracy", "final proxy std", "seeds", "vanilla", "3"),
        ("accuracy", "std", "epochs", "vanilla", "3"),
        ("accuracy", "std", "seeds", "vanilla", "5"),
        ("accuracy", "std", "seeds", "no pass", "3"),
        ("accuracy", "SEM", "seeds", "vanilla", "3"),
    ):
        assert notes(tmp_path, MEANS.format(*names)) == []


def column(header: str, *rows: str) -> str:
    """A table with a row for each of the seeds 1 to 3."""
    names = header.split("|")
    lines = [header, "|".join(["---"] * len(names)), *(f"{seed}|{row}" for seed, row in enumerate(rows, start=1))]
    return "".join(f"| {line.replace('|', ' | ')} |\n" for line in lines)


def row(header: str, *rows: str) -> str:
    """A table with a row for each arm."""
    lines = [header, "|".join(["---"] * (header.count("|") + 1)), *rows]
    return "".join(f"| {line.replace('|', ' | ')} |\n" for line in lines)


def of_each(*arms: str, seeds: tuple[object, ...] = (1, 2, 3)) -> list[str]:
    """Records of arms, each named by a word and the first digit of its results."""
    return [
        f"{arm[:-1]}|{seed}|0.{arm[-1]}{(at * at * int(arm[-1])) % 10}"
        for arm in arms for at, seed in enumerate(seeds, start=1)
    ]  # fmt: skip


THREE = ("0.71|0.74|0.72", "0.61|0.66|0.60", "0.81|0.82|0.85")
LOOKALIKES = {
    "the number of a seed": row("Model|Accuracy|Std|Seed", "baseline|0.812|0.011|42", "ours|0.835|0.009|42"),
    "runs of a timer": row("Model|score|std|runs", "baseline|0.812|0.011|100", "ours|0.835|0.009|100"),
    "a best before a spread": row("Arm|best acc|acc std|seeds", "baseline|0.812|0.011|3", "ours|0.835|0.009|3"),
    "parameters before a spread": row("Arm|acc params|std|seeds", "baseline|1.2|0.011|3", "ours|1.5|0.009|3"),
    "spreads over folds": "Std over the folds.\n\n"
    + row("Arm|acc|std|seeds", "baseline|0.812|0.011|3", "ours|0.835|0.009|3"),
    "a gap beside an arm": column("seed|static|dynamic|gap", "51.2|55.1|3.8", "50.7|54.9|4.1", "51.9|55.0|3.2"),
    "losses with and without labels": column("seed|supervised|unsupervised", "0.41|1.22", "0.39|1.20", "0.40|1.25"),
    "classes that were seen": column("seed|seen rate x|unseen rate x", "0.81|0.62", "0.83|0.58", "0.79|0.65"),
    "train and test": column("seed|train x|test x|difference", "0.91|0.81|0.10", "0.93|0.80|0.13", "0.92|0.84|0.08"),
    "seconds": column("seed|old s|new s|difference", "9.1|8.1|1.0", "9.3|8.0|1.3", "9.2|8.4|0.8"),
    "two arms one below the other": column("seed|arm|accuracy", "control|0.71", "control|0.73", "treated|0.80"),
    "settings that differ": column("seed|dropout|val acc", "0.1|0.71", "0.2|0.73", "0.3|0.76"),
    "steps that differ": column("seed|step|val loss", "100|2.91", "200|2.53", "300|2.31"),
    "spreads and bounds": column("seed|acc CI low|acc std", "0.71|0.021", "0.73|0.025", "0.76|0.022"),
    "classes": row("Label|seed 1|seed 2|seed 3", "cat|" + THREE[0], "dog|" + THREE[1], "ship|" + THREE[2]),
    "measures": row("Model|seed 1|seed 2|seed 3", "BLEU|" + THREE[0], "ROUGE-L|" + THREE[1], "METEOR|" + THREE[2]),
    "splits": row("Model|seed 1|seed 2|seed 3", "MLP train|" + THREE[0], "MLP val|" + THREE[1]),
    "sets": row("Model|seed 1|seed 2|seed 3", "R50 CIFAR-10|" + THREE[0], "R50 SVHN|" + THREE[1]),
    "checkpoints": row("Model|seed 1|seed 2|seed 3", "step 1k|" + THREE[0], "step 2k|" + THREE[1]),
    "a column of sets": row("Config|Dataset|seed 1|seed 2|seed 3", "A|x|" + THREE[0], "B|y|" + THREE[1]),
    "a row without a name": row("Model|seed 1|seed 2|seed 3", "ours|" + THREE[0], "|" + THREE[1]),
    "a difference among the rows": row(
        "Model|seed 1|seed 2|seed 3", "A|" + THREE[0], "B|" + THREE[1], "A-B|0.10|0.08|0.12"
    ),
    "an arm with a seed missing": row(
        "Model|seed 1|seed 2|seed 3", "A|" + THREE[0], "B|" + THREE[1], "C|0.31|–|0.33"
    ),
    "scales": row("Model|s=1.0|s=2.0|s=4.0", "A|" + THREE[0], "B|" + THREE[1]),
    "strides": row("Model|s=8|s=16|s=32", "A|" + THREE[0], "B|" + THREE[1]),
    "three measures over seeds": row("Model|P / R / F1 per seed", "A|0.71 / 0.74 / 0.72", "B|0.61 / 0.66 / 0.60"),
    "their mean besides": row("Model|acc per seed (mean last)", "A|0.71 / 0.74 / 0.72", "B|0.61 / 0.66 / 0.60"),
    "fewer values than seeds": row("Model|acc (seeds 0/1/2/3)", "A|0.71 / 0.74 / 0.72", "B|0.61 / 0.66 / 0.60"),
    "seeds of their own": row(
        "Model|acc per seed|seeds", "A|0.71 / 0.74 / 0.72|0-2", "B|0.61 / 0.66 / 0.60|3-5"
    ),
    "epochs with a name of a result": column("seed|vanilla epochs|ours epochs", "10.5|20.1", "11.5|22.1", "12.5|21.9"),
    "seeds that stand twice": "| seed | old | new | gain |\n|---|---|---|---|\n" + "| 1 | 0.41 | 0.45 | 0.04 |\n" * 3,
    "a difference of two pairs of columns": column(
        "seed|a|b|c|d|gain", "9.1|8.1|7.1|6.1|1.0", "9.3|8.0|7.3|6.0|1.3", "9.2|8.4|7.2|6.4|0.8"
    ),
    "a difference that is nothing": column("seed|old|new|gain", "9.1|9.1|0.0", "9.3|9.3|0.0", "9.2|9.2|0.0"),
    "two words more": column("seed|vanilla rate x|ours and rate x", "0.71|0.73", "0.70|0.74", "0.72|0.72"),
    "a split of the baseline": column("seed|vanilla rate x|test rate x", "0.71|0.73", "0.70|0.74", "0.72|0.72"),
    "one seed thrice": row("Model|seed 1 a|seed 1 a|seed 1 a", "A|" + THREE[0], "B|" + THREE[1]),
    "names that stand twice": row("Model|seed 1|seed 2|seed 3", "A|" + THREE[0], "A|" + THREE[1]),
    "gains with a plus": row("Model|seed 1|seed 2|seed 3", "A|+0.11|+0.12|+0.13", "B|+0.21|+0.25|+0.23"),
    "records of classes": row("label|seed|accuracy", *of_each("x6", "y7")),
    "records with a difference": row("model|seed|accuracy", *of_each("x6", "y7", "delta8")),
    "records of repeats without numbers": row("model|seed|accuracy", *of_each("x6", "y7", seeds=("a", "b", "c"))),
    "an amount beside the baseline": column("seed|base|params (%)", "71.2|0.62", "70.7|0.64", "71.9|0.61"),
}  # fmt: skip


@pytest.mark.parametrize("name", LOOKALIKES)
def test_what_only_looks_like_arms_over_seeds_is_left_alone(tmp_path: Path, name: str) -> None:
    assert notes(tmp_path, LOOKALIKES[name]) == []


def test_the_forms_of_which_these_are_look_alikes_speak(tmp_path: Path) -> None:
    arms = ("A|" + THREE[0], "B|" + THREE[1])
    for text in (
        row("Model|seed 1|seed 2|seed 3", *arms),
        row("Model|seed 1|seed 2|seed 3", *arms, "Mean|0.66|0.70|0.66"),
        row("model|seed|accuracy", *of_each("x6", "y7")),
        column("seed|vanilla rate|ours rate|gain", "0.713|0.731|0.02", "0.702|0.743|0.04", "0.721|0.722|0.00"),
        "Over seeds:\n\n" + row("Model|s=1|s=2|s=3", *arms).replace("Model", "model", 1).replace("s=1", "seed=1", 1),
        row("Model|acc per seed", "A|0.71 / 0.74 / 0.72", "B|0.61 / 0.66 / 0.60"),
        row("Arm|acc|std|seeds", "baseline|0.812|0.011|3", "ours|0.835|0.009|3"),
        column("seed|old x|new x|difference", "9.1|8.1|1.0", "9.3|8.0|1.3", "9.2|8.4|0.8"),
        column("seed|epoch|val acc", "10|0.71", "12|0.73", "11|0.76"),
        column("seed|steps|bpb|ms/step|artifact", "91|1.121|85.1|9 MB", "92|1.134|85.2|8 MB", "93|1.128|85.0|9 MB"),
        "± is the standard deviation.\n\n"
        + row("Arm|seed 1|seed 2|seed 3|mean ± std", f"A|{THREE[0]}|0.723 ± 0.015", f"B|{THREE[1]}|0.623 ± 0.032"),
    ):
        assert len(notes(tmp_path, text)) == 1, text


@pytest.mark.parametrize("other", ["test acc", "ours with more acc", "ours loss", "ours acc (%)"])
def test_a_column_beside_the_plain_one_that_is_no_other_arm_of_it(tmp_path: Path, other: str) -> None:
    unit = "%" if "%" in other else ""
    text = column(f"seed|vanilla acc|{other}", *(f"0.7{n}1|0.{n}32{unit}" for n in (6, 8, 7)))
    assert [one for one in notes(tmp_path, text) if "arm" in one.facts] == []
    assert len(notes(tmp_path, column("seed|vanilla acc|ours acc", *(f"0.7{n}1|0.{n}32" for n in (6, 8, 7))))) == 1


def test_a_result_that_is_named_a_delta_is_no_difference_of_arms(tmp_path: Path) -> None:
    text = "| seed | AUC | {} |\n|---|---|---|\n" + "".join(f"| {n} | 0.8{n} | {{}}0.10{n} |\n" for n in (4, 6, 1))
    for name, sign, count in (("Delta CATE", "", 0), ("Delta CATE", "+", 1), ("delta", "", 1)):
        told = text.format(name, sign, sign, sign) + f"| mean | 0.837 | {sign}0.1037 |\n"
        assert len([one for one in notes(tmp_path, told) if "seeds" in one.facts and "p" in one.facts]) == count


def test_of_two_arms_the_later_is_set_against_the_first(tmp_path: Path) -> None:
    (one,) = notes(tmp_path, row("Model|seed 1|seed 2|seed 3", "A|" + THREE[0], "B|" + THREE[1]))
    assert (one.facts["arm"], one.facts["baseline"], one.facts["of"]) == ("B", "A", 2)
    assert one.facts["mean"] < 0


def test_several_measures_are_not_set_against_each_other_but_summed_up(tmp_path: Path) -> None:
    (one,) = notes(tmp_path, column("seed|seen acc|unseen acc", "0.81|0.62", "0.83|0.58", "0.79|0.65"))
    assert sentence(one).startswith("Mean over 3 seeds")


def test_the_furthest_apart_are_counted_among_all_arms(tmp_path: Path) -> None:
    arms = ("mean|0.716|0.71|0.72", "max|0.612|0.61|0.62", "cls|0.70|0.71|0.70", "attention|0.77|0.78|0.77")
    (one,) = notes(tmp_path, row("Pooling|seed 1|seed 2|seed 3", *arms[1:], "last|0.74|0.73|0.74"))
    assert (one.facts["arm"], one.facts["baseline"], one.facts["of"]) == ("attention", "max", 4)
    assert "the largest of 6 differences" in sentence(one)


def test_a_table_of_thousands_of_rows_is_no_comparison_of_arms_and_is_read_at_once(tmp_path: Path) -> None:
    """Each row against each other would take minutes here."""
    many = row("Model|seed 1|seed 2|seed 3", *(f"m{n}|0.7{n}|0.6{n}|0.8{n}" for n in range(3000)))
    assert notes(tmp_path, many) == []
    seeds = column("seed|model|accuracy", *(f"m{n % 7}|0.7{n}" for n in range(20_000)))
    assert notes(tmp_path, seeds) == []


def test_differences_that_cancel_have_a_mean_of_nothing(tmp_path: Path) -> None:
    rows = "| seed | baseline | ours |\n|---|---|---|\n| 1 | 0.1 | 0.2 |\n| 2 | 0.3 | 0.1 |\n| 3 | 0.1 | 0.2 |\n"
    (tmp_path / "log.md").write_text(f"## Accuracy\n\n{rows}", encoding="utf-8")
    (told,) = [sentence(one) for one in audit(open_logs([tmp_path / "log.md"])) if one.rule == "recomputed"]
    assert "mean 0, sample sd" in told


def test_an_arm_over_seeds_that_were_chosen_or_told_roughly_has_no_interval(tmp_path: Path) -> None:
    table = ONE.format("accuracy", "0.71", "0.73", "0.76")
    assert len(notes(tmp_path, table + "\nMean of the 5 lowest of all seeds of the first round: 0.69.\n")) == 1
    assert notes(tmp_path, table + "\nThese are the 3 best of eight seeds.\n") == []
    assert notes(tmp_path, table + "\nWe kept the best 3 of 8 seeds.\n") == []
    assert notes(tmp_path, ONE.format("accuracy", "~0.71", "0.73", "0.76")) == []


def test_two_columns_beside_the_seeds_are_arms_where_one_name_goes_on_from_the_other(tmp_path: Path) -> None:
    values = ("71.2|73.0", "70.6|72.4", "72.1|73.6")
    for names, (arm, base) in {
        "net-S|net-S + gate": ("net-S + gate", "net-S"),
        "full|full w/o gate": ("full w/o gate", "full"),
        "sum with gate|sum": ("sum with gate", "sum"),
    }.items():
        (one,) = notes(tmp_path, column(f"seed|{names}", *values))
        assert (one.facts["arm"], one.facts["baseline"], one.level) == (arm, base, "note")
    (one,) = notes(tmp_path, "Accuracy of the two models:\n\n" + column("seed|small|wide", *values))
    assert (one.facts["arm"], one.facts["baseline"]) == ("wide", "small")


@pytest.mark.parametrize(
    ("before", "names"),
    [
        ("", "small|wide"),
        ("Accuracy per seed:\n\n", "English|German"),
        ("Accuracy of the two models on two tasks:\n\n", "Walker|Hopper"),
        ("Accuracy of the models:\n\n", "acc|acc with margin"),
        ("", "latency s|latency s with cache"),
        ("", "small|small|small + gate"),
        ("", "train|train with noise"),
    ],
)
def test_two_columns_beside_the_seeds_that_may_be_of_something_else(tmp_path: Path, before: str, names: str) -> None:
    rows = [f"7{n}.2|7{n}.9" + "|70.1" * (names.count("|") - 1) for n in (1, 4, 2)]
    assert [one for one in notes(tmp_path, before + column(f"seed|{names}", *rows)) if "arm" in one.facts] == []


def test_records_of_two_arms_are_compared_in_every_column_of_results(tmp_path: Path) -> None:
    rows = ["a|0|0.712|0.690|1.20", "a|1|0.708|0.684|1.23", "a|2|0.715|0.699|1.19"]
    rows += ["b|0|0.721|0.702|1.10", "b|1|0.719|0.699|1.15", "b|2|0.730|0.707|1.11"]
    for names in (("a", "b"), ("baseline", "b")):
        text = row("arm|seed|acc|f1|nll", *(one.replace("a|", f"{names[0]}|", 1) for one in rows))
        found = notes(tmp_path, text)
        assert sorted(str(one.facts["metric"]) for one in found) == ["acc", "f1", "nll"]
        assert {(one.facts["arm"], one.facts["baseline"], one.level) for one in found} == {("b", names[0], "note")}


def test_seeds_beyond_those_whose_signs_can_all_be_flipped_have_no_sign_test(tmp_path: Path) -> None:
    path = tmp_path / "runs.csv"
    rows = (
        f"{arm},{seed},0.{plus + seed * seed % 97:03d}\n"
        for arm, plus in (("baseline", 1), ("b", 2))
        for seed in range(400)
    )
    path.write_text("arm,seed,acc\n" + "".join(rows).replace("b,7,0.0", "b,7,0.1"))
    (one,) = (told for told in audit(open_logs([path])) if told.rule == "recomputed")
    assert (one.facts["seeds"], one.facts["sign_flip_p"]) == (400, None)
    assert "sign-flip" not in sentence(one)


@pytest.mark.parametrize(
    ("deltas", "shown"),
    [
        ([0.9, 1.1, 0.8, 1.2, 0.7, 1.3, 40.0, -0.06], "it shows no difference, though the flips of their signs do"),
        ([0.9, 1.1, 0.8, 1.2, 0.7, 1.3, 1.0, 0.9], "which does not hold 0: a difference is shown;"),
        ([1.0, 1.2, 0.9, 1.1, 0.8, -0.3], "a difference is shown by it, and none by the flips of their signs"),
        ([0.9, -1.1, 0.8, -1.2, 0.7, -1.3, 1.0, 0.9], "no difference is shown, and none within it is excluded"),
    ],
)
def test_an_interval_that_says_otherwise_than_the_flips_of_signs_says_so(
    tmp_path: Path, deltas: list[float], shown: str
) -> None:
    rows = "".join(f"| {i} | {50 + i / 10:.2f} | {50 + i / 10 + one:.2f} |\n" for i, one in enumerate(deltas))
    (tmp_path / "log.md").write_text(f"## Accuracy\n\n| seed | baseline | ours |\n|---|---|---|\n{rows}")
    (one,) = [sentence(one) for one in audit(open_logs([tmp_path / "log.md"])) if one.rule == "recomputed"]
    assert shown in one


def test_of_several_arms_the_flips_of_signs_show_nothing_as_chance_makes_the_largest() -> None:
    facts = {"low": -1.0, "high": 9.0, "sign_flip_p": 0.01, "sign_flip_least": 0.01}
    assert "the flips of their signs do" in shown_by({**facts, "of": 2})
    assert "no difference is shown" in shown_by({**facts, "of": 5})
