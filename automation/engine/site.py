"""A site that is open for work: what commands and views get in their hands."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from automation.engine.answers import Answers
from automation.engine.batches import BatchRun
from automation.engine.connections import Connections
from automation.engine.house import House
from automation.engine.monitor import Monitor
from automation.engine.partnermail import Reads
from automation.engine.recipe.model import Recipe
from automation.engine.scanning import Scanning
from automation.engine.sitemodel import SiteFile
from automation.engine.timers import Timers
from automation.gmp.secrets import Credentials


class Stream(Protocol):
    """A stream of bytes as a transport gives it."""

    async def open(self) -> None:
        """Open it."""
        ...


class PlantPort(Protocol):
    """The far end of all cables of a simulated site, and the scripted people who work there."""

    def connect(self, link: str) -> Stream:
        """Give the near end of the cable to a fake."""
        ...

    def hand(self, link: str, action: str, **details: object) -> None:
        """Let a person's hand act on a device."""
        ...

    def staff(self, site: "Site") -> None:
        """Let the scripted people come to work."""
        ...

    def stuck(self) -> tuple[str, ...]:
        """Give what the scripted people could not do, and why."""
        ...

    def flush(self) -> None:
        """Write what the plant's log has pending."""
        ...

    def close(self) -> None:
        """Close the plant's log."""
        ...


class Wish(Protocol):
    """What is asked of a job: of which object (KIND/ID), by whom, saying what."""

    @property
    def target(self) -> str:
        """Give the object."""
        ...

    @property
    def by(self) -> str:
        """Give who asks; known by the own secret."""
        ...

    @property
    def body(self) -> dict[str, object]:
        """Give what is said."""
        ...


class Job(Protocol):
    """Carries out a request of one word."""

    async def __call__(self, site: "Site", wish: Wish, /) -> dict[str, str]:
        """Do what is asked and tell what came of it; raises RefusedError and InputError."""
        ...


@dataclass(slots=True)
class Site:
    """A site folder, its file, its engine and the batches that run here."""

    folder: Path
    file: SiteFile
    house: House
    answers: Answers
    timers: Timers
    credentials: Credentials
    scanning: Scanning
    connections: Connections
    plant: PlantPort | None = None
    batches: dict[str, BatchRun] = field(default_factory=dict)
    monitors: dict[str, Monitor] = field(default_factory=dict)
    jobs: dict[str, "Job"] = field(default_factory=dict)
    """What is asked of a site beyond its engine, by the word of the request; those above the engine bring it."""
    at_leave: list[Callable[[], Awaitable[None]]] = field(default_factory=list)
    at_close: list[Callable[[], None]] = field(default_factory=list)
    reads: Reads | None = None  # the messages of partners

    def take_up(self, recipe: Recipe, batch: str) -> BatchRun:
        """Make a batch ready to run in this process."""
        run = BatchRun(self.house, recipe, batch)
        self.batches[batch] = run
        return run

    async def leave(self) -> None:
        """Leave the batches where they are, close the lines to the devices, then everything else."""
        try:
            for run in self.batches.values():
                await run.leave()
            self.scanning.stop()
            for call in self.at_leave:
                await call()
            await self.connections.close()
        finally:
            self.close()

    def close(self) -> None:
        """Stop the timers, let go what drivers hold beside their lines, close files and give the site up."""
        self.timers.stop()
        self.scanning.stop()
        for device in self.house.devices.values():
            end = getattr(device.driver, "close", None)
            if end is not None:
                end()
        for call in self.at_close:
            call()
        self.house.door.close()
        self.house.recent.close()
        if self.plant is not None:
            self.plant.close()
        self.house.ledger.close()
