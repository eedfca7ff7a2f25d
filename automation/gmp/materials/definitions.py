"""Definitions of materials: how a material is kept, examined, used up and ordered again; approved by another person.

A lot is held to the definition of its material that is in force. A material without one is received and released as it
comes; whoever writes a definition takes it into use. A new version is in force from its approval on.
Units:  degC, h; quantities in the material's unit.
Source: 21 CFR 211.80(a), 211.84 (written procedures, testing, certificates), 211.142 (storage), 211.110; USP <797>.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Self

from automation.gmp.due import DAY, Due, within
from automation.gmp.marks import LISTED, OPEN
from automation.gmp.objects import Fact, Kind, Site
from automation.gmp.quality.specifications import Criterion, check_criterion
from automation.gmp.words import Body, Meaning, Reason, Right, field
from automation.kernel.errors import RefusedError
from automation.kernel.machine import Row, Table
from automation.kernel.quantity import Instant

_APPROVE_IN = 5 * DAY  # s


class State(StrEnum):
    """Where a definition stands; lots are held to an effective one."""

    ABSENT = "absent"
    DRAFT = "draft"
    EFFECTIVE = "effective"
    WITHDRAWN = "withdrawn"


class Ingredient(Body):
    """How much of which material goes into the quantity that the formula makes."""

    what: str = field(label="Material", length=1)
    quantity: float = field(label="Quantity", help="In the unit of its lots", low=0)


class Definition(Body):
    """All that holds for every lot of a material."""

    unit: str = field(label="Unit", help="UCUM code, for example mL", length=1)
    lowest_c: float | None = field(label="Kept at no less than", unit="degC", low=-273, default=None)
    highest_c: float | None = field(label="Kept at no more than", unit="degC", low=-273, default=None)
    certificate: bool = field(label="A certificate of analysis is needed", default=True)
    criteria: tuple[Criterion, ...] = field(label="Tests at receipt", default=())
    holds: float = field(label="One container holds", help="0: it has no in-use life", low=0, default=0.0)
    in_use_h: float | None = field(label="In-use life after opening", unit="h", low=0, default=None)
    thawed_h: float | None = field(label="In-use life after thawing", unit="h", low=0, default=None)
    shared: bool = field(label="An opened container may serve several patients", default=False)
    makes: float = field(label="The formula makes", help="0: it is not prepared here", low=0, default=0.0)
    formula: tuple[Ingredient, ...] = field(label="Formula", default=())
    tolerance_percent: float = field(label="Tolerance of its quantities", unit="%", low=0, high=50, default=2.0)
    shelf_h: float | None = field(label="Shelf life after preparation", unit="h", low=0, default=None)
    reorder_at: float = field(label="Order again below", help="0: never by itself", low=0, default=0.0)


class Ordered(Body):
    """What was ordered again."""

    quantity: float = field(label="Quantity", low=0)
    supplier: str = field(label="Supplier", length=1)
    number: str = field(label="Number of the purchase order", length=1)


_AUTHORS = frozenset({Right.REVIEW, Right.RELEASE_MATERIAL})
_BUYERS = frozenset({Right.SUPERVISE, Right.RELEASE_MATERIAL})
_STANDING = (State.DRAFT, State.EFFECTIVE)

TABLE = Table(
    State.ABSENT,
    (
        Row("write", State.ABSENT, State.DRAFT, by=_AUTHORS, signs=(Meaning.AUTHORED,), body=Definition),
        *(Row("revise", at, at, by=_AUTHORS, signs=(Meaning.AUTHORED,), body=Definition) for at in _STANDING),
        *(Row("approve", at, State.EFFECTIVE, by={Right.APPROVE}, signs=(Meaning.APPROVED,)) for at in _STANDING),
        Row("order", State.EFFECTIVE, State.EFFECTIVE, by=_BUYERS, body=Ordered),
        *(
            Row("withdraw", at, State.WITHDRAWN, by={Right.APPROVE}, signs=(Meaning.RESPONSIBLE,), body=Reason)
            for at in _STANDING
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class Material:
    """One material, folded from its events; a value, never edited in place."""

    id: str
    state: State = State.ABSENT
    definition: Definition | None = None  # the one in force
    proposed: Definition | None = None  # written and not approved yet
    version: int = 0  # of the one in force
    written_at: Instant = Instant(0.0)
    authors: tuple[str, ...] = ()  # of the proposed one
    orders: tuple[Ordered, ...] = ()
    ordered_at: Instant | None = None  # the last time

    @property
    def found_by(self) -> tuple[str, ...]:
        """Give its marks: one that waits for an approval is open; one in force is on the list."""
        in_force = (LISTED,) if self.state is State.EFFECTIVE else ()
        return (*in_force, *((OPEN,) if self.proposed else ()))

    @property
    def dues(self) -> tuple[Due, ...]:
        """Give what has to be done next: approved in five days."""
        if self.proposed is None:
            return ()
        what = f"approve the definition of {self.id}"
        return (within(what, owner=Right.APPROVE, since=self.written_at, given=_APPROVE_IN),)

    def check(self, fact: Fact, site: Site) -> None:  # noqa: ARG002  every object is asked the same way
        """Refuse what can't be met or judged, an author as approver, and an approval of nothing."""
        if isinstance(fact.body, Definition):
            self._check_definition(fact.body)
        if fact.kind == "approve":
            self._refuse(self.proposed is None, "has no new version that waits for an approval")
            self._refuse(fact.by in self.authors, f"was written by {fact.by}; someone else has to approve it")

    def _check_definition(self, said: Definition) -> None:
        names = [one.test for one in said.criteria]
        self._refuse(len(set(names)) < len(names), "names a test twice")
        for one in said.criteria:
            check_criterion(one, where=f"material {self.id}, {one.test}")
        low, high = said.lowest_c, said.highest_c
        self._refuse(
            low is not None and high is not None and low > high, f"can't be kept between {low} and {high} degC"
        )
        lives = said.in_use_h is not None or said.thawed_h is not None
        self._refuse(lives and not said.holds, "has an in-use life; state what one container holds")
        self._refuse(bool(said.formula) != bool(said.makes), "needs a formula and what it makes, both or neither")
        whats = [one.what for one in said.formula]
        self._refuse(self.id in whats or len(set(whats)) < len(whats), "has a formula of itself, or a material twice")

    def _refuse(self, wrong: bool, why: str) -> None:  # noqa: FBT001  the question that was asked
        if wrong:
            raise RefusedError(f"material {self.id} {why}")

    def apply(self, fact: Fact) -> Self:
        """Give the material as it stands after the fact."""
        after = replace(self, state=State(TABLE.row(self.state, fact.kind).dest))
        match fact.body:
            case Definition() as said:
                authors = tuple(dict.fromkeys((*self.authors, fact.by)))
                return replace(after, proposed=said, authors=authors, written_at=fact.at)
            case Ordered() as said:
                return replace(after, ordered_at=fact.at, orders=(*self.orders, said))
        if fact.kind == "approve":
            return replace(after, definition=self.proposed, proposed=None, authors=(), version=self.version + 1)
        return replace(after, proposed=None)


def definition_of(site: Site, what: str) -> Definition | None:
    """Give the definition of a material that is in force; None when there is none."""
    thing = site.find("material", what) if what and "/" not in what else None
    return thing.definition if isinstance(thing, Material) and thing.state is State.EFFECTIVE else None


KIND = Kind("material", "materials", TABLE, Material)
