"""Donors: whether what was donated may be used, found by a responsible person from screening and tests.

Autologous use needs no determination; its label then says what was not evaluated. What is found decides the statements
on every label. The donor is a code, never a name.
Source: 21 CFR 1271.50 (determination by a responsible person), 1271.55 (records), 1271.60 (quarantine until then),
        1271.65 (ineligible donors, urgent medical need), 1271.75 and 1271.85 (screening, agents), 1271.90.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Self, cast

from automation.formulas.label_statements import Evaluation, Statement, Use, of_donor
from automation.gmp.codes import Code, Moment, moment
from automation.gmp.due import DAY, Due, within
from automation.gmp.marks import OPEN, of_order
from automation.gmp.objects import Fact, Kind, Site
from automation.gmp.product.orders import Order
from automation.gmp.words import Body, Meaning, Reason, Right, field
from automation.kernel.errors import IdentityError, RefusedError
from automation.kernel.machine import Row, Table
from automation.kernel.quantity import Instant

AGENTS = ("HIV-1", "HIV-2", "HBV", "HCV", "Treponema pallidum", "HTLV-I", "HTLV-II", "CMV")
"""Agents of 21 CFR 1271.85(a) and (b), for viable cells rich in leukocytes."""

_DETERMINE_IN = 14 * DAY  # s


class State(StrEnum):
    """Where the eligibility of a donor stands; PENDING is quarantine."""

    ABSENT = "absent"
    PENDING = "pending"
    ELIGIBLE = "eligible"
    INELIGIBLE = "ineligible"
    NOT_REQUIRED = "not required"


class Outcome(StrEnum):
    """What a test for an agent found."""

    NEGATIVE = "negative"
    REACTIVE = "reactive"
    NOT_DONE = "not done"


class Opening(Body):
    """Whose cells, for which order."""

    order: str = field(label="Order", length=1)
    donor: Code = field(label="Donor code", help="For autologous use the recipient's; never a name")
    use: Use = field(label="Use", help="autologous, directed or allogeneic")


class Screening(Body):
    """What the donor's records and the interview showed."""

    records: str = field(label="Relevant medical records", help="Where they are kept", length=3)
    risks: tuple[str, ...] = field(label="Risks found", help="None when there are none", default=())


class AgentTest(Body):
    """One test for one agent."""

    agent: str = field(label="Agent", help=", ".join(AGENTS), length=2)
    outcome: Outcome = field(label="Outcome", help="negative, reactive or not done")
    laboratory: str = field(label="Laboratory", length=2)
    drawn: Moment = field(label="Sample drawn at")


class Determination(Body):
    """By which summary of records it was found."""

    summary: str = field(label="Summary of records", help="Document, with its version", length=3)


class Need(Body):
    """Why cells of an ineligible donor are used all the same."""

    authorisation: str = field(label="Physician's authorisation", help="The signed paper", length=3)
    reason: str = field(label="Urgent medical need", length=3)


_WHO_RECORDS = frozenset({Right.COLLECT, Right.REVIEW})
_RESPONSIBLE = frozenset({Right.RELEASE, Right.APPROVE})
_FOUND = {
    "find_eligible": State.ELIGIBLE,
    "find_ineligible": State.INELIGIBLE,
    "find_not_required": State.NOT_REQUIRED,
}
_SIGNED = (Meaning.RESPONSIBLE,)

TABLE = Table(
    State.ABSENT,
    (
        Row("record", State.ABSENT, State.PENDING, by=_WHO_RECORDS, body=Opening),
        Row("screen", State.PENDING, State.PENDING, by=_WHO_RECORDS, signs=(Meaning.PERFORMED,), body=Screening),
        Row("test", State.PENDING, State.PENDING, by=_WHO_RECORDS, signs=(Meaning.PERFORMED,), body=AgentTest),
        *(
            Row(command, State.PENDING, found, by=_RESPONSIBLE, signs=_SIGNED, body=Determination)
            for command, found in _FOUND.items()
        ),
        Row("permit", State.INELIGIBLE, State.INELIGIBLE, by=_RESPONSIBLE, signs=_SIGNED, body=Need),
        *(
            Row("reopen", found, State.PENDING, by=_RESPONSIBLE, signs=_SIGNED, body=Reason)
            for found in _FOUND.values()
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class Donor:
    """One donor for one order, folded from the events; a value, never edited in place."""

    id: str
    state: State = State.ABSENT
    order: str = ""
    code: str = ""
    use: Use = Use.AUTOLOGOUS
    since: Instant = Instant(0.0)  # when it became pending
    screening: Screening | None = None
    tests: tuple[AgentTest, ...] = ()  # the last one of an agent counts
    hands: tuple[str, ...] = ()  # who recorded it
    summary: str = ""
    need: Need | None = None

    @property
    def evaluation(self) -> Evaluation:
        """Give what is known of the donor."""
        found = {one.agent: one.outcome for one in self.tests}
        done = all(found.get(agent, Outcome.NOT_DONE) is not Outcome.NOT_DONE for agent in AGENTS)
        reactive = tuple(agent for agent, outcome in found.items() if outcome is Outcome.REACTIVE)
        risk = bool(self.screening and self.screening.risks)
        return Evaluation(self.screening is not None and done, risk, reactive)

    @property
    def statements(self) -> tuple[Statement, ...]:
        """Give what every label has to say."""
        return of_donor(self.use, self.evaluation)

    @property
    def may_be_used(self) -> bool:
        """Tell whether the quarantine is over."""
        return self.state in {State.ELIGIBLE, State.NOT_REQUIRED} or self.need is not None

    @property
    def found_by(self) -> tuple[str, ...]:
        """Give its marks: a pending one is open; its order."""
        return (*((of_order(self.order),) if self.order else ()), *((OPEN,) if self.state is State.PENDING else ()))

    @property
    def dues(self) -> tuple[Due, ...]:
        """Give what has to be done next: determined in 14 days."""
        if self.state is not State.PENDING:
            return ()
        what = f"determine the eligibility of donor {self.id}"
        return (within(what, owner=Right.RELEASE, since=self.since, given=_DETERMINE_IN, escalate=Right.REVIEW),)

    def told(self, _site: Site) -> tuple[str, ...]:
        """Say what labels have to carry."""
        return tuple(f"on every label: {one.text} ({one.clause})" for one in self.statements)

    def check(self, fact: Fact, site: Site) -> None:
        """Refuse another patient's code, a sample still to be drawn, the recorder as judge, and what is not shown."""
        match fact.body:
            case Opening() as said:
                self._check_opening(said, site)
            case AgentTest() as said:
                self._refuse(said.agent not in AGENTS, f"has no agent {said.agent!r}; known: {', '.join(AGENTS)}")
                self._refuse(moment(said.drawn, zone=fact.zone) > fact.at, f"was drawn at {said.drawn}, still to come")
        if fact.kind in _FOUND:
            self._refuse(fact.by in self.hands, f"was recorded by {fact.by}; someone else has to determine it")
            self._check_finding(fact.kind)

    def _refuse(self, wrong: bool, why: str) -> None:  # noqa: FBT001  the question that was asked
        if wrong:
            raise RefusedError(f"donor {self.id} {why}")

    def _check_opening(self, said: Opening, site: Site) -> None:
        order = cast("Order", site.find("order", said.order))
        self._refuse(order.placing is None, f"is for order {said.order}, which nobody has placed")
        if (said.donor == order.subject) != (said.use is Use.AUTOLOGOUS):
            what = "is not" if said.use is Use.AUTOLOGOUS else "is"
            msg = f"donor {self.id}: use is {said.use}, and the donor code {what} the recipient code of {order.id}"
            raise IdentityError(msg)
        other = next((one.id for one in site.marked("donor", of_order(said.order))), "")
        self._refuse(bool(other), f"is for order {said.order}, which has donor {other}")

    def _check_finding(self, kind: str) -> None:
        known = self.evaluation
        match kind:
            case "find_not_required":
                self._refuse(self.use is not Use.AUTOLOGOUS, f"is for {self.use} use, which needs a determination")
            case "find_eligible":
                left = [name for name in AGENTS if name not in {one.agent for one in self.tests}]
                shown = ", ".join(left) or "what was not done"
                self._refuse(not known.complete, f"can't be eligible: missing are screening or tests ({shown})")
                found = ", ".join((*known.reactive, *(self.screening.risks if self.screening else ())))
                self._refuse(known.is_hazard, f"can't be eligible: {found}")
            case "find_ineligible":
                self._refuse(not known.is_hazard, "can't be ineligible: no risk and no reactive test is recorded")

    def apply(self, fact: Fact) -> Self:
        """Give the donor as it stands after the fact."""
        after = replace(self, state=State(TABLE.row(self.state, fact.kind).dest))
        hands = tuple(dict.fromkeys((*self.hands, fact.by)))
        match fact.body:
            case Opening() as said:
                opened = replace(after, order=said.order, code=said.donor, use=said.use, since=fact.at)
                return replace(opened, hands=hands)
            case Screening() as said:
                return replace(after, screening=said, hands=hands)
            case AgentTest() as said:
                return replace(after, tests=(*self.tests, said), hands=hands)
            case Determination(summary=summary):
                return replace(after, summary=summary)
            case Need() as said:
                return replace(after, need=said)
        return replace(after, need=None, since=fact.at)


def donors_of(site: Site, order: str) -> tuple[Donor, ...]:
    """Give the donors of an order."""
    return tuple(one for one in site.marked("donor", of_order(order)) if isinstance(one, Donor))


KIND = Kind("donor", "product", TABLE, Donor)
