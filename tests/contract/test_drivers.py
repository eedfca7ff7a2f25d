"""What every driver and every fake that a site can name must give, whoever wrote it."""

from importlib import resources
from importlib.metadata import EntryPoint, entry_points
from typing import TypedDict

import msgspec
import pytest
from ruamel.yaml import YAML

from automation.kernel.clock import SimulatedClock, run_simulated
from automation.kernel.effect import effects
from automation.kernel.errors import FailedError, InputError
from automation.kernel.quantity import Instant
from fakes.plant import Fake
from fakes.world import World
from instruments.drivers.factory import Factory
from instruments.transport.ports import SCHEMES

DRIVERS = sorted(entry_points(group="cellwright.drivers"), key=lambda entry: entry.name)
FAKES = sorted(entry_points(group="cellwright.fakes"), key=lambda entry: entry.name)
NOON = Instant(1_780_000_000.0)
RUBBISH = (b"", b"\x00", b"\xff" * 300, b"\r\n", b"\n\n", bytes(range(256)), b"READ \n", b";;\n", b"?\n")

pytestmark = pytest.mark.requirement("C06", "C07")


class Point(TypedDict, total=False):
    """One line of a qualification file."""

    point: str
    state: str
    by: str
    reason: str


class Qualification(TypedDict):
    """A qualification file."""

    model: str
    level: str
    source: str
    points: list[Point]


def factory(entry: EntryPoint) -> Factory:
    """Load a driver's factory."""
    loaded = entry.load()
    assert isinstance(loaded, Factory)
    return loaded


@pytest.mark.parametrize("entry", DRIVERS, ids=lambda entry: entry.name)
def test_every_method_of_a_driver_declares_its_effect(entry: EntryPoint) -> None:
    """Otherwise it can't be bound, and a protocol can't call it."""
    made = factory(entry)
    assert effects(made.interface)
    assert made.support.source
    assert set(made.transports) <= set(SCHEMES)


@pytest.mark.parametrize("entry", DRIVERS, ids=lambda entry: entry.name)
def test_a_setting_that_a_driver_does_not_know_is_refused(entry: EntryPoint) -> None:
    """A misspelt setting is not a default."""
    with pytest.raises(InputError, match="chanels"):
        factory(entry).check({"chanels": "101=sample"})


@pytest.mark.parametrize("entry", DRIVERS, ids=lambda entry: entry.name)
def test_a_driver_says_what_is_shown_of_it_and_at_which_level(entry: EntryPoint) -> None:
    """Beside each driver: done with the test, todo and exempt with the reason."""
    package = entry.module.rpartition(".")[0]
    text = (resources.files(package) / "qualification.yaml").read_text(encoding="utf-8")
    stated = msgspec.convert(YAML(typ="safe", pure=True).load(text), Qualification)
    assert stated["level"] == factory(entry).support.level
    assert [p for p in stated["points"] if not p.get("by" if p["state"] == "done" else "reason")] == []
    assert {p["state"] for p in stated["points"]} <= {"done", "todo", "exempt"}


@pytest.mark.parametrize("entry", FAKES, ids=lambda entry: entry.name)
def test_a_fake_survives_any_bytes(entry: EntryPoint) -> None:
    """A device does not fall over because a cable was plugged in wrongly."""

    async def main(_clock: SimulatedClock) -> None:
        fake: Fake = entry.load()(World(1), entry.name, {})
        for at, rubbish in enumerate(RUBBISH):
            now = Instant(float(NOON) + at)
            assert isinstance(fake.feed(rubbish, now), bytes)
            assert isinstance(fake.unasked(now), bytes)
        with pytest.raises(FailedError):
            fake.hand("no such action", {}, NOON)

    run_simulated(main, start=NOON)


@pytest.mark.parametrize("entry", FAKES, ids=lambda entry: entry.name)
def test_a_fake_says_the_same_when_its_bytes_come_one_by_one(entry: EntryPoint) -> None:
    """Frames are what the grammar says, not what the line delivers together."""
    whole, pieces = (entry.load()(World(1), entry.name, {}) for _ in range(2))
    asked = b"*IDN?\nLIST\n\x040011PV\x05"
    together = whole.feed(asked, NOON)
    assert b"".join(pieces.feed(bytes([byte]), NOON) for byte in asked) == together
