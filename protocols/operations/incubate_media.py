"""Unit operation: incubate the units of a media fill, at the lower, then at the higher temperature, and read them.

Units are turned so that the medium wets every surface. Each is identified and looked at by two people, halfway and at
the end; what is clear halfway is not read yet. A medium that does not grow what it is given afterwards shows nothing.
Units:  degC, s.
Source: EU GMP Annex 1 (2022), 9.41 (units are moved before incubation), 9.43 to 9.46 (incubation, reading, growth
        promotion, no growth); FDA, sterile drug products produced by aseptic processing (2004), IX.A (14 d; two
        temperatures, the lower first, 7 d each); numbers are the recipe's.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar

from automation.engine.operation import ENDINGS, SafeProduct
from automation.engine.product import Labelled, Product
from automation.engine.prompts import Entry, Operator
from automation.engine.visit import Move, Visit
from automation.engine.watch import Watch
from automation.kernel.machine import Row, Table
from automation.kernel.quantity import Instant, Seconds
from instruments.interfaces.incubator import Incubator
from protocols.operations.culturing import keep_safe
from protocols.operations.incubation import Conditions, Incubation

RULE = "no growth"
CLEAR, GROWN = "clear", "turbid, or anything grows in it"
GREW, DID_NOT = "it grew", "it did not grow"


class State(StrEnum):
    """Where the incubation stands; NO_GROWTH, GROWTH and NOT_VALID are final."""

    OUT = "out"
    FIRST = "first"
    BETWEEN = "between"
    SECOND = "second"
    INCUBATED = "incubated"
    NO_GROWTH = "no growth"
    GROWTH = "growth"
    NOT_VALID = "not valid"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """Set by the approved recipe; there are no defaults."""

    first: Conditions = field(metadata={"label": "Climate at first"})
    first_for: Seconds = field(metadata={"range": (86_400.0, 30 * 86_400.0), "label": "Time in it"})
    second: Conditions = field(metadata={"label": "Climate after that"})
    second_for: Seconds = field(metadata={"range": (86_400.0, 30 * 86_400.0), "label": "Time in it"})
    promotion: str = field(metadata={"label": "What the medium has to grow afterwards, and in which time"})
    promotion_within: Seconds = field(
        metadata={"range": (3600.0, 30 * 86_400.0), "label": "People are called when that is not known in"}
    )


@dataclass(frozen=True, slots=True)
class Results:
    """What later steps and limits may use."""

    units: tuple[str, ...] = ()
    incubated: int | None = None
    put_in_at: Instant | None = None
    excursions: int = 0
    grown: tuple[str, ...] = ()  # units
    units_grown: int | None = None
    medium_grew: bool | None = None  # what it was given
    read_at: Instant | None = None


@dataclass(frozen=True, slots=True)
class IncubateMedia:
    """Incubate every unit of the batch at two temperatures, and read them."""

    incubator: Incubator
    watch: Watch
    operator: Operator
    product: Product
    given: Parameters

    results: ClassVar = Results
    good: ClassVar = frozenset({State.NO_GROWTH})
    safe: ClassVar = (SafeProduct(after=("holding", *ENDINGS), told="incubator"),)
    table: ClassVar = Table(
        State.OUT,
        (
            Row("put_in", State.OUT, State.FIRST),
            Row("look", State.FIRST, State.BETWEEN),
            Row("warm", State.BETWEEN, State.SECOND),
            Row("take_out", State.SECOND, State.INCUBATED),
            Row("pass", State.INCUBATED, State.NO_GROWTH),
            Row("fail", State.INCUBATED, State.GROWTH),
            Row("refuse", State.INCUBATED, State.NOT_VALID),
        ),
    )

    async def out(self, _visit: Visit[Results]) -> Move:
        """Set the first climate, turn every unit, and put it in."""
        incubation, labels = self._incubation(self.given.first), self._units()
        await incubation.prepare()
        await self.operator.confirm(
            f"Turn each of {_names(labels)} so that the medium wets every surface, then confirm", second=True
        )
        for label in labels:
            await incubation.put_in(label.id)
        names = tuple(label.id for label in labels)
        return Move("put_in", units=names, incubated=len(names), put_in_at=await self.watch.moment())

    async def first(self, visit: Visit[Results]) -> Move:
        """Watch the climate until the first time is over."""
        excursions = await self._incubation(self.given.first).until(visit.since + self.given.first_for)
        return Move("look", excursions=excursions)

    async def between(self, visit: Visit[Results]) -> Move:
        """Look at every unit, and set the second climate."""
        grown = await self._looked_at(visit.got, "")
        await self._incubation(self.given.second).prepare()
        for name in visit.got.units:
            await self._incubation(self.given.second).put_in(name)
        return Move("warm", grown=grown, units_grown=len(grown))

    async def second(self, visit: Visit[Results]) -> Move:
        """Watch the climate until the second time is over."""
        excursions = await self._incubation(self.given.second).until(visit.since + self.given.second_for)
        return Move("take_out", excursions=visit.got.excursions + excursions)

    async def incubated(self, visit: Visit[Results]) -> Move:
        """Read every unit, and let the medium show that it still grows what it is given."""
        got = visit.got
        grown = await self._looked_at(got, "at the end of the incubation ")
        read_at = await self.watch.moment()
        found: dict[str, object] = {"grown": grown, "units_grown": len(grown), "read_at": read_at}
        if grown:
            title = f"{len(grown)} of {got.incubated} units of the media fill have grown: {', '.join(grown)}"
            await self.product.deviation(title, rule=RULE)
            for name in got.units:
                await self.product.qa_hold(self.product.held(name), reason=title)
            await self.operator.confirm(
                f"Keep {', '.join(grown)} closed for the identification of what grew, and tell quality at once"
            )
            return Move("fail", **found)
        seen = await self.operator.enter(
            f"Give units of this media fill what they have to grow ({self.given.promotion}), and enter what came of it",
            Entry("promotion", "The medium with it", options=(GREW, DID_NOT)),
            second=True,
            within=self.given.promotion_within,
        )
        grew = seen.word("promotion") == GREW
        if not grew:
            await self.product.deviation("the medium did not grow what it was given: the media fill shows nothing")
            return Move("refuse", medium_grew=grew, **found)
        return Move("pass", medium_grew=grew, **found)

    async def _looked_at(self, got: Results, when: str) -> tuple[str, ...]:
        """Let two people look at every unit, taken out and identified; gives those in which anything has grown."""
        grown = list(got.grown)
        for name in got.units:
            label = self.product.label(name)
            await self.operator.scan(
                f"Take {name} out of the incubator and scan its label", accept=(label.code,), expects=label.expects
            )
            seen = await self.operator.choose(
                f"Look at {name} {when}against light and against dark. It is:", CLEAR, GROWN, second=True
            )
            if seen == GROWN and name not in grown:
                grown.append(name)
        return tuple(grown)

    def _units(self) -> tuple[Labelled, ...]:
        return tuple(one for one in self.product.labels() if one.state == "in process")

    def _incubation(self, conditions: Conditions) -> Incubation:
        return Incubation(self.incubator, self.watch, self.operator, self.product, conditions)

    async def holding(self, _visit: Visit[Results]) -> None:
        """Units keep their climate."""
        await self.operator.confirm("Held: every unit stays in the incubator, closed; time goes on")

    async def stopping(self, _visit: Visit[Results]) -> None:
        """Leave the units in their climate, under QA hold."""
        await self._end("incubation of the media fill stopped")

    async def aborting(self, _visit: Visit[Results]) -> None:
        """As stopping."""
        await self._end("incubation of the media fill aborted")

    async def _end(self, why: str) -> None:
        await keep_safe(self.product, self.operator, why=why, how="leave every unit in the incubator")


def _names(labels: tuple[Labelled, ...]) -> str:
    return ", ".join(label.id for label in labels)
