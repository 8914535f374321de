"""The reference pages say what the code does: every key of a claim file, every option of every command."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

DOCS = Path(__file__).resolve().parent.parent / "docs"


def reference() -> ModuleType:
    spec = importlib.util.spec_from_file_location("reference", DOCS / "reference.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("page", ["claim_file.md", "commands.md"])
def test_a_reference_page_is_what_the_code_gives(page: str) -> None:
    made = reference().PAGES[page]()
    assert (DOCS / page).read_text(encoding="utf-8") == made, "run `python docs/reference.py`"


def test_keys_that_no_other_page_tells_stand_in_the_reference_with_their_meaning() -> None:
    text = (DOCS / "claim_file.md").read_text(encoding="utf-8")
    for key in ("limits", "item_seed", "alpha", "memory_gib", "micro_batch", "learned_above", "after", "priority"):
        (row, *_) = [line for line in text.splitlines() if line.startswith(f"| `{key}` |")]
        assert len(row.split(" | ")[3]) > 20, row


def test_a_key_without_a_meaning_is_refused() -> None:
    from evenhand.claims.schema import Claim

    field = Claim.model_fields["alpha"]
    bare = type(field)(annotation=field.annotation, default=0.05)
    with pytest.raises(SystemExit, match="'alpha' has no description"):
        reference()._row(Claim, "alpha", bare)
