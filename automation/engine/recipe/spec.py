"""What an operation asks of a recipe, read off the operation's own class.

An operation is a frozen dataclass. Its field ``given`` is annotated with a frozen dataclass of parameters (no
defaults); its class attribute ``results: ClassVar = Results`` names the frozen dataclass of what later steps may use;
``table: ClassVar`` is its table. Fields whose type is an instrument interface (a Protocol whose methods declare
effects) are equipment; all other fields (watch, prompts, ...) are given by the engine. ``identifies: ClassVar = True``
says that it takes containers in or compares them with whose they are, so that no amendment of a batch touches it.
A parameter may carry ``field(metadata={"range": (low, high), "label": ..., "help": ...})``, the range in its own unit.
"""

import dataclasses
import inspect
import re
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from automation.kernel.effect import effects
from automation.kernel.errors import CellwrightError
from automation.kernel.machine import Row, Table
from automation.kernel.quantity import UNITS

GIVEN = "given"
RESULTS = "results"
TABLE = "table"
IDENTIFIES = "identifies"


@dataclass(frozen=True, slots=True)
class ParameterSpec:
    """One parameter: its type, the range that is allowed (in its unit; None is open), and its words for people."""

    name: str
    type: object
    optional: bool = False  # may be written as null
    low: float | None = None
    high: float | None = None
    label: str = ""
    help: str = ""

    @property
    def unit(self) -> str:
        """Give the unit of the type; empty for words, counts and structures."""
        return unit_of(self.type)


@dataclass(frozen=True, slots=True)
class OperationSpec:
    """What an operation asks (parameters, equipment, services) and gives (results, events)."""

    name: str
    operation: type
    given: type | None
    parameters: Mapping[str, ParameterSpec] = field(default_factory=dict)
    results: Mapping[str, object] = field(default_factory=dict)  # name to type
    equipment: Mapping[str, str] = field(default_factory=dict)  # field to interface, in words
    optional_equipment: frozenset[str] = frozenset()
    services: Mapping[str, object] = field(default_factory=dict)  # field to type
    events: frozenset[str] = frozenset()  # moves and states that time limits may name
    title: str = ""
    identifies: bool = False  # it takes containers in, or compares them with the patient or donor


def spec_of(operation: type, *, name: str = "") -> OperationSpec:
    """Read the specification off an operation class; raises CellwrightError for one that is not in the agreed form."""
    if not dataclasses.is_dataclass(operation):
        raise CellwrightError(f"{operation.__name__} is not a dataclass, so it is no operation")
    hints = typing.get_type_hints(operation)
    fields = [one.name for one in dataclasses.fields(operation)]
    given = hints.get(GIVEN) if GIVEN in fields else None
    if given is not None and not _is_structure(given):
        raise CellwrightError(f"{operation.__name__}.{GIVEN} has to be annotated with a frozen dataclass of parameters")
    others = {one: without_none(hints[one]) for one in fields if one != GIVEN}
    interfaces = {one: words(kind.__name__) for one, (kind, _) in others.items() if _is_interface(kind)}
    return OperationSpec(
        name=name or words(operation.__name__).replace(" ", "_"),
        operation=operation,
        given=given if isinstance(given, type) else None,
        parameters=parameters_of(given) if isinstance(given, type) else {},
        results=_results(operation),
        equipment=interfaces,
        optional_equipment=frozenset(one for one in interfaces if others[one][1]),
        services={one: kind for one, (kind, _) in others.items() if one not in interfaces},
        events=_events(operation),
        title=(inspect.getdoc(operation) or "").partition("\n")[0],
        identifies=bool(getattr(operation, IDENTIFIES, False)),
    )


def parameters_of(structure: type, *, top: bool = True) -> dict[str, ParameterSpec]:
    """Give the fields of a dataclass as parameters; at the top none may have a default."""
    hints = typing.get_type_hints(structure)
    found: dict[str, ParameterSpec] = {}
    for one in dataclasses.fields(structure):
        if top and _has_default(one):
            raise CellwrightError(f"{structure.__qualname__}.{one.name} has a default; parameters come from the recipe")
        kind, optional = without_none(hints[one.name])
        low, high = one.metadata.get("range", (None, None))
        label, text = str(one.metadata.get("label", "")), str(one.metadata.get("help", ""))
        found[one.name] = ParameterSpec(one.name, kind, optional, low, high, label, text)
    return found


def required_of(structure: type) -> frozenset[str]:
    """Give the names of the fields that have no default."""
    return frozenset(one.name for one in dataclasses.fields(structure) if not _has_default(one))


def without_none(kind: object) -> tuple[object, bool]:
    """Give a type without its ``| None`` and whether it had one."""
    if typing.get_origin(kind) not in (types.UnionType, typing.Union):
        return kind, False
    rest = [one for one in typing.get_args(kind) if one is not type(None)]
    optional = len(rest) < len(typing.get_args(kind))
    return (rest[0], optional) if len(rest) == 1 else (kind, optional)


def unit_of(kind: object) -> str:
    """Give the unit of a unit type, ``1`` for a bare number and nothing for everything else."""
    plain = without_none(kind)[0]
    if _hashable(plain) and plain in UNITS:
        return UNITS[plain]
    return "1" if plain in (float, int, Decimal) else ""


def events_of(row: Row) -> tuple[str, str]:
    """Give the two names under which time limits may cite a move: its command and the state it enters."""
    return words(row.command).replace(" ", "_"), words(str(row.dest)).replace(" ", "_")


def words(name: str) -> str:
    """Turn ``ControlledRateFreezer`` or ``controlled-rate_freezer`` into ``controlled rate freezer``."""
    return " ".join(re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name).replace("-", " ").replace("_", " ").lower().split())


def _results(operation: type) -> dict[str, object]:
    results = getattr(operation, RESULTS, None)
    if results is None:
        return {}
    if not isinstance(results, type) or not dataclasses.is_dataclass(results):
        raise CellwrightError(f"{operation.__name__}.{RESULTS} has to be the dataclass of its results")
    hints = typing.get_type_hints(results)
    return {one.name: without_none(hints[one.name])[0] for one in dataclasses.fields(results)}


def _events(operation: type) -> frozenset[str]:
    table = getattr(operation, TABLE, None)
    if not isinstance(table, Table):
        return frozenset()
    return frozenset(event for row in table.rows for event in events_of(row))


def _is_structure(kind: object) -> bool:
    return isinstance(kind, type) and dataclasses.is_dataclass(kind)


def _is_interface(kind: object) -> typing.TypeGuard[type]:
    if not isinstance(kind, type) or not getattr(kind, "_is_protocol", False):
        return False
    try:
        return bool(effects(kind))
    except CellwrightError:
        return False


def _has_default(one: "dataclasses.Field[object]") -> bool:
    return one.default is not dataclasses.MISSING or one.default_factory is not dataclasses.MISSING


def _hashable(kind: object) -> bool:
    return getattr(type(kind), "__hash__", None) is not None
