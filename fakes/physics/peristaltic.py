"""The head of a peristaltic pump: a tube that wears, slips, and moves what it is connected to.

Physics: a revolution gives ``mL per revolution x (1 - wear) x (1 - slip)``; wear grows with revolutions, slip with back
         pressure; a clamped line lets nothing through, an empty source air.
Units:   1/min, mL, kPa, s.
Source:  a tube that has lost 20 % after a million revolutions and slips by 10 % at 100 kPa is assumed.
"""

from automation.kernel.errors import FailedError
from automation.kernel.quantity import Instant, Millilitres
from fakes.world import World

WEARS = 0.20 / 1.0e6  # share per revolution
SLIPS = 0.10 / 100.0  # share per kPa


class Head:
    """One head with its tube; what it moves is in the other container as soon as somebody asks."""

    def __init__(self, world: World, *, per_turn: float, rpm: float) -> None:
        """Stand still, with a new tube (mL per revolution) that leads nowhere."""
        self.rpm, self.clockwise, self.running = rpm, True, False
        self.turned, self.worn = 0.0, 0.0  # revolutions: of the head, of the tube
        self.given, self.ran = 0.0, 0.0  # mL through the tube; s that it ran
        self.clamped, self.pressure = False, 0.0
        self._world, self._per_turn = world, per_turn
        self._ends = ("", "")  # source and destination, clockwise
        self._since = Instant(0.0)

    def connect(self, *, source: str, dest: str) -> None:
        """Lead the tube from one container to another; raises FailedError for one that is not there."""
        for name in (source, dest):
            if not self._world.has(name):
                raise FailedError(f"there is no container {name!r}")
        self._ends = (source, dest)

    def turn(self, now: Instant) -> None:
        """Turn up to now."""
        passed = float(now - self._since) if self.running else 0.0
        self._since = now
        turns = self.rpm * passed / 60.0
        if turns <= 0.0:
            return
        worn = WEARS * (self.worn + turns / 2.0)
        volume = self._per_turn * turns * max(0.0, 1.0 - worn) * max(0.0, 1.0 - SLIPS * self.pressure)
        self.turned, self.worn, self.ran = self.turned + turns, self.worn + turns, self.ran + passed
        if not self.clamped:
            self._move(volume, now)

    def _move(self, volume: float, now: Instant) -> None:
        source, dest = self._ends if self.clockwise else self._ends[::-1]
        if not source or not dest:
            return
        there = self._world.container(source).contents.volume
        room = self._world.container(dest).room
        liquid = Millilitres(min(volume, float(there), float(room)))
        self._world.pour(source, dest, volume=liquid, now=now)
        self.given += float(liquid)
