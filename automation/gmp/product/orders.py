"""Therapy orders: one for one therapy of one patient, under one chain of identity from collection to infusion.

The chain of identity is given when the order is placed and never again. A collection can be repeated (same identity,
new donation number) and a lot can be made again (same identity, new lot), each by a signed move that names what it
stands in for. The patient is a code; who that is stands nowhere in the ledger.
Source: ISBT 128 ST-028 (one identifier for one therapy); EU GMP Part IV (traceability); 21 CFR 1271.290.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Protocol, Self, cast

from automation.gmp.codes import Code, Identity, LimitText, Moment, moment
from automation.gmp.due import DAY, Due, until, within
from automation.gmp.marks import OPEN, known_as, of_order
from automation.gmp.objects import Fact, Kind, Site
from automation.gmp.product.rule_profiles import Rules, cites, rules_at
from automation.gmp.words import Body, Meaning, Reason, Right, Strength, field
from automation.kernel.errors import IdentityError, RefusedError
from automation.kernel.machine import Row, Table
from automation.kernel.quantity import Instant


class State(StrEnum):
    """Where an order stands; FULFILLED is after the infusion."""

    ABSENT = "absent"
    PLACED = "placed"
    CONFIRMED = "confirmed"
    ON_HOLD = "on hold"
    FULFILLED = "fulfilled"
    CANCELLED = "cancelled"


class Profile(StrEnum):
    """By whose rules the product is released and labelled."""

    US = "us"
    EU = "eu"
    STUDY = "study"


class Placing(Body):
    """For whom, what, by whose rules, until when, and what has to be collected for it."""

    identity: Identity = field(label="Chain of identity", help="15 characters from CH on; used once, for ever")
    subject: Code = field(label="Recipient code", help="As on the wristband; never a name")
    product: str = field(label="Product", length=1)
    profile: Profile = field(label="Rules", help="us, eu or study")
    needed_by: Moment = field(label="Needed by")
    instructions: str = field(label="Instruction pack", help="With its version, for example COL-INS@3", length=3)
    volume: LimitText = field(label="Volume to collect", help="For example: between 100 and 400 mL", default="")
    tnc: LimitText = field(label="Nucleated cells to collect", help="For example: at least 2E+9 cells", default="")
    cd3: LimitText = field(label="CD3+ cells to collect", help="For example: at least 0.6E+9 cells", default="")
    rules: str = field(label="Version of the rules", help="For example eu@1; else the one in force", default="")


class Acknowledgement(Body):
    """That the instruction pack was read by those who will follow it."""

    instructions: str = field(label="Instruction pack", help="The very one of the order", length=3)


class Again(Body):
    """What is done once more, and why."""

    instead_of: str = field(label="Instead of", help="The collection, or the batch", length=1)
    reason: str = field(label="Reason", length=3)


class Cause(StrEnum):
    """Why the recipient is known otherwise from now on."""

    CHANGED_NAME = "changed name"
    MERGED_RECORD = "merged record"
    CORRECTED = "corrected"


class Renaming(Body):
    """Both codes of one and the same recipient, and what shows that they are; never a name."""

    was: Code = field(label="Recipient code so far")
    now: Code = field(label="Recipient code from now on", help="The same when only the name behind it changed")
    cause: Cause = field(label="Cause", help="changed name, merged record or corrected")
    evidence: str = field(label="Evidence", help="Document that both people have seen", length=3)


class Fulfilment(Body):
    """By which infusion."""

    infusion: str = field(label="Infusion", length=1)


_DESK = frozenset({Right.ORDER})
_WHO_ORDERS = frozenset({Right.ORDER, Right.TREAT})
_WHO_STOPS = frozenset({Right.ORDER, Right.TREAT, Right.REVIEW, Right.APPROVE})
_SITES = frozenset({Right.COLLECT, Right.TREAT})
_BEFORE = (State.PLACED, State.CONFIRMED, State.ON_HOLD)

TABLE = Table(
    State.ABSENT,
    (
        Row("place", State.ABSENT, State.PLACED, by=_WHO_ORDERS, signs=(Meaning.AUTHORED,), body=Placing),
        Row(
            "acknowledge",
            State.PLACED,
            State.PLACED,
            by=_SITES,
            body=Acknowledgement,
            strength=Strength.VERIFY,
        ),
        Row("confirm", State.PLACED, State.CONFIRMED, by=_DESK, signs=(Meaning.APPROVED,)),
        Row("hold", State.CONFIRMED, State.ON_HOLD, by=_WHO_STOPS, body=Reason),
        Row("resume", State.ON_HOLD, State.CONFIRMED, by=_DESK, signs=(Meaning.APPROVED,), body=Reason),
        Row(
            "collect_again",
            State.CONFIRMED,
            State.CONFIRMED,
            by=_DESK,
            signs=(Meaning.APPROVED,),
            body=Again,
        ),
        *(
            Row("rename", state, state, by=_WHO_ORDERS, signs=(Meaning.PERFORMED, Meaning.VERIFIED), body=Renaming)
            for state in _BEFORE
        ),
        Row("make_again", State.CONFIRMED, State.CONFIRMED, by=_DESK, signs=(Meaning.APPROVED,), body=Again),
        Row("fulfil", State.CONFIRMED, State.FULFILLED, by=_DESK | {Right.SYSTEM}, body=Fulfilment),
        *(
            Row("cancel", state, State.CANCELLED, by=_WHO_ORDERS, signs=(Meaning.RESPONSIBLE,), body=Reason)
            for state in _BEFORE
        ),
    ),
)


class _Collection(Protocol):
    """What an order asks of a collection."""

    id: str
    order: str

    @property
    def is_spent(self) -> bool: ...


class _Batch(Protocol):
    """What an order asks of a batch."""

    id: str
    state: str

    @property
    def identity(self) -> str: ...


class _Infusion(Protocol):
    """What an order asks of an infusion."""

    id: str
    state: str

    @property
    def order(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Order:
    """One therapy order, folded from its events; a value, never edited in place."""

    id: str
    state: State = State.ABSENT
    placing: Placing | None = None
    placed_by: str = ""
    placed_at: Instant = Instant(0.0)
    placed_seq: int = 0  # the event
    needed_by: Instant = Instant(0.0)
    acknowledged_by: tuple[str, ...] = ()
    renamings: tuple[Renaming, ...] = ()  # of the recipient, in order; nothing of before is lost
    hold_reason: str = ""
    collected_again: tuple[str, ...] = ()  # the collections that others stand in for
    made_again: tuple[str, ...] = ()  # the batches that others stand in for
    infusion: str = ""

    @property
    def identity(self) -> str:
        """Give the chain of identity; empty before it is placed."""
        return self.placing.identity if self.placing else ""

    @property
    def subject(self) -> str:
        """Give the code of the patient as it is now; empty before it is placed."""
        if self.renamings:
            return self.renamings[-1].now
        return self.placing.subject if self.placing else ""

    @property
    def found_by(self) -> tuple[str, ...]:
        """Give its marks: one that is not over is open; its chain of identity."""
        identity = (known_as(self.identity),) if self.placing else ()
        return (*identity, *((OPEN,) if self.state in _BEFORE else ()))

    @property
    def dues(self) -> tuple[Due, ...]:
        """Give what has to be done next: confirmed in two days, fulfilled when the patient needs it."""
        if self.state is State.PLACED:
            what = f"confirm order {self.id}"
            return (within(what, owner=Right.ORDER, since=self.placed_at, given=DAY, escalate=Right.REVIEW),)
        if self.state not in _BEFORE:
            return ()
        what = f"give order {self.id} to the patient" if self.state is State.CONFIRMED else f"resume order {self.id}"
        return (until(what, owner=Right.ORDER, since=self.placed_at, by=self.needed_by, escalate=Right.RELEASE),)

    def rules(self, site: Site) -> Rules | None:
        """Give the rules that it goes by: those in force when it was placed; None before that."""
        placing = self.placing
        return rules_at(site, placing.profile, self.placed_at, before=self.placed_seq) if placing else None

    def told(self, site: Site) -> tuple[str, ...]:
        """Say by which version of which rules it goes, each rule with its clause."""
        rules = self.rules(site)
        return cites(rules) if rules else ()

    def check(self, fact: Fact, site: Site) -> None:
        """Refuse a used identity, the orderer as confirmer, unread instructions, and repeats of what still stands."""
        match fact.kind:
            case "place":
                self._check_placing(fact, fact.stated(Placing), site)
            case "acknowledge":
                said, wanted = fact.stated(Acknowledgement).instructions, self._placing.instructions
                self._refuse(said != wanted, f"goes by {wanted}; {said} was acknowledged")
            case "confirm":
                self._refuse(fact.by == self.placed_by, f"was placed by {fact.by}; someone else has to confirm it")
                unread = f"can't be confirmed: nobody has acknowledged {self._placing.instructions}"
                self._refuse(not self.acknowledged_by, unread)
            case "rename":
                self._check_renaming(fact.stated(Renaming), site)
            case "collect_again":
                self._check_collection(fact.stated(Again), site)
            case "make_again":
                self._check_batch(fact.stated(Again), site)
            case "fulfil":
                infusion = cast("_Infusion", site.find("infusion", fact.stated(Fulfilment).infusion))
                given = infusion.order == self.id and infusion.state == "given"
                self._refuse(not given, f"is not fulfilled by infusion {infusion.id}, which is {infusion.state}")

    @property
    def _placing(self) -> Placing:
        if self.placing is None:
            raise TypeError(self)
        return self.placing

    def _refuse(self, wrong: bool, why: str) -> None:  # noqa: FBT001  the question that was asked
        if wrong:
            raise RefusedError(f"order {self.id} {why}")

    def _check_placing(self, fact: Fact, said: Placing, site: Site) -> None:
        other = next((one.id for one in site.marked("order", known_as(said.identity))), "")
        if other:
            msg = f"order {self.id}: the chain of identity is that of order {other}; one therapy has its own"
            raise IdentityError(msg)
        late = moment(said.needed_by, zone=fact.zone) <= fact.at
        self._refuse(late, f"is needed by {said.needed_by}, which is over")
        cited = rules_at(site, said.profile, fact.at).cited
        self._refuse(said.rules not in {"", cited}, f"can't go by rules {said.rules}: {cited} is in force")

    def _check_renaming(self, said: Renaming, site: Site) -> None:
        if said.was != self.subject:
            raise IdentityError(f"order {self.id}: the code so far that was stated is not that of the recipient")
        same = said.now == said.was
        renamed = said.cause is Cause.CHANGED_NAME
        self._refuse(same and not renamed, f"has this code already; a {said.cause} gives another")
        self._refuse(renamed and not same, "keeps its code when only the name has changed")
        going = (one.id for one in site.marked("infusion", of_order(self.id)) if one.state in {"identified", "running"})
        busy = next(going, "")
        self._refuse(bool(busy), f"can't be renamed at the bedside: infusion {busy} was identified by the code so far")

    def _check_collection(self, said: Again, site: Site) -> None:
        name = said.instead_of
        found = cast("_Collection", site.find("collection", name))
        self._refuse(found.order != self.id, f"has no collection {name}")
        self._refuse(not found.is_spent, f"can't be collected again: collection {name} was not refused")
        self._refuse(name in self.collected_again, f"has another collection for {name} already")

    def _check_batch(self, said: Again, site: Site) -> None:
        name = said.instead_of
        found = cast("_Batch", site.find("batch", name))
        self._refuse(found.state == State.ABSENT or found.identity != self.identity, f"has no batch {name}")
        over = found.state in {"complete", "stopped", "aborted", "closed"}
        self._refuse(not over, f"can't be made again: batch {name} is {found.state}")
        verdict = site.find("release", name).state
        usable = verdict not in {"rejected", "revoked"} and found.state not in {"stopped", "aborted"}
        self._refuse(usable, f"can't be made again: lot {name} is not rejected (release is {verdict})")
        self._refuse(name in self.made_again, f"has another lot for {name} already")

    def apply(self, fact: Fact) -> Self:
        """Give the order as it stands after the fact."""
        after = replace(self, state=State(TABLE.row(self.state, fact.kind).dest))
        match fact.kind:
            case "place":
                said = fact.stated(Placing)
                needed = moment(said.needed_by, zone=fact.zone)
                placed = replace(after, placing=said, placed_by=fact.by, placed_at=fact.at, placed_seq=fact.seq)
                return replace(placed, needed_by=needed)
            case "acknowledge":
                return replace(after, acknowledged_by=(*self.acknowledged_by, fact.by))
            case "rename":
                return replace(after, renamings=(*self.renamings, fact.stated(Renaming)))
            case "hold":
                return replace(after, hold_reason=fact.stated(Reason).reason)
            case "resume":
                return replace(after, hold_reason="")
            case "collect_again":
                return replace(after, collected_again=(*self.collected_again, fact.stated(Again).instead_of))
            case "make_again":
                return replace(after, made_again=(*self.made_again, fact.stated(Again).instead_of))
            case "fulfil":
                return replace(after, infusion=fact.stated(Fulfilment).infusion)
        return after


def order_of(site: Site, identity: str) -> Order | None:
    """Give the order with a chain of identity; None when nobody has placed one."""
    return next((one for one in site.marked("order", known_as(identity)) if isinstance(one, Order)), None)


def check_runs(order: Order, *, what: str) -> None:
    """Raise RefusedError when nothing may be begun for an order; ``what`` is what was to be begun."""
    if order.state is not State.CONFIRMED:
        why = f" ({order.hold_reason})" if order.state is State.ON_HOLD else ""
        raise RefusedError(f"{what}: order {order.id} is {order.state}{why}, not confirmed")


KIND = Kind("order", "product", TABLE, Order)
