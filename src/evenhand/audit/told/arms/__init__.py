"""Results of arms: in lists, in records, seed by seed, and what is told of the baseline."""
