"""The test kit: whole batches, kills at every moment, cables and contracts, for tests here and of other projects."""
