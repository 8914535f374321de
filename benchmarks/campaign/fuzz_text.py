"""Damaged files before every reader of the language models' systems: what is promised is one sentence, class ``data``.

Run alone: ``python -m benchmarks.campaign.fuzz_text [SECONDS [SEED]]`` from the top folder of the project.
"""

from __future__ import annotations

import sys
import tempfile
import time
from itertools import islice
from pathlib import Path

from benchmarks.campaign.rows import Row
from evenhand.errors import DataError
from tests.evenhand_systems.text_readers import ANCHORED, BRIDGE, TRANSLATORS, Reader

PARTS = (
    ("anchored_sft: conversations, questions, rewards, texts", ANCHORED),
    ("bridge: problems, answers, cached states, adapters", BRIDGE),
    ("translators: settings and weights", TRANSLATORS),
)
CHUNK = 500


def campaign(folder: Path, seconds: float, seed: int) -> list[Row]:
    """Damage files of every kind until the time is over; all readers get the same share of it.

    Args:
        folder: empty, for the files.
        seconds: for all of it.
        seed: of the damage; another seed, other damage.
    """
    share = seconds / sum(len(readers) for _, readers in PARTS)
    rows = []
    for what, readers in PARTS:
        tried, faults = 0, []
        for reader in readers:
            place = folder / reader.name.replace(".", "-")
            place.mkdir(parents=True)
            count, found = _attack(reader, place / reader.name, time.monotonic() + share, seed)
            tried += count
            faults += found
        rows.append(Row("fuzz", what, tried, tried - len(faults), "; ".join(faults[:5])))
    return rows


def _attack(reader: Reader, path: Path, until: float, seed: int) -> tuple[int, list[str]]:
    """How many damaged files were read in time, and what was raised that should not be."""
    reader.prepare(path)
    sound, tried, faults = path.read_bytes(), 0, []
    while time.monotonic() < until:
        path.write_bytes(sound)
        for content in islice(reader.damaged(path, CHUNK, seed + tried), 2 * CHUNK):
            if time.monotonic() > until:
                break
            path.write_bytes(content)
            tried += 1
            fault = _fault(reader, path)
            if fault:
                faults.append(f"{reader.name}, seed {seed}, number {tried}: {fault}")
    return tried, faults


def _fault(reader: Reader, path: Path) -> str:
    """What a reader did that it must not; empty where it read the file, or told in a sentence what is wrong with it."""
    try:
        reader.read(path)
    except DataError as error:
        return "" if path.name in str(error) else f"the error does not name the file: {error}"
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return ""


if __name__ == "__main__":
    given = [float(argument) for argument in sys.argv[1:]]
    with tempfile.TemporaryDirectory() as name:
        for row in campaign(Path(name), given[0] if given else 60.0, int(given[1]) if len(given) > 1 else 1):
            print(f"{row.area}: {row.what}: {row.held} of {row.tried} held. {row.note}")
