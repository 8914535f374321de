"""Values over repeats wherever they are told, with the means and spreads that are said of them."""
