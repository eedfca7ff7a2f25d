"""Small changes to the kernel, the ledger and the journal, each of which a test should notice."""
