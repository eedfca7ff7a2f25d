"""Complaints: what somebody outside says is wrong with a lot, investigated or with the reason why not, and answered.

Who complains is a code or an institution, never a patient's name. Who investigated does not close it.
Source: 21 CFR 211.198 (review by the quality unit, investigation or the reason for none); 600.80(c)(1) (15 days for
        what is serious and unexpected); EU GMP chapter 8.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Protocol, Self, cast

from automation.gmp.codes import Code, Moment, moment
from automation.gmp.due import DAY, Due, within
from automation.gmp.evidence import check_evidence, check_known
from automation.gmp.marks import OPEN, of_batch
from automation.gmp.objects import Fact, Kind, Site
from automation.gmp.words import Body, Meaning, Reason, Right, field
from automation.kernel.errors import RefusedError
from automation.kernel.machine import Row, Table
from automation.kernel.quantity import Instant

_SERIOUS_IN, _OTHER_IN = 15 * DAY, 30 * DAY  # s


class State(StrEnum):
    """Where a complaint stands."""

    ABSENT = "absent"
    RECEIVED = "received"
    INVESTIGATED = "investigated"
    CLOSED = "closed"


class Complaint(Body):
    """Who says what about which lot."""

    party: Code = field(label="From", help="A code, never a patient's name")
    batch: str = field(label="Lot", length=1)
    what: str = field(label="What is wrong", length=3)
    received: Moment = field(label="Received at")
    serious: bool = field(label="A patient came or might have come to harm", default=False)
    unrecorded: str = field(
        label="Why the lot has no record here", help="Only for a lot that this system does not know", default=""
    )


class Inquiry(Body):
    """What was found, or why nothing was looked into; which other lots were looked at."""

    conclusion: str = field(label="Conclusion, or why no investigation is needed", length=3)
    deviation: str = field(label="Deviation", help="In which it was investigated", default="")
    others: tuple[str, ...] = field(label="Other lots looked at", default=())
    evidence: tuple[str, ...] = field(label="Evidence", help="KIND/ID, 'event N' or SHA-256 of a file", length=1)


class Reply(Body):
    """What was answered."""

    reply: str = field(label="Answer to who complained", length=3)


_TAKERS = frozenset({Right.PERFORM, Right.SUPERVISE, Right.REVIEW, Right.ORDER, Right.COLLECT, Right.TREAT})

TABLE = Table(
    State.ABSENT,
    (
        Row("receive", State.ABSENT, State.RECEIVED, by=_TAKERS, body=Complaint),
        Row(
            "investigate",
            State.RECEIVED,
            State.INVESTIGATED,
            by={Right.INVESTIGATE, Right.REVIEW},
            signs=(Meaning.AUTHORED,),
            body=Inquiry,
        ),
        Row("return", State.INVESTIGATED, State.RECEIVED, by={Right.APPROVE}, signs=(Meaning.RETURNED,), body=Reason),
        Row("close", State.INVESTIGATED, State.CLOSED, by={Right.APPROVE}, signs=(Meaning.APPROVED,), body=Reply),
    ),
)


class _Opening(Protocol):
    """What a complaint asks of how a deviation was opened."""

    subject: str
    batch: str


class _Deviation(Protocol):
    """What a complaint asks of a deviation."""

    opening: _Opening | None


@dataclass(frozen=True, slots=True)
class ComplaintCase:
    """One complaint, folded from its events; a value, never edited in place."""

    id: str
    state: State = State.ABSENT
    complaint: Complaint | None = None
    received_at: Instant = Instant(0.0)
    inquiry: Inquiry | None = None
    authors: tuple[str, ...] = ()
    reply: str = ""

    @property
    def found_by(self) -> tuple[str, ...]:
        """Give its marks: its lot; one that is not closed is open."""
        lot = (of_batch(self.complaint.batch),) if self.complaint else ()
        return (*lot, OPEN) if self.state in {State.RECEIVED, State.INVESTIGATED} else lot

    @property
    def dues(self) -> tuple[Due, ...]:
        """Give what has to be done next: closed in 30 days, a serious one in 15."""
        if self.state not in {State.RECEIVED, State.INVESTIGATED}:
            return ()
        given = _SERIOUS_IN if self.complaint and self.complaint.serious else _OTHER_IN
        received = self.state is State.RECEIVED
        what, owner = ("investigate", Right.INVESTIGATE) if received else ("close", Right.APPROVE)
        late = Right.RELEASE
        return (within(f"{what} complaint {self.id}", owner=owner, since=self.received_at, given=given, escalate=late),)

    def check(self, fact: Fact, site: Site) -> None:
        """Refuse one about no lot, a serious one without deviation, and a close by its author or before its time."""
        match fact.body:
            case Complaint() as said:
                where = f"complaint {self.id}: lot"
                check_known(f"batch/{said.batch}", site, where=where, unrecorded=said.unrecorded)
                late = moment(said.received, zone=fact.zone) > fact.at
                self._refuse(late, f"was received at {said.received}, which is still to come")
            case Inquiry() as said:
                check_evidence(
                    (*said.evidence, *(f"batch/{one}" for one in said.others)), site, where=f"complaint {self.id}"
                )
                state = site.find("deviation", said.deviation).state if said.deviation else "named nowhere"
                serious = self.complaint is not None and self.complaint.serious
                bare = state == "absent" or (serious and state == "named nowhere")
                self._refuse(bare, f"needs its deviation, which is {state}")
                self._check_about(said.deviation, site)
            case Reply():
                self._refuse(fact.by in self.authors, f"was investigated by {fact.by}; someone else has to close it")
                name = self.inquiry.deviation if self.inquiry else ""
                state = site.find("deviation", name).state if name else "closed"
                self._refuse(state != "closed", f"waits for deviation {name}, which is {state}")

    def _check_about(self, name: str, site: Site) -> None:
        """Refuse a deviation about something else: neither this complaint nor its lot was looked into there."""
        opening = cast("_Deviation", site.find("deviation", name)).opening if name else None
        lot = self.complaint.batch if self.complaint else ""
        if opening is not None:
            about = opening.subject in {f"complaint/{self.id}", f"batch/{lot}"} or opening.batch == lot
            self._refuse(not about, f"is not what deviation {name} is about; that is {opening.subject}")

    def _refuse(self, wrong: bool, why: str) -> None:  # noqa: FBT001  the question that was asked
        if wrong:
            raise RefusedError(f"complaint {self.id} {why}")

    def apply(self, fact: Fact) -> Self:
        """Give the complaint as it stands after the fact."""
        after = replace(self, state=State(TABLE.row(self.state, fact.kind).dest))
        match fact.body:
            case Complaint() as said:
                return replace(after, complaint=said, received_at=moment(said.received, zone=fact.zone))
            case Inquiry() as said:
                return replace(after, inquiry=said, authors=tuple(dict.fromkeys((*self.authors, fact.by))))
            case Reply(reply=reply):
                return replace(after, reply=reply)
        return after


KIND = Kind("complaint", "quality", TABLE, ComplaintCase)
