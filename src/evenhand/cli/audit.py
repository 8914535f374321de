"""``evenhand audit LOG...``: what other people's logs can and cannot show."""

from __future__ import annotations

import os
import sys
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from evenhand.cli.console import AsJson, note, out, print_json, warn
from evenhand.errors import DataError, counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from evenhand.audit.finding import Finding, Place
    from evenhand.audit.text.log import Log

_QUOTED, _MOST_LEFT = 160, 8
STYLES = {"fault": "red", "caution": "yellow", "note": "cyan", "hint": "dim"}


def audit(
    logs: Annotated[
        list[Path],
        typer.Argument(
            metavar="LOG ...",
            help="Markdown, text, CSV, JSON, JSON lines, or folders; - is standard input.",
            show_default=False,
        ),
    ],
    as_json: AsJson = False,
    html: Annotated[
        Path | None, typer.Option("--html", help="Write a page: the findings beside the log's lines.")
    ] = None,
    sarif: Annotated[
        Path | None, typer.Option("--sarif", help="Write SARIF 2.1.0, for continuous integration.")
    ] = None,
    claims: Annotated[
        Path | None, typer.Option("--claims", help="Write a claim file for each headline into this folder.")
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Exit 1 if there is a fault.")] = False,
    quiet: Annotated[bool, typer.Option("--no-notes", help="Leave out what is only recomputed.")] = False,
    hints: Annotated[
        bool, typer.Option("--hints", help="Tell apart what may be worth a look, though the text leaves it open.")
    ] = False,
) -> None:
    """Read logs of experiments: recompute what they report and name faults, line by line.

    Exit codes: 0 read, whatever was found; 1 a fault was found and --strict asks for it; 2 what was named cannot
    be read (files of a folder that cannot are told, and left out).
    """
    _compute_alone()
    _check_targets(html, sarif, claims)
    from evenhand.audit.check import audit as found_in

    try:
        read = _opened(logs)
    except DataError as error:
        if sarif is not None and sarif not in logs and (sarif.suffix == ".sarif" or not sarif.exists()):
            _write_sarif(sarif, (), (), str(error))
        raise
    found = found_in(read, hints=True)
    findings = [one for one in found if one.level != "hint" and not (quiet and one.level == "note")]
    maybe = [one for one in found if one.level == "hint"]
    warn([remark for log in read for remark in log.remarks])
    for path in (html, sarif):
        if path is not None and any(path.resolve() == Path(log.name).resolve() for log in read):
            raise DataError(f"{path} is one of the logs that are read; choose another name for what is written.")
    try:
        written, left = _write_all(read, findings, maybe, html, sarif, claims)
    except DataError:
        if not as_json:
            _print(findings)
        raise
    if as_json:
        print_json(
            _document(read, findings, written, left) | ({"hints": [_told(one) for one in maybe]} if hints else {})
        )
    else:
        _print(findings, written, left)
        if hints:
            _print_hints(maybe)
        elif maybe:
            told = f"{counted(len(maybe), 'hint')} beside, of what may be worth a look: --hints tells them"
            out().print(told, soft_wrap=True)
    raise typer.Exit(1 if strict and any(one.level == "fault" for one in findings) else 0)


def _check_targets(html: Path | None, sarif: Path | None, claims: Path | None) -> None:
    """Refuse what could not be written, or would take another's place, before anything is read."""
    named = {"--html": html, "--sarif": sarif, "--claims": claims}
    given = [(option, path, path.resolve()) for option, path in named.items() if path is not None]
    for (option, path, place), (other, second, same) in combinations(given, 2):
        if place == same:
            raise DataError(
                f"{option} {path} and {other} {second} are one {'folder' if place.is_dir() else 'file'}: the one would "
                f"take the other's place; give each a name of its own."
            )
    taken = next((one for one in (claims, *claims.parents) if one.exists()), None) if claims is not None else None
    if taken is not None and not taken.is_dir():
        raise DataError(
            f"{taken} is a file, and --claims names a folder that claim files are written into; name another one, or "
            f"one that is not there yet."
        )


def _opened(paths: Sequence[Path]) -> list[Log]:
    from evenhand.audit.reading.opened import open_logs
    from evenhand.audit.reading.standard_input import DASH, read_standard_input

    read = open_logs([path for path in paths if path != DASH], _progress)
    if DASH in paths:
        if sys.stdin.isatty():
            note().print("The log is read from this terminal; Ctrl-D on a line of its own ends it.", soft_wrap=True)
        read.append(read_standard_input(sys.stdin.buffer))
    return read


def _compute_alone() -> None:
    """No threads for matrices, of which there are none here: to start them took a fifteenth of a short audit's time."""
    if "numpy" not in sys.modules:
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def _progress(name: str, done: int, size: int) -> None:
    note().print(f"{name}: {done >> 20} of {size >> 20} MiB read", markup=False, soft_wrap=True)


def _write_all(
    read: Sequence[Log],
    findings: Sequence[Finding],
    maybe: Sequence[Finding],
    html: Path | None,
    sarif: Path | None,
    claims: Path | None,
) -> tuple[list[str], Sequence[str]]:
    """The files that are written, and the differences that have no claim, as sentences."""
    written: list[str] = []
    left: Sequence[str] = ()
    if html is not None:
        from evenhand.report.audit_page import audit_page

        written.append(_write(html, audit_page(read, findings, {one.place.file for one in maybe})))
    if sarif is not None:
        written.append(_write_sarif(sarif, findings, read))
    if claims is not None:
        from evenhand.audit.check import sentence
        from evenhand.audit.output.claim_files import write_claims
        from evenhand.audit.output.headlines import headlines_of

        chosen = headlines_of(read, findings, sentence)
        why = (
            "no log claims a difference over seeds, one that is doubted, or a gain of one arm over another in a metric"
        )
        warn([] if chosen.headlines else [f"{why}: no claim is written"])
        written += [str(path) for path in write_claims(chosen.headlines, claims)]
        left = chosen.left
    return written, left


def _write_sarif(path: Path, findings: Sequence[Finding], read: Sequence[Log], refused: str = "") -> str:
    from evenhand.cli.as_json import json_text
    from evenhand.report.sarif import sarif

    return _write(path, json_text(sarif(findings, read, refused)) + "\n")


def _write(path: Path, text: str) -> str:
    from evenhand.report.page import write_report

    if path.is_dir():
        raise DataError(f"{path} is a folder; name a file.")
    try:
        return str(write_report(path, text))
    except OSError as error:
        raise DataError(f"{path} cannot be written: {error.strerror or error}.") from error


def _print(findings: Sequence[Finding], written: Sequence[str] = (), left: Sequence[str] = ()) -> None:
    from evenhand.audit.finding import LEVELS

    console = out()
    for one in findings:
        _print_one(one)
    tally = ", ".join(counted(sum(one.level == level for one in findings), level) for level in LEVELS)
    console.print(f"{counted(len(findings), 'finding')}: {tally}")
    for path in written:
        console.print(Text(path), soft_wrap=True)
    if left:
        more = f"; and {len(left) - _MOST_LEFT} more of the same kinds" if len(left) > _MOST_LEFT else ""
        console.print(Text(f"no claim is written of {'; '.join(left[:_MOST_LEFT])}{more}"), soft_wrap=True)


def _print_one(one: Finding) -> None:
    from evenhand.audit.check import sentence

    place = f"{one.place.file}:{one.place.line}: "
    out().print(Text.assemble(place, (one.level, STYLES[one.level]), f" {one.rule}: {sentence(one)}"), soft_wrap=True)
    quote = one.quote or one.place.text
    shown = quote if len(quote) <= _QUOTED else f"{quote[: _QUOTED - 1]}…"
    out().print(Text(f"    | {shown}", style="dim"), soft_wrap=True)


def _print_hints(maybe: Sequence[Finding]) -> None:
    """What the text leaves open, apart from the findings and counted apart."""
    told = f"{counted(len(maybe), 'hint')}: may be worth a look, though the text does not show a fault"
    out().print(told, soft_wrap=True)
    for one in maybe:
        _print_one(one)


def _document(
    read: Sequence[Log], findings: Sequence[Finding], written: Sequence[str], left: Sequence[str]
) -> dict[str, Any]:
    from evenhand.audit.rules import RULES

    return {
        "logs": [
            {"file": log.name, "lines": len(log.lines), "tables": len(log.tables), "read": not log.unread,
             "remarks": log.remarks}
            for log in read
            if not log.folder
        ],
        "folders": [{"folder": log.name, "remarks": log.remarks} for log in read if log.folder],
        "findings": [_told(one) for one in findings],
        "rules": {rule.name: rule.about for rule in RULES},
        "written": list(written),
        "unwritten": list(left),
    }  # fmt: skip


def _told(one: Finding) -> dict[str, Any]:
    from evenhand.audit.check import sentence

    return {
        "rule": one.rule, "level": one.level, **_place(one.place), "quote": one.quote, "says": sentence(one),
        "facts": dict(one.facts), "others": [_place(other) for other in one.others],
    }  # fmt: skip


def _place(place: Place) -> dict[str, Any]:
    return {"file": place.file, "line": place.line, "text": place.text}
