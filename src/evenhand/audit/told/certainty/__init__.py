"""What is said to be certain, and the tests, intervals and spreads that stand beside it."""
