"""The parameters of a Eurotherm 2400 on a controlled-rate freezer, whatever protocol reads them.

Programs 1 to 4 of 16 segments; program 0 is the running copy, which changes in hold only and is not stored.
Units:  degC, K/min, s, %.
Source: Eurotherm HA026230 as listed in ``wire.registers``. Chosen here, because no document at hand says it: alarm 1
        is bit 0 of the alarm word, a broken sensor reads 999, a program starts from the set point that stands,
        a one-sided holdback waits on both sides.
"""

from collections.abc import Callable
from dataclasses import dataclass

from automation.kernel.errors import FailedError
from automation.kernel.quantity import Instant
from fakes.freezer import Details, Freezer, number, text
from fakes.physics.chamber import Build
from fakes.physics.programmer import Sequence, State, Step
from fakes.world import World, grid
from instruments.drivers.eurotherm.wire import registers as r

PROGRAM_COUNT, SEGMENT_COUNT = 4, 16
BROKEN = 999.0  # degC, what a broken sensor reads; upscale
ILLEGAL_FUNCTION, ILLEGAL_ADDRESS, ILLEGAL_VALUE = 1, 2, 3

_STATUS = {
    State.RESET: r.Status.RESET,
    State.RUN: r.Status.RUN,
    State.HOLD: r.Status.HOLD,
    State.HOLDBACK: r.Status.HOLDBACK,
    State.COMPLETE: r.Status.COMPLETE,
}
PROGRAM_AREA = range(r.block(0), r.block(PROGRAM_COUNT + 1))
_PLAIN = frozenset({r.ALARM_1_SP, r.ALARM_2_SP, r.ACTIVE_SP, r.SP_1, r.SP_2, r.OUTPUT_HIGH, r.OUTPUT_RATE}) | set(
    range(164, 178)
)


class Refusal(Exception):  # noqa: N818  it is not an error of ours but the device's answer
    """The controller refuses a command; ``code`` is a Modbus exception code."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Setup:
    """How a controller is configured: its address, set point limits (degC), and whether gaps between registers read."""

    unit: int = 1
    low: float = -180.0
    high: float = 50.0
    gaps: bool = True


class Controller(Freezer):
    """The parameters of the controller, whatever protocol reads them."""

    def __init__(self, world: World, name: str, build: Build | None = None, setup: Setup | None = None) -> None:
        """Stand in a world as the place ``name``; ``build`` is the chamber, ``setup`` the controller."""
        super().__init__(world, name, build)
        self.setup = setup or Setup()
        self.selected = 1  # program number
        self._seen: tuple[int, dict[int, float]] | None = None  # the second for which ``live`` was last asked
        self.stored: dict[int, float] = {
            r.SP_HIGH: self.setup.high,
            r.SP_LOW: self.setup.low,
            r.MOST_SEGMENTS: SEGMENT_COUNT,
            r.PROGRAMS: PROGRAM_COUNT,
            r.SETPOINTS: 2,
            r.ALARM_1_SP: self.chamber.build.deviation,
            **dict.fromkeys(_PLAIN - {r.ALARM_1_SP}, 0),
        }

    def live(self, now: Instant) -> dict[int, float]:
        """Give the parameters that move by themselves (degC, s, %)."""
        if self._seen is not None and self._seen[0] == grid(now):
            return self._seen[1]
        live = self._live(now)
        self._seen = grid(now), live
        return live

    def _live(self, now: Instant) -> dict[int, float]:
        measured = self.measured(now)
        chamber = self.chamber
        programmer = chamber.programmer
        step = programmer.step
        broken = chamber.sensor_broken
        return {
            r.PV: BROKEN if broken else measured,
            r.TARGET_SP: programmer.target,
            r.OUTPUT: chamber.output,
            r.WORKING_SP: programmer.working,
            r.PROGRAM: self.selected,
            r.STATUS: _STATUS[programmer.state],
            r.SEGMENT_TYPE: 0 if step is None else _type(step),
            r.SEGMENT_LEFT: programmer.segment_left,
            r.SEGMENT: programmer.segment,
            r.PROGRAM_LEFT: programmer.left,
            r.CYCLES_LEFT: programmer.cycles_left,
            r.ALARMS: int(chamber.deviation_alarm),
            r.SEGMENT_TARGET: programmer.working if step is None or step.target is None else step.target,
            r.RAMP_RATE: 0.0 if step is None else step.rate * 60.0,
            r.PROGRAMMER_SP: programmer.working,
            r.SENSOR_BREAK: int(broken),
            r.MANUAL: int(chamber.manual),
            r.MANUAL_OUTPUT: chamber.manual_output,
        }

    def put(self, address: int, value: float, now: Instant) -> None:
        """Set one parameter (in its own unit); raises Refusal."""
        self._seen = None
        if address in PROGRAM_AREA:
            self._put_program(address, value)
        elif address == r.TARGET_SP:
            self._within_limits(value)
            self.aim(value, now)
        elif address == r.STATUS:
            self._put_status(value, now)
        elif address == r.PROGRAM:
            self._put_selection(value)
        elif address in {r.MANUAL, r.MANUAL_OUTPUT}:
            self._before(now)
            if address == r.MANUAL:
                self.chamber.manual = bool(value)
            else:
                self.chamber.manual_output = max(-100.0, min(100.0, value))
        elif address in _PLAIN:
            self.stored[address] = value
        else:
            raise Refusal(ILLEGAL_ADDRESS)

    def sequence(self, program: int) -> Sequence:
        """Give a stored program as the programmer runs it."""
        general = r.block(program)
        steps, ends = [], 0.0
        for segment in range(1, SEGMENT_COUNT + 1):
            at = r.block(program, segment)
            kind, target, rate = (self.stored.get(at + offset, 0.0) for offset in range(3))
            if kind == r.Type.END:
                ends = self.stored.get(at + r.SEG_END, 0.0)
                break
            steps.append(_step(kind, target, third=rate))
        back = self.stored.get(general + r.HOLDBACK_TYPE, 0.0)
        return Sequence(
            tuple(steps),
            cycles=max(1, int(self.stored.get(general + r.CYCLES, 1.0))),
            reset_at_end=ends == r.End.RESET,
            holdback=self.stored.get(general + r.HOLDBACK_VALUE, 0.0) if back else 0.0,
        )

    def _put_status(self, value: float, now: Instant) -> None:
        state = self.programmer_state
        if value == r.Status.RESET:
            self.command("reset", now)
        elif value == r.Status.HOLD and state in {State.RUN, State.HOLDBACK}:
            self.command("hold", now)
        elif value == r.Status.RUN and state is State.HOLD:
            self.command("go on", now)
        elif value == r.Status.RUN and state in {State.RESET, State.COMPLETE} and self.sequence(self.selected).steps:
            self._copy(self.selected)
            self.start(self.sequence(0), now)
        elif not (value == r.Status.RUN and state is State.RUN):
            raise Refusal(ILLEGAL_VALUE)

    def _put_selection(self, value: float) -> None:
        if self.programmer_state not in {State.RESET, State.COMPLETE} or not 1 <= value <= PROGRAM_COUNT:
            raise Refusal(ILLEGAL_VALUE)
        self.selected = int(value)

    def _put_program(self, address: int, value: float) -> None:
        program, offset = divmod(address - r.PROGRAM_BASE, r.PROGRAM_SIZE)
        segment, field = divmod(offset, r.BLOCK)
        if program == 0 and self.programmer_state is not State.HOLD:
            raise Refusal(ILLEGAL_VALUE)
        if segment and field == r.SEG_TARGET:
            self._within_limits(value)
        if segment and field == r.SEG_TYPE and value not in {0, 1, 2, 3, 4}:
            raise Refusal(ILLEGAL_VALUE)
        self.stored[address] = value
        if program == 0:
            self.chamber.programmer.change(self.sequence(0))

    def _copy(self, program: int) -> None:
        for offset in range(r.PROGRAM_SIZE):
            self.stored[r.block(0) + offset] = self.stored.get(r.block(program) + offset, 0.0)

    def _within_limits(self, value: float) -> None:
        if not self.setup.low <= value <= self.setup.high:
            raise Refusal(ILLEGAL_VALUE)

    def hand(self, action: str, details: Details, now: Instant) -> None:
        """Let a person act as on any freezer, or by ``panel`` {register, value} and ``key`` {key}."""
        super().hand(action, details, now)
        self._seen = None

    def _hands(self) -> dict[str, Callable[[Details, Instant], None]]:
        return super()._hands() | {"panel": self._panel, "key": self._key}

    def _panel(self, details: Details, now: Instant) -> None:
        """Let a person change a parameter at the panel, in its own unit."""
        self.needs_power()
        try:
            self.put(round(number(details, "register")), number(details, "value"), now)
        except Refusal as refusal:
            msg = f"the panel does not take {details}: code {refusal.code}"
            raise FailedError(msg) from refusal

    def _key(self, details: Details, now: Instant) -> None:
        """Let a person press run, hold, go on or reset."""
        keys = {"start": r.Status.RUN, "go on": r.Status.RUN, "hold": r.Status.HOLD, "reset": r.Status.RESET}
        key = text(details, "key")
        if key not in keys:
            msg = f"key is {key!r}; the panel has {', '.join(keys)}"
            raise FailedError(msg)
        self._panel({"register": r.STATUS, "value": keys[key]}, now)


def place(address: int) -> tuple[int, int]:
    """Give segment (0: the general block) and offset of an address in the program area."""
    return divmod((address - r.PROGRAM_BASE) % r.PROGRAM_SIZE, r.BLOCK)


def _step(kind: float, target: float, *, third: float) -> Step:
    """Give a stored segment as the programmer runs it; the third word is a rate (K/min) or a duration (s)."""
    if kind == r.Type.DWELL:
        return Step(None, seconds=round(third))
    if kind == r.Type.RAMP_TIME:
        return Step(target, seconds=round(third))
    return Step(target, third / 60.0 if kind == r.Type.RAMP_RATE else 0.0)


def _type(step: Step) -> r.Type:
    if step.target is None:
        return r.Type.DWELL
    if step.rate:
        return r.Type.RAMP_RATE
    return r.Type.RAMP_TIME if step.seconds else r.Type.STEP
