"""What a decision says is said as far as it is known, and no further."""

from __future__ import annotations

import pytest

from evenhand.claims.schema import MetricClaim
from evenhand.decisions.decide import decide
from evenhand.decisions.verdict import Contrast, Judgement, VerdictKind
from evenhand.decisions.wording import contrast_words, describe
from evenhand.testing.worlds import TEXT, claim_of, outcomes_of


@pytest.mark.parametrize(
    ("floor", "end", "shown"),
    [
        (0.0, 0.00996, "+0.600 to +0.996 over"),
        (0.0, 0.0099999, "+0.6 to +1.0 over"),  # two digits more do not tell it apart: as usual
        (0.0, 0.0098, "+0.60 to +0.98 over"),
        (0.0, 0.01, "+0.6 to +1.0 over"),
        (None, 0.0098, "+0.006 to +0.0098 over"),
    ],
)
def test_an_end_that_rounding_would_put_onto_the_margin_has_a_digit_more(
    floor: float | None, end: float, shown: str
) -> None:
    metric = MetricClaim(name="score", margin=0.01, floor=floor, ceiling=None if floor is None else 1.0)
    found = Contrast(
        "on", "off", "baseline", "default", "confirm", "score", estimate=0.008, equivalence_interval=(0.006, end),
        judgement=Judgement(VerdictKind.NO_EFFECT),
    )  # fmt: skip
    assert shown in describe(found, metric)


@pytest.mark.parametrize(
    ("pending", "seeds", "words"),
    [(1, 9, "1 pair is still to run, 9 are complete"), (2, 1, "2 pairs are still to run, 1 is complete")],
)
def test_what_is_still_to_run_is_counted_in_words_that_agree(pending: int, seeds: int, words: str) -> None:
    found = Contrast(
        "on", "off", "baseline", "default", "confirm", "score", seeds=tuple(range(seeds)),
        judgement=Judgement(VerdictKind.NOT_RUN, "pending", ("pending",), pending),
    )  # fmt: skip
    assert words in contrast_words(found, MetricClaim(name="score", margin=0.01))


ANYTIME = TEXT.replace("[0, 1, 2, 3, 4, 5]", "[0, 1, 2, 3, 4, 5, 6, 7]") + 'looks = "anytime"\n'


def test_where_an_earlier_seed_runs_again_all_that_is_complete_is_counted() -> None:
    claim = claim_of(ANYTIME.replace("settings.effect = 0.2", "settings.effect = 0.0001"))
    outcomes = dict(outcomes_of(claim))
    (trial,) = [t for t in claim.trials(claim.claim.rungs[-1]) if (t.arm, t.seed) == ("on", 0)]
    whole = len(decide(claim, outcomes).verdicts[0].contrasts[0].seeds)
    del outcomes[trial.id]
    verdict = decide(claim, outcomes).verdicts[0]
    assert verdict.title == "not-run (pending)"
    assert f"1 pair is still to run, {whole - 1} are complete" in verdict.reasons[0]


def test_looks_at_any_time_say_that_seeds_are_too_few_for_an_interval_and_how_many_would_do() -> None:
    claim = claim_of(
        TEXT.replace("[0, 1, 2, 3, 4, 5]", "[0, 1]").replace(
            "[[rung]]", '[[arm]]\nname = "again"\nrole = "null"\n[[rung]]', 1
        )
        + 'looks = "anytime"\n'
    )
    null = next(v for v in decide(claim, outcomes_of(claim)).verdicts if v.role == "null")
    assert null.contrasts[0].interval is None
    assert "2 seeds are too few for an interval at 99 %" in null.reasons[0]
    assert "by the spread of these 2 pairs, and" in null.reasons[0] or "neither 1000 seeds" in null.reasons[0]


@pytest.mark.parametrize(("seeds", "hardly"), [(range(3), True), (range(12), False)])
def test_a_number_of_seeds_that_rests_on_few_pairs_says_so(seeds: range, *, hardly: bool) -> None:
    text = TEXT.replace("[0, 1, 2, 3, 4, 5]", str(list(seeds))).replace("effect = 0.2", "effect = 0.0001")
    claim = claim_of(text.replace("margin = 0.05", "margin = 0.01"))
    verdict = decide(claim, outcomes_of(claim)).verdicts[0]
    assert verdict.kind == "inconclusive"
    settling = verdict.contrasts[0].judgement.settling
    assert settling is not None
    assert settling.count is not None
    assert (settling.pairs > 0) is hardly
    assert ("as so few hardly tell it" in verdict.reasons[0]) is hardly
    assert settling.at_most is None or settling.at_most > settling.count
