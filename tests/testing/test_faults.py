"""Planted faults: each leads to the verdict that it must lead to, and the sound outcomes to none of them."""

from __future__ import annotations

import pytest

from evenhand.decisions.decide import decide
from evenhand.testing.faults import FAULTS, PlantedFault, planted
from evenhand.testing.worlds import claim_of, outcomes_of


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_planted_fault_is_seen(fault: PlantedFault) -> None:
    claim = claim_of()
    outcomes = outcomes_of(claim)
    assert decide(claim, outcomes).verdicts[0].kind == "gain"
    assert fault.leads_to in decide(claim, planted(claim, outcomes, fault, "on")).verdicts[0].title


def test_an_arm_that_is_not_there_cannot_be_spoilt() -> None:
    claim = claim_of()
    with pytest.raises(KeyError, match="nobody"):
        planted(claim, outcomes_of(claim), FAULTS[0], "nobody")
