"""The campaign: what is promised is attacked, and how often it held is counted.

Run from the checkout's root::

    make campaign                                              # all parts, at most 15 minutes on two cores
    .venv/bin/python -m benchmarks.campaign --minutes 3        # a shorter one
    .venv/bin/python -m benchmarks.campaign --only kills       # one part
    .venv/bin/python -m benchmarks.campaign --write            # put the counts into docs/reliability.md

Parts: kills (of the command, its workers, the fork server), damage (of a ledger), a full disk, fuzz (of every
reader), the sandbox of judged programs. Each draws its attacks from ``--seed`` until its share of the time is used up.
The exit code is 1 where anything that is promised did not hold.
"""

from __future__ import annotations

import argparse
import importlib
import re
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.campaign.rows import Row
from evenhand.execution.machine import machine

SHARES = {"kills": 0.3, "damage": 0.2, "full_disk": 0.1, "fuzz_text": 0.1, "fuzz_data": 0.07, "fuzz_lab": 0.07,
          "sandbox": 0.16}  # fmt: skip
"""Part to its share of the time."""

PAGE = Path(__file__).parents[2] / "docs" / "reliability.md"
BEGIN, END = "<!-- counts of the campaign -->", "<!-- end of counts -->"


def run(parts: Sequence[str], minutes: float, seed: int) -> list[Row]:
    """The rows of all parts, one after the other; what one takes too long the others have less."""
    rows: list[Row] = []
    end = time.monotonic() + 60 * minutes
    for place, name in enumerate(parts):
        start = time.monotonic()
        seconds = max(0.0, end - start) * SHARES[name] / sum(SHARES[other] for other in parts[place:])
        with tempfile.TemporaryDirectory(prefix=f"campaign-{name}-") as folder:
            found = importlib.import_module(f"benchmarks.campaign.{name}").campaign(Path(folder), seconds, seed)
        rows.extend(found)
        for row in found:
            print(f"{row.area}: {row.what}: {row.held} of {row.tried} held{f' ({row.note})' if row.note else ''}")
        print(f"  {name}: {time.monotonic() - start:.0f} s of {seconds:.0f}", file=sys.stderr, flush=True)
    return rows


def table(rows: Sequence[Row], seed: int, minutes: float) -> str:
    """The counts as they stand on the page."""
    here = machine()
    lines = [
        f"`python -m benchmarks.campaign --minutes {minutes:g} --seed {seed}` on {here['processor']}, "
        f"{here['cores']} cores:",
        "",
        "| part | attack | tried | held | |",
        "| --- | --- | ---: | ---: | --- |",
        *(f"| {row.area} | {row.what} | {row.tried:,} | {row.held:,} | {row.note} |" for row in rows),
        f"| **all** | | **{sum(r.tried for r in rows):,}** | **{sum(r.held for r in rows):,}** | |",
    ]
    return "\n".join(lines)


def write(text: str) -> None:
    """Put the counts between their marks on the page."""
    page = PAGE.read_text(encoding="utf-8")
    pattern = re.compile(f"{re.escape(BEGIN)}.*?{re.escape(END)}", re.DOTALL)
    if not pattern.search(page):
        raise SystemExit(f"{PAGE.name} lacks the marks {BEGIN} and {END}.")
    PAGE.write_text(pattern.sub(lambda _: f"{BEGIN}\n{text}\n{END}", page), encoding="utf-8")


def main() -> int:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--minutes", type=float, default=14.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", choices=SHARES, nargs="+", default=list(SHARES))
    parser.add_argument("--write", action="store_true", help=f"write the counts into docs/{PAGE.name}")
    chosen = parser.parse_args()
    rows = run(chosen.only, chosen.minutes, chosen.seed)
    if chosen.write:
        write(table(rows, chosen.seed, chosen.minutes))
    return int(any(row.held < row.tried for row in rows))


if __name__ == "__main__":
    sys.exit(main())
