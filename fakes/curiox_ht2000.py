"""Fake Curiox HT2000: its envelope over a tray, a plate of samples, and buffer that takes away what is not a cell.

Physics: each wash brings ``PER_WASH`` mL and takes as much of the liquid away, with its share of everything dissolved
         and few of the cells; what is washed lies in one container of the world, as the wells of a plate together.
Units:   mL, s.
Source:  as the wire module. Times, volumes and losses are assumed; answers have the envelope of commands here, of which
         only lengths and places of digits are published, and a washer that works refuses everything but looks.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from automation.kernel.errors import CellwrightError, FailedError
from automation.kernel.quantity import Instant, Millilitres
from fakes.freezer import flag, text
from fakes.world import World
from instruments.drivers.curiox_ht2000 import wire

TRAY, HOME, DRAIN, PRIME = 4.0, 15.0, 10.0, 20.0  # s
BEGINS, ONE_WASH = 10.0, 20.0  # s: of a wash, of each of its washes
PER_WASH = 1.0  # mL
LOSES_LIVE, LOSES_DEAD = 0.01, 0.10  # share of the cells in each wash
LONGEST = 300  # bytes that are not yet a command
_DOES = {wire.WASH: "wash", **dict.fromkeys(wire.PRIMES.values(), "prime")}


@dataclass(slots=True)
class Work:
    """What it works at, and until when (s)."""

    payload: str
    ends: float


class FakeCurioxHt2000:
    """What the washer answers and what hands do to it."""

    def __init__(self, world: World, name: str) -> None:
        """Stand ready, with the tray in, in operation."""
        self.acts = {"wash": 0, "prime": 0, "move tray": 0, "drain": 0, "recover": 0}
        self.washes, self.out, self.operating = 3, False, True
        self._world, self._name = world, name
        self._plate: tuple[str, str, str] | None = None  # plate, buffer and waste; empty names lead nowhere
        self._work: Work | None = None
        self._error, self._stopped, self._spilled, self._on = "", False, False, True
        self._received = b""

    def feed(self, data: bytes, now: Instant) -> bytes:
        """Answer every sound command; silent without power."""
        if not self._on:
            self._received = b""
            return b""
        self._received += data
        said = b""
        while True:
            payload, length = wire.payload(self._received)
            if not length:
                break
            self._received = self._received[length:]
            said += self._answer(payload, now) if payload is not None else b""
        self._received = self._received[-LONGEST:]
        return said

    def hand(self, action: str, details: dict[str, object], now: Instant) -> None:
        """Let a person act; raises FailedError for another action.

        ``load`` {plate, buffer, waste: containers, all or none}, ``unload``, ``stop``: its button, ``service`` {on},
        ``error`` {code}: of its table, ``spill`` {on}, ``tray``: its button, ``power`` {on}.
        """
        self._pass(now)
        match action:
            case "load":
                self._load(details)
            case "unload":
                self._plate = None
            case "stop":
                self._work, self._stopped = None, True
            case "service":
                self.operating = not flag(details, "on")
            case "error":
                self._work, self._error = None, text(details, "code")[:2].rjust(2, "0")
            case "spill":
                self._spilled = flag(details, "on")
            case "tray":
                self.out = not self.out
            case "power":
                self._on, self._work, self._stopped = flag(details, "on"), None, False
            case _:
                known = "load, unload, stop, service, error, spill, tray and power"
                raise FailedError(f"hand action is {action!r}; {self._name} has {known}")

    def unasked(self, now: Instant) -> bytes:  # noqa: ARG002  it never speaks by itself
        """Say nothing."""
        return b""

    def due(self, now: Instant) -> Instant | None:  # noqa: ARG002  as above
        """Tell that it never speaks by itself."""
        return None

    def _load(self, details: dict[str, object]) -> None:
        names = tuple(text(details, key, "") for key in ("plate", "buffer", "waste"))
        for name in names:
            if name and not self._world.has(name):
                raise FailedError(f"there is no container {name!r}")
        self._plate = (names[0], names[1], names[2])

    def _answer(self, payload: str, now: Instant) -> bytes:
        self._pass(now)
        if payload == wire.PING:
            return wire.envelope(b"0" + self._state())
        if payload == wire.REPORT:
            flags = f"{int(self.out)}{int(self._spilled)}{int(self._plate is not None)}".encode("ascii")
            return wire.envelope(b"4" + self._state() + flags + b"0" * 24)
        taken = self._take(payload, now)
        return wire.envelope(b"0" if taken else b"2")

    def _state(self) -> bytes:
        """Give mode, status and error, as they stand one behind the other."""
        error = self._error if self._error.isdigit() else "00"
        return f"{int(not self.operating)}{self._status}{error}".encode("ascii")

    @property
    def _status(self) -> int:
        if self._error:
            return wire.FAILED
        if self._stopped:
            return wire.STOPPED
        return wire.BUSY if self._work is not None else wire.READY

    def _take(self, payload: str, now: Instant) -> bool:
        if payload == wire.HOME and self._work is None:
            self._error, self._stopped = "", False
            return self._begin(payload, act="recover", lasts=HOME, now=now)
        if self._status != wire.READY:
            return False
        if payload == wire.OPERATE:
            self.operating = True
        elif payload == wire.TRAY:
            return self._begin(payload, act="move tray", lasts=TRAY, now=now)
        elif payload in wire.DRAINS.values():
            return self._begin(payload, act="drain", lasts=DRAIN, now=now)
        elif payload in wire.PRIMES.values():
            return self._begin(payload, act="prime", lasts=PRIME, now=now)
        elif payload == wire.WASH:
            if self._plate is None:
                self._error = "01"
                return False
            self.out = True
            return self._begin(payload, act="wash", lasts=BEGINS + ONE_WASH * self.washes, now=now)
        elif len(payload) == len(wire.wash(washes=1, volume=0, flow=2, channel=0)) and payload.isdigit():
            self.washes = max(1, int(payload[1:3]))
        else:
            return False
        return True

    def _begin(self, payload: str, *, act: str, lasts: float, now: Instant) -> bool:
        self.acts[act] += 1
        self._work = Work(payload, float(now) + lasts)
        return True

    def _pass(self, now: Instant) -> None:
        """End what has ended by now."""
        work = self._work
        if work is None or float(now) < work.ends:
            return
        self._work = None
        if work.payload == wire.TRAY:
            self.out = not self.out
        if work.payload == wire.DRAINS["spill tray"]:
            self._spilled = False
        if work.payload == wire.WASH and self._plate is not None and all(self._plate):
            for _ in range(self.washes):
                plate, buffer, waste = self._plate
                self._wash(plate, buffer=buffer, waste=waste, now=now)

    def _wash(self, plate: str, *, buffer: str, waste: str, now: Instant) -> None:
        world = self._world
        there = world.container(buffer).contents.volume
        room = min(float(world.container(plate).room), float(world.container(waste).room))
        volume = min(PER_WASH, float(there), room)
        if volume <= 0.0:
            return
        world.pour(buffer, plate, volume=Millilitres(volume), now=now)
        held = world.container(plate).contents
        gone = held.times(volume / float(held.volume))
        gone = gone.with_cells(held, live=held.live * LOSES_LIVE, dead=held.dead * LOSES_DEAD)
        try:
            world.separate(gone, source=plate, dest=waste, now=now)
        except CellwrightError:
            self._error = "41"


def build(world: World, name: str, settings: Mapping[str, str]) -> FakeCurioxHt2000:  # noqa: ARG001  it has none
    """Make a washer; it has no settings."""
    return FakeCurioxHt2000(world, name)
