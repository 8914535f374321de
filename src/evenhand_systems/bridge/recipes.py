"""The bridge as a recipe: one bridge, control or reference per trial."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evenhand.errors import RecipeError
from evenhand.recipes.contract import Bench, Metric, recipe
from evenhand.recipes.inputs import Named, named
from evenhand.recipes.outcome import Outcome
from evenhand_systems.bridge.control_sets import standard
from evenhand_systems.bridge.memory import memory
from evenhand_systems.bridge.settings import Settings

METRICS = {
    "exact_match": Metric(floor=0.0, ceiling=1.0, about="share of items whose marked answer is the gold number"),
    "flexible_match": Metric(floor=0.0, ceiling=1.0, about="the same with the last number where nothing is marked"),
    "invalid_share": Metric("minimise", floor=0.0, ceiling=1.0, about="share of items without a marked answer"),
    "most_frequent_share": Metric("minimise", floor=0.0, ceiling=1.0, about="share of the most frequent answer"),
    "nll_gap": Metric(about="NLL(shuffled sources) - NLL(matched), nats per token of the solution"),
    "cosine": Metric("minimise", about="mean cosine between soft tokens of different items"),
    "effective_rank": Metric(floor=0.0, about="directions that the soft tokens of all items span"),
    "retrieval": Metric(floor=0.0, ceiling=1.0, chance=1 / 64, about="texts found from soft tokens among 64"),
    "rms_ratio": Metric(floor=0.0, about="size of the soft tokens by the target's embeddings"),
}


def rows(settings: Mapping[str, Any]) -> int:
    """Items of an optimiser step; 0 for arms that train no bridge.

    Raises:
        RecipeError: a loss that compares the items of a batch with each other.
    """
    if settings["reference"] != "none" or settings["control"] == "no_soft_tokens":
        return 0
    if settings["training"]["losses"]["contrastive"]:
        raise RecipeError("the contrastive loss compares the items of a batch with each other, so that none can be cut")
    return int(settings["training"]["batch"])


def reads(settings: Mapping[str, Any]) -> list[Named]:
    """What settings name outside the claim; stand-ins are trained on the spot, tiny models from a tokenizer's file."""
    found = named(settings, {"train_data": "file", "test_data": "file"})
    for one in named(settings, {"source": "model", "target": "model"}):
        kind, _, rest = one.name.partition(":")
        if kind != "stand-in":
            found.append(Named(one.setting, rest) if kind == "tiny" else one)
    return found


@recipe(
    metrics=METRICS,
    units=("steps",),
    version=1,
    preload=("torch", "transformers.models.llama.modeling_llama", "transformers.models.mistral.modeling_mistral"),
    exhibits="evenhand_systems.bridge.exhibits.page:exhibits",
    recalls="evenhand_systems.bridge.exhibits.early_records:recall",
    control_sets={"standard": standard},
    reads=reads,
    micro_batch=rows,
    memory=memory,
    needs=("torch", "transformers", "tokenizers"),
    extra="evenhand[bridge]",
)
def run(settings: Settings, bench: Bench) -> Outcome:
    """Carry what one language model has read into another, as soft tokens, and answer questions there."""
    from evenhand_systems.bridge.trial import run_trial

    return run_trial(settings, bench)
