"""Media fills: no growth renews the skill of those who took part, any growth reaches people, room and batches."""

from pathlib import Path

import pytest

from automation.gmp.due import Urgency, dues_of
from automation.gmp.people.training import Training
from automation.gmp.plant.media_fills import MediaFill
from automation.gmp.plant.rooms import Room
from automation.gmp.qualified import skilled
from automation.gmp.quality.holds import holds_of
from automation.kernel.clock import iso
from automation.kernel.quantity import Instant
from automation.ledger.read import Reader
from automation.views.objects import Objects
from automation.views.questions.measures import numbers, summaries
from automation.views.questions.tables import Tables
from tests.support.doors import SECOND, ZONE, Doorway, doorway
from tests.unit.gmp.moves_of_plant import ASSET, FILLED, ISSUE, SIMULATION, Body, before
from tests.unit.gmp.moves_of_quality import act, check_refused, following

pytestmark = pytest.mark.requirement("F084", "F158")

ROOM, SKILL, ANNA = "room/EM 1", "curriculum/media-fill", "training/media-fill.perform"
DAY = 86_400.0  # s
GOOD: Body = {"units": 11, "grown": 0, "promotes": True}
FINE: Body = {"conclusion": "no growth, every intervention done"}
ORGANISM: Body = {"name": "Staphylococcus epidermidis", "method": "MALDI-TOF", "origin": "skin"}


def _there(way: Doorway) -> None:
    """Have a room, a medium and an incubator, a skill, and two persons who hold it for half a year."""
    before(way, "media-fill")
    act(way, ROOM, "begin_cleaning", {"agent": "quat", "procedure": "SOP-R"}, by="perform")
    act(way, ROOM, "finish_cleaning", by="perform")
    act(way, SKILL, "assign", {"person": "perform"}, by="supervise")
    following(way)
    act(way, ANNA, "read", by="perform")


def _now(way: Doorway) -> str:
    return iso(way.clock.now(), zone=ZONE)


def _filled(way: Doorway, name: str, **said: object) -> str:
    """Plan and fill one, and put it into the incubator; gives its stream."""
    stream = f"media-fill/{name}"
    act(way, stream, "plan", SIMULATION, by="supervise")
    act(way, stream, "incubate", {**FILLED, "since": _now(way), **said}, by="perform")
    return stream


def _read(way: Doorway, stream: str, **said: object) -> None:
    """Bring it to the second temperature after 7 d, and read it after 7 more."""
    way.clock.go(7 * DAY)
    act(way, stream, "turn", {"since": _now(way), "asset": ASSET, "low_c": 30.0, "high_c": 35.0}, by="perform")
    way.clock.go(7 * DAY)
    act(way, stream, "read", {**GOOD, **said}, by="perform")
    following(way)


def _passed(way: Doorway, name: str) -> None:
    stream = _filled(way, name)
    _read(way, stream)
    act(way, stream, "pass", FINE, by="approve")
    following(way)


def _open(way: Doorway, batch: str, *, of: Body = ISSUE) -> None:
    """Let a batch's product be open in the room for an hour."""
    if way.state(f"batch/{batch}") == "absent":
        way.do(f"batch/{batch}", "issue", of, by="issue")
    act(way, ROOM, "clear_line", {"batch": batch, "checked": ["benches"]}, by="perform")
    way.do(ROOM, "begin", {"batch": batch}, by="perform")
    way.clock.go(3600.0)
    way.do(ROOM, "finish", {"batch": batch}, by="perform")


def _skill(way: Doorway) -> str:
    return skilled(way.door, "perform", curriculum="media-fill", at=way.clock.now())


@pytest.mark.requirement("F084.2")
def test_three_that_passed_count_as_observed_runs_and_later_ones_renew_the_skill(way: Doorway) -> None:
    """Qualified by a leader after the third; each later one that passed moves the end by half a year."""
    _there(way)
    for name in ("MF-1", "MF-2"):
        _passed(way, name)
    check_refused(way, ANNA, "qualify", by="supervise", match="has 2 of 3 observed runs passed in a row")
    _passed(way, "MF-3")
    act(way, ANNA, "qualify", by="supervise")
    first = way.get(Training, ANNA).held[-1].until
    assert _skill(way) == ""
    way.clock.go(50 * DAY)
    _passed(way, "MF-4")
    last = way.get(Training, ANNA).held[-1]
    assert (last.by, round(float(last.until - first) / DAY)) == ("media fill MF-4", 64)
    way.clock.go(183 * DAY)
    assert "was qualified until" in _skill(way)


@pytest.mark.requirement("F084.2")
@pytest.mark.requirement("F084.2", refuses=True)
def test_half_a_year_after_it_passed_it_is_due_again_for_each_person_and_for_the_process(way: Doorway) -> None:
    """A later one of the process takes both from the list; who does not come again is excused by another."""
    _there(way)
    _passed(way, "MF-1")
    fill = way.get(MediaFill, "media-fill/MF-1")
    again = [(one.owner, one.what, round(float(one.by - fill.filled_at) / DAY)) for one in fill.dues]
    assert again == [
        ("perform", "take part in a media fill of fill of T cells again (perform)", 182),
        ("supervise", "repeat the media fill of fill of T cells (last: MF-1)", 182),
    ]
    later = Instant(float(way.clock.now()) + 183 * DAY)
    assert {one.urgency(later) for one in fill.dues} == {Urgency.OVERDUE}
    way.clock.go(50 * DAY)
    _passed(way, "MF-2")
    assert way.get(MediaFill, "media-fill/MF-1").dues == ()
    assert "media-fill/MF-1" not in {f"media-fill/{one.id}" for one in way.door.marked("media-fill", "open")}
    gone: Body = {"person": "second", "reason": "has left"}
    check_refused(way, "media-fill/MF-2", "excuse", gone, by="supervise", match="is not due again for second")
    act(way, "media-fill/MF-2", "excuse", {**gone, "person": "perform"}, by="supervise")
    assert [one.owner for one in way.get(MediaFill, "media-fill/MF-2").dues] == ["supervise"]


def test_growth_takes_the_skill_suspends_the_room_and_reaches_every_batch_since_the_last_good_one(way: Doorway) -> None:
    """At the reading; batches before the last good media fill are left alone."""
    _there(way)
    _open(way, "OLD")
    for name in ("MF-1", "MF-2", "MF-3"):
        _passed(way, name)
    act(way, ANNA, "qualify", by="supervise")
    _open(way, "held-1")
    stream = _filled(way, "MF-4")
    _read(way, stream, grown=1)
    told = way.get(MediaFill, stream).told(way.door)
    assert told[-1] == "1 of 11 units have grown; open in EM 1 since the last: held-1"
    assert "lost the qualification: media fill MF-4 of fill of T cells: 1 of 11 units have grown" in _skill(way)
    [hold] = holds_of(way.door, "held-1")
    assert "MF-4-held-1" in hold
    assert list(holds_of(way.door, "OLD")) == []
    assert [way.state(f"deviation/MF-4-D0{n}") for n in (0, 1, 2)] == ["open", "open", "absent"]
    assert way.get(Room, ROOM).suspended.startswith("media fill MF-4")


@pytest.mark.requirement("F084.2")
@pytest.mark.requirement("F082", refuses=True)
def test_a_suspended_room_is_shut_for_product_until_three_in_a_row_have_passed(way: Doorway) -> None:
    """Not for the batches in which media is filled."""
    _there(way)
    stream = _filled(way, "MF-1")
    _read(way, stream, grown=2)
    act(way, stream, "identify", ORGANISM, by="investigate")
    act(way, stream, "fail", FINE, by="approve")
    act(way, ROOM, "clear_line", {"batch": "held-1", "checked": ["benches"]}, by="perform")
    shut = "can't be opened for held-1: room EM 1 is suspended since"
    for name in ("MF-2", "MF-3", "MF-4"):
        check_refused(way, ROOM, "begin", {"batch": "held-1"}, by="perform", match=shut)
        _passed(way, name)
    assert way.get(Room, ROOM).suspended == ""
    way.do(ROOM, "begin", {"batch": "held-1"}, by="perform")


def test_a_batch_that_is_a_media_fill_is_opened_in_a_suspended_room(way: Doorway) -> None:
    """How else could the room come back."""
    _there(way)
    _read(way, _filled(way, "MF-1"), grown=1)
    way.do("batch/MF-B2", "issue", ISSUE, by="issue")
    act(way, "media-fill/MF-2", "plan", {**SIMULATION, "batch": "MF-B2"}, by="supervise")
    _open(way, "MF-B2")
    assert way.get(MediaFill, "media-fill/MF-1").concerned(way.door) == ()


def test_growth_that_is_seen_early_acts_at_once_and_once(way: Doorway) -> None:
    """The reading later adds nothing, and can't have fewer."""
    _there(way)
    stream = _filled(way, "MF-1")
    act(way, stream, "look", {"grown": 1, "seen": "turbid"}, by="verify")
    following(way)
    assert way.get(Room, ROOM).suspended
    way.clock.go(7 * DAY)
    turn: Body = {"since": _now(way), "asset": ASSET, "low_c": 30.0, "high_c": 35.0}
    act(way, stream, "turn", turn, by="perform")
    way.clock.go(7 * DAY)
    check_refused(
        way, stream, "read", GOOD, by="perform", match="had 1 units with growth before; that does not go away"
    )
    act(way, stream, "read", {**GOOD, "grown": 2}, by="perform")
    following(way)
    assert way.state("deviation/MF-1-D01") == "absent"
    check_refused(way, stream, "fail", FINE, by="approve", match="has growth; identify what grew first")
    act(way, stream, "identify", ORGANISM, by="investigate")
    check_refused(way, stream, "pass", FINE, by="approve", match="has 2 units with growth; none is allowed")


@pytest.mark.requirement("F084.2", refuses=True)
@pytest.mark.parametrize(
    ("said", "match"),
    [
        ({"filled": 10}, "has 9 units to incubate; 10 are planned at least"),
        ({"why_rejected": ""}, "has units that are not incubated; say why"),
        ({"interventions": ["bag changed"]}, "lacks interventions that were planned: glove changed"),
        ({"people": ["nobody"]}, "names nobody, who is nobody here"),
        ({"medium": "TSA-9"}, "is filled with TSA-9: "),
        ({"asset": "inc-9"}, "is incubated in inc-9, which is absent, not qualified"),
        ({"since": "2026-12-24T09:00:00"}, "is incubated from 2026-12-24T09:00:00, which is to come"),
        ({"high_c": 20.0}, "is incubated from 20 to 20 degC"),
    ],
)
def test_what_would_show_nothing_is_not_incubated(said: Body, match: str, way: Doorway) -> None:
    """Refused, recorded, and the same with everything right is taken."""
    _there(way)
    stream = "media-fill/MF-1"
    act(way, stream, "plan", SIMULATION, by="supervise")
    right = {**FILLED, "since": _now(way)}
    check_refused(way, stream, "incubate", {**right, **said}, by="perform", match=match)
    act(way, stream, "incubate", right, by="perform")


def test_who_took_part_in_its_batch_is_named(way: Doorway) -> None:
    """The record of the batch knows who answered and who verified."""
    _there(way)
    way.do("prompt/held-1.fill.1.1", "open", {**_QUESTION, "batch": "held-1", "step": "fill"})
    act(way, "prompt/held-1.fill.1.1", "answer", {}, by="verify")
    stream = "media-fill/MF-1"
    act(way, stream, "plan", {**SIMULATION, "batch": "held-1"}, by="supervise")
    right = {**FILLED, "since": _now(way)}
    left_out = "leaves out verify, who took part in batch held-1"
    check_refused(way, stream, "incubate", right, by="perform", match=left_out)
    act(way, stream, "incubate", {**right, "people": ["perform", "verify"]}, by="perform")


_QUESTION: Body = {"kind": "confirm", "text": "Is the bag filled?", "asks": ["perform", "verify"], "deadline": 0.0}


def test_it_is_incubated_seven_days_at_each_temperature_the_lower_first(way: Doorway) -> None:
    """And reads on the list of who has to do it when."""
    _there(way)
    stream = _filled(way, "MF-1")
    turn: Body = {"asset": ASSET, "low_c": 30.0, "high_c": 35.0}
    way.clock.go(6 * DAY)
    check_refused(way, stream, "turn", {**turn, "since": _now(way)}, by="perform", match="for 7 d")
    way.clock.go(DAY)
    colder = {**turn, "since": _now(way), "low_c": 18.0, "high_c": 22.0}
    check_refused(way, stream, "turn", colder, by="perform", match="at the lower temperature first")
    act(way, stream, "turn", {**turn, "since": _now(way)}, by="perform")
    way.clock.go(6 * DAY)
    check_refused(way, stream, "read", GOOD, by="perform", match="for 14 d, 7 d of them at the second")
    assert [one.what for one in dues_of(way.door.find("media-fill", "MF-1"))] == ["read media fill MF-1"]
    way.clock.go(DAY)
    check_refused(
        way, stream, "read", {**GOOD, "units": 10}, by="perform", match="has 11 units incubated; 10 were read"
    )
    act(way, stream, "read", GOOD, by="perform")


def test_a_medium_that_grew_nothing_and_the_own_work_are_not_passed(way: Doorway) -> None:
    """It fails, is looked into, and nobody loses or gains by it."""
    _there(way)
    stream = _filled(way, "MF-1", people=["perform"])
    assert SECOND in way.get(MediaFill, stream).hands  # who signed beside
    _read(way, stream, promotes=False)
    check_refused(way, stream, "pass", FINE, by=SECOND, match=f"was planned, filled, incubated or read by {SECOND}")
    check_refused(way, stream, "pass", FINE, by="approve", match="its medium did not grow what it was given")
    act(way, stream, "fail", FINE, by="approve")
    following(way)
    assert way.state("deviation/MF-1-D00") == "open"
    assert (way.get(Room, ROOM).suspended, way.get(Training, ANNA).observations) == ("", ())


@pytest.mark.requirement("F084.2", "F135")
def test_the_share_of_units_that_have_grown_comes_with_its_interval_and_its_events(tmp_path: Path) -> None:
    """One unit of 22 in two media fills (exactly 0.1 % to 22.8 %); what was only filled does not count yet."""
    with doorway(tmp_path) as way:
        _there(way)
        _passed(way, "MF-1")
        _filled(way, "MF-2")
        _read(way, _filled(way, "MF-3"), grown=1)
    with Reader(tmp_path) as reader:
        found = numbers("media-fills", Tables(Objects(reader)))
    (summed,) = summaries("media-fills", found)
    assert summed.share is not None
    assert (summed.what, summed.number) == ("fill of T cells", 22)
    assert (summed.share.value, summed.share.low, summed.share.high) == pytest.approx((1 / 22, 0.001, 0.228), abs=5e-4)
    assert all(one.events for one in found)
