"""Words of certainty, and what the seeds, tests and intervals beside them carry."""
