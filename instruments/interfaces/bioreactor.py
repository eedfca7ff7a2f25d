"""Bioreactors: a bag on a rocker (or another vessel) whose motion, warmth and gas the device keeps by itself.

A person hangs the bag in, joins its lines and takes it off; the program sets what is kept, starts and ends the culture,
gives a feed through the device's own pump, and lets medium flow through it (perfusion: cells stay behind a filter).
Safe state: a device that is left alone goes on keeping the culture (``OnHostLoss.CONTINUES``); a feed that has begun
ends by itself at its volume, a perfusion goes on at its rate until it is set to none.
Units:  degC, 1/min, deg of arc, L/min of gas, % of gas (CO2, O2), % of air saturation (dissolved oxygen), mL, mL/h.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from automation.engine.handles import Container, Lot
from automation.kernel.effect import Kind, effect, in_doubt, shows_state
from automation.kernel.quantity import Celsius, Millilitres, Percent
from instruments.interfaces.device import Identity

CHANNELS: Mapping[str, str] = {
    "temperature": "degC",
    "rocking rate": "1/min",
    "angle": "deg",
    "pH": "1",
    "dissolved oxygen": "%",
    "gas flow": "L/min",
    "co2": "%",
    "oxygen": "%",
    "perfusion rate": "mL/h",
}
"""What alarms may be set on, each with its unit; ``1`` is a number without one."""


class Cultivating(StrEnum):
    """What a bioreactor does."""

    STOPPED = "stopped"  # nothing moves, warms or flows
    RUNNING = "running"  # set points are kept and the bag moves
    HELD = "held"  # as running, but the bag lies still and nothing is pumped: for a sample
    FAILED = "failed"  # it has broken off; somebody has to look at it
    UNKNOWN = "unknown"  # on its way from one to the other, or not told


class Feeding(StrEnum):
    """Where one feed stands."""

    RUNNING = "running"
    COMPLETE = "complete"
    ENDED_EARLY = "ended early"  # stopped, or out of medium: ``given`` says how much went in


@dataclass(frozen=True, slots=True, kw_only=True)
class CultureSetPoints:
    """What a bioreactor is to keep; None is what it does not control.

    With ``ph`` or ``dissolved_oxygen`` the device itself changes CO2 or O2 of the gas to get there; ``co2`` and
    ``oxygen`` are then where it begins.
    """

    temperature: Celsius = field(metadata={"range": (4.0, 45.0), "label": "Temperature"})
    rocking_rate: float = field(metadata={"range": (0.0, 60.0), "label": "Rocking, 1/min"})
    angle: float = field(metadata={"range": (0.0, 15.0), "label": "Rocking angle, deg"})
    gas_flow: float = field(metadata={"range": (0.0, 2.0), "label": "Gas through the bag, L/min"})
    co2: Percent = field(metadata={"range": (0.0, 20.0), "label": "CO2 of the gas"})
    oxygen: Percent = field(metadata={"range": (0.0, 60.0), "label": "O2 of the gas; 20.9 is that of air"})
    ph: float | None = field(default=None, metadata={"range": (6.0, 8.0), "label": "pH, by CO2"})
    dissolved_oxygen: Percent | None = field(
        default=None, metadata={"range": (0.0, 100.0), "label": "Dissolved oxygen, by O2; % of air saturation"}
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class CultureValues:
    """One look into the culture; what the device can't read is None, never a number."""

    temperature: Celsius | None = None
    rocking_rate: float | None = None  # 1/min
    angle: float | None = None  # deg
    ph: float | None = None
    dissolved_oxygen: Percent | None = None  # % of air saturation
    gas_flow: float | None = None  # L/min
    co2: Percent | None = None
    oxygen: Percent | None = None
    perfusion_rate: float | None = None  # mL/h
    alarms: tuple[str, ...] = ()

    @property
    def channels(self) -> Mapping[str, float | None]:
        """Give every channel of ``CHANNELS`` by name."""
        seen = (
            self.temperature,
            self.rocking_rate,
            self.angle,
            self.ph,
            self.dissolved_oxygen,
            self.gas_flow,
            self.co2,
            self.oxygen,
            self.perfusion_rate,
        )
        return dict(zip(CHANNELS, (None if one is None else float(one) for one in seen), strict=True))


@dataclass(frozen=True, slots=True)
class Perfusion:
    """Medium that flows through a culture at one rate, in and out; cells are kept back by the filter in the bag."""

    rate: float = field(metadata={"range": (0.0, 500.0), "label": "Perfusion, mL/h; 0 is none"})


@dataclass(frozen=True, slots=True)
class BioreactorStatus:
    """One look at the device."""

    state: Cultivating
    feed: str = ""  # the task of the feed that runs; empty while none does
    given: Millilitres | None = None  # through the feed pump since the device was set up; None where it does not count
    message: str = ""  # what is wrong, where it is told


@dataclass(frozen=True, slots=True)
class Fed:
    """What the device knows of one feed."""

    state: Feeding
    given: Millilitres | None  # so far; None where it does not tell


class Bioreactor(Protocol):
    """A bioreactor that keeps its culture whether the program runs or not."""

    @effect(Kind.QUERY)
    async def identify(self) -> Identity:
        """Read maker, model, serial and firmware."""
        ...

    @shows_state
    @effect(Kind.QUERY)
    async def look(self) -> BioreactorStatus:
        """Look at what the device does."""
        ...

    @effect(Kind.QUERY, deadline=15)
    async def values(self) -> CultureValues:
        """Read every sensor once."""
        ...

    @effect(Kind.QUERY, deadline=15)
    async def set_points(self) -> CultureSetPoints:
        """Read what it is set to keep."""
        ...

    @effect(Kind.SET_ABSOLUTE, deadline=30)
    async def keep(self, *, set_points: CultureSetPoints) -> None:
        """Set what it is to keep, also while it runs; the same twice is one. RefusedError for what it can't keep."""
        ...

    @in_doubt(
        twice="a running bioreactor refuses it, and goes on",
        never="the cells lie still, and grow cold and short of oxygen",
    )
    @effect(Kind.ACT, deadline=30, touches=("culture",))
    async def start(self, *, culture: Container) -> None:
        """Begin to keep and move the bag that hangs in; RefusedError from any state but ``STOPPED``."""
        ...

    @in_doubt(twice="a held bag stays held", never="a sample is drawn from a bag that moves")
    @effect(Kind.ACT, deadline=30)
    async def hold(self) -> None:
        """Let the bag lie level, warm and gassed, for a sample or to be weighed; pumps stand."""
        ...

    @in_doubt(twice="a moving bag goes on moving", never="cells settle and run short of oxygen")
    @effect(Kind.ACT, deadline=30, making_safe=True)
    async def resume(self) -> None:
        """Move a held bag again, with the perfusion that is set; a running one goes on."""
        ...

    @in_doubt(twice="a stopped bioreactor stays so", never="the bag goes on being moved, warmed and pumped into")
    @effect(Kind.ACT, deadline=30)
    async def stop(self) -> None:
        """End the culture: nothing moves, warms or flows any more, so that the bag can be taken off."""
        ...

    @in_doubt(
        twice="the culture gets the medium twice; the device refuses a task that it knows",
        never="the culture gets no medium and starves in the end",
    )
    @effect(Kind.ACT, deadline=30, touches=("medium", "culture"))
    async def feed(self, *, medium: Lot | Container, culture: Container, volume: Millilitres, task: str) -> None:
        """Begin to pump a volume of medium into the bag and return at once; ``fed`` tells how it goes.

        ``task`` is a name that this culture uses once ("B1 feed 2"), by which the device knows the feed again.
        Raises RefusedError while another feed runs, for a task that was used, and unless the device is running.
        """
        ...

    @effect(Kind.QUERY)
    async def fed(self, *, task: str) -> Fed | None:
        """Say how a feed went; None for a task that the device does not know."""
        ...

    @effect(Kind.SET_ABSOLUTE, deadline=30, touches=("medium", "culture", "waste"))
    async def perfuse(
        self, *, medium: Lot | Container, culture: Container, waste: Container, perfusion: Perfusion
    ) -> None:
        """Let medium flow in and spent medium out at one rate from now on; the same twice is one, another replaces it.

        Raises RefusedError for a rate that the device can't keep.
        """
        ...

    @effect(Kind.QUERY)
    async def perfusion(self) -> Perfusion:
        """Read the rate that is set."""
        ...

    @effect(Kind.SET_ABSOLUTE, deadline=30, making_safe=True)
    async def end_perfusion(self) -> None:
        """Let no medium flow through any more; the rest of the culture goes on."""
        ...
