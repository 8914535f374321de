"""What statements a log makes, taken from its text and its tables: each room knows one kind."""
