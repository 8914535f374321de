"""Losses, answers and rewards of a fine-tuned model."""
