"""Summaries of JSONL files with one answered item per line, the older log's form included.

Run: ``python -m evenhand_systems.bridge.cli summarise PATH...``
"""

from __future__ import annotations

import codecs
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evenhand import statistics
from evenhand.data import reading
from evenhand.errors import DataError, Fault
from evenhand_systems.bridge.evaluation.collapse import MOST_FREQUENT_LIMIT
from evenhand_systems.bridge.tasks import extraction

_INVALID = {"", "[invalid]", "invalid", "none", "null", "nan"}
_REFERENCES = {"no_soft_tokens", "target_text", "source_text", "relay", "source_probe"}
"""What older rows, which do not tell their kind, call answers that no control gave."""
_PARTS = ("strict", "extracted", "output", "full", "text")


@dataclass(frozen=True)
class Row:
    """One answered item.

    Attributes:
        key: what pairs it with the same item in another group: its id, else its question, else its line.
        gold: gold number.
        bridged, source, target: extracted answers, None where invalid or absent.
        has_source, has_target: whether the file has that answer at all.
        flexible: the bridged answer by flexible extraction.
    """

    key: str
    gold: str
    bridged: str | None
    source: str | None
    target: str | None
    has_source: bool
    has_target: bool
    flexible: str | None

    @property
    def right(self) -> bool:
        """Whether the bridged answer is the gold number."""
        return extraction.same(self.bridged, self.gold)


@dataclass(frozen=True)
class Group:
    """The rows of one file, one control and one seed.

    Attributes:
        path: of the file.
        control: what the target was given; ``matched`` unless the rows say otherwise.
        kind: ``bridge``, ``control`` or ``reference``; read off the control where older rows do not tell.
        seed: of the trial; None in older rows.
        rows: sound rows.
        broken: lines that could not be read, each named.
    """

    path: str
    control: str
    kind: str
    seed: int | None
    rows: tuple[Row, ...]
    broken: tuple[Fault, ...]


@dataclass(frozen=True)
class Compared:
    """McNemar's exact test of two groups of answers to the same items."""

    against: str
    result: statistics.PairedProportions


@dataclass(frozen=True)
class Summary:
    """Figures of one group.

    Attributes:
        group: what is summarised.
        count, invalid, gold_matches, flexible_matches: numbers of items.
        source_matches, target_matches: of the models alone, None where the file does not have them.
        frequent: the five most frequent answers with their counts.
        against_text: compared with the target that has the text, the ``target`` of each row.
        against_alone: compared with the target without soft tokens, in a claim the baseline.
        against_best_control: compared with the best control. None where there is nothing to compare with.
        alarms: sentences.
    """

    group: Group
    count: int
    invalid: int
    gold_matches: int
    flexible_matches: int
    source_matches: int | None
    target_matches: int | None
    frequent: tuple[tuple[str, int], ...]
    against_text: Compared | None
    against_alone: Compared | None
    against_best_control: Compared | None
    alarms: tuple[str, ...]


def read_groups(path: Path) -> list[Group]:
    """The groups of a JSONL file.

    Raises:
        DataError: there is no such file, or it has no sound row at all.
    """
    reading.check_file(path)
    # In bytes: texts may hold separators at which str.splitlines would tear a line.
    lines = path.read_bytes().removeprefix(codecs.BOM_UTF8).splitlines()
    rows: dict[tuple[str, str, int | None], dict[str, Row]] = {}
    broken: list[Fault] = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        fault = f"{path.name}:{number}"
        try:
            document = reading.parse_json(line.decode("utf-8"), path.name, number)
            row, place = _row(document, number), _place(document)
            if row.key in rows.get(place, {}):
                raise ValueError(f"the item '{row.key[:60]}' stands in this group already; only the first is counted")
        except (DataError, ValueError) as error:
            broken.append(Fault(fault, str(error).removeprefix(f"{fault}: ")))
            continue
        rows.setdefault(place, {})[row.key] = row
    if not rows:
        raise DataError(f"{path} has no sound row: {len(broken)} of its lines are broken, {len(lines)} in all.")
    return [Group(str(path), *place, tuple(found.values()), tuple(broken)) for place, found in rows.items()]


def summarise(groups: Sequence[Group]) -> list[Summary]:
    """One summary per group; bridges are compared with the best control of the same seed on the same items.

    With the target without soft tokens, too, whatever the seed in its rows: nothing is trained there.
    """
    found = []
    for group in groups:
        if group.kind != "bridge":
            found.append(_summary(group, [], []))
            continue
        controls = [g for g in groups if g.kind == "control" and g.seed == group.seed]
        alone = [g for g in groups if g.control == "no_soft_tokens"]
        found.append(_summary(group, controls, alone))
    return found


def _place(document: Mapping[str, Any]) -> tuple[str, str, int | None]:
    """Control, kind and seed of a row.

    Raises:
        ValueError: the kind or the seed is none.
    """
    control, seed = str(document.get("control", "matched")), document.get("seed")
    guessed = "bridge" if control == "matched" else "reference" if control in _REFERENCES else "control"
    kind = str(document.get("kind", guessed))
    if kind not in ("bridge", "control", "reference"):
        raise ValueError(f"kind must be bridge, control or reference; found '{kind}'")
    if seed is not None and (isinstance(seed, bool) or not isinstance(seed, int)):
        raise ValueError(f"seed must be a whole number; found {seed!r}")
    return control, kind, seed


def _row(document: Any, number: int) -> Row:
    if not isinstance(document, dict):
        raise ValueError("expected an object")
    gold = _extracted(document, "gold", ("gold", "gold_extracted", "gold_answer", "gold_text")) or _word(document)
    if gold is None:
        raise ValueError("no gold answer (gold, gold_extracted, gold_answer or gold_text)")
    if not any(f"bridged_{part}" in document for part in _PARTS):
        raise ValueError("no bridged answer (bridged_strict, bridged_extracted, bridged_output or bridged_full)")

    def answer(name: str) -> str | None:
        return _extracted(document, name, tuple(f"{name}_{part}" for part in _PARTS), gold)

    def has(name: str) -> bool:
        return any(key.startswith(f"{name}_") for key in document)

    key = document.get("id") or document.get("question") or document.get("index", number)
    flexible = _extracted(document, "bridged", ("bridged_flexible",), gold) or _flexible(document, gold)
    return Row(
        key=str(key), gold=gold, bridged=answer("bridged"), source=answer("source"), target=answer("target"),
        has_source=has("source"), has_target=has("target"), flexible=flexible,
    )  # fmt: skip


def _word(document: Mapping[str, Any]) -> str | None:
    """The gold answer where it is one word, as in the task ``facts``."""
    value = document.get("gold")
    return extraction.word(value) if isinstance(value, str) and value.isalpha() else None


def _extracted(document: Mapping[str, Any], name: str, keys: Iterable[str], gold: str = "0") -> str | None:
    """The first of the keys that is there, as a plain number, or a word as ``gold`` is; texts are extracted from."""
    for key in keys:
        if key not in document:
            continue
        value = document[key]
        if value is None or str(value).strip().lower() in _INVALID:
            return None
        if key.endswith(("_output", "_full", "_text")) or (name == "gold" and "####" in str(value)):
            return extraction.marked(str(value), gold)
        number = extraction.plain(str(value))
        return number if number is not None or extraction.plain(gold) is not None else extraction.word(str(value))
    return None


def _flexible(document: Mapping[str, Any], gold: str) -> str | None:
    for key in ("bridged_output", "bridged_full", "bridged_text"):
        if document.get(key):
            return extraction.unmarked(str(document[key]), gold)
    return None


def _summary(group: Group, controls: Sequence[Group], alone: Sequence[Group]) -> Summary:
    rows = group.rows
    counts = Counter(row.bridged for row in rows if row.bridged is not None)
    frequent = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))[:5]
    alarms = []
    if frequent and frequent[0][1] / len(rows) > MOST_FREQUENT_LIMIT:
        alarms.append(f"collapse: {frequent[0][1]} of {len(rows)} answers are '{frequent[0][0]}'")
    target = {row.key: extraction.same(row.target, row.gold) for row in rows} if rows[0].has_target else None
    return Summary(
        group=group,
        count=len(rows),
        invalid=sum(row.bridged is None for row in rows),
        gold_matches=sum(row.right for row in rows),
        flexible_matches=sum(extraction.same(row.flexible, row.gold) for row in rows),
        source_matches=sum(extraction.same(r.source, r.gold) for r in rows) if rows[0].has_source else None,
        target_matches=None if target is None else sum(target.values()),
        frequent=tuple(frequent),
        against_text=None if target is None else _compare(rows, target, "target with the text"),
        against_alone=_against_best(rows, alone),
        against_best_control=_against_best(rows, controls),
        alarms=tuple(alarms),
    )  # fmt: skip


def _against_best(rows: Sequence[Row], controls: Sequence[Group]) -> Compared | None:
    """Against the control with the largest share of right answers to shared items; None where none shares any."""
    keys, shared = {row.key for row in rows}, []
    for group in controls:
        answers = {row.key: row.right for row in group.rows if row.key in keys}
        if answers:
            shared.append((sum(answers.values()) / len(answers), group.control, answers))
    if not shared:
        return None
    _, name, answers = max(shared, key=lambda found: found[0])
    return _compare(rows, answers, name)


def _compare(rows: Sequence[Row], other: Mapping[str, bool], name: str) -> Compared | None:
    """Paired by item; None where no item is shared."""
    differences = [float(row.right) - float(other[row.key]) for row in rows if row.key in other]
    return Compared(name, statistics.paired_proportions(differences)) if differences else None


def _title(group: Group) -> str:
    """Control, kind where the control's name does not tell it, and seed."""
    parts = [group.control, *([group.kind] if group.control != "matched" else [])]
    return ", ".join([*parts, *([] if group.seed is None else [f"seed {group.seed}"])])


def render(summary: Summary) -> str:
    """A summary as lines of text."""
    total = summary.count
    lines = [
        f"{summary.group.path} [{_title(summary.group)}]: {total} items",
        f"  gold matches {summary.gold_matches} ({summary.gold_matches / total:.1%}), "
        f"flexible {summary.flexible_matches} ({summary.flexible_matches / total:.1%}), "
        f"invalid {summary.invalid} ({summary.invalid / total:.1%})",
    ]
    for name, matches in (("source", summary.source_matches), ("target", summary.target_matches)):
        if matches is not None:
            lines.append(f"  {name} with the text {matches} ({matches / total:.1%})")
    shown = ", ".join(f"{answer} x {count}" for answer, count in summary.frequent) or "none"
    lines.append(f"  most frequent answers: {shown}")
    for found in (summary.against_text, summary.against_alone, summary.against_best_control):
        if found is not None:
            r = found.result
            lines.append(
                f"  against {found.against}: {r.estimate:+.3f} [{r.interval.low:+.3f}, {r.interval.high:+.3f}], "
                f"+{r.gained} -{r.lost} of {r.items}, McNemar p = {r.p:.4g}"
            )
    lines.extend(f"  ALARM {alarm}" for alarm in summary.alarms)
    if summary.group.broken:
        lines.append(f"  {len(summary.group.broken)} broken lines: " + "; ".join(map(str, summary.group.broken)))
    return "\n".join(lines)
