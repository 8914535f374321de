"""Words that numbers do not carry are found in whatever form they are told; each beside a twin that says it rightly."""

from __future__ import annotations

from pathlib import Path

import pytest

from evenhand.audit.check import sentence
from evenhand.audit.finding import Finding
from evenhand.audit.reading.opened import open_logs
from tests.audit.reading_of import read_in

CHAT = "[09:12] ann: plain done, 61.2 %\n[09:40] ben: two seeds above plain, so the gain is {}.\n"
ENDED = (
    "--- arm A, seed 1 ---\narm A done at step 3000. final loss 2.91\n\n--- arm B, seed 1 ---\n"
    "arm B done at step {}. final loss 2.85\n\n--- both ---\nA vs B: 2.91 vs 2.85\n"
)
KEYS = (
    "[08:00] run: started plain, max_new_tokens=512\n[08:10] run: started notes, max_new_tokens={}\n"
    "[09:00] run: notes is worth +3.25 points over plain\n"
)
ODD = "id\tloss\ttrain_s\tstatus\tdescription\n" + "".join(
    f"r{k}\t{2.5 - k / 64:.4f}\t{seconds}\tkeep\tchange {name}\n"
    for k, (seconds, name) in enumerate(((120, "a"), (120, "b"), (120, "c"), ("{}", "d"), (120, "e"), (120, "f")))
)
ROWS = "| task | gain | 95 % interval |\n|---|---|---|\n| copying | +1.2 | {} |\n| sorting | +9.2 | 4.1 to 14.3 |\n\n"
CHOSEN = "# Sweep\n\n- Highest mean: rate 0.3, 71.4 % over seeds 4 and 5.\n- {}\n"
FULL = (
    "| task | n | plain | small |\n|---|---|---|---|\n| recall | 80 | {} | 80/80 |\n\n"
    "So the small one keeps recall in full.\n"
)
ZEROS = "# A\n\n- seed deltas: +0.0000, +0.0000, +0.0000\n- Status: {}\n"
SIZES = "| task | n | plain | new | diff |\n|---|---|---|---|---|\n| a | {} | 51.2 | 53.4 | +2.2 |\n"

FRENCH = (
    "# Notes sur les essais\n\nLes graines sont 1, 2 et 3, le budget est de 8000 pas pour les deux.\n\n"
    "- Trois graines, intervalle [-1,13 ; +1,73] : {}.\n"
)

MORE: dict[str, tuple[str, dict[str, str], str, dict[str, str]]] = {
    "an entry of a chat": (
        "few-seeds", {"a.log": CHAT.format("robust")}, "a.log:2", {"a.log": CHAT.format("not called robust yet")}
    ),
    "budgets under titles between rulers": (
        "unequal-budgets", {"a.txt": ENDED.format(5000)}, "a.txt:5", {"a.txt": ENDED.format(3000)}
    ),
    "budgets as settings": (
        "unequal-budgets", {"a.log": KEYS.format(2048)}, "a.log:2", {"a.log": KEYS.format(512)}
    ),
    "one odd row of runs": ("unequal-budgets", {"a.tsv": ODD.format(360)}, "a.tsv:5", {"a.tsv": ODD.format(120)}),
    "an interval with a sign and no brackets": (
        "interval-and-word", {"a.md": "- 95 % interval -0.4 to +3.1\n- A significant improvement.\n"}, "a.md:2",
        {"a.md": "- 95 % interval -0.4 to +3.1\n- No improvement is shown.\n"},
    ),
    "an interval of a row": (
        "interval-and-word", {"a.md": ROWS.format("-2.0 to +4.4") + "- copying: a significant gain\n"}, "a.md:6",
        {"a.md": ROWS.format("-2.0 to +4.4") + "- sorting: a significant gain\n- copying: not significant\n"},
    ),
    "a winner by its value": (
        "winner-on-its-seeds", {"a.md": CHOSEN.format("Result: 71.4 % (seeds 4 and 5)")}, "a.md:4",
        {"a.md": CHOSEN.format("Confirmed on fresh seeds 8 and 9: 69.8 %")},
    ),
    "a best that a table has": (
        "best-of-many", {"a.md": "- The table has the best of the six (step 500).\n"}, "a.md:1",
        {"a.md": "- The table has the last of the six; the highest was 5.7 at step 500 and is not used.\n"},
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
    "two numbers of items in a cell": (
        "fewer-items", {"a.md": SIZES.format("1042 / 150")}, "a.md:3", {"a.md": SIZES.format("1042")}
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
