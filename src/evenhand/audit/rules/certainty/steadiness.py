"""Steadiness concluded in a sentence from the few repeats that stand beside it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from evenhand.audit.finding import Finding, place_of
from evenhand.audit.text.log import Log
from evenhand.audit.text.passages import Passage, Sentence, passages_of
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.text.vocabulary.repeats import REPEAT, SIGNS, worded
from evenhand.audit.text.vocabulary.steadiness import COURSE, MACHINERY, OUTCOME, OVER_SEEDS, PREDICATED, STRONG, WEAK
from evenhand.audit.text.words import denied, hoped_near, of_others, planning
from evenhand.audit.told.certainty.over_seeds import shown_aloud
from evenhand.audit.told.certainty.steady import HEDGE
from evenhand.audit.told.repeats.basis import Basis, basis_of, speaks_of_repeats
from evenhand.audit.told.repeats.said_counts import repeats_said

_FEW = 4
"""Repeats up to which a steadiness shows nothing."""

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

DOUBT = Pattern(
    r"\b(?:is|are|was|be) (?:not|no) (?:yet )?(?:a |an )?"
    r"(?:results?|conclusion|evidence|proof|conclusive|significant)\b|"
    r"\bone (?:fold|task|dataset|benchmark|split|subject|environment|env|game) (?:is|was)\b",
    re.IGNORECASE,
    needs="are no|be no|is no|one benchmark |one dataset |one env |one environment |one fold |one game |"
    "one split |one subject |one task |was no",
)
_CONSIDERED = Pattern(r"\bconsider(?:ed)?(?= (?:it|this|them|that|the)\b)", re.IGNORECASE)
_WITHOUT = Pattern("without", re.IGNORECASE)
_COUNT = Pattern(r"\b(?:both|two|three|four|\d+)\b", re.IGNORECASE)
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
            shown = shown_aloud(log, passage, sentence, basis, found)
            facts = {"word": word, "seeds": basis.count} | ({} if shown is None else shown.facts)
            line = sentence.line_at(max(0, sentence.low.find(word)))
            others = (place_of(log, basis.line if shown is None else shown.line),)
            yield Finding(
                "few-seeds", "caution", place_of(log, line), facts, others, anywhere=True, unproven=shown is None
            )


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
