"""What is made of findings: the headlines that they doubt, and claim files that would settle them."""
