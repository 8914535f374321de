"""A verdict on an idea that rests on a failure of machine, network or build: in the same line, or in the next."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from evenhand.audit.finding import Finding, Rule, anywhere, place_of
from evenhand.audit.rules.failures.infrastructure import names_a_verdict
from evenhand.audit.text.log import Line, Log
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.text.row_words import label_of
from evenhand.audit.text.words import denied, planning
from evenhand.audit.told.concluded.failures import verdicts_of

_FAILURE = Pattern(
    r"(?<![a-z])(?:(?:torch\.)?(?:cuda\.)?OutOfMemory(?:Error)?|out[- ]of[- ](?:\w+ )?memory|(?:CUDA |GPU )?OOM(?:ed|"
    r"s|-?killed)?|"
    r"ran out of (?:\w+ )?(?:memory|disk|quota|time)|killed by (?:the )?(?:slurm|scheduler|watchdog|kernel|cluster|"
    r"os|oom)|"
    r"(?:hit|exceeded|ran into|reached) (?:the |its )?(?:\w+ )?(?:time|wall)[- ]?(?:limit|clock|time)|timed[- ]?out|"
    r"(?:read|connect\w*|request|api|server|gateway|socket|collective)[- ]?time-?outs?|"
    r"time-?outs?(?! (?:fraction|rate|ratio|penalty|steps?|share|of|is|=))|wall[- ]?clock limit|"
    r"pre-?empt(?:ed|ion)|evicted|spot (?:node|instance|vm)\w* (?:\w+ )?(?:lost|gone|reclaimed|died|killed)|"
    r"nccl (?:error|timeout|watchdog|failure|hang)|(?:fail(?:ed|s)?|unable|refused) to (?:compile|build|load|start|"
    r"launch|install|download)|"
    r"(?:compil(?:e|er|ation)|build|import|link(?:er)?|driver|triton|nvcc) (?:error|failure|fail(?:ed|s)?|crash\w*)|"
    r"(?:import|modulenotfound|runtime ?cuda)error|(?:\w*http\w*error\W{1,3}|http ?|status ?|error ?|code ?)(?:401|"
    r"403|404|429|50[0234])|"
    r"\b50[0234]\b(?= (?:from|error|while|when|bad|service|internal|gateway|at|on)\b)|hub (?:outage|error|"
    r"unreachable|down)|"
    r"connection (?:reset|lost|refused|error|aborted)|network (?:error|failure|outage)|disk (?:is |was )?full|"
    r"no space left|disk quota|"
    r"import error|time limit at|wall ?clock at|(?:slurm|job|queue|cluster) time limit|segfault\w*|"
    r"segmentation fault|node (?:failure|failed|crash\w*|died|went down|down|lost)|cuda error|"
    r"illegal memory access|"
    r"ecc error|power (?:cut|outage|failure)|sigkill|rate[- ]limit(?:ed)?)(?![a-z])",
    re.IGNORECASE,
    needs="crash|fail|50|code|connection|disk|error|evict|http|hub|kill|limit|memory|nccl|network|no space|"
    "node|oom|power|preempt|pre-empt|ran out|refused|segfault|segmentation|spot|status|time|unable|wall",
)
_VERDICT = Pattern(
    r"\b(?:(?:does|do|did)(?:n['’]t| not) (?:work|help|train|scale|converge|learn|pay|improve|transfer|hold)|"
    r"(?:can|will)(?:not|n['’]t) (?:work|be trained|compete|learn|help)|"
    r"(?:no|zero) (?:gain|benefit|use|effect|improvement|advantage|help|value|future)\b|gives? (?:no|nothing)|"
    r"brings? (?:no|nothing)|"
    r"not (?:competitive|useful|worth\w*|viable|helpful|promising|effective|better|good|trainable|a win|an option|"
    r"for us)|no good|no option|"
    r"fails\b(?! (?:to|at|with|because))|not work|cannot (?:be used|run)|"
    r"useless|hopeless|inferior|worthless|dead end|negative result|ruled out|"
    r"collapses?|discarded|rejected|abandoned|"
    r"(?:arm|idea|line|branch|variant|topic) (?:is |was )?(?:closed|dead|dropped|out)|worse than|"
    r"hurts|harmful|(?:idea|approach|method) (?:is )?rejected|is (?:dropped|removed|closed)|removed from the|"
    r"drop(?:ped|ping)?(?= (?:it|this|from the|the (?:idea|arm|variant))|\W*$|\s*[.,;)]))|(?:[,;:]|->|=>|"
    r"→)\s*out\s*(?:[.;,]|$)",
    re.IGNORECASE,
)
_EXCUSED = Pattern(
    r"\b(?:re-?queued?|re-?run\w*|re-?ran|re-?try\w*|re-?tri\w+|re-?start\w*|re-?submit\w*|re-?sum\w+|nothing (?:is |"
    r"was )?(?:known|measured|can be)|"
    r"no (?:result|verdict|value|conclusion|number|measurement|data|evidence|statement)\w*|not (?:been )?(?:measured|"
    r"tested|evaluated|run|trained|tried)|"
    r"not a (?:collapse|result|verdict|loss|finding)|missing|excluded|left out|inconclusive|infrastructure|unknown|"
    r"tbd|pending|open|to be (?:repeated|run)|"
    r"says nothing|no statement|untested|unmeasured|fixed|upgraded|install\w*|solved|worked around|not (?:the|"
    r"an?) (?:idea|model|"
    r"method)\w*|"
    r"перезапу\w*|неизвестн\w*|повтор\w*|ничего не|neu gestartet|wiederhol\w*|unbekannt|offen|nachgeholt|"
    r"keine aussage|relanc\w*|"
    r"inconnu\w*|repetir\w*|relanz\w*|desconocid\w*|重跑|重试|未知)",
    re.IGNORECASE,
)
_UNSURE = Pattern(
    r"\b(?:if|might|may|could|would|to avoid|avoids?|prevents?|instead of|because of|otherwise|unless|maybe|"
    r"handles?)\b",
    re.IGNORECASE,
)
_OPEN = Pattern(r"\b(?:should|will|plan to|going to|todo|next|whether|hypothes\w*|expect\w*|check)\b|\?", re.IGNORECASE)
_WORD = Pattern(r"[^\W_][\w+-]*")
_COMMON = frozenset(
    ("the", "a", "an", "of", "on", "in", "at", "to", "for", "and", "or", "with", "by", "as", "is", "are",
     "was", "were", "be", "this", "that", "it", "its", "from", "we", "our", "all", "seed", "seeds", "run",
     "runs", "arm", "arms", "node", "job", "step", "steps", "after", "before", "gpu", "card", "here", "error",
     "no", "not", "does", "do", "so", "out", "one", "two", "result", "results", "idea", "variant", "model",
     "models", "train", "training", "trained", "test", "eval", "only", "new", "now", "then", "than", "but",
     "der", "die", "das", "und", "ist", "nicht", "mit", "auf")
)  # fmt: skip
_IN_GENERAL = Pattern(r"\b(?:are|is|be|being|gets?|how)\s+(?:\w+ (?:and|or) )?$", re.IGNORECASE)
"""Something that happens now and then, and is told of nothing in particular."""

_NEAR = 140
_BELOW = 3
_LABEL = 40
_LABELLED = Pattern(r"[^\W\d]{3}")
_FULL = 60
_LONGEST = 220
"""Letters of a line that tells one thing: longer ones may take back what they say."""

_HEAD = 3
"""Names at the beginning of a line, among which what it is about must be."""

_STATUS = Pattern(r"drop|discard|reject|abandon", re.IGNORECASE)
"""In a cell this is what became of the run."""


def check(logs: list[Log]) -> Iterable[Finding]:
    """A failure and, behind it or in the next line about the same thing, a verdict that nothing takes back."""
    for log in logs:
        told: set[int] = set()
        for one in verdicts_of(log):
            said = one.conclusion.line
            if said.number not in told and (log.data or not planning(log, said)):
                told.add(said.number)
                facts = {"failure": one.failure, "verdict": one.conclusion.words}
                yield Finding("failure-as-verdict", "fault", place_of(log, said), facts, (place_of(log, one.line),))
        lines = [line for line in log.lines if line.kind in ("prose", "bullet", "row")]
        for at, line in enumerate(lines):
            failed = _FAILURE.search(line.body)
            if failed is None or (not log.data and planning(log, line)):
                continue
            if _IN_GENERAL.search(line.body[: failed.start()]) or (not log.data and names_a_verdict(line)):
                continue
            yield from _drawn(log, line, failed, lines[at + 1 : at + 1 + _BELOW])
    yield from _far(logs)


def _far(logs: list[Log]) -> Iterator[Finding]:
    """A row tells of a failure, and a point that begins with the name in that row draws a verdict: be it elsewhere."""
    failures: dict[str, tuple[Log, Line, str]] = {}
    for log in logs:
        rows = {row.line: row for table in log.tables for row in table.rows}
        for line in log.lines if rows else ():
            failed = _FAILURE.search(line.body) if line.number in rows else None
            if failed is None or _EXCUSED.search(line.body):
                continue
            for cell in rows[line.number].cells:
                for name in {label_of(cell), label_of(cell).split(",")[0]}:
                    if 4 <= len(name) <= _LABEL and not _FAILURE.search(name) and _LABELLED.search(name):
                        failures.setdefault(name, (log, line, failed[0]))
    for log in logs if failures else ():
        for line in log.spoken():
            name, colon, said = line.low.partition(":")
            told = failures.get(name.strip()) if colon else None
            verdict = _VERDICT.search(said) if told is not None else None
            if told is None or verdict is None or denied(said, verdict.start()) or len(line.body) > _LONGEST:
                continue
            if not (_EXCUSED.search(said) or _UNSURE.search(said) or _OPEN.search(said) or planning(log, line)):
                facts = {"failure": told[2].strip(), "verdict": verdict[0].strip(" ,;:")}
                yield Finding("failure-as-verdict", "fault", place_of(log, line), facts, (place_of(told[0], told[1]),))


def _drawn(log: Log, line: Line, failed: re.Match[str], after: list[Line]) -> Iterator[Finding]:
    if not log.data and len(line.body) > _LONGEST:
        return
    if _EXCUSED.search(line.body) or _UNSURE.search(line.body) or (line.kind == "row" and not _told(line, log)):
        return
    rest = line.body[failed.end() :]
    if line.kind == "row":
        rest = rest.split("|")[0]
    verdict = _VERDICT.search(rest[:_NEAR])
    if verdict is not None and (denied(rest, verdict.start()) or (line.kind == "row" and _STATUS.match(verdict[0]))):
        return
    facts = {"failure": failed[0].strip(), "verdict": verdict[0].strip(" ,;:") if verdict else ""}
    if verdict is not None and not _OPEN.search(line.body):
        yield Finding("failure-as-verdict", "fault", place_of(log, line), facts, quote=line.body[failed.start() :])
        return
    for one in after if line.kind != "row" else ():
        near = one.section == line.section and one.number - line.number <= _BELOW - 1 and not _broken(line)
        verdict = _VERDICT.search(one.body) if near else None
        if verdict is None or denied(one.body, verdict.start()) or _FAILURE.search(one.body):
            continue
        if _EXCUSED.search(one.body) or _UNSURE.search(one.body) or _OPEN.search(one.body):
            continue
        if not _same_subject(log, line, failed, one):
            continue
        facts = {"failure": failed[0].strip(), "verdict": verdict[0].strip(" ,;:")}
        yield Finding("failure-as-verdict", "fault", place_of(log, one), facts, (place_of(log, line),))


def _broken(line: Line) -> bool:
    """Whether a line of prose goes on in the next one."""
    return line.kind == "prose" and re.search(r"[a-z,*(]$", line.text.rstrip()) is not None and len(line.text) >= _FULL


def _told(line: Line, log: Log) -> bool:
    """Whether a row tells of its failure in words: a cell that only says so is a status."""
    return log.data or any(len(cell) > 20 and _FAILURE.search(cell) for cell in line.body.split("|"))


def _same_subject(log: Log, line: Line, failed: re.Match[str], after: Line) -> bool:
    """Whether the verdict is said of what failed: a name before the failure, or of the heading, stands in both."""
    if _shared(line, after):
        return True
    title = log.path(line.section)[-1] if line.section >= 0 else ""
    if _ARM.search(title) and {*_arms(title)} & {*_arms(after.body)}:
        return True
    subject = {*_names(line.body[: failed.start()])[:_HEAD], *_names(title)}
    return bool(subject & set(_names(after.body)[:_HEAD]))


_ARM = Pattern(r"(?<!\w)(?:arm|variant|model|config|run|group|condition) ([A-Za-z0-9]{1,3})(?!\w)", re.IGNORECASE)
_COST = Pattern(r"\b(?:scored|counted|count|scoring) (?:as|them as) (?:wrong|incorrect|failed|failures?|0|zero)\b")


def _arms(text: str) -> list[str]:
    return [one[0].lower() for one in _ARM.finditer(text)]


def _shared(line: Line, after: Line) -> bool:
    """Whether failures were scored as wrong, and the verdict rests on the very result that came of it."""
    values = [{n.value for n in one.numbers if n.decimals} for one in (line, after)]
    return _COST.search(line.low) is not None and bool(values[0] & values[1])


def _names(text: str) -> list[str]:
    """The words of a text that may name something, in their order."""
    found = [word.lower().strip("-+") for word in _WORD.findall(text)]
    plain = [re.sub(r"[-_]", "", word) for word in found]
    return [word for word in plain if len(word) >= 2 and word not in _COMMON and not word.isdigit()]


def say(finding: Finding) -> str:
    """The sentence of a finding."""
    f = finding.facts
    where = f" (line {finding.others[0].line})" if finding.others else ""
    return (
        f"'{f['verdict']}' is said of what failed for another reason ('{f['failure']}'{where}): nothing was measured, "
        f"so that this is no verdict on the idea."
    )


RULE = Rule(
    "failure-as-verdict",
    "A verdict on an idea drawn from a run that memory, time, network or a build stopped.",
    anywhere(check),
    say,
    tongues=True,
)
