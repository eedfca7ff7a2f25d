"""The files of the ledger: who holds the disk can't be refused, but every change is found, with the first bad event.

What is done here goes past the door, with the tools of whoever has the files; then ``cellwright verify`` is asked.
"""

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from automation.kernel.errors import RefusedError
from automation.ledger.chain import entry_hash, opening
from automation.ledger.event import Genesis
from automation.ledger.head import public_key
from automation.ledger.verdict import Verdict
from automation.ledger.verify import verify
from tests.support.doors import KEY, Doorway, doorway
from tests.support.thread import Thread
from tests.unit.ledger.ledgers import tampering

TITLE: Final = "Files of the ledger"
OUT, FINE = b'"61.2"', b'"84.6"'


@dataclass(frozen=True, slots=True)
class Kept:
    """A site whose files somebody holds, and what is kept of it elsewhere."""

    folder: Path
    older: Path  # a copy from before the result
    genesis: Genesis
    result: int  # the event of a result out of specification
    refusal: int  # the event of a cheat that was refused
    since: int  # the first event under the last head
    last: int
    head: str  # hash of the last event, kept outside

    def copied(self, folder: Path) -> "Kept":
        """Give a copy to work on."""
        shutil.copytree(self.folder, folder)
        return replace(self, folder=folder)


@dataclass(frozen=True, slots=True)
class Tampering:
    """One way to change the files: a sentence, against which clause, what verify says of it."""

    name: str
    clause: str
    says: str
    first: Callable[[Kept], int]  # the event that is named
    harm: Callable[[Kept], None]
    outside: bool = False  # found by the key and a head that were kept outside

    def __str__(self) -> str:
        """Name it in reports."""
        return self.name.replace(" ", "-")

    def verdict(self, kept: Kept) -> Verdict:
        """Ask what is to be said of the files."""
        return verify(kept.folder, key=public_key(KEY), head=kept.head) if self.outside else verify(kept.folder)


def made(folder: Path) -> Kept:
    """Let a test be out of specification and its analyst be refused as its reviewer; give it with an older copy."""
    for name in ("older", "site"):
        (folder / name).mkdir()
    with doorway(folder / "older") as way:
        Thread(way, "X1").until("test", "report")
    with doorway(folder / "site") as way:
        thread = Thread(way, "X1")
        thread.until("test", "report")
        thread.do("test", "report", by="perform", value="61.2")
        result, refusal = way.ledger.stream("test/X1")[-1].seq, refused(way)
        thread.do("test", "review", by="review")
        genesis, last = way.ledger.genesis, way.ledger.last
    head = (folder / "site" / "heads.log").read_text(encoding="utf-8").splitlines()[-1]
    since = int(json.loads(json.loads(head)["body"])["since"])
    return Kept(folder / "site", folder / "older", genesis, result, refusal, since, last.seq, last.hash.hex())


def refused(way: Doorway) -> int:
    """Let somebody try to delete the result; gives the event of the refusal."""
    try:
        way.do("test/X1", "delete", by="perform")
    except RefusedError:
        return way.ledger.last.seq
    raise AssertionError("a result was deleted")


def change(kept: Kept) -> None:
    """Write another result over the one that was reported."""
    with tampering(kept.folder) as connection:
        query = "SELECT body FROM event WHERE seq = ?"
        (body,) = connection.execute(query, (kept.result,)).fetchone()
        connection.execute("UPDATE event SET body = ? WHERE seq = ?", (body.replace(OUT, FINE), kept.result))


def forge(kept: Kept) -> None:
    """Do so, and make every hash from there on new."""
    change(kept)
    start, prev, streams = opening(kept.genesis.id), bytes(32), dict[bytes, bytes]()
    with tampering(kept.folder) as connection:
        rows = connection.execute("SELECT seq, stream, envelope, body FROM event").fetchall()
        for seq, stream, envelope, body in rows:
            prev = entry_hash(start, (prev, streams.get(stream, bytes(32))), envelope=envelope, body=body)
            streams[stream] = prev
            connection.execute("UPDATE event SET hash = ? WHERE seq = ?", (prev, seq))


def delete(kept: Kept) -> None:
    """Take the refusal out."""
    with tampering(kept.folder) as connection:
        connection.execute("DELETE FROM event WHERE seq = ?", (kept.refusal,))


def close_up(kept: Kept) -> None:
    """Take it out and number the rest anew."""
    delete(kept)
    with tampering(kept.folder) as connection:
        for seq in range(kept.refusal + 1, kept.last + 1):
            connection.execute("UPDATE event SET seq = ? WHERE seq = ?", (seq - 1, seq))


def add(kept: Kept) -> None:
    """Put an event behind the end."""
    with tampering(kept.folder) as connection:
        columns = "SELECT ?, stream, envelope, body, hash FROM event WHERE seq = ?"
        connection.execute(f"INSERT INTO event {columns}", (kept.last + 1, kept.result))


def swap(kept: Kept) -> None:
    """Let the refusal stand before the result."""
    with tampering(kept.folder) as connection:
        for old, new in ((kept.result, 0), (kept.refusal, kept.result), (0, kept.refusal)):
            connection.execute("UPDATE event SET seq = ? WHERE seq = ?", (new, old))


def cut(kept: Kept) -> None:
    """Cut off everything from the result on, with the heads over it."""
    with tampering(kept.folder) as connection:
        connection.execute("DELETE FROM event WHERE seq >= ?", (kept.result,))
        connection.execute("DELETE FROM head WHERE seq >= ?", (kept.result,))


def put_back(kept: Kept) -> None:
    """Put the older copy in the place of all files."""
    shutil.rmtree(kept.folder)
    shutil.copytree(kept.older, kept.folder)


def relog(kept: Kept) -> None:
    """Write another head into the log."""
    log = kept.folder / "heads.log"
    text = log.read_bytes()
    at = text.rindex(b'"') - 1
    log.write_bytes(text[:at] + (b"0" if text[at : at + 1] != b"0" else b"1") + text[at + 1 :])


def result(kept: Kept) -> int:
    """Give the event of the result."""
    return kept.result


def refusal(kept: Kept) -> int:
    """Give the event of the refusal."""
    return kept.refusal


def behind(kept: Kept) -> int:
    """Give the event behind the end."""
    return kept.last + 1


def begin(kept: Kept) -> int:
    """Give the first event that no head but the last one covers."""
    return kept.since


TAMPERINGS: Final = (
    Tampering(
        "Write another result into the file",
        "21 CFR 11.10(a), (e)",
        "its bytes are not what was hashed",
        result,
        change,
    ),
    Tampering(
        "Write another result and make all hashes new, without the key",
        "21 CFR 11.10(a), 11.70",
        "was signed over other events",
        begin,
        forge,
    ),
    Tampering(
        "Take the record of a refused cheat out of the file",
        "21 CFR 11.10(c), (e)",
        "missing: the next event stored is",
        refusal,
        delete,
    ),
    Tampering(
        "Take it out and number what follows anew",
        "21 CFR 11.10(c), (e)",
        "its bytes are not what was hashed",
        refusal,
        close_up,
    ),
    Tampering(
        "Put an event in that nobody has made", "21 CFR 11.10(a), (e)", "its bytes are not what was hashed", behind, add
    ),
    Tampering("Exchange two events", "21 CFR 11.10(e)", "the event before it was exchanged", result, swap),
    Tampering(
        "Cut the end of the record off",
        "21 CFR 11.10(c)",
        "the tail was cut, or an older copy was put back",
        result,
        cut,
    ),
    Tampering(
        "Put an older copy of all files back",
        "21 CFR 11.10(c)",
        "the head given is not in this ledger",
        result,
        put_back,
        outside=True,
    ),
    Tampering("Change the log of signed heads", "21 CFR 11.10(a)", "is not signed by the ledger's key", begin, relog),
)
