"""Four-parameter curves: the worked example of the literature, its way back, and the shift between parallel curves."""

import pytest

from automation.formulas.dose_response import Curve, Point, fit, relative_potency
from automation.kernel.errors import InputError

# Ritz and Streibig, J. Stat. Softw. 12(5) (2005): root length of ryegrass (cm) by ferulic acid (mM).
ROOTS = {
    0.0: (7.58, 8.0, 8.3285714, 7.25, 7.375, 7.9625),
    0.94: (8.3555556, 6.9142857, 7.75),
    1.88: (6.8714286, 6.45, 5.9222222),
    3.75: (1.925, 2.8857143, 4.2333333),
    7.5: (1.1875, 0.8571429, 1.0571429),
    15.0: (0.6875, 0.525, 0.825),
    30.0: (0.25, 0.22, 0.44),
}
POINTS = [Point(dose, value) for dose, values in ROOTS.items() for value in values]
# Streibig and Dayan, data set ``spinach`` of the R package drc: oxygen (thylakoids) by diuron (uM), assays 4 and 5.
DIURON = {
    4: {
        0.0: (2.20963, 2.27931, 2.14703),
        0.01: (2.18831, 2.08863, 2.06676),
        0.03: (2.18827, 2.10748, 1.84474),
        0.1: (1.78805, 1.75547, 1.61381),
        0.3: (0.70295, 0.6983, 0.74045),
        1.0: (0.20673, 0.20784, 0.22402),
        3.0: (0.05268, 0.06519, 0.09258),
    },
    5: {
        0.0: (1.94033, 1.80193, 1.71586),
        0.01: (1.71586, 1.98471, 1.74905),
        0.03: (1.87795, 1.64081, 1.53094),
        0.1: (1.50709, 1.41035, 1.35367),
        0.3: (0.64427, 0.62185, 0.60337),
        1.0: (0.14073, 0.12928, 0.15016),
        3.0: (0.00008, 0.00262, 0.00303),
    },
}


@pytest.fixture(scope="module")
def curve() -> Curve:
    """Fit the worked example."""
    return fit(POINTS)


def test_the_curve_of_the_worked_example_is_the_published_one(curve: Curve) -> None:
    """Parameters and scatter to five decimals; errors within 2 %, theirs being of another approximation."""
    found = (curve.slope, curve.far, curve.zero, curve.middle)
    assert found == pytest.approx((2.98222, 0.48141, 7.79296, 3.05795), abs=1e-5)
    assert (curve.scatter, curve.free) == pytest.approx((0.5196, 20), abs=5e-5)
    errors = [curve.errors[name] for name in ("slope", "far", "zero", "middle")]
    assert errors == pytest.approx([0.46506, 0.21219, 0.18857, 0.18573], rel=0.02)


def test_a_response_is_read_back_as_the_dose_that_it_comes_from(curve: Curve) -> None:
    """On or beyond an asymptote no dose has it."""
    assert [curve.dose(curve.response(dose)) for dose in (0.5, 3.0, 20.0)] == pytest.approx([0.5, 3.0, 20.0])
    assert [curve.dose(value) for value in (curve.zero, curve.far, 9.0, 0.0)] == [None] * 4


def test_the_ratio_of_two_middles_is_that_of_another_program() -> None:
    """Reference pages of drc, ``EDcomp``: effect doses of 50 % of assay 4 over assay 5, 0.9361120, to four decimals."""
    both = [fit(points) for points in _assays()]
    assert both[0].middle / both[1].middle == pytest.approx(0.9361120, abs=2e-5)
    assert not relative_potency(*_assays()).is_parallel(low=0.8, high=1.25), "the slopes are known too roughly"


def _assays() -> list[list[Point]]:
    return [[Point(dose, one) for dose, found in DIURON[at].items() for one in found] for at in (4, 5)]


@pytest.mark.parametrize("factor", [0.5, 1.0, 3.0])
def test_a_preparation_that_needs_a_fraction_of_the_dose_is_so_much_more_potent(factor: float) -> None:
    """The same responses at other doses: parallel without doubt, the shift exact, its interval around it."""
    found = relative_potency(POINTS, [Point(one.dose / factor, one.response) for one in POINTS])
    assert found.potency.value == pytest.approx(factor)
    assert found.potency.low < factor < found.potency.high
    assert found.potency.low * found.potency.high == pytest.approx(factor**2)
    assert (found.slopes.value, found.ranges.value, found.parallel_p) == pytest.approx((1.0, 1.0, 1.0))


def test_a_curve_of_another_range_is_not_parallel() -> None:
    """Half the distance of the asymptotes is seen by the ratio and by the test of fit."""
    found = relative_potency(POINTS, [Point(one.dose, 4.0 + one.response / 2) for one in POINTS])
    assert found.ranges.value == pytest.approx(0.5)
    assert found.parallel_p < 0.001
    assert not found.is_parallel(low=0.8, high=1.25)


@pytest.mark.parametrize(
    ("points", "why"),
    [
        ([Point(dose, 1.0 + dose) for dose in (0.0, 1.0, 2.0, 3.0)], "4 doses"),
        ([Point(dose, 5.0) for dose in range(6)], "no response is off"),
        ([one for one in POINTS if one.dose > 6.0] * 2, "3 doses"),
        ([Point(float(dose), dose % 2 + dose / 100) for dose in range(8)], "no sigmoid|tell the four"),
        ([*POINTS, Point(-1.0, 7.0)], "below 0"),
    ],
)
def test_what_carries_no_curve_is_refused(points: list[Point], why: str) -> None:
    """Too few doses, nothing that varies, no sigmoid, no dose."""
    with pytest.raises(InputError, match=why):
        fit(points)
