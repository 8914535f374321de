"""What data the tasks of Future-Seed need: where to find them and whether what is there is sound."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from evenhand.data.records import read_file
from evenhand.data.requirements import DataRequirement
from evenhand.errors import DataError
from evenhand_systems.future_seed.text import arc, hotpot, mbpp, punctuation
from evenhand_systems.future_seed.text.examples import Example

SYSTEM = "future_seed"


def _examples(make: Callable[..., Sequence[Example]], *further: object) -> Callable[[Path], str]:
    def check(path: Path) -> str:
        return f"{len(make(read_file(path), path.name, *further))} examples"

    return check


def _check_structure(path: Path) -> str:
    from evenhand_systems.future_seed.tasks.structure import read_triple

    proteins = read_triple(path / "sequences.fasta", path / "sampled.fasta", path / "mask.fasta")
    counts = {split: sum(p.split == split for p in proteins) for split in ("train", "validation", "test")}
    return ", ".join(f"{count} {split}" for split, count in counts.items()) + " proteins"


def _check_chains(path: Path) -> str:
    from evenhand_systems.future_seed.text.chains import read_chains

    chains = read_chains(path, (), 10**9)
    return f"{len(chains)} protein chains of {min(map(len, chains))} to {max(map(len, chains))} residues"


def _check_sudoku(path: Path) -> str:
    from evenhand_systems.future_seed.tasks.sudoku import from_csv

    return f"{len(from_csv(path, (1, 1)).solutions)} puzzles, each with exactly one solution"


def _check_sentences(path: Path) -> str:
    return f"{len(punctuation.sentences(read_file(path), 20, 160, path.name))} sentences with an inner mark"


def _check_vocabulary(path: Path) -> str:
    from evenhand_systems.future_seed.text.tokenizers import make_tokenizer

    tokenizer = make_tokenizer(path)
    text = "Grüße, мир! 123\n"
    if tokenizer.decode(tokenizer.encode(text)) != text:
        raise DataError(f"{path} loses characters: {text!r} does not survive the way there and back; take another.")
    return f"{tokenizer.size} ids, nothing is lost"


def _check_checkpoint(path: Path) -> str:
    from evenhand_systems.rwkv7.checkpoint import load_checkpoint

    config = load_checkpoint(path).config
    return f"{config.layers} layers of width {config.width}, {config.vocabulary} ids"


def requirements() -> tuple[DataRequirement, ...]:
    """All bodies of data that the tasks can use; generated tasks (copying, sorting, sudoku) need none."""
    return (
        DataRequirement(
            SYSTEM, "arc", "ARC-Challenge", "arc_challenge/arc_challenge_train.jsonl", "data.train",
            "JSON lines: question, choices, answer_index; or the hub's form",
            "hub:allenai/ai2_arc/ARC-Challenge/train (CC BY-SA 4.0)", _examples(arc.arc_examples),
        ),
        DataRequirement(
            SYSTEM, "arc", "ARC-Challenge, validation", "arc_challenge/arc_challenge_validation.jsonl",
            "data.evaluation", "as above", "hub:allenai/ai2_arc/ARC-Challenge/validation (CC BY-SA 4.0)",
            _examples(arc.arc_examples),
        ),
        DataRequirement(
            SYSTEM, "hotpot, retrieval", "HotpotQA, distractor", "hotpotqa/hotpotqa_train_100.json",
            "data.train, train",
            "JSON: question, answer, context, supporting_facts; official or the hub's form",
            "hub:hotpotqa/hotpot_qa/distractor/train (CC BY-SA 4.0)", _examples(hotpot.hotpot_examples),
        ),
        DataRequirement(
            SYSTEM, "punctuation", "sentences", "hotpotqa/hotpotqa_train_100.json", "data.train",
            "text lines, records with text, or HotpotQA records", "any text with case and punctuation",
            _check_sentences,
        ),
        DataRequirement(
            SYSTEM, "mbpp", "MBPP", "mbpp/mbpp.jsonl", "data.train", "JSON lines: task_id, text, code, test_list",
            "hub:google-research-datasets/mbpp/train (CC BY 4.0)", _examples(mbpp.mbpp_examples, 0, True),
        ),
        DataRequirement(
            SYSTEM, "secondary_structure, structure_spot", "FLIP secondary structure", "protein_ss",
            "task.sequences, task.labels, task.mask; data.train, data.labels, data.mask",
            "three FASTA files with the same records: sequences, sampled (labels C, H, E), mask",
            "FLIP, splits/secondary_structure (AFL-3.0)", _check_structure,
        ),
        DataRequirement(
            SYSTEM, "protein_contact", "protein structures", "protein_pdb_biotite", "data.train",
            "a folder of PDB and mmCIF files", "the PDB archive (free of copyright)", _check_chains,
        ),
        DataRequirement(
            SYSTEM, "sudoku", "9x9 puzzles", "sudoku/sudoku_curated_2500.csv", "task.csv",
            "CSV: puzzle, solution (81 cells each)", "any list of puzzles; without one they are generated",
            _check_sudoku,
        ),
        DataRequirement(
            SYSTEM, "text tasks", "small vocabulary", "tokenizers/torchtune_llama3style_bpe2000_tokenizer.json",
            "data.vocabulary", "tokenizers JSON", "any tokenizers file; without one bytes are read", _check_vocabulary,
        ),
        DataRequirement(
            SYSTEM, "text tasks with a released checkpoint", "RWKV world vocabulary",
            "rwkv_vocab/rwkv_vocab_v20230424.txt", "data.vocabulary", "one token a line",
            "the ChatRWKV repository (Apache-2.0)", _check_vocabulary,
        ),
        DataRequirement(
            SYSTEM, "claims/future_seed/logs", "released RWKV-7 checkpoint",
            "../checkpoints/rwkv7-g1d-0.1b-20260129-ctx8192.pth", "checkpoint", "RWKV-7 weights, .pth or .safetensors",
            "hub BlinkDL/rwkv7-g1 (Apache-2.0)", _check_checkpoint,
        ),
    )  # fmt: skip
