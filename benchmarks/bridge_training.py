"""Training steps per second of a bridge between the stand-ins, with cached hidden states and without.

Run: python benchmarks/bridge_training.py [--steps 30] [--repeats 3] [--threads 2] [--json FILE]

Settings are those of the flagship claims (24 soft tokens, batch 16, answer NLL, KL, token alignment); the models have
fresh weights, on which the speed does not depend. The two ways are interleaved; figures are medians.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

import numpy as np
import torch

from evenhand_systems.bridge.models import standins
from evenhand_systems.bridge.models.language_model import LanguageModel
from evenhand_systems.bridge.models.state_cache import StateCache, pad_states, write_cache
from evenhand_systems.bridge.settings import LossWeights, TrainingSettings
from evenhand_systems.bridge.tasks import stories
from evenhand_systems.bridge.tasks.formats import STORY
from evenhand_systems.bridge.training.trainer import BridgeTrainer
from evenhand_systems.bridge.translation.bridge import Bridge, StatesOf
from evenhand_systems.bridge.translation.prompts import Prompts
from evenhand_systems.bridge.translation.soft_prompt import SoftPrompt
from evenhand_systems.bridge.translators import TranslatorConfig, build_translator

SETTINGS = TrainingSettings(kl_tokens=24, losses=LossWeights(answer=1.0, kl=1.0, token_alignment=0.3))


def models() -> tuple[LanguageModel, LanguageModel]:
    """The two stand-ins, untrained."""
    kinds: tuple[standins.StandIn, standins.StandIn] = ("digits", "words")
    made = [LanguageModel(standins.untrained(k, 0), standins.tokenizer(k), k, k) for k in kinds]
    return made[0], made[1]


def seconds_per_step(states_of: StatesOf, target: LanguageModel, width: int, items: Sequence, steps: int) -> float:
    """Seconds per step after two steps of warming up."""
    config = TranslatorConfig("cross_attention", width, target.width, target.embedding_rms(), 24, 96, 2, 4)
    bridge = Bridge(states_of, build_translator(config, 0), SoftPrompt(target), Prompts(target, STORY))
    trainer = BridgeTrainer(
        bridge, list(items), SETTINGS, steps, order=np.random.default_rng(0), generator=torch.Generator().manual_seed(0)
    )
    for _ in range(2):
        trainer.step()
    start = time.perf_counter()
    for _ in range(steps):
        trainer.step()
    return (time.perf_counter() - start) / steps


def main() -> None:
    """Print a table of steps per second both ways and the time of 3,000 steps."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name, value in (("steps", 30), ("repeats", 3), ("threads", 2)):
        parser.add_argument(f"--{name}", type=int, default=value)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    source, target = models()
    items = stories.generate("transport", "train", 1000, np.random.default_rng(0))
    texts = [item.facts for item in items]
    with tempfile.TemporaryDirectory() as folder:
        write_cache(Path(folder), source, texts, -1, source.hash())
        cache = StateCache(Path(folder), source.hash(), -1)
        ways: dict[str, StatesOf] = {
            "cached": lambda asked: cache.batch(asked, target.device),
            "read anew": lambda asked: pad_states(source.hidden_states(asked, -1), target.device),
        }
        times: dict[str, list[float]] = {name: [] for name in ways}
        for _ in range(given.repeats):
            for name, states_of in ways.items():
                times[name].append(seconds_per_step(states_of, target, source.width, items, given.steps))
    rates = {name: 1 / median(values) for name, values in times.items()}
    print(f"{given.steps} steps, {given.threads} threads, {given.repeats} repeats\n")
    print("| source states | steps/s | 3,000 steps, minutes |\n|---|---|---|")
    for name, rate in rates.items():
        print(f"| {name} | {rate:.2f} | {3000 / rate / 60:.1f} |")
    if given.json:
        given.json.write_text(json.dumps({"steps_per_second": rates, "threads": given.threads}, indent=2))


if __name__ == "__main__":
    main()
