"""What can be recomputed is found in whatever form it is printed; each beside a twin in which nothing is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from evenhand.audit.check import sentence
from evenhand.audit.finding import Finding
from evenhand.audit.reading.opened import open_logs
from tests.audit.reading_of import read_in

CHAT = "[09:13] ann: plain: 61.2 / 60.4 / 62.5\n[09:14] ann: avg {}, sd 1.1\n"
STACKED = "- seed 1: 0.612\n- seed 2: 0.631\n- seed 3: 0.620\n- mean {}\n"
ROWS = "arm,seed,acc\na,1,0.612\na,2,0.631\na,3,0.620\na,mean,{}\nb,1,0.7\nb,2,0.71\nb,mean,0.705\n"
CELLS = "| arm | per seed | mean | sd |\n|---|---|---|---|\n| a | 61.2, 63.1, 62.0 | {} | 1.0 |\n"
BY_SEED = (
    '{{"per_seed": {{"0": {{"em": 0.512}}, "1": {{"em": 0.498}}, "2": {{"em": 0.505}}}},\n'
    ' "summary": {{"em": {{"mean": {}}}}}}}\n'
)
RUNS = '{{"runs": [{{"seed": 1, "em": 0.512}}, {{"seed": 2, "em": 0.498}}],\n "em_mean": 0.505,\n "em_std": {}}}\n'
COUNTS = "arm,correct,n,accuracy\na,151,250,0.604\nb,148,250,0.592\nc,155,250,{}\nd,160,250,0.640\n"
GRIM = (
    "| arm | questions | accuracy |\n|---|---|---|\n| a | 180 | 42.22 |\n| b | 180 | 45.56 |\n| c | 180 | {} |\n"
    "| d | 180 | 47.78 |\n"
)
ARMS = "arm,seed,train_steps,acc\n" + "".join(
    f"{arm},{seed},{steps},{value + seed / 50:.4f}\n"
    for arm, steps, value in (("plain", 2000, 0.6123), ("mixed", 2000, 0.6237), ("long", "{}", 0.6341))
    for seed in (1, 2)
)
TWIN = (
    "arm,seed,loss,acc,speed\nplain,1,2.9143,66.21,48213\nplain,2,2.9087,67.43,48187\nmixed,1,2.8617,69.81,54122\n"
    "{},1,2.9143,66.21,{}\n"
)
TOP = "# Log\n\n| arm | accuracy |\n|---|---|\n| long | 99.8 % |\n| short | {} |\n\n"
LOSSES = (
    "| metric | base | final | change |\n|---|---|---|---|\n| accuracy | 0.612 | 0.631 | +3.1 % |\n"
    "| loss | 1.400 | 1.274 | {} |\n| recall | 0.412 | 0.437 | +6.1 % |\n"
)
ARMED = (
    '{{"em_plain": [0.41, 0.40, 0.42],\n "em_gated": [0.43, 0.40, 0.43],\n "deltas": [0.02, 0.00, 0.01],\n'
    ' "mean": {},\n "std": 0.01}}\n'
)

MORE: dict[str, tuple[str, dict[str, str], str, dict[str, str]]] = {
    "a mean in the next message": (
        "mean-disagrees", {"a.txt": CHAT.format("62.9")}, "a.txt:2", {"a.txt": CHAT.format("61.4")}
    ),
    "a mean below a line for each seed": (
        "mean-disagrees", {"a.md": STACKED.format("0.628")}, "a.md:4", {"a.md": STACKED.format("0.621")}
    ),
    "a mean on the line of its values": (
        "mean-disagrees", {"a.md": "returns 181 190 177 186, mean 188.7, sd 5.7\n"}, "a.md:1",
        {"a.md": "returns 181 190 177 186, mean 183.5, sd 5.7\n"},
    ),
    "a row of a mean among records": (
        "mean-disagrees", {"a.csv": ROWS.format("0.627")}, "a.csv:5", {"a.csv": ROWS.format("0.621")}
    ),
    "values in one cell": (
        "mean-disagrees", {"a.md": CELLS.format("62.9")}, "a.md:3", {"a.md": CELLS.format("62.1")}
    ),
    "objects by seed and a summary": (
        "mean-disagrees", {"a.json": BY_SEED.format("0.512")}, "a.json:2", {"a.json": BY_SEED.format("0.505")}
    ),
    "records of runs and their spread": (
        "spread-kind", {"a.json": RUNS.format("0.0457")}, "a.json:3", {"a.json": RUNS.format("0.0099")}
    ),
    "German": (
        "mean-disagrees",
        {"a.md": "Läufe mit Anker: 71,3 69,8 70,5 (Seeds 1 bis 3)\nMittelwert 71,9, Streuung 0,75\n"}, "a.md:2",
        {"a.md": "Läufe mit Anker: 71,3 69,8 70,5 (Seeds 1 bis 3)\nMittelwert 70,5, Streuung 0,75\n"},
    ),
    "Russian": (
        "spread-kind", {"a.md": "- сиды 0..2: 71.3, 69.8, 70.5\n- среднее 70.5, ст. откл. 1.2\n"}, "a.md:2",
        {"a.md": "- сиды 0..2: 71.3, 69.8, 70.5\n- среднее 70.5, ст. откл. 0.75\n"},
    ),
    "French": (
        "mean-disagrees",
        {"a.md": "Distillé, 3 graines : 73,0 ; 71,1 ; 73,9, moyenne 73,4, écart-type 1,4\n"}, "a.md:1",
        {"a.md": "Distillé, 3 graines : 73,0 ; 71,1 ; 73,9, moyenne 72,7, écart-type 1,4\n"},
    ),
    "Chinese": (
        "mean-disagrees", {"a.md": "三个种子：71.2，70.4，69.9，均值 71.5，标准差 0.66\n"}, "a.md:1",
        {"a.md": "三个种子：71.2，70.4，69.9，均值 70.5，标准差 0.66\n"},
    ),
    "a count in words": (
        "count-and-rate", {"a.md": "- 225 correct out of 350 = 66.29%\n"}, "a.md:1",
        {"a.md": "- 225 correct out of 350 = 64.29%, 66 of 350 runs used a loss of 0.412\n"},
    ),
    "two counts of one whole": (
        "count-and-rate", {"a.md": "- 128 and 124 wins of 240 (53.3 % and 57.1 %)\n"}, "a.md:1",
        {"a.md": "- 128 and 124 wins of 240 (53.3 % and 51.7 %)\n"},
    ),
    "a count in German": (
        "count-and-rate", {"a.md": "- mit Anker gelöst: 431 von 480 (87,9 %)\n"}, "a.md:1",
        {"a.md": "- mit Anker gelöst: 431 von 480 (89,8 %)\n"},
    ),
    "columns of counts": (
        "count-and-rate", {"a.csv": COUNTS.format("0.640")}, "a.csv:4", {"a.csv": COUNTS.format("0.620")}
    ),
    "one against the other": (
        "change-disagrees", {"a.md": "- BLEU 84.8 against 83.3: +2.5\n"}, "a.md:1",
        {"a.md": "- BLEU 84.8 against 83.3: +1.5\n- 261 against 212 tokens: +49, +23.1 %\n"},
    ),
    "a speed": (
        "change-disagrees", {"a.md": "- throughput goes from 48.2k to 54.1k tok/s, +18 %\n"}, "a.md:1",
        {"a.md": "- throughput goes from 48.2k to 54.1k tok/s, +12.2 %\n- 54.1k / 48.2k = 112 %\n"},
    ),
    "a share of no whole number": (
        "odd-share", {"a.md": GRIM.format("46.35")}, "a.md:5", {"a.md": GRIM.format("46.67")}
    ),
    "steps of records": (
        "unequal-budgets", {"a.csv": ARMS.format(6000, 6000)}, "a.csv:6", {"a.csv": ARMS.format(2000, 2000)}
    ),
    "a row that changed nothing": (
        "twin-arms", {"a.csv": TWIN.format("no_conv", "48213")}, "a.csv:5",
        {"a.csv": TWIN.format("same run as 1", "48213")},
    ),
    "a verdict on a failure": (
        "failure-as-verdict",
        {"a.md": "- moe, seed 0: `torch.OutOfMemoryError` at step 37\n- moe does not help, dropped\n"}, "a.md:2",
        {"a.md": "- moe, seed 0: `torch.OutOfMemoryError` at step 37\n- so nothing is known about moe; requeued\n"},
    ),
    "a verdict in a note": (
        "failure-as-verdict", {"a.csv": 'arm,acc,note\na,0.61,\nb,,"killed by slurm after 4 h; b does not train"\n'},
        "a.csv:3", {"a.csv": 'arm,acc,note\na,0.61,\nb,,"killed by slurm after 4 h; no result, requeued"\n'},
    ),
    "an interval around zero": (
        "interval-and-word", {"a.md": "- mean +5.4, 95 % CI [-6.6, +17.3]: a significant gain\n"}, "a.md:1",
        {"a.md": "- mean +5.4, 95 % CI [-6.6, +17.3]: not significant\n- mean 5.4, 95 % CI [1.2, 9.3], a clear gain\n"},
    ),
    "a ceiling in a table": (
        "ceiling", {"a.md": TOP.format("99.6 %") + "- the short prompt costs nothing\n"}, "a.md:8",
        {"a.md": TOP.format("91.6 %") + "- the short prompt costs nothing\n"},
    ),
    "a ceiling that is known": (
        "ceiling", {"a.md": TOP.format("99.6 %") + "- all are equally good\n"}, "a.md:8",
        {"a.md": TOP.format("99.6 %") + "- the task is saturated and tells nothing\n"},
    ),
    "both seeds": (
        "few-seeds", {"a.md": "# Log\n\n- The gain is consistent across both seeds.\n"}, "a.md:3",
        {"a.md": "# Log\n\n- Both seeds point the same way; that is no result yet.\n"},
    ),
    "a word of another language": (
        "few-seeds", {"a.md": "- разности по сидам: +0.0125, +0.0375\n- вывод: устойчивый прирост\n"}, "a.md:2",
        {"a.md": "- разности по сидам: +0.0125, +0.0375\n- loss в bf16 численно устойчив\n"},
    ),
    "a gap of two arms": (
        "change-disagrees", {"a.md": "- plain 0.412, gated 0.437, gap 0.052\n"}, "a.md:1",
        {"a.md": "- plain 0.412, gated 0.437, gap 0.025\n"},
    ),
    "a difference before its numbers": (
        "change-disagrees", {"a.md": "- the gate trails the base by 0.062 (gate 0.412, base 0.437)\n"}, "a.md:1",
        {"a.md": "- the gate trails the base by 0.025 (gate 0.412, base 0.437)\n"},
    ),
    "points in German": (
        "change-disagrees", {"a.md": "- Genauigkeit von 71,25 % auf 73,50 %, also um 3,25 Prozentpunkte\n"}, "a.md:1",
        {"a.md": "- Genauigkeit von 71,25 % auf 73,50 %, also um 2,25 Prozentpunkte\n"},
    ),
    "percent of a loss": (
        "change-disagrees", {"a.md": LOSSES.format("-12.6 %")}, "a.md:4", {"a.md": LOSSES.format("-9.0 %")}
    ),
    "a share beside its items": (
        "odd-share", {"a.md": "- plain: 41.3 % of 150 questions\n"
                      "- gated: 41.7 % of 150 questions\n"}, "a.md:2",
        {"a.md": "- plain: 41.3 % of 150 questions\n- gated: 42.0 % of 150 questions\n"},
    ),
    "lists of arms beside the differences": (
        "mean-disagrees", {"a.json": ARMED.format("0.021")}, "a.json:4", {"a.json": ARMED.format("0.010")}
    ),
}  # fmt: skip


def found(folder: Path, files: dict[str, str]) -> tuple[Finding, ...]:
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return read_in(open_logs([folder]))


@pytest.mark.parametrize("form", MORE)
def test_it_is_found_at_its_line_and_not_in_its_twin(tmp_path: Path, form: str) -> None:
    rule, faulty, place, clean = MORE[form]
    (tmp_path / "faulty").mkdir()
    (tmp_path / "clean").mkdir()
    mine = [one for one in found(tmp_path / "faulty", faulty) if one.rule == rule]
    assert [f"{Path(one.place.file).name}:{one.place.line}" for one in mine] == [place]
    assert sentence(mine[0]).endswith(".")
    assert "None" not in sentence(mine[0])
    assert [(one.rule, one.place.text) for one in found(tmp_path / "clean", clean) if one.level != "note"] == []


def test_rows_of_no_items_and_of_one_break_nothing(tmp_path: Path) -> None:
    rows = "arm,n,correct,accuracy\n" + "".join(f"a{k},{k % 2},0,0.{k}1\n" for k in range(9))
    assert found(tmp_path, {"a.csv": rows, "b.csv": rows.replace("a0", "")}) == ()
