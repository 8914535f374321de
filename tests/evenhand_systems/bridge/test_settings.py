"""Settings: what does nothing, contradicts itself or asks for what nobody knows is refused; the rest is accepted."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from evenhand.recipes.trial import canonical_hash
from evenhand_systems.bridge.settings import Settings


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"training": {"losses": {"answer": 0.0}}}, "no loss has a weight"),
        ({"training": {"losses": {"flow": 1.0}}}, 'needs bridge = "dit"'),
        ({"training": {"losses": {"decode": 1.0}}, "injection": "adapter"}, "decode supervision"),
        ({"training": {"teacher": "answer"}}, "changes nothing"),
        ({"training": {"prompt_mode": "soft_plus_text", "curriculum": {"fade_steps": 5}}}, "curriculum"),
        ({"guidance": 2.0}, 'guidance belongs to bridge = "dit"'),
        ({"adapter_scale": 2.0}, "adapter_scale"),
        ({"source_reading": "embeddings", "layer": 2}, "leave `layer` alone"),
        ({"task": "gsm8k"}, "needs train_data"),
        ({"evaluate_every": 0, "select": "best"}, "needs evaluate_every"),
        ({"evaluate_every": 0, "patience": 2}, "needs evaluate_every"),
        ({"bridge": "dit", "drop_rate": 0.2}, "drop_rate does something with a flow loss only"),
        ({"bridge": "dit", "guidance": 2.0}, "guidance does something with a flow loss only"),
        (
            {"bridge": "dit", "guidance": 2.0, "drop_rate": 0.0, "training": {"losses": {"flow": 1.0}}},
            "guidance needs a drop_rate above 0",
        ),
        ({"training": {"kl_tokens": 4}}, "kl_tokens belongs to the KL"),
        ({"bridge": "linear", "depth": 3}, "depth changes nothing"),
        ({"target": "stand-in:nope"}, "target: there is no stand-in 'nope'; there are digits, words, records, copyist"),
        ({"layer": 0}, 'source_reading = "embeddings"'),
        ({"reference": "relay", "control": "zeros"}, "control .* changes nothing with reference"),
        ({"reference": "target_text", "bridge": "linear"}, "bridge .* changes nothing with reference"),
        ({"control": "no_soft_tokens", "source_reading": "untrained"}, "changes nothing without soft tokens"),
        ({"task": "split", "train_data": "train.jsonl"}, 'train_data belongs to task = "gsm8k"'),
        ({"shots": 3}, 'shots belongs to task = "gsm8k"'),
        ({"task": "recall"}, 'asks what source = "stand-in:records" knows'),
        ({"source": "stand-in:records"}, 'belongs to task = "recall"'),
        ({"target": "stand-in:records"}, "can be no target"),
        (
            {"task": "recall", "source": "stand-in:records", "training": {"prompt_mode": "soft_plus_text"}},
            "would tell the target what the source has to know",
        ),
        ({"bridge": "linear", "heads": 2}, "heads changes nothing"),
        ({"bridge": "linear", "bottleneck": 32}, "bottleneck changes nothing"),
        ({"bridge": "constant_prompt", "depth": 3}, "depth changes nothing"),
        ({"bridge": "constant_prompt", "layer": 2}, "layer changes nothing"),
        ({"bridge": "constant_prompt", "pool": "mean"}, "pool changes nothing"),
        ({"bridge": "constant_prompt", "source_reading": "untrained"}, "source_reading changes nothing"),
        ({"bridge": "cache"}, "go together"),
        ({"injection": "cache"}, "go together"),
        ({"bridge": "cache", "injection": "cache", "layer": 2}, "layer changes nothing"),
        ({"bridge": "cache", "injection": "cache", "soft_tokens": 4}, "soft_tokens changes nothing"),
        ({"bridge": "cache", "injection": "cache", "source_reading": "embeddings"}, "no keys and values"),
        (
            {"bridge": "cache", "injection": "cache", "training": {"losses": {"decode": 1.0, "token_alignment": 0.3}}},
            "token_alignment, decode: about soft tokens",
        ),
        ({"task": "facts"}, "asks what a real source knows"),
        ({"task": "facts", "source": "smollm2"}, "which knows no facts"),
        ({"training": {"losses": {"naming": 1.0}}}, 'needs bridge = "vocabulary"'),
        ({"bridge": "vocabulary", "depth": 3}, "depth changes nothing"),
        ({"target": "stand-in:copyist"}, 'belongs to task = "facts"'),
        ({"task": "facts", "source": "smollm2", "target": "stand-in:copyist", "train_pool": 9}, "train_pool changes"),
        ({"task": "counts"}, 'asks what source = "stand-in:records" knows'),
        ({"task": "counts", "source": "stand-in:records", "train_pool": 9}, "train_pool changes nothing"),
        ({"brigde": "dit"}, "Extra inputs"),
        ({"training": {"learning_rate": float("nan")}}, "finite"),
    ],
)
def test_what_changes_nothing_or_contradicts_itself_is_refused(settings, words) -> None:
    with pytest.raises(ValidationError, match=words):
        Settings.model_validate(settings)


@pytest.mark.parametrize(
    "settings",
    [
        {"bridge": "dit", "guidance": 2.0, "drop_rate": 0.2, "training": {"losses": {"flow": 1.0}}},
        {"training": {"kl_tokens": 4, "losses": {"kl": 1.0}}},
        {"bridge": "linear", "layer": 2, "pool": "mean", "source_reading": "untrained"},
        {"bridge": "cross_attention", "depth": 3, "heads": 2, "bottleneck": 32},
    ],
)
def test_the_same_settings_are_accepted_where_they_do_something(settings) -> None:
    assert Settings.model_validate(settings)


def test_ablations_that_differ_in_one_weight_hash_differently() -> None:
    def digest(**losses: float) -> str:
        return canonical_hash(Settings.model_validate({"training": {"losses": losses}}).model_dump(mode="json"))

    digests = {digest(kl=0.03), digest(kl=0.03, prompt_alignment=0.001), digest(positional=0.1), digest()}
    assert len(digests) == 4
