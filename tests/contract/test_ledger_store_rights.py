"""Who may do what with a ledger in PostgreSQL, who owns it, and where no secret stands."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import psycopg
import pytest

from automation.kernel.errors import DamagedError, FailedError, InputError, NotOursError, RefusedError
from automation.ledger import where
from automation.ledger.event import Mode
from automation.ledger.postgresql import pointer
from automation.ledger.read import Reader
from automation.ledger.store import Ledger
from automation.ledger.verify import verify
from tests.contract.ledger_stores import Store, in_postgresql
from tests.support.postgresql import ADMIN, LOGIN, OWNER, SECRET, Server
from tests.unit.ledger.ledgers import KEY, START, draft, filled, make

EVENT = "INSERT INTO event VALUES (14, 'batch/B1', '{{}}', '{{}}', decode(repeat('00', 32), 'hex'))"
HEAD = "INSERT INTO head VALUES (14, 0, '', '', '')"


@pytest.fixture(scope="module")
def lasting(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Store:
    """A closed ledger of 13 events that no test here manages to change; two turns were taken."""
    store = in_postgresql(tmp_path_factory.mktemp("lasting") / "site", server, schema=server.schema())
    filled(store.folder)
    return store


@pytest.fixture(autouse=True)
def _password() -> None:
    os.environ["PGPASSWORD"] = SECRET


def _schema(store: Store) -> str:
    return pointer.read(store.folder / where.POINTER).schema


@contextmanager
def _logged_in(store: Store, server: Server) -> Iterator["psycopg.Connection[tuple[object, ...]]"]:
    """Log in as the program does, and go to the ledger's schema."""
    words = f"host={server.folder} dbname=site user={LOGIN} password={SECRET}"
    with psycopg.connect(words, autocommit=True) as connection:
        connection.execute(f'SET search_path TO "{_schema(store)}"'.encode())
        yield connection


@pytest.mark.requirement("F106")
@pytest.mark.requirement("F106", refuses=True)
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE event SET body = '{}'",
        "DELETE FROM event",
        "TRUNCATE event",
        "UPDATE head SET body = ''",
        "DELETE FROM head",
        "DELETE FROM turn",
        "UPDATE turn SET number = 7",
        "UPDATE format SET number = 1",
        "INSERT INTO format VALUES (2)",
        "ALTER TABLE event DISABLE TRIGGER ALL",
        "DROP TRIGGER never ON event",
        "DROP TABLE event",
        "CREATE TABLE more()",
        "CREATE OR REPLACE FUNCTION fence() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
        "SET session_replication_role TO replica",
        "SET ROLE cellwright_owner",
    ],
)
def test_the_role_of_the_program_may_insert_and_select_and_nothing_else(
    lasting: Store, server: Server, statement: str
) -> None:
    """The rights of the lasting refuse it, before any trigger."""
    with _logged_in(lasting, server) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(statement.encode())
    assert verify(lasting.folder).intact


@pytest.mark.parametrize("statement", [EVENT, HEAD, EVENT.replace("14", "99")])
@pytest.mark.parametrize("turn", ["", "1", "3"])
def test_a_session_whose_turn_it_is_not_writes_nothing(
    lasting: Store, server: Server, statement: str, turn: str
) -> None:
    """The fence stands inside each commit, whoever sends it."""
    with _logged_in(lasting, server) as connection:
        connection.execute("SELECT set_config('cellwright.turn', %s, false)", (turn,))
        with pytest.raises(psycopg.Error, match="does not own the ledger"):
            connection.execute(statement.replace("{{}}", "{}").encode())
    assert verify(lasting.folder).events == 13


def test_an_event_takes_the_next_number_and_no_other(lasting: Store, server: Server) -> None:
    """Also in the session whose turn it is: a gap and a number that is taken are refused."""
    with _logged_in(lasting, server) as connection:
        connection.execute("SELECT set_config('cellwright.turn', '2', false)")
        for number in ("99", "13", "0"):
            with pytest.raises(psycopg.Error, match=r"the next number|duplicate key"):
                connection.execute(EVENT.replace("14", number).replace("{{}}", "{}").encode())
    assert verify(lasting.folder).events == 13


@pytest.mark.parametrize("user", [ADMIN, "meddler"])
def test_a_role_that_may_do_more_is_refused(database: Store, server: Server, user: str) -> None:
    """The administrator of the database, and one who may become the owner of the tables."""
    filled(database.folder)
    with server.admin() as connection, suppress(psycopg.errors.DuplicateObject):
        connection.execute(f"CREATE ROLE meddler LOGIN PASSWORD '{SECRET}'".encode())
        connection.execute(f"GRANT {LOGIN} TO meddler; GRANT {OWNER} TO meddler WITH INHERIT FALSE".encode())
    words = server.words(_schema(database), user=user)
    pointer.write(database.folder / where.POINTER, pointer.parse(words, where="the test"))
    with pytest.raises(InputError) as refused:
        Ledger.open(database.folder, key=KEY)
    may = f"role {user} may do more than insert and select (superuser, owner, or granted); use one that can't"
    assert str(refused.value) == f"{database.folder / where.POINTER}: {may}"


@pytest.mark.requirement("C01.2")
@pytest.mark.requirement("C01.2", refuses=True)
def test_an_owner_on_another_host_is_refused_and_can_be_taken_over(database: Store, tmp_path: Path) -> None:
    """Two folders, one ledger: no lock file tells; the server does, and ends the session of the former owner."""
    former = make(database.folder, mode=Mode.LIVE)
    other = Path(shutil.copytree(database.folder, tmp_path / "other"))
    with pytest.raises(RefusedError, match=f"owned by process {os.getpid()} on "):
        Ledger.open(other, key=KEY)
    with Ledger.open(other, key=KEY, take_over_at=START) as ledger:
        assert ledger.last.fields == {"epoch": 2, "taken_from": os.getpid()}
        former.append([draft(n=1)], at=START)
        with pytest.raises(RefusedError, match="stale and appends nothing"):
            former.flush()
        with pytest.raises(RefusedError, match="appends nothing"):
            former.close()
        ledger.append([draft(n=2)], at=START)
    assert (verify(other).events, verify(other).intact) == (3, True)


def test_a_live_site_is_refused_where_the_server_does_not_write_through(database: Store, server: Server) -> None:
    """An event that is acknowledged has to be on the disk."""
    make(database.folder, mode=Mode.LIVE).close()
    server.write_through(on=False)
    try:
        with pytest.raises(InputError, match=f"^{database.folder / where.POINTER}: the server has fsync off: no live"):
            Ledger.open(database.folder, key=KEY)
    finally:
        server.write_through(on=True)


@pytest.mark.requirement("F106")
def test_the_password_stands_nowhere_in_the_site(database: Store) -> None:
    """Neither in a file of the folder, nor in a row, nor in an error about it."""
    filled(database.folder)
    os.environ["PGPASSWORD"] = "wrong-" + SECRET
    with pytest.raises(FailedError, match="password authentication failed") as refused:
        Ledger.open(database.folder, key=KEY)
    assert SECRET not in str(refused.value)
    os.environ["PGPASSWORD"] = SECRET
    assert all(SECRET.encode() not in path.read_bytes() for path in database.folder.iterdir())
    with Reader(database.folder) as reader:
        assert all(SECRET.encode() not in event.body for event in reader.events())


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("schema=a password=hunter2", "password stands there; secrets come from"),
        ("schema=a sslkey=/k", "sslkey stands there"),
        ("service=a", "schema is needed"),
        ("schema=a colour=red", "colour"),
        ("schema=A-b", "lower-case letters"),
        ("schema=a host='x\"y'", "without quotes"),
        ("schema=a patience=61", "0 to 60 s"),
        ("schema=a patience=long", "0 to 60 s"),
        ("schema='a", "can't be read"),
    ],
)
def test_words_that_name_no_database_are_refused(text: str, why: str) -> None:
    """By field and value; a secret is not repeated."""
    with pytest.raises(InputError, match=why) as refused:
        pointer.parse(text, where="--ledger")
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize(
    "text", ["", "schema = 'a'", "[sqlite]\nfile = 'a'", "[postgresql]\npassword = 'hunter2'", "]"]
)
def test_a_file_that_names_no_database_is_refused(tmp_path: Path, text: str) -> None:
    """A person may have edited it."""
    (tmp_path / where.POINTER).write_text(text)
    with pytest.raises(InputError, match=where.POINTER) as refused:
        Reader(tmp_path)
    assert "hunter2" not in str(refused.value)


def test_a_site_with_two_ledgers_is_refused(database: Store) -> None:
    """Nobody guesses which of them is the record."""
    filled(database.folder)
    (database.folder / "ledger.sqlite").touch()
    with pytest.raises(InputError, match="a site has one ledger"):
        Reader(database.folder)


def test_a_schema_without_a_ledger_is_refused(database: Store, server: Server) -> None:
    """It is not made by chance: who administers the database makes it."""
    pointer.write(database.folder / where.POINTER, pointer.parse(server.words("nothing"), where="the test"))
    with pytest.raises(NotOursError, match=f"^{database.folder / where.POINTER}: schema nothing holds no ledger"):
        Ledger.open(database.folder, key=KEY)


def test_whoever_reads_can_only_read_and_is_told_where(lasting: Store) -> None:
    """Even with the rights of the program; a question may hold any sign."""
    path = lasting.folder / where.POINTER
    with closing(where.of_site(lasting.folder).to_read()) as rows:
        assert rows.ask("SELECT seq FROM event WHERE stream LIKE 'batch/B1%' AND seq = ?", 3) == [(3,)]
        for question, said in (
            ("INSERT INTO turn VALUES (9)", "cannot execute INSERT in a read-only transaction"),
            ("SELECT nothing FROM event", 'column "nothing" does not exist'),
        ):
            with pytest.raises(DamagedError) as refused:
                rows.ask(question)
            assert str(refused.value) == f"{path}: the ledger can't be read ({said})"


def test_an_empty_schema_in_the_place_of_a_ledger_is_damage(database: Store, server: Server) -> None:
    """There was a ledger: it is not begun again."""
    filled(database.folder)
    pointer.write(database.folder / where.POINTER, pointer.parse(server.words(server.schema()), where="the test"))
    with pytest.raises(DamagedError):
        Ledger.open(database.folder, key=KEY)


def test_without_the_optional_part_the_error_says_what_to_install(database: Store) -> None:
    """In a process that has no psycopg."""
    program = f"""
import sys; sys.modules["psycopg"] = None
from pathlib import Path; from automation.ledger.read import Reader
Reader(Path({str(database.folder)!r}))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert "needs psycopg: pip install cellwright[postgres]" in done.stderr
