"""What a patient gets with a dose, against published and worked examples."""

import pytest

from automation.formulas import doses, process
from automation.formulas.calculations import work_out
from automation.kernel.errors import InputError
from automation.kernel.quantity import Cells, CellsPerMillilitre, Millilitres, Percent


@pytest.mark.requirement("F067")
def test_a_dose_at_the_endotoxin_limit_brings_exactly_k() -> None:
    """50 mL for 70 kg may hold 7.0 EU/mL, which is 5 EU/kg; 98 mL for 70 kg 3.57 EU/mL (the public LAL example)."""
    for volume, limit in ((50.0, 7.0), (98.0, 3.5714)):
        worked = process.endotoxin_limit(k_eu_per_kg=5.0, weight_kg=70.0, volume=Millilitres(volume))
        assert worked == pytest.approx(limit, abs=1e-4)
        dose = doses.endotoxin_dose(concentration_eu_per_ml=worked, volume=Millilitres(volume), weight_kg=70.0)
        assert dose == pytest.approx(5.0)


@pytest.mark.requirement("F067")
def test_two_bags_within_the_hour_bring_twice_the_endotoxin_of_one() -> None:
    """What one bag passes, two fail: 4 EU/mL in 50 mL for 70 kg are 2.9 EU/kg, in 100 mL 5.7 EU/kg."""
    one, two = (
        doses.endotoxin_dose(concentration_eu_per_ml=4.0, volume=Millilitres(ml), weight_kg=70.0)
        for ml in (50.0, 100.0)
    )
    assert one < 5.0 < two


@pytest.mark.requirement("F067")
def test_the_maximum_valid_dilution_is_limit_times_concentration_over_sensitivity() -> None:
    """7 EU/mL at a sensitivity of 0.03 EU/mL may be diluted 233-fold; for a volume the concentration is 1 mL/mL."""
    found = process.maximum_valid_dilution(limit_eu_per_ml=7.0, concentration=1.0, lambda_eu_per_ml=0.03)
    assert found == pytest.approx(233.33, abs=0.01)


@pytest.mark.requirement("F069")
def test_dmso_is_counted_per_kilogram_of_the_recipient() -> None:
    """68 mL with 5 % DMSO for 70 kg bring 3.74 g, 53 mg/kg."""
    found = doses.dmso_dose(volume=Millilitres(68.0), dmso=Percent(5.0), weight_kg=70.0)
    assert found == pytest.approx(3740.0 / 70.0)


@pytest.mark.requirement("F069")
def test_vector_copies_are_counted_per_transduced_cell_not_per_cell() -> None:
    """One copy a cell in a culture that is a quarter transduced is four copies a transduced cell."""
    assert doses.vector_copies_per_cell(vector_copies=500.0, reference_copies=1000.0) == pytest.approx(1.0)
    found = doses.vector_copies_per_transduced_cell(
        vector_copies=500.0, reference_copies=1000.0, transduced=Percent(25.0)
    )
    assert found == pytest.approx(4.0)


@pytest.mark.requirement("F069")
def test_residual_beads_and_dose_are_worked_out_from_what_was_counted() -> None:
    """30 beads among 1e6 cells are 90 for each 3e6; 40 % of 2e6/mL in 50 mL are 4e7 cells, 8e5 for each of 50 kg."""
    assert doses.beads_per_3e6_cells(beads=30.0, cells=Cells(1e6)) == pytest.approx(90.0)
    share, viable, volume = Percent(40.0), CellsPerMillilitre(2e6), Millilitres(50.0)
    assert float(doses.receptor_dose(positive=share, viable=viable, volume=volume)) == pytest.approx(4e7)
    per_kg = doses.receptor_dose_per_kg(positive=share, viable=viable, volume=volume, weight_kg=50.0)
    assert per_kg == pytest.approx(8e5)


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("endotoxin_dose", {"concentration_eu_per_ml": "4", "volume": "50 mL", "weight_kg": "0"}),
        ("endotoxin_dose", {"concentration_eu_per_ml": "-4", "volume": "50 mL", "weight_kg": "70"}),
        ("dmso_dose", {"volume": "50 mL", "dmso": "101 %", "weight_kg": "70"}),
        ("vector_copies_per_transduced_cell", {"vector_copies": "1", "reference_copies": "1", "transduced": "0 %"}),
        ("receptor_dose", {"positive": "-1 %", "viable": "1e6 cells/mL", "volume": "50 mL"}),
        ("beads_per_3e6_cells", {"beads": "3", "cells": "0 cells"}),
    ],
)
def test_what_can_not_be_is_refused_by_name(name: str, given: dict[str, str]) -> None:
    """No weight, no negative concentration, no share beyond the whole, nothing divided by nothing."""
    with pytest.raises(InputError, match=r"needed|allowed"):
        work_out(name, given)
