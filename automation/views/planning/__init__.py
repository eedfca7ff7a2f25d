"""Planning over several patients: the board, what a delay does, and how many patients a site can take; reading only."""
