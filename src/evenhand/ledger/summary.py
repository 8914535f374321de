"""How a ledger shows itself where somebody looks at it: in a line, and as a table of its claims in a notebook."""

from __future__ import annotations

from html import escape
from pathlib import Path

from evenhand.errors import LedgerError, counted
from evenhand.ledger.reader import LedgerReader

_HEAD = ("claim", "hash", "attempts at trials", "decided")


def rows(ledger: LedgerReader) -> list[tuple[str, str, int, str]]:
    """A row for each claim, the oldest first: name, hash, attempts at trials made for it, and whether it is decided.

    Raises:
        LedgerError: the ledger is damaged.
    """
    found = []
    for record in ledger.claims():
        attempts = ledger.attempts(record.hash)
        decided = "yes" if ledger.decisions(record.name, record.hash) else "no"
        found.append((record.name, record.hash, attempts, decided))
    return found


def line(ledger: LedgerReader, folder: Path) -> str:
    """The ledger in a line; a damaged one is called so, and never raises."""
    try:
        found = rows(ledger)
    except LedgerError:
        return f"Ledger({str(folder)!r}: damaged; `evenhand ledger verify` lists how)"
    attempts = sum(row[2] for row in found)
    return f"Ledger({str(folder)!r}: {counted(len(found), 'claim')}, {counted(attempts, 'attempt')} at trials)"


def table(ledger: LedgerReader, folder: Path) -> str:
    """The ledger as HTML, every text escaped."""
    head = f"<p>{escape(line(ledger, folder))}</p>"
    try:
        found = rows(ledger)
    except LedgerError as error:
        return f"{head}<pre>{escape(str(error))}</pre>"
    cells = "".join(f"<th>{name}</th>" for name in _HEAD)
    body = "".join(f"<tr>{''.join(f'<td>{escape(str(value))}</td>' for value in row)}</tr>" for row in found)
    return f"{head}<table><thead><tr>{cells}</tr></thead><tbody>{body}</tbody></table>" if found else head
