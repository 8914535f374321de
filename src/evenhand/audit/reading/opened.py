"""Opening what people bring: Markdown, text, CSV, JSON, JSON lines, or a folder of these, each as a log.

What cannot be read is one sentence (:class:`DataError`); what is read in part says so in the log's remarks. Large files
are streamed, and only lines with words of results, and those of a form that is rare in the file, are kept.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from evenhand.audit.reading.folders import folder_log
from evenhand.audit.reading.markdown import read_markdown
from evenhand.audit.reading.markup import page_text, ruled_tables, structured_text, wiki_text
from evenhand.audit.reading.records import read_csv_log, read_json_lines_log, read_json_log
from evenhand.audit.text.languages import foreign, in_english, pointed, with_commas
from evenhand.audit.text.log import Log
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.text.words import english
from evenhand.data.encodings import HEAD, no_text
from evenhand.data.reading import check_file
from evenhand.errors import DataError, counted

LARGE = 8 << 20
"""Bytes above which only some lines are kept: those with words of results, and those of a rare form."""

MOST_LINES = 60_000
"""Lines that are kept of a large file."""

_LONGEST = 4_000
_READ = (".md", ".markdown", ".txt", ".log", ".csv", ".tsv", ".json", ".jsonl", ".ndjson", ".rst", "")
PAGES = (".html", ".htm")
"""Endings of pages, which are read where they are asked for and not where they lie in a folder."""

_TELLS = Pattern(
    r"^\s{0,3}#|^\s*\||\b(?:mean|std|best|final|baseline|seeds?|delta|accuracy|result|summary|gain|regress|"
    r"significan|stable|consisten|oom|out of memory|"
    r"timed? ?out|average)\b",
    re.IGNORECASE,
)

_FORM, _RARE = 120, 50
"""Letters of a line that are its form, and how many lines of one form of a large file are read."""
_NO_DIGITS = str.maketrans("", "", "0123456789")

OnProgress = Callable[[str, int, int], None]


def open_logs(paths: Sequence[Path], progress: OnProgress | None = None) -> list[Log]:
    """The logs of files and folders, each file once.

    Args:
        paths: as the user gives them.
        progress: told (file, bytes read, bytes in all) while a large file is read.

    Raises:
        DataError: there is no such file, it is binary, or no text in UTF-8; a folder without anything to read.
    """
    logs: list[Log] = []
    seen: set[Path] = set()
    for path in paths:
        try:
            place = path.resolve()
        except (RuntimeError, OSError) as error:
            raise DataError(f"{path} cannot be read: it is a link that leads back to itself.") from error
        if place in seen:
            continue
        seen.add(place)
        logs += _folder(path, progress) if path.is_dir() else [open_log(path, progress)]
    return logs


def _folder(path: Path, progress: OnProgress | None) -> list[Log]:
    every = sorted(
        p for p in path.rglob("*") if p.is_file() and not any(q.startswith(".") for q in p.relative_to(path).parts)
    )
    found = [one for one in every if one.suffix.lower() in _READ]
    if not found:
        raise DataError(
            f"{path} holds no log; expected files that end in .md, .txt, .log, .csv, .tsv, .json or .jsonl."
        )
    logs: list[Log] = []
    for one in found:
        try:
            logs.append(open_log(one, progress))
        except DataError as error:
            logs.append(Log(str(one), (), english=False, remarks=(str(error),), unread=True))
    if all(log.unread for log in logs):
        raise DataError(" ".join(log.remarks[0] for log in logs[:3]))
    own = folder_log(path, logs, [one for one in every if one.suffix.lower() not in _READ], _READ)
    return [*logs, *([own] if own is not None else [])]


def open_log(path: Path, progress: OnProgress | None = None) -> Log:
    """One file as a log.

    Raises:
        DataError: as :func:`open_logs`.
    """
    suffix = path.suffix.lower()
    if path.exists() and not (path.is_file() or path.is_dir()):
        raise DataError(f"{path} is a pipe or a device, and a log is read more than once; save it as a file.")
    check_file(path, page=suffix in PAGES)
    if not path.stat().st_size:
        log = Log(str(path), ())
    elif suffix in (".csv", ".tsv"):
        log = read_csv_log(path, "\t" if suffix == ".tsv" else ",", _lines(path, progress, whole=True))
    elif suffix in (".jsonl", ".ndjson"):
        log = read_json_lines_log(path, _lines(path, progress, whole=True))
    elif suffix == ".json":
        if progress is not None and path.stat().st_size > LARGE:
            progress(str(path), 0, path.stat().st_size)
        log = read_json_log(path)
    else:
        log = _text(path, progress)
    if not (any(line.text.strip() for line in log.lines) or log.tables or log.remarks):
        return replace(log, remarks=(f"{path} is empty: there is nothing to read in it.",))
    return _with_language(log)


def _text(path: Path, progress: OnProgress | None) -> Log:
    large = path.stat().st_size > LARGE
    kept: list[tuple[int, str]] = []
    forms: Counter[str] = Counter()
    left = 0
    for number, text in _lines(path, progress, whole=path.suffix.lower() in PAGES):
        if not large or (len(kept) < MOST_LINES and (_TELLS.search(text[:400]) or _is_rare(text, forms))):
            kept.append((number, text))
        elif text.strip():
            left += 1
    log = _read(path, kept)
    if left:
        remark = (
            f"{path} is large: {counted(len(kept), 'line')} with words of results, or of a form that is rare in it, "
            f"were read; {left:,} more of the same forms were not."
        )
        log = replace(log, remarks=(*log.remarks, remark))
    return log


def _is_rare(text: str, forms: Counter[str]) -> bool:
    """Whether few lines before it differ from a line in nothing but digits: a program's lines are all alike."""
    if len(forms) >= MOST_LINES:
        return False
    form = text[:_FORM].translate(_NO_DIGITS)
    forms[form] += 1
    return forms[form] <= _RARE


def _read(path: Path, texts: list[tuple[int, str]]) -> Log:
    """Markdown as a log; decimal commas are read as points, and the words of results in other languages as English."""
    written = _as_markdown(path, texts)
    alone = [text for _, text in written[:20_000]]
    other = foreign("\n".join(alone))
    comma = with_commas(alone, 1 if other else 4)
    read = [
        (number, in_english(pointed(text) if comma else text) if other else pointed(text) if comma else text)
        for number, text in written
    ]
    log = read_markdown(str(path), read)
    lines = tuple(replace(line, text=text) for line, (_, text) in zip(log.lines, texts, strict=True))
    remarks = (f"{path} writes decimals with a comma ({comma}), and was read so.",) if comma else ()
    return replace(log, lines=lines, remarks=(*log.remarks, *remarks), english=not other)


def _as_markdown(path: Path, texts: list[tuple[int, str]]) -> list[tuple[int, str]]:
    """The lines of a text in whatever markup its name or its tables tell, each with its number."""
    if path.suffix.lower() in PAGES:
        return page_text(texts)
    return ruled_tables(structured_text(texts) if path.suffix.lower() == ".rst" else wiki_text(texts))


def _lines(path: Path, progress: OnProgress | None, *, whole: bool = False) -> Iterator[tuple[int, str]]:
    """(number, text) of the lines of a file, one after the other; text that no line of a log has is cut.

    Args:
        path: the file.
        progress: told how far it is.
        whole: cut nothing.
    """
    size, done, told = path.stat().st_size, 0, 0
    try:
        with path.open("rb") as file:
            for number, raw in enumerate(file, start=1):
                if b"\x00" in raw:
                    raise no_text(path, number, 0, _head(path), raw[:HEAD])
                done += len(raw)
                if progress is not None and size > LARGE and done - told > max(LARGE // 4, size // 10):
                    told = done
                    progress(str(path), done, size)
                yield from _decoded(path, number, raw, whole)
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}.") from error


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(HEAD)


def _decoded(path: Path, number: int, raw: bytes, whole: bool) -> Iterator[tuple[int, str]]:
    try:
        text = raw.decode("utf-8-sig" if number == 1 else "utf-8")
    except UnicodeDecodeError as error:
        raise no_text(path, number, raw[error.start], _head(path), raw[:HEAD]) from error
    text = text.rstrip("\r\n")
    if "\r" in text:  # a progress bar overwrites its line: what was left standing counts
        text = text.rpartition("\r")[2]
    yield number, text if whole or len(text) <= _LONGEST else text[:_LONGEST]


def _with_language(log: Log) -> Log:
    """The log with what cannot be understood of it: decimal commas, words that are not English."""
    texts = [line.text for line in log.lines if line.kind in ("prose", "bullet", "row")]
    if not log.english or not english(texts):
        remark = f"{log.name}: its words are not English; its numbers were judged, and what few words say of them."
        return replace(log, english=False, remarks=(*log.remarks, remark))
    return log
