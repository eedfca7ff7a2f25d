"""The command line; sub-commands are imported when used."""
