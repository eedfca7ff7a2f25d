"""Simulated time jumps when everything waits, and not before those whom the jump itself has woken had their turn."""

import asyncio

from automation.kernel.clock import SimulatedClock, SimulatedLoop, instant, run_simulated
from automation.kernel.quantity import Seconds


def test_who_goes_on_because_of_a_jump_goes_on_before_it() -> None:
    """A run that is left at a state is left at that moment, not after the next thing that was due."""

    async def main(clock: SimulatedClock) -> float:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, SimulatedLoop)
        leave: asyncio.Future[None] = loop.create_future()
        loop.before_jump.append(lambda: None if leave.done() else leave.set_result(None))
        began = clock.now()
        later = asyncio.ensure_future(clock.sleep(Seconds(60.0)))
        await leave
        gone = float(clock.now() - began)
        await later
        assert float(clock.now() - began) == 60.0
        return gone

    assert run_simulated(main, start=instant("2026-01-05T08:00:00")) == 0.0
