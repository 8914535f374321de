"""Recipe ``future_seed.inplace``."""
