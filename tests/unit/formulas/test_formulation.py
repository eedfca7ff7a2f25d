"""Formulation: the volumes that reach concentration and DMSO, and what the weights say of them."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automation.formulas.formulation import (
    Liquids,
    Weights,
    achieved,
    cryoprotectant_for,
    final_volume,
    mixture,
)
from automation.formulas.traced import reading
from automation.kernel.errors import InputError
from automation.kernel.quantity import Cells, CellsPerMillilitre, Millilitres, Percent

TEN, TWENTY = Percent(10.0), Percent(20.0)


def _volume(viable: float, *, target: float = 2e7, least: float = 45.0, most: float = 100.0) -> float:
    bounds = {"least": Millilitres(least), "most": Millilitres(most)}
    return float(final_volume(viable=Cells(viable), target=CellsPerMillilitre(target), **bounds))


@pytest.mark.parametrize(("viable", "volume"), [(1.04e9, 52.0), (8e8, 45.0), (4e9, 100.0)])
def test_the_volume_follows_the_cells_between_what_is_needed_and_what_the_bag_holds(
    viable: float, volume: float
) -> None:
    """1.04e9 cells at 2e7/mL are 52 mL; few cells are not left in less than the containers need."""
    assert _volume(viable) == pytest.approx(volume)


@pytest.mark.requirement("F017")
def test_the_parts_of_a_mixture_by_hand() -> None:
    """50 mL with 10 % from a stock of 20 %: half is stock; 20 mL of cells leave 5 mL for diluent."""
    made = mixture(Millilitres(20.0), Millilitres(50.0), dmso=TEN, stock=TWENTY)
    assert (float(made.cryoprotectant), float(made.diluent)) == pytest.approx((25.0, 5.0))


def test_too_much_liquid_is_refused_with_what_can_be_done() -> None:
    """30 mL with half as much stock again make 60 mL at least."""
    with pytest.raises(InputError, match=r"make at least 60 mL, above the 50 mL wanted: concentrate the cells further"):
        mixture(Millilitres(30.0), Millilitres(50.0), dmso=TEN, stock=TWENTY)


@pytest.mark.parametrize(("final", "stock"), [(20.0, 20.0), (25.0, 20.0), (10.0, 0.0), (-1.0, 20.0), (10.0, 120.0)])
def test_a_stock_that_is_too_weak_is_refused(final: float, stock: float) -> None:
    """No volume of it would do."""
    with pytest.raises(InputError, match="the stock has to be stronger"):
        cryoprotectant_for(Millilitres(25.0), final=Percent(final), stock=Percent(stock))


@pytest.mark.parametrize(("target", "least", "why"), [(0.0, 45.0, "more than 0"), (2e7, 200.0, "exclude each other")])
def test_bounds_and_targets_that_are_none_are_refused(target: float, least: float, why: str) -> None:
    """The recipe is wrong, and nothing is weighed."""
    with pytest.raises(InputError, match=why):
        _volume(1e9, target=target, least=least)


@given(washed=st.floats(1.0, 60.0), diluent=st.floats(0.0, 60.0))
def test_stock_added_to_what_is_there_reaches_the_dmso_that_was_planned(washed: float, diluent: float) -> None:
    """Whatever went in before, the last addition makes it right."""
    there = Millilitres(washed + diluent)
    stock = cryoprotectant_for(there, final=TEN, stock=TWENTY)
    assert 0.2 * float(stock) / float(there + stock) == pytest.approx(0.1)


def test_weights_give_volume_dmso_and_cells_with_their_uncertainty() -> None:
    """20 g of cells, 5 g of diluent, 25 g of stock, all of 1 g/mL: 50 mL of 10 % with 2e7/mL."""
    pan = [reading(f"weighing {n}", mass, standard=0.02) for n, mass in enumerate((38.0, 43.0, 68.0))]
    one = reading("density", 1.0)
    made = achieved(
        Weights(reading("empty", 18.0), *pan),
        Liquids(one, one, one, reading("stock", 0.2)),
        reading("count", 5e7, standard=2e6),
    )
    assert [made.volume.value, made.dmso.value] == pytest.approx([50.0, 10.0])
    assert made.volume.standard == pytest.approx(0.02)  # what lies between cancels: only the last weight counts
    assert made.concentration.value == pytest.approx(2e7)
    assert made.concentration.standard / 2e7 == pytest.approx(math.hypot(0.04, 0.02 / 20, 0.02 / 50), rel=0.02)
