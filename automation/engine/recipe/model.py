"""The recipe as checked values: what is approved by hash, executed and shown in the record.

Units: parameters are in the unit of their type (see ``automation.kernel.quantity``); ``text`` keeps what was written.
Source: ISA-88.00.01 (header, formula, equipment requirements, procedure); 21 CFR 211.186 (master record).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from automation.formulas.limits import Limit, Limits
from automation.gmp.hazards import Hazard
from automation.gmp.openings import Opened
from automation.gmp.words import Meaning
from automation.kernel.errors import InputError
from automation.kernel.quantity import Percent, Seconds


class Status(StrEnum):
    """How far the document has come; only an approved recipe makes clinical lots."""

    DRAFT = "draft"
    APPROVED = "approved"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Header:
    """Which document this is."""

    id: str
    version: str
    title: str
    status: Status


class Start(StrEnum):
    """Where the containers of a batch are when it begins."""

    EXPECTED = "expected"  # they come in from outside
    STORAGE = "storage"  # they stand in the store of the site


@dataclass(frozen=True, slots=True)
class Product:
    """What is made."""

    name: str
    code: str = ""
    container: str = ""
    starts_from: str = ""  # kind of container that comes in; empty: any that is expected
    starts_in: Start = Start.EXPECTED


@dataclass(frozen=True, slots=True)
class Amount:
    """A quantity as entered, with its unit."""

    value: Decimal
    unit: str

    def __str__(self) -> str:
        return f"{self.value} {self.unit}"


@dataclass(frozen=True, slots=True)
class Material:
    """One line of the bill of materials."""

    name: str
    what: str
    quantity: Amount
    step: str
    where: str


@dataclass(frozen=True, slots=True)
class Literal:
    """A parameter written out in the recipe: the value in the unit of its type, and the text as written."""

    value: object
    text: str
    where: str


@dataclass(frozen=True, slots=True)
class Reference:
    """A parameter taken from a result of an earlier step when the step starts."""

    step: str
    result: str
    where: str

    @property
    def text(self) -> str:
        """Give the reference as written."""
        return f"{self.step}.{self.result}"


Given = Literal | Reference


@dataclass(frozen=True, slots=True)
class Condition:
    """What a recorded result has to be: within limits (a number), or one of the words (text, yes or no)."""

    of: Reference
    limits: tuple[Limit, ...]
    words: tuple[str, ...]
    text: str  # as written

    def __str__(self) -> str:
        return f"{self.of.text} is {self.text}"


class Word(StrEnum):
    """How a part of a recipe is divided or done again."""

    EACH = "each"  # once for each container
    LOADS = "loads"  # the containers in loads, one after the other
    DAILY = "daily"  # at the same local time every day
    REPEAT = "repeat"


@dataclass(frozen=True, slots=True)
class Part:
    """Steps that are done in rounds, one round after the other: a single step, or several in their order.

    ``at_most`` is the containers of a load, the days, or the rounds; 1 for each container by itself.
    """

    id: str
    word: Word
    at_most: int
    until: Condition | None
    steps: tuple[str, ...]
    where: str

    @property
    def unit(self) -> str:
        """Say what one round is."""
        return {Word.EACH: "container", Word.LOADS: "load", Word.DAILY: "day", Word.REPEAT: "round"}[self.word]

    @property
    def divides(self) -> bool:
        """Tell whether its rounds share the containers out."""
        return self.word in {Word.EACH, Word.LOADS}

    def __str__(self) -> str:
        until = f" until {self.until}" if self.until else ""
        said = {
            Word.EACH: "once for each container",
            Word.LOADS: f"in loads of at most {self.at_most} containers",
            Word.DAILY: f"daily{until}, at most {self.at_most} days",
            Word.REPEAT: f"repeated{until}, at most {self.at_most} times",
        }[self.word]
        return f"{', '.join(self.steps)} {said}"


@dataclass(frozen=True, slots=True)
class Yield:
    """Actual over theoretical, %, with its limits. Source: 21 CFR 211.103."""

    name: str
    actual: Reference
    theoretical: Given
    limits: Limits


@dataclass(frozen=True, slots=True)
class Step:
    """One operation of the recipe, with an id that stays the same across versions."""

    id: str
    operation: str
    title: str
    after: tuple[str, ...]
    given: Mapping[str, Given]
    equipment: Mapping[str, str]  # the operation's field to the role in the recipe
    limits: Mapping[str, Limits]  # by result
    signatures: tuple[Meaning, ...]
    yields: tuple[Yield, ...]
    where: str
    when: Condition | None = None  # it is left out when this is not so
    hazards: tuple[Hazard, ...] = ()  # to the people who do it
    opens: Opened | None = None  # product is opened, and needs this place
    base: str = ""  # of a later round: the id in the recipe
    round: int = 1

    @property
    def named(self) -> str:
        """Give its id in the recipe."""
        return self.base or self.id


@dataclass(frozen=True, slots=True)
class Mark:
    """A moment: a move of a step by its command, or by the state it enters (see ``spec.events_of``)."""

    step: str
    event: str
    where: str

    @property
    def text(self) -> str:
        """Give the mark as written."""
        return f"{self.step}.{self.event}"


@dataclass(frozen=True, slots=True)
class TimeLimit:
    """The time allowed between two moments, s; ``warn_at`` is the share of ``most`` at which people are told."""

    name: str
    start: Mark
    end: Mark
    most: Seconds | None
    least: Seconds | None
    warn_at: Percent | None
    where: str


@dataclass(frozen=True, slots=True)
class Change:
    """A parameter set for one engineering lot, beside what the approved recipe says."""

    step: str
    parameter: str
    approved: str
    changed: str


@dataclass(frozen=True, slots=True)
class Recipe:
    """A whole recipe; steps stand in an order in which they can run.

    ``digest`` is the SHA-256 (hex) of the content in force, ``approved_digest`` of the file; they differ only when
    ``changes`` is not empty. Neither depends on white space, comments or the order of keys.
    """

    header: Header
    product: Product
    materials: tuple[Material, ...]
    equipment: Mapping[str, str]  # role to capability, in words
    steps: tuple[Step, ...]
    time_limits: tuple[TimeLimit, ...]
    digest: str
    approved_digest: str
    changes: tuple[Change, ...] = ()
    source: str = field(default="", compare=False)  # the file, as found
    parts: tuple[Part, ...] = ()

    def part_of(self, step: str) -> Part | None:
        """Give the part that a step of the recipe belongs to; None for one that is done once."""
        return next((part for part in self.parts if step in part.steps), None)

    @property
    def bill(self) -> list[dict[str, object]]:
        """Give the bill of materials as a batch is issued with it."""
        lines = ((one, one.quantity) for one in self.materials)
        return [
            {"material": one.name, "quantity": float(much.value), "unit": much.unit, "step": one.step}
            for one, much in lines
        ]

    def named(self, name: str) -> str:
        """Give the id in the recipe of a step as it runs: ``freeze`` of ``freeze-2``."""
        base, dash, number = name.rpartition("-")
        return base if dash and number.isdecimal() and self.part_of(base) is not None else name

    def step(self, name: str) -> Step:
        """Give a step by its id; raises InputError for one that the recipe does not have."""
        for step in self.steps:
            if step.id == self.named(name):
                return step
        known = ", ".join(step.id for step in self.steps)
        raise InputError(f"recipe {self.header.id} has no step {name!r}; it has {known}")
