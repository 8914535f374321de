"""TensorBoard: the event files of a folder are one run; of each scalar the last value counts."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from evenhand.data.reading import read_bytes
from evenhand.errors import DataError
from evenhand.runs.checked import source_of, utc
from evenhand.runs.run import Certainty, Options, Run
from evenhand.runs.tracked import Tracked, missing_package, runs_of_tracked

_MARK = "tfevents"


class TensorBoard:
    """Reader of event files."""

    name = "tensorboard"
    about = "TensorBoard: event files; the last value of each scalar"

    def recognises(self, path: Path) -> Certainty:
        """By name."""
        return Certainty.SURE if path.is_file() and _MARK in path.name else Certainty.NO

    def read(self, path: Path, options: Options) -> list[Run]:
        """The run of the folder, once, at its first event file.

        Raises:
            DataError: TensorBoard is not installed, or a file is damaged or holds no scalar.
        """
        files = sorted(one for one in path.parent.iterdir() if _MARK in one.name and one.is_file())
        if files[0] != path:
            return []
        values: dict[str, tuple[float, float]] = {}
        times: list[float] = []
        for one in files:
            for tag, step, value, time in _scalars(one):
                times.append(time)
                if tag not in values or step >= values[tag][0]:
                    values[tag] = (step, value)
        if not values:
            raise DataError(f"{path}: the event files of this folder hold no scalar.")
        found = Tracked(
            path.parent.name, source_of(path, READER.name, further=files[1:]),
            metrics={tag: value for tag, (_, value) in values.items()},
            started=utc(min(times)), ended=utc(max(times)),
        )  # fmt: skip
        return runs_of_tracked(found, options)


def _scalars(path: Path) -> list[tuple[str, float, float, float]]:
    """(tag, step, value, time) of every scalar of an event file."""
    try:
        from tensorboard.compat.proto.event_pb2 import Event
        from tensorboard.compat.tensorflow_stub.pywrap_tensorflow import masked_crc32c
        from tensorboard.util import tensor_util
    except ImportError as error:
        raise missing_package("tensorboard", "tensorboard", f"{path}") from error
    found = []
    for raw in _records(path, masked_crc32c):
        try:
            event = Event.FromString(raw)
            for value in event.summary.value:
                told = _told(value, tensor_util)
                if told is not None:
                    found.append((str(value.tag), float(event.step), told, float(event.wall_time)))
        except Exception as error:  # of many kinds: what protobuf and its tensors raise on damage
            raise DataError(f"{path}: no sound event file of TensorBoard ({type(error).__name__}: {error}).") from error
    return found


def _records(path: Path, checksum: Callable[[bytes], int]) -> Iterator[bytes]:
    """The messages of an event file: length, its checksum, message, its checksum.

    TensorBoard's own reader takes damage for the end of what was written so far, and a value from before it for the
    last one.

    Raises:
        DataError: a checksum is another. A torn last record is what a run that was killed leaves: it is left out.
    """
    data = read_bytes(path)
    at = 0
    while at + 12 <= len(data):
        size, of_size = struct.unpack_from("<QI", data, at)
        if checksum(data[at : at + 8]) != of_size:
            raise _damaged(path, at)
        body = data[at + 12 : at + 12 + size]
        end = at + 16 + size
        if end > len(data):
            return
        if checksum(body) != int.from_bytes(data[end - 4 : end], "little"):
            raise _damaged(path, at)
        yield body
        at = end


def _damaged(path: Path, at: int) -> DataError:
    return DataError(f"{path}: the event file is damaged at byte {at:,}; fetch it again.")


def _told(value: Any, tensor_util: Any) -> float | None:
    """A scalar, in the old form or the new one; None where it is a histogram, an image or a text."""
    if value.HasField("simple_value"):
        return float(value.simple_value)
    if value.HasField("tensor") and value.metadata.plugin_data.plugin_name in ("scalars", ""):
        array = tensor_util.make_ndarray(value.tensor)
        return float(array) if array.ndim == 0 and array.dtype.kind in "fiu" else None
    return None


READER = TensorBoard()
