"""A report as PDF: its page, printed by a Chromium that is on the machine."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from evenhand.errors import DataError
from evenhand.files import replacing

CHROMIUM = "EVENHAND_CHROMIUM"
"""Environment variable that names the browser's program."""

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge", "microsoft-edge")
_SECONDS = 120.0


def browser() -> str:
    """The program that prints.

    Raises:
        DataError: none is found; says what to do.
    """
    named = os.environ.get(CHROMIUM)
    found = [path for name in ([named] if named else _NAMES) if (path := shutil.which(name))]
    if not found:
        where = f"{CHROMIUM} names '{named}', which is no program" if named else f"none of {', '.join(_NAMES)} is on it"
        raise DataError(
            f"A PDF is printed by Chromium or Chrome, and this machine has none: {where}. Install one, name it with "
            f"{CHROMIUM}=/path/to/chromium, or write the page (--format html) and print it from any browser."
        )
    return found[0]


def write_pdf(page: Path, target: Path) -> Path:
    """Print an HTML page to a PDF, whole or not at all.

    Raises:
        DataError: there is no browser, or it did not print.
        OSError: the target cannot be written.
    """
    program = browser()
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "page.pdf"
        command = [
            program, "--headless", "--no-sandbox", "--disable-gpu", "--no-pdf-header-footer", "--disable-extensions",
            f"--user-data-dir={folder}/profile", f"--print-to-pdf={made}", page.resolve().as_uri(),
        ]  # fmt: skip
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise DataError(f"{program} did not print the page: {error}. {_OTHERWISE}") from error
        if not made.is_file():
            last = " ".join(done.stderr.split())[-300:]
            raise DataError(f"{program} did not print the page (exit code {done.returncode}): {last}. {_OTHERWISE}")
        target.parent.mkdir(parents=True, exist_ok=True)
        with replacing(target, public=True) as part:
            part.write_bytes(made.read_bytes())
    return target


_OTHERWISE = "Write the page (--format html) and print it from a browser."
