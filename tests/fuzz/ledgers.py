"""Targets: what a site folder holds and what leaves it: ledger, anchors, marks, records, backups, readings."""

import contextlib
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache, partial
from pathlib import Path

from automation.engine.trends import Recent, pack, unpack
from automation.gmp.secrets import SIMULATED, Credentials
from automation.ledger import anchor, lease
from automation.ledger.backup import Manifest, copy_site, finish
from automation.ledger.backup import unpack as restored
from automation.ledger.derived import Change, Derived
from automation.ledger.event import Event
from automation.ledger.export import export
from automation.ledger.file import NAME
from automation.ledger.read import Reader
from automation.ledger.verdict import Verdict
from automation.ledger.verify import verify
from automation.views.standing import standing
from tests.fuzz.target import Attempt, BrokenError, Target, pure
from tests.support.doors import HandClock, doorway
from tests.unit.ledger.ledgers import filled

LEDGER = "automation.ledger."
STREAM = "batch/B/step/1"


@cache
def whole() -> dict[str, bytes]:
    """Give the files of a small closed ledger, its exported record, and a backup of it."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        site = filled(place / "made")
        kept = copy_site(site, place / "site", with_key=False)
        with Reader(place / "site") as reader:
            record = export(reader, ("batch/B1",))
        said = verify(place / "site")
        manifest = Manifest(
            release="0.1.0", made=1, ledger=said.ledger, site="test", mode=str(said.mode), events=said.events,
            head=said.head, standing="0" * 64, with_key=False, files=kept,
        )  # fmt: skip
        shutil.copytree(place / "site", place / "aside")
        finish(place / "aside", target=place / "site.tar", manifest=manifest)
        files = {path.name: path.read_bytes() for path in (place / "site").iterdir()}
        lock = (site / lease.NAME).read_bytes()
        return {**files, lease.NAME: lock, "record.json": record, "site.tar": (place / "site.tar").read_bytes()}


@cache
def _hashes() -> frozenset[str]:
    """Give the hash of every event, and of none."""
    with tempfile.TemporaryDirectory() as folder:
        _write(Path(folder), {})
        with Reader(Path(folder)) as reader:
            return frozenset({"", *(event.hash.hex() for event in reader.events())})


def _write(folder: Path, changed: dict[str, bytes]) -> None:
    for path in folder.iterdir():
        path.unlink()
    for name in (NAME, anchor.NAME, lease.NAME):
        (folder / name).write_bytes(changed.get(name, whole()[name]))


@contextlib.contextmanager
def _site(name: str) -> Iterator[Attempt]:
    """Verify and read a site folder of which one file is damaged."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)

        def attempt(data: bytes) -> object:
            _write(folder, {name: data})
            found = verify(folder)
            _genuine(found)
            with Reader(folder) as reader:
                reader.heads()
                for _event in reader.events():
                    pass
            return found.intact or None

        yield attempt


def _genuine(found: Verdict) -> None:
    """Raise BrokenError when what is called intact was never in the ledger."""
    if found.intact and found.head not in _hashes():
        raise BrokenError(f"intact up to event {found.events}, which was never written")


@cache
def _told() -> tuple[bytes, tuple[bytes, ...], tuple[bytes, ...]]:
    """Give a ledger whose events went in by the door, and the envelopes and bodies of its events on persons."""
    with tempfile.TemporaryDirectory() as made:
        with doorway(Path(made)):
            pass
        with Reader(Path(made)) as reader:
            events = [event for event in reader.events() if event.stream.startswith("person/")]
        told = tuple(event.envelope for event in events), tuple(event.body for event in events)
        return ((Path(made) / NAME).read_bytes(), *told)


@contextlib.contextmanager
def _row(column: str) -> Iterator[Attempt]:
    """Put text into a column of one event, as somebody with the file would, and fold all objects anew."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        (folder / NAME).write_bytes(_told()[0])
        with contextlib.closing(sqlite3.connect(folder / NAME, isolation_level=None)) as connection:
            for (trigger,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetchall():
                connection.execute(f"DROP TRIGGER {trigger}")

            def attempt(data: bytes) -> object:
                """Read as views do, which take the ledger for what it was until somebody verifies it."""
                value: object = data if column == "body" else data.decode("utf-8", "replace")
                connection.execute(f"UPDATE event SET {column} = ? WHERE seq = 3", (value,))  # noqa: S608  of two
                verify(folder)
                with Reader(folder) as reader:
                    return standing(reader)

            yield attempt


class _Counts:
    """How many events each stream has."""

    name = "counts"
    version = 1

    def apply(self, event: Event) -> Iterable[Change]:
        """Keep the last version."""
        return [Change(event.stream, value=str(event.version).encode())]


@contextlib.contextmanager
def _derived() -> Iterator[Attempt]:
    """Open tables that were derived from a ledger, of which the file is damaged; they are made anew on any doubt."""
    with tempfile.TemporaryDirectory() as made:
        folder, path = Path(made) / "site", Path(made) / "derived.sqlite"
        folder.mkdir()
        _write(folder, {})
        with Reader(folder) as reader:

            def attempt(data: bytes) -> object:
                for suffix in ("", "-wal", "-shm"):
                    path.with_name(path.name + suffix).unlink(missing_ok=True)
                path.write_bytes(data)
                tables = Derived(path, reader)
                tables.register(_Counts())
                try:
                    return tables.rows("counts") and (tables.snapshots("a"), tables.snapshot("a", "b"))
                finally:
                    tables.close()

            yield attempt


@cache
def _tables() -> bytes:
    with tempfile.TemporaryDirectory() as made:
        folder, path = Path(made) / "site", Path(made) / "derived.sqlite"
        folder.mkdir()
        _write(folder, {})
        with Reader(folder) as reader:
            tables = Derived(path, reader)
            tables.register(_Counts())
            tables.catch_up()
            tables.put("a", "b", value=b"c", seq=3)
            tables.close()
        return path.read_bytes()


def _line(data: bytes) -> object:
    try:
        return anchor.read_line(data.removesuffix(b"\n")).said.seq
    except ValueError:  # its callers say where
        return None


@contextlib.contextmanager
def _file(name: str, read: Callable[[Path], object]) -> Iterator[Attempt]:
    with tempfile.TemporaryDirectory() as made:
        path = Path(made) / name

        def attempt(data: bytes) -> object:
            path.write_bytes(data)
            return read(path)

        yield attempt


def _record(path: Path) -> object:
    found = verify(path)
    if found.intact and path.read_bytes() != whole()["record.json"]:
        raise BrokenError("a changed record is called intact")
    return found.intact or None


def _backup(path: Path) -> object:
    into = path.with_name("out")
    try:
        return restored(path, into).id
    finally:
        shutil.rmtree(into, ignore_errors=True)


def _recent(path: Path) -> object:
    recent = Recent(path, every=True)
    try:
        return recent.read(STREAM) or None
    finally:
        recent.close()


def _credentials(path: Path) -> object:
    return Credentials(path.parent, HandClock(), cost=SIMULATED).check("anna", "secret") or None


def _secrets() -> Sequence[bytes]:
    with tempfile.TemporaryDirectory() as folder:
        Credentials(Path(folder), HandClock(), cost=SIMULATED).set("anna", "secret")
        return [(Path(folder) / "credentials.json").read_bytes()]


def _readings() -> Sequence[bytes]:
    lines = [f"{STREAM}\tfreezer.chamber\t{1_767_225_600_000_000 + n}\t{-1.5 * n}\tdegC\n" for n in range(4)]
    return ["".join(lines).encode(), f"{STREAM}\tfreezer.sample\t5\t\tdegC\n".encode()]


BY_HASH = "every change of a stored event is found by its hash: verify names the first bad one"
BY_MARK = "the mark is only compared: a ledger that ends before it has lost what somebody was told"
LEDGERS: tuple[Target, ...] = (
    Target(
        name="ledger file",
        covers=(f"{LEDGER}file", f"{LEDGER}read", f"{LEDGER}verify"),
        corpus=lambda: [whole()[NAME]],
        fresh=partial(_site, NAME),
        harmless=BY_HASH,
        share=0.01,
    ),
    Target(
        name="ledger envelope",
        covers=(f"{LEDGER}event",),
        corpus=lambda: _told()[1],
        fresh=partial(_row, "envelope"),
        harmless=BY_HASH,
        share=0.01,
    ),
    Target(
        name="ledger body",
        covers=(f"{LEDGER}event",),
        corpus=lambda: _told()[2],
        fresh=partial(_row, "body"),
        harmless=BY_HASH,
        share=0.01,
    ),
    Target(
        name="derived tables",
        covers=(f"{LEDGER}derived",),
        corpus=lambda: [_tables()],
        fresh=_derived,
        harmless="they are disposable, and what decides anything carries a code of its own",
        share=0.01,
    ),
    Target(
        name="heads.log",
        covers=(f"{LEDGER}anchor",),
        corpus=lambda: [whole()[anchor.NAME]],
        fresh=partial(_site, anchor.NAME),
        harmless="a head is signed; a line that is not exactly one of ours is named",
        share=0.01,
    ),
    Target(
        name="line of heads.log",
        covers=(f"{LEDGER}head", f"{LEDGER}anchor"),
        corpus=lambda: whole()[anchor.NAME].splitlines(keepends=True),
        fresh=pure(_line),
        harmless="a head is signed; who reads it asks for the signature",
        share=0.2,
    ),
    Target(
        name="ledger.lock",
        covers=(f"{LEDGER}lease",),
        corpus=lambda: [whole()[lease.NAME]],
        fresh=partial(_site, lease.NAME),
        harmless=BY_MARK,
        share=0.01,
    ),
    Target(
        name="exported record",
        covers=(f"{LEDGER}verify_record", f"{LEDGER}record"),
        corpus=lambda: [whole()["record.json"]],
        fresh=partial(_file, "record.json", _record),
        share=0.02,
        seal=bytes,
    ),
    Target(
        name="backup",
        covers=(f"{LEDGER}backup",),
        corpus=lambda: [whole()["site.tar"]],
        fresh=partial(_file, "site.tar", _backup),
        harmless="every file is checked against the list, and the ledger in it is verified",
        share=0.01,
    ),
    Target(
        name="recent.log",
        covers=("automation.engine.trends",),
        corpus=_readings,
        fresh=partial(_file, "recent.log", _recent),
        harmless="the open second of readings; what decided anything stands in the ledger",
        share=0.05,
    ),
    Target(
        name="sealed readings",
        covers=("automation.engine.trends",),
        corpus=lambda: [pack([1, 2, 3], [1.5, None, -3.0]), pack([], [])],
        fresh=pure(unpack),
        harmless="kept under its SHA-256, and cited by the digest of its values",
        share=0.2,
    ),
    Target(
        name="credentials",
        covers=("automation.gmp.secrets",),
        corpus=_secrets,
        fresh=partial(_file, "credentials.json", _credentials),
        harmless="who can write the file can set secrets; see the threat model",
        share=0.02,
    ),
)
