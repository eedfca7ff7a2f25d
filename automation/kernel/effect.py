"""How interface methods declare what they do to the world, and how a broken call is settled.

``query``             reads and changes nothing: asked again.
``set_absolute``      the same call twice is one call: read back, then set.
``act``               starts or changes something: the driver's ``reconcile`` is asked, never repeated blindly.
``destructive_read``  reading removes what is read: bytes are kept before they are parsed, never read again.
"""

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TypeVar

from automation.kernel.errors import CellwrightError
from automation.kernel.quantity import Seconds

_F = TypeVar("_F", bound=Callable[..., object])
_MARK = "__cellwright_effect__"


URGENT: ContextVar[bool] = ContextVar("urgent", default=False)
"""Whether what this task asks of a device overtakes everything that waits for the same link: set by an abort."""

ASIDE: ContextVar[bool] = ContextVar("aside", default=False)
"""Whether what this task asks of a device belongs to no effect of a step, so that its bytes go on no tape: a watch."""


class Kind(StrEnum):
    """What a call does to the world."""

    QUERY = "query"
    SET_ABSOLUTE = "set_absolute"
    ACT = "act"
    DESTRUCTIVE_READ = "destructive_read"


@dataclass(frozen=True, slots=True)
class Effect:
    """Declared on an interface method; times in s."""

    kind: Kind
    deadline: Seconds
    abort_within: Seconds
    touches: tuple[str, ...] = ()  # names of the arguments that are containers or lots
    making_safe: bool = False  # never blocked by a gate, only recorded
    twice: str = ""  # of an act: what follows if it is done twice, for who decides in doubt
    never: str = ""  # of an act: what follows if it is not done at all
    shows_state: bool = False  # of a query: what the device is asked when somebody has to decide


@dataclass(frozen=True, slots=True)
class Done:
    """Reconciled: the act took effect, and this is its reply."""

    reply: object = None


@dataclass(frozen=True, slots=True)
class NotDone:
    """Reconciled: the device shows that the act did not take effect."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """The device can't say; a person decides."""

    why: str = ""


Reconciled = Done | NotDone | Unknown


@dataclass(frozen=True, slots=True)
class Call:
    """An open call as the journal holds it: what was asked, of whom, with what."""

    asset: str
    method: str
    arguments: dict[str, object]


def effect(
    kind: Kind,
    *,
    deadline: float = 5.0,
    abort_within: float = 5.0,
    touches: tuple[str, ...] = (),
    making_safe: bool = False,
) -> Callable[[_F], _F]:
    """Declare an interface method; times in s. A method without it can't be bound."""
    declared = Effect(kind, Seconds(deadline), Seconds(abort_within), touches, making_safe)

    def mark(method: _F) -> _F:
        setattr(method, _MARK, declared)
        return method

    return mark


def in_doubt(*, twice: str, never: str) -> Callable[[_F], _F]:
    """Declare what follows when an act is done twice, or not at all; stands above ``effect``."""

    def mark(method: _F) -> _F:
        setattr(method, _MARK, replace(_declared(method), twice=twice, never=never))
        return method

    return mark


def shows_state(method: _F) -> _F:
    """Declare the query, without arguments, by which a device says how it stands; stands above ``effect``."""
    setattr(method, _MARK, replace(_declared(method), shows_state=True))
    return method


def _declared(method: Callable[..., object]) -> Effect:
    declared: Effect = getattr(method, _MARK)
    return declared


def effects(interface: type) -> dict[str, Effect]:
    """Give the declared methods of an interface by name; raises CellwrightError for an undeclared one."""
    found: dict[str, Effect] = {}
    for base in reversed(interface.__mro__):
        for name, member in vars(base).items():
            if name.startswith("_") or not callable(member):
                continue
            declared = getattr(member, _MARK, None)
            if not isinstance(declared, Effect):
                msg = f"{interface.__name__}.{name} declares no effect, so it can't be bound"
                raise CellwrightError(msg)
            found[name] = declared
    return found
