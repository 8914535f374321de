"""The tokenizer against the package `rwkv`'s, on every text at hand and on random bytes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from evenhand.errors import DataError
from evenhand_systems.rwkv7 import VocabularyError, WorldTokenizer

DATA = Path(__file__).resolve().parents[4] / "shared" / "data"
VOCABULARY = DATA / "rwkv_vocab" / "rwkv_vocab_v20230424.txt"
BYTES = {i + 1: bytes([i]) for i in range(256)}
needs_vocabulary = pytest.mark.skipif(not VOCABULARY.is_file(), reason=f"needs {VOCABULARY.name} in shared/data")


@pytest.fixture(scope="module")
def tokenizer() -> WorldTokenizer:
    return WorldTokenizer.from_file(VOCABULARY)


@pytest.fixture(scope="module")
def oracle() -> Any:
    module = pytest.importorskip("rwkv.rwkv_tokenizer")
    return module.TRIE_TOKENIZER(str(VOCABULARY))


def small(*longer: bytes) -> WorldTokenizer:
    return WorldTokenizer(BYTES | {300 + i: entry for i, entry in enumerate(longer)})


def test_the_longest_entry_wins_even_where_a_shorter_one_would_fit_better_later() -> None:
    tokenizer = small(b"ab", b"abcd", b"cde")
    assert tokenizer.encode("abcde") == [301, ord("e") + 1]
    assert tokenizer.encode("abcx") == [300, ord("c") + 1, ord("x") + 1]


def test_a_path_for_entries_is_refused_with_the_way_to_read_a_file() -> None:
    for path in ("vocabulary.txt", Path("vocabulary.txt")):
        with pytest.raises(TypeError, match=r"expected the bytes of every id.*WorldTokenizer\.from_file\(path\)"):
            WorldTokenizer(path)  # type: ignore[arg-type]


def test_an_empty_text_has_no_tokens() -> None:
    assert small().encode("") == []
    assert small().decode([]) == ""


def test_decoding_leaves_the_end_of_text_out_and_replaces_broken_utf8() -> None:
    tokenizer = small()
    assert tokenizer.decode([*tokenizer.encode("é"), 0]) == "é"
    assert tokenizer.decode(tokenizer.encode("é")[:1]) == "\ufffd"
    with pytest.raises(DataError, match="999"):
        tokenizer.decode([999])


@needs_vocabulary
def test_tokens_equal_the_packages_on_all_texts_at_hand(tokenizer: WorldTokenizer, oracle: Any) -> None:
    texts = [p for p in sorted(DATA.rglob("*")) if p.suffix in {".jsonl", ".json", ".txt", ".fasta", ".csv"}]
    assert len(texts) > 10
    for path in texts:
        content = path.read_bytes()
        tokens = tokenizer.encode_bytes(content)
        assert tokenizer.decode_bytes(tokens) == content
        whole = content[:100_000]  # the package's own takes seconds per megabyte
        assert tokenizer.encode_bytes(whole) == oracle.encodeBytes(whole), path.name


@needs_vocabulary
def test_tokens_equal_the_packages_on_random_bytes(tokenizer: WorldTokenizer, oracle: Any) -> None:
    rng = np.random.default_rng(0)
    for alphabet in (256, 128, 4):
        content = (rng.integers(0, alphabet, 20_000) + (0 if alphabet > 4 else 32)).astype(np.uint8).tobytes()
        assert tokenizer.encode_bytes(content) == oracle.encodeBytes(content)


@needs_vocabulary
def test_the_released_vocabulary_has_65529_entries(tokenizer: WorldTokenizer) -> None:
    assert tokenizer.size == 65530


def lines(**changed: str) -> str:
    """A whole vocabulary file of single bytes, some lines replaced."""
    entries = [f"{i} {b!r} {len(b)}" for i, b in BYTES.items()]
    for number, line in changed.items():
        entries[int(number[1:]) - 1] = line
    return "\n".join(entries) + "\n"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (lines(_5="5 b'\\x04' 2"), r":5: expected 1 bytes"),
        (lines(_7="7 b'\\x06"), r":7: "),
        (lines(_9="nine b'\\x08' 1"), r":9: expected '<id> <literal> <length>'"),
        (lines(_9="8 b'\\x08' 1"), r":9: id 8 is given twice"),
        (lines(_9="9 __import__('os') 1"), r":9: "),
        (lines(_9="0 b'\\x08' 1"), r":9: id 0 is kept"),
        (lines(_3="3 'xyz' 3"), r"b'\\x02': this byte has no token"),
        (lines(_5="5 b'\\x04' 2", _200="x"), "2 faults"),
        (lines()[:700], "this byte has no token"),
    ],
)
def test_a_damaged_vocabulary_names_its_lines(content: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "vocabulary.txt"
    path.write_text(content)
    with pytest.raises(VocabularyError, match=message):
        WorldTokenizer.from_file(path)


def test_a_vocabulary_of_single_bytes_is_enough(tmp_path: Path) -> None:
    path = tmp_path / "vocabulary.txt"
    path.write_text(lines())
    assert WorldTokenizer.from_file(path).encode("hi") == [ord("h") + 1, ord("i") + 1]


def test_a_missing_vocabulary_says_which_file_to_give(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="rwkv_vocab_v20230424"):
        WorldTokenizer.from_file(tmp_path / "absent.txt")


def test_a_vocabulary_that_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "vocabulary.txt"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DataError, match="UTF-8"):
        WorldTokenizer.from_file(path)
