"""Running a claim: entered into the ledger, its trials run and recorded, decided."""
