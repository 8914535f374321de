"""What Python files import, read from their text: nothing is run."""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Import:
    """One import statement: ``level`` leading dots, the module named, and the names taken from it."""

    level: int
    module: str
    names: tuple[str, ...] = ()


@functools.cache
def _imports(path: str, size: int, changed: int) -> tuple[Import, ...]:
    """The imports of a file in this state; what is no Python imports nothing."""
    try:
        tree = ast.parse(Path(path).read_bytes())
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
        return ()
    found: list[Import] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [Import(0, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            found.append(Import(node.level, node.module or "", tuple(alias.name for alias in node.names)))
    return tuple(found)


def imports_of(path: str | Path) -> tuple[Import, ...]:
    """Every import statement of a Python file, those inside functions too; read once while the file stays as it is."""
    try:
        state = Path(path).stat()
    except OSError:
        return ()
    return _imports(str(path), state.st_size, state.st_mtime_ns)


def top_level_imports(path: str | Path) -> set[str]:
    """Names of the packages that a file imports."""
    return {found.module.partition(".")[0] for found in imports_of(path) if found.level == 0 and found.module}


def module_files(name: str, roots: Iterable[Path]) -> list[Path]:
    """The files of a module below the first root that has it, its packages' own files before it; empty without one."""
    parts = name.split(".")
    for root in roots:
        for end in (root.joinpath(*parts[:-1], f"{parts[-1]}.py"), root.joinpath(*parts, "__init__.py")):
            if end.is_file():
                packages = [root.joinpath(*parts[:i], "__init__.py") for i in range(1, len(parts))]
                return [*(path for path in packages if path.is_file()), end]
    return []


def with_local_imports(scripts: Iterable[Path], roots: Sequence[Path]) -> list[Path]:
    """Scripts with every file below their folders, or below the roots, that they import, directly or not."""
    found: dict[Path, None] = {}
    waiting = [(script.resolve(), (script.resolve().parent, *roots)) for script in scripts]
    while waiting:
        path, places = waiting.pop()
        if path in found:
            continue
        found[path] = None
        if path.suffix == ".py":
            waiting += [(file.resolve(), places) for one in imports_of(path) for file in _files(one, path, places)]
    return list(found)


def _files(one: Import, path: Path, places: Sequence[Path]) -> Iterator[Path]:
    if one.level:
        base = path.parent
        for _ in range(one.level - 1):
            base = base.parent
        places = (base,)
        own = base / "__init__.py"
        if own.is_file():
            yield own
    stems = [one.module] if one.module else []
    for name in stems + [f"{one.module}.{name}" if one.module else name for name in one.names if name != "*"]:
        yield from module_files(name, places)
