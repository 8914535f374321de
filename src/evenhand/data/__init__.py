"""Data from local files and, only where the user names one, from a hub."""
