"""Losses and training of a bridge."""
