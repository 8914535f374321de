"""Comparisons in plain sentences that could not be fair: the winner again, the best look, gains, budgets."""
