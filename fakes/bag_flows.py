"""Pumps at a rocking bag: one feed at a time up to its volume, and perfusion in and out at one rate.

What a line leads to is what hands connected: ``feed`` and ``medium`` are where liquid comes from, ``waste`` where spent
medium goes. A pump that draws no liquid gives none, and a feed ends early then.
Units:  mL, mL/h, s.
Source: model; see ``fakes.rocking_bag``.
"""

from dataclasses import dataclass, field, replace

from automation.kernel.errors import FailedError
from automation.kernel.quantity import Cells, Instant, Millilitres, Seconds
from fakes.contents import settled
from fakes.lads import INVALID_STATE, Arguments, Run
from fakes.nodes import NodeRefusedError
from fakes.physics.flow import Flow
from fakes.world import World
from instruments.drivers.lads import wire

FEEDS, PORTION = 50.0 / 60.0, Seconds(60.0)  # mL/s of the feed pump; s between portions
PERFUSES = Seconds(600.0)  # s between portions of a perfusion
PASSES = 0.001  # share of the cells that the filter lets through
LINES = ("feed", "medium", "waste")


@dataclass(slots=True)
class Flows:
    """The lines of one rocker, and what flows through them."""

    world: World
    to_feed: float = 0.0  # mL, the target of the next feed
    fed: float = 0.0  # mL, of this feed or the last one
    total: float = 0.0  # mL, of all feeds
    perfused: float = 0.0  # mL
    _ends: dict[str, str] = field(default_factory=dict)
    _feed: Flow | None = None
    _perfusion: Flow | None = None
    _runs: list[Run] = field(default_factory=list)

    @property
    def medium(self) -> str:
        """Name what the feed line leads to; empty without a connection."""
        return self._ends.get("feed", "")

    @property
    def rate(self) -> float:
        """Give the perfusion that goes on (mL/h)."""
        return self._perfusion.rate * 3600.0 if self._perfusion is not None else 0.0

    def connect(self, line: str, container: str) -> None:
        """Join a line to a container; raises FailedError for another line or an unknown container."""
        if line not in LINES:
            raise FailedError(f"line is {line!r}; a rocker has {', '.join(LINES)}")
        self.world.container(container)
        self._ends[line] = container

    def put(self, volume: float, now: Instant) -> None:  # noqa: ARG002  what is set counts from the next start
        """Set the volume of the next feed (mL)."""
        if self._feed is not None:
            raise NodeRefusedError(INVALID_STATE, "a feed runs")
        self.to_feed = volume

    def state(self) -> tuple[wire.Unit, wire.Running | None]:
        """Give the state of the feeding unit."""
        if self._feed is not None:
            return wire.Unit.RUNNING, wire.Running.EXECUTE
        return wire.Unit.STOPPED, None

    def runs(self, _now: Instant) -> tuple[Run, ...]:
        """Give every feed."""
        return tuple(self._runs)

    def start(self, args: Arguments, now: Instant) -> str:
        """Begin a feed of the volume that is set, and give the id of its run."""
        template, _, job, task, _ = (*args, None, None, None, None, None)[:5]
        if template != "Feed" or self.to_feed <= 0.0:
            raise NodeRefusedError(INVALID_STATE, f"program {template!r} with {self.to_feed:g} mL can't start")
        values = {"Asked": self.to_feed, "Given": 0.0}
        run = Run(
            id=f"F{len(self._runs) + 1}",
            template="Feed",
            job=str(job or ""),
            task=str(task or ""),
            started=now,
            values=values,
        )
        self._runs.append(run)
        self.fed = 0.0
        self._feed = Flow(FEEDS, now, PORTION, self.to_feed)
        return run.id

    def stop(self, bag: str, now: Instant) -> None:
        """End a feed with what has gone in."""
        if self._feed is not None:
            self._drip(bag, self._feed.portions(now, last=True))
            self._end(now)

    def perfuse(self, bag: str, rate: float, now: Instant) -> None:
        """Let medium flow through at a rate (mL/h) from now on; 0 is none."""
        if self._perfusion is not None and self._perfusion.rate != rate / 3600.0:
            for at, volume in self._perfusion.portions(now, last=True):
                self._exchange(bag, volume, at)
            self._perfusion = None
        if self._perfusion is None and rate > 0.0:
            self._perfusion = Flow(rate / 3600.0, now, PERFUSES)

    def catch_up(self, bag: str, now: Instant) -> None:
        """Pump up to now, portion by portion in the order of their times."""
        feed, perfusion = self._feed, self._perfusion
        portions = [(at, 0, volume) for at, volume in (feed.portions(now) if feed else ())]
        portions += [(at, 1, volume) for at, volume in (perfusion.portions(now) if perfusion else ())]
        for at, which, volume in sorted(portions):
            if which:
                self._exchange(bag, volume, at)
            else:
                self._drip(bag, [(at, volume)])
        if self._feed is not None and self._feed.over(now):
            self._end(Instant(self._feed.ends))

    def _drip(self, bag: str, portions: list[tuple[Instant, float]]) -> None:
        """Give portions of the feed; one that finds no medium, or no room, is the last."""
        for at, volume in portions:
            if self._feed is None:
                return
            given = self._pour(volume, at, source=self.medium, dest=bag)
            self.fed, self.total = self.fed + given, self.total + given
            self._runs[-1] = replace(self._runs[-1], values={**self._runs[-1].values, "Given": round(self.fed, 3)})
            if given < volume - 1e-6:
                self._end(at)

    def _end(self, now: Instant) -> None:
        self._feed = None
        self._runs[-1] = replace(self._runs[-1], stopped=now)

    def _pour(self, volume: float, at: Instant, *, source: str, dest: str) -> float:
        """Move what is there and goes in (mL)."""
        if not source or not dest:
            return 0.0
        there, room = self.world.container(source).contents.volume, self.world.container(dest).room
        liquid = Millilitres(max(0.0, min(volume, float(there), float(room))))
        self.world.pour(source, dest, volume=liquid, now=at)
        return float(liquid)

    def _exchange(self, bag: str, volume: float, at: Instant) -> None:
        """Bring medium in, and as much out without the cells."""
        waste = self._ends.get("waste", "")
        if not bag or not waste:
            return
        room = float(self.world.container(waste).room)
        given = self._pour(min(volume, room), at, source=self._ends.get("medium", ""), dest=bag)
        self.world.age(bag, at)
        held = self.world.container(bag).contents
        out = held.taken(Millilitres(given), cells=PASSES)
        part = given / float(held.volume) if float(held.volume) else 0.0
        out = replace(
            out,
            particles=settled(held.particles, light=part, heavy=part * PASSES),
            live=Cells(float(out.live)),
        )
        self.world.separate(out, source=bag, dest=waste, now=at)
        self.perfused += given
