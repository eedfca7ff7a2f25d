"""Words of a ZPL printer: what it says of itself, formats, and the symbol on a label."""
