"""Readers of logs: Markdown and plain text, CSV, JSON, JSON lines, and folders of these."""
