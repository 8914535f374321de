"""Recipe ``future_seed.inplace``: train a small RWKV-7 from scratch to fill blanks in place, and score unseen rows.

evenhand try future_seed.inplace --set task.name=rightcopy --set seeding.mode=initial
"""

from __future__ import annotations

from evenhand.recipes.contract import Bench, Metric, recipe
from evenhand.recipes.outcome import Outcome
from evenhand_systems.future_seed.inplace.settings import Settings
from evenhand_systems.future_seed.obstacles import obstacle, reads


@recipe(
    metrics={
        "accuracy": Metric(floor=0.0, ceiling=1.0, about="share of an item's blanks that are right"),
        "exact_match": Metric(floor=0.0, ceiling=1.0, about="whether all blanks of an item are right"),
    },
    units=("steps", "tokens", "examples", "seconds"),
    version=1,
    preload=("evenhand_systems.future_seed.inplace.run", "evenhand_systems.rwkv7.warm"),
    obstacle=obstacle,
    reads=reads,
    micro_batch=lambda settings: int(settings["batch"]),
    needs=("torch", "numba"),
    extra="evenhand[future_seed]",
)
def run(settings: Settings, bench: Bench) -> Outcome:
    """Fill blanks in place: RWKV-7 from scratch, with or without Future-Seed, or reading the row twice."""
    from evenhand_systems.future_seed.inplace.run import train_and_score

    return train_and_score(settings, bench)
