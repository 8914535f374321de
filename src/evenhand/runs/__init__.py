"""Runs that evenhand did not run: what other programs left behind, read into one form by one reader each."""
