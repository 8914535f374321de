"""What the words of a line say: what is asserted and what is only hoped for, denied or planned."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache

from evenhand.audit.text.log import Line, Log
from evenhand.audit.text.pattern import Pattern, stems

METRIC_WORD = Pattern(
    r"(?<![a-z])(?:acc|accuracy|accuracies|loss|losses|scores?|perplexity|ppl|f1|auc|bleu|rouge|rewards?|error rate|"
    r"win rate|bench\w*|[a-z-]*bench|eval\w*|val|validation|test|bpb|pass rate|pass@\d|success rate|baseline|recall|"
    r"precision|exact match|d_acc|mrr|ndcg|mmlu|em)(?![a-z])",
    re.IGNORECASE,
)
"""Words of a measured result: other uses of stable or significant are none of an audit's business."""

_NOT = Pattern(
    r"(?:\b(?:not|no|never|without|nor|neither|cannot|lacks?|lacking|hardly|isn|wasn|aren|weren|don|doesn|didn|won|n.t|"
    r"un|less|nothing|none|far from|instead of|rather than|fails? to|failed to|barely)\b|n['’]t\b)[^.;:!?()]{0,28}$",
    re.IGNORECASE,
)
_HOPES = (
    r"hypothes\w*|goals?|objectives?|should|would|can|expect(?:ed|s|ation)?|plan(?:ned|s)?|whether|if|todo|aims?|want|"
    r"needs?|could|may|might|must|milestone|targets?|try|tries|proposed?|next|ideas?|pending|queued|check|verify|"
    r"confirm whether|investigate|until|unless|let's|will|criteri(?:on|a)|threshold|require[sd]?|in order to|so that|"
    r"to see|designed to|intend\w*|potential(?:ly)?|in theory|recommend\w*|consider"
)
_HOPED = Pattern(rf"\b(?:{_HOPES})\b|\?", re.IGNORECASE, needs="?|" + stems(_HOPES))
_PLANS = Pattern(
    r"\b(?:ideas?|next|plans?|planned|todo|hypothes\w*|future (?:work|plans?|directions?|experiments)|goals?|"
    r"objectives?|motivation|background|action items|method\w*|protocol|setup|usage|install\w*|"
    r"quick ?start|requirements|related|references|reproduc\w*|config\w*|parameters|commands?|how to|rules|"
    r"criteria|expected|predictions?|roadmap|proposal)\b",
    re.IGNORECASE,
)
_DONE = Pattern(r"\b(?:results?|outcomes?|completed|findings?|observ\w+|conclusions?|analysis)\b", re.IGNORECASE)
_NO_REPORT = Pattern(
    r"(?<![a-z])(?:change ?logs?|changes|release notes|history|road ?maps?|plans?|planning|protocols?|proposals?|spec|"
    r"specs|specifications?|designs?|todo|contributing|agents|claude|skills?|guides?|tutorials?|how ?to|faq|"
    r"trouble ?shooting|install\w*|usage|pre-?registrations?|prereg|requirements|"
    r"literature|related work|references|reading (?:list|notes)|survey|deep research|brief|"
    r"instructions|programs?|playbook|handbook|cheat ?sheet|architecture$|prompts?$|templates?|api|glossary)(?![a-z])",
    re.IGNORECASE,
)
_REPORT = Pattern(
    r"(?<![a-z])(?:results?|reports?|logs?|experiments?|findings?|ablations?|outcomes?|analys[ie]s|notebook|summary|"
    r"status|benchmarks?|evaluations?)(?![a-z])",
    re.IGNORECASE,
)
_OF_OTHERS = Pattern(
    r"\bet al\b|\b(?:prior|previous|earlier|related|published) (?:work|studies|results|papers?)\b|\bliterature\b|"
    r"\b(?:the|their|original|this) (?:papers?|authors?)\b|\bpapers? (?:shows?|reports?|claims?|finds?)\b|"
    r"\bknown to\b|\b(?:already|previously|been) (?:demonstrated|shown|reported|proven)\b|\barxiv\b|"
    r"\b(?:ICLR|ICML|NeurIPS|ACL|EMNLP|CVPR|ICCV|ECCV)\b",
    re.IGNORECASE,
)
_TOKEN = Pattern(r"[a-z0-9]+")
_PLAIN = (
    "the a an of on in at to for and or with by as is are was were be this that it its from we our all "
    "than then but not no new now run runs result results mean std acc accuracy status summary script "
    "outcome outcomes completed task tasks seed seeds round control baseline config main full partial "
    "under"
)
_COMMON = frozenset(_PLAIN.split())
_ENGLISH = frozenset(
    ("the", "and", "of", "to", "in", "is", "for", "with", "on", "not", "was", "at", "by", "this", "that",
     "are", "from", "as", "be", "it")
)  # fmt: skip
_OTHERS = frozenset(
    ("der", "die", "das", "und", "ist", "nicht", "mit", "auf", "eine", "ein", "den", "von", "zu", "sich",
     "auch", "le", "la", "les", "des", "est", "et", "dans", "pour", "une", "avec", "sur", "que", "el", "los",
     "las", "en", "del", "por", "con", "una", "para", "il", "di", "che", "e", "non", "sono", "gli", "alla",
     "het", "een", "van", "niet", "voor", "og", "ikke", "jest", "nie", "na", "w", "z", "i", "se", "do")
)  # fmt: skip


def denied(text: str, start: int) -> bool:
    """Whether the word that begins at a column is denied: ``not yet stable``, ``no longer robust``."""
    return _NOT.search(text[max(0, start - 48) : start]) is not None


def denied_at(log: Log, line: Line, start: int) -> bool:
    """Whether the word at a column of a line is denied, be it in the line above: ``no variant`` / ``wins robustly``."""
    lead = log.lead(line)
    return denied(f"{lead} {line.body}", len(lead) + 1 + start)


def hoped(line: Line) -> bool:
    """Whether a line speaks of what is planned, expected or asked, not of what was found."""
    return hoped_in(line.body)


def hoped_near(text: str, start: int) -> bool:
    """Whether a word at a column is hoped for or planned by words right before it: a target model is no target."""
    return re.search(r"[.;,:]\s|$", text[:start]) is not None and hoped_in(re.split(r"[.;:(]", text[:start])[-1])


@lru_cache(maxsize=4096)
def hoped_in(text: str) -> bool:
    """Whether words speak of what is planned, expected or asked."""
    return _HOPED.search(text) is not None


def planning(log: Log, line: Line) -> bool:
    """Whether a line stands under a heading, or in a list, of plans, methods or commands."""
    titles = [*_headings(log, line.section), *(above.body for above in log.parents(line))]
    return any(len(title) < 80 and _plans(title) for title in titles)


@lru_cache(maxsize=4096)
def _plans(title: str) -> bool:
    return _PLANS.search(title) is not None and _DONE.search(title) is None


def _headings(log: Log, section: int) -> list[str]:
    """The heading that a line stands under and the one above it, but for the title of the whole."""
    if section < 0:
        return []
    above = log.sections[section].parent
    return [
        log.sections[section].title,
        *([log.sections[above].title] if above >= 0 and log.sections[above].level > 1 else []),
    ]


def asserted(log: Log, line: Line, found: re.Match[str]) -> bool:
    """Whether a word is said of something that was found: neither denied, nor hoped for, nor planned."""
    return not denied_at(log, line, found.start()) and not hoped(line) and not planning(log, line)


def of_others(line: Line) -> bool:
    """Whether a line tells of what others found, whose seeds and items this log need not name."""
    return _of_others(line.body)


@lru_cache(maxsize=8192)
def _of_others(text: str) -> bool:
    return _OF_OTHERS.search(text) is not None


@lru_cache(maxsize=256)
def reports(log: Log) -> bool:
    """Whether a log reports results of its own: plans, protocols, guides and lists of changes do not; data do."""
    if log.data or log.name.endswith(".log"):
        return True
    name = re.sub(r"[\W_\d]+", " ", re.split(r"[/\\]", log.name)[-1].rsplit(".", 1)[0])
    title = log.sections[0].title if log.sections and log.sections[0].line <= 10 else ""
    return not any(_NO_REPORT.search(text) and not _REPORT.search(text) for text in (name, title))


def tokens(text: str) -> frozenset[str]:
    """The words of a text by which one recognises what it is about."""
    return frozenset(
        word for word in _TOKEN.findall(text.lower().replace("_", " ")) if word not in _COMMON and len(word) > 1
    )


_LETTERS = Pattern(r"[^\W\d_\u3400-\u9fff]{4,}|[\u3400-\u9fff]{2}")
_EVERYWHERE = Pattern(
    r"with|that|this|from|have|than|then|they|them|will|were|been|both|more|most|when|what|which|only|also|into|over|does|"
    r"make[sd]?|made|there|therefore|hence|thus|means|keep|take|very|here|results?|damit|oder|einen?|donc|para|dans|avec|"
    r"pour|sans|effects?|difference|influence|impact|matters?|significant(?:ly)?|better|improvement|gains?|statistically|"
    r"prove[ns]|doubt|changes?"
)


def akin(said: str, told: str) -> bool:
    """Whether a sentence names anything that a text names, too, by the first four letters; or names nothing at all."""
    words = [word for word in _LETTERS.findall(said.lower()) if not _EVERYWHERE.fullmatch(word)]
    low = told.lower()
    return not words or any(word[:4] in low for word in words)


def english(texts: Iterable[str]) -> bool:
    """Whether words are English, as far as a log has enough of them; few words, and names alone, count as English."""
    letters = foreign = 0
    known, others = 0, Counter[str]()
    for text in texts:
        words = re.findall(r"[^\W\d_]+", text.lower())
        letters += sum(map(len, words))
        foreign += sum(len(word) * (1 if word[0] < "\u2e80" else 4) for word in words if not word.isascii())
        known += sum(word in _ENGLISH for word in words)
        others.update(word for word in words if word in _OTHERS)
        if letters > 40_000:
            break
    other = others.total() if len(others) >= _KINDS else 0  # one alone is the name of a column
    return letters < 200 or (foreign < 0.3 * letters and (other < 12 or known > other))


_KINDS = 5
"""So many different words of another language make a text one of that language."""
