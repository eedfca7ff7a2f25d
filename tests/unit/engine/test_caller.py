"""What a person is told when the owner of a site goes away before it answers: what the ledger knows of the command."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from automation.engine.caller import ask
from automation.engine.owner import address
from automation.engine.requests import Done
from automation.engine.site import Site
from automation.kernel.errors import FailedError, OwnedError
from automation.ledger.lease import Lease
from tests.support.owned import asked, deviation, owned

KNOWN = msgspec.structs.replace(deviation("anna", "D-1"), id="one")
NEW = msgspec.structs.replace(deviation("anna", "D-2"), id="two")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Leave a site whose ledger holds the command ``KNOWN`` and not ``NEW``; nobody owns it."""
    site = tmp_path_factory.mktemp("site")

    async def job(here: Site) -> Done | str:
        return await asked(here, KNOWN)

    assert isinstance(owned(site, job), Done)
    return site


@contextlib.contextmanager
def listening(folder: Path, *, silent: bool = False) -> Iterator[None]:
    """Stand in the place of an owner that takes one command and hangs up, or never says a word."""
    over = threading.Event()
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as bell, address(folder) as place:
        bell.bind(place)
        bell.listen()

        def serve() -> None:
            wire, _ = bell.accept()
            with wire, wire.makefile("rb") as line:
                line.readline()
                if silent:
                    over.wait()

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()
            Path(place).unlink()


@pytest.mark.requirement("C01.2")
@pytest.mark.parametrize("silent", [False, True])
def test_a_command_that_was_accepted_is_not_to_be_given_again(folder: Path, *, silent: bool) -> None:
    """It stands in the ledger with the id of the command, whatever became of its owner."""
    with listening(folder, silent=silent), pytest.raises(FailedError) as told:
        ask(folder, KNOWN, patience=0.2)
    assert "the command was accepted: open of deviation/D-1 by anna is event" in str(told.value)
    assert "don't give it again" in str(told.value)


@pytest.mark.requirement("C01.2")
def test_a_command_that_died_with_its_owner_is_to_be_given_again(folder: Path) -> None:
    """Nobody owns the site any more, so nothing of it can still come."""
    with listening(folder), pytest.raises(FailedError) as told:
        ask(folder, NEW, patience=0.2)
    assert "the command was not accepted: nothing of it is recorded, and nothing will be; give it again" in str(
        told.value
    )


@pytest.mark.requirement("C01.2")
def test_while_its_owner_lives_a_command_is_open_and_safe_to_repeat(folder: Path) -> None:
    """The owner may still record it; with the same id it is done once."""
    lease = Lease(folder)
    try:
        with listening(folder, silent=True), pytest.raises(FailedError) as told:
            ask(folder, NEW, patience=0.2)
    finally:
        lease.release()
    assert "nothing of the command is recorded so far; give it again with CELLWRIGHT_COMMAND=two" in str(told.value)


def test_who_is_not_there_was_asked_nothing(folder: Path) -> None:
    """It may be tried again at once."""
    with pytest.raises(OwnedError, match="does not listen"):
        ask(folder, NEW)
