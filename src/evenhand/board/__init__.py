"""The live board: the claims of a ledger and what runs, in the browser, blind until they are decided."""
