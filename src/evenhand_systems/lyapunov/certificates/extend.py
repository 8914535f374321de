"""The classes of a certificate under a larger head: an index that the smaller head allows, the larger allows, too.

Command: ``evenhand lyapunov certify model.json.gz new.jsonl.gz --head 13 --classes-of old.jsonl.gz``. Only the header
changes: a larger head falls on some of the numbers below the cutoff where the smaller does not.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from fractions import Fraction
from pathlib import Path

from evenhand.data.reading import read_bytes
from evenhand.errors import DataError
from evenhand.files import write_bytes
from evenhand_systems.lyapunov.certificates.certifier import checkable, exceptions_below
from evenhand_systems.lyapunov.certificates.form import sound_lines
from evenhand_systems.lyapunov.potentials.potential import load_potential


def for_larger_head(model_path: Path, source: Path, target: Path, head: int) -> Fraction:
    """Write the classes of ``source`` as a certificate for ``head`` steps; returns the certified density.

    What the smaller head refuted the larger may decide, so all that is not certified counts as open.

    Raises:
        DataError: a source that is no whole certificate, is one of another model, of a larger head or without a
            summary, or a target that exists.
    """
    if target.exists():
        raise DataError(f"{target} exists; remove it or choose another name.")
    lines = sound_lines(source)
    header, summary = json.loads(lines[0]), json.loads(lines[-1])
    if header["model_sha256"] != hashlib.sha256(read_bytes(model_path)).hexdigest():
        raise DataError(f"{source} is a certificate of another model than {model_path}.")
    if head < header["head"]:
        raise DataError(f"{source} has a head of {header['head']}; its classes say nothing about one of {head}.")
    if len(lines) == 1 or not isinstance(summary, dict):
        raise DataError(f"{source} was not finished: it ends without a summary. Finish it first.")
    model = checkable(load_potential(model_path).with_head(head), header["cutoff"])
    header |= {"head": head, "exceptions": exceptions_below(model, header["cutoff"])}
    summary["refuted"] = "0"
    written = "".join(f"{line}\n" for line in (json.dumps(header), *lines[1:-1], json.dumps(summary))).encode()
    write_bytes(target, gzip.compress(written, mtime=0) if target.suffix == ".gz" else written)
    return Fraction(summary["certified"])
