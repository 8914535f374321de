"""Tokenizers by name: bytes (no file), the RWKV world vocabulary, or a tokenizers JSON file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from evenhand.data.reading import check_file
from evenhand.errors import DataError

MOST_IDS = 1 << 20
"""No vocabulary is larger; a model of an id in the thousand millions would not fit any memory."""


class Tokenizer(Protocol):
    """Text to ids and back; id 0 ends a text and pads."""

    @property
    def size(self) -> int:
        """Number of ids."""

    def encode(self, text: str) -> list[int]:
        """Ids of a text, none of them 0."""

    def decode(self, ids: Sequence[int]) -> str:
        """Text of some ids; 0 and ids that it does not know are left out, broken UTF-8 becomes replacement characters.

        A model may know more ids than its tokenizer: released ones are padded to a round number.
        """


class ByteTokenizer:
    """Ids 1..256 are the bytes 0..255."""

    size = 257

    def encode(self, text: str) -> list[int]:
        """Ids of the UTF-8 bytes."""
        return [byte + 1 for byte in text.encode()]

    def decode(self, ids: Sequence[int]) -> str:
        """Text of the bytes."""
        return bytes(i - 1 for i in ids if 0 < i < self.size).decode("utf-8", errors="replace")


class FileTokenizer:
    """A tokenizers JSON file, its ids moved up by one so that 0 stays the end of a text."""

    def __init__(self, path: Path) -> None:
        try:
            import tokenizers
        except ImportError as error:
            raise DataError(f"{path} needs the package tokenizers: pip install tokenizers.") from error
        check_file(path)
        try:
            self._inner = tokenizers.Tokenizer.from_file(str(path))
            largest = max(self._inner.get_vocab().values(), default=-1)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # a panic of the library's Rust code derives from BaseException
            raise DataError(f"{path} is no tokenizers file: {str(error)[:300]}") from error
        if not 0 <= largest < MOST_IDS:
            raise DataError(f"{path}: its ids must lie within 0..{MOST_IDS - 1}; the largest is {largest}.")
        self.size = largest + 2

    def encode(self, text: str) -> list[int]:
        """Ids without the file's own special tokens."""
        return [i + 1 for i in self._inner.encode(text, add_special_tokens=False).ids]

    def decode(self, ids: Sequence[int]) -> str:
        """Text of the tokens."""
        return str(self._inner.decode([i - 1 for i in ids if 0 < i < self.size], skip_special_tokens=False))


class WorldTokenizer:
    """The vocabulary of released RWKV checkpoints."""

    size = 65536

    def __init__(self, path: Path) -> None:
        from evenhand_systems.rwkv7.tokenizer import WorldTokenizer as World

        self._inner = World.from_file(path)
        if self._inner.size > self.size:
            raise DataError(f"{path}: its ids end at {self._inner.size - 1}; released checkpoints know {self.size}.")

    def encode(self, text: str) -> list[int]:
        """Greedy longest match."""
        return list(self._inner.encode(text))

    def decode(self, ids: Sequence[int]) -> str:
        """Text of the tokens."""
        return str(self._inner.decode([i for i in ids if 0 < i < self._inner.size]))


def make_tokenizer(path: Path | None) -> Tokenizer:
    """Bytes where no file is given; ``.json`` is a tokenizers file, ``.txt`` the RWKV world vocabulary."""
    if path is None:
        return ByteTokenizer()
    if path.suffix == ".json":
        return FileTokenizer(path)
    if path.suffix == ".txt":
        return WorldTokenizer(path)
    raise DataError(f"{path} is no known vocabulary; expected a tokenizers .json or an RWKV vocabulary .txt.")
