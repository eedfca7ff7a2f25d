"""The LADS driver of a bioreactor: its checks, its settings, and what it makes of a device that is not as expected."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from automation.kernel.clock import SimulatedClock, run_simulated
from automation.kernel.effect import Call, Done, NotDone, Unknown
from automation.kernel.errors import InputError, RefusedError, WireError
from automation.kernel.quantity import Celsius, Instant, Millilitres, Percent
from fakes.faults import Faults
from fakes.lads import Control, FunctionalUnit, LadsDevice
from fakes.nodes import NodeFeed
from fakes.plant import Plant, PlantLog
from instruments.drivers.lads import wire
from instruments.drivers.lads.driver import FACTORY, build
from instruments.interfaces.bioreactor import Cultivating, Fed, Feeding, Perfusion
from instruments.interfaces.device import Identity
from instruments.transport import Link, MemoryStream
from tests.support.bioreactors import CULTURE, KEPT, MEDIUM, NAME, START, WASTE, Bench, Wish, on_bench

pytestmark = pytest.mark.requirement("F025", "F103.1", "C06")


def test_ph_and_oxygen_are_kept_when_they_are_wanted_and_left_alone_when_not() -> None:
    """Their functions are started and stopped; the device changes the gas for them."""

    async def work(bench: Bench) -> None:
        await bench.running(replace(KEPT, ph=7.2, dissolved_oxygen=Percent(60.0)))
        await bench.passes(7200.0)
        seen = await bench.rocker.values()
        assert seen.ph == pytest.approx(7.2, abs=0.02)
        assert seen.dissolved_oxygen == pytest.approx(60.0, abs=1.0)
        assert float(seen.oxygen or 0.0) < 20.0
        await bench.rocker.keep(set_points=KEPT)
        assert bench.fake.started == set()

    on_bench(Wish(per_ml=4.0e6), work)


def test_a_failed_sensor_reads_none_and_the_others_go_on() -> None:
    """Never its last value."""

    async def work(bench: Bench) -> None:
        await bench.running()
        bench.hand("sensor", which="DissolvedOxygen", broken=True)
        seen = await bench.rocker.values()
        assert (seen.dissolved_oxygen, seen.channels["dissolved oxygen"]) == (None, None)
        assert seen.temperature is not None

    on_bench(Wish(), work)


def test_a_feed_that_finds_no_more_medium_ended_early() -> None:
    """What went in is told."""

    async def work(bench: Bench) -> None:
        bench.world.pour(MEDIUM.id, WASTE.id, volume=Millilitres(1940.0), now=bench.now())
        await bench.running()
        await bench.feed(200.0, "too much")
        await bench.passes(600.0)
        fed = await bench.rocker.fed(task="too much")
        assert fed == Fed(Feeding.ENDED_EARLY, Millilitres(60.0))

    on_bench(Wish(), work)


@pytest.mark.requirement("F025", refuses=True)
def test_one_feed_at_a_time_and_none_into_a_bag_that_stands() -> None:
    """Both are refused before anything is set."""

    async def work(bench: Bench) -> None:
        with pytest.raises(RefusedError, match="running culture only"):
            await bench.feed(10.0, "cold")
        await bench.running()
        await bench.feed(100.0, "first")
        with pytest.raises(RefusedError, match="'first' runs"):
            await bench.feed(100.0, "second")
        assert bench.fake.acts["feed"] == 1

    on_bench(Wish(), work)


def test_doubt_about_a_feed_is_settled_by_its_task() -> None:
    """Known: done. Not known, and the pump stands: not done. Not known while it pumps: unknown."""

    async def work(bench: Bench) -> None:
        await bench.running()
        assert await bench.rocker.reconcile(Call(NAME, "feed", {"task": "a"})) == NotDone()
        await bench.feed(100.0, "a")
        assert await bench.rocker.reconcile(Call(NAME, "feed", {"task": "a"})) == Done()
        assert isinstance(await bench.rocker.reconcile(Call(NAME, "feed", {"task": "b"})), Unknown)

    on_bench(Wish(), work)


def test_a_power_cut_is_a_failure_that_somebody_has_to_clear() -> None:
    """Nothing starts by itself when power is back."""

    async def work(bench: Bench) -> None:
        await bench.running()
        bench.hand("power", on=False)
        bench.hand("power", on=True)
        assert (await bench.rocker.look()).state is Cultivating.FAILED
        with pytest.raises(RefusedError, match="failed"):
            await bench.rocker.start(culture=CULTURE)
        bench.hand("clear")
        assert (await bench.rocker.look()).state is Cultivating.STOPPED

    on_bench(Wish(), work)


@pytest.mark.requirement("F103.1", "C06", refuses=True)
def test_without_control_nothing_is_told_to_the_device() -> None:
    """Looking is allowed."""

    async def work(bench: Bench) -> None:
        assert (await bench.rocker.look()).state is Cultivating.STOPPED
        with pytest.raises(RefusedError, match="needs control"):
            await bench.rocker.keep(set_points=KEPT)
        with pytest.raises(RefusedError, match="needs control"):
            await bench.rocker.start(culture=CULTURE)

    on_bench(Wish(control=False), work)


def test_a_device_without_a_function_is_not_asked_for_it() -> None:
    """No angle and no pump on this one: it is said, and nothing is set."""

    async def work(bench: Bench) -> None:
        with pytest.raises(RefusedError, match="no function for angle"):
            await bench.rocker.keep(set_points=KEPT)
        with pytest.raises(RefusedError, match="no feed pump"):
            await bench.rocker.fed(task="any")
        with pytest.raises(RefusedError, match="no function that perfuses"):
            await bench.rocker.perfuse(medium=MEDIUM, culture=CULTURE, waste=WASTE, perfusion=Perfusion(1.0))
        assert bench.fake.targets["Temperature"] == 37.0

    on_bench(Wish(settings=(("functions", "angle=,perfusion="), ("feed_unit", ""))), work)


class _Other:
    """A device of another maker: one function, in a unit of its own, and a state machine without a lower one."""

    def __init__(self, unit: str, state: wire.Unit = wire.Unit.RUNNING) -> None:
        warm = Control(unit=unit, value=_warm, target=lambda: 98.6, put=_ignored, lowest=50.0, highest=110.0)
        culture = FunctionalUnit(functions={"T1": warm}, state=lambda: (state, None))
        self._feed = NodeFeed(LadsDevice("Rocker 7", Identity("Other", "R", "1"), {"Bag": culture}))

    def feed(self, data: bytes, now: Instant) -> bytes:
        """Answer lines."""
        return self._feed.feed(data, now)

    def hand(self, action: str, details: dict[str, object], now: Instant) -> None:
        """Have no hands."""

    def unasked(self, now: Instant) -> bytes:  # noqa: ARG002  it never speaks by itself
        """Say nothing."""
        return b""

    def due(self, now: Instant) -> Instant | None:  # noqa: ARG002  as above
        """Never speak unasked."""
        return None


OTHERS = {
    "device": "Rocker 7",
    "culture_unit": "Bag",
    "feed_unit": "",
    "functions": "temperature=T1,rocking_rate=,angle=,gas_flow=,co2=,oxygen=,ph=,dissolved_oxygen=,perfusion=",
}


def _warm(_now: Instant) -> float:
    return 98.6


def _ignored(_value: float, _now: Instant) -> None:
    """Take it."""


def _at_other(fake: _Other) -> tuple[Cultivating, Celsius | None]:
    async def main(clock: SimulatedClock) -> tuple[Cultivating, Celsius | None]:
        plant = Plant(clock, PlantLog(None), Faults())
        plant.add(NAME, fake)
        link = Link(plant.connect(NAME), name=NAME)
        await link.open()
        rocker = build(link, OTHERS, control=False)
        return (await rocker.look()).state, (await rocker.values()).temperature

    return run_simulated(main, start=START)


def test_a_function_in_another_unit_is_no_value_of_ours() -> None:
    """98.6 of something that is not degC is refused, with the unit named."""
    with pytest.raises(WireError, match="'T1' is in 'degF'"):
        _at_other(_Other("degF"))


def test_another_makers_names_are_settings() -> None:
    """Device, unit and function are named by the site; the states are those of the specification."""
    assert _at_other(_Other("°C")) == (Cultivating.RUNNING, Celsius(98.6))
    assert _at_other(_Other("Cel", wire.Unit.STOPPING))[0] is Cultivating.UNKNOWN


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"functions": "warmth=T1"}, "words: temperature"),
        ({"functions": "ph=a/b"}, "functions has 'ph=a/b'"),
        ({"functions": "ph=a,ph=b"}, "each word once"),
        ({"device": ""}, "device is ''"),
        ({"culture_unit": "a/b"}, "without '/'"),
        ({"access": "file.json"}, "only an opcua: port"),
        ({"colour": "red"}, "'colour' is unknown"),
    ],
)
def test_a_setting_that_says_nothing_usable_is_refused(given: Mapping[str, str], said: str) -> None:
    """By its name, with what is allowed."""
    with pytest.raises(InputError, match=said):
        FACTORY.build(Link(MemoryStream(), name=NAME), given, control=False)
