"""Files of documentation as plain text: HTML without its tags, dictionaries an entry a line, the rest as it is."""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

from evenhand.errors import DataError

SHORTEST = 200
"""Characters: shorter texts are titles and stubs."""
DICTIONARY_PART = 4096
"""Characters of neighbouring entries that make one text."""
_SILENT = frozenset({"script", "style", "head", "header", "nav", "footer", "aside", "button", "svg", "noscript"})
_BLOCKS = frozenset(
    {"p", "div", "li", "tr", "h1", "h2", "h3", "h4", "h5", "h6", "pre", "br", "dt", "dd", "table", "ul"}
)
_SOURCES = re.compile(r" *\[(?:\d{4} Webster|PJC|WordNet [\d.]+|Webster \d{4} Suppl\.)[^\]]*\]")


def texts(root: Path, pattern: str, kind: str) -> Iterator[tuple[str, str]]:
    """All texts of the files that a pattern finds under a folder: (name, text), in the order of their names.

    Raises:
        DataError: a packed file is damaged, or the pattern finds nothing.
    """
    files = sorted(path for path in root.glob(pattern) if path.is_file() and not path.is_symlink())
    files = [path for path in files if "translations" not in path.parts]  # English alone
    if not files:
        raise DataError(f"{root} holds no {pattern}: the package is another than it was.")
    for path in files:
        content = _content(path)
        if kind == "dictionary":
            yield from ((f"{path.name}:{place}", text) for place, text in enumerate(_entries(content)))
            continue
        text = _from_html(content) if kind == "html" else _tidy(content)
        if len(text) >= SHORTEST:
            yield path.relative_to(root).as_posix(), text


def _content(path: Path) -> str:
    data = path.read_bytes()
    if path.suffix in {".gz", ".dz"}:
        try:
            data = gzip.decompress(data)
        except (OSError, EOFError, zlib.error) as error:
            raise DataError(f"{path} is no sound packed file ({error}): download its package again.") from error
    return data.decode("utf-8", errors="replace")


def _tidy(text: str) -> str:
    """No blanks at the ends of lines, no more than one empty line in a row."""
    lines = "\n".join(line.rstrip() for line in text.replace("\t", "    ").splitlines())
    return re.sub(r"\n{3,}", "\n\n", lines).strip() + "\n"


def _entries(text: str) -> Iterator[str]:
    """An entry begins at a line's beginning and goes on in lines that are set in."""
    part: list[str] = []
    size = 0
    for entry in re.split(r"\n+(?=\S)", text):
        line = _SOURCES.sub("", " ".join(entry.split()))
        if not line or line.startswith("00-database"):
            continue
        part.append(line)
        size += len(line)
        if size >= DICTIONARY_PART:
            yield "\n".join(part) + "\n"
            part, size = [], 0
    if part:
        yield "\n".join(part) + "\n"


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.silent = 0

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag in _SILENT:
            self.silent += 1
        elif tag in _BLOCKS:
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT:
            self.silent = max(0, self.silent - 1)
        elif tag in _BLOCKS:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if not self.silent:
            self.parts.append(data)


def _from_html(text: str) -> str:
    parser = _Text()
    parser.feed(text)
    parser.close()
    lines = (" ".join(line.split()) for line in "".join(parser.parts).splitlines())
    return "\n".join(line for line in lines if line) + "\n"
