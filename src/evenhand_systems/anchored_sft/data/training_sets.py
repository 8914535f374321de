"""Data sets as trl's trainer gets them: which it would label on questions, and what its length limit would lose."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from evenhand.errors import Fault, SettingsError, counted

COLUMNS = ("messages", "conversations")
"""Columns that trl puts into tokens by itself, labelling the questions like the answers."""


def check_answers_are_labelled(arguments: Mapping[str, Any]) -> None:
    """Refuse data sets in which every token of a question would carry loss.

    Args:
        arguments: of ``SFTTrainer``, by name.

    Raises:
        SettingsError: a data set of conversations that have not been put into tokens, and no ``assistant_only_loss``.
    """
    if getattr(arguments.get("args"), "assistant_only_loss", False):
        return
    faults = []
    for place, data in _data_sets(arguments):
        columns = _columns(data)
        if "input_ids" not in columns and not columns.isdisjoint(COLUMNS):
            message = (
                "holds conversations that are not in tokens yet: trl would label every token of their questions. Hand "
                "over input_ids and labels (`tokenise` makes them of a Conversation), or prompt and completion, or set "
                "assistant_only_loss=True in SFTConfig"
            )
            faults.append(Fault(place, message))
    if faults:
        raise SettingsError("The anchored trainer", faults)


def cut_to_length(data: Any, limit: int, mode: str, name: str) -> Any:
    """A data set in tokens cut to ``limit`` tokens a row, none of them left out.

    Args:
        data: of ``datasets``, with ``input_ids`` and ``labels``; a stream tells of a lost row when it comes to it.
        mode: trl's ``truncation_mode``: ``keep_start`` or ``keep_end``.
        name: of the data set, for messages.

    Raises:
        SettingsError: rows that would be left without a token to learn from; with their number.
    """
    part = slice(-limit, None) if mode == "keep_end" else slice(None, limit)

    def lost(row: Mapping[str, Any]) -> bool:
        return all(label == -100 for label in row["labels"][part])

    def cut(row: Mapping[str, Any]) -> dict[str, Any]:
        if lost(row):
            raise SettingsError("The anchored trainer", [Fault(f"{name}_dataset", _lost("a row", limit))])
        return {"input_ids": row["input_ids"][part], "labels": row["labels"][part]}

    if hasattr(data, "__len__"):
        count = sum(lost(row) for row in data)
        if count:
            message = _lost(f"{count} of {counted(len(data), 'row')}", limit)
            raise SettingsError("The anchored trainer", [Fault(f"{name}_dataset", message)])
    return data.map(cut)


def _lost(what: str, limit: int) -> str:
    return (
        f"has nothing left to learn from in {what} within max_length = {limit} tokens (trl would drop them without a "
        "word): raise max_length in SFTConfig, set it to None, or leave those rows out yourself"
    )


def _data_sets(arguments: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for place in ("train_dataset", "eval_dataset"):
        data = arguments.get(place)
        if isinstance(data, Mapping):
            yield from ((f"{place}[{name!r}]", part) for name, part in data.items())
        elif data is not None and not isinstance(data, str):
            yield place, data


def _columns(data: Any) -> set[str]:
    """Columns of a data set; a stream that does not know them shows them in its first row."""
    names = getattr(data, "column_names", None)
    return set(names if names is not None else next(iter(data), {}))
