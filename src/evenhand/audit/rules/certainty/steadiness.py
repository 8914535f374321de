"""Steadiness concluded in a sentence from the few repeats that stand beside it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import numpy as np

from evenhand.audit.finding import Finding, place_of
from evenhand.audit.rules.certainty.recomputed import facts_of
from evenhand.audit.text.log import Log
from evenhand.audit.text.passages import Passage, Sentence, passages_of
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.text.vocabulary.repeats import REPEAT, SIGNS, worded
from evenhand.audit.text.vocabulary.steadiness import COURSE, MACHINERY, OUTCOME, OVER_SEEDS, PREDICATED, STRONG, WEAK
from evenhand.audit.text.words import denied, hoped_near, of_others, planning
from evenhand.audit.told.repeats.arms_over import Over
from evenhand.audit.told.repeats.basis import Basis, basis_of, speaks_of_repeats
from evenhand.audit.told.repeats.said_counts import repeats_said
from evenhand.audit.told.seeds.count import only_seed

_FEW = 4
"""Repeats up to which a steadiness shows nothing."""

_FEWER = 3
_FACTOR = {2: 32, 3: 6}
"""By how much the standard deviation of so few values may be that of all: the upper end of its 95 % interval."""

_SEEDS = Pattern(
    r"seed|init|start|rerun|random|luck|chance|time|run[ -]to|trainings?|repetition|zufall|hasard|azar|graine|semilla|сид|зерн|"
    r"случайн|инициал|种子|初始化|随机|again",
    re.IGNORECASE,
)
"""What a steadiness over seeds is said of, in so many words."""

_OF_RESULTS = worded(
    r"scores?|results?|numbers?|training|trainings|retraining|metrics?|accuracy|loss(?:es)?|values?|outcomes?|figures?|"
    r"ergebnis\w*|wert\w*|résultats?|scores?|resultados?|результат\w*|结果|f1|bleu|wer"
)
"""What a promise that speaks of no seeds is made of: the results, not the behaviour of a model on its inputs."""

_ENDS = Pattern(
    r"\s*(?:[.!,;)]|$|(?:and|so|und|et|y|и)\b|(?:\w+\s+){0,2}?(?:werte|values?|scores?|beat\w*|ahead|come\w*|better|outperform\w*|"
    r"above|below|over|at|the same))",
    re.IGNORECASE,
)
_OF_ELSE = Pattern(r"\s*(?:of|in|for|used|by)\s+(?:the|our|an?|which)\b", re.IGNORECASE)
_OF_NOISE = worded(r"noise|variance|spread|scatter|std|sd")
"""What may follow a promise that speaks of no seeds, and what is not said of the seeds of the training, or of results."""

_COMPARED = worded(
    r"gains?|effects?|wins?|winner|winning|beats?|better|worse|ahead|outperform\w*|improv\w*|advantage|losses|"
    r"hurts?|helps?|vs\.?|versus|compared|higher|lower|increas\w*|decreas\w*|than|over|drop\w*|gap|differences?|trend|holds?|survives?"
)
"""What is said of a difference: its values are those of pairs."""

_SEVERAL = Pattern(
    r"\b(?:seeds|runs|repeats|replicates|trials|restarts)\b|±|\b(?:std|bootstrap|sd)\b|confidence interval",
    re.IGNORECASE,
)
_NAMED = Pattern(r"\bseeds?\W{0,3}\d", re.IGNORECASE, needs="seed")
_CHANCE_LEVEL = 0.05

_ABOVE = 5
"""Lines between the repeats and a promise that does not speak of them."""

_NONE = Pattern(
    r"(?<![^\W_])(?:no|not|never|none|neither|nothing|nor|cannot|isn['’]t|n['’]t|nicht|kein\w*|ne|pas|не|нет|sin|"
    r"ni|un(?:stable|reliable)|"
    r"if|whether|unless|mixed|but only|needs?|more)(?![^\W_])|[?]|[≤<>]",
    re.IGNORECASE,
)
_CHANCE = worded(rf"{REPEAT}|{SIGNS}|initiali[sz]ation|randomness|инициализаци\w+|初始化")
_LONGEST = 400
"""Letters of a sentence beyond which it is a document in a field of data."""

HEDGE = Pattern(
    r"\bbut\s+(?:each|none|no|not|neither|nothing|individual\w*|only|is|are|small|too|never|"
    r"the (?:effect|gain|difference|interval))\b|"
    r"\b(?:not|never) (?:\w+ )?significant|\bn\.s\.|\b(?:underpowered|inconclusive|suggestive|preliminary|"
    r"insufficient|caveats?|too few|within (?:the )?(?:noise|error)|single[- ]seed|not enough|unclear|p\s*[=<>≈])",
    re.IGNORECASE,
)
DOUBT = Pattern(
    r"\b(?:is|are|was|be) (?:not|no) (?:yet )?(?:a |an )?"
    r"(?:results?|conclusion|evidence|proof|conclusive|significant)\b|"
    r"\bone (?:fold|task|dataset|benchmark|split|subject|environment|env|game) (?:is|was)\b",
    re.IGNORECASE,
    needs="are no|be no|is no|one benchmark |one dataset |one env |one environment |one fold |one game |"
    "one split |one subject |one task |was no",
)
_CONSIDERED = re.compile(r"\bconsider(?:ed)?(?= (?:it|this|them|that|the)\b)", re.IGNORECASE)
_WITHOUT = re.compile("without", re.IGNORECASE)
_COUNT = re.compile(r"\b(?:both|two|three|four|\d+)\b", re.IGNORECASE)
_ELSE = Pattern(
    r"在?各\S{0,8}|(?:across|over|on|in|for|between)\s+(?:\w+\s+){0,2}?(?:tasks?|datasets?|benchmarks?|models?|"
    r"sizes|layers|scales|budgets|languages|"
    r"domains|metrics|settings|configs?|configurations|prompts|lengths|games|environments|subsets|classes|"
    r"categories|steps|epochs|ratios|rates)(?![^\W_])",
    re.IGNORECASE,
)


def steadiness(log: Log) -> Iterator[Finding]:
    """Sentences that promise the same result again where at most four repeats are told, and none elsewhere."""
    for passage in passages_of(log) if speaks_of_repeats(log) else ():
        if passage.kind == "heading" or planning(log, passage.sentences[0].lines[0]):
            continue
        for sentence in passage.sentences:
            if (found := _said(log, sentence)) is None:
                continue
            word, sure = found
            basis = basis_of(log, passage, sentence)
            if basis is None or basis.count > _FEW or not basis.near or len(passage.text) > 4 * _LONGEST:
                continue
            if _taken_back(log, passage, sentence, word) or (
                basis.named and not sure and word in ("stable", "robust", "consistent")
            ):
                continue
            if not log.english and not sure and not _listed(log, basis, passage):
                continue
            if not sure and not _results(log, basis, passage):
                continue
            facts: dict[str, object] = {"word": word, "seeds": basis.count}
            shown = _shown(log, passage, sentence, basis, word, sure)
            line = sentence.line_at(max(0, sentence.low.find(word)))
            at = basis.line if shown is None else shown.get("at", basis.line)
            others = (place_of(log, int(str(at))),)
            facts |= {key: value for key, value in (shown or {}).items() if key != "at"}
            yield Finding(
                "few-seeds", "caution", place_of(log, line), facts, others, anywhere=True, unproven=shown is None
            )


def _shown(
    log: Log, passage: Passage, sentence: Sentence, basis: Basis, word: str, sure: bool
) -> dict[str, object] | None:
    """What is told aloud: seeds are meant, all values over two or three of them stand right above, and no others."""
    said = [n for one in passages_of(log) if one.section == passage.section or log.data for n in repeats_said(one.text)]
    meant = _SEEDS.search(word) if sure else STRONG.fullmatch(word)
    after = sentence.low.partition(word)[2]
    if not _ENDS.match(after) if not sure or word.endswith("time") else _OF_ELSE.match(after):
        return None
    if (
        not meant
        or _OF_NOISE.search(word)
        or any(n > basis.count for n in said)
        or any(n > 1 for n in repeats_said(sentence.text))
    ):
        return None
    if basis.count == 1:
        alone = not any(_SEVERAL.search(line.text) for line in log.lines)
        return {} if sure and alone and (not basis.named or only_seed(log) is not None) else None
    if basis.count > _FEWER or any(one.count != basis.count for one in basis.arms):
        return None
    last = sentence.lines[-1].number
    arms = [
        one for one in basis.arms if len(set(one.values)) > 1 and (log.data or passage.first - 5 <= one.last <= last)
    ]
    if not arms or not all(one.repeated or log.data for one in arms) or _others_named(log, passage, arms):
        return None
    if not _COMPARED.search(sentence.text):
        low, high = min(min(one.values) for one in arms), max(max(one.values) for one in arms)
        near = any(low * 0.9 <= n.value <= high * 1.1 for n in sentence.numbers)
        if not (sure or near or _OF_RESULTS.search(sentence.text)):
            return None
        return {"factor": _FACTOR[basis.count], "at": arms[-1].first}
    if len(arms) != 2 or arms[0].where.split()[:2] != arms[1].where.split()[:2]:
        return None
    tested = facts_of(np.subtract(arms[1].values, arms[0].values))
    if tested is None or float(str(tested["p"])) <= _CHANCE_LEVEL:
        return None
    return {key: tested[key] for key in ("p", "low", "high")} | {"at": arms[0].first}


def _others_named(log: Log, passage: Passage, arms: Sequence[Over]) -> bool:
    """Whether lines of the section other than those of the values name a seed of theirs."""
    own = range(min(one.first for one in arms) - 1, max(one.last for one in arms) + 1)
    beside = [line for line in log.lines if line.section == passage.section and line.number not in own and not log.data]
    return any(_NAMED.search(line.body) for line in beside)


def _said(log: Log, sentence: Sentence) -> tuple[str, bool] | None:
    """The words of a steadiness that a sentence asserts, and whether they are said of seeds; None where it does not."""
    text = sentence.text
    line = sentence.lines[0]
    if len(text) > _LONGEST or of_others(line) or _ELSE.search(text) or text.rstrip().endswith("?"):
        return None
    for pattern, sure in ((OVER_SEEDS, True), (STRONG, False), (WEAK, False)):
        for found in pattern.finditer(text):
            before = text[max(0, found.start() - 40) : found.start()]
            if (
                denied(_WITHOUT.sub("with   ", text), found.start())
                or _NONE.search(before)
                or hoped_near(_CONSIDERED.sub(lambda m: " " * len(m[0]), text), found.start())
            ):
                continue
            if sure and (repeats_said(found[0]) or _COUNT.search(found[0])):
                return None  # it says itself how many there are
            if (not (sure and _CHANCE.search(found[0])) and MACHINERY.search(text)) or (
                pattern is WEAK and COURSE.search(text)
            ):
                continue
            if not sure and not _of_an_outcome(log, text, found):
                continue
            return " ".join(found[0].lower().split()), sure
    return None


def _of_an_outcome(log: Log, text: str, found: re.Match[str]) -> bool:
    """Whether a promise is made of a subject, of an outcome, or stands as a verdict by itself."""
    if not log.english:
        return True
    before, after = text[: found.start()], text[found.end() :]
    if re.match(r"\s+with\b", after) and found[0].lower().startswith("consistent"):
        return False
    if re.match(r"[\s-]*(?:rank|set|state|version|basis|claim|claims|finding|enough)\b", after):
        return False
    shown = re.search(
        r"(?:shows? up|works?|trains?|learns?|repeats?|converges?|comes? out|liefert\w*|erreicht\w*|obtient|"
        r"logra)\s+(?:\w+\s+){0,3}$",
        before,
    )
    return PREDICATED.search(before) is not None or OUTCOME.match(after) is not None or shown is not None


def _taken_back(log: Log, passage: Passage, sentence: Sentence, word: str) -> bool:
    """Whether the sentence goes on to limit what it promised, or the lines around say that this is no result yet."""
    if HEDGE.search(sentence.low.partition(word)[2]):
        return True
    place = log.by_number[sentence.lines[0].number]
    around = log.lines[max(0, place - 8) : place + 4]
    return any(DOUBT.search(one.body) for one in around if one.section == passage.section)


def _listed(log: Log, basis: Basis, passage: Passage) -> bool:
    """Whether the values over the repeats, or their number, stand right beside a word that was translated."""
    told = any(one.repeated and one.values and one.count == basis.count for one in basis.arms)
    return (told or basis.count == 1) and passage.first - 3 <= basis.line <= passage.last


def _results(log: Log, basis: Basis, passage: Passage) -> bool:
    """Whether the results over the repeats stand in the passage of the sentence, or right above it."""
    return passage.first - _ABOVE <= basis.line <= passage.last or log.data
