"""Small ledgers for the tests, and hands that tamper with them as a person with the file would."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from automation.ledger.event import Draft, Genesis, Mode
from automation.ledger.store import Ledger

KEY = bytes(range(32))  # private; known to everybody, so worth nothing outside tests
OTHER_KEY = bytes(range(1, 33))
START = 1_767_225_600_000_000  # 2026-01-01T00:00:00Z, us


def genesis(mode: Mode = Mode.SIMULATED, **changes: str) -> Genesis:
    """Give the genesis of a test site."""
    made = Genesis(
        ledger=bytes(range(16)).hex(), mode=mode, site="test", zone="Europe/Zurich", created=START, release="0.1.0"
    )
    return msgspec.structs.replace(made, **changes)


def draft(stream: str = "batch/B1", kind: str = "note", **fields: object) -> Draft:
    """Give a draft whose body has ``fields``."""
    return Draft(stream, kind, msgspec.json.encode(fields), "system")


def make(folder: Path, *, mode: Mode = Mode.SIMULATED, commit_each: bool = False) -> Ledger:
    """Create a ledger in a folder that is made when missing."""
    folder.mkdir(exist_ok=True)
    return Ledger.create(folder, genesis=genesis(mode), key=KEY, commit_each=commit_each)


def fill(ledger: Ledger, *, events: int = 12) -> None:
    """Append events on three streams, two of one batch, and seal after every fourth."""
    for number in range(events):
        ledger.append([draft(f"batch/B{number % 2}/step/{number % 3}", text="Zoë", number=number)], at=START + number)
        if number % 4 == 3:
            ledger.seal()


def filled(folder: Path, *, events: int = 12) -> Path:
    """Make a closed ledger with some events under several heads; give its folder."""
    with make(folder) as ledger:
        fill(ledger, events=events)
    return folder


@contextmanager
def tampering(folder: Path) -> Iterator[sqlite3.Connection]:
    """Open the database as somebody who drops the triggers first; text is bytes."""
    connection = sqlite3.connect(folder / "ledger.sqlite", isolation_level=None)
    connection.text_factory = bytes
    for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetchall():
        connection.execute(f"DROP TRIGGER {name.decode()}")
    yield connection
    connection.close()
