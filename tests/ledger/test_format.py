"""The ledger's format as it is written down is the one that is written."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from evenhand.errors import LedgerError
from evenhand.ledger import Ledger
from evenhand.ledger.segments import FORMAT, record_hash
from tests.ledger.samples import fill

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "ledger_format.md").read_text(encoding="utf-8")


def told() -> dict[str, tuple[set[str], set[str]]]:
    """Kind to the keys that its body always has, and those that it may have, as the page tells."""
    rows = re.findall(r"^\| `([\w-]+)` \| (.+?) \| .* \|$", PAGE.split("## Kinds")[1].split("## Outcomes")[0], re.M)
    return {kind: (_keys(re.sub(r"\[.*?\]", "", keys)), _keys(keys)) for kind, keys in rows}


def _keys(text: str) -> set[str]:
    return set(re.findall(r"`(\w+)`", text))


def test_every_record_has_the_keys_and_the_hash_that_the_page_tells(tmp_path: Path) -> None:
    with Ledger(tmp_path) as ledger:
        ledger.record_claim("c", "h" * 16, {"alpha": 0.05}, "text", known={"results": 0})
        fill(ledger, 1)
        ledger.record_set_aside("t", "on", "why", "result")
        ledger.record_seal("h" * 16, "{}", ["file x"])
        ledger.record_extension("h" * 16, [7])
        ledger.record_intervention("unblind", "c", "h" * 16, 0, 8)
        ledger.record_search("h" * 16, "search", proposed={}, first=0)
        ledger.record_decision("c", "h" * 16, {"on/default/score": "gain"}, families={})
    found = [json.loads(line) for path in (tmp_path / "segments").glob("*.jsonl") for line in path.open()]
    page = told()
    assert {record["kind"] for record in found} == set(page) - {"pack", "merge"}
    for record in found:
        always, ever = page[record["kind"]]
        assert always <= set(record["body"]) <= ever, record["kind"]
        assert set(record) == {"body", "hash", "kind", "previous", "sequence", "time"}
        assert record["hash"] == record_hash(record)
    (outcome,) = [record["body"] for record in found if record["kind"] == "outcome"]
    for part in ("trial", "outcome", "execution"):
        (row,) = re.findall(rf"^\| `{part}` \| (.+) \|$", PAGE.split("## Outcomes")[1], re.M)
        assert set(outcome[part]) == _keys(row), part


def test_the_page_is_of_the_version_that_is_written_and_a_newer_one_is_refused(tmp_path: Path) -> None:
    assert f"# The ledger format, version {FORMAT}" in PAGE
    with Ledger(tmp_path) as ledger:
        fill(ledger, 1)
    (path,) = (tmp_path / "segments").glob("*.jsonl")
    lines = [json.loads(line) for line in path.open()]
    lines[0]["body"]["format"] = FORMAT + 1
    previous = "0" * 64
    for record in lines:
        record["previous"] = previous
        previous = record["hash"] = record_hash(record)
    path.write_text("".join(json.dumps(line, sort_keys=True, ensure_ascii=False) + "\n" for line in lines))
    (tmp_path / "heads" / path.name).write_text(json.dumps([lines[-1]["sequence"], previous]))
    with pytest.raises(LedgerError, match=f"format {FORMAT + 1}.*newer version"):
        Ledger(tmp_path).outcomes()
