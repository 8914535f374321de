"""A mean or a spread that is not that of its values, beside others of one form that are: told aloud; twins are not."""

from __future__ import annotations

from pathlib import Path

import pytest

from evenhand.audit.check import audit
from evenhand.audit.reading.opened import open_logs

PUMPS = (
    "# energy per day in Wh, one row per pump\npump,old,new,low,remark\nA2,41.2,35.9,36.4,\nA7,48.8,44.1,43.0,\n"
    "B1,60.3,52.6,{b1},new seal\nB3,37.7,33.8,34.9,\nB6,52.4,46.0,47.3,\n{name},48.08,{new},{low},{remark}\n"
)
OVENS = (
    '= Oven times =\n\nOne batch in each oven.\n\n{{| class="wikitable"\n! oven !! old tray ({a}) !! new tray ({b})\n'
    "|-\n| north || 52 || 47\n|-\n| east || 48 || 44\n|-\n| south || 61 || 55\n|-\n| west || 55 || 50\n|-\n"
    "| '''{name}''' || {old} || 49.0\n|}}\n"
)
NOTES = (
    "Tram delays, seconds\n\n**A** timetable only\nfolds: 41.3, 40.8, 42.6, 39.9\nCV 41.15\n\n"
    "**B** and weather\nfolds: 38.2, 37.9, 40.1, 37.0\nCV {}\n\n"
    "**C** and {}\nfolds: 37.7, 36.8, 39.4, 36.5\nCV {}\n"
)
DIARY = (
    "**kiln, diary**\n\nmon. error per split, six held out kilns:\n\n    1.42 1.18 1.91 1.35 1.63 1.27\n\n"
    "so mean error 1.4600 over kilns. kiln 3 is the old one\n\nthu. same splits, with the {}:\n\n"
    "    1.31 1.09 1.74 1.28 1.49 1.22\n\nmean error {}. kiln 3 got better, all others a little\n"
)
MEANS = {
    "a column of a table whose other columns hold, over rows of two kinds": (
        "a.csv",
        PUMPS.format(b1="51.8", name="average", new="42.48", low="42.68", remark="unweighted"),
        PUMPS.format(b1="51.8", name="average", new="43.98", low="42.68", remark="unweighted"),
    ),
    "a column of a table on a wiki, beside one of its unit": (
        "a.md",
        OVENS.format(a="min", b="min", name="mean", old="54.0"),
        OVENS.format(a="min", b="min", name="mean", old="57.5"),
    ),
    "lines below named arms": (
        "a.md",
        NOTES.format("38.30", "holidays", "37.60"),
        NOTES.format("38.90", "holidays", "37.60"),
    ),
    "a second list of a diary": ("a.md", DIARY.format("new probe", "1.3550"), DIARY.format("new probe", "1.4150")),
}
NO_MEANS = {
    "a row that is called something else": (
        "a.csv",
        PUMPS.format(b1="51.8", name="weighted average", new="43.98", low="42.68", remark=""),
    ),
    "columns of which no other holds": (
        "a.csv",
        PUMPS.format(b1="58.8", name="average", new="43.98", low="42.68", remark=""),
    ),
    "a column of another unit": ("a.md", OVENS.format(a="kJ", b="min", name="mean", old="57.5")),
    "a median": ("a.md", OVENS.format(a="min", b="min", name="median", old="57.5")),
    "arms of which a second does not hold": ("a.md", NOTES.format("38.90", "holidays", "38.10")),
    "the remaining lists": (
        "a.md",
        DIARY.format("new probe", "1.4150").replace("error 1.4150", "error 1.4150 without kiln 2"),
    ),
    "a mean of something else": ("a.md", DIARY.format("new probe", "1.4150").replace("error 1.4150", "cost 1.4150")),
}

DRAWS = (
    "| draw | plain | mixed | joint |\n|---|---|---|---|\n| A | 52.1 | 57.3 | 58.8 |\n| B | 55.0 | 60.9 | 60.2 |\n"
    "| C | 50.4 | 56.2 | 57.1 |\n| D | 54.3 | 61.0 | 61.5 |\n| {} | 53.0 (2.1) | 58.8 ({}) | 59.4 (1.9) |\n"
)
ARMS = (
    "Ridge\n- 0.612 / 0.634 / 0.598 / 0.641 / 0.620\n- mean 0.621, sd {}\n\n"
    "Forest\n- 0.655 / 0.671 / 0.640 / 0.689 / 0.650\n- mean {}, sd {}\n"
)
FOLDED = (
    "Loss per fold\n\n    lean  .812  .791  .845  .803  .829\n    wide  .768  .752  .801  .759  .780\n\n"
    "    lean  avg .816   std .021\n    wide  avg .772   std {}\n"
)
CELLS = (
    "Four cells for each mix.\n\n| {} | base mix (h) | mix + salt (h) |\n|---|---|---|\n| 1 | 812 | 871 |\n"
    "| 2 | 845 | 850 |\n| 3 | 796 | 902 |\n| 4 | 831 | 861 |\n\n"
    "Base: {} ± {} h. With salt: 871 ± 22 h. (± is the sample standard deviation.)\n"
)
SPREADS = {
    "brackets of a row that is called mean and deviation": (
        DRAWS.format("mean (std)", "2.5"),
        DRAWS.format("mean (std)", "1.4"),
    ),
    "points below two arms": (ARMS.format("0.017", "0.661", "0.019"), ARMS.format("0.017", "0.661", "0.011")),
    "lines of values, then lines of their means": (FOLDED.format(".019"), FOLDED.format(".010")),
    "a sentence for each column": (CELLS.format("cell", 821, 21), CELLS.format("cell", 821, 12)),
}
NO_SPREADS = {
    "brackets that are not said to be one": DRAWS.format("mean", "1.4"),
    "standard errors": DRAWS.format("mean (se)", "1.4"),
    "a mean of other values": ARMS.format("0.017", "0.702", "0.011"),
    "no other spread that holds": ARMS.format("0.009", "0.661", "0.011"),
    "a sentence with another mean": CELLS.format("cell", 835, 12),
    "rows that are epochs": CELLS.format("epoch", 821, 12),
}


def aloud(folder: Path, name: str, text: str) -> list[str]:
    """The faults and cautions of a log."""
    (folder / name).write_text(text, encoding="utf-8")
    return [one.rule for one in audit(open_logs([folder / name])) if one.level != "note"]


@pytest.mark.parametrize(("name", "sound", "wrong"), MEANS.values(), ids=MEANS)
def test_a_mean_is_wrong_where_all_others_of_its_form_hold(tmp_path: Path, name: str, sound: str, wrong: str) -> None:
    assert aloud(tmp_path, name, wrong) == ["mean-disagrees"]
    assert aloud(tmp_path, name, sound) == []


@pytest.mark.parametrize(("name", "text"), NO_MEANS.values(), ids=NO_MEANS)
def test_a_mean_that_no_other_vouches_for_is_left_alone(tmp_path: Path, name: str, text: str) -> None:
    assert aloud(tmp_path, name, text) == []


@pytest.mark.parametrize(("sound", "wrong"), SPREADS.values(), ids=SPREADS)
def test_a_spread_is_wrong_where_the_means_hold_and_another_spread_does(tmp_path: Path, sound: str, wrong: str) -> None:
    assert aloud(tmp_path, "a.md", wrong) == ["spread-kind"]
    assert aloud(tmp_path, "a.md", sound) == []


@pytest.mark.parametrize("text", NO_SPREADS.values(), ids=NO_SPREADS)
def test_a_spread_that_may_be_of_something_else_is_left_alone(tmp_path: Path, text: str) -> None:
    assert aloud(tmp_path, "a.md", text) == []
