"""A registered room is a gate of every step in it: two people clear the line for the batch, or nothing begins."""

import asyncio
from pathlib import Path

import pytest

from automation.engine.site import Site
from automation.gmp.objects import Thing
from automation.gmp.plant.rooms import Room
from automation.ledger.event import Event
from tests.support.runs import BATCH, make_site, run_batch
from tests.support.scenes import enter, insist, order

ROOM = "room/Suite 1"


def cleared_when_asked(site: Site) -> None:
    """Register and clean the room; clear its line for the batch only when the batch is held for it."""
    insist(enter(site, ROOM, "register", {"grade": "C"}, by="dora", approved="dora"))
    insist(enter(site, ROOM, "begin_cleaning", {"agent": "quat", "procedure": "SOP-R"}, by="anna"))
    insist(enter(site, ROOM, "finish_cleaning", {}, by="anna", performed="anna"))

    def clear() -> None:
        body = {"batch": BATCH, "checked": ["benches", "bins"]}
        assert "signed already" in enter(site, ROOM, "clear_line", body, by="anna", performed="anna", verified="anna")
        insist(enter(site, ROOM, "clear_line", body, by="anna", performed="anna", verified="ben"))
        insist(order(site, "restart"))

    def follow(event: Event, thing: Thing) -> None:
        if event.stream == f"batch/{BATCH}" and event.kind == "done" and thing.state == "held":
            asyncio.get_running_loop().call_later(60.0, clear)

    site.house.door.follow(follow)


@pytest.mark.requirement("F082", "F045")
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
