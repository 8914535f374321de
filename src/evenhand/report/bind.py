"""Documents bound to ledgers: tables of verdicts that are written from the outcomes, and checked against them.

A Markdown file marks where a claim's verdicts belong::

    <!-- verdicts of ../claims/x.toml in ../results/x -->
    (written by `evenhand bind`)
    <!-- end of verdicts -->

Both paths are relative to the document. What stands between the marks is replaced, everything else is left as it is.
A mark that ends in ``, deciding contrasts -->`` has those alone that decide a verdict.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evenhand.errors import DataError

_BEGIN = re.compile(r"^<!-- verdicts of (?P<claim>\S+) in (?P<ledger>\S+?)(?P<deciding>, deciding contrasts)? -->$")
_END = "<!-- end of verdicts -->"
_SIGNED = re.compile(r"(?<![\w.])[+\-−]\d*\.\d{3,}(?![\w.])")
_LIKE = re.compile(r"^<!--\s*(end\s+(of\s+)?)?(verdict|evenhand|claim)s?\b", re.IGNORECASE)
"""How a line begins that was meant as a mark."""
MARK = "<!-- verdicts of CLAIM.toml in LEDGER -->"
"""How the place of a table begins, in a document."""


@dataclass(frozen=True)
class Block:
    """A marked place in a document.

    Attributes:
        claim, ledger: paths as resolved from the document's folder.
        line: number of the opening mark, from 1.
        text: what stands between the marks, without blank lines around it.
    """

    claim: Path
    ledger: Path
    line: int
    text: str


@dataclass(frozen=True)
class Bound:
    """A document as it is and as the ledgers would have it.

    Attributes:
        path: of the document.
        text: with every block written anew.
        stale: blocks whose text is not what the ledger says.
        blocks: how many there are.
        unbound: numbers outside the blocks that a block's table gives, too: line, number, block.
    """

    path: Path
    text: str
    stale: tuple[Block, ...]
    blocks: int
    unbound: tuple[tuple[int, str, Block], ...] = ()


def bind(path: Path, table: Callable[[Path, Path, bool], str]) -> Bound:
    """Fill every block of a document with ``table(claim, ledger, deciding)``; nothing is written here.

    Raises:
        DataError: the document cannot be read, a mark has no end, or an end has no mark; names the line.
    """
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"The document {path} cannot be read: {error}.") from error
    out: list[str] = []
    blocks: list[Block] = []
    stale: list[Block] = []
    answered: dict[str, Block] = {}
    place = 0
    while place < len(lines):
        line = lines[place].strip()
        mark = _BEGIN.match(line)
        out.append(lines[place])
        if mark is None:
            if line == _END or _LIKE.match(line):
                raise DataError(f"{path}, line {place + 1}: {_lone(line)}")
            place += 1
            continue
        end = _end(lines, place, path)
        claim, ledger = (path.parent / mark[name] for name in ("claim", "ledger"))
        block = Block(claim, ledger, place + 1, "\n".join(lines[place + 1 : end]).strip("\n"))
        fresh = table(claim, ledger, mark["deciding"] is not None).strip("\n")
        blocks.append(block)
        stale += [] if fresh == block.text else [block]
        answered = {**dict.fromkeys(_SIGNED.findall(fresh), block), **answered}
        out += ["", *fresh.split("\n"), "", lines[end]]
        place = end + 1
    return Bound(path, "\n".join(out), tuple(stale), len(blocks), _unbound(lines, answered))


def _unbound(lines: list[str], answered: dict[str, Block]) -> tuple[tuple[int, str, Block], ...]:
    """Signed numbers of at least three digits in running text that stand in the table of a block, too.

    They are true today and drift tomorrow: the ledger answers them, and nothing holds them to it.
    """
    found: list[tuple[int, str, Block]] = []
    inside = False
    for place, line in enumerate(lines):
        inside = (inside or _BEGIN.match(line.strip()) is not None) and line.strip() != _END
        if not inside:
            found += [(place + 1, one, answered[one]) for one in _SIGNED.findall(line) if one in answered]
    return tuple(found)


def bound_document(bound: Bound) -> dict[str, Any]:
    """What was found, as plain data."""
    stale = [{"line": block.line, "claim": str(block.claim), "ledger": str(block.ledger)} for block in bound.stale]
    unbound = [{"line": line, "number": number, "table": block.line} for line, number, block in bound.unbound]
    return {"document": str(bound.path), "tables": bound.blocks, "stale": stale, "unbound": unbound}


def save(bound: Bound) -> None:
    """Put the new text in the document's place, whole or not at all.

    Raises:
        DataError: the document cannot be written; it is as it was.
    """
    from evenhand.report.page import write_report

    try:
        write_report(bound.path, bound.text)
    except OSError as error:
        raise DataError(f"The document {bound.path} cannot be written and is as it was: {error}.") from error


def _end(lines: list[str], start: int, path: Path) -> int:
    for place in range(start + 1, len(lines)):
        line = lines[place].strip()
        if line == _END:
            return place
        if _BEGIN.match(line):
            break
    raise DataError(f"{path}, line {start + 1}: this mark has no '{_END}' before the next one or the end of the file.")


def _lone(line: str) -> str:
    if line == _END:
        return f"'{_END}' without an opening mark."
    return f"this mark is not known: {line[:80]}; expected '{MARK}' (or ', deciding contrasts -->'), then '{_END}'."


def verdict_table_of(claim: Path, ledger: Path, deciding: bool = False) -> str:
    """The verdicts of a claim file from a ledger's outcomes, as a Markdown table.

    Args:
        claim, ledger: paths.
        deciding: the contrasts alone that decide a verdict.

    Raises:
        DataError: there is no such ledger.
        ClaimError: the claim cannot be read, or the ledger does not know it.
    """
    from evenhand.claims.load import all_trials, load_claim
    from evenhand.ledger import Ledger
    from evenhand.report.markdown import verdict_markdown
    from evenhand.running.enter import decided
    from evenhand.running.searching import unfolded

    if not ledger.is_dir():
        raise DataError(f"There is no ledger at {ledger}.")
    loaded = load_claim(claim)
    store = Ledger(ledger, create=False)
    loaded = unfolded(loaded, store)
    head = store.head_hash([trial.id for trial in all_trials(loaded.resolved)])
    return verdict_markdown(loaded.resolved, decided(loaded, store), head, deciding=deciding)
