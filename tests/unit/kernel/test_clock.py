"""Time, simulated and real: equal deadlines keep their order, nothing that can't be repeated comes in."""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from pytest_mock import MockerFixture

from automation.kernel import clock as clocks
from automation.kernel.clock import (
    SimulatedClock,
    SimulatedLoop,
    SystemClock,
    background,
    instant,
    iso,
    local,
    run_simulated,
)
from automation.kernel.errors import FailedError, RefusedError
from automation.kernel.quantity import Instant, Seconds

START = Instant(1_780_000_000.0)


def test_equal_deadlines_come_in_the_order_in_which_they_were_set() -> None:
    """And earlier ones first, whoever set them."""
    came: list[int] = []

    async def main(clock: SimulatedClock) -> None:
        loop = asyncio.get_running_loop()
        for number, after in enumerate((2.0, 1.0, 1.0, 2.0, 1.0)):
            loop.call_later(after, came.append, number)
        await clock.sleep(Seconds(3.0))
        assert clock.micros() == 1_780_000_003_000_000
        assert float(clock.now() - START) == 3.0

    run_simulated(main, start=START)
    assert came == [1, 2, 4, 0, 3]


STRANGERS: dict[str, Callable[[SimulatedLoop], Awaitable[object]]] = {
    "a network connection": lambda loop: loop.create_connection(asyncio.Protocol, "127.0.0.1", 9),
    "a network server": lambda loop: loop.create_server(asyncio.Protocol, "127.0.0.1", 9),
    "a thread": lambda loop: loop.run_in_executor(None, int),
}


@pytest.mark.parametrize("what", STRANGERS)
def test_what_could_not_be_repeated_is_refused_in_simulated_time(what: str) -> None:
    """By name."""

    async def main(_clock: SimulatedClock) -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, SimulatedLoop)
        await STRANGERS[what](loop)

    with pytest.raises(RefusedError) as refused:
        run_simulated(main, start=START)
    assert str(refused.value) == f"{what} was asked for in simulated time, which would not be repeatable"


def test_a_thread_works_while_time_is_lent_and_only_then() -> None:
    """Its words come back, time stands still, and afterwards it is refused again."""

    async def main(clock: SimulatedClock) -> list[str]:
        loop = asyncio.get_running_loop()
        heard: list[str] = []
        with clock.lent(), clock.lent():
            assert await asyncio.to_thread(lambda: "worked") == "worked"
            await asyncio.to_thread(loop.call_soon_threadsafe, heard.append, "called")
            await asyncio.sleep(0)
        assert clock.now() == START
        with pytest.raises(RefusedError, match=r"^a call from another thread was asked for in simulated time"):
            loop.call_soon_threadsafe(heard.append, "too late")
        return heard

    assert run_simulated(main, start=START) == ["called"]


def test_a_thread_works_where_it_was_sent() -> None:
    """An executor of one's own is used, with its name."""

    async def main(clock: SimulatedClock) -> str:
        with ThreadPoolExecutor(1, thread_name_prefix="own") as executor, clock.lent():
            named = asyncio.get_running_loop().run_in_executor(executor, lambda: threading.current_thread().name)
            return await named

    assert run_simulated(main, start=START).startswith("own")


def test_what_is_left_may_still_tidy_up_before_the_loop_is_closed() -> None:
    """Also when that takes more than one turn."""
    tidied: list[str] = []

    async def tidy() -> None:
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            await clocks.pause(Seconds(1.0))
            tidied.append("tidied")

    async def main(_clock: SimulatedClock) -> None:
        kept.add(asyncio.create_task(tidy()))
        await asyncio.sleep(0)

    kept = set[asyncio.Task[None]]()
    run_simulated(main, start=START)
    assert tidied == ["tidied"]


def test_a_wait_that_nothing_can_end_is_told_and_not_waited_for() -> None:
    """The whole sentence, once."""

    async def main(_clock: SimulatedClock) -> None:
        await asyncio.get_running_loop().create_future()

    with pytest.raises(FailedError, match=r"^simulated time can't go on: everything waits and nothing is due$"):
        run_simulated(main, start=START)


def test_what_is_cancelled_keeps_no_simulated_time_alive() -> None:
    """A watch in the background and a timer that was cancelled are both nothing that is due."""

    async def main(clock: SimulatedClock) -> None:
        loop = asyncio.get_running_loop()
        with background():
            watch = loop.create_task(clock.sleep(Seconds(10.0)))
        loop.call_later(20.0, int).cancel()
        await asyncio.wait({watch})

    with pytest.raises(FailedError, match="nothing is due"):
        run_simulated(main, start=START)


def test_what_is_left_at_the_end_is_cancelled_in_the_order_of_its_making() -> None:
    """The result comes back, nothing is left behind, and the loop is closed."""
    ended: list[str] = []
    loops: list[asyncio.AbstractEventLoop] = []

    async def wait(name: str) -> None:
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            ended.append(name)

    async def main(_clock: SimulatedClock) -> str:
        loops.append(asyncio.get_running_loop())
        kept = [asyncio.create_task(wait(name), name=name) for name in ("c", "a", "b")]
        await asyncio.sleep(0)
        return f"{len(kept)} left"

    assert run_simulated(main, start=START) == "3 left"
    assert ended == ["a", "b", "c"]
    assert loops[0].is_closed()


def test_the_clock_of_a_site_never_goes_back_and_tells_how_far_the_wall_has_stepped(mocker: MockerFixture) -> None:
    """It begins behind the last event, even where the wall clock says less; ns in, us out."""
    passed, wall = mocker.patch("time.monotonic_ns", return_value=5_000), [1_000_000_000_900]
    clock = SystemClock(wall=lambda: wall[0])
    passed.return_value = 2_000_005_000
    assert (clock.micros(), float(clock.now())) == (1_002_000_000, 1_002.0)
    wall[0] += 3_602_000_000_000
    assert float(clock.step()) == 3_600.0
    assert SystemClock(not_before=2_000_000_000, wall=lambda: 1).micros() == 2_000_000_001
    assert SystemClock(wall=lambda: 0).micros() == 0


def test_time_is_really_waited_for_in_real_time() -> None:
    """A moment is not nothing; s."""

    async def main() -> list[Seconds]:
        clock = SystemClock()
        moments = [clocks.since_boot()]
        await clock.sleep(Seconds(0.01))
        moments.append(clocks.since_boot())
        await clocks.pause(Seconds(0.01))
        with clock.lent():
            return [*moments, clocks.since_boot()]

    first, second, third = asyncio.run(main())
    assert (float(second - first) >= 0.009, float(third - second) >= 0.009) == (True, True)


def test_a_moment_is_read_and_written_with_its_zone() -> None:
    """Local time in summer, UTC without a zone, whole microseconds."""
    noon = instant("2026-07-01T12:00:00", zone="Europe/Zurich")
    assert noon == instant("2026-07-01T10:00:00") == instant("2026-07-01T06:00:00-04:00", zone="Europe/Zurich")
    assert float(noon) == 1_782_900_000.0
    assert iso(noon, zone="Europe/Zurich") == "2026-07-01T12:00:00.000+02:00"
    assert iso(Instant(float(noon) + 0.0015)) == "2026-07-01T10:00:00.001+00:00"
    assert local(Instant(float(noon) + 0.25), zone="Europe/Zurich").microsecond == 250_000
