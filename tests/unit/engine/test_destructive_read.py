"""Reading that removes what is read: never read again blindly, and what came back is kept before it is understood.

The device here is a pile that gives its uppermost sheet away and can be asked nothing. Units: s of simulated time.
"""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol, cast

import pytest

from automation.engine.binding import STAY, Binding
from automation.engine.journal import Fell, Resolved
from automation.kernel.clock import SimulatedClock, run_simulated
from automation.kernel.effect import Kind, effect
from automation.kernel.errors import FailedError, WireError
from automation.kernel.quantity import Instant, Seconds
from fakes.faults import Fault, FaultKind, Faults
from fakes.plant import Plant, PlantLog
from instruments.transport import Link
from tests.support.doors import START, Doorway, doorway
from tests.support.doubt_cases import Open
from tests.support.persons import Crew

pytestmark = pytest.mark.requirement("C01.3")


class Pile(Protocol):
    """What gives its sheets away."""

    @effect(Kind.DESTRUCTIVE_READ)
    async def take(self) -> str:
        """Take the uppermost sheet."""
        ...


class Sheets:
    """The far end: sheets that are gone once they were asked for."""

    def __init__(self) -> None:
        """Pile up."""
        self.left = ["second", "first"]

    def feed(self, data: bytes, now: Instant) -> bytes:  # noqa: ARG002  it has no time
        """Give the uppermost sheet."""
        return f"sheet {self.left.pop()}\n".encode() if data == b"TAKE\n" and self.left else b""

    def hand(self, action: str, details: dict[str, object], now: Instant) -> None:
        """Have no hands."""

    def unasked(self, now: Instant) -> bytes:  # noqa: ARG002  as above
        """Say nothing."""
        return b""

    def due(self, now: Instant) -> Instant | None:  # noqa: ARG002  as above
        """Say nothing."""
        return None


class Reader:
    """The driver."""

    def __init__(self, link: Link) -> None:
        """Read over a link."""
        self.links = (link,)

    async def take(self) -> str:
        """Take the uppermost sheet."""
        received = await self.links[0].exchange(b"TAKE\n", lambda data: data.find(b"\n") + 1, deadline=Seconds(1.0))
        if not received.startswith(b"sheet "):
            raise WireError(f"{received!r} is no sheet")
        return received.decode().split()[1]


@pytest.fixture
def way(tmp_path: Path) -> Iterator[Doorway]:
    """Open a site."""
    with doorway(tmp_path) as opened:
        yield opened


def taken(way: Doorway, folder: Path, kind: FaultKind, *, said: str) -> tuple[str, list[str], Crew]:
    """Take a sheet over a broken wire, and let a person decide; gives what was read, and what is left."""

    async def main(clock: SimulatedClock) -> tuple[str, list[str], Crew]:
        crew, sheets = Crew(way, folder), Sheets()
        crew.enter()
        plant = Plant(clock, PlantLog(None), Faults((Fault("pile", 1, kind),)))
        plant.add("pile", sheets)
        link = Link(plant.connect("pile"), name="pile")
        await link.open()
        pile = cast("Pile", Binding(crew.recorder, Open()).bind("pile", Reader(link), Pile))
        stay = STAY.get()

        def decide(n: int, _what: str) -> None:
            decision = Resolved(stay.number, n, said, "second", "looked at the pile")
            crew.recorder.write("resolved", decision)
            asyncio.get_running_loop().call_soon(stay.doubts[n].set_result, decision)

        stay.on_doubt = decide
        try:
            read = await pile.take()
        except FailedError as failure:
            read = str(failure)
        return read, sheets.left, crew

    return run_simulated(main, start=START)


def test_a_lost_answer_is_not_read_again(way: Doorway, tmp_path: Path) -> None:
    """The sheet is gone; a person has seen that, and nothing is invented in its place."""
    read, left, crew = taken(way, tmp_path, FaultKind.LOSE_REPLY, said="done")
    assert (left, "what it would have answered is not known" in read) == (["second"], True)
    assert crew.kinds()[1:] == ["call", "doubt", "resolved", "failed"]


def test_a_lost_command_is_sent_again_by_a_person_alone(way: Doorway, tmp_path: Path) -> None:
    """The pile is as high as before, as somebody has seen."""
    read, left, _ = taken(way, tmp_path, FaultKind.LOSE_COMMAND, said="not done")
    assert (read, left) == ("first", ["second"])


def test_what_came_back_is_kept_before_it_is_understood(way: Doorway, tmp_path: Path) -> None:
    """Half an answer is in the record, byte by byte, with the doubt."""
    _, left, crew = taken(way, tmp_path, FaultKind.CUT_REPLY, said="done")
    [doubt] = [event.read(Fell) for event in crew.stream() if event.kind == "doubt"]
    assert (left, doubt.wire[0][0]) == (["second"], b"TAKE\n".hex())
    assert bytes.fromhex(doubt.wire[0][1]) == b"sheet "
