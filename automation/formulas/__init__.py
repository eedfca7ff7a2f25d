"""Pure, sourced functions: identifiers and check digits, calculations, statistics, rule tables."""
