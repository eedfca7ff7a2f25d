"""Splits: a container divided into samples or bags by a plan, with its volumes reconciled before and after.

Who plans does not approve. When the split was done the children are there with the record of their parent, and what
was drawn stands in the records of all of them. What was not as planned needs its reason. A split whose volumes do not
add up is recorded as it was: it opens a deviation, and is reconciled only when that is closed. Product is filled into
what carries a verified label; labels that people printed for the children are counted against what is stated.
Units:  mL.
Source: EU GMP Part IV 9.45 to 9.49, 12.8 (aliquots, retention samples), 21 CFR 1271.290(c) (each part tracked), 211.103
        (yields), 211.125(c) (labels issued, used and returned are reconciled).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Protocol, Self, cast

from automation.gmp.codes import LABEL, Moment, is_label, moment
from automation.gmp.due import DAY, Due, until, within
from automation.gmp.marks import OPEN, of_container, of_subject
from automation.gmp.objects import Fact, Follow, Kind, Next, Site, Thing
from automation.gmp.product.labels import Label, labels_of
from automation.gmp.words import Body, Meaning, Reason, Right, field
from automation.kernel.errors import IdentityError, RefusedError
from automation.kernel.machine import Row, Table
from automation.kernel.quantity import Instant, Seconds

_TINY = 1e-6  # mL; below what anybody pipettes
_RUNNING = frozenset({"running", "pausing", "paused", "holding", "held", "restarting", "stopping", "aborting"})


class State(StrEnum):
    """Where a split stands; it is over when its volumes and labels are accounted for."""

    ABSENT = "absent"
    PLANNED = "planned"
    APPROVED = "approved"
    DONE = "done"
    RECONCILED = "reconciled"
    CANCELLED = "cancelled"


class Use(StrEnum):
    """What a child is for."""

    ALIQUOT = "aliquot"  # goes to QC, or is kept
    PRODUCT = "product"


class Child(Body):
    """One container that is to be filled."""

    container: str = field(label="Container", help="The id on its label", length=1)
    volume_ml: float = field(label="Volume", unit="mL", low=0.0)
    what: str = field(label="What it is for", help="For example: sterility, retention, stability 6 months", length=2)
    use: Use = field(label="Use", help="aliquot or product", default=Use.ALIQUOT)
    sort: str = field(label="Kind of container", help="For example: vial2", default="")


class Plan(Body):
    """What is divided into what, with how much loss, and how well it has to add up."""

    parent: str = field(label="Container that is divided", length=1)
    children: tuple[Child, ...] = field(label="Children", length=1)
    loss_ml: float = field(label="Loss that is expected", help="Hold-up, dead volume", unit="mL", low=0.0)
    tolerance_ml: float = field(
        label="Tolerance", help="Of each volume against the plan, and of the balance", unit="mL", low=0.0
    )
    at: Moment = field(label="To be done by")


class Filled(Body):
    """What went into one child."""

    container: str = field(label="Container, its label scanned", length=1)
    volume_ml: float = field(label="Volume", unit="mL", low=0.0)


class Execution(Body):
    """What was there, what was drawn, what is left, what was lost; and the labels that came out of the printer."""

    parent: str = field(label="Container that was divided, scanned", length=1)
    before_ml: float = field(label="Volume before, as measured", unit="mL", low=0.0)
    filled: tuple[Filled, ...] = field(label="Children, each as it was filled", length=1)
    left_ml: float = field(label="Left in the container", unit="mL", low=0.0)
    loss_ml: float = field(label="Loss, as seen", unit="mL", low=0.0)
    labels_printed: int = field(label="Labels printed", low=0)
    labels_destroyed: int = field(label="Labels destroyed", low=0, default=0)
    reason: str = field(label="Reason", help="Where it differs from the plan", default="")


class Conclusion(Body):
    """That volumes and labels are accounted for."""

    conclusion: str = field(label="Conclusion", length=3)


_AUTHORS = frozenset({Right.PERFORM, Right.SUPERVISE, Right.REVIEW, Right.INVESTIGATE})
_JUDGES = frozenset({Right.SUPERVISE, Right.REVIEW, Right.APPROVE})
_HANDS = frozenset({Right.PERFORM, Right.SUPERVISE})
_TWO = (Meaning.PERFORMED, Meaning.VERIFIED)

TABLE = Table(
    State.ABSENT,
    (
        Row("plan", State.ABSENT, State.PLANNED, by=_AUTHORS, signs=(Meaning.AUTHORED,), body=Plan),
        Row("replan", State.PLANNED, State.PLANNED, by=_AUTHORS, signs=(Meaning.AUTHORED,), body=Plan),
        Row("approve", State.PLANNED, State.APPROVED, by=_JUDGES, signs=(Meaning.REVIEWED,)),
        Row("execute", State.APPROVED, State.DONE, by=_HANDS, signs=_TWO, body=Execution),
        Row("reconcile", State.DONE, State.RECONCILED, by=_JUDGES, signs=(Meaning.REVIEWED,), body=Conclusion),
        *(
            Row("cancel", state, State.CANCELLED, by=_JUDGES, signs=(Meaning.RESPONSIBLE,), body=Reason)
            for state in (State.PLANNED, State.APPROVED)
        ),
    ),
)


class _Container(Protocol):
    """What a split asks of a container."""

    state: str
    identity: str
    din: str
    product_code: str
    parent: str
    batch: str
    volume_ml: float
    on_hold: bool
    purpose: str
    warming_s: Seconds
    first_cold_at: Instant | None


@dataclass(frozen=True, slots=True)
class Split:
    """One split, folded from its events; a value, never edited in place."""

    id: str
    state: State = State.ABSENT
    plan: Plan | None = None
    authors: tuple[str, ...] = ()  # of the plan, each that there was
    due_at: Instant = Instant(0.0)
    moved_at: Instant = Instant(0.0)  # of the last move
    execution: Execution | None = None
    done_by: tuple[str, ...] = ()
    conclusion: str = ""
    ended: str = ""  # why it was cancelled

    @property
    def parent(self) -> str:
        """Give the container that is divided; empty before it is planned."""
        return self.plan.parent if self.plan else ""

    @property
    def children(self) -> tuple[str, ...]:
        """Give the ids of the children of the plan."""
        return tuple(one.container for one in self.plan.children) if self.plan else ()

    @property
    def unaccounted_ml(self) -> float:
        """Give what was there less what was filled, is left and was lost (mL); 0 before it was done."""
        done = self.execution
        return done.before_ml - _out(done) - done.left_ml if done else 0.0

    @property
    def adds_up(self) -> bool:
        """Tell whether the volumes agree within the tolerance of the plan."""
        return self.plan is None or abs(self.unaccounted_ml) <= self.plan.tolerance_ml + _TINY

    @property
    def found_by(self) -> tuple[str, ...]:
        """Give its marks: one that is not over is open; its containers."""
        names = (self.parent, *self.children) if self.plan else ()
        going = self.state in {State.PLANNED, State.APPROVED, State.DONE}
        return (*map(of_container, names), *((OPEN,) if going else ()))

    @property
    def dues(self) -> tuple[Due, ...]:
        """Give what has to be done next: approved in a day, labelled and done when planned, reconciled in a day."""
        late = Right.SUPERVISE
        match self.state:
            case State.PLANNED:
                return (within(f"approve split {self.id}", owner=late, since=self.moved_at, given=DAY),)
            case State.APPROVED:
                what = f"print {len(self.children)} labels and do split {self.id} of {self.parent}"
                return (until(what, owner=Right.PERFORM, since=self.moved_at, by=self.due_at, escalate=late),)
            case State.DONE:
                what = f"reconcile split {self.id}"
                return (within(what, owner=late, since=self.moved_at, given=DAY, escalate=Right.REVIEW),)
        return ()

    def check(self, fact: Fact, site: Site) -> None:
        """Refuse a plan for more than is there, its author as approver, what differs for no reason, an early end."""
        match fact.body:
            case Plan() as said:
                self._check_plan(fact, said, site)
            case Execution() as said:
                self._check_done(said, site)
            case Conclusion():
                self._check_end(fact, site)
        if fact.kind == "approve":
            self._refuse(fact.by in self.authors, f"was planned by {fact.by}; someone else has to approve it")
            self._check_plan(fact, self._planned, site)

    @property
    def _planned(self) -> Plan:
        if self.plan is None:
            raise TypeError(self)
        return self.plan

    def _refuse(self, wrong: bool, why: str) -> None:  # noqa: FBT001  the question that was asked
        if wrong:
            raise RefusedError(f"split {self.id} {why}")

    def _check_plan(self, fact: Fact, said: Plan, site: Site) -> None:
        parent = self._check_parent(said.parent, site)
        wanted = sum(one.volume_ml for one in said.children) + said.loss_ml
        there = f"takes {wanted:g} mL with its loss; {said.parent} holds {parent.volume_ml:g} mL"
        self._refuse(wanted > parent.volume_ml + _TINY, there)
        names = [one.container for one in said.children]
        self._refuse(len(set(names)) < len(names), "names a child twice")
        wrong = next((name for name in names if not is_label(name)), "")
        self._refuse(bool(wrong), f"names child {wrong!a}, which no label can say: {LABEL} are needed")
        empty = [one.container for one in said.children if one.volume_ml <= said.tolerance_ml]
        self._refuse(bool(empty), f"fills {', '.join(empty)} with no more than its tolerance")
        self._refuse(moment(said.at, zone=fact.zone) <= fact.at, f"is to be done by {said.at}, which is over")
        self._check_new(names, site)
        sample = parent.purpose != "product"
        made = [one.container for one in said.children if one.use is Use.PRODUCT]
        self._refuse(sample and bool(made), f"can't make product of {said.parent}, which is {parent.purpose}")

    def _check_parent(self, name: str, site: Site) -> _Container:
        parent = cast("_Container", site.find("container", name))
        self._refuse(parent.state != "in process", f"is of {name}, which is {parent.state}, not in process")
        self._refuse(parent.on_hold, f"is of {name}, which is on QA hold")
        runs = bool(parent.batch) and site.find("batch", parent.batch).state in _RUNNING
        self._refuse(runs, f"is of {name}, which is in the hands of batch {parent.batch}; its recipe splits it")
        return parent

    def _check_new(self, names: Iterable[str], site: Site) -> None:
        for name in names:
            state = site.find("container", name).state
            self._refuse(state != "absent", f"can't fill {name}: there is one, which is {state}; an id is used once")
            others = (cast("Split", one) for one in site.marked("split", of_container(name)))
            other = next((one.id for one in others if one.id != self.id and one.state is State.PLANNED), "")
            self._refuse(bool(other), f"can't fill {name}: split {other} plans it")

    def _check_done(self, said: Execution, site: Site) -> None:
        plan = self._planned
        if said.parent != plan.parent:
            raise IdentityError(f"split {self.id} is of another container than was scanned")
        self._check_parent(plan.parent, site)
        names = [one.container for one in said.filled]
        self._refuse(len(set(names)) < len(names), "fills a child twice")
        self._check_new(names, site)
        differs = list(differences(plan, said))
        self._refuse(bool(differs) and len(said.reason) < 3, f"differs from its plan: {'; '.join(differs)}; say why")
        self._check_labels(said, site)
        used = said.labels_printed - said.labels_destroyed
        counted = f"{said.labels_printed} labels printed, {said.labels_destroyed} destroyed, {len(names)} containers"
        self._refuse(used != len(names), f"does not account for its labels: {counted}")

    def _check_labels(self, said: Execution, site: Site) -> None:
        """Refuse product without a verified label, and a count that is not that of the labels on record."""
        known = self._labels(site, (one.container for one in said.filled))
        made = {one.container for one in self._planned.children if one.use is Use.PRODUCT}
        for one in said.filled:
            needed = bool(known) or one.container in made
            good = any(label.state in {"verified", "applied"} for label in known if label.container == one.container)
            self._refuse(needed and not good, f"can't fill {one.container}: no label of it is verified")
        counted = (said.labels_printed, said.labels_destroyed)
        kept = [label.state for label in known if label.state == "kept"]
        found = (sum(label.out for label in known) - len(kept), sum(label.state == "destroyed" for label in known))
        told = f"{counted[0]} labels printed and {counted[1]} destroyed, by the record {found[0]} and {found[1]}"
        self._refuse(bool(known) and counted != found, f"does not account for its labels: {told}")

    def _labels(self, site: Site, filled: Iterable[str]) -> tuple[Label, ...]:
        """Give the labels that were issued for its children."""
        names = dict.fromkeys((*self.children, *filled))
        return tuple(label for name in names for label in labels_of(site, name))

    def _check_end(self, fact: Fact, site: Site) -> None:
        did = fact.by in self.done_by
        self._refuse(did, f"was done by {fact.by}; someone else has to reconcile it")
        filled = (one.container for one in self.execution.filled) if self.execution else ()
        loose = [f"label {one.id} is {one.state}" for one in self._labels(site, filled) if one.unaccounted]
        self._refuse(bool(loose), f"can't be reconciled: {', '.join(loose)}")
        about = list(site.marked("deviation", of_subject(f"split/{self.id}")))
        left = [f"{one.id} is {one.state}" for one in about if one.state != "closed"]
        unexplained = not self.adds_up and not about
        self._refuse(bool(left) or unexplained, f"can't be reconciled: {', '.join(left) or self._balance}")

    @property
    def _balance(self) -> str:
        done = self.execution
        if done is None:
            return "not done yet"
        within_it = "" if self.adds_up else f"; at most {self._planned.tolerance_ml:g} mL is allowed"
        parts = f"{_out(done) - done.loss_ml:g} mL filled, {done.loss_ml:g} lost, {done.left_ml:g} left"
        return f"{done.before_ml:g} mL before, {parts}: {self.unaccounted_ml:.3g} mL not accounted for{within_it}"

    def told(self, site: Site) -> tuple[str, ...]:  # noqa: ARG002  every object is asked the same way
        """Say what each child was to get and got, and whether it adds up."""
        if self.plan is None:
            return ()
        got = {one.container: one.volume_ml for one in self.execution.filled} if self.execution else {}
        lines = [
            f"{one.container}: {one.volume_ml:g} mL for {one.what}"
            + (f", filled with {got.get(one.container, 0.0):g} mL" if self.execution else "")
            for one in self.plan.children
        ]
        if self.execution is None:
            return tuple(lines)
        differs = [f"differs: {one} ({self.execution.reason})" for one in differences(self.plan, self.execution)]
        return (*lines, *differs, self._balance)

    def apply(self, fact: Fact) -> Self:
        """Give the split as it stands after the fact."""
        after = replace(self, state=State(TABLE.row(self.state, fact.kind).dest), moved_at=fact.at)
        match fact.body:
            case Plan() as said:
                authors = tuple(dict.fromkeys((*self.authors, fact.by)))
                return replace(after, plan=said, authors=authors, due_at=moment(said.at, zone=fact.zone))
            case Execution() as said:
                return replace(after, execution=said, done_by=tuple(one.by for one in fact.signed))
            case Conclusion(conclusion=conclusion):
                return replace(after, conclusion=conclusion)
            case Reason(reason=reason):
                return replace(after, ended=reason)
        return after


def differences(plan: Plan, said: Execution) -> Iterator[str]:
    """Give where an execution differs from its plan by more than the tolerance, one sentence each."""
    got = {one.container: one.volume_ml for one in said.filled}
    for one in plan.children:
        if one.container not in got:
            yield f"{one.container} was not filled"
        elif abs(got[one.container] - one.volume_ml) > plan.tolerance_ml + _TINY:
            yield f"{one.container} has {got[one.container]:g} mL, planned {one.volume_ml:g} mL"
    yield from (f"{name} was not planned" for name in got if name not in {one.container for one in plan.children})
    if said.loss_ml > plan.loss_ml + plan.tolerance_ml + _TINY:
        yield f"{said.loss_ml:g} mL were lost, expected {plan.loss_ml:g} mL"


def _out(done: Execution) -> float:
    return sum(one.volume_ml for one in done.filled) + done.loss_ml


def _expect(site: Site, split: Split, child: str) -> Next:
    """Expect a child with the record of its parent."""
    parent = cast("_Container", site.find("container", split.parent))
    planned = {one.container: one for one in (split.plan.children if split.plan else ())}.get(child)
    body: dict[str, object] = {
        "identity": parent.identity,
        "din": parent.din,
        "product_code": parent.product_code,
        "kind": planned.sort if planned else "",
        "label": child,
        "parent": split.parent,
        "batch": parent.batch,
        "purpose": str(planned.use if planned else Use.ALIQUOT),
        "warming_s": float(parent.warming_s),
        "first_cold_at": None if parent.first_cold_at is None else float(parent.first_cold_at),
    }
    return Next(f"container/{child}", "expect", body)


def _done(thing: Thing, fact: Fact, site: Site) -> Iterable[Next]:
    """Write what was drawn into the records of parent and children, and look into what does not add up."""
    split, said = cast("Split", thing), fact.stated(Execution)
    parent = f"container/{split.parent}"
    for one in said.filled:
        child = f"container/{one.container}"
        yield _expect(site, split, one.container)
        yield Next(child, "receive", {})
        yield Next(parent, "draw", {"volume_ml": one.volume_ml, "to": one.container, "why": f"split {split.id}"})
        yield Next(child, "fill", {"volume_ml": one.volume_ml, "source": split.parent})
    if said.loss_ml:
        yield Next(parent, "draw", {"volume_ml": said.loss_ml, "to": "waste", "why": f"loss of split {split.id}"})
    if not split.adds_up:
        title = f"split of {split.parent} does not add up: {split.unaccounted_ml:.3g} mL are not accounted for"
        batch = cast("_Container", site.find("container", split.parent)).batch
        yield Next(
            f"deviation/{split.id}-D01", "open", {"subject": f"split/{split.id}", "title": title, "batch": batch}
        )


FOLLOWS = (
    Follow("split-done", "execute", "what was drawn is recorded of each container", "21 CFR 1271.290(c)", _done),
)

KIND = Kind("split", "product", TABLE, Split, FOLLOWS)
