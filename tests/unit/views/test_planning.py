"""Planning over several patients: networks, clashes, plans as files, and batches that run."""

from pathlib import Path

import msgspec
import pytest

from automation.engine.journal import Stage
from automation.kernel.errors import InputError
from automation.kernel.quantity import Instant, Seconds
from automation.ledger.event import Draft
from automation.ledger.read import Reader
from automation.views.objects import Objects
from automation.views.planning.board import Board, Wish, board
from automation.views.planning.clashes import Use, clashes
from automation.views.planning.network import Activity, timed
from automation.views.planning.plans import RecipePlan, StepPlan, Work, read_plans, write_plan
from tests.support.doors import Doorway, doorway
from tests.support.thread import HOURS, Thread

HOUR = Seconds(HOURS)


def step(name: str, begin: float, end: float, *after: str, needs: str = "cell washer") -> StepPlan:
    """Plan one step (h) that takes one device, and a person for its first hour."""
    work = (Work(0.0, HOURS, 1),)
    return StepPlan(name, f"the {name}", begin * HOURS, end * HOURS, after, (needs,), work)


PLAN = RecipePlan(
    "car-t",
    "1",
    "CAR-T cells",
    (step("select", 0, 4), step("test", 4, 5, "select", needs="counter"), step("grow", 5, 20, "select", "test")),
)


def at(hours: float) -> Instant:
    """Give a moment (h)."""
    return Instant(hours * HOURS)


def taking(name: str, hours: float, *after: str) -> Activity:
    """Give an activity that takes so long (h)."""
    return Activity(name=name, title=name, takes=Seconds(hours * HOURS), after=after)


def drawn(folder: Path, way: Doorway) -> Board:
    """Draw the board of a site."""
    with Reader(folder) as reader:
        return board(Objects(reader), way.clock.now(), Wish(plans=(PLAN,)))


@pytest.mark.requirement("F176.2")
def test_what_has_no_slack_is_the_critical_path() -> None:
    """Two ways from a to d: 2 + 6 + 1 h decide, and the way of 2 + 3 + 1 h has three hours in hand."""
    network = [taking("a", 2), taking("b", 6, "a"), taking("c", 3, "a"), taking("d", 1, "b", "c")]
    found = {one.activity.name: one for one in timed(network, at(0), needed_by=at(10), delays={})}
    assert [name for name, one in found.items() if one.critical] == ["a", "b", "d"]
    assert {name: one.slack for name, one in found.items()} == {"a": HOUR, "b": HOUR, "c": 4 * HOUR, "d": HOUR}
    late = {one.activity.name: one for one in timed(network, at(0), needed_by=at(10), delays={"c": 5 * HOUR})}
    assert [name for name, one in late.items() if one.critical] == ["a", "c", "d"]
    assert late["d"].slack == Seconds(-HOURS)


@pytest.mark.requirement("F176.2")
def test_a_moment_that_was_set_ends_the_critical_path() -> None:
    """Whoever arrives before the slot does not decide; whoever arrives after it does."""
    slot = Activity(name="slot", title="slot", after=("way",), not_before=at(8))
    early, late = (timed([taking("way", hours), slot], at(0), needed_by=at(20), delays={}) for hours in (5, 9))
    assert [(one.critical, one.end) for one in early] == [(False, at(5)), (True, at(8))]
    assert [(one.critical, one.end) for one in late] == [(True, at(9)), (True, at(9))]


@pytest.mark.requirement("F112.2")
def test_a_clash_is_where_more_is_needed_than_there_is() -> None:
    """Two washes that follow one another fit one washer, and a third across both does not."""
    first, second = Use("washer", 1, at(0), at(2), "B-1"), Use("washer", 1, at(2), at(4), "B-2")
    third = Use("washer", 1, at(1), at(3), "B-3")
    assert clashes([first, second], {"washer": 1}) == ()
    found = clashes([first, second, third], {"washer": 1})
    assert [(one.begin, one.whose) for one in found] == [(at(1), ("B-1", "B-3")), (at(2), ("B-2", "B-3"))]
    assert clashes([first, second, third], {"washer": 2}) == ()


@pytest.mark.requirement("F112.2", "F176.2")
def test_a_batch_that_runs_goes_on_from_its_own_times(tmp_path: Path) -> None:
    """Its first step took six hours instead of four, what was left out is passed over, and the rest moves behind."""
    with doorway(tmp_path) as way:
        Thread(way, "X1").through("batch", "start")
        began = way.clock.now()
        for name, hours, state in (("select", 0, "running"), ("select", 6, "complete"), ("grow", 2, "running")):
            way.clock.go(hours * HOURS)
            stage = msgspec.json.encode(Stage(state))
            draft = Draft(f"batch/X1/step/{name}", "procedural", stage, "system:test")
            way.ledger.append([draft], at=way.clock.micros())
        way.ledger.seal()
        row = drawn(tmp_path, way).line("X1")
    found = {one.activity.name: (float(one.begin - began) / HOURS, float(one.end - began) / HOURS) for one in row.times}
    assert found["select"] == (0.0, 6.0)
    assert found["grow"] == pytest.approx((8.0, 23.0))
    assert found["test"] == (8.0, 8.0)
    assert [one.activity.name for one in row.critical] == ["grow", "to the patient"]


@pytest.mark.requirement("F112.2")
def test_an_order_whose_recipe_has_no_plan_says_so(tmp_path: Path) -> None:
    """A note, and the milestones that are known; nothing is guessed."""
    with doorway(tmp_path) as way:
        Thread(way, "X1").through("order", "confirm")
        way.ledger.seal()
        with Reader(tmp_path) as reader:
            row = board(Objects(reader), way.clock.now(), Wish()).line("X1")
    assert row.ahead.notes == (
        "CAR-T cells is made by no plan; one is needed to tell its steps",
        "no collection is scheduled",
    )
    assert [one.activity.name for one in row.times] == ["slot", "to the patient"]


@pytest.mark.requirement("F112.2", refuses=True)
def test_a_plan_that_no_batch_could_follow_is_refused(tmp_path: Path) -> None:
    """What was written is read back; a step after one that comes later, no JSON and a second one are refused."""
    path, wrong = tmp_path / "plan.json", tmp_path / "wrong.json"
    write_plan(PLAN, path)
    assert read_plans([path]) == (PLAN,)
    with pytest.raises(InputError, match="a second plan of car-t"):
        read_plans([path, path])
    write_plan(msgspec.structs.replace(PLAN, steps=PLAN.steps[::-1]), wrong)
    with pytest.raises(InputError, match="'grow' is there twice, or is after one that comes later"):
        read_plans([wrong])
    write_plan(msgspec.structs.replace(PLAN, steps=(step("select", 4, 0),)), wrong)
    with pytest.raises(InputError, match="'select' has times that can't be"):
        read_plans([wrong])
    wrong.write_text("plan", encoding="utf-8")
    with pytest.raises(InputError, match="is no plan of a recipe"):
        read_plans([wrong])
