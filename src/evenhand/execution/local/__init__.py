"""Trials on this machine: slots, and a fork server that has imported the recipe once."""
