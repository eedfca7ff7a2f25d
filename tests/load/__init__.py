"""Long runs: many batches at once, big ledgers, a month of storage; each has a command of its own (docs/load.md)."""
