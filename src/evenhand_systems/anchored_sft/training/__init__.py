"""Adapters, the trainer, and how long it runs."""
