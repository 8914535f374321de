"""The errors of evenhand: each says what was expected, what was found, where, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


def counted(number: int, one: str, many: str = "") -> str:
    """A number with what it counts, as people write it: ``1 table``, ``2 tables``, ``1,000 tables``.

    Args:
        number: how many.
        one: the word for a single one.
        many: the word for several, where it does not only take an s.
    """
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def shortened(value: object, most: int = 60) -> str:
    """A value for a sentence, as Python writes it, cut short."""
    try:
        words = repr(value)
    except (ValueError, RecursionError):
        return f"a {type(value).__name__} that is too large to show"
    return words if len(words) <= most else f"{words[: most - 3]}..."


def closest(word: str, known: Iterable[str]) -> str:
    """The known word that is most like one that is not known; empty where none is near."""
    import difflib  # here: only who has erred needs it

    found = difflib.get_close_matches(word, list(known), n=1, cutoff=0.7)
    return found[0] if found else ""


def meant(word: str, known: Iterable[str]) -> str:
    """``; did you mean 'seed'?`` for a word that is like a known one, or nothing."""
    found = closest(word, known)
    return f"; did you mean '{found}'?" if found else ""


class EvenhandError(Exception):
    """Base of all errors that evenhand raises on purpose.

    The message is one or more full sentences: what was expected, what was found, where (file, key, record), the cure.
    """


@dataclass(frozen=True)
class Fault:
    """One thing wrong with an input that can have many: where it stands and what to do.

    Attributes:
        place: file with line, key path or record id, e.g. ``claims/x.toml:12 (arm[1].role)``.
        message: what was expected, what was found, and the cure.
    """

    place: str
    message: str

    def __str__(self) -> str:
        return f"{self.place}: {self.message}"


class FaultsError(EvenhandError):
    """Several faults of one input, reported together so that they can be mended together."""

    def __init__(self, what: str, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__(
            "\n".join([f"{what}: {counted(len(self.faults), 'fault')}", *(f"  {fault}" for fault in self.faults)])
        )


class ClaimError(FaultsError):
    """A claim file that cannot be run as it stands."""


class SettingsError(FaultsError):
    """Settings that a recipe or a command refuses."""


class RecipeError(EvenhandError):
    """A recipe that cannot be found or imported, or that breaks the recipe contract."""


class ProbeEnded(EvenhandError):
    """A trial that only tries what fits into memory has tried it: its optimiser has stepped twice."""


class ServerGone(EvenhandError):
    """The process that starts trials was killed or broke down: nobody's input is wrong, and the run can go on."""


class Cancelled(EvenhandError):
    """A run that somebody cancelled from elsewhere; what had ended by then is in the ledger."""


class DataError(EvenhandError):
    """Data that are missing, damaged or too few; names the file, the counts and the setting to change."""


class Diverged(EvenhandError):
    """The training left the finite numbers. Raised by recipes; the only failure that says something about the model."""


class LedgerError(EvenhandError):
    """The ledger cannot be read or written as it stands; names the segment and the record."""


class StatisticsError(EvenhandError, ValueError):
    """Arrays of the wrong shape or content handed to a statistical procedure."""
