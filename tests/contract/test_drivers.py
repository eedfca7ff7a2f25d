"""What every driver and every fake that a site can name must give, whoever wrote it."""

from importlib.metadata import EntryPoint, entry_points

import pytest

from automation.kernel.errors import FailedError
from fakes.kit.contracts import (
    check_declared,
    check_pieces,
    check_qualification,
    check_rubbish,
    check_settings,
    factory,
)

DRIVERS = sorted(entry_points(group="cellwright.drivers"), key=lambda entry: entry.name)
FAKES = sorted(entry_points(group="cellwright.fakes"), key=lambda entry: entry.name)

pytestmark = pytest.mark.requirement("C06", "C07")


@pytest.mark.parametrize("entry", DRIVERS, ids=lambda entry: entry.name)
def test_every_method_of_a_driver_declares_its_effect(entry: EntryPoint) -> None:
    """Otherwise it can't be bound, and a protocol can't call it."""
    check_declared(entry)


@pytest.mark.requirement("C06", refuses=True)
@pytest.mark.parametrize("entry", DRIVERS, ids=lambda entry: entry.name)
def test_a_setting_that_a_driver_does_not_know_is_refused(entry: EntryPoint) -> None:
    """A misspelt setting is not a default."""
    check_settings(entry)


@pytest.mark.parametrize("entry", DRIVERS, ids=lambda entry: entry.name)
def test_a_driver_says_what_is_shown_of_it_and_at_which_level(entry: EntryPoint) -> None:
    """Beside each driver: done with the test, todo and exempt with the reason."""
    check_qualification(entry)


@pytest.mark.parametrize("entry", FAKES, ids=lambda entry: entry.name)
def test_a_fake_survives_any_bytes(entry: EntryPoint) -> None:
    """A device does not fall over because a cable was plugged in wrongly."""
    check_rubbish(entry)


@pytest.mark.parametrize("entry", FAKES, ids=lambda entry: entry.name)
def test_a_fake_says_the_same_when_its_bytes_come_one_by_one(entry: EntryPoint) -> None:
    """Frames are what the grammar says, not what the line delivers together."""
    check_pieces(entry)


def test_the_contract_can_be_broken() -> None:
    """Something that is no factory is told by what it is."""
    with pytest.raises(FailedError, match="Factory is needed"):
        factory(EntryPoint("mt_sics", "fakes.mt_sics:build", "cellwright.drivers"))
