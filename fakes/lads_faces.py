"""Faces: any fake as a LADS device, also one whose own link speaks something else; what is done to it, hands do.

A command of a client is a person's hand at the panel, on the plant's record: a served fake goes on from its log.
A fake without a face of its own shows how often it did what it counts, and nothing can be commanded.
Units:  degC, %, 1/min, mL.
Source: OPC 30500-1 for the shape; which units and functions a device has, is ours.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial, singledispatch
from typing import cast

from automation.kernel.clock import MICRO
from automation.kernel.errors import CellwrightError
from automation.kernel.quantity import Instant
from fakes.echotherm import FakeEchoTherm
from fakes.eurotherm_controller import Controller
from fakes.hettich_460r import FakeHettich460R
from fakes.lads import INVALID_STATE, Arguments, Control, FunctionalUnit, LadsDevice, Run, Sensor, Template
from fakes.memmert import SETS, FakeMemmert
from fakes.nodes import NodeFeed, NodeRefusedError
from fakes.physics.programmer import State as Programmer
from fakes.plant import Fake
from fakes.serve import Seat
from fakes.watlow_f4t import WatlowF4TFreezer
from fakes.watson_marlow import FakeWatsonMarlow
from instruments.drivers.lads import wire
from instruments.interfaces.device import Identity

UnitState = tuple[wire.Unit, wire.Running | None]
Keys = Mapping[str, tuple[str, Mapping[str, object]]]
"""What a hand does for each command: its action, with details."""
STANDS: UnitState = (wire.Unit.STOPPED, None)
WORKS: UnitState = (wire.Unit.RUNNING, wire.Running.EXECUTE)
RESTS: UnitState = (wire.Unit.RUNNING, wire.Running.HELD)


@dataclass(slots=True)
class Panel:
    """The hand at a fake's panel, and the runs that it has started there."""

    seat: Seat
    keys: Keys = field(default_factory=dict)
    state: Callable[[], UnitState] = lambda: WORKS
    template: str = ""
    _runs: list[Run] = field(default_factory=list)

    def act(self, action: str, details: Mapping[str, object]) -> None:
        """Let the hand act; raises NodeRefusedError where the device does not let it."""
        try:
            self.seat.try_act(action, dict(details))
        except CellwrightError as refusal:
            raise NodeRefusedError(INVALID_STATE, str(refusal)) from None

    def unit(self, functions: Mapping[str, Sensor | Control]) -> FunctionalUnit:
        """Give the functional unit that this panel commands."""
        commands = {name: partial(self._command, name) for name in self.keys}
        templates = (Template(id=self.template),) if self.template else ()
        return FunctionalUnit(
            functions=functions, state=self.state, commands=commands, templates=lambda: templates, runs=self.runs
        )

    def runs(self, now: Instant) -> tuple[Run, ...]:
        """Give every run; the last one is over when the device stands."""
        if self._runs and self._runs[-1].stopped is None and self.state()[0] is wire.Unit.STOPPED:
            self._runs[-1] = replace(self._runs[-1], stopped=now)
        return tuple(self._runs)

    def _command(self, name: str, args: Arguments, now: Instant) -> Arguments:
        if name == wire.START_PROGRAM and args[:1] != (self.template,):
            raise NodeRefusedError("BadInvalidArgument", f"program {args[:1]}; the device has {self.template!r}")
        self.runs(now)
        self.act(*self.keys[name])
        if name != wire.START_PROGRAM:
            return ()
        if self.state()[0] is wire.Unit.STOPPED:
            raise NodeRefusedError(INVALID_STATE, "it was told to start and stands")
        _, _, job, task, _ = (*args, None, None, None, None)[:5]
        run = Run(
            id=f"R{len(self._runs) + 1}", template=self.template, job=str(job or ""), task=str(task or ""), started=now
        )
        self._runs.append(run)
        return (run.id,)


class Face:
    """A LADS device in front of the fake of a seat."""

    def __init__(self, seat: Seat) -> None:
        """Stand in front of it; the device is named as its link."""
        fake = seat.fake
        told = (str(getattr(fake, name, "")) for name in ("serial", "software"))
        serial, software = (word or "SIM" for word in told)
        model = str(getattr(fake, "model", "") or type(fake).__name__.removeprefix("Fake"))
        self.lads = LadsDevice(seat.name, Identity("Cellwright (fake)", model, serial, software), units(fake, seat))
        self._feed = NodeFeed(self.lads)

    def feed(self, data: bytes, now: Instant) -> bytes:
        """Answer lines of the node port."""
        return self._feed.feed(data, now)

    def unasked(self, now: Instant) -> bytes:  # noqa: ARG002  what the fake says on its own link is not asked for here
        """Say nothing."""
        return b""


@singledispatch
def units(fake: Fake, seat: Seat) -> Mapping[str, FunctionalUnit]:
    """Give the functional units of a fake: as its face has it, else what it counts."""
    acts = cast("Mapping[str, int]", getattr(fake, "acts", {}))
    counted = {f"Count {name}": Sensor(unit="1", value=partial(_counted, acts, name)) for name in acts}
    return {"Device": Panel(seat).unit(counted)}


def _counted(acts: Mapping[str, int], name: str, _now: Instant) -> float:
    return float(acts[name])


@units.register
def _(fake: FakeMemmert, seat: Seat) -> Mapping[str, FunctionalUnit]:
    panel, (_, low, high) = Panel(seat), SETS["TempSet"]
    warmth = Control(
        unit="degC",
        value=lambda now: fake.value("temperature", now),
        target=lambda: fake.kept["temperature"],
        put=lambda value, _: panel.act("set", {"temperature": value}),
        lowest=low,
        highest=high,
    )
    seen = {
        "CO2": Sensor(unit="%", value=lambda now: fake.value("co2", now)),
        "Humidity": Sensor(unit="%", value=lambda now: fake.value("humidity", now)),
    }
    return {"Climate": panel.unit({"Temperature": warmth, **seen})}


@units.register
def _(fake: FakeEchoTherm, seat: Seat) -> Mapping[str, FunctionalUnit]:
    panel = Panel(seat, {"Stop": ("idle", {})}, lambda: STANDS if fake.idle else WORKS)
    plate = Control(
        unit="degC",
        value=lambda now: None if fake.broken else fake.plate(now),
        target=lambda: fake.kept,
        put=lambda value, _: panel.act("set", {"temperature": value}),
        lowest=-10.0,
        highest=110.0,
        runs=lambda: not fake.idle,
    )
    return {"Plate": panel.unit({"Temperature": plate})}


@units.register
def _(fake: FakeWatsonMarlow, seat: Seat) -> Mapping[str, FunctionalUnit]:
    keys: Keys = {"StartProgram": ("start", {}), "Stop": ("stop", {})}
    panel = Panel(seat, keys, lambda: WORKS if fake.head.running else STANDS, "Pump")
    functions: dict[str, Sensor | Control] = {
        "Speed": Sensor(unit="1/min", value=lambda _: fake.head.rpm if fake.head.running else 0.0),
        "Volume": Sensor(unit="mL", value=fake.pumped),
    }
    return {"Pump": panel.unit(functions)}


@units.register
def _(fake: FakeHettich460R, seat: Seat) -> Mapping[str, FunctionalUnit]:
    keys: Keys = {"StartProgram": ("start", {}), "Stop": ("stop", {})}

    def state() -> UnitState:
        return STANDS if fake.stands(Instant(seat.clock.micros() / MICRO)) else WORKS

    panel = Panel(seat, keys, state, "Spin")
    return {"Rotor": panel.unit({"Speed": Sensor(unit="1/min", value=fake.rpm)})}


@units.register(Controller)
@units.register(WatlowF4TFreezer)
def _(fake: Controller | WatlowF4TFreezer, seat: Seat) -> Mapping[str, FunctionalUnit]:
    """Give a controlled-rate freezer: its stored program runs in the device and can be held."""
    states = {Programmer.RUN: WORKS, Programmer.HOLDBACK: WORKS, Programmer.HOLD: RESTS}
    keys: Keys = {
        "StartProgram": ("key", {"key": "start"}),
        "Hold": ("key", {"key": "hold"}),
        "Unhold": ("key", {"key": "go on"}),
        "Stop": ("key", {"key": "reset"}),
    }
    panel = Panel(seat, keys, lambda: states.get(fake.programmer_state, STANDS), "Stored program")
    return {"Chamber": panel.unit({"Temperature": Sensor(unit="degC", value=fake.measured)})}
