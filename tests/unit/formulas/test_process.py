"""Process calculations against published and worked examples."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from automation.formulas import process
from automation.formulas.calculations import catalogue, work_out
from automation.kernel.errors import InputError
from automation.kernel.quantity import UNITS, Cells, Millilitres, Percent, Seconds


@pytest.mark.requirement("F067")
def test_the_endotoxin_limit_of_50_ml_for_70_kg_is_7_eu_per_ml() -> None:
    """K/M: 5 EU/kg over 50/70 mL/kg."""
    assert process.endotoxin_limit(k_eu_per_kg=5.0, weight_kg=70.0, volume=Millilitres(50.0)) == pytest.approx(7.0)


@pytest.mark.requirement("F013")
@pytest.mark.parametrize(("efficiency", "moi"), [(0.0924, 5.0), (0.0462, 10.0)])
def test_37_percent_transduced_at_moi_5_to_10(efficiency: float, moi: float) -> None:
    """The published share gives an efficiency of 0.046 to 0.092."""
    assert float(process.transduced(efficiency=efficiency, moi=moi)) == pytest.approx(37.0, abs=0.05)


def test_vector_volume_is_cells_times_moi_over_titre() -> None:
    """1e8 cells at MOI 5 from 1e8 TU/mL take 5 mL."""
    assert process.vector_volume(cells=Cells(1e8), moi=5.0, titre_tu_per_ml=1e8) == Millilitres(5.0)


def test_10_percent_dmso_from_20_percent_is_half_the_volume() -> None:
    """C1 V1 = C2 V2; what is stronger than the stock can't be made from it."""
    half = process.cryoprotectant_volume(final_volume=Millilitres(20.0), final=Percent(10.0), stock=Percent(20.0))
    assert half == Millilitres(10.0)
    with pytest.raises(InputError, match="can't be made"):
        process.cryoprotectant_volume(final_volume=Millilitres(20.0), final=Percent(30.0), stock=Percent(20.0))


def test_thirty_fold_in_ten_days_is_almost_five_doublings() -> None:
    """Fold, doublings and doubling time tell one story."""
    before, after, days = Cells(1e8), Cells(3e9), Seconds(864_000.0)
    assert process.fold_expansion(after=after, before=before) == pytest.approx(30.0)
    doublings = process.population_doublings(after=after, before=before)
    assert doublings == pytest.approx(4.907, abs=0.001)
    assert float(process.doubling_time(after=after, before=before, duration=days)) == pytest.approx(
        864_000.0 / doublings
    )


def test_what_did_not_grow_has_no_doubling_time() -> None:
    """The formula would give a negative or endless time."""
    with pytest.raises(InputError, match="no growth"):
        process.doubling_time(after=Cells(1e8), before=Cells(1e8), duration=Seconds(60.0))


@given(st.floats(1.0, 30.0), st.floats(10.0, 20_000.0))
@settings(derandomize=True)
def test_speed_and_force_of_a_centrifuge_belong_together(radius: float, rpm: float) -> None:
    """Force from speed and speed from force are inverse."""
    force = process.centrifugal_force(radius_cm=radius, rpm=rpm)
    assert process.centrifuge_speed(force=force, radius_cm=radius) == pytest.approx(rpm)


@pytest.mark.requirement("F011")
def test_recovery_and_valid_dilution() -> None:
    """85 of 100 cells are 85 %; 7 EU/mL at lambda 0.05 allow 1:140."""
    assert process.recovery(out=Cells(85.0), before=Cells(100.0)) == Percent(85.0)
    dilution = process.maximum_valid_dilution(limit_eu_per_ml=7.0, concentration=1.0, lambda_eu_per_ml=0.05)
    assert dilution == pytest.approx(140.0)


@pytest.mark.requirement("F033")
def test_every_calculation_can_be_done_from_text() -> None:
    """Each gives a number with its working; more after than before, so that growth has a time, and a wide margin."""
    for name, one in catalogue().items():
        given_texts = {key: _one(kind, {"after": 4, "margin": 200}.get(key, 2)) for key, kind in one.inputs.items()}
        assert work_out(name, given_texts).lines()[-1].startswith("  source: ")


def _one(kind: object, number: int) -> str:
    return f"{number} {UNITS[kind]}" if kind in UNITS else str(number)
