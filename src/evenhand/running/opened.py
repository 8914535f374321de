"""Claims and ledgers as people name them in Python: a path, or what was loaded already; closed again afterwards."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from evenhand.claims.load import LoadedClaim, load_claim
from evenhand.errors import ClaimError, EvenhandError, Fault, RecipeError
from evenhand.ledger import Ledger
from evenhand.ledger.ledger import is_empty
from evenhand.recipes import catalogue

ClaimLike = LoadedClaim | str | os.PathLike[str]
LedgerLike = Ledger | str | os.PathLike[str]


def as_claim(claim: ClaimLike) -> LoadedClaim:
    """A claim, read from its file where it is not loaded yet.

    Raises:
        ClaimError: the file is missing or has faults; all are named with their lines.
        EvenhandError: it is neither a path nor a claim.
    """
    if isinstance(claim, LoadedClaim):
        return claim
    if not isinstance(claim, str | os.PathLike):
        raise EvenhandError(
            f"A claim is the path of its file, or what `load_claim` returned; found {type(claim).__name__}."
        )
    return load_claim(claim)


def runnable(claim: ClaimLike) -> LoadedClaim:
    """A claim as it stands in its file now, whose recipe the processes of trials can import.

    Raises:
        ClaimError: it was changed after it was loaded, or its recipe stands where no trial finds it.
    """
    given = as_claim(claim)
    loaded = load_claim(given.path) if isinstance(claim, LoadedClaim) else given
    if loaded.resolved.hash != given.resolved.hash:
        cure = "the file or its recipe was changed after it was loaded. Load it again, with load_claim"
        place = f"{given.path} (claim {given.resolved.hash}; now {loaded.resolved.hash})"
        raise ClaimError(f"The claim '{given.resolved.name}' is not what its file states now", [Fault(place, cure)])
    try:
        catalogue.check_reachable(loaded.recipe, loaded.folder)
    except RecipeError as error:
        fault = loaded.file.fault(("recipe",), str(error))
        raise ClaimError(f"{loaded.path} cannot be run as it stands", [fault]) from error
    return loaded


USUAL_LEDGER = Path(".evenhand")
"""Where a ledger is looked for that nobody named; before the first run there is none."""


def ledger_to_read(folder: Path) -> Ledger:
    """A ledger that nothing is written to. Before the first run there is none in the usual place.

    Raises:
        DataError: one that was named is not there; its name may be mistyped.
    """
    if folder == USUAL_LEDGER and (not folder.exists() or is_empty(folder)):
        return Ledger(folder, create=False)
    return Ledger.existing(folder)


@contextlib.contextmanager
def opened(ledger: LedgerLike, *, create: bool, there: bool = False) -> Iterator[Ledger]:
    """A ledger, closed afterwards even where it was opened before: a notebook that lives on must not keep it from
    being packed, and whoever writes to a closed one begins a new segment.

    Args:
        ledger: path of its folder, or a ledger.
        create: make the folder where it is missing.
        there: one that was named must be there.

    Raises:
        DataError: it must be there and is not; its name may be mistyped.
        LedgerError: the folder cannot be made, or the path is a file.
        EvenhandError: it is neither a path nor a ledger.
    """
    if not isinstance(ledger, Ledger | str | os.PathLike):
        raise EvenhandError(f"A ledger is the path of its folder, or a Ledger; found {type(ledger).__name__}.")
    if isinstance(ledger, Ledger):
        store = ledger
    else:
        folder = Path(ledger).expanduser()
        store = ledger_to_read(folder) if there else Ledger(folder, create=create)
    try:
        yield store
    finally:
        store.close()
