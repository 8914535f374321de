"""What arms could spend: in tables, in sentences, beside each other, line by line."""
