"""Every way in which two arms may not be compared has its sentence, which opens with its kind and names its facts."""

from __future__ import annotations

import pytest

from evenhand.decisions import pair_faults as faults
from evenhand.decisions.fault_words import fault_words

GIVEN = [
    (faults.DrewFromStreams("on", ("init",)), "not deterministic: on is declared deterministic and drew from"),
    (faults.CameOutOtherwise("again", "off"), "not deterministic: again and off are the same configuration"),
    (faults.TrainedAllTheSame("on", {"steps": 3.0}), "budget: on is declared untrained and spent 3 steps"),
    (faults.UnequalBudget(1, ("on", "off"), "steps", (80.0, 220.0)), "budget: at seed 1, on and off: spent 80 against"),
    (faults.UnequalBudget(1, ("on", "off"), "steps", None), "must report what it spends in steps"),
    (faults.NoFairChoice(1), "selection: at seed 1, the recipe records no scores by step"),
    (faults.NoFairChoice(1, ("on", "off"), steps=((1.0,), (2.0,))), "on chose among steps 1, off among 2"),
    (faults.NoFairChoice(1, ("on",), faults.ChoiceFault("shared items", "m", items=("a",))), "evaluation split: a"),
    (faults.NoFairChoice(1, ("on",), faults.ChoiceFault("no selection split", "m", (5.0,))), "missing at 5"),
    (faults.NoFairChoice(1, ("on",), faults.ChoiceFault("other items by step", "m")), "the same items at every step"),
    (faults.OtherGroups("on", 1, "off", 0), "items: on at seed 1 groups the items otherwise than off at seed 0 does"),
    (faults.OtherItems("on", 1, "off", "item a"), "items: on at seed 1 was not scored on the items of off: item a"),
    (faults.OutOfRange("m", (-1.0, 2.0), (0.0, 1.0)), "range: scores of m run from -1 to 2, outside the declared 0.0"),
    (faults.TooFewPairs("2 of 5 are missing"), "missing pairs: 2 of 5 are missing"),
    (
        faults.MadeOtherwise("a.py", ((("on", (1,)),), (("off", (1, 2)),))),
        "code: a.py was not the same for all: on (",
    ),
    (
        faults.MadeFromOther("x.csv", ((("on", ()),), (("off", ()),))),
        "data: x.csv was not the same for all: on ag",
    ),
]


@pytest.mark.parametrize(("fault", "words"), GIVEN, ids=lambda part: type(part).__name__)
def test_a_fault_is_told_with_its_facts(fault: faults.PairFault, words: str) -> None:
    told = fault_words(fault)
    assert told.startswith(f"{fault.kind}: ")
    assert words in told


def test_no_fault_is_without_a_sentence() -> None:
    known = {*faults.PairFault.__subclasses__(), *faults.MadeOtherwise.__subclasses__()}
    assert {type(fault) for fault, _ in GIVEN} == known
