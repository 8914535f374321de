"""In-place tasks by the name and sizes that a claim gives them."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from evenhand.recipe import Bench, RecipeSettings
from evenhand.systems.future_seed.tasks.copying import Copying, CopyName
from evenhand.systems.future_seed.tasks.problems import GeneratedTask, InPlaceTask


class CopyingSettings(RecipeSettings):
    """rightcopy, leftcopy, rightreverse, constr."""

    name: CopyName = "rightcopy"
    length: int = Field(default=8, ge=2, description="digits in the gap")


InPlaceSettings = Annotated[CopyingSettings, Field()]


def in_place_task(settings: InPlaceSettings, pool: int, bench: Bench) -> InPlaceTask:
    """The task of some settings; ``bench`` resolves data files."""
    return GeneratedTask(Copying(settings.name, settings.length), pool)
