"""What a log is made of: its lines, numbers and tables, and what single words and numbers say."""
