"""A small ledger of each release, as it was written: every later release verifies and folds it to the same states."""
