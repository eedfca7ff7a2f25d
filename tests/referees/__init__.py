"""Others' own schemas as referees of what is written in standard forms: theirs to fetch, not ours to hand on."""
