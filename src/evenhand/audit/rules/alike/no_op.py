"""Variants whose results are exactly the baseline's: they changed nothing, or were never switched on."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from evenhand.audit.finding import Finding, Level, Rule, place_of
from evenhand.audit.rules.alike.saturated import full_tasks
from evenhand.audit.rules.alike.ties import concluded_on_ties
from evenhand.audit.rules.alike.zeros import concluded_on_zeros
from evenhand.audit.text.log import Line, Listing, Log
from evenhand.audit.text.pattern import Pattern, stems
from evenhand.audit.text.words import denied_at, hoped, of_others, planning
from evenhand.audit.told.arms.by_seed import BASE, Paired, paired_rows
from evenhand.audit.told.concluded.statements import below
from evenhand.audit.told.seeds.count import signs_of

_SAID = Pattern(
    r"\b(?:all\s+(?:0|zero)\s+deltas|exact[- ]ties?|exactly tied|bit[- ]identical|byte[- ]identical|"
    r"(?:identical to|exactly) (?:the )?baseline|identical to [^;,]{1,30} to the last (?:digit|bit)|"
    r"no-op (?:behaviou?r|seeds?|rows?)|exactly the same (?:scores?|results?|loss(?:es)?|accurac\w+|outputs?|numbers?)|"
    r"identical (?:results?|scores?|metrics?|loss(?:es)?|accurac\w+) (?:to|as|for|across)|"
    r"(?:all |every )?(?:metrics?|results?|scores?|accurac\w+|outputs?) "
    r"(?:(?:is|are|was|were|stay(?:ed|s)?|remain\w*) )?"
    r"(?:exactly |completely |entirely |bitwise )(?:unchanged|identical|the same)|all metrics (?:\w+ )?unchanged)\b",
    re.IGNORECASE,
    needs=" to the last bit| to the last digit|all metrics |deltas|exact|identical|no-op behavior|"
    "no-op behaviour|no-op row|no-op seed|the same|unchanged",
)
_LOOSE = Pattern(r"identical\b|exactly the same|unchanged|the same\b", re.IGNORECASE)
"""Said of files, kernels and repetitions as well as of arms: it must be said of results, and of a baseline."""
_TIE = Pattern(r"\bt(?:ie[ds]?)\b", re.IGNORECASE)
_TO_BASE = Pattern(
    r"\b(?:identical|tie[ds]?|same|unchanged|equal)\b[^.;]{0,40}?\b(?:to|as|with|from|for)?\s*(?:the |its |our )?"
    r"(?:baselines?|controls?|vanilla|unmodified|ablat\w+|variants?|arms)\b|\bvariants? [^.;]{0,40}\bidentical\b|"
    r"\btie[- ](?:the )?baseline\b|\bexactly (?:the )?baseline\b",
    re.IGNORECASE,
)
_ROUGHLY = Pattern(
    r"\b(?:near(?:ly)?|almost|virtually|approximately|practically|essentially|basically|roughly|statistically|visually|"
    r"close to|largely|mostly)[\s-]+(?:\w+[\s-]+)?$",
    re.IGNORECASE,
)
_RESULTS = Pattern(
    r"\b(?:results?|scores?|metrics?|acc(?:s|urac\w+)?|loss(?:es)?|ppl|perplexit\w+|predictions?|answers?|"
    r"generations|rewards?|returns|numbers|deltas?|d_acc|bpb|auc|f1)\b",
    re.IGNORECASE,
)
_OTHERS = (
    r"files?|cod(?:e|ebase)|pars\w+|hash\w*|sha\w*|commits?|cach\w+|csvs?|json|artifacts?|bytes|contracts?|git|"
    r"diff|cop(?:y|ies)|sources?|configs?|prompts?|reproduc\w+|determinis\w+|re-?r[ua]ns?|twice|packs?|callers?|paths?|"
    r"tests?|images?|checkpoints?|weights|gates?|guarante\w*|invariants?|"
    r"assert\w*|verif\w*|across (?:runs|machines|seeds)|refactor\w*|by (?:design|construction)|"
    r"as (?:expected|intended)|sanity|expected|disabled|drift|audit\w*|replicat\w+|confirmed|break|breaks|"
    r"resolv\w+|implementations?|reference|official|architectur\w*|hyper\w+|recipes?|otherwise|"
    r"not a (?:dead|bug)|parity|independent|kernels?|outputs? (?:for|of) the same"
)
_OTHER_THINGS = Pattern(rf"\b(?:{_OTHERS})\b", re.IGNORECASE, needs=stems(_OTHERS))
"""What is the same on purpose, or is no result of an arm."""
_GATE = Pattern(r"\bgates?\b", re.IGNORECASE)
_SHORT = 160
_REPEATED = Pattern(r"cert|determinis|parity|reproduc|equivalen|regress|verif|sanity", re.IGNORECASE)
"""What is the same on purpose: a repetition, with or without a change that must not matter."""

_MEANS = Pattern(r"\b(?:means?|averages?|medians?|rounded)\b", re.IGNORECASE)
_PAIR = Pattern(r"(?<![\d.])(\d+\.\d\d+)(?:\s?%)?\s*(?:vs\.?|versus|->|→|and|=)\s*\1(?!\.?\d)")
_CLAIMED_NONE = Pattern(
    r"\b(?:no|zero|any) (?:\w+ )?(?:effect|difference|influence|impact|change|gain)\b|\bidentical\b|\bunchanged\b|"
    r"\bchang\w+ nothing\b|\birrelevant\b|\b(?:does|do|did) ?(?:not|n['’]t) (?:matter|help|change)\b|\bthe same\b",
    re.IGNORECASE,
)
_ZERO = Pattern(
    r"(?<![\d.])(?<!std )(?<!stdev )(?<!sd )(?:[+±-]0\.0{1,4}\s?(?:pp|%)|0\.0{1,4}\s?pp)|"
    r"d_acc\s*=\s*[+±-]?0(?:\.0+)?(?![.\d])",
    re.IGNORECASE,
    needs="0.|d_acc",
)
_NO_MATTER = Pattern(
    r"\b(?:does|do|did) ?(?:not|n['’]t) (?:matter|help|hurt|change)\b|\bneutral\b|\bharmless\b|\bas good as\b|"
    r"\bno (?:effect|difference|influence|impact)\b|\birrelevant\b",
    re.IGNORECASE,
)
_SO = Pattern(r"[:;.]\s|->|→|=>|\b(?:so|hence|thus|therefore)\b", re.IGNORECASE)
_EXACT = Pattern(r"\b(?:bit|byte)[- ]identical|\bexactly\b|\blast (?:digit|bit)\b", re.IGNORECASE)
_ALL = Pattern(r"\b(?:all|every|exact(?! match)|tie)\b", re.IGNORECASE)
_SEEN = Pattern(
    r"\bnever (?:reached|switched|turned|applied|used|read|set|acted|active|passed)\b|\binactive\b|\binert\b|"
    r"\b(?:not|n['’]t) (?:\w+ )?(?:active|applied|switched|turned|wired|hooked|passed|read|used|tested|reach\w*)\b|"
    r"\b(?:flag|option|setting|switch|argument)s? (?:was|were|is|got|had been) (?:ignored|dropped|lost|dead)\b",
    re.IGNORECASE,
)
"""Who wrote the log has seen that the change never acted."""

_NAMED = 6
"""Metrics that are named of an arm that has the baseline's results in all of them."""

_LISTS = frozenset(("values", "value", "raw", "all", "list", "seeds", "runs", "folds", "samples", "data", "history"))


def check(logs: list[Log]) -> Iterable[Finding]:
    """Ties that the text reports: in words, as exactly zero for all variants, or as = in a pattern of signs."""
    for log in logs:
        read = list(concluded_on_ties(log))
        known = {one.place.line for one in read if not one.unproven}
        yield from read
        if not log.english:
            continue
        yield from _in_data(log)
        yield from concluded_on_zeros(log)
        full = known | {told.number for _, told in full_tasks(log)}
        for line in log.spoken():
            found = _tie(log, line) if line.number not in full else None  # a full task leaves no room
            signs = signs_of(line.body)
            if found is not None:
                sure = _concludes(line, re.search(re.escape(found), line.body)) or _sure(log, line, found)
                level: Level = "caution" if sure else "hint"
                yield Finding("no-op", level, place_of(log, line), {"words": found}, quote=found)
            elif signs is not None and signs.zero:
                facts = {"same": signs.zero, "count": signs.count}
                yield Finding("no-op", "caution", place_of(log, line), facts)


def _tie(log: Log, line: Line) -> str | None:
    said, zero = _SAID.search(line.body), _ZERO.search(line.body)
    others = _OTHER_THINGS.search(_GATE.sub(" ", line.body) if zero is not None else line.body)
    if hoped(line) or planning(log, line) or of_others(line) or others:
        return None
    rough = said is not None and _ROUGHLY.search(line.body[: said.start()]) is not None
    if said is not None and not rough and not denied_at(log, line, said.start()) and _of_results(log, line, said):
        return said[0]
    beside = any(n.signed and n.decimals and n.value for n in line.numbers)  # a slice where others differ
    if zero is not None and not beside and _ALL.search(line.body):
        return zero[0]
    pair = _PAIR.search(line.body)
    told = pair is not None and float(pair[1]) and _CLAIMED_NONE.search(line.body) and not _MEANS.search(line.body)
    return pair[0] if pair is not None and told else None


def _of_results(log: Log, line: Line, said: re.Match[str]) -> bool:
    """Whether ``bit-identical`` is said of results, not of files or of a repetition."""
    if not _LOOSE.search(said[0]):
        return True
    sentence = f"{log.lead(line)} {line.body}"
    told = _RESULTS.search(sentence) is not None or any(one.decimals and one.unit == "%" for one in line.numbers)
    return (told or _concludes(line, said)) and _OTHER_THINGS.search(sentence) is None


def _concludes(line: Line, said: re.Match[str] | None) -> bool:
    """Whether the same short sentence concludes from the sameness with the baseline that something has no effect."""
    rest = line.body[said.end() :] if said is not None and len(line.body) <= _SHORT else ""
    drawn = _SO.search(rest)
    fine = [n.value for n in line.numbers if n.decimals >= 2]
    exact = _EXACT.search(line.body) or len(set(fine)) < len(fine)
    return (
        drawn is not None
        and _NO_MATTER.search(rest, drawn.end()) is not None
        and bool(_TO_BASE.search(line.body) and exact)
    )


def _sure(log: Log, line: Line, found: str) -> bool:
    """Whether results of an arm are told to be exactly the baseline's: not a tie of two rivals, of files or of code."""
    pair = _PAIR.fullmatch(found)
    if pair is not None:
        short = line.kind == "bullet" and len(line.body) <= _SHORT  # more words say more than that they are the same
        fine = len(pair[1].replace(".", "").lstrip("0")) >= 4
        return short and fine and not re.search(r"\b(?:tie|near|almost|approx)", line.body, re.IGNORECASE)
    sentence = f"{log.lead(line)} {line.body}"
    if _TIE.search(found):
        return _ZERO.search(line.body) is not None
    if re.search(r"[~≈∼]\s*\d|\babout \d", sentence):
        return False  # results that are told roughly are not told to be the same
    if not _LOOSE.search(found):
        return _ZERO.search(found) is not None or re.search(r"\bdeltas\b", found, re.IGNORECASE) is not None
    exact = _EXACT.search(sentence)
    if not any(number.decimals for number in line.numbers):
        return False  # the result that is the same is not told
    return exact is not None and _TO_BASE.search(sentence) is not None and _RESULTS.search(sentence) is not None


def _in_data(log: Log) -> Iterator[Finding]:
    """Arms whose results over seeds are, one by one, those of the baseline, or of another list."""
    for table in log.tables:
        last = table.rows[-1].line if table.rows else table.line
        ties: dict[tuple[str, str, int], list[Paired]] = {}
        for one in paired_rows(table):
            if one.exact and not any(one.differences):
                ties.setdefault((one.arm, one.baseline, len(one.differences)), []).append(one)
        if ties and any(_SEEN.search(said.text) for said in below(log, last, table.section)):
            continue
        for (arm, other, count), tied in ties.items():
            metrics = [one.metric for one in tied if one.base_row is not None and one.metric != "value"]
            facts = {"arm": arm, "other": other, "count": count, "metrics": metrics}
            others = tuple(place_of(log, line) for line in tied[0].lines(every=log.folder))
            yield Finding("no-op", "caution", place_of(log, tied[0].line), facts, others, f"{arm} {tied[0].metric}")
    yield from _lists(log)


def _lists(log: Log) -> Iterator[Finding]:
    """Lists with the results of another list; of two arms that have several such lists one finding."""
    seen: dict[tuple[float, ...], Listing] = {}
    told: dict[tuple[str, str, int, Level], list[tuple[Listing, Listing]]] = {}
    for listed in log.listings:
        values = tuple(one.value for one in listed.values)
        if sum(one.decimals >= 2 for one in listed.values) < 3 or len(set(values)) < 3:
            continue
        first = seen.setdefault(values, listed)
        if first is not listed and _two_arms(first.label, listed.label):
            names = [one.label.rpartition(" ")[0] for one in (listed, first)]
            file = "/".join(re.split(r"[/\\]", log.name)[-2:])
            open_ = _REPEATED.search(file) is not None or not any(map(BASE.match, names))  # one list may stand twice
            level: Level = "hint" if open_ else "caution"
            arms = names if names[0] != names[1] else (listed.label, first.label)
            told.setdefault((arms[0], arms[1], len(values), level), []).append((listed, first))
    for (arm, other, count, level), tied in told.items():
        own, first = tied[0]
        facts = {"arm": own.label, "other": first.label, "count": count}
        if len(tied) > 1:
            facts |= {"arm": arm, "other": other, "metrics": [one.label.rpartition(" ")[2] for one, _ in tied]}
        others = tuple(place_of(log, one.line) for one in (first, *(one for pair in tied[1:] for one in pair)))
        yield Finding("no-op", level, place_of(log, own.line), facts, others)


def _two_arms(one: str, other: str) -> bool:
    """Whether two lists are named alike but for one word, the arm: not a list and its summary, nor two metrics."""
    words = (one.lower().split(), other.lower().split())
    differ = sum(a != b for a, b in zip(*words, strict=False))
    return len(words[0]) == len(words[1]) and differ == 1 and _metric(one) == _metric(other)


def _metric(label: str) -> str:
    """What a list is of: its last word that is no word for a list, so that two metrics are not taken for two arms."""
    words = [word for word in label.lower().split() if word not in _LISTS]
    return words[-1] if words else ""


def _listed(metrics: Sequence[str]) -> str:
    """`` in acc, f1 and loss``."""
    more = len(metrics) - _NAMED
    names = [*metrics[:_NAMED], f"{more} more"] if more > 0 else list(metrics)
    return f" in {' and '.join([', '.join(names[:-1]), names[-1]] if names[1:] else names)}"


def say(finding: Finding) -> str:
    """The sentence of a finding."""
    f = finding.facts
    if "results" in f:
        many = f"the {f['results']} results" if f["results"] > 1 else "the results"
        lines = f"lines {f['first']} and {f['second']}" if f["first"] != f["second"] else f"line {f['first']}"
        return (
            f"'{f['words']}': {many} of {lines} are alike to the last digit, as they are where a change "
            f"was never switched on: see whether it was active before it counts as without effect."
        )
    if "zeros" in f:
        return (
            f"'{f['words']}': differences that are all exactly zero (line {finding.others[0].line}) are what a change "
            f"gives that was never switched on: see whether it was active before it counts as without effect."
        )
    if "arm" in f:
        metrics = _listed(f["metrics"]) if f.get("metrics") else ""
        return (
            f"'{f['arm']}' has the {f['count']} results of '{f['other']}'{metrics} to the last digit: see whether it "
            f"was active before it counts as a variant without effect."
        )
    if "same" in f:
        return (
            f"{f['same']} of {f['count']} seeds show no difference at all: see whether the mechanism acted "
            f"there before its mean is read."
        )
    return (
        "Results that are exactly the baseline's mostly mean that no scored answer changed (no-op); they do not show "
        "that the variant has no effect: see whether it was active (its loss may tell)."
    )


RULE = Rule(
    "no-op",
    "A variant with exactly the results of the baseline is a row without a test.",
    check,
    say,
    tongues=True,
)
