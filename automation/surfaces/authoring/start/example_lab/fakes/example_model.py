"""Fake EX-20: the words of its serial port over a run that ends by itself.

Physics: a run lasts as long as was told; asked, never stepped, so that reading changes nothing.
Units:   s.
Source:  as the wire module of the driver.
"""

from collections.abc import Mapping

from automation.kernel.errors import FailedError
from automation.kernel.quantity import Instant
from fakes.world import World

from example_lab.drivers.example_model import wire


class FakeExampleModel:
    """What the device answers, and what hands do to it."""

    def __init__(self, *, serial: str = "SIM-EX-01") -> None:
        """Stand idle, switched on."""
        self.acts = {"run": 0}  # what it has done, by the names of the interface's acts: tests count with it
        self.serial = serial
        self.powered, self.broken = True, False
        self._runs, self._ends = 0, 0.0  # since it was switched on; s
        self._received = b""

    def feed(self, data: bytes, now: Instant) -> bytes:
        """Answer every complete command; silent without power."""
        if not self.powered:
            self._received = b""
            return b""
        *lines, self._received = (self._received + data).split(wire.END)
        self._received = self._received[-wire.LONGEST :]
        return b"".join(self._reply(wire.request(line), now).encode("ascii") + wire.END for line in lines)

    def hand(self, action: str, details: dict[str, object], now: Instant) -> None:
        """Let a person act: ``power`` {on}, ``press`` the start key (60 s), ``break``; raises FailedError."""
        match action:
            case "power":
                self.powered, self._runs, self._ends = details.get("on") is True, 0, 0.0
            case "press":
                self._begin(60, now)
            case "break":
                self.broken, self._ends = True, 0.0
            case _:
                raise FailedError(f"hand action is {action!r}; there are power, press and break")

    def unasked(self, now: Instant) -> bytes:  # noqa: ARG002  it never speaks by itself
        """Say nothing."""
        return b""

    def due(self, now: Instant) -> Instant | None:  # noqa: ARG002  as above
        """Tell that it never speaks by itself."""
        return None

    def _reply(self, words: str, now: Instant) -> str:
        match words:
            case wire.IDENTIFY:
                return f"ID EX-20 {self.serial} 1.4"
            case wire.LOOK:
                return f"ST {self._state(now)} {self._left(now)} {self._runs}"
            case wire.STOP:
                self._ends = 0.0
                return wire.OK
        seconds = wire.asked_run(words)
        if seconds is None:
            return wire.UNKNOWN
        if seconds < 1:
            return wire.NO_TIME
        if self.broken or self._left(now):
            return wire.BUSY
        self._begin(seconds, now)
        self.acts["run"] += 1
        return wire.OK

    def _begin(self, seconds: int, now: Instant) -> None:
        self._runs += 1
        self._ends = float(now) + seconds

    def _left(self, now: Instant) -> int:
        return max(0, round(self._ends - float(now)))

    def _state(self, now: Instant) -> str:
        return "ERR" if self.broken else "RUN" if self._left(now) else "IDLE"


def build(_world: World, _name: str, settings: Mapping[str, str]) -> FakeExampleModel:
    """Make the device; setting of the fake: ``serial``."""
    return FakeExampleModel(serial=settings.get("serial", "SIM-EX-01"))
