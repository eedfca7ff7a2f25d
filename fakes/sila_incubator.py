"""Fake incubator with a SiLA 2 server: the climate of the other incubator fake behind features of our own.

SiLA 2: feature ``Climate`` with temperature, CO2 and humidity, targets of the first two and the commands that set them.
Physics: as ``fakes.memmert``; what the door, the gas and the power do is the same.
Units:  degC, %.
Source: SiLA 2 part A (core) 1.1; ranges and names are this fake's own, no maker's.
"""

import math
from collections.abc import Mapping
from functools import partial

from automation.kernel.ids import uniform
from automation.kernel.quantity import Instant
from fakes.lads import Control, FunctionalUnit, LadsDevice, Sensor
from fakes.memmert import GRID, NOISE, FakeMemmert
from fakes.nodes import NodeFeed
from fakes.sila import SilaDevice
from fakes.world import World
from instruments.drivers.lads.wire import Running, Unit
from instruments.interfaces.device import Identity

RANGES: Mapping[str, tuple[str, str, float, float]] = {
    "Temperature": ("temperature", "degC", 20.0, 50.0),
    "CO2": ("co2", "%", 0.0, 20.0),
}


class FakeSilaIncubator(FakeMemmert):
    """What the incubator answers over SiLA 2, and what hands do to it."""

    def __init__(self, world: World, name: str) -> None:
        """Stand warm and closed."""
        super().__init__(world, name, serial="SIM-SI-01")
        controls = {one: self._control(one) for one in RANGES}
        humidity = Sensor(unit="%", value=partial(self._seen, "humidity"))
        unit = FunctionalUnit(
            functions={**controls, "Humidity": humidity}, state=lambda: (Unit.RUNNING, Running.EXECUTE)
        )
        who = Identity("Cellwright", "Incubator (fake)", self.serial, "1.2")
        self.sila = SilaDevice(LadsDevice(name, who, {"Climate": unit}))
        self._lines = NodeFeed(self.sila)

    @property
    def powered(self) -> bool:
        """Tell whether it answers."""
        return self._powered

    def feed(self, data: bytes, now: Instant) -> bytes:
        """Answer lines of the node port; silent without power."""
        return self._lines.feed(data, now) if self._powered else b""

    def _control(self, name: str) -> Control:
        channel, unit, lowest, highest = RANGES[name]
        return Control(
            unit=unit,
            value=partial(self._seen, channel),
            target=lambda: self.kept[channel],
            put=partial(self._keep, channel),
            lowest=lowest,
            highest=highest,
        )

    def _keep(self, channel: str, value: float, now: Instant) -> None:
        self.kept[channel] = value
        self.acts["keep"] += 1
        self._warm(now)
        self._change(now)

    def _seen(self, channel: str, now: Instant) -> float | None:
        if channel in self._broken:
            return None
        grid = math.floor(float(now) / GRID)
        noise = NOISE[channel] * (2.0 * uniform(self._world.seed, self._name, channel, grid) - 1.0)
        return round(self.value(channel, now) + noise, 2)


def build(world: World, name: str, _settings: Mapping[str, str]) -> FakeSilaIncubator:
    """Make an incubator; it has no settings of its own."""
    return FakeSilaIncubator(world, name)
