"""When a claim was fixed is said as far as it is known, and no further."""

from __future__ import annotations

from evenhand.decisions.standing import Standing
from evenhand.decisions.standing_words import standing_words


def test_an_amended_claim_has_no_known_error_rate_only_where_its_own_outcomes_were_known() -> None:
    changes = ("metrics.0.margin: 0.02 -> 0.3",)
    seen = standing_words(Standing("amended", known=3, trials=12, changes=changes))
    assert "its error rate is no longer known" in seen
    assert "3 of its 12 outcomes were known" in seen
    fresh = standing_words(Standing("amended", known=0, trials=12, changes=changes))
    assert "no longer known" not in fresh
    assert "None of its own 12 outcomes was known when it was entered" in fresh
    assert all("metrics.0.margin: 0.02 -> 0.3" in words for words in (seen, fresh))
