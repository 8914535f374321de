"""Anchored SFT's own part of a report."""
