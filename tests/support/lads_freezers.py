"""A freezer behind LADS: on a bench over memory or OPC UA, and as the freezer of the first packaged site."""

import hashlib
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import TypeVar

from automation.kernel.quantity import Instant
from fakes.faults import Faults
from fakes.lads_freezer import LadsFreezer
from fakes.world import World
from instruments.drivers.lads_freezer.driver import build
from instruments.drivers.stored_programs import program_digest
from instruments.interfaces.freezer import Program
from instruments.transport import Link
from instruments.transport.nodes import NodePort
from instruments.transport.opcua import OpcUaStream
from instruments.transport.ports import open_stream
from tests.support.bioreactors import OPERATOR, Hall
from tests.support.freezers import KEPT, Bench, hold, put_bag, ramp
from tests.support.runs import make_site
from tests.support.scenes import change_site

FILE = Path(__file__).parents[1] / "data" / "freezer" / "freeze-day.txt"
FREEZE_DAY = Program(
    "COMP-20",
    (
        hold(4, dwell=600),
        ramp(-8, rate=1),
        ramp(-45, rate=25),
        ramp(-18, rate=10),
        ramp(-45, rate=1),
        ramp(-90, rate=10),
        hold(-90, dwell=600),
    ),
)
NAME = "freezer"
_T = TypeVar("_T")


def site_with_lads(folder: Path, *, shows: bool = True) -> Path:
    """Make a site whose freezer is behind LADS; ``shows``: the content of its program, which was found at OQ."""
    given = {"power_fail": "continue"}
    if shows:
        content = hashlib.sha256(FILE.read_bytes()).hexdigest()
        named = {"stored": FREEZE_DAY.name, "stored_digest": program_digest(FREEZE_DAY)}
        given |= {**named, "content": content, "file": str(FILE)}
    settings = ", ".join(f'{key}: "{value}"' for key, value in given.items())
    return change_site(
        make_site(folder),
        ("eurotherm_modbus", "lads_freezer"),
        ("eurotherm_freezer", "lads_freezer"),
        ("settings: {power_fail: continue}", f"settings: {{{settings}}}"),
        ("maker: Eurotherm", "maker: Cellwright"),
        ('model: "2408"', 'model: "LADS freezer (fake)"'),
        ("SIM-2408-01", "SIM-LF-01"),
    )


def over_opcua(at: Hall, work: Callable[[Bench], Coroutine[object, object, _T]]) -> _T:
    """Put a freezer behind the server of a hall and do the work on it."""
    return at.runner.run(_served(at, work))


async def _served(at: Hall, work: Callable[[Bench], Coroutine[object, object, _T]]) -> _T:
    world, stream = World(1), open_stream(at.port)
    put_bag(world)
    at.stand.fake = fake = LadsFreezer(world, NAME)
    link = Link(stream, name=NAME)
    freezer = build(link, {"power_fail": "continue"} | KEPT, control=True)
    if isinstance(stream, OpcUaStream):
        stream.access = OPERATOR
    await link.open()
    await NodePort(link).read("DeviceSet/RockingBag/DeviceState/CurrentState")  # whoever reads lets new nodes be made

    def hand(action: str, **details: object) -> None:
        fake.hand(action, details, at.clock.now())

    async def passes(seconds: float) -> None:
        at.clock.passed += seconds

    def now() -> Instant:
        return at.clock.now()

    try:
        return await work(Bench(freezer, fake, link, hand, passes, Faults(), now))
    finally:
        await link.close()
