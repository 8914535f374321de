"""``evenhand new``: a commented claim and a recipe skeleton that runs at once."""

from __future__ import annotations

import re
from importlib import resources
from pathlib import Path

from evenhand.errors import EvenhandError
from evenhand.files import write_text


def write_claim(name: str, folder: Path) -> tuple[Path, Path]:
    """Write ``NAME.toml`` and ``NAME_recipe.py``.

    Returns:
        Paths of the claim and of the recipe.

    Raises:
        EvenhandError: the name is no Python identifier, or one of the files exists already.
    """
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", name):
        raise EvenhandError(f"The name '{name}' must be a letter followed by letters, digits or underscores.")
    claim, recipe = folder / f"{name}.toml", folder / f"{name}_recipe.py"
    for path in (claim, recipe):
        if path.exists():
            raise EvenhandError(f"{path} exists already; choose another name, or remove it first.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path, template in ((claim, "claim.toml.txt"), (recipe, "recipe.py.txt")):
            text = resources.files("evenhand.cli").joinpath("templates", template).read_text(encoding="utf-8")
            write_text(path, text.replace("MY_CLAIM", name))
    except OSError as error:
        raise EvenhandError(f"The files cannot be written to {folder}: {error}.") from error
    return claim, recipe
