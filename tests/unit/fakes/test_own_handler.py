"""The fake of our own handler: what it refuses, its physics, its hands, and power lost in every state; units uL, s."""

import pytest

from automation.kernel.errors import FailedError
from automation.kernel.quantity import Celsius, Instant, Millilitres
from fakes.contents import filled
from fakes.own_handler import FakeOwnHandler
from fakes.world import Container, World
from instruments.drivers.own_handler import wire
from tests.support.freezers import START
from tests.support.handlers import VIALS, Wish, furnish

pytestmark = pytest.mark.requirement("F119", "C07")


class Desk:
    """A fake that is asked line by line; every motion is waited for."""

    def __init__(self, seed: int = 1) -> None:
        """Furnish a world."""
        self.world = World(seed)
        self.fake = FakeOwnHandler(self.world, "handler")
        furnish(self.world, self.fake, Wish(seed=seed))
        self.now = START

    def say(self, body: str, *, wait: bool = True) -> str:
        """Send a line and give the reply without checksum; empty when none came."""
        said = self.fake.feed(wire.line(body), self.now)
        due = self.fake.due(self.now)
        if wait and due is not None:
            self.now = due
            said += self.fake.unasked(due)
        return wire.body(said) if said else ""

    def hand(self, action: str, **details: object) -> None:
        """Let a hand act."""
        self.fake.hand(action, details, self.now)

    def holds(self, container: str) -> float:
        """Give what is truly in a container (uL)."""
        return 1000.0 * float(self.world.container(container).contents.volume)


@pytest.fixture
def desk() -> Desk:
    """Give a handler that is set up."""
    made = Desk()
    assert made.say("a setup") == "a did 1"
    return made


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("b tip", "channels are"),
        ("b tip 1:tips.A1 1:tips.B1", "channels are"),
        ("b tip 9:tips.A1", "channels are"),
        ("b dance", "unknown word dance"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_moves(desk: Desk, line: str, why: str) -> None:
    """The refusal has the tag of the request."""
    assert desk.say(line).startswith(f"b no {why}")
    assert desk.fake.last.number == 1


def test_a_motion_before_the_set_up_is_refused_but_for_dropping_tips() -> None:
    """Tips have to come off first."""
    desk = Desk()
    assert desk.say("b asp 1:trough.A1:1000") == "b no not set up"
    assert desk.say("b drop 1:waste") == "b did 1 1-notip"


def test_a_second_motion_is_refused_while_one_runs_and_a_question_waits(desk: Desk) -> None:
    """The answer to the question comes after the end of the motion."""
    assert desk.say("b tip 1:tips.A1", wait=False) == ""
    assert desk.say("c tip 2:tips.B1", wait=False) == "c no motion 2 is not finished"
    assert desk.fake.feed(wire.line("q1 last"), desk.now) == b""
    late = desk.fake.unasked(Instant(float(START) + 24.0))
    assert [wire.body(line) for line in late.splitlines()] == ["b did 2 1+", "q1 is 2 b 1+"]


def test_a_line_that_cannot_be_read_is_told_so(desk: Desk) -> None:
    """A wrong checksum, or an argument that is none."""
    assert desk.fake.feed(b"b asp 1:trough.A1:1000 0000\n", desk.now) == wire.line("- bad")
    assert desk.say("b asp 1:trough.A1:much") == "- bad"


def test_volumes_scatter_about_what_is_asked_by_half_a_per_cent_and_the_seed_decides() -> None:
    """Forty draws of one channel: mean within its trueness of 0.3 %, spread about 0.5 %."""
    runs = [[_drawn(Desk(seed), number) for number in range(40)] for seed in (1, 1, 2)]
    assert runs[0] == runs[1] != runs[2]
    desk, volumes = Desk(3), []
    desk.say("a setup")
    desk.say("b tip 1:tips.A1")
    for _ in range(40):
        before = desk.holds("trough")
        desk.say("c asp 1:trough.A1:200000")
        volumes.append(before - desk.holds("trough"))
        desk.say("d disp 1:vials.A1:200000")
        desk.world.pour("vial1", "trough", volume=Millilitres(2.0), now=desk.now)
    mean = sum(volumes) / 40
    spread = (sum((volume - mean) ** 2 for volume in volumes) / 39) ** 0.5
    assert mean == pytest.approx(200.0, rel=0.003 + 0.003)
    assert 0.003 < spread / mean < 0.007


def _drawn(desk: Desk, number: int) -> float:
    desk.say("a setup")
    desk.say(f"b tip {number % 8 + 1}:tips.A1")
    desk.say(f"c asp {number % 8 + 1}:trough.A1:200000")
    return desk.holds("trough")


def test_cells_are_fewer_at_the_top_of_a_trough_that_nobody_mixed(desk: Desk) -> None:
    """An hour of rest, then without and with mixing."""
    desk.now = Instant(float(START) + 3600.0)
    desk.say("b tip 1:tips.A1 2:tips.B1")
    desk.say("c asp 1:trough.A1:500000")
    desk.say("d asp 2:trough.A1:500000:800000:5")
    top, mixed = (desk.world.container(f"handler.tip{n}").contents for n in (1, 2))
    assert float(top.cells) / float(top.volume) < 0.75e6
    assert float(mixed.cells) / float(mixed.volume) == pytest.approx(1e6, rel=0.02)


def test_the_last_dispense_empties_the_tip_and_one_before_gives_its_share(desk: Desk) -> None:
    """Nothing stays behind."""
    desk.say("b tip 1:tips.A1")
    desk.say("c asp 1:trough.A1:600000")
    for well in VIALS[:3]:
        assert desk.say(f"d disp 1:{well}:200000").endswith("1+")
    assert [desk.holds(f"vial{n}") for n in (1, 2, 3)] == pytest.approx([200.0] * 3, rel=0.03)
    assert desk.holds("handler.tip1") == pytest.approx(0.0, abs=1e-9)


def test_a_clot_a_block_and_a_lost_tip_are_told_once(desk: Desk) -> None:
    """What came through is unknown to the device; a fallen tip takes its liquid to the waste."""
    desk.say("b tip 1:tips.A1 2:tips.B1 3:tips.C1")
    desk.hand("clot", channel=1)
    desk.hand("block", channel=2)
    said = desk.say("c asp 1:trough.A1:300000 2:trough.A1:300000 3:trough.A1:300000")
    assert said == "c did 3 1?clot 2?pressure 3+"
    assert 0.0 < desk.holds("handler.tip1") < 300.0
    desk.hand("lose tip", channel=3)
    assert desk.say("d disp 3:vials.A1:300000") == "d did 4 3-tiplost"
    assert desk.say("e disp 3:vials.A1:300000") == "e did 5 3-notip"
    assert desk.holds("handler.waste") == pytest.approx(300.0, rel=0.02)


def test_no_liquid_no_container_no_room_and_no_tip_are_told_and_nothing_moves(desk: Desk) -> None:
    """Each with its cause."""
    assert desk.say("b asp 1:trough.A1:1000") == "b did 2 1-notip"
    desk.say("c tip 1:tips.A1")
    assert desk.say("d tip 1:tips.B1") == "d did 4 1-tipthere"
    assert desk.say("e tip 2:tips.A1") == "e did 5 2-notip"
    assert desk.say("f asp 1:vials.A1:1000") == "f did 6 1-noliquid"
    assert desk.say("g asp 1:aliquots.A1:1000") == "g did 7 1-position"
    desk.say("h asp 1:trough.A1:900000")
    for _ in range(2):
        desk.world.pour("trough", "vial1", volume=Millilitres(1.1), now=desk.now)
    assert desk.say("i disp 1:vials.A1:900000") == "i did 9 1-other"
    assert desk.holds("trough") + desk.holds("vial1") + desk.holds("handler.tip1") == pytest.approx(20_000.0)


def test_hands_put_things_onto_the_deck_and_take_them_away(desk: Desk) -> None:
    """One thing to a position; tips are refilled."""
    desk.say("b tip 1:tips.A1")
    desk.say("c drop 1:tips.A1")
    assert desk.say("d tip 1:tips.A1").endswith("1+")
    desk.say("e drop 1:waste")
    desk.hand("tips")
    assert desk.say("f tip 1:tips.A1").endswith("1+")
    desk.hand("take", position="vials.A1", to="fridge")
    assert desk.world.container("vial1").place == "fridge"
    with pytest.raises(FailedError, match="vial2 stands at"):
        desk.hand("place", position=VIALS[1], container="vial1")
    with pytest.raises(FailedError, match=r"nothing stands at vials\.A1"):
        desk.hand("take", position="vials.A1")
    with pytest.raises(FailedError, match="channel is 9"):
        desk.hand("clot", channel=9)


def test_a_labware_of_one_position_is_found_by_its_name_alone(desk: Desk) -> None:
    """As the deck allows it."""
    desk.say("b tip 1:tips.A1")
    assert desk.say("c asp 1:trough:1000").endswith("1+")
    assert desk.say("d asp 1:vials:1000").endswith("1-position")


STATES = ("not set up", "ready", "tip on", "liquid in the tip", "moving", "between bytes")


@pytest.mark.parametrize("state", STATES)
def test_power_lost_in_any_state_leaves_a_device_that_tells_what_it_knows(state: str) -> None:
    """Silent without power; then not set up, tips where they were, and the last motion as far as it is known."""
    desk = Desk()
    steps = ("a setup", "b tip 1:tips.A1", "c asp 1:trough.A1:300000")
    done = {"not set up": 0, "ready": 1, "tip on": 2, "between bytes": 2}.get(state, 3)
    for number, step in enumerate(steps[:done], 1):
        desk.say(step, wait=not (state == "moving" and number == done))
    if state == "between bytes":
        desk.fake.feed(b"c asp 1:trough.A1", desk.now)
    desk.hand("power", on=False)
    assert desk.say("q1 last") == ""
    desk.hand("power", on=True)
    tip, result = "1" if done > 1 else "0", "1?other" if state == "moving" else "1+"
    assert desk.say("q2 status") == f"q2 is 8 {tip}0000000 down not set up"
    known = f"q3 is {done} {'abc'[done - 1]} {result}" if done > 1 else "q3 is 1 a" if done else "q3 is 0 -"
    assert desk.say("q3 last") == known
    assert desk.say("d setup") == (
        "d no tips are on channels [1]; drop them first" if done > 1 else f"d did {done + 1}"
    )
    assert desk.holds("trough") + (desk.holds("handler.tip1") if done > 1 else 0.0) == pytest.approx(20_000.0)


def test_the_same_lines_give_the_same_world_again() -> None:
    """As a plant that is rebuilt from its log."""
    ends = []
    for _ in range(2):
        desk = Desk()
        for line in ("a setup", "b tip 1:tips.A1", "c asp 1:trough.A1:300000", "d disp 1:vials.A1:200000"):
            desk.say(line)
        ends.append([desk.holds(name) for name in desk.world.names()])
    assert ends[0] == ends[1]


def test_a_container_that_is_full_of_another_kind_stands_as_well() -> None:
    """A bag on the deck is drawn from like a trough."""
    desk = Desk()
    bag = Container("bag", "bag50", contents=filled(Millilitres(40.0)))
    desk.world.add(bag, place="bench", at=Celsius(22.0), now=desk.now)
    desk.hand("place", position="bags.A1", container="bag")
    desk.say("a setup")
    desk.say("b tip 1:tips.A1")
    assert desk.say("c asp 1:bags:300000").endswith("1+")
