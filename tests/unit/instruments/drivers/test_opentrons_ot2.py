"""The OT-2 and its driver: what only it does; units uL, s."""

import asyncio

import pytest

from automation.kernel.effect import Done, NotDone, Unknown
from automation.kernel.errors import FailedError, InputError, LinkError, RefusedError
from automation.kernel.quantity import Microlitres
from fakes.faults import FaultKind
from fakes.opentrons import FakeOpentrons
from instruments.drivers.opentrons_ot2.driver import FACTORY, OpentronsOt2
from instruments.interfaces.liquid_handler import Aspirate, Cause, ChannelResult, Outcome
from tests.support.liquid_handlers import BENCH_DECK, FULL, HANDLERS, PRODUCT, Bench, call, draw, give, on_bench, tips
from tests.support.persons import no_link

pytestmark = pytest.mark.requirement("C03", "C06")

OT2 = next(kind for kind in HANDLERS if kind.name == "opentrons ot2")
MIXED = Aspirate(1, "trough.A1", Microlitres(100.0), Microlitres(FULL), mix_volume=Microlitres(200.0), mix_cycles=3)


def robot(bench: Bench) -> FakeOpentrons:
    """Give the fake at the far end."""
    assert isinstance(bench.fake, FakeOpentrons)
    return bench.fake


def commands(bench: Bench) -> list[object]:
    """Give the types of the commands that the robot has in its run."""
    run = robot(bench).run
    return [] if run is None else [command["commandType"] for command in run.commands]


def test_a_set_up_homes_first_and_tells_the_robot_of_pipettes_and_tips() -> None:
    """Each command has a key; a look tells that the run is whole."""

    async def work(bench: Bench) -> None:
        assert not (await bench.handler.look()).ready
        await bench.handler.set_up()
        assert commands(bench) == ["home", "loadPipette", "loadPipette", "loadLabware"]
        assert (await bench.handler.look()).ready

    on_bench(OT2, work)


def test_another_program_finds_the_run_that_was_set_up() -> None:
    """A driver that was made anew goes on with it: tips are where they were, and nothing homes."""

    async def work(bench: Bench) -> None:
        await bench.ready(channels=1)
        anew = OpentronsOt2(bench.link, BENCH_DECK, control=True)
        assert (await anew.look()).tips == (True, False)
        drawn = await anew.aspirate(moves=(draw(100.0),), containers=PRODUCT)
        assert drawn[0].outcome is Outcome.DONE
        assert bench.fake.acts["set up"] == 1

    on_bench(OT2, work)


def test_a_set_up_that_broke_off_goes_on_where_it_was() -> None:
    """The robot homes once."""

    async def work(bench: Bench) -> None:
        bench.fault(FaultKind.LOSE_REPLY, at=6)
        with pytest.raises(LinkError):
            await bench.handler.set_up()
        assert isinstance(await bench.handler.reconcile(call("set_up")), NotDone)
        await bench.handler.set_up()
        assert bench.fake.acts["set up"] == 1

    on_bench(OT2, work)


def test_mixing_comes_before_the_draw_command_by_command() -> None:
    """Three times up and down, then the draw; between them the arm stays where it is."""

    async def work(bench: Bench) -> None:
        await bench.ready(channels=1)
        before = len(commands(bench))
        await bench.draws(MIXED)
        stroke = ["aspirateInPlace", "dispenseInPlace"]
        assert commands(bench)[before:] == ["moveToCoordinates", *stroke * 3, "aspirateInPlace", "moveToCoordinates"]

    on_bench(OT2, work)


@pytest.mark.parametrize(("lost", "found"), [(1, NotDone), (3, Done), (8, Done), (9, Done)])
def test_a_mixed_draw_that_broke_off_is_settled_by_what_the_robot_got(lost: int, found: type) -> None:
    """Nothing before the first stroke; between strokes nobody knows what the tip holds; after the draw it is done."""

    async def work(bench: Bench) -> None:
        await bench.ready(channels=1)
        bench.fault(FaultKind.LOSE_COMMAND, at=lost)
        with pytest.raises(LinkError):
            await bench.draws(MIXED)
        said = await bench.handler.reconcile(call("aspirate", moves=(MIXED,), containers=PRODUCT))
        assert isinstance(said, found)
        if isinstance(said, Done):
            (one,) = said.reply if isinstance(said.reply, tuple) else ()
            assert isinstance(one, ChannelResult)
            assert one.outcome is (Outcome.DONE if lost == 9 else Outcome.UNKNOWN)

    on_bench(OT2, work)


def test_a_command_that_still_moves_is_waited_for() -> None:
    """The answer was lost at once; ten seconds later the robot says that it is done."""

    async def work(bench: Bench) -> None:
        await bench.ready(channels=1)
        slow = OpentronsOt2(bench.link, BENCH_DECK, rate=50.0, control=True)
        await slow.look()
        asyncio.get_running_loop().call_later(3.0, bench.pull)
        with pytest.raises(LinkError):
            await slow.aspirate(moves=(draw(500.0),), containers=PRODUCT)
        said = await slow.reconcile(call("aspirate", moves=(draw(500.0),), containers=PRODUCT))
        assert isinstance(said, Done)

    on_bench(OT2, work)


@pytest.mark.parametrize("hand", ["app", "power"])
def test_without_its_run_nobody_can_say(hand: str) -> None:
    """Somebody began another run, or the robot was off: what was drawn is a person's to find out."""

    async def work(bench: Bench) -> None:
        await bench.ready(channels=1)
        await bench.draws(draw(100.0))
        if hand == "power":
            bench.hand("power", on=False)
        bench.hand(hand, on=True)
        said = await bench.handler.reconcile(call("dispense", moves=(give(100.0),), containers=PRODUCT))
        assert isinstance(said, Unknown)
        with pytest.raises(RefusedError, match="not set up"):
            await bench.gives(give(100.0))

    on_bench(OT2, work)


def test_a_run_that_is_gone_is_told_by_the_first_command() -> None:
    """Nothing moved: the robot did not take it."""

    async def work(bench: Bench) -> None:
        await bench.ready(channels=1)
        bench.hand("app")
        with pytest.raises(FailedError, match="RunStopped"):
            await bench.draws(draw(100.0))
        assert bench.fake.acts["aspirate"] == 0

    on_bench(OT2, work)


@pytest.mark.parametrize(
    ("error", "outcome"), [("MustHomeError", Outcome.NOT_DONE), ("StallOrCollisionDetectedError", Outcome.UNKNOWN)]
)
def test_only_errors_from_before_the_motion_are_not_done(error: str, outcome: Outcome) -> None:
    """Whatever else the robot says may have moved something."""

    async def work(bench: Bench) -> None:
        await bench.handler.set_up()
        bench.hand("stall", error=error)
        (one, _) = await bench.handler.pick_up(tips=tips(2))
        assert (one.outcome, error in one.why) == (outcome, True)

    on_bench(OT2, work)


def test_after_an_unknown_outcome_the_other_channel_does_nothing() -> None:
    """Its tip stays where it is, and it says why."""

    async def work(bench: Bench) -> None:
        await bench.handler.set_up()
        bench.hand("stall")
        one, other = await bench.handler.pick_up(tips=tips(2))
        assert (one.outcome, other.outcome, other.cause) == (Outcome.UNKNOWN, Outcome.NOT_DONE, Cause.OTHER)
        assert bench.fake.acts["pick up"] == 1

    on_bench(OT2, work)


def test_it_does_not_notice_what_it_has_no_sensor_for() -> None:
    """An empty rack, and so an empty vial: it says done, and the page says that it would."""

    async def work(bench: Bench) -> None:
        await bench.handler.set_up()
        bench.hand("no tips")
        results = [await bench.handler.pick_up(tips=tips(1))]
        results += [tuple((await bench.draws(draw(500.0))).values()), tuple((await bench.gives(give(500.0))).values())]
        assert {one.outcome for each in results for one in each} == {Outcome.DONE}
        assert bench.vial(1) == 0.0

    on_bench(OT2, work)


@pytest.mark.requirement("C03", refuses=True)
def test_old_software_is_refused() -> None:
    """It could not say which pipettes carry tips."""

    async def work(bench: Bench) -> None:
        robot(bench).version = "7.3.1"
        with pytest.raises(RefusedError, match=r"7\.3\.1; 8\.2\.0"):
            await bench.handler.set_up()
        assert commands(bench) == []

    on_bench(OT2, work)


@pytest.mark.parametrize(("tells", "known"), [("OT2CEP1", "OT2CEP1"), (None, "PLATE-7")])
def test_a_robot_that_does_not_tell_its_serial_number_has_the_declared_one(tells: str | None, known: str) -> None:
    """The oldest robots tell none."""

    async def work(bench: Bench) -> None:
        robot(bench).serial = tells
        driver = FACTORY.build(bench.link, {"deck": "bench-ot2", "serial": "PLATE-7"}, control=False)
        assert isinstance(driver, OpentronsOt2)
        seen = await driver.identify()
        assert (seen.maker, seen.model, seen.serial, seen.firmware) == ("Opentrons", "OT-2 Standard", known, "8.2.0")

    on_bench(OT2, work)


@pytest.mark.requirement("C03", refuses=True)
@pytest.mark.parametrize("name", ["p20_single_gen2", "p300_multi_gen2", "p5000_new"])
def test_a_pipette_that_does_not_fit_is_refused(name: str) -> None:
    """Too small for the deck's tips, several channels at once, or not known to PyLabRobot."""

    async def work(bench: Bench) -> None:
        robot(bench).arm.mounted["left"] = name
        with pytest.raises(RefusedError, match=name):
            await bench.handler.set_up()

    on_bench(OT2, work)


def test_a_tip_goes_back_to_its_place() -> None:
    """The next pick-up finds it there."""

    async def work(bench: Bench) -> None:
        await bench.ready(channels=1)
        await bench.handler.drop(tips=tips(1))
        await bench.handler.pick_up(tips=tips(1))
        await bench.draws(draw(500.0))
        await bench.gives(give(500.0))
        assert bench.vial(1) == pytest.approx(500.0, rel=0.02)

    on_bench(OT2, work)


@pytest.mark.parametrize("given", [{}, {"deck": "none such"}, {"deck": "bench-ot2", "rate": "fast"}])
def test_a_setting_that_is_none_is_refused(given: dict[str, str]) -> None:
    """Named with its value."""
    with pytest.raises(InputError, match="rate" if "rate" in given else "deck"):
        FACTORY.build(no_link("handler"), given, control=True)
