"""What the number of items does not carry: shares, steps, subsets, chance between counts."""
