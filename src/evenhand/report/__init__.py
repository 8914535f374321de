"""The static report: one self-contained HTML page per claim, and the same verdicts for the terminal and documents.

Import from the modules: commands that show no page do without all that draws one.
"""
