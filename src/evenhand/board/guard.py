"""Who may see the board: who has its token, on this machine, from a page of its own.

Everything is behind the token, the style sheet too. The address that ``evenhand board`` prints carries it once; then a
cookie does, so that it stands in no history and no referrer. The name in ``Host`` must be one of this machine: a page
elsewhere whose name was made to point here (DNS rebinding) sees nothing.
"""

from __future__ import annotations

import secrets
from urllib.parse import parse_qsl, urlencode, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import cookie_parser
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOOPBACK = {"127.0.0.1", "localhost", "::1"}
"""Names of this machine."""

PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
"""What a page of the board may do: nothing is fetched from elsewhere, and nothing written into it can run."""

REFUSED = (
    "401: this board is seen with its token only. Open the whole address that `evenhand board` printed, with ?token=.\n"
)

ELSEWHERE = "400: this board answers to the names of this machine only (localhost, 127.0.0.1).\n"


class Guard:
    """Lets through who has the token.

    Args:
        app: what is guarded.
        token: the secret.
        cookie: name under which the browser keeps it.
    """

    def __init__(self, app: ASGIApp, token: str, cookie: str) -> None:
        self._app = app
        self._token = token
        self._cookie = cookie

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        refused = self._refused(scope)
        await (refused or self._app)(scope, receive, _with_policy(send))

    def _refused(self, scope: Scope) -> Response | None:
        headers = Headers(scope=scope)
        if not _is_here(headers.get("host", "")):
            return PlainTextResponse(ELSEWHERE, 400)
        query = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        given = [value for name, value in query if name == "token"]
        if given:
            if scope["method"] not in ("GET", "HEAD") or not self._holds(given[-1]):
                return PlainTextResponse(REFUSED, 401)
            rest = urlencode([(name, value) for name, value in query if name != "token"])
            response = RedirectResponse(_local(scope["path"]) + (f"?{rest}" if rest else ""), 303)
            response.set_cookie(self._cookie, self._token, httponly=True, samesite="strict", path="/")
            return response
        kept = cookie_parser(headers.get("cookie", "")).get(self._cookie, "")
        return None if self._holds(kept) else PlainTextResponse(REFUSED, 401)

    def _holds(self, given: str) -> bool:
        return secrets.compare_digest(given.encode("utf-8", "replace"), self._token.encode())


def _is_here(host: str) -> bool:
    try:
        return urlsplit(f"//{host}").hostname in LOOPBACK
    except ValueError:
        return False


def _local(path: str) -> str:
    """A path that cannot lead to another host."""
    return "/" + path.lstrip("/\\")


def _with_policy(send: Send) -> Send:
    """Answers with what protects them."""

    async def guarded(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers.setdefault("content-security-policy", PAGE_POLICY)
            headers["x-content-type-options"] = "nosniff"
            headers["referrer-policy"] = "no-referrer"
            headers["cross-origin-opener-policy"] = "same-origin"
            headers["cross-origin-resource-policy"] = "same-origin"
            headers.setdefault("cache-control", "no-store")
        await send(message)

    return guarded
