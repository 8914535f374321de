"""Results that are told twice, and whether they are told alike."""
