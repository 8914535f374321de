"""The folder in which models stand by name: claims say ``model = "smollm2"`` on every machine.

``$EVENHAND_MODELS``, else ``evenhand/models`` in the user's cache. Each model is a folder of its name, written whole or
not at all, with a manifest of what it is and of the sha256 of each of its files.
"""

from __future__ import annotations

import errno
import functools
import hashlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from evenhand.data import reading
from evenhand.data.kept_hashes import kept_content_hash
from evenhand.data.model_catalogue import PUBLISHED
from evenhand.data.model_training import trainable_names
from evenhand.errors import DataError
from evenhand.files import file_hash, locked, sync_folder

MANIFEST = "evenhand.json"
"""The manifest's file, beside the weights."""
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]*")


@dataclass(frozen=True)
class Facts:
    """What there is to know of a model.

    Attributes:
        about: what it is, in a few words.
        parameters: their number, tied ones once.
        licence: of the weights.
        source: what it was made from.
        source_sha256: of that, 64 hex digits.
        weights_sha256: of the weights by names, shapes and values, 64 hex digits.
    """

    about: str
    parameters: int
    licence: str
    source: str
    source_sha256: str
    weights_sha256: str


@dataclass(frozen=True)
class Held:
    """A model by name, as it stands in the folder.

    Attributes:
        name: what claims call it.
        path: its folder.
        present: something is there.
        sound: its files are those that were written; None where there are none.
        finding: what is wrong, and what to do; empty for a sound one.
        facts: as its manifest says; None where there is none.
        bytes: of all files.
    """

    name: str
    path: Path
    present: bool
    sound: bool | None
    finding: str
    facts: Facts | None
    bytes: int


def models_folder() -> Path:
    """Where models stand, whether or not there are any."""
    named = os.environ.get("EVENHAND_MODELS")
    if named:
        return Path(named).expanduser().absolute()
    cache = os.environ.get("XDG_CACHE_HOME")
    return Path(cache or "~/.cache").expanduser() / "evenhand" / "models"


def held(name: str) -> Held:
    """A model by its name, each of its files compared with what the manifest says of it."""
    path = models_folder() / name
    if not path.exists():
        return Held(name, path, False, None, f"not there; {_cure(name)}", None, 0)
    size = sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
    try:
        facts, hashes = _manifest(path)
        wrong = _first_wrong(path, hashes)
    except DataError as error:
        return Held(name, path, True, False, f"{str(error).rstrip('.')}; {_cure(name, again=True)}", None, size)
    if wrong:
        return Held(name, path, True, False, f"{wrong}; {_cure(name, again=True)}", facts, size)
    return Held(name, path, True, True, "", facts, size)


def all_held() -> list[Held]:
    """All models that are there, and those that could be."""
    folder = models_folder()
    there = {path.name for path in folder.iterdir() if (path / MANIFEST).is_file()} if folder.is_dir() else set()
    return [held(name) for name in sorted({*PUBLISHED, *trainable_names(), *there})]


def is_name(reference: str) -> bool:
    """Whether a reference is the name of a model that is there or could be."""
    if not _NAME.fullmatch(reference):
        return False
    there = (models_folder() / reference / MANIFEST).is_file()
    return reference in PUBLISHED or there or reference in trainable_names()


def model_place(reference: str, folder: Path) -> Path | None:
    """The folder of a model given by path (relative to ``folder``) or by name; None for a hub id.

    Raises:
        DataError: it has a name, and is not there.
    """
    path = data_path(reference, folder)
    if path.exists():
        return path
    if is_name(reference):
        raise DataError(f"The model '{reference}' is not there (looked for {path}); {_cure(reference)}.")
    return None


def data_path(name: str, folder: Path) -> Path:
    """Where a body of data stands that settings or a record call ``name``.

    That is a path relative to ``folder``; where nothing is there, a model by name.
    """
    path = Path(folder, Path(name).expanduser())
    return models_folder() / name if not path.exists() and is_name(name) else path


def resolved(reference: str) -> str:
    """The folder of a model given by name, its files checked; anything else as it is.

    Raises:
        DataError: it is not there, or not as it was written.
    """
    path = None if Path(reference).expanduser().exists() else model_place(reference, Path())
    if path is None:
        return reference
    stats = [(file.name, file.stat()) for file in sorted(path.iterdir())]
    _check(path, tuple((name, stat.st_size, stat.st_mtime_ns) for name, stat in stats))
    return str(path)


@functools.lru_cache
def _check(path: Path, seen: tuple[tuple[str, int, int], ...]) -> None:
    """Once for files that stay as they are: half a gigabyte takes seconds."""
    found = held(path.name)
    if not found.sound:
        raise DataError(f"The model '{path.name}': {found.finding}.")


def checked_hash(path: Path) -> str:
    """sha256 of a file or folder, large files as known; a model of the models folder must be as it was written.

    Raises:
        DataError: such a model is damaged.
    """
    digest = kept_content_hash(path)
    if path.parent.resolve() != models_folder().resolve() or not (path / MANIFEST).is_file():
        return digest
    _, hashes = _manifest(path)
    if digest != _expected_hash(path, hashes):
        raise DataError(f"The model '{path.name}': {held(path.name).finding}.")
    return digest


def _expected_hash(path: Path, hashes: Mapping[str, str]) -> str:
    """What ``folder_hash`` gives for a folder whose files have these hashes."""
    lines = sorted(Path(name) for name in (*hashes, MANIFEST))
    known = {**hashes, MANIFEST: file_hash(path / MANIFEST)}
    text = "".join(f"{name.as_posix()}\0{known[name.as_posix()]}\n" for name in lines)
    return hashlib.sha256(text.encode()).hexdigest()


def keep(name: str, write: Callable[[Path, Path], Facts], *, again: bool = False) -> bool:
    """Make a model unless a sound one is there.

    Args:
        name: what claims will call it.
        write: writes its files into the first folder and tells what they are; the second folder is for what is only
            needed meanwhile.
        again: make it even where one is there.

    Returns:
        Whether it was made.

    Raises:
        DataError: one is there and not sound, and ``again`` is off; the folder cannot be written.
    """
    folder = models_folder()
    if not again and held(name).sound:  # without a lock: the folder may be another's, to read only
        return False
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with locked(folder / f".{name}.lock"):
            found = held(name)
            if found.sound and not again:
                return False
            if found.present and not again:
                raise DataError(f"{found.path}: {found.finding}.")
            for left in folder.glob(f".{name}.*.part"):  # of a process that was killed
                shutil.rmtree(left)
            with tempfile.TemporaryDirectory(prefix=f".{name}.", suffix=".part", dir=folder) as part:
                _make(Path(part), found.path, write)
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        what = "is full" if full else f"cannot be written ({error.strerror or error})"
        raise DataError(
            f"The models folder {folder} {what}: free space or rights there, or name another in EVENHAND_MODELS."
        ) from error
    return True


def _make(part: Path, target: Path, write: Callable[[Path, Path], Facts]) -> None:
    """Write a model aside and put it in its place once it is whole and on disk."""
    fresh, meanwhile = part / "model", part / "meanwhile"
    fresh.mkdir()
    meanwhile.mkdir()
    facts = write(fresh, meanwhile)
    hashes = {file.name: file_hash(file) for file in sorted(fresh.iterdir())}
    document = {"name": target.name, **asdict(facts), "files": hashes}
    (fresh / MANIFEST).write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    mask = os.umask(0)
    os.umask(mask)
    for file in fresh.iterdir():
        file.chmod(0o666 & ~mask)  # whatever its writer made of it: the folder may be shared
        with file.open("rb+") as opened:
            os.fsync(opened.fileno())
    sync_folder(fresh)
    if target.exists():
        target.rename(part / "before")
    fresh.rename(target)
    sync_folder(target.parent)


def _manifest(path: Path) -> tuple[Facts, dict[str, str]]:
    document = reading.read_json(path / MANIFEST)
    kinds = {"parameters": int}
    hashes = document.get("files") if isinstance(document, dict) else None
    if (
        not isinstance(document, dict)
        or not isinstance(hashes, dict)
        or not all(isinstance(digest, str) for digest in hashes.values())
        or not all(isinstance(document.get(field.name), kinds.get(field.name, str)) for field in fields(Facts))
    ):
        raise DataError(f"{path / MANIFEST} is no manifest of a model.")
    return Facts(**{field.name: document[field.name] for field in fields(Facts)}), hashes


def _first_wrong(path: Path, hashes: Mapping[str, str]) -> str:
    """What is not as the manifest says; empty where all is."""
    there = {file.relative_to(path).as_posix() for file in path.rglob("*") if file.is_file()} - {MANIFEST}
    for name in sorted(hashes.keys() - there):
        return f"{path / name} is missing"
    for name in sorted(there - hashes.keys()):
        return f"{path / name} does not belong there: transformers might read it"
    for name, digest in sorted(hashes.items()):
        if file_hash(path / name) != digest:
            return f"{path / name} is not as it was written (its sha256 is another)"
    return ""


def _cure(name: str, *, again: bool = False) -> str:
    force = " --force" if again else ""
    if name in PUBLISHED:
        return f"run `evenhand models get {name}{force}`"
    if name in trainable_names():
        return f"run `evenhand models train {name}`"
    return f"remove {models_folder() / name} and make it again"
