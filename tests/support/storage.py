"""Simulated site C, a cryogenic store: opened, left alone for a while, and looked at; s of simulated time."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from automation.bootstrap import Way, begins, open_site, read_site
from automation.engine.site import Site
from automation.gmp.door import Command
from automation.gmp.plant.alarms import Alarm
from automation.gmp.plant.calls import Call
from automation.kernel.clock import SimulatedClock, run_simulated
from automation.kernel.quantity import Instant, Seconds
from automation.ledger.event import Event
from tests.support.runs import make_site

MINUTE, HOUR, DAY = 60.0, 3_600.0, 86_400.0


@dataclass(slots=True)
class Vault:
    """The site while a test works in it."""

    site: Site
    clock: SimulatedClock

    async def go(self, seconds: float) -> None:
        """Let time pass."""
        await self.clock.sleep(Seconds(seconds))

    def hand(self, store: str, action: str, **details: object) -> None:
        """Let a hand act on a store."""
        assert self.site.plant is not None
        self.site.plant.hand(store, action, **details)

    def do(self, stream: str, command: str, *, by: str = "anna", **body: object) -> Event:
        """Command an object."""
        return self.site.house.door.enter(Command(stream, command, body, by))

    def alarm(self, name: str) -> Alarm:
        """Give an alarm."""
        found = self.site.house.door.find("alarm", name)
        assert isinstance(found, Alarm)
        return found

    def call(self, name: str) -> Call:
        """Give the calls for an alarm."""
        found = self.site.house.door.find("call", name)
        assert isinstance(found, Call)
        return found

    def deviations(self) -> list[str]:
        """Give the ids of all deviations."""
        return [thing.id for thing in self.site.house.door.every("deviation")]

    def events(self, prefix: str = "") -> list[Event]:
        """Give the events under a prefix."""
        return list(self.site.house.ledger.events(prefix=prefix))

    def kinds(self, prefix: str) -> list[str]:
        """Give the kinds of the events under a prefix."""
        return [event.kind for event in self.events(prefix)]

    def keep(self, container: str, position: str) -> None:
        """Put a container into a store."""
        self.do(f"container/{container}", "receive")
        self.do(f"container/{container}", "store", position=position)

    @property
    def now(self) -> Instant:
        """Give the moment."""
        return self.clock.now()


def in_vault(
    folder: Path, script: Callable[[Vault], Awaitable[None]], *, way: Way | None = None, down: float = 0.0
) -> None:
    """Open the site, or open it again ``down`` s later, and run a script there in simulated time."""
    if not (folder / "site.yaml").exists():
        make_site(folder, "c")

    async def main(clock: SimulatedClock) -> None:
        site = await open_site(folder, way, clock=clock)
        try:
            await script(Vault(site, clock))
        finally:
            await site.leave()

    run_simulated(main, start=begins(folder, read_site(folder)) + Seconds(down))
