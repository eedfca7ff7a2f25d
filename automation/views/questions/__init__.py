"""Questions to a ledger: its facts as tables of rows that cite their events, asked, measured, compared, frozen."""
