"""What documents show in Python: the blocks of a page, and whether what they import and call is there."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

BLOCK = re.compile(r"^```python\n(.*?)^```", re.DOTALL | re.MULTILINE)


def blocks(page: Path) -> list[str]:
    return BLOCK.findall(page.read_text())


def import_lines(block: str) -> int:
    return sum(isinstance(node, ast.Import | ast.ImportFrom) for node in ast.parse(block).body)


def faults(block: str) -> list[str]:
    """Imports that lead nowhere, and calls of imported names with arguments that they do not take."""
    tree = ast.parse(block)
    found: list[str] = []
    known: dict[str, Any] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            module = importlib.import_module(str(node.module))
            for alias in node.names:
                if hasattr(module, alias.name):
                    known[alias.asname or alias.name] = getattr(module, alias.name)
                else:
                    found.append(f"{node.module} has no {alias.name}")
        elif isinstance(node, ast.Import):
            known |= {alias.asname or alias.name: importlib.import_module(alias.name) for alias in node.names}
    return [*found, *_refused(tree, known)]


def _refused(tree: ast.AST, known: dict[str, Any]) -> Iterator[str]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        function = _meant(node.func, known)
        if function is None or any(isinstance(part, ast.Starred) for part in node.args):
            continue
        try:
            signature = inspect.signature(function)
            signature.bind(*node.args, **{keyword.arg: None for keyword in node.keywords if keyword.arg})
        except ValueError:  # written in C, without a signature
            continue
        except TypeError as error:
            yield f"{ast.unparse(node.func)}: {error}"


def _meant(node: ast.expr, known: dict[str, Any]) -> Any:
    if isinstance(node, ast.Name):
        return known.get(node.id)
    if isinstance(node, ast.Attribute):
        owner = _meant(node.value, known)
        return None if owner is None else getattr(owner, node.attr, None)
    return None
