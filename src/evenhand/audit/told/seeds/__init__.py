"""Results over seeds: how many there are, their values, means and spreads."""
