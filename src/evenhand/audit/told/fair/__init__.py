"""Comparisons told in plain sentences that could not have been fair: the winner again, the best look, gains, budgets."""
