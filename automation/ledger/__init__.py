"""The tamper-evident record: events in one chain, signed heads, and what is calculated from them."""
