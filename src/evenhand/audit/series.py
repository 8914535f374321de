"""Results over seeds: the single values, with the mean and the spread that are printed for them."""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

_OVER = re.compile(
    r"\b(?:seeds?|per[- ]seed|deltas?|diffs?|differences|runs|trials|repeats|replicates|rollouts)\b|Δ", re.IGNORECASE
)
_OTHER = re.compile(
    r"\b(?:mean|means|avg|averages?|best|median|respectively|both|range|min|max|lr|rates?|layers?|epochs?|steps?|"
    r"sizes?|spearman\w*|pearson\w*|kendall\w*|correlations?|rho|slopes?|p[- ]?values?|p|"
    r"ci|intervals?|percentiles?|quantiles?|iqr|bounds?)\b|ρ|τ",
    re.IGNORECASE,
)
_SEED_COLUMN = re.compile(r"^(?:seed|run|trial|s|rep|replicate)[\s_#=-]*\d{1,6}$", re.IGNORECASE)
_SEED_NAME = re.compile(
    r"^(?:random[\s_]?)?(?:seeds?|run|trial|replicate)(?:[\s_]?(?:id|no\.?|number))?$", re.IGNORECASE
)
_LEADS = re.compile(r"[:=]\s*[`\[({*]*$")
"""A list of values follows a colon or a sign of equality: numbers in passing are no list."""

_SUMMARY = re.compile(r"(?:mean|avg|average|std|sd)\b", re.IGNORECASE)
_NEAR = 6

Floats = NDArray[np.float64]
