"""Everything that can be done to a small ledger, one thing at a time, and what ``verify`` says of it.

``python -m tests.storms.tamper`` tries all: every bit of every column of every event and head and of every line of
heads.log, every event and head dropped, swapped with every other, said twice at every place, a stranger's put in at
every place, every tail cut, every length of every file. It prints a table and ends with status 1 when anything is
missed. ``--every N`` tries each N-th of them.
A trial is *named* when verify tells the first bad event and that is the right one, *said* when it is intact and says
that something is missing or what it would need to see more, *no loss* when nothing that counts has changed.
"""

# ruff: noqa: S608  every statement is put together from names and numbers of this module

import argparse
import os
import shutil
import sqlite3
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from automation.kernel.errors import InputError
from automation.ledger.backup import copy_site
from automation.ledger.chain import entry_hash, opening
from automation.ledger.verdict import Verdict
from automation.ledger.verify import verify
from tests.unit.ledger.ledgers import filled, genesis

EVENT, HEAD, LOG, LOCK = "event", "head", "heads.log", "ledger.lock"
COLUMNS = {EVENT: ("seq", "stream", "envelope", "body", "hash"), HEAD: ("seq", "at", "key_id", "body", "signature")}
INTEGER = 64  # bits
EVENTS = 12  # besides the genesis; a head after every fourth


@dataclass(frozen=True, slots=True)
class Trial:
    """One thing done to a copy of a ledger: what kind of thing, where, and which first bad events are right."""

    kind: str
    where: str
    do: Callable[[Path], None]
    right: range = range(0)  # first bad events that are right; empty: it can't be seen from inside, or nothing is lost


@dataclass(frozen=True, slots=True)
class Whole:
    """The ledger that all is done to."""

    folder: Path
    last: Verdict
    heads: tuple[int, ...]  # the last event of each

    @classmethod
    def make(cls, place: Path, *, events: int = EVENTS) -> "Whole":
        """Make one with events on three streams under several heads, as closed files."""
        filled(place / "made", events=events)
        copy_site(place / "made", place / "whole", with_key=False)
        shutil.copy(place / "made" / LOCK, place / "whole" / LOCK)
        with _opened(place / "whole") as connection:
            for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetchall():
                connection.execute(f"DROP TRIGGER {name}")
            heads = tuple(seq for (seq,) in connection.execute("SELECT seq FROM head ORDER BY seq"))
        return cls(place / "whole", verify(place / "whole"), heads)

    @property
    def events(self) -> int:
        """Give the number of events."""
        return self.last.events

    def under(self, seq: int) -> range:
        """Give the events that no head covers any more when the head over event ``seq`` is gone."""
        since = max((head for head in self.heads if head < seq), default=0) + 1
        return range(since, self.events + 2)

    def trials(self) -> Iterator[Trial]:
        """Give all trials."""
        for part in (self._flips, self._log_flips, self._drops, self._swaps, self._copies, self._strangers, self._cuts):
            yield from part()

    def tried(self, trial: Trial, place: Path) -> str:
        """Do it to a copy and say what verify makes of it: named, said, no loss, MISSED or WRONG PLACE."""
        copy = shutil.copytree(self.folder, place)
        try:
            trial.do(copy)
            return self._judged(trial, copy)
        finally:
            shutil.rmtree(copy)

    def _judged(self, trial: Trial, copy: Path) -> str:
        try:
            found = verify(copy)
        except InputError:
            return "named"  # refused whole: what never was a ledger, or has none of it left
        if found.first_bad is not None:
            return "named" if found.first_bad.seq in trial.right or not trial.right else "WRONG PLACE"
        if (found.events, found.head, found.anchored_to) == (self.events, self.last.head, self.last.anchored_to):
            return "no loss" if not trial.right else "MISSED"
        notes = " ".join(found.notes)
        if found.events < self.events:
            return "said" if "--head" in notes and not verify(copy, head=self.last.head).intact else "MISSED"
        return "said" if "not yet signed" in notes or "heads.log ends with event" in notes else "MISSED"

    # one bit

    def _flips(self) -> Iterator[Trial]:
        for table, columns in COLUMNS.items():
            with _opened(self.folder) as connection:
                rows = connection.execute(f"SELECT * FROM {table} ORDER BY seq").fetchall()
            for row in rows:
                right = range(row[0], row[0] + 1) if table == EVENT else self.under(row[0])
                for column, value in zip(columns, row, strict=True):
                    bits = INTEGER if isinstance(value, int) else 8 * len(_raw(value))
                    for bit in range(bits):
                        do = _Flip(table, row[0], column, bit)
                        yield Trial(f"bit of {table}.{column}", f"{row[0]} bit {bit}", do, self._moved(do, right))

    def _moved(self, flip: "_Flip", right: range) -> range:
        """Allow for a number that became a smaller one: then that place is the first bad one."""
        if flip.column != "seq":
            return right
        return range(min(right.start, 1), right.stop) if flip.table == HEAD else range(1, flip.seq + 1)

    def _log_flips(self) -> Iterator[Trial]:
        text = (self.folder / LOG).read_bytes()
        for bit in range(8 * len(text)):
            yield Trial(f"bit of {LOG}", f"bit {bit}", _FlipFile(LOG, bit), range(1, self.events + 2))

    # whole events, heads and lines

    def _drops(self) -> Iterator[Trial]:
        for seq in range(1, self.events + 1):
            yield Trial("event dropped", f"{seq}", _Sql(f"DELETE FROM event WHERE seq = {seq}"), range(seq, seq + 1))
            drop = _Sql(f"DELETE FROM event WHERE seq = {seq}", f"UPDATE event SET seq = seq - 1 WHERE seq > {seq}")
            yield Trial("event dropped, rest moved up", f"{seq}", drop, range(seq, seq + 1))
        for seq in self.heads:
            yield Trial("head dropped", f"{seq}", _Sql(f"DELETE FROM head WHERE seq = {seq}"), self.under(seq))
        for number in range(len(self.heads)):
            right = range(0) if number == len(self.heads) - 1 else range(1, self.events + 2)
            yield Trial("line of heads.log dropped", f"{number}", _Lines(number, number + 1, times=0), right)

    def _swaps(self) -> Iterator[Trial]:
        for table, seqs in ((EVENT, range(1, self.events + 1)), (HEAD, self.heads)):
            for one, other in ((a, b) for a in seqs for b in seqs if a < b):
                steps = ((one, 0), (other, one), (0, other))
                do = _Sql(*(f"UPDATE {table} SET seq = {new} WHERE seq = {old}" for old, new in steps))
                right = range(one, one + 1) if table == EVENT else range(1, self.events + 2)
                yield Trial(f"two {table}s swapped", f"{one} and {other}", do, right)

    def _copies(self) -> Iterator[Trial]:
        for seq in range(1, self.events + 1):
            for at in range(1, self.events + 2):
                copy = f"INSERT INTO event SELECT {at}, stream, envelope, body, hash FROM copied"
                keep = f"CREATE TEMP TABLE copied AS SELECT * FROM event WHERE seq = {seq}"
                yield Trial("event said twice", f"{seq} at {at}", _Sql(keep, *self._room(at), copy), range(at, at + 2))
        for number in range(len(self.heads)):
            twice = _Lines(number, number + 1, times=2)
            yield Trial("line of heads.log said twice", f"{number}", twice, range(1, self.events + 2))
            if number:
                swap = _Lines(number - 1, number + 1, times=-1)
                yield Trial("two lines of heads.log swapped", f"{number}", swap, range(1, self.events + 2))

    def _strangers(self) -> Iterator[Trial]:
        for at in range(1, self.events + 2):
            yield Trial(
                "event put in, chain made new", f"at {at}", _Stranger(at, tuple(self._room(at))), range(1, at + 1)
            )

    def _room(self, at: int) -> Iterator[str]:
        """Move the events from ``at`` on one number up, the last one first."""
        for seq in range(self.events, at - 1, -1):
            yield f"UPDATE event SET seq = {seq + 1} WHERE seq = {seq}"

    # ends

    def _cuts(self) -> Iterator[Trial]:
        for end in range(1, self.events):
            events = f"DELETE FROM event WHERE seq > {end}"
            heads = f"DELETE FROM head WHERE seq > {end}"
            log = _Lines(sum(head <= end for head in self.heads), len(self.heads), times=0)
            right = range(end + 1, end + 2)
            yield Trial("tail cut", f"after {end}", _Sql(events), range(1, end + 2))
            yield Trial("tail cut with its heads", f"after {end}", _Sql(events, heads), right)
            yield Trial("that, and heads.log", f"after {end}", _All(_Sql(events, heads), log), right)
            yield Trial("that, and ledger.lock", f"after {end}", _All(_Sql(events, heads), log, _gone(LOCK)))
        for name, step, right in (("ledger.sqlite", 64, range(1, self.events + 2)), (LOG, 1, range(0))):
            for length in range(0, (self.folder / name).stat().st_size, step):
                yield Trial(f"{name} cut", f"at {length}", _Cut(name, length), right)


@dataclass(frozen=True, slots=True)
class _Flip:
    table: str
    seq: int
    column: str
    bit: int

    def __call__(self, folder: Path) -> None:
        """Flip one bit of one column, leaving its type as it was."""
        with _opened(folder) as connection:
            one = f"FROM {self.table} WHERE seq = {self.seq}"
            value, kind = connection.execute(f"SELECT {self.column}, typeof({self.column}) {one}").fetchone()
            update = f"UPDATE OR REPLACE {self.table} SET {self.column} = CAST(? AS {kind}) WHERE seq = {self.seq}"
            connection.execute(update, (_flipped(value, self.bit),))


@dataclass(frozen=True, slots=True)
class _FlipFile:
    name: str
    bit: int

    def __call__(self, folder: Path) -> None:
        """Flip one bit of a file."""
        text = (folder / self.name).read_bytes()
        (folder / self.name).write_bytes(_flipped_bytes(text, self.bit))


class _Sql:
    def __init__(self, *statements: str) -> None:
        """Keep what is to be done to the database."""
        self._statements = statements

    def __call__(self, folder: Path) -> None:
        """Do it."""
        with _opened(folder) as connection:
            for statement in self._statements:
                connection.execute(statement)


@dataclass(frozen=True, slots=True)
class _Stranger:
    at: int
    room: tuple[str, ...]

    def __call__(self, folder: Path) -> None:
        """Put a new event in and make all hashes after it new, as whoever has no key can."""
        _Sql(*self.room)(folder)
        with _opened(folder) as connection:
            connection.execute("INSERT INTO event VALUES(?, 'batch/B0', '', ?, ?)", (self.at, b"{}", bytes(32)))
            start, prev, tips = opening(genesis().id), bytes(32), dict[str, tuple[int, bytes]]()
            for seq, stream, old, body in connection.execute(
                "SELECT seq, stream, envelope, body FROM event"
            ).fetchall():
                version, before = tips.get(stream, (0, bytes(32)))
                envelope = _renumbered(old or _NEW, seq=seq, version=version + 1)
                prev = entry_hash(start, (prev, before), envelope=envelope, body=body)
                tips[stream] = version + 1, prev
                update = "UPDATE event SET envelope = CAST(? AS TEXT), hash = ? WHERE seq = ?"
                connection.execute(update, (envelope, prev, seq))


_NEW = (
    '{"seq":0,"stream":"batch/B0","version":0,"kind":"note","schema":1,"epoch":1,"at":1767225600000000,'
    '"zone":"Europe/Zurich","by":"system","terminal":"","cause":null}'
)


def _renumbered(envelope: str, *, seq: int, version: int) -> bytes:
    _, stream, rest = envelope.split(",", 2)
    return f'{{"seq":{seq},{stream},"version":{version},{rest.split(",", 1)[1]}'.encode()


@dataclass(frozen=True, slots=True)
class _Lines:
    first: int
    end: int
    times: int  # -1 turns their order round

    def __call__(self, folder: Path) -> None:
        """Say some lines of heads.log so many times."""
        lines = (folder / LOG).read_bytes().splitlines(keepends=True)
        some = lines[self.first : self.end]
        lines[self.first : self.end] = some[::-1] if self.times < 0 else some * self.times
        (folder / LOG).write_bytes(b"".join(lines))


@dataclass(frozen=True, slots=True)
class _Cut:
    name: str
    length: int

    def __call__(self, folder: Path) -> None:
        """Cut a file."""
        os.truncate(folder / self.name, self.length)


class _All:
    def __init__(self, *parts: Callable[[Path], None]) -> None:
        """Keep what is to be done."""
        self._parts = parts

    def __call__(self, folder: Path) -> None:
        """Do one after the other."""
        for part in self._parts:
            part(folder)


def _gone(name: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).unlink()


def _opened(folder: Path) -> "closing[sqlite3.Connection]":
    connection = sqlite3.connect(folder / "ledger.sqlite", isolation_level=None)
    connection.execute("PRAGMA synchronous=OFF")
    connection.execute("PRAGMA journal_mode=MEMORY")
    return closing(connection)


def _raw(value: str | bytes) -> bytes:
    return value.encode() if isinstance(value, str) else value


def _flipped(value: int | str | bytes, bit: int) -> int | bytes:
    if not isinstance(value, int):
        return _flipped_bytes(_raw(value), bit)
    changed = value ^ 1 << bit
    return changed - (1 << INTEGER) if changed >= 1 << INTEGER - 1 else changed


def _flipped_bytes(value: bytes, bit: int) -> bytes:
    changed = bytearray(value)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def table(counts: Counter[tuple[str, str]]) -> str:
    """Give a table of what was tried and what came of it."""
    outcomes = ("named", "said", "no loss", "WRONG PLACE", "MISSED")
    kinds = dict.fromkeys(kind for kind, _ in counts)
    lines = [f"{'done to the ledger':<32}{'tried':>8}" + "".join(f"{name:>13}" for name in outcomes)]
    for kind in kinds:
        found = [counts[kind, name] for name in outcomes]
        lines.append(f"{kind:<32}{sum(found):>8}" + "".join(f"{n or '':>13}" for n in found))
    sums = [sum(counts[kind, name] for kind in kinds) for name in outcomes]
    lines.append(f"{'all':<32}{sum(sums):>8}" + "".join(f"{n or '':>13}" for n in sums))
    return "\n".join(lines)


def main() -> None:
    """Try everything, print the table, and every trial that verify did not see as it should."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--every", type=int, default=1, help="try each N-th only")
    every = parser.parse_args().every
    counts: Counter[tuple[str, str]] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        whole = Whole.make(Path(folder))
        for number, trial in enumerate(whole.trials()):
            if number % every:
                continue
            outcome = whole.tried(trial, Path(folder) / "copy")
            counts[trial.kind, outcome] += 1
            if outcome.isupper():
                sys.stdout.write(f"{outcome}: {trial.kind}, {trial.where}\n")
    sys.stdout.write(table(counts) + "\n")
    sys.exit(any(outcome.isupper() for _, outcome in counts))


if __name__ == "__main__":
    main()
