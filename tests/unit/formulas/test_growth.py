"""When there will be enough cells, how well that is known, what can't have grown, and medium for each cell."""

import pytest

from automation.formulas import growth
from automation.formulas.growth import Counted
from automation.kernel.errors import InputError
from automation.kernel.quantity import Cells, Millilitres, Seconds

pytestmark = pytest.mark.requirement("F014")

DAY = Seconds(86_400.0)


def test_a_culture_that_doubled_in_a_day_needs_three_more_for_eight_times() -> None:
    """At the rate of the last two counts; without growth there is no time."""
    ahead = growth.time_to_target(target=Cells(8e8), after=Cells(1e8), before=Cells(0.5e8), duration=DAY)
    assert float(ahead) == pytest.approx(3 * 86_400.0)
    with pytest.raises(InputError, match="no growth"):
        growth.time_to_target(target=Cells(8e8), after=Cells(1e8), before=Cells(1e8), duration=DAY)


def test_a_forecast_from_sharp_counts_is_sharp() -> None:
    """No uncertainty: the interval is the time itself."""
    found = growth.forecast(Cells(8e8), now=Counted(Cells(1e8)), before=Counted(Cells(0.5e8)), seconds=DAY)
    assert found.likely == found.earliest == found.latest
    assert float(found.likely or 0.0) == pytest.approx(3 * 86_400.0)


def test_the_interval_of_a_forecast_is_that_of_propagated_counts() -> None:
    """Doubled in a day, 5 % each, four times wanted: u = dt sqrt((3 ln 2 u)^2 + (2 ln 2 u)^2) / (ln 2)^2 = 6.2 h."""
    found = growth.forecast(Cells(4e8), now=Counted(Cells(1e8), 0.05), before=Counted(Cells(0.5e8), 0.05), seconds=DAY)
    assert found.likely is not None
    assert found.earliest is not None
    assert found.latest is not None
    assert float(found.likely) / 3600.0 == pytest.approx(48.0)
    assert float(found.latest - found.likely) / 3600.0 == pytest.approx(2 * 6.24, abs=0.02)
    assert float(found.likely - found.earliest) / 3600.0 == pytest.approx(2 * 6.24, abs=0.02)


@pytest.mark.requirement("F014", refuses=True)
def test_growth_that_can_t_be_told_from_the_scatter_has_no_latest_time() -> None:
    """5 % more, each count known to 5 %: it may not grow at all. Fewer by far: no time can be told."""
    found = growth.forecast(Cells(2e8), now=Counted(Cells(1.05e8), 0.05), before=Counted(Cells(1e8), 0.05), seconds=DAY)
    assert (found.latest, found.earliest is not None) == (None, True)
    gone = growth.forecast(Cells(2e8), now=Counted(Cells(0.5e8), 0.05), before=Counted(Cells(1e8), 0.05), seconds=DAY)
    assert gone == growth.Forecast(None, None, None)


def test_enough_cells_are_there_now() -> None:
    """No time, and no doubt about it."""
    found = growth.forecast(Cells(1e8), now=Counted(Cells(2e8), 0.1), before=Counted(Cells(1e8), 0.1), seconds=DAY)
    assert found == growth.Forecast(Seconds(0.0), Seconds(0.0), Seconds(0.0))


@pytest.mark.parametrize(
    ("times", "days", "well"),
    [
        (1.9, 1, True),
        (0.19, 1, False),
        (19.0, 1, False),
        (0.5, 1, True),
        (3.6, 2, True),
        (36.0, 2, False),
        (0.36, 2, False),
    ],
)
def test_a_slip_of_ten_is_told_from_growth(times: float, days: float, *, well: bool) -> None:
    """Doubling in 26 h is 1.9 a day and 3.6 in two; ten times more or less can't be."""
    seconds, fastest = DAY * float(days), Seconds(16 * 3600.0)
    assert growth.plausible(Cells(times * 1e6), Cells(1e6), seconds=seconds, fastest=fastest, slip=5.0) is well


def test_fifty_picolitres_for_each_of_2e9_cells_are_four_ml_an_hour() -> None:
    """0.05 nL a cell and day; of 500 mL that is a fifth a day."""
    rate = growth.perfusion_rate(cells=Cells(2e9), nl_per_cell_day=0.05)
    assert rate == pytest.approx(100.0 / 24.0)
    assert growth.volumes_per_day(rate_ml_per_h=rate, volume=Millilitres(500.0)) == pytest.approx(0.2)


def test_cells_that_double_in_a_day_are_eightfold_in_three() -> None:
    """Without lag or limit."""
    assert growth.expected_cells(cells=Cells(1e8), doubling=DAY, duration=DAY * 3.0) == Cells(8e8)
