"""Optional packages: what is missing is told with what installs it, before anything is run."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from evenhand import extras
from evenhand.claims.load import load_claim
from evenhand.errors import ClaimError, RecipeError
from evenhand.recipes import catalogue
from evenhand.running.enter import check_machine

ROOT = Path(__file__).resolve().parents[1]
SYSTEMS = {
    "future_seed.inplace": "evenhand[future_seed]",
    "lyapunov.network": "evenhand[lyapunov]",
    "anchored_sft.standin": "evenhand[anchored_sft]",
    "bridge": "evenhand[bridge]",
}


@pytest.fixture
def without(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Have some modules not be installed."""
    real = importlib.util.find_spec

    def hide(*names: str) -> None:
        monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name in names else real(name))

    return hide


def test_what_is_there_is_not_asked_for(without: Callable[..., None]) -> None:
    assert extras.needed(("json", "numpy"), "evenhand[nn]") == ""
    without("numpy", "json", "re")
    assert extras.needed(("json",), "x") == "it needs json, which is not installed: pip install 'x'"
    assert extras.needed(("json", "numpy"), "x") == "it needs json and numpy, which are not installed: pip install 'x'"
    told = extras.needed(("json", "re", "numpy"), "x")
    assert told == "it needs json, re and numpy, which are not installed: pip install 'x'"


@pytest.mark.parametrize("reference", SYSTEMS)
def test_a_system_names_what_installs_it(reference: str) -> None:
    info = catalogue.find(reference).info
    assert info.extra == SYSTEMS[reference]
    brought = extras._extras()[reference.partition(".")[0]]
    assert info.needs
    assert set(info.needs) <= brought  # what it says it needs is what the extra brings


def test_a_claim_whose_packages_are_missing_is_refused_before_its_first_trial(without: Callable[..., None]) -> None:
    loaded = load_claim(ROOT / "claims" / "future_seed" / "rightcopy_quick.toml")
    without("torch", "numba")
    with pytest.raises(ClaimError, match=r"torch and numba.*not installed: pip install 'evenhand.future_seed.'"):
        check_machine(loaded)


@pytest.mark.parametrize(
    ("module", "folder", "extra"),
    [
        ("torch", "rwkv7", "nn"),
        ("transformers", "bridge", "bridge"),
        ("transformers", "anchored_sft", "anchored_sft"),
        ("gemmi.cif", "future_seed", "future_seed"),
        ("package_that_is_nowhere", "bridge", ""),
    ],
)
def test_an_import_that_fails_is_told_with_the_extra_of_the_system_that_asked(
    module: str, folder: str, extra: str, tmp_path: Path
) -> None:
    asking = tmp_path / "evenhand_systems" / folder / "asking.py"
    code = compile(f"raise ModuleNotFoundError('no', name='{module}')", str(asking), "exec")
    with pytest.raises(ModuleNotFoundError) as raised:
        exec(code)
    assert extras.cure_of(raised.value) == (f"pip install 'evenhand[{extra}]'" if extra else "")


@pytest.mark.slow
def test_a_command_that_meets_a_missing_package_says_so_in_one_sentence(tmp_path: Path) -> None:
    blocked = "import sys; sys.modules['torch'] = None; sys.argv = ['evenhand', 'lyapunov', 'train', 'x']\n"
    code = blocked + "from evenhand.cli.main import main; main()"
    ended = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ended.returncode == 2
    assert ended.stderr.strip() == (
        "This needs the package 'torch', which is not installed: pip install 'evenhand[lyapunov]'"
    )


def test_a_recipe_that_cannot_be_imported_names_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "optuna", None)
    (tmp_path / "asks.py").write_text("import optuna\n")
    with pytest.raises(RecipeError, match=r"'optuna', which is not installed: pip install 'evenhand\[search\]'"):
        catalogue.find("asks:run", tmp_path)


def test_what_a_package_registers_is_known_once_it_is_installed_and_no_more_once_it_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    assert extras.registered("evenhand.toys") == ()
    info = tmp_path / "toys-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: toys\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[evenhand.toys]\nsecond = toys:one\nfirst = toys:two\n[other]\nthird = toys:three\n"
    )
    assert [(entry.name, entry.value) for entry in extras.registered("evenhand.toys")] == [
        ("first", "toys:two"), ("second", "toys:one"),
    ]  # fmt: skip
    (info / "entry_points.txt").unlink()
    info.joinpath("METADATA").unlink()
    info.rmdir()
    assert extras.registered("evenhand.toys") == ()
