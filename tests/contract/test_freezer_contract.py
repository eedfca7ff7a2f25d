"""What every controlled-rate freezer keeps, over memory, a pty and TCP, whichever protocol; units degC, K/min, s."""

import pytest

from automation.engine.handles import Container
from automation.engine.tape import by_person
from automation.kernel.effect import Call, Done, NotDone, Unknown
from automation.kernel.errors import RefusedError
from automation.kernel.quantity import Celsius
from fakes.eurotherm_controller import Setup
from instruments.drivers.eurotherm.driver_bisynch import EurothermBisynch
from instruments.drivers.eurotherm.driver_modbus import EurothermModbus
from instruments.drivers.lads_freezer.driver import LadsFreezer
from instruments.drivers.watlow_f4t.driver import WatlowF4T
from instruments.interfaces.freezer import Program, RunState
from tests.support.freezers import KINDS, SHORT, Bench, Wish, on_bench, ramp

pytestmark = pytest.mark.requirement("F048", "C05", "C05.1", "C06", "C07")

BAG = (Container("bag"),)
EVERY = [Wish(kind=kind, protocol=protocol, stored=SHORT) for protocol in ("modbus", "bisynch") for kind in KINDS]
EVERY += [Wish(protocol="lads"), *(Wish(kind=kind, protocol="watlow") for kind in KINDS)]


def call(method: str) -> Call:
    """Give an open call of the freezer."""
    return Call("freezer", method, {"containers": BAG} if method == "start" else {})


async def settled(bench: Bench, method: str) -> Done | NotDone | Unknown:
    """Ask the driver how an open call ended."""
    assert isinstance(bench.freezer, (EurothermModbus, EurothermBisynch, LadsFreezer, WatlowF4T))
    return await bench.freezer.reconcile(call(method))


@pytest.fixture(params=EVERY, ids=lambda wish: f"{wish.protocol} over {wish.kind}")
def wish(request: pytest.FixtureRequest) -> Wish:
    """Give each protocol over each transport."""
    given = request.param
    assert isinstance(given, Wish)
    return given


def test_stand_by_moves_the_chamber_to_its_target(wish: Wish) -> None:
    """Ten minutes are ten time constants of the chamber."""

    async def work(bench: Bench) -> None:
        await bench.freezer.stand_by(target=Celsius(4.0))
        await bench.passes(600)
        assert await bench.freezer.chamber() == pytest.approx(4.0, abs=0.6)
        assert (await bench.freezer.run()).setpoint == pytest.approx(4.0)

    on_bench(wish, work)


def test_a_loaded_program_runs_to_its_end_in_the_device(wish: Wish) -> None:
    """The host only looks: reset, run, complete; one physical start."""

    async def work(bench: Bench) -> None:
        await bench.freezer.load(program=SHORT)
        assert (await bench.freezer.run()).state is RunState.RESET
        await bench.freezer.start(containers=BAG)
        assert (await bench.freezer.run()).state is RunState.RUN
        await bench.passes(600)
        run = await bench.freezer.run()
        assert run.state is RunState.COMPLETE
        assert run.setpoint == pytest.approx(-8.5)
        assert bench.fake.acts["start"] == 1

    on_bench(wish, work)


def test_hold_keeps_the_set_point_and_going_on_moves_it_again(wish: Wish) -> None:
    """While held, no time of the program passes."""

    async def work(bench: Bench) -> None:
        await bench.freezer.load(program=SHORT)
        await bench.freezer.start(containers=BAG)
        await bench.passes(90)
        await bench.freezer.hold()
        held = await bench.freezer.run()
        await bench.passes(300)
        later = await bench.freezer.run()
        assert (later.state, later.setpoint) == (RunState.HOLD, held.setpoint)
        await bench.freezer.go_on()
        assert (await bench.freezer.run()).state is RunState.RUN

    on_bench(wish, work)


def test_reset_ends_the_program_and_returns_to_stand_by(wish: Wish) -> None:
    """The stand-by target is the one that was set before the run."""

    async def work(bench: Bench) -> None:
        await bench.freezer.stand_by(target=Celsius(5.0))
        await bench.freezer.load(program=SHORT)
        await bench.freezer.start(containers=BAG)
        await bench.freezer.reset()
        run = await bench.freezer.run()
        assert run.state is RunState.RESET
        assert run.setpoint == pytest.approx(5.0)

    on_bench(wish, work)


@pytest.mark.requirement("F048", "C05", "C05.1", refuses=True)
def test_a_second_start_is_refused_and_starts_nothing(wish: Wish) -> None:
    """A program starts from reset only, so a start that was repeated does no harm."""

    async def work(bench: Bench) -> None:
        await bench.freezer.load(program=SHORT)
        await bench.freezer.start(containers=BAG)
        with pytest.raises(RefusedError, match="reset"):
            await bench.freezer.start(containers=BAG)
        assert bench.fake.acts["start"] == 1

    on_bench(wish, work)


@pytest.mark.requirement("F048", "C05", "C05.1", refuses=True)
def test_a_set_point_outside_the_limits_is_refused_by_the_device(wish: Wish) -> None:
    """The refusal changes nothing."""

    async def work(bench: Bench) -> None:
        await bench.freezer.stand_by(target=Celsius(4.0))
        with pytest.raises(RefusedError):
            await bench.freezer.stand_by(target=Celsius(400.0))
        assert (await bench.freezer.run()).setpoint == pytest.approx(4.0)

    on_bench(wish, work)


def test_doubt_about_an_act_is_settled_by_reading(wish: Wish) -> None:
    """Each answer is what the programmer shows; asking commands nothing."""

    async def work(bench: Bench) -> None:
        await bench.freezer.load(program=SHORT)
        assert await settled(bench, "start") == NotDone()
        await bench.freezer.start(containers=BAG)
        assert await settled(bench, "start") == Done()
        assert await settled(bench, "hold") == NotDone()
        await bench.freezer.hold()
        assert await settled(bench, "hold") == Done()
        assert await settled(bench, "go_on") == NotDone()
        assert await settled(bench, "reset") == NotDone()
        assert bench.fake.acts == {"start": 1, "hold": 1, "go on": 0, "reset": 0, "set point": 0}

    on_bench(wish, work)


@pytest.mark.requirement("C05.1", "C06", refuses=True)
@pytest.mark.parametrize("protocol", ["modbus", "bisynch", "lads", "watlow"])
def test_a_driver_without_control_reads_and_commands_nothing(protocol: str) -> None:
    """Every command is refused before a byte is sent."""

    async def work(bench: Bench) -> None:
        freezer = bench.freezer
        await freezer.run()
        bench.link.take_tape()
        for command in (freezer.hold(), freezer.go_on(), freezer.reset(), freezer.start(containers=BAG)):
            with pytest.raises(RefusedError, match="control"):
                await command
        for command in (freezer.load(program=SHORT), freezer.stand_by(target=Celsius(4.0))):
            with pytest.raises(RefusedError, match="control"):
                await command
        assert bench.link.take_tape() == []

    on_bench(Wish(protocol=protocol, control=False), work)


@pytest.mark.parametrize("kind", KINDS)
def test_a_program_read_back_over_modbus_is_the_one_that_was_written(kind: str) -> None:
    """Also from a controller that reads no register that is not listed."""

    async def work(bench: Bench) -> Program:
        await bench.freezer.load(program=SHORT)
        return await bench.freezer.loaded(program=SHORT)

    assert on_bench(Wish(kind=kind, setup=Setup(gaps=False)), work) == SHORT


@pytest.mark.requirement("C05", "C05.1", refuses=True)
def test_a_program_over_bisynch_has_to_be_the_declared_one() -> None:
    """Segments can't be written there, and are read by a person; the refusal says what to do and names the digest."""

    async def work(bench: Bench) -> None:
        with pytest.raises(RefusedError, match="stored_digest"):
            await bench.freezer.load(program=Program("SHORT", (ramp(-6, rate=9),)))
        assert await bench.freezer.loaded(program=Program("OTHER", SHORT.segments)) == Program("OTHER", ())
        assert by_person(bench.freezer, "loaded")

    on_bench(Wish(protocol="bisynch", stored=SHORT), work)
