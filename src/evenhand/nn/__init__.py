"""Model parts that the systems share: usable as a plain library, without the lab."""
