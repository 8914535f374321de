"""The ledger: hash-chained segments, item scores and curves as Parquet, and a DuckDB index over them."""

from evenhand.ledger.ledger import Ledger
from evenhand.ledger.records import ClaimRecord, DecisionRecord, OutcomeRecord, Place, VerifyReport

__all__ = ["ClaimRecord", "DecisionRecord", "Ledger", "OutcomeRecord", "Place", "VerifyReport"]
