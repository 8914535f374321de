"""Small pieces of HTML in which nothing that a stranger named can act: every text is escaped, and marks are visible."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from markupsafe import Markup

from evenhand.report.marks import visible


def shown(text: object) -> Markup:
    """A text as it may stand in a page."""
    return Markup.escape(visible(str(text)))


def paragraph(text: object, *, strong: bool = False) -> Markup:
    """A paragraph of one text."""
    return Markup("<p><b>{}</b></p>" if strong else "<p>{}</p>").format(shown(text))


def bullets(texts: Iterable[object]) -> Markup:
    """A list; nothing where there is nothing to list."""
    items = Markup("").join(Markup("<li>{}</li>").format(shown(text)) for text in texts)
    return Markup("<ul>{}</ul>").format(items) if items else Markup("")


def table(head: Sequence[str], rows: Iterable[Sequence[object]], *, strong: Sequence[bool] = ()) -> Markup:
    """A table of texts.

    Args:
        head: names of the columns; empty for none.
        rows: of the texts of their cells.
        strong: for each row whether it stands out.
    """
    top = Markup("").join(Markup('<th style="text-align:left">{}</th>').format(shown(name)) for name in head)
    body = []
    for place, row in enumerate(rows):
        cell = '<td style="text-align:left"><b>{}</b></td>' if place < len(strong) and strong[place] else ""
        form = Markup(cell or '<td style="text-align:left">{}</td>')
        body.append(Markup("<tr>{}</tr>").format(Markup("").join(form.format(shown(text)) for text in row)))
    header = Markup("<thead><tr>{}</tr></thead>").format(top) if head else Markup("")
    return Markup("<table>{}<tbody>{}</tbody></table>").format(header, Markup("").join(body))


def details(summary: str, content: Markup) -> Markup:
    """What is folded away until somebody asks for it."""
    return Markup("<details><summary>{}</summary>{}</details>").format(shown(summary), content)
