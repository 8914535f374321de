"""``evenhand.report(claim)``: a report that is written, and shows itself in a notebook."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup

from evenhand.report.marks import visible
from evenhand.report.save import save_report
from evenhand.running.opened import ClaimLike, LedgerLike, as_claim, opened

_HEIGHT = 640
"""Pixels of a report in a notebook; it scrolls."""


@dataclass(frozen=True, repr=False)
class Report:
    """A report that was written; usable as its path. A notebook shows the page itself.

    Attributes:
        claim: name.
        path: of the page.
        warnings: what is missing of the recipe's own part of it, and harmless remarks on the ledger.
        html: the page as it was written.
    """

    claim: str
    path: Path
    warnings: tuple[str, ...]
    html: str

    def __fspath__(self) -> str:
        return str(self.path)

    def __repr__(self) -> str:
        head = f"Report of {self.claim}: {self.path}"
        return visible("\n".join([head, *(f"warning: {' '.join(sentence.split())}" for sentence in self.warnings)]))

    def _repr_html_(self) -> str:
        # A frame in which nothing runs and nothing is sent; with a base of its own, links within the page stay in it.
        page = self.html.replace('<meta charset="utf-8">', '<meta charset="utf-8"><base href="about:srcdoc">', 1)
        frame = Markup(
            '<p>Report: {}</p>{}<iframe sandbox="" srcdoc="{}" title="Report of {}" width="100%" height="{}" '
            'style="border:0"></iframe>'
        )
        warnings = Markup("").join(Markup("<p>warning: {}</p>").format(visible(one)) for one in self.warnings)
        return frame.format(visible(str(self.path)), warnings, page, visible(self.claim), _HEIGHT)


def report(claim: ClaimLike, ledger: LedgerLike = ".evenhand", *, out: str | os.PathLike[str] | None = None) -> Report:
    """Write the report of a claim from what the ledger holds: one HTML file that works offline.

    Args:
        claim: path of its file, or what ``load_claim`` returned.
        ledger: path of its folder, or a ``Ledger``.
        out: where to write the page; ``reports/NAME.html`` in the ledger if None.

    Raises:
        ClaimError: the ledger does not know this claim; the page that is there stays as it is.
        DataError: there is no such ledger, or the page cannot be written; names the cure.
        LedgerError: the ledger is damaged.
    """
    loaded = as_claim(claim)
    with opened(ledger, create=False, there=True) as store:
        name = f"{loaded.resolved.name}.html"
        target = store.folder / "reports" / name if out is None else Path(out).expanduser()
        path, missing = save_report(loaded, store, target)
        return Report(loaded.resolved.name, path, (*missing, *store.notes), path.read_text(encoding="utf-8"))
