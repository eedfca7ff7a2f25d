"""GMP objects, small state machines on the ledger, and the door: the one way in."""
