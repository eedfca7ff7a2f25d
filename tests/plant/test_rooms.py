"""A registered room is a gate of every step in it: two people clear the line for the batch, or nothing begins."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from automation.engine.site import Site
from automation.gmp.objects import Thing
from automation.gmp.plant.rooms import Room
from automation.ledger.event import Event
from tests.support.runs import BATCH, make_site, run_batch
from tests.support.scenes import enter, insist, order

ROOM = "room/Suite 1"


def _ready(site: Site, **said: str) -> None:
    insist(enter(site, ROOM, "register", {"grade": "C", **said}, by="dora", approved="dora"))
    insist(enter(site, ROOM, "begin_cleaning", {"agent": "quat", "procedure": "SOP-R"}, by="anna"))
    insist(enter(site, ROOM, "finish_cleaning", {}, by="anna", performed="anna"))


def _cleared(site: Site) -> None:
    body = {"batch": BATCH, "checked": ["benches", "bins"]}
    insist(enter(site, ROOM, "clear_line", body, by="anna", performed="anna", verified="ben"))


def _when_held(site: Site, *acts: Callable[[], None]) -> None:
    """Each time the batch is held, let people do the next thing, then restart it."""
    left = list(acts)

    def act() -> None:
        left.pop(0)()
        insist(order(site, "restart"))

    def follow(event: Event, thing: Thing) -> None:
        if event.stream == f"batch/{BATCH}" and event.kind == "done" and thing.state == "held":
            asyncio.get_running_loop().call_later(60.0, act)

    site.house.door.follow(follow)


def cleared_when_asked(site: Site) -> None:
    """Register and clean the room; clear its line for the batch only when the batch is held for it."""
    _ready(site)

    def clear() -> None:
        body = {"batch": BATCH, "checked": ["benches", "bins"]}
        assert "signed already" in enter(site, ROOM, "clear_line", body, by="anna", performed="anna", verified="anna")
        _cleared(site)

    _when_held(site, clear)


def protected_when_asked(site: Site) -> None:
    """When the batch is held, enter its room with what protects against the cold, and clear the line."""
    _ready(site, oxygen_monitor="logger-01")
    worn = ["cryogenic gloves", "face shield"]

    def enter_and_clear() -> None:
        insist(enter(site, ROOM, "enter", {"gown": "set 12", "worn": worn}, by="anna"))
        _cleared(site)

    _when_held(site, enter_and_clear)


@pytest.mark.requirement("F045", "F082")
@pytest.mark.requirement("F082", refuses=True)
def test_a_batch_waits_for_line_clearance_and_leaves_its_stay_in_the_room(tmp_path: Path) -> None:
    """Held with an alarm before the freezer is taken; it goes on when two have cleared; the room knows the stay."""
    run = run_batch(make_site(tmp_path), cleared_when_asked)
    assert run.alarms() == ["asset crf-01 can't be taken: the line of room Suite 1 is not cleared for batch B-001"]
    room = run.things[ROOM]
    assert isinstance(room, Room)
    assert (run.state, room.state, [stay.batch for stay in room.stays]) == ("closed", "at rest", [BATCH])
    uses = [event for event in run.events if event.stream == "asset/crf-01" and event.kind in {"claim", "free"}]
    assert [round(float(moment), 6) for stay in room.stays for moment in (stay.since, stay.until or 0.0)] == [
        round(event.at / 1e6, 6) for event in uses
    ]


@pytest.mark.requirement("F142")
@pytest.mark.requirement("F142", refuses=True)
def test_a_step_with_liquid_nitrogen_begins_when_somebody_inside_is_protected(tmp_path: Path) -> None:
    """The recipe names the hazard; the batch is held until somebody has entered with gloves and a face shield."""
    text = (Path(__file__).parents[2] / "protocols" / "recipes" / "freeze-day.yaml").read_text(encoding="utf-8")
    step = "    operation: freeze\n"
    assert text.count(step) == 1
    recipe = tmp_path / "cold.yaml"
    recipe.write_text(text.replace(step, f"{step}    hazards: [liquid nitrogen]\n"), encoding="utf-8")
    run = run_batch(make_site(tmp_path), protected_when_asked, recipe=str(recipe))
    lacking = "nobody has entered room Suite 1, so nobody wears cryogenic gloves, face shield"
    assert run.alarms() == [f"liquid nitrogen: {lacking}"]
    assert (run.state, run.step("freeze").state) == ("closed", "frozen")


@pytest.mark.requirement("F027", "F082", refuses=True)
@pytest.mark.parametrize(
    ("grade", "why"),
    [
        ("C", "product is opened in grade A in a background of grade B; room Suite 1 has grade C"),
        ("A", "asset balance-01 can't be taken: the line of room Suite 1 is not cleared for batch B-001"),
    ],
)
def test_product_is_opened_only_where_the_place_has_its_grade(tmp_path: Path, grade: str, why: str) -> None:
    """A tumour is not cut in a grade C room; in a place of grade A in a room of grade B only the line is in the way."""

    def registered(site: Site) -> None:
        insist(enter(site, "room/Hall", "register", {"grade": "B"}, by="dora", approved="dora"))
        _ready(site, grade=grade, neighbour="Hall")

    run = run_batch(make_site(tmp_path), registered, recipe="explant", until=3600.0)
    assert (run.state, run.alarms(), "enter" in run.kinds("explant")) == ("held", [why], False)
