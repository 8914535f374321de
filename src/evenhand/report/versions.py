"""Two claims beside each other as one HTML page, or two versions of one: what was asked, and what came out."""

from __future__ import annotations

from markupsafe import Markup

from evenhand.decisions.kinds_shown import LOOKS
from evenhand.report.marks import visible
from evenhand.report.page import environment, read_template
from evenhand.running.overview import TitledVerdict
from evenhand.running.versions import Difference


def difference_page(found: Difference) -> str:
    """The page: both claims, what differs in the question, and their verdicts side by side; it works offline."""
    rows = []
    for key, titles in found.verdicts.items():
        arm, condition, metric = key.split("/", 2)
        both = [TitledVerdict(arm, "", condition, metric, title) if title else None for title in titles]
        rows.append(
            {"arm": arm, "condition": condition, "metric": metric, "both": both, "same": titles[0] == titles[1]}
        )
    context = {
        "css": Markup(read_template("page.css")), "found": found, "both": (found.one, found.two), "rows": rows,
        "looks": LOOKS,
    }  # fmt: skip
    return visible(environment().get_template("difference.html.j2").render(context))
