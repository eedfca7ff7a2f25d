"""The balance's driver over the wire-level fake in simulated time; units g and s."""

from collections.abc import Awaitable, Callable

import pytest

from automation.kernel.clock import SimulatedClock, run_simulated
from automation.kernel.effect import Call, Done, NotDone, Reconciled, Unknown
from automation.kernel.errors import FailedError, InputError, LinkError, RefusedError, WireError
from automation.kernel.quantity import Celsius, Grams, Instant, Millilitres, Seconds
from fakes.contents import filled
from fakes.faults import Fault, FaultKind, Faults
from fakes.mt_sics import FakeMtSics
from fakes.plant import Plant, PlantLog
from fakes.world import Container, World
from instruments.drivers.mt_sics.driver import FACTORY, MtSicsBalance, build
from instruments.interfaces.balance import Tared, Weight
from instruments.transport import Link

START = Instant(1_780_000_000.0)
BAG = 63.5  # g: a bag50 of 16 g with 50 mL of 0.95 g/mL
TARE = Call("balance", "tare", {})
ZERO = Call("balance", "zero", {})

pytestmark = pytest.mark.requirement("C06", "F051")


class Bench:
    """A balance with its driver, its fake and the clock; the bag stands beside it."""

    def __init__(self, clock: SimulatedClock, faults: tuple[Fault, ...], *, control: bool) -> None:
        """Cable them; nothing is on the pan."""
        world = World(1)
        bag = Container("bag", "bag50", contents=filled(Millilitres(50.0), density=0.95))
        world.add(bag, place="bench", at=Celsius(22.0), now=START)
        self.clock = clock
        self.plant = Plant(clock, PlantLog(None), Faults(faults))
        self.fake = FakeMtSics(world, device="balance")
        self.plant.add("balance", self.fake)
        self.link = Link(self.plant.connect("balance"), name="balance")
        self.driver = MtSicsBalance(self.link, control=control)

    def hand(self, action: str, **details: object) -> None:
        """Let a hand act."""
        self.plant.hand("balance", action, **details)

    async def rest(self, seconds: float = 10.0) -> None:
        """Let time pass."""
        await self.clock.sleep(Seconds(seconds))


def at_bench(script: Callable[[Bench], Awaitable[None]], *faults: Fault, control: bool = True) -> None:
    """Run a script at a bench in simulated time."""

    async def main(clock: SimulatedClock) -> None:
        bench = Bench(clock, faults, control=control)
        await bench.link.open()
        await script(bench)

    run_simulated(main, start=START)


async def in_doubt(bench: Bench, call: Call) -> Reconciled:
    """Call an act whose reply is lost, and ask the driver what became of it."""
    with pytest.raises((LinkError, WireError)):
        await (bench.driver.tare() if call is TARE else bench.driver.zero())
    return await bench.driver.reconcile(call)


def test_a_weight_is_waited_for_until_it_is_stable() -> None:
    """The bag was put on the moment before."""

    async def script(bench: Bench) -> None:
        bench.hand("put", container="bag")
        assert (await bench.driver.look()).state is Weight.MOVING
        seen = await bench.driver.weigh()
        assert (seen.state, seen.tare) == (Weight.STABLE, Grams(0.0))
        assert seen.net == pytest.approx(BAG, abs=0.03)
        assert seen.shown.endswith(" g")

    at_bench(script)


def test_a_tared_pan_weighs_what_is_put_on_after() -> None:
    """Net weights are of what came after the tare, which comes along with each of them."""

    async def script(bench: Bench) -> None:
        bench.hand("put", container="bag")
        tared = await bench.driver.tare()
        bench.hand("load", mass=20.0)
        seen = await bench.driver.weigh()
        assert tared.tare == pytest.approx(BAG, abs=0.03)
        assert (seen.net, seen.tare) == (pytest.approx(20.0, abs=0.03), tared.tare)

    at_bench(script)
