"""Decisions: outcomes in, verdicts out. Pure: equal inputs give equal answers."""
