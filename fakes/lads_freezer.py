"""Fake of a controlled-rate freezer with a LADS server: templates, runs, states and alarms over the freezer's physics.

LADS:    unit ``Chamber`` with the control function ``Temperature`` (alarm: it is far from its set point) and the sensor
         function ``Wall``; names and ranges are this fake's own, no maker's. A program runs in ``Execute``, is held in
         ``Held``, waits for the chamber in ``Suspended`` and stays ``Complete`` until it is stopped.
Content: opaque to LADS; this fake's own: lines of ASCII, first ``template ID``, then ``ramp degC K/min``, ``step degC``
         or ``dwell s``. Who enters a program at the panel changes the content of the template.
Units:   degC, K/min, s.
Source:  OPC 30500-1 for names and states; docs/freezer-physics.md. Assumed: no dead time between states.
"""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import replace

from automation.kernel.quantity import Instant
from fakes.freezer import Details, ObservedFreezer, read_build, text
from fakes.lads import INVALID_STATE, Arguments, Control, FunctionalUnit, LadsDevice, Progress, Run, Sensor, Template
from fakes.nodes import NodeFeed, NodeRefusedError
from fakes.physics.chamber import Build
from fakes.physics.programmer import Sequence, State, Step
from fakes.world import World, grid
from instruments.drivers.lads import wire
from instruments.interfaces.device import Identity

TEMPLATE = "Freezing"
LOWEST, HIGHEST = -180.0, 50.0  # degC
MOST_STEPS, MOST_BYTES = 64, 10_000
INVALID = "BadInvalidArgument"
STATES: Mapping[State, tuple[wire.Unit, wire.Running | None]] = {
    State.RESET: (wire.Unit.STOPPED, None),
    State.RUN: (wire.Unit.RUNNING, wire.Running.EXECUTE),
    State.HOLD: (wire.Unit.RUNNING, wire.Running.HELD),
    State.HOLDBACK: (wire.Unit.RUNNING, wire.Running.SUSPENDED),
    State.COMPLETE: (wire.Unit.RUNNING, wire.Running.COMPLETE),
}


class LadsFreezer(ObservedFreezer):
    """What the freezer answers over LADS, and what hands do at its panel."""

    def __init__(self, world: World, name: str, build: Build | None = None, *, opens: bool = True) -> None:
        """Stand in a world, with no program; ``opens``: it takes programs and gives their content out."""
        super().__init__(world, name, build)
        self.template = Template(id=TEMPLATE, version="1", author="factory", description="freezing program")
        self._runs: list[Run] = []
        self._content = b""
        manager = {wire.UPLOAD: self._upload, wire.DOWNLOAD: self._download} if opens else {}
        unit = FunctionalUnit(
            functions={"Temperature": self._temperature(), "Wall": Sensor(unit="degC", value=self._read)},
            state=lambda: STATES[self.programmer_state],
            commands={"StartProgram": self._start, "Hold": self._hold, "Unhold": self._unhold, "Stop": self._stop},
            templates=lambda: (self.template,),
            manager=manager,
            progress=self._progress,
            runs=self._results,
        )
        who = Identity("Cellwright", "LADS freezer (fake)", "SIM-LF-01", "1.0")
        self.lads = LadsDevice("Freezer", who, {"Chamber": unit}, health=lambda: int(self.chamber.sensor_broken))
        self._feed = NodeFeed(self.lads)

    def feed(self, data: bytes, now: Instant) -> bytes:
        """Answer lines of the node port; silent without power."""
        if not self.chamber.powered:
            return b""
        self.chamber.catch_up(grid(now))
        return self._feed.feed(data, now)

    def unasked(self, now: Instant) -> bytes:
        """Say nothing, but live up to now."""
        self.chamber.catch_up(grid(now))
        return b""

    def start(self, program: Sequence, now: Instant) -> None:
        """Run a program from the start; one that a key started has no job and no task."""
        super().start(program, now)
        self._runs.append(Run(id=f"R{len(self._runs) + 1}", template=TEMPLATE, job="", task="", started=now))

    def hand(self, action: str, details: Details, now: Instant) -> None:
        """Let a person act as at an observed freezer; a program that is entered is another version of the template."""
        super().hand(action, details, now)
        if action == "program":
            self._changed(contents(self.stored), text(details, "by", "panel"), now)

    def _changed(self, content: bytes, author: str, now: Instant) -> None:
        version = str(int(self.template.version) + 1)
        self._content, self.template = content, replace(self.template, version=version, author=author, modified=now)

    def _temperature(self) -> Control:
        programmer = self.chamber.programmer
        return Control(
            unit="degC",
            value=self._read,
            target=lambda: programmer.target if programmer.state is State.RESET else programmer.working,
            put=self._aim,
            lowest=LOWEST,
            highest=HIGHEST,
            alarm=lambda: self.chamber.deviation_alarm,
        )

    def _read(self, now: Instant) -> float | None:
        return None if self.chamber.sensor_broken else self.measured(now)

    def _aim(self, target: float, now: Instant) -> None:
        if self.programmer_state is not State.RESET:
            raise NodeRefusedError(INVALID_STATE, "a program is active")
        self.aim(target, now)

    def _start(self, args: Arguments, now: Instant) -> Arguments:
        template, _, job, task, _ = (*args, None, None, None, None, None)[:5]
        if template != TEMPLATE or not self.stored.steps:
            raise NodeRefusedError(INVALID, f"program {template!r}: there is {TEMPLATE!r}, with {self._content!r:.40}")
        self.start(self.stored, now)
        self._runs[-1] = replace(self._runs[-1], job=str(job or ""), task=str(task or ""))
        return (self._runs[-1].id,)

    def _hold(self, _args: Arguments, now: Instant) -> Arguments:
        self.command("hold", now)
        return ()

    def _unhold(self, _args: Arguments, now: Instant) -> Arguments:
        self.command("go on", now)
        return ()

    def _stop(self, _args: Arguments, now: Instant) -> Arguments:
        self.command("reset", now)
        return ()

    def command(self, act: str, now: Instant) -> None:
        """Hold, go on or reset; a run that is reset is over now, unless it was before."""
        super().command(act, now)
        if act == "reset" and self._runs and self._runs[-1].stopped is None:
            self._runs[-1] = replace(self._runs[-1], stopped=max(now, self._runs[-1].started))

    def _results(self, _now: Instant) -> tuple[Run, ...]:
        """Give every run; the last one is over since the programmer stood, whoever asks when."""
        if not self._runs or self._runs[-1].stopped is not None:
            return tuple(self._runs)
        if self.programmer_state not in {State.COMPLETE, State.RESET}:
            return tuple(self._runs)
        stood = Instant(max(float(self.chamber.stood), float(self._runs[-1].started)))
        return (*self._runs[:-1], replace(self._runs[-1], stopped=stood))

    def _progress(self, _now: Instant) -> Progress | None:
        programmer = self.chamber.programmer
        step = programmer.step
        if step is None:
            return Progress(step=0, name="", runtime=0.0, estimated=0.0)
        total = float(sum(_lengths(programmer.program, programmer.target)))
        return Progress(
            step=programmer.segment,
            name="dwell" if step.target is None else f"to {step.target:g} degC",
            runtime=max(0.0, total - programmer.left),
            estimated=total,
        )

    def _upload(self, args: Arguments, now: Instant) -> Arguments:
        _, data = (*args, None, None)[:2]
        if self.programmer_state not in {State.RESET, State.COMPLETE}:
            raise NodeRefusedError(INVALID_STATE, "a program is active")
        try:
            content = base64.b64decode(str(data or ""), validate=True)
        except binascii.Error:
            raise NodeRefusedError(INVALID, "no bytes") from None
        self.stored = read_contents(content)
        self._changed(content, "upload", now)
        return (TEMPLATE,)

    def _download(self, args: Arguments, _now: Instant) -> Arguments:
        if args[:1] != (TEMPLATE,):
            raise NodeRefusedError(INVALID, f"there is {TEMPLATE!r}")
        return (None, base64.b64encode(self._content).decode())


def contents(program: Sequence) -> bytes:
    """Write a program as this fake keeps it."""
    lines = [f"template {TEMPLATE}"]
    for step in program.steps:
        if step.target is None:
            lines.append(f"dwell {step.seconds}")
        else:
            lines.append(f"ramp {step.target:g} {step.rate * 60.0:g}" if step.rate else f"step {step.target:g}")
    return ("\n".join(lines) + "\n").encode("ascii")


def read_contents(content: bytes) -> Sequence:
    """Read a program as this fake keeps it; raises NodeRefusedError for any other bytes."""
    if len(content) > MOST_BYTES:
        raise NodeRefusedError(INVALID, f"{len(content)} bytes; at most {MOST_BYTES} are taken")
    first, *lines = content.decode("ascii", "replace").splitlines() or [""]
    if first != f"template {TEMPLATE}" or not 0 < len(lines) <= MOST_STEPS:
        raise NodeRefusedError(INVALID, f"'template {TEMPLATE}' and 1 to {MOST_STEPS} lines are needed")
    return Sequence(tuple(_step(line) for line in lines))


def _step(line: str) -> Step:
    try:
        match line.split(" "):
            case ["ramp", target, rate] if float(rate) > 0.0:
                return Step(_within(target), rate=min(float(rate), 1000.0) / 60.0)
            case ["step", target]:
                return Step(_within(target))
            case ["dwell", seconds] if 1 <= int(seconds) <= 10**6:
                return Step(None, seconds=int(seconds))
    except ValueError:
        pass
    raise NodeRefusedError(INVALID, f"line {line[:40]!r} is none of this device")


def _within(target: str) -> float:
    value = float(target)
    if not LOWEST <= value <= HIGHEST:
        raise ValueError(target)
    return value


def _lengths(program: Sequence, start: float) -> list[float]:
    """Give how long each segment takes (s) from a set point (degC)."""
    found, at = list[float](), start
    for step in program.steps:
        if step.target is None:
            found.append(float(step.seconds))
            continue
        found.append(float(round(abs(step.target - at) / step.rate)) if step.rate else 0.0)
        at = step.target
    return found


def build(world: World, name: str, settings: Mapping[str, str]) -> LadsFreezer:
    """Make a freezer as a site states it: at one that states no ``content``, it keeps its programs closed.

    Raises InputError for a ``power_fail`` that this fake does not know.
    """
    opens = "content" in settings or not settings
    return LadsFreezer(world, name, read_build(settings, where=name), opens=opens)
