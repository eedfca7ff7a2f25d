"""The world that fake devices share: containers with what is in them, places, and probes.

A container has a temperature at every second, wherever it is; whoever looks changes nothing. Contents only ever move
from one container to another (``pour``, ``separate``) or from live to dead (``kill``), and what a culture makes and
eats is counted (``made``), so that all balances close.
Units:  degC, mL, g, cells, s; ``now`` is UTC seconds.
Source: docs/freezer-physics.md (product), product-independent places are at fixed temperatures.
        Cells settle from the top of a container that nobody mixes: model, time constant ``SETTLING``.
        Empty containers of a kind differ by ``EMPTY_CV``: model, bags and tubes of one lot.
        Warm containers are cultures: ``fakes.physics.culture``.
        Cells die of freezing and thawing: ``fakes.physics.product``.
        Cells die in DMSO at 0.10 per h at 22 degC and 0.02 per h at 4 degC: model, see docs/one-world.md.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

from automation.kernel.errors import FailedError
from automation.kernel.ids import keyed, normal
from automation.kernel.quantity import Celsius, Grams, Instant, Millilitres, Seconds
from fakes.contents import Contents
from fakes.physics.culture import (
    DENSEST,
    DENSEST_IN,
    MEETS,
    PACE_SPREAD,
    WARM,
    Growth,
    lived,
    stimulus,
    stronger,
    taken_up,
)
from fakes.physics.product import CONTACT, NUCLEATION, VESSELS, Product
from fakes.physics.trace import Constant, Follower, Lag, Signal

PLACES = {
    "bench": 22.0,
    "fridge": 4.0,
    "storage": -190.0,
    "cold box": -185.0,
    "dry shipper": -185.0,
    "water bath": 37.0,
}
"""Places that every world has, with their temperature (degC)."""

PROBE_LAG = Seconds(10.0)


SETTLING = Seconds(900.0)
MOST_SETTLED = 0.4  # share by which the top of a settled container is poorer in cells
EMPTY_CV, EMPTY_MOST = 0.01, 2.5  # spread of the mass of empty containers (a share), and its bound in spreads
SURVIVES_CV = 0.02  # spread of the share that survives freezing and thawing, container to container; assumed
TOXIC_WARM, TOXIC_COLD = 0.10, 0.02  # share of live cells that die per hour in 10 % DMSO at 22 and at 4 degC


@dataclass(frozen=True, slots=True)
class Stay:
    """That a container was put somewhere."""

    place: str
    since: Instant


class Container:
    """One bag, vial, bottle or well of the world."""

    def __init__(self, name: str, kind: str, *, contents: Contents | None = None) -> None:
        """Name it as its label does; ``kind`` is one of ``VESSELS``. Raises FailedError for another kind."""
        if kind not in VESSELS:
            msg = f"kind is {kind!r}; containers of the world are {', '.join(VESSELS)}"
            raise FailedError(msg)
        self.name = name
        self.kind = kind
        self.contents = contents or Contents()
        self.empty = Grams(VESSELS[kind].empty)  # of its kind; a world gives it one of its own
        self.stays: list[Stay] = []
        self.mixed_at: Instant | None = None  # when it was last mixed or moved
        self.aged_at: Instant | None = None  # up to when growing and dying are counted
        self.thaws = 0  # of its contents, that are counted: some of the cells died of each
        self.growth: Growth | None = None  # since it was stimulated
        self.meets = MEETS  # share of a vector that gets into a cell here

    @property
    def place(self) -> str:
        """Say where it is now."""
        return self.stays[-1].place if self.stays else ""

    @property
    def room(self) -> Millilitres:
        """Give what still goes in (mL)."""
        return Millilitres(VESSELS[self.kind].holds) - self.contents.volume

    @property
    def mass(self) -> Grams:
        """Give what a balance would feel of it (g): the container itself and what is in it."""
        return self.empty + self.contents.mass


@dataclass(slots=True)
class _Probe:
    follower: Follower
    source: str


class World:
    """Containers, places and probes of one simulated site."""

    def __init__(self, seed: int) -> None:
        """Make an empty world; the seed varies where ice forms and what empty containers weigh."""
        self.seed = seed
        self._places: dict[str, Signal] = {name: Constant(value) for name, value in PLACES.items()}
        self._containers: dict[str, Container] = {}
        self._products: dict[str, Product] = {}
        self._bodies: dict[str, Follower] = {}
        self._probes: dict[str, _Probe] = {}
        self._shown: dict[tuple[str, str], Callable[[Instant], float | None]] = {}
        self._pace = math.exp(PACE_SPREAD * normal(seed, "doubling"))
        self._densest: dict[str, float] = {}  # of places where more grows than at rest
        self._contact = {"water bath": CONTACT}  # of places that heat better than air
        self.made = Contents()  # by cultures; less than nothing is eaten

    def add_place(self, name: str, signal: Signal, *, densest: float = DENSEST, contact: float = 1.0) -> None:
        """Make a chamber known as a place; ``densest`` is what cells grow to there (per mL).

        ``contact`` is how much more heat a container takes up there than from air.
        """
        self._places[name] = signal
        self._contact[name] = contact
        self._densest[name] = densest

    def change_place(self, name: str, signal: Signal, *, now: Instant, densest: float | None = None) -> None:
        """Let a place have another temperature from now on; what stands there follows it.

        ``densest`` is what cells grow to there from now on (per mL), where that changes too.
        """
        self._place(name)
        self._places[name] = signal
        for container in self.inside(name):
            self.age(container, now)
            self._bodies[container].move(signal, at=grid(now))
        if densest is not None:
            self._densest[name] = densest

    def show(self, place: str, *, channel: str, reading: Callable[[Instant], float | None]) -> None:
        """Let other sensors at a place see what the device there makes of its liquid, by the name of a channel."""
        self._shown[place, channel] = reading

    def shown(self, place: str, *, channel: str, now: Instant) -> float | None:
        """Give what a sensor at a place sees of a channel; None where nothing is shown."""
        reading = self._shown.get((place, channel))
        return None if reading is None else reading(now)

    def add(self, container: Container, *, place: str, at: Celsius, now: Instant) -> None:
        """Bring a container into the world, at a place, at a temperature (degC); FailedError when it is there."""
        lowest, highest, likely = NUCLEATION
        nucleates = keyed(self.seed, "nucleation", container.name).triangular(lowest, highest, likely)
        product = Product(VESSELS[container.kind], float(container.contents.volume), nucleates)
        product.frozen = float(at) < nucleates
        around = self._place(place)
        if container.name in self._containers:
            msg = f"container {container.name} is in the world already"
            raise FailedError(msg)
        container.mixed_at = container.aged_at = now
        off = EMPTY_CV * max(-EMPTY_MOST, min(EMPTY_MOST, normal(self.seed, "empty mass", container.name)))
        container.empty = container.empty * (1.0 + off)
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

    def has(self, name: str) -> bool:
        """Tell whether there is a container of this name."""
        return name in self._containers

    def names(self) -> tuple[str, ...]:
        """Name all containers, in the order in which they came."""
        return tuple(self._containers)

    def total(self) -> Contents:
        """Give what all containers hold together; less ``made`` it is what ``add`` brought, but for live and dead."""
        whole = Contents()
        for item in self._containers.values():
            whole += item.contents
        return whole

    def pour(self, source: str, dest: str, *, volume: Millilitres, now: Instant, settled: bool = False) -> Contents:
        """Move a volume (mL, at most what is there) and give what came along; ``settled`` takes it off the top.

        Raises FailedError for an unknown container, a volume that is none, or one that does not go in.
        """
        if not math.isfinite(float(volume)) or float(volume) < 0.0:
            msg = f"volume is {float(volume)} mL; a volume of at least 0 is needed"
            raise FailedError(msg)
        cells = self._evenness(self.container(source), now) if settled else 1.0
        self.age(source, now)
        amounts = self.container(source).contents.taken(volume, cells=cells)
        return self._shift(amounts, source=source, dest=dest, now=now)

    def separate(self, amounts: Contents, *, source: str, dest: str, now: Instant) -> Contents:
        """Move these amounts and nothing else, as a separator does.

        Raises FailedError when they are not there, or do not go in.
        """
        self.age(source, now)
        lacking = self.container(source).contents.lacks(amounts)
        if lacking:
            msg = f"{lacking} can't be taken out of {source}"
            raise FailedError(msg)
        return self._shift(amounts, source=source, dest=dest, now=now)

    def _shift(self, amounts: Contents, *, source: str, dest: str, now: Instant) -> Contents:
        """Move amounts that are there; raises FailedError when they do not go in."""
        from_, to = self.container(source), self.container(dest)
        if float(amounts.volume) > float(to.room) + 1e-9:
            msg = f"{float(amounts.volume):g} mL do not go into {dest}: there is room for {float(to.room):g} mL"
            raise FailedError(msg)
        self.age(source, now)
        self.age(dest, now)
        warm, cold = float(self.temperature(source, now)), float(self.temperature(dest, now))
        was = float(to.contents.mass)
        from_.contents -= amounts
        to.contents += amounts
        to.growth = to.growth or (from_.growth if float(amounts.live) > 0.0 else None)
        now_there = float(to.contents.mass)
        mixed = (cold * was + warm * float(amounts.mass)) / now_there if now_there > 0.0 else cold
        self._refill(from_, warm, now)
        self._refill(to, mixed, now)
        to.mixed_at = now
        return amounts

    def mix(self, name: str, now: Instant) -> None:
        """Mix a container, so that cells are even in it again."""
        self.container(name).mixed_at = now

    def kill(self, name: str, share: float, now: Instant) -> None:
        """Let a share (0 to 1) of the live cells die."""
        self.age(name, now)
        item = self.container(name)
        item.contents = _died(item.contents, min(1.0, max(0.0, share)))

    def age(self, name: str, now: Instant) -> None:
        """Let cells grow and die for the time since this was last counted; frozen ones rest."""
        item = self.container(name)
        since = item.aged_at or now
        after, item.growth = self._aged(item, now)
        if now > since:
            item.thaws = self._products[name].thaws
        if item.contents.subsets:
            self.made += after - item.contents
        item.contents, item.aged_at = after, max(since, now)

    def holds(self, name: str, now: Instant) -> Contents:
        """Give what a container holds at a moment; looking changes nothing."""
        return self._aged(self.container(name), now)[0]

    def enhance(self, name: str, factor: float) -> None:
        """Let more of a vector get into cells in a container (spun down, coated)."""
        self.container(name).meets *= factor

    def _aged(self, item: Container, now: Instant) -> tuple[Contents, Growth | None]:
        """Give what a container holds at a moment, and the growth that goes on in it."""
        since, contents = item.aged_at or now, item.contents
        if float(now - since) <= 0.0 or not (contents.subsets or contents.dmso > 0.0):
            return contents, item.growth
        warmth = float(self.temperature(item.name, now))
        product = self._products[item.name]
        if product.frozen:  # known only now that its temperature is
            return contents, item.growth
        if product.thaws > item.thaws:
            contents = _died(contents, 1.0 - self._survival(item.name))
        hours, growth = float(now - since) / 3600.0, item.growth
        if warmth >= WARM and contents.subsets:
            growth = stronger(growth, stimulus(contents, since, pace=self._pace))
            densest = max(self._densest.get(item.place, DENSEST), DENSEST_IN.get(item.kind, 0.0))
            contents = taken_up(contents, hours, meets=item.meets)
            contents = lived(contents, growth, since=since, until=now, densest=densest)
        if contents.dmso > 0.0:
            rate = TOXIC_COLD + (TOXIC_WARM - TOXIC_COLD) * max(0.0, warmth - 4.0) / 18.0
            contents = _died(contents, 1.0 - math.exp(-rate * contents.dmso / 0.10 * hours))
        return contents, growth

    def _survival(self, name: str) -> float:
        """Give the share of live cells that live on after the last freezing and thawing."""
        spread = SURVIVES_CV * max(-EMPTY_MOST, min(EMPTY_MOST, normal(self.seed, "survival", name)))
        return min(1.0, self._products[name].survival * (1.0 + spread))

    def inside(self, place: str) -> tuple[str, ...]:
        """Name the containers at a place, in the order of their names."""
        return tuple(sorted(name for name, item in self._containers.items() if item.place == place))

    def move(self, container: str, *, to: str, now: Instant) -> None:
        """Put a container somewhere else; raises FailedError for an unknown container or place."""
        item, around = self.container(container), self._place(to)
        self.age(container, now)
        self._bodies[container].move(around, at=grid(now))
        self._products[container].contact = self._contact.get(to, 1.0)
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

    def _evenness(self, item: Container, now: Instant) -> float:
        """Give the share of cells at the top of a container against an even mixture."""
        rested = float(now - (item.mixed_at if item.mixed_at is not None else now))
        return 1.0 - MOST_SETTLED * (1.0 - math.exp(-rested / float(SETTLING)))

    def _refill(self, item: Container, temperature: float, now: Instant) -> None:
        """Let a container go on with what it holds now."""
        self._products[item.name].fill(float(item.contents.volume))
        self._bodies[item.name].jump(temperature, at=grid(now))

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


def _died(contents: Contents, share: float) -> Contents:
    """Let a share of the live cells be dead ones."""
    died = contents.live * share
    return contents.with_cells(contents, live=contents.live - died, dead=contents.dead + died)


def grid(now: Instant) -> int:
    """Give the grid point at or before a moment."""
    return math.floor(float(now))
