"""Numbers that cannot all be right: means, spreads, differences, rates, columns, p-values."""
