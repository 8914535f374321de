"""What the arms' training took besides steps, and what models answered, side by side."""

from __future__ import annotations

import numpy as np

from evenhand.recipes.exhibit import Grid
from evenhand_systems.anchored_sft.exhibits.measured_facets import END, MeasuredFacet, finite

SHOWN = f"{END}shown_loss"
"""Items whose outputs are answers kept for the report."""
PARTS = {
    "student_tokens": "tokens, student",
    "base_tokens": "tokens, base",
    "training_seconds": "processor seconds",
}


def costs(facet: MeasuredFacet) -> Grid | None:
    """Tokens and processor seconds of the training steps, means over seeds; None where no trial tells."""
    rows = []
    for arm, trials in facet.arms.items():
        cells = []
        for name in PARTS:
            values = [value for trial in trials if (value := finite(trial.outcome.metric(name))) is not None]
            cells.append(f"{float(np.mean(values)):,.0f}" if values else "–")
        if any(cell != "–" for cell in cells):
            rows.append((arm, *cells))
    if not rows:
        return None
    caption = (
        "Means over an arm's seeds. All arms have the same number of steps; an anchor's passes through the base, and "
        "the prompts that it draws, come on top, and steps do not show them. Seconds are of the processor, without "
        "evaluations, and depend on the machine."
    )
    return Grid(f"What the training took{facet.suffix}", caption, ("arm", *PARTS.values()), tuple(rows))


def side_by_side(facet: MeasuredFacet) -> Grid | None:
    """What each arm answers at its end, question by question, beside the answer of the untouched model."""
    answers: dict[str, dict[str, str]] = {}
    asked: dict[str, str] = {}
    before: dict[str, str] = {}
    for arm, trials in facet.arms.items():
        for trial in trials:
            table = trial.outcome.items.get(SHOWN)
            if table is None or table.outputs is None or table.inputs is None or table.expected is None:
                continue
            for item, said, question, own in zip(table.ids, table.outputs, table.inputs, table.expected, strict=True):
                answers.setdefault(arm, {}).setdefault(item, said)
                asked[item], before[item] = question, own
    if not answers:
        return None
    rows = []
    for item, question in asked.items():
        rows.append((question, "(untouched)", before[item]))
        rows += [("", arm, said.get(item, "–")) for arm, said in answers.items()]
    caption = (
        "Greedy answers to general questions at the end of the budget, cut at the cap on new tokens; of the first seed "
        "that kept any. They decide nothing."
    )
    return Grid(
        f"Answers side by side{facet.suffix}", caption, ("question", "arm", "answer"), tuple(rows), 3, folded=True
    )
