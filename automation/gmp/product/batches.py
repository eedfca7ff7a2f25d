"""Batches: one execution of one recipe for one patient or donor, moved through the ISA-88 procedural states.

Source: ISA-88.00.01 procedural states; 21 CFR 211.188 batch record as an accurate copy of the master;
211.192 reviewed before release, and by somebody who did not perform it.
"""

import re
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Protocol, Self, cast

from automation.gmp.amendments import Adoption, Amendment, Approval, BillLine, Proposal, Stage, Withdrawal
from automation.gmp.lineage import hands_of
from automation.gmp.marks import OPEN, made_by, of_order, of_shift
from automation.gmp.objects import Fact, Kind, Site
from automation.gmp.ordered import check_ordered
from automation.gmp.quality.documents import check_recipe
from automation.gmp.shifts import Shift, Takeover, check_takeover
from automation.gmp.words import SYSTEM, Body, Meaning, Right, field
from automation.kernel.errors import IdentityError, InputError, RefusedError
from automation.kernel.machine import Procedural, Row, Table
from automation.kernel.quantity import Instant

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


class State(StrEnum):
    """Where a batch stands: the procedural states, before them issued, after them closed."""

    ABSENT = "absent"
    ISSUED = "issued"
    RUNNING = Procedural.RUNNING
    PAUSING = Procedural.PAUSING
    PAUSED = Procedural.PAUSED
    HOLDING = Procedural.HOLDING
    HELD = Procedural.HELD
    RESTARTING = Procedural.RESTARTING
    STOPPING = Procedural.STOPPING
    STOPPED = Procedural.STOPPED
    ABORTING = Procedural.ABORTING
    ABORTED = Procedural.ABORTED
    COMPLETE = Procedural.COMPLETE
    CLOSED = "closed"


class LotType(StrEnum):
    """What the lot is for; an engineering lot never becomes another."""

    ENGINEERING = "engineering"
    CLINICAL = "clinical"
    COMMERCIAL = "commercial"


class Outcome(StrEnum):
    """What is known of an act after a person has looked."""

    DONE = "done"
    NOT_DONE = "not done"
    DEFECTIVE = "device defective"  # nobody can say before it is repaired; it goes out of service


class Override(Body):
    """One parameter of the recipe set otherwise, in an engineering lot."""

    step: str = field(label="Step")
    parameter: str = field(label="Parameter")
    value: str = field(label="Value", help="With its unit")
    reason: str = field(label="Reason", length=3)


class Issue(Body):
    """What is to be executed: the master by its hash, for whom, with what, by which program."""

    recipe: str = field(label="Recipe")
    recipe_version: str = field(label="Recipe version")
    recipe_digest: str = field(label="Digest of the recipe")
    recipe_file: str = field(label="Copy of the recipe", help="SHA-256 of the file as it was approved", default="")
    recipe_status: str = field(label="Status of the recipe", help="draft or approved", default="draft")
    lot_type: LotType = field(label="Lot type")
    product: str = field(label="Product")
    identity: str = field(label="Chain of identity", help="One id for one therapy; never a name", length=1)
    order: str = field(label="Therapy order", help="Of every lot for a patient", default="")
    containers: tuple[str, ...] = field(label="Containers", default=())
    overrides: tuple[Override, ...] = field(label="Overrides", default=())
    release: str = field(label="Release of the program")
    operations: dict[str, str] = field(label="Operations", help="Each with the digest of its source")
    site_digest: str = field(label="Digest of the site")
    seed: int | None = field(label="Seed", help="Of the simulation; none on a live site", default=None)
    bill: tuple[BillLine, ...] = field(label="Bill of materials", default=())


class Order(Body):
    """Why a batch, or one step of it, is to go another way."""

    reason: str = field(label="Reason", length=3)
    step: str = field(label="Step", help="Empty for the whole batch", default="")


class Decision(Body):
    """What a person decides about an act of which nobody knows whether it took effect."""

    step: str = field(label="Step", help="Empty for the one that waits", default="")
    outcome: Outcome = field(label="Outcome", help="done, not done or device defective, as seen at the device")
    reason: str = field(label="Reason", help="What was looked at, and what it showed", length=3)


class Continuation(Body):
    """That a step goes on with an asset that is not ready."""

    step: str = field(label="Step", length=1)
    asset: str = field(label="Asset", length=1)
    reason: str = field(label="Reason", length=3)


class Seal(Body):
    """The signed head under which the record ends."""

    head: str = field(label="Head hash", default="")
    seq: int = field(label="Last event under the head", default=0, low=0)


class Review(Body):
    """What the reviewer states."""

    conclusion: str = field(label="Conclusion", length=3)


_HANDS = frozenset({Right.PERFORM, Right.SUPERVISE})
_HANDS_OR_PROGRAM = _HANDS | {Right.SYSTEM}
_PROGRAM = frozenset({Right.SYSTEM})
_TWO = (Meaning.RESPONSIBLE, Meaning.APPROVED)
_WORKING = (State.RUNNING, State.PAUSING, State.PAUSED, State.HOLDING, State.HELD, State.RESTARTING)
_ENDED = (State.COMPLETE, State.STOPPED, State.ABORTED)
_AMENDABLE = (State.ISSUED, *_WORKING)
_AUTHORS = frozenset({Right.ISSUE, Right.APPROVE})

TABLE = Table(
    State.ABSENT,
    (
        Row("issue", State.ABSENT, State.ISSUED, by={Right.ISSUE}, body=Issue),
        Row("start", State.ISSUED, State.RUNNING, by=_HANDS),
        Row("abort", State.ISSUED, State.ABORTED, by=_HANDS_OR_PROGRAM, body=Order),
        Row("pause", State.RUNNING, State.PAUSING, by=_HANDS, body=Order),
        Row("done", State.PAUSING, State.PAUSED, by=_PROGRAM),
        Row("unpause", State.PAUSED, State.RUNNING, by=_HANDS, body=Order),
        *(
            Row("hold", source, State.HOLDING, by=_HANDS_OR_PROGRAM, body=Order)
            for source in (State.RUNNING, State.PAUSING, State.PAUSED, State.RESTARTING)
        ),
        Row("done", State.HOLDING, State.HELD, by=_PROGRAM),
        Row("restart", State.HELD, State.RESTARTING, by=_HANDS, body=Order),
        Row("done", State.RESTARTING, State.RUNNING, by=_PROGRAM),
        *(Row("stop", source, State.STOPPING, by=_HANDS, body=Order) for source in _WORKING),
        Row("done", State.STOPPING, State.STOPPED, by=_PROGRAM),
        *(
            Row("abort", source, State.ABORTING, by=_HANDS_OR_PROGRAM, body=Order)
            for source in (*_WORKING, State.STOPPING, State.STOPPED)
        ),
        Row("done", State.ABORTING, State.ABORTED, by=_PROGRAM),
        *(
            Row("resolve", state, state, by=_HANDS, signs=(Meaning.RESPONSIBLE,), body=Decision)
            for state in (State.RUNNING, State.HOLDING, State.HELD, State.STOPPING, State.ABORTING)
        ),
        *(
            Row("continue", state, state, by={Right.SUPERVISE}, signs=_TWO, body=Continuation)
            for state in (State.RUNNING, State.HOLDING, State.HELD)
        ),
        *(
            row
            for state in _AMENDABLE
            for row in (
                Row("propose", state, state, by=_AUTHORS, signs=(Meaning.AUTHORED,), body=Proposal),
                Row("amend", state, state, by={Right.APPROVE}, signs=(Meaning.APPROVED,), body=Approval),
                Row("withdraw", state, state, by=_AUTHORS, body=Withdrawal),
                Row("adopt", state, state, by=_PROGRAM, body=Adoption),
                Row("lapse", state, state, by=_PROGRAM, body=Withdrawal),
            )
        ),
        *(
            Row(command, state, state, by=_HANDS, signs=(Meaning.RECEIVED, meaning), body=Takeover)
            for state in _WORKING
            for command, meaning in (("take_over", Meaning.HANDED_OVER), ("relieve", Meaning.RESPONSIBLE))
        ),
        Row("complete", State.RUNNING, State.COMPLETE, by=_PROGRAM),
        *(Row("close", source, State.CLOSED, by=_PROGRAM, body=Seal) for source in _ENDED),
        *(
            Row("review", state, state, by={Right.REVIEW}, signs=(Meaning.REVIEWED,), body=Review)
            for state in (*_ENDED, State.CLOSED)
        ),
    ),
)


def check_id(name: str) -> None:
    """Raise InputError for a name that no batch may have."""
    if not _NAME.fullmatch(name):
        raise InputError(f"batch id is {name!r}; 1 to 64 letters, digits, '.', '_' and '-' are allowed")


class _Container(Protocol):
    """What a batch asks of a container."""

    identity: str
    state: str


@dataclass(frozen=True, slots=True)
class Batch:
    """One batch, folded from its events; a value, never edited in place."""

    id: str
    state: State = State.ABSENT
    issue: Issue | None = None
    issued_by: str = ""
    issued_at: Instant | None = None
    started_at: Instant | None = None
    ended_at: Instant | None = None
    order: Order | None = None  # the last procedural order: why, and for which step
    hands: frozenset[str] = frozenset()  # persons who started or directed it
    reviewed_by: str = ""
    reviewed_seq: int = 0  # the event of the review
    head: str = ""
    amendments: tuple[Amendment, ...] = ()
    shifts: tuple[Shift, ...] = ()

    @property
    def found_by(self) -> tuple[str, ...]:
        """Give its marks: one that is not closed is open; its recipe; its order; its steps that were taken over."""
        order = (of_order(self.issue.order),) if self.issue and self.issue.order else ()
        recipe = (made_by(self.issue.recipe_digest),) if self.issue else ()
        shifts = tuple(dict.fromkeys(of_shift(self.id, one.step) for one in self.shifts))
        still = () if self.state in {State.ABSENT, State.CLOSED} else (OPEN,)
        return (*recipe, *order, *shifts, *still)

    @property
    def identity(self) -> str:
        """Give the chain of identity; empty before it is issued."""
        return self.issue.identity if self.issue else ""

    @property
    def bill(self) -> tuple[BillLine, ...]:
        """Give the bill of materials by which it goes; empty when it was issued without."""
        amended = self.in_force.bill if self.in_force else None
        return amended if amended is not None else self.issue.bill if self.issue else ()

    @property
    def lot_type(self) -> str:
        """Give what the lot is for; empty before it is issued."""
        return self.issue.lot_type if self.issue else ""

    @property
    def containers(self) -> tuple[str, ...]:
        """Give the ids of the containers that it was issued for."""
        return self.issue.containers if self.issue else ()

    @property
    def in_force(self) -> Proposal | None:
        """Give the amendment by which it goes on; None while it runs as it was issued."""
        made = [one.proposal for one in self.amendments if one.stage is Stage.IN_FORCE]
        return made[-1] if made else None

    @property
    def recipe_digest(self) -> str:
        """Give the digest of the recipe in force; empty before it is issued."""
        if self.in_force is not None:
            return self.in_force.recipe_digest
        return self.issue.recipe_digest if self.issue else ""

    @property
    def recipe_file(self) -> str:
        """Give the SHA-256 of the copy of the recipe in force; empty when none was kept."""
        if self.in_force is not None:
            return self.in_force.recipe_file
        return self.issue.recipe_file if self.issue else ""

    @property
    def operations(self) -> dict[str, str]:
        """Give every operation that it was issued or amended with, and the digest of its source."""
        given = dict(self.issue.operations) if self.issue else {}
        made = [one.proposal for one in self.amendments if one.stage is Stage.IN_FORCE]
        return given | {name: digest for one in made for name, digest in one.operations.items()}

    @property
    def open_amendment(self) -> Amendment | None:
        """Give the amendment that is proposed or approved and not in force yet."""
        return next((one for one in self.amendments if one.is_open), None)

    def check(self, fact: Fact, site: Site) -> None:
        """Refuse a lot that may not be made this way, and a reviewer or approver who had a hand in it."""
        if fact.kind == "issue":
            self._check_issue(fact.stated(Issue), site)
        if fact.kind == "propose":
            self._check_proposal(fact.stated(Proposal))
        if isinstance(fact.body, Takeover):
            check_takeover(self.id, fact, fact.body, site)
        if isinstance(fact.body, Approval | Withdrawal | Adoption):
            self._check_amendment(fact, fact.body, site)
        if fact.kind == "review" and fact.by in hands_of(site, self.id):
            msg = f"batch {self.id}: {fact.by} had a hand in it; someone else has to review it"
            raise RefusedError(msg)

    def _check_issue(self, issue: Issue, site: Site) -> None:
        check_id(self.id)
        for_patients = issue.lot_type is not LotType.ENGINEERING
        if for_patients and issue.overrides:
            msg = f"batch {self.id}: a {issue.lot_type} lot takes no overrides; only an engineering lot does"
            raise RefusedError(msg)
        if for_patients and issue.recipe_status != "approved":
            given = f"{issue.recipe} is {issue.recipe_status}"
            msg = f"batch {self.id}: a {issue.lot_type} lot needs an approved recipe; {given}"
            raise RefusedError(msg)
        if issue.seed is not None and not site.simulated:
            msg = f"batch {self.id}: seed is {issue.seed}; a live site takes none"
            raise RefusedError(msg)
        if for_patients:
            check_recipe(site, batch=self.id, recipe=issue.recipe, digest=issue.recipe_digest)
        check_ordered(self.id, issue, site, engineering=not for_patients)
        for name in issue.containers:
            container = cast("_Container", site.find("container", name))
            if container.state != State.ABSENT and container.identity != issue.identity:
                msg = f"batch {self.id}: container {name} is of another chain of identity"
                raise IdentityError(msg)

    def _check_proposal(self, proposal: Proposal) -> None:
        waiting = self.open_amendment
        if waiting is not None:
            said = f"amendment {waiting.proposal.number} is {waiting.stage}; one at a time"
            raise RefusedError(f"batch {self.id}: {said}")
        if proposal.number != len(self.amendments) + 1:
            msg = f"batch {self.id}: number is {proposal.number}; the next amendment is {len(self.amendments) + 1}"
            raise RefusedError(msg)
        if proposal.based_on != self.recipe_digest:
            was, now = proposal.based_on[:12], self.recipe_digest[:12]
            msg = f"batch {self.id}: based_on is {was}; the recipe in force is {now}, so compare with that one"
            raise RefusedError(msg)
        if proposal.recipe_digest == self.recipe_digest:
            msg = f"batch {self.id}: the amended recipe is the one in force; nothing differs"
            raise RefusedError(msg)

    def _check_amendment(self, fact: Fact, said: Approval | Withdrawal | Adoption, site: Site) -> None:
        """Refuse another number than that of the open one, a stage that does not fit, and an approver who may not."""
        waiting = self.open_amendment
        if waiting is None or waiting.proposal.number != said.number:
            there = "none is open" if waiting is None else f"amendment {waiting.proposal.number} is {waiting.stage}"
            raise RefusedError(f"batch {self.id}: no open amendment {said.number}; {there}")
        wanted = {"amend": Stage.PROPOSED, "adopt": Stage.APPROVED}.get(fact.kind, waiting.stage)
        if waiting.stage is not wanted:
            raise RefusedError(f"batch {self.id}: amendment {said.number} is {waiting.stage}, not {wanted}")
        if isinstance(said, Approval):
            if said.recipe_digest != waiting.proposal.recipe_digest:
                raise RefusedError(f"batch {self.id}: amendment {said.number} makes another recipe than was approved")
            who = fact.signer(Meaning.APPROVED)
            if who in {waiting.author, self.issued_by} | hands_of(site, self.id):
                msg = f"batch {self.id}: {who} wrote amendment {said.number} or has a hand in the batch"
                raise RefusedError(f"{msg}; someone else has to approve it")

    def apply(self, fact: Fact) -> Self:
        """Give the batch as it stands after the fact."""
        after = replace(self, state=State(TABLE.row(self.state, fact.kind).dest))
        match fact.kind:
            case "issue":
                return replace(after, issue=fact.stated(Issue), issued_by=fact.by, issued_at=fact.at)
            case "start":
                return replace(after, started_at=fact.at, hands=self.hands | {fact.by})
            case "complete":
                return replace(after, ended_at=fact.at)
            case "done":
                return replace(after, ended_at=fact.at if after.state in _ENDED else None)
            case "close":
                return replace(after, head=fact.stated(Seal).head)
            case "review":
                return replace(after, reviewed_by=fact.by, reviewed_seq=fact.seq)
            case "propose":
                made = Amendment(fact.stated(Proposal), fact.signer(Meaning.AUTHORED))
                return replace(after, amendments=(*self.amendments, made))
            case "amend" | "withdraw" | "adopt" | "lapse":
                return replace(after, amendments=(*self.amendments[:-1], _moved(self.amendments[-1], fact)))
            case "take_over" | "relieve":
                said = fact.stated(Takeover)
                shift = Shift(said.step, fact.by, said.leaving, fact.at)
                return replace(after, shifts=(*self.shifts, shift), hands=self.hands | {fact.by})
            case "resolve" | "continue":
                return replace(after, hands=self.hands | {signature.by for signature in fact.signed})
        person = frozenset() if fact.by.startswith(f"{SYSTEM}:") else frozenset({fact.by})
        ended = fact.at if after.state in _ENDED else None
        return replace(after, order=fact.stated(Order), hands=self.hands | person, ended_at=ended)


def _moved(last: Amendment, fact: Fact) -> Amendment:
    """Give an amendment after its approval, withdrawal, adoption or lapse; only the last one is ever open."""
    match fact.body:
        case Approval():
            return replace(last, stage=Stage.APPROVED, approved_by=fact.signer(Meaning.APPROVED))
        case Adoption():
            return replace(last, stage=Stage.IN_FORCE)
        case Withdrawal(reason=reason):
            stage = Stage.LAPSED if fact.kind == "lapse" else Stage.WITHDRAWN
            return replace(last, stage=stage, why=reason)
    raise TypeError(fact.body)


KIND = Kind("batch", "product", TABLE, Batch)
