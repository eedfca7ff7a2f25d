"""The yardstick for recorded steps: bluesky's RunEngine on ophyd-async soft devices, as its users run it.

Its nine-message step: checkpoint, set, wait, trigger, wait, create, two reads, save. Needs the ``bench`` packages.
Units: steps/s.
"""

import time
from collections.abc import Iterator

from bluesky import RunEngine
from bluesky.utils import Msg
from ophyd_async.core import AsyncStatus, StandardReadable, init_devices, soft_signal_rw


class Soft(StandardReadable):
    """A soft device with one value that can be set, triggered and read."""

    def __init__(self, name: str = "") -> None:
        """Make its one signal."""
        with self.add_children_as_readables():
            self.value = soft_signal_rw(float, 0.0)
        super().__init__(name)

    @AsyncStatus.wrap
    async def trigger(self) -> None:
        """Take a reading."""
        await self.value.set(1.0)

    @AsyncStatus.wrap
    async def set(self, value: float) -> None:
        """Move to a value."""
        await self.value.set(value)


def _plan(axis: Soft, detector: Soft, steps: int) -> Iterator[Msg]:
    yield Msg("open_run")
    for number in range(steps):
        yield Msg("checkpoint")
        yield Msg("set", axis, float(number), group=f"s{number}")
        yield Msg("wait", None, group=f"s{number}")
        yield Msg("trigger", detector, group=f"t{number}")
        yield Msg("wait", None, group=f"t{number}")
        yield Msg("create", name="primary")
        yield Msg("read", axis)
        yield Msg("read", detector)
        yield Msg("save")
    yield Msg("close_run")


def bluesky(steps: int = 1_000) -> float:
    """Give steps/s of bluesky on ophyd-async soft devices, nothing recorded."""
    engine = RunEngine({}, call_returns_result=False)
    with init_devices():
        axis, detector = Soft("axis"), Soft("detector")
    engine(_plan(axis, detector, 50))
    begun = time.perf_counter()
    engine(_plan(axis, detector, steps))
    return steps / (time.perf_counter() - begun)
