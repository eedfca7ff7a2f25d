"""Devices that speak by themselves, at the far end of their cables in simulated time; s."""

import pytest

from automation.kernel.clock import SimulatedClock, run_simulated
from automation.kernel.quantity import Instant, Seconds
from fakes.faults import Faults
from fakes.plant import Plant, PlantLog

pytestmark = pytest.mark.requirement("C07")

START = Instant(1_000_000.0)


class Ticking:
    """A device that says something every second, and counts how often it is listened to."""

    def __init__(self) -> None:
        """Begin silent."""
        self.listened = 0
        self._next = float(START) + 1.0

    def feed(self, data: bytes, now: Instant) -> bytes:  # noqa: ARG002  it takes no commands
        """Answer nothing."""
        return b""

    def hand(self, action: str, details: dict[str, object], now: Instant) -> None:
        """Do nothing."""

    def unasked(self, now: Instant) -> bytes:
        """Tick."""
        self.listened += 1
        if float(now) < self._next:
            return b""
        self._next += 1.0
        return b"."

    def due(self, now: Instant) -> Instant | None:  # noqa: ARG002  known beforehand
        """Tell when it ticks next."""
        return Instant(self._next)


def test_a_device_that_speaks_by_itself_is_listened_to_once_however_often_it_is_asked() -> None:
    """Fifty commands and a hand make no fifty listeners; every tick arrives once."""
    device = Ticking()

    async def main(clock: SimulatedClock) -> bytes:
        plant = Plant(clock, PlantLog(None), Faults(()))
        plant.add("ticker", device)
        stream = plant.connect("ticker")
        await stream.open()
        for _ in range(50):
            stream.write(b"?")
        plant.hand("ticker", "press")
        await clock.sleep(Seconds(100.5))
        return stream.take()

    assert run_simulated(main, start=START) == b"." * 100
    assert device.listened == 100
