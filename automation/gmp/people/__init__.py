"""People: accounts, rights, secrets and what they are asked."""
