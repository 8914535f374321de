"""Tables of the bridge's exhibits: most frequent answers, and the geometry of soft tokens."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from evenhand.recipes.exhibit import Grid, ScoredTrial
from evenhand_systems.bridge.evaluation import collapse as alarms
from evenhand_systems.bridge.exhibits.arm_facets import NONE, ArmFacet, Missing, in_seeds, per_cent
from evenhand_systems.bridge.exhibits.charts import METRIC
from evenhand_systems.bridge.exhibits.early_records import GOLD_NOTE
from evenhand_systems.bridge.tasks import extraction

LIMIT = f"{alarms.MOST_FREQUENT_LIMIT:.0%}".replace("%", " %")
GEOMETRY = {
    "cosine": ("cosine between items", 3),
    "effective_rank": ("effective rank", 1),
    "retrieval": (f"retrieval at {alarms.RETRIEVAL_ITEMS}", 3),
    "rms_ratio": ("rms by embeddings", 2),
    "nll_gap": ("NLL shuffled less matched", 3),
}
"""Metric to column title and decimals."""

_GEOMETRY = (
    "Measured on the soft tokens as the target got them; means over seeds, with the range where seeds differ. Alarms: "
    f"cosine above {alarms.COSINE_LIMIT:g}, effective rank below {alarms.RANK_LIMIT:g}, retrieval below "
    f"{alarms.RETRIEVAL_LIMIT:g} (four times chance), rms outside {alarms.RMS_LIMITS[0]:g} to {alarms.RMS_LIMITS[1]:g} "
    f"times the target's embeddings, NLL gap below {alarms.NLL_GAP_LIMIT:g} nats per token, one answer to more than "
    f"{LIMIT} of the items."
)


def frequent_answers(facet: ArmFacet) -> tuple[Grid | None, list[Missing]]:
    """The most frequent answers of each arm, and whether one is above the alarm's threshold."""
    rows, missing = [], []
    for name, trials in facet.arms.items():
        items = [trial.outcome.items.get(METRIC) for trial in trials]
        outputs = [
            list(zip(found.outputs, found.expected or ["0"] * len(found.outputs), strict=True))
            for found in items
            if found is not None and found.outputs
        ]
        if not outputs:
            missing.append((facet.title(f"most frequent answers of {name}"), "no outputs were recorded"))
            continue
        rows.append(_frequent_row(name, [[extraction.marked(*pair) for pair in seen] for seen in outputs]))
    if not rows:
        return None, missing
    header = (
        "arm", f"above {LIMIT}", "most frequent answer", "next two",
        "share", "largest share in one trial", "no marked answer",
    )  # fmt: skip
    caption = (
        f"Shares are of all items, over all seeds together. One answer to more than {LIMIT} of the items of a trial "
        f"raises the alarm of collapse. {_most_frequent_gold(facet)}"
    ).strip()
    return Grid(facet.title("Most frequent answers"), caption, header, tuple(rows), 4), missing


def _frequent_row(arm: str, read: Sequence[Sequence[str | None]]) -> tuple[str, ...]:
    """One arm's row from its answers, trial by trial."""
    every = [answer for seen in read for answer in seen]
    counts = sorted(Counter(a for a in every if a is not None).items(), key=lambda pair: (-pair[1], pair[0]))
    largest = [alarms.most_frequent(seen)[0] for seen in read]
    above = sum(share > alarms.MOST_FREQUENT_LIMIT for share in largest)
    return (
        arm,
        f"yes{in_seeds(above, len(read))}" if above else "no",
        counts[0][0] if counts else "none",
        ", ".join(f"{answer} ({per_cent(count / len(every))})" for answer, count in counts[1:3]) or "none",
        per_cent(counts[0][1] / len(every)) if counts else NONE,
        per_cent(max(largest)) if counts else NONE,
        per_cent(every.count(None) / len(every)),
    )


def _most_frequent_gold(facet: ArmFacet) -> str:
    """The same of the gold answers, to compare with."""
    golds = dict.fromkeys(told for trials in facet.arms.values() for trial in trials if (told := _gold(trial)))
    return f"The most frequent gold answer is {'; '.join(golds)}." if golds else ""


def _gold(trial: ScoredTrial) -> str:
    """The most frequent gold answer of a trial's items, and for how many it is right; empty where it is not known."""
    table = trial.outcome.items.get(METRIC)
    if table is None or not table.expected:
        return trial.outcome.notes.get(GOLD_NOTE, "")
    gold, count = min(Counter(table.expected).items(), key=lambda pair: (-pair[1], pair[0]))
    return f"'{gold}', right for {count} of {len(table.ids)} items ({count / len(table.ids):.1%})"


def geometry(facet: ArmFacet) -> tuple[Grid | None, list[Missing]]:
    """Figures of the soft tokens by arm, with the alarms that fired."""
    rows, missing, without = [], [], []
    for name, trials in facet.arms.items():
        if not any(metric in trial.outcome.metrics for trial in trials for metric in GEOMETRY):
            without.append(name)
            continue
        cells = []
        for metric, (title, decimals) in GEOMETRY.items():
            values = [t.outcome.metrics[metric] for t in trials if metric in t.outcome.metrics]
            cells.append(_range(values, decimals))
            missing += [(facet.title(f"{title} of {name}"), why) for why in _reasons(metric, trials)]
        rows.append((name, _fired(trials), *cells))
    if not rows:
        return None, [(facet.title("soft-token geometry"), "no arm has soft tokens"), *missing]
    caption = f"{_GEOMETRY} Arms without soft tokens: {', '.join(without)}." if without else _GEOMETRY
    header = ("arm", "alarms", *(title for title, _ in GEOMETRY.values()))
    return Grid(facet.title("Soft tokens"), caption, header, tuple(rows), 2), missing


def _reasons(metric: str, trials: Sequence[ScoredTrial]) -> list[str]:
    """Why trials lack a metric; empty where none lacks it."""
    return list(dict.fromkeys(
        trial.outcome.undefined.get(metric, "not recorded") for trial in trials if metric not in trial.outcome.metrics
    ))  # fmt: skip


def _range(values: Sequence[float], decimals: int) -> str:
    """The mean, and the range where it is not the same figure."""
    if not values:
        return NONE
    mean, low, high = (
        f"{v:.{decimals}f}".replace("-", "−") for v in (float(np.mean(values)), min(values), max(values))
    )
    return mean if low == high else f"{mean} ({low} to {high})"


def _fired(trials: Sequence[ScoredTrial]) -> str:
    """Alarms by their short names, with the number of seeds where not all raised them."""
    counts: Counter[str] = Counter()
    for trial in trials:
        value = trial.outcome.metrics.get
        signs = alarms.Signs(
            value("most_frequent_share"), nll_gap=value("nll_gap"), cosine=value("cosine"),
            effective_rank=value("effective_rank"), retrieval=value("retrieval"), rms_ratio=value("rms_ratio"),
        )  # fmt: skip
        counts.update(list(signs.fired()))
    return ", ".join(f"{name}{in_seeds(count, len(trials))}" for name, count in counts.items()) or "none"
