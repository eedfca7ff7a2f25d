"""An isolator that people read: pressure, gloves, and a decontamination cycle with its report; Pa."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest

from automation.kernel.errors import InputError
from instruments.drivers.manual_isolator.driver import FACTORY, PASSED
from instruments.interfaces.isolator import CycleReport, GloveTest, Isolator, IsolatorStatus, PressureRead
from tests.support.doors import Doorway, doorway
from tests.support.persons import Crew, no_link, with_crew

pytestmark = pytest.mark.requirement("C06", "F027")

REPORT = b"%PDF-1.7 cycle 118, H2O2 420 ppm, 35 min, passed"
WHO = "entered by perform, verified by verify"


@pytest.fixture
def way(tmp_path: Path) -> Iterator[Doorway]:
    """Open a simulated site."""
    with doorway(tmp_path) as made:
        yield made


def isolator(crew: Crew, **given: str) -> Isolator:
    """Bind an isolator."""
    return cast("Isolator", crew.bind(FACTORY.build(no_link("isolator"), given, control=True), Isolator))


def test_what_people_read_of_it_stands_together(way: Doorway, tmp_path: Path) -> None:
    """Each entered by one and verified by another; the report is kept by its hash."""

    async def work(crew: Crew) -> None:
        assert crew.desk.blobs is not None
        sha256 = crew.desk.blobs.put(REPORT)
        crew.script = [
            ("read the pressure", {"pressure": 45.0}),
            ("test every glove", {"gloves": 8.0, "result": PASSED}),
            ("last decontamination cycle", {"cycle": "118", "result": PASSED}),
            ("attach the report", {"file": sha256}),
        ]
        driver = isolator(crew)
        pressure = await driver.pressure()
        gloves = await driver.glove_test()
        cycle = await driver.cycle_report()
        assert pressure == PressureRead(45.0, WHO)
        assert gloves == GloveTest(passed=True, gloves=8, entered=WHO)
        assert cycle == CycleReport("118", passed=True, sha256=sha256, entered=WHO)
        assert sha256 == hashlib.sha256(REPORT).hexdigest()
        assert await driver.look() == IsolatorStatus(pressure, gloves, cycle)

    with_crew(way, tmp_path, work)


@pytest.mark.requirement("F027", refuses=True)
def test_an_empty_report_is_asked_for_again_with_the_reason(way: Doorway, tmp_path: Path) -> None:
    """A wrong file is a mistake of a person, not the end of the step."""

    async def work(crew: Crew) -> None:
        assert crew.desk.blobs is not None
        empty, good = crew.desk.blobs.put(b""), crew.desk.blobs.put(REPORT)
        crew.script = [
            ("last decontamination cycle", {"cycle": "118", "result": PASSED}),
            ("attach", {"file": empty}),
            ("attach", {"file": good}),
        ]
        assert (await isolator(crew).cycle_report()).sha256 == good
        assert "it is empty" in crew.texts()[2]

    with_crew(way, tmp_path, work)


def test_a_restart_asks_for_nothing_again(way: Doorway, tmp_path: Path) -> None:
    """The record answers."""

    async def work(crew: Crew) -> None:
        crew.script = [("read the pressure", {"pressure": 45.0})]
        first = await isolator(crew).pressure()
        crew.restart()
        assert await isolator(crew).pressure() == first
        assert len(crew.prompts()) == 1

    with_crew(way, tmp_path, work)


def test_nothing_read_is_nothing_known(way: Doorway, tmp_path: Path) -> None:
    """Nor is anybody asked by a look."""

    async def work(crew: Crew) -> None:
        assert await isolator(crew).look() == IsolatorStatus()
        assert crew.prompts() == []

    with_crew(way, tmp_path, work)


@pytest.mark.parametrize("given", [{"lowest": "low"}, {"highest": "nan"}, {"lowest": "300"}])
def test_a_range_that_is_none_is_refused(given: dict[str, str]) -> None:
    """Named with its value."""
    with pytest.raises(InputError, match=next(iter(given))):
        FACTORY.build(no_link("isolator"), given, control=True)
