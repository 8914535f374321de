"""The settings of the recipe ``command``: a command line, what it is told, and where what it leaves is read."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import Any, Literal, Self

from pydantic import Field, SerializerFunctionWrapHandler, field_validator, model_serializer, model_validator

from evenhand.errors import DataError, closest, meant
from evenhand.execution.command import templates
from evenhand.execution.command.numbers import NUMBERS, STDOUT
from evenhand.execution.command.tables import TABLES
from evenhand.recipes.contract import RecipeSettings, SettingFault
from evenhand.runs.find import ALIASES, named
from evenhand.runs.recipe import Named

SHELL = ("bash", "-e", "-o", "pipefail", "-c")
"""What runs a line of ``settings.shell``: the first part of it that fails ends it."""

_LATER = ("shell", "environment", "cwd", "files", "results", "spent", "curves")
"""Settings that came later: a claim without them keeps the hash that it had."""


class Results(RecipeSettings):
    """Where the program's own output files are, and how they are read."""

    format: str = Field(description="csv, tsv, jsonl, json, parquet, metrics (numbers alone), lm_eval, inspect_ai ...")
    path: str = Field(
        default="{workdir}", description="file, folder or pattern with *; in {workdir}; - reads what it prints"
    )
    columns: Named = Field(
        default_factory=dict, description="id, group, cluster, input, output, expected: the column of each in a table"
    )
    scores: Named = Field(
        default_factory=dict, description='metric to its name there, or to "prediction == label"; default: all'
    )
    task: str = Field(default="", description="the one task that counts; all of them, pooled, if empty")
    pair_by: Literal["", "content", "id"] = Field(
        default="", description="what pairs items between arms; default: id in tables, content elsewhere"
    )
    allow: tuple[str, ...] = Field(default=(), description="what is not refused: partial, errors, numbers")

    @field_validator("format")
    @classmethod
    def _something_reads_it(cls, value: str) -> str:
        name, own = ALIASES.get(value, value), (*TABLES, NUMBERS)
        if name not in own:
            try:
                named(name)
            except DataError as error:
                likely = meant(name, own)
                told = f"There is no format '{name}'{likely} " if likely else f"{error} "
                raise ValueError(f"{told}The recipe `command` reads {', '.join(own)} besides those of runs.") from error
        return name

    @model_validator(mode="after")
    def _printed_are_numbers(self) -> Self:
        if self.path == STDOUT and self.format != NUMBERS:
            raise ValueError(
                f'the path "{STDOUT}" reads the JSON object that a program prints last, and the format is "{NUMBERS}"; '
                'put tables into a file: settings.shell = "... > {workdir}/FILE"'
            )
        return self


class Spent(RecipeSettings):
    """Where it is read what the program spent."""

    source: Literal["trainer_state", "pattern", "declared", "clock"] = Field(
        description="trainer_state.json; lines of the output; the budget, on the claim's word; nothing but the clock"
    )
    path: str = Field(default="{workdir}", description="trainer_state.json, or a folder in which it is")
    patterns: dict[str, str] = Field(
        default_factory=dict, description="unit to a regular expression with one group; its last match counts"
    )

    @model_validator(mode="after")
    def _patterns_go_with_their_source(self) -> Self:
        if (self.source == "pattern") != bool(self.patterns):
            raise ValueError('`patterns` belong to source = "pattern", and that source needs them')
        for unit, pattern in self.patterns.items():
            try:
                groups = re.compile(pattern).groups
            except re.error as error:
                raise ValueError(f"`patterns.{unit}` is no regular expression: {error}") from error
            if groups != 1:
                raise ValueError(
                    f"`patterns.{unit}` needs one group, the amount, as in 'steps: (\\d+)'; it has {groups}"
                )
        return self


class CommandSettings(RecipeSettings):
    """Settings of the recipe ``command``."""

    argv: tuple[str, ...] = Field(
        default=(), description="program and arguments, run without a shell; {seed}, {lr} ..."
    )
    shell: str = Field(default="", description="in place of argv: a line for bash; what is filled in is quoted")
    values: dict[str, Any] = Field(default_factory=dict, description="settings for the program, as it knows them")
    environment: dict[str, str] = Field(default_factory=dict, description="variables for the program, filled in alike")
    cwd: str = Field(default="", description="its working folder; the claim's if empty")
    files: tuple[str, ...] = Field(
        default=(), description="files and folders on which its results depend, beside those that argv names"
    )
    results: Results | None = Field(
        default=None, description="where its own output files are read; without it, it writes an outcome file"
    )
    spent: Spent | None = Field(default=None, description="where it is read what it spent")
    curves: Literal["", "key=value", "json"] = Field(
        default="", description="what of its output is taken for curves, beside lines that begin with `evenhand: `"
    )

    @field_validator("results", mode="before")
    @classmethod
    def _format_alone(cls, value: Any) -> Any:
        return {"format": value} if isinstance(value, str) else value

    @field_validator("spent", mode="before")
    @classmethod
    def _source_alone(cls, value: Any) -> Any:
        return {"source": value} if isinstance(value, str) else value

    @model_serializer(mode="wrap")
    def _without_later_settings(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Settings from before there was ``files`` keep their hash."""
        document: dict[str, Any] = handler(self)
        if self.shell:
            document.pop("argv", None)
        return {key: value for key, value in document.items() if value or key not in _LATER}

    @property
    def line(self) -> tuple[str, ...]:
        """The command line with its templates."""
        return (*SHELL, self.shell) if self.shell else self.argv

    @property
    def told(self) -> tuple[str, ...]:
        """All texts with templates by which the program learns something."""
        return (*self.line, *self.environment.values(), self.cwd)

    def seed_fault(self) -> tuple[str, str]:
        """A program that knows nothing of evenhand and is not told which seed it is to run with."""
        if self.results is None or {"seed", "stream_seed", "request"} & set(templates.asked(self.told)):
            return "", ""  # without `results` it knows of its request, in which the seed stands
        return "shell" if self.shell else "argv", (
            "the program is never told its seed, and every seed would be the same run: write {seed} into the command "
            'line ("--seed {seed}"), or settings.environment.SEED = "{seed}" for a program that takes it from there. '
            "An arm with no randomness in its outcome says `deterministic = true`"
        )

    def null_fault(self) -> str:
        """A program that knows nothing of evenhand and is told nothing that differs for a null arm."""
        told = set(templates.asked(self.told))
        if self.results is None or "seed" not in told or {"stream_seed", "request"} & told:
            return ""  # it may read `stream_seed` in its request; without a seed its noise is its own
        return (
            "a null arm is the baseline with other noise, and the program is told {seed} alone, which the two share: "
            "it would come out the same to the last bit. Write {stream_seed} where the noise comes from; all arms of a "
            "seed share it but the null arms"
        )

    @model_validator(mode="after")
    def _one_command_line(self) -> Self:
        if bool(self.argv) == bool(self.shell):
            raise ValueError("give `argv` (a list of words) or `shell` (a line for bash), one of the two")
        return self

    @model_validator(mode="after")
    def _templates_are_known(self) -> Self:
        texts = {"argv": self.argv, "shell": (self.shell,), "environment": tuple(self.environment.values())}
        parts = {"results.path": self.results, "spent.path": self.spent}
        paths = {name: (part.path,) for name, part in parts.items() if part is not None}
        for place, found in {**texts, "cwd": (self.cwd,), **paths}.items():
            unknown = templates.unknown(found, self.values)
            if unknown:
                known = templates.names(self.values)
                alike, names = closest(unknown[0], known), ", ".join(f"{{{name}}}" for name in known)
                likely = f"; did you mean {{{alike}}}? It may hold {names}" if alike else f", which is none of {names}"
                raise SettingFault(
                    place,
                    f"`{place}` holds {{{unknown[0]}}}{likely}; write {{{{{unknown[0]}}}}} where the braces themselves "
                    "are meant",
                )
        return self

    @model_validator(mode="after")
    def _results_are_this_trials_own(self) -> Self:
        if self.results is None:
            return self
        for name, part in (("results.path", self.results), ("spent.path", self.spent)):
            printed = part is self.results and part.path == STDOUT
            if part is not None and not printed and not self._in_workdir(part.path):
                output = f', or write "{STDOUT}" for what it prints' if part is self.results else ""
                raise SettingFault(
                    name,
                    f"the path '{part.path}' is not in {{workdir}}: trials that run side by side would write the same "
                    'file. Let the program write to "{workdir}/...", or run it there with cwd = "{workdir}"' + output,
                )
        if self.spent is None:
            raise SettingFault(
                "results",
                '`results` need `spent`, since the program says nothing else of its budget: "trainer_state", '
                '{ source = "pattern", patterns.steps = "..." }, "declared" (it spends what {budget} tells it, on your '
                'word), or "clock" (budgets in seconds, and arms that train nothing)',
            )
        if self.spent.source == "declared" and not {"budget", "request"} & set(templates.asked(self.told)):
            raise SettingFault(
                "spent",
                '`spent = "declared"` needs {budget} in the command line: who is not told, cannot keep to it. Add it '
                '("--steps", "{budget}"), or say where the program tells what it spent ("trainer_state", or '
                '{ source = "pattern", patterns.steps = "..." })',
            )
        unused = templates.unused(self.told, self.values) if "request" not in templates.asked(self.told) else []
        if unused:
            likely = meant(unused[0], [name for name in templates.asked(self.told) if name not in templates.KNOWN])
            cure = f"{likely} Write" if likely else ": write"
            raise SettingFault(
                f"values.{unused[0]}",
                f"the program is never told `values.{unused[0]}`{cure} {{{unused[0]}}} into the command line or the "
                "environment ({request} stands for a file with all of them), or take it out",
            )
        return self

    def _in_workdir(self, path: str) -> bool:
        inside = ("{workdir}", "{outcome}")
        return path.startswith(inside) or (not PurePosixPath(path).is_absolute() and self.cwd.startswith(inside))
