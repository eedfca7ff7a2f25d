"""The final day killed where something has gone wrong already: what was answered and refused before, stays so."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from automation.engine.site import Site
from automation.gmp.people.prompts import Prompt
from automation.ledger.event import Event
from fakes.panel import Habit, Values
from tests.plant.kills import faults
from tests.support.crash import at_appends, resumed, spread
from tests.support.runs import BATCH, make_site, staff_of


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """Give a folder for copies, and take it away afterwards: there are many."""
    yield tmp_path
    shutil.rmtree(tmp_path)


def one_place_twice(site: Site) -> None:
    """Let a person first say of all containers that they stand at the same place."""
    people = staff_of(site)

    async def act(prompt: Prompt) -> Values | None:
        values = await people.work(prompt)
        places = [name for name in values or () if name.startswith("position ")]
        return (values or {}) | {name: (values or {})[places[0]] for name in places}

    people.habits.append(Habit(r"^Where they stand now", act))


class After:
    """Wants every event from the first of a kind in a stream's family on."""

    def __init__(self, family: str, kind: str) -> None:
        """Want nothing yet."""
        self._family, self._kind = family, kind
        self._begun = False

    def __call__(self, event: Event) -> bool:
        """Tell whether a kill at this event is to be tried."""
        self._begun = self._begun or (event.stream.startswith(f"{self._family}/") and event.kind == self._kind)
        return self._begun and event.kind != "close"


@pytest.mark.requirement("C01.2")
def test_killed_while_containers_are_put_away_a_wrong_place_is_asked_for_once(folder: Path) -> None:
    """What stands in its place already is not asked for again; what was refused stays refused."""
    whole, kept = at_appends(
        make_site(folder / "site", "b"),
        folder / "kept",
        After("container", "store"),
        one_place_twice,
        recipe="final-day",
    )
    assert any(event.kind == "refused" and event.stream == f"batch/{BATCH}/step/store" for event in whole.events)
    for moment in spread(kept.moments, 8):
        run = resumed(kept, moment, one_place_twice)
        assert faults(run, whole) == [], moment
