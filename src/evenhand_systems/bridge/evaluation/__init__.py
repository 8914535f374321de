"""Answers with and without soft tokens, and what a bridge's soft tokens look like."""
