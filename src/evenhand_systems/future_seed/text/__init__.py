"""Prompt-and-answer tasks on text: examples, prompts of bounded length, and how answers are judged."""
