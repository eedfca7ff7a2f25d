"""The STAR driver: what it refuses, what it makes of the firmware's words, and what its thread leaves behind; uL, s."""

import asyncio
import gc
import json
import subprocess
import sys
import threading
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path

import pytest

from automation.kernel.clock import SimulatedClock, SystemClock, run_simulated
from automation.kernel.effect import NotDone, Unknown
from automation.kernel.errors import FailedError, InputError, RefusedError, UnknownError
from automation.kernel.quantity import Microlitres
from fakes.faults import FaultKind
from fakes.hamilton_star import FakeHamiltonStar
from fakes.serve import FastClock, Seat, serving
from fakes.world import World
from instruments.drivers.hamilton_star import outcomes, wire
from instruments.drivers.hamilton_star.driver import HamiltonStar, build
from instruments.drivers.hamilton_star.engine import MOTION
from instruments.interfaces.device import Identity
from instruments.interfaces.liquid_handler import Aspirate, Cause, Outcome, TipMove
from instruments.labware.deck import Deck, read
from instruments.transport import Link, MemoryStream
from instruments.transport.ports import open_stream
from tests.support.liquid_handlers import (
    DECK,
    HANDLERS,
    NAME,
    START,
    Bench,
    call,
    cancelled_after,
    draw,
    give,
    on_bench,
    tips,
)

STAR = next(kind for kind in HANDLERS if kind.name == "hamilton star")
SETTINGS = {"deck": "final-day-star"}
PRODUCT = ()
ROOT = Path(__file__).parents[4]

pytestmark = pytest.mark.requirement("C03", "C06")


@dataclass(slots=True)
class FarEnd:
    """A STAR at the end of a cable in memory, some of whose answers are replaced by a text after the id."""

    fake: FakeHamiltonStar
    instead: dict[str, str]
    stream: MemoryStream
    sent: list[str]

    def take(self, data: bytes) -> None:
        """Answer one frame at once."""
        text = wire.last(data)
        self.sent.append(text)
        answer = self.fake.feed(data, START) or self.fake.unasked(LATER)
        if text[:4] in self.instead:
            answer = wire.transfer(text[:10] + self.instead[text[:4]])
        self.stream.deliver(answer)


LATER = type(START)(float(START) + 1e6)


def with_answers(
    work: Callable[[HamiltonStar, FarEnd], Coroutine[object, object, None]], *, deck: Deck = DECK, **instead: str
) -> None:
    """Work on a STAR, some of whose answers are replaced."""

    async def main(_clock: SimulatedClock) -> None:
        stream = MemoryStream()
        far = FarEnd(FakeHamiltonStar(World(1), NAME, deck), instead, stream, [])
        stream.peer = far.take
        link = Link(stream, name=NAME)
        await link.open()
        await work(HamiltonStar(link, deck, rate=100.0, identity=Identity("", "", ""), control=True), far)

    run_simulated(main, start=START)


WRONG_WAY = {
    "channels that would pass each other": (draw(50.0, 1, at="vials.B1"), draw(50.0, 2, at="vials.A1")),
    "two channels in one vial": (draw(50.0, 1, at="vials.A1"), draw(50.0, 2, at="vials.A1")),
    "channels with too little room between": (draw(50.0, 1, at="vials.A1"), draw(50.0, 8, at="vials.B1")),
    "liquid out of the waste": (draw(50.0, 1, at="waste"),),
    "liquid out of the tip rack": (draw(50.0, 1, at="tips.A1"),),
    "less than a step of the wire": (draw(0.04),),
    "a hundred cycles of mixing": (
        Aspirate(1, "trough.A1", Microlitres(50.0), Microlitres(900.0), Microlitres(0.0), Microlitres(50.0), 100),
    ),
}


@pytest.mark.requirement("C03", refuses=True)
@pytest.mark.parametrize("what", WRONG_WAY)
def test_what_the_arm_can_not_do_is_refused_before_a_byte_is_sent(what: str) -> None:
    """PyLabRobot looks at distances only, and only at those in one column."""

    async def work(bench: Bench) -> None:
        await bench.ready()
        bench.link.take_tape()
        with pytest.raises(RefusedError):
            await bench.draws(*WRONG_WAY[what])
        assert bench.link.take_tape() == []

    on_bench(STAR, work)


def test_tips_go_to_one_kind_of_place_in_one_command() -> None:
    """The command has one height; over the waste it is another than over the rack."""

    async def work(bench: Bench) -> None:
        await bench.ready(channels=2)
        with pytest.raises(RefusedError, match="one height"):
            await bench.handler.drop(tips=(TipMove(1, "tips.A1"), TipMove(2, "waste")))
        results = await bench.handler.drop(tips=tips(2))
        assert {result.outcome for result in results} == {Outcome.DONE}
        assert bench.fake.acts["drop"] == 1

    on_bench(STAR, work)


def test_channels_may_be_named_in_any_order() -> None:
    """PyLabRobot wants them in order; each result names its channel."""

    async def work(bench: Bench) -> None:
        await bench.ready()
        results = await bench.draws(*(draw(100.0 * n, n) for n in (3, 1, 2)))
        given = await bench.gives(*(give(100.0 * n, n) for n in (2, 3, 1)))
        assert {r.outcome for r in (*results.values(), *given.values())} == {Outcome.DONE}
        assert [bench.vial(n) for n in (1, 2, 3)] == pytest.approx([100.0, 200.0, 300.0], rel=0.03)

    on_bench(STAR, work)


def test_every_result_carries_the_words_of_the_firmware() -> None:
    """So that an investigation can start from what the device wrote."""

    async def work(bench: Bench) -> None:
        await bench.ready(channels=2)
        bench.hand("clot", channel=2)
        results = await bench.draws(draw(100.0, 1), draw(100.0, 2))
        assert results[2].raw == results[1].raw
        assert results[2].raw.endswith("er99/00 P204/81")
        assert "clot detected" in results[2].why
        assert results[1].outcome is Outcome.DONE

    on_bench(STAR, work)


def test_a_tip_that_the_record_takes_for_empty_is_not_overfilled() -> None:
    """The device stops; how much is in the tip nobody knows."""

    async def work(bench: Bench) -> None:
        await bench.ready(channels=1)
        await bench.draws(draw(900.0))
        result = (await bench.draws(draw(900.0)))[1]
        assert (result.outcome, result.cause) == (Outcome.UNKNOWN, Cause.OTHER)

    on_bench(STAR, work)


def test_drives_that_are_not_initialised_move_no_tip() -> None:
    """Each channel says so, which is a known outcome."""

    async def work(bench: Bench) -> None:
        results = await bench.handler.pick_up(tips=tips(2))
        assert {(r.outcome, r.cause) for r in results} == {(Outcome.NOT_DONE, Cause.OTHER)}

    on_bench(STAR, work)


@pytest.mark.parametrize(
    ("said", "error"),
    [
        ("er02/55", UnknownError),  # the master's own error, of no channel
        ("er99/00 P104/81 X002/52", UnknownError),  # a channel and the arm
        ("er99/00 H002/55", UnknownError),
        ("er99/00", UnknownError),
        ("er01/32", FailedError),  # the command was not taken
        ("er00/10", UnknownError),
    ],
)
def test_an_error_that_is_not_of_channels_alone_is_doubt(said: str, error: type[Exception]) -> None:
    """But for a command that the master did not take: nothing moved."""

    async def work(star: HamiltonStar, _far: FarEnd) -> None:
        await star.set_up()
        with pytest.raises(error):
            await star.aspirate(moves=(draw(100.0),), containers=PRODUCT)

    with_answers(work, C0AS=said)


def test_an_answer_without_what_was_asked_for_is_not_guessed() -> None:
    """A look that can't be read is doubt, not eight bare channels."""

    async def work(star: HamiltonStar, _far: FarEnd) -> None:
        with pytest.raises(UnknownError):
            await star.look()

    with_answers(work, C0RT="er00/00")


def test_what_pylabrobot_refuses_before_it_sends_is_refused() -> None:
    """A well that the arm does not reach is PyLabRobot's to know."""
    plain = json.dumps(
        {
            "name": "far",
            "version": "1",
            "handler": "STAR",
            "tip": {"kind": "any", "holds": 1000.0, "length": 95.1},
            "labware": {
                "far": {
                    "kind": "tubes", "x": 400.0, "y": 700.0, "z": 120.0,
                    "positions": {"A1": {"x": 0.0, "y": 0.0, "z": 0.0, "holds": 2000.0, "depth": 40.0}},
                }
            },
        }
    )  # fmt: skip

    async def work(star: HamiltonStar, far: FarEnd) -> None:
        await star.set_up()
        far.sent.clear()
        with pytest.raises(RefusedError, match="nothing that moves was sent"):
            await star.aspirate(moves=(draw(100.0, of=500.0, at="far.A1"),), containers=PRODUCT)
        assert [text for text in far.sent if text[:4] in MOTION] == []

    with_answers(work, deck=read(plain.encode(), where="here"))


@pytest.mark.parametrize(
    ("what", "code", "expected"),
    [
        ("pick_up", (8, 75), (Outcome.NOT_DONE, Cause.NO_TIP)),
        ("pick_up", (7, 76), (Outcome.NOT_DONE, Cause.TIP_ALREADY)),
        ("drop", (2, 77), (Outcome.NOT_DONE, Cause.OTHER)),
        ("aspirate", (6, 70), (Outcome.NOT_DONE, Cause.NO_LIQUID)),
        ("aspirate", (6, 71), (Outcome.UNKNOWN, Cause.NO_LIQUID)),
        ("aspirate", (4, 81), (Outcome.UNKNOWN, Cause.CLOT)),
        ("aspirate", (17, 80), (Outcome.UNKNOWN, Cause.PRESSURE)),
        ("dispense", (8, 75), (Outcome.UNKNOWN, Cause.TIP_LOST)),
        ("dispense", (2, 54), (Outcome.UNKNOWN, Cause.OTHER)),
        ("aspirate", (27, 0), (Outcome.NOT_DONE, Cause.POSITION)),
        ("aspirate", (2, 61), (Outcome.NOT_DONE, Cause.OTHER)),
        ("aspirate", (2, 62), (Outcome.UNKNOWN, Cause.OTHER)),
        ("aspirate", (98, 99), (Outcome.UNKNOWN, Cause.OTHER)),
    ],
)
def test_a_code_means_not_done_only_where_it_says_so(
    what: str, code: wire.Code, expected: tuple[Outcome, Cause]
) -> None:
    """What nobody documented is unknown."""
    mine, other = outcomes.results(what, (2, 1), {1: code}, raw="raw")
    assert (mine.channel, mine.outcome, mine.cause) == (1, *expected)
    assert (other.channel, other.outcome) == (2, Outcome.DONE)


def test_after_doubt_the_ids_of_frames_go_on() -> None:
    """So that a late answer never fits a later question, although PyLabRobot was made anew."""

    async def work(bench: Bench) -> None:
        await bench.ready()
        act = bench.handler.aspirate(moves=tuple(draw(500.0, n) for n in range(1, 9)), containers=PRODUCT)
        assert await cancelled_after(act, bench=bench, seconds=3.0)
        before = max(wire.read_command(wire.last(e.sent)).id or 0 for e in bench.link.take_tape()[-3:])
        await bench.handler.look()
        assert min(wire.read_command(wire.last(e.sent)).id or 0 for e in bench.link.take_tape()) > before

    on_bench(STAR, work)


def test_a_draw_that_was_never_sent_is_known_not_to_have_happened() -> None:
    """The link broke while PyLabRobot was connected anew; only the device's liquid can't be asked about."""

    async def work(bench: Bench) -> None:
        await bench.ready()
        moves = tuple(draw(500.0, n) for n in range(1, 9))
        asked = call("aspirate", moves=moves, containers=PRODUCT)
        for expected in (Unknown, NotDone):  # the first is sent and not answered; the second is not sent
            bench.fault(FaultKind.LOSE_REPLY)
            with pytest.raises(UnknownError):
                await bench.draws(*moves)
            assert isinstance(await bench.handler.reconcile(asked), expected)
        assert bench.fake.acts["aspirate"] == 1

    on_bench(STAR, work)


def test_a_late_answer_is_no_error_of_the_loop() -> None:
    """PyLabRobot by itself would set the result of a call that was cancelled, and the loop would complain."""
    complaints: list[object] = []

    async def work(bench: Bench) -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _loop, context: complaints.append(context))
        await bench.ready()
        act = bench.handler.aspirate(moves=(draw(500.0),), containers=PRODUCT)
        assert await cancelled_after(act, bench=bench, seconds=3.0)
        await bench.passes(600.0)
        found = await bench.handler.reconcile(call("aspirate", moves=(draw(500.0),), containers=PRODUCT))
        assert isinstance(found, Unknown)

    on_bench(STAR, work)
    assert complaints == []


def test_a_silent_device_is_given_up_when_its_time_is_over() -> None:
    """Half a minute for a question, five minutes for liquid; in simulated time."""

    async def work(bench: Bench) -> None:
        await bench.ready()
        bench.fault(FaultKind.LOSE_REPLY)
        begun = bench.clock.now()
        with pytest.raises(UnknownError, match="300 s"):
            await bench.draws(draw(100.0))
        assert float(bench.clock.now() - begun) == pytest.approx(300.0)

    on_bench(STAR, work)


def test_no_thread_is_left_when_the_driver_is_gone() -> None:
    """A day opens and closes many sites in one process."""
    gc.collect()
    before = threading.active_count()

    async def work(bench: Bench) -> None:
        await bench.ready(channels=0)
        assert threading.active_count() > before

    on_bench(STAR, work)
    gc.collect()
    assert threading.active_count() <= before


@pytest.mark.parametrize("kind", ["tcp", "pty"])
def test_it_works_over_a_real_stream_in_real_time(kind: str) -> None:
    """A thousand times faster than the device."""

    async def work(port: str) -> None:
        link = Link(open_stream(port), name=NAME)
        await link.open()
        star = build(link, SETTINGS, control=True)
        try:
            await star.set_up()
            results = await star.pick_up(tips=(TipMove(1, "tips.A1"), TipMove(2, "tips.B1")))
            assert {result.outcome for result in results} == {Outcome.DONE}
            assert (await star.look()).tips[:3] == (True, True, False)
        finally:
            await link.close()

    seat = Seat(FakeHamiltonStar(World(1), NAME, DECK), FastClock(SystemClock(), speed=1000.0), NAME)
    with serving(seat, tcp=0 if kind == "tcp" else None) as (_server, port):
        asyncio.run(work(port))


@pytest.mark.parametrize(
    "given", [{}, {"deck": "nowhere"}, {"deck": "final-day-star", "rate": "0"}, {**SETTINGS, "rate": "fast"}], ids=str
)
def test_a_setting_that_can_not_be_is_refused(given: dict[str, str]) -> None:
    """Before anything is connected."""
    with pytest.raises(InputError):
        build(Link(MemoryStream()), given, control=True)


LOOKS = """
import sys
from tests.support.liquid_handlers import HANDLERS, on_bench

async def work(bench):
    await bench.handler.identify()
    await bench.handler.look()
    print("pylabrobot" in sys.modules)
    await bench.ready()
    print("pylabrobot" in sys.modules)

on_bench(HANDLERS[0], work)
"""


def test_pylabrobot_is_not_loaded_before_something_moves() -> None:
    """A site is opened, and its STAR identified, without it; a site without a STAR never loads it."""
    done = subprocess.run([sys.executable, "-c", LOOKS], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.split() == ["False", "True"]
