"""How long a store keeps cold by itself; %, degC and s."""

import math

import pytest

from automation.formulas.cold_store import Holding, time_left
from automation.kernel.errors import InputError
from automation.kernel.quantity import Celsius, Percent, Seconds

STORE = Holding(
    highest=Celsius(-150.0),
    steady=Celsius(-180.0),
    empties_in=Seconds(864_000.0),
    warms_in=Seconds(36_000.0),
    room=Celsius(22.0),
    source="test",
)
WARMING = 36_000.0 * math.log(202.0 / 172.0)  # s from -180 to -150 degC, by hand

pytestmark = pytest.mark.requirement("F052", "F127")


def test_a_cold_store_lasts_until_its_nitrogen_is_gone_and_then_until_it_is_warm() -> None:
    """Half full: half of ten days, and the warming."""
    left = time_left(STORE, level=Percent(50.0), warmest=Celsius(-190.0))
    assert left == pytest.approx(432_000.0 + WARMING)


def test_a_store_that_is_warming_no_longer_counts_its_nitrogen() -> None:
    """A lid left open warms the product whatever the level says."""
    left = time_left(STORE, level=Percent(90.0), warmest=Celsius(-160.0))
    assert left == pytest.approx(36_000.0 * math.log(182.0 / 172.0))


def test_an_unknown_level_counts_as_empty() -> None:
    """What can't be seen is not relied on."""
    assert time_left(STORE, level=None, warmest=Celsius(-190.0)) == pytest.approx(WARMING)


def test_a_store_that_is_too_warm_has_no_time_left() -> None:
    """At the limit or above it."""
    assert time_left(STORE, level=Percent(90.0), warmest=Celsius(-150.0)) == Seconds(0.0)


def test_without_a_temperature_nothing_is_promised() -> None:
    """Unknown is neither zero nor enough."""
    assert time_left(STORE, level=Percent(90.0), warmest=None) is None


def test_parameters_that_can_not_be_are_refused() -> None:
    """The error names the temperatures."""
    with pytest.raises(InputError, match="each above the one before"):
        Holding(
            highest=Celsius(-190.0),
            steady=Celsius(-180.0),
            empties_in=Seconds(1.0),
            warms_in=Seconds(1.0),
            room=Celsius(22.0),
            source="test",
        )
