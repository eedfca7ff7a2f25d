"""Calculations of cultures against worked examples."""

import pytest

from automation.formulas import culture
from automation.kernel.errors import InputError
from automation.kernel.quantity import (
    BeadsPerMillilitre,
    Cells,
    CellsPerMillilitre,
    InternationalUnitsPerMillilitre,
    Millilitres,
    NanogramsPerMillilitre,
    Percent,
)

pytestmark = pytest.mark.requirement("F012", "F014")


def test_a_hundred_million_cells_at_a_million_per_ml_need_100_ml() -> None:
    """Cells over density."""
    assert culture.seeding_volume(cells=Cells(1e8), density=CellsPerMillilitre(1e6)) == Millilitres(100.0)


def test_three_beads_for_each_of_1e8_cells_are_three_quarters_of_a_ml() -> None:
    """From a stock of 4e8 beads per mL."""
    volume = culture.bead_volume(cells=Cells(1e8), ratio=3.0, stock=BeadsPerMillilitre(4e8))
    assert volume == Millilitres(0.75)


def test_one_part_in_17_5_is_5_7_percent_of_the_volume() -> None:
    """The colloidal reagent of GMP grade; the dose is the user's."""
    volume = culture.reagent_volume(volume=Millilitres(175.0), share=Percent(100.0 / 17.5))
    assert float(volume) == pytest.approx(10.0)


def test_a_cytokine_stronger_than_its_stock_is_refused() -> None:
    """C1 V1 = C2 V2 has no solution."""
    wanted, stock = InternationalUnitsPerMillilitre(100.0), InternationalUnitsPerMillilitre(1e5)
    assert culture.cytokine_volume(volume=Millilitres(200.0), wanted=wanted, stock=stock) == Millilitres(0.2)
    with pytest.raises(InputError, match="can't be made"):
        culture.cytokine_volume(volume=Millilitres(200.0), wanted=stock, stock=wanted)


def test_30_ng_per_ml_of_an_antibody_in_300_ml_are_0_9_ml_of_10_ug_per_ml() -> None:
    """The antibody of a rapid expansion; one that is stronger than its stock is refused."""
    wanted, stock = NanogramsPerMillilitre(30.0), NanogramsPerMillilitre(1e4)
    volume = culture.antibody_volume(volume=Millilitres(300.0), wanted=wanted, stock=stock)
    assert float(volume) == pytest.approx(0.9)
    with pytest.raises(InputError, match="can't be made"):
        culture.antibody_volume(volume=Millilitres(300.0), wanted=stock, stock=wanted)


def test_two_hundred_feeders_for_each_of_3e6_cells_are_30_ml_at_2e7() -> None:
    """Viable feeders for each viable cell."""
    volume = culture.feeder_volume(cells=Cells(3e6), ratio=200.0, stock=CellsPerMillilitre(2e7))
    assert volume == Millilitres(30.0)


def test_a_dense_culture_is_fed_down_and_a_thin_one_not_at_all() -> None:
    """2e8 cells at 0.5e6 per mL need 400 mL in all."""
    thin = CellsPerMillilitre(0.5e6)
    feed = culture.feed_volume(cells=Cells(2e8), density=thin, volume=Millilitres(150.0))
    assert feed == Millilitres(250.0)
    assert culture.feed_volume(cells=Cells(2e7), density=thin, volume=Millilitres(150.0)) == Millilitres(0.0)


def test_at_37_percent_a_transduced_cell_has_a_copy_and_a_quarter() -> None:
    """Poisson: -ln(1 - p) / p."""
    assert culture.copies_per_transduced_cell(share=Percent(37.0)) == pytest.approx(1.25, abs=0.005)


@pytest.mark.requirement("F047")
@pytest.mark.parametrize(("now", "expected", "asked"), [(1e6, 1e6, False), (1e7, 1e6, True), (1e5, 1e6, True)])
def test_a_tenfold_slip_is_seen_both_ways(now: float, expected: float, *, asked: bool) -> None:
    """A factor of five is allowed here."""
    assert culture.tenfold(Cells(now), Cells(expected), factor=5.0) is asked


@pytest.mark.parametrize("share", [0.0, 100.0, -1.0])
def test_a_share_beyond_0_to_100_is_refused(share: float) -> None:
    """One clear error."""
    with pytest.raises(InputError, match="allowed: above 0 and below 100"):
        culture.reagent_volume(volume=Millilitres(100.0), share=Percent(share))
