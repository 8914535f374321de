"""Files and modules that documents, claims and docstrings name are there; the site leads to every page."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCES = ROOT / "src"
PACKAGES = [SOURCES / "evenhand", SOURCES / "evenhand_systems"]
BASES = [ROOT, SOURCES, *PACKAGES, ROOT / "docs"]
TOPS = {path.name for base in BASES for path in base.iterdir() if path.is_dir() and not path.name.startswith(".")}
GROUPS = set(tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["entry-points"])
GROUPS |= {"evenhand.executors"}  # one that other packages give

SPAN = re.compile(r"`+([^`\n]+)`+")
PATH = re.compile(r"[\w.-]+(?:/[\w.*-]+)+/?")
MODULE = re.compile(r"(?:evenhand|evenhand_systems|benchmarks|systems|nn)(?:\.\w+)+")
MADE_UP = re.compile(r"NAME|FOLDER|data/train.jsonl|evenhand/models")
"""What stands for something else: NAME, an example of a file of one's own, a folder of the cache."""


def mentions(page: Path) -> Iterator[str]:
    """The words of a page that may name a file or a module."""
    text = page.read_text()
    if page.suffix == ".toml":
        spans = re.findall(r"^#(.*)", text, re.MULTILINE)
    elif page.suffix == ".py":
        spans = re.findall(r"``([^`\n]+)``", text)
    else:
        imports = re.findall(r"^(?:from|import) (\S+)|^::: (\S+)", text, re.MULTILINE)
        spans = SPAN.findall(text) + [one or other for one, other in imports]
    for span in spans:
        yield from (word.strip(".:\"'") for word in re.split(r"[\s,;()]+", span))


def missing(word: str) -> str:
    """What a word names that is not there, or empty."""
    if MADE_UP.search(word):
        return ""
    if PATH.fullmatch(word) and word.split("/", maxsplit=1)[0] in TOPS:
        return "" if any(list(base.glob(word.rstrip("/"))) for base in BASES) else word
    if MODULE.fullmatch(word) and word not in GROUPS:
        return "" if has_module(word.split(".")) else word
    return ""


def has_module(parts: list[str]) -> bool:
    """Whether a dotted name is a module, or a name that stands in one."""
    for length in range(len(parts), 0, -1):
        for root in (SOURCES, ROOT):
            place = root.joinpath(*parts[:length])
            code = place.with_suffix(".py") if place.with_suffix(".py").is_file() else place / "__init__.py"
            if code.is_file() or (place.is_dir() and length == len(parts)):
                return length == len(parts) or re.search(rf"\b{parts[length]}\b", code.read_text()) is not None
    return False


PAGES = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "claims").rglob("*.toml")]
CODE = [path for folder in (SOURCES, ROOT / "benchmarks") for path in folder.rglob("*.py")]


def test_files_and_modules_that_are_named_exist() -> None:
    wrong = [
        f"{page.relative_to(ROOT)}: {word}"
        for page in sorted(PAGES + CODE)
        for word in sorted(set(mentions(page)))
        if missing(word)
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    ("word", "there"),
    [
        ("docs/concepts.md", True),
        ("docs/conceps.md", False),
        ("decisions/rules.py", True),
        ("decisions/rule.py", False),
        ("results/*/ledger", True),
        ("evenhand.decisions.rules.judge", True),
        ("evenhand.decisions.rules.judges", False),
        ("evenhand.nn.model", False),
        ("systems.bridge.trainer", False),
        ("evenhand.recipes", True),
        ("statistics/NAME.py", True),
    ],
)
def test_a_name_that_leads_nowhere_is_found(word: str, there: bool) -> None:
    assert (missing(word) == "") is there


def test_every_page_stands_in_the_navigation_of_the_site_once() -> None:
    """The strict build fails for such a page, too; this is quicker to know."""
    site = (ROOT / "mkdocs.yml").read_text()
    named = re.findall(r"^ +- (?:[^:\n]+: )?(\S+\.md)$", site, re.MULTILINE)
    assert len(named) == len(set(named))
    docs = ROOT / "docs"
    at_root = {"CONTRIBUTING.md", "CHANGELOG.md"}
    assert set(named) == {str(page.relative_to(docs)) for page in docs.rglob("*.md")} | at_root
