"""Cassettes, cargo and what comes through a pulse."""

import pytest

from automation.formulas import electroporation
from automation.kernel.errors import InputError
from automation.kernel.quantity import Cells, Millilitres, NanogramsPerMillilitre, Percent

pytestmark = pytest.mark.requirement("F013")


def test_two_micrograms_for_a_million_of_1e8_cells_are_0_2_ml_of_1_g_per_l() -> None:
    """200 ug out of a stock of 1 mg/mL."""
    volume = electroporation.cargo_volume(cells=Cells(1e8), ug_per_million=2.0, stock=NanogramsPerMillilitre(1e6))
    assert float(volume) == pytest.approx(0.2)


@pytest.mark.parametrize(("cells", "volume", "number"), [(1e8, 1.0, 2), (1.01e8, 1.0, 3), (1e7, 3.1, 4), (1e7, 3.0, 3)])
def test_cells_or_volume_say_how_many_cassettes(cells: float, volume: float, number: int) -> None:
    """Whichever is reached first: 5e7 cells or 1 mL in each."""
    found = electroporation.cassettes(
        cells=Cells(cells), cells_most=Cells(5e7), volume=Millilitres(volume), holds=Millilitres(1.0)
    )
    assert found == number


def test_of_1e8_cells_56_million_live_and_carry() -> None:
    """80 % live, 70 % of these carry; a share above 100 % is refused."""
    found = electroporation.modified_cells(cells=Cells(1e8), survival=Percent(80.0), efficiency=Percent(70.0))
    assert float(found) == pytest.approx(5.6e7)
    with pytest.raises(InputError, match="efficiency is 101"):
        electroporation.modified_cells(cells=Cells(1e8), survival=Percent(80.0), efficiency=Percent(101.0))
    assert electroporation.pulse_survival(after=Cells(8e7), before=Cells(1e8)) == Percent(80.0)


def test_500_v_over_4_mm_are_1250_v_per_cm() -> None:
    """A gap of nothing is refused."""
    assert electroporation.field_strength(voltage_v=500.0, gap_cm=0.4) == pytest.approx(1250.0)
    with pytest.raises(InputError, match="gap"):
        electroporation.field_strength(voltage_v=500.0, gap_cm=0.0)
