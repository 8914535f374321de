"""Pages from what is seen: each is rendered once per change, however many watch it."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, FunctionLoader, StrictUndefined

from evenhand.board.commands import Asked, Commands
from evenhand.board.seen import Board
from evenhand.board.watcher import Watcher
from evenhand.decisions.kinds_shown import LOOKS
from evenhand.errors import counted
from evenhand.running.lines import duration

_FRAMES = {True: "page.html.j2", False: "live.html.j2"}
"""Template of a whole page, and of its part that changes."""

_KEPT = 64
"""Rendered parts that are kept: those that people look at now."""

_WATCHED_SECONDS = 30.0
"""What was asked for within so long is rendered anew after each change, before anybody asks."""


@cache
def read_template(name: str) -> str:
    """The text of a template or style sheet of the board."""
    return resources.files("evenhand.board").joinpath("templates", name).read_text(encoding="utf-8")


@dataclass(frozen=True)
class View:
    """What a page shows: its template, its path, and which claim where it is about one."""

    template: str
    title: str
    path: str
    claim: str = ""


OVERVIEW = View("overview.html.j2", "Board", "/")
CLAIMS = View("claims.html.j2", "Claims", "/claims")
TRIALS = View("running.html.j2", "Running trials", "/running")
FAMILIES = View("families.html.j2", "Families", "/families")
START = View("start.html.j2", "Start a claim", "/start")
LINKS = ((OVERVIEW, "Board"), (CLAIMS, "Claims"), (TRIALS, "Running"), (FAMILIES, "Families"), (START, "Start"))
"""Pages that every page leads to; the last one where a board may start anything."""


def claim_view(name: str) -> View:
    """The page of a claim."""
    return View("claim.html.j2", name, f"/claims/{quote(name)}", name)


class Pages:
    """Renders what is seen.

    Args:
        watcher: gives the newest look.
        visible: shows control characters in what trials wrote as marks.
        commands: what can be asked from the page; None where it only shows.
        csrf: what a form must carry.
    """

    def __init__(self, watcher: Watcher, visible: Callable[[str], str], commands: Commands | None, csrf: str) -> None:
        self._watcher, self._commands = watcher, commands
        self._kept: OrderedDict[tuple[View, str, bool], tuple[Any, str]] = OrderedDict()
        begun = time.monotonic()
        self._asked = {(view, frame, False): begun for view, _ in LINKS[:-1] for frame in _FRAMES.values()}
        self._lock = threading.Lock()
        self._environment = Environment(
            loader=FunctionLoader(read_template), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
            lstrip_blocks=True, finalize=lambda value: visible(value) if type(value) is str else value,
        )  # fmt: skip
        self._environment.filters |= {"duration": duration, "count": counted, "number": _number, "memory": _memory}
        self._environment.globals |= {"control": commands is not None, "csrf": csrf, "looks": LOOKS}
        for view in (OVERVIEW, CLAIMS, TRIALS, FAMILIES, START, claim_view("")):
            self._environment.get_template(view.template)  # the first viewer does not wait for it
        watcher.prepare = self._prepare

    @property
    def controls(self) -> bool:
        """Whether anything can be asked from the pages."""
        return self._commands is not None

    def found(self, view: View) -> bool:
        """Whether there is what a page is about."""
        return not view.claim or self._watcher.now()[1].claim(view.claim) is not None

    def page(self, view: View, error: str = "", still: bool = False) -> str:
        """A whole page.

        Args:
            view: which one.
            error: why what was asked for could not be done.
            still: it does not change until it is asked for again.
        """
        return self._render(view, _FRAMES[True], error, still)

    def part(self, view: View) -> str:
        """The part of a page that changes."""
        return self._render(view, _FRAMES[False], "", still=False)

    def at_hand(self, view: View, *, whole: bool, still: bool = False) -> str | None:
        """A page, or its part that changes, where it is rendered as things are now; None where that takes a while."""
        now, key = self._watcher.at_hand(), (view, _FRAMES[whole], still)
        if now is None or not self._lock.acquire(blocking=False):
            return None
        try:
            state, text = self._kept.get(key, (None, ""))
            if state is not None:  # else nobody has seen yet that there is such a page
                self._asked[key] = time.monotonic()
            return text if state == (now[0], self._said(), "") else None
        finally:
            self._lock.release()

    def _said(self) -> tuple[Asked, ...]:
        return () if self._commands is None else self._commands.asked()

    def _prepare(self) -> None:
        """Render what is watched now, once for all who watch."""
        oldest = time.monotonic() - _WATCHED_SECONDS
        with self._lock:
            self._asked = {key: at for key, at in self._asked.items() if at >= oldest}
            wanted = list(self._asked)
        for view, frame, still in wanted:
            self._rendered(view, frame, "", still, self._watcher.newest())

    def _render(self, view: View, frame: str, error: str, still: bool) -> str:
        now = self._watcher.now()
        if not error:
            with self._lock:
                self._asked[view, frame, still] = time.monotonic()
        return self._rendered(view, frame, error, still, now)

    def _rendered(self, view: View, frame: str, error: str, still: bool, now: tuple[int, Board]) -> str:
        version, board = now
        asked = self._said()
        state = (version, asked, error)
        with self._lock:  # one renders, and the others have it
            known = self._kept.get((view, frame, still))
            if known is None or known[0] != state:
                text = self._environment.get_template(frame).render(
                    self._context(view, board, asked, error) | {"still": still}
                )
                known = self._kept[view, frame, still] = (state, text)
            self._kept.move_to_end((view, frame, still))
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
            return known[1]

    def _context(self, view: View, board: Board, asked: Any, error: str) -> dict[str, Any]:
        claim = board.claim(view.claim) if view.claim else None
        trials = [one for one in board.trials if claim is None or one.claim == claim.name]
        files = self._commands.files() if self._commands is not None and view is START else ()
        return {
            "view": view, "board": board, "claim": claim, "trials": trials, "asked": asked, "error": error,
            "files": files, "here": view.path,
            "links": [(one.path, name) for one, name in LINKS if one is not START or self._commands is not None],
        }  # fmt: skip


def _number(value: float) -> str:
    """A value of a curve."""
    return f"{value:.4g}"


def _memory(size: int) -> str:
    return f"{size / 2**30:.1f}"
