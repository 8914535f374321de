"""Failures of machine, network or data in the place of results: they say nothing about the idea."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from evenhand.audit.finding import Finding, Level, Rule, place_of
from evenhand.audit.text.log import Line, Log, Table
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.text.words import METRIC_WORD, denied, planning
from evenhand.audit.told.arms.ended import ended_in

_KINDS = {
    "out of memory": Pattern(
        r"\b(?:OOM(?:ed|s|-killed)?|out[- ]of[- ](?:GPU |CUDA |host |device )?memory|CUDA error|no memory left)\b",
        needs="cuda error|memory|oom",
    ),
    "time limit": Pattern(
        r"\b(?:job|run|eval\w*|training|trial|process|slurm|build|sweep|worker|node|server|request)s?\b[^.;]{0,30}"
        r"\b(?:timed[- ]out|(?:hit|exceeded|reached|ran into) (?:the |its )?(?:time limit|wall ?clock)|"
        r"(?:was|got) killed (?:by (?:the )?(?:time|wall|OS|kernel|system)|after \d|at \d))",
        re.IGNORECASE,
        needs="got killed |time limit|timed|wall clock|wallclock|was killed ",
    ),
    "preemption": Pattern(
        r"(?:(?:\bwas|\bwere|\bgot|\bbeen|[;,:(–—-])\s*pre-?empted\b|"
        r"\b(?:killed|evicted|cancell?ed) by (?:the )?(?:scheduler|slurm|cluster|spot\w*|watchdog|OOM killer))\b",
        re.IGNORECASE,
        needs="canceled by |cancelled by |evicted by |killed by |pre-empted|preempted",
    ),
    "refused request": Pattern(
        r"\b(?:return\w*|fail\w* with|got|gave|error|raised|hit|threw)\b[^.;\d]{0,12}\b(?:HTTP )?(?:error )?"
        r"(?:401|403|404|429|500|502|503|504)\b(?!\s*(?:steps|tokens|epochs|items|questions|seeds|%))",
        re.IGNORECASE,
        needs=" with|error|gave|got|hit|raised|return|threw",
    ),
    "connection": Pattern(
        r"\b(?:aborted|failed|stopped|crashed|died|broke)\b[^.;]{0,30}\b(?:connectivity|connection|network|hub|"
        r"download|HTTP|rate limit\w*|DNS)\b",
        re.IGNORECASE,
        needs="aborted|broke|crashed|died|failed|stopped",
    ),
    "too few examples": Pattern(
        r"\b(?:only (?:built|found) \d+|insufficient (?:built )?examples|sample[- ]construction (?:limit|failures?)|"
        r"not enough (?:examples|samples))\b",
        re.IGNORECASE,
        needs="construction failure|construction limit|insufficient built examples|insufficient examples|"
        "not enough examples|not enough samples|only built |only found ",
    ),
    "disk": Pattern(
        r"\b(?:disk (?:is |was )?full|no space left|disk quota)\b",
        re.IGNORECASE,
        needs="disk full|disk is full|disk quota|disk was full|no space left",
    ),
    "crash": Pattern(
        r"\b(?:segfault\w*|segmentation fault|node failure|nccl (?:error|timeout)|driver crash\w*|power (?:cut|"
        r"outage))\b",
        re.IGNORECASE,
        needs="driver crash|nccl error|nccl timeout|node failure|power cut|power outage|segfault|segmentation fault",
    ),
}
_RAN = Pattern(
    r"\b(?:baseline|run|job|eval\w*|variant|arm|trial|training|experiment|task|seed|config\w*|failed|killed|"
    r"crash\w*|abort\w*|reject\w*|discard\w*|built|build|download|request\w*|abandon\w*)\b",
    re.IGNORECASE,
)
_VERDICT = Pattern(
    r"\b(?:reject(?:ed)?|discard(?:ed)?|abandon(?:ed)?|not useful|(?:doesn['’]t|does not|do not|don['’]t) "
    r"(?:work|help)|dead end|ruled out|prun(?:ed|e)|no gain|no (?:use|benefit)|negative result|useless|"
    r"counted as (?:a |an )?(?:loss|failure|fail|wrong|incorrect|regression)|dropped as|hurts?(?! by))\b|❌",
    re.IGNORECASE,
)
_EXCUSED = Pattern(
    r"\b(?:infrastructure|not (?:a )?(?:model|discarded|verdict)|no verdict|configuration issue|rerun|re-run|retry|"
    r"fixed|excluded|resum\w+|restart\w*|resubmit\w*|requeued?|missing|re-?ran|needs? (?:a )?re)\b",
    re.IGNORECASE,
)
_MENDED = Pattern(
    r"\b(?:avoid(?:s|ed|ing)?|prevent(?:s|ed|ing)?|fix(?:es)?|without|reduces?|handl\w+|if|to avoid|risk|may|might|"
    r"could|would|can)\b[^.;]{0,40}$",
    re.IGNORECASE,
    needs="avoid|can|could|fix|handl|if|may|might|prevent|reduce|risk|without|would",
)


_ADVICE = Pattern(
    r"\b(?:troubleshoot\w*|faq|known issues?|fix|fixes|solutions?|symptoms?|workarounds?|tips|requirements|"
    r"hardware|install\w*|usage|lessons?|gotchas?|pitfalls?|takeaways?|how to|commands?|set-?up)\b",
    re.IGNORECASE,
)


_NEVER = Pattern(r"(?<![\d.])(?:0|zero|none)\s+(?:of|/|\w+s\b)[^.;]{0,40}$", re.IGNORECASE)
_PLAIN = Pattern(r"[_/.()-]")
_PROBE = Pattern(r"\b(?:probes?|isolation|diagnostics?|stress test|smoke)\b", re.IGNORECASE)
"""A run that was made to find a limit: reaching it is its result."""

_SETTING = Pattern(r"^[\W_]*(?:--[\w-]+|[a-z]\w*\s?=\s?\S)", re.IGNORECASE)
"""A line on a setting tells why it is as it is."""

_DEFINED = Pattern(r"\b(?:indicates?|denotes?|means|(?:is|are) marked (?:as|with)|stands for)\b", re.IGNORECASE)


_SHORT = 60
"""Letters of a cell that tells of a failure and of nothing else."""

_FAILED = Pattern(
    r"\b(?:failed|aborted|abandoned|crashed|died|killed|stopped|ran out|OOMed|hit OOM|went OOM|was lost|ended)\b|"
    r"\b(?:OOM|out of memory|CUDA error)\b[^.;]{0,30}(?:->|→|=>|⇒|\bso\b)",
    re.IGNORECASE,
)


_RUN_FAILED = Pattern(
    r"\b(?:baseline|run|job|variant|arm|trial|training|experiment|seed|eval|evaluation)s?\b[^.;]{0,25}"
    r"\b(?:failed|aborted|crashed|died|(?:was|were|got) killed|OOM(?:ed)?|timed out)\b",
    re.IGNORECASE,
)
_OVER = Pattern(
    r"\b(?:previously|formerly|used to|no longer|before this|now (?:completes?|works|runs|passes|fits)|verified|"
    r"pytest|passed|completed|fix(?:ed|es)?:|(?:then|later) (?:finished|succeeded)|"
    r"resum(?:ed|es)|restarted|continued (?:from|with|at)|picked up)\b",
    re.IGNORECASE,
)
"""A failure that is told as mended, as overcome in the same run, or that a test made on purpose."""

_UNSURE = Pattern(
    r"\b(?:likely|probably|perhaps|maybe|possibly|suspect\w*|presumably|appears?|seems?|instabilit\w+|unstable|"
    r"diverg\w+|NaNs?|collaps\w+|many|some|several|most|every|always|sometimes|often|occasional\w*|partial\w*)\b",
    re.IGNORECASE,
)


_BEHIND, _NEAR = 3, 12
_NAMED = 3
"""States that are named of the runs of a table."""


def check(logs: list[Log]) -> Iterable[Finding]:
    """A run that failed for such a reason; of what only may be one, the first of its kind in a file."""
    for log in logs:
        if log.data:
            yield from _recorded(log)
            continue
        told: set[str] = set()
        rows = {row.line: table for table in log.tables for row in table.rows}
        for line in log.lines:
            if line.kind not in ("prose", "bullet", "row") or planning(log, line):
                continue
            found = failure_in(line)
            if found is None or _advice(log, line) or _DEFINED.search(line.body) or _PROBE.search(line.body):
                continue
            kind, word = found
            same = (one for one in log.parents(line) if (failure_in(one) or ("",))[0] == kind)
            if any(_of_a_result(log, one, rows) for one in same):
                continue  # what it belongs to tells the same failure
            excused = _EXCUSED.search(line.body) is not None
            facts = {"kind": kind, "excused": excused}
            level: Level = "note" if _of_a_result(log, line, rows) else "hint"
            if level == "note" or kind not in told:
                yield Finding("infrastructure", level, place_of(log, line), facts, quote=word)
            told.update([kind] if level == "hint" else ())


def _recorded(log: Log) -> Iterator[Finding]:
    """Runs of which their own record says so; one finding a table."""
    for table in log.tables:
        ended = ended_in(table) if len(table.rows) > 1 else ()
        if ended:
            states = list(dict.fromkeys(one.state for one in ended))
            facts = {"states": states, "runs": len(ended), "scored": sum(one.scored for one in ended)}
            first, *rest = (place_of(log, one.line) for one in ended)
            yield Finding("infrastructure", "note", first, facts, tuple(rest), quote=states[0])


def _of_a_result(log: Log, line: Line, rows: dict[int, Table]) -> bool:
    """Whether it is a run that failed among results: it is said so, or it is a row of their table."""
    said = any(_RUN_FAILED.search(one.body) for one in (line, *log.parents(line)))
    if line.kind == "prose" or _OVER.search(line.body) or _SETTING.match(line.body):
        return False
    if said and _EXCUSED.search(line.body) is not None:
        return True
    if _UNSURE.search(line.body):
        return False
    if line.kind == "row":
        table = rows.get(line.number)
        if table is not None and _measured(table, line.number):
            return False
        return table is not None and any(
            _of_metric(name) and any(n is not None and n.decimals for n in column)
            for name, column in zip(table.header, table.columns, strict=True)
        )
    place = log.by_number[line.number]
    return (
        said
        and not _goes_on(log, line)
        and any(
            METRIC_WORD.search(one.body) and any(n.decimals or n.unit in ("%", "pp") for n in one.numbers)
            for one in log.lines[max(0, place - _NEAR) : place + _NEAR]
        )
    )


def _goes_on(log: Log, line: Line) -> bool:
    """Whether the lines behind tell that the run was taken up again."""
    place = log.by_number[line.number]
    return any(
        _OVER.search(one.body) or _EXCUSED.search(one.body) for one in log.lines[place + 1 : place + 1 + _BEHIND]
    )


def _measured(table: Table, line: int) -> bool:
    """Whether a row has results of its own: then only a part of what was done there failed."""
    at = [row.line for row in table.rows].index(line)
    values = [column[at] for name, column in zip(table.header, table.columns, strict=True) if _of_metric(name)]
    return any(value is not None and value.decimals and value.value for value in values)


def _of_metric(name: str) -> bool:
    return METRIC_WORD.search(_PLAIN.sub(" ", name)) is not None


def _advice(log: Log, line: Line) -> bool:
    """Whether a line stands in advice on what to do about failures, not in a report of one."""
    titles = log.path(line.section)[-2:]
    tables = [table for table in log.tables if any(row.line == line.number for row in table.rows)]
    heads = [name for table in tables for name in table.header]
    return any(_ADVICE.search(text) for text in (*titles, *heads))


def failure_in(line: Line) -> tuple[str, str] | None:
    """The kind of failure that a line tells of, and the words that tell it."""
    for kind, pattern in _KINDS.items():
        found = pattern.search(line.body)
        if (
            found is None
            or denied(line.body, found.start())
            or _NEVER.search(line.body[: found.end()])
            or _MENDED.search(line.body[: found.start()])
        ):
            continue
        told = _RAN.search(line.body) or _VERDICT.search(line.body)
        if told is None or (kind == "out of memory" and not _ended(line)):
            continue
        return kind, found[0]
    return None


def _ended(line: Line) -> bool:
    """Whether a line reports that something ended for want of memory; that a table marks what does not fit is none."""
    if line.kind == "row":
        cells = [cell.strip() for cell in line.body.split("|")]
        return any(re.search(r"\bOOM\b|out of memory", cell) and 5 < len(cell) <= _SHORT for cell in cells)
    return _FAILED.search(line.body) is not None


def say(finding: Finding) -> str:
    """The sentence of a finding."""
    f = finding.facts
    if "states" in f:
        states = ", ".join(f"'{one}'" for one in f["states"][:_NAMED]) + (", ..." if f["states"][_NAMED:] else "")
        head, its, it = ("A run", "its", "it") if f["runs"] == 1 else (f"{f['runs']} runs", "their", "them")
        some = f", {f['scored']} of them with results all the same" if f["scored"] else " and has no result"
        results = ", with results all the same" if f["scored"] == f["runs"] else some
        return (
            f"{head} did not come to {its} end by {its} own record ({states}){results}: unless the limit that ended "
            f"{it} is what was tested, this counts neither for nor against what was tried."
        )
    if f["excused"]:
        return (
            f"Not the idea but a limit of the machine or the data ({f['kind']}) kept something from being measured: "
            f"that counts neither way."
        )
    return (
        f"A limit of the machine or the data ended this ({f['kind']}): unless that limit is what was tested, what "
        f"could not be measured for it counts neither for nor against what was tried."
    )


RULE = Rule(
    "infrastructure",
    "Out of memory, time limits, outages and missing examples are failures of the machine or the data, no verdicts.",
    check,
    say,
)
