"""Particle counters: how many particles of at least which size were in the air that was drawn.

Units: sizes in um; volumes in L; times in s. Counts are whole numbers of particles, never scaled.
Source: EU GMP Annex 1 (2022) 4.27, 5.9, 9.15 and 9.17 (sizes of 0.5 and 5 um); ISO 14644-1.
"""

from dataclasses import dataclass
from typing import Protocol

from automation.kernel.effect import Kind, effect, in_doubt, shows_state
from automation.kernel.quantity import Instant, Litres, Seconds
from instruments.interfaces.device import Identity


@dataclass(frozen=True, slots=True)
class CounterState:
    """How a counter stands; asking for it reads no record."""

    running: bool  # started and not stopped
    sampling: bool  # air of a sample is being drawn just now
    new_data: bool  # a record stands there that nobody has taken
    records: int  # how many records it keeps
    flow: float  # L/min
    faults: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Counted:
    """Particles of one size in one sample."""

    size: float  # um
    cumulative: int  # of at least this size, as the counter tells it
    differential: int  # of at least this size and below the next one


@dataclass(frozen=True, slots=True)
class CountRecord:
    """One sample."""

    number: int  # the counter had so many records when it was taken
    at: Instant  # by the counter's own clock
    duration: Seconds
    volume: Litres  # by duration and the flow of the counter's label; a flow beyond it is a fault
    location: int
    counts: tuple[Counted, ...]
    faults: tuple[str, ...] = ()  # of this sample; it is then no measurement


class ParticleCounter(Protocol):
    """An instrument that draws air through a beam, sample after sample, and keeps a record of each."""

    @effect(Kind.QUERY)
    async def identify(self) -> Identity:
        """Read maker, model, serial and firmware."""
        ...

    @shows_state
    @effect(Kind.QUERY, deadline=20)
    async def look(self) -> CounterState:
        """Read how it stands, without taking a record."""
        ...

    @in_doubt(twice="it begins its samples anew: the one that was being drawn is lost", never="nobody counts")
    @effect(Kind.ACT, deadline=20)
    async def start(self) -> None:
        """Start to sample, again and again as it is set. Raises RefusedError when it runs already."""
        ...

    @in_doubt(twice="nothing: it stands still already", never="it goes on sampling")
    @effect(Kind.ACT, deadline=20)
    async def stop(self) -> None:
        """Stop; a sample that is not whole is dropped. Raises RefusedError when it stands still."""
        ...

    @in_doubt(twice="a newer record is taken for this one", never="the record waits in the counter")
    @effect(Kind.DESTRUCTIVE_READ, deadline=20)
    async def take(self, *, record: int) -> CountRecord:
        """Take the newest record, which is then no longer new; ``record`` is how many there are, by ``look``.

        Raises RefusedError when there are others by now, or none: nothing was taken.
        """
        ...
