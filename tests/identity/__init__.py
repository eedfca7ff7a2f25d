"""Identity: seeded sequences of scans, answers and effects over many patients at once, right ones and wrong ones."""
