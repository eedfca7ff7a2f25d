"""The fake balance: settling, noise, stored tare, and the same life twice; units g and s."""

from pathlib import Path

import pytest

from automation.kernel.clock import SimulatedClock, run_simulated
from automation.kernel.errors import FailedError
from automation.kernel.quantity import Celsius, Instant, Millilitres, Seconds
from fakes.bench import Bench
from fakes.contents import filled
from fakes.faults import Faults
from fakes.mt_sics import PATIENCE, FakeMtSics
from fakes.plant import Plant, PlantLog
from fakes.world import Container, World

NOON = Instant(1_780_000_000.0)
LATER = NOON + Seconds(60.0)

pytestmark = pytest.mark.requirement("C07")


def made(seed: int = 1, *, readability: float = 0.01) -> FakeMtSics:
    """Make a balance in a world with a bag (16 g, 50 mL of 1.05 g/mL) and an empty one."""
    world = World(seed)
    full, empty = Container("full", "bag50", contents=filled(Millilitres(50.0))), Container("empty", "bag50")
    for bag in (full, empty):
        world.add(bag, place="bench", at=Celsius(22.0), now=NOON)
    return FakeMtSics(world, device="balance", readability=readability)


def read(fake: FakeMtSics, now: Instant, command: bytes = b"SI") -> tuple[str, float]:
    """Ask for a weight at a time; gives status and number."""
    words = fake.feed(command + b"\r\n", now).decode().split()
    return words[1], float(words[2])


def test_a_reading_swings_in_and_is_then_stable() -> None:
    """It is told as dynamic until the swing is below a quarter of the last digit."""
    fake = made()
    fake.hand("put", {"container": "full"}, NOON)
    early, soon, late = (read(fake, NOON + Seconds(after)) for after in (0.1, 1.0, 10.0))
    assert [status for status, _ in (early, soon, late)] == ["D", "D", "S"]
    assert early[1] < soon[1] < late[1] == pytest.approx(68.5, abs=0.05)


def test_reading_often_changes_no_other_reading() -> None:
    """Noise depends on the moment, never on how often somebody looked; another seed gives another."""
    often, seldom, other = made(), made(), made(2)
    many = [read(often, NOON + Seconds(0.25 * step)) for step in range(80)]
    assert many[::4] == [read(seldom, NOON + Seconds(float(step))) for step in range(20)]
    assert many[::4] != [read(other, NOON + Seconds(float(step))) for step in range(20)]


def test_a_stable_weight_is_sent_when_it_is_stable_and_not_before() -> None:
    """The balance answers late, by itself."""
    fake = made()
    fake.hand("put", {"container": "full"}, NOON)
    assert fake.feed(b"S\r\n", NOON) == b""
    due = fake.due(NOON)
    assert due is not None
    assert fake.unasked(due - Seconds(0.01)) == b""
    assert fake.unasked(due).startswith(b"S S ")


def test_in_a_draught_it_gives_up_in_its_time() -> None:
    """Then it says that it could not."""
    fake = made()
    fake.hand("draught", {"on": True}, NOON)
    assert fake.feed(b"T\r\n", NOON) == b""
    assert fake.unasked(NOON + PATIENCE) == b"T I\r\n"


def test_while_it_waits_for_stability_it_does_nothing_else() -> None:
    """Every other command is answered by I; a reset ends the waiting."""
    fake = made()
    fake.hand("draught", {"on": True}, NOON)
    fake.feed(b"T\r\n", NOON)
    assert fake.feed(b"SI\r\nTA\r\nI4\r\n", NOON) == b"S I\r\nTA I\r\nI4 I\r\n"
    assert fake.feed(b"@\r\n", NOON) == b'I4 A "B123456789"\r\n'
    assert fake.due(NOON) is None


def test_a_container_that_is_filled_on_the_pan_is_felt() -> None:
    """The balance knows nothing of a pour, it feels the mass; the reading is unstable for a while."""
    fake = made()
    fake.hand("put", {"container": "empty"}, NOON)
    empty = float(fake.cell.world.container("empty").mass)
    assert read(fake, LATER)[1] == pytest.approx(empty, abs=0.05)
    fake.cell.world.pour("full", "empty", volume=Millilitres(10.0), now=LATER)
    assert read(fake, LATER)[0] == "D"
    status, mass = read(fake, LATER + Seconds(10.0))
    assert status == "S"
    assert mass == pytest.approx(empty + 10.5, abs=0.05)


def test_a_tare_is_stored_as_it_stood_although_the_bag_is_filled_before_anybody_asks_again(tmp_path: Path) -> None:
    """The plant that is rebuilt from its log has the same tare as the one that lived."""
    log = tmp_path / "plant.log"

    async def live(clock: SimulatedClock) -> tuple[float, int]:
        plant, fake = plant_of(clock, log)
        stream = plant.connect("balance")
        await stream.open()
        plant.hand("balance", "put", container="empty")
        stream.write(b"T\r\n")
        await clock.sleep(Seconds(5.0))
        plant.hand("bench", "pour", source="full", dest="empty", volume=10.0)
        await clock.sleep(Seconds(20.0))
        stream.write(b"SI\r\n")
        return fake.tare, fake.acts["tare"]

    async def again(clock: SimulatedClock) -> tuple[float, int]:
        plant, fake = plant_of(clock, None)
        plant.rebuild(log)
        return fake.tare, fake.acts["tare"]

    tare, acts = run_simulated(live, start=NOON)
    assert (tare, acts) == run_simulated(again, start=NOON)
    assert tare == pytest.approx(16.0, rel=0.025)
    assert acts == 1


def plant_of(clock: SimulatedClock, log: Path | None) -> tuple[Plant, FakeMtSics]:
    """Build a plant with a bench and a balance."""
    fake = made()
    plant = Plant(clock, PlantLog(log), Faults())
    plant.add("balance", fake)
    plant.add("bench", Bench(fake.cell.world))
    return plant, fake


def test_power_on_forgets_the_tare_takes_zero_and_greets() -> None:
    """What stood on the pan reads zero; the serial number comes unasked."""
    fake = made()
    fake.hand("put", {"container": "full"}, NOON)
    fake.feed(b"T\r\n", LATER)
    fake.hand("power", {"on": False}, LATER)
    assert fake.feed(b"SI\r\n", LATER) == b""
    fake.hand("power", {"on": True}, LATER)
    assert (fake.tare, fake.due(LATER)) == (0.0, LATER + Seconds(2.0))
    assert fake.unasked(LATER + Seconds(2.0)) == b'I4 A "B123456789"\r\n'
    assert read(fake, LATER + Seconds(3.0))[1] == pytest.approx(0.0, abs=0.05)


def test_a_stream_goes_on_by_itself_until_a_weight_is_asked_for() -> None:
    """SIR sends five weights a second."""
    fake = made()
    fake.feed(b"SIR\r\n", NOON)
    assert fake.unasked(NOON + Seconds(1.1)).count(b"S S ") == 5
    fake.feed(b"SI\r\n", LATER)
    assert fake.due(LATER) is None


def test_a_finer_balance_shows_more_digits() -> None:
    """Readability is a setting; the number stands right-aligned in ten columns."""
    assert len(made(readability=0.001).feed(b"TA\r\n", NOON)) == len(b"TA A      0.000 g\r\n")
    assert made(readability=0.001).feed(b"TA\r\n", NOON) == b"TA A      0.000 g\r\n"


@pytest.mark.parametrize(
    ("action", "details"),
    [
        ("put", {"container": "no such bag"}),
        ("take off", {"container": "full"}),
        ("unit", {"unit": "lb"}),
        ("load", {"mass": "much"}),
        ("shake", {}),
    ],
)
def test_a_hand_that_can_not_be_is_refused(action: str, details: dict[str, object]) -> None:
    """A script that names what is not there is wrong."""
    with pytest.raises(FailedError):
        made().hand(action, details, NOON)


def test_a_container_stands_on_the_pan_once() -> None:
    """It can't be put on again, and is off when it was taken off."""
    fake = made()
    fake.hand("put", {"container": "full"}, NOON)
    with pytest.raises(FailedError, match="already"):
        fake.hand("put", {"container": "full"}, NOON)
    fake.hand("take off", {"container": "full"}, NOON)
    assert fake.cell.load == 0.0
