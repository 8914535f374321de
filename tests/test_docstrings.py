"""Docstrings on the site: names of code are links to where they are explained, never the marks that docstrings have."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest

FILE = Path(__file__).resolve().parent.parent / "docs" / "docstrings.py"
HELP = "evenhand.claims.load.queue"


@pytest.fixture
def docstrings() -> Any:
    """The extension of griffe that the site uses."""
    pytest.importorskip("griffe")
    spec = importlib.util.spec_from_file_location("docstrings", FILE)
    assert spec is not None
    assert spec.loader is not None
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        (f":func:`{HELP}`", f'<autoref optional identifier="{HELP}"><code>{HELP}</code></autoref>'),
        (f":func:`~{HELP}`", f'<autoref optional identifier="{HELP}"><code>queue</code></autoref>'),
        (":meth:`unknown`", "<code>unknown</code>"),
        ("``code``, :no role:", "``code``, :no role:"),
        ("as a library::", "as a library:"),
    ],
)
def test_a_name_of_code_is_a_link_where_it_has_a_place(docstrings: Any, said: str, shown: str) -> None:
    assert docstrings.names_as_links(said, {HELP: HELP}.get) == shown


@pytest.fixture
def package(docstrings: Any, tmp_path: Path) -> Any:
    """A package as the site reads it."""
    import griffe

    (tmp_path / "house").mkdir()
    (tmp_path / "house" / "__init__.py").write_text("")
    (tmp_path / "house" / "other.py").write_text('def far() -> None:\n    """Far."""\n')
    (tmp_path / "house" / "room.py").write_text(
        "from house.other import far\n\n\n"
        'class Door:\n    """:meth:`open`, :func:`far`, :func:`later`, :mod:`.other`, :data:`nowhere`."""\n\n'
        "    def open(self, a: int, b: int) -> None:\n"
        '        """:class:`Door`.\n\n        Args:\n            a, b: two.\n        """\n\n\n'
        'def later() -> None:\n    """Later."""\n'
    )
    return griffe.load("house", search_paths=[tmp_path], extensions=griffe.Extensions(docstrings.Names()))


def test_names_are_those_of_the_class_then_of_the_module_then_of_what_it_imports(package: Any) -> None:
    said = package["room.Door"].docstring.value
    for place in ("house.room.Door.open", "house.other.far", "house.room.later", "house.other"):
        assert f'identifier="{place}"' in said
    assert "<code>nowhere</code>" in said
    assert ":" not in said


def test_entries_with_two_names_are_two_entries(package: Any) -> None:
    said = package["room.Door.open"].docstring.value
    assert "a: two.\n    b: two." in said
