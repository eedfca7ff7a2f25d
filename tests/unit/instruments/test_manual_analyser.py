"""The manual analyser: a person enters, a second verifies; units g/L and pH."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import cast

import pytest

from automation.kernel.errors import InputError, RefusedError
from instruments.drivers.manual_analyser.driver import FACTORY
from instruments.interfaces.analyser import MetaboliteAnalyser
from tests.support.doors import Doorway, doorway
from tests.support.persons import Crew, no_link, with_crew

pytestmark = pytest.mark.requirement("C06", "F163")


@pytest.fixture
def way(tmp_path: Path) -> Iterator[Doorway]:
    """Open a simulated site."""
    with doorway(tmp_path) as made:
        yield made


def analyser(crew: Crew, **given: str) -> MetaboliteAnalyser:
    """Bind a manual analyser."""
    driver = FACTORY.build(no_link("analyser"), given, control=True)
    return cast("MetaboliteAnalyser", crew.bind(driver, MetaboliteAnalyser))


def test_figures_are_entered_by_one_person_and_verified_by_another(way: Doorway, tmp_path: Path) -> None:
    """The result says who, with its unit; there is no file, and a restart does not ask again."""

    async def work(crew: Crew) -> None:
        crew.script = [("Enter what was measured of B1-A", {"glucose": 2.5, "ph": 7.25})]
        report = await analyser(crew, quantities="glucose pH").result(sample="B1-A")
        crew.restart()
        assert await analyser(crew, quantities="glucose pH").result(sample="B1-A") == report
        [glucose], [ph] = report.of("glucose"), report.of("pH")
        assert (glucose.value, glucose.unit, ph.value, ph.unit) == (Decimal("2.50"), "g/L", Decimal("7.25"), "[pH]")
        assert (glucose.entered, report.files) == ("entered by perform, verified by verify", ())

    with_crew(way, tmp_path, work)


@pytest.mark.requirement("F035.1", "F047.1", refuses=True)
@pytest.mark.parametrize(("name", "value"), [("glucose", 51.0), ("lactate", -0.1)])
def test_an_implausible_figure_is_refused_at_the_entry(way: Doorway, tmp_path: Path, name: str, value: float) -> None:
    """A tenfold slip is noticed before it counts."""

    async def work(crew: Crew) -> None:
        good = {"glucose": 2.0, "lactate": 1.0}
        crew.script = [("Enter what was measured", good)]
        await analyser(crew).result(sample="B1-A")
        with pytest.raises(RefusedError, match="plausible"):
            crew.prompts()[0].form().check({**good, name: value})

    with_crew(way, tmp_path, work)


@pytest.mark.parametrize("quantities", ["glucose sugar", " "])
def test_a_quantity_that_is_not_known_is_refused(quantities: str) -> None:
    """The message lists what is."""
    with pytest.raises(InputError, match="some of glucose, lactate, glutamine, ammonia, pH, pO2, pCO2"):
        FACTORY.build(no_link("analyser"), {"quantities": quantities}, control=True)
