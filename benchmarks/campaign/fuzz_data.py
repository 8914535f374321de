"""Damaged files for the readers of Future-Seed's data, RWKV-7 checkpoints and Lyapunov certificates.

Part of ``make campaign``: each reader meets new mutations of a small sound file until its share of the time is spent.
Held is an attack that the reader answers with an error of evenhand naming the file, or by reading what is still sound.
"""

from __future__ import annotations

import gzip
import hashlib
import itertools
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import torch

from benchmarks.campaign.rows import Row
from evenhand.data.records import read_file
from evenhand.errors import Diverged, EvenhandError
from evenhand_systems.future_seed.tasks import structure, sudoku
from evenhand_systems.future_seed.text import arc, hotpot, mbpp, punctuation
from evenhand_systems.future_seed.text.chains import read_chains
from evenhand_systems.future_seed.text.tokenizers import FileTokenizer
from evenhand_systems.lyapunov.certificates import certifier
from evenhand_systems.lyapunov.certificates.form import verified
from evenhand_systems.lyapunov.networks import network
from evenhand_systems.lyapunov.numbers.evaluation_set import read_csv as read_evaluation_set
from evenhand_systems.lyapunov.numbers.features import FeatureSpec
from evenhand_systems.lyapunov.potentials.potential import load_potential, zero_potential
from evenhand_systems.rwkv7 import RWKV7, RWKV7Config, WorldTokenizer, load_checkpoint, save_checkpoint
from tests.mutations import json_mutations, mutations

AREA = "fuzz"
BATCH = 100
PUZZLE = "53..7....6..195....98....6.8...6...34..8.3..17...2...6.6....28....419..5....8..79"
SOLUTION = "534678912672195348198342567859761423426853791713924856961537284287419635345286179"
ARC = [
    {"id": f"q{i}", "question": f"Which is {i}?", "choices": ["a", "b", "c"], "answer_index": i % 3} for i in range(6)
]
HUB_ARC = [
    {
        "id": f"q{i}",
        "question": f"Which is {i}?",
        "choices": {"text": ["a", "b"], "label": ["1", "2"]},
        "answerKey": "2",
    }
    for i in range(6)
]
HOTPOT = [
    {
        "_id": f"h{i}",
        "question": f"Where is {i}?",
        "answer": f"in town {i}",
        "context": [[f"Town {i}", ["It is, however, a town.", " It lies north."]], ["Other", ["Nothing, or so."]]],
        "supporting_facts": [[f"Town {i}", 0]],
    }
    for i in range(4)
]
MBPP = [
    {
        "task_id": i,
        "text": f"Add {i}.",
        "code": f"def f(x):\n    return x + {i}",
        "test_list": [f"assert f(1) == {1 + i}"],
    }
    for i in range(4)
]


@dataclass(frozen=True)
class Target:
    """A reader under attack: its name, the damaged file's name, how it is read, and what it is made of."""

    what: str
    name: str
    read: Callable[[Path], object]
    damaged: Callable[[int], Iterator[bytes]]


def targets(folder: Path) -> list[Target]:
    """All readers of this part, their sound files made in ``folder``."""
    return [*_tables(folder), *_questions(), *_structures(folder), *_models(folder), *_certificates(folder)]


def campaign(folder: Path, seconds: float, seed: int) -> list[Row]:
    """Attack every reader for an equal share of the time.

    Args:
        folder: empty, for the files.
        seconds: for all readers together; each meets at least one batch of mutations.
        seed: other seeds give other mutations.
    """
    chosen = targets(folder)
    end = time.monotonic() + seconds
    rows = []
    for number, target in enumerate(chosen):
        share = max(0.0, end - time.monotonic()) / (len(chosen) - number)
        rows.append(attack(target, folder / f"attack{number}", time.monotonic() + share, seed))
    return rows


def attack(target: Target, folder: Path, until: float, seed: int) -> Row:
    """Mutations of one file until the time is up; the first ones that are not held are told in the note."""
    folder.mkdir()
    path = folder / target.name
    tried = refused = read = 0
    faults: list[str] = []
    for batch in itertools.count():
        for content in target.damaged(seed * 10_000 + batch):
            path.write_bytes(content)
            tried += 1
            try:
                target.read(path)
                read += 1
            except Diverged:  # what a program reports so is a result
                read += 1
            except EvenhandError as error:
                refused += 1
                if path.name not in str(error):
                    faults.append(f"no file named: {str(error)[:80]}")
            except Exception as error:
                faults.append(f"{type(error).__name__}: {str(error)[:80]}")
        if time.monotonic() >= until:
            break
    note = f"{refused} refused, {read} read"
    return Row(AREA, target.what, tried, tried - len(faults), "; ".join([note, *faults[:3]]))


def bytes_of(sound: bytes) -> Callable[[int], Iterator[bytes]]:
    """Seed to mutations of these bytes."""
    return lambda seed: mutations(sound, BATCH, seed)


def json_of(document: object, lines: bool = False) -> Callable[[int], Iterator[bytes]]:
    """Half the mutations on bytes, half on values; as one document or a line for each record."""

    def form(value: object) -> bytes:
        if lines and isinstance(value, list):
            return "".join(json.dumps(row) + "\n" for row in value).encode()
        return json.dumps(value).encode()

    def damaged(seed: int) -> Iterator[bytes]:
        yield from mutations(form(document), BATCH // 2, seed)
        yield from (form(json.loads(content)) for content in json_mutations(document, BATCH // 2, seed))

    return damaged


def _tables(folder: Path) -> list[Target]:
    grid = f"puzzle,solution\n{PUZZLE},{SOLUTION}\n{PUZZLE},{SOLUTION}\n".encode()
    proteins = b"id,sequence,labels,split\na,ACDEF,CCHHE,train\nb,GHIKL,CHECC,test\n"
    numbers = b"n,T(n),growth,stopping_time,maximum,weight\n27,41,1,,,\n7,11,1,5,52,\n97,73,0,,,\n"
    fasta = {
        "sequences": b">a\nACDEF\n>b\nGHIKL\n",
        "labels": b">a SET=train VALIDATION=False\nCCHHE\n>b SET=test VALIDATION=False\nCHECC\n",
        "mask": b">a\n11111\n>b\n01111\n",
    }
    for name, content in fasta.items():
        (folder / f"{name}.fasta").write_bytes(content)

    def triple(which: str) -> Callable[[Path], object]:
        def read(path: Path) -> object:
            files = [path if name == which else folder / f"{name}.fasta" for name in fasta]
            return structure.read_triple(*files)

        return read

    return [
        Target("sudoku CSV", "puzzles.csv", lambda path: sudoku.from_csv(path, (1, 20)), bytes_of(grid)),
        Target("protein CSV", "proteins.csv", structure.read_csv, bytes_of(proteins)),
        Target("evaluation set CSV", "set.csv", read_evaluation_set, bytes_of(numbers)),
        *(Target(f"FASTA of {name}", f"{name}.fasta", triple(name), bytes_of(text)) for name, text in fasta.items()),
    ]


def _questions() -> list[Target]:
    def examples(make: Callable[..., object], *further: object) -> Callable[[Path], object]:
        return lambda path: make(read_file(path), path.name, *further)

    text = b"He came, he saw.\nNothing, or so it seemed, was left.\n"
    return [
        Target("ARC lines", "arc.jsonl", examples(arc.arc_examples), json_of(ARC, lines=True)),
        Target("ARC of the hub", "arc.json", examples(arc.arc_examples), json_of(HUB_ARC)),
        Target("HotpotQA", "hotpot.json", examples(hotpot.hotpot_examples), json_of(HOTPOT)),
        Target("MBPP lines", "mbpp.jsonl", examples(mbpp.mbpp_examples, 0, True), json_of(MBPP, lines=True)),
        Target("sentences of HotpotQA", "text.json", _sentences, json_of(HOTPOT)),
        Target("sentences of a text", "text.txt", _sentences, bytes_of(text)),
    ]


def _sentences(path: Path) -> object:
    return punctuation.sentences(read_file(path), 5, 160, path.name)


def _structures(folder: Path) -> list[Target]:
    import gemmi

    atoms = "".join(
        f"ATOM  {i:5d}  CA  ALA A{i:4d}    {3.8 * i:8.3f}{0:8.3f}{0:8.3f}  1.00  0.00           C\n"
        for i in range(1, 7)
    )
    pdb = folder / "sound.pdb"
    pdb.write_text(atoms + "TER       7      ALA A   6\nEND\n")
    model = gemmi.read_structure(str(pdb))
    model.setup_entities()
    model.assign_label_seq_id()
    model.make_mmcif_document().write_file(str(folder / "sound.cif"))
    cif = (folder / "sound.cif").read_bytes()

    def read(path: Path) -> object:
        return read_chains(path.parent, (), 10**9)

    return [
        Target("PDB file", "one.pdb", read, bytes_of(pdb.read_bytes())),
        Target("mmCIF file", "one.cif", read, bytes_of(cif)),
        Target("mmCIF file, compressed", "one.cif.gz", read, bytes_of(gzip.compress(cif, mtime=0))),
    ]


def _models(folder: Path) -> list[Target]:
    model = RWKV7(
        RWKV7Config(layers=1, width=16, head_size=8, vocabulary=8), generator=torch.Generator().manual_seed(0)
    )
    made = []
    for suffix in (".pth", ".safetensors"):
        save_checkpoint(model, folder / f"sound{suffix}")
        content = bytes_of((folder / f"sound{suffix}").read_bytes())
        made.append(Target(f"RWKV-7 checkpoint {suffix}", f"model{suffix}", load_checkpoint, content))
    lines = "".join(f"{i + 1} {bytes([i])!r} 1\n" for i in range(256)) + "257 'ab' 2\n"
    made.append(Target("RWKV vocabulary", "vocabulary.txt", WorldTokenizer.from_file, bytes_of(lines.encode())))
    tokenizer = {
        "version": "1.0", "truncation": None, "padding": None, "added_tokens": [], "normalizer": None,
        "pre_tokenizer": {"type": "Whitespace"}, "post_processor": None, "decoder": None,
        "model": {"type": "WordLevel", "vocab": {"a": 0, "b": 1, "[UNK]": 2}, "unk_token": "[UNK]"},
    }  # fmt: skip
    made.append(Target("tokenizers file", "tokenizer.json", FileTokenizer, json_of(tokenizer)))
    network.save_checkpoint(network.LyapunovNetwork(FeatureSpec(5, ("log", "valuations")), (8,)), folder / "net.pt")
    net = bytes_of((folder / "net.pt").read_bytes())
    return [*made, Target("Lyapunov network", "net.pt", network.load_checkpoint, net)]


def _certificates(folder: Path) -> list[Target]:
    potential, certificate = folder / "v.json.gz", folder / "c.jsonl"
    zero_potential(2).save(potential)
    certifier.certify(potential, certificate, cutoff=64, max_exponent=6)
    header, rest = certificate.read_text().split("\n", 1)
    text = gzip.decompress(potential.read_bytes())

    def check_signed(path: Path) -> object:
        """The certificate is made to name the damaged potential, so that the checker reads on."""
        signed = path.with_name(f"of-{path.name}.jsonl")
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        signed.write_text(json.dumps(json.loads(header) | {"model_sha256": digest}) + "\n" + rest)
        return verified(signed, path)

    def repacked(seed: int) -> Iterator[bytes]:
        return (gzip.compress(content, mtime=0) for content in mutations(text, BATCH, seed))

    compressed = bytes_of(gzip.compress(certificate.read_bytes(), mtime=0))
    return [
        Target("certificate", "c.jsonl", lambda path: verified(path, potential), bytes_of(certificate.read_bytes())),
        Target("certificate, compressed", "c.jsonl.gz", lambda path: verified(path, potential), compressed),
        Target("potential, read", "v.json.gz", load_potential, repacked),
        Target("potential, under a certificate", "v.json.gz", check_signed, repacked),
    ]
