"""The stand-in's teaching: lessons go where they are needed, and the course is written down."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from evenhand.errors import DataError
from evenhand_systems.anchored_sft.standin import skills
from evenhand_systems.anchored_sft.standin.pretrain import Teaching, dealt, teach

RIGHT = dict.fromkeys(skills.SKILLS, 1.0)


def test_lessons_go_to_what_is_still_wrong_and_no_skill_is_left_out():
    teaching = Teaching(need=0.6)
    shares = dict(zip(skills.SKILLS, dealt(teaching, RIGHT | {"recall": 0.5, "add": 0.9}), strict=True))
    plain = dict(zip(skills.SKILLS, teaching.shares, strict=True))
    assert sum(shares.values()) == pytest.approx(1)
    assert shares["recall"] == pytest.approx(0.4 * plain["recall"] + 0.6 * 5 / 6)
    assert shares["add"] == pytest.approx(0.4 * plain["add"] + 0.6 * 1 / 6)
    assert shares["copy"] == pytest.approx(0.4 * plain["copy"])


def test_without_mistakes_the_shares_are_those_that_were_set():
    assert dealt(Teaching(), RIGHT) == list(Teaching().shares)


def test_how_lessons_are_dealt_is_part_of_the_asset_key():
    assert Teaching().key() != replace(Teaching(), need=0.1).key()


def test_a_stand_in_that_falls_short_is_refused_and_leaves_its_course(tmp_path):
    few = replace(Teaching(), steps=2, test_every=1, test_questions=3, exam_questions=3)
    with pytest.raises(DataError, match=r"fell short of 95% .* recall"):
        teach(tmp_path, few)
    course = json.loads((tmp_path / "teaching.json").read_text())["history"]
    assert [point["step"] for point in course] == [1, 2]
    assert set(skills.SKILLS) <= set(course[0])
