"""The recipe's own part of the page: its function, called on the scored trials, and what the page shows of it."""
