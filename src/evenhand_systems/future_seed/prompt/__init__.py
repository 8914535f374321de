"""Recipe ``future_seed.prompt``."""
