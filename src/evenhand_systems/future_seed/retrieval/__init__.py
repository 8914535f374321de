"""Recipe ``future_seed.retrieval``."""
