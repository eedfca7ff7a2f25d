"""A ledger in PostgreSQL whose connection or server fails: what was acknowledged is there, and nothing twice."""

import asyncio
import threading
from collections.abc import Iterator

import pytest

from automation.kernel.errors import FailedError
from automation.ledger import where
from automation.ledger.event import Mode
from automation.ledger.postgresql import pointer
from automation.ledger.read import Reader
from automation.ledger.store import Ledger
from automation.ledger.verify import verify
from tests.contract.ledger_stores import Store
from tests.support.cable import COMMITTED, LAST, SEALED, Cable
from tests.support.postgresql import PATIENCE, Server
from tests.unit.ledger.ledgers import KEY, START, draft, make

BEFORE_THE_LOSS, AFTER_IT = 40, 80  # events


@pytest.fixture
def cable(database: Store, server: Server) -> Iterator[Cable]:
    """Put a cable between the site and the server."""
    end = server.folder / "cable"
    end.mkdir(exist_ok=True)
    (end / ".s.PGSQL.5432").unlink(missing_ok=True)
    laid = Cable(server.folder, end=end)
    path = database.folder / where.POINTER
    said = pointer.read(path)
    pointer.write(path, pointer.parse(server.words(said.schema, host=end), where="the test"))
    yield laid
    laid.close()


@pytest.mark.requirement("C01.2")
@pytest.mark.parametrize(
    ("message", "keeps"),
    [(LAST, False), (COMMITTED, False), (COMMITTED, True)],
    ids=["before the commit", "after it", "after it, and the server has not noticed"],
)
def test_a_commit_whose_answer_was_lost_is_asked_for_and_never_made_twice(
    database: Store, cable: Cable, message: bytes, *, keeps: bool
) -> None:
    """The owner comes back by itself and goes on; nobody is told of an event that is not there."""
    with make(database.folder, mode=Mode.LIVE) as ledger:
        ledger.append([draft(n=1)], at=START)
        ledger.flush()
        cable.cut_at(message, keeps=keeps)
        ledger.append([draft(n=2)], at=START)
        ledger.flush()
        assert not cable.is_whole
        ledger.append([draft(n=3)], at=START)
    with Reader(database.folder) as reader:
        assert [event.fields["n"] for event in reader.events(after=1)] == [1, 2, 3]
    assert verify(database.folder).intact


def test_a_head_whose_answer_was_lost_is_signed_once(database: Store, cable: Cable) -> None:
    """It stands in the database and in the log of heads, and the next one follows it."""
    with make(database.folder, mode=Mode.LIVE) as ledger:
        cable.cut_at(SEALED)
        ledger.append([draft(n=1)], at=START)
        first = ledger.seal()
        assert not cable.is_whole
    with Reader(database.folder) as reader:
        assert reader.heads() == [first]
    assert verify(database.folder).anchored_to == 2


def test_a_reader_goes_on_when_its_connection_was_lost(database: Store, server: Server) -> None:
    """Reading can be done again at no cost."""
    make(database.folder).close()
    with Reader(database.folder) as reader:
        _end_all(server)
        assert reader.last.seq == 1


def test_an_owner_whose_session_was_ended_owns_the_ledger_again(database: Store, server: Server) -> None:
    """As after a restart of the server at night; nobody took a turn meanwhile."""
    with make(database.folder, mode=Mode.LIVE) as ledger:
        for number in range(3):
            _end_all(server)
            ledger.append([draft(n=number)], at=START)
            ledger.flush()
        assert ledger.epoch == 1
    assert verify(database.folder).events == 4


def _end_all(server: Server) -> None:
    with server.admin() as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = 'cellwright'"
        )


@pytest.mark.requirement("C01")
def test_a_server_that_is_killed_under_load_costs_nothing_that_was_acknowledged(
    database: Store, server: Server
) -> None:
    """It recovers from its log; the owner waits for it and goes on, each event once and in its place."""
    told: list[int] = []
    enough = threading.Event()

    def crash() -> None:
        enough.wait(30.0)
        server.kill()
        server.start()

    async def caller(ledger: Ledger) -> None:
        while len(told) < AFTER_IT:
            (event,) = ledger.append([draft(seq=ledger.last.seq + 1)], at=START)
            await ledger.durable(event.seq)
            told.append(event.seq)
            if len(told) == BEFORE_THE_LOSS:
                enough.set()
                await asyncio.to_thread(crashing.join, 0.05)

    async def work(ledger: Ledger) -> None:
        await asyncio.gather(*(caller(ledger) for _ in range(4)))

    crashing = threading.Thread(target=crash)
    crashing.start()
    with make(database.folder, mode=Mode.LIVE) as ledger:
        asyncio.run(work(ledger))
        crashing.join()
    with Reader(database.folder) as reader:
        assert [(event.seq, event.fields["seq"]) for event in reader.events(after=1)][-1][0] >= AFTER_IT
        assert {event.seq for event in reader.events(after=1)} >= set(told)
        assert all(event.fields["seq"] == event.seq for event in reader.events(after=1))
    assert sorted(told) == list(range(2, 2 + len(told)))
    assert verify(database.folder).intact


def test_a_server_that_stays_away_ends_in_one_clear_error_and_costs_nothing(database: Store, server: Server) -> None:
    """Nothing is acknowledged; the site is opened again when the server is back."""
    path = database.folder / where.POINTER
    path.write_text(path.read_text().replace(f'patience = "{PATIENCE}"', 'patience = "0.2"'))
    ledger = make(database.folder, mode=Mode.LIVE)
    ledger.append([draft(n=1)], at=START)
    ledger.flush()
    server.kill()
    try:
        with pytest.raises(FailedError, match="can't be reached"):
            ledger.append([draft("batch/not-yet-known", n=2)], at=START)
        ledger.append([draft(n=2)], at=START)
        with pytest.raises(FailedError, match=f"^{path}: the database of the ledger can't be reached") as failed:
            ledger.flush()
        assert "\n" not in str(failed.value)
        with pytest.raises(FailedError):
            ledger.close()
    finally:
        server.start()
    with Ledger.open(database.folder, key=KEY) as ledger:
        assert ledger.last.fields == {"n": 1}
    assert verify(database.folder).intact
