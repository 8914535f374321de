"""One result that is given twice, with different numbers."""
