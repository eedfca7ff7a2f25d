"""Connects the devices of a site: opens their links, asks who they are, and asks again while one does not answer.

A device that can't be asked keeps nobody out of the site: it is not ready, which is an alarm, and no act begins on it.
Units: s.
"""

import asyncio
from dataclasses import dataclass, field
from typing import Protocol

from automation.engine.alarms import Alarms
from automation.gmp.door import Command, Door
from automation.kernel.clock import Clock
from automation.kernel.errors import FailedError, UnknownError
from automation.kernel.quantity import Seconds

AGAIN = Seconds(30.0)
FIRST_TRIES = 5  # to ask a device who it is; an identity takes several exchanges
SETUP = "system:setup"
WORDS = ("maker", "model", "serial", "firmware", "configuration")


class Identity(Protocol):
    """Who a device says it is."""

    maker: str
    model: str
    serial: str
    firmware: str
    configuration: str


class Driver(Protocol):
    """Any driver."""

    async def identify(self) -> Identity:
        """Read who the device is."""
        ...


class Line(Protocol):
    """Any link."""

    async def open(self) -> None:
        """Open it; one that is open stays so."""
        ...

    async def close(self) -> None:
        """Close it."""
        ...


@dataclass(frozen=True, slots=True)
class Connection:
    """A device at the end of its line; None for what has none."""

    asset: str
    line: Line | None
    driver: Driver
    recorded: bool = True  # a person who stands between us and a device on a live site identifies nothing


@dataclass(slots=True)
class Connections:
    """All devices of a site that have a driver."""

    door: Door
    clock: Clock
    _made: list[Connection] = field(default_factory=list)
    _lost: list[Connection] = field(default_factory=list)
    _task: asyncio.Task[None] | None = None

    async def make(self, one: Connection) -> None:
        """Connect a device and record who it is; one that does not answer is asked again later."""
        self._made.append(one)
        if not await self._reached(one):
            self._lost.append(one)

    def start(self) -> None:
        """Go on asking, in a task of its own, for as long as a device does not answer."""
        if self._lost:
            self._task = asyncio.get_running_loop().create_task(self._ask_again(), name="connections")

    async def close(self) -> None:
        """Ask no more, and close every line."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        for one in self._made:
            if one.line is not None:
                await one.line.close()

    async def _ask_again(self) -> None:
        while self._lost:
            await self.clock.sleep(AGAIN)
            self._lost = [one for one in self._lost if not await self._reached(one)]

    async def _reached(self, one: Connection) -> bool:
        try:
            identity = await self._identified(one)
        except (UnknownError, FailedError) as trouble:
            if one in self._lost:
                return False
            if self.door.simulated and getattr(self.door.find("asset", one.asset), "seen", None) is None:
                raise  # nobody ever reached it: more likely a wrong port than a device without power
            self._tell(one.asset, trouble)
            return False
        if one.recorded:
            said = {word: getattr(identity, word) for word in WORDS}
            self.door.enter(Command(f"asset/{one.asset}", "identify", said, SETUP))
        self._alarms.clear(f"{one.asset} connection")
        return True

    async def _identified(self, one: Connection) -> Identity:
        """Ask a device who it is, again when its answer was lost or broken; raises what the last try ended with."""
        tries = 1 if one in self._lost else FIRST_TRIES
        while True:
            tries -= 1
            try:
                if one.line is not None:
                    await one.line.open()
                return await one.driver.identify()
            except UnknownError:
                if not tries:
                    raise

    def _tell(self, asset: str, trouble: Exception) -> None:
        """Say once that a device can't be asked; it is not ready from now on."""
        self.door.enter(Command(f"asset/{asset}", "lose", {"reason": str(trouble)}, SETUP))
        self._alarms.sound(
            f"{asset} connection",
            f"{asset} does not answer: {trouble}",
            consequence=f"no act begins on {asset}",
            response="Look at the device, its power and its cable; it is asked again by itself",
        )

    @property
    def _alarms(self) -> Alarms:
        return Alarms(self.door, batch="", step="")
