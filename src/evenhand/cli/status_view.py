"""How far claims are, for people: what ``evenhand status`` prints."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.text import Text

from evenhand.cli.wrapped import tell
from evenhand.decisions.intervention_words import intervention_words
from evenhand.decisions.standing import Standing
from evenhand.errors import counted


def print_status(documents: Sequence[Mapping[str, Any]], console: Console) -> None:
    """How far claims are, for people; failures of one kind and message are told once."""
    if not documents:
        console.print("The ledger holds no claim yet. Run one: evenhand run CLAIM.toml")
    for document in documents:
        state = "finished" if document["finished"] else "not finished"
        where = ""
        if document.get("pending"):
            where = f", {counted(document['pending'], 'trial')} to run at rung {document['rung']}"
        tell(console, f"{document['claim']} (claim {document['hash']}): {state}{where}", "bold")
        left = document["left_out"]
        left_out = f", {counted(len(left), 'trial')} left out" if left else ""
        failed = counted(len(document["failures"]), "failed trial")
        tell(console, f"{counted(document['results'], 'result')}, {failed}{left_out}", "", "  ")
        if document.get("look"):
            tell(console, document["look"], "", "  ")
        if document["standing"]["fixed"] != "before":
            from evenhand.decisions.standing_words import standing_words  # here: only what is late has any

            told = standing_words(Standing.of_plain(document["standing"]))
            tell(console, told, "yellow", "  ")
        for one in document["interventions"]:
            done = intervention_words(one["what"], one["time"], one["results"], one["trials"])
            tell(console, done, "yellow", "  ")
        for sentence in document.get("anew", ()):
            tell(console, sentence, "yellow", "  ")
        for sentence in document.get("search", ()):
            tell(console, sentence, "", "  ")
        out = [f"'{arm}' was screened out: {reason}" for arm, reason in document.get("pruned", {}).items()]
        for sentence in [*out, *(f"'{arm}': {reason}" for arm, reason in document.get("dropped", {}).items())]:
            tell(console, sentence, "", "  ")
        groups = Counter((f["kind"], f["message"], f["advice"]) for f in document["failures"])
        for (kind, message, advice), count in groups.items():
            first = next(f for f in document["failures"] if (f["kind"], f["message"]) == (kind, message))
            tell(console, f"{kind} x {count}: {message}", "red", "  ")
            tell(console, f"first at {first['label']}, while in phase '{first['phase']}'", "", "    ")
            tell(console, advice, "", "    ")
            for line in first["detail"].strip().splitlines()[-6:]:
                console.print(Text(f"    | {line}", style="dim"), soft_wrap=True)
        for message, count in Counter(left.values()).items():
            tell(console, f"left out x {count}: {message}", "dim", "  ")
