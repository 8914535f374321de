"""Shares of items: counts with their rates, and how many items there are."""
