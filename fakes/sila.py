"""A fake as a SiLA 2 device: its functional units as features, with properties and commands, and their definitions.

The features are ours: originator ``cellwright``, category ``fakes``, maturity draft; a maker's own are others. They are
made of what a fake shows as a LADS device (``fakes.lads``), so that every fake has them. The same names, the fully
qualified identifiers of SiLA 2, stand on the lines of the node port and on a server (``fakes.sila_server``): a command
takes one JSON object with its parameters and answers one with its responses.
Units:  as each property states in its unit constraint.
Source: SiLA 2 part A (core) 1.1 for identifiers, feature definitions and the SiLA service; part B for the data types.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from itertools import chain
from xml.sax.saxutils import escape

from automation.kernel.errors import WireError
from automation.kernel.ids import digest
from automation.kernel.quantity import Instant
from fakes.lads import Control, FunctionalUnit, LadsDevice, Sensor
from fakes.nodes import Methods, NodeRefusedError, Nodes
from instruments.drivers.lads import wire as lads
from instruments.drivers.sila_incubator import wire
from instruments.interfaces.device import Identity
from instruments.transport.nodes import Value

ORIGINATOR, CATEGORY, VERSION = "cellwright", "fakes", "v1"
UNITS: Mapping[str, tuple[float, float, Mapping[str, int]]] = {
    "degC": (1.0, 273.15, {"Kelvin": 1}),
    "%": (0.01, 0.0, {"Dimensionless": 1}),
    "1/min": (1.0 / 60.0, 0.0, {"Second": -1}),
    "deg": (0.017453292519943295, 0.0, {"Dimensionless": 1}),
    "L/min": (1.0e-3 / 60.0, 0.0, {"Meter": 3, "Second": -1}),
    "mL": (1.0e-6, 0.0, {"Meter": 3}),
    "mL/h": (1.0e-6 / 3600.0, 0.0, {"Meter": 3, "Second": -1}),
}
"""Of each unit: by what it is multiplied, what is added, and the SI units that come out."""
INVALID = "BadInvalidArgument"
_WORDS = re.compile(r"[A-Za-z0-9]+")

Answer = dict[str, Value]
Act = Callable[[Mapping[str, Value], Instant], Answer]


@dataclass(frozen=True, slots=True)
class Property:
    """One property: where its value stands at the device, of which basic type, and in which unit."""

    path: str
    type: str
    unit: str = ""
    observable: bool = True


@dataclass(frozen=True, slots=True)
class Command:
    """One command: its parameters and responses with their basic types, and what it does."""

    takes: Mapping[str, str]
    gives: Mapping[str, str]
    act: Act
    unit: str = ""  # of its numbers


@dataclass(frozen=True, slots=True)
class Feature:
    """One functional unit as SiLA 2 describes it."""

    identifier: str
    shown: str
    properties: Mapping[str, Property]
    commands: Mapping[str, Command]

    @property
    def id(self) -> str:
        """Give its fully qualified identifier."""
        return f"{ORIGINATOR}/{CATEGORY}/{self.identifier}/{VERSION}"

    def definition(self) -> str:
        """Write its definition (FDL)."""
        parts = (
            _text("Identifier", self.identifier),
            _text("DisplayName", self.shown),
            _text("Description", f"The functional unit {self.shown} of a simulated device of Cellwright."),
            *(_command(name, one) for name, one in self.commands.items()),
            *(_property(name, one) for name, one in self.properties.items()),
            f"<DefinedExecutionError>{_named(wire.NO_VALUE, 'No good value')}</DefinedExecutionError>",
        )
        head = (
            f'<Feature SiLA2Version="1.0" FeatureVersion="1.0" MaturityLevel="Draft" Originator="{ORIGINATOR}" '
            f'Category="{CATEGORY}" xmlns="http://www.sila-standard.org">'
        )
        return f'<?xml version="1.0" encoding="utf-8"?>{head}{"".join(parts)}</Feature>'


def no_words() -> Mapping[str, tuple[str, ...]]:
    """Give no enumerations: states are texts."""
    return {}


class SilaDevice:
    """What a SiLA 2 server shows of one device; ``fakes.nodes.Nodes`` and ``Methods``."""

    def __init__(self, device: LadsDevice, nodes: Nodes | None = None) -> None:
        """Show a LADS device; what is asked of it goes to ``nodes``, else to itself."""
        self.identity, self.name = device.identity, device.name
        self.words: Mapping[str, tuple[str, ...]] = no_words()
        self.writable: frozenset[str] = frozenset()
        self._nodes = nodes if nodes is not None else device
        self._root = f"{device.root}/{lads.UNITS}"
        self.features = tuple(self._feature(name, unit) for name, unit in device.units.items())
        self._properties = {
            wire.property_of(one.id, name): held for one in self.features for name, held in one.properties.items()
        }
        self._commands = {
            wire.command_of(one.id, name): held for one in self.features for name, held in one.commands.items()
        }

    @property
    def methods(self) -> frozenset[str]:
        """Name the commands."""
        return frozenset(self._commands)

    def values(self, now: Instant) -> dict[str, Value | None]:
        """Give every property with what it holds now, each unit, and what the SiLA service tells."""
        held = self._nodes.values(now)
        out: dict[str, Value | None] = {name: held.get(one.path) for name, one in self._properties.items()}
        out |= {f"{name}/{wire.UNIT}": one.unit for name, one in self._properties.items() if one.unit}
        return out | dict(service(self.identity, self.name))

    def write(self, name: str, value: Value, now: Instant) -> None:  # noqa: ARG002  as the protocol has it
        """Refuse: SiLA 2 sets by commands; raises NodeRefusedError."""
        raise NodeRefusedError("BadNotWritable", "")

    def call(self, name: str, args: tuple[Value | None, ...], now: Instant) -> tuple[Value | None, ...]:
        """Do a command; raises NodeRefusedError for parameters that are not its own, and what the device refuses."""
        try:
            given = wire.responses(args)
        except WireError:
            raise NodeRefusedError(INVALID, "a JSON object with the parameters is needed") from None
        return (wire.parameters(self.act(name, given, now)),)

    def act(self, name: str, given: Mapping[str, object], now: Instant) -> Answer:
        """Do a command with its parameters by name; raises NodeRefusedError."""
        command = self._commands[name]
        if set(given) != set(command.takes):
            raise NodeRefusedError(INVALID, f"parameters are {', '.join(given)}; {', '.join(command.takes)} are needed")
        plain = {key: value for key, value in given.items() if isinstance(value, bool | int | float | str)}
        wrong = [key for key, kind in command.takes.items() if not _fits(plain.get(key), kind)]
        if wrong:
            raise NodeRefusedError(INVALID, f"{', '.join(wrong)} is of another type")
        return command.act(plain, now)

    def files(self, now: Instant) -> Mapping[str, tuple[bytes, Instant]]:  # noqa: ARG002  it has none
        """Give no files."""
        return {}

    def running(self, feature: Feature, now: Instant) -> bool:
        """Tell whether the unit of a feature runs, for whoever follows a command."""
        values = self.values(now)
        state, activity = (values[wire.property_of(feature.id, one)] for one in ("State", "Activity"))
        return state == lads.Unit.RUNNING and activity != lads.Running.COMPLETE

    def _feature(self, name: str, unit: FunctionalUnit) -> Feature:
        place, state = f"{self._root}/{name}", f"{self._root}/{name}/{lads.UNIT_STATE}"
        properties = {"State": Property(f"{state}/{lads.CURRENT_STATE}", "String")}
        properties["Activity"] = Property(f"{state}/{lads.RUNNING_MACHINE}/{lads.CURRENT_STATE}", "String")
        commands = {command: self._plain(f"{self._root}/{lads.method(name, command)}") for command in unit.commands}
        if lads.START_PROGRAM in commands:
            commands[lads.START_PROGRAM] = self._program(f"{self._root}/{lads.method(name, lads.START_PROGRAM)}")
        for function, one in unit.functions.items():
            self._function(f"{place}/{lads.FUNCTIONS}", one, name=function, into=(properties, commands))
        called = (
            f"{identifier(self.identity.model)}{identifier(name)}"  # one name, one definition: of each model its own
        )
        return Feature(called, f"{self.identity.model} {name}", properties, commands)

    def _function(
        self, functions: str, one: Sensor | Control, *, name: str, into: tuple[dict[str, Property], dict[str, Command]]
    ) -> None:
        properties, commands = into
        place, called, unit = f"{functions}/{name}", identifier(name), one.unit
        if isinstance(one, Sensor):
            properties[called] = Property(f"{place}/{lads.SENSOR}", "Real", unit)
            return
        properties[called] = Property(f"{place}/{lads.CURRENT}", "Real", unit)
        properties[f"{called}Target"] = Property(f"{place}/{lads.TARGET}", "Real", unit, observable=False)
        commands[f"Set{called}"] = Command({"Target": "Real"}, {}, partial(self._put, f"{place}/{lads.TARGET}"), unit)
        if one.switch is not None:
            for word in ("Start", "Stop"):
                commands[f"{word}{called}"] = self._plain(f"{place}/{lads.FUNCTION_STATE}/{word}")

    def _plain(self, path: str) -> Command:
        def act(_given: Mapping[str, Value], now: Instant) -> Answer:
            self._done(path, (), now)
            return {}

        return Command({}, {}, act)

    def _program(self, path: str) -> Command:
        def act(given: Mapping[str, Value], now: Instant) -> Answer:
            told = self._done(path, (given["Template"], None, given["Job"], given["Task"], None), now)
            return {"Run": str(told[0]) if told else ""}

        return Command(dict.fromkeys(("Template", "Job", "Task"), "String"), {"Run": "String"}, act)

    def _put(self, path: str, given: Mapping[str, Value], now: Instant) -> Answer:
        self._nodes.write(path, given["Target"], now)
        return {}

    def _done(self, path: str, args: tuple[Value | None, ...], now: Instant) -> tuple[Value | None, ...]:
        if not isinstance(self._nodes, Methods):
            raise NodeRefusedError("BadNotSupported", "it has no commands")
        return self._nodes.call(path, args, now)


def service(who: Identity, name: str) -> Mapping[str, str]:
    """Give what the SiLA service of a device tells: type and version are the model's, the UUID follows the serial."""
    told = {
        wire.SERVER_NAME: name,
        wire.SERVER_TYPE: identifier(who.model),
        wire.SERVER_UUID: uuid(who),
        wire.SERVER_VERSION: version(who.firmware),
        wire.DESCRIPTION: f"{who.maker} {who.model}, serial number {who.serial}; a simulated device of Cellwright",
    }
    return {wire.property_of(wire.SERVICE, key): value for key, value in told.items()}


def uuid(who: Identity) -> str:
    """Give the UUID of a device (version 5 by its form): the same for the same maker, model and serial number."""
    told = digest(who.maker, who.model, who.serial).hex()
    return f"{told[:8]}-{told[8:12]}-5{told[13:16]}-8{told[17:20]}-{told[20:32]}"


def version(firmware: str) -> str:
    """Give a firmware as SiLA 2 writes versions: major and minor, and what does not fit after an underscore."""
    found = re.match(r"(\d{1,9})\.(\d{1,9})", firmware)
    plain = "_".join(_WORDS.findall(firmware))
    return f"{int(found[1])}.{int(found[2])}" if found else f"0.0_{plain}" if plain else "0.0"


def identifier(name: str) -> str:
    """Give a name as SiLA 2 has identifiers: letters and digits, with a capital first."""
    word = "".join(part[0].upper() + part[1:] for part in _WORDS.findall(name))
    return word if word[:1].isalpha() else f"Unit{word}"


def _fits(value: Value | None, kind: str) -> bool:
    if kind == "String":
        return isinstance(value, str)
    return isinstance(value, int | float) and not isinstance(value, bool)


def _text(tag: str, text: str) -> str:
    return f"<{tag}>{escape(text)}</{tag}>"


def _named(name: str, shown: str = "") -> str:
    words = shown or re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name)
    return _text("Identifier", name) + _text("DisplayName", words) + _text("Description", f"{words}.")


def _type(kind: str, unit: str) -> str:
    basic = f"<DataType><Basic>{kind}</Basic></DataType>"
    if kind != "Real" or unit not in UNITS:
        return basic
    factor, offset, si = UNITS[unit]
    parts = chain(
        (_text("Label", unit), _text("Factor", _decimal(factor)), _text("Offset", _decimal(offset))),
        (f"<UnitComponent><SIUnit>{one}</SIUnit><Exponent>{n}</Exponent></UnitComponent>" for one, n in si.items()),
    )
    constraint = f"<Constraints><Unit>{''.join(parts)}</Unit></Constraints>"
    return f"<DataType><Constrained>{basic}{constraint}</Constrained></DataType>"


def _decimal(value: float) -> str:
    """Write a number as an XML decimal, which has no exponent."""
    return format(Decimal(repr(value)), "f")


def _property(name: str, one: Property) -> str:
    error = f"<DefinedExecutionErrors>{_text('Identifier', wire.NO_VALUE)}</DefinedExecutionErrors>"
    observable = _text("Observable", "Yes" if one.observable else "No")
    return f"<Property>{_named(name)}{observable}{_type(one.type, one.unit)}{error}</Property>"


def _command(name: str, one: Command) -> str:
    takes = (f"<Parameter>{_named(key)}{_type(kind, one.unit)}</Parameter>" for key, kind in one.takes.items())
    gives = (f"<Response>{_named(key)}{_type(kind, '')}</Response>" for key, kind in one.gives.items())
    observable = _text("Observable", "Yes" if name == lads.START_PROGRAM else "No")
    return f"<Command>{_named(name)}{observable}{''.join(takes)}{''.join(gives)}</Command>"
