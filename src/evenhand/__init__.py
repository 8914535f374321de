"""evenhand: does the mechanism really work? Fair, paired, budget-matched experiments with verdicts that can be trusted."""

__version__ = "0.1.0"
