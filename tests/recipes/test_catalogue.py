"""Finding recipes and their exhibits: imported when asked for, from where they belong, with a sentence otherwise."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

from evenhand.claims.load import load_claim
from evenhand.errors import RecipeError
from evenhand.execution.local.slots import LocalSlots
from evenhand.execution.worker import Job
from evenhand.recipes import catalogue
from evenhand.recipes.trial import ItemSet, Trial
from tests.app import evenhand
from tests.running.test_run import write_claim

RECIPE = """
from evenhand.recipes.contract import RecipeSettings, recipe

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
    recipe = found(tmp_path, "recipe_without", "")
    assert catalogue.exhibits(recipe, tmp_path) is None
    assert catalogue.recalls(recipe, tmp_path) is None


def test_what_completes_early_records_is_found_in_the_same_way(tmp_path: Path) -> None:
    (tmp_path / "early_beside.py").write_text("def recall(trial):\n    return 'recalled'\n")
    function = catalogue.recalls(found(tmp_path, "recipe_early", "recalls='early_beside:recall'"), tmp_path)
    assert function is not None
    assert function(None) == "recalled"  # type: ignore[arg-type,comparison-overlap]
    with pytest.raises(RecipeError, match="declares recalls='nothing'"):
        catalogue.recalls(found(tmp_path, "recipe_late", "recalls='nothing'"), tmp_path)


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


SHADOWS = ("torch", "numpy", "json", "pydantic", "evenhand", "sitecustomize")


def plant(folder: Path, names: tuple[str, ...] = SHADOWS) -> Path:
    """Files with the names of installed modules that leave a mark when they are executed."""
    mark = folder / "executed"
    for name in names:
        (folder / f"{name}.py").write_text(f"open({str(mark)!r}, 'a').write('{name} ')\n")
    return mark


def lab(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command line as users start it, in the folder of the claim: a new interpreter that has imported nothing."""
    code = "import sys; sys.argv[0] = 'evenhand'; from evenhand.cli.main import main; main()"
    return subprocess.run(
        [sys.executable, "-P", "-c", code, *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


INSTALLED = """
recipe = "future_seed.inplace"
[metric]
name = "accuracy"
margin = 0.05
[[arm]]
name = "off"
role = "baseline"
[[arm]]
name = "on"
role = "variant"
settings.future_seed.mode = "on"
[[rung]]
name = "confirm"
budget = 1
seeds = [0]
items = 4
"""


@pytest.mark.slow
def test_files_beside_a_claim_are_not_executed_by_a_claim_with_an_installed_recipe(tmp_path: Path) -> None:
    mark = plant(tmp_path)
    (tmp_path / "c.toml").write_text(INSTALLED)
    planned = lab(tmp_path, "plan", "c.toml")
    assert not mark.exists(), mark.read_text()
    assert "runs code from: installed package evenhand" in planned.stdout or planned.returncode == 2, planned.stderr
    with LocalSlots(["future_seed.inplace"], tmp_path, 1) as slots:
        trial = Trial("c", "a", "k", "r", 0, "future_seed.inplace", "f", {}, "steps", 1, ItemSet("r", 0, 4))
        job = Job(trial, str(tmp_path), str(tmp_path / "work"), str(tmp_path / "assets"))
        slots.start("key", job, 1, None)
        while not slots.wait(0.2):
            pass
        assert slots.problem == ""
    assert not mark.exists(), mark.read_text()


@pytest.mark.slow
def test_files_beside_a_claim_do_not_stand_in_for_what_its_own_recipe_imports(toy_folder: Path) -> None:
    mark = plant(toy_folder)
    (toy_folder / "toy.py").write_text("import json, numpy, pydantic\n" + (toy_folder / "toy.py").read_text())
    write_claim(toy_folder, seeds="[0, 1]")
    done = lab(toy_folder, "run", "c.toml", "--jobs", "1")
    assert done.returncode == 0, done.stderr
    assert f"runs code from: file {toy_folder / 'toy.py'}" in done.stderr
    assert not mark.exists(), mark.read_text()


def test_a_recipe_with_the_name_of_an_installed_module_is_told_so(tmp_path: Path) -> None:
    mark = plant(tmp_path, ("colorsys", "numpy", "sys"))
    for name in ("colorsys", "numpy", "sys"):
        with pytest.raises(RecipeError, match=f"The module '{name}' beside the claim .* Rename {name}.py"):
            catalogue.find(f"{name}:run", tmp_path)
    assert not mark.exists()


def test_a_helper_with_the_name_of_an_installed_module_is_named_where_the_import_fails(tmp_path: Path) -> None:
    (tmp_path / "statistics.py").write_text("def ours(): ...\n")
    (tmp_path / "with_helper.py").write_text("from statistics import ours\n")
    with pytest.raises(RecipeError, match=r"Beside the claim stand statistics.py, whose names installed modules have"):
        catalogue.find("with_helper:run", tmp_path)


def test_recipes_of_two_folders_with_one_name_are_two_recipes(tmp_path: Path) -> None:
    for number in (1, 2):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / "helper_of_two.py").write_text(f"about = {number}\n")
        (folder / "same_name.py").write_text(
            RECIPE.format(declared="").replace("return {}", "import helper_of_two; return {'n': helper_of_two.about}")
        )
    for number in (1, 2, 1):
        folder = tmp_path / str(number)
        recipe = catalogue.find("same_name:run", folder)
        assert recipe.run(recipe.settings(), None) == {"n": number}  # type: ignore[arg-type]
        assert recipe.origin == f"file {folder / 'same_name.py'}"
    catalogue.find("command", tmp_path)
    assert not [place for place in sys.path if place.startswith(str(tmp_path))]


def test_the_plan_of_a_command_shows_the_command_line(tmp_path: Path) -> None:
    (tmp_path / "c.toml").write_text(INSTALLED.replace("future_seed.inplace", "command").replace(
        'settings.future_seed.mode = "on"', "settings.values.a = 1").replace(
        "[metric]", 'settings.argv = ["bash", "train.sh"]\n[metric]', 1))  # fmt: skip
    planned = evenhand(tmp_path, "plan", "c.toml", columns=120).stdout
    assert "runs code from: the command line that the claim gives, in" in planned
    assert "bash train.sh" in planned


def test_a_recipe_that_is_written_on_while_a_notebook_lives_is_imported_as_it_stands(tmp_path: Path) -> None:
    path = write_claim(tmp_path)
    path.write_text(path.read_text().replace("toy:run", "written_on:run").replace("settings.effect", "settings.rate"))
    (tmp_path / "written_on.py").write_text(f"import written_helper\n{RECIPE.format(declared='')}")
    (tmp_path / "written_helper.py").write_text("LEVEL = 1\n")
    first = load_claim(path)
    assert load_claim(path).recipe.run is first.recipe.run
    (tmp_path / "written_helper.py").write_text("LEVEL = 1234\n")
    assert sys.modules[load_claim(path).recipe.run.__module__].written_helper.LEVEL == 1234
    (tmp_path / "written_on.py").write_text(RECIPE.format(declared="").replace("rate", "pace"))
    path.write_text(path.read_text().replace("settings.rate", "settings.pace"))
    changed = load_claim(path)
    assert "pace" in changed.recipe.settings.model_fields
    assert changed.resolved.hash != first.resolved.hash


def test_packages_installed_below_a_claims_folder_stay_imported_when_the_next_claim_comes(tmp_path: Path) -> None:
    installed = tmp_path / ".venv" / "lib" / "site-packages"
    (tmp_path / "other").mkdir()
    installed.mkdir(parents=True)
    (installed / "numbers_below.py").write_text("")
    found(tmp_path, "recipe_above", "")
    spec = importlib.util.spec_from_file_location("numbers_below", installed / "numbers_below.py")
    assert spec is not None
    sys.modules["numbers_below"] = importlib.util.module_from_spec(spec)
    try:
        found(tmp_path / "other", "recipe_other", "")
        assert "recipe_above" not in sys.modules
        assert "numbers_below" in sys.modules
    finally:
        del sys.modules["numbers_below"]


def test_what_is_installed_is_read_once_until_something_is_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def install(name: str) -> None:
        folder = tmp_path / f"{name}-1.0.dist-info"
        folder.mkdir()
        (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        (folder / "top_level.txt").write_text(f"{name}_module\n")
        os.utime(tmp_path, (0, len(list(tmp_path.iterdir()))))  # the clock of files is coarser than this test

    reads, read = [], importlib.metadata.packages_distributions
    monkeypatch.setattr(importlib.metadata, "packages_distributions", lambda: (reads.append(1), read())[1])
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    install("one")
    assert [*catalogue.distributions_of("one_module"), *catalogue.distributions_of("two_module")] == ["one"]
    install("two")
    assert [*catalogue.distributions_of("one_module"), *catalogue.distributions_of("two_module")] == ["one", "two"]
    assert len(reads) == 2
