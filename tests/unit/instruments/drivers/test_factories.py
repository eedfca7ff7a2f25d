"""What stands in the entry points: each driver is a factory that says what it is."""

from importlib.metadata import entry_points

import pytest

from automation.kernel.effect import effects
from automation.kernel.errors import InputError
from instruments.drivers.factory import Factory
from instruments.interfaces.device import DriverKind

NAMES = sorted(entry.name for entry in entry_points(group="cellwright.drivers"))


def factory(name: str) -> Factory:
    """Load the factory of a driver."""
    (entry,) = entry_points(group="cellwright.drivers", name=name)
    found = entry.load()
    assert isinstance(found, Factory)
    return found


@pytest.mark.parametrize("name", NAMES)
def test_a_driver_says_where_its_bytes_come_from_and_what_its_settings_mean(name: str) -> None:
    """Kind, level, source and the behaviour on host loss are declared, every setting has words."""
    found = factory(name)
    assert found.support.source
    assert found.transports or found.support.kind is not DriverKind.DRIVEN
    assert all(found.settings.values())


@pytest.mark.parametrize("name", NAMES)
def test_the_interface_of_a_driver_can_be_bound(name: str) -> None:
    """Each of its methods declares its effect."""
    assert effects(factory(name).interface)


@pytest.mark.parametrize("name", NAMES)
def test_an_unknown_setting_is_refused_with_those_there_are(name: str) -> None:
    """A typing error in a site file is found before anything is sent."""
    with pytest.raises(InputError, match="'no such setting'"):
        factory(name).check({"no such setting": "1"})
