"""Our own liquid handler and its driver: transports, doubt, and a link that fails; units uL, s."""

import asyncio
from collections.abc import Coroutine
from dataclasses import replace

import pytest

from automation.kernel.effect import Call, Done, NotDone, Reconciled, Unknown
from automation.kernel.errors import InputError, LinkError, RefusedError, UnknownError, WireError
from automation.kernel.quantity import Microlitres
from fakes.faults import FaultKind
from instruments.drivers.own_handler.driver import FACTORY
from instruments.interfaces.liquid_handler import Aspirate, Cause, Outcome, TipMove
from tests.support.handlers import Bench, Wish, aspirate, dispense, draw, give, on_bench, tips
from tests.support.persons import no_link

pytestmark = pytest.mark.requirement("F119", "C06", "C07")

DRAWN = draw(500.0)


async def asked(bench: Bench, *moves: Aspirate) -> Reconciled:
    """Ask how an open aspiration ended."""
    return await bench.handler.reconcile(Call("handler", "aspirate", {"moves": moves, "containers": ()}))


@pytest.mark.parametrize("kind", ["memory", "pty", "tcp"])
def test_a_transfer_goes_over_every_transport(kind: str) -> None:
    """What leaves the trough arrives in the vial."""

    async def work(bench: Bench) -> None:
        await bench.ready()
        await aspirate(bench, DRAWN)
        (one,) = await dispense(bench, give(500.0))
        assert one.outcome is Outcome.DONE
        assert bench.holds("vial1") == pytest.approx(500.0, rel=0.02)
        assert bench.fake.acts == {"set up": 1, "pick up": 1, "drop": 0, "aspirate": 1, "dispense": 1}

    on_bench(Wish(kind=kind), work)


def test_one_operation_is_one_exchange_whatever_the_number_of_channels() -> None:
    """Eight channels, one line each way."""

    async def work(bench: Bench) -> None:
        await bench.ready(channels=8)
        bench.link.take_tape()
        await aspirate(bench, *(draw(100.0, channel=number) for number in range(1, 9)))
        (exchanged,) = bench.link.take_tape()
        assert exchanged.sent.count(b"\n") == exchanged.received.count(b"\n") == 1

    on_bench(Wish(), work)


def test_a_motion_takes_its_time_and_its_reply_comes_when_it_is_over() -> None:
    """Two seconds and 500 uL at 100 uL/s; mixed three times with 500 uL at 250 uL/s, twelve more."""

    async def work(bench: Bench) -> None:
        await bench.ready()
        times = []
        for mix in (0, 3):
            begun = asyncio.get_running_loop().time()
            await aspirate(bench, draw(500.0, mix=mix))
            times.append(asyncio.get_running_loop().time() - begun)
        assert times == pytest.approx([7.0, 19.0], abs=1e-3)

    on_bench(Wish(), work)


@pytest.mark.parametrize("fault", [FaultKind.LOSE_REPLY, FaultKind.GARBLE_REPLY, FaultKind.CUT_REPLY])
def test_a_reply_that_was_lost_or_broken_is_asked_for(fault: FaultKind) -> None:
    """The device drew once, and its last motion tells how it went."""

    async def work(bench: Bench) -> None:
        await bench.ready()
        bench.fault(fault)
        with pytest.raises((LinkError, WireError)):
            await aspirate(bench, DRAWN)
        settled = await asked(bench, DRAWN)
        assert isinstance(settled, Done)
        assert bench.fake.acts["aspirate"] == 1

    on_bench(Wish(), work)


def test_a_command_that_was_lost_was_not_done() -> None:
    """Also after the same was done once before: what the record knew then was something else."""

    async def work(bench: Bench) -> None:
        await bench.ready()
        await aspirate(bench, DRAWN)
        again = replace(DRAWN, in_tip=Microlitres(500.0), in_well=Microlitres(19_500.0))
        bench.fault(FaultKind.LOSE_COMMAND)
        with pytest.raises(LinkError):
            await aspirate(bench, again)
        assert await asked(bench, again) == NotDone()
        assert bench.holds("trough") == pytest.approx(19_500.0, rel=1e-3)

    on_bench(Wish(), work)


def test_an_attempt_that_found_no_liquid_is_not_taken_for_the_next_one() -> None:
    """The same call with the same knowledge, answered once and lost once."""

    async def work(bench: Bench) -> None:
        await bench.ready()
        empty = replace(draw(200.0, well="vials.A1"), in_well=Microlitres(1000.0))
        (one,) = await aspirate(bench, empty)
        assert one.cause is Cause.NO_LIQUID
        bench.fault(FaultKind.LOSE_COMMAND)
        with pytest.raises(LinkError):
            await aspirate(bench, empty)
        assert await asked(bench, empty) == NotDone()

    on_bench(Wish(), work)


def test_a_cancelled_aspiration_is_settled_when_the_device_has_ended_it() -> None:
    """The late reply of the motion is not taken for the answer to the question."""

    async def work(bench: Bench) -> None:
        await bench.ready()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(3.0):
                await aspirate(bench, DRAWN)
        settled = await asked(bench, DRAWN)
        assert isinstance(settled, Done)
        assert bench.fake.acts["aspirate"] == 1

    on_bench(Wish(), work)


def test_power_lost_in_mid_aspiration_leaves_a_doubt_that_only_a_person_can_settle() -> None:
    """Liquid was drawn, but the device can't say how much; after power it has to be set up, tips off first."""

    async def work(bench: Bench) -> None:
        await bench.ready()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(3.0):
                await aspirate(bench, DRAWN)
        bench.hand("power", on=False)
        bench.hand("power", on=True)
        settled = await asked(bench, DRAWN)
        assert isinstance(settled, Unknown)
        assert "lost how its motion" in settled.why
        with pytest.raises(RefusedError, match="not set up"):
            await aspirate(bench, DRAWN)
        await bench.handler.drop(tips=tips(1, spot="waste"))
        await bench.handler.set_up()

    on_bench(Wish(), work)


def test_a_device_without_power_is_silent() -> None:
    """Nobody can say before it is back; then the last motion is told as it was."""

    async def work(bench: Bench) -> None:
        await bench.ready()
        await aspirate(bench, DRAWN)
        bench.hand("power", on=False)
        with pytest.raises(UnknownError):
            await dispense(bench, give(500.0))
        bench.hand("power", on=True)
        call = Call("handler", "dispense", {"moves": (give(500.0),), "containers": ()})
        assert await bench.handler.reconcile(call) == NotDone()
        assert (await bench.handler.look()).tips[0]

    on_bench(Wish(), work)


def test_doubt_about_tips_is_settled_by_the_last_motion() -> None:
    """Picked up, not dropped."""

    async def work(bench: Bench) -> None:
        await bench.ready()
        assert isinstance(await bench.handler.reconcile(Call("handler", "pick_up", {"tips": tips(2)})), NotDone)
        dropped = tips(1, spot="waste")
        bench.fault(FaultKind.LOSE_REPLY)
        with pytest.raises(LinkError):
            await bench.handler.drop(tips=dropped)
        assert isinstance(await bench.handler.reconcile(Call("handler", "drop", {"tips": dropped})), Done)
        assert await bench.handler.reconcile(Call("handler", "set_up", {})) == Done()
        assert isinstance(await bench.handler.reconcile(Call("handler", "dance", {})), Unknown)

    on_bench(Wish(), work)


def test_after_a_pulled_cable_the_doubt_is_settled_when_it_is_back() -> None:
    """The link opens anew before it asks."""

    async def work(bench: Bench) -> None:
        await bench.ready()
        bench.fault(FaultKind.LOSE_LINK)
        with pytest.raises(LinkError):
            await aspirate(bench, DRAWN)
        assert isinstance(await asked(bench, DRAWN), Done)

    on_bench(Wish(), work)


@pytest.mark.parametrize("move", [TipMove(9, "tips.A1"), TipMove(0, "tips.A1"), TipMove(1, "vials.A1")])
def test_a_tip_of_another_channel_or_another_place_is_refused(move: TipMove) -> None:
    """Before a byte is sent."""

    async def work(bench: Bench) -> None:
        await bench.handler.set_up()
        bench.link.take_tape()
        motions: list[Coroutine[object, object, object]] = [
            bench.handler.pick_up(tips=(move,)),
            bench.handler.drop(tips=(move,)),
        ]
        for motion in motions:
            with pytest.raises(RefusedError):
                await motion
        assert bench.link.take_tape() == []

    on_bench(Wish(), work)


@pytest.mark.parametrize("given", [{"channels": "0"}, {"channels": "many"}, {"deck": "none such"}])
def test_a_setting_that_is_none_is_refused(given: dict[str, str]) -> None:
    """Named with its value."""
    with pytest.raises(InputError, match=next(iter(given))):
        FACTORY.build(no_link("handler"), given, control=True)
