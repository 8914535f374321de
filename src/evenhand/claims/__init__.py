"""Claims: TOML in, a resolved claim with its complete list of trials out."""
