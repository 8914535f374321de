"""Prompt-and-answer tasks as claims set them. No torch and no data here."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from evenhand.recipes.contract import RecipeSettings


class _TextSettings(RecipeSettings):
    """What all text tasks share.

    Sources are paths relative to the claim, or ``hub:OWNER/NAME/[CONFIG/]SPLIT``.
    """

    train: str = Field(description="source of the examples to learn from")
    evaluation: str | None = Field(default=None, description="source to evaluate on; None holds out a share of train")
    holdout: float = Field(default=0.2, gt=0, lt=1, description="share of contents that is held out")
    order: Literal["question_last", "question_first"] = "question_last"
    length: int = Field(default=512, ge=8, description="ids of the longest prompt")
    answer_length: int = Field(default=16, ge=1, description="ids of the longest answer")
    least: int = Field(default=32, ge=1, description="examples below which training is refused")
    examples: int | None = Field(default=None, ge=1, description="training examples to take, by a hash; None takes all")
    evaluation_examples: int | None = Field(
        default=None, ge=1, description="examples that items are chosen from, likewise"
    )
    vocabulary: str | None = Field(
        default=None,
        description="tokenizer file (.json, or the RWKV .txt); None is the one in the checkpoint's folder, else bytes",
    )


class ArcSettings(_TextSettings):
    """ARC: options and question to a letter. ``question_last`` is options first."""

    name: Literal["arc"]


class HotpotSettings(_TextSettings):
    """HotpotQA (distractor): ten paragraphs and a question to a short answer."""

    name: Literal["hotpot"]


class MbppSettings(_TextSettings):
    """MBPP: notes, problem and tests to code that is executed in a sandbox."""

    name: Literal["mbpp"]
    answer_length: int = Field(default=256, ge=1)
    notes: int = Field(default=12, ge=0, description="filler notes before (or after) the problem")
    tests_shown: bool = Field(default=True, description="whether the tests stand in the prompt")
    unsafe: bool = Field(default=False, description="execute answers even where no sandbox can be made")
    seconds: float = Field(default=5.0, gt=0, description="wall time of one answer's tests")


class PunctuationSettings(_TextSettings):
    """Punctuation: restore case and punctuation of a sentence, after notes that are other sentences."""

    name: Literal["punctuation"]
    answer_length: int = Field(default=128, ge=1)
    notes: int = Field(default=4, ge=0, description="other sentences that stand before it")
    shortest: int = Field(default=20, ge=1, description="characters of the shortest sentence")
    longest: int = Field(default=160, ge=1, description="characters of the longest sentence")


class _SpotSettings(_TextSettings):
    """What the questions about positions of a protein share. ``train`` is the FASTA of sequences, or a CSV."""

    labels: str | None = None
    mask: str | None = None
    split: Literal["validation", "test"] = "validation"
    positions: int = Field(default=8, ge=1)
    crop: int = Field(default=256, ge=8)
    overlap: float = Field(default=0.3, gt=0, le=1)
    answer_length: int = Field(default=64, ge=1)


class SpotSettings(_SpotSettings):
    """Secondary structure at a few positions of a protein, which are asked for by number alone."""

    name: Literal["structure_spot"]


class WindowSettings(_SpotSettings):
    """Secondary structure at a few positions of a protein; residues around each stand in the question."""

    name: Literal["structure_window"]
    window: int = Field(default=2, ge=0, description="residues on either side of a position that the question repeats")


class ContactSettings(_TextSettings):
    """Protein contacts: whether two residues' CA atoms lie close. ``train`` is a folder of PDB and mmCIF files."""

    name: Literal["protein_contact"]
    chains: tuple[str, ...] = Field(
        default=(), description="FILE:CHAIN each; empty takes every file's first protein chain"
    )
    cutoff: float = Field(default=8.0, gt=0, description="angstrom between CA atoms")
    separation: int = Field(default=8, ge=1, description="least distance along the chain")
    pairs: int = Field(default=32, ge=2, description="questions per chain, half of them contacts")
    balanced: bool = Field(default=True, description="half contacts, matched in separation; else pairs as they come")
    longest: int = Field(default=400, ge=16, description="chains with more residues are left out")
    overlap: float = Field(default=0.3, gt=0, le=1)


class SudokuTextSettings(_TextSettings):
    """Sudoku as text: the puzzle, then the digits of its blanks."""

    name: Literal["sudoku_text"]
    train: str = "generated"
    side: Literal[4, 9] = 4
    holes: tuple[int, int] = (4, 8)
    pattern: Literal["random", "prefix", "suffix"] = "prefix"
    grids: Literal["all", "template"] = "all"
    examples: int | None = Field(default=2000, ge=1, description="puzzles to learn from")
    evaluation_examples: int | None = Field(default=256, ge=1, description="different puzzles to evaluate on")
    bank: int = Field(default=400, ge=1)
    answer_length: int = Field(default=96, ge=1)


TextSettings = Annotated[
    ArcSettings
    | HotpotSettings
    | MbppSettings
    | PunctuationSettings
    | SpotSettings
    | WindowSettings
    | ContactSettings
    | SudokuTextSettings,
    Field(discriminator="name"),
]
