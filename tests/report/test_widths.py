"""The page in a browser: nothing sticks out to the side, on a phone as on a desk, and it prints."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from evenhand.report.overview import overview_page
from evenhand.report.page import render_report
from tests.cli.test_overview import ROW

sync_api = pytest.importorskip("playwright.sync_api")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium of the system, or the one that Playwright installed."""
    found = os.environ.get("EVENHAND_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    with sync_api.sync_playwright() as playwright:
        try:
            opened = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        except sync_api.Error:
            pytest.skip("no Chromium on this machine")
        yield opened
        opened.close()


@pytest.mark.slow  # a browser starts
@pytest.mark.parametrize("width", [320, 390, 768, 1200])
def test_no_page_scrolls_sideways(demonstration: Any, browser: Any, tmp_path: Path, width: int) -> None:
    claim, decision, records = demonstration
    for name, html in (("report", render_report(claim, decision, records)), ("index", overview_page([ROW], tmp_path))):
        page = browser.new_page(viewport={"width": width, "height": 800})
        path = tmp_path / f"{name}.html"
        path.write_text(html)
        page.goto(path.as_uri())
        assert page.evaluate("document.documentElement.scrollWidth") <= width, name
        page.close()


@pytest.mark.slow  # a browser starts
def test_on_paper_the_scale_of_a_plot_stands_on_every_page_that_its_table_goes_over(
    demonstration: Any, browser: Any, tmp_path: Path
) -> None:
    claim, decision, records = demonstration
    (tmp_path / "report.html").write_text(render_report(claim, decision, records))
    page = browser.new_page()
    page.emulate_media(media="print")
    page.goto((tmp_path / "report.html").as_uri())
    shown = page.eval_on_selector_all(
        ".forest thead, .forest tfoot", "all => all.map(e => getComputedStyle(e).display)"
    )
    assert set(shown) == {"table-header-group", "table-footer-group"}
    page.close()
