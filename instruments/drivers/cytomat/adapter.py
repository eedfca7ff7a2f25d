"""The one module that knows PyLabRobot: its Cytomat back end, unmodified, over a line that goes through our link.

The back end writes every command, reads every value, asks again while the device says busy for no reason, and waits
for the end of a motion. It needs no thread: what it waits for passes in the time of our loop, which bounds it. Each
answer is checked against the grammar before the back end sees it, because it would take ``nan`` for a temperature.
Imported when the device is first asked: it takes a fifth of a second.
Units:  degC, %; s.
Source: pylabrobot 0.2.2, storage/cytomat/cytomat.py.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import TypeVar

from pylabrobot.resources import Coordinate, PlateCarrier, PlateHolder
from pylabrobot.storage.cytomat.cytomat import CytomatBackend

from automation.kernel.errors import CellwrightError, WireError
from instruments.drivers.cytomat import wire

_T = TypeVar("_T")

Exchange = Callable[[bytes], Awaitable[bytes]]
"""Sends one command to the device and gives its answer; raises LinkError and WireError."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """That PyLabRobot gave up, and what it said: its errors have no common root."""

    text: str


class Line:
    """What PyLabRobot takes for its serial port."""

    def __init__(self, exchange: Exchange, *, end: bytes) -> None:
        """Send through ``exchange``."""
        self.taken = False  # whether the device has taken the motion that was last asked for
        self._exchange = exchange
        self._end = end
        self._asked = b""

    async def setup(self) -> None:
        """Do nothing: the link is opened by the site."""

    async def stop(self) -> None:
        """Do nothing: the link is closed by the site."""

    async def write(self, data: bytes) -> None:
        """Keep a command; it goes out when its answer is asked for."""
        self._asked = data

    async def read(self, num_bytes: int) -> bytes:  # noqa: ARG002  PyLabRobot's signature
        """Send the command and give its answer; raises what the link raises, and WireError for what is no answer."""
        asked, self._asked = self._asked, b""
        to = wire.read_command(asked.removesuffix(self._end))
        said = await self._exchange(asked)
        words = wire.answer(said, to)
        if to.kind in {"mv", "ll"} and words[0] == "ok":
            self.taken = True
        return " ".join(words).encode("ascii")


class Store:
    """A Cytomat behind PyLabRobot's back end; racks by the number of their places."""

    def __init__(self, exchange: Exchange, model: str, racks: tuple[int, ...]) -> None:
        """Speak through ``exchange``; raises CellwrightError for a model that PyLabRobot does not know."""
        try:
            self._backend = CytomatBackend(model, port="link")
        except (NotImplementedError, ValueError) as error:
            raise CellwrightError(f"model is {model!r}: {error}") from error
        self.line = Line(exchange, end=wire.SHORT_END if model == "C2C_425" else wire.END)
        self._backend.io = self.line
        self._backend._racks = [_rack(number, places) for number, places in enumerate(racks)]  # noqa: SLF001  set_racks warns
        self._sites = [site for rack in self._backend._racks for site in rack.sites.values()]  # noqa: SLF001  as above

    async def overview(self) -> wire.Overview | Trouble:
        """Read the overview register."""
        seen = await _done(self._backend.get_overview_register())
        if isinstance(seen, Trouble):
            return seen
        return wire.Overview(
            seen.transfer_station_occupied,
            seen.device_door_open,
            seen.automatic_gate_open,
            seen.handler_occupied,
            seen.error_register_set,
            seen.warning_register_set,
            seen.ready_bit_set,
            seen.busy_bit_set,
        )

    async def error(self) -> str | Trouble:
        """Read the error register, in words."""
        code = await _done(self._backend.get_error_register())
        return code if isinstance(code, Trouble) else wire.ERRORS[int(code.value, 16)]

    async def climate(self, query: str) -> tuple[float, float] | Trouble:
        """Read what is kept and what is there, of one of ``it``, ``ic``, ``ih``, ``io``."""
        seen = await _done(self._backend.get_incubation_query(query))
        return seen if isinstance(seen, Trouble) else (seen.nominal_value, seen.actual_value)

    async def initialise(self) -> Trouble | None:
        """Let the handler find its position."""
        return await self._moved(self._backend.initialize())

    async def take_in(self, slot: int) -> Trouble | None:
        """Take a plate from the transfer station to a place (1..)."""
        return await self._moved(self._backend.action_transfer_to_storage(self._sites[slot - 1]))

    async def bring_out(self, slot: int) -> Trouble | None:
        """Bring a plate from a place (1..) to the transfer station."""
        return await self._moved(self._backend.action_storage_to_transfer(self._sites[slot - 1]))

    async def _moved(self, work: Coroutine[object, object, object]) -> Trouble | None:
        self.line.taken = False
        said = await _done(work)
        return said if isinstance(said, Trouble) else None


async def _done(work: Coroutine[object, object, _T]) -> _T | Trouble:
    """Let PyLabRobot do some work; our errors are raised, its own are told."""
    task = asyncio.ensure_future(work)
    try:
        await asyncio.wait({task})
    finally:
        task.cancel()
    error = task.exception()
    if error is None:
        return task.result()
    if isinstance(error, CellwrightError):
        raise error
    if isinstance(error, UnicodeError):
        raise WireError(str(error)) from error
    return Trouble(f"{type(error).__name__}: {error}")


def _rack(number: int, places: int) -> PlateCarrier:
    sites = {}
    for place in range(places):
        sites[place] = PlateHolder(f"rack {number} place {place}", 0.0, 0.0, 0.0, pedestal_size_z=0.0)
        sites[place].location = Coordinate.zero()
    return PlateCarrier(f"rack {number}", 0.0, 0.0, 0.0, sites=sites)
