"""In-place tasks by name, with their sizes and data, as claims set them. No torch and no data here."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from evenhand.recipes.contract import RecipeSettings


class CopyingSettings(RecipeSettings):
    """rightcopy, leftcopy, rightreverse, constr: digits into a gap."""

    name: Literal["rightcopy", "leftcopy", "rightreverse", "constr"] = "rightcopy"
    length: int = Field(default=8, ge=2, description="digits in the gap")


class SortingSettings(RecipeSettings):
    """kvsort, permfill: keys (with values) into a gap, in order."""

    name: Literal["kvsort", "permfill"]
    keys: int = Field(default=10, ge=2, le=36, description="different keys")
    training_size: tuple[int, int] = Field(default=(3, 6), description="fewest and most keys in a training list")
    evaluation_size: int = Field(default=6, ge=1)
    order: Literal["given", "alphabet"] = "given"
    side: Literal["right", "left"] = Field(default="right", description="of the gap, where order and list stand")

    @model_validator(mode="after")
    def _lists_fit(self) -> SortingSettings:
        low, high = self.training_size
        if not 1 <= low <= high <= self.keys:
            raise ValueError(f"training_size {[low, high]} must rise and lie within 1..keys ({self.keys})")
        if self.evaluation_size > self.keys:
            raise ValueError(f"evaluation_size {self.evaluation_size} must not exceed keys ({self.keys})")
        return self


class SudokuSettings(RecipeSettings):
    """Sudoku 4x4 and 9x9, generated or from a CSV."""

    name: Literal["sudoku"]
    side: Literal[4, 9] = 4
    holes: tuple[int, int] = Field(default=(4, 10), description="fewest and most blanks")
    pattern: Literal["random", "prefix", "suffix"] = "random"
    grids: Literal["all", "template"] = Field(
        default="all", description="4x4: all 288 grids, or the 96 that follow from one template"
    )
    bank: int = Field(default=400, ge=1, description="9x9: solved grids to generate, each varied by symmetry")
    csv: str | None = Field(default=None, description="9x9: puzzles from a file, relative to the claim")

    @model_validator(mode="after")
    def _options_belong_together(self) -> SudokuSettings:
        if self.csv is not None and (self.side != 9 or self.pattern != "random"):
            raise ValueError('csv goes with side = 9 and pattern = "random": the puzzles have their own blanks')
        if self.grids == "template" and self.side != 4:
            raise ValueError('grids = "template" goes with side = 4')
        return self


class StructureSettings(RecipeSettings):
    """Secondary structure (C, H, E) of every residue, in place."""

    name: Literal["secondary_structure"]
    sequences: str = Field(description="FASTA of sequences, or a CSV of sequence, labels and mask")
    labels: str | None = Field(default=None, description="FASTA of labels, with SET= and VALIDATION= in its headers")
    mask: str | None = Field(default=None, description="FASTA of 1 (resolved) and 0")
    split: Literal["validation", "test"] = Field(default="validation", description="proteins to evaluate on")
    crop: int = Field(default=96, ge=8, description="residues per row")
    overlap: float = Field(
        default=0.3,
        gt=0,
        le=1,
        description="evaluation proteins sharing more of their 8-mers with training are left out",
    )


InPlaceSettings = Annotated[
    CopyingSettings | SortingSettings | SudokuSettings | StructureSettings, Field(discriminator="name")
]
