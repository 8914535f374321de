"""Exhibits: figures agree with values computed here; what is missing is said, and nothing is 0 by default."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest

from evenhand.recipes import catalogue
from evenhand.recipes.exhibit import Exhibit, Grid, Lines, Scatter, ScoredTrial
from evenhand.recipes.outcome import Curve, ItemScores, Outcome
from evenhand_systems.anchored_sft.exhibits.early_records import recall
from evenhand_systems.anchored_sft.exhibits.page import exhibits

OLD = tuple(f"{skill}/{i}" for skill in ("copy", "add") for i in range(3))
NEW = tuple(f"target/{i}" for i in range(4))
SKILLS = tuple(item.split("/")[0] for item in OLD)
NEVER = "the target level was never reached on the dev questions"


def table(ids: Sequence[str], scores: Sequence[float], **more: Any) -> ItemScores:
    return ItemScores(tuple(ids), np.asarray(scores, dtype=np.float64), **more)


def trial(
    arm: str, seed: int | None, items: Mapping[str, ItemScores], *, role: str = "variant", condition: str = "default",
    rung: str = "confirm", settings: Mapping[str, Any] | None = None, **outcome: Any,
) -> ScoredTrial:  # fmt: skip
    name = f"{arm}-{condition}-{rung}-{seed}"
    return ScoredTrial(name, arm, role, condition, rung, seed, settings or {}, Outcome(items=items, **outcome))


def skilled(arm: str, seed: int | None, old: Sequence[float], new: Sequence[float], **more: Any) -> ScoredTrial:
    """A trial on the stand-in, measured at its end only."""
    items = {
        "final_retention": table(OLD, old, outputs=tuple(f"{arm} on {name}" for name in OLD), groups=SKILLS),
        "final_target": table(NEW, new, outputs=tuple(f"{arm} on {name}" for name in NEW)),
    }
    undefined = {"retention": NEVER, "target": NEVER}
    return trial(arm, seed, items, undefined=undefined, **more)


def the(kind: type, found: Sequence[Exhibit], title: str = "") -> Any:
    chosen = [exhibit for exhibit in found if isinstance(exhibit, kind) and exhibit.title.startswith(title)]
    assert len(chosen) == 1, [exhibit.title for exhibit in found]
    return chosen[0]


STANDIN = (
    skilled("plain", 0, [1, 1, 0, 0, 0, 0], [1, 1, 1, 1], role="baseline"),
    skilled("plain", 1, [1, 1, 1, 1, 0, 0], [1, 1, 1, 0], role="baseline"),
    skilled("anchored", 0, [1, 1, 1, 1, 0, 0], [1, 1, 1, 0]),
    skilled("anchored", 1, [1, 0, 1, 1, 1, 1], [1, 1, 0, 0]),
    skilled("worse", 0, [0, 0, 0, 0, 0, 0], [1, 0, 0, 0]),
)


def test_the_scatter_has_each_seed_small_and_the_means_large() -> None:
    scatter = the(Scatter, exhibits(STANDIN))
    small = [(p.arm, p.x, p.y) for p in scatter.points if not p.strong]
    assert small == [
        ("plain", 1.0, pytest.approx(2 / 6)), ("plain", 0.75, pytest.approx(4 / 6)),
        ("anchored", 0.75, pytest.approx(4 / 6)), ("anchored", 0.5, pytest.approx(5 / 6)),
    ]  # fmt: skip
    large = {p.arm: (p.x, p.y) for p in scatter.points if p.strong}
    assert large == {
        "plain": pytest.approx((0.875, 0.5)), "anchored": pytest.approx((0.625, 0.75)), "worse": (0.25, 0.0),
    }  # fmt: skip
    assert scatter.better == ("more", "more")
    assert "right is better" in scatter.x_label
    assert "higher is better" in scatter.y_label


def test_the_front_holds_the_means_that_nothing_beats_in_the_order_of_x() -> None:
    assert [tuple(map(float, p)) for p in the(Scatter, exhibits(STANDIN)).front] == [
        pytest.approx((0.625, 0.75)), pytest.approx((0.875, 0.5)),
    ]  # fmt: skip


def test_gained_and_lost_are_counted_pair_by_pair_against_the_baseline_and_summed() -> None:
    grid = the(Grid, exhibits(STANDIN))
    assert grid.header == ("arm", "pairs", "all", "copy", "add")
    # anchored: seed 0 gains copy/2 and add/0; seed 1 loses copy/1 and gains add/1 and add/2.
    assert grid.rows == (
        ("anchored", "2", "+4 −1", "+1 −1", "+3 −0"),
        ("worse", "1", "+0 −2", "+0 −2", "+0 −0"),
    )
    assert "Against plain" in grid.caption


def test_the_zero_step_model_is_the_reference_where_there_is_one_and_pairs_with_every_seed() -> None:
    base = skilled("zero-steps", None, [1, 1, 1, 1, 1, 0], [0, 0, 0, 0], role="rival", settings={"train": False})
    reached = [
        trial(
            "plain", seed, {"retention": table(OLD, old, groups=SKILLS), **STANDIN[seed].outcome.items}, role="baseline"
        )
        for seed, old in enumerate(([1, 1, 1, 1, 0, 0], [1, 1, 1, 1, 1, 1]))
    ]
    found = exhibits([*reached, base])
    end = the(Grid, found, "Questions gained and lost at the end")
    assert end.rows == (("plain", "2", "+0 −4", "+0 −1", "+0 −3"),)
    # What was never trained answers alike at every stage, so it also stands for itself at the target level.
    level = the(Grid, found, "Questions gained and lost at the target")
    assert level.rows == (("plain", "2", "+1 −1", "+0 −0", "+1 −1"),)
    assert "Left out" not in level.caption


def test_other_items_and_other_seeds_are_never_paired() -> None:
    other = trial("other", 0, {"final_retention": table(["copy/7"], [1.0])})
    lone = skilled("lone", 5, [1] * 6, [1] * 4)
    grid = the(Grid, exhibits([*STANDIN, other, lone]))
    rows = {row[0]: row[1:] for row in grid.rows}
    assert rows["other"] == rows["lone"] == ("0", "–", "–", "–")
    assert "other, lone" in grid.caption


def test_trials_without_any_measure_give_no_exhibits() -> None:
    assert exhibits([trial("plain", 0, {}, metrics={"steps_to_target": 3.0}, role="baseline")]) == []
    assert exhibits([]) == []


def test_conditions_and_rungs_are_shown_apart() -> None:
    more = [
        skilled(t.arm, t.seed, [0] * 6, [1] * 4, role=t.role, condition=condition, rung=rung)
        for t in STANDIN
        for condition, rung in (("long", "confirm"), ("default", "screen"))
    ]
    scatters = {e.title: e for e in exhibits([*STANDIN, *more]) if isinstance(e, Scatter)}
    assert list(scatters) == [f"Learning against forgetting · {w}" for w in
                              ("default · confirm", "long · confirm", "default · screen")]  # fmt: skip
    assert {p.y for p in scatters["Learning against forgetting · long · confirm"].points} == {0.0}


def texted(arm: str, seed: int, target: float, text: Sequence[float], **more: Any) -> ScoredTrial:
    blocks, articles = ("0 a/0/0", "0 a/1/0", "1 b/0/0"), ("0 a", "0 a", "1 b")
    items = {"final_text_loss": table(blocks, text, clusters=articles)}
    metrics = {"final_target_loss": target, "final_text_loss_by_token": 9.0}
    return trial(arm, seed, items, metrics=metrics, **more)


def test_losses_say_which_side_is_better_and_the_front_goes_down() -> None:
    found = exhibits([
        texted("plain", 0, 2.0, [3.0, 3.0, 3.3], role="baseline"),
        texted("anchored", 0, 2.2, [2.0, 3.0, 4.0]),
        texted("bad", 0, 2.2, [3.0, 4.0, 4.0]),
    ])  # fmt: skip
    scatter = the(Scatter, found)
    assert scatter.better == ("less", "less")
    assert "left is better" in scatter.x_label
    assert "lower is better" in scatter.y_label
    assert scatter.front == (pytest.approx((2.0, 3.1)), pytest.approx((2.2, 3.0)))
    # A lower loss is better; articles are too many for columns.
    grid = the(Grid, found)
    assert grid.title.startswith("Items better and worse")
    assert grid.rows == (("anchored", "1", "+1 −1"), ("bad", "1", "+0 −2"))


def test_instructions_are_counted_by_their_template_though_a_template_is_a_cluster() -> None:
    def asked(arm: str, scores: Sequence[float], **more: Any) -> ScoredTrial:
        return trial(arm, 0, {"final_retention": table(OLD, scores, groups=SKILLS, clusters=SKILLS)}, **more)

    found = exhibits([asked("plain", [1, 1, 0, 0, 0, 0], role="baseline"), asked("anchored", [1, 0, 1, 1, 1, 0])])
    grid = the(Grid, found)
    assert grid.header == ("arm", "pairs", "all", "copy", "add")
    assert grid.rows == (("anchored", "1", "+3 −1", "+1 −1", "+2 −0"),)


def judged(arm: str, rewards: Sequence[float], notes: Mapping[str, str], **more: Any) -> ScoredTrial:
    items = {"final_reward": table(("81", "82", "83"), rewards, outputs=(f"{arm} 1", f"{arm} 2", "x" * 5000))}
    metrics = {"final_target_loss": 1.0, "final_reward_writing": 0.5}
    return trial(arm, 0, items, metrics=metrics, notes=notes, **more)


NOTED = {"categories": json.dumps({"81": "writing", "82": "math", "83": "writing"}), "question 82": "2 + 2?"}


def test_judged_questions_are_counted_by_their_category_and_rewards_told_on_a_scale_for_people() -> None:
    arms = [judged("untouched", [1.0, 2.0, 3.0], NOTED, role="baseline", settings={"train": False}),
            judged("plain", [3.0, 1.0, 4.0], NOTED)]  # fmt: skip
    found = exhibits([recall(arm) for arm in arms])
    assert the(Grid, found).rows == (("plain", "1", "+2 −1", "+2 −0", "+0 −1"),)
    low, high = 1 + 9 / (1 + math.exp(-2 / 4)), 1 + 9 / (1 + math.exp(-8 / 3 / 4))
    assert f"the lowest, 2.00, is {low:.1f} and the highest, 2.67, is {high:.1f}" in the(Scatter, found).caption
    assert "1 to 10" not in the(Scatter, exhibits(STANDIN)).caption


def test_what_early_records_note_is_recalled_and_what_later_ones_record_is_kept() -> None:
    noted = recall(judged("plain", [1.0, 2.0, 3.0], NOTED)).outcome.items["final_reward"]
    assert (noted.inputs, noted.groups) == (("", "2 + 2?", ""), ("writing", "math", "writing"))
    bare = recall(judged("plain", [1.0, 2.0, 3.0], {})).outcome.items["final_reward"]
    assert (bare.inputs, bare.groups) == (None, None)
    named = recall(trial("plain", 0, {"retention": table(OLD, [1.0] * 6)})).outcome.items["retention"]
    assert named.groups == SKILLS
    text = recall(texted("plain", 0, 2.0, [3.0, 3.0, 3.3])).outcome.items["final_text_loss"]
    assert text.groups == text.clusters
    asked = table(("81",), [1.0], inputs=("asked",), groups=("other",))
    later = trial("plain", 0, {"reward": asked}, notes=NOTED)
    assert recall(later).outcome.items["reward"].groups == ("other",)


def curve(steps: Sequence[float], values: Sequence[float]) -> Curve:
    return Curve(np.asarray(steps, dtype=np.float64), np.asarray(values, dtype=np.float64))


def test_lines_are_means_at_the_steps_that_all_seeds_have() -> None:
    logged = [
        trial("plain", 0, {}, curves={"dev_distance": curve([0, 10, 20], [0.0, 0.2, 0.4])}, role="baseline"),
        trial("plain", 1, {}, curves={"dev_distance": curve([0, 10], [0.0, 0.4])}, role="baseline"),
        trial("scaled", 0, {}, curves={"dev_distance": curve([0, 10], [0.0, math.nan])}, settings={"rescale": [0.5]}),
        trial("zero", None, {}, settings={"train": False}),
    ]
    lines = the(Lines, exhibits(logged))
    assert [(t.arm, t.x, t.y) for t in lines.traces] == [
        ("plain", (0.0, 10.0), (0.0, pytest.approx(0.3))), ("scaled", (0.0,), (0.0,)),
    ]  # fmt: skip
    assert "dev_distance: zero." in lines.caption
    assert "scaled down after training: scaled." in lines.caption


def test_the_way_joins_what_was_learned_and_kept_at_the_same_steps() -> None:
    both = {"dev_target": curve([0, 10, 20], [0.0, 0.5, 0.9]), "dev_retention": curve([0, 20], [1.0, 0.6])}
    again = {"dev_target": curve([0, 10, 20], [0.0, 0.5, 0.7]), "dev_retention": curve([0, 20], [0.9, 0.6])}
    logged = [trial("plain", seed, {}, curves=curves) for seed, curves in enumerate((both, again))]
    way = the(Lines, exhibits(logged), "Kept against learned")
    assert [(t.x, t.y) for t in way.traces] == [((0.0, pytest.approx(0.8)), (pytest.approx(0.95), pytest.approx(0.6)))]


def test_making_exhibits_takes_no_model_library() -> None:
    probe = (
        "import sys; from evenhand_systems.anchored_sft.exhibits.page import exhibits; exhibits([]); "
        "sys.exit(bool({'torch', 'transformers', 'peft', 'trl'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", probe], check=False).returncode == 0


@pytest.mark.parametrize("name", ["standin", "text", "checkpoint"])
def test_the_recipes_name_these_exhibits(name: str) -> None:
    found = catalogue.find(f"evenhand_systems.anchored_sft.recipes:{name}")
    assert found.info.exhibits == f"{exhibits.__module__}:{exhibits.__name__}"
    assert found.info.recalls == f"{recall.__module__}:{recall.__name__}"


def test_what_training_took_and_what_was_answered_stand_side_by_side() -> None:
    cost = {"student_tokens": 100.0, "base_tokens": 0.0, "training_seconds": 2.0}
    said = {"final_shown_loss": table(["81"], [1.0], outputs=("#4",), inputs=("Why?",), expected=("Because.",))}
    found = exhibits(
        [
            trial("plain", 0, said, role="baseline", metrics=cost),
            trial("plain", 1, {}, role="baseline", metrics=cost | {"training_seconds": 4.0}),
            trial("anchored", 0, {}, metrics=cost | {"base_tokens": 1100.0}),
            trial("zero", None, {}, role="reference"),
        ]
    )
    assert the(Grid, found, "What the training took").rows == (
        ("plain", "100", "0", "3"),
        ("anchored", "100", "1,100", "2"),
    )
    assert the(Grid, found, "Answers").rows == (("Why?", "(untouched)", "Because."), ("", "plain", "#4"))
