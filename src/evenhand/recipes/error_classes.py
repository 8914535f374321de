"""The class of an exception: a machine's failure told from an idea's failure; and what to do about each."""

from __future__ import annotations

import errno
import traceback

from evenhand.errors import DataError, Diverged
from evenhand.recipes.outcome import FailureClass

OUT_OF_MEMORY = ("out of memory", "can't allocate memory", "not enough memory", "cannot allocate memory")
_NETWORK_MODULES = ("requests.", "urllib3.", "httpx", "httpcore", "huggingface_hub.")
_DISK = {errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS, errno.EFBIG}
UNWRITTEN = ("no space left on device", "disk quota exceeded", "basic_ios::clear: iostream error")
"""What writers in compiled code say where the system would have given a number; the last is torch's."""

ADVICE: dict[FailureClass, str] = {
    "infrastructure": "The machine or the network failed, not the idea. Run the same command again when it is mended.",
    "resource": "Memory ran out. Lower the batch size or length, use fewer --jobs, or raise limits.memory_gib.",
    "data": "The data are missing, damaged or too few. Mend the path or the counts that the message names.",
    "timeout": "The trial ran past limits.seconds, or past the minutes that its job had asked for. Raise what it ran "
    "past or lower the budget, for all arms alike; a recipe that saves checkpoints goes on in another job.",
    "code": "The recipe raised an error. Mend it (or the settings) and run the same command again; where other trials "
    "have results and the claim or the recipe's own file had to be changed, that asks for --amend.",
    "diverged": "Training left the finite numbers: a result about this arm, not a failure of the machine.",
}
"""What to do about a failure of each class, for people."""


def classify(error: BaseException) -> FailureClass:
    """The class of an exception that a recipe raised; its causes are looked at too."""
    seen: BaseException | None = error
    while seen is not None:
        kind = _classify_one(seen)
        if kind is not None:
            return kind
        seen = seen.__cause__ or (None if seen.__suppress_context__ else seen.__context__)
    return "code"


def _classify_one(error: BaseException) -> FailureClass | None:
    if isinstance(error, Diverged):
        return "diverged"
    if isinstance(error, DataError):
        return "data"
    text = str(error).lower()
    if isinstance(error, MemoryError) or any(words in text for words in OUT_OF_MEMORY):
        return "resource"
    if isinstance(error, OSError) and error.errno == errno.ENOMEM:
        return "resource"
    return "infrastructure" if _is_infrastructure(error) else None


def _is_infrastructure(error: BaseException) -> bool:
    """Network, hub and disk: nothing that the recipe or the idea could help."""
    module = type(error).__module__ + "."
    if isinstance(error, ConnectionError | TimeoutError) or module.startswith(_NETWORK_MODULES):
        return True
    return disk_refused(error) or damaged_bytecode(error) is not None


def damaged_bytecode(error: BaseException) -> str | None:
    """The compiled file of a module that Python could not read, where it is that: a full disk cuts such files short.

    Python does not notice when it writes one, and every later import of the module fails until the file is deleted.
    """
    if not isinstance(error, EOFError | ValueError | TypeError):
        return None
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    if not frames or not frames[-1].f_code.co_filename.startswith("<frozen importlib"):
        return None
    path = frames[-1].f_locals.get("bytecode_path")
    return path if isinstance(path, str) else None


def disk_refused(error: BaseException) -> bool:
    """Whether the disk is full or will not be written.

    Compiled writers tell it in words and without a number: torch by the place in its archive that it did not reach,
    safetensors by the system's number in brackets.
    """
    if isinstance(error, OSError) and error.errno in _DISK:
        return True
    text = str(error).lower()
    if "inline_container" in text and "unexpected pos" in text:
        return True
    return any(words in text for words in UNWRITTEN) or any(f"(os error {number})" in text for number in _DISK)
