"""Time stamps of receipts (RFC 3161): asked of a server, kept as a file, verified offline with ``openssl ts``."""

from __future__ import annotations

import secrets
import subprocess
import urllib.error
import urllib.request
from pathlib import Path

from evenhand.errors import DataError

SECONDS = 30
"""How long a server may take."""

_SHA256 = bytes.fromhex("06096086480165030402010500")  # the object identifier of SHA-256, then NULL


def _der(tag: int, content: bytes) -> bytes:
    """One element of DER; contents stay below 64 KiB here."""
    size = len(content)
    head = bytes([size]) if size < 128 else b"\x82" + size.to_bytes(2, "big")
    return bytes([tag]) + head + content


def request_of(digest: str) -> bytes:
    """A time-stamp request (RFC 3161, section 2.4.1) for a sha256, with a nonce, that asks for the certificate."""
    imprint = _der(0x30, _der(0x30, _SHA256) + _der(0x04, bytes.fromhex(digest)))
    nonce = _der(0x02, b"\x01" + secrets.token_bytes(8))
    return _der(0x30, _der(0x02, b"\x01") + imprint + nonce + _der(0x01, b"\xff"))


def ask(url: str, digest: str) -> bytes:
    """The answer of a time-stamp server.

    Raises:
        DataError: it cannot be reached, refuses, or answers for something else.
    """
    if not url.startswith(("http://", "https://")):
        raise DataError(f"The time-stamp server {url!r} is no web address; give one that begins with https://.")
    asked = urllib.request.Request(
        url, request_of(digest), {"Content-Type": "application/timestamp-query"}, method="POST"
    )
    try:
        with urllib.request.urlopen(asked, timeout=SECONDS) as answer:
            data: bytes = answer.read()
    except (urllib.error.URLError, OSError, ValueError) as error:
        raise DataError(f"The time-stamp server {url} gave no answer: {error}. The claim is not sealed.") from error
    if _status(data) not in (0, 1):
        raise DataError(f"The time-stamp server {url} refused the request, or answered no time stamp.")
    if bytes.fromhex(digest) not in data:
        raise DataError(f"The time-stamp server {url} answered for another receipt.")
    return data


def _status(data: bytes) -> int | None:
    """PKIStatus of an answer: 0 granted, 1 granted with changes; None where it is no answer."""
    try:
        outer = _content(data, 0x30)
        status = _content(_content(outer, 0x30), 0x02)
    except (IndexError, ValueError):
        return None
    return int.from_bytes(status, "big") if status else None


def _content(data: bytes, tag: int) -> bytes:
    """Content of the first element."""
    if data[0] != tag:
        raise ValueError("another element")
    size, start = data[1], 2
    if size >= 128:
        start += size - 128
        size = int.from_bytes(data[2:start], "big")
    return data[start : start + size]


def check(answer: Path, digest: str, certificate: Path) -> str:
    """What is wrong with a time stamp, or empty; needs no network.

    Args:
        answer: file that :func:`ask` gave.
        digest: sha256 of the receipt.
        certificate: of the authority that is trusted, PEM.

    Raises:
        DataError: there is no openssl on this machine.
    """
    line = ["openssl", "ts", "-verify", "-digest", digest, "-in", str(answer), "-CAfile", str(certificate)]
    try:
        done = subprocess.run(line, capture_output=True, text=True, check=False)
    except OSError as error:
        raise DataError(
            f"openssl cannot be run ({error}); time stamps are verified with it: `{' '.join(line)}`."
        ) from error
    return "" if done.returncode == 0 else (done.stderr.strip().splitlines() or ["no reason given"])[-1]
