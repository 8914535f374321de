"""From packages to a corpus: a tokenizer of its own, ids to learn from, texts that are held out, and the licences."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from evenhand.data.reading import read_json
from evenhand.errors import DataError
from evenhand.files import file_hash, write_text
from evenhand_systems.rwkv7.small.packages import Package, Say, unpack
from evenhand_systems.rwkv7.small.plain import texts

if TYPE_CHECKING:
    from tokenizers import Tokenizer

HELD_OUT = 64
"""One text in so many is held out, by a hash of its name."""
FOR_TOKENIZER = 8
"""One text in so many is what the tokenizer is made from."""
PIECE = 2048
"""Bytes of a held-out text that are scored, from its beginning."""
END = 0
"""The id that ends a text; the tokenizer's own ids are moved up by one."""
Ids = NDArray[np.uint16]


@dataclass(frozen=True)
class Piece:
    """A held-out text.

    Attributes:
        source: the package that it stands in.
        text: its first some two thousand bytes.
    """

    source: str
    text: str


@dataclass(frozen=True)
class Corpus:
    """What is learned and what is held out.

    Attributes:
        folder: where it stands: ``ids.npy``, ``held_out.json``, ``tokenizer.json``, ``LICENCES.txt``, ``corpus.json``.
        ids: of all texts, each after ``END``.
        facts: bytes and texts by package, the files' hashes.
    """

    folder: Path
    ids: Ids
    facts: dict[str, Any]

    def pieces(self) -> list[Piece]:
        """Held-out texts, those of all packages mixed, in an order that their hashes give."""
        return [Piece(**one) for one in read_json(self.folder / "held_out.json")]

    @property
    def sha256(self) -> str:
        """Of all that is learned and held out, 64 hex digits."""
        names = ("held_out.json", "ids.npy", "tokenizer.json")
        return hashlib.sha256("".join(file_hash(self.folder / name) for name in names).encode()).hexdigest()


def read_corpus(folder: Path) -> Corpus | None:
    """A corpus that was made before; None where there is none that was finished."""
    if not (folder / "corpus.json").is_file():
        return None
    facts = read_json(folder / "corpus.json")
    for name, digest in facts["files"].items():
        if not (folder / name).is_file() or file_hash(folder / name) != digest:
            raise DataError(f"{folder / name} is not as it was written: remove {folder} and train again.")
    return Corpus(folder, np.load(folder / "ids.npy"), facts)


def make_corpus(files: Sequence[tuple[Package, Path]], folder: Path, vocabulary: int, say: Say) -> Corpus:
    """Read all texts, learn a tokenizer, and write the corpus; ``corpus.json`` comes last.

    Args:
        files: packages and their files.
        folder: where it goes.
        vocabulary: ids of the model, the end of a text among them.
        say: told what is going on.

    Raises:
        DataError: a package is damaged.
    """
    folder.mkdir(parents=True, exist_ok=True)
    found = [(package, name, text) for package, file in files for name, text in _read(package, file, folder)]
    learned = [one for one in found if not _chosen(one, HELD_OUT)]
    say(f"Learning {vocabulary - 1} tokens from {len(learned)} texts ...")
    tokenizer = _learned([one[2] for one in learned if _chosen(one, FOR_TOKENIZER)], vocabulary - 1)
    tokenizer.save(str(folder / "tokenizer.json"))
    np.save(folder / "ids.npy", _ids(tokenizer, [one[2] for one in learned]))
    held = sorted((one for one in found if _chosen(one, HELD_OUT)), key=_digest)
    pieces = [{"source": package.name, "text": _beginning(text)} for package, _, text in held]
    write_text(folder / "held_out.json", json.dumps(pieces, ensure_ascii=False))
    names = ("LICENCES.txt", "held_out.json", "ids.npy", "tokenizer.json")
    facts: dict[str, Any] = {
        "packages": {
            package.name: {
                "version_known": package.version, "sha256": file_hash(file), "licence": package.licence,
                "texts": sum(one[0] is package for one in found),
                "bytes": sum(len(one[2].encode()) for one in found if one[0] is package),
            }
            for package, file in files
        },
    }  # fmt: skip
    write_text(folder / "LICENCES.txt", _licences(files, folder))
    facts["files"] = {name: file_hash(folder / name) for name in names}
    write_text(folder / "corpus.json", json.dumps(facts, indent=2))
    made = read_corpus(folder)
    assert made is not None
    return made


def _read(package: Package, file: Path, folder: Path) -> list[tuple[str, str]]:
    """A package's texts; what its authors say of their rights is kept beside them."""
    with tempfile.TemporaryDirectory(dir=folder) as root:
        unpack(file, Path(root))
        rights = Path(root, "usr/share/doc", package.name, "copyright")
        if not rights.is_file():
            raise DataError(f"{file} holds no usr/share/doc/{package.name}/copyright: its licence is not known.")
        write_text(folder / f"copyright.{package.name}", rights.read_text(encoding="utf-8", errors="replace"))
        return list(texts(Path(root), package.pattern, package.kind))


def _licences(files: Sequence[tuple[Package, Path]], folder: Path) -> str:
    parts = ["The text that this model learned comes from these packages of Debian:\n"]
    parts += [f"{package.name} ({file.name}, sha256 {file_hash(file)}): {package.licence}\n" for package, file in files]
    for package, _ in files:
        kept = folder / f"copyright.{package.name}"
        parts.append(f"\n{'=' * 20} {package.name}\n{kept.read_text(encoding='utf-8')}")
        kept.unlink()
    return "".join(parts)


def _digest(one: tuple[Package, str, str]) -> bytes:
    return hashlib.sha256(f"{one[0].name}\0{one[1]}".encode()).digest()


def _chosen(one: tuple[Package, str, str], among: int) -> bool:
    """One text in so many; which of them depends on the number too."""
    place = 0 if among == HELD_OUT else 8
    return int.from_bytes(_digest(one)[place : place + 8], "big") % among == 0


def _beginning(text: str) -> str:
    return text.encode()[:PIECE].decode("utf-8", errors="ignore")


def _learned(sample: Sequence[str], size: int) -> Tokenizer:
    """Byte pairs, digits one by one (positions in a text must be counted), so that every text has ids."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=size, initial_alphabet=alphabet, show_progress=False)
    tokenizer.train_from_iterator(sample, trainer)
    return tokenizer


def _ids(tokenizer: Tokenizer, learned: Sequence[str]) -> Ids:
    parts: list[Ids] = []
    for start in range(0, len(learned), 256):
        for one in tokenizer.encode_batch(list(learned[start : start + 256]), add_special_tokens=False):
            parts.append(np.asarray([END, *(i + 1 for i in one.ids)], dtype=np.uint16))
    return np.concatenate(parts)
