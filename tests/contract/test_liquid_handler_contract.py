"""What every liquid handler keeps, whichever protocol it speaks; units uL, s."""

import asyncio
import hashlib
import math
from collections.abc import Callable, Coroutine
from typing import cast

import pytest

from automation.kernel.effect import Done, NotDone, Unknown
from automation.kernel.errors import CellwrightError, LinkError, RefusedError, UnknownError
from automation.kernel.quantity import Instant
from fakes.faults import FaultKind
from instruments.interfaces.liquid_handler import Cause, ChannelResult, Outcome
from tests.support.liquid_handlers import (
    HANDLERS,
    NAME,
    PRODUCT,
    Bench,
    Kind,
    by_channel,
    call,
    cancelled_after,
    draw,
    give,
    on_bench,
    pulled_after,
    tips,
    well,
)

pytestmark = pytest.mark.requirement("C03", "F119", "C06", "C07")

SENSING = [kind for kind in HANDLERS if kind.senses]
NO_DRAW = {
    "nothing": draw(0.0),
    "less than nothing": draw(-5.0),
    "no number": draw(math.nan),
    "without end": draw(math.inf),
    "more than a tip takes": draw(1000.1),
    "more than there is": draw(500.0, of=400.0),
    "out of a place that is not there": draw(100.0, at="vials.Z9"),
}
NO_GIVE = {
    "nothing": give(0.0),
    "less than nothing": give(-5.0),
    "no number": give(math.nan),
    "more than the tip holds": give(500.0, held=400.0),
    "more than the well takes": give(500.0, there=1600.0),
}


@pytest.fixture(params=HANDLERS, ids=lambda kind: kind.name)
def kind(request: pytest.FixtureRequest) -> Kind:
    """Give each kind of handler."""
    given = request.param
    assert isinstance(given, Kind)
    return given


@pytest.fixture(params=SENSING, ids=lambda kind: kind.name)
def sensing(request: pytest.FixtureRequest) -> Kind:
    """Give each kind of handler that senses tips and liquid."""
    given = request.param
    assert isinstance(given, Kind)
    return given


def test_a_handler_says_who_it_is_and_which_deck_it_works_with(kind: Kind) -> None:
    """The deck is named by the hash that recipe and record know."""

    async def work(bench: Bench) -> None:
        assert (await bench.handler.identify()).model
        assert (await bench.handler.deck()).sha256 == kind.deck.sha256

    on_bench(kind, work)


def test_a_vial_for_each_channel_is_filled(kind: Kind) -> None:
    """Every channel reports for itself, and the liquid is where it was put, within two per cent."""

    async def work(bench: Bench) -> None:
        await bench.ready()
        drawn = await bench.draws(*(draw(900.0, n) for n in kind.each))
        given = await bench.gives(*(give(900.0, n) for n in kind.each))
        dropped = by_channel(await bench.handler.drop(tips=tips(kind.channels, to="waste")))
        for results in (drawn, given, dropped):
            assert {n: r.outcome for n, r in results.items()} == dict.fromkeys(kind.each, Outcome.DONE)
        assert [bench.vial(n) for n in kind.each] == pytest.approx([900.0] * kind.channels, rel=0.02)
        assert not any((await bench.handler.look()).tips)

    on_bench(kind, work)


def test_a_delivered_volume_is_not_exactly_the_volume_asked_for(kind: Kind) -> None:
    """A pipettor has a spread, and the reconciliation has to live with it."""

    async def work(bench: Bench) -> None:
        await bench.ready()
        await bench.draws(*(draw(900.0, n) for n in kind.each))
        await bench.gives(*(give(900.0, n) for n in kind.each))
        assert len({round(bench.vial(n), 3) for n in kind.each}) == kind.channels

    on_bench(kind, work)


@pytest.mark.requirement("F119", "C03", refuses=True)
@pytest.mark.parametrize("what", NO_DRAW)
def test_what_can_not_be_drawn_is_refused_before_anything_moves(kind: Kind, what: str) -> None:
    """No byte crosses the wire for it."""

    async def work(bench: Bench) -> None:
        await bench.ready()
        bench.link.take_tape()
        with pytest.raises(RefusedError):
            await bench.draws(NO_DRAW[what])
        assert bench.link.take_tape() == []

    on_bench(kind, work)


@pytest.mark.requirement("F119", "C03", refuses=True)
@pytest.mark.parametrize("what", NO_GIVE)
def test_what_can_not_be_given_is_refused_before_anything_moves(kind: Kind, what: str) -> None:
    """No byte crosses the wire for it."""

    async def work(bench: Bench) -> None:
        await bench.ready()
        bench.link.take_tape()
        with pytest.raises(RefusedError):
            await bench.gives(NO_GIVE[what])
        assert bench.link.take_tape() == []

    on_bench(kind, work)


@pytest.mark.parametrize("channels", [(1, 1), (0,), (9,), ()], ids=str)
def test_channels_come_once_each_and_are_there(kind: Kind, channels: tuple[int, ...]) -> None:
    """Nothing moves for a channel that the handler does not have, or has once."""

    async def work(bench: Bench) -> None:
        await bench.ready()
        before = dict(bench.fake.acts)
        with pytest.raises(CellwrightError):
            await bench.draws(*(draw(100.0, channel) for channel in channels))
        assert bench.fake.acts == before

    on_bench(kind, work)


def test_a_spot_without_a_tip_is_one_channels_matter(sensing: Kind) -> None:
    """The channel beside it has its tip."""

    async def work(bench: Bench) -> None:
        await bench.ready(channels=1)
        await bench.handler.drop(tips=tips(1, to="waste"))
        results = by_channel(await bench.handler.pick_up(tips=tips(2)))
        assert (results[1].outcome, results[1].cause) == (Outcome.NOT_DONE, Cause.NO_TIP)
        assert results[2].outcome is Outcome.DONE
        assert (await bench.handler.look()).tips[:2] == (False, True)

    on_bench(sensing, work)


@pytest.mark.requirement("C03", refuses=True)
def test_no_second_tip_goes_onto_a_channel(kind: Kind) -> None:
    """It is refused, or the channel says that there is one."""

    async def work(bench: Bench) -> None:
        await bench.ready(channels=1)
        try:
            result = (await bench.handler.pick_up(tips=tips(1, column=2)))[0]
        except RefusedError:
            return
        assert (result.outcome, result.cause) == (Outcome.NOT_DONE, Cause.TIP_ALREADY)

    on_bench(kind, work)


def test_a_well_without_liquid_is_one_channels_matter(sensing: Kind) -> None:
    """The record may be wrong about a well; the device finds no level, and the neighbour draws."""

    async def work(bench: Bench) -> None:
        await bench.ready(channels=2)
        await bench.draws(draw(500.0, 2))
        await bench.gives(give(500.0, 2))
        results = await bench.draws(*(draw(100.0, n, of=500.0, at=well(n)) for n in (1, 2)))
        assert (results[1].outcome, results[1].cause) == (Outcome.NOT_DONE, Cause.NO_LIQUID)
        assert results[2].outcome is Outcome.DONE

    on_bench(sensing, work)


def test_a_clot_leaves_one_channel_in_doubt(sensing: Kind) -> None:
    """Something was drawn, and nobody knows how much."""

    async def work(bench: Bench) -> None:
        await bench.ready()
        bench.hand("clot", channel=2)
        results = await bench.draws(*(draw(500.0, n) for n in sensing.each))
        assert (results[2].outcome, results[2].cause) == (Outcome.UNKNOWN, Cause.CLOT)
        assert {r.outcome for n, r in results.items() if n != 2} == {Outcome.DONE}

    on_bench(sensing, work)


def test_a_lost_tip_is_never_taken_for_a_delivery(sensing: Kind) -> None:
    """What was in it lies somewhere; the sensor shows that it is gone."""

    async def work(bench: Bench) -> None:
        await bench.ready(channels=2)
        await bench.draws(*(draw(500.0, n) for n in (1, 2)))
        bench.hand("lose tip", channel=1)
        results = await bench.gives(*(give(500.0, n) for n in (1, 2)))
        assert results[1].outcome is not Outcome.DONE
        assert results[1].cause is Cause.TIP_LOST
        assert results[2].outcome is Outcome.DONE
        assert (await bench.handler.look()).tips[:2] == (False, True)

    on_bench(sensing, work)


def test_a_handler_that_is_ready_does_not_move_to_be_ready(kind: Kind) -> None:
    """After a restart the program may ask again."""

    async def work(bench: Bench) -> None:
        await bench.handler.set_up()
        before, begun = dict(bench.fake.acts), bench.clock.now()
        await bench.handler.set_up()
        assert bench.fake.acts == before
        assert bench.clock.now() == begun

    on_bench(kind, work)


def test_a_handler_is_not_set_up_over_tips(sensing: Kind) -> None:
    """Setting up throws tips away, and what is in them."""

    async def work(bench: Bench) -> None:
        await bench.ready()
        bench.hand("power", on=False)
        bench.hand("power", on=True)
        with pytest.raises(CellwrightError):
            await bench.handler.set_up()
        assert all((await bench.handler.look()).tips)

    on_bench(sensing, work)


async def chunks(bench: Bench, work: Coroutine[object, object, object]) -> int:
    """Tell how many chunks of bytes some work sends."""
    before = bench.plant.faults.acts.get(NAME, 0)
    await work
    return bench.plant.faults.acts[NAME] - before


async def last_frame_of_a_pick_up(bench: Bench) -> int:
    """Tell which chunk of a pick up is the one that moves: its last; and leave the channels without tips."""
    count = 0
    for column in (11, 12):
        count = await chunks(bench, bench.handler.pick_up(tips=tips(1, column=column)))
        await bench.handler.drop(tips=tips(1, to="waste"))
    return count


@pytest.mark.parametrize("what", ["pick_up", "drop"])
def test_a_move_of_tips_whose_answer_was_lost_is_settled_by_asking(kind: Kind, what: str) -> None:
    """The device knows of each channel whether it came to it; nothing is repeated to find out."""

    async def work(bench: Bench) -> None:
        await bench.ready(channels=2 if what == "drop" else 0)
        moves = tips(2, to="waste" if what == "drop" else "")
        act = bench.handler.drop(tips=moves) if what == "drop" else bench.handler.pick_up(tips=moves)
        await pulled_after(act, bench=bench, seconds=2.0)
        begun = dict(bench.fake.acts)
        found = await bench.handler.reconcile(call(what, tips=moves))
        assert bench.fake.acts == begun
        assert isinstance(found, Done)
        done = [one.outcome is Outcome.DONE for one in cast("tuple[ChannelResult, ...]", found.reply)]
        assert [on is (what == "pick_up") for on in (await bench.handler.look()).tips[:2]] == done
        assert done[0]

    on_bench(kind, work)


def test_a_pick_up_that_never_reached_the_device_is_seen_as_not_done(kind: Kind) -> None:
    """So that it may be asked for once more."""

    async def work(bench: Bench) -> None:
        await bench.handler.set_up()
        bench.fault(FaultKind.LOSE_COMMAND, at=await last_frame_of_a_pick_up(bench))
        begun = bench.fake.acts["pick up"]
        with pytest.raises(UnknownError):
            await bench.handler.pick_up(tips=tips(1))
        assert isinstance(await bench.handler.reconcile(call("pick_up", tips=tips(1))), NotDone)
        assert bench.fake.acts["pick up"] == begun

    on_bench(kind, work)


def test_a_draw_whose_answer_was_lost_is_never_said_not_to_have_happened(kind: Kind) -> None:
    """The device says what it did, or it can't say; a second draw is not asked for by itself."""

    async def work(bench: Bench) -> None:
        await bench.ready()
        moves = tuple(draw(500.0, n) for n in kind.each)
        await pulled_after(bench.handler.aspirate(moves=moves, containers=PRODUCT), bench=bench, seconds=2.0)
        begun = dict(bench.fake.acts)
        found = await bench.handler.reconcile(call("aspirate", moves=moves, containers=PRODUCT))
        assert isinstance(found, Done | Unknown)
        assert bench.fake.acts == begun

    on_bench(kind, work)


def test_a_draw_that_is_cancelled_halfway_stays_in_doubt_and_the_next_question_gets_its_own_answer(kind: Kind) -> None:
    """The late answer meets nobody, and nobody takes it for his own."""

    async def work(bench: Bench) -> None:
        await bench.ready()
        moves = tuple(draw(500.0, n) for n in kind.each)
        act = bench.handler.aspirate(moves=moves, containers=PRODUCT)
        assert await cancelled_after(act, bench=bench, seconds=3.0)
        found = await bench.handler.reconcile(call("aspirate", moves=moves, containers=PRODUCT))
        assert isinstance(found, Done | Unknown)
        assert all((await bench.handler.look()).tips)
        assert bench.fake.acts["aspirate"] == 1

    on_bench(kind, work)


@pytest.mark.parametrize("fault", [FaultKind.GARBLE_REPLY, FaultKind.CUT_REPLY, FaultKind.NOISE, FaultKind.LOSE_LINK])
def test_a_broken_answer_is_never_a_success(kind: Kind, fault: FaultKind) -> None:
    """Either the call ends in doubt, or the answer was whole after all and says what the world shows."""

    async def work(bench: Bench) -> None:
        await bench.ready(channels=1)
        bench.fault(fault)
        with pytest.raises(UnknownError):
            await bench.draws(draw(500.0))
        assert all((await bench.handler.look()).tips[:1])

    on_bench(kind, work)


@pytest.mark.parametrize("state", ["new", "ready", "with tips", "with liquid"])
def test_power_that_fails_at_rest_leaves_a_handler_that_says_it_is_not_ready(kind: Kind, state: str) -> None:
    """It answers nothing, then it answers, and until it is set up it is not ready; nothing moves by itself."""

    async def work(bench: Bench) -> None:
        if state != "new":
            await bench.ready(channels=0 if state == "ready" else 2)
        if state == "with liquid":
            await bench.draws(draw(100.0), draw(100.0, 2))
        bench.hand("power", on=False)
        with pytest.raises(UnknownError):
            await bench.handler.look()
        await comes_back_at_rest(bench)

    on_bench(kind, work)


@pytest.mark.parametrize("what", ["set_up", "pick_up", "aspirate", "dispense", "drop"])
def test_power_that_fails_in_a_motion_leaves_it_in_doubt(kind: Kind, what: str) -> None:
    """Nobody says that it was done, or that it was not."""

    async def work(bench: Bench) -> None:
        if what != "set_up":
            await bench.ready(channels=0 if what == "pick_up" else 2)
        if what == "dispense":
            await bench.draws(draw(100.0), draw(100.0, 2))
        motions: dict[str, Callable[[], Coroutine[object, object, object]]] = {
            "set_up": bench.handler.set_up,
            "pick_up": lambda: bench.handler.pick_up(tips=tips(2)),
            "aspirate": lambda: bench.draws(draw(100.0), draw(100.0, 2)),
            "dispense": lambda: bench.gives(give(100.0), give(100.0, 2)),
            "drop": lambda: bench.handler.drop(tips=tips(2, to="waste")),
        }
        asyncio.get_running_loop().call_later(1.5, lambda: bench.hand("power", on=False))
        with pytest.raises(UnknownError):
            await motions[what]()
        await comes_back_at_rest(bench)

    on_bench(kind, work)


async def comes_back_at_rest(bench: Bench) -> None:
    """Give power again: the handler is not ready, and nothing has moved."""
    bench.hand("power", on=True)
    begun = dict(bench.fake.acts)
    assert not (await bench.handler.look()).ready
    assert bench.fake.acts == begun


def test_a_link_that_comes_back_moves_nothing(kind: Kind) -> None:
    """The tips are still on, and the next command is somebody's decision."""

    async def work(bench: Bench) -> None:
        await bench.ready()
        begun = dict(bench.fake.acts)
        bench.pull()
        with pytest.raises(LinkError):
            await bench.handler.look()
        await bench.link.open()
        assert all((await bench.handler.look()).tips)
        assert bench.fake.acts == begun

    on_bench(kind, work)


def test_two_calls_at_once_go_one_after_the_other(kind: Kind) -> None:
    """One command is in flight; a look waits until the arm is back."""

    async def work(bench: Bench) -> None:
        await bench.handler.set_up()
        picked, seen = await asyncio.gather(bench.handler.pick_up(tips=tips(kind.channels)), bench.handler.look())
        assert {result.outcome for result in picked} == {Outcome.DONE}
        assert seen.channels == kind.channels

    on_bench(kind, work)


@pytest.mark.requirement("C03", "C06", refuses=True)
def test_a_handler_without_control_only_answers(kind: Kind) -> None:
    """It says who it is, and moves nothing."""

    async def work(bench: Bench) -> None:
        await bench.handler.identify()
        for act in (
            bench.handler.set_up(),
            bench.handler.pick_up(tips=tips(1)),
            bench.draws(draw(100.0)),
            bench.gives(give(100.0)),
            bench.handler.drop(tips=tips(1)),
        ):
            with pytest.raises(RefusedError):
                await act
        assert set(bench.fake.acts.values()) == {0}

    on_bench(kind, work, control=False)


def test_the_same_day_twice_is_the_same_bytes_at_the_same_times(kind: Kind) -> None:
    """Whatever threads a driver uses."""

    async def work(bench: Bench) -> tuple[str, Instant]:
        await bench.ready()
        await bench.draws(*(draw(900.0, n) for n in kind.each))
        bench.hand("clot", channel=2)
        await bench.draws(draw(50.0, 2))
        await bench.gives(*(give(900.0, n) for n in kind.each))
        said = repr(bench.link.take_tape()) + repr([bench.vial(n) for n in kind.each])
        return hashlib.sha256(said.encode()).hexdigest(), bench.clock.now()

    assert len({on_bench(kind, work) for _ in range(3)}) == 1


@pytest.mark.parametrize("volume", [20.0, 333.3, 1000.0])
def test_nothing_is_lost_on_the_way(kind: Kind, volume: float) -> None:
    """What left the trough is in vials, tips and waste: millilitres and cells of the world stay what they were."""

    async def work(bench: Bench) -> None:
        before = bench.world.total()
        await bench.ready()
        await bench.draws(*(draw(volume, n) for n in kind.each))
        bench.hand("lose tip", channel=2)
        await bench.gives(*(give(volume, n) for n in kind.each))
        await bench.handler.drop(tips=tuple(move for move in tips(kind.channels, to="waste") if move.channel != 2))
        after = bench.world.total()
        assert float(after.volume) == pytest.approx(float(before.volume), rel=1e-12)
        assert float(after.cells) == pytest.approx(float(before.cells), rel=1e-12)

    on_bench(kind, work)
