"""Means and spreads that a log prints, each with the values that it is of."""
