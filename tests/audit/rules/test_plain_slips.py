"""Slips that any reader of a log sees are told aloud, also where a log has several; with a twin that is right."""

from __future__ import annotations

from pathlib import Path

import pytest

from evenhand.audit.check import audit, sentence
from evenhand.audit.finding import Finding
from evenhand.audit.reading.opened import open_logs

SEEDED = (
    "| depth | seed 0 | seed 1 | seed 2 | mean | std |\n|---|---|---|---|---|---|\n"
    "| 4 | 61.2 | 62.4 | 61.5 | 61.7 | 0.62 |\n| 8 | 62.9 | 61.8 | 63.7 | {} | 0.95 |\n"
)
TABLES = (
    "## One\n\n| model | A | B | C | avg |\n|---|---|---|---|---|\n| p | 71.2 | 80.4 | 90.1 | 80.6 |\n"
    "| q | 70.3 | 81.5 | 88.8 | 80.2 |\n| r | 72.1 | 82.3 | 89.6 | {} |\n| s | 70.9 | 80.0 | 87.9 | 79.6 |\n"
    "| t | 69.8 | 79.1 | 86.5 | 78.5 |\n\n"
    "Some words on the first table, and that the models are small.\n\n## Two\n\nMore of them.\n\n"
    "| optimiser | seeds | mean |\n|---|---|---|\n| one | 68.2, 68.9, 68.4 | 68.50 |\n"
    "| two | 66.1, 66.4, 66.9 | 66.47 |\n"
    "| three | 67.7, 67.2, 68.0 | {} |\n"
)
DELTAS = (
    "| part left out | accuracy | Δ |\n|---|---|---|\n| none | 81.64 | – |\n| gate | 80.93 | -0.71 |\n"
    "| skip | 77.31 | -4.33 |\n| warp | 76.27 | {} |\n| norm | 81.12 | -0.52 |\n| half | 79.97 | {} |\n"
)
COURSE = "".join(
    f"step {100 * i} val_loss={loss:.4f} val_ppl={ppl}\n"
    for i, (loss, ppl) in enumerate(
        [(4.2134, "67.59"), (3.9871, "53.90"), (3.7012, "40.50"), (3.5520, "{}"), (3.4417, "31.24"), (3.3602, "28.79"),
         (3.2951, "26.98"), (3.2504, "25.80")]
    )
)  # fmt: skip
PAIRED = "Over five seeds the differences are +0.6, -0.3, +1.1, +0.2, -0.7 (mean +0.18).\nt = 0.56, p = {}.\n"

BENCH = (
    "| model | ARC | PIQA |\n|---|---|---|\n| base | 44.9 | 70.3 |\n| ours | 51.8 | 72.6 |\n\n"
    "Trained for a day on eight cards, with the usual mixture and no further tuning of it.\n\n"
)
QUOTED = BENCH + "- release: PIQA 72.6, ARC {}, see above.\n"
ROWED = (
    "| model | TREC | NQ |\n|---|---|---|\n| large | 0.651 | 0.702 |\n| small | 0.638 | 0.688 |\n\n"
    "On TREC small reaches {}, not far behind large.\n"
)

ALOUD: dict[str, tuple[str, str, str]] = {
    "a mean whose spread is that of the values, beside one row that is right": (
        "mean-disagrees", SEEDED.format("63.2"), SEEDED.format("62.8"),
    ),
    "one share in each of two points, and its sibling": (
        "count-and-rate", "- base: accuracy 262/400 (65.5%)\n- with notes: accuracy 281/400 (73.3%)\n",
        "- base: accuracy 262/400 (65.5%)\n- with notes: accuracy 281/400 (70.3%)\n",
    ),
    "a perplexity in a log of many": ("loss-and-perplexity", COURSE.format("43.88"), COURSE.format("34.88")),
    "a fraction and its percentage": (
        "share-twice", "Plain: 0.817 (81.7%).\nMixed: 0.834 (84.3%).\n",
        "Plain: 0.817 (81.7%).\nMixed: 0.834 (83.4%).\n",
    ),
    "a t and its p below the differences": ("p-value-disagrees", PAIRED.format("0.04"), PAIRED.format("0.61")),
    "an amount in German": (
        "change-disagrees", "Der Fehler sank von 812.4 auf 790.1 kWh, also um 32.3 kWh.\n",
        "Der Fehler sank von 812.4 auf 790.1 kWh, also um 22.3 kWh.\n",
    ),
    "an amount in English": (
        "change-disagrees", "The error fell from 812.4 to 790.1 kWh, that is by 32.3 kWh.\n",
        "The error fell from 812.4 to 790.1 kWh, that is by 22.3 kWh.\n",
    ),
    "an amount in Russian": (
        "change-disagrees", "Ошибка снизилась с 812.4 до 790.1, то есть на 32.3.\n",
        "Ошибка снизилась с 812.4 до 790.1, то есть на 22.3.\n",
    ),
    "results that are stable across two seeds": (
        "few-seeds", "| model | F1 |\n|---|---|\n| a | 0.71 |\n| b | 0.78 |\n\nResults are stable across 2 seeds.\n",
        "| model | F1 |\n|---|---|\n| a | 0.71 |\n| b | 0.78 |\n\nResults are stable across 12 seeds.\n",
    ),
    "a factor with its two amounts": (
        "change-disagrees", "Fusing makes decoding 3.8x faster (391 ms to 137 ms).\n",
        "Fusing makes decoding 2.9x faster (391 ms to 137 ms).\n",
    ),
    "a factor behind its two amounts": (
        "change-disagrees", "Decoding went from 391 ms to 137 ms, a 3.8x speed-up.\n",
        "Decoding went from 391 ms to 137 ms, a 2.9x speed-up.\n",
    ),
    "a perplexity beside one that is right": (
        "loss-and-perplexity", "- head: eval loss 2.204 ppl 9.06\n- tail: eval loss 2.310 ppl 18.07\n",
        "- head: eval loss 2.204 ppl 9.06\n- tail: eval loss 2.310 ppl 10.07\n",
    ),
    "a perplexity of a log that says how it is made": (
        "loss-and-perplexity", "Perplexity = exp(loss).\n\nIt gets to a loss of 3.12 (perplexity 24.6).\n",
        "Perplexity = exp(loss).\n\nIt gets to a loss of 3.12 (perplexity 22.6).\n",
    ),
    "a result of a table in a sentence, two digits turned": (
        "drift", QUOTED.format("58.1"), QUOTED.format("51.8"),
    ),
    "a result of a row and a column in a sentence, two digits turned": (
        "drift", ROWED.format("0.683"), ROWED.format("0.638"),
    ),
    "a setting that ran out of memory and is said not to work": (
        "failure-as-verdict", "- k=48 went OOM at batch 8. k=48 does not work here, dropping it.\n",
        "- k=48 went OOM at batch 8. k=48 needs a smaller batch, trying it tomorrow.\n",
    ),
}  # fmt: skip


def told(tmp_path: Path, text: str, name: str = "LOG.md") -> list[Finding]:
    (tmp_path / name).write_text(f"# Log\n\n{text}" if name.endswith(".md") else text)
    return [one for one in audit(open_logs([tmp_path / name])) if one.level in ("fault", "caution")]


@pytest.mark.parametrize(("rule", "wrong", "right"), ALOUD.values(), ids=ALOUD.keys())
def test_a_slip_is_told_aloud_and_what_is_right_is_not(tmp_path: Path, rule: str, wrong: str, right: str) -> None:
    assert [one.rule for one in told(tmp_path, wrong)] == [rule]
    assert told(tmp_path, right) == []


def test_slips_of_two_tables_are_told_both(tmp_path: Path) -> None:
    assert [one.facts["printed"] for one in told(tmp_path, TABLES.format("84.3", "67.36"))] == ["84.3", "67.36"]
    assert told(tmp_path, TABLES.format("81.3", "67.63")) == []


def test_two_differences_of_a_column_that_a_digit_makes_right_are_told_both(tmp_path: Path) -> None:
    assert [one.facts["printed"] for one in told(tmp_path, DELTAS.format("-5.73", "-1.76"))] == ["-5.73", "-1.76"]
    assert told(tmp_path, DELTAS.format("-5.37", "-1.67")) == []


def test_two_differences_of_a_column_that_no_digit_makes_right_are_of_something_else(tmp_path: Path) -> None:
    assert told(tmp_path, DELTAS.format("-2.91", "-3.08")) == []


def test_two_differences_of_a_column_that_are_taken_to_another_row_are_right(tmp_path: Path) -> None:
    text = (
        DELTAS.format("-5.37", "-1.67")
        .replace("| half |", "| half of warp |")
        .replace("79.97 | -1.67", "77.94 | +1.67")
    )
    assert told(tmp_path, text.replace("81.12 | -0.52", "76.79 | +0.52")) == []


def test_a_count_in_records_that_a_program_wrote_is_told_where_many_others_are_right(tmp_path: Path) -> None:
    counts = [(1204, 0.602), (1391, 0.6955), (1187, 0.5935), (1422, 0.711), (1310, 0.655), (1266, 0.633)]
    text = "".join(
        f'{{"task": "t{i}", "n": 2000, "correct": {k}, "accuracy": {p}}}\n' for i, (k, p) in enumerate(counts)
    )
    assert told(tmp_path, text, "runs.jsonl") == []
    assert [one.place.line for one in told(tmp_path, text.replace("0.711", "0.771"), "runs.jsonl")] == [4]


def test_a_perplexity_of_a_column_is_told_where_the_others_are_those_of_their_losses(tmp_path: Path) -> None:
    rows = [(2.8841, 17.888), (2.8758, 17.74), (2.8672, 17.588), (2.8665, 17.575), (2.8609, 17.477), (2.8926, 18.04)]
    text = "arm,test_loss,perplexity\n" + "".join(f"a{i},{a},{b}\n" for i, (a, b) in enumerate(rows))
    assert told(tmp_path, text, "runs.csv") == []
    (one,) = told(tmp_path, text.replace("17.477", "19.477"), "runs.csv")
    assert (one.rule, one.place.line) == ("loss-and-perplexity", 6)
    assert "is 17.48; printed is a perplexity of 19.477" in sentence(one)


def test_a_word_that_was_read_in_another_language_is_not_quoted_as_if_it_stood_there(tmp_path: Path) -> None:
    text = "# 日志\n\n- 三个随机种子：0.672，0.690，0.674，均值 0.679\n- 结论：提升稳定。\n"
    (tmp_path / "LOG.md").write_text(text)
    (one,) = [one for one in audit(open_logs([tmp_path / "LOG.md"])) if one.rule == "few-seeds"]
    assert sentence(one).startswith("What is said here, in English 'stable', rests on 3 seeds")


def test_a_number_like_a_quoted_one_of_another_name_is_no_slip(tmp_path: Path) -> None:
    assert told(tmp_path, BENCH + "- release: PIQA 72.6, MMLU 58.1, see above.\n") == []
    assert told(tmp_path, BENCH + "- a re-run: PIQA 72.6, ARC 58.1.\n") == []


def test_two_lists_and_their_two_means_go_by_their_order(tmp_path: Path) -> None:
    text = "Three seeds each, tied vs untied: 2.412/2.405/2.419 vs 2.401/2.396/2.409, means 2.412 and 2.402.\n"
    assert told(tmp_path, text) == []


REPEATS = (
    "- repeat 1: 0.1814 (delta vs baseline: -0.00212)\n- repeat 2: 0.1813 (delta vs baseline: {})\n"
    "- repeat 3: 0.1812 (delta vs baseline: -0.00220)\n\n- This setting improved over the baseline on all 3 repeats.\n"
    "- Relative to the baseline, it is a small but very consistent gain.\n"
)


def test_a_steady_gain_whose_differences_stand_a_line_each_is_no_matter_of_their_number_alone(tmp_path: Path) -> None:
    assert told(tmp_path, REPEATS.format("-0.00221")) == []
    (one,) = told(tmp_path, REPEATS.format("-0.00021"))
    assert (one.rule, one.place.line) == ("few-seeds", 8)


ARMS = "name,use_a,use_b,acc,f1,auc\n" + "".join(
    f"{name},{a},{b},{acc},{f1},{auc}\n"
    for name, a, b, acc, f1, auc in [
        ("full", "True", "True", 0.31251, 0.10982, 0.19185), ("no a", "False", "True", 0.26160, 0.07381, 0.15961),
        ("no b", "True", "False", 0.33002, 0.11600, 0.20340), ("only b", "False", "True", 0.26160, 0.07381, 0.15961),
        ("none", "False", "False", 0.29346, 0.09701, 0.18108), ("other", "True", "True", 0.30202, 0.10278, 0.18535),
    ]
)  # fmt: skip


def test_two_names_with_the_same_switches_are_said_to_be_one_arm(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(ARMS)
    found = audit(open_logs([tmp_path / "a.csv"]))
    (one,) = [one for one in found if one.rule == "twin-arms"]
    assert "and the same settings ('use_a', 'use_b'): one arm under two names" in sentence(one)


SPREADS = (
    "Trained over 3 seeds.\n\n| agent | mean reward | std | crashes |\n|---|---|---|---|\n"
    "| baseline | 19.85 | 4.63 | {} |\n| other | 20.48 | 0.95 | {} |\n"
)


def test_a_spread_beside_counts_of_episodes_is_not_taken_for_one_over_seeds(tmp_path: Path) -> None:
    for cells, rules in ((("29/150", "0/150"), []), (("few", "none"), ["recomputed"])):
        (tmp_path / "LOG.md").write_text("# Log\n\n" + SPREADS.format(*cells))
        assert [one.rule for one in audit(open_logs([tmp_path / "LOG.md"]))] == rules


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("run.log", COURSE.format("0.00")),
        ("run.csv", "arm,loss,ppl\na,2.11,8.25\nb,2.02,7.54\nc,1.95,7.03\nd,1.90,6.69\ne,1.85,0.0\n"),
        ("LOG.md", "- head: eval loss 2.204 ppl 9.06\n- tail: eval loss 812.5 ppl 3.2\n"),
    ],
)
def test_a_perplexity_of_nothing_and_a_loss_beyond_all_measure_end_no_audit(
    tmp_path: Path, name: str, text: str
) -> None:
    assert {one.rule for one in told(tmp_path, text, name)} <= {"loss-and-perplexity"}


def test_a_share_written_twice_is_told_where_another_shows_the_form_and_a_digit_makes_it_right(tmp_path: Path) -> None:
    form = "Plain: 0.817 (81.7%).\n"
    assert [one.facts["printed"] for one in told(tmp_path, form + "Mixed: 0.834 (84.3%).\n")] == ["84.3%"]
    assert told(tmp_path, form + "Agreement: 0.834 (61.2%).\n") == []
    assert told(tmp_path, "Mixed: 0.834 (84.3%).\n") == []


def test_of_slips_that_stand_apart_a_log_may_have_three(tmp_path: Path) -> None:
    apart = "A day without a run, and some words on it.\n\n" * 6
    slips = [f"Arm {i}: 0.83{i} (8{i}.3%).\n\n{apart}" for i in (4, 5, 6, 7)]
    for count in (3, 4):
        text = "Plain: 0.817 (81.7%).\n\n" + apart + "".join(slips[:count])
        assert len(told(tmp_path, text)) == (3 if count == 3 else 0)


def test_two_turned_differences_that_are_those_to_another_row_are_right(tmp_path: Path) -> None:
    text = DELTAS.format("-5.73", "-2.51").replace("79.97", "79.49") + "| plus | 82.00 | {} |\n"
    assert told(tmp_path, text.format("+0.36")) == []
    other = text.replace("82.00", "84.00").format("+2.36")
    assert [one.facts["printed"] for one in told(tmp_path, other)] == ["-5.73", "-2.51"]


def test_two_differences_of_the_other_sign_are_of_something_else(tmp_path: Path) -> None:
    assert told(tmp_path, DELTAS.format("+5.73", "+1.76")) == []


def test_two_names_that_differ_in_one_switch_are_not_said_to_be_one_arm(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(ARMS.replace("only b,False,True", "only b,False,False"))
    (one,) = [one for one in audit(open_logs([tmp_path / "a.csv"])) if one.rule == "twin-arms"]
    assert "what tells them apart shows in none of them" in sentence(one)


def test_two_steps_of_one_training_are_no_result_with_its_digits_turned(tmp_path: Path) -> None:
    losses = ["2.842796", "2.771775", "2.745693", "2.941841", "2.947978", "2.774931", "2.926360", "2.847296"]
    steps = "".join(f"{39001 + i} train {loss}\n" for i, loss in enumerate(losses))
    opened = "stage started at step 39001\n\n"
    assert told(tmp_path, opened + steps, "train.txt") == []
    quoted = f"{opened}train 2.842796\n\nFrom step 39001 on, train 2.847296.\n"
    assert [one.rule for one in told(tmp_path, quoted, "train.txt")] == ["drift"]


RUNS = """{"arms": [
{"name": "struct", "axis": "cut", "lm": "x", "cut": "s512", "by": "bm25", "form": "rows", "f1": 0.2089, "mrr": 0.18518},
{"name": "fixed", "axis": "cut", "lm": "x", "cut": "f512", "by": "bm25", "form": "rows", "f1": 0.1902, "mrr": 0.17126},
{"name": "both", "axis": "by", "lm": "x", "cut": "s512", "by": "both", "form": "rows", "f1": 0.1849, "mrr": 0.16525},
{"name": "cell", "axis": "form", "lm": "x", "cut": "s512", "by": "bm25", "form": "cells", "f1": 0.1644, "mrr": 0.1500},
{"name": "plain", "axis": "by", "lm": "x", "cut": "SAME", "by": "bm25", "form": "rows", "f1": 0.2089, "mrr": 0.18518},
{"name": "dense", "axis": "by", "lm": "y", "cut": "s512", "by": "dense", "form": "rows", "f1": 0.0978, "mrr": 0.08569}
]}
"""


@pytest.mark.parametrize(("cut", "level"), [("s512", "hint"), ("g512", "note")])
def test_two_arms_of_one_configuration_are_one_run_in_two_series(tmp_path: Path, cut: str, level: str) -> None:
    text = "\n".join(
        line.replace('"mrr"', f'"seconds": 1.{n}, "mrr"')
        for n, line in enumerate(RUNS.replace("SAME", cut).split("\n"))
    )
    text = text.replace('"mrr": 0.18518', '"mrr": 0.18518, "recall": 0.56313')
    (tmp_path / "a.json").write_text(text)
    (one,) = [one for one in audit(open_logs([tmp_path / "a.json"]), hints=True) if one.rule == "twin-arms"]
    assert one.level == level


LENGTHS = """| task | out (med) | ours (med) | ratio (med) |
|---|---|---|---|
| aime | 270 | 126 | 0.47 |
| code | 280 | 140 | 0.50 |
| gsm8k | 294 | 144 | 0.49 |
| hrmcr | 264 | 138 | 0.52 |
| rules | 260 | 180 | 0.81 |
"""


def test_the_median_of_ratios_is_not_the_ratio_of_medians(tmp_path: Path) -> None:
    assert told(tmp_path, LENGTHS) == []
    counted = (
        LENGTHS.replace(" (med)", "").replace("out", "items").replace("ours", "solved").replace("ratio", "accuracy")
    )
    assert [one.facts["printed"] for one in told(tmp_path, counted)] == ["0.81"]


DROPS = """| method | accuracy | drop vs full |
|---|---|---|
| full | 0.7853 | — |
| no sharing | 0.7891 | -0.4% |
| noise | 0.7442 | {} |
| plain | 0.4715 | +40.0% |
"""


def test_a_drop_that_is_right_in_points_is_no_wrong_share_of_the_first(tmp_path: Path) -> None:
    assert told(tmp_path, DROPS.format("+4.1%")) == []


SLOTS = '{"base_nll": 0.2025, "mean": -0.0028, "std": 0.0037, COUNT"deltas": VALUES}\n'.replace(
    "VALUES", "[-0.00344, -0.00914, -0.00304, 0.00213, 0.00052, 0.00033, -0.00510, -0.00497]"
)


def test_a_list_with_a_value_for_each_part_of_one_model_is_none_over_repeats(tmp_path: Path) -> None:
    def recomputed(text: str) -> list[Finding]:
        (tmp_path / "a.jsonl").write_text(text)
        return [one for one in audit(open_logs([tmp_path / "a.jsonl"])) if one.rule == "recomputed"]

    assert recomputed(SLOTS.replace("COUNT", '"n_slots": 8, ')) == []
    assert recomputed(SLOTS.replace("COUNT", "").replace('"deltas"', '"ablation_deltas"')) == []
    assert len(recomputed(SLOTS.replace("COUNT", '"n_seeds": 8, '))) == 1
    assert len(recomputed(SLOTS.replace("COUNT", "").replace('"deltas"', '"expert_accs_delta"'))) == 1


HOOKS = """| setting | MC1 | MC2 |
|---|---|---|
| Baseline | 39.052 | 58.341 |
| last-position hook | 39.052 | 58.341 |
| answer hook | 40.021 | 58.033 |

The last-position hook cannot reach earlier tokens, {}.
"""


@pytest.mark.parametrize(
    ("said", "level"),
    [("so its scores are exactly equal to baseline", "hint"), ("so its scores should be looked at again", "note")],
)
def test_rows_that_a_log_says_must_be_equal_are_a_hint(tmp_path: Path, said: str, level: str) -> None:
    (tmp_path / "a.md").write_text("# Log\n\n" + HOOKS.format(said))
    (one,) = [one for one in audit(open_logs([tmp_path / "a.md"]), hints=True) if one.rule == "identical-rows"]
    assert one.level == level
