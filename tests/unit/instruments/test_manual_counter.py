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


@pytest.mark.requirement("F033", "F034", "F047.1", refuses=True)
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


SEEN = {"live": 380.0, "dead": 32.0, "squares": 8.0, "dilution": 2.0}


def test_a_chamber_count_is_worked_out_from_what_was_seen(way: Doorway, tmp_path: Path) -> None:
    """412 cells in 8 squares at a dilution of 2 are 1.03e6 cells/mL; 380 of them live are 92.2 %."""

    async def work(crew: Crew) -> None:
        crew.script = [("Enter the count of B1-A in the chamber", SEEN)]
        (one,) = (await counter(crew, entry="chamber").result(sample="B1-A")).results
        assert [one.total, one.viable, one.viability] == pytest.approx([1.03e6, 9.5e5, 92.233], rel=1e-4)
        assert (one.cells_counted, one.viable_counted, one.dilution, one.flags) == (412, 380, 2.0, ("8 squares",))
        assert one.entered == "entered by perform, verified by verify"

    with_crew(way, tmp_path, work)


@pytest.mark.parametrize(
    ("wrong", "why"), [({"dilution": 2e3}, "it came to 1.03e+09"), ({"live": 0.0, "dead": 0.0}, "viability of 0 live")]
)
def test_what_comes_to_nothing_plausible_is_asked_for_once_more(
    way: Doorway, tmp_path: Path, wrong: dict[str, float], why: str
) -> None:
    """The second question says what came out of the first, and no chamber without cells becomes a viability."""

    async def work(crew: Crew) -> None:
        crew.script = [("in the chamber", {**SEEN, **wrong}), (f"once more: {why}", SEEN)]
        (one,) = (await counter(crew, entry="chamber").result(sample="B1-A")).results
        assert one.total == pytest.approx(1.03e6)

    with_crew(way, tmp_path, work)


@pytest.mark.parametrize(
    "given", [{"entry": "guess"}, {"lowest": "few"}, {"highest": "nan"}, {"lowest": "-1"}, {"lowest": "2e9"}]
)
def test_a_limit_that_is_none_is_refused(given: dict[str, str]) -> None:
    """Named with its value."""
    with pytest.raises(InputError, match=next(iter(given))):
        FACTORY.build(no_link("counter"), given, control=True)
