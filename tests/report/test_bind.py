"""Documents bound to ledgers: tables are written from outcomes, and a drifted one is found."""

from __future__ import annotations

import os

import pytest
from typer.testing import CliRunner

from evenhand.cli.main import app
from evenhand.errors import DataError
from evenhand.report import bind as documents
from evenhand.report.bind import bind, verdict_table_of

PAGE = """# Page

<!-- verdicts of claims/a.toml in ledger -->
old
<!-- end of verdicts -->

Prose stays.
<!-- verdicts of claims/b.toml in ledger -->
<!-- end of verdicts -->
"""


def named(claim, ledger, deciding):
    return f"| {claim.name} in {ledger.name}{' in short' if deciding else ''} |\n"


@pytest.fixture
def page(tmp_path):
    path = tmp_path / "page.md"
    path.write_text(PAGE)
    return path


def test_every_block_is_written_and_the_rest_is_left_alone(page):
    bound = bind(page, named)
    assert bound.text == PAGE.replace("\nold\n", "\n\n| a.toml in ledger |\n\n").replace(
        "b.toml in ledger -->\n", "b.toml in ledger -->\n\n| b.toml in ledger |\n\n"
    )
    assert bound.blocks == 2
    assert page.read_text() == PAGE


def test_a_mark_may_ask_for_what_decides_alone(page):
    page.write_text(PAGE.replace("b.toml in ledger -->", "b.toml in ledger, deciding contrasts -->"))
    text = bind(page, named).text
    assert "| a.toml in ledger |" in text
    assert "| b.toml in ledger in short |" in text


def test_a_document_that_was_written_is_up_to_date_and_stays_byte_for_byte(page):
    page.write_text(bind(page, named).text)
    again = bind(page, named)
    assert again.stale == ()
    assert again.text == page.read_text()


def test_a_figure_changed_by_hand_is_found_with_its_line(page):
    page.write_text(bind(page, named).text.replace("| b.toml in", "| c.toml in"))
    (stale,) = bind(page, named).stale
    assert (stale.claim.name, stale.line) == ("b.toml", 10)


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("<!-- verdicts of a.toml in l -->\ntable\n", 1, "no '<!-- end of verdicts -->'"),
        (
            "<!-- verdicts of a.toml in l -->\n<!-- verdicts of b.toml in l -->\n<!-- end of verdicts -->\n",
            1,
            "before the next one",
        ),
        ("text\n<!-- end of verdicts -->\n", 2, "without an opening mark"),
        ("text\n<!-- verdicts of a.toml -->\n<!-- end of verdicts -->\n", 2, "expected '<!-- verdicts of CLAIM.toml"),
    ],
    ids=["no end", "next mark first", "no beginning", "no ledger named"],
)
def test_a_broken_mark_is_named_with_its_line(tmp_path, text, line, what):
    path = tmp_path / "broken.md"
    path.write_text(text)
    with pytest.raises(DataError) as caught:
        bind(path, named)
    assert f"line {line}" in str(caught.value)
    assert what in str(caught.value)


def test_a_document_or_a_ledger_that_is_not_there_is_named(tmp_path, page):
    with pytest.raises(DataError, match=r"gone\.md"):
        bind(tmp_path / "gone.md", named)
    with pytest.raises(DataError, match="no ledger at"):
        bind(page, verdict_table_of)


def test_the_command_checks_without_writing_and_writes_without_checking(page, monkeypatch):
    monkeypatch.setattr(documents, "verdict_table_of", named)
    checked = CliRunner().invoke(app, ["bind", "--check", str(page)])
    assert (checked.exit_code, page.read_text()) == (2, PAGE)
    written = CliRunner().invoke(app, ["bind", str(page)])
    assert (written.exit_code, page.read_text()) == (0, bind(page, named).text)
    assert CliRunner().invoke(app, ["bind", "--check", str(page)]).exit_code == 0


def test_of_a_folder_every_page_with_a_mark_is_taken(page, tmp_path, monkeypatch):
    monkeypatch.setattr(documents, "verdict_table_of", named)
    (tmp_path / "below").mkdir()
    (tmp_path / "below/other.md").write_text(PAGE)
    (tmp_path / "plain.md").write_text("No mark here.\n")
    checked = CliRunner().invoke(app, ["bind", "--check", str(tmp_path)])
    assert checked.exit_code == 2
    assert [name in checked.stdout for name in (page.name, "other.md", "plain.md")] == [True, True, False]
    assert CliRunner().invoke(app, ["bind", str(tmp_path)]).exit_code == 0
    assert CliRunner().invoke(app, ["bind", "--check", str(tmp_path)]).exit_code == 0
    page.unlink()
    (tmp_path / "below/other.md").unlink()
    none = CliRunner().invoke(app, ["bind", "--check", str(tmp_path)])
    assert (none.exit_code, "No page has a mark" in none.stderr) == (0, True)


def test_a_document_is_whole_where_the_disk_is_full(page, monkeypatch):
    monkeypatch.setattr(documents, "verdict_table_of", named)

    def full(_descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DataError, match=r"page\.md cannot be written and is as it was: .*No space left"):
        CliRunner().invoke(app, ["bind", str(page)], catch_exceptions=False)
    assert page.read_text() == PAGE
    assert [path.name for path in page.parent.iterdir()] == ["page.md"]


def test_a_number_in_prose_that_the_ledger_answers_is_named_with_its_line(page):
    page.write_text(PAGE.replace("Prose stays.", "It gains +0.0312, not +0.0313, over 3.0312 steps."))
    bound = bind(page, lambda claim, ledger, deciding: f"| {claim.name} | +0.0312 | -0.001 |\n")
    assert [(line, number, block.line) for line, number, block in bound.unbound] == [(7, "+0.0312", 3)]
    assert documents.bound_document(bound)["unbound"] == [{"line": 7, "number": "+0.0312", "table": 3}]
