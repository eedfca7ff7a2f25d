"""The framework: kernel, formulas, ledger, GMP objects, engine, views and surfaces; it imports no other folder."""
