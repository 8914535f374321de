"""What the site takes from outside ``docs/``: pages of the repository, and files that pages link to.

A hook of mkdocs (``mkdocs.yml`` names it). Pages link to each other as a forge wants it, relative to where they stand
in the repository; here such links are turned into the places that the files have on the site. Run: ``make docs``.
"""

from __future__ import annotations

import os
import re
from pathlib import Path, PurePosixPath
from typing import Any

from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parent.parent

PAGES = ("CONTRIBUTING.md", "CHANGELOG.md")
"""Pages that stand beside ``docs/`` in the repository and are pages of the site."""

AT_HOME = {"README.md": "index.md"}
"""What a page of the repository is called on the site, where it is another."""

_LINK = re.compile(r"(?<=\]\()(?!\w+:|#|/)(?P<path>[^)#\s]+)(?P<anchor>#[^)\s]*)?(?=\))")

_FETCHED = re.compile(
    r"""<(?:script|img|iframe|source|video|audio|object|embed|link(?=[^>]*rel=["']?(?:stylesheet|icon|preload|preconnect)))"""
    r"""\b[^>]*\b(?:src|href|data)=["']?(?:https?:)?//[^>]*>"""
)
"""What makes a browser fetch a file from another place."""


def _source(file: File) -> PurePosixPath:
    """Where a page stands in the repository."""
    return PurePosixPath(file.src_uri) if file.src_uri in PAGES else PurePosixPath("docs", file.src_uri)


def _on_site(page: PurePosixPath, link: str) -> str:
    """Where the target of a page's link lies on the site, as a path from its root."""
    target = PurePosixPath(os.path.normpath(page.parent / link))
    if not (ROOT / target).is_file():
        raise PluginError(f"{page} links to {link}: there is no file {target}")
    if target.parts[0] == "docs":
        return str(PurePosixPath(*target.parts[1:]))
    return AT_HOME.get(str(target), str(target))


def on_files(files: Files, config: Any) -> Files:
    """Add the repository's own pages, and each file outside ``docs/`` that a page links to."""
    for name in PAGES:
        files.append(File.generated(config, name, abs_src_path=str(ROOT / name)))
    for page in list(files.documentation_pages()):
        for link in _LINK.finditer(page.content_string):
            place = _on_site(_source(page), link["path"])
            if files.get_file_from_path(place) is None:
                files.append(File.generated(config, place, abs_src_path=str(ROOT / place)))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Rewrite links for the site."""

    def placed(link: re.Match[str]) -> str:
        place = _on_site(_source(page.file), link["path"])
        here = PurePosixPath(page.file.src_uri).parent
        return os.path.relpath(place, here).replace(os.sep, "/") + (link["anchor"] or "")

    return _LINK.sub(placed, markdown)


def on_post_page(output: str, page: Any, **_: Any) -> str:
    """A page that would have a browser fetch anything from elsewhere fails the build."""
    found = _FETCHED.search(output)
    if found is not None:
        raise PluginError(f"{page.file.src_uri} fetches from elsewhere: {found[0][:200]}")
    return output


def on_post_build(config: Any) -> None:
    """Put the index of the search into a script as well: a page that is read from disk may load nothing else."""
    folder = Path(config.site_dir, "search")
    index = (folder / "search_index.json").read_text(encoding="utf-8")
    (folder / "search_index.js").write_text(f"var __index = {index}", encoding="utf-8")
