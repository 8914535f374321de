"""The recipes of Future-Seed; each registers as an entry point of ``evenhand.recipes``."""
