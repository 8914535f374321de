"""What the documents show runs as they show it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from evenhand.claims.load import load_claim
from evenhand.ledger import Ledger
from evenhand.report.bind import bind, verdict_table_of
from evenhand.report.save import save_report
from evenhand.running.run import run_claim
from tests.snippets import blocks, faults

DOCS = Path(__file__).parent.parent / "docs"
EXAMPLE = re.compile(r"<!-- example: (?P<name>\S+) -->\n```\w+\n(?P<text>.*?)```", re.DOTALL)


@pytest.fixture
def examples(tmp_path: Path) -> Path:
    for found in EXAMPLE.finditer((DOCS / "recipes.md").read_text()):
        (tmp_path / found["name"]).write_text(found["text"])
    return tmp_path


@pytest.mark.slow
@pytest.mark.parametrize(("claim", "kind"), [("ridge", "gain"), ("train", "gain")])
def test_the_examples_of_bring_your_own_recipe_run_to_a_verdict(examples: Path, claim: str, kind: str) -> None:
    decision = run_claim(load_claim(examples / f"{claim}.toml"), Ledger(examples / "ledger"), jobs=2)
    assert decision.verdicts[0].kind == kind, decision.verdicts[0].reasons


@pytest.mark.slow
def test_the_example_of_exhibits_adds_its_part_to_the_report(examples: Path) -> None:
    claim, ledger = load_claim(examples / "ridge.toml"), Ledger(examples / "ledger")
    run_claim(claim, ledger, jobs=2)
    page, missing = save_report(claim, ledger, examples / "ridge.html")
    assert missing == ()
    (section,) = re.findall(r'<section id="exhibits">.*?</section>', page.read_text(), re.DOTALL)
    assert re.findall(r'<th scope="row">(\w+)</th>', section) == ["plain", "ridge"]
    assert "mean squared error" in section


def test_the_python_example_is_no_longer_than_it_claims_to_be(examples: Path) -> None:
    for name in ("ridge.py", "ridge_exhibits.py", "train.py"):
        assert len((examples / name).read_text().splitlines()) <= 25


def test_a_changed_program_is_not_taken_for_the_old_one(examples: Path) -> None:
    before = load_claim(examples / "train.toml").resolved
    assert "train.py=" in before.fingerprint
    (examples / "train.py").write_text((examples / "train.py").read_text() + "# changed\n")
    assert load_claim(examples / "train.toml").resolved.hash != before.hash


def test_links_between_documents_lead_somewhere() -> None:
    pages = [DOCS.parent / "README.md", DOCS.parent / "CONTRIBUTING.md", *DOCS.rglob("*.md")]
    for page in pages:
        for target in re.findall(r"\]\((?!http)([^)#]+)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


BOUND = [page for page in sorted(DOCS.rglob("*.md")) if "<!-- verdicts of " in page.read_text()]


@pytest.mark.slow
@pytest.mark.parametrize("page", BOUND, ids=lambda page: page.stem)
def test_tables_of_verdicts_are_what_the_committed_ledgers_say(page: Path) -> None:
    stale = bind(page, verdict_table_of).stale
    assert not stale, f"write them anew with `evenhand bind {page.name}`: {[block.claim.name for block in stale]}"


@pytest.mark.slow
def test_what_the_page_on_python_shows_runs_in_one_notebook(examples: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(examples)
    names: dict[str, Any] = {}
    for block in blocks(DOCS / "python.md"):
        exec(compile(block, "python.md", "exec"), names)
    assert names["result"].verdicts[0].kind == "gain"
    assert [row["against"] for row in names["rows"]] == ["plain"]
    assert (examples / ".evenhand" / "reports" / "ridge.html").exists()
    assert names["p"] == pytest.approx([0.003, 0.03, 0.8])


LAB_PAGES = [DOCS.parent / "README.md", *sorted(DOCS.glob("*.md"))]


@pytest.mark.parametrize("page", [page for page in LAB_PAGES if blocks(page)], ids=lambda page: page.stem)
def test_python_on_a_page_imports_and_calls_what_is_there(page: Path) -> None:
    assert [faults(block) for block in blocks(page)] == [[]] * len(blocks(page))


def test_a_snippet_that_drifted_is_found() -> None:
    assert faults("from evenhand import statistics, nonsense") == ["evenhand has no nonsense"]
    (fault,) = faults("import evenhand as eh\neh.run('c.toml', workers=2)")
    assert fault == "eh.run: got an unexpected keyword argument 'workers'"
