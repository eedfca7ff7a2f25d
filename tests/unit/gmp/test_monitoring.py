"""Environmental monitoring: what grades allow, and a plate that reaches back to every batch that was open."""

import pytest

from automation.formulas.cleanrooms import Grade, Method, Use, highest
from automation.gmp.due import dues_of
from automation.gmp.plant.em_samples import Sample
from automation.gmp.plant.sampling_points import Point
from automation.gmp.quality.holds import holds_of
from automation.kernel.clock import iso
from automation.kernel.errors import RefusedError
from automation.kernel.quantity import Seconds
from tests.support.doors import SECOND, ZONE, Doorway
from tests.unit.gmp.moves_of_materials import released
from tests.unit.gmp.moves_of_plant import ISSUE, PARTICLES, SETTLE, Body
from tests.unit.gmp.moves_of_quality import act, following

ROOM, S = "room/EM 1", "em-sample/EM-1"
SEEN = ["benches", "bins"]
DAY = 86_400.0  # s
ORGANISM: Body = {"name": "Bacillus cereus", "method": "16S rRNA", "origin": "spores"}
REVIEW: Body = {"conclusion": "in order"}


@pytest.mark.requirement("F080")
@pytest.mark.parametrize(
    ("grade", "limits"),
    [("A", (0, 0, 0, 0)), ("B", (10, 5, 5, 5)), ("C", (100, 50, 25, None)), ("D", (200, 100, 50, None))],
)
def test_what_may_grow_is_that_of_the_annex(grade: str, limits: tuple[int | None, ...]) -> None:
    """Table 6: active air in CFU/m3, settle plates in CFU/4 h, contact plates in CFU/plate, glove prints in CFU."""
    methods = (Method.AIR, Method.SETTLE, Method.CONTACT, Method.GLOVE)
    assert tuple(highest(Grade(grade), method, Use.IN_OPERATION) for method in methods) == limits


@pytest.mark.requirement("F080")
@pytest.mark.parametrize(
    ("grade", "rest", "working"),
    [
        ("A", (3_520, 29), (3_520, 29)),
        ("B", (3_520, 29), (352_000, 2_930)),
        ("C", (352_000, 2_930), (3_520_000, 29_300)),
        ("D", (3_520_000, 29_300), (None, None)),
    ],
)
def test_particles_are_those_of_the_annex(grade: str, rest: tuple[int, int], working: tuple[int | None, ...]) -> None:
    """Per m3, from 0.5 um and from 5 um on, at rest and in operation."""
    sizes = (Method.PARTICLES_05, Method.PARTICLES_5)
    assert tuple(highest(Grade(grade), size, Use.AT_REST) for size in sizes) == rest
    assert tuple(highest(Grade(grade), size, Use.IN_OPERATION) for size in sizes) == working


def _monitored(way: Doorway, **said: object) -> None:
    act(way, ROOM, "register", {"grade": "B"}, by="approve")
    act(way, ROOM, "begin_cleaning", {"agent": "quat", "procedure": "SOP-R"}, by="perform")
    act(way, ROOM, "finish_cleaning", by="perform")
    act(way, "sampling-point/settle-1", "plan", {**SETTLE, **said}, by="approve")
    way.do("asset/inc-1", "register", {"asset_class": "incubator"})
    way.do("asset/inc-1", "install", {"due": "2027-06-30"})
    released(way, "TSA-1")
    way.clock.go(5 * 3600.0)


def _open(way: Doorway, batch: str, *, hours: float) -> None:
    """Let a batch's product be open for some hours."""
    way.do(f"batch/{batch}", "issue", ISSUE, by="issue")
    act(way, ROOM, "clear_line", {"batch": batch, "checked": SEEN}, by="perform")
    way.do(ROOM, "begin", {"batch": batch}, by="perform")
    way.clock.go(hours * 3600.0)
    way.do(ROOM, "finish", {"batch": batch}, by="perform")


def _at(way: Doorway, hours: float) -> str:
    return iso(way.clock.now() + Seconds(hours * 3600.0), zone=ZONE)


def _plate(way: Doorway, said: Body | None = None, *, ago: float = 1.0) -> None:
    """Take a plate that was exposed until now, from some hours ago."""
    body = {"point": "settle-1", "since": _at(way, -ago), "until": _at(way, 0.0), "medium": "TSA-1", **(said or {})}
    way.do(S, "take", body, by="perform")


def _read(way: Doorway, count: int, *, by: str = "perform") -> None:
    act(way, S, "incubate", {"asset": "inc-1", "until": _at(way, 120.0), "program": "25 degC, 5 d"}, by="perform")
    way.clock.go(5 * DAY)
    act(way, S, "read", {"count": count}, by=by)
    following(way)


@pytest.mark.requirement("F080")
def test_a_plate_that_is_read_days_later_holds_every_batch_that_was_open_in_its_window(way: Doorway) -> None:
    """B1 was over before, B2 and B3 were open while it lay there, B4 came after."""
    _monitored(way)
    _open(way, "B1", hours=1.0)
    way.clock.go(3600.0)
    _open(way, "B2", hours=1.0)
    _open(way, "B3", hours=1.0)
    _plate(way, ago=1.5)
    way.clock.go(3600.0)
    _open(way, "B4", hours=1.0)
    _read(way, 6)
    assert [bool(list(holds_of(way.door, f"B{n}"))) for n in (1, 2, 3, 4)] == [False, True, True, False]
    [about_room, *about] = way.door.every("deviation")
    assert [one.id for one in (about_room, *about)] == ["EM-1-D00", "EM-1-D01", "EM-1-D02"]
    assert way.get(Sample, S).told(way.door) == ("6 CFU/4 h: action", "open in EM 1 meanwhile: B2, B3")
    following(way)
    assert len(list(way.door.every("qa-hold"))) == 2


@pytest.mark.requirement("F080")
@pytest.mark.parametrize(("count", "held"), [(3, 0), (4, 0), (5, 0), (6, 1)])
def test_only_what_calls_for_action_holds_a_lot(count: int, held: int, way: Doorway) -> None:
    """Alert above 3, action above 5 in grade B."""
    _monitored(way)
    _open(way, "B1", hours=1.0)
    _plate(way)
    _read(way, count)
    assert len(list(holds_of(way.door, "B1"))) == held
    assert way.get(Sample, S).told(way.door)[0].endswith(("normal", "alert", "alert", "action")[count - 3])


@pytest.mark.requirement("F080")
def test_growth_in_grade_a_is_always_looked_into_and_an_early_look_is_enough(way: Doorway) -> None:
    """One colony after a day: the lot is held then, not four days later, and not twice."""
    _monitored(way, grade="A", alert=0)
    _open(way, "B1", hours=1.0)
    _plate(way)
    act(way, S, "incubate", {"asset": "inc-1", "until": _at(way, 120.0), "program": "25 degC, 5 d"}, by="perform")
    way.clock.go(DAY)
    way.do(S, "look", {"count": 1}, by="verify")
    following(way)
    assert len(list(holds_of(way.door, "B1"))) == 1
    way.clock.go(4 * DAY)
    act(way, S, "read", {"count": 1}, by="perform")
    following(way)
    assert len(list(way.door.every("deviation"))) == 2


@pytest.mark.requirement("F080")
def test_what_grew_is_named_before_somebody_else_reviews_it(way: Doorway) -> None:
    """A result that calls for action is not put away unnamed, nor by its reader."""
    _monitored(way)
    _plate(way)
    _read(way, 6, by=SECOND)
    with pytest.raises(RefusedError, match="identify what grew first"):
        act(way, S, "review", REVIEW, by="review")
    way.do(S, "identify", ORGANISM, by="investigate")
    with pytest.raises(RefusedError, match="someone else has to review it"):
        act(way, S, "review", REVIEW, by=SECOND)
    act(way, S, "review", REVIEW, by="review")
    assert way.state(S) == "reviewed"


TAKEN: tuple[tuple[Body, str], ...] = (
    ({"point": "settle-9"}, "no sampling point in force"),
    ({"medium": ""}, "needs the lot of its medium"),
    ({"medium": "TSA-9"}, "lot TSA-9 is absent, not released"),
    ({"until": "2026-11-23T09:00:00"}, "to be over"),
    ({"since": "2026-11-22T09:00:00"}, "for more than 4 h"),
    ({"since": "2026-11-22T08:50", "until": "2026-11-22T09:10"}, r"before settle-1 was planned \(2026-11-22T09:00\)"),
    ({"point": "young-1"}, r"from 2026-11-22T13:00:00\S+, before young-1 was planned \(2026-11-22T14:00\)"),
    ({"medium": "TSA-2"}, r"before TSA-2 was released \(2026-11-22T14:00\)"),
)


@pytest.mark.requirement("F080", refuses=True)
@pytest.mark.parametrize(("said", "match"), TAKEN, ids=[match for _, match in TAKEN])
def test_a_plate_that_shows_nothing_is_refused_and_recorded(said: Body, match: str, way: Doorway) -> None:
    """And the same one taken rightly counts."""
    _monitored(way)
    act(way, "sampling-point/young-1", "plan", SETTLE, by="approve")
    released(way, "TSA-2")
    with pytest.raises(RefusedError, match=match):
        _plate(way, said)
    assert len(way.refusals(S)) == 1
    _plate(way)
    assert way.state(S) == "taken"


@pytest.mark.requirement("F080", refuses=True)
def test_a_plate_that_is_recorded_half_a_day_later_says_why(way: Doorway) -> None:
    """Its hours decide which lots are held, and by then people may know what has grown."""
    _monitored(way)
    times: dict[str, object] = {"since": _at(way, -1.0), "until": _at(way, 0.0)}
    way.clock.go(12 * 3600.0 + 1.0)
    with pytest.raises(RefusedError, match="more than 12 h ago; state under late why it is recorded now"):
        _plate(way, times)
    _plate(way, {**times, "late": "the program was down"})
    assert way.state(S) == "taken"


@pytest.mark.requirement("F080", refuses=True)
def test_no_plate_is_read_before_its_time_and_no_colony_goes_away(way: Doorway) -> None:
    """Before, it can be looked at; without an incubator it grows nothing."""
    _monitored(way)
    _plate(way)
    with pytest.raises(RefusedError, match="incubate it"):
        act(way, S, "count", {"count": 0}, by="perform")
    body: Body = {"asset": "inc-1", "until": _at(way, 48.0), "program": "25 degC"}
    with pytest.raises(RefusedError, match="in inc-9, which is absent"):
        act(way, S, "incubate", {**body, "asset": "inc-9"}, by="perform")
    act(way, S, "incubate", body, by="perform")
    with pytest.raises(RefusedError, match="until then it can only be looked at"):
        act(way, S, "read", {"count": 0}, by="perform")
    way.do(S, "look", {"count": 2}, by="perform")
    with pytest.raises(RefusedError, match="had 2 colonies before"):
        way.do(S, "look", {"count": 1}, by="perform")
    way.clock.go(2 * DAY)
    with pytest.raises(RefusedError, match="had 2 colonies before"):
        act(way, S, "read", {"count": 0}, by="perform")
    act(way, S, "read", {"count": 2}, by="perform")


@pytest.mark.requirement("F080", refuses=True)
def test_a_plate_grows_for_as_long_as_its_point_asks(way: Doorway) -> None:
    """What was incubated for an hour shows nothing, and would be read as no growth."""
    _monitored(way, least_h=72.0)
    _plate(way)
    body: Body = {"asset": "inc-1", "until": _at(way, 71.0), "program": "25 degC"}
    with pytest.raises(RefusedError, match=r"would grow for 71\.0 h; settle-1 asks for 72 h at least"):
        act(way, S, "incubate", body, by="perform")
    act(way, S, "incubate", {**body, "until": _at(way, 72.0)}, by="perform")


@pytest.mark.requirement("F080")
def test_particles_are_counted_at_once_per_cubic_metre(way: Doorway) -> None:
    """12 in 28.3 L are 424 per m3."""
    _monitored(way)
    act(way, "sampling-point/p-1", "plan", {**PARTICLES, "method": "particles 5 um", "alert": 100}, by="approve")
    way.clock.go(3600.0)
    with pytest.raises(RefusedError, match="needs the volume of air"):
        _plate(way, {"point": "p-1", "medium": ""})
    _plate(way, {"point": "p-1", "medium": "", "volume_l": 28.3})
    act(way, S, "count", {"count": 12}, by="perform")
    following(way)
    assert way.get(Sample, S).told(way.door)[0].startswith("424.028 1/m3: alert")


@pytest.mark.requirement("F080", "F084.1")
def test_a_point_knows_its_trend_and_when_it_is_due(way: Doorway) -> None:
    """Twenty readings: one with four colonies, nineteen with none."""
    _monitored(way)
    for number in range(20):
        way.do(
            "sampling-point/settle-1",
            "note",
            {"sample": f"EM-{number}", "value": 4.0 * (number == 7), "verdict": "alert"},
        )
    point = way.get(Point, "sampling-point/settle-1")
    assert list(point.told(way.door)) == [
        "alert above 3 CFU/4 h, action above 5 CFU/4 h (grade B)",
        "last 20 results: mean 0.2 CFU/4 h, 5.0 % above 0",
        "95 % of them are at most 0 CFU/4 h",
    ]
    [due] = dues_of(point)
    assert due.by == way.clock.now() + Seconds(DAY)


PLANNED: tuple[tuple[Body, str], ...] = (
    ({"room": "nowhere"}, "no room here"),
    ({"action": 6.0}, "grade B allows 5"),
    ({"alert": 6}, "above its action limit"),
    ({"grade": "unclassified"}, "needs an action limit of its own"),
    ({"grade": "D"}, "is of grade D; EM 1 is of grade B, and so is all in it"),
    ({"grade": "unclassified", "action": 200.0}, "EM 1 is of grade B, and so is all in it"),
)


@pytest.mark.requirement("F080", refuses=True)
@pytest.mark.parametrize(("said", "match"), PLANNED, ids=[match for _, match in PLANNED])
def test_no_point_allows_more_than_its_grade(said: Body, match: str, way: Doorway) -> None:
    """A site may be stricter, never laxer."""
    with pytest.raises(RefusedError, match=match):
        _monitored(way, **said)
    act(way, "sampling-point/settle-1", "plan", {**SETTLE, "action": 4.0}, by="approve")
    assert way.get(Point, "sampling-point/settle-1").limit == 4.0


@pytest.mark.requirement("F080")
def test_a_plate_that_is_lost_is_looked_into(way: Doorway) -> None:
    """It is not simply left out."""
    _monitored(way)
    _plate(way)
    way.do(S, "lose", {"reason": "it fell"}, by="perform")
    following(way)
    assert [one.id for one in way.door.every("deviation")] == ["EM-1-D00"]
