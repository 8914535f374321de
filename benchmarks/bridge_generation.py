"""Throughput of greedy generation with soft prompts: batched against one by one, same items, same answers.

Run: python benchmarks/bridge_generation.py [--items 64] [--new-tokens 32] [--repeats 3] [--threads 2] [--json FILE]

The stand-ins have fresh weights (speed does not depend on them); both ways must give the same tokens, else it stops.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from statistics import median

import numpy as np
import torch

from evenhand_systems.bridge.models import standins
from evenhand_systems.bridge.models.language_model import LanguageModel
from evenhand_systems.bridge.tasks import stories
from evenhand_systems.bridge.tasks.formats import STORY
from evenhand_systems.bridge.translation.prompts import Prompts
from evenhand_systems.bridge.translation.soft_prompt import SoftPrompt


def measure(kind: standins.StandIn, items: int, new_tokens: int, repeats: int) -> dict[str, float]:
    """Items per second, batched and one by one, the two interleaved; medians."""
    target = LanguageModel(standins.untrained(kind, 0), standins.tokenizer(kind), kind, kind)
    prompt, prompts = SoftPrompt(target), Prompts(target, STORY)
    asked = stories.generate("transport", "test", items, np.random.default_rng(0))
    soft = torch.randn(items, 24, target.width, generator=torch.Generator().manual_seed(0)) * target.embedding_rms()

    def answers(batch: int) -> list[list[int]]:
        made: list[list[int]] = []
        for i in range(0, items, batch):
            part = asked[i : i + batch]
            before, after = prompts.before(part), prompts.after(part, with_text=False)
            inputs = prompt.assemble(before, soft[i : i + batch], after, side="left", room=new_tokens)
            made.extend(prompt.generate(inputs, new_tokens)[0])
        return [row[: row.index(2)] if 2 in row else row for row in made]

    times: dict[str, list[float]] = {"batched": [], "single": []}
    results = {}
    answers(items)
    for _ in range(repeats):
        for name, batch in (("batched", items), ("single", 1)):
            start = time.perf_counter()
            results[name] = answers(batch)
            times[name].append(time.perf_counter() - start)
    if results["batched"] != results["single"]:
        raise SystemExit("batched and single answers differ")
    rates = {name: items / median(values) for name, values in times.items()}
    return {**rates, "ratio": rates["batched"] / rates["single"]}


def main() -> None:
    """Print a table with one row per model."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name, value in (("items", 64), ("new-tokens", 32), ("repeats", 3), ("threads", 2)):
        parser.add_argument(f"--{name}", type=int, default=value)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    kinds: tuple[standins.StandIn, ...] = ("digits", "words")
    found = {kind: measure(kind, given.items, given.new_tokens, given.repeats) for kind in kinds}
    print(f"{given.items} items, {given.new_tokens} new tokens, {given.threads} threads, {given.repeats} repeats\n")
    print("| target | batched, items/s | one by one, items/s | ratio |\n|---|---|---|---|")
    for kind, row in found.items():
        print(f"| {kind} | {row['batched']:.1f} | {row['single']:.1f} | {row['ratio']:.1f}x |")
    if given.json:
        given.json.write_text(json.dumps({"settings": vars(given) | {"json": None}, "found": found}, indent=2))


if __name__ == "__main__":
    main()
