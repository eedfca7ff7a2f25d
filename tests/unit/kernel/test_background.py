"""What watches for ever does not keep simulated time alive by itself; s."""

import asyncio

import pytest

from automation.kernel.clock import SimulatedClock, background, run_simulated
from automation.kernel.errors import FailedError
from automation.kernel.quantity import Instant, Seconds

START = Instant(1_780_000_000.0)
MINUTE = Seconds(60.0)


async def _watch(clock: SimulatedClock, looks: list[Instant]) -> None:
    while True:
        await clock.sleep(MINUTE)
        looks.append(clock.now())


def test_a_watch_goes_on_as_long_as_somebody_waits_for_a_moment() -> None:
    """Sixty looks in an hour."""
    looks: list[Instant] = []

    async def main(clock: SimulatedClock) -> None:
        with background():
            watch = asyncio.get_running_loop().create_task(_watch(clock, looks))
        await clock.sleep(Seconds(3_601.0))
        watch.cancel()

    run_simulated(main, start=START)
    assert len(looks) == 60


def test_with_nothing_but_watches_left_simulated_time_stands_and_says_so() -> None:
    """Else a wait that can't end would run for ever."""
    looks: list[Instant] = []

    async def main(clock: SimulatedClock) -> None:
        with background():
            watch = asyncio.get_running_loop().create_task(_watch(clock, looks))
        await clock.sleep(MINUTE)
        await asyncio.wait({watch})

    with pytest.raises(FailedError, match="everything waits and nothing is due"):
        run_simulated(main, start=START)
    assert len(looks) <= 1
