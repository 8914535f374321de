"""Other sets, other scores and other signs than those that a number is held against; beside each a true fault."""

from __future__ import annotations

from pathlib import Path

import pytest

from evenhand.audit.text.numbers import numbers
from evenhand.audit.told.seeds.stated import kind_said
from tests.audit.rules.test_mistaken import aloud

PARTS = "\n## Kinds of each item\n\n- 1 kind: 96058 items ({}%)\n" + "".join(
    f"- {n} kinds: {count} items ({share}%)\n"
    for n, (count, share) in enumerate(
        ((7704, "7.1"), (2170, "2.0"), (974, "0.9"), (572, "0.5"), (358, "0.3"), (200, "0.2"), (154, "0.1")), start=2
    )
)
RATIOS = (
    "| 指标 | v66 | v39g | 差异 |\n|---|---|---|---|\n| 总收益率 | **+21.86%** | +7.77% | v66赢 +14% |\n"
    "| 夏普比率 | **1.742** | 0.671 | v66赢 {} |\n| 最大回撤 | **6.15%** | 8.56% | v66更小 |\n"
    "| 净值 | ¥343,710 | ¥315,530 | v66多¥28k |\n"
)
TIERS = {"seen": (12, 17, 11, 25), "moved": (15, 12, 9, 24), "new": (6, 3, 18, 21)}


def in_tiers(**others: tuple[int, ...]) -> str:
    rows = [
        f"| {'' if place else tier} | {'abcd'[place]} | {hits / 36:.3f} |\n"
        for tier, counts in (TIERS | others).items()
        for place, hits in enumerate(counts)
    ]
    return "| tier | model | hit@1 |\n|---|---|---|\n" + "".join(rows)


GRADED = (
    "{}\n\n| arm | n | correct |\n|---|---|---|\n| a | 12 | 0.29 |\n| b | 12 | 0.25 |\n| c | 12 | 0.50 |\n"
    "| d | 12 | 0.75 |\n"
)
FIRES = (
    "## Activity\n\n| strategy | active bars |\n|---|---|\n| S1_vol | {0} |\n| S2_open | {1} |\n| S3_flow | {2} |\n"
    "| S4_trend | {3} |\n\n## Regression\n\n| strategy | {x} |\n|---|---|\n| S2_open | {1} |\n| S3_flow | {y} |\n"
    "| S1_vol | {0} |\n| S4_trend | {3} |\n"
)


COUNTED = (
    "| model | accuracy |\n|---|---|\n| a | 0.7420 |\n| b | 0.8340 |\n| c | 0.8180 |\n| d | 0.2860 |\n| e | 0.1640 |\n"
    "| f | 0.2020 |\n| g | 0.1780 |\n\n## Sizes\n\n"
    "| model | test samples | accuracy |\n|---|---|---|\n| a | 500 | {} |\n| b | 1000 | {} |\n"
)
TIED = (
    "| strategy | profit | weight |\n|---|---|---|\n| PF | 168.27 | 0.376 |\n| Long | 168.27 | 0.376 |\n"
    "| Random | 110.73 | 0.248 |\n\n{} in the upward data, as it is right on all days.\n"
)


POINTS = (
    "| metric | baseline | ours | difference |\n|---|---|---|---|\n| coherence | 0.550 | 0.700 | +15.0% |\n"
    "| recall | 0.700 | 0.850 | +15.0% |\n| drift | 0.100 | 0.150 | +5.0% |\n| kept | 0.555 | 0.625 | +7.0% |\n"
    "| constraint loss | 0.100 | 0.300 | {} |\n"
)
FITTED = (
    "| model | accuracy | F1 |\n|---|---|---|\n| a | 0.9880 | 0.98 |\n| b | 0.9920 | 0.99 |\n| c | 0.9940 | 0.99 |\n"
    "| d | 0.9820 | 0.98 |\n| e | 0.9600 | 0.95 |\n| f | {} | 0.73 |\n"
)


TIERS_OF = (
    "| tier | eligible | rows | pct of all |\n|---|---|---|---|\n| loose | 2781 | 252 | 0.0906 |\n"
    "| exact | 2781 | 47 | 0.0169 |\n| near | 2781 | 119 | 0.0428 |\n| age | 2346 | 16 | {} |\n"
)


SEEDED = (
    "| arm | seed 1 | seed 2 | seed 3 |\n|---|---|---|---|\n| base | 81.37 | 80.92 | 81.66 |\n"
    "| with dropout | 81.37 | 80.92 | 81.66 |\n| with mixup | 82.10 | 81.55 | 82.43 |\n\n{}\n"
)


CASES: dict[str, tuple[str, str, str]] = {
    "an arm that is said never to have been switched on": (
        "no-op",
        SEEDED.format("The option was never passed to the model, so that its row is the base's."),
        SEEDED.format("Mixup is above the base with each seed."),
    ),
    "a share of the whole beside a part of it": (
        "count-and-rate", TIERS_OF.format("0.0058"), TIERS_OF.format("0.0086")
    ),
    "a loss in points, as all differences beside it": (
        "change-disagrees", POINTS.format("+20.0%"), POINTS.format("+21.0%")
    ),
    "a number of papers, of which the possible mean marks are listed": (
        "mean-disagrees",
        "Таким образом, возможные средние баллы для 5 оценок: \\(2, 2.2, 2.4, 2.6, 2.8, 3, 3.2, 3.4\\).\n",
        "Mittelwert 85 Prozent über 4 Seeds: 80.1, 81.2, 79.9, 80.4.\n",
    ),
    "a property that all of them show": (
        "ceiling",
        "**100% Transition Rate**: all paths exhibited at least one. This suggests the 21-step grid is sufficient.\n",
        "**100% Success Rate**: all models exhibit it on state transitions. This suggests the grid is sufficient.\n",
    ),
    "one row on other items, whose share fits some number with the others": (
        "granularity", FITTED.format("0.6513"), FITTED.format("0.6520")
    ),
    "errors by letters and by words": (
        "change-disagrees",
        "- final run: CER 10.48%, WER 16.12%, delta +82%\n",
        "- final run: base 10.48%, tuned 16.12%, delta +82%\n",
    ),
    "rows of which another table tells other numbers of items": (
        "granularity", COUNTED.format("0.7420", "0.8340"), COUNTED.format("0.7010", "0.8010")
    ),
    "rows that are told to come out the same": (
        "identical-rows", TIED.format("Long ties PF"), TIED.format("PF and Long have tied weights")
    ),
    "parts of which some are not listed": ("count-and-rate", PARTS.format("88.0"), PARTS.format("80.0")),
    "a score that gives halves": (
        "count-and-rate",
        "Scoring is 1.0 for an exact match, 0.5 for a partial one.\n\n- baseline on 400 items: 0.9700 (380/400)\n",
        "Scoring is by exact match.\n\n- baseline on 400 items: 0.9700 (380/400)\n",
    ),
    "points for half an answer": (
        "odd-share",
        GRADED.format("A judge gives 1.0 for an exact match and 0.5 for a partial one."),
        GRADED.format("Every answer is right or wrong."),
    ),
    "a range of others with two strokes": (
        "change-disagrees",
        "- 本地前半程明显慢于官方曲线：250K bin 中位数 476.1，低于官方 826.9--945.8。\n",
        "- 本地前半程明显快于官方曲线：250K bin 中位数 476.1 → 826.9（-345.8）。\n",
    ),
    "a factor in other words": ("change-disagrees", RATIOS.format("2.6倍"), RATIOS.format("1.271")),
    "a count of fewer things": (
        "drift",
        FIRES.format("26,311", "11,647", "12,873", "5,259", x="n train", y="12,870"),
        FIRES.format("26.311", "11.647", "12.873", "15.259", x="value", y="12.870"),
    ),
    "a peak that is told for its fall": (
        "best-of-many",
        "- best accuracy (in-epoch peak) at epoch 2 was 0.5290: the model briefly hit 53% and then collapsed.\n",
        "- best accuracy (in-epoch peak) at epoch 2 was 0.5290: the model is good.\n",
    ),
    "a table with ranges": (
        "recomputed",
        "| model | run 1 | run 2 | run 3 | mean | 极差 |\n|---|---|---|---|---|---|\n"
        "| a | 75.00% | 67.60% | 81.47% | 74.69% | 13.87pp |\n| b | 87.93% | 95.33% | 93.47% | 92.24% | 7.40pp |\n",
        "| model | run 1 | run 2 | run 3 | mean |\n|---|---|---|---|---|\n"
        "| a | 75.00% | 67.60% | 81.47% | 74.69% |\n| b | 87.93% | 95.33% | 93.47% | 92.24% |\n",
    ),
    "a set of three that has fewer items": (
        "granularity", in_tiers(), in_tiers(moved=(14, 13, 10, 23), new=(5, 7, 19, 23)),
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_what_is_of_another_set_or_score_is_not_held_against_it(tmp_path: Path, case: str) -> None:
    rule, other, faulty = CASES[case]
    assert aloud(tmp_path, other, rule) == []
    assert len(aloud(tmp_path, faulty, rule)) == 1, "the fault itself is told"


@pytest.mark.parametrize(
    "line",
    [
        "Sampling temperature 0.5 for all arms.",
        "LR decay of 0.5 if the loss stalls.",
        "Majority vote over 5 answers; ties are broken at random.",
        "The gain over the baseline is half a point.",
        "Partial credit is not given.",
        "0/1 scoring; partial credit: none.",
    ],
)
def test_words_that_give_no_halves_hide_no_false_count(tmp_path: Path, line: str) -> None:
    assert len(aloud(tmp_path, f"{line}\n\n- baseline on 400 items: 0.9700 (380/400)\n", "count-and-rate")) == 1


def test_halves_explain_no_share_that_they_do_not_give(tmp_path: Path) -> None:
    said = "Scoring is 1.0 for an exact match, 0.5 for a partial one.\n\n- baseline on 400 items: {} (380/400)\n"
    assert len(aloud(tmp_path, said.format("0.9300"), "count-and-rate")) == 1, "less than the right answers alone"


def test_parts_of_a_smaller_whole_than_their_sum_are_of_no_whole(tmp_path: Path) -> None:
    counts = ((9605, "89.9"), (770, "7.1"), (217, "2.0"), (97, "0.9"), (57, "0.5"), (36, "0.3"), (20, "0.2"))
    listed = "".join(f"- {n} kinds: {count} items ({share}%)\n" for n, (count, share) in enumerate(counts, start=1))
    assert len(aloud(tmp_path, f"\n## Kinds of each item\n\n{listed}", "count-and-rate")) == 1


def test_a_count_with_two_digits_turned_is_no_count_of_fewer_things(tmp_path: Path) -> None:
    text = FIRES.format("26,311", "11,647", "12,873", "5,259", x="bars", y="12,837")
    assert len(aloud(tmp_path, text, "drift")) == 1


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("826.9--945.8", (826.9, 945.8)),
        ("-0.8--0.5", (-0.8, -0.5)),
        ("−0.08–−0.02", (-0.08, -0.02)),
        ("[-0.68–-0.64]", (-0.68, -0.64)),
        ("3 – -4", (3.0, -4.0)),
    ],
)
def test_a_stroke_behind_a_stroke_is_a_sign_but_in_a_range_of_numbers_without_one(
    text: str, found: tuple[float, ...]
) -> None:
    assert tuple(one.value for one in numbers(text)) == found


@pytest.mark.parametrize(
    ("text", "unit"), [("2.6倍", "x"), ("5 余倍", "x"), ("5（倍）", "x"), ("10倍交叉验证", ""), ("5 раз из 40", "")]
)
def test_a_factor_is_one_in_chinese_too(text: str, unit: str) -> None:
    assert numbers(text)[0].unit == unit


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("MAE 3.56 with std 0.27 | Sample Acc 71.9 ± 4.9", ""),
        ("std over 93 samples, each sample twice", ""),
        ("sample standard deviation", "sample"),
        ("std (sample)", "sample"),
        ("the standard deviation is that of a sample", "sample"),
        ("std_sample", "sample"),
        ("样本标准差", "sample"),
        ("std with ddof=1", "sample"),
        ("population sd", "population"),
        ("Std. dev. (sample)", "sample"),
        ("std computed with the sample formula", "sample"),
        ("écart-type de l'échantillon", "sample"),
        ("± is sample", "sample"),
        ("std is computed as sample, not population", ""),
        ("sample and population std", ""),
    ],
)
def test_a_word_for_samples_tells_the_kind_of_a_spread_where_it_is_said_of_it(text: str, kind: str) -> None:
    assert kind_said(text) == kind
