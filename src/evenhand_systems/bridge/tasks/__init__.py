"""What is asked: items, stories, answer formats."""
