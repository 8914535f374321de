"""Stated changes: two numbers and the difference that is said to lie between them."""
