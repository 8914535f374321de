"""Lists of results inside JSON: ``{"accs": [0.70, 0.69], "mean": 0.695, "std": 0.007}``, at their lines."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from evenhand.audit.text.log import Line, Listing
from evenhand.audit.text.numbers import Number, numbers
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.text.said import ENDS

_TOKEN = Pattern(r'"(?:[^"\\]|\\.)*"|[{}\[\]:,]|[^\s{}\[\]:,"]+')
RESULTS = Pattern(
    r"acc|score|f1|auc|loss|ppl|perplexity|bpb|error|reward|return|success|exact|(?:^|_)em(?:_|s|$)|pass|recall|"
    r"mrr|ndcg"
    r"|precision|mse|mae|fid|wer|cer|iou|psnr|ssim|mape|wape|chrf|cider|dice|kid|bleu|rouge|delta|diff|gain|"
    r"improvement|seeds?$|per_?seed|^(?:values|results|runs|raw|all)$",
    re.IGNORECASE,
)
"""Names of lists of results."""

_COURSE = Pattern(
    r"exact|order|scale|level|grid|sweep|axis|bins?|eigen|singular|norms?|weights|curve|history|"
    r"histor|epoch|step|train|trace|log|layer|per_?(?:class|task|layer|token|item)|steps|time|iter|lr|"
    r"path|file|running|smooth|ema|confusion|threshold|budget|token",
    re.IGNORECASE,
)
"""Names of lists that run over something else than seeds."""

_PART = Pattern(
    r"(?:ablation|slot|head|block|channel|neuron|expert|position)s?_(?:deltas?|effects?|importances?|drops?)$",
    re.IGNORECASE,
)
"""Names of what each part of one model does: an arm may well be called after a head or an expert."""

_COUNT = Pattern(r"(?:n|num|number_of|count_of)_(?P<what>\w+)", re.IGNORECASE)
"""A number that says of what there are so many."""

_MEAN = Pattern(r"^(?:(?P<before>.*?)[_.\- ]?)?(?:mean|avg|average)(?:[_.\- ]?(?P<after>.*))?$", re.IGNORECASE)
_SPREAD = Pattern(r"^(?:(?P<before>.*?)[_.\- ]?)?(?:std|sd|stdev|std_?dev)(?:[_.\- ]?(?P<after>.*))?$", re.IGNORECASE)
_SEEDS = Pattern(r"(?:random_?)?(?:seeds?|seed_?ids?)", re.IGNORECASE)
REPEATS = Pattern(r"seed|run|fold|trial|rep(?:eat|lica|etition)|(?<!value)(?<!s)s$", re.IGNORECASE)
"""What two values must be called, if only by a plural: else they may be the ends of an interval around the mean."""

_BARE_MEAN = Pattern(r"mean|avg|average")
_BARE_SPREAD = Pattern(r"std|sd|stdev|std_?dev")
_DIFFERENCE = Pattern(r"delta|diff|gain|improvement|(?:^|_)d_", re.IGNORECASE)
_MOSTRESULTS = 64
_MOST_TOKENS = 400_000


@dataclass
class _Object:
    """An object while it is read: its numbers, its lists of numbers, each with its line, and its name."""

    name: str = ""
    label: str = ""
    numbers: dict[str, tuple[Number, int]] = field(default_factory=dict)
    lists: dict[str, tuple[list[Number], int]] = field(default_factory=dict)


def listings(text: str, lines: dict[int, Line], first: int = 1) -> tuple[Listing, ...]:
    """The lists of results of a JSON text that was found to be sound.

    Args:
        text: the whole document.
        lines: its lines by number; lists at lines that are not there are left out.
        first: number of its first line.
    """
    return tuple(one for found in _objects(text, first) for one in _of(found, lines))


def _objects(text: str, first: int) -> Iterator[_Object]:
    """Every object with its own numbers and lists, in the order of their ends."""
    stack: list[_Object | list[Number] | None] = []
    keys: list[tuple[str, int]] = []
    key, line, at, expects = "", first, 0, False
    for count, token in enumerate(_TOKEN.finditer(text)):
        if count > _MOST_TOKENS:
            return
        line += text.count("\n", at, token.start())
        at, word = token.start(), token[0]
        if word in "{[":
            stack.append(_Object(key) if word == "{" else [])
            keys.append((key, line))
            expects = word == "{"
        elif word in "}]":
            done, (name, opened) = stack.pop(), keys.pop()
            if isinstance(done, _Object):
                yield done
            elif done and stack and isinstance(stack[-1], _Object):
                stack[-1].lists[name] = (done, opened)
            if stack and isinstance(stack[-1], list) and (isinstance(done, _Object | list) or done is None):
                stack[-1] = None  # a list of objects or lists is no list of numbers
        elif word == ",":
            expects = bool(stack) and isinstance(stack[-1], _Object)
        elif word == ":":
            expects = False
        elif expects:
            key = word.strip('"')
        elif stack:
            _take(stack, key, word, line)


def _take(stack: list[_Object | list[Number] | None], key: str, word: str, line: int) -> None:
    """A scalar goes to the object or the list that it stands in; a list that holds anything but numbers is none."""
    found = numbers(word) if word[0] in "-0123456789." else ()
    whole = found[0] if len(found) == 1 and not found[0].unit and found[0].end == len(word) else None
    top = stack[-1]
    if isinstance(top, _Object):
        if whole is not None:
            top.numbers[key] = (whole, line)
        elif word.startswith('"') and re.match(r"^(?:name|arm|method|model|variant|metric)$", key):
            top.label = top.label or word.strip('"')
    elif isinstance(top, list):
        if whole is None:
            stack[-1] = None
        else:
            top.append(whole)


def _of(found: _Object, lines: dict[int, Line]) -> Iterator[Listing]:
    lists = {
        name: one
        for name, one in found.lists.items()
        if (RESULTS.search(name) or _summed_up(found) or _by_seed(name, found))
        and not _COURSE.search(name)
        and not ENDS.search(name.replace("_", " "))
        and not of_parts(name, len(one[0]), {key: number.value for key, (number, _) in found.numbers.items()})
        and (len(one[0]) > 2 or REPEATS.search(f"{found.name} {name}") or _by_seed(name, found))
        and len(one[0]) <= _MOSTRESULTS
        and any(value.decimals for value in one[0])
    }
    for name, (values, line) in lists.items():
        alone = only_one(name, lists)
        mean = _beside(found, name, _MEAN, alone=alone)
        spread = _beside(found, name, _SPREAD, alone=alone)
        if line not in lines or any(one is not None and one[1] not in lines for one in (mean, spread)):
            continue
        differences = _DIFFERENCE.search(name) is not None
        yield Listing(
            f"{found.label or found.name} {name}".strip(),
            tuple(values),
            mean[0] if mean else None,
            spread[0] if spread else None,
            line,
            mean[1] if mean else line,
            spread[1] if spread else line,
            differences,
        )


def of_parts(name: str, length: int, beside: Mapping[str, float]) -> bool:
    """Whether a list runs over the parts of one model: by its name, or as many as are counted: ``"n_slots": 8``."""
    counted = [what["what"] for key, value in beside.items() if value == length and (what := _COUNT.fullmatch(key))]
    of_repeats = any(REPEATS.search(what.rstrip("s")) for what in counted)
    return not of_repeats and (_PART.search(name) is not None or bool(counted))


def _by_seed(name: str, found: _Object) -> bool:
    """Whether a list has as many values as the seeds that are listed beside it."""
    seeds = [values for key, (values, _) in found.lists.items() if _SEEDS.fullmatch(key)]
    return len(seeds) == 1 and len(seeds[0]) == len(found.lists[name][0]) and not _SEEDS.fullmatch(name)


def _summed_up(found: _Object) -> bool:
    """Whether an object is one list with its mean and its spread: then these are of it, whatever its name is."""
    names = [name.lower() for name in found.numbers]
    return len(found.lists) == 1 and all(any(p.fullmatch(n) for n in names) for p in (_BARE_MEAN, _BARE_SPREAD))


def only_one(name: str, lists: Iterable[str]) -> bool:
    """Whether a mean without a name is that of this list: the only one, or the one of differences beside its arms."""
    names = list(lists)
    return len(names) == 1 or [one for one in names if _DIFFERENCE.search(one)] == [name]


def _beside(found: _Object, name: str, pattern: Pattern, *, alone: bool) -> tuple[Number, int] | None:
    """The mean or spread of a list: named after it, or bare where it is the only list; None where several would do."""
    wanted = _stem(name)
    fits = []
    for key, value in found.numbers.items():
        match = pattern.match(key)
        if match is None:
            continue
        rest = _stem(f"{match['before'] or ''}{match['after'] or ''}")
        if (rest == wanted and rest) or (alone and not rest):
            fits.append(value)
    return fits[0] if len(fits) == 1 else None


def _stem(name: str) -> str:
    """``test_accs``, ``test_acc_per_seed`` and ``test_acc`` are one metric."""
    name = re.sub(r"^(?:per|by|all|over)[\W_]?(?:seeds?|runs?|folds?)?[\W_]+", "", name.lower())
    name = re.sub(
        r"[\W_]*(?:per[\W_]?seed|by[\W_]?seed|seeds?|runs?|folds?|list|values|scores|results|all|raw)$", "", name
    )
    return re.sub(r"[\W_]+", "", re.sub(r"(?<=[a-rt-z0-9])s$|(?<=s)es$", "", name))
