"""What the Rotea's driver keeps, on the node port in memory and through OPC UA on loopback; units mL, s."""

from collections.abc import Iterator

import pytest

from automation.kernel.effect import Call, Done, NotDone
from automation.kernel.errors import RefusedError
from fakes.rotea import WASH
from instruments.interfaces.cell_washer import (
    Acknowledgement,
    Kit,
    Waiting,
    WasherState,
    WashParameter,
    WashProgram,
)
from tests.support.washers import NAME, PRODUCT, SOURCE, VALUES, Bench, Hall, Wish, hall, on_bench, program

pytestmark = pytest.mark.requirement("F016", "C04", "C06", "C07")


@pytest.fixture(scope="module")
def served() -> Iterator[Hall]:
    """Keep one server for all tests."""
    with hall() as made:
        yield made


@pytest.fixture(params=["node port in memory", "OPC UA on loopback"])
def wish(request: pytest.FixtureRequest, served: Hall) -> Wish:
    """Give each way to the washer."""
    return Wish(hall=served if request.param == "OPC UA on loopback" else None)


def test_a_prepared_protocol_runs_to_its_end_and_the_cells_are_in_the_product_bag(wish: Wish) -> None:
    """Prime, load, wash and recovery; one preparation, one start; the driver sees what truly flowed within 1 %."""

    async def work(bench: Bench) -> None:
        asked = await bench.prepared()
        assert await bench.washer.prepared(program=asked) == asked
        assert (await bench.washer.look()).state is WasherState.READY_TO_START
        await bench.washer.start(source=SOURCE, product=PRODUCT)
        assert (await bench.washer.look()).state is WasherState.RUNNING
        ended = await bench.until(WasherState.READY)
        assert (ended.state, ended.step, ended.runs) == (WasherState.READY, 0, 1)
        flows = await bench.washer.flows()
        assert flows.processed == pytest.approx(VALUES[0])
        assert flows.collected == pytest.approx(float(bench.contents(PRODUCT.id).volume), rel=0.01)
        assert 0.9 < float(bench.contents(PRODUCT.id).live) / (9.0e8 * 300 / 320) < 1.0
        assert (bench.fake.acts["prepare"], bench.fake.acts["start"]) == (1, 1)

    on_bench(wish, work)


def test_the_same_program_twice_is_one_program(wish: Wish) -> None:
    """It is read back first, and sent only when something differs."""

    async def work(bench: Bench) -> None:
        asked = await bench.prepared()
        await bench.washer.prepare(program=asked)
        assert bench.fake.acts["prepare"] == 1
        await bench.prepared(250, *VALUES[1:])
        assert bench.fake.acts["prepare"] == 2

    on_bench(wish, work)


def test_a_bubble_waits_for_a_person_and_is_answered_once(wish: Wish) -> None:
    """Continued in the step that waited; a second answer to the same wait is refused."""

    async def work(bench: Bench) -> None:
        await bench.running()
        await bench.passes(60.0)
        bench.hand("bubble")
        seen = await bench.washer.look()
        assert (seen.state, seen.waiting, seen.step) == (WasherState.PAUSED, Waiting.BUBBLE, 2)
        await bench.washer.acknowledge(waiting=Waiting.BUBBLE, answer=Acknowledgement.CONTINUE, step=2)
        with pytest.raises(RefusedError, match="no longer waits for bubble in step 2"):
            await bench.washer.acknowledge(waiting=Waiting.BUBBLE, answer=Acknowledgement.CONTINUE, step=2)
        assert bench.fake.acts["acknowledge"] == 1
        assert (await bench.until(WasherState.READY)).state is WasherState.READY

    on_bench(wish, work)


def test_a_run_is_led_to_its_recovery_by_skipping(wish: Wish) -> None:
    """Paused in the loading, then step by step to the recovery: what was loaded comes into the product bag."""

    async def work(bench: Bench) -> None:
        await bench.running()
        await bench.passes(120.0)
        await bench.washer.pause()
        assert (await bench.washer.look()).waiting is Waiting.PAUSED_BY_PROGRAM
        for step in (2, 3):
            await bench.washer.skip(step=step)
        with pytest.raises(RefusedError, match="step 3 can't be skipped"):
            await bench.washer.skip(step=3)
        await bench.until(WasherState.READY)
        assert float(bench.contents(PRODUCT.id).live) > 2.0e8
        assert (bench.fake.acts["pause"], bench.fake.acts["skip"]) == (1, 2)

    on_bench(wish, work)


@pytest.mark.requirement("F016", "F019", "C04", refuses=True)
@pytest.mark.parametrize(
    ("changed", "why"),
    [
        (WashProgram("Other", "0" * 32, ()), "select 'Other' in Run Manager"),
        (WashProgram(WASH, "0" * 32, ()), "checksum .*; approved is 0000"),
        (WashProgram(WASH, "", ()), "approved is none"),
    ],
)
def test_another_protocol_or_checksum_than_approved_is_refused(wish: Wish, changed: WashProgram, why: str) -> None:
    """Nothing is set and nothing is sent."""

    async def work(bench: Bench) -> None:
        with pytest.raises(RefusedError, match=why):
            await bench.washer.prepare(program=changed)
        assert bench.fake.acts["prepare"] == 0

    on_bench(wish, work)


@pytest.mark.requirement("F016", "F019", "C04", refuses=True)
def test_a_protocol_that_was_changed_after_its_approval_is_refused(wish: Wish) -> None:
    """The washer's own check sum tells it."""

    async def work(bench: Bench) -> None:
        approved = program(bench.fake)
        bench.hand("edit", protocol=WASH, revision="B")
        with pytest.raises(RefusedError, match=f"approved is {approved.checksum}"):
            await bench.washer.prepare(program=approved)

    on_bench(wish, work)


@pytest.mark.requirement("C04", refuses=True)
@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("Wash volume (mL)", 2**31, "an Int32 is needed"),
        ("Wash volume (mL)", 6000, "is OutOfRange"),
        ("Wash volume", 100, "does not have 'Wash volume'"),
    ],
)
def test_a_parameter_that_the_washer_does_not_take_is_refused_by_its_name(
    wish: Wish, name: str, value: int, why: str
) -> None:
    """Unknown, too large for the wire, or out of the protocol's range: nothing is sent."""

    async def work(bench: Bench) -> None:
        asked = program(bench.fake)
        changed = tuple(WashParameter(name, value) if p.name.startswith("Wash volume") else p for p in asked.parameters)
        with pytest.raises(RefusedError, match=why):
            await bench.washer.prepare(program=WashProgram(asked.name, asked.checksum, changed))
        assert bench.fake.acts["prepare"] == 0

    on_bench(wish, work)


def test_kit_and_door_are_looked_at_before_anything_is_prepared_or_started(wish: Wish) -> None:
    """The refusal names which of them it is; the run is not started."""

    async def work(bench: Bench) -> None:
        asked = program(bench.fake)
        bench.hand("kit", id="KIT-2", valid=False)
        assert (await bench.washer.look()).kit is Kit.NOT_VALID
        with pytest.raises(RefusedError, match="kit KIT-2 is not valid"):
            await bench.washer.prepare(program=asked)
        bench.hand("kit", id="KIT-3")
        await bench.washer.prepare(program=asked)
        bench.hand("door", open=True)
        with pytest.raises(RefusedError, match="door is not closed"):
            await bench.washer.start(source=SOURCE, product=PRODUCT)
        assert bench.fake.acts["start"] == 0

    on_bench(wish, work)


def test_without_control_it_only_looks(wish: Wish) -> None:
    """Every act is refused before the washer is asked."""

    async def work(bench: Bench) -> None:
        assert (await bench.washer.look()).kit_id == "KIT-1"
        for act in (bench.washer.prepare(program=program(bench.fake)), bench.washer.pause(), bench.washer.skip(step=1)):
            with pytest.raises(RefusedError, match="needs control"):
                await act

    on_bench(Wish(hall=wish.hall, control=False), work)


def test_the_washer_says_whether_an_open_call_took_effect(wish: Wish) -> None:
    """Asked by state, wait and step; only reads."""

    async def work(bench: Bench) -> None:
        asked = await bench.prepared()
        prepare, start = Call(NAME, "prepare", {"program": asked}), Call(NAME, "start", {})
        skip = Call(NAME, "skip", {"step": 2})
        assert await bench.washer.reconcile(prepare) == Done()
        assert await bench.washer.reconcile(start) == NotDone()
        await bench.washer.start(source=SOURCE, product=PRODUCT)
        assert await bench.washer.reconcile(start) == Done()
        await bench.passes(60.0)
        assert await bench.washer.reconcile(skip) == NotDone()
        await bench.washer.skip(step=2)
        assert await bench.washer.reconcile(skip) == Done()

    on_bench(wish, work)
