"""Cell counts that a person reads off and enters, and a second person verifies."""
