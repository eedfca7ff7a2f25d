"""A freezer driver wired to its fake over memory, a pty or TCP, and time that the test moves.

Units: degC, K/min, s.
"""

import asyncio
import hashlib
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from automation.kernel.clock import MICRO, SimulatedClock, run_simulated
from automation.kernel.quantity import Cells, Celsius, Instant, KelvinPerMinute, Millilitres, Seconds
from fakes.contents import filled
from fakes.eurotherm import EurothermFreezer
from fakes.eurotherm_bisynch import EurothermBisynchFreezer
from fakes.eurotherm_controller import Controller, Setup
from fakes.faults import Fault, FaultKind, Faults
from fakes.freezer import Freezer
from fakes.lads_freezer import LadsFreezer
from fakes.physics.chamber import Build
from fakes.plant import Plant, PlantLog
from fakes.serve import Seat, serving
from fakes.watlow_f4t import WatlowF4TFreezer
from fakes.world import Container, World
from instruments.drivers.eurotherm import driver_bisynch, driver_modbus
from instruments.drivers.lads_freezer import driver as lads_driver
from instruments.drivers.stored_programs import program_digest
from instruments.drivers.watlow_f4t import driver as watlow_driver
from instruments.interfaces.freezer import ControlledRateFreezer, Program, Segment, SegmentType
from instruments.transport import ByteStream, Link
from instruments.transport.modbus_lines import Framing
from instruments.transport.ports import open_stream

START = Instant(1_800_000_000.0)
KINDS = ("memory", "pty", "tcp")
CHAMBER, CONTROLLER, NO_LOG = Build(), Setup(), PlantLog(None)
_T = TypeVar("_T")


def ramp(target: float, *, rate: float) -> Segment:
    """Give a ramp to ``target`` (degC) at ``rate`` (K/min)."""
    return Segment(SegmentType.RAMP, Celsius(target), rate=KelvinPerMinute(rate))


def hold(target: float, *, dwell: float) -> Segment:
    """Give a hold at ``target`` (degC) for ``dwell`` (s)."""
    return Segment(SegmentType.HOLD, Celsius(target), dwell=Seconds(dwell))


LIN = Program("LIN", (hold(4, dwell=600), ramp(-40, rate=1), ramp(-90, rate=10), hold(-90, dwell=600)))
COMP = Program(
    "COMP",
    (
        hold(4, dwell=600),
        ramp(-8, rate=1),
        ramp(-45, rate=25),
        ramp(-18, rate=10),
        ramp(-45, rate=1),
        ramp(-90, rate=10),
        hold(-90, dwell=900),
    ),
)
SHORT = Program("SHORT", (hold(4, dwell=60), ramp(-6, rate=10), Segment(SegmentType.STEP, Celsius(-8.5))))


WATLOW = {"memory": Framing.TCP, "tcp": Framing.TCP, "pty": Framing.RTU}
SHORT_FILE = Path(__file__).parents[1] / "data" / "freezer" / "short.txt"
KEPT = {
    "stored": SHORT.name,
    "stored_digest": program_digest(SHORT),
    "content": hashlib.sha256(SHORT_FILE.read_bytes()).hexdigest(),
    "file": str(SHORT_FILE),
}
"""What a site states of a freezer behind LADS whose program was found to be SHORT."""


@dataclass(slots=True)
class HandClock:
    """A clock that stands where the test puts it (s since ``START``)."""

    passed: float = 0.0

    def micros(self) -> int:
        """Give the moment in whole microseconds (UTC)."""
        return round((float(START) + self.passed) * MICRO)


@dataclass(slots=True)
class Bench:
    """One driver, the fake at the far end, and the means to let time pass and hands act."""

    freezer: ControlledRateFreezer
    fake: Freezer
    link: Link
    hand: Callable[..., None]
    passes: Callable[[float], Coroutine[object, object, None]]
    faults: Faults
    now: Callable[[], Instant]

    @property
    def controller(self) -> Controller:
        """Give the fake of a Eurotherm; raises TypeError for another one."""
        if not isinstance(self.fake, Controller):
            raise TypeError(self.fake)
        return self.fake

    def fault(self, kind: FaultKind, *, at: int = 1, delay: float = 0.0) -> None:
        """Let the n-th chunk from now on go wrong; ``delay`` in s."""
        act = self.faults.acts.get("freezer", 0) + at
        self.faults.add(Fault("freezer", act, kind, delay=Seconds(delay)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """How a bench is to be built."""

    kind: str = "memory"
    protocol: str = "modbus"
    build: Build = CHAMBER
    setup: Setup = CONTROLLER
    settings: tuple[tuple[str, str], ...] = (("power_fail", "continue"),)
    control: bool = True
    stored: Program | None = None  # entered at the panel before anything else
    log: PlantLog = NO_LOG


def on_bench(wish: Wish, work: Callable[[Bench], Coroutine[object, object, _T]]) -> _T:
    """Build a bench, do the work on it, take it down."""
    world = World(1)
    fake = _fake(world, wish)
    put_bag(world)
    if wish.kind == "memory":
        return run_simulated(lambda clock: _in_memory(clock, (wish, fake), work), start=START)
    clock = HandClock()
    with serving(Seat(fake, clock, "freezer"), tcp=0 if wish.kind == "tcp" else None) as (server, port):
        return asyncio.run(_served((wish, fake), (open_stream(port + _line(wish)), clock, server.hand), work))


def _fake(world: World, wish: Wish) -> Freezer:
    if wish.protocol == "lads":
        return LadsFreezer(world, "freezer", wish.build)
    if wish.protocol == "watlow":
        return WatlowF4TFreezer(world, "freezer", wish.build, framing=WATLOW[wish.kind])
    fake = (EurothermFreezer if wish.protocol == "modbus" else EurothermBisynchFreezer)(
        world, "freezer", wish.build, wish.setup
    )
    if wish.stored is not None:
        enter(fake, wish.stored)
    return fake


def put_bag(world: World) -> None:
    """Put a bag of 20 mL into the fridge."""
    contents = filled(Millilitres(20.0), live=Cells(1e9), dead=Cells(1e8), dmso=0.1)
    world.add(Container("bag", "bag20", contents=contents), place="fridge", at=Celsius(4.0), now=START)


async def _in_memory(
    clock: SimulatedClock, given: tuple[Wish, Freezer], work: Callable[[Bench], Coroutine[object, object, _T]]
) -> _T:
    wish, fake = given
    faults = Faults()
    plant = Plant(clock, wish.log, faults)
    plant.add("freezer", fake)
    link = Link(plant.connect("freezer"), name="freezer")
    await link.open()

    def hand(action: str, **details: object) -> None:
        plant.hand("freezer", action, **details)

    async def passes(seconds: float) -> None:
        await clock.sleep(Seconds(seconds))

    return await work(Bench(_driver(wish, link), fake, link, hand, passes, faults, clock.now))


async def _served(
    given: tuple[Wish, Freezer],
    far: tuple[ByteStream, HandClock, Callable[..., None]],
    work: Callable[[Bench], Coroutine[object, object, _T]],
) -> _T:
    wish, fake = given
    stream, clock, hand = far
    link = Link(stream, name="freezer")
    await link.open()

    async def passes(seconds: float) -> None:
        clock.passed += seconds

    bench = Bench(_driver(wish, link), fake, link, hand, passes, Faults(), lambda: Instant(clock.micros() / MICRO))
    try:
        return await work(bench)
    finally:
        await link.close()


def _line(wish: Wish) -> str:
    """Give the settings that a site names for a serial line."""
    if wish.kind != "pty":
        return ""
    return {"modbus": "?9600-8N1", "watlow": "?38400-8N1"}.get(wish.protocol, "?9600-7E1")


def _driver(wish: Wish, link: Link) -> ControlledRateFreezer:
    settings = dict(wish.settings)
    if wish.protocol == "watlow":
        return watlow_driver.build(
            link, settings | {"rate_per": "min", "framing": WATLOW[wish.kind]}, control=wish.control
        )
    if wish.protocol == "lads":
        return lads_driver.build(link, settings | KEPT, control=wish.control)
    if wish.protocol == "modbus":
        return driver_modbus.build(link, settings, control=wish.control)
    if wish.stored is not None:
        settings |= {"stored": wish.stored.name, "stored_digest": program_digest(wish.stored)}
    return driver_bisynch.build(link, settings, control=wish.control)


def enter(fake: Controller, program: Program, *, number: int = 1, now: Instant = START) -> None:
    """Enter a program at the panel."""
    at, before = 8192 + 136 * number, None
    for segment in program.segments:
        target = float(segment.target)
        if segment.type is not SegmentType.RAMP and target != before:
            at += 8
            _press(fake, at, (4, target, 0.0), now)
        if segment.type is not SegmentType.STEP:
            at += 8
            dwell = (3, 0.0, float(segment.dwell or 0))
            ramps = segment.type is SegmentType.RAMP
            _press(fake, at, (1, target, float(segment.rate or 0)) if ramps else dwell, now)
        before = target
    _press(fake, at + 8, (0, 0.0, 0.0), now)


def _press(fake: Controller, at: int, values: tuple[float, float, float], now: Instant) -> None:
    for offset, value in enumerate(values):
        fake.hand("panel", {"register": at + offset, "value": value}, now)
