"""What numbers are, by the words beside them or above them: budgets of each kind, counts of items, settings."""

from __future__ import annotations

import re

from evenhand.audit.text.pattern import Pattern

BUDGETS: dict[str, str] = {
    "epochs": r"epochs?|ep|passes(?: over(?: the)? data)?|époques?|epochen|épocas|эпох\w*|轮",
    "steps": r"steps?|updates?|iterations?|iters?|itérations?|schritten?|aktualisierungen|pasos|шаг\w*|обновлени\w+|步",
    "tokens": r"tokens?|токен\w*|jetons",
    "time": r"hours?|h|hrs?|heures?|stunden|horas|час(?:а|ов)?|小时|gpu[- ]?h(?:ours?)?|minutes?|min|s|seconds?|secs?",
    "gpus": r"gpus?|cards?|a100s?|h100s?|v100s?|accelerators|显卡|карт\w*",
    "trials": r"trials?|optuna(?:[- ](?:trials?|läufen?|runs?))?|configs?|configurations?|optuna[- ]läufe|essais|"
    r"ensayos|"
    r"tuning runs|search runs|попыт\w+|组配置|次调参",
    "tries": r"samples?|completions?|answers?|votes|generations?|rollouts?|attempts?|candidates?|sims|"
    r"simulations?|decodings?|"
    r"antworten|réponses?|respuestas?|ответ\w*|次采样",
}
"""Words for what can be spent, by kind, singular and plural."""

NAMES = {
    "epochs": "epochs", "steps": "steps", "tokens": "tokens", "time": "seconds", "gpus": "devices",
    "trials": "settings tried", "tries": "tries at each item",
}  # fmt: skip
"""How a sentence calls them."""

_IN_NAMES = {
    "epochs": r"\bepochs?\b|passes over|époque|epochen|épocas|эпох|轮数",
    "steps": r"\b(?:steps|updates|iterations|iters|iter)\b|itérations|schritte|pasos|шаг|步数",
    "tokens": r"\b(?:tokens?)\b(?!.*\b(?:per|item|out|in|new|generated|len)\b)|токен",
    "time": r"\b(?:hours|gpu ?h|gpu hours|train h|hrs|minutes|time budget|budget s|time limit|wall ?clock|compute)\b|"
    r"heures|stunden|horas|часы|小时",
    "gpus": r"\b(?:gpus|cards|accelerators)\b",
    "trials": r"\b(?:trials|configs|configurations|tuning|hp search|search size)\b",
    "tries": r"\b(?:samples per|sims|simulations|rollouts|completions|votes|attempts|k samples|generations|"
    r"n samples per)\b",
}
_NO_BUDGET = Pattern(
    r"\bper\b(?! (?:move|question|item|problem|prompt|task|query))|"
    r"eval|warm|\bbest\b|latency|infer|\bms\b|tok(?:ens)?/|speed|throughput|\bdone\b|planned|stopped|reached|converge|"
    r"\bmax len|\blen\b|length|context|decay|save|log\b|batch|\bto\b|until|\bat\b|\bsum\b|collaps",
    re.IGNORECASE,
)
ITEMS = Pattern(
    r"^(?:n|of|von|sur|из|#|num|number|count|size|n test|test n|support)$|"
    r"(?<![a-z])(?:items?|questions?|queries|problems?|prompts?|sentences|images?|examples|clips|documents|docs|pages|"
    r"users|stores|tasks|pairs|claims|utterances|episodes|trials|instances|tweets|riddles|requests|calls|maps|games|"
    r"n (?:eval\w*|scored|test|items|total)|(?:items|n) scored|scored|evaluated|seiten|sätze|fragen|aufgaben|bilder|"
    r"phrases|requêtes|pages|frases|preguntas|запрос\w*|вопрос\w*|предложени\w*|примеро\w*|题数|条数|样本数|句数)"
    r"(?![a-z])(?! per)",
    re.IGNORECASE,
)
"""Names of columns that count what was measured on."""

OF_DATA = Pattern(r"(?:data ?sets?|tasks?|benchmarks?|corpus|corpora|domains?|languages?|env\w*)\b", re.IGNORECASE)
"""What the first column of a table is called whose rows are not arms but what these were run on."""

SPREADS = Pattern(
    r"(?<![a-z])(?:sd|std|stdev|std dev|se|sem|ci|var|variance|error bar|spread|min|max|σ|±|р|95|interval|p value|p|"
    r"écart[- ]type|é\.?-?t\.?|стд|ско|标准差|streuung|standardabweichung)(?![a-z])|± ?$",
    re.IGNORECASE,
)
"""Names of columns of spreads."""

CONFIG = Pattern(
    r"(?<![a-z])(?:id|idx|index|rank|lr|learning rate|batch|bs|bsz|dim|width|heads?|params?|parameters|"
    r"trainable|size|mb|gb|seed|alpha|beta|gamma|temp|temperature|dropout|wd|decay|"
    r"latency|ms|usd|eur|cost|price|kflops|flops|throughput|speed|tok|date|year|day|time|min per|"
    r"budget|threshold|port|version|memory|mem|sps|fps|build|парам\w*|参数\w*)(?![a-z])|/msg|/query|/s\b",
    re.IGNORECASE,
)
"""Names of columns that are settings, sizes, times or costs, and no results."""

_WHOLE = Pattern(
    r"(?<![a-z])(?:depth|layers?|seeds|run|k|t|shots?|overlap|chunk|timeouts?|exit|len|length|epoch|step|round|n|"
    r"examples in prompt)(?![a-z])",
    re.IGNORECASE,
)
"""The same for columns of whole numbers."""

_COMPILED = {kind: Pattern(words, re.IGNORECASE) for kind, words in _IN_NAMES.items()}


def is_config(name: str, *, whole: bool) -> bool:
    """Whether a column is a setting, a size, a time or a cost; names of such as are whole numbers count for these."""
    return CONFIG.search(name) is not None or (whole and _WHOLE.search(name) is not None)


def budget_of(name: str) -> str:
    """The kind of budget that a column's name tells; empty where it tells none."""
    if _NO_BUDGET.search(name):
        return ""
    return next((kind for kind, words in _COMPILED.items() if words.search(name)), "")
