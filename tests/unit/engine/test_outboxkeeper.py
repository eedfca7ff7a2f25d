"""Notices of a site that is open: gathered again and again, climbing level by level until somebody acts."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from automation.bootstrap import Way, begins, open_site, read_site
from automation.engine.outbox import Notice
from automation.engine.site import Site
from automation.gmp.door import Command, Proof
from automation.gmp.due import Due
from automation.gmp.escalation import Level, reaches
from automation.kernel.clock import SimulatedClock, run_simulated
from automation.kernel.errors import InputError
from automation.kernel.quantity import Instant, Seconds
from automation.ledger.read import Reader
from tests.support.runs import make_site

DAY = 86_400.0
SECTION = """
roster:
  - {call: anna, wait: 2 h}
  - {call: erik, wait: 2 h}
notices:
  every: 1 h
  spool: ../spool
  escalation:
    - {to: roster, after: 4 h}
    - {to: approve, after: 24 h}
"""
ABOUT = "observation/O-1"
HARM = {"sort": "exposure", "what": "cold burn", "where": "Suite 1", "when": "2026-01-05T08:00", "harm": True}


def watched(tmp_path: Path, days: float, do: Callable[[Site], None] = lambda _: None) -> Path:
    """Keep a site open for days after an observation was to be assessed; something happens at that moment."""
    folder = make_site(tmp_path / "site")
    with (folder / "site.yaml").open("a", encoding="utf-8") as file:
        file.write(SECTION)

    async def main(clock: SimulatedClock) -> None:
        site = await open_site(folder, Way(staffed=False), clock=clock)
        await site.house.door.submit(Command(ABOUT, "report", HARM, "anna"))
        await clock.sleep(Seconds(DAY))  # so long it has
        do(site)
        await clock.sleep(Seconds(days * DAY))
        await site.leave()

    run_simulated(main, start=begins(folder, read_site(folder)))
    return folder


def told(folder: Path) -> list[tuple[str, str]]:
    """Give the notices about the observation, in order: who, how urgent."""
    with Reader(folder) as reader:
        notices = [event.read(Notice) for event in reader.stream("outbox") if event.kind == "notice"]
    return [(one.to, one.urgency) for one in notices if one.object == ABOUT]


@pytest.mark.requirement("F174.1")
def test_nobody_acts_and_the_next_on_the_roster_is_told_then_the_head(tmp_path: Path) -> None:
    """Owner and right when it is over, anna after 4 h, erik 2 h later, quality after a day; once each, in the spool."""
    folder = watched(tmp_path, days=2.0)
    climbed = ["near", "overdue", "overdue", "escalated 1", "escalated 2", "escalated 3"]
    assert told(folder) == list(
        zip(["supervise", "supervise", "review", "anna", "erik", "approve"], climbed, strict=True)
    )
    files = [json.loads(path.read_text(encoding="utf-8")) for path in (tmp_path / "spool").iterdir()]
    assert sorted(one["urgency"] for one in files if one["object"] == ABOUT) == sorted(climbed)
    with Reader(folder) as reader:
        sent = [event for event in reader.stream("outbox") if event.kind == "sent"]
        notices = [event for event in reader.stream("outbox") if event.kind == "notice"]
    assert len(sent) == len(notices)


@pytest.mark.requirement("F174.1")
def test_who_acts_ends_the_climbing(tmp_path: Path) -> None:
    """It is assessed as it becomes overdue: nobody of the roster hears of it."""

    def assess(site: Site) -> None:
        said = {"conclusion": "no gloves", "actions": ["person/anna"]}
        carla = Proof("carla", "carla-simulated", "reviewed")
        site.house.door.enter(Command(ABOUT, "assess", said, "carla", proofs=(carla,)))

    assert "escalated 1" not in [urgency for _, urgency in told(watched(tmp_path, days=2.0, do=assess))]


@pytest.mark.requirement("F174.1")
def test_a_spool_that_can_not_be_written_is_said_once_and_tried_again(tmp_path: Path) -> None:
    """A file stands where the folder should be; when it is gone everything is there."""
    (tmp_path / "spool").write_text("in the way", encoding="utf-8")
    folder = watched(tmp_path, days=0.5, do=lambda _: (tmp_path / "spool").unlink())
    with Reader(folder) as reader:
        kinds = [event.kind for event in reader.stream("outbox")]
        sent = kinds.count("sent")
    assert (kinds.count("stuck"), sent) == (1, kinds.count("notice"))
    assert len(list((tmp_path / "spool").iterdir())) == sent


def test_a_due_reaches_its_levels_in_their_time() -> None:
    """Nobody beyond its owner before it is over; the owner is not told as a level."""
    due = Due("look", "perform", Instant(0.0), Instant(-1.0), "review")
    levels = (Level("anna", Seconds(10.0)), Level("perform", Seconds(15.0)), Level("approve", Seconds(20.0)))
    at = [reaches(due, Instant(moment), levels) for moment in (0.0, 1.0, 10.0, 30.0)]
    assert at == [(), ("review",), ("review", "anna"), ("review", "anna", "approve")]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("{every: 1 s}", "at least 10 s is needed"),
        ("{every: 1 min, escalation: [{to: zoe, after: 1 h}]}", "is 'zoe'"),
        ("{every: 1 min, escalation: [{to: roster, after: 1 h}]}", "names the roster, and the file has none"),
        ("{every: 1 min, escalation: [{to: anna, after: 2 h}, {to: ben, after: 1 h}]}", "each level waits longer"),
    ],
)
def test_levels_that_make_no_sense_are_refused_with_their_line(tmp_path: Path, line: str, why: str) -> None:
    """Too often, a stranger, a roster that is not there, levels that fall."""
    folder = make_site(tmp_path / "site")
    with (folder / "site.yaml").open("a", encoding="utf-8") as file:
        file.write(f"notices: {line}\n")
    with pytest.raises(InputError, match=why):
        read_site(folder)
