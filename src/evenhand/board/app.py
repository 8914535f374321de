"""The board as a web application: plain pages that work without scripts, and a stream that keeps them up to date."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator, Callable
from importlib import resources
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

from fastapi import FastAPI, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, PlainTextResponse, RedirectResponse, StreamingResponse

from evenhand.board import pages
from evenhand.board.commands import Commands
from evenhand.board.guard import LOOPBACK, Guard
from evenhand.board.pages import Pages, View
from evenhand.board.watcher import Watcher
from evenhand.errors import EvenhandError

STATIC = {
    "board.css": "text/css; charset=utf-8",
    "htmx.min.js": "text/javascript; charset=utf-8",
    "hx-sse.min.js": "text/javascript; charset=utf-8",
    "icon.svg": "image/svg+xml",
}
"""Files that pages use, with their types."""

REPORT_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'; base-uri 'none'"
"""What a report may do: it holds all that it shows, and runs nothing."""

PAUSE_SECONDS = 0.5
"""Shortest time between two parts of a stream: what changes faster is not read faster."""

ASKED_SECONDS = 1.0
"""How often a stream looks whether what was asked from the page has ended, which no record need tell."""

ALIVE_SECONDS = 15.0
"""After so long without a change a stream sends a comment, which shows whether anybody still listens."""

_LONGEST_FORM = 4096


def create_app(
    watcher: Watcher,
    ledger: Path,
    token: str,
    visible: Callable[[str], str],
    commands: Commands | None = None,
    cookie: str = "evenhand_board",
) -> FastAPI:
    """The application.

    Args:
        watcher: looks at the ledger; started already.
        ledger: folder of the ledger, whose reports are served.
        token: without which nothing is shown.
        visible: shows control characters in what trials wrote as marks.
        commands: what can be asked from the page; None for a board that only shows.
        cookie: name under which a browser keeps the token; boards on one machine need different ones.
    """
    csrf = secrets.token_urlsafe(24)
    shown = Pages(watcher, visible, commands, csrf)
    app = FastAPI(title="evenhand board", docs_url=None, redoc_url=None, openapi_url=None)
    app.add_middleware(Guard, token=token, cookie=cookie)
    _add_pages(app, watcher, shown, ledger, control=commands is not None)
    if commands is None:
        app.add_api_route("/control/{what}", _read_only, methods=["POST"])
    else:
        _add_control(app, watcher, shown, commands, csrf)
    return app


def _add_pages(app: FastAPI, watcher: Watcher, shown: Pages, ledger: Path, *, control: bool) -> None:
    async def answer(view: View, still: str = "") -> HTMLResponse:
        text = shown.at_hand(view, whole=True, still=bool(still))
        return await run_in_threadpool(rendered, view, still) if text is None else HTMLResponse(text)

    def rendered(view: View, still: str) -> HTMLResponse:
        if shown.found(view):
            return HTMLResponse(shown.page(view, still=bool(still)))
        return HTMLResponse(shown.page(pages.OVERVIEW, f"The ledger holds no claim '{view.claim}'."), 404)

    @app.get("/")
    async def overview(still: str = "") -> HTMLResponse:
        return await answer(pages.OVERVIEW, still)

    @app.get("/claims")
    async def claims(still: str = "") -> HTMLResponse:
        return await answer(pages.CLAIMS, still)

    @app.get("/running")
    async def running(still: str = "") -> HTMLResponse:
        return await answer(pages.TRIALS, still)

    @app.get("/families")
    async def families(still: str = "") -> HTMLResponse:
        return await answer(pages.FAMILIES, still)

    @app.get("/claims/{name}")
    async def claim(name: str, still: str = "") -> HTMLResponse:
        return await answer(pages.claim_view(name), still)

    if control:

        @app.get("/start")
        async def start(still: str = "") -> HTMLResponse:
            return await answer(pages.START, still)

    @app.exception_handler(404)
    async def missing(request: Request, error: Exception) -> Response:
        text = await run_in_threadpool(shown.page, pages.OVERVIEW, "There is no such page.")
        return HTMLResponse(text, 404)

    _add_stream_and_files(app, watcher, shown, ledger)


def _add_stream_and_files(app: FastAPI, watcher: Watcher, shown: Pages, ledger: Path) -> None:
    """What pages renew themselves from, reports, and what pages are drawn with."""

    @app.get("/live")
    async def live(page: str = "/") -> Response:
        view = _view_of(page)
        if view is None or not await run_in_threadpool(shown.found, view):
            return PlainTextResponse("There is no such page.\n", 404)
        return StreamingResponse(_stream(watcher, shown, view), media_type="text/event-stream")

    @app.get("/reports/{name}")
    def report(name: str) -> Response:
        claim = watcher.now()[1].claim(name)
        if claim is None or not claim.report:
            message = f"There is no report of '{name}' to be read" + (
                ": the claim is not decided, and a report would tell its arms." if claim and claim.blind else "."
            )
            return HTMLResponse(shown.page(pages.OVERVIEW, message), 404)
        try:
            text = (ledger / "reports" / f"{claim.name}.html").read_text(encoding="utf-8")
        except OSError as error:
            message = f"The report of '{name}' cannot be read: {error.strerror or error}."
            return HTMLResponse(shown.page(pages.OVERVIEW, message), 404)
        return HTMLResponse(text, headers={"content-security-policy": REPORT_POLICY})

    @app.get("/static/{name}")
    def static(name: str) -> Response:
        if name not in STATIC:
            return PlainTextResponse("There is no such file.\n", 404)
        data = resources.files("evenhand.board").joinpath("static", name).read_bytes()
        return Response(data, media_type=STATIC[name], headers={"cache-control": "private, max-age=3600"})


def _view_of(page: str) -> View | None:
    """The page that a path names."""
    if page.startswith("/claims/"):
        return pages.claim_view(page.removeprefix("/claims/"))
    return next((view for view, _ in pages.LINKS if view.path == page), None)


async def _stream(watcher: Watcher, shown: Pages, view: View) -> AsyncIterator[bytes]:
    """The part of a page that changes, whenever it has changed."""
    loop, changed = asyncio.get_running_loop(), asyncio.Event()

    def tell() -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended
            loop.call_soon_threadsafe(changed.set)

    watcher.listen(tell)
    pause = ASKED_SECONDS if shown.controls else ALIVE_SECONDS
    sent, spoken = "", loop.time()
    try:
        while True:
            changed.clear()
            ready = shown.at_hand(view, whole=False)
            text = ready if ready is not None else await run_in_threadpool(shown.part, view)
            if text != sent:
                sent, spoken = text, loop.time()
                yield "".join(f"data: {line}\n" for line in text.splitlines()).encode() + b"\n"
                await asyncio.sleep(PAUSE_SECONDS)
            try:
                await asyncio.wait_for(changed.wait(), pause)
            except TimeoutError:
                if loop.time() - spoken >= ALIVE_SECONDS:
                    spoken = loop.time()
                    yield b": alive\n\n"
    finally:
        watcher.leave(tell)


def _read_only() -> PlainTextResponse:
    return PlainTextResponse(
        "403: this board only shows. Start it with --control to ask for anything from a page.\n", 403
    )


def _add_control(app: FastAPI, watcher: Watcher, shown: Pages, commands: Commands, csrf: str) -> None:
    async def form_of(request: Request) -> dict[str, str] | None:
        """The fields of a form of this board; None where it comes from elsewhere."""
        origin = request.headers.get("origin")
        if origin not in (None, "null") and urlsplit(origin or "").hostname not in LOOPBACK:
            return None
        if int(request.headers.get("content-length") or 0) > _LONGEST_FORM:
            return None
        fields = parse_qs((await request.body())[:_LONGEST_FORM].decode("utf-8", "replace"))
        form = {name: values[-1] for name, values in fields.items()}
        return form if secrets.compare_digest(form.get("csrf", "").encode(), csrf.encode()) else None

    @app.post("/control/{what}")
    async def ask(what: str, request: Request) -> Response:
        form = await form_of(request)
        if form is None:
            return PlainTextResponse("403: this form is not of this board. Open the page anew and try again.\n", 403)
        try:
            back = await run_in_threadpool(_do, what, form, watcher, commands)
        except EvenhandError as error:
            text = await run_in_threadpool(shown.page, pages.OVERVIEW, str(error))
            return HTMLResponse(text, 409)
        watcher.hurry()
        return RedirectResponse(back, 303)


def _do(what: str, form: dict[str, str], watcher: Watcher, commands: Commands) -> str:
    """Do what a form asks for; returns the page to go back to."""
    if what == "start":
        commands.start(form.get("file", ""))
        return "/start"
    claim = watcher.now()[1].claim(form.get("claim", ""))
    if claim is None:
        raise EvenhandError("The ledger holds no such claim.")
    if what == "extend":
        seeds = form.get("seeds", "")
        commands.extend(claim, int(seeds) if seeds.isdecimal() and len(seeds) < 8 else 0)
    elif what in ("pause", "resume", "cancel"):
        commands.wish(claim, what)  # type: ignore[arg-type]
    else:
        raise EvenhandError("A board can start, pause, resume, cancel and extend claims.")
    return f"/claims/{quote(claim.name)}"
