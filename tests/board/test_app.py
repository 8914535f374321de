"""Pages are seen with the token alone, work without scripts, and can do nothing that they were not asked for."""

from __future__ import annotations

import asyncio
import hashlib
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from evenhand.board import app as application
from evenhand.board.commands import Commands
from evenhand.board.gather import Gatherer
from evenhand.board.guard import REFUSED
from evenhand.board.pages import OVERVIEW, Pages, claim_view
from evenhand.board.seen import Board
from evenhand.board.watcher import Watcher
from evenhand.ledger import Ledger
from evenhand.recipes.outcome import Failure
from evenhand.report.marks import visible
from evenhand.running import control
from tests.board.conftest import HERE, TOKEN, client_of
from tests.board.stage import SECRET, Stage

PAGES = ("/", "/claims", "/running", "/families", "/claims/gate_large", "/claims/gate_small", "/claims/gate_stopped")
BLIND = ("/running", "/claims/gate_large", "/claims/gate_stopped", "/claims/not_begun")
EVERY = (
    *PAGES,
    "/live?page=/",
    "/reports/gate_small",
    "/static/board.css",
    "/static/htmx.min.js",
    "/nowhere",
    "/start",
)


@pytest.fixture
def own(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


@pytest.fixture
def steered(own: Stage) -> Iterator[TestClient]:
    """A board that may start and stop claims, of a ledger in which one runs."""
    loaded = own.claim("c")
    own.start(loaded, 2)
    own.note(loaded)
    own.claim("idle", item_seed=7)
    own.book.ledger.close()
    (own.folder / "claims").mkdir()
    (own.folder / "claims" / "c.toml").write_text('name = "c"\nrecipe = "no.such:recipe"\n[[arm]]\nname = "a"\n')
    (own.folder / "claims" / "other.toml").write_text("[tool]\n")
    yield from client_of(own.ledger, commands=Commands(own.ledger, own.folder / "claims"))


def stranger(board: TestClient) -> TestClient:
    """A browser that has no token, at the same board."""
    return TestClient(board.app, base_url=HERE)


def csrf(board: TestClient, page: str) -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', board.get(page).text)
    assert found is not None
    return found[1]


@pytest.mark.parametrize("path", EVERY)
@pytest.mark.parametrize("given", [{}, {"token": "wrong"}, {"token": ""}])
def test_without_the_token_nothing_is_shown(board: TestClient, path: str, given: dict[str, str]) -> None:
    answer = stranger(board).get(path, params=given or None, follow_redirects=False)
    assert answer.status_code == 401
    assert answer.text == REFUSED


@pytest.mark.parametrize("cookie", [b"", b"wrong", b"the-token2", b"\xe9\xff"])
def test_a_cookie_that_is_not_the_token_shows_nothing(board: TestClient, cookie: bytes) -> None:
    answer = stranger(board).get("/", headers={b"cookie": b"evenhand_board=" + cookie})
    assert answer.status_code == 401


def test_the_token_goes_from_the_address_into_a_cookie_that_no_script_reads(board: TestClient) -> None:
    answer = stranger(board).get("/claims/gate_small", params={"token": TOKEN, "still": "1"}, follow_redirects=False)
    assert answer.status_code == 303
    assert answer.headers["location"] == "/claims/gate_small?still=1"
    kept = answer.headers["set-cookie"]
    assert "HttpOnly" in kept
    assert "samesite=strict" in kept.lower()
    away = stranger(board).get("//evil.example/", params={"token": TOKEN}, follow_redirects=False)
    assert not away.headers.get("location", "").startswith("//")


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8717", "127.0.0.1.evil.example", "", "[", "10.0.0.7"])
def test_another_name_that_was_made_to_point_here_sees_nothing(board: TestClient, host: str) -> None:
    answer = board.get("/", headers={"host": host})
    assert answer.status_code == 400
    assert "this machine only" in answer.text
    assert "set-cookie" not in board.get("/", params={"token": TOKEN}, headers={"host": host}).headers


@pytest.mark.parametrize("host", ["localhost:9000", "127.0.0.1", "[::1]:8717", "LOCALHOST:1"])
def test_the_names_of_this_machine_are_answered_at_any_port_that_is_forwarded(board: TestClient, host: str) -> None:
    assert board.get("/", headers={"host": host}).status_code == 200


@pytest.mark.parametrize("path", [*PAGES, "/static/board.css"])
def test_nothing_is_fetched_from_elsewhere_and_nothing_written_into_a_page_can_run(
    board: TestClient, path: str
) -> None:
    answer = board.get(path)
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'")
    assert "unsafe" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert not re.search(r"https?://(?!www\.w3\.org)", answer.text.replace(HERE, ""))
    assert not re.search(r"<script>|<style| style=| on\w+=", answer.text)


@pytest.mark.parametrize("path", BLIND)
def test_the_pages_of_claims_that_are_not_decided_name_no_arm(board: TestClient, path: str) -> None:
    text = board.get(path).text
    for name in (SECRET, "twice-read", ">plain", "baseline", "variant", "rival"):
        assert name not in text


def test_the_page_of_a_decided_claim_names_arms_and_leads_to_its_report(board: TestClient) -> None:
    text = board.get("/claims/gate_small").text
    assert SECRET in text
    assert "baseline" in text
    answer = board.get("/reports/gate_small")
    assert "the report of gate_small" in answer.text
    assert "script" not in answer.headers["content-security-policy"]


@pytest.mark.parametrize(
    ("name", "said"),
    [("gate_large", "is not decided"), ("gate_none", "no report"), ("nobody", "no report"), ("..%2Fx", "no such page")],
)
def test_a_report_that_would_tell_arms_or_is_not_there_is_a_sentence(board: TestClient, name: str, said: str) -> None:
    answer = board.get(f"/reports/{name}")
    assert answer.status_code == 404
    assert said in answer.text
    assert "is better" not in answer.text


@pytest.mark.parametrize("path", PAGES)
def test_pages_are_whole_without_scripts_and_ask_for_themselves_again(board: TestClient, path: str) -> None:
    text = board.get(path).text
    assert '<noscript><meta http-equiv="refresh" content="10"></noscript>' in text
    assert "<h1>" in text
    still = board.get(path, params={"still": "1"}).text
    assert "<script" not in still
    assert "http-equiv" not in still
    assert "Go on" in still


def test_what_does_not_exist_is_a_page_with_a_sentence(board: TestClient) -> None:
    assert "no claim &#39;nobody&#39;" in board.get("/claims/nobody").text
    assert board.get("/claims/nobody").status_code == 404
    assert "There is no such page" in board.get("/nowhere").text
    assert board.get("/live", params={"page": "/nowhere"}).status_code == 404
    assert board.get("/live", params={"page": "/claims/nobody"}).status_code == 404
    assert board.get("/static/../app.py").status_code == 404


def test_what_does_not_exist_does_not_after_a_change_either(own: Stage) -> None:
    own.claim("c")
    for board in client_of(own.ledger):
        assert board.get("/claims/nobody").status_code == 404
        own.claim("later", item_seed=7)
        deadline = time.monotonic() + 30
        while "later" not in board.get("/claims").text and time.monotonic() < deadline:
            time.sleep(0.1)
        assert board.get("/claims/later").status_code == 200
        assert board.get("/claims/nobody").status_code == 404


def test_what_trials_wrote_is_text_and_cannot_act(own: Stage) -> None:
    loaded = own.claim("c", question="<b>Is it?</b>")
    own.fail(loaded, 1, Failure("code", "<script>alert(1)</script>\x1b[31m\u202e", "train", ""))
    for board in client_of(own.ledger):
        text = board.get("/claims/c").text
        assert "<script>alert" not in text
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
        assert "\x1b" not in text
        assert "\u202e" not in text
        assert "&lt;b&gt;Is it?" in text


def test_trials_that_were_left_out_are_counted_apart_on_the_pages(own: Stage) -> None:
    loaded = own.claim("c")
    own.fail(loaded, 2, Failure("code", "it broke", "run", ""))
    own.fail(loaded, 3, Failure("code", "not tried: 2 trials failed alike", "run", ""), attempt=0)
    for board in client_of(own.ledger):
        for path in ("/", "/claims/c"):
            text = board.get(path).text
            assert "2 failed" in text
            assert "3 left out" in text
            assert "5 failed" not in text
            assert "<strong>left out</strong>" in text


@pytest.mark.slow
def test_an_empty_ledger_and_a_damaged_one_are_pages_with_a_sentence(own: Stage, tmp_path: Path) -> None:
    for board in client_of(tmp_path / "none"):
        assert "There is no ledger at" in board.get("/").text
    loaded = own.claim("c")
    own.book.run(loaded, 3)
    own.book.ledger.close()
    path = next((own.ledger / "segments").iterdir())
    path.write_bytes(path.read_bytes().replace(b'"seed": 0', b'"seed": 1', 1))
    for board in client_of(own.ledger):
        answer = board.get("/")
        assert answer.status_code == 200
        assert "is damaged" in answer.text
        assert "evenhand ledger verify" in answer.text


def test_a_board_that_only_shows_has_no_buttons_and_refuses_to_be_asked(board: TestClient) -> None:
    assert "<form" not in board.get("/claims/gate_large").text
    assert board.get("/start").status_code == 404
    answer = board.post("/control/cancel", data={"claim": "gate_large"})
    assert answer.status_code == 403
    assert "--control" in answer.text


def test_a_form_from_elsewhere_is_refused(steered: TestClient, own: Stage) -> None:
    token = csrf(steered, "/claims/c")
    for form, headers in (
        ({"claim": "c"}, {}),
        ({"claim": "c", "csrf": "guess"}, {}),
        ({"claim": "c", "csrf": token}, {"origin": "https://evil.example"}),
        ({"claim": "c", "csrf": token, "long": "x" * 5000}, {}),
    ):
        answer = steered.post("/control/pause", data=form, headers=headers)
        assert answer.status_code == 403, form
    assert stranger(steered).post("/control/pause", data={"claim": "c", "csrf": token}).status_code == 401
    assert own.book.ledger.interventions() == []


@pytest.mark.slow
def test_a_claim_that_runs_is_paused_let_go_on_and_cancelled_and_the_ledger_says_so(
    steered: TestClient, own: Stage
) -> None:
    token, hash_ = csrf(steered, "/claims/c"), own.running[0][0].resolved.hash
    for ask, wish in (("pause", "pause"), ("resume", ""), ("cancel", "cancel")):
        answer = steered.post(f"/control/{ask}", data={"claim": "c", "csrf": token}, headers={"origin": HERE})
        assert answer.status_code == 200
        assert control.wish_of(own.ledger, hash_) == wish
    assert "asked of its driver" in answer.text
    with Ledger(own.ledger) as ledger:
        assert [one.what for one in ledger.interventions(hash_)] == ["paused", "resumed", "cancelled"]


@pytest.mark.slow
def test_what_cannot_be_asked_is_a_sentence(steered: TestClient) -> None:
    token = csrf(steered, "/claims/c")
    for path, form, said in (
        ("pause", {"claim": "nobody"}, "no such claim"),
        ("pause", {"claim": "idle"}, "No run of &#39;idle&#39; goes on"),
        ("explode", {"claim": "c"}, "can start, pause"),
        ("start", {"file": "../../etc/passwd"}, "no claim file below"),
        ("start", {"file": "other.toml"}, "no claim file below"),
        ("extend", {"claim": "c", "seeds": "-1"}, "expected 1 to"),
        ("extend", {"claim": "c", "seeds": "many"}, "expected 1 to"),
        ("extend", {"claim": "idle", "seeds": "5"}, "No claim file of &#39;idle&#39;"),
    ):
        answer = steered.post(f"/control/{path}", data={**form, "csrf": token})
        assert answer.status_code == 409, form
        assert said in answer.text


def test_the_page_to_start_from_lists_claim_files_alone(steered: TestClient) -> None:
    text = steered.get("/start").text
    assert "c.toml" in text
    assert "other.toml" not in text


def test_a_stream_sends_the_part_that_changes_and_again_when_it_has_changed(own: Stage) -> None:
    own.claim("c")
    gatherer = Gatherer(own.ledger)
    watcher = Watcher(gatherer.look)
    watcher.start()
    shown = Pages(watcher, visible, None, "")

    async def two() -> tuple[str, str]:
        stream = application._stream(watcher, shown, OVERVIEW)
        first = await anext(stream)
        own.claim("second", item_seed=1)
        second = await asyncio.wait_for(anext(stream), 30)
        await stream.aclose()
        return first.decode(), second.decode()

    first, second = asyncio.run(two())
    watcher.stop()
    gatherer.close()
    assert all(line.startswith("data: ") for line in first.strip().splitlines())
    assert first.endswith("\n\n")
    assert "second" not in first
    assert "/claims/second" in second


def test_a_part_is_rendered_once_for_all_who_watch_it(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    watcher = Watcher(lambda: Board("l"))
    watcher.start()
    shown = Pages(watcher, visible, None, "")
    rendered: list[object] = []
    whole = shown._context
    monkeypatch.setattr(shown, "_context", lambda *given: (rendered.append(given), whole(*given))[1])
    assert {shown.part(OVERVIEW) for _ in range(20)} == {shown.part(OVERVIEW)}
    shown.part(claim_view("x"))
    watcher.stop()
    assert len(rendered) == 2


def test_the_board_has_the_colours_of_the_report() -> None:
    root = Path(application.__file__).parent
    tokens = [
        re.findall(r"--[\w-]+: #[0-9a-f]{6}", path.read_text().split("* {")[0])
        for path in (root / "static" / "board.css", root.parent / "report" / "templates" / "page.css")
    ]
    assert tokens[0] == tokens[1]
    assert len(tokens[0]) == 36


def test_what_is_vendored_is_what_its_note_says() -> None:
    folder = Path(application.__file__).parent / "static"
    noted = re.findall(r"^([0-9a-f]{64})  (\S+)", (folder / "SOURCE.txt").read_text(), re.MULTILINE)
    assert {name: digest for digest, name in noted} == {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.glob("*.js")
    }
