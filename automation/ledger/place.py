"""Where the rows of a ledger are kept: what its owner, its readers and its checks need of a database.

SQLite (``file``) and PostgreSQL (``postgresql``) both give it; ``where`` tells which of them a site folder uses. The
rows are the same bytes in both, so a ledger of the one verifies as a ledger of the other. Questions are asked in SQL
that both understand, with ``?`` for each value.
Source: docs/ledger-format.md.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from automation.ledger.head import Head

Row = tuple[int, str, str, bytes, bytes]  # seq, stream, envelope, body, hash
Tip = tuple[int, bytes]  # seq and hash of the last stored event
STALE = "another process has written to this ledger: this one is stale and appends nothing"


class Rows(Protocol):
    """The committed rows, read only; each question sees what is committed when it is asked."""

    def ask(self, query: str, *values: object) -> list[Any]:  # columns differ by query
        """Give all rows of an answer, text as stored bytes; raises DamagedError when they can't be read."""
        ...

    def fault(self) -> tuple[int, str] | None:
        """Let the database compare its tables with its indexes; give the first event that it misses, and its words."""
        ...

    def close(self) -> None:
        """End it."""
        ...


class Sink(Protocol):
    """Where the rows of the one owner go, in transactions."""

    quick: float  # s; a commit that took no longer may be made by the event loop itself
    taken_from: int | None  # the process that the database knew as owner; None when there was none

    def begin(self, *, live: bool, tip: Tip | None) -> None:
        """Get ready to write behind ``tip`` (None: there is no event yet); ``live`` writes through to the disk.

        Raises InputError or DamagedError when nothing can be written there.
        """
        ...

    def put(self, rows: Sequence[Row], heads: Sequence[Head]) -> None:
        """Commit all or nothing; raises RefusedError for a stale owner, FailedError when the database refuses."""
        ...

    def close(self) -> None:
        """Let the database go."""
        ...


class Place(Protocol):
    """One ledger's place in one database."""

    @property
    def path(self) -> Path:
        """Give the file of the site folder by which errors name the ledger."""
        ...

    def exists(self) -> bool:
        """Tell whether there is a ledger; raises FailedError when nobody can tell."""
        ...

    def check(self) -> None:
        """Refuse what can't be opened as a ledger of this format; changes nothing.

        Raises InputError (absent), NotOursError or NewerVersionError, FailedError when it can't be reached.
        """
        ...

    def make(self, *, live: bool) -> Sink:
        """Make an empty ledger and own it; raises InputError when there is one, or none can be made."""
        ...

    def own(self, *, take_over: bool) -> Sink:
        """Own the rows as far as the database keeps a second owner out; raises RefusedError when somebody has them.

        ``take_over`` takes them also from an owner that no longer answers.
        """
        ...

    def to_read(self) -> Rows:
        """Open it for reading; raises as ``check``, and DamagedError."""
        ...

    def copy_to(self, target: Path) -> None:
        """Copy the ledger as it stands at one moment, as one SQLite file; its owner may go on. Raises FailedError."""
        ...
