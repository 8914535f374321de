"""Faults of budgets, items, choices, failures, equal results and ceilings, told in prose, lists, tables and data."""

from __future__ import annotations

from pathlib import Path

import pytest

from evenhand.audit.check import audit, sentence
from evenhand.audit.finding import Finding
from evenhand.audit.reading.opened import open_logs
from tests.audit.reading_of import read_in

ROWS = "| arm | epochs | n | F1 |\n|---|---|---|---|\n| plain | {less} | {few} | 61.4 |\n| tied | 12 | 900 | 63.1 |\n"
CURVE = "step,{kind}_acc\n100,61.2\n200,63.9\n300,64.8\n400,64.1\n500,63.7\n"
SWEEP = "| temp | hit rate |\n|---|---|\n| 0.3 | 0.412 |\n| 0.5 | 0.437 |\n| 0.7 | 0.448 |\n| 0.9 | 0.431 |\n"
EQUAL = (
    "| arm | F1 | EM | nll |\n|---|---|---|---|\n| off | 71.326 | 58.914 | 1.2043 |\n| on | {f1} | 58.914 | 1.2043 |\n"
)
TOP = "| decoder | solved |\n|---|---|\n| greedy | {top} % |\n| beam | 100.0 % |\n| sampled | 99.8 % |\n"
ENDED = "| encoder | end of run | MRR |\n|---|---|---|\n| small | regular | 0.412 |\n| wide | {end} | 0.087 |\n"

OBJECTS = (
    '{\n"a": {"steps": %d, "acc": 71.2},\n"b": {"steps": 9000, "acc": 72.9},\n"note": "the second brings 1.7"\n}\n'
)
CASES: dict[str, tuple[str, str, int, str, str]] = {
    # name: rule, file, line, what must be found, what must not
    "budgets in two sentences": (
        "unequal-budgets", "a.md", 2,
        "The plain tagger trained for 8 epochs.\nThe tied tagger trained for 24 epochs on the same data.\n\n"
        "F1 was 61.4 for plain and 63.1 for tied. So tying is worth 1.7 points.\n",
        "The plain tagger trained for 24 epochs.\nThe tied tagger trained for 24 epochs on the same data.\n\n"
        "F1 was 61.4 for plain and 63.1 for tied. So tying is worth 1.7 points.\n",
    ),
    "budgets in points of a list": (
        "unequal-budgets", "a.md", 2,
        "- control: 2.0B tokens, ppl 21.4\n- sorted: 6.0B tokens, ppl 20.1\n- sorting buys 1.3 ppl\n",
        "- control: 6.0B tokens, ppl 21.4\n- sorted: 6.0B tokens, ppl 20.1\n- sorting buys 1.3 ppl\n",
    ),
    "settings tried against defaults": (
        "unequal-budgets", "a.md", 1,
        "- prefix: picked from 40 configs on dev\n- bias: defaults, not tuned\n- F1: prefix 71.5, bias 69.9\n"
        "- so prefix is the better method by 1.6\n",
        "- prefix: picked from 40 configs on dev\n- bias: picked from 40 configs on dev\n- F1: prefix 71.5, bias 69.9\n"
        "- so prefix is the better method by 1.6\n",
    ),
    "budgets of two rows": (
        "unequal-budgets", "a.md", 4,
        ROWS.format(less=4, few=900) + "\nTying brings 1.7 F1.\n",
        ROWS.format(less=12, few=900) + "\nTying brings 1.7 F1.\n",
    ),
    "budgets in German": (
        "unequal-budgets", "a.md", 2,
        "Das alte Netz lief 50 Tausend Schritte.\nDas neue lief 200 Tausend Schritte, Daten und Lernrate wie zuvor.\n\n"
        "Im Mittel: alt 24,6 dB, neu 26,1 dB. Der Gewinn von 1,5 dB kommt vom Aufbau.\n",
        "Das alte Netz lief 200 Tausend Schritte.\n"
        "Das neue lief 200 Tausend Schritte, Daten und Lernrate wie zuvor.\n\n"
        "Im Mittel: alt 24,6 dB, neu 26,1 dB. Der Gewinn von 1,5 dB kommt vom Aufbau.\n",
    ),
    "budgets of objects": (
        "unequal-budgets", "a.json", 3,
        OBJECTS % 3000, OBJECTS % 9000,
    ),
    "few items against all in rows": (
        "fewer-items", "a.md", 3,
        ROWS.format(less=12, few=60) + "\nTying brings 1.7 F1.\n",
        ROWS.format(less=12, few=900) + "\nTying brings 1.7 F1.\n",
    ),
    "few items in records with a remark": (
        "fewer-items", "a.csv", 3,
        "arm,n_items,acc\nbase,1500,61.2\nnew,90,63.5\n# new beats base by 2.3\n",
        "arm,n_items,acc\nbase,1500,61.2\nnew,1500,63.5\n# new beats base by 2.3\n",
    ),
    "a conclusion from a handful": (
        "fewer-items", "a.md", 3,
        "We asked both models the same 7 questions.\n\nSo the small model is clearly the better choice.\n",
        "We asked both models the same 700 questions.\n\nSo the small model is clearly the better choice.\n",
    ),
    "the best row of a curve": (
        "best-on-test", "a.csv", 7,
        CURVE.format(kind="test") + "# headline: 64.8\n", CURVE.format(kind="val") + "# headline: 63.2 on test, once\n",
    ),
    "the best of test scores in fields": (
        "best-on-test", "a.json", 4,
        '{\n"evals": 20,\n"evals_on": "test",\n"reported": 64.8,\n"bleu": {"max": 64.8}\n}\n',
        '{\n"evals": 20,\n"evals_on": "dev",\n"reported": 63.9,\n"bleu": {"max": 64.8}\n}\n',
    ),
    "the winner of a sweep": (
        "winner-on-its-seeds", "a.md", 9,
        SWEEP + "\nBest is 0.7.\nFinal result: 0.448\n",
        SWEEP + "\nBest is 0.7.\nFinal result: 0.436 on unseen questions\n",
    ),
    "a verdict on a run out of memory": (
        "failure-as-verdict", "a.md", 3,
        "The wide encoder died with CUDA out of memory at step 90.\n\n"
        "So wide encoders do not help here, we drop the idea.\n",
        "The wide encoder died with CUDA out of memory at step 90.\n\nSo of wide encoders nothing is known yet.\n",
    ),
    "a verdict on a row of a lost node": (
        "failure-as-verdict", "a.md", 6,
        ENDED.format(end="spot node taken") + "\nSo wide encoders hurt the ranking.\n",
        ENDED.format(end="spot node taken") + "\nSo the wide encoder has to be rerun.\n",
    ),
    "a verdict in Russian": (
        "failure-as-verdict", "a.txt", 3,
        "- модель 3B, два узла\n- на шаге 70 пропал узел gpu-07\n- вывод: метод не сходится\n",
        "- модель 3B, два узла\n- на шаге 70 пропал узел gpu-07\n- вывод: о методе судить рано\n",
    ),
    "equal results that are called harmless": (
        "no-op", "a.md", 4,
        "Without the penalty: F1 71.326, nll 1.2043.\nWith the penalty: F1 71.326, nll 1.2043.\n\n"
        "The penalty is harmless.\n",
        "Without the penalty: F1 71.326, nll 1.2043.\nWith the penalty: F1 71.318, nll 1.2051.\n\n"
        "The penalty is harmless.\n",
    ),
    "equal rows that are called neutral": (
        "no-op", "a.md", 6,
        EQUAL.format(f1="71.326") + "\nSo the option is neutral.\n",
        EQUAL.format(f1="71.402") + "\nSo the option is neutral.\n",
    ),
    "equal results in French": (
        "no-op", "a.txt", 3,
        "- sans poids : exactitude 0.81327, perte 0.301846\n- avec poids : exactitude 0.81327, perte 0.301846\n"
        "- la pondération est neutre\n",
        "- sans poids : exactitude 0.81327, perte 0.301846\n- avec poids : exactitude 0.81327, perte 0.301846\n"
        "- les poids valent sans doute tous 1, à vérifier\n",
    ),
    "a conclusion at the ceiling": (
        "ceiling", "a.md", 7,
        TOP.format(top="100.0") + "\nSo the decoder does not matter.\n",
        TOP.format(top="91.3") + "\nSo the decoder matters.\n",
    ),
    "a conclusion at the ceiling in points": (
        "ceiling", "a.md", 4,
        "- digits, accuracy over 5,000 images\n- cnn: 99.8 %\n- mlp: 99.7 %\n- so convolutions are not needed\n",
        "- digits, accuracy over 5,000 images\n- cnn: 99.8 %\n- mlp: 99.7 %\n- the task is too easy to tell\n",
    ),
    "a conclusion at chance": (
        "ceiling", "a.md", 4,
        "- two choices, chance = 50\n- short prompt: 50.2\n- long prompt: 49.9\n- so the prompt makes no difference\n",
        "- two choices, chance = 50\n- short prompt: 55.2\n- long prompt: 61.9\n- so the prompt makes a difference\n",
    ),
}  # fmt: skip


def found(folder: Path, name: str, text: str) -> tuple[Finding, ...]:
    """The findings of a file."""
    (folder / name).write_text(text, encoding="utf-8")
    return tuple(one for one in read_in(open_logs([folder / name])) if one.level != "note")


@pytest.mark.parametrize("name", CASES)
def test_it_is_found_at_its_line_and_not_in_its_twin(tmp_path: Path, name: str) -> None:
    rule, file, line, faulty, sound = CASES[name]
    told = [one for one in found(tmp_path, file, faulty) if one.rule == rule]
    assert [one.place.line for one in told][:1] == [line], [sentence(one) for one in told]
    assert "{" not in sentence(told[0])
    assert not [sentence(one) for one in found(tmp_path, file, sound) if one.rule == rule]


def test_a_number_is_no_name_of_an_arm(tmp_path: Path) -> None:
    text = "Scores of {a} and {b} below.\n\n"
    text += "- BLEU [45.8, 54.4, {a}] (20,000 steps)\n- BLEU [46.3, 54.5, {b}] (40,000 steps)\n"
    assert not [one for one in found(tmp_path, "a.md", text.format(a=28.0, b=28.1)) if one.rule == "unequal-budgets"]


def test_what_is_doubted_beside_equal_rows_is_a_hint(tmp_path: Path) -> None:
    for below, loud in (
        ("\nThe table is final.\n", True),
        ("\nI suspect that the flag never reached the model.\n", False),
    ):
        (tmp_path / "a.md").write_text(EQUAL.format(f1="71.326") + below, encoding="utf-8")
        told = audit(open_logs([tmp_path / "a.md"]))
        assert any(one.rule == "identical-rows" for one in told) is loud


def test_remarks_in_data_are_read(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("# first remark\narm,acc\na,0.5\n# second remark\nb,0.6\n", encoding="utf-8")
    log = open_logs([tmp_path / "a.csv"])[0]
    assert [line.body for line in log.lines if line.kind == "bullet"] == ["first remark", "second remark"]
    assert [row.cells for row in log.tables[0].rows] == [("a", "0.5"), ("b", "0.6")]
    assert log.tables[0].line == 2
