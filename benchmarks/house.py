"""The house in figures: rooms, floors and imports; sizes of files and functions; what is typed and documented.

Run: ``python benchmarks/house.py``; it lists whatever passes a limit. ``tests/test_house.py`` holds the limits.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from statistics import median, quantiles

SOURCES = Path(__file__).resolve().parent.parent / "src"
PACKAGES = ("evenhand", "evenhand_systems")
LONG = 300
"""Lines above which a file wants a reason."""

REASONS = {
    "evenhand.claims.resolve": "one pass from a file to a claim, whose steps report their faults together",
    "evenhand.claims.schema": "the keys of a claim file, and what refuses them: one reads them side by side",
    "evenhand.decisions.pairs": "one gate: what may be compared, and every reason why not, in order",
    "evenhand.decisions.power": "what is promised before a run, for a claim and for a design; half of it is fields",
    "evenhand.decisions.rules": "the rule of a verdict from its evidence to its table; one reads it from top to bottom",
    "evenhand.decisions.verdict": "the fields of an answer; most lines say what a field means",
    "evenhand.decisions.wording": "all sentences about a verdict, in one place so that they agree",
    "evenhand.recipes.contract": "all that a recipe sees and declares, side by side; most lines say what a field means",
    "evenhand.runs.inspect_ai": "one format from its file to a run",
    "evenhand.runs.lm_eval": "one format from its file to a run",
    "evenhand.runs.tables": "one format from its file to a run",
    "evenhand.report.sections.contrasts": "one contrast on the page, from its title to all its figures",
    "evenhand_systems.anchored_sft.arms.checkpoint": "one trial on a checkpoint from its data to its scores",
    "evenhand_systems.anchored_sft.arms.text": "one trial on text from its data to its scores",
    "evenhand_systems.anchored_sft.evaluation.reward_model": "the judge, and the cache that knows all it depends on",
    "evenhand_systems.bridge.models.language_model": "one frozen model: what it reads, keeps and writes",
    "evenhand_systems.bridge.settings": "all settings of one recipe, and which of them mean nothing together",
    "evenhand_systems.bridge.translation.soft_prompt": "three ways into a target with one assembly",
    "evenhand_systems.future_seed.sandbox.judge": "both sides of one protocol, which change together",
    "evenhand_systems.future_seed.tasks.structure": "the generated tasks of one kind, each a few lines",
    "evenhand_systems.rwkv7.checkpoint": "names and shapes of the released format, to and fro",
}
"""Files longer than ``LONG``, and why each is one file."""


@dataclass(frozen=True)
class Function:
    """A function or method.

    Attributes:
        name: module and name.
        lines: from its ``def`` to its end.
        public: neither it nor anything around it has a leading underscore.
        typed: all its parameters and what it returns have types.
        kernel: numba compiles it, for the types that it is called with.
    """

    name: str
    lines: int
    public: bool
    typed: bool
    kernel: bool


@dataclass(frozen=True)
class Module:
    """One file, read.

    Attributes:
        name: dotted.
        lines: of the file.
        imports: dotted names of the modules of the house that it imports anywhere, for types alone too.
        functions: all of them.
        documented: public names (the module, classes, functions, methods) to whether they have a docstring.
    """

    name: str
    lines: int
    imports: frozenset[str]
    functions: tuple[Function, ...]
    documented: dict[str, bool]


def _typed(node: ast.FunctionDef | ast.AsyncFunctionDef, method: bool) -> bool:
    given = node.args
    named = [*given.posonlyargs, *given.args]
    static = any(isinstance(d, ast.Name) and d.id == "staticmethod" for d in node.decorator_list)
    named = named[1:] if method and not static else named
    named += [*given.kwonlyargs, *(one for one in (given.vararg, given.kwarg) if one)]
    return node.returns is not None and all(one.annotation is not None for one in named)


def _is_kernel(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return any("njit" in (found := ast.unparse(one)) or found == "compiled" for one in node.decorator_list)


def _definitions(
    body: list[ast.stmt], prefix: str, public: bool, method: bool = False
) -> Iterator[tuple[str, bool, bool, ast.stmt]]:
    """Classes, functions and methods (none inside functions): name, whether public, whether a method, node."""
    for node in body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            name, shown = f"{prefix}.{node.name}", public and not node.name.startswith("_")
            yield name, shown, method, node
            if isinstance(node, ast.ClassDef):
                yield from _definitions(node.body, name, shown, method=True)


def _imports(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (one.name for one in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{one.name}" for one in node.names)


def read(path: Path) -> Module:
    """Read one file of the house."""
    name = ".".join(path.relative_to(SOURCES).with_suffix("").parts).removesuffix(".__init__")
    text = path.read_text()
    tree = ast.parse(text)
    shown = not any(part.startswith("_") for part in name.split("."))
    functions, documented = [], {name: ast.get_docstring(tree) is not None}
    for full, public, method, node in _definitions(tree.body, name, shown):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            functions.append(Function(full, lines, public, _typed(node, method), _is_kernel(node)))
        if public and isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            documented[full] = ast.get_docstring(node) is not None
    inside = frozenset(one for one in _imports(tree) if one.split(".", maxsplit=1)[0] in PACKAGES)
    return Module(name, len(text.splitlines()), inside, tuple(functions), documented)


@cache
def modules() -> tuple[Module, ...]:
    """Every file of the house."""
    return tuple(read(path) for package in PACKAGES for path in sorted((SOURCES / package).rglob("*.py")))


def room_of(name: str) -> str:
    """The folder in which a module stands, two names long; a file beside the rooms is a place of its own."""
    parts = name.split(".")
    if len(parts) == 1:
        return name
    place = ".".join(parts[:2])
    return (
        place
        if (SOURCES / parts[0] / parts[1]).is_dir() or (SOURCES / parts[0] / f"{parts[1]}.py").is_file()
        else parts[0]
    )


def rooms() -> tuple[str, ...]:
    """The folders directly inside the packages."""
    named = {room_of(one.name) for one in modules()}
    return tuple(sorted(name for name in named if name.count(".") == 1 and SOURCES.joinpath(*name.split(".")).is_dir()))


def rooms_of(package: str) -> tuple[str, ...]:
    """The rooms of one of the packages."""
    return tuple(name for name in rooms() if name.startswith(f"{package}."))


def arrows() -> dict[str, set[str]]:
    """What each room, and each file beside the rooms, imports from others. The front door opens on all, and is none."""
    found: dict[str, set[str]] = {}
    for one in modules():
        here = room_of(one.name)
        if here in PACKAGES:
            continue
        found.setdefault(here, set()).update(room_of(name) for name in one.imports)
    return {here: {there for there in seen if there != here and there not in PACKAGES} for here, seen in found.items()}


def floors() -> dict[str, int]:
    """Floor of each room, from 1: one above the highest that it imports.

    Raises:
        CycleError: rooms lead back to themselves.
    """
    graph = arrows()
    floor: dict[str, int] = {}
    for room in TopologicalSorter(graph).static_order():
        floor[room] = 1 + max((floor[below] for below in graph.get(room, ())), default=0)
    return floor


def functions() -> list[Function]:
    """All functions and methods."""
    return [function for one in modules() for function in one.functions]


def untyped() -> list[str]:
    """Public functions with a parameter, or a result, without a type; numba gives kernels theirs."""
    return [one.name for one in functions() if one.public and not one.typed and not one.kernel]


def undocumented() -> list[str]:
    """Public names without a docstring."""
    return [name for one in modules() for name, there in one.documented.items() if not there]


def documented_share() -> float:
    """Share of public names with a docstring."""
    return 1 - len(undocumented()) / sum(len(one.documented) for one in modules())


def long_files() -> dict[str, int]:
    """Files of more than ``LONG`` lines."""
    return {one.name: one.lines for one in modules() if one.lines > LONG}


def median_file() -> float:
    """Lines of the median file; those that only mark a folder are left out."""
    return median(one.lines for one in modules() if one.lines > 1)


def p90_function() -> float:
    """Lines that nine functions of ten do not pass."""
    return quantiles([one.lines for one in functions()], n=10)[-1]


def main() -> None:
    """Print the figures, and whatever passes a limit."""
    try:
        floor = floors()
    except CycleError as error:
        floor = {}
        print(f"circle: {' -> '.join(error.args[1])}")
    graph = arrows()
    for height in sorted(set(floor.values()), reverse=True):
        print(f"floor {height}: {'  '.join(room for room in sorted(floor) if floor[room] == height)}")
    print(f"rooms {len(rooms())}, floors {max(floor.values(), default=0)}, arrows {sum(map(len, graph.values()))}")
    every = functions()
    print(f"files {len(modules())}, median {median_file():g} lines")
    print(f"functions {len(every)}, of which kernels {sum(f.kernel for f in every)}; p90 {p90_function():g} lines")
    print(f"public functions without types: {', '.join(untyped()) or 'none'}")
    print(f"public names with a docstring: {documented_share():.1%}; without: {', '.join(undocumented()) or 'none'}")
    for name, lines in sorted(long_files().items(), key=lambda item: -item[1]):
        print(f"{name}: {lines} lines; {REASONS.get(name, 'NO REASON GIVEN')}")


if __name__ == "__main__":
    main()
