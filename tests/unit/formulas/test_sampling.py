"""What a plan of samples takes, and what of it can be drawn."""

import pytest

from automation.formulas.sampling import Wanted, portions, sampled_share, served, volume_for_test
from automation.kernel.errors import InputError
from automation.kernel.quantity import Millilitres, Percent

pytestmark = pytest.mark.requirement("F024")


def test_four_ml_of_four_hundred_are_one_percent() -> None:
    """More than there is can't be drawn."""
    assert sampled_share(drawn=Millilitres(4.0), volume=Millilitres(400.0)) == Percent(1.0)
    with pytest.raises(InputError, match="can't be drawn"):
        sampled_share(drawn=Millilitres(5.0), volume=Millilitres(4.0))


def test_two_bottles_of_one_ml_out_of_one_percent_need_200_ml() -> None:
    """The volume of which a test may take its share; a share of nothing is refused."""
    asked = volume_for_test(inoculum=Millilitres(1.0), containers=2, share_sampled=Percent(1.0))
    assert asked == Millilitres(200.0)
    with pytest.raises(InputError, match="0 %"):
        volume_for_test(inoculum=Millilitres(1.0), containers=2, share_sampled=Percent(0.0))


def test_what_does_not_fit_is_left_out_whole_and_the_next_test_is_served() -> None:
    """3 mL may go: the first test takes 2, the second wants 2, the third 1."""
    tests = [Wanted(tubes=2, volume=Millilitres(1.0)), Wanted(tubes=1, volume=Millilitres(2.0))]
    tests.append(Wanted(tubes=1, volume=Millilitres(1.0)))
    assert served(tests, volume=Millilitres(10.0), keeps=Millilitres(7.0)) == (True, False, True)


@pytest.mark.parametrize(("volume", "loads"), [(0.0, 1), (590.0, 1), (590.1, 2), (1180.0, 2), (1770.0, 3)])
def test_a_washer_that_holds_590_ml_takes_more_in_several_loads(volume: float, loads: int) -> None:
    """Never more than it holds; a load of nothing is refused."""
    assert portions(volume=Millilitres(volume), most=Millilitres(590.0)) == loads
    with pytest.raises(InputError, match="above 0"):
        portions(volume=Millilitres(volume), most=Millilitres(0.0))
