"""The manual counter: a person enters, a second verifies; units cells/mL and %."""

from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest

from automation.engine.answers import Answers, Given
from automation.kernel.errors import InputError, RefusedError
from instruments.drivers.manual_counter.driver import FACTORY
from instruments.interfaces.counter import CellCounter
from tests.support.doors import Doorway, doorway
from tests.support.persons import Crew, no_link, with_crew

pytestmark = pytest.mark.requirement("C06")

COUNTED = {"total": 2.5e6, "viability": 91.2, "seen": 410.0}


@pytest.fixture
def way(tmp_path: Path) -> Iterator[Doorway]:
    """Open a simulated site."""
    with doorway(tmp_path) as made:
        yield made


def counter(crew: Crew, **given: str) -> CellCounter:
    """Bind a manual counter."""
    return cast("CellCounter", crew.bind(FACTORY.build(no_link("counter"), given, control=True), CellCounter))


def test_a_count_is_entered_by_one_person_and_verified_by_another(way: Doorway, tmp_path: Path) -> None:
    """The result says who, and there is no file."""

    async def work(crew: Crew) -> None:
        crew.script = [("Enter the count of B1-A", COUNTED)]
        (one,) = (await counter(crew).result(sample="B1-A")).results
        assert [one.total, one.viability, one.viable] == pytest.approx([2.5e6, 91.2, 2.28e6])
        assert (one.cells_counted, one.viable_counted) == (410, 374)
        assert (one.entered, one.file_sha256) == ("entered by perform, verified by verify", "")

    with_crew(way, tmp_path, work)


def test_a_restart_does_not_ask_for_the_count_again(way: Doorway, tmp_path: Path) -> None:
    """The record answers."""

    async def work(crew: Crew) -> None:
        crew.script = [("Enter the count", COUNTED)]
        first = await counter(crew).result(sample="B1-A")
        crew.restart()
        assert await counter(crew).result(sample="B1-A") == first
        assert len(crew.prompts()) == 1

    with_crew(way, tmp_path, work)


@pytest.mark.parametrize(("field", "value"), [("total", 9e8), ("total", 10.0), ("viability", 100.1), ("seen", -1.0)])
def test_an_implausible_count_is_refused_at_the_entry(way: Doorway, tmp_path: Path, field: str, value: float) -> None:
    """The prompt stays open for a better one."""

    async def work(crew: Crew) -> None:
        crew.script = [("Enter the count", COUNTED)]
        await counter(crew, lowest="1e4", highest="1e8").result(sample="B1-A")
        crew.enter()
        crew.absent = True
        answers = Answers(crew.way.door)
        name = crew.prompts()[0].id
        form = crew.prompts()[0].form()
        with pytest.raises(RefusedError, match="plausible"):
            form.check({**COUNTED, field: value})
        with pytest.raises(RefusedError):
            await answers.give(Given(name, "perform", COUNTED))

    with_crew(way, tmp_path, work)


@pytest.mark.parametrize("given", [{"lowest": "few"}, {"highest": "nan"}, {"lowest": "-1"}, {"lowest": "2e9"}])
def test_a_limit_that_is_none_is_refused(given: dict[str, str]) -> None:
    """Named with its value."""
    with pytest.raises(InputError, match=next(iter(given))):
        FACTORY.build(no_link("counter"), given, control=True)
