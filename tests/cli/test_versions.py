"""Two claims beside each other, or two versions of one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.app import evenhand, parsed
from tests.running.test_run import write_claim


@pytest.mark.slow
def test_two_versions_of_a_claim_show_what_changed_and_what_became_of_the_verdicts(toy_folder: Path) -> None:
    write_claim(toy_folder)
    evenhand(toy_folder, "run", "c.toml")
    alone = evenhand(toy_folder, "diff", "c")
    assert (alone.returncode, "'c' has one version" in alone.stderr) == (2, True)
    path = toy_folder / "c.toml"
    path.write_text(path.read_text().replace("margin = 0.05", "margin = 0.5"))
    evenhand(toy_folder, "run", "c.toml", "--amend")
    found = parsed(evenhand(toy_folder, "diff", "c", "--json"))
    assert found["changes"] == ["metrics.0.margin: 0.05 became 0.5"]
    assert (found["one"]["fixed"], found["two"]["fixed"]) == ("before", "amended")
    ((key, (before, after)),) = found["verdicts"].items()
    assert key == "on/default/score"
    assert before.startswith("gain")
    assert before != after
    shown = evenhand(toy_folder, "diff", "c").stdout
    assert "differs: metrics.0.margin: 0.05 became 0.5" in shown
    assert "amended" in shown
    assert evenhand(toy_folder, "diff", "c", "--html", "both.html").returncode == 0
    page = (toy_folder / "both.html").read_text()
    assert "metrics.0.margin: 0.05 became 0.5" in page
    assert page.count('class="pill kind-') == 2
    assert "not the same" in page
    assert not re.search(r'(src|href)="(https?:|//)', page)
    missing = evenhand(toy_folder, "diff", "c", "other")
    assert (missing.returncode, "has no claim 'other'; it has: c@" in missing.stderr) == (2, True)
