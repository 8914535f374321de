"""Arms are letters while a claim is not decided, and nothing that a recipe writes tells which arm it is."""

from __future__ import annotations

import pytest

from evenhand.board.blind import COVER, Screen, letters, shared_curves, telling_settings

ARMS = {
    "plain": {"role": "baseline", "settings": {"c": {"rate": 0.1, "gate": {"kind": "none", "width": 8}, "shared": 3}}},
    "rotary-gate": {
        "role": "variant",
        "settings": {"c": {"rate": 0.1, "gate": {"kind": "soft", "width": 8}, "shared": 3}},
    },
    "no_gate": {"role": "rival", "settings": {"c": {"rate": 0.025, "gate": {"kind": "none", "width": 8}, "shared": 3}}},
}


def test_letters_stay_as_they_are_and_follow_neither_the_file_nor_the_role() -> None:
    names = ["base", "one", "two"]
    assert letters("h1", names) == letters("h1", list(reversed(names)))
    assert sorted(letters("h1", names).values()) == ["A", "B", "C"]
    first = {next(arm for arm, letter in letters(f"h{i}", names).items() if letter == "A") for i in range(20)}
    assert first == set(names)


def test_there_are_letters_for_any_number_of_arms() -> None:
    many = [f"arm{i}" for i in range(60)]
    assert set(letters("h", many).values()) >= {"A", "Z", "AA", "BH"}
    assert len(set(letters("h", many).values())) == 60


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("rotary-gate failed", "B failed"),
        ("Rotary_Gate failed", "B failed"),
        ("rotary gate: nan", "B: nan"),
        ("in rotarygate", "in B"),
        ("plainly wrong", "plainly wrong"),
        ("plain, no-gate", "A, C"),
        ("gate.kind is soft", f"{COVER} is {COVER}"),
        ("kind = 'soft' does not fit", f"{COVER} does not fit"),
        ("rate=0.025 is too high", f"{COVER} is too high"),
        ("rate: 0.7 is too high", f"{COVER} is too high"),
        ("lost at 0.025 for all", f"lost at {COVER} for all"),
        ("shared=3 and width 8", "shared=3 and width 8"),
    ],
)
def test_what_would_tell_an_arm_is_taken_out_of_a_text(written: str, shown: str) -> None:
    screen = Screen({"plain": "A", "rotary-gate": "B", "no_gate": "C"}, telling_settings(ARMS))
    assert screen.text(written) == shown
    assert screen.tells(written) == (written != shown)


def test_a_claim_without_arms_leaves_texts_as_they_are() -> None:
    assert Screen({}).text("anything") == "anything"
    assert not Screen({}).tells("anything")


def test_a_setting_that_is_the_same_for_all_arms_tells_nothing() -> None:
    assert telling_settings(ARMS) == {"rate", "gate.kind", "kind", "0.1", "0.025", "none", "soft"}


def test_curves_are_shown_that_every_arm_has_and_none_before_two_arms_were_seen() -> None:
    arms = ["a", "b", "c"]
    assert shared_curves({"a": ["loss", "gate_loss"]}, arms) == set()
    assert shared_curves({"a": ["loss", "gate_loss"], "b": ["loss", "accuracy"]}, arms) == {"loss"}
    assert shared_curves({"a": ["loss"], "b": ["loss"], "c": []}, arms) == {"loss"}
