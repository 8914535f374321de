"""Where and how trials run: finding recipes, forked workers, local slots, failure classes."""
