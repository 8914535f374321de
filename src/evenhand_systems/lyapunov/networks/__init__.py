"""Networks that learn V from samples, and their training."""
