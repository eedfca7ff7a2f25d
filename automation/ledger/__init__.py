"""The one tamper-evident chain of events: hashes, signed heads, proofs, stores, derived tables, verification."""
