"""The page itself: one HTML file with everything inside, the same bytes for the same claim, decision and records."""

from __future__ import annotations

import contextlib
import errno
import re
from collections.abc import Sequence
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemBytecodeCache, FunctionLoader, StrictUndefined
from jinja2.bccache import Bucket
from markupsafe import Markup, escape

from evenhand.claims.resolve import ResolvedClaim
from evenhand.decisions import scope_words
from evenhand.decisions.kinds_shown import LOOKS
from evenhand.decisions.search_words import search_words
from evenhand.decisions.standing_words import standing_words
from evenhand.decisions.verdict import Decision
from evenhand.decisions.wording import family_words, look_words, seal_words
from evenhand.files import replacing
from evenhand.ledger.records import OutcomeRecord
from evenhand.recipes.exhibit import Exhibit
from evenhand.recipes.trial import CONTRACT_VERSION
from evenhand.recipes.working import tell
from evenhand.report import numbers, words
from evenhand.report.charts.curves import curve_figures
from evenhand.report.exhibits.views import exhibit_views
from evenhand.report.marks import visible
from evenhand.report.results import Results
from evenhand.report.sections import protocol, provenance
from evenhand.report.sections.contrasts import MetricView, exploratory_views, metric_views
from evenhand.report.sections.costs import rung_costs
from evenhand.report.sections.failures import failure_kinds, trial_notes, undefined_metrics
from evenhand.report.sections.flips import Flips, by_condition, flips_of


def render_report(
    claim: ResolvedClaim,
    decision: Decision,
    records: Sequence[OutcomeRecord],
    *,
    text: str = "",
    amended: Sequence[str] = (),
    items: Sequence[Exhibit] = (),
    exhibits: Sequence[Exhibit] = (),
    exhibit_faults: Sequence[str] = (),
    ledger_head: str = "",
    ledger_notes: Sequence[str] = (),
) -> str:
    """The report of a claim as one self-contained HTML document.

    Nothing is loaded from outside, nothing depends on the clock or the process.

    Args:
        claim: as it was fixed before its first trial.
        decision: its verdicts; every figure of the page is carried by them.
        records: of the ledger, in the order of writing; those of other trials and exploratory ones are left out.
        text: the claim file, shown in full.
        amended: what changed against the claim of this name that had results before, as sentences.
        items: what the lab shows of the items; see ``report.exhibits.items``. They enter no verdict either.
        exhibits: the recipe's own part of the page; they describe and enter no verdict.
        exhibit_faults: why there are none, or which are missing.
        ledger_head: hash over the records used and all that stands before them; empty where it is not known.
        ledger_notes: harmless remarks on the ledger.
    """
    context = _context(claim, decision, Results.of(claim, records), text, amended)
    context["item_exhibits"] = exhibit_views(claim, items, "i")
    context["exhibits"] = exhibit_views(claim, exhibits)
    context["exhibit_faults"] = tuple(exhibit_faults)
    context["ledger_head"], context["ledger_notes"] = ledger_head, tuple(ledger_notes)
    tell("writing the page", 0, 1)
    page = visible(environment().get_template("page.html.j2").render(context))
    tell("writing the page", 1, 1)
    return page


def write_report(path: str | Path, html: str) -> Path:
    """Write a page or document beside its place and move it there, so that a reader never meets half a file.

    Returns:
        The path written.

    Raises:
        OSError: the folder cannot be made or written; the path is a device or a pipe, which a file must not replace.
    """
    path = Path(path)
    if path.exists() and not path.is_file():
        raise OSError(errno.EINVAL, "it is no file that can be replaced", str(path))
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path, public=True) as part:
        part.write_bytes(html.encode("utf-8"))
    return path


def _context(
    claim: ResolvedClaim, decision: Decision, results: Results, text: str, amended: Sequence[str]
) -> dict[str, Any]:
    metrics = metric_views(claim, decision, results)
    planned = results.planned
    decimals = {metric.name: numbers.decimals_for(metric.margin) for metric in claim.claim.metrics}
    return {
        "css": Markup(read_template("page.css")),
        "claim": claim,
        "decision": decision,
        "look": None if decision.look is None else look_words(decision.look),
        "standing": standing_words(decision.standing),
        "families": tuple(family_words(place) for place in decision.families),
        "seal": seal_words(decision.standing),
        "search": search_words(claim, decision),
        "amended": tuple(amended),
        "text": text,
        "methods": _methods(decision),
        "tally": words.tally([v for v in decision.verdicts if not words.is_check(v)]),
        "looks": LOOKS,
        "roles": words.ROLE_WORDS,
        "metrics": metrics,
        "exploratory": exploratory_views(claim, decision, results),
        "done": sum(p.scored is not None for p in planned),
        "planned": len(planned),
        "curves": curve_figures(results),
        "flips": by_condition(_flips(metrics, results)),
        "costs": rung_costs(results),
        "failures": failure_kinds(results),
        "undefined": undefined_metrics(results),
        "notes": trial_notes(results),
        "scopes": scope_words.ASKED,
        "rungs": protocol.rung_rows(claim),
        "arms": protocol.arm_settings(claim),
        "settings": protocol.baseline_settings(claim),
        "contract": CONTRACT_VERSION,
        "origins": provenance.origins(results),
        "data": provenance.data_hashes(results),
        "segments": provenance.segments(results.used),
        "trials": provenance.trial_rows(results, decimals),
        "trial_metrics": tuple(decimals),
    }


def _flips(metrics: Sequence[MetricView], results: Results) -> list[Flips]:
    contrasts = [c.contrast for m in metrics for _, views in m.groups for v in views for c in v.contrasts]
    found = [flips_of(contrast, results) for contrast in contrasts]
    return [flip for flip in found if flip is not None]


def _methods(decision: Decision) -> tuple[str, ...]:
    """The procedures that the contrasts say they were computed with."""
    contrasts = [c for v in decision.verdicts for c in v.contrasts] + [e.contrast for e in decision.exploratory]
    return tuple(sorted({c.method for c in contrasts if c.method}))


def read_template(name: str) -> str:
    """A file of the page's templates."""
    return resources.files("evenhand.report").joinpath("templates", name).read_text(encoding="utf-8")


def _breakable(name: str) -> Markup:
    """A name that may be broken after its joints."""
    return Markup(re.sub(r"([_/])", r"\1<wbr>", str(escape(name))))


def _with_code(sentence: str) -> Markup:
    """A sentence in which what stands between backticks is set as code."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(sentence))))


class _Compiled(FileSystemBytecodeCache):
    """Templates compiled by an earlier process of this user, half a second of each page; nothing is lost with them.

    Whether what is kept still holds is decided by the template's own text.
    """

    def load_bytecode(self, bucket: Bucket) -> None:
        """What is kept of a template, where it can be read."""
        with contextlib.suppress(OSError):
            super().load_bytecode(bucket)

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep a compiled template, where there is room."""
        with contextlib.suppress(OSError):
            super().dump_bytecode(bucket)


def _compiled() -> _Compiled | None:
    try:
        return _Compiled(pattern="evenhand-report-%s.cache")
    except (OSError, RuntimeError):  # no folder for temporary files that is this user's alone
        return None


@cache
def environment() -> Environment:
    """Where the pages are made: nothing of what they show can act in a browser."""
    environment = Environment(
        loader=FunctionLoader(read_template),
        bytecode_cache=_compiled(),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(
        exact=numbers.exact,
        p=numbers.p_value,
        per_cent=numbers.per_cent,
        typeset=numbers.typeset,
        count=numbers.count,
        seeds=numbers.seeds,
        breakable=_breakable,
        with_code=_with_code,
    )
    return environment
