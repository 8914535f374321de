"""Certificates of what a potential does, and a checker that shares no code with what wrote them."""
