"""The front doors of the systems: every name leads somewhere, and what a page shows takes three import lines."""

from __future__ import annotations

import importlib
import pkgutil
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

import evenhand_systems
from tests.snippets import blocks, faults, import_lines

PAGES = [
    Path(__file__).parents[2] / "docs" / "systems" / f"{name}.md"
    for name in ("anchored_sft", "bridge", "future_seed", "lyapunov")
]
PACKAGES = [found.name for found in pkgutil.iter_modules(evenhand_systems.__path__) if found.ispkg]
DOORS = [importlib.import_module(f"evenhand_systems.{name}") for name in PACKAGES]
NAMES = [(door, name) for door in DOORS for name in getattr(door, "__all__", ())]


@pytest.mark.parametrize(("door", "name"), NAMES, ids=lambda part: getattr(part, "__name__", part))
def test_every_name_of_a_front_door_leads_somewhere_and_stands_for_no_module(door: ModuleType, name: str) -> None:
    assert not isinstance(getattr(door, name), ModuleType)
    assert name in dir(door)
    assert name not in [found.name for found in pkgutil.iter_modules(door.__path__)]


@pytest.mark.parametrize("door", DOORS, ids=PACKAGES)
def test_a_name_that_is_not_there_is_an_attribute_error(door: ModuleType) -> None:
    with pytest.raises(AttributeError, match="has no attribute 'nonsense'"):
        door.nonsense  # noqa: B018


def test_front_doors_import_nothing_heavy_before_a_name_is_asked_for() -> None:
    doors = ", ".join(f"evenhand_systems.{name}" for name in PACKAGES if name != "rwkv7")  # which is torch modules
    script = f"import sys, {doors}; print(sorted({{'torch', 'numpy', 'transformers', 'trl'}} & sys.modules.keys()))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_what_a_page_shows_imports_and_calls_what_is_there_by_at_most_three_lines(page: Path) -> None:
    shown = blocks(page)
    assert shown
    for block in shown:
        assert faults(block) == []
        assert import_lines(block) <= 3


@pytest.mark.parametrize("page", ["lyapunov", "future_seed"])
def test_what_a_page_shows_gives_what_it_says(page: str, capsys: pytest.CaptureFixture[str]) -> None:
    block = blocks(next(found for found in PAGES if found.stem == page))[0]
    exec(compile(block, page, "exec"), {})
    said = {"lyapunov": "0.948 0.9428", "future_seed": "'seeding/gate/1': 0.119"}
    assert said[page] in capsys.readouterr().out


def test_a_checkpoint_and_its_vocabulary_write_on_as_the_page_shows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from evenhand_systems.rwkv7 import RWKV7, RWKV7Config, save_checkpoint

    monkeypatch.chdir(tmp_path)
    save_checkpoint(RWKV7(RWKV7Config(layers=2, width=64, head_size=32, vocabulary=257)), "rwkv7-g1-0.1b.pth")
    lines = [f"{i + 1} {bytes([i])!r} 1\n" for i in range(256)]
    (tmp_path / "rwkv_vocab_v20230424.txt").write_text("".join(lines), encoding="utf-8")
    block = blocks(next(found for found in PAGES if found.stem == "future_seed"))[1]
    exec(compile(block, "future_seed", "exec"), {})
    assert len(re.findall(r" (?:end|length|stop)$", capsys.readouterr().out, re.M)) == 2
