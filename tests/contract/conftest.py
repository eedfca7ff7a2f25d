"""One PostgreSQL server for all tests here that want one, and a store of the ledger of either kind."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.ledger_stores import CEILING, Store, in_postgresql, in_sqlite
from tests.support.postgresql import Server

STORES = ("sqlite", "postgresql")


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """Start a server of our own, once; stop it by its own id."""
    made = Server(ceiling=CEILING, in_memory=True)
    yield made
    made.close()


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    """Give an empty store of each kind."""
    if request.param == "sqlite":
        return in_sqlite(tmp_path / "site")
    found: Store = request.getfixturevalue("database")
    return found


@pytest.fixture
def database(tmp_path: Path, server: Server) -> Store:
    """Give an empty store in a schema of its own."""
    return in_postgresql(tmp_path / "site", server, schema=server.schema())
