"""The arm on the stand-in: what anchors see is not what is asked."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np

from evenhand_systems.anchored_sft.arms.standin import generic_prompts, kept_skills
from evenhand_systems.anchored_sft.data.chat import render
from evenhand_systems.anchored_sft.standin import skills


def test_generic_prompts_are_no_question_that_is_asked(tokenizer):
    bench = SimpleNamespace(rng=lambda name: np.random.default_rng(3))
    drawn, world = np.random.default_rng(0), skills.the_world()
    items = [q.prompt for s in kept_skills() for q in skills.question_pool(s, 300, drawn, world, "ranked")]
    asked = {
        tuple(tokenizer(render(tokenizer, [{"role": "user", "content": p}], generation=True))["input_ids"])
        for p in items
    }
    free, kept_out = ({tuple(row) for row in generic_prompts(bench, tokenizer, taken)} for taken in (set(), set(items)))
    assert free & asked  # drawn blindly they would meet the questions
    assert not kept_out & asked
