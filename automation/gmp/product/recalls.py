"""Recalls: what is done when a result contradicts a release, with clocks, until every container is accounted for.

One is opened by itself by the result, or by a person. What is still here goes on QA hold at once; what is outside is
neither packed, sent, thawed nor given until somebody has decided. The physician is told first.
Source: EU GMP Part IV 14 (quality defects and recalls) and 11.3 (the treating physician is told of later results);
        21 CFR 600.14 (reported within 45 days), 1271.350, 211.192. The other times are this house's own.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Protocol, Self, cast

from automation.gmp.codes import Moment, moment
from automation.gmp.due import DAY, Due, within
from automation.gmp.lineage import lots_behind
from automation.gmp.marks import OPEN, of_batch, of_container
from automation.gmp.objects import Fact, Follow, Kind, Next, Site, Thing
from automation.gmp.product.custody import held_by
from automation.gmp.words import Body, Meaning, Right, field
from automation.kernel.errors import RefusedError
from automation.kernel.machine import Row, Table
from automation.kernel.quantity import Instant

_TELL_IN, _DECIDE_IN, _REPORT_IN, _CLOSE_IN = DAY, 3 * DAY, 45 * DAY, 30 * DAY  # s
_HERE = frozenset({"expected", "in process", "stored"})
_GONE = frozenset({"destroyed", "emptied", "cancelled"})


class State(StrEnum):
    """Where a recall stands; until it is decided nothing of the lot moves on."""

    ABSENT = "absent"
    OPEN = "open"
    PHYSICIAN_TOLD = "physician told"
    DECIDED = "decided"
    CLOSED = "closed"


class Outcome(StrEnum):
    """What becomes of what is left of the lot."""

    BRING_BACK = "bring back"
    DESTROY = "destroy"
    MAY_BE_GIVEN = "may be given"  # at the physician's request, knowing the result


class Opening(Body):
    """Which lot, by which record, and why."""

    batch: str = field(label="Batch", length=1)
    subject: str = field(label="By which record", help="For example test/T-2, complaint or letter", length=3)
    why: str = field(label="Why", length=3)


class Notice(Body):
    """Who was told, how, and what they answered; never a patient's name."""

    told: str = field(label="Who was told", help="Treating physician of the order, authority, sponsor", length=3)
    how: str = field(label="How", length=3)
    at: Moment = field(label="When")
    answer: str = field(label="Answer", default="")


class Decision(Body):
    """What becomes of what is left."""

    outcome: Outcome = field(label="Outcome", help="bring back, destroy or may be given")
    reason: str = field(label="Reason", length=3)
    request: str = field(label="Physician's signed request", help="Needed when it may be given", default="")


class Closing(Body):
    """That every container is accounted for."""

    conclusion: str = field(label="Conclusion", length=3)


_WHO_OPENS = frozenset({Right.SYSTEM, Right.REVIEW, Right.RELEASE, Right.TREAT})
_WHO_TELLS = frozenset({Right.RELEASE, Right.ORDER, Right.REVIEW})
_RELEASERS = frozenset({Right.RELEASE})

TABLE = Table(
    State.ABSENT,
    (
        Row("open", State.ABSENT, State.OPEN, by=_WHO_OPENS, body=Opening),
        Row(
            "tell_physician",
            State.OPEN,
            State.PHYSICIAN_TOLD,
            by=_WHO_TELLS,
            signs=(Meaning.PERFORMED,),
            body=Notice,
        ),
        *(
            Row("tell_authority", state, state, by=_WHO_TELLS, signs=(Meaning.PERFORMED,), body=Notice)
            for state in (State.PHYSICIAN_TOLD, State.DECIDED)
        ),
        Row(
            "decide",
            State.PHYSICIAN_TOLD,
            State.DECIDED,
            by=_RELEASERS,
            signs=(Meaning.RESPONSIBLE,),
            body=Decision,
        ),
        Row("close", State.DECIDED, State.CLOSED, by={Right.APPROVE}, signs=(Meaning.APPROVED,), body=Closing),
    ),
)


class _Container(Protocol):
    """What a recall asks of a container."""

    id: str
    state: str
    purpose: str
    where: str
    on_hold: bool


@dataclass(frozen=True, slots=True)
class Recall:
    """One recall, folded from its events; a value, never edited in place."""

    id: str
    state: State = State.ABSENT
    batch: str = ""
    subject: str = ""
    why: str = ""
    opened_at: Instant = Instant(0.0)
    moved_at: Instant = Instant(0.0)  # of the last move
    notices: tuple[Notice, ...] = ()
    authority_told: bool = False
    decision: Decision | None = None
    decided_by: str = ""
    conclusion: str = ""

    @property
    def bars(self) -> bool:
        """Tell whether nothing of the lot may move on to a patient."""
        if self.state in {State.OPEN, State.PHYSICIAN_TOLD}:
            return True
        return self.decision is not None and self.decision.outcome is not Outcome.MAY_BE_GIVEN

    @property
    def found_by(self) -> tuple[str, ...]:
        """Give its marks: one that is not closed is open; its batch."""
        going = self.state not in {State.ABSENT, State.CLOSED}
        return (*((of_batch(self.batch),) if self.batch else ()), *((OPEN,) if going else ()))

    @property
    def dues(self) -> tuple[Due, ...]:
        """Give what has to be done: the physician told in a day, decided in three, the authority in 45, closed."""
        if self.state not in {State.OPEN, State.PHYSICIAN_TOLD, State.DECIDED}:
            return ()
        authority = within(
            f"tell the authority of recall {self.id}", owner=Right.RELEASE, since=self.opened_at, given=_REPORT_IN
        )
        rest = () if self.authority_told else (authority,)
        lot, late = f"lot {self.batch} ({self.id})", Right.APPROVE
        match self.state:
            case State.OPEN:
                what, owner, given = f"tell the physician of {lot}", Right.RELEASE, _TELL_IN
            case State.PHYSICIAN_TOLD:
                what, owner, given = f"decide what becomes of {lot}", Right.RELEASE, _DECIDE_IN
            case _:
                what, owner, given = f"account for every container of {lot}", Right.APPROVE, _CLOSE_IN
        return (within(what, owner=owner, since=self.moved_at, given=given, escalate=late), *rest)

    def told(self, site: Site) -> tuple[str, ...]:
        """Say where everything of the lot is now."""
        return tuple(sentence for _, sentence in whereabouts(site, self.batch)) if self.batch else ()

    def check(self, fact: Fact, site: Site) -> None:
        """Refuse a lot that was never made, a notice to come, a request that is missing, and what is not accounted."""
        match fact.body:
            case Opening() as said:
                self._refuse(site.find("batch", said.batch).state == State.ABSENT, f"is of {said.batch}, never issued")
            case Notice() as said:
                late = moment(said.at, zone=fact.zone) > fact.at
                self._refuse(late, f"tells of a notice at {said.at}, still to come")
                early = moment(said.at, zone=fact.zone) < self.opened_at
                self._refuse(early, f"tells of a notice at {said.at}, before there was anything to tell")
            case Decision() as said:
                given = said.outcome is Outcome.MAY_BE_GIVEN
                self._refuse(given and len(said.request) < 3, "needs the physician's signed request")
            case Closing():
                self._check_closing(fact, site)

    def _refuse(self, wrong: bool, why: str) -> None:  # noqa: FBT001  the question that was asked
        if wrong:
            raise RefusedError(f"recall {self.id} {why}")

    def _check_closing(self, fact: Fact, site: Site) -> None:
        self._refuse(fact.by == self.decided_by, f"was decided by {fact.by}; someone else has to close it")
        self._refuse(not self.authority_told, "can't be closed: the authority was not told")
        if self.bars:
            left = [sentence for settled, sentence in whereabouts(site, self.batch) if not settled]
            self._refuse(bool(left), f"can't be closed: {'; '.join(left)}")

    def apply(self, fact: Fact) -> Self:
        """Give the recall as it stands after the fact."""
        after = replace(self, state=State(TABLE.row(self.state, fact.kind).dest))
        match fact.body:
            case Opening() as said:
                return replace(
                    after,
                    batch=said.batch,
                    subject=said.subject,
                    why=said.why,
                    opened_at=fact.at,
                    moved_at=fact.at,
                )
            case Notice() as said:
                told = self.authority_told or fact.kind == "tell_authority"
                moved = self.moved_at if fact.kind == "tell_authority" else fact.at
                return replace(after, notices=(*self.notices, said), authority_told=told, moved_at=moved)
            case Decision() as said:
                return replace(after, decision=said, decided_by=fact.by, moved_at=fact.at)
        return replace(after, conclusion=fact.stated(Closing).conclusion, moved_at=fact.at)


def whereabouts(site: Site, batch: str) -> Iterator[tuple[bool, str]]:
    """Give where each product container of a lot is now, and whether nothing of it can reach a patient any more."""
    for one in (cast("_Container", thing) for thing in site.marked("container", of_batch(batch))):
        if one.purpose != "product":
            continue
        given = next(
            (i for i in site.marked("infusion", of_container(one.id)) if i.state in {"given", "stopped"}), None
        )
        if given is not None:
            yield True, f"{one.id} was given ({given.id}, {given.state})"
        elif one.state in _GONE:
            yield True, f"{one.id} is {one.state}"
        elif one.state in _HERE:
            held = "on QA hold" if one.on_hold else "not on QA hold"
            yield one.on_hold, f"{one.id} is {one.state} at {one.where or 'the bench'}, {held}"
        else:
            yield False, f"{one.id} is with {held_by(site, one.id) or one.where or 'nobody on record'}, not given"


def check_recalls(site: Site, batch: str, *, what: str) -> None:
    """Raise RefusedError when a recall bars the lot from going on to a patient; ``what`` is what was to be done."""
    found = next(recalls_of(site, batch), None)
    if found is not None:
        raise RefusedError(f"{what}: lot {found.batch} is being recalled ({found.id}: {found.why})")


def recalls_of(site: Site, batch: str) -> Iterator[Recall]:
    """Give the recalls that bar a lot, or one out of which it was made, from going on to a patient."""
    found = (cast("Recall", one) for lot in lots_behind(site, batch) for one in site.marked("recall", of_batch(lot)))
    yield from (one for one in found if one.bars)


def _hold(thing: Thing, _fact: Fact, site: Site) -> Iterable[Next]:
    recall = cast("Recall", thing)
    for one in (cast("_Container", found) for found in site.marked("container", of_batch(recall.batch))):
        if one.purpose == "product" and one.state in _HERE and not one.on_hold:
            yield Next(f"container/{one.id}", "qa_hold", {"reason": f"recall {recall.id}: {recall.why}"})


FOLLOWS = (Follow("recall-holds", "open", "what is still here goes on QA hold", "21 CFR 211.142(a)", _hold),)

KIND = Kind("recall", "product", TABLE, Recall, FOLLOWS)
