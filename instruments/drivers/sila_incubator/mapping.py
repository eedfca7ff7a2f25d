"""A map of an incubator's SiLA 2 features: which property tells what, and which command sets it; read from its file.

Units:  each property in that of its feature definition, which is asked and compared: degC, K, %, and 1 (a share, or
        yes and no). ``°C`` and ``Kelvin`` are other spellings of the same.
Source: docs/drivers/sila_incubator.md. Every complaint names field, value, what is allowed, file, line and column.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path

from automation.engine.recipe.source import digest
from automation.engine.recipe.yaml_source import Node, read_file, read_text
from automation.kernel.errors import InputError
from instruments.drivers.sila_incubator import wire

CHANNELS: Mapping[str, tuple[str, ...]] = {
    "temperature": ("degC", "K"),
    "co2": ("%", "1"),
    "humidity": ("%", "1"),
    "oxygen": ("%", "1"),
    "door open": ("yes or no",),
}
"""What an incubator can tell, and the units in which a feature may have it."""
KEPT = ("temperature", "co2")
LABELS: Mapping[str, frozenset[str]] = {
    "degC": frozenset({"degC", "°C", "Celsius", "Degree Celsius"}),
    "K": frozenset({"K", "Kelvin", "kelvin"}),
    "%": frozenset({"%", "percent", "Percent"}),
    "1": frozenset({"1", ""}),
    "yes or no": frozenset({""}),
}
"""How the label of a unit may be written; a property without a unit constraint is taken as the map has it."""
LEVELS = ("L0", "L1", "L2", "L3")
ZERO = 273.15  # K, of 0 degC


@dataclass(frozen=True, slots=True)
class Told:
    """A property and its unit."""

    property: str
    unit: str

    def ours(self, value: float) -> float:
        """Give a value of the device in degC or %."""
        return value - ZERO if self.unit == "K" else 100.0 * value if self.unit == "1" else value

    def theirs(self, value: float) -> float:
        """Give a value of ours in the device's unit."""
        return value + ZERO if self.unit == "K" else value / 100.0 if self.unit == "1" else value


@dataclass(frozen=True, slots=True)
class Kept:
    """A set point: the property that tells it, the command that sets it, its parameter, and the range (ours)."""

    told: Told
    command: str
    parameter: str
    lowest: float
    highest: float


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureMap:
    """What a map says."""

    name: str
    maker: str
    level: str
    source: str
    serial: str  # a property that tells the serial number; else the server's UUID stands for it
    channels: Mapping[str, Told]
    kept: Mapping[str, Kept]
    digest: str


def shipped() -> tuple[str, ...]:
    """Name the maps that come with the program."""
    folder = resources.files("instruments.drivers.sila_incubator") / "maps"
    return tuple(sorted(one.name.removesuffix(".yaml") for one in folder.iterdir() if one.name.endswith(".yaml")))


@cache
def find(name: str) -> FeatureMap:
    """Give a map that comes with the program by its name, or one from a .yaml file; raises InputError."""
    if name.endswith((".yaml", ".yml")):
        return read(read_file(Path(name)), name=Path(name).stem)
    if name not in shipped():
        raise InputError(f"map is {name!r}; a file that ends with .yaml, or one of: {', '.join(shipped())}")
    file = resources.files("instruments.drivers.sila_incubator") / "maps" / f"{name}.yaml"
    return read(read_text(file.read_text(encoding="utf-8"), name=f"{name}.yaml"), name=name)


def read(node: Node, *, name: str) -> FeatureMap:
    """Read a whole map; raises InputError."""
    pairs = node.fields(required=("device", "channels"), optional=("set_points",))
    device = pairs["device"].fields(required=("maker", "level", "source"), optional=("serial",))
    channels = {one: _told(held, one) for one, held in _named(pairs["channels"], tuple(CHANNELS)).items()}
    if "temperature" not in channels:
        raise pairs["channels"].wrong("has no temperature; an incubator is known by it")
    points = _named(pairs["set_points"], KEPT) if "set_points" in pairs else {}
    return FeatureMap(
        name=name,
        maker=device["maker"].string(),
        level=device["level"].choice(LEVELS),
        source=device["source"].string(),
        serial=_property(device["serial"]) if "serial" in device else "",
        channels=channels,
        kept={one: _kept(held, one) for one, held in points.items()},
        digest=digest(node),
    )


def _named(node: Node, allowed: tuple[str, ...]) -> Mapping[str, Node]:
    return node.fields(required=(), optional=allowed)


def _told(node: Node, channel: str) -> Told:
    pairs = node.fields(required=("property", "unit"))
    return Told(_property(pairs["property"]), pairs["unit"].choice(CHANNELS[channel]))


def _kept(node: Node, channel: str) -> Kept:
    pairs = node.fields(required=("property", "unit", "command", "parameter", "range"))
    told = Told(_property(pairs["property"]), pairs["unit"].choice(CHANNELS[channel]))
    command, bounds = pairs["command"].string(), [one.number() for one in pairs["range"].sequence()]
    if not wire.is_command(command):
        raise pairs["command"].wrong(f"is {command!r}; a fully qualified identifier of a command is needed")
    if len(bounds) != 2 or not bounds[0] < bounds[1]:
        raise pairs["range"].wrong("is no range; the lowest and the highest are needed, in degC or %")
    return Kept(told, command, pairs["parameter"].string(), *bounds)


def _property(node: Node) -> str:
    found = node.string()
    if not wire.is_property(found):
        raise node.wrong(f"is {found!r}; a fully qualified identifier of a property is needed")
    return found
