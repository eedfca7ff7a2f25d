"""The balance's driver over the wire-level fake in simulated time; units g and s."""

import asyncio
import contextlib
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
from instruments.transport import Link, MemoryStream

START = Instant(1_780_000_000.0)
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
        self.mass = float(bag.mass)  # g
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
        assert seen.net == pytest.approx(bench.mass, abs=0.03)
        assert seen.shown.endswith(" g")

    at_bench(script)


def test_a_balance_that_still_works_for_a_killed_program_is_waited_for() -> None:
    """It was asked for a stable weight, nobody took the answer, and the next program asks who it is."""

    async def script(bench: Bench) -> None:
        bench.hand("put", container="bag")
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(0.1):
                await bench.driver.weigh()
        again = Link(bench.plant.connect("balance"), name="balance")
        await again.open()
        driver = MtSicsBalance(again, control=True)
        assert (await driver.identify()).serial == (await driver.identify()).serial
        assert (await driver.weigh()).net == pytest.approx(bench.mass, abs=0.03)

    at_bench(script)


@pytest.mark.parametrize("chunk", [1, 2, 3])
@pytest.mark.parametrize(
    "kind", [FaultKind.GARBLE_REPLY, FaultKind.CUT_REPLY, FaultKind.LOSE_REPLY, FaultKind.LOSE_LINK]
)
def test_a_changed_byte_is_never_a_stable_weight(kind: FaultKind, chunk: int) -> None:
    """A blank that becomes a digit makes 15 g of 5 g; two answers in a row have to say the same, and of what tare."""

    async def script(bench: Bench) -> None:
        bench.hand("load", mass=5.0)
        await bench.rest()
        try:
            seen = await bench.driver.weigh()
        except (LinkError, WireError):
            seen = await bench.driver.weigh()
        stable = seen.state is Weight.STABLE
        assert not stable or seen.net == pytest.approx(5.0, abs=0.03)
        assert stable or kind is FaultKind.GARBLE_REPLY

    at_bench(script, Fault("balance", chunk, kind))


def test_a_tared_pan_weighs_what_is_put_on_after() -> None:
    """Net weights are of what came after the tare, which comes along with each of them."""

    async def script(bench: Bench) -> None:
        bench.hand("put", container="bag")
        tared = await bench.driver.tare()
        bench.hand("load", mass=20.0)
        seen = await bench.driver.weigh()
        assert tared.tare == pytest.approx(bench.mass, abs=0.03)
        assert seen.net == pytest.approx(20.0, abs=0.03)
        assert seen.tare == tared.tare

    at_bench(script)


def test_a_balance_in_a_draught_is_asked_again_and_then_told_as_moving() -> None:
    """It gives up after its own time; what it shows then is no stable weight."""

    async def script(bench: Bench) -> None:
        bench.hand("put", container="bag")
        bench.hand("draught", on=True)
        seen = await bench.driver.weigh()
        assert seen.state is Weight.MOVING
        assert seen.net == pytest.approx(bench.mass, abs=2.0)
        assert 20.0 < float(bench.clock.now() - START) < 60.0

    at_bench(script)


def test_a_draught_that_ends_in_time_leaves_a_stable_weight() -> None:
    """The balance answers that it could not, and is asked again."""

    async def script(bench: Bench) -> None:
        bench.hand("put", container="bag")
        bench.hand("draught", on=True)
        asking = bench.driver.weigh()
        loop = asyncio.get_running_loop()
        loop.call_later(18.0, lambda: bench.hand("draught", on=False))
        assert (await asking).state is Weight.STABLE

    at_bench(script)


@pytest.mark.parametrize(("hand", "state"), [("load", Weight.OVER), ("pan", Weight.UNDER)])
def test_over_and_underload_are_states_without_a_number(hand: str, state: Weight) -> None:
    """Too much on the pan, or no pan."""

    async def script(bench: Bench) -> None:
        bench.hand(hand, mass=5000.0, on=False)
        await bench.rest()
        assert ((await bench.driver.weigh()).state, (await bench.driver.look()).net) == (state, None)
        with pytest.raises(FailedError, match="range"):
            await bench.driver.tare()
        assert bench.fake.acts == {"tare": 0, "zero": 0}

    at_bench(script)


@pytest.mark.parametrize("unit", ["kg", "mg"])
def test_another_unit_is_refused_and_never_converted(unit: str) -> None:
    """Somebody changed it at the panel; a tare is not even sent."""

    async def script(bench: Bench) -> None:
        bench.hand("put", container="bag")
        bench.hand("unit", unit=unit)
        with pytest.raises(FailedError, match=f"'{unit}'; 'g' is needed"):
            await bench.driver.weigh()
        with pytest.raises(RefusedError, match=f"tare is refused.*'{unit}'"):
            await bench.driver.tare()
        assert bench.fake.acts["tare"] == 0

    at_bench(script)


def test_a_tare_that_does_not_settle_is_a_known_failure() -> None:
    """The balance says so, and has stored nothing."""

    async def script(bench: Bench) -> None:
        bench.hand("put", container="bag")
        bench.hand("draught", on=True)
        with pytest.raises(FailedError, match="did not become stable"):
            await bench.driver.tare()
        assert (bench.fake.tare, bench.fake.acts["tare"]) == (0.0, 0)

    at_bench(script)


def test_zero_takes_the_drift_away_and_forgets_the_tare() -> None:
    """A pan that reads a little is zero afterwards; one that carries much is not set to zero."""

    async def script(bench: Bench) -> None:
        bench.hand("load", mass=0.4)
        assert (await bench.driver.zero()).tare == Grams(0.0)
        assert (await bench.driver.weigh()).net == pytest.approx(0.0, abs=0.03)
        bench.hand("load", mass=500.0)
        with pytest.raises(FailedError, match="above the range"):
            await bench.driver.zero()
        assert bench.fake.acts["zero"] == 1

    at_bench(script)


def test_a_read_only_driver_weighs_and_refuses_to_tare_or_to_zero() -> None:
    """Nothing that changes the balance reaches it."""

    async def script(bench: Bench) -> None:
        assert (await bench.driver.weigh()).state is Weight.STABLE
        for act in (bench.driver.tare, bench.driver.zero):
            with pytest.raises(RefusedError, match="read-only"):
                await act()
        assert bench.fake.acts == {"tare": 0, "zero": 0}

    at_bench(script, control=False)


@pytest.mark.parametrize(
    "kind", [FaultKind.LOSE_REPLY, FaultKind.GARBLE_REPLY, FaultKind.CUT_REPLY, FaultKind.LOSE_LINK]
)
def test_a_tare_whose_reply_is_lost_shows_in_the_balance_and_is_not_done_again(kind: FaultKind) -> None:
    """The stored tare and a pan that reads zero over it are the proof."""

    async def script(bench: Bench) -> None:
        bench.hand("put", container="bag")
        await bench.rest()
        found = await in_doubt(bench, TARE)
        assert isinstance(found, Done)
        assert isinstance(found.reply, Tared)
        assert found.reply.tare == pytest.approx(bench.mass, abs=0.03)
        assert bench.fake.acts["tare"] == 1

    at_bench(script, Fault("balance", 3, kind))


@pytest.mark.parametrize("kind", [FaultKind.LOSE_COMMAND, FaultKind.NOISE])
def test_a_tare_that_never_reached_the_balance_was_not_done(kind: FaultKind) -> None:
    """No tare stands, and the pan reads what is on it."""

    async def script(bench: Bench) -> None:
        bench.hand("put", container="bag")
        await bench.rest()
        assert isinstance(await in_doubt(bench, TARE), NotDone)
        assert bench.fake.acts["tare"] == 0

    at_bench(script, Fault("balance", 3, kind))


def test_a_tare_over_an_older_tare_is_left_to_a_person() -> None:
    """Which of both stands there can't be told when something else is on the pan."""

    async def script(bench: Bench) -> None:
        bench.hand("put", container="bag")
        await bench.driver.tare()
        bench.hand("load", mass=20.0)
        found = await in_doubt(bench, TARE)
        assert isinstance(found, Unknown)
        assert "before it" in found.why

    at_bench(script, Fault("balance", 6, FaultKind.LOSE_COMMAND))


@pytest.mark.parametrize("kind", [FaultKind.LOSE_COMMAND, FaultKind.LOSE_REPLY])
def test_a_tare_over_an_older_one_of_the_same_weight_is_left_to_a_person(kind: FaultKind) -> None:
    """The pan reads zero before and after: the balance can't say whether it was tared once or twice."""

    async def script(bench: Bench) -> None:
        bench.hand("load", mass=12.0)
        await bench.driver.tare()
        assert isinstance(await in_doubt(bench, TARE), Unknown)

    at_bench(script, Fault("balance", 6, kind))


def test_a_program_that_was_killed_after_a_tare_asks_a_person() -> None:
    """It does not know what the pan read before."""

    async def script(bench: Bench) -> None:
        bench.hand("load", mass=12.0)
        await bench.driver.tare()
        assert isinstance(await MtSicsBalance(bench.link, control=True).reconcile(TARE), Unknown)

    at_bench(script)


def test_a_tare_of_an_empty_pan_that_may_have_been_restarted_is_left_to_a_person() -> None:
    """A balance that was switched on anew reads zero over whatever stands on it, and knows of no tare."""

    async def script(bench: Bench) -> None:
        bench.hand("put", container="bag")
        await bench.rest()
        with pytest.raises(LinkError):
            await bench.driver.tare()
        bench.hand("power", on=False)
        bench.hand("power", on=True)
        await bench.rest()
        assert isinstance(await bench.driver.reconcile(TARE), Unknown)

    at_bench(script, Fault("balance", 2, FaultKind.LOSE_REPLY))


def test_a_tare_in_doubt_on_a_balance_of_another_unit_is_left_to_a_person() -> None:
    """Nothing is converted, not even to settle a doubt."""

    async def script(bench: Bench) -> None:
        bench.hand("put", container="bag")
        await bench.rest()
        bench.hand("unit", unit="kg")
        found = await bench.driver.reconcile(TARE)
        assert isinstance(found, Unknown)
        assert "'kg'" in found.why

    at_bench(script)


def test_a_tare_is_still_unknown_while_the_balance_is_not_stable() -> None:
    """Nothing is read out of a swinging pan."""

    async def script(bench: Bench) -> None:
        bench.hand("draught", on=True)
        found = await bench.driver.reconcile(TARE)
        assert isinstance(found, Unknown)
        assert "no stable weight" in found.why

    at_bench(script)


@pytest.mark.parametrize(
    ("tared", "load", "expected"), [(False, 0.0, Done), (True, 0.0, NotDone), (False, 9.0, Unknown)]
)
def test_a_zero_in_doubt_is_told_by_tare_and_pan(
    tared: bool,  # noqa: FBT001  a case of the table
    load: float,
    expected: type[Reconciled],
) -> None:
    """A tare that stands was not zeroed away; a load may have come since."""

    async def script(bench: Bench) -> None:
        if tared:
            bench.hand("put", container="bag")
            await bench.driver.tare()
        bench.hand("load", mass=load)
        await bench.rest()
        assert isinstance(await bench.driver.reconcile(ZERO), expected)

    at_bench(script)


def test_a_power_cut_forgets_the_tare_and_the_weight_says_so() -> None:
    """Whoever weighs against a tare finds another one there."""

    async def script(bench: Bench) -> None:
        bench.hand("put", container="bag")
        await bench.driver.tare()
        bench.hand("power", on=False)
        with pytest.raises(LinkError):
            await bench.driver.weigh()
        bench.hand("power", on=True)
        await bench.rest()
        assert (await bench.driver.weigh()).tare == Grams(0.0)

    at_bench(script)


@pytest.mark.parametrize("off_after", [0.0, 0.5])
def test_power_lost_while_a_tare_waits_leaves_nothing_stored(off_after: float) -> None:
    """The balance was still waiting for stability, or about to."""

    async def script(bench: Bench) -> None:
        bench.hand("put", container="bag")
        loop = asyncio.get_running_loop()
        loop.call_later(off_after, lambda: bench.hand("power", on=False))
        loop.call_later(30.0, lambda: bench.hand("power", on=True))
        with pytest.raises(LinkError):
            await bench.driver.tare()
        await bench.rest(40.0)
        assert not isinstance(await bench.driver.reconcile(TARE), Done)
        assert bench.fake.acts["tare"] == 0

    at_bench(script)


@pytest.mark.parametrize("command", ["SIR", "SNR"])
def test_a_stream_that_somebody_started_never_answers_a_question(command: str) -> None:
    """The weights of the stream are of the empty pan; the bag has been put on since."""

    async def script(bench: Bench) -> None:
        bench.hand("press", command=command)
        await bench.rest(1.0)
        bench.hand("put", container="bag")
        seen = await bench.driver.weigh()
        assert seen.state is Weight.STABLE
        assert seen.net == pytest.approx(bench.mass, abs=0.03)
        assert bench.link.unsolicited

    at_bench(script)


def test_the_greeting_after_power_on_is_no_answer() -> None:
    """It comes by itself, in the middle of a question or before it."""

    async def script(bench: Bench) -> None:
        bench.hand("power", on=True)
        await bench.rest(1.5)
        bench.hand("load", mass=12.0)
        seen = await bench.driver.weigh()
        assert seen.net == pytest.approx(12.0, abs=0.03)

    at_bench(script)


def test_a_fault_of_the_balance_is_named() -> None:
    """It stands in the place of the weight."""

    async def script(bench: Bench) -> None:
        bench.hand("fault", code="10b")
        with pytest.raises(FailedError, match="10b: EEPROM error of the weigh module"):
            await bench.driver.weigh()

    at_bench(script)


def test_the_balance_says_who_it_is() -> None:
    """Serial number, model with capacity, software."""

    async def script(bench: Bench) -> None:
        identity = await bench.driver.identify()
        assert (identity.maker, identity.serial) == ("Mettler Toledo", "B123456789")
        assert identity.model == "MS4002TS 4200.00 g"
        assert identity.firmware == "2.10 10.28.0.493.142"

    at_bench(script)


@pytest.mark.parametrize("patience", ["0", "26", "long", "nan"])
def test_a_patience_that_does_not_fit_is_refused_with_the_range(patience: str) -> None:
    """Beyond it a weighing would be over before the balance gives up."""
    with pytest.raises(InputError, match="1 to 25 s"):
        build(Link(MemoryStream()), {"patience": patience}, control=True)


def test_the_factory_names_its_transports() -> None:
    """A balance stands at a serial line or a terminal server."""
    assert set(FACTORY.transports) == {"memory", "pty", "serial", "tcp"}
