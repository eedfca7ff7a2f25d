"""Writes the page of cheats: ``python -m tests.cheats``."""

from tests.cheats.catalogue import PAGE, page

PAGE.write_text(page(), encoding="utf-8")
