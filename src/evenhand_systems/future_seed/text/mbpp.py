"""MBPP: notes, a problem and its tests to code."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from evenhand.data.records import Record
from evenhand.errors import DataError
from evenhand_systems.future_seed.text.examples import Example, fraction
from evenhand_systems.future_seed.text.prompts import Wording

WORDING = Wording(context="Notes:\n", question="Problem: ", answer="Code:\n")
_SUBJECTS = ("names", "loops", "returns", "imports", "comments", "tests", "constants", "helpers")
_ADVICE = ("stay short", "come first", "say what they do", "are written once", "are easy to read", "are kept together")


def filler(key: str, count: int) -> str:
    """Notes on style that say nothing about the problem; the same for the same key."""
    lines = []
    for number in range(1, count + 1):
        subject = _SUBJECTS[int(fraction(f"{key}/{number}/subject") * len(_SUBJECTS))]
        advice = _ADVICE[int(fraction(f"{key}/{number}/advice") * len(_ADVICE))]
        lines.append(f"Note {number}: {subject} {advice}.")
    return "\n".join(lines)


def mbpp_examples(records: Sequence[Record], source: str, notes: int, tests_shown: bool) -> list[Example]:
    """Examples from records with ``text`` (or ``prompt``), ``code`` and ``test_list``.

    Raises:
        DataError: records that lack a field; all are counted.
    """
    examples, faults = [], []
    for number, record in enumerate(records, start=1):
        name = str(record.get("task_id", number))
        try:
            tests = _texts(record["test_list"], "test_list")
            imports = _texts(record.get("test_imports") or [], "test_imports")
            problem = str(record.get("text") or record["prompt"])
            code = str(record["code"]).replace("\r\n", "\n").strip()
        except KeyError as error:
            faults.append(f"record {number}: KeyError {error}")
            continue
        except TypeError as error:
            faults.append(f"record {number}: {error}")
            continue
        shown = "\nTests:\n" + "\n".join(tests) if tests_shown else ""
        setup = str(record.get("test_setup_code") or "\n".join(imports))
        judged = {"tests": tests, "setup": setup, "names": defined_names(code)}
        examples.append(Example(name, filler(name, notes), problem + shown, code, extra=judged))
    if faults:
        raise DataError(f"{source}: {len(faults)} of {len(records)} records are no MBPP: {'; '.join(faults[:5])}.")
    return examples


def _texts(value: object, field: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(text, str) for text in value):
        raise TypeError(f"its {field} is no list of texts")
    return tuple(value)


def defined_names(code: str) -> tuple[str, ...]:
    """What a program defines at its top: functions, classes, constants. Of a test's names these are the program's.

    One problem asks for a function called ``sum``; elsewhere ``sum`` is Python's, whatever an answer makes of it.
    """
    try:
        body = ast.parse(code).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ()
    names = {line.name for line in body if isinstance(line, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))}
    for line in body:
        if isinstance(line, (ast.Assign, ast.AnnAssign)):
            names |= {node.id for node in ast.walk(line) if isinstance(node, ast.Name) and type(node.ctx) is ast.Store}
    return tuple(sorted(names))


def official_split(examples: Sequence[Example]) -> tuple[list[Example], list[Example]]:
    """The split of the data set's authors by task id: 601 to 974 for training, 11 to 510 for evaluation."""
    numbered = [(int(example.id), example) for example in examples if example.id.isdigit()]
    return [e for n, e in numbered if 601 <= n <= 974], [e for n, e in numbered if 11 <= n <= 510]
