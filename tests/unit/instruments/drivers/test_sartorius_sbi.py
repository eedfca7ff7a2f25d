"""The Sartorius driver over the wire-level fake in simulated time; units g and s."""

from collections.abc import Awaitable, Callable

import pytest

from automation.kernel.clock import SimulatedClock, run_simulated
from automation.kernel.effect import Call, Done, NotDone, Unknown
from automation.kernel.errors import FailedError, LinkError, RefusedError
from automation.kernel.quantity import Celsius, Grams, Instant, Millilitres, Seconds
from fakes.contents import filled
from fakes.faults import Fault, FaultKind, Faults
from fakes.plant import Plant, PlantLog
from fakes.sartorius_sbi import build
from fakes.world import Container, World
from instruments.drivers.sartorius_sbi.driver import FACTORY, SartoriusSbi
from instruments.interfaces.balance import Weight
from instruments.transport import Link

START = Instant(1_780_000_000.0)
TARE = Call("balance", "tare", {})

pytestmark = pytest.mark.requirement("C06", "F051")


class Bench:
    """A balance with its driver, its fake and the clock; the bag stands beside it."""

    def __init__(self, clock: SimulatedClock, faults: tuple[Fault, ...], *, named: str, control: bool) -> None:
        """Cable them; nothing is on the pan."""
        world = World(1)
        bag = Container("bag", "bag50", contents=filled(Millilitres(50.0), density=0.95))
        world.add(bag, place="bench", at=Celsius(22.0), now=START)
        self.mass = float(bag.mass)  # g
        self.clock = clock
        self.plant = Plant(clock, PlantLog(None), Faults(faults))
        self.plant.add("balance", build(world, "balance", {"named": named}))
        self.link = Link(self.plant.connect("balance"), name="balance")
        driver = FACTORY.build(self.link, {}, control=control)
        assert isinstance(driver, SartoriusSbi)
        self.driver = driver

    async def put(self) -> None:
        """Put the bag on, and let it come to rest."""
        self.plant.hand("balance", "put", container="bag")
        await self.clock.sleep(Seconds(10.0))


def at_bench(
    script: Callable[[Bench], Awaitable[None]], *faults: Fault, named: str = "no", control: bool = True
) -> None:
    """Run a script at a bench in simulated time."""

    async def main(clock: SimulatedClock) -> None:
        bench = Bench(clock, faults, named=named, control=control)
        await bench.link.open()
        await script(bench)

    run_simulated(main, start=START)


@pytest.mark.parametrize("named", ["no", "yes"])
def test_a_weight_is_waited_for_until_it_is_stable(named: str) -> None:
    """In lines of 16 and of 22 characters; the bag was put on the moment before."""

    async def script(bench: Bench) -> None:
        bench.plant.hand("balance", "put", container="bag")
        assert (await bench.driver.look()).state is Weight.MOVING
        seen = await bench.driver.weigh()
        assert seen.state is Weight.STABLE
        assert seen.net == pytest.approx(bench.mass, abs=0.03)
        assert (await bench.driver.identify()).serial == "0031234567"

    at_bench(script, named=named)


def test_a_tare_answers_nothing_and_is_looked_at() -> None:
    """What stood there is the tare; the next one comes on top of it; zero forgets both."""

    async def script(bench: Bench) -> None:
        await bench.put()
        assert (await bench.driver.tare()).tare == pytest.approx(bench.mass, abs=0.03)
        seen = await bench.driver.weigh()
        assert seen.net == pytest.approx(0.0, abs=0.03)
        assert seen.tare == pytest.approx(bench.mass, abs=0.03)
        bench.plant.hand("balance", "take off", container="bag")
        assert (await bench.driver.zero()).tare == Grams(0.0)
        assert (await bench.driver.weigh()).tare == Grams(0.0)

    at_bench(script)


def test_a_tare_that_was_lost_is_told_by_what_the_pan_reads() -> None:
    """It reads as before: not done. Afterwards zero: done. Anything else: nobody can say."""

    async def script(bench: Bench) -> None:
        await bench.put()
        with pytest.raises(LinkError, match="not zero"):
            await bench.driver.tare()
        assert await bench.driver.reconcile(TARE) == NotDone()
        bench.plant.hand("balance", "press", key="tare")
        await bench.clock.sleep(Seconds(5.0))
        found = await bench.driver.reconcile(TARE)
        assert isinstance(found, Done)
        bench.plant.hand("balance", "load", mass=30.0)
        assert isinstance(await bench.driver.reconcile(TARE), Unknown)

    at_bench(script, Fault("balance", 3, FaultKind.LOSE_COMMAND))


def test_a_draught_and_an_empty_range_are_states() -> None:
    """Nothing settles: moving, and no tare. Too much: overload, and no tare."""

    async def script(bench: Bench) -> None:
        bench.plant.hand("balance", "draught", on=True)
        assert (await bench.driver.weigh()).state is Weight.MOVING
        with pytest.raises(RefusedError, match="shows moving"):
            await bench.driver.tare()
        bench.plant.hand("balance", "load", mass=5000.0)
        assert (await bench.driver.weigh()).state is Weight.OVER

    at_bench(script)


def test_another_unit_and_an_error_are_told() -> None:
    """Somebody has changed the unit; then no weights come from the cell."""

    async def script(bench: Bench) -> None:
        await bench.put()
        bench.plant.hand("balance", "unit", unit="oz")
        with pytest.raises(FailedError, match="the balance shows oz"):
            await bench.driver.weigh()
        bench.plant.hand("balance", "fault", text="COMM.ERR")
        with pytest.raises(FailedError, match=r"reports COMM\.ERR"):
            await bench.driver.look()

    at_bench(script)


def test_without_control_nothing_is_tared() -> None:
    """Reading is all it does."""

    async def script(bench: Bench) -> None:
        await bench.put()
        with pytest.raises(RefusedError, match="read-only"):
            await bench.driver.tare()

    at_bench(script, control=False)
