"""What would settle a headline: each claim that an audit writes can be planned as it stands."""

from __future__ import annotations

from pathlib import Path

import pytest

from evenhand import load_claim, plan
from evenhand.audit.check import audit
from evenhand.audit.output.claim_files import write_claims
from evenhand.audit.output.headlines import headlines_of
from evenhand.audit.reading.opened import open_logs
from tests.audit.rules.test_rules import CASES
from tests.audit.test_seeds import FOLDER


def claims_of(paths: list[Path], folder: Path) -> tuple[Path, ...]:
    logs = open_logs(paths)
    findings = audit(logs)
    return write_claims([one for log in logs for one in headlines_of(log, findings)], folder)


@pytest.mark.slow
@pytest.mark.skipif(not FOLDER.is_dir(), reason=f"the logs are not at {FOLDER}")
def test_every_claim_of_the_five_logs_can_be_planned(tmp_path: Path) -> None:
    written = claims_of(sorted(FOLDER.glob("*.txt")), tmp_path / "claims")
    assert len(written) >= 20
    for path in written:
        plan(load_claim(path))


def test_every_claim_of_the_example_logs_can_be_planned(tmp_path: Path) -> None:
    logs = []
    for name, (text, _, _) in CASES.items():
        logs.append(tmp_path / f"{name}.md")
        logs[-1].write_text(text, encoding="utf-8")
    written = claims_of(logs, tmp_path / "claims")
    assert len(written) >= 8
    for path in written:
        plan(load_claim(path))
