"""Which database keeps the ledger of a site: PostgreSQL when its ``ledger.toml`` names one, else a file of SQLite."""

import os
from pathlib import Path

from automation.kernel.errors import InputError
from automation.ledger.file import NAME
from automation.ledger.file_place import File
from automation.ledger.place import Place

POINTER = "ledger.toml"


def of_site(folder: Path) -> Place:
    """Give the place of a site folder's ledger, whether there is one or not; raises InputError for two of them."""
    pointer = folder / POINTER
    if not os.access(pointer, os.F_OK):
        return File(folder / NAME)
    if (folder / NAME).exists():
        raise InputError(f"{NAME} is there as well; a site has one ledger: put one of them away", where=str(pointer))
    return _database(pointer)


def find(path: Path) -> Place:
    """Give the place of a ledger by its site folder, or by the file itself (``ledger.sqlite`` or ``ledger.toml``)."""
    if path.is_dir():
        return of_site(path)
    return _database(path) if path.name == POINTER else File(path)


def _database(pointer: Path) -> Place:
    try:
        from automation.ledger.postgresql.place import Database  # noqa: PLC0415  only for a site that has one
    except ImportError as error:
        what = f"the ledger is in PostgreSQL, which needs psycopg: pip install cellwright[postgres] ({error})"
        raise InputError(what, where=str(pointer)) from error
    return Database(pointer)
