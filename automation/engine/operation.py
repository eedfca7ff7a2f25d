"""What the engine knows of an operation: a frozen dataclass with a table and one method for each working state."""

import dataclasses
import hashlib
import importlib
import inspect
import re
from collections.abc import Mapping
from typing import ClassVar, Protocol, get_type_hints

import msgspec

from automation.kernel.errors import CellwrightError
from automation.kernel.machine import Table


class Fields(Protocol):
    """Any dataclass."""

    __dataclass_fields__: ClassVar[dict[str, "dataclasses.Field[object]"]]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class SafeDevice:
    """What a device itself says once the step is safe: each value of the part ``reads`` is one of ``among``."""

    after: tuple[str, ...]  # of ``holding``, ``stopping`` and ``aborting``
    role: str  # the field of equipment
    ask: str  # a query of its interface
    reads: str
    among: frozenset[object]
    within: tuple[str, ...] = ()  # the operation's states in which it was ordered; none: in any


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class SafeProduct:
    """What people confirm about the product before the step counts as safe: a part of the question's text."""

    after: tuple[str, ...]
    told: str
    within: tuple[str, ...] = ()


class Operation(Protocol):
    """A unit operation as a protocol author writes it; see docs/operations.md."""

    table: ClassVar[Table]
    results: ClassVar[type[Fields]]
    good: ClassVar[frozenset[str]]  # final states after which the batch goes on by itself
    safe: ClassVar[tuple[SafeDevice | SafeProduct, ...]]  # what is so when it has made itself safe


ENDINGS = ("stopping", "aborting")
MAKING_SAFE = ("holding", *ENDINGS)
SIDES = (*MAKING_SAFE, "restarting")


def method_name(state: str) -> str:
    """Give the name of the method of a state: ``ready for product`` is ``ready_for_product``."""
    return str(state).replace(" ", "_").replace("-", "_")


def check_operation(operation: type) -> None:
    """Raise CellwrightError when a working state, or a way to make safe that ``safe`` names, has no method."""
    table: Table = getattr(operation, "table")  # noqa: B009  declared by the protocol, not by ``type``
    for state in table.states:
        if state not in table.final and not hasattr(operation, method_name(state)):
            msg = f"{operation.__name__} has no method {method_name(state)!r} for its state {state!r}"
            raise CellwrightError(msg)
    for side in (side for safe in getattr(operation, "safe", ()) for side in safe.after):
        if not hasattr(operation, side):
            raise CellwrightError(f"{operation.__name__} has no method {side!r}, and says what is safe after it")


def digest(operation: type) -> str:
    """Give the SHA-256 of an operation's source, with that of the modules of its own package that it builds on.

    A batch is resumed only under the one it was issued with.
    """
    root = operation.__module__.partition(".")[0]
    imported = re.compile(rf"^from ({re.escape(root)}\.[\w.]+) import", re.MULTILINE)
    sources, waiting = dict[str, str](), [operation.__module__]
    while waiting:
        name = waiting.pop()
        if name not in sources:
            sources[name] = inspect.getsource(importlib.import_module(name))
            waiting += imported.findall(sources[name])
    whole = "\0".join(f"{name}\0{source}" for name, source in sorted(sources.items()))
    return hashlib.sha256(whole.encode()).hexdigest()


def merged(results: Fields, more: Mapping[str, object]) -> Fields:
    """Give the results with what a move brings; raises CellwrightError for a field that they do not have."""
    known = {item.name for item in dataclasses.fields(results)}
    unknown = [name for name in more if name not in known]
    if unknown:
        msg = f"a move brings {', '.join(unknown)}; the results are {', '.join(sorted(known))}"
        raise CellwrightError(msg)
    return dataclasses.replace(results, **more)


def decoded(results: type, raw: Mapping[str, object]) -> dict[str, object]:
    """Read recorded results back as the types of their fields."""
    hints = get_type_hints(results)
    return {name: msgspec.convert(value, hints[name]) for name, value in raw.items()}
