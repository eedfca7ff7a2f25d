"""Fake Hettich Rotanta 460 Robotic: its telegrams over a rotor that turns, trips, warms, and spins what is inside.

Physics: ``physics.rotor``; the chamber follows the temperature of the active program (open, or without power: the room)
         with one time constant. A spin brings vector down on the cells in proportion to force times time, once.
Units:   1/min, s, degC, g.
Source:  as the wire module; kind, rotor and time constant are assumed. Error numbers are no part of what was seen: the
         fake shows ``IMBALANCE`` and ``CUT``.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from automation.formulas.process import centrifugal_force
from automation.kernel.errors import FailedError, InputError
from automation.kernel.quantity import Instant, Seconds
from fakes.freezer import flag, number, text
from fakes.physics.culture import SPUN
from fakes.physics.rotor import ENOUGH, Turning, trips_at
from fakes.physics.trace import Constant, Follower, Lag
from fakes.world import World, grid
from instruments.drivers.hettich_460r import wire
from instruments.drivers.hettich_460r.wire import Fault, Motion

ROOM = 22.0  # degC
LAG = 240.0  # s
CONTACT = 5.0  # times the heat that still air brings: buckets in a chamber whose air is driven
RADIUS = "189"  # mm
FASTEST = 4600  # 1/min
TOLERATED = 15.0  # g between opposite buckets at the fastest speed
IMBALANCE, CUT = 31, 12  # assumed
HARD = 9  # the brake after a fault and by hand


@dataclass(frozen=True, slots=True)
class Stored:
    """A program that was stored at the panel."""

    speed: int = 2000  # 1/min
    time: int = 600  # s
    temperature: float = 20.0  # degC
    brake: int = 9


class FakeHettich460R:
    """What the centrifuge answers and what hands do to it."""

    def __init__(self, world: World, name: str, *, unit: str, radius: float, stored: Mapping[int, Stored]) -> None:
        """Stand, closed, switched on a while ago; what is inside stands at the place of its name; ``radius`` in cm."""
        self.acts = {"prepare": 0, "start": 0, "stop": 0}
        self.turning: Turning | None = None
        self._world, self._name, self._unit = world, name, unit
        self._stored, self._number, self._radius = stored, 1, radius
        self._speed, self._time = 0, 0  # that count from the next activation on
        self._active = self._called = stored.get(1, Stored())
        self._differ, self._error = 0.0, 0
        self._pressed: dict[str, float] = {}  # share of what is enough, by container
        self._faults, self._changed = Fault(0), True
        self._on, self._lid, self._hatch, self._key, self._rotor = True, True, True, 2, True  # closed, in lock 2
        self._busy = False  # acknowledges and ignores
        self._trips: Instant | None = None
        self._acted: Instant | None = None  # the start of the spin that has acted on what is inside
        self._received = b""
        self._chamber = Follower(Lag(LAG), ROOM, Constant(ROOM), first=0)
        world.add_place(name, self._chamber, contact=CONTACT)

    def feed(self, data: bytes, now: Instant) -> bytes:
        """Answer every complete telegram that is meant for it; silent without power."""
        self._pass(now)
        if not self._on:
            self._received = b""
            return b""
        self._received, out = self._received + data, b""
        while self._received:
            asked, length = wire.request(self._received)
            if not length:
                break
            self._received = self._received[length:]
            if asked is not None and asked.unit == self._unit:
                out += self._reply(asked, now)
        return out

    def hand(self, action: str, details: dict[str, object], now: Instant) -> None:
        """Let a person act; raises FailedError for what is not possible.

        ``load`` {container, differ: g between its bucket and the opposite one}, ``slip`` {differ}: a counterweight
        falls over, ``take`` {container, to}, ``lid`` and ``hatch`` {open}, ``key`` {lock}; at the panel ``set`` {speed,
        time, temperature, brake}, ``start``, ``stop`` and ``open`` (which clears an error); ``power`` {on}, ``rotor``
        {in}, ``busy`` {on}: it acknowledges and ignores.
        """
        self._pass(now)
        match action:
            case "load" | "take" | "lid":
                self._reach(action, details, now)
            case "slip":
                self._slip(number(details, "differ"), now)
            case "hatch":
                self._hatch = not flag(details, "open")
            case "key":
                self._key, self._changed = round(number(details, "lock")), True
            case "set":
                self._set(details)
            case "start":
                if not self._start(now):
                    raise FailedError(f"{self._name} does not start: it is open, turns, has no rotor or an error")
            case "stop":
                self.acts["stop"] += 1
                self._brake(now, brake=HARD)
            case "open":
                self._error = 0
            case "power":
                self._power(now, on=flag(details, "on"))
            case "rotor":
                self._rotor = flag(details, "in")
            case "busy":
                self._busy = flag(details, "on")
            case _:
                known = "load, slip, take, lid, hatch, key, set, start, stop, open, power, rotor and busy"
                raise FailedError(f"hand action is {action!r}; {self._name} has {known}")
        self._warm(now)

    def unasked(self, now: Instant) -> bytes:  # noqa: ARG002  it never speaks by itself
        """Say nothing."""
        return b""

    def due(self, now: Instant) -> Instant | None:  # noqa: ARG002  as above
        """Tell that it never speaks by itself."""
        return None

    def rpm(self, now: Instant) -> float:
        """Give the true speed."""
        return 0.0 if self.turning is None else self.turning.at(now)

    def stands(self, now: Instant) -> bool:
        """Tell whether the rotor stands."""
        self._pass(now)
        return self.turning is None

    @property
    def error(self) -> int:
        """Give the number of the error that it shows, 0 for none."""
        return self._error

    # hands

    def _reach(self, action: str, details: dict[str, object], now: Instant) -> None:
        """Reach inside: the lid is locked while the rotor turns or there is no power."""
        if self.turning is not None or not self._on:
            raise FailedError(f"the lid of {self._name} is locked: it turns, or has no power")
        if action == "lid":
            self._lid = not flag(details, "open")
        elif action == "load":
            self._world.move(text(details, "container"), to=self._name, now=now)
            self._differ = abs(number(details, "differ"))
        else:
            self._world.move(text(details, "container"), to=str(details.get("to", "bench")), now=now)

    def _slip(self, differ: float, now: Instant) -> None:
        """Be out of balance from now on, perhaps while it turns."""
        self._differ = abs(differ)
        trips = self._trip(self.turning) if self.turning is not None else None
        self._trips = trips if trips is None else max(now, trips)

    def _trip(self, turning: Turning) -> Instant | None:
        return trips_at(turning, differ=self._differ, tolerated=TOLERATED, fastest=float(FASTEST))

    def _power(self, now: Instant, *, on: bool) -> None:
        """Cut the power, so that the rotor coasts, or give it back: the stored program counts, not what was set."""
        if not on:
            self._error = CUT if self.turning is not None else self._error
            self._brake(now, brake=0)
        else:
            self._faults |= Fault.POWER_ON
            self._active = self._called
            self._speed, self._time = self._called.speed, self._called.time
        self._on, self._changed = on, True

    def _set(self, details: dict[str, object]) -> None:
        """Set what counts for the next spin at the panel."""
        speed, time = round(number(details, "speed")), round(number(details, "time"))
        self._active = Stored(speed, time, number(details, "temperature"), round(number(details, "brake")))

    def _warm(self, now: Instant) -> None:
        regulated = self._on and self._lid
        self._chamber.move(Constant(self._active.temperature if regulated else ROOM), at=grid(now))

    # the rotor

    def _pass(self, now: Instant) -> None:
        """Let happen what was due up to ``now``, each at its own moment."""
        turning = self.turning
        if turning is None:
            return
        if self._trips is not None and self._trips <= min(now, turning.brakes_at):
            self._error, at, self._trips = IMBALANCE, self._trips, None
            self._brake(at, brake=HARD)
        turning = self.turning or turning
        if now >= turning.brakes_at:
            self._press(turning)
        if now >= turning.stands_at:
            self.turning, self._trips, self._changed = None, None, True

    def _brake(self, now: Instant, *, brake: int) -> None:
        if self.turning is not None and now < self.turning.brakes_at:
            self.turning, self._changed = self.turning.ended(now, brake=brake), True
            self._press(self.turning)

    def _press(self, turning: Turning) -> None:
        """Let the spin have acted on what is inside; more than enough is enough."""
        if self._acted == turning.started:
            return
        self._acted = turning.started
        force = centrifugal_force(radius_cm=self._radius, rpm=turning.speed)
        for name in self._world.inside(self._name):
            before = self._pressed.get(name, 0.0)
            after = self._pressed[name] = min(1.0, before + turning.pressed(force=force) / ENOUGH)
            self._world.enhance(name, SPUN ** (after - before))
            self._world.age(name, turning.brakes_at)

    def _start(self, now: Instant) -> bool:
        """Start the active program; False when it can't."""
        ready = self._lid and self._hatch and self._rotor and not self._error
        if self.turning is not None or not ready or float(self._active.speed) <= 0.0:
            return False
        self.acts["start"] += 1
        brakes_at = now + Seconds(float(self._active.time))
        self.turning = Turning(now, float(self._active.speed), brakes_at, self._active.brake)
        self._trips = self._trip(self.turning)
        self._changed = True
        return True

    # telegrams

    def _reply(self, asked: wire.Request, now: Instant) -> bytes:
        head = self._unit.encode("ascii")
        if not asked.sound:
            self._faults |= Fault.CHECK_BYTE
            return head + bytes((wire.NAK,))
        if asked.value is not None:
            taken = self._take(asked.code, asked.value, now)
            return head + bytes((wire.ACK if taken else wire.NAK,))
        value = self._value(asked.code, now)
        if value is None:
            self._faults |= Fault.UNKNOWN
            return head + bytes((wire.NAK,))
        return head + wire.telegram(asked.code, value)

    def _value(self, code: str, now: Instant) -> int | None:
        match code:
            case wire.STATE:
                word = (wire.ERROR | self._error if self._error else self._number) << 8 | 0x60 | self._motion(now)
                self._changed = False
                return word
            case wire.FAULTS:
                faults, self._faults = self._faults, Fault(0)
                return int(faults)
            case wire.MORE_STATE:
                high = (wire.LID_CLOSED if self._lid else 0) | (0 if self._rotor else wire.NO_ROTOR)
                return high << 8 | 0x90 | self._key
            case wire.RAN:
                turning = self.turning
                return 0 if turning is None else int(float(min(now, turning.brakes_at) - turning.started))
            case wire.TEMPERATURE:
                return round(2.0 * (self._chamber.catch_up(grid(now)) + 25.0))
        fixed = {
            wire.TIME: self._time,
            wire.SPEED: self._speed,
            wire.ACTUAL: round(self.rpm(now)),
            wire.FASTEST: FASTEST,
            wire.HATCH: (wire.HATCH_CLOSED if self._hatch else 0x20) << 8,
            wire.KIND: 0xC901,
            wire.SOFTWARE: 0x0112,
        }
        return fixed.get(code)

    def _motion(self, now: Instant) -> int:
        changed = Motion.CHANGED if self._changed else Motion(0)
        if self.turning is None:
            return changed | Motion.STANDING
        if now >= self.turning.brakes_at:
            return changed | Motion.BRAKING
        return changed | (Motion.SPINNING if now >= self.turning.reached_at else Motion.ACCELERATING)

    def _take(self, code: str, value: int, now: Instant) -> bool:
        """Take a value; False is a NAK. A busy one takes everything and does nothing."""
        if Fault.POWER_ON in self._faults or self._key not in wire.REMOTE:
            self._faults |= Fault.NOT_ALLOWED
            return False
        if self._busy:
            return True
        match code, value:
            case wire.TIME, _:
                self._time = value
            case wire.SPEED, _ if value <= FASTEST:
                self._speed = value
            case wire.RECALL, _ if value & 0xFF == 0x04 and value >> 8 in self._stored:
                self._recall(value >> 8)
            case wire.ACTIVATE, 1:
                self._activate()
            case wire.START:
                return self._start(now)
            case wire.STOP:
                self.acts["stop"] += 1
                self._brake(now, brake=self._active.brake)
            case _:
                self._faults |= Fault.NOT_ALLOWED
                return False
        self._warm(now)
        return True

    def _recall(self, program: int) -> None:
        self._number, self._called = program, self._stored[program]
        self._active, self._speed, self._time = self._called, self._called.speed, self._called.time

    def _activate(self) -> None:
        self.acts["prepare"] += 1
        self._active = Stored(self._speed, self._time, self._called.temperature, self._called.brake)


def build(world: World, name: str, settings: Mapping[str, str]) -> FakeHettich460R:
    """Make a centrifuge; settings of the fake: ``unit``, ``radius`` (mm), and the ``program`` that it holds.

    Of that, ``temperature`` (degC) and ``brake``. Raises InputError for a unit that is none.
    """
    unit = settings.get("unit", "]")
    if len(unit) != 1 or unit not in wire.ADDRESSES:
        raise InputError(f"unit is {unit!r}; one of {wire.ADDRESSES} is needed")
    held = Stored(temperature=float(settings.get("temperature", "32")), brake=int(settings.get("brake", "5")))
    stored = {1: Stored(), int(settings.get("program", "7")): held}
    return FakeHettich460R(world, name, unit=unit, radius=float(settings.get("radius", RADIUS)) / 10.0, stored=stored)
