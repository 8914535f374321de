"""The tasks of Future-Seed: generated ones and real data, each with its splits, ceilings and checks."""
