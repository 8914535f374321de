"""Verdicts as tests: the fixture ``evenhand_compare``.

::

    def test_the_new_recipe_is_not_worse(evenhand_compare):
        evenhand_compare("claims/sft.toml", require="no-regression")

pytest imports this file wherever evenhand is installed; so it imports nothing but pytest, and the fixture imports the
lab when a test calls it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

_SAID = pytest.StashKey[list[str]]()

PathLike = str | os.PathLike[str]


class EvenhandCompare:
    """What the fixture gives: called with a claim or a saved comparison, it fails the test unless the gate holds."""

    def __init__(self, folder: Path, said: Callable[[str], None]) -> None:
        self._folder = folder
        self._said = said

    def __call__(
        self,
        target: PathLike,
        *variants: PathLike,
        require: str = "no-regression",
        ledger: PathLike = ".evenhand",
        arms: Sequence[str] = (),
        allow: Sequence[str] = (),
        **options: Any,
    ) -> Any:
        """Put a gate on a claim, on a saved comparison, or on runs.

        Args:
            target: a claim file or a saved decision (``.json``); with ``variants``, the runs of the baseline.
            variants: files or folders with runs of variants, compared with ``target`` on the spot.
            require: gain, no-regression or no-effect.
            ledger: of a claim. Paths are relative to pytest's root folder.
            arms: variants that count; all if empty.
            allow: ``post-hoc``, ``amended``.
            options: of ``evenhand.compare``: ``margin=0.02`` ...

        Returns:
            The gate (:class:`evenhand.decisions.gate.Gate`), or a list of them where the file holds several decisions.
        """
        from evenhand.cli.gate import gates_of, gates_of_runs
        from evenhand.decisions.gate import REQUIREMENTS, Answer, joined
        from evenhand.report.gate import gate_lines

        if require not in REQUIREMENTS:
            raise ValueError(f"require={require!r} is none of {', '.join(REQUIREMENTS)}")
        if variants:
            runs = [str(self._folder / path) for path in (target, *variants)]
            gates = gates_of_runs(runs, require, arms, options)
        else:
            if options:
                raise TypeError(f"{', '.join(options)}: only with runs to compare, evenhand_compare(baseline, variant)")
            place = self._folder / ledger
            gates = gates_of(self._folder / target, place, require, arms, allow)
        lines = [line for one in gates for line in gate_lines(one)]
        for line in lines:
            self._said(line)
        if joined(gates) is not Answer.HOLDS:
            pytest.fail("\n".join(lines), pytrace=False)
        return gates[0] if len(gates) == 1 else gates


@pytest.fixture
def evenhand_compare(request: pytest.FixtureRequest) -> EvenhandCompare:
    """Fail the test unless verdicts are what is required: ``evenhand_compare("claim.toml", require="gain")``."""
    said = request.config.stash.setdefault(_SAID, [])
    return EvenhandCompare(request.config.rootpath, said.append)


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """What the gates said, where there was one."""
    if lines := config.stash.get(_SAID, []):
        terminalreporter.section("evenhand")
        for line in lines:
            terminalreporter.line(line)
