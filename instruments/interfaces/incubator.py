"""Incubators and culture platforms: a climate that the device keeps by itself, looked at, and set by approved values.

Some take plates in and bring them out by themselves (``StoringIncubator``).
Units: degC, % (CO2, O2 of the gas; relative humidity). What a device can't read is None, never a number.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from automation.engine.handles import Container
from automation.kernel.effect import Kind, effect, in_doubt, shows_state
from automation.kernel.quantity import Celsius, Percent
from instruments.interfaces.device import Identity

CHANNELS: Mapping[str, str] = {"temperature": "degC", "co2": "%", "humidity": "%", "oxygen": "%", "door open": "1"}
"""What alarms may be set on, each with its unit; ``1`` is a state that is 0 or 1."""


@dataclass(frozen=True, slots=True)
class Climate:
    """One look into an incubator."""

    temperature: Celsius | None
    co2: Percent | None = None
    humidity: Percent | None = None
    oxygen: Percent | None = None
    door_open: bool | None = None
    alarms: tuple[str, ...] = ()

    @property
    def channels(self) -> Mapping[str, float | None]:
        """Give every channel of ``CHANNELS`` by name."""
        seen = (self.temperature, self.co2, self.humidity, self.oxygen, self.door_open)
        return dict(zip(CHANNELS, (None if one is None else float(one) for one in seen), strict=True))


@dataclass(frozen=True, slots=True)
class SetPoints:
    """What an incubator is to keep; None is what it does not control."""

    temperature: Celsius = field(metadata={"range": (4.0, 80.0), "label": "Temperature"})
    co2: Percent | None = field(default=None, metadata={"range": (0.0, 20.0), "label": "CO2"})


class Incubator(Protocol):
    """A chamber that keeps its climate whether the program runs or not."""

    @effect(Kind.QUERY)
    async def identify(self) -> Identity:
        """Read maker, model, serial and firmware."""
        ...

    @effect(Kind.QUERY, deadline=30)
    async def climate(self) -> Climate:
        """Read the climate once."""
        ...

    @effect(Kind.QUERY, deadline=30)
    async def set_points(self) -> SetPoints:
        """Read what it is set to keep."""
        ...

    @effect(Kind.SET_ABSOLUTE, deadline=60)
    async def keep(self, *, set_points: SetPoints) -> None:
        """Set what it is to keep; the same twice is one. Raises RefusedError for values that it can't keep."""
        ...


@dataclass(frozen=True, slots=True)
class Shuttle:
    """One look at what brings plates in and out."""

    ready: bool  # initialised, and free of errors
    busy: bool
    at_gate: bool  # something stands on the transfer station
    carrying: bool  # something is on the handler
    door_open: bool = False
    gate_open: bool = False
    problem: str = ""


class StoringIncubator(Incubator, Protocol):
    """An incubator with numbered places, which takes plates in from its transfer station and brings them out to it.

    It knows what stands on the station and on its handler, and not what is on its places: the record does. All motion
    raises RefusedError before anything moves, FailedError when the device says that nothing moved, and UnknownError
    when nobody can say.
    """

    @shows_state
    @effect(Kind.QUERY, deadline=30)
    async def shuttle(self) -> Shuttle:
        """Look at transfer station and handler."""
        ...

    @in_doubt(twice="a handler that is ready does not move", never="no plate can be taken in or brought out")
    @effect(Kind.ACT, deadline=330)
    async def set_up(self) -> None:
        """Make the handler ready; one that is ready already does not move. Refused with a plate on it."""
        ...

    @in_doubt(
        twice="the station is empty by then, and it is refused",
        never="the culture stands outside, where it cools and its medium loses CO2",
    )
    @effect(Kind.ACT, deadline=200, touches=("containers",))
    async def store(self, *, slot: int, containers: tuple[Container, ...]) -> None:
        """Take what stands on the transfer station to a place (1..)."""
        ...

    @in_doubt(
        twice="the station is taken by then, and it is refused",
        never="the culture stays in its climate, and whoever waits for it waits",
    )
    @effect(Kind.ACT, deadline=200, touches=("containers",))
    async def fetch(self, *, slot: int, containers: tuple[Container, ...]) -> None:
        """Bring what stands on a place (1..) out to the transfer station."""
        ...
