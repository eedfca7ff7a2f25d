"""``ledger.toml``: what names a database, what does not, and no secret in it or in an error about it."""

from pathlib import Path

import pytest

from automation.kernel.errors import InputError
from automation.ledger.postgresql.pointer import PAUSE, Server, parse, read, write

ALLOWED = "schema, service, host, port, dbname, user, sslmode, sslrootcert, patience"


def test_what_is_said_of_a_database_is_written_and_read_back(tmp_path: Path) -> None:
    """What is left empty is not written; no password stands there, and the file says so."""
    path = tmp_path / "ledger.toml"
    server = parse("schema=site_a service='the plant' port=5433 patience=0.5", where="here")
    assert server == Server(schema="site_a", service="the plant", port="5433", patience="0.5")
    write(path, server)
    head = "# Where the ledger of this site is (docs/postgresql.md). No password stands here.\n[postgresql]\n"
    rows = 'schema = "site_a"\nservice = "the plant"\nport = "5433"\npatience = "0.5"\n'
    assert path.read_text(encoding="utf-8") == head + rows
    assert read(path) == server


def test_the_library_is_told_what_was_said_and_nothing_else() -> None:
    """Schema and patience are ours; people are told the schema too."""
    server = parse("host=/run/x user=u schema=s", where="here")
    assert server.keywords == {"host": "/run/x", "user": "u"}
    assert server.name == "host=/run/x user=u schema=s"


def test_a_lost_server_is_tried_as_often_as_patience_allows() -> None:
    """At least once; the attempts stand one pause apart."""
    tried = [parse(f"schema=s patience={text}", where="here").attempts for text in ("0", "0.2", "5", "60")]
    assert tried == [1, 2, 1 + 5 / PAUSE, 1 + 60 / PAUSE]
    assert parse("schema=s", where="here").attempts == 1 + 5 / PAUSE


WRONG = {
    "schema='a": "it can't be read (No closing quotation); for example: service=site-a schema=site_a",
    "schema=a password=hunter2 passfile=/x": (
        "passfile stands there; secrets come from PGPASSWORD, ~/.pgpass or a service file alone"
    ),
    "service=a": f"Object missing required field `schema`; {ALLOWED} are allowed, and schema is needed",
    "schema=A-b": "schema is 'A-b'; lower-case letters, digits and _ are allowed",
    "schema=a patience=60.1": "patience is '60.1'; 0 to 60 s is allowed",
    "schema=a patience=soon": "patience is 'soon'; 0 to 60 s is allowed",
    "schema=a 'host=x\"y'": "host is 'x\"y'; printable ASCII without quotes is allowed",
    "schema=a host=Zoë": "host is 'Zoë'; printable ASCII without quotes is allowed",
}


@pytest.mark.parametrize("text", WRONG)
def test_words_that_name_no_database_are_refused_in_one_sentence(text: str) -> None:
    """It says where they stand and what is allowed; a secret is not repeated."""
    with pytest.raises(InputError) as refused:
        parse(text, where="--ledger")
    assert str(refused.value) == f"--ledger: {WRONG[text]}"


UNREADABLE = {
    "": "its tables are []; [postgresql] is allowed",
    "[mysql]\n[postgresql]\n": "its tables are ['mysql', 'postgresql']; [postgresql] is allowed",
    "[postgresql]\nschema = 1\n": ("this is not what names a database (Expected `str`, got `int` - at `$[...][...]`)"),
    '[postgresql]\nschema = "a"\nsslkey = "k"\n': (
        "sslkey stands there; secrets come from PGPASSWORD, ~/.pgpass or a service file alone"
    ),
}


@pytest.mark.parametrize("text", UNREADABLE, ids=["empty", "tables", "number", "secret"])
def test_a_file_that_names_no_database_is_refused_in_one_sentence(tmp_path: Path, text: str) -> None:
    """With its own name."""
    path = tmp_path / "ledger.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as refused:
        read(path)
    assert str(refused.value) == f"{path}: {UNREADABLE[text]}"


def test_a_file_that_cannot_be_read_or_written_is_named(tmp_path: Path) -> None:
    """With what the system says."""
    path = tmp_path / "absent" / "ledger.toml"
    with pytest.raises(InputError) as unread:
        read(path)
    with pytest.raises(InputError) as unwritten:
        write(path, Server(schema="a"))
    assert str(unread.value) == f"{path}: it can't be read (No such file or directory)"
    assert str(unwritten.value) == f"{path}: it can't be written (No such file or directory)"
