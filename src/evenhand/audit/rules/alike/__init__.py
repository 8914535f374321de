"""Arms that cannot be told apart: without effect, copied, or all at the ceiling."""
