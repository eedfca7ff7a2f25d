"""Two small operations and a recipe over them, for the tests of the recipe loader."""

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import ClassVar, Protocol

from automation.engine.recipe.load import load
from automation.engine.recipe.model import Recipe
from automation.engine.recipe.spec import OperationSpec, spec_of
from automation.kernel.effect import Kind, effect
from automation.kernel.machine import Row, Table
from automation.kernel.quantity import Celsius, Kelvin, KelvinPerMinute, Millilitres, Percent, Seconds


class Chamber(Protocol):
    """An instrument interface."""

    @effect(Kind.QUERY)
    async def temperature(self) -> Celsius:
        """Read it."""
        ...


class Watch(Protocol):
    """A service of the engine: its methods declare no effect."""

    async def wait(self) -> None:
        """Wait."""
        ...


class Way(StrEnum):
    """How a segment goes."""

    RAMP = "ramp"
    HOLD = "hold"


@dataclass(frozen=True, slots=True)
class Segment:
    """One part of a program."""

    type: Way
    target: Celsius
    rate: KelvinPerMinute | None = None
    dwell: Seconds | None = None


class State(StrEnum):
    """Where an operation stands."""

    EMPTY = "empty"
    AT_WORK = "at work"
    DONE = "done"


TABLE = Table(State.EMPTY, (Row("start", State.EMPTY, State.AT_WORK), Row("finish", State.AT_WORK, State.DONE)))


@dataclass(frozen=True, slots=True, kw_only=True)
class WeighParameters:
    """Given to ``Weigh``."""

    repeats: int = field(metadata={"range": (1, 10)})


@dataclass(frozen=True, slots=True)
class WeighResults:
    """Given by ``Weigh``."""

    volume: Millilitres | None = None
    viability: Percent | None = None
    took: Seconds | None = None
    remark: str | None = None


@dataclass(frozen=True, slots=True)
class Weigh:
    """Find the volume."""

    watch: Watch
    given: WeighParameters
    table: ClassVar[Table] = TABLE
    results: ClassVar[type] = WeighResults


@dataclass(frozen=True, slots=True, kw_only=True)
class CoolParameters:
    """Given to ``Cool``."""

    program: tuple[Segment, ...]
    tolerance: Kelvin
    every: Seconds = field(metadata={"range": (1.0, 60.0), "label": "Time between readings"})
    volume: Millilitres
    remark: str | None
    quick: bool


@dataclass(frozen=True, slots=True)
class CoolResults:
    """Given by ``Cool``."""

    end: Celsius | None = None
    volume: Millilitres | None = None


@dataclass(frozen=True, slots=True)
class Cool:
    """Bring it down."""

    chamber: Chamber
    second: Chamber | None
    watch: Watch
    given: CoolParameters
    table: ClassVar[Table] = TABLE
    results: ClassVar[type] = CoolResults


OPERATIONS: dict[str, OperationSpec] = {"weigh": spec_of(Weigh), "cool": spec_of(Cool)}

GOOD = """\
recipe: {id: cool-day, version: "1", title: A day of cooling, status: draft}
product: {name: Cells in a bag, container: 20 mL bag}
equipment:
  box: chamber
materials:
  - {name: medium, what: Freezing medium, quantity: 10.0 mL, step: cool}
steps:
  - id: weigh
    operation: weigh
    given:
      repeats: 2
    limits:
      viability: {alert: at least 80.0 %, reject: at least 70.0 %}
      took: {reject: at most 60 min}
    signatures: [performed, verified]
  - id: cool
    operation: cool
    equipment: {chamber: box}
    given:
      program:
        - {type: hold, target: 4 degC, dwell: 10 min}
        - {type: ramp, rate: 1 K/min, target: -40 degC}
      tolerance: 0.5 K
      every: 10 s
      volume: {from: weigh.volume}
      remark: null
      quick: false
    yields:
      - name: volume
        actual: {from: cool.volume}
        theoretical: {from: weigh.volume}
        limits: {reject: between 95.0 and 105.0 %}
time_limits:
  - {name: exposure, from: weigh.done, to: cool.start, max: 60 min, warn_at: 70 %}
"""


def read(folder: object, text: str = GOOD, **changes: str) -> Recipe:
    """Write the text to ``r.yaml`` in a folder and load it."""
    file = Path(str(folder)) / "r.yaml"
    file.write_text(text, encoding="utf-8")
    return load(file, OPERATIONS, changes={name.replace("__", "."): value for name, value in changes.items()})
