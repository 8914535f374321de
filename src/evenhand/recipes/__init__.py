"""The recipe contract: what a research system offers, all that it sees of the lab, and how recipes are found."""
