"""Changes that a log states: from one number to another, and by how much it says they differ."""

from __future__ import annotations

import re

BASE = re.compile(
    r"\b(?:baseline|base|before|original|orig|control|vanilla|previous|prev|old|pre|initial|start)\b", re.IGNORECASE
)
_NEW = re.compile(
    r"\b(?:final|after|new|ours?|fine-?tuned|tuned|trained|current|post|treatment|variant|now|end)\b", re.IGNORECASE
)
_DELTA = re.compile(
    r"^(?:Δ|delta|change|diff(?:erence)?|% ?change|rel(?:ative)?\.? change|Δ ?%|improv(?:ement)?|gain|reduction)\b|^Δ",
    re.IGNORECASE,
)
_OTHER_DELTA = re.compile(r"\b(?:vs\.?|over|from|per|to)\b|[/(]", re.IGNORECASE)
_ARROW = r"\s*(?:→|->|⇒|=>|➜|⟶|to)\s*"
_BETWEEN = re.compile(rf"(?:[^\d(]{{0,12}}?){_ARROW}[^\d(\w]{{0,4}}", re.IGNORECASE)
_OPENS = re.compile(
    r"^[\s*`%]*(?:\w+ )?[(\[]\s*(?:Δ|delta|change|gain|improvement|diff\w*|about|≈|~|=|:|\s)*[+\-−]?$", re.IGNORECASE
)
