"""The reference pages that are made from the code: keys of a claim file, commands and their options.

``python docs/reference.py`` writes them anew; ``python docs/reference.py --check`` ends with 1 where one is not up to
date, and tests/test_reference.py holds the same.
"""

from __future__ import annotations

import re
import sys
import types
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import annotated_types
import typer
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from evenhand.claims import schema
from evenhand.claims.near import models_in
from evenhand.claims.values import Also
from evenhand.cli.main import app

HERE = Path(__file__).resolve().parent
_BY_HAND = "<!-- made by docs/reference.py: change the code, then run it -->"
_SECTIONS: tuple[tuple[str, type[BaseModel]], ...] = (
    ("The claim itself", schema.Claim),
    ("[[arm]]", schema.Arm),
    ("[metric]", schema.MetricClaim),
    ("[[guards]]", schema.Guard),
    ("[[condition]]", schema.Condition),
    ("[[rung]]", schema.Rung),
    ("[tuning]", schema.Tuning),
    ("[rung.looks]", schema.LookRules),
    ("[rung.items]", schema.Items),
    ("[rung.prune]", schema.Prune),
    ("[budget]", schema.BudgetUnit),
    ("[controls]", schema.Controls),
    ("[ledger]", schema.LedgerRules),
    ("[limits]", schema.Limits),
    ("[resources]", schema.Asked),
)
_WORDS = {str: "text", int: "whole number", float: "number", bool: "true or false", dict: "table", type(None): ""}


def claim_page() -> str:
    """Every key that a claim file may have, as Markdown."""
    lines = [
        "# The claim file: every key",
        "",
        _BY_HAND,
        "",
        "A claim is one TOML file. A key that stands in no table here is an error, which names its line and what was",
        "meant. [Your own recipe](own_recipe.md#2-the-claim) shows a whole file; [concepts](concepts.md) says what the "
        "words mean.",
    ]
    listed = {model for _, model in _SECTIONS}
    for title, model in _SECTIONS:
        lines += ["", f"## {title if title.startswith('The') else f'`{title}`'}", "", _about(model), ""]
        lines += ["| key | value | default | meaning |", "|---|---|---|---|"]
        lines += [_row(model, name, field) for name, field in model.model_fields.items() if not field.exclude]
        for field in model.model_fields.values():
            missing = set(models_in(field.annotation)) - listed
            if missing:
                raise SystemExit(f"{', '.join(m.__name__ for m in missing)} stands in no section of docs/reference.py")
    return "\n".join(lines) + "\n"


def _about(model: type[BaseModel]) -> str:
    return " ".join(re.sub(r"``([^`]*)``", r"`\1`", model.__doc__ or "").split())


def _row(model: type[BaseModel], name: str, field: FieldInfo) -> str:
    key = field.alias or name
    if not field.description:
        raise SystemExit(f"The key '{key}' has no description in evenhand.claims.schema; give it one.")
    value = _value(field.annotation, field.metadata)
    cells = [f"`{key}`", value, _default(model, key, field), field.description]
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _value(annotation: Any, metadata: list[Any]) -> str:
    """The values of a key in words, with their bounds."""
    words = ", or ".join(dict.fromkeys(word for word in _kinds(annotation) if word))
    bounds = []
    for one in metadata:
        for kind, sign in ((annotated_types.Gt, ">"), (annotated_types.Ge, ">="), (annotated_types.Lt, "<"),
                           (annotated_types.Le, "<=")):  # fmt: skip
            if isinstance(one, kind):
                bounds.append(f"{sign} {getattr(one, kind.__name__.lower()):g}")
    also = [one.form for one in metadata if isinstance(one, Also)]
    return ", or ".join([" ".join([words, ", ".join(bounds)]).strip(), *also])


def _kinds(annotation: Any) -> Iterator[str]:
    origin, inner = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Annotated:
        yield from _kinds(inner[0])
    elif origin in (typing.Union, types.UnionType):
        for one in inner:
            yield from _kinds(one)
    elif origin is typing.Literal:
        yield "one of " + ", ".join(f'`"{one}"`' for one in inner)
    elif origin in (tuple, list):
        of = "".join(_kinds(inner[0]))
        yield (
            "tables"
            if of == "table"
            else {"text": "list of texts", "whole number": "list of whole numbers", "number": "list of numbers"}[of]
        )
    elif origin is dict or (isinstance(annotation, type) and issubclass(annotation, BaseModel)):
        yield "table"
    else:
        yield _WORDS[annotation]


def _default(model: type[BaseModel], key: str, field: FieldInfo) -> str:
    if field.is_required():
        return "the file's name" if (model, key) == (schema.Claim, "name") else "needed"
    value = field.get_default(call_default_factory=True)
    if value is None or value in ("", (), {}, PydanticUndefined) or isinstance(value, BaseModel):
        return ""
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, tuple):
        return f'one, called `"{value[0].name}"`'
    return f'`"{value}"`' if isinstance(value, str) else f"`{value:g}`"


def commands_page() -> str:
    """Every command with its arguments and options, as Markdown."""
    root: Any = typer.main.get_command(app)
    lines = ["# Commands", "", _BY_HAND, "", _plain(root.epilog or ""), ""]
    lines += ["`evenhand COMMAND --help` shows the same. Every command takes `--json`, which prints the result as JSON "
              "and nothing else to standard output; what goes on is told on standard error."]  # fmt: skip
    for name, command in _commands(root):
        lines += ["", f"## `evenhand {name}`", "", _plain(command.help or ""), ""]
        rows = [row for parameter in command.params if (row := _parameter(parameter))]
        lines += ["| argument or option | default | meaning |", "|---|---|---|", *rows] if rows else []
    return "\n".join(lines).replace("\n\n\n", "\n\n") + "\n"


def _commands(group: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            if command.invoke_without_command:
                yield prefix + name, command
            yield from _commands(command, f"{prefix}{name} ")
        elif not command.hidden:
            yield prefix + name, command


def _plain(text: str) -> str:
    """A help text as Markdown: lines of a paragraph joined, marks of documents as code."""
    paragraphs = [" ".join(part.split()) for part in re.split(r"\n\s*\n|\f", text.strip())]
    return "\n\n".join(f"`{part}`" if part.startswith("<!--") else part for part in paragraphs)


def _parameter(parameter: Any) -> str:
    if getattr(parameter, "hidden", False) or parameter.name == "help":
        return ""
    if parameter.param_type_name == "argument":
        name = parameter.metavar or parameter.name.upper()
    else:
        name = ", ".join([*parameter.opts, *parameter.secondary_opts])
    default = parameter.default() if callable(parameter.default) else parameter.default
    shown = "" if default in (None, False, (), []) or parameter.required else f"`{default}`"
    cells = [f"`{name}`", "needed" if parameter.required else shown, getattr(parameter, "help", "") or ""]
    return "| " + " | ".join(" ".join(cell.replace("|", "\\|").split()) for cell in cells) + " |"


PAGES = {"claim_file.md": claim_page, "commands.md": commands_page}


def main(check: bool) -> int:
    """Write the pages, or tell which are not up to date."""
    stale = []
    for name, make in PAGES.items():
        path, text = HERE / name, make()
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            stale.append(name)
            if not check:
                path.write_text(text, encoding="utf-8")
    for name in stale:
        print(f"docs/{name}: {'not up to date; run python docs/reference.py' if check else 'written'}")
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main("--check" in sys.argv[1:]))
