"""The board in a real browser: it stays up to date, works by keyboard, at 390 px, in the dark and without scripts."""

from __future__ import annotations

import gzip
import importlib.util
import re
import shutil
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from evenhand.board.app import create_app
from evenhand.board.commands import Commands
from evenhand.board.gather import Gatherer
from evenhand.board.watcher import Watcher
from evenhand.ledger import Ledger
from evenhand.report.marks import visible
from tests.board.conftest import TOKEN
from tests.board.stage import SECRET, Stage, busy

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Locator, Page, Route

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = [
    pytest.mark.slow,  # a browser
    pytest.mark.skipif(importlib.util.find_spec("playwright") is None, reason="playwright is not installed"),
    pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium on this machine"),
]

AXE = Path(__file__).parent / "vendor" / "axe.min.js.gz"
STREAM_SECONDS = 3
"""How often a page without a stream asks for one, as its template says."""

PAGES = ("/", "/claims", "/running", "/families", "/claims/gate_large", "/claims/gate_small", "/start")


@dataclass
class Served:
    """A board that is served, of a ledger of this module's own."""

    stage: Stage
    base: str


@contextmanager
def serving(stage: Stage, jobs: int | None = None) -> Iterator[Served]:
    """A board that may start and stop what lies in the folder of its ledger."""
    import uvicorn

    gatherer = Gatherer(stage.ledger)
    watcher = Watcher(gatherer.look)
    watcher.start()
    app = create_app(watcher, stage.ledger, TOKEN, visible, Commands(stage.ledger, stage.folder, jobs))
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        config = uvicorn.Config(app, log_level="error", lifespan="off", timeout_graceful_shutdown=1)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            yield Served(stage, f"http://127.0.0.1:{listening.getsockname()[1]}")
        finally:
            server.should_exit = True
            thread.join()
            watcher.stop()
            gatherer.close()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    stage = busy(tmp_path_factory.mktemp("served"))
    (stage.folder / "gate.toml").write_text('name = "gate_large"\nrecipe = "world"\n[[arm]]\nname = "a"\n')
    with serving(stage) as found:
        yield found


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as started:
        found = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield found
        found.close()


def shows(page: Page, wanted: Locator) -> None:
    """Wait until a page shows something; where it does not, say what it shows, and what after loading it anew."""
    from playwright.sync_api import TimeoutError as Late

    try:
        wanted.first.wait_for()
    except Late as late:
        told = page.inner_text("body")
        page.reload()
        raise AssertionError(f"the page shows\n{told}\nand loaded anew\n{page.inner_text('body')}") from late


def opened(browser: Browser, served: Served, **how: Any) -> BrowserContext:
    """A browser with the token."""
    context = browser.new_context(**how)
    context.set_default_timeout(60_000)
    context.add_cookies([{"name": "evenhand_board", "value": TOKEN, "url": served.base}])
    return context


def watched(page: Page) -> list[str]:
    """What a page complains of."""
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    return said


@pytest.mark.parametrize(("scheme", "width"), [("light", 1200), ("dark", 390)])
def test_no_page_has_a_serious_finding_of_axe_or_scrolls_sideways(
    browser: Browser, served: Served, scheme: Any, width: int
) -> None:
    viewport: Any = {"width": width, "height": 850}
    with opened(browser, served, color_scheme=scheme, viewport=viewport, bypass_csp=True) as context:
        page = context.new_page()
        for path in PAGES:
            page.goto(served.base + path)
            page.evaluate(gzip.decompress(AXE.read_bytes()).decode())
            found = page.evaluate("axe.run().then(found => found.violations)")
            serious = [
                (one["id"], one["nodes"][0]["html"]) for one in found if one["impact"] in ("serious", "critical")
            ]
            assert serious == [], path
            assert page.evaluate("document.documentElement.scrollWidth") <= width, path


def test_what_changes_in_the_ledger_appears_without_loading_the_page_anew(browser: Browser, served: Served) -> None:
    with opened(browser, served) as context:
        page = context.new_page()
        said = watched(page)
        page.goto(f"{served.base}/")
        page.evaluate("window.kept = true")
        link = page.get_by_role("link", name="gate_stopped", exact=True)
        link.focus()
        served.stage.claim("entered_now", item_seed=9)
        served.stage.book.ledger.close()
        shows(page, page.get_by_role("link", name="entered_now", exact=True))
        assert page.evaluate("window.kept")
        assert page.evaluate("document.activeElement.textContent") == "gate_stopped"
        trial = served.stage.running[0][1]
        served.stage.progress(trial, 1, loss=77.125)
        page.get_by_text("77.12").first.wait_for()
        assert SECRET not in page.content().split("Finished")[0]
        assert said == []


def test_a_page_that_is_held_still_stays_as_it_is(browser: Browser, served: Served) -> None:
    with opened(browser, served) as context:
        page = context.new_page()
        page.goto(f"{served.base}/")
        page.get_by_role("link", name="Hold still").click()
        assert page.get_by_role("link", name="Go on").is_visible()
        assert page.locator("script").count() == 0


def test_the_keyboard_reaches_the_content_first_and_every_link(browser: Browser, served: Served) -> None:
    with opened(browser, served) as context:
        page = context.new_page()
        page.goto(f"{served.base}/?still=1")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "skip"
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        assert page.evaluate("document.querySelector('main').contains(document.activeElement)")
        reached = set()
        for _ in range(60):
            reached.add(page.evaluate("document.activeElement.textContent.trim()"))
            page.keyboard.press("Tab")
        assert {"gate_large", "gate_small", "Report"} <= reached


def test_without_scripts_pages_are_whole_and_ask_for_themselves_again(browser: Browser, served: Served) -> None:
    with opened(browser, served, java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(f"{served.base}/claims/gate_large")
        assert page.get_by_role("heading", name="Progress").is_visible()
        assert page.locator('meta[http-equiv="refresh"]').count() == 1
        page.get_by_role("link", name="Board").click()
        assert page.get_by_role("heading", name="Claims not decided").is_visible()


def test_a_claim_is_paused_from_its_page(browser: Browser, served: Served) -> None:
    with opened(browser, served) as context:
        page = context.new_page()
        said = watched(page)
        page.goto(f"{served.base}/claims/gate_large")
        page.get_by_role("button", name="Pause").click()
        page.get_by_role("button", name="Go on").wait_for()
        page.get_by_text("it was paused").wait_for()
        page.get_by_role("button", name="Go on").click()
        page.get_by_role("button", name="Pause").wait_for()
        assert said == []
    with Ledger(served.stage.ledger) as ledger:
        assert [one.what for one in ledger.interventions()] == ["paused", "resumed"]


def test_a_browser_without_the_token_sees_one_sentence_and_the_printed_address_lets_it_in(
    browser: Browser, served: Served
) -> None:
    with browser.new_context() as context:
        page = context.new_page()
        answer = page.goto(f"{served.base}/")
        assert answer is not None
        assert answer.status == 401
        assert "gate" not in page.content()
        page.goto(f"{served.base}/?token={TOKEN}")
        assert page.url == f"{served.base}/"
        assert page.get_by_role("link", name="gate_large", exact=True).first.is_visible()


def test_a_report_is_read_from_the_board(browser: Browser, served: Served) -> None:
    with opened(browser, served) as context:
        page = context.new_page()
        page.goto(f"{served.base}/")
        page.get_by_role("link", name="Report of gate_small").click()
        page.get_by_text("the report of gate_small").wait_for()


def test_the_stream_goes_on_after_the_server_was_away_for_a_moment(browser: Browser, served: Served) -> None:
    with opened(browser, served) as context:
        page = context.new_page()
        with page.expect_response(lambda answer: "/live?" in answer.url):  # the stream has begun
            page.goto(f"{served.base}/")
        context.set_offline(True)
        time.sleep(0.3)
        context.set_offline(False)
        served.stage.claim("entered_later", item_seed=10)
        served.stage.book.ledger.close()
        shows(page, page.get_by_role("link", name="entered_later", exact=True))


def test_a_page_whose_scripts_come_late_is_live_all_the_same(browser: Browser, served: Served) -> None:
    with opened(browser, served) as context:
        page = context.new_page()

        def late(route: Route) -> None:
            page.wait_for_timeout(1000)  # htmx has begun long before, where it does not wait for what extends it
            route.continue_()

        page.route(re.compile("hx-sse"), late)
        page.goto(f"{served.base}/")
        served.stage.claim("entered_after_late_scripts", item_seed=31)
        served.stage.book.ledger.close()
        shows(page, page.get_by_role("link", name="entered_after_late_scripts", exact=True))


@pytest.mark.parametrize("status", [None, 503])
def test_a_stream_whose_first_connection_fails_is_asked_for_again(
    browser: Browser, served: Served, status: int | None
) -> None:
    with opened(browser, served) as context:
        page = context.new_page()
        asked: list[str] = []

        def first_fails(route: Route) -> None:
            asked.append(route.request.url)
            if len(asked) > 1:
                route.continue_()
            elif status is None:
                route.abort()
            else:
                route.fulfill(status=status, body="")

        page.route(re.compile("/live"), first_fails)
        page.goto(f"{served.base}/")
        name = f"entered_after_{status}"
        served.stage.claim(name, item_seed=20 + bool(status))
        served.stage.book.ledger.close()
        shows(page, page.get_by_role("link", name=name, exact=True))
        page.wait_for_timeout(1000 * (STREAM_SECONDS + 1))  # one that goes on is not asked for again
        assert len(asked) == 2


OPEN_CLAIM = """
recipe = "toy:run"
settings = { noise = 0.2, pause = 0.3 }
metric = { name = "score", margin = 0.05 }
arm = [{ name = "off", role = "baseline" }, { name = "on", role = "variant", settings.effect = 0.01 }]
rung = [{ name = "confirm", budget = 5, seeds = 2, items = 20, looks = "anytime" }]
"""


def test_a_claim_is_started_paused_cancelled_started_again_and_extended_from_the_page(
    browser: Browser, toy_folder: Path
) -> None:
    stage = Stage(toy_folder)
    stage.book.ledger.close()
    (toy_folder / "c.toml").write_text(OPEN_CLAIM)
    with serving(stage, jobs=1) as served, opened(browser, served) as context:
        context.set_default_timeout(240_000)  # four commands start meanwhile, perhaps on a busy machine
        page = context.new_page()
        page.goto(f"{served.base}/start")
        page.get_by_role("button", name="Start c").click()
        page.get_by_role("link", name="Board").click()
        page.get_by_role("link", name="c", exact=True).first.click()  # once the claim is entered by its process
        page.get_by_role("button", name="Pause").click()
        page.get_by_text("paused", exact=True).wait_for()
        page.get_by_role("button", name="Cancel").click()
        page.get_by_text("not running", exact=True).wait_for()
        page.get_by_text("was interrupted or cancelled").wait_for()
        with Ledger(stage.ledger) as ledger:
            before = sum(1 for _ in ledger.outcomes())
            assert before < 4
        page.goto(f"{served.base}/start")
        page.get_by_role("button", name="Start c").click()
        page.goto(f"{served.base}/claims/c")
        page.get_by_role("button", name="Pause").wait_for()  # the form is another one once it runs
        page.get_by_text("start c.toml ended well").wait_for()  # until then its process holds the claim
        page.get_by_label("Further seeds").fill("1")
        page.get_by_role("button", name="Extend").click()
        shows(page, page.get_by_text("6 of 6 trials with a result"))
        page.get_by_text("extend c by 1 seed ended well").wait_for()
    with Ledger(stage.ledger) as ledger:
        assert [one.what for one in ledger.interventions()] == ["paused", "cancelled"]
        assert {one.trial.seed for one in ledger.outcomes()} == {0, 1, 2}
        assert len(list(ledger.decisions("c"))) == 2
