"""Whether a file has the form of a certificate, so that damage is named by its line; what it shows the checker says."""

from __future__ import annotations

import gzip
import json
import zlib
from fractions import Fraction
from pathlib import Path
from typing import Any

from evenhand.errors import DataError
from evenhand.systems.lyapunov.checker import Checked, check

HEADER = {"format": str, "model": str, "model_sha256": str, "head": int, "cutoff": int, "exceptions": list}


def sound_lines(certificate: Path) -> list[str]:
    """The finished lines of a certificate, header first; refuses what the checker could not read.

    Raises:
        DataError: no such file, no text, a name in .gz on plain text, or a line of another form, which is named.
    """
    lines = _text(certificate).split("\n")[:-1]  # what follows the last line end was never finished
    if not lines:
        raise DataError(f"{certificate} holds no whole line: the header of a certificate is missing.")
    for number, line in enumerate(lines, 1):
        try:
            entry = json.loads(line)
        except ValueError as error:
            raise DataError(f"{certificate}:{number}: this line is damaged, it is no JSON ({error}).") from None
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
    try:
        return check(certificate, model)
    except OSError as error:
        raise DataError(f"The model {model} cannot be read: {error}.") from error
    except (EOFError, ValueError, KeyError, TypeError, IndexError, AttributeError, zlib.error) as error:
        # the certificate has its form, so what does not is the model that it was written for
        raise DataError(f"The certificate names {model}, which is no saved potential: {error}.") from error


def _text(certificate: Path) -> str:
    try:
        raw = certificate.read_bytes()
        return (gzip.decompress(raw) if certificate.suffix == ".gz" else raw).decode()
    except gzip.BadGzipFile:
        raise DataError(
            f"{certificate} is named .gz and is not compressed; rename it, or compress it with gzip."
        ) from None
    except (EOFError, zlib.error) as error:
        raise DataError(f"The certificate {certificate} is compressed and damaged: {error}.") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{certificate} is no text, so no certificate; a compressed one is named .gz.") from error
    except OSError as error:
        raise DataError(f"The certificate {certificate} cannot be read: {error.strerror or error}.") from error


def _header_fault(entry: Any) -> str | None:
    if not isinstance(entry, dict):
        return "expected the header of a certificate."
    wrong = [key for key, kind in HEADER.items() if not isinstance(entry.get(key), kind)]
    return f"expected the header of a certificate; missing or of another kind: {', '.join(wrong)}." if wrong else None


def _line_fault(entry: Any) -> str | None:
    if isinstance(entry, dict):
        try:
            Fraction(entry["certified"])
        except (KeyError, TypeError, ValueError, ZeroDivisionError):
            return "expected a summary with a fraction under 'certified'."
        return None
    shape = isinstance(entry, list) and len(entry) == 4 and isinstance(entry[0], list) and isinstance(entry[3], list)
    if not shape or not entry[0] or not all(isinstance(number, int) for number in [entry[2], *entry[0], *entry[3]]):
        return "expected a class [valuations, tail, index, residues]."
    return None
