"""What a log concludes, and what its own results beside that say."""
