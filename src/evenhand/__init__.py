"""evenhand: does the mechanism really work? Paired experiments at equal budget, and verdicts of known error rate."""

__version__ = "0.1.0"
