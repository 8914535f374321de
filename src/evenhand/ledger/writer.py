"""Writing a segment: one record is one durable line, and a line that failed is as if it had never been begun."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import os
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from evenhand.files import make_folder, sync_folder, write_bytes
from evenhand.ledger.chain import read_chain
from evenhand.ledger.checked import CheckedRecords
from evenhand.ledger.disk import cannot_write
from evenhand.ledger.records import Place
from evenhand.ledger.segments import FIRST, FORMAT, line_of, record_hash


class SegmentWriter:
    """Appends records to a segment of this process's own; a forked child gets a new one. For one thread at a time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._pid = 0
        self._name = ""
        self._descriptor = -1
        self._size = 0
        self._sequence = -1
        self._previous = FIRST
        self._time = ""

    def append(self, kind: str, body: Mapping[str, Any], after: str = "") -> Place:
        """Write one record and make it durable.

        Args:
            kind, body: of the record.
            after: a time of another segment that the record comes after, though the clock that gave it was ahead.

        Raises:
            LedgerError: the disk is full, or the folder cannot be written. The chain stays whole.
        """
        try:
            if self._pid != os.getpid():
                self._open()
            if after >= self._time:
                later = datetime.fromisoformat(after) + timedelta(microseconds=1)
                self._time = later.isoformat(timespec="microseconds")
            return self._write(kind, body)
        except OSError as error:
            raise cannot_write(self.folder, error) from error

    def close(self) -> None:
        """Close the segment file; a later record begins a new one."""
        if self._pid == os.getpid():
            self._pid = 0
            os.close(self._descriptor)

    def __del__(self) -> None:
        """A ledger that nobody holds any longer is not being written."""
        self.close()

    def _open(self) -> None:
        """Start a segment; its first record names the heads of all others."""
        segments, heads = self.folder / "segments", self.folder / "heads"
        make_folder(segments)
        make_folder(heads)
        # Damage elsewhere is for the readers to name: a finished trial is recorded all the same.
        readings = read_chain(self.folder, CheckedRecords(self.folder).begin).readings
        others = {reading.name: list(reading.head) for reading in readings}
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%f")
        self._name = f"{stamp}-{os.getpid()}-{os.urandom(3).hex()}.jsonl"
        path, head = segments / self._name, heads / self._name
        self._pid, self._size, self._sequence, self._previous = 0, 0, -1, FIRST
        try:
            # The head comes before the segment, so that a segment without one is never what a crash leaves.
            write_bytes(head, json.dumps([-1, FIRST]).encode())
            sync_folder(heads)
            self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o644)
            self._pid = os.getpid()
            with contextlib.suppress(OSError):  # held while it is open, so that nobody packs it meanwhile
                fcntl.flock(self._descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
            sync_folder(segments)
            self._write("segment", {"others": others, "name": self._name, "format": FORMAT})
        except OSError:
            self.close()
            for begun in (path, head):
                with contextlib.suppress(OSError):
                    begun.unlink()
            raise

    def _write(self, kind: str, body: Mapping[str, Any]) -> Place:
        # A clock that was set back must not change the order of the records.
        time = max(self._time, datetime.now(UTC).isoformat(timespec="microseconds"))
        document: dict[str, Any] = {
            "sequence": self._sequence + 1,
            "time": time,
            "kind": kind,
            "body": body,
            "previous": self._previous,
        }
        document["hash"] = record_hash(document)
        self._put(line_of(document) + b"\n")
        self._time, self._sequence, self._previous = time, document["sequence"], document["hash"]
        self._write_head()
        return Place(self._name, self._sequence, self._previous)

    def _put(self, line: bytes) -> None:
        """Append one line in a single write, durably; what a failed write left is cut back."""
        state = os.fstat(self._descriptor)
        if state.st_nlink == 0 or state.st_size != self._size:
            self.close()
            raise OSError(errno.ESTALE, f"the segment {self._name} was removed or changed by someone else")
        try:
            written = os.write(self._descriptor, line)
            if written != len(line):
                os.write(self._descriptor, line[written:])  # fails, and says why the disk took only a part
                raise OSError(errno.EIO, f"only {written} of {len(line)} bytes were written")
            os.fsync(self._descriptor)
            self._size += len(line)
        except OSError:
            with contextlib.suppress(OSError):
                os.ftruncate(self._descriptor, self._size)
            self.close()  # the next record begins a new segment: what could not be cut back is this one's torn end
            raise
        except BaseException:  # Ctrl-C: the line is there or not, and this writer no longer knows which
            self.close()
            raise

    def _write_head(self) -> None:
        """Note the last record beside the segment; it may lag after a crash or on a full disk, but never leads.

        It is made durable as a whole: a head that a power cut left empty could not be told from one that was spoilt.
        """
        with contextlib.suppress(OSError):
            data = json.dumps([self._sequence, self._previous]).encode()
            write_bytes(self.folder / "heads" / self._name, data)
