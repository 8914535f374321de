"""Words of results, budgets and verdicts by the role that they have, in six languages."""
