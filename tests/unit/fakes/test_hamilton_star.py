"""The STAR fake as a device: time, hands, power, and a world in which nothing is lost; units uL, s."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from automation.kernel.errors import FailedError
from automation.kernel.quantity import Instant
from fakes.faults import Faults
from fakes.hamilton_star import FakeHamiltonStar
from fakes.plant import Plant, PlantLog
from fakes.world import World
from instruments.drivers.hamilton_star import wire
from tests.benchmarks.star_bench import star
from tests.support.liquid_handlers import DECK, HANDLERS, NAME, START, Bench, bring, draw, give, on_bench

pytestmark = pytest.mark.requirement("C07")

LATER = Instant(float(START) + 1e6)
TIPS = "xp01629 01629yp3378 3288tm1 1&tt01tp2266tz2166th2450td0"
DRAW = "xp03475 03475yp2765 2675tm1 1&av{:05} {:05}as1000 1000lm1 1ch020 020mv00000 00000mc00 00"
GIVE = "xp04295 04295yp5425 5275tm1 1&dv{:05} {:05}ds1000 1000dm3 3"
DROP = "xp13400 13400yp3427 3337tm1 1&"


class Talk:
    """A fake and the number of the next frame."""

    def __init__(self, fake: FakeHamiltonStar) -> None:
        """Begin with frame 1."""
        self.fake = fake
        self.number = 0

    def say(self, what: str, rest: str = "", *, at: Instant = START) -> wire.Answer:
        """Send a frame and give the answer, however long it takes."""
        self.number += 1
        sent = wire.transfer(f"{what}id{self.number:04}{rest}")
        return wire.read_answer(wire.last(self.fake.feed(sent, at) + self.fake.unasked(LATER)))


@pytest.fixture
def talk() -> Talk:
    """Give a STAR that is initialised, with a full trough and empty vials."""
    ready = Talk(star(World(1)))
    ready.say("C0DI")
    return ready


def test_an_answer_comes_when_the_arm_is_back() -> None:
    """Not before, however often somebody looks; what is asked meanwhile is answered after it."""
    fake = FakeHamiltonStar(World(1), NAME, DECK)
    assert fake.feed(wire.transfer("C0DIid0001"), START) == b""
    assert fake.feed(wire.transfer("C0RTid0002"), START) == b""
    due = fake.due(START)
    assert due is not None
    assert float(due - START) == 15.0
    assert fake.unasked(Instant(float(due) - 0.1)) == b""
    assert wire.transfers(fake.unasked(due))[0] == ["C0DIid0001er00/00", "C0RTid0002er00/00rt0 0 0 0 0 0 0 0"]


def test_drives_that_are_not_initialised_do_not_move() -> None:
    """Each channel says so, and nothing is begun."""
    fake = star(World(1))
    answer = Talk(fake).say("C0TP", TIPS)
    assert answer.channels == {1: (2, 51), 2: (2, 51)}
    assert set(fake.acts.values()) == {0}


def test_an_unknown_command_is_an_error_of_the_master(talk: Talk) -> None:
    """01/30, as the firmware has it."""
    assert talk.say("C0ZZ").error == (1, 30)


def test_more_than_a_tip_takes_is_an_error_of_the_channel(talk: Talk) -> None:
    """Whatever the program believes of the tip."""
    talk.say("C0TP", TIPS)
    assert talk.say("C0AS", DRAW.format(9000, 9000)).channels == {}
    assert talk.say("C0AS", DRAW.format(9000, 1000)).channels == {1: (2, 53)}


def test_a_tip_that_is_put_back_can_be_taken_again(talk: Talk) -> None:
    """Over the rack it goes into its spot, over the waste it is gone."""
    talk.say("C0TP", TIPS)
    assert talk.say("C0TR", TIPS).channels == {}
    assert talk.say("C0TP", TIPS).channels == {}
    assert talk.say("C0TR", DROP).channels == {}
    assert talk.say("C0TP", TIPS).channels == {1: (8, 75), 2: (8, 75)}


def test_power_loses_what_was_about_to_be_said_and_the_initialisation_but_no_tip(talk: Talk) -> None:
    """The collets hold without power."""
    talk.say("C0TP", TIPS)
    talk.fake.feed(wire.transfer("C0ASid0900" + DRAW.format(5000, 5000)), START)
    talk.fake.hand("power", {"on": False}, START)
    assert talk.fake.feed(wire.transfer("C0RTid0901"), START) == b""
    talk.fake.hand("power", {"on": True}, START)
    assert talk.fake.unasked(LATER) == b""
    assert talk.say("C0RT").text.endswith("rt1 1 0 0 0 0 0 0")
    assert talk.say("C0QW").text.endswith("qw0")


@pytest.mark.parametrize(
    ("action", "details"),
    [
        ("dance", {}),
        ("clot", {"channel": 9}),
        ("place", {"position": "vials.Z9", "container": "vial1"}),
        ("place", {"position": "vials.H4", "container": "nothing"}),
    ],
    ids=str,
)
def test_a_hand_that_can_not_act_says_so(talk: Talk, action: str, details: dict[str, object]) -> None:
    """The message names what there is."""
    with pytest.raises(FailedError):
        talk.fake.hand(action, details, START)


def test_the_plant_s_log_alone_rebuilds_device_and_liquids(tmp_path: Path) -> None:
    """After a crash the vials hold what they held."""

    async def work(bench: Bench) -> None:
        await bench.ready()
        await bench.draws(*(draw(100.0 * n, n) for n in range(1, 9)))
        await bench.gives(*(give(100.0 * n, n) for n in range(1, 5)))
        bench.hand("lose tip", channel=8)
        world = World(1)
        bring(world)
        plant = Plant(bench.clock, PlantLog(None), Faults())
        fake = FakeHamiltonStar(world, NAME, DECK)
        plant.add(NAME, fake)
        plant.rebuild(tmp_path / "plant.log")
        assert fake.acts == bench.fake.acts
        assert {n: world.container(n).contents for n in world.names()} == {
            n: bench.world.container(n).contents for n in bench.world.names()
        }

    on_bench(HANDLERS[0], work, log=PlantLog(tmp_path / "plant.log"))


STEPS = st.one_of(
    st.just(("C0TP", TIPS)),
    st.just(("C0TR", DROP)),
    st.builds(lambda a, b: ("C0AS", DRAW.format(a, b)), st.integers(0, 10_650), st.integers(0, 10_650)),
    st.builds(lambda a, b: ("C0DS", GIVE.format(a, b)), st.integers(0, 10_650), st.integers(0, 10_650)),
)


@settings(max_examples=40, deadline=None)
@given(st.lists(STEPS, max_size=12), st.integers(1, 10_000))
def test_whatever_is_commanded_nothing_is_lost_and_every_answer_is_an_answer(
    steps: list[tuple[str, str]], seed: int
) -> None:
    """Millilitres, grams and cells of the world stay what they were."""
    world = World(seed)
    talk = Talk(star(world))
    talk.say("C0DI")
    before = world.total()
    for what, rest in steps:
        assert talk.say(what, rest).error in {(0, 0), (99, 0)}
    after = world.total()
    for left, right in ((before.volume, after.volume), (before.mass, after.mass), (before.cells, after.cells)):
        assert float(right) == pytest.approx(float(left), rel=1e-9)
