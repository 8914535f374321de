"""Recipe ``future_seed.retrieval``: embed questions and paragraphs with an RWKV-7 and find what answers a question.

evenhand try future_seed.retrieval --set train=hotpotqa_train_100.json
"""

from __future__ import annotations

from evenhand.recipes.contract import Bench, Metric, recipe
from evenhand.recipes.outcome import Outcome
from evenhand_systems.future_seed.obstacles import obstacle, reads
from evenhand_systems.future_seed.retrieval.settings import Settings


@recipe(
    metrics={
        "recall_at_1": Metric(floor=0.0, ceiling=1.0, about="whether a supporting paragraph ranks first"),
        "recall_at_5": Metric(floor=0.0, ceiling=1.0, about="whether a supporting paragraph is among the first five"),
        "mrr_at_10": Metric(floor=0.0, ceiling=1.0, about="1 / rank of the best supporting paragraph, 0 below rank 10"),
    },
    units=("steps", "tokens", "examples", "seconds"),
    version=1,
    preload=("evenhand_systems.future_seed.retrieval.run", "evenhand_systems.rwkv7.warm"),
    obstacle=obstacle,
    reads=reads,
    needs=("torch", "numba"),
    extra="evenhand[future_seed]",
)
def run(settings: Settings, bench: Bench) -> Outcome:
    """Find the paragraphs that answer a question, by mean-pooled embeddings of an RWKV-7 trained with InfoNCE."""
    from evenhand_systems.future_seed.retrieval.run import train_and_score

    return train_and_score(settings, bench)
