"""The imports that a Python script makes before it does anything else, so that they can be made before it begins."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from evenhand.execution.imports import module_files


@dataclass(frozen=True)
class Leading:
    """One import statement, and the package that it names."""

    statement: str
    package: str


class _SomethingElse(Exception):
    """A file does what may change what an import after it gives."""


def leading_imports(script: Path, roots: Sequence[Path]) -> list[Leading]:
    """The statements in their order; modules beside the script are followed, and are not among them.

    What a script does first (a variable for a library, another path) may change what an import after it gives: the list
    ends at its first statement that is no import, no constant and no plain function.

    Args:
        script: the Python file; one that cannot be read imports nothing.
        roots: folders in which Python finds local modules, the script's own first.
    """
    found: list[Leading] = []
    try:
        for one in _of_file(script, tuple(roots), set()):
            found.append(one)
    except _SomethingElse:
        pass
    return found


def worth_keeping(found: Sequence[Leading]) -> bool:
    """Whether anything is imported that is not Python's own, which is there in no time."""
    return any(one.package not in sys.stdlib_module_names for one in found)


def _of_file(path: Path, roots: tuple[Path, ...], seen: set[Path]) -> Iterator[Leading]:
    if path in seen:
        return
    seen.add(path)
    try:
        body = ast.parse(path.read_bytes()).body
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
        raise _SomethingElse from None
    for node in body:
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield from _of_import(ast.unparse(ast.Import([alias])), [alias.name], roots, seen)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
            if node.module != "__future__":
                yield from _of_import(ast.unparse(node), names, roots, seen)
        elif not _changes_nothing(node):
            raise _SomethingElse


def _of_import(statement: str, names: list[str], roots: tuple[Path, ...], seen: set[Path]) -> Iterator[Leading]:
    package = names[0].partition(".")[0]
    if not module_files(package, roots) and not any((root / package).is_dir() for root in roots):
        yield Leading(statement, package)
        return
    files = [path for name in names for path in module_files(name, roots)]
    if not files:  # a compiled module, or a folder without files of its own
        raise _SomethingElse
    for path in files:
        yield from _of_file(path, roots, seen)


def _changes_nothing(node: ast.stmt) -> bool:
    """A docstring, a constant, or a function without decorators whose defaults are constants."""
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Constant)
    if isinstance(node, ast.Assign):
        return all(isinstance(target, ast.Name) for target in node.targets) and _is_constant(node.value)
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        defaults = [*node.args.defaults, *(default for default in node.args.kw_defaults if default is not None)]
        return not node.decorator_list and all(map(_is_constant, defaults))
    return False


def _is_constant(node: ast.expr) -> bool:
    try:
        ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return False
    return True
