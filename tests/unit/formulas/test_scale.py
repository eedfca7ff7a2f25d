"""Scale: each calculation against an example worked by hand, or against a number that is known otherwise."""

import math

import pytest

from automation.formulas import scale
from automation.formulas.calculations import catalogue, work_out
from automation.kernel.errors import InputError
from automation.kernel.quantity import Cells, Celsius, Grams, GramsPerMillilitre, Millilitres, Seconds

pytestmark = pytest.mark.requirement("F091")

EXAMPLES: dict[str, tuple[dict[str, str], float]] = {
    # 0.3 L to 3 L: ten times the medium, cells and gas
    "volume_at_scale": ({"quantity": "20 mL", "before": "300 mL", "after": "3 L"}, 200.0),
    "cells_at_volume": ({"cells": "1e8 cells", "before": "300 mL", "after": "3 L"}, 1e9),
    "gas_flow_at_volume": ({"flow_ml_per_min": "100", "before": "1 L", "after": "5 L"}, 500.0),
    # a gas-permeable vessel of 10 cm2 and one of 100 cm2: 0.5e6 cells and 10 mL on each cm2
    "cells_at_area": ({"cells": "5e6 cells", "before_cm2": "10", "after_cm2": "100"}, 5e7),
    "medium_at_area": ({"volume": "100 mL", "before_cm2": "10", "after_cm2": "100"}, 1000.0),
    "vector_at_cells": ({"vector": "5 mL", "before": "1e8 cells", "after": "2.5e8 cells"}, 12.5),
    "feed_at_cells": ({"feed": "40 mL", "before": "2e8 cells", "after": "5e8 cells"}, 100.0),
    # 1000 kg/m3, Np 1.5, 2 1/s, 0.1 m, 5 L: 1.5 * 1000 * 8 * 1e-5 W = 0.12 W, over 0.005 m3
    "power_per_volume": (
        {"power_number": "1.5", "density": "1 g/mL", "speed_rpm": "120", "impeller_m": "0.1", "volume": "5 L"},
        24.0,
    ),
    # the same shape at twice the size: eight times the volume, speed times 2^(-2/3)
    "speed_at_power": (
        {"speed_rpm": "120", "before_m": "0.1", "after_m": "0.2", "before": "5 L", "after": "40 L"},
        120.0 * 2.0 ** (-2.0 / 3.0),
    ),
    "tip_speed": ({"speed_rpm": "60", "impeller_m": "0.1"}, 0.314159265),
    # water at 1 W/kg: (1e-18 / 1)^(1/4) m = 31.6 um
    "smallest_eddies": ({"power_w_per_m3": "1000", "density": "1 g/mL", "viscosity_mpas": "1"}, 31.6227766),
    "washer_loads": ({"volume": "1300 mL", "most": "600 mL"}, 3.0),
    "bag_thickness": ({"volume": "20 mL", "area_cm2": "40"}, 5.0),
    # 20 mL with its cassette: (21 g * 3.9 + 150) / 0.9 = 257.7 s, 4.3 min (docs/freezer-physics.md)
    "cooling_time_constant": (
        {"mass": "21 g", "heat_j_per_g_k": "3.9", "vessel_j_per_k": "150", "ua_w_per_k": "0.9"},
        257.666667,
    ),
    # 5 mm, 300 J/mL, 30 K: 1e7 * (0.005 / 100 + 25e-6 / 16) s
    "plateau_of_slab": (
        {
            "thickness_mm": "5", "latent_j_per_ml": "300", "below_k": "30", "film_w_per_m2_k": "50",
            "conductivity_w_per_m_k": "2",
        },
        515.625,
    ),
    "sample_on_ramp": ({"chamber": "-8 degC", "lag": "4 min", "rate_k_per_min": "1"}, -4.0),
}  # fmt: skip


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_calculation_of_scale_equals_its_worked_example(name: str) -> None:
    """Through the door of ``calc``: texts with units in, a number with its source out."""
    given, expected = EXAMPLES[name]
    done = work_out(name, given)
    assert done.result.value == pytest.approx(expected, rel=1e-8)
    assert done.source


def test_every_calculation_of_scale_has_its_example() -> None:
    """A new one comes with one."""
    ours = {name for name, one in catalogue().items() if one.function.__module__ == scale.__name__}
    assert ours == set(EXAMPLES)


def test_the_speed_for_the_same_power_gives_the_same_power() -> None:
    """Whatever the sizes: both functions say the same."""
    before, after = Millilitres(3000.0), Millilitres(50_000.0)
    speed = scale.speed_at_power(speed_rpm=150.0, before_m=0.09, after_m=0.22, before=before, after=after)
    one, other = (
        scale.power_per_volume(
            power_number=1.3, density=GramsPerMillilitre(1.01), speed_rpm=rpm, impeller_m=size, volume=volume
        )
        for rpm, size, volume in ((150.0, 0.09, before), (speed, 0.22, after))
    )
    assert one == pytest.approx(other)


@pytest.mark.parametrize(("film", "conductivity", "times"), [(1e9, 2.0, 4.0), (50.0, 1e9, 2.0)])
def test_a_bag_twice_as_thick_freezes_twice_or_four_times_as_long(
    film: float, conductivity: float, times: float
) -> None:
    """Four times where heat has to pass the ice, twice where it has to leave the surface."""

    def plateau(thick: float) -> Seconds:
        return scale.plateau_of_slab(
            thickness_mm=thick,
            latent_j_per_ml=300.0,
            below_k=30.0,
            film_w_per_m2_k=film,
            conductivity_w_per_m_k=conductivity,
        )

    assert plateau(10.0) / plateau(5.0) == pytest.approx(times, rel=1e-5)


def test_lags_of_containers_are_those_that_the_freezer_was_modelled_with() -> None:
    """Vial 3.9 min, 20 mL bag 4.3 min, 50 mL bag 4.9 min: more volume in the same film lags longer."""
    sizes = ((1.8, 2.0, 0.04), (20.0, 150.0, 0.9), (50.0, 150.0, 1.2))
    lags = [
        scale.cooling_time_constant(mass=Grams(volume * 1.05), heat_j_per_g_k=3.9, vessel_j_per_k=vessel, ua_w_per_k=ua)
        / 60.0
        for volume, vessel, ua in sizes
    ]
    assert [round(float(lag), 1) for lag in lags] == [3.9, 4.3, 4.9]


@pytest.mark.requirement("F091", refuses=True)
def test_a_vessel_without_size_is_refused() -> None:
    """Nothing is scaled from or to nothing, and a decimal comma is no number."""
    with pytest.raises(InputError, match="volume before is 0"):
        scale.cells_at_volume(cells=Cells(1e8), before=Millilitres(0.0), after=Millilitres(1.0))
    with pytest.raises(InputError, match="decimal point"):
        work_out("volume_at_scale", {"quantity": "20,5 mL", "before": "300 mL", "after": "3 L"})
    with pytest.raises(InputError, match="lag is nan"):
        scale.sample_on_ramp(chamber=Celsius(-8.0), lag=Seconds(math.nan), rate_k_per_min=1.0)


@pytest.mark.requirement("F091", refuses=True)
@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("bag_thickness", {"volume": "1e300 mL", "area_cm2": "1e-300"}),
        ("tip_speed", {"speed_rpm": "1e300", "impeller_m": "1e300"}),
        ("population_doublings", {"after": "1e-300 cells", "before": "1e300 cells"}),
        (
            "speed_at_power",
            {"speed_rpm": "1e300", "before_m": "0.1", "after_m": "1e-200", "before": "5 L", "after": "40 L"},
        ),
    ],
)
def test_a_result_that_no_number_holds_is_refused(name: str, given: dict[str, str]) -> None:
    """Infinite, or lost on the way: the sentence names the inputs."""
    with pytest.raises(InputError, match=f"{name} of .* is beyond every number"):
        work_out(name, given)
