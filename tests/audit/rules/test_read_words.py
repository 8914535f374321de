"""Words that rank, assure and repeat are read with the numbers in their scope; each example has a twin."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.audit.rules.test_read import found, twins

RANKED = [
    (
        "log.md",
        (
            "Filtering lifts the small net from 58.2 to 64.9, that is +6.7.\n"
            "Mixing lifts the base net from 63.4 to 67.1, that is +3.7.\n\n"
            "Filtering is the more effective of the two, 6.7 against 3.7.\n"
        ),
        "6.7 against 3.7",
        "from 63.4 to 67.1",
        "from 58.2 to 61.9",
    ),
    (
        "log.md",
        (
            "- reader: +9.1 over the zero-shot model\n- hints: +4.2 over the few-shot model\n"
            "- the reader adds twice as much as hints\n"
        ),
        "twice as much",
        "few-shot",
        "zero-shot",
    ),
    (
        "log.md",
        (
            "* contenu : +0,021 par rapport à la popularité (0,150 puis 0,171)\n"
            "* suite : +0,009 par rapport au filtrage (0,212 puis 0,221)\n"
            "* le contenu apporte plus du double de la suite\n"
        ),
        "plus du double",
        "(0,212 puis 0,221)",
        "(0,150 puis 0,159)",
    ),
    (
        "a.md",
        (
            "| trick | baseline used | before | after | gain |\n|---|---|---|---|---|\n"
            "| focal | R18 small | 33.0 | 37.3 | 4.3 |\n| deform | R101 large | 40.1 | 42.0 | 1.9 |\n\n"
            "Focal gives the larger gain of the two, 4.3 versus 1.9.\n"
        ),
        "larger gain",
        "R101 large",
        "R18 small",
    ),
    (
        "a.csv",
        (
            "run,vs,ndcg,delta\nplain,,0.501,\ntree,,0.618,\ndwell,plain,0.548,0.047\n"
            "fresh,tree,0.639,0.021\n# dwell gives more than fresh (0.047 > 0.021)\n"
        ),
        "# dwell gives",
        "fresh,tree",
        "fresh,plain",
    ),
    (
        "a.json",
        (
            '{\n "int8": {"compared_with": "fp16", "joule": 130, "saved": 60},\n'
            ' "flash": {"compared_with": "fp32", "joule": 190, "saved": 120},\n'
            ' "message": "flash saves double what int8 saves"\n}\n'
        ),
        '"message"',
        '"fp16"',
        '"fp32"',
    ),
]


@pytest.mark.parametrize(("name", "text", "at", "wrong", "right"), RANKED)
def test_gains_from_two_references_are_not_ranked(
    tmp_path: Path, name: str, text: str, at: str, wrong: str, right: str
) -> None:
    line = text[: text.index(at)].count("\n") + 1
    assert [one.place.line for one in found(tmp_path, "baselines-differ", text, name)] == [line]
    assert found(tmp_path, "baselines-differ", text.replace(wrong, right), name) == []


def test_two_gains_that_nobody_ranks_are_left_alone(tmp_path: Path) -> None:
    text = "It rose on sports from 36.2 to 38.1 (+1.9) and on law from 40.9 to 41.8 (+0.9).\nBoth runs are done.\n"
    assert found(tmp_path, "baselines-differ", text) == []


CERTAIN = [
    (
        "log.md",
        (
            "The scores are 4.02 and 3.97. The difference of 0.05 has the 95 %\n"
            "confidence interval [-0.03, 0.13] (bootstrap).\n\n"
            "Ours is beyond doubt better than the other.\n"
        ),
        "[-0.03, 0.13]",
        "[0.02, 0.08]",
    ),
    (
        "log.md",
        "- paired test over the images: p = .08\n- it is proven that hints help\n",
        "p = .08",
        "p = .002",
    ),
    (
        "log.md",
        (
            "Der Permutationstest mit den 24 Texten ergibt p = 0,21.\n\n"
            "Das große Modell erklärt die Daten also nachweislich besser.\n"
        ),
        "0,21",
        "0,002",
    ),
    (
        "a.md",
        (
            "| pivot | Δ | 95 % CI |\n|---|---|---|\n| English | +2.4 | [1.7, 3.1] |\n"
            "| Welsh | +0.6 | [-0.4, 1.6] |\n\nWelsh, too, undoubtedly beats the direct way.\n"
        ),
        "[-0.4, 1.6]",
        "[0.2, 1.0]",
    ),
    (
        "a.json",
        ('{\n "difference": -0.4,\n "ci95": [-1.1, 0.3],\n "say": "control certainly makes it better"\n}\n'),
        "[-1.1, 0.3]",
        "[-0.6, -0.2]",
    ),
    (
        "a.csv",
        (
            "part,n,diff,lo95,hi95\nhead,4000,0.006,0.002,0.010\ntail,900,0.015,-0.004,0.034\n"
            "# tail: a real improvement, no doubt about it\n"
        ),
        "-0.004,0.034",
        "0.006,0.024",
    ),
]


@pytest.mark.parametrize(("name", "text", "wrong", "right"), CERTAIN)
def test_certainty_is_read_with_its_evidence(tmp_path: Path, name: str, text: str, wrong: str, right: str) -> None:
    assert len(found(tmp_path, "interval-and-word", text, name)) == 1
    assert found(tmp_path, "interval-and-word", text.replace(wrong, right), name) == []


def test_certainty_that_is_taken_back_is_left_alone(tmp_path: Path) -> None:
    text = (
        "- paired test over the images: p = .08\n- so it is not proven that hints help\n"
        "- a significant amount of work\n"
    )
    assert found(tmp_path, "interval-and-word", text) == []


UNTESTED = [
    (
        ("F1 rises from 76.9 (sd 0.5, six seeds) to 77.5 (sd 0.6, six seeds).\n\nGlosses significantly improve it.\n"),
        "76.9",
        "74.9",
    ),
]


@pytest.mark.parametrize(("text", "wrong", "right"), UNTESTED)
def test_certainty_without_a_test_is_read_with_its_noise(tmp_path: Path, text: str, wrong: str, right: str) -> None:
    assert len(found(tmp_path, "untested", text)) == 1
    assert found(tmp_path, "untested", text.replace(wrong, right)) == []


TWICE = [
    (
        "log.md",
        (
            "Run nuc-17 reaches an F1 of 0.732 on the slides. Run nuc-12 is at 0.688.\n\n"
            "Conclusion: nuc-12 has 0.688, nuc-17 has 0.752.\n"
        ),
        "0.752",
        "0.732",
    ),
    (
        "log.md",
        (
            "# Notes\n\n- run c: 8 layers, test ppl 24.6\n- run b: 8 layers, test ppl 27.0\n\n## Plan\n\n"
            "- scale run c (ppl 26.4) to 12 layers\n"
        ),
        "26.4",
        "24.6",
    ),
    (
        "a.md",
        (
            "| arch | loss |\n|---|---|\n| gpt | 2.746 |\n| rwkv7 | 2.731 |\n\n"
            "For the record rwkv7 got a loss of 2.713 here.\n"
        ),
        "2.713",
        "2.731",
    ),
    (
        "a.csv",
        ("pair,chrf\nfr-br,41.7\nfr-oc,55.0\nfr-co,48.2\n# mail to Yann: fr-br is at 47.1, fr-oc at 55.0\n"),
        "47.1",
        "41.7",
    ),
    (
        "a.jsonl",
        (
            '{"job":"legal-2","stage":"eval","split":"valid","ppl":7.42}\n'
            '{"job":"legal-2","stage":"report","text":"valid ppl of legal-2 is 7.24"}\n'
        ),
        "7.24",
        "7.42",
    ),
]


@pytest.mark.parametrize(("name", "text", "wrong", "right"), TWICE)
def test_one_result_is_told_alike_twice(tmp_path: Path, name: str, text: str, wrong: str, right: str) -> None:
    twins(tmp_path, "drift", text, wrong, right, name)


@pytest.mark.parametrize(
    "text",
    [
        (
            "Run nuc-17 reaches an F1 of 0.732 on dev. Run nuc-12 is at 0.688.\n\n"
            "Conclusion: on test nuc-12 has 0.699, nuc-17 has 0.752.\n"
        ),
        ("Iteration 2: score 4.82, iteration 3: score 4.88.\n\nSummary: iteration 4 has a score of 4.83.\n"),
        "- B-net 14.65 % on paper-10\n\nIn summary B-net has 14.7 % on paper-10 and R-net 14.85 %.\n",
        "- speed-up of 1.3-1.8x with spec-2\n- spec-2 gives 1.6\n",
    ],
)
def test_two_results_are_none_told_twice(tmp_path: Path, text: str) -> None:
    assert found(tmp_path, "drift", text) == []
