"""The best of several evaluations or variants reported as the result."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator

from evenhand.audit.finding import Finding, Level, Rule, place_of
from evenhand.audit.text.log import Line, Log, Table
from evenhand.audit.text.numbers import numbers
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.text.vocabulary.outages import INFRASTRUCTURE
from evenhand.audit.text.words import METRIC_WORD, denied_at, hoped, planning

_AT_STEP = Pattern(
    r"\bmid-train best\b|\b(?:best|peak(?:ed)?)\b(?:[^.;]|\.(?=\d)){0,70}?\b(?:at|@|in|by)\s+(?:the\s+)?(?:step|epoch|"
    r"iter(?:ation)?|checkpoint)\s*~?\d"
    r"|\b(?:best|highest|lowest|peak)\b[^;]{0,40}?\b(?:among|of|across|over) (?:the |all |our )*\d+ (?:\w+ )?"
    r"(?:checkpoints|"
    r"evaluations|evals|epochs|snapshots)\b"
    r"|(?:reached|hit)\s+\d[\d.%]*[^.;]{0,30}\((?:step|epoch|iter\w*)\s*\d+|\b(?:peaked|peak) at "
    r"\d[\d.%/]*\s*\((?:step|epoch|iter\w*)",
    re.IGNORECASE,
    needs="(epoch|(iter|(step|best|checkpoints|epochs|evals|evaluations|peak|snapshots",
)
_TAKEN = Pattern(
    r"\b(?:table|headline|result|score|number)s? (?:has|have|is|are|gives?|shows?|uses?|"
    r"reports?) (?:the )?(?:best|highest|"
    r"peak) (?:of|among) (?:the |all )*(?:\d+|two|three|four|five|six|seven|eight|nine|ten|twelve|twenty)\b|"
    r"\bof (?:the )?(?:\d+|ten|twelve|twenty|five|eight) (?:\w+ )?(?:checkpoints|epochs|snapshots|"
    r"evaluations)\b[^.;]{0,20}"
    r"\b(?:publish|report|release|use|keep|take|ship|chose|picked)\b[^.;]{0,30}\b(?:best|highest|lowest|top)\b|"
    r"\bafter each of (?:the )?\d+ (?:epochs|checkpoints)\b.{0,12}\bbest\b",
    re.IGNORECASE,
    needs="after each of |best |checkpoints|epochs|evaluations|highest |peak |snapshots",
)
"""The best of so many is what is reported, in so many words."""

_NOT_USED = Pattern(
    r"\b(?:peaks?|highest|best|maximum)\b[^.;]{0,80}\b(?:is|are|was|were) not (?:used|reported|taken)\b",
    re.IGNORECASE,
    needs=" not reported| not taken| not used",
)
_BEST = Pattern(r"\bbest\b(?=[^.;:(\d]{0,16}[+\-−]\d)", re.IGNORECASE, needs="best")
_OF = r"(?:the )?(?:same |very |full |held[- ]out )*"
_CHOSEN_ON_TEST = Pattern(
    rf"\b(?:pick(?:ed)?|chosen|chose|choose|select(?:ed)?|took|early[- ]stopp(?:ed|ing)|"
    rf"(?<!fine.)(?<!instruction.)tuned)\b[^.;]{{0,50}}?\b(?:on|by|from|"
    rf"with|using|against) {_OF}(?:test|evaluation|eval|benchmark|leaderboard)"
    rf"(?:[- ]?(?:set|split|data|score|accuracy|acc|"
    rf"loss|items|average|questions))\b"
    rf"|\breport\w* (?:only )?(?:the )?(?:best|top|highest|winner)\b[^.;]{{0,40}}?\b(?:on|by) {_OF}test\b"
    rf"|\b(?:pick(?:ed)?|chosen|chose|select(?:ed)?)\b[^.;]{{0,60}}?\b(?:on|by|with) (?:the )?[^.;,]{{0,40}}?"
    rf"\b(?:that|which) (?:we|is|are) (?:then |also )?(?:report(?:ed)?|quoted?)\b",
    re.IGNORECASE,
    needs="benchmark|eval|leaderboard|report|test|that |which ",
)
_CHOSEN_THING = Pattern(
    r"\b(?:the|an?|our|this|that|each|every) (?:selected|chosen|picked|tuned|early[- ]stopped)\b[^.;]*$|"
    r"\b(?:selected|chosen|picked|tuned|early[- ]stopped)\b[^.;]*\b(?:made|makes|has|had|is|was|were|are|reach\w*|"
    r"achiev\w*|scor\w+|gets|got|gives|gave|obtain\w*|perform\w*|evaluat\w+|test(?:ed|s)|then|and)\b[^.;]*$",
    re.IGNORECASE,
)
"""What was chosen and then did something on the test set was not chosen on it."""

_DEV = Pattern(r"\b(?:val|valid|validation|dev|development|tuning)\b|\bloss\b", re.IGNORECASE)
_RIVAL = Pattern(r"\b(?:vs\.?|versus|against|behind|current|previous|prior|than)\b", re.IGNORECASE)
"""The best of something else, which a result is set against."""

_TOLD_AS = Pattern(
    r"^\W*(?:rule|criterion|frame|expect\w*|hypothes\w+|predict\w*|note|definition)\b|\bwindow\b", re.IGNORECASE
)
"""What says how something is to be judged or told, and tells no result."""

_CHOSEN_ELSEWHERE = Pattern(
    r"\b(?:val|valid|validation|dev)\b|(?<!mid-)(?<!mid )\btrain(?:ing)?\b|(?<![a-z])(?:val|dev|train|eval)_|\bloss\b",
    re.IGNORECASE,
)
"""The best on validation data is what a checkpoint is chosen by: nothing says yet that it is the result."""

_TEST = Pattern(r"\b(?:test|benchmark|leaderboard)\b", re.IGNORECASE)
_SOME = Pattern(
    r"\b(?:of|among|across|out of) (?:the |all |our |these )?"
    r"(?:\d+|two|three|four|five|six|eight|ten|twelve|several|many) "
    r"(?:\w+ )?(?:variants?|configs?|configurations?|settings?|runs?|trials?|arms?|models?|schedules?|candidates?|"
    r"combinations?|values?|seeds?|checkpoints?)\b|\bbest (?:quick|med|medium|screen\w*)\b|"
    r"\b(?:quick|med|medium|screen\w*)\b[^.;]{0,12}\bbest\b",
    re.IGNORECASE,
)
"""How many there were to be picked from, or that a stage picked it; a best alone may be of two."""

_AGAIN = Pattern(r"\b(?:again|fresh|re-?r[ua]n|(?:new|other|different|unseen) (?:seeds?|items|data))\b", re.IGNORECASE)
_MANY = Pattern(r"mid-train|\b(?:among|of|across)\b|\bpeak", re.IGNORECASE)
_LATER = Pattern(
    r"\b(?:then|later|afterwards?|regress\w*|declin\w*|degrad\w*|fell|falls|dropp\w*|drops|worse\w*|rose|rises|"
    r"diverg\w*|"
    r"overfit\w*|final\w*|finish\w*|last|ended?|held|before|timed out|plateau\w*)\b|\d\s*(?:→|->)\s*\d",
    re.IGNORECASE,
)
_FELL = Pattern(
    r"(?:[^.;]|\.(?=\d)){0,160}?\b(?:collaps\w+|dropp\w+|fell|falls|declin\w+|degrad\w+|decay\w+|regress\w+|deteriorat\w+|sank|slid|crash\w+|"
    r"diverg\w+|went|back|down|ended|finished)\b[^.;]{0,20}?\b(?:to|at)\s+[~≈]?\d|"
    r"(?:[^.;]|\.(?=\d)){0,160}?\bthen collapsed\b(?! (?:the|into|all|our)\b)",
    re.IGNORECASE,
)
"""A story of a rise and a fall, which tells the end as plainly as the peak: nobody takes the peak as the result."""

_SANK = Pattern(
    r"\b(?:then|later|afterwards) (?:\w+ )?(?:regress\w*|declin\w*|degrad\w*|worsen\w*|fell|dropp\w*)", re.IGNORECASE
)
"""The same without the number that it fell to."""

_THING = Pattern(r"\bbest (?:checkpoint|ckpt|model|weights|snapshot)\b", re.IGNORECASE)
"""What was chosen, mostly by other data; its number need not be the highest of a series."""

_END = Pattern(r"\b(?:final|finally|finish\w*|last|ended|end) ?", re.IGNORECASE)
_FINAL = Pattern(r"^\W*(?:final|last|end)\b[^.;]*\d", re.IGNORECASE)
_MEASURED = Pattern(
    r"\d\s*/\s*\d|\b(?:violations?|results?|matches|solved|errors?|wins?|bpb|mAP|dice|iou|psnr|ssim|fid|wer|cer|"
    r"mse|mae|rmse|r2)\b",
    re.IGNORECASE,
)
_RATE = Pattern(r"\b(?:lr|learning[- ]rate|decays?|schedule|warm-?up|memory|vram|ram)\b", re.IGNORECASE)
_FALL = Pattern(r"\b(?:drop|gap|loss of|difference|diff|delta|change)\b|Δ", re.IGNORECASE)
_TIME = Pattern(r"^(?:epoch|step|iter|iteration|checkpoint)s?$", re.IGNORECASE)
_RUNNING = 4
"""Lines of one shape: a program tells each new best as it comes, and no result."""


def check(logs: list[Log]) -> Iterable[Finding]:
    """A best or peak that was picked from evaluations at several steps, or from several variants, on the same data."""
    for log in logs:
        yield from _in_text(log)
        for table in log.tables:
            yield from _in_table(log, table)


def _in_text(log: Log) -> Iterator[Finding]:
    shapes = Counter(_shape(line) for line in log.spoken())
    for line in log.spoken():
        running = shapes[_shape(line)] >= _RUNNING or re.match(r"\W*new (?:peak|best)\b", line.low)
        if hoped(line) or planning(log, line) or running:
            continue
        found = _TAKEN.search(line.body)
        if found is not None and not _DEV.search(line.body) and not denied_at(log, line, found.start()):
            taken = {"of": "evaluations", "looks": None}
            yield Finding("best-of-many", "caution", place_of(log, line), taken, quote=found[0].strip())
            continue
        found = _AT_STEP.search(line.body)
        if found is not None and not _RATE.search(line.body) and _results(line, found):
            looks = _looks(log, line)
            end, beside = _end(log, line), _told_beside(log, line)
            facts = {"of": "evaluations", "looks": looks, "end": end}
            passed = _passed(log, line, found, looks) and not _RIVAL.search(found[0])
            passed = passed and not _FELL.match(line.body, found.end()) and not _THING.match(found[0])
            level: Level = "hint" if not passed else "note" if end or beside or _SANK.search(line.body) else "caution"
            yield Finding("best-of-many", level, place_of(log, line), facts, quote=found[0].strip())
            continue
        found = _CHOSEN_ON_TEST.search(line.body)
        if (
            found is not None
            and not denied_at(log, line, found.start())
            and line.numbers
            and not _other_data(line, found)
            and not _CHOSEN_THING.search(line.body[: found.end()])
        ):
            facts = {"of": "choices", "looks": None}
            level = "caution" if _TEST.search(found[0]) else "hint"
            yield Finding("best-of-many", level, place_of(log, line), facts, quote=found[0].strip())
            continue
        found = _BEST.search(line.body)
        if found is None or denied_at(log, line, found.start()):
            continue
        if _AGAIN.search(line.body):
            continue
        if any(n.signed and n.unit in ("pp", "%") for n in line.numbers):
            facts = {"of": "variants", "looks": None}
            level = "caution" if _SOME.search(line.body) else "hint"
            yield Finding("best-of-many", level, place_of(log, line), facts, quote=found[0].strip())


def _shape(line: Line) -> str:
    """A line without its numbers: a program prints many of one shape."""
    return re.sub(r"\d[\d.]*", "0", line.low)


def _passed(log: Log, line: Line, found: re.Match[str], looks: object) -> bool:
    """Whether the text shows a result that was evaluated again after its best, on data that did not choose it."""
    if not _valued(line, found) or _TOLD_AS.search(line.body) or re.search(r"[~≈]\s*\d", found[0]):
        return False
    if not (_MEASURED.search(line.body) or METRIC_WORD.search(line.body)) or _CHOSEN_ELSEWHERE.search(line.body):
        return False
    if looks is not None or _MANY.search(found[0]) is not None or _LATER.search(line.body):
        return True
    place = log.by_number[line.number]
    near = [one.body for one in log.lines[place : place + 3] if one.section == line.section]
    return _TEST.search(line.body) is not None and any(_LATER.search(text) for text in near)


def _end(log: Log, line: Line) -> int | None:
    """The line beside a best that tells the last evaluation by itself."""
    place = log.by_number[line.number]
    near = [one for one in log.lines[max(0, place - 2) : place + 3] if one.section == line.section and one is not line]
    return next((one.number for one in near if _FINAL.search(one.body) and any(n.decimals for n in one.numbers)), None)


def _told_beside(log: Log, line: Line) -> bool:
    """Whether the next line of a paragraph tells what the run ended with."""
    after = log.lines[log.by_number[line.number] + 1 :][:1]
    return any(one.kind == line.kind == "prose" and _END.search(one.body) and one.numbers for one in after)


def _other_data(line: Line, found: re.Match[str]) -> bool:
    """Whether a line tells of data beside those that chose: an evaluation set chooses, a test set is reported."""
    rest = line.body[: found.start()] + " " + line.body[found.end() :]
    if re.search(r"\b(?:separate|fresh|unseen)\b", line.low):
        return True
    if re.search(r"\btest\b", found[0], re.IGNORECASE):
        return re.search(r"\b(?:validation|dev|val)\b", line.low) is not None
    return re.search(r"\b(?:test|held[- ]out)\b", rest, re.IGNORECASE) is not None


def _results(line: Line, found: re.Match[str]) -> bool:
    """Whether a number stands in or near the words found that is not only the step at which something was."""
    return any(
        found.start() - 40 <= n.start <= found.end() + 40
        and not re.search(r"[.;]\s", line.body[found.end() : n.start])
        and not re.search(r"\b(?:steps?|epochs?|iter\w*|checkpoints?)\s*[=:]?\s*$", line.body[: n.start], re.IGNORECASE)
        for n in line.numbers
    )


def _valued(line: Line, found: re.Match[str]) -> bool:
    """Whether the best itself is told: a number with digits behind the point, a share or a count beside the words."""
    near = [n for n in line.numbers if found.start() - 40 <= n.start <= found.end() + 40]
    return any(n.decimals or n.unit == "%" for n in near) or _MEASURED.search(line.body) is not None


def _looks(log: Log, line: Line) -> int | None:
    """How many evaluations the table of the same section shows, where the best is one of them and not the last."""
    here = [t for t in log.tables if t.section == line.section and t.header and _TIME.match(t.header[0])]
    told = {n.value for n in line.numbers if n.decimals or n.unit == "%"}
    shown = len(here) == 1 and any(n and n.value in told for column in here[0].columns for n in column[:-1])
    return len(here[0].rows) if shown else None


def _in_table(log: Log, table: Table) -> Iterator[Finding]:
    """A column of peaks beside final values: ``Acc (peak → final)``."""
    for place, name in enumerate(table.header):
        if not re.search(r"\bpeak\b.*(?:→|->|/).*\bfinal\b", name, re.IGNORECASE) or _FALL.search(name):
            continue
        for row in table.rows:
            values = [n for n in numbers(row.cells[place]) if n.decimals and not n.spread]
            if len(values) == 2 and values[0].value > values[1].value:
                level: Level = "hint" if _unused(log) else "caution"
                cut = INFRASTRUCTURE.search(" ".join(row.cells)) is not None
                facts = {"of": "peaks", "peak": values[0].value, "final": values[1].value, "looks": None, "cut": cut}
                yield Finding("best-of-many", level, place_of(log, row.line), facts, quote=row.cells[place])


def _unused(log: Log) -> bool:
    """Whether the text says that peaks are told and not used."""
    return any(_NOT_USED.search(line.body) for line in log.spoken())


def say(finding: Finding) -> str:
    """The sentence of a finding."""
    f = finding.facts
    if f["of"] == "peaks":
        last = (
            "the last one before the run was cut short is {:.12g}, and no final one is told"
            if f["cut"]
            else "the run ended at {:.12g}, and that is its result"
        )
        return f"The peak {f['peak']:.12g} was picked from several evaluations; {last.format(f['final'])}."
    if f["of"] == "choices":
        return (
            "What was chosen by its result on some data looks better on these data than it is: other items, or other "
            "seeds, would tell by how much."
        )
    if f["of"] == "variants":
        return (
            "The best of several variants was picked by the number that is told of it, which tends to be too high for "
            "that: fresh seeds or items would tell by how much."
        )
    looks = f" (the table of this section shows {f['looks']})" if f["looks"] else ""
    end = f" (line {f['end']})" if f.get("end") else ""
    return (
        f"The best of several evaluations{looks} is higher than what the run reached, as chance picked it, too; the "
        f"last one{end}, or one chosen on other data, would not be."
    )


RULE = Rule(
    "best-of-many",
    "The best of many noisy evaluations or variants, picked on the data that it is reported on.",
    check,
    say,
)
