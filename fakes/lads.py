"""A fake as a LADS device: units with functions, their state machine, programs and results, as values and methods.

The same names stand on the lines of the node port and in the address space of an OPC UA server (``fakes.lads_server``).
Units:  as each function states; durations in ms.
Source: OPC 30500-1 (see ``instruments.drivers.lads.wire``); which functions there are, is the fake's own.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import chain

from automation.kernel.clock import iso
from automation.kernel.quantity import Instant
from fakes.nodes import NodeRefusedError
from instruments.drivers.lads import wire
from instruments.interfaces.device import Identity
from instruments.transport.nodes import Value

INVALID_STATE, OUT_OF_RANGE, NOT_A_NUMBER = "BadInvalidState", "BadOutOfRange", "BadTypeMismatch"
Arguments = tuple[Value | None, ...]
Command = Callable[[Arguments, Instant], Arguments]
Reading = Callable[[Instant], float | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sensor:
    """A function that measures (AnalogScalarSensorFunction)."""

    unit: str
    value: Reading  # None: the sensor is broken
    alarm: Callable[[], bool] | None = None  # whether its monitor is active; None: it has none


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """A function that keeps a target (AnalogControlFunction, with a totalizer where it counts)."""

    unit: str
    value: Reading
    target: Callable[[], float]
    put: Callable[[float, Instant], None]  # a target between the bounds
    lowest: float
    highest: float
    runs: Callable[[], bool] = lambda: True
    switch: Callable[[bool, Instant], None] | None = None  # started and stopped by itself; None: with its unit
    total: Callable[[Instant], float] | None = None
    alarm: Callable[[], bool] | None = None  # as of a sensor


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """What a device shows of a program that it keeps; its content is opaque."""

    id: str
    version: str = "1"
    author: str = ""
    description: str = ""
    modified: Instant | None = None  # as created; None: never known


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far the active program is (s); steps are counted from 1."""

    step: int
    name: str
    runtime: float
    estimated: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run of a program: what is known of it is its result."""

    id: str
    template: str
    job: str
    task: str
    started: Instant
    stopped: Instant | None = None
    values: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionalUnit:
    """A part of a device that is commanded by itself."""

    functions: Mapping[str, Sensor | Control]
    state: Callable[[], tuple[wire.Unit, wire.Running | None]]
    commands: Mapping[str, Command] = field(default_factory=dict)
    templates: Callable[[], tuple[Template, ...]] = tuple
    manager: Mapping[str, Command] = field(default_factory=dict)  # methods of the program manager
    progress: Callable[[Instant], Progress | None] = lambda _now: None
    runs: Callable[[Instant], tuple[Run, ...]] = lambda _now: ()


def no_words() -> Mapping[str, tuple[str, ...]]:
    """Give no enumerations: LADS tells states as texts."""
    return {}


class LadsDevice:
    """Everything that a LADS server shows of one device; ``fakes.nodes.Nodes`` and ``Methods``."""

    def __init__(
        self,
        name: str,
        identity: Identity,
        units: Mapping[str, FunctionalUnit],
        *,
        health: Callable[[], int] | None = None,
    ) -> None:
        """Name it as it stands in the device set; ``health`` gives the number of its health, where it tells it."""
        self.name, self.identity, self.units = name, identity, units
        self._health = health
        self.root = f"{wire.DEVICES}/{name}"
        self.words: Mapping[str, tuple[str, ...]] = no_words()
        self._controls = {
            f"{self._function(unit, function)}/": one
            for unit, made in units.items()
            for function, one in made.functions.items()
            if isinstance(one, Control)
        }
        self._commands = {
            f"{self.root}/{wire.UNITS}/{wire.method(unit, command)}": (made, command, act)
            for unit, made in units.items()
            for command, act in made.commands.items()
        }
        self._managers = {
            f"{self.root}/{wire.UNITS}/{unit}/{wire.PROGRAMS}/{method}": act
            for unit, made in units.items()
            for method, act in made.manager.items()
        }

    @property
    def writable(self) -> frozenset[str]:
        """Name the targets."""
        return frozenset(f"{place}{wire.TARGET}" for place in self._controls)

    @property
    def methods(self) -> frozenset[str]:
        """Name the commands of units and of the functions that are started by themselves."""
        own = (f"{place}{wire.FUNCTION_STATE}/" for place, one in self._controls.items() if one.switch is not None)
        return frozenset(chain(self._commands, self._managers, *((f"{place}Start", f"{place}Stop") for place in own)))

    def bounds(self) -> Mapping[str, tuple[float, float]]:
        """Give the range of every target."""
        return {f"{place}{wire.TARGET}": (one.lowest, one.highest) for place, one in self._controls.items()}

    def values(self, now: Instant) -> dict[str, Value | None]:
        """Give every variable with what it holds now."""
        who = self.identity
        out: dict[str, Value | None] = {
            f"{self.root}/{wire.IDENTIFICATION}/{wire.MAKER}": who.maker,
            f"{self.root}/{wire.IDENTIFICATION}/{wire.MODEL}": who.model,
            f"{self.root}/{wire.IDENTIFICATION}/{wire.SERIAL}": who.serial,
            f"{self.root}/{wire.IDENTIFICATION}/{wire.SOFTWARE}": who.firmware,
            f"{self.root}/{wire.DEVICE_STATE}/{wire.CURRENT_STATE}": "Operate",
        }
        if self._health is not None:
            out[f"{self.root}/{wire.HEALTH}"] = self._health()
        for name, unit in self.units.items():
            out |= self._unit(f"{self.root}/{wire.UNITS}/{name}", unit, now)
            for function, one in unit.functions.items():
                out |= _function(self._function(name, function), one, now)
        return out

    def write(self, name: str, value: Value, now: Instant) -> None:
        """Take a target; raises NodeRefusedError for what is none, or beyond the function's range."""
        control = self._controls.get(name.removesuffix(wire.TARGET))
        if control is None:
            raise NodeRefusedError("BadNotWritable", "")
        if isinstance(value, bool | str):
            raise NodeRefusedError(NOT_A_NUMBER, f"{value!r} is no number")
        if not control.lowest <= float(value) <= control.highest:
            text = f"{value:g} {control.unit}; {control.lowest:g} to {control.highest:g} are possible"
            raise NodeRefusedError(OUT_OF_RANGE, text)
        control.put(float(value), now)

    def call(self, name: str, args: Arguments, now: Instant) -> Arguments:
        """Do a command; raises NodeRefusedError in a state from which it leads nowhere."""
        if name in self._managers:
            return self._managers[name](args, now)
        if name not in self._commands:
            return self._switch(name, now)
        unit, command, act = self._commands[name]
        state, running = unit.state()
        allowed, _ = wire.COMMANDS[command]
        if state not in allowed and running not in allowed:
            raise NodeRefusedError(INVALID_STATE, f"{command} from {running or state}")
        return act(args, now)

    def files(self, now: Instant) -> Mapping[str, tuple[bytes, Instant]]:  # noqa: ARG002  it has none
        """Give no files."""
        return {}

    def _switch(self, name: str, now: Instant) -> Arguments:
        place, _, command = name.rpartition("/")
        switch = self._controls[place.removesuffix(wire.FUNCTION_STATE)].switch
        if switch is not None:
            switch(command == "Start", now)
        return ()

    def _function(self, unit: str, function: str) -> str:
        return f"{self.root}/{wire.UNITS}/{unit}/{wire.FUNCTIONS}/{function}"

    def _unit(self, place: str, unit: FunctionalUnit, now: Instant) -> dict[str, Value | None]:
        state, running = unit.state()
        machine = f"{place}/{wire.UNIT_STATE}"
        out: dict[str, Value | None] = {
            f"{machine}/{wire.CURRENT_STATE}": state.value,
            f"{machine}/{wire.RUNNING_MACHINE}/{wire.CURRENT_STATE}": running.value if running else "",
        }
        templates = unit.templates()
        if not templates and not unit.manager:
            return out
        programs, runs = f"{place}/{wire.PROGRAMS}", unit.runs(now)
        last = runs[-1] if runs and runs[-1].stopped is None else None
        out |= _active(f"{programs}/{wire.ACTIVE}", last, unit.progress(now), now)
        for template in templates:
            out |= _template(f"{programs}/{wire.TEMPLATES}/{template.id}", template)
        for run in runs:
            out |= _result(f"{programs}/{wire.RESULTS}/{run.id}", run)
        return out


def _active(place: str, last: Run | None, progress: Progress | None, now: Instant) -> dict[str, Value | None]:
    since = 1000.0 * float(now - last.started) if last else 0.0
    out: dict[str, Value | None] = {f"{place}/{wire.RUN_ID}": last.id if last else "", f"{place}/{wire.RUNTIME}": since}
    if progress is not None:
        out[f"{place}/{wire.RUNTIME}"] = 1000.0 * progress.runtime
        out[f"{place}/{wire.ESTIMATED}"] = 1000.0 * progress.estimated
        out[f"{place}/{wire.STEP}"] = progress.step
        out[f"{place}/{wire.STEP_NAME}"] = progress.name
    return out


def _template(place: str, one: Template) -> dict[str, Value | None]:
    changed = iso(one.modified) if one.modified is not None else ""
    return {
        f"{place}/{wire.TEMPLATE_ID}": one.id,
        f"{place}/{wire.VERSION}": one.version,
        f"{place}/{wire.AUTHOR}": one.author,
        f"{place}/{wire.DESCRIPTION}": one.description,
        f"{place}/{wire.CREATED}": changed,
        f"{place}/{wire.MODIFIED}": changed,
    }


def _monitor(place: str, one: Sensor | Control) -> dict[str, Value | None]:
    if one.alarm is None:
        return {}
    active, state = one.alarm(), f"{place}/{wire.ALARM}/{wire.ACTIVE_STATE}"
    return {state: "Active" if active else "Inactive", f"{place}/{wire.ALARM_ACTIVE}": active}


def _function(place: str, one: Sensor | Control, now: Instant) -> dict[str, Value | None]:
    if isinstance(one, Sensor):
        shown: dict[str, Value | None] = {f"{place}/{wire.SENSOR}": one.value(now)}
        shown |= {f"{place}/{wire.SENSOR}/{wire.IN_UNITS}": one.unit, **_monitor(place, one)}
        return {f"{place}/IsEnabled": True, **shown}
    state = wire.Unit.RUNNING if one.runs() else wire.Unit.STOPPED
    out: dict[str, Value | None] = {
        f"{place}/IsEnabled": True,
        f"{place}/{wire.CURRENT}": one.value(now),
        f"{place}/{wire.CURRENT}/{wire.IN_UNITS}": one.unit,
        f"{place}/{wire.TARGET}": one.target(),
        f"{place}/{wire.TARGET}/{wire.IN_UNITS}": one.unit,
        f"{place}/{wire.FUNCTION_STATE}/{wire.CURRENT_STATE}": state.value,
    }
    if one.total is not None:
        out[f"{place}/{wire.TOTAL}"] = one.total(now)
        out[f"{place}/{wire.TOTAL}/{wire.IN_UNITS}"] = one.unit
    return out | _monitor(place, one)


def _result(place: str, run: Run) -> dict[str, Value | None]:
    out: dict[str, Value | None] = {
        f"{place}/{wire.RUN_ID}": run.id,
        f"{place}/{wire.JOB}": run.job,
        f"{place}/{wire.TASK}": run.task,
        f"{place}/{wire.STARTED}": iso(run.started),
        f"{place}/{wire.STOPPED_AT}": iso(run.stopped) if run.stopped is not None else "",
        f"{place}/ProgramTemplate/{wire.TEMPLATE_ID}": run.template,
    }
    return out | {f"{place}/{wire.VARIABLES}/{name}": value for name, value in run.values.items()}
