"""The command ``evenhand extend``: further seeds for a claim whose question is still open.

``evenhand extend claim.toml --seeds 4``
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from evenhand.cli.console import DEFAULT_LEDGER, AsJson, LedgerFolder, ledger_to_read, note
from evenhand.cli.places import Gpus, Jobs, On, PerGpu, ProfileName
from evenhand.cli.run import Warm, run


def extend(
    claim: Annotated[Path, typer.Argument(metavar="CLAIM.toml", help="A claim file.", show_default=False)],
    seeds: Annotated[int, typer.Option("--seeds", min=1, metavar="N", help="How many to add.", show_default=False)],
    ledger: LedgerFolder = DEFAULT_LEDGER,
    jobs: Jobs = None,
    warm: Warm = None,
    on: On = None,
    profile: ProfileName = None,
    gpus: Gpus = None,
    per_gpu: PerGpu = None,
    as_json: AsJson = False,
) -> None:
    """Add seeds to a claim with looks = "anytime" that is inconclusive, run them, and decide it again."""
    from evenhand.claims.load import load_claim
    from evenhand.errors import counted
    from evenhand.running.extending import extend as add

    loaded = load_claim(claim)
    with ledger_to_read(ledger) as store:
        added = add(loaded, store, seeds)
    told = ", ".join(map(str, added))
    note().print(f"{loaded.resolved.name}: {counted(seeds, 'seed')} added: {told}", markup=False, soft_wrap=True)
    run(
        [claim], ledger=ledger, jobs=jobs, warm=warm, on=on, profile=profile, gpus=gpus, per_gpu=per_gpu,
        as_json=as_json,
    )  # fmt: skip
