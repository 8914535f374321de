"""Comparisons that are none: unequal budgets, other baselines, winners picked on what is reported."""
