"""Decks and labware: versioned, hashed data of ours."""
