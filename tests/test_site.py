"""The site's search works where nothing can be fetched: on pages that a browser reads from disk."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

DOCS = Path(__file__).resolve().parent.parent / "docs"
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
PAGE = """<!doctype html><script src="offline.js"></script><script>
const worker = new Worker("assets/worker.js");
worker.addEventListener("message", (told) => { document.title = told.data; });
worker.postMessage({ word: "guards" });
</script>"""
WORKER = """addEventListener("message", async (told) => {
  await importScripts(document.querySelector("script[src]").src.replace("worker.js", "more.js"));
  postMessage(index[told.data.word]);
});"""


@pytest.fixture
def hook() -> Any:
    """The module that mkdocs calls."""
    pytest.importorskip("mkdocs")
    spec = importlib.util.spec_from_file_location("site_hook", DOCS / "site.py")
    assert spec is not None
    assert spec.loader is not None
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


@pytest.mark.parametrize(
    ("html", "fetches"),
    [
        ('<script src="https://cdn.example/x.js"></script>', True),
        ('<link rel="stylesheet" href="//fonts.example/a.css">', True),
        ('<img alt="" src=http://a.example/b.png>', True),
        ('<a href="https://example.org">a link</a> <link href="https://example.org/" rel="canonical">', False),
        ('<img src="images/a.svg"><script src="assets/x.js"></script>', False),
    ],
)
def test_a_page_that_fetches_from_elsewhere_fails_the_build(hook: Any, html: str, fetches: bool) -> None:
    page = SimpleNamespace(file=SimpleNamespace(src_uri="a.md"))
    if fetches:
        with pytest.raises(hook.PluginError, match=r"a\.md fetches from elsewhere"):
            hook.on_post_page(html, page)
    else:
        assert hook.on_post_page(html, page) == html


def test_the_index_of_the_search_is_written_as_a_script_too(hook: Any, tmp_path: Path) -> None:
    (tmp_path / "search").mkdir()
    (tmp_path / "search" / "search_index.json").write_text('{"docs": []}')
    hook.on_post_build(SimpleNamespace(site_dir=str(tmp_path)))
    assert (tmp_path / "search" / "search_index.js").read_text() == 'var __index = {"docs": []}'


@pytest.mark.slow  # a browser
@pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium on this machine")
def test_what_a_worker_does_is_done_where_pages_are_read_from_disk(tmp_path: Path) -> None:
    playwright = pytest.importorskip("playwright.sync_api")
    (tmp_path / "assets").mkdir()
    for name, text in {
        "index.html": PAGE,
        "assets/worker.js": WORKER,
        "assets/more.js": "index = {guards: 'found'}",
    }.items():
        (tmp_path / name).write_text(text)
    shutil.copy(DOCS / "offline.js", tmp_path)
    with playwright.sync_playwright() as tool:
        browser = tool.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page()
        page.goto((tmp_path / "index.html").as_uri())
        page.wait_for_function("document.title === 'found'")
        browser.close()
