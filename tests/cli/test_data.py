"""What data are there, and what the exit code says of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.app import evenhand, parsed


@pytest.mark.parametrize(("options", "code"), [((), 0), (("--strict",), 2)])
def test_what_is_missing_is_told_and_is_a_fault_only_where_that_is_asked(
    tmp_path: Path, options: tuple[str, ...], code: int
) -> None:
    done = evenhand(tmp_path, "data", "--system", "future_seed", "--json", *options)
    assert done.returncode == code, done.stderr
    assert {one["present"] for one in parsed(done)} == {False}
