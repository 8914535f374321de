"""Whether a file has the form of a certificate, so that damage is named by its line; what it shows the checker says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from evenhand.data.reading import parse_json, read_gzip_text, read_text
from evenhand.errors import DataError
from evenhand_systems.lyapunov.certificates.checker import BOUNDS, Checked, check

HEADER = {"format": str, "model": str, "model_sha256": str, "head": int, "cutoff": int, "exceptions": list}
_FILE_NAME = re.compile(r"(?!\.\.?$)[^/\x00]{1,255}")
_FRACTION = re.compile(r"[0-9]{1,400}(/[1-9][0-9]{0,399})?")  # more digits no certificate has, and they take hours


def sound_lines(certificate: Path) -> list[str]:
    """The finished lines of a certificate, header first; refuses what the checker could not read.

    Raises:
        DataError: no such file, no text, a name in .gz on plain text, or a line of another form, which is named.
    """
    text = read_gzip_text(certificate) if certificate.suffix == ".gz" else read_text(certificate)
    lines = text.split("\n")[:-1]  # what follows the last line end was never finished
    if not lines:
        raise DataError(f"{certificate} holds no whole line: the header of a certificate is missing.")
    for number, line in enumerate(lines, 1):
        entry = parse_json(line, str(certificate), number)
        fault = _header_fault(entry) if number == 1 else _line_fault(entry)
        if fault:
            raise DataError(f"{certificate}:{number}: {fault}")
    return lines


def verified(certificate: Path, model: Path) -> Checked:
    """What the checker says of a file that has the form of a certificate.

    Raises:
        DataError: one of the files cannot be read or has not its form, which is said of it, or the check refuses it.
    """
    sound_lines(certificate)
    return check(certificate, model)


def _header_fault(entry: Any) -> str | None:
    if not isinstance(entry, dict):
        return "expected the header of a certificate."
    wrong = [key for key, kind in HEADER.items() if type(entry.get(key)) is not kind]
    if wrong:
        return f"expected the header of a certificate; missing or of another kind: {', '.join(wrong)}."
    for key in ("head", "cutoff"):
        low, high = BOUNDS[key]
        if not low <= entry[key] <= high:
            return f"{key} must lie in {low}..{high}, which is what the checker looks at."
    if not _FILE_NAME.fullmatch(entry["model"]):
        return "expected the model as the name of a file that lies beside the certificate."
    return None


def _line_fault(entry: Any) -> str | None:
    if isinstance(entry, dict):
        found = entry.get("certified")
        if not (isinstance(found, str) and _FRACTION.fullmatch(found)):
            return "expected a summary with a fraction under 'certified'."
        return None
    shape = isinstance(entry, list) and len(entry) == 4 and isinstance(entry[0], list) and isinstance(entry[3], list)
    if not shape or not entry[0] or not all(type(number) is int for number in [*entry[0], *entry[1:3], *entry[3]]):
        return "expected a class [valuations, tail, index, residues]."
    return None
