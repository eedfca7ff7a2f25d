"""Questions of inspectors: what was asked, answered from which records, and who let the answer go out.

An answer names the records that it rests on, and whoever wrote it does not let it out. A question of an
inspector is withdrawn by an inspector only.
Source: ICH Q10 3.2.4; EU GMP chapter 9; 21 CFR 211.180(c).
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Self

from automation.gmp.due import DAY, Due, within
from automation.gmp.evidence import check_evidence
from automation.gmp.marks import OPEN
from automation.gmp.objects import Fact, Kind, Site
from automation.gmp.quality.inspections import of_inspection
from automation.gmp.words import Body, Meaning, Reason, Right, field
from automation.kernel.errors import RefusedError
from automation.kernel.machine import Row, Table
from automation.kernel.quantity import Instant


class State(StrEnum):
    """Where a question stands."""

    ABSENT = "absent"
    ASKED = "asked"
    ANSWERED = "answered"
    DELIVERED = "delivered"
    WITHDRAWN = "withdrawn"


class Asking(Body):
    """What was asked, in which inspection."""

    inspection: str = field(label="Inspection", length=1)
    text: str = field(label="Question", help="In the inspector's words", length=3)


class Answer(Body):
    """What is answered, and from which records."""

    text: str = field(label="Answer", help="What the records say, no more", length=3)
    records: tuple[str, ...] = field(label="Records", help="KIND/ID, 'event N' or SHA-256 of a file", length=1)


_QUALITY = frozenset({Right.REVIEW, Right.APPROVE, Right.INVESTIGATE})

TABLE = Table(
    State.ABSENT,
    (
        Row("ask", State.ABSENT, State.ASKED, by=_QUALITY | {Right.READ}, body=Asking),
        Row(
            "answer",
            State.ASKED,
            State.ANSWERED,
            by={Right.REVIEW, Right.INVESTIGATE, Right.SUPERVISE},
            signs=(Meaning.AUTHORED,),
            body=Answer,
        ),
        Row("return", State.ANSWERED, State.ASKED, by={Right.APPROVE}, signs=(Meaning.RETURNED,), body=Reason),
        Row("deliver", State.ANSWERED, State.DELIVERED, by={Right.APPROVE}, signs=(Meaning.APPROVED,)),
        Row("withdraw", State.ASKED, State.WITHDRAWN, by=_QUALITY | {Right.READ}, body=Reason),
    ),
)


@dataclass(frozen=True, slots=True)
class Question:
    """One question, folded from its events; a value, never edited in place."""

    id: str
    state: State = State.ABSENT
    asking: Asking | None = None
    asked_by: str = ""
    asked_at: Instant = Instant(0.0)
    answer: Answer | None = None
    answered_by: str = ""

    @property
    def found_by(self) -> tuple[str, ...]:
        """Give its marks: its inspection; one that is not answered for is open."""
        mine = (of_inspection(self.asking.inspection),) if self.asking else ()
        return (*mine, OPEN) if self.state in {State.ASKED, State.ANSWERED} else mine

    @property
    def dues(self) -> tuple[Due, ...]:
        """Give what has to be done next: answered and delivered within a day."""
        if self.state not in {State.ASKED, State.ANSWERED}:
            return ()
        what, owner = (
            ("answer", Right.REVIEW) if self.state is State.ASKED else ("deliver the answer to", Right.APPROVE)
        )
        return (within(f"{what} question {self.id}", owner=owner, since=self.asked_at, given=DAY),)

    def check(self, fact: Fact, site: Site) -> None:
        """Refuse a question outside an inspection, an answer from nothing, and its author as who lets it out."""
        match fact.body:
            case Asking(inspection=name):
                state = site.find("inspection", name).state
                self._refuse(state != "under way", f"is of inspection {name}, which is {state}, not under way")
            case Answer(records=records):
                check_evidence(records, site, where=f"question {self.id}")
        if fact.kind == "withdraw":
            reads = Right.READ in site.rights(self.asked_by) and Right.READ not in site.rights(fact.by)
            self._refuse(reads, f"was asked by {self.asked_by}, an inspector; only an inspector can withdraw it")
        if fact.kind == "deliver":
            self._refuse(fact.by == self.answered_by, f"was answered by {fact.by}; someone else has to deliver it")

    def _refuse(self, wrong: bool, why: str) -> None:  # noqa: FBT001  the question that was asked
        if wrong:
            raise RefusedError(f"question {self.id} {why}")

    def apply(self, fact: Fact) -> Self:
        """Give the question as it stands after the fact."""
        after = replace(self, state=State(TABLE.row(self.state, fact.kind).dest))
        match fact.body:
            case Asking() as said:
                return replace(after, asking=said, asked_by=fact.by, asked_at=fact.at)
            case Answer() as said:
                return replace(after, answer=said, answered_by=fact.by)
        return after


KIND = Kind("question", "quality", TABLE, Question)
