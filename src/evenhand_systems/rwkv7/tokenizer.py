"""The RWKV "world" tokenizer: greedy longest match over a vocabulary file.

A line of the file is `<id> <Python literal of a str or bytes> <length in bytes>`; ids start at 1, and 0 ends a text.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from evenhand.data.reading import read_lines
from evenhand.errors import DataError, Fault, FaultsError
from evenhand_systems.rwkv7.kernel.compiling import compiled

END_OF_TEXT = 0
LARGEST_ID = 2**31 - 1
SHOWN_FAULTS = 20
_HASH = 0x9E3779B97F4A7C15  # odd 64-bit constant near 2^64 / golden ratio: spreads consecutive keys (Knuth, TAOCP 6.4)


class VocabularyError(FaultsError, DataError):
    """A vocabulary file that is damaged; names the lines."""


class WorldTokenizer:
    """Greedy longest match: at each place the longest vocabulary entry that fits.

    Args:
        entries: the byte string of every id. All 256 single bytes must be among them, so that any input has tokens.

    Raises:
        TypeError: something else than entries, such as the path of a file.
        VocabularyError: a byte without token.
    """

    def __init__(self, entries: dict[int, bytes]) -> None:
        if not isinstance(entries, dict):
            raise TypeError(
                f"WorldTokenizer: expected the bytes of every id as a dict, found {type(entries).__name__}. "
                "A vocabulary file is read by WorldTokenizer.from_file(path)."
            )
        missing = sorted({bytes([b]) for b in range(256)} - set(entries.values()))
        if missing:
            raise VocabularyError("vocabulary", [Fault(repr(b), "this byte has no token of its own") for b in missing])
        self._entries = entries
        self._keys, self._children, self._ids = _trie(entries)

    @classmethod
    def from_file(cls, path: str | Path) -> WorldTokenizer:
        """Read a vocabulary file.

        Raises:
            DataError: the file is missing or no text.
            VocabularyError: lines that do not parse, lengths that do not agree, ids given twice, bytes without token.
        """
        path = Path(path)
        if not path.exists():
            raise DataError(
                f"{path}: expected an RWKV vocabulary file, found nothing. Give the path of rwkv_vocab_v20230424.txt."
            )
        lines = read_lines(path)
        entries: dict[int, bytes] = {}
        faults: list[Fault] = []
        for number, line in enumerate(lines, start=1):
            try:
                token, content = _parsed(line)
                if token in entries:
                    raise ValueError(f"id {token} is given twice")
                entries[token] = content
            except (ValueError, SyntaxError, MemoryError, RecursionError) as error:  # of the literal's parser
                faults.append(Fault(f"{path}:{number}", f"{str(error)[:200]}, found {line[:60]!r}"))
        if faults:
            hidden = len(faults) - SHOWN_FAULTS
            more = [Fault(str(path), f"{hidden} further lines are damaged")] if hidden > 0 else []
            raise VocabularyError("vocabulary file", [*faults[:SHOWN_FAULTS], *more])
        try:
            return cls(entries)
        except VocabularyError as error:
            raise VocabularyError(f"vocabulary {path}", error.faults[:SHOWN_FAULTS]) from error

    @property
    def size(self) -> int:
        """One more than the largest id (ids that no entry has, such as 0, are counted)."""
        return max(self._entries) + 1

    def encode(self, text: str) -> list[int]:
        """Token ids of a text's UTF-8 bytes."""
        return self.encode_bytes(text.encode("utf-8"))

    def encode_bytes(self, content: bytes) -> list[int]:
        """Token ids of any bytes."""
        source = np.frombuffer(content, np.uint8)
        out = np.empty(len(content), np.int32)
        count = _encode(source, self._keys, self._children, self._ids, out)
        tokens: list[int] = out[:count].tolist()
        return tokens

    def decode(self, tokens: Iterable[int]) -> str:
        """The text of token ids; bytes that are no UTF-8 become U+FFFD, the end of text becomes nothing."""
        return self.decode_bytes(tokens).decode("utf-8", errors="replace")

    def decode_bytes(self, tokens: Iterable[int]) -> bytes:
        """The bytes of token ids; the end of text has none.

        Raises:
            DataError: an id that the vocabulary does not have.
        """
        try:
            return b"".join(self._entries[token] for token in tokens if token != END_OF_TEXT)
        except KeyError as error:
            raise DataError(f"token id {error} is not in the vocabulary, whose ids end at {self.size - 1}") from None


def _parsed(line: str) -> tuple[int, bytes]:
    first, last = line.find(" "), line.rfind(" ")
    if not 0 < first < last or not line[:first].isdigit() or not line[last + 1 :].isdigit():
        raise ValueError("expected '<id> <literal> <length>'")
    literal = ast.literal_eval(line[first + 1 : last])
    content = literal.encode("utf-8") if isinstance(literal, str) else literal
    if not isinstance(content, bytes) or not content:
        raise ValueError("expected a non-empty str or bytes literal")
    if len(content) != int(line[last + 1 :]):
        raise ValueError(f"expected {len(content)} bytes as the literal has")
    token = int(line[:first])
    if token > LARGEST_ID:
        raise ValueError(f"an id must be at most {LARGEST_ID}")
    if token == END_OF_TEXT:
        raise ValueError("id 0 is kept for the end of text")
    return token, content


def _trie(entries: dict[int, bytes]) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int32]]:
    """The entries as a trie in a hash table: edge (node * 256 + byte) -> child, and each node's token id (0: none)."""
    edges: dict[int, int] = {}
    ids = [0]
    for token, content in entries.items():
        node = 0
        for byte in content:
            edge = node << 8 | byte
            child = edges.get(edge)
            if child is None:
                child = edges[edge] = len(ids)
                ids.append(0)
            node = child
        ids[node] = token
    slots = 1 << (2 * len(edges) - 1).bit_length()
    keys, children = np.full(slots, -1, np.int64), np.zeros(slots, np.int32)
    _fill(np.fromiter(edges, np.int64), np.fromiter(edges.values(), np.int32), keys, children)
    return keys, children, np.array(ids, np.int32)


@compiled
def _slot(keys, edge):  # type: ignore[no-untyped-def]
    """Where `edge` stands, or would stand, in an open-addressing table whose size is a power of two."""
    mask = keys.size - 1
    slot = np.int64((np.uint64(edge) * np.uint64(_HASH)) >> np.uint64(32)) & mask
    while keys[slot] not in (-1, edge):
        slot = (slot + 1) & mask
    return slot


@compiled
def _fill(edges, nodes, keys, children):  # type: ignore[no-untyped-def]
    for index in range(edges.size):
        slot = _slot(keys, edges[index])
        keys[slot] = edges[index]
        children[slot] = nodes[index]


@compiled
def _encode(source, keys, children, ids, out):  # type: ignore[no-untyped-def]
    """Greedy longest match; returns the number of tokens written to `out`."""
    count = at = 0
    while at < source.size:
        node, place, end, token = 0, at, at, 0
        while place < source.size:
            slot = _slot(keys, node * 256 + source[place])
            if keys[slot] == -1:
                break
            node = children[slot]
            place += 1
            if ids[node] > 0:
                end, token = place, ids[node]
        out[count] = token
        count += 1
        at = end
    return count
