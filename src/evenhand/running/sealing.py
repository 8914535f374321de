"""Sealing a claim: entered before its first trial, with a receipt that others can keep."""

from __future__ import annotations

import importlib.metadata
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from evenhand.claims.load import LoadedClaim
from evenhand.claims.nesting import leaves
from evenhand.data.model_store import data_path
from evenhand.decisions.standing import Seal
from evenhand.errors import ClaimError, DataError, Fault, counted
from evenhand.files import content_hash, write_bytes
from evenhand.ledger import Ledger, timestamp
from evenhand.ledger import seal as seals
from evenhand.recipes.trial import canonical_hash
from evenhand.running import standing
from evenhand.running.enter import fix_claim
from evenhand.running.likeness import known_alike


@dataclass(frozen=True)
class Sealed:
    """A seal that was set: the receipt, where it lies, its sha256, and what keeps it outside the ledger."""

    receipt: str
    path: Path
    sha256: str
    witnesses: tuple[str, ...]


def seal(loaded: LoadedClaim, ledger: Ledger, *, git: bool = False, tsa: str = "", to: Path | None = None) -> Sealed:
    """Enter a claim and write its receipt; nothing of it may have run.

    Args:
        loaded: the claim.
        ledger: where it is entered, and where the receipt is kept.
        git: keep the receipt in an annotated tag of the repository that holds the claim.
        tsa: address of a time-stamp server (RFC 3161).
        to: write the receipt there, too.

    Raises:
        ClaimError: its trials have outcomes already, tries included, or was changed after it had some.
        DataError: the tag cannot be made, the server gives no time stamp, or a file cannot be written.
    """
    claim = loaded.resolved
    with ledger.lock(f"claim-{claim.name}"):
        ids = claim.trial_ids
        known = [*ledger.outcomes(trial_ids=ids), *ledger.outcomes(trial_ids=ids, exploratory=True)]
        if known:
            cure = (
                f"the ledger has {counted(len(known), 'outcome')} of its trials (tries included); a seal shows what "
                "was fixed before the first; take other seeds, or let it draw them: seeds = { count = 6 }"
            )
            raise ClaimError(f"The claim '{claim.name}' cannot be sealed any more", [Fault(loaded.path.name, cure)])
        if standing.entered(claim, ledger) is None and (alike := known_alike(claim, ledger)):
            told = f"the like of {counted(alike.trials, 'trial')} of it had been run ({', '.join(alike.claims)})"
            cure = (
                f"{told}, so that it would be post-hoc; take other seeds, or let it draw them: seeds = {{ count = 6 }}"
            )
            raise ClaimError(f"The claim '{claim.name}' cannot be sealed any more", [Fault(loaded.path.name, cure)])
        fix_claim(loaded, ledger, amend=False)
        text = _receipt(loaded, ledger)
        digest = seals.digest_of(text)
        path = ledger.folder / "seals" / f"{claim.name}-{claim.hash}-{digest[:8]}.json"
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_bytes(path, text.encode())
            witnesses = [_copied(text, to)] if to is not None else []
            if tsa:
                write_bytes(path.with_suffix(".tsr"), timestamp.ask(tsa, digest))
                witnesses.append(f"time stamp of {tsa} ({path.stem}.tsr)")
        except OSError as error:
            raise DataError(f"The receipt cannot be written: {error}.") from error
        if git:
            witnesses.append(_tagged(loaded.folder, f"evenhand/seal/{claim.name}-{digest[:12]}", text, digest))
        ledger.record_seal(claim.hash, text, witnesses)
    return Sealed(text, path, digest, tuple(witnesses))


def _receipt(loaded: LoadedClaim, ledger: Ledger) -> str:
    claim = loaded.resolved
    record = standing.entered(claim, ledger)
    assert record is not None  # it was entered just now
    pool = loaded.recipe.info.pool
    items: dict[str, Any] = {}
    for name, own in claim.items.items():
        places = None if pool is None else canonical_hash([int(i) for i in own.choose(pool)])
        items[name] = {"start": own.start, "count": own.count, "seed": own.seed, "positions": places}
    seeds = {r.name: {"count": len(r.seeds)} if r.drawn else list(r.seeds) for r in claim.claim.rungs}
    return seals.receipt_text(
        record, data=_data(loaded), items=items, seeds=seeds, head=ledger.head_hash(),
        time=datetime.now(UTC).isoformat(timespec="seconds"), version=importlib.metadata.version("evenhand"),
    )  # fmt: skip


def _data(loaded: LoadedClaim) -> dict[str, str]:
    """Files and folders that the claim's settings name, with their hashes."""
    texts = {
        value
        for settings in loaded.resolved.settings.values()
        for value in leaves(settings).values()
        if isinstance(value, str) and value.strip() not in ("", ".", "/") and "\0" not in value and len(value) < 1000
    }
    found: dict[str, str] = {}
    for text in sorted(texts):
        try:
            path = data_path(text, loaded.folder)
            found |= {text: content_hash(path)} if path.is_file() or path.is_dir() else {}
        except (OSError, ValueError):
            continue
    return found


def _copied(text: str, to: Path) -> str:
    to.parent.mkdir(parents=True, exist_ok=True)
    write_bytes(to, text.encode())
    return f"file {to.name}"


def _tagged(folder: Path, name: str, text: str, digest: str) -> str:
    """Keep the receipt in an annotated tag."""
    message = f"evenhand seal, receipt sha256 {digest}\n\n{text}"
    line = ["git", "-C", str(folder), "tag", "-a", "--cleanup=verbatim", "-F", "-", name]
    try:
        done = subprocess.run(line, input=message, capture_output=True, text=True, check=False)
    except OSError as error:
        raise DataError(
            f"git cannot be run: {error}. The claim is not sealed; leave --git out, or install git."
        ) from error
    if done.returncode:
        why = done.stderr.strip() or "no reason given"
        raise DataError(f"The tag {name} cannot be made in {folder}: {why}. The claim is not sealed.")
    return f"git tag {name}"


@dataclass(frozen=True)
class Checked:
    """The seal of a claim, None where it has none; what is wrong with what keeps it; the number of its time stamps."""

    seal: Seal | None
    faults: tuple[str, ...] = ()
    stamps: int = 0


def check(loaded: LoadedClaim, ledger: Ledger, certificate: Path | None = None) -> Checked:
    """The seal of a claim with what is wrong with what keeps it; time stamps are checked against a certificate.

    Raises:
        DataError: there is no such certificate.
    """
    if certificate is not None and not certificate.is_file():
        raise DataError(f"There is no certificate {certificate}; give the authority's, as a PEM file.")
    claim = loaded.resolved
    found = standing.standing(claim, ledger).seal
    if found is None:
        return Checked(None)
    faults, stamps = [], 0
    for path in sorted((ledger.folder / "seals").glob(f"{claim.name}-{claim.hash}-{found.receipt[:8]}.*")):
        if path.suffix == ".json" and seals.digest_of(path.read_text(encoding="utf-8")) != found.receipt:
            faults.append(f"{path.name} is not the receipt that the chain names")
        stamps += path.suffix == ".tsr"
        if path.suffix == ".tsr" and certificate is not None:
            wrong = timestamp.check(path, found.receipt, certificate)
            faults += [f"{path.name}: the time stamp does not verify ({wrong})"] if wrong else []
    if not found.precedes:
        faults.append("the receipt does not precede the claim's first result")
    return Checked(found, tuple(faults), stamps)
