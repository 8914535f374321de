"""Sample answers of all arms side by side, to items chosen by a hash of their names."""

from __future__ import annotations

from collections.abc import Sequence

from evenhand.recipes.exhibit import Answered, Sample, Samples, ScoredTrial
from evenhand.recipes.outcome import ItemScores
from evenhand_systems.anchored_sft.evaluation.reward_model import display_score
from evenhand_systems.anchored_sft.exhibits.scene import END, Scene, groups_of
from evenhand_systems.anchored_sft.exhibits.selected_items import SHOWN, first_by_hash, question_note, shortened

SCORED = {
    "retention": "1 for an exactly right answer, else 0",
    "target": "1 for an exactly right answer, else 0",
    "reward": "the raw reward",
    "answer_loss": "the model's loss on the right answer, nats per token",
}
"""Tables that hold answers, and what their scores are."""


def samples(scene: Scene) -> Samples | None:
    """Answers at the end of the budget, of one trial of each arm; None where no trial recorded answers."""
    trials = [min(of_arm, key=lambda t: -1 if t.seed is None else t.seed) for of_arm in scene.arms.values()]
    found, kinds, judged = [], [], ""
    for name in SCORED:
        shown = [sample for item in _chosen(scene, trials, name) if (sample := _sample(trials, name, item))]
        kinds += [name] * bool(shown)
        found += shown
        if name == "reward" and shown:
            judged = _on_the_display_scale(shown)
    if not found:
        return None
    scores = "; ".join(dict.fromkeys(SCORED[name] for name in kinds))
    seeds = sorted({str(trial.seed) for trial in trials if trial.seed is not None})
    caption = (
        "Items are chosen by the sha256 of their names, the first of each skill or the first few of all, whatever was "
        f"answered. Answers {_of(seeds)}, at the end of the budget. The score is {scores}. Long texts are cut at […]."
    )
    caption += judged
    unknown = [sample.item for sample in found if not sample.question]
    if unknown:
        caption += f" The trials did not keep the question of {', '.join(unknown)}."
    silent = [t.arm for t in trials if any(t.arm not in {a.arm for a in s.answers} for s in found)]
    if silent:
        caption += f" Some answers were not recorded: {', '.join(silent)}."
    return Samples(f"Sample answers{scene.suffix}", caption, tuple(found))


def _of(seeds: Sequence[str]) -> str:
    return f"are of each arm's first seed ({', '.join(seeds)})" if seeds else "are of deterministic arms"


def _on_the_display_scale(found: Sequence[Sample]) -> str:
    """The lowest and the highest raw reward shown, as people may read them."""
    rewards = [answer.score for sample in found for answer in sample.answers if answer.score is not None]
    low, high = min(rewards), max(rewards)
    return (
        f" Of the rewards shown the lowest, {low:.2f}, is {display_score(low):.1f} and the highest, {high:.2f}, is "
        f"{display_score(high):.1f} on a scale from 1 to 10 that rises with them and decides nothing."
    )


def _table(trial: ScoredTrial, name: str) -> ItemScores | None:
    table = trial.outcome.items.get(END + name)
    return None if table is None or table.outputs is None else table


def _chosen(scene: Scene, trials: Sequence[ScoredTrial], name: str) -> list[str]:
    """The items to show: the first by hash of each skill, or the first few where there are no skills."""
    table = next((found for trial in trials if (found := _table(trial, name)) is not None), None)
    if table is None:
        return []
    skills = groups_of(scene, table) if name in ("retention", "target") else None
    if skills is None:
        return first_by_hash(table.ids, SHOWN)
    members: dict[str, list[str]] = {}
    for item, skill in zip(table.ids, skills, strict=True):
        members.setdefault(skill, []).append(item)
    return [item for of_skill in members.values() for item in first_by_hash(of_skill, 1)]


def _sample(trials: Sequence[ScoredTrial], name: str, item: str) -> Sample | None:
    notes = [trial.outcome.notes.get(question_note(item)) for trial in trials]
    answers = []
    for trial in trials:
        table = _table(trial, name)
        if table is not None and table.outputs is not None and item in table.ids:
            place = table.ids.index(item)
            answers.append(Answered(trial.arm, shortened(table.outputs[place]), float(table.scores[place])))
    return Sample(item, next((note for note in notes if note), ""), tuple(answers)) if answers else None
