"""The whole ledger of a live site is verified behind its work, in a process of its own."""

import asyncio
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from automation.engine.alarms import Alarms
from automation.engine.recorder import Recorder
from automation.engine.verification import STREAM, Found, Verification
from automation.kernel.quantity import Seconds
from automation.ledger.event import Mode
from tests.support.doors import Doorway, doorway


def _verified(
    folder: Path, spoil: Callable[[Path], None] | None = None, *, where: str = "."
) -> tuple[list[Found], list[str]]:
    """Open a live site, spoil its file behind its back, verify; gives what is on the record and the alarms."""
    with doorway(folder, mode=Mode.LIVE) as way:
        way.ledger.seal()
        if spoil:
            spoil(folder / "ledger.sqlite")
        recorder = Recorder(way.ledger, way.clock, STREAM)
        asyncio.run(Verification(folder / where, recorder, Alarms(way.door, batch="", step="")).run())
        return _found(way), [thing.state for thing in way.door.every("alarm")]


def _found(way: Doorway) -> list[Found]:
    return [event.read(Found) for event in way.ledger.stream(STREAM)]


def _change_an_old_event(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("DROP TRIGGER event_update")
        connection.execute("UPDATE event SET body = CAST(body || ' ' AS BLOB) WHERE seq = 2")


@pytest.mark.requirement("F106.2")
def test_a_ledger_that_is_whole_leaves_no_trace(tmp_path: Path) -> None:
    """Nothing is recorded, nobody is called."""
    assert _verified(tmp_path) == ([], [])


@pytest.mark.requirement("F106.2", refuses=True)
def test_an_old_event_that_was_changed_is_an_event_and_an_alarm(tmp_path: Path) -> None:
    """The start would not have seen it: it looks at what stands behind the last head."""
    found, alarms = _verified(tmp_path, _change_an_old_event)
    assert [one.seq for one in found] == [2]
    assert alarms == ["unacknowledged"]


def test_a_ledger_that_can_not_be_verified_is_an_alarm(tmp_path: Path) -> None:
    """Silence would look like a whole ledger."""
    found, alarms = _verified(tmp_path, where="elsewhere")
    assert "could not be verified" in found[0].what
    assert alarms == ["unacknowledged"]


def test_a_site_that_is_left_ends_the_process_that_verifies(tmp_path: Path) -> None:
    """It is gone when the site is; nothing of it is recorded."""

    async def job(way: Doorway) -> set[str]:
        behind = Verification(tmp_path, Recorder(way.ledger, way.clock, STREAM), Alarms(way.door, batch="", step=""))
        before = _children()
        behind.start(way.clock, after=Seconds(0.0))
        begun: set[str] = set()
        for _ in range(100_000):
            await asyncio.sleep(0)
            if begun := _children() - before:
                break
        await behind.stop()
        assert begun
        return begun & _children()

    with doorway(tmp_path, mode=Mode.LIVE) as way:
        assert asyncio.run(job(way)) == set()
        assert _found(way) == []


def _children() -> set[str]:
    """Give the processes that this one has started and that are not gone."""
    return {name for file in Path("/proc/self/task").glob("*/children") for name in file.read_text().split()}
