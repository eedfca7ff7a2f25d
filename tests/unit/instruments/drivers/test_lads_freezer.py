"""A freezer behind LADS: what it makes of another content, of what somebody else did, and of settings."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from automation.engine.handles import Container
from automation.kernel.effect import Call, Done, NotDone, Unknown
from automation.kernel.errors import FailedError, InputError, RefusedError
from automation.kernel.quantity import Celsius, Seconds
from fakes.lads_freezer import LadsFreezer as Fake
from fakes.lads_freezer import read_contents
from fakes.nodes import NodeRefusedError
from instruments.drivers.lads.wire import Running, Unit
from instruments.drivers.lads_freezer.driver import FACTORY, LadsFreezer
from instruments.drivers.lads_freezer.settings import settings
from instruments.drivers.lads_freezer.states import run_state, settle
from instruments.interfaces.freezer import PowerFail, Program, RunState
from instruments.transport import Link, MemoryStream
from tests.support.freezers import KEPT, SHORT, Bench, Wish, on_bench, ramp

pytestmark = pytest.mark.requirement("C05.3", "F103.1")

LADS = Wish(protocol="lads")
BAG = (Container("bag"),)
OTHER: Mapping[str, object] = {"segments": [{"type": "ramp", "target": -6.0, "rate": 9.0}]}


@pytest.mark.requirement("C05.3", refuses=True)
def test_a_program_that_is_not_the_declared_one_is_refused_with_its_digest() -> None:
    """Nothing is uploaded; the refusal says what to declare once it was compared."""

    async def work(bench: Bench) -> None:
        with pytest.raises(RefusedError, match=r"declare stored: SHORT, stored_digest: [0-9a-f]{16}"):
            await bench.freezer.load(program=Program("SHORT", (ramp(-6, rate=9),)))
        assert isinstance(bench.fake, Fake)
        assert bench.fake.template.version == "1"

    on_bench(LADS, work)


def test_a_program_that_was_changed_at_the_panel_is_seen_and_replaced_when_it_is_loaded_again() -> None:
    """Its content is another: what is read back is not the approved program."""

    async def work(bench: Bench) -> None:
        await bench.freezer.load(program=SHORT)
        bench.hand("program", **OTHER)
        assert await bench.freezer.loaded(program=SHORT) == Program("SHORT", ())
        await bench.freezer.load(program=SHORT)
        assert await bench.freezer.loaded(program=SHORT) == SHORT

    on_bench(LADS, work)


@pytest.mark.requirement("C05.3", refuses=True)
def test_without_a_file_another_content_is_a_failure_that_names_both() -> None:
    """The driver has nothing to put in its place."""

    async def work(bench: Bench) -> None:
        bench.hand("program", **OTHER)
        given = {key: value for key, value in KEPT.items() if key != "file"}
        freezer = FACTORY.build(bench.link, given, control=True)
        assert isinstance(freezer, LadsFreezer)
        with pytest.raises(FailedError, match=r"'Freezing' holds [0-9a-f]{12}\.\.\., not the declared content"):
            await freezer.load(program=SHORT)

    on_bench(LADS, work)


def test_a_freezer_that_somebody_started_is_not_ours_and_not_touched() -> None:
    """A start in doubt stays so; loading and standing by are refused while a program runs."""

    async def work(bench: Bench) -> None:
        await bench.freezer.load(program=SHORT)
        bench.hand("key", key="start")
        assert isinstance(bench.freezer, LadsFreezer)
        assert isinstance(await bench.freezer.reconcile(Call("freezer", "start", {"containers": BAG})), Unknown)
        for refused in (bench.freezer.load(program=SHORT), bench.freezer.stand_by(target=Celsius(4.0))):
            with pytest.raises(RefusedError, match="Execute"):
                await refused
        with pytest.raises(RefusedError, match="only a held program"):
            await bench.freezer.go_on()

    on_bench(LADS, work)


@pytest.mark.requirement("C05.3", refuses=True)
def test_what_has_been_frozen_is_not_frozen_twice() -> None:
    """The device keeps the run for these containers: another start for them is refused, for others it is not."""

    async def work(bench: Bench) -> None:
        await bench.freezer.load(program=SHORT)
        await bench.freezer.start(containers=BAG)
        await bench.passes(600.0)
        await bench.freezer.reset()
        with pytest.raises(RefusedError, match="'bag' before"):
            await bench.freezer.start(containers=BAG)
        await bench.freezer.start(containers=(Container("bag 2"),))
        assert bench.fake.acts["start"] == 2

    on_bench(LADS, work)


def test_the_run_tells_step_and_time_left_and_alarms() -> None:
    """As the device counts them; an open lid that keeps it warm is an alarm of its function."""

    async def work(bench: Bench) -> None:
        await bench.freezer.load(program=SHORT)
        await bench.freezer.start(containers=BAG)
        run = await bench.freezer.run()
        assert (run.segment, run.remaining) == (2, Seconds(120.0))
        await bench.passes(90.0)
        bench.hand("lid", open=True)
        bench.hand("ln2", supply=False)
        await bench.passes(900.0)
        assert (await bench.freezer.run()).alarms == ("Temperature alarm",)
        bench.hand("sensor", broken=True)
        with pytest.raises(FailedError, match="BadSensorFailure"):
            await bench.freezer.chamber()

    on_bench(LADS, work)


def test_a_result_ends_when_the_program_did_whoever_looks_when() -> None:
    """Looking at it later gives the same moment."""

    async def work(bench: Bench) -> None:
        await bench.freezer.load(program=SHORT)
        await bench.freezer.start(containers=BAG)
        since = float(bench.now())
        await bench.passes(4000.0)
        assert isinstance(bench.fake, Fake)
        values = bench.fake.lads.values(bench.now())
        assert (
            values["DeviceSet/Freezer/FunctionalUnitSet/Chamber/ProgramManager/ResultSet/R1/SupervisoryTaskId"] == "bag"
        )
        [run] = bench.fake.lads.units["Chamber"].runs(bench.now())
        assert run.stopped is not None
        assert float(run.stopped) - since == pytest.approx(120.0, abs=2.0)

    on_bench(LADS, work)


@pytest.mark.parametrize(
    ("state", "means"),
    [
        ((Unit.STOPPED, None), RunState.RESET),
        ((Unit.RUNNING, Running.IDLE), RunState.RESET),
        ((Unit.RUNNING, None), RunState.RUN),
        ((Unit.RUNNING, Running.SUSPENDED), RunState.HOLDBACK),
        ((Unit.RUNNING, Running.HOLDING), RunState.HOLD),
        ((Unit.RUNNING, Running.COMPLETE), RunState.COMPLETE),
        ((Unit.ABORTED, None), RunState.RESET),
    ],
)
def test_every_state_of_a_unit_means_one_of_a_program(state: tuple[Unit, Running | None], means: RunState) -> None:
    """An aborted unit runs no program, and is no place to start one from."""
    assert run_state(state) is means


def test_a_stopped_unit_after_a_lost_start_is_settled_by_what_power_does_to_it() -> None:
    """Where a program is lost with the power nobody can tell; where it goes on, it was never started."""
    stopped = (Unit.STOPPED, None)
    assert settle("start", stopped, forgets=PowerFail.CONTINUE) == NotDone()
    assert isinstance(settle("start", stopped, forgets=PowerFail.RESET), Unknown)
    assert settle("start", stopped, known=True, forgets=PowerFail.RESET) == Done()


@pytest.mark.requirement("C05.3", refuses=True)
@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"device": "a/b"}, "device is 'a/b'"),
        ({"content": "12"}, "64 hexadecimal digits"),
        ({"content": "0" * 64}, "needs stored and stored_digest"),
        ({**KEPT, "content": "0" * 64}, "has the SHA-256"),
        ({**KEPT, "file": "/nowhere/at all"}, "can't be read"),
        ({"power_fail": "perhaps"}, "power_fail is 'perhaps'"),
    ],
)
def test_a_setting_that_can_not_be_is_refused(given: dict[str, str], said: str) -> None:
    """Before anything is asked of the device."""
    with pytest.raises(InputError, match=said):
        settings(given)


def test_only_what_is_not_shown_is_asked_of_people() -> None:
    """A driver that can compare the content asks nobody."""
    link = Link(MemoryStream(lambda _data: None), name="freezer")
    asked = [FACTORY.build(link, given, control=True) for given in ({}, KEPT)]
    assert [getattr(one, "asks_person", None) for one in asked] == [{"load", "loaded"}, frozenset()]


@pytest.mark.parametrize(
    "content", [b"", b"template Other\nstep 4\n", b"template Freezing\n", b"template Freezing\nstep 99\n", b"\xff" * 9]
)
def test_the_fake_takes_no_content_that_is_not_its_own(content: bytes) -> None:
    """What it kept before stays."""
    with pytest.raises(NodeRefusedError, match="BadInvalidArgument"):
        read_contents(content)


def test_the_file_of_a_test_is_content_of_this_fake() -> None:
    """So that what is uploaded is a program."""
    assert len(read_contents(Path(KEPT["file"]).read_bytes()).steps) == len(SHORT.segments) + 1
