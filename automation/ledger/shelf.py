"""What was calculated from the events up to one of them, kept beside the ledger so that a start need not read them all.

It stands in ``derived.sqlite``, is written in one transaction, and says for itself whether it may be relied on: every
value carries a code (BLAKE2b, 16 bytes) keyed with the site's own key, and a stamp tells the event, the rules by which
it was calculated, and how many values there are. Another ledger, other rules, an event that the ledger does not know, a
value that was changed, taken away or put in: then nothing of it counts, and it is thrown away.
"""

import hashlib
import sqlite3
from collections.abc import Callable, Sequence
from functools import cache, cached_property
from pathlib import Path

import msgspec

from automation.kernel.errors import DamagedError
from automation.ledger.chain import length
from automation.ledger.derived import Derived, Row, Source

_SIZE = 16  # bytes of a code
_STAMP = ("shelf", "stamp")


class _Stamp(msgspec.Struct, frozen=True):
    """Up to which event, by which rules, and how many values."""

    seq: int
    rules: str
    count: int  # besides the stamp


class Shelf:
    """Values by table and key as they stood after event ``base``; 0 when there is nothing to rely on."""

    def __init__(
        self, path: Path, source: Source, *, key: bytes, rules: Callable[[], str], to_write: bool = True
    ) -> None:
        """Look at what is there; ``key`` is the site's private key, ``rules`` names what the values follow from.

        ``path`` is made when something is saved for the first time. Without ``to_write`` nothing is ever saved.
        """
        self._path = path
        self._source = source
        self._key = hashlib.blake2b(key, digest_size=32, person=b"cellwright shelf").digest()
        self._rules = cache(rules)  # of the code that runs, also when other code is installed meanwhile
        self._to_write = to_write
        self.is_writable = to_write
        self.base = self._stamped() if path.exists() else 0

    def get(self, table: str, key: str) -> bytes | None:
        """Give a value as it stood after event ``base``; raises DamagedError for one that was not kept so."""
        found = self._derived.snapshot(table, key)
        return None if found is None else self._checked(table, key, kept=found.value)

    def under(self, table: str, prefix: str) -> dict[str, bytes]:
        """Give the values whose key begins so, by key in order; raises as ``get``."""
        found = self._derived.snapshots(table, prefix=prefix)
        return {key: self._checked(table, key, kept=one.value) for key, one in found.items()}

    def save(self, rows: Sequence[Row], *, seq: int) -> None:
        """Keep what has changed since ``base``: from now on all values stand as after event ``seq``.

        Where it can't be written everything stays as it was, for good.
        """
        if not self.is_writable:
            return

        def stamp(others: int) -> Row:
            return self._coded(*_STAMP, value=msgspec.json.encode(_Stamp(seq, self._rules(), others)))

        try:
            self._derived.put_all(
                [self._coded(table, key, value=value) for table, key, value in (*rows, (*_STAMP, None))],
                seq=seq,
                last=stamp,
            )
        except sqlite3.Error:
            self.is_writable = False
            return
        self.base = seq

    def drop(self) -> None:
        """Throw everything away."""
        self._derived.clear()
        self.base = 0

    def close(self) -> None:
        """Close the file, if it was opened."""
        if "_derived" in self.__dict__:
            self._derived.close()

    @cached_property
    def _derived(self) -> Derived:
        return Derived(self._path, self._source, to_write=self._to_write)

    def _stamped(self) -> int:
        """Give the event up to which everything stands; 0 when there is a doubt."""
        try:
            found = self.get(*_STAMP)
            said = msgspec.json.decode(found, type=_Stamp) if found else None
            count = self._derived.count() - 1
        except (DamagedError, msgspec.DecodeError, sqlite3.Error):
            said, count = None, 0
        if said is None or said.rules != self._rules() or said.count != count:
            self._derived.clear()
            return 0
        return said.seq

    def _checked(self, table: str, key: str, *, kept: bytes) -> bytes:
        code, value = kept[:_SIZE], kept[_SIZE:]
        if code != self._code(table, key, value=value):
            raise DamagedError(f"{table} {key} was not kept so", where="derived.sqlite")
        return value

    def _coded(self, table: str, key: str, *, value: bytes | None) -> Row:
        return table, key, None if value is None else self._code(table, key, value=value) + value

    def _code(self, table: str, key: str, *, value: bytes) -> bytes:
        parts = (table.encode(), key.encode(), value)
        return hashlib.blake2b(
            b"".join(length(part) + part for part in parts), digest_size=_SIZE, key=self._key
        ).digest()
