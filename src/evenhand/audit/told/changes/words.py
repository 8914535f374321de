"""Words beside two numbers and their difference: which of them is the base, and what a difference is else of."""

from __future__ import annotations

import re

from evenhand.audit.text.pattern import Pattern

BASE = Pattern(
    r"\b(?:baseline|base|before|original|orig|control|vanilla|previous|prev|old|pre|initial|start)\b", re.IGNORECASE
)
NEW = Pattern(
    r"\b(?:final|after|new|ours?|fine-?tuned|tuned|trained|current|post|treatment|variant|now|end)\b",
    re.IGNORECASE,
    needs="after|current|end|final|new|now|our|post|trained|treatment|tuned|variant",
)

# In a row's first cell.
OF_OTHERS = Pattern(
    r"\(\s*(?:n\s*=\s*)?\d+\s|\(n\s*=|(?<![a-z])(?:mean|avg|average|median|macro|micro|geo\w*|overall|"
    r"sd|std|se|sem|min|max|iqr|var)(?![a-z])|平均",
    re.IGNORECASE,
)
"""A row on items of its own, whose baseline is another, or of means of the rows above it."""

# Beside a difference that is told of two values: it is one of something else, or over something else.
OVER_ELSE = Pattern(
    r"(?<![a-z])(?:on|in|under|over|against|vs\.?|versus|to|from|than|since)\s+(?:the |our |its |last |all |an? )*"
    r"(?!it\b|that\b|them\b|this\b|both\b|relative|absolut|points?\b|percent|total\b|other\b|terms\b)([^\W\d]\w+)",
    re.IGNORECASE,
)
PARTS = Pattern(
    r"(?<![a-z])(?:precision|recall|train(?:ing)?|test|dev|val(?:idation)?|ood|f1|auc|top-\d|p\d\d|pass@\d+|"
    r"step \d+|seeds? \d)(?![a-z])"
)
"""Names of parts of data, of metrics and of repeats: two of them are no two arms."""

CLAUSE = Pattern(
    r"(?<![a-z])(?:and|while|but|whereas)\s+(?!so\b|thus\b|hence\b)[^\W\d]|"
    r",\s*(?:the|our|its)\s+(?:\w+\s+){1,2}"
    r"(?:ros|ris|fell|fall|drop|increas|decreas|improv|grow|grew|shr[ia]nk)\w*\s+by\b",
    re.IGNORECASE,
)
"""Between the second value and the difference: a clause with a subject of its own."""

SETTINGS = Pattern(
    r"(?<![a-z])(?:sparsity|dropout|temperature|learning rate|lr|weights?|threshold|context|length|size|ratio|rank|"
    r"budget|noise|mask\w*|top-[pk]|batch\w*|patience|warm-?up|decay|momentum|alpha|beta|gamma|python|numpy|(?:py)?torch|"
    r"cuda|transformers|versions?)(?![a-z])",
    re.IGNORECASE,
)
"""What is set and not measured."""

ESTIMATED = Pattern(
    r"(?<![a-z])(?:mean|average|avg|median|paired|per[ -]\w+|respectively|bootstrap\w*|macro|weighted|across|both|"
    r"exclud\w*|ignoring|adjust\w*|"
    r"corrected|margin of error|human|(?:more|further|extra)(?=\s*(?:[.,;]|$)))(?![a-z])|平均|分别",
    re.IGNORECASE,
)
