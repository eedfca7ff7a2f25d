"""Doubt for every effect of every interface: the device is asked; where that does not settle it, a person decides.

The suite tries what changes something, on the drivers that are quick; ``python -m tests.plant.doubts`` tries all.
"""

import inspect
from pathlib import Path

import pytest

from automation.kernel.effect import Kind, effects
from tests.plant.doubts import NEVER, acts, by_person, interfaces, markdown, rig_lines, unlisted
from tests.support.doubt_cases import factory
from tests.support.doubt_rigs import RIGS, STANDS
from tests.support.doubt_scene import Rig
from tests.support.persons import no_link

PAGE = Path(__file__).parents[2] / "docs" / "doubt.md"
SLOW = "hamilton_star"  # s instead of ms a case: another project's code on a thread of its own
ACTING = [rig for rig in RIGS if rig.driver != SLOW and acts(rig)]


@pytest.mark.requirement("C01.3")
def test_every_effect_of_every_interface_is_tried_on_every_driver() -> None:
    """A new effect, driver or interface that nobody lists is named here."""
    assert unlisted() == []
    assert len(interfaces()) > 5


@pytest.mark.sweep
@pytest.mark.requirement("C01.3")
@pytest.mark.parametrize("rig", ACTING, ids=lambda rig: rig.name)
def test_doubt_is_settled_by_asking_or_held_for_a_person(tmp_path: Path, rig: Rig) -> None:
    """No act twice, none recorded as what it was not, and the page says what comes out."""
    lines = list(rig_lines(rig, tmp_path / "site", acting=True))
    assert [f"{one.effect}, {one.situation}: {one.wrong}" for one in lines if one.wrong] == []
    assert set(markdown(lines)) <= set(PAGE.read_text(encoding="utf-8").splitlines())


def test_what_cannot_occur_says_why() -> None:
    """A driver behind a person, a device that is asked nothing: the reason stands in the data."""
    reasons = [STANDS, *(why for rig in RIGS for why in rig.cannot.values())]
    assert all(len(why.split()) > 5 for why in reasons)
    assert NEVER not in reasons


def test_every_act_says_what_follows_when_it_is_done_twice_or_not_at_all() -> None:
    """Who decides in doubt reads it; a new act without it is named here."""
    silent = [
        f"{interface}.{name}"
        for interface, thing in interfaces().items()
        for name, one in effects(thing).items()
        if one.kind in {Kind.ACT, Kind.DESTRUCTIVE_READ} and not (one.twice and one.never)
    ]
    assert silent == []


def test_every_device_that_acts_says_by_which_query_it_shows_its_state() -> None:
    """It is asked when somebody has to decide, so it takes no arguments."""
    for interface, thing in interfaces().items():
        declared = effects(thing)
        if any(one.kind is Kind.ACT for one in declared.values()):
            [shown] = [name for name, one in declared.items() if one.shows_state]
            assert list(inspect.signature(getattr(thing, shown)).parameters) == ["self"], interface


def test_a_driver_without_a_line_asks_a_person() -> None:
    """Nothing can be lost where nothing is sent."""
    made = {name: factory(name).build(no_link(name), {}, control=True) for name in by_person()}
    assert made
    assert [name for name, driver in made.items() if driver.links or not getattr(driver, "by_person", False)] == []
