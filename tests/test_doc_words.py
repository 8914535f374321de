"""What pages only mention is there as well: every command with its options, script, target of make, key of a claim."""

from __future__ import annotations

import functools
import importlib
import re
import shlex
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from pydantic import ValidationError

from evenhand.claims.schema import Claim
from evenhand.cli.main import app

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
FENCED = re.compile(r"^ *```(?P<kind>\w*)\n(?P<text>.*?)^ *```", re.DOTALL | re.MULTILINE)
INLINE = re.compile(r"`([^`\n]+)`")
ADDED = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["entry-points"]["evenhand.commands"]
ELSEWHERE = {"my_lab"}
"""A group of commands that a page adds as an example."""


def lines(page: Path) -> Iterator[str]:
    """Lines of blocks, and what stands between single marks of code in the text."""
    text = page.read_text(encoding="utf-8")
    for block in FENCED.finditer(text):
        yield from block["text"].replace("\\\n", " ").splitlines()
    yield from INLINE.findall(FENCED.sub("", text))


def calls(page: Path, program: str) -> Iterator[str]:
    """What follows the program's name, without a comment and what it is piped into."""
    for line in lines(page):
        found = re.match(rf"\s*(?:\$ )?{program} (?P<rest>\w.*)$", re.sub(r"\s+#\s.*$", "", line))
        if found:
            yield re.split(r"[|;]| > | && ", found["rest"])[0]


@functools.cache
def group(name: str) -> Any:
    """The commands that a package adds; None where there are none of that name."""
    if name not in ADDED:
        return None
    module, _, attribute = ADDED[name].partition(":")
    return typer.main.get_command(getattr(importlib.import_module(module), attribute))


@functools.cache
def ours() -> Any:
    """The commands of evenhand itself."""
    return typer.main.get_command(app)


def fault(call: str) -> str:
    """Why a command line is none, or empty."""
    here = ours()
    words = shlex.split(call)
    if words[0] in ELSEWHERE:
        return ""
    while words and hasattr(here, "commands") and not words[0].startswith("-"):
        found = here.commands.get(words[0]) or group(words[0])
        if found is None:
            return f"there is no command '{words[0]}'" if words[0].islower() else ""  # else it stands for one
        here = found
        words.pop(0)
    known = {name for parameter in here.params for name in (*parameter.opts, *parameter.secondary_opts)} | {"--help"}
    unknown = [word for word in words if re.match(r"--?[a-z]", word) and word.split("=")[0] not in known]
    return f"no option {unknown[0]}" if unknown else ""


def test_every_command_that_a_page_names_exists_with_its_options() -> None:
    found = [(page.name, call) for page in PAGES for call in calls(page, r"(?:\.venv/bin/)?evenhand")]
    assert len(found) > 200
    assert [(page, call, told) for page, call in found if (told := fault(call))] == []


def test_every_script_that_a_page_names_exists_and_takes_its_options() -> None:
    found = [(page.name, shlex.split(call)) for page in PAGES for call in calls(page, r"(?:\.venv/bin/)?python")]
    scripts = [(page, words) for page, words in found if words[0].startswith("benchmarks/")]
    assert scripts
    for page, words in scripts:
        text = (ROOT / words[0]).read_text(encoding="utf-8")
        assert [word for word in words if word.startswith("--") and f'"{word}"' not in text] == [], page


def test_every_target_of_make_that_a_page_names_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert {call.split()[0] for page in PAGES for call in calls(page, "make")} <= targets


@pytest.mark.parametrize("call", ["rum c.toml", "run c.toml --job 3", "ledger verfy", "lyapunov nothing"])
def test_a_command_that_drifted_is_found(call: str) -> None:
    assert fault(call)


def claim_faults(text: str) -> list[str]:
    """Keys and values of a block of TOML that no claim has; a whole claim lacks none either."""
    given = tomllib.loads(text)
    if given.keys() & {"project", "profiles", "track", "tool"}:
        return []
    usual = {
        "recipe": "r",
        "metric": {"name": "m", "margin": 1},
        "arm": [{"name": "a", "role": "baseline"}],
        "rung": [{"name": "c", "budget": 1, "seeds": 2}],
    }
    try:
        Claim.model_validate({"name": "n", **usual, **given})
    except ValidationError as error:
        lacks = () if usual.keys() <= given.keys() else ("missing", "too_short")
        return [f"{one['loc']}: {one['msg']}" for one in error.errors() if one["type"] not in lacks]
    return []


def test_every_key_of_a_claim_that_a_page_shows_is_one() -> None:
    found = [(page.name, block) for page in PAGES for block in FENCED.finditer(page.read_text(encoding="utf-8"))]
    blocks = [(page, block["text"]) for page, block in found if block["kind"] == "toml"]
    assert len(blocks) > 15
    assert [(page, block, told) for page, block in blocks if (told := claim_faults(block))] == []


def test_a_key_that_drifted_is_found() -> None:
    assert claim_faults("[resources]\ngpu = 1\n")
    assert claim_faults("[resources]\ngpus = 1\n") == []
