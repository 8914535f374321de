"""The bridge's own part of a report."""
