"""The rules about a culture: each speaks when it should, in their order."""

from dataclasses import replace

import pytest

from automation.kernel.quantity import Cells, CellsPerMillilitre, GramsPerLitre, Instant, Millilitres, Percent, Seconds
from protocols.operations.deciding import Decision, Found, Rules, aged, decide, feeding

pytestmark = pytest.mark.requirement("F039")

DAY = 86_400.0
RULES = Rules(
    harvest_cells=Cells(1e9),
    harvest_from=Seconds(6 * DAY),
    longest=Seconds(11 * DAY),
    viability_least=Percent(70.0),
    density_most=CellsPerMillilitre(1.2e6),
    density_fed=CellsPerMillilitre(0.6e6),
    glucose_least=GramsPerLitre(1.5),
    glucose_fed=GramsPerLitre(2.5),
    glucose_medium=GramsPerLitre(4.0),
    volume_most=Millilitres(600.0),
    vessels_most=1,
    extend_by=Seconds(1 * DAY),
    extensions_most=0,
)
CALM = Found(Seconds(3 * DAY), Millilitres(200.0), Cells(2e8), Percent(92.0), GramsPerLitre(3.0))


def test_a_culture_within_all_limits_goes_on() -> None:
    """Nothing to do."""
    assert decide(RULES, CALM).what is Decision.CONTINUE


def test_a_dense_culture_is_fed_down_to_the_density_wanted() -> None:
    """3e8 cells in 200 mL need 500 mL in all."""
    proposal = decide(RULES, replace(CALM, cells=Cells(3e8)))
    assert (proposal.what, proposal.feed) == (Decision.FEED, Millilitres(300.0))


def test_a_culture_out_of_sugar_is_fed_up_to_the_sugar_wanted() -> None:
    """200 mL at 1 g/L and 200 mL at 4 g/L are 2.5 g/L."""
    proposal = decide(RULES, replace(CALM, glucose=GramsPerLitre(1.0)))
    assert (proposal.what, proposal.feed) == (Decision.FEED, Millilitres(200.0))
    assert "glucose 1.00 g/L" in proposal.why


def test_a_medium_no_sweeter_than_wanted_fills_the_vessel() -> None:
    """Nothing else can be done with it."""
    weak = replace(RULES, glucose_medium=GramsPerLitre(2.0))
    volume, _ = feeding(weak, replace(CALM, glucose=GramsPerLitre(1.0)))
    assert volume == Millilitres(400.0)


def test_a_full_vessel_goes_on_and_says_why() -> None:
    """The rule would feed and can't."""
    proposal = decide(RULES, replace(CALM, cells=Cells(9e8), volume=Millilitres(600.0)))
    assert proposal.what is Decision.CONTINUE
    assert "the vessel is full" in proposal.why


@pytest.mark.parametrize(("days", "what"), [(5.9, Decision.FEED), (6.0, Decision.HARVEST)])
def test_enough_cells_are_harvested_from_the_day_on_that_is_allowed(days: float, what: Decision) -> None:
    """Not before."""
    assert decide(RULES, replace(CALM, cells=Cells(1.1e9), age=Seconds(days * DAY))).what is what


def test_the_last_day_is_a_harvest_with_few_cells_too() -> None:
    """Whatever there is."""
    proposal = decide(RULES, replace(CALM, age=Seconds(11 * DAY)))
    assert (proposal.what, "latest" in proposal.why) == (Decision.HARVEST, True)


def test_a_dying_culture_is_a_question_before_all_others() -> None:
    """Also when there are cells enough."""
    assert decide(RULES, replace(CALM, viability=Percent(69.9), cells=Cells(2e9))).what is Decision.STOP


def test_a_sample_of_the_last_day_is_on_the_last_day_whatever_the_rounding() -> None:
    """Moments are kept to a microsecond: the difference of these two is 11 days less one of them."""
    age = aged(Instant(1_768_552_442.581_666), Instant(1_769_502_842.581_665))
    assert decide(RULES, replace(CALM, age=age)).what is Decision.HARVEST


def test_a_culture_that_needs_more_than_its_vessel_takes_is_split() -> None:
    """6e8 cells in 500 mL need 1000 mL: two vessels hold 1200, one does not; without a second it is fed what fits."""
    dense = replace(CALM, volume=Millilitres(500.0), cells=Cells(6e8))
    proposal = decide(replace(RULES, vessels_most=2), dense)
    assert (proposal.what, proposal.feed) == (Decision.SPLIT, Millilitres(500.0))
    assert (decide(RULES, dense).what, decide(RULES, dense).feed) == (Decision.FEED, Millilitres(100.0))
    again = decide(replace(RULES, vessels_most=2), replace(dense, vessels=2))
    assert (again.what, again.feed) == (Decision.FEED, Millilitres(500.0))


@pytest.mark.parametrize(
    ("until", "extensions", "age", "what"),
    [
        (12 * 3600.0, 0, 11 * DAY, Decision.EXTEND),
        (36 * 3600.0, 0, 11 * DAY, Decision.HARVEST),  # not enough in a day
        (None, 0, 11 * DAY, Decision.HARVEST),  # it does not grow
        (12 * 3600.0, 1, 11.5 * DAY, Decision.CONTINUE),  # within its extension
        (12 * 3600.0, 1, 12 * DAY, Decision.HARVEST),  # the only one is over
    ],
)
def test_the_last_day_is_extended_only_where_the_forecast_says_that_it_helps(
    until: float | None, extensions: int, age: float, what: Decision
) -> None:
    """One extension of a day is allowed."""
    rules = replace(RULES, extensions_most=1)
    found = replace(CALM, age=Seconds(age), extensions=extensions, until=None if until is None else Seconds(until))
    assert decide(rules, found).what is what
