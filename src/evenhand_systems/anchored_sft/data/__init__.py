"""Conversations and their mixing."""
