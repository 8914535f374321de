"""A seal: what a claim was before its first trial, kept where others see it, and what follows from its hash."""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from evenhand.claims.load import all_trials
from evenhand.claims.resolve import number_of
from evenhand.decisions.wording import seal_words
from evenhand.errors import ClaimError, DataError
from evenhand.ledger.seal import digest_of
from evenhand.recipes.outcome import Execution
from evenhand.recipes.trial import canonical_hash
from evenhand.running import sealing, standing
from tests.ledgers import Book

CONFIGURATION = """
[tsa]
default_tsa = one
[one]
serial = {folder}/serial
signer_cert = {folder}/tsa.pem
signer_key = {folder}/tsa.key
certs = {folder}/tsa.pem
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
"""


@pytest.fixture
def book(tmp_path: Path) -> Book:
    return Book(tmp_path)


def openssl(*words: str) -> None:
    subprocess.run(["openssl", *words], check=True, capture_output=True)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """A time-stamp server on this machine, and its certificate."""
    folder = tmp_path / "tsa"
    folder.mkdir()
    (folder / "serial").write_text("01")
    (folder / "tsa.cnf").write_text(CONFIGURATION.format(folder=folder))
    openssl(
        "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout",
        f"{folder}/tsa.key", "-out", f"{folder}/tsa.pem", "-days", "2", "-subj", "/CN=test authority", "-addext",
        "extendedKeyUsage=critical,timeStamping",
    )  # fmt: skip

    class Answer(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            (folder / "ask").write_bytes(self.rfile.read(int(self.headers["Content-Length"])))
            openssl(
                "ts", "-reply", "-queryfile", f"{folder}/ask", "-out", f"{folder}/got", "-config", f"{folder}/tsa.cnf"
            )
            self.send_response(200)
            self.end_headers()
            self.wfile.write((folder / "got").read_bytes())

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Answer) as found:
        threading.Thread(target=found.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{found.server_port}", folder / "tsa.pem"
        found.shutdown()


def test_a_verdict_is_sealed_where_its_receipt_precedes_its_first_trial(book: Book) -> None:
    loaded = book.claim("c", "[0, 1, 2, 3]", effect=0.4)
    sealed = sealing.seal(loaded, book.ledger)
    book.run(loaded)
    decision = book.decide(loaded)
    assert decision.verdicts[0].title.startswith("gain (sealed")
    assert decision.standing.sealed
    words = " ".join(seal_words(decision.standing))
    assert sealed.sha256[:16] in words
    assert "It does not prove that no other claim did" in words
    assert "Nothing outside this ledger keeps the receipt" in words
    assert book.ledger.verify().faults == ()


def test_a_claim_that_has_outcomes_cannot_be_sealed(book: Book) -> None:
    loaded = book.enter(book.claim("c"))
    book.run(loaded, trials=1)
    with pytest.raises(ClaimError, match="cannot be sealed any more"):
        sealing.seal(loaded, book.ledger)


def test_a_claim_of_which_the_like_had_been_run_cannot_be_sealed_as_it_would_be_post_hoc(book: Book) -> None:
    book.run(book.enter(book.claim("bank", "[0, 1, 2, 3, 4]", items=19)))
    with pytest.raises(ClaimError, match=r"the like of 6 trials of it had been run \(bank"):
        sealing.seal(book.claim("final", "[1, 3, 4]"), book.ledger)
    assert not book.ledger.claims("final")


def test_a_claim_whose_trials_were_tried_out_cannot_be_sealed(book: Book) -> None:
    loaded = book.claim("c")
    trial = all_trials(loaded.resolved)[0]
    book.ledger.record_outcome(trial, book.world.outcome(trial), Execution(), "", {}, exploratory=True)
    with pytest.raises(ClaimError, match=r"1 outcome of its trials \(tries included\)"):
        sealing.seal(loaded, book.ledger)


def test_a_receipt_that_was_written_after_the_first_outcome_seals_nothing(book: Book) -> None:
    loaded = book.claim("c", "[0, 1, 2, 3]", effect=0.4)
    other = Book(book.folder / "other")
    receipt = sealing.seal(loaded, other.ledger).receipt
    book.enter(loaded)
    book.run(loaded)
    book.ledger.record_seal(loaded.resolved.hash, receipt, [])
    decision = book.decide(loaded)
    assert not decision.standing.sealed
    assert not decision.verdicts[0].title.startswith("gain (sealed")
    assert "does not count as sealed" in " ".join(seal_words(decision.standing))


def test_the_receipt_holds_the_claim_its_seeds_its_items_and_the_head_of_the_chain(book: Book) -> None:
    loaded = book.claim("c")
    found = sealing.seal(loaded, book.ledger, to=book.folder / "lodged" / "receipt.json")
    receipt = json.loads(found.receipt)
    assert receipt["claim_hash"] == canonical_hash(loaded.resolved.identity())
    assert receipt["seeds"] == {"confirm": [0, 1, 2]}
    assert receipt["items"]["confirm"]["count"] == 20
    assert receipt["chain"]["record"] == book.ledger.claims("c")[0].place.hash
    assert (book.folder / "lodged" / "receipt.json").read_text() == found.receipt == found.path.read_text()
    assert digest_of(found.receipt) == found.sha256


def test_seeds_and_items_that_are_drawn_follow_from_the_claim_and_from_nothing_else(book: Book) -> None:
    claim = book.claim("c", "{ count = 6 }", head='item_seed = "seal"').resolved
    digest = canonical_hash(claim.identity())
    assert claim.claim.rungs[0].seeds == tuple(number_of(digest, "seeds", i) for i in range(6))
    assert claim.items["confirm"].seed == number_of(digest, "items", 0)
    again = standing.of_identity(claim.identity())
    assert again is not None
    assert (again.hash, again.claim.rungs[0].seeds) == (claim.hash, claim.claim.rungs[0].seeds)
    other = book.claim("c", "{ count = 6 }", head='item_seed = "seal"', margin=0.06).resolved
    assert other.claim.rungs[0].seeds != claim.claim.rungs[0].seeds


def test_a_tag_keeps_the_receipt_in_the_repository_of_the_claim(book: Book) -> None:
    def git(*words: str) -> str:
        line = ["git", "-C", str(book.folder), "-c", "user.name=n", "-c", "user.email=e", *words]
        return subprocess.run(line, check=True, capture_output=True, text=True).stdout

    loaded = book.claim("c")
    with pytest.raises(DataError, match="cannot be made"):
        sealing.seal(loaded, book.ledger, git=True)
    git("init", "-q")
    git("config", "user.name", "n")
    git("config", "user.email", "e")
    git("commit", "-q", "--allow-empty", "-m", "begin")
    found = sealing.seal(loaded, book.ledger, git=True)
    (name,) = git("tag").split()
    assert found.witnesses == (f"git tag {name}",)
    assert found.sha256 in git("tag", "-l", "-n1", name)


@pytest.mark.slow
def test_a_time_stamp_is_kept_and_verified_offline_against_a_given_certificate(
    book: Book, server: tuple[str, Path]
) -> None:
    url, certificate = server
    loaded = book.claim("c")
    found = sealing.seal(loaded, book.ledger, tsa=url)
    assert found.witnesses[0].startswith(f"time stamp of {url}")
    assert sealing.check(loaded, book.ledger, certificate).faults == ()
    assert sealing.check(loaded, book.ledger).stamps == 1
    with pytest.raises(DataError, match="no certificate nowhere"):
        sealing.check(loaded, book.ledger, Path("nowhere.pem"))
    answer = found.path.with_suffix(".tsr")
    answer.write_bytes(answer.read_bytes()[:-20] + bytes(20))
    assert "does not verify" in sealing.check(loaded, book.ledger, certificate).faults[0]


def test_a_server_that_cannot_be_reached_leaves_the_claim_unsealed(book: Book) -> None:
    loaded = book.claim("c")
    with pytest.raises(DataError, match="gave no answer"):
        sealing.seal(loaded, book.ledger, tsa="http://127.0.0.1:9/")
    assert standing.standing(loaded.resolved, book.ledger).seal is None
