"""Charge and holding time of dry shippers; g, s."""

import pytest

from automation.formulas.shipping import charge, holding_time
from automation.kernel.errors import InputError
from automation.kernel.quantity import Grams, Seconds

DAY = 86_400.0


@pytest.mark.requirement("F132")
def test_the_charge_is_what_a_shipper_weighs_more_than_dry() -> None:
    """4.1 L of liquid nitrogen at 0.808 kg/L."""
    assert charge(charged=Grams(11_200.0 + 4.1 * 808.0), dry=Grams(11_200.0)) == pytest.approx(3312.8)


@pytest.mark.requirement("F132")
@pytest.mark.parametrize(("taken_up", "days"), [(0.0, 0.0), (1656.4, 5.0), (3312.8, 10.0), (5000.0, 10.0)])
def test_a_charge_holds_in_proportion_and_never_longer_than_a_full_one(taken_up: float, days: float) -> None:
    """The loss of mass is linear."""
    held = holding_time(Grams(taken_up), full=Grams(3312.8), holds=Seconds(10 * DAY))
    assert float(held) == pytest.approx(days * DAY)


def test_weights_that_cannot_be_are_refused() -> None:
    """A shipper is never lighter than dry, and a full charge is more than nothing."""
    with pytest.raises(InputError, match="less than the 11200 g"):
        charge(charged=Grams(11_000.0), dry=Grams(11_200.0))
    with pytest.raises(InputError, match="above 0 g"):
        holding_time(Grams(1.0), full=Grams(0.0), holds=Seconds(DAY))
