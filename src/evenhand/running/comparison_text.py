"""A comparison of runs as the claim file that asks the same. Pure."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from evenhand.running.comparison_asked import Asked
from evenhand.running.comparison_plan import Plan
from evenhand.runs.recipe import as_metric


def claim_text(asked: Asked, plan: Plan, arms: Sequence[tuple[str, str, str]]) -> str:
    """The comparison as a claim file."""

    def text(value: Any) -> str:
        return json.dumps(value, ensure_ascii=False)

    settings = {
        "format": asked.format,
        "allow": list(asked.allow),
        "pair_by": plan.pair_by if plan.pair_by == "id" else "",
    }
    lines = [f"name = {text(asked.name)}", 'recipe = "runs"', f'scope = "{plan.scope}"', f"alpha = {asked.alpha!r}", "",
             "[budget]", f'unit = "{plan.unit}"', ""]  # fmt: skip
    inner = [f"{key} = {text(value)}" for key, value in settings.items() if value]
    for key, table in (("columns", asked.columns), ("budgets", asked.budgets), ("metrics", plan.named)):
        told = {k: v for k, v in table.items() if key != "metrics" or k != as_metric(v)}
        if key == "metrics" and told:
            told = dict(table)
        if told:
            inner.append(f"{key} = {{ {', '.join(f'{text(k)} = {text(v)}' for k, v in told.items())} }}")
    lines += ["[settings]", *inner, ""] if inner else []
    for name, kind, primary in plan.metrics:
        lines += ["[[metric]]", f"name = {text(name)}", f"margin = {plan.margin!r}", f'direction = "{kind.direction}"']
        lines += [f"{key} = {value!r}" for key in ("floor", "ceiling") if (value := getattr(kind, key)) is not None]
        lines += [] if primary else ["primary = false"]
        lines.append("")
    for role, name, where in arms:
        lines += ["[[arm]]", f"name = {text(name)}", f'role = "{role}"', f"settings.runs = {text(where)}"]
        lines += ["deterministic = true"] if name in plan.single and plan.scope != "checkpoint" else []
        lines.append("")
    for name, task in plan.conditions:
        lines += ["[[condition]]", f"name = {text(name)}", *([f"settings.task = {text(task)}"] if task else []), ""]
    lines += ["[[rung]]", 'name = "runs"', f"budget = {plan.budget!r}", f"seeds = {list(plan.seeds)}", ""]
    return "\n".join(lines)
