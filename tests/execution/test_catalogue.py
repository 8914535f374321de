"""Finding a recipe's exhibits function: imported when asked for, with a sentence where that cannot be."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from evenhand.errors import RecipeError
from evenhand.execution import catalogue

RECIPE = """
from evenhand.recipe import RecipeSettings, recipe

class Settings(RecipeSettings):
    rate: float = 0.1

@recipe({declared})
def run(settings: Settings, bench):
    return {{}}
"""


def found(folder: Path, name: str, declared: str) -> catalogue.Recipe:
    (folder / f"{name}.py").write_text(RECIPE.format(declared=declared))
    return catalogue.find(f"{name}:run", folder)


def test_the_function_beside_the_claim_is_imported_only_when_it_is_asked_for(tmp_path: Path) -> None:
    (tmp_path / "shown_beside.py").write_text("def exhibits(trials):\n    return ['made']\n")
    recipe = found(tmp_path, "recipe_beside", "exhibits='shown_beside:exhibits'")
    assert "shown_beside" not in sys.modules
    function = catalogue.exhibits(recipe, tmp_path)
    assert function is not None
    assert function([]) == ["made"]


def test_a_recipe_without_exhibits_has_none(tmp_path: Path) -> None:
    assert catalogue.exhibits(found(tmp_path, "recipe_without", ""), tmp_path) is None


@pytest.mark.parametrize(
    ("name", "declared", "module", "words"),
    [
        ("no_module", "'nowhere_at_all:exhibits'", "", "there is no module 'nowhere_at_all'"),
        ("no_function", "'shown_no_function:other'", "exhibits = 1", "has no callable 'other'"),
        ("no_callable", "'shown_no_callable:exhibits'", "exhibits = 1", "has no callable 'exhibits'"),
        ("no_colon", "'shown_no_colon'", "", "expected the name of a function as 'package.module:function'"),
        ("no_name", "len", "", "expected the name of a function"),
        (
            "no_package",
            "'shown_no_package:exhibits'",
            "import missing_package_x",
            "needs the package 'missing_package_x'",
        ),
        ("raising", "'shown_raising:exhibits'", "1 / 0", "cannot be imported: ZeroDivisionError"),
    ],
)
def test_what_cannot_be_imported_is_told_with_the_recipe_that_names_it(
    tmp_path: Path, name: str, declared: str, module: str, words: str
) -> None:
    (tmp_path / f"shown_{name}.py").write_text(module)
    recipe = found(tmp_path, f"recipe_{name}", f"exhibits={declared}")
    with pytest.raises(RecipeError) as told:
        catalogue.exhibits(recipe, tmp_path)
    assert words in str(told.value)
    assert f"recipe 'recipe_{name}:run'" in str(told.value)
