"""Words that numbers do not carry are found in whatever form they are told; each beside a twin that says it rightly."""

from __future__ import annotations

from pathlib import Path

import pytest

from evenhand.audit.check import sentence
from evenhand.audit.finding import Finding
from evenhand.audit.reading.opened import open_logs
from tests.audit.reading_of import read_in

CHAT = "[09:12] ann: plain done, 61.2 %\n[09:40] ben: two seeds above plain, so the gain is {}.\n"
ROWS = "| task | gain | 95 % interval |\n|---|---|---|\n| copying | +1.2 | {} |\n| sorting | +9.2 | 4.1 to 14.3 |\n\n"
FULL = (
    "| task | n | plain | small |\n|---|---|---|---|\n| recall | 80 | {} | 80/80 |\n\n"
    "So the small one keeps recall in full.\n"
)
ZEROS = "# A\n\n- seed deltas: +0.0000, +0.0000, +0.0000\n- Status: {}\n"

FRENCH = (
    "# Notes sur les essais\n\nLes graines sont 1, 2 et 3, le budget est de 8000 pas pour les deux.\n\n"
    "- Trois graines, intervalle [-1,13 ; +1,73] : {}.\n"
)

MORE: dict[str, tuple[str, dict[str, str], str, dict[str, str]]] = {
    "an entry of a chat": (
        "few-seeds", {"a.log": CHAT.format("robust")}, "a.log:2", {"a.log": CHAT.format("not called robust yet")}
    ),
    "an interval with a sign and no brackets": (
        "interval-and-word", {"a.md": "- 95 % interval -0.4 to +3.1\n- A significant improvement.\n"}, "a.md:2",
        {"a.md": "- 95 % interval -0.4 to +3.1\n- No improvement is shown.\n"},
    ),
    "an interval of a row": (
        "interval-and-word", {"a.md": ROWS.format("-2.0 to +4.4") + "- copying: a significant gain\n"}, "a.md:6",
        {"a.md": ROWS.format("-2.0 to +4.4") + "- sorting: a significant gain\n- copying: not significant\n"},
    ),
    "counts that are all full": ("ceiling", {"a.md": FULL.format("80/80")}, "a.md:5", {"a.md": FULL.format("61/80")}),
    "zeros with a conclusion": (
        "no-op", {"a.md": ZEROS.format("neutral: the depth does not matter")}, "a.md:4",
        {"a.md": ZEROS.format("the flag is not connected, nothing is learned")},
    ),
    "denied in French": (
        "interval-and-word", {"a.md": FRENCH.format("le gain est robuste")}, "a.md:5",
        {"a.md": FRENCH.format("on ne peut pas parler de gain robuste")},
    ),
}  # fmt: skip


def found(folder: Path, files: dict[str, str]) -> tuple[Finding, ...]:
    folder.mkdir()
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return read_in(open_logs([folder]))


@pytest.mark.parametrize("form", MORE)
def test_a_word_is_found_at_its_line_and_not_in_its_twin(tmp_path: Path, form: str) -> None:
    rule, faulty, place, clean = MORE[form]
    mine = [one for one in found(tmp_path / "faulty", faulty) if one.rule == rule]
    assert [f"{Path(one.place.file).name}:{one.place.line}" for one in mine] == [place]
    assert sentence(mine[0]).endswith(".")
    assert [(one.rule, one.place.text) for one in found(tmp_path / "clean", clean) if one.level != "note"] == []
