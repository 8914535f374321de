"""Blind damage to a ledger: whatever is done to its files is named or refused, or the verdict is as it was.

    python -m benchmarks.campaign.damage [SECONDS] [SEED]        (from the checkout's root)

A small ledger of two segments is written through the lab, copied again and again, and damaged once in each copy: bytes
flipped, cut, inserted, lines doubled, swapped, removed, files removed, renamed, exchanged; and a copy that was packed
likewise. An attack is held where ``verify`` names a fault or the verdict is refused, or the verdict is the same to the
byte; a verdict that changes, or an exception that is no sentence, is not.
"""

from __future__ import annotations

import json
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmarks.campaign.rows import Row
from evenhand.claims.load import LoadedClaim, all_trials, load_claim
from evenhand.cli.output import plain
from evenhand.decisions.decide import decide
from evenhand.errors import LedgerError
from evenhand.ledger import Ledger
from evenhand.recipes.outcome import Curve, Execution, ItemScores, Outcome
from evenhand.recipes.trial import Trial
from evenhand.running.enter import fix_claim, outcomes_so_far
from evenhand.testing.worlds import two_arms

RECIPE = """
from evenhand.recipes.contract import Bench, Metric, RecipeSettings, recipe


class Settings(RecipeSettings):
    effect: float = 0.0


@recipe(metrics={"score": Metric(floor=0.0, ceiling=1.0)}, units=("steps",), version=1)
def run(settings: Settings, bench: Bench) -> dict[str, float]:
    rng = bench.rng("answers")
    right = [float(rng.random() < 0.5 + settings.effect) for _ in range(200)]
    bench.items("score", [str(i) for i in range(200)], right, outputs=[str(r) for r in right])
    bench.log(1, loss=0.5)
    bench.budget.spend(steps=bench.budget.amount)
    return {}
"""

CLAIM = two_arms("answers:run", margin=0.02, items=200)

Attack = Callable[[Path, random.Random], None]


def write_claim(folder: Path) -> LoadedClaim:
    """Write the claim with its recipe into a folder."""
    (folder / "answers.py").write_text(RECIPE)
    (folder / "claim.toml").write_text(CLAIM)
    return load_claim(folder / "claim.toml")


def _outcome(trial: Trial) -> Outcome:
    right = (trial.rng("answers").random(200) < 0.5 + trial.settings["effect"]).astype(np.float64)
    ids, outputs = tuple(map(str, range(200))), tuple(map(str, right.tolist()))
    curve = Curve(np.array([1.0, 2.0]), np.array([0.5, 0.25]))
    return Outcome(
        items={"score": ItemScores(ids, right, outputs)}, curves={"loss": curve}, spent={"steps": 10.0},
        grain={"steps": 10.0},
    )  # fmt: skip


def _write_ledger(loaded: LoadedClaim, folder: Path) -> None:
    trials = all_trials(loaded.resolved)
    for number, part in enumerate((trials[:7], trials[7:])):
        ledger = Ledger(folder)
        if number == 0:
            fix_claim(loaded, ledger, amend=False)
        for trial in part:
            ledger.record_outcome(trial, _outcome(trial), Execution(seconds=1.0), loaded.resolved.hash, {})
        ledger.close()


def _one(folder: Path, pattern: str, rng: random.Random) -> Path:
    return rng.choice(sorted(folder.glob(pattern)))


def _bytes(pattern: str, change: Callable[[bytearray, int, random.Random], None]) -> Attack:
    """Change the bytes of one file at a random place."""

    def attack(folder: Path, rng: random.Random) -> None:
        path = _one(folder, pattern, rng)
        data = bytearray(path.read_bytes())
        change(data, rng.randrange(len(data)), rng)
        path.write_bytes(bytes(data))

    return attack


def _flip(data: bytearray, at: int, rng: random.Random) -> None:
    data[at] ^= rng.randrange(1, 256)


def _cut(data: bytearray, at: int, rng: random.Random) -> None:
    del data[at:]


def _insert(data: bytearray, at: int, rng: random.Random) -> None:
    data[at:at] = rng.randbytes(rng.randrange(1, 20))


def _append(data: bytearray, at: int, rng: random.Random) -> None:
    data += rng.randbytes(rng.randrange(1, 60)) + rng.choice([b"", b"\n"])


def _lines(change: Callable[[list[bytes], int, int], None]) -> Attack:
    """Change the lines of one segment at two random places."""

    def attack(folder: Path, rng: random.Random) -> None:
        path = _one(folder, "segments/*.jsonl", rng)
        found = path.read_bytes().splitlines(keepends=True)
        first, second = sorted(rng.sample(range(len(found)), 2))
        change(found, first, second)
        path.write_bytes(b"".join(found))

    return attack


def _delete(found: list[bytes], first: int, second: int) -> None:
    del found[first]


def _cut_tail(found: list[bytes], first: int, second: int) -> None:
    del found[second:]


def _double(found: list[bytes], first: int, second: int) -> None:
    found.insert(second, found[first])


def _double_next(found: list[bytes], first: int, second: int) -> None:
    found.insert(first, found[first])


def _swap(found: list[bytes], first: int, second: int) -> None:
    found[first], found[second] = found[second], found[first]


def _convert(found: list[bytes], first: int, second: int) -> None:
    found[:] = [line.replace(b"\n", b"\r\n") for line in found]


def _remove(pattern: str) -> Attack:
    return lambda folder, rng: _one(folder, pattern, rng).unlink()


def _rename(folder: Path, rng: random.Random) -> None:
    path = _one(folder, "segments/*.jsonl", rng)
    path.rename(path.with_name(f"{rng.randrange(10**6)}.jsonl"))


def _copy(folder: Path, rng: random.Random) -> None:
    path = _one(folder, "segments/*.jsonl", rng)
    shutil.copy(path, path.with_name(f"{path.stem} {rng.choice(['copy', 'conflict'])}.jsonl"))


def _exchange(pattern: str) -> Attack:
    """Put each of two files in the other's place."""

    def attack(folder: Path, rng: random.Random) -> None:
        one, two = rng.sample(sorted(folder.glob(pattern)), 2)
        first, second = one.read_bytes(), two.read_bytes()
        one.write_bytes(second)
        two.write_bytes(first)

    return attack


def _cut_without_heads(folder: Path, rng: random.Random) -> None:
    _lines(_cut_tail)(folder, rng)
    shutil.rmtree(folder / "heads")


ATTACKS: dict[str, Attack] = {
    "byte flipped in a segment": _bytes("segments/*", _flip),
    "segment cut": _bytes("segments/*", _cut),
    "bytes inserted in a segment": _bytes("segments/*", _insert),
    "garbage behind a segment": _bytes("segments/*", _append),
    "record removed": _lines(_delete),
    "last records removed": _lines(_cut_tail),
    "last records and all heads removed": _cut_without_heads,
    "record doubled elsewhere": _lines(_double),
    "record doubled after itself": _lines(_double_next),
    "records swapped": _lines(_swap),
    "line endings converted": _lines(_convert),
    "segment removed": _remove("segments/*"),
    "segment renamed": _rename,
    "segment copied": _copy,
    "segments exchanged": _exchange("segments/*"),
    "byte flipped in a head": _bytes("heads/*", _flip),
    "head cut": _bytes("heads/*", _cut),
    "head removed": _remove("heads/*"),
    "heads exchanged": _exchange("heads/*"),
    "byte flipped in item scores": _bytes("items/*", _flip),
    "item scores cut": _bytes("items/*", _cut),
    "item scores removed": _remove("items/*"),
    "item scores exchanged": _exchange("items/*"),
    "byte flipped in a curve": _bytes("curves/*", _flip),
    "byte flipped in a cache": _bytes("cache/*", _flip),
    "cache cut": _bytes("cache/*", _cut),
    "cache removed": _remove("cache/*"),
}


def _rename_pack(folder: Path, rng: random.Random) -> None:
    path = _one(folder, "packs/records-*.tar.gz", rng)
    path.rename(path.with_name(f"records-{rng.randbytes(6).hex()}.tar.gz"))


PACKED_ATTACKS: dict[str, Attack] = {
    "byte flipped in packed item scores": _bytes("packs/items-*.parquet", _flip),
    "packed item scores cut": _bytes("packs/items-*.parquet", _cut),
    "packed item scores removed": _remove("packs/items-*.parquet"),
    "byte flipped in packed curves": _bytes("packs/curves-*.parquet", _flip),
    "packed tables exchanged": _exchange("packs/*.parquet"),
    "byte flipped in packed records": _bytes("packs/records-*.tar.gz", _flip),
    "packed records cut": _bytes("packs/records-*.tar.gz", _cut),
    "garbage behind packed records": _bytes("packs/records-*.tar.gz", _append),
    "packed records removed": _remove("packs/records-*.tar.gz"),
    "packed records renamed": _rename_pack,
    "byte flipped behind a pack": _bytes("segments/*", _flip),
    "segment behind a pack removed": _remove("segments/*"),
    "byte flipped in a head behind a pack": _bytes("heads/*", _flip),
    "head behind a pack removed": _remove("heads/*"),
    "byte flipped in a cache of a packed ledger": _bytes("cache/*", _flip),
}
"""On a ledger that was packed."""


def _verdict(loaded: LoadedClaim, folder: Path) -> str:
    decision = decide(loaded.resolved, outcomes_so_far(loaded.resolved, Ledger(folder, create=False)))
    return json.dumps(plain(decision))


def _held(loaded: LoadedClaim, folder: Path, before: str) -> tuple[bool, str]:
    """Whether the damage is named, refused or harmless; and which, or what went wrong."""
    try:
        named = bool(Ledger(folder, create=False).verify().faults)
        try:
            same = _verdict(loaded, folder) == before
        except LedgerError:
            return True, "refused"
    except Exception as error:  # whatever it is: it is no sentence
        return False, f"{type(error).__name__}: {error}"
    if not same:
        return False, "the verdict changed" + (", though verify names it" if named else "")
    return True, "named" if named else "harmless"


def campaign(folder: Path, seconds: float, seed: int) -> list[Row]:
    """Every kind of damage in turn, until the time is up; each kind once at least."""
    end = time.monotonic() + seconds
    loaded = write_claim(folder)
    whole, packed = folder / "whole", folder / "packed"
    _write_ledger(loaded, whole)
    before = _verdict(loaded, whole)
    shutil.copytree(whole, packed)
    with Ledger(packed) as ledger:
        ledger.pack()
    assert _verdict(loaded, packed) == before
    attacks = {name: (whole, attack) for name, attack in ATTACKS.items()}
    attacks |= {name: (packed, attack) for name, attack in PACKED_ATTACKS.items()}
    counts: dict[str, dict[str, int]] = {name: {} for name in attacks}
    held: dict[str, int] = dict.fromkeys(attacks, 0)
    turn = 0
    while turn == 0 or time.monotonic() < end:
        for name, (sound, attack) in attacks.items():
            if turn and time.monotonic() >= end:
                break
            copy = folder / "copy"
            shutil.rmtree(copy, ignore_errors=True)
            shutil.copytree(sound, copy)
            attack(copy, random.Random(f"{seed} {turn} {name}"))
            good, what = _held(loaded, copy, before)
            held[name] += good
            counts[name][what] = counts[name].get(what, 0) + 1
        turn += 1
    return [
        Row("damage", name, sum(found.values()), held[name], ", ".join(f"{n} {what}" for what, n in found.items()))
        for name, found in counts.items()
    ]


if __name__ == "__main__":
    arguments = [float(word) for word in sys.argv[1:]]
    with tempfile.TemporaryDirectory() as place:
        for row in campaign(Path(place), [*arguments[:1], 60.0][0], int([*arguments[1:2], 0][0])):
            print(f"{row.what}: {row.held} of {row.tried} held ({row.note})")
