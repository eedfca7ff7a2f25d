"""Fake of a controlled-rate freezer on a Watlow F4T that speaks Modbus TCP or RTU.

Vocabulary: functions 3, 6 and 16; loop 1, alarm 1, the profile that runs, and profiles 1 to 40 by the registers that
        edit the selected one.
Units:  degC, K/min or K/h as it is set, h, min, s.
Source: as ``wire`` of the driver. Chosen here, because no source at hand says it: registers that it does not list are
        refused with exception 2, adding a profile clears it, a broken sensor is not a number, a terminated profile
        stays terminated until another is started, an end without *hold* goes back to the set point.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from automation.kernel.errors import FailedError, WireError
from automation.kernel.quantity import Instant
from fakes.freezer import Details, Freezer, number, read_build, text
from fakes.physics.chamber import Build
from fakes.physics.programmer import Sequence, State, Step
from fakes.world import World
from instruments.drivers.watlow_f4t import wire
from instruments.transport import modbus
from instruments.transport.modbus_lines import Framing, heard

SILENCE = 0.05  # s without a byte after which an RTU frame begins anew
ILLEGAL_FUNCTION, ILLEGAL_ADDRESS, ILLEGAL_VALUE = 1, 2, 3
LOW, HIGH = -180.0, 50.0  # degC
STEP_REGISTERS = range(wire.STEPS, wire.step(wire.MOST_STEPS + 1))
USUAL = {wire.TYPE: int(wire.Kind.END), wire.SOAK_GUARANTEED: wire.OFF, wire.END_MODE: wire.HOLDS}
PART, SERIAL, RELEASE = "F4T SIMULATED", 4711, 5
ALARMS = 14


class Refusal(Exception):  # noqa: N818  it is not an error of ours but the device's answer
    """The controller refuses a request; ``code`` is a Modbus exception code."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


@dataclass(slots=True)
class Profile:
    """A stored profile: its name and its registers, by offset from the first step."""

    name: bytes = bytes(2 * wire.NAME_WORDS)
    words: dict[int, int] = field(default_factory=dict)

    def word(self, offset: int) -> int:
        """Give one register of its steps."""
        return self.words.get(offset, USUAL.get(offset % wire.STRIDE, 0))

    def number(self, offset: int) -> float:
        """Give a float of its steps; 0 for what is none."""
        try:
            return wire.number(self.word(offset).to_bytes(2, "big") + self.word(offset + 1).to_bytes(2, "big"))
        except WireError:
            return 0.0

    @property
    def count(self) -> int:
        """Give how many steps it has, its end included; 0 where nothing was ever stored."""
        if not self.words:
            return 0
        kinds = (self.word(wire.STRIDE * n) for n in range(wire.MOST_STEPS))
        return next((n for n, kind in enumerate(kinds, 1) if kind == wire.Kind.END), wire.MOST_STEPS)


class WatlowF4TFreezer(Freezer):
    """What the controller answers, and what hands do at its panel and its chamber."""

    def __init__(
        self, world: World, name: str, build: Build | None = None, *, framing: Framing = Framing.TCP, per: float = 1.0
    ) -> None:
        """Stand in a world as the place ``name``; ``per``: 1 for rates in K/min, 60 for K/h."""
        super().__init__(world, name, build)
        self.profiles = {n: Profile() for n in range(1, wire.PROFILES + 1)}
        self.selected, self.to_start, self.first, self.active = 1, 1, 1, 0
        self.unit = 1
        self._framing, self._per = framing, per
        self._state = int(wire.Running.NOT_STARTED)
        self._mode, self._units, self._log = wire.AUTO, wire.CELSIUS, wire.NO
        self._of: tuple[int, ...] = ()  # of each step of the programmer: which one of the profile it is
        self._received, self._heard = b"", 0.0

    def feed(self, data: bytes, now: Instant) -> bytes:
        """Answer complete requests; what is garbled or meant for another address is met with silence."""
        if not self.chamber.powered:
            self._received = b""
            return b""
        if self._framing is Framing.RTU and float(now) - self._heard > SILENCE:
            self._received = b""
        self._heard = float(now)
        requests, self._received = heard(self._framing, self._received + data)
        return b"".join(one.answer(self._answer(one.asked, now)) for one in requests if one.asked.unit == self.unit)

    def sequence(self, profile: int) -> tuple[Sequence, tuple[int, ...]]:
        """Give a stored profile as the programmer runs it, and which step of it each is."""
        steps, of, stored = list[Step](), list[int](), self.profiles[profile]
        ends = wire.HOLDS
        for n in range(wire.MOST_STEPS):
            at = wire.STRIDE * n
            kind, target = stored.word(at + wire.TYPE), stored.number(at + wire.TARGET)
            seconds = sum(
                stored.word(at + o) * s for o, s in ((wire.HOURS, 3600), (wire.MINUTES, 60), (wire.SECONDS, 1))
            )
            if kind == wire.Kind.END:
                ends = stored.word(at + wire.END_MODE)
                break
            made = _steps(kind, target, seconds=seconds, rate=stored.number(at + wire.RATE) / self._per)
            steps += made
            of += [n + 1] * len(made)
        return Sequence(tuple(steps), reset_at_end=ends != wire.HOLDS), tuple(of)

    def _answer(self, asked: modbus.Request, now: Instant) -> bytes:
        self._before(now)
        try:
            match asked.function:
                case modbus.READ if 1 <= asked.size <= modbus.MOST_READ:
                    return modbus.reply_read(asked, self._read(asked, now))
                case modbus.WRITE_ONE | modbus.WRITE:
                    self._write(asked.start, asked.data, now)
                    return modbus.reply_write(asked)
                case _:
                    raise Refusal(ILLEGAL_FUNCTION)
        except Refusal as refusal:
            return modbus.reply_exception(asked, refusal.code)

    def _read(self, asked: modbus.Request, now: Instant) -> bytes:
        start, size = asked.start, asked.size
        live, end = self._live(now), start + size
        out = b""
        while start < end:
            if start in STEP_REGISTERS:
                data = self.profiles[self.selected].word(start - wire.STEPS).to_bytes(2, "big")
            elif start in live:
                data = live[start]
            elif out and start - 1 in live:
                data = bytes(2)  # the unused half of a word that takes two registers
            else:
                raise Refusal(ILLEGAL_ADDRESS)
            out += data
            start += len(data) // 2
        return out[: 2 * size]

    def _live(self, now: Instant) -> dict[int, bytes]:
        chamber, programmer = self.chamber, self.chamber.programmer
        process = math.nan if chamber.sensor_broken else self.measured(now)
        profile = self.profiles[self.selected]
        going = programmer.state in {State.RUN, State.HOLD, State.HOLDBACK}
        hours, minutes = divmod(programmer.left // 60 if going else 0, 60)
        step = self._of[programmer.segment - 1] if going and 0 < programmer.segment <= len(self._of) else 0
        stored = [n for n, one in self.profiles.items() if one.count]
        listed = {wire.LISTED + 2 * n: _word(one) for n, one in enumerate(stored, 1)}
        alarms = {wire.ALARM_STATE + wire.ALARM_STRIDE * n: _word(wire.NONE) for n in range(ALARMS)}
        if chamber.deviation_alarm:
            alarms[wire.ALARM_STATE] = _word(28)  # "error", a value of the library's list
        return (
            listed
            | alarms
            | {
                wire.RELEASE: wire.pack_long(RELEASE),
                wire.SERIAL: wire.pack_long(SERIAL),
                wire.PART_NUMBER: wire.pack_text(PART, wire.PART_NUMBER_WORDS),
                wire.LOWEST: wire.pack_number(LOW),
                wire.HIGHEST: wire.pack_number(HIGH),
                wire.SET_POINT: wire.pack_number(programmer.target),
                wire.WORKING: wire.pack_number(programmer.working),
                wire.PROCESS: wire.pack_number(process),
                wire.MODE: _word(self._mode),
                wire.UNITS_TCP: _word(self._units),
                wire.UNITS_RTU: _word(self._units),
                wire.RUNNING: _word(self._shown()),
                wire.LEFT: _word(minutes),
                wire.LEFT + 2: _word(hours),
                wire.PROFILE: _word(self.active),
                wire.STEP: _word(step),
                wire.LISTED: _word(len(stored)),
                wire.NAME: profile.name,
                wire.SELECT: _word(self.selected),
                wire.COUNT: _word(profile.count),
                wire.LOG: _word(self._log),
            }
        )

    def _shown(self) -> int:
        match self.chamber.programmer.state:
            case State.RUN | State.HOLDBACK:
                return int(wire.Running.RUNNING)
            case State.HOLD:
                return int(wire.Running.PAUSED)
            case State.COMPLETE:
                return int(wire.Running.COMPLETE)
        return self._state

    def _write(self, start: int, data: bytes, now: Instant) -> None:
        if start == wire.NAME and len(data) == 2 * wire.NAME_WORDS:
            self.profiles[self.selected].name = data
        elif start == wire.SET_POINT and len(data) == 4:
            self._aim(data, now)
        elif start in STEP_REGISTERS and start + len(data) // 2 - 1 in STEP_REGISTERS:
            if self.selected == self.active and self._shown() in {wire.Running.RUNNING, wire.Running.PAUSED}:
                raise Refusal(ILLEGAL_VALUE)
            for at in range(0, len(data), 2):
                self.profiles[self.selected].words[start - wire.STEPS + at // 2] = wire.word(data, at // 2)
        elif len(data) == 2:
            self._put(start, now, value=wire.word(data))
        else:
            raise Refusal(ILLEGAL_ADDRESS)

    def _aim(self, data: bytes, now: Instant) -> None:
        try:
            target = wire.number(data)
        except WireError:
            raise Refusal(ILLEGAL_VALUE) from None
        if not LOW <= target <= HIGH:
            raise Refusal(ILLEGAL_VALUE)
        if self.programmer_state is State.COMPLETE:
            self._before(now)
            self.chamber.programmer.reset()  # the profile is over, and the set point holds no more
            self._state = int(wire.Running.COMPLETE)
        self.aim(target, now)

    def _put(self, address: int, now: Instant, *, value: int) -> None:
        stored = address in {wire.SELECT, wire.START}
        if (stored and value not in self.profiles) or (address == wire.START_STEP and value != 1):
            raise Refusal(ILLEGAL_VALUE)
        match address:
            case wire.SELECT:
                self.selected = value
            case wire.START:
                self.to_start = value
            case wire.START_STEP:
                self.first = value
            case wire.LOG if value in {wire.NO, wire.YES}:
                self._log = value
            case wire.EDIT if value == wire.ADDS:
                self.profiles[self.selected] = Profile(words={0: int(wire.Kind.END)})
            case wire.ACTION if value == wire.STARTS:
                self._begin(now)
            case wire.RESUME if value == wire.RESUMES:
                self._command("go on", {State.HOLD}, now)
            case wire.REQUEST if value == wire.PAUSES:
                self._command("hold", {State.RUN, State.HOLDBACK}, now)
            case wire.REQUEST if value == wire.TERMINATES:
                self._command("reset", {State.RUN, State.HOLD, State.HOLDBACK}, now)
                self._state = int(wire.Running.TERMINATED)
            case wire.LOG | wire.EDIT | wire.ACTION | wire.RESUME | wire.REQUEST:
                raise Refusal(ILLEGAL_VALUE)
            case _:
                raise Refusal(ILLEGAL_ADDRESS)

    def _begin(self, now: Instant) -> None:
        if self.programmer_state in {State.RUN, State.HOLD, State.HOLDBACK}:
            raise Refusal(ILLEGAL_VALUE)
        program, self._of = self.sequence(self.to_start)
        if not program.steps:
            raise Refusal(ILLEGAL_VALUE)
        self.active = self.to_start
        self._state = int(wire.Running.TERMINATED)
        self.start(program, now)

    def _command(self, act: str, since: set[State], now: Instant) -> None:
        if self.programmer_state not in since:
            raise Refusal(ILLEGAL_VALUE)
        self.command(act, now)

    def _hands(self) -> dict[str, Callable[[Details, Instant], None]]:
        return super()._hands() | {"panel": self._panel, "key": self._key, "loop": self._loop, "units": self._unit}

    def _panel(self, details: Details, now: Instant) -> None:
        """Let a person write a register, as the panel does by other words."""
        self._by_hand(round(number(details, "register")), now, value=round(number(details, "value")))

    def _key(self, details: Details, now: Instant) -> None:
        """Let a person start profile 1, hold it, let it go on, or end it."""
        keys = {
            "start": (wire.ACTION, wire.STARTS),
            "hold": (wire.REQUEST, wire.PAUSES),
            "go on": (wire.RESUME, wire.RESUMES),
            "reset": (wire.REQUEST, wire.TERMINATES),
        }
        key = text(details, "key")
        if key not in keys:
            raise FailedError(f"key is {key!r}; the panel has {', '.join(keys)}")
        register, value = keys[key]
        self._by_hand(register, now, value=value)

    def _loop(self, details: Details, _now: Instant) -> None:
        self._mode = {"auto": wire.AUTO, "off": wire.OFF}.get(text(details, "mode"), wire.OFF)

    def _unit(self, details: Details, _now: Instant) -> None:
        self._units = {"C": wire.CELSIUS, "F": wire.FAHRENHEIT}.get(text(details, "unit"), wire.CELSIUS)

    def _by_hand(self, register: int, now: Instant, *, value: int) -> None:
        self.needs_power()
        try:
            self._write(register, (value & 0xFFFF).to_bytes(2, "big"), now)
        except Refusal as refusal:
            raise FailedError(f"the panel does not take {value} for {register}: code {refusal.code}") from refusal


def _steps(kind: int, target: float, *, seconds: int, rate: float) -> list[Step]:
    """Give what the programmer does for a step of a profile; ``rate`` in K/min."""
    target = max(LOW, min(HIGH, target))
    match kind:
        case wire.Kind.RAMP_RATE:
            return [Step(target, max(abs(rate), 0.01) / 60.0)]
        case wire.Kind.RAMP_TIME if seconds:
            return [Step(target, seconds=seconds)]
        case wire.Kind.INSTANT | wire.Kind.RAMP_TIME:
            return [Step(target), *([Step(None, seconds=seconds)] if seconds else [])]
        case wire.Kind.SOAK if seconds:
            return [Step(None, seconds=seconds)]
    return []


def _word(value: int) -> bytes:
    return value.to_bytes(2, "big")


def build(world: World, name: str, settings: Mapping[str, str]) -> WatlowF4TFreezer:
    """Make a freezer as the site states it: ``power_fail``, ``framing``, ``rate_per``; raises InputError."""
    framing = Framing.RTU if settings.get("framing") == Framing.RTU else Framing.TCP
    per = 60.0 if settings.get("rate_per") == "h" else 1.0
    return WatlowF4TFreezer(world, name, read_build(settings, where=name), framing=framing, per=per)
