"""Protein questions as text: secondary structure at a few positions, and whether two residues are in contact."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from evenhand.errors import DataError
from evenhand_systems.future_seed.tasks.structure import Protein
from evenhand_systems.future_seed.text.chains import Chain
from evenhand_systems.future_seed.text.examples import Example, fraction
from evenhand_systems.future_seed.text.prompts import Wording

SPOT_WORDING = Wording(context="Sequence: ", question="Positions: ", answer="Structure:")
CONTACT_WORDING = Wording(context="Sequence: ", question="Contact: ", answer="Answer:")
YES, NO = " yes", " no"


def stable_rng(key: str) -> np.random.Generator:
    """A generator that depends on a text alone, so that questions are the same for every seed and arm."""
    return np.random.default_rng(int(fraction(key) * 2**53))


def spot_examples(proteins: Sequence[Protein], positions: int, crop: int, window: int | None = None) -> list[Example]:
    """One question per protein: labels at some resolved positions, counted from 1, of its first ``crop`` residues.

    Args:
        proteins: whose.
        positions: how many are asked for.
        crop: residues that are read.
        window: residues on either side that stand beside each number, ``-`` beyond the ends; None gives numbers alone.
    """
    examples = []
    for protein in proteins:
        resolved = [i for i in range(min(crop, len(protein))) if protein.mask[i] == "1"]
        if len(resolved) < positions:
            continue
        asked = sorted(stable_rng(protein.name).choice(resolved, size=positions, replace=False).tolist())
        examples.append(
            Example(
                id=protein.name,
                context=protein.sequence[:crop],
                question=" ".join(_named(protein.sequence[:crop], i, window) for i in asked),
                # No spaces between: they would be right in every answer and dilute the score.
                answer=" " + "".join(protein.labels[i] for i in asked),
                cluster=protein.name,
            )
        )
    return examples


def _named(sequence: str, place: int, window: int | None) -> str:
    if window is None:
        return str(place + 1)
    ends = "-" * window
    return f"{place + 1} {(ends + sequence + ends)[place : place + 2 * window + 1]}"


def contact_examples(
    chains: Sequence[Chain], pairs: int, cutoff: float, separation: int, *, balanced: bool
) -> list[Example]:
    """Questions on pairs of residues of each chain.

    Balanced: as many contacts as not, and each pair that is none has the separation of one that is: else the distance
    along the chain gives the answer away.
    """
    examples = []
    for chain in chains:
        near, far = _pairs(chain, cutoff, separation)
        rng = stable_rng(chain.name)
        chosen = _matched(near, far, pairs // 2, rng) if balanced else _as_they_come(near, far, pairs, rng)
        for i, j, contact in chosen:
            question = f"{i + 1} {chain.sequence[i]} and {j + 1} {chain.sequence[j]}"
            examples.append(
                Example(
                    id=f"{chain.name}:{i + 1}-{j + 1}",
                    context=chain.sequence,
                    question=question,
                    answer=YES if contact else NO,
                    cluster=chain.name,
                    choices=(YES, NO),
                )
            )
    return examples


Pair = tuple[int, int]


def _pairs(chain: Chain, cutoff: float, separation: int) -> tuple[list[Pair], list[Pair]]:
    """Pairs of resolved residues that are in contact and that are not, at least ``separation`` apart."""
    places = np.flatnonzero(np.isfinite(chain.alpha_carbons[:, 0]))
    points = chain.alpha_carbons[places]
    distances = np.sqrt(((points[:, None] - points[None]) ** 2).sum(axis=-1))
    apart = places[None, :] - places[:, None] >= separation
    near = [(int(places[a]), int(places[b])) for a, b in np.argwhere(apart & (distances < cutoff))]
    far = [(int(places[a]), int(places[b])) for a, b in np.argwhere(apart & (distances >= cutoff))]
    return near, far


def _matched(near: list[Pair], far: list[Pair], count: int, rng: np.random.Generator) -> list[tuple[int, int, bool]]:
    by_separation: dict[int, list[Pair]] = {}
    for pair in far:
        by_separation.setdefault(pair[1] - pair[0], []).append(pair)
    chosen: list[tuple[int, int, bool]] = []
    for place in rng.permutation(len(near)):
        pair = near[place]
        others = by_separation.get(pair[1] - pair[0], [])
        if others and len(chosen) < 2 * count:
            other = others.pop(int(rng.integers(len(others))))
            chosen += [(*pair, True), (*other, False)]
    return chosen


def _as_they_come(
    near: list[Pair], far: list[Pair], count: int, rng: np.random.Generator
) -> list[tuple[int, int, bool]]:
    every = [(*pair, True) for pair in near] + [(*pair, False) for pair in far]
    return [every[i] for i in rng.permutation(len(every))[:count]]


def check_chains(chains: Sequence[Chain], folder: Path) -> None:
    """Raise a ``DataError`` where a folder gave no chain."""
    if not chains:
        raise DataError(
            f"{folder} gave no protein chain; it must hold .pdb or .cif files, see data.chains and data.longest."
        )
