"""Maps of SiLA 2 features, and what the driver makes of a device on the node port in memory."""

from collections.abc import Callable, Coroutine
from pathlib import Path

import pytest

from automation.kernel.clock import SimulatedClock, run_simulated
from automation.kernel.errors import FailedError, InputError, LinkError, RefusedError, WireError
from automation.kernel.quantity import Celsius, Instant, Percent
from fakes.faults import Faults
from fakes.plant import Plant, PlantLog
from fakes.sila_incubator import FakeSilaIncubator
from fakes.world import World
from instruments.drivers.sila_incubator import wire
from instruments.drivers.sila_incubator.driver import FACTORY, SilaIncubator
from instruments.drivers.sila_incubator.mapping import Told, find, shipped
from instruments.interfaces.incubator import SetPoints
from instruments.transport import Link, MemoryStream
from instruments.transport.sila_site import read_access

pytestmark = pytest.mark.requirement("F103.4", "C06")

START = Instant(1_800_000_000.0)
PROPERTY = "cellwright/fakes/IncubatorFakeClimate/v1/Property"
ONLY_WARM = f"""
device: {{maker: M, level: L0, source: s}}
channels:
  temperature: {{property: {PROPERTY}/Temperature, unit: degC}}
"""
Work = Callable[[SilaIncubator, Plant], Coroutine[object, object, None]]


def at_fake(work: Work, given: str = "cellwright_fake") -> FakeSilaIncubator:
    """Do work with the driver at the fake in memory, and give the fake."""
    fake = FakeSilaIncubator(World(1), "incubator")

    async def main(clock: SimulatedClock) -> None:
        plant = Plant(clock, PlantLog(None), Faults())
        plant.add("incubator", fake)
        link = Link(plant.connect("incubator"), name="incubator")
        await link.open()
        driver = FACTORY.build(link, {"map": given}, control=True)
        assert isinstance(driver, SilaIncubator)
        await work(driver, plant)

    run_simulated(main, start=START)
    return fake


def test_what_is_kept_is_read_back_and_known_by_the_record_of_the_device() -> None:
    """The same twice is set twice and is one."""

    async def work(driver: SilaIncubator, _plant: Plant) -> None:
        wanted = SetPoints(Celsius(35.0), Percent(7.5))
        for _ in range(2):
            await driver.keep(set_points=wanted)
        assert await driver.set_points() == wanted

    assert at_fake(work).kept["temperature"] == 35.0


def test_a_device_without_power_is_silent() -> None:
    """And answers when it has power again."""

    async def work(driver: SilaIncubator, plant: Plant) -> None:
        plant.hand("incubator", "power", on=False)
        with pytest.raises(LinkError):
            await driver.climate()
        plant.hand("incubator", "power", on=True)
        assert (await driver.climate()).temperature is not None

    at_fake(work)


@pytest.mark.requirement("F103.4", refuses=True)
def test_a_map_without_set_points_only_measures(tmp_path: Path) -> None:
    """Nothing is guessed: what no property tells back is not set."""
    path = tmp_path / "warm.yaml"
    path.write_text(ONLY_WARM, encoding="utf-8")

    async def work(driver: SilaIncubator, _plant: Plant) -> None:
        assert (await driver.climate()).co2 is None
        with pytest.raises(RefusedError, match="it only measures"):
            await driver.set_points()
        with pytest.raises(RefusedError, match="no set point of temperature"):
            await driver.keep(set_points=SetPoints(Celsius(30.0)))

    assert at_fake(work, str(path)).acts["keep"] == 0


def test_a_device_that_keeps_another_value_is_a_failure(tmp_path: Path) -> None:
    """Here a map that reads the temperature itself for what it is set to."""
    path = tmp_path / "wrong.yaml"
    text = Path("instruments/drivers/sila_incubator/maps/cellwright_fake.yaml").read_text(encoding="utf-8")
    path.write_text(text.replace("TemperatureTarget", "Temperature"), encoding="utf-8")

    async def work(driver: SilaIncubator, _plant: Plant) -> None:
        with pytest.raises(FailedError, match="temperature was set to 30 and stands at 3"):
            await driver.keep(set_points=SetPoints(Celsius(30.0)))

    at_fake(work, str(path))


@pytest.mark.requirement("F103.4", refuses=True)
@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (f"{PROPERTY}/Temperature, unit", "Temperature, unit", "a fully qualified identifier of a property"),
        ("unit: degC", "unit: degF", r"warm.yaml:4:\d+: channels.temperature.unit is 'degF'"),
        ("temperature:", "warmth:", "warmth"),
        ("level: L0", "level: L9", "L9"),
        ("source: s", "", "source"),
    ],
)
def test_a_map_that_is_wrong_is_refused_where_it_is(tmp_path: Path, old: str, new: str, said: str) -> None:
    """With field, value and what is allowed."""
    path = tmp_path / "warm.yaml"
    path.write_text(ONLY_WARM.replace(old, new), encoding="utf-8")
    with pytest.raises(InputError, match=said):
        find(str(path))


@pytest.mark.requirement("F103.4", refuses=True)
@pytest.mark.parametrize(
    ("kept", "said"),
    [
        (f"property: {PROPERTY}/T, unit: K, command: SetT, parameter: P, range: [0, 9]", "identifier of a command"),
        (f"property: {PROPERTY}/T, unit: K, command: a/b/C/v1/Command/D, parameter: P, range: [9, 0]", "is no range"),
    ],
)
def test_a_set_point_that_is_wrong_is_refused(tmp_path: Path, kept: str, said: str) -> None:
    """Command and range are looked at when the map is read, not when it is used."""
    path = tmp_path / "kept.yaml"
    path.write_text(f"{ONLY_WARM}set_points:\n  temperature: {{{kept}}}\n", encoding="utf-8")
    with pytest.raises(InputError, match=said):
        find(str(path))


@pytest.mark.requirement("F103.4", refuses=True)
def test_settings_that_can_not_be_are_refused(tmp_path: Path) -> None:
    """No map, one that is not there, access on a port that has none, and an access file that others can read."""
    link = Link(MemoryStream(lambda _data: None), name="incubator")
    open_to_all = tmp_path / "access.json"
    open_to_all.write_text("{}", encoding="utf-8")
    open_to_all.chmod(0o644)
    for given, said in (
        ({}, "map is missing"),
        ({"map": "nobody"}, "map is 'nobody'"),
        ({"map": shipped()[0], "access": str(open_to_all)}, "only a sila: port"),
    ):
        with pytest.raises(InputError, match=said):
            FACTORY.build(link, given, control=True)
    with pytest.raises(InputError, match="chmod 600"):
        read_access(open_to_all)


def test_units_of_features_become_ours_and_back() -> None:
    """Kelvins, and shares of one."""
    assert (Told("p", "K").ours(310.15), Told("p", "K").theirs(37.0)) == (37.0, 310.15)
    assert (Told("p", "1").ours(0.05), Told("p", "1").theirs(5.0)) == (5.0, 0.05)


@pytest.mark.parametrize("name", ["a/b/C/v1/Property/d", "A/b/C/v1/Property/D", "a/b/C/Property/D", "Temperature", ""])
def test_what_is_no_fully_qualified_identifier_is_told(name: str) -> None:
    """As SiLA 2 part A writes them."""
    assert not wire.is_property(name)
    assert wire.is_property("org.silastandard/examples/T/v1/Property/D")


@pytest.mark.parametrize("told", [("[]",), ("{",), (1,)])
def test_responses_that_are_none_are_refused(told: tuple[str | int, ...]) -> None:
    """A command answers one JSON object."""
    with pytest.raises(WireError, match="a command answered"):
        wire.responses(told)
