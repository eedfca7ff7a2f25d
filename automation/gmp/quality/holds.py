"""QA holds of lots: placed by a rule or by a person, each for one cause, and lifted by quality.

A lot may have several at once; as long as one is not lifted, the lot is not released, packed or infused. A hold of a
container is a mark of that container; this one is of the whole lot, also of what is still to be made of it.
Source: 21 CFR 211.192 (an investigation extends to other batches), 211.165(a); EU GMP chapter 8, 8.11.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Self

from automation.gmp.due import DAY, Due, within
from automation.gmp.evidence import CITED, check_cited
from automation.gmp.lineage import hands_of, lots_behind, origins
from automation.gmp.marks import OPEN, of_batch
from automation.gmp.objects import Fact, Kind, Site
from automation.gmp.words import Body, Meaning, Right, field
from automation.kernel.errors import RefusedError
from automation.kernel.machine import Row, Table
from automation.kernel.quantity import Instant

WORD = "qa-hold"
_DECIDE_IN = 30 * DAY  # s, as the deviation that it waits for


class State(StrEnum):
    """Where a hold stands."""

    ABSENT = "absent"
    PLACED = "placed"
    LIFTED = "lifted"


class Placing(Body):
    """Which lot is held, because of what."""

    batch: str = field(label="Batch", length=1)
    reason: str = field(label="Reason", length=3)
    deviation: str = field(label="Deviation", help="That has to be closed before it is lifted", default="")


class Lifting(Body):
    """Why the lot need not be held any more."""

    reason: str = field(label="Reason", length=3)
    evidence: str = field(label="Evidence", help=CITED, length=3)


TABLE = Table(
    State.ABSENT,
    (
        Row(
            "place",
            State.ABSENT,
            State.PLACED,
            by={Right.SUPERVISE, Right.INVESTIGATE, Right.REVIEW, Right.APPROVE, Right.SYSTEM},
            body=Placing,
        ),
        Row("lift", State.PLACED, State.LIFTED, by={Right.APPROVE}, signs=(Meaning.APPROVED,), body=Lifting),
    ),
)


@dataclass(frozen=True, slots=True)
class QaHold:
    """One hold of one lot, folded from its events; a value, never edited in place."""

    id: str
    state: State = State.ABSENT
    placing: Placing | None = None
    placed_by: str = ""
    placed_at: Instant = Instant(0.0)
    lifting: Lifting | None = None

    @property
    def found_by(self) -> tuple[str, ...]:
        """Give its marks: one that is not lifted is open; its batch."""
        batch = (of_batch(self.placing.batch),) if self.placing else ()
        return (*batch, OPEN) if self.state is State.PLACED else batch

    @property
    def dues(self) -> tuple[Due, ...]:
        """Give what has to be done next: decided within 30 days."""
        if self.state is not State.PLACED or self.placing is None:
            return ()
        what = f"decide on the QA hold of batch {self.placing.batch} ({self.id})"
        late = Right.RELEASE
        return (within(what, owner=Right.APPROVE, since=self.placed_at, given=_DECIDE_IN, escalate=late),)

    def check(self, fact: Fact, site: Site) -> None:
        """Refuse a hold of no batch, as lifter who placed it or made the lot, and a deviation that is not closed."""
        if fact.kind == "place":
            batch = fact.stated(Placing).batch
            self._refuse(site.find("batch", batch).state == "absent", f"is of batch {batch}, which is not known here")
            return
        self._refuse(fact.by == self.placed_by, f"was placed by {fact.by}; someone else has to lift it")
        made = self.placing is not None and fact.by in hands_of(site, self.placing.batch)
        self._refuse(made, f"is of a lot in which {fact.by} had a hand; someone else has to lift it")
        check_cited(fact.stated(Lifting).evidence, site, where=f"QA hold {self.id}")
        name = self.placing.deviation if self.placing else ""
        if name:
            state = site.find("deviation", name).state
            self._refuse(state != "closed", f"waits for deviation {name}, which is {state}; it has to be closed")

    def _refuse(self, wrong: bool, why: str) -> None:  # noqa: FBT001  the question that was asked
        if wrong:
            raise RefusedError(f"QA hold {self.id} {why}")

    def apply(self, fact: Fact) -> Self:
        """Give the hold as it stands after the fact."""
        after = replace(self, state=State(TABLE.row(self.state, fact.kind).dest))
        if fact.kind == "place":
            return replace(after, placing=fact.stated(Placing), placed_by=fact.by, placed_at=fact.at)
        return replace(after, lifting=fact.stated(Lifting))


def holds_of(site: Site, batch: str) -> Iterator[str]:
    """Give the holds of a lot, and of the lots out of which it was made, that are not lifted, one sentence each."""
    for lot in lots_behind(site, batch):
        made = "" if lot == batch else f", of which {batch} was made,"
        for one in site.marked(WORD, of_batch(lot)):
            if isinstance(one, QaHold) and one.state is State.PLACED and one.placing is not None:
                yield f"lot {lot}{made} is on QA hold ({one.id}): {one.placing.reason}"


def held_origins(site: Site, batch: str, names: Iterable[str]) -> Iterator[str]:
    """Give what is on QA hold of that out of which these containers of a lot came, one sentence each."""
    for one in origins(site, names):
        if one.on_hold:
            yield f"container {one.id}, of which {batch} was made, is on QA hold ({one.hold_reason})"


def barring(site: Site, batch: str, names: Iterable[str]) -> Iterator[str]:
    """Give every hold for which these containers of a lot don't go on their way to a patient, one sentence each."""
    yield from holds_of(site, batch)
    yield from held_origins(site, batch, names)


KIND = Kind(WORD, "quality", TABLE, QaHold)
