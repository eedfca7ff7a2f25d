"""The world that fake devices share: containers with what is in them, places, and probes.

A container has a temperature at every second, wherever it is; whoever looks changes nothing.
Units:  degC, mL, cells, s; ``now`` is UTC seconds. DMSO is a share of the volume.
Source: docs/freezer-physics.md (product), product-independent places are at fixed temperatures.
"""

import math
from dataclasses import dataclass

from automation.kernel.errors import FailedError
from automation.kernel.ids import keyed
from automation.kernel.quantity import Cells, Celsius, Instant, Millilitres, Seconds
from fakes.physics.product import NUCLEATION, VESSELS, Product
from fakes.physics.trace import Constant, Follower, Lag, Signal

PLACES = {"bench": 22.0, "fridge": 4.0, "storage": -190.0}
"""Places that every world has, with their temperature (degC)."""

PROBE_LAG = Seconds(10.0)


@dataclass(slots=True)
class Contents:
    """What a container holds; devices that take or add something change it."""

    volume: Millilitres
    live: Cells
    dead: Cells
    dmso: float = 0.0  # share of the volume


@dataclass(frozen=True, slots=True)
class Stay:
    """That a container was put somewhere."""

    place: str
    since: Instant


class Container:
    """One bag or vial of the world."""

    def __init__(self, name: str, kind: str, *, contents: Contents) -> None:
        """Name it as its label does; ``kind`` is vial, bag20 or bag50. Raises FailedError for another kind."""
        if kind not in VESSELS:
            msg = f"kind is {kind!r}; containers of the world are {', '.join(VESSELS)}"
            raise FailedError(msg)
        self.name = name
        self.kind = kind
        self.contents = contents
        self.stays: list[Stay] = []

    @property
    def place(self) -> str:
        """Say where it is now."""
        return self.stays[-1].place if self.stays else ""


@dataclass(slots=True)
class _Probe:
    follower: Follower
    source: str


class World:
    """Containers, places and probes of one simulated site."""

    def __init__(self, seed: int) -> None:
        """Make an empty world; the seed varies where ice forms."""
        self.seed = seed
        self._places: dict[str, Signal] = {name: Constant(value) for name, value in PLACES.items()}
        self._containers: dict[str, Container] = {}
        self._products: dict[str, Product] = {}
        self._bodies: dict[str, Follower] = {}
        self._probes: dict[str, _Probe] = {}

    def add_place(self, name: str, signal: Signal) -> None:
        """Make a chamber known as a place."""
        self._places[name] = signal

    def add(self, container: Container, *, place: str, at: Celsius, now: Instant) -> None:
        """Bring a container into the world, at a place, at a temperature (degC)."""
        lowest, highest, likely = NUCLEATION
        nucleates = keyed(self.seed, "nucleation", container.name).triangular(lowest, highest, likely)
        product = Product(VESSELS[container.kind], float(container.contents.volume), nucleates)
        product.frozen = float(at) < nucleates
        around = self._place(place)
        self._containers[container.name] = container
        self._products[container.name] = product
        self._bodies[container.name] = Follower(product, float(at), around, first=grid(now))
        container.stays.append(Stay(place, now))

    def container(self, name: str) -> Container:
        """Give a container by name; raises FailedError when the world has none such."""
        if name not in self._containers:
            msg = f"container is {name!r}; the world has {', '.join(sorted(self._containers)) or 'none'}"
            raise FailedError(msg)
        return self._containers[name]

    def inside(self, place: str) -> tuple[str, ...]:
        """Name the containers at a place, in the order of their names."""
        return tuple(sorted(name for name, item in self._containers.items() if item.place == place))

    def move(self, container: str, *, to: str, now: Instant) -> None:
        """Put a container somewhere else; raises FailedError for an unknown container or place."""
        item, around = self.container(container), self._place(to)
        self._bodies[container].move(around, at=grid(now))
        item.stays.append(Stay(to, now))

    def nucleates(self, container: str, *, at: Celsius | None) -> None:
        """Decide where ice forms in a container (degC), against the seed; None: never."""
        self.container(container)
        self._products[container].nucleates = None if at is None else float(at)

    def nucleated(self, container: str) -> Celsius | None:
        """Give the temperature at which ice last formed in a container (degC), as far as it was looked at."""
        self.container(container)
        at = self._products[container].nucleated_at
        return None if at is None else Celsius(at)

    def temperature(self, container: str, now: Instant) -> Celsius:
        """Give the temperature of a container's contents (degC)."""
        self.container(container)
        return Celsius(self._bodies[container].catch_up(grid(now)))

    def attach(self, channel: str, *, to: str, now: Instant, lag: Seconds = PROBE_LAG) -> None:
        """Put a probe on a container, or into the air of a place; also how it falls out. Raises FailedError."""
        source = self._bodies[to] if to in self._bodies else self._place(to)
        probe = self._probes.get(channel)
        if probe is None:
            start = next(iter(source.pieces(grid(now), grid(now) + 1))).values[0]
            self._probes[channel] = _Probe(Follower(Lag(float(lag)), start, source, first=grid(now)), to)
        else:
            probe.follower.move(source, at=grid(now))
            probe.source = to

    def fall_out(self, channel: str, now: Instant) -> None:
        """Let a probe fall off its container into the air around it; raises FailedError for an unknown channel."""
        probe = self._probe(channel)
        if probe.source in self._containers:
            self.attach(channel, to=self._containers[probe.source].place, now=now)

    def probe(self, channel: str, now: Instant) -> Celsius:
        """Give what a probe feels (degC), lag included and no noise; raises FailedError for an unknown channel."""
        return Celsius(self._probe(channel).follower.catch_up(grid(now)))

    def probes(self) -> dict[str, str]:
        """Give each channel with what it is attached to: a container or a place."""
        return {channel: probe.source for channel, probe in self._probes.items()}

    def _probe(self, channel: str) -> _Probe:
        if channel not in self._probes:
            msg = f"probe channel is {channel!r}; attached are {', '.join(sorted(self._probes)) or 'none'}"
            raise FailedError(msg)
        return self._probes[channel]

    def _place(self, name: str) -> Signal:
        if name not in self._places:
            msg = f"place is {name!r}; the world has {', '.join(sorted(self._places))}"
            raise FailedError(msg)
        return self._places[name]


def grid(now: Instant) -> int:
    """Give the grid point at or before a moment."""
    return math.floor(float(now))
