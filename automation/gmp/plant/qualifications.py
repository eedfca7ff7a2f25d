"""Qualifications: a protocol approved before it is executed, executed step by step, reviewed and released by others.

The first result of a step stays, whatever comes after it. A step that fails opens a deviation; the asset is released
for use when each has been decided and closed, and is out of service meanwhile.
Units:  due dates are moments (s, UTC).
Source: EU GMP Annex 15, 2.4 to 2.10 (approval before use, deviations, formal release), 3.8 to 3.14 (IQ, OQ, PQ);
        21 CFR 211.68(a), 211.22 (the quality unit approves), 211.25(a) (training), 11.10(a), (g).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import zip_longest
from typing import Protocol as Port
from typing import Self, cast

from automation.gmp.bodies.assets import Stage, moment
from automation.gmp.bodies.protocols import Protocol
from automation.gmp.bodies.qualifications import (
    Approval,
    Beginning,
    Decision,
    Disposition,
    Entry,
    Equipped,
    Observation,
    Piece,
    Planned,
    Release,
    Repetition,
    Review,
)
from automation.gmp.due import DAY, Due, within
from automation.gmp.executed import Judged, Result, of_entry, of_observation
from automation.gmp.marks import OPEN, of_asset, of_subject
from automation.gmp.objects import Fact, Follow, Kind, Next, Site, Thing
from automation.gmp.qualifying import not_in_force, uncalibrated, unfit, untrained
from automation.gmp.words import Meaning, Reason, Right
from automation.kernel.errors import RefusedError
from automation.kernel.machine import Row, Table
from automation.kernel.quantity import Instant

_GIVEN = {"approve": 10 * DAY, "execute": 30 * DAY, "review": 5 * DAY, "release": 5 * DAY}  # s


class State(StrEnum):
    """Where an execution stands."""

    ABSENT = "absent"
    PLANNED = "planned"
    APPROVED = "approved"
    EXECUTING = "executing"
    EXECUTED = "executed"
    REVIEWED = "reviewed"
    RELEASED = "released"
    REJECTED = "rejected"
    CANCELLED = "cancelled"


_AUTHORS = frozenset({Right.MAINTAIN, Right.SUPERVISE, Right.REVIEW})
_HANDS = frozenset({Right.PERFORM, Right.MAINTAIN, Right.SUPERVISE})
_QUALITY = frozenset({Right.REVIEW, Right.APPROVE})

TABLE = Table(
    State.ABSENT,
    (
        Row("plan", State.ABSENT, State.PLANNED, by=_AUTHORS, signs=(Meaning.AUTHORED,), body=Planned),
        Row("approve", State.PLANNED, State.APPROVED, by={Right.APPROVE}, signs=(Meaning.APPROVED,), body=Approval),
        Row("begin", State.APPROVED, State.EXECUTING, by=_HANDS, signs=(Meaning.RESPONSIBLE,), body=Beginning),
        Row("enter", State.EXECUTING, State.EXECUTING, by=_HANDS, body=Entry, strength="verify"),
        Row("observe", State.EXECUTING, State.EXECUTING, by={Right.SYSTEM}, body=Observation),
        Row(
            "repeat",
            State.EXECUTING,
            State.EXECUTING,
            by=_QUALITY | {Right.SUPERVISE},
            signs=(Meaning.RESPONSIBLE,),
            body=Repetition,
        ),
        *(
            Row("dispose", state, state, by=_QUALITY, signs=(Meaning.REVIEWED,), body=Disposition)
            for state in (State.EXECUTING, State.EXECUTED)
        ),
        Row("finish", State.EXECUTING, State.EXECUTED, by=_HANDS, signs=(Meaning.PERFORMED,)),
        Row("review", State.EXECUTED, State.REVIEWED, by={Right.REVIEW}, signs=(Meaning.REVIEWED,), body=Review),
        *(
            Row("return", state, State.EXECUTING, by=_QUALITY, signs=(Meaning.RETURNED,), body=Reason)
            for state in (State.EXECUTED, State.REVIEWED)
        ),
        Row("release", State.REVIEWED, State.RELEASED, by={Right.APPROVE}, signs=(Meaning.APPROVED,), body=Release),
        Row("reject", State.REVIEWED, State.REJECTED, by={Right.APPROVE}, signs=(Meaning.APPROVED,), body=Reason),
        *(
            Row("cancel", state, State.CANCELLED, by={Right.APPROVE}, signs=(Meaning.RESPONSIBLE,), body=Reason)
            for state in (State.PLANNED, State.APPROVED, State.EXECUTING)
        ),
    ),
)


class _Asset(Port):
    """What a qualification asks of its asset."""

    @property
    def state(self) -> str: ...
    @property
    def asset_class(self) -> str: ...
    @property
    def claim(self) -> tuple[str, str] | None: ...


class _Fault(Port):
    """What it asks of the faults of its asset."""

    id: str
    state: str
    severity: str


@dataclass(frozen=True, slots=True)
class Qualification:
    """One execution of one protocol on one asset, folded from its events; a value, never edited in place."""

    id: str
    state: State = State.ABSENT
    asset: str = ""
    protocol: Protocol | None = None
    author: str = ""
    approver: str = ""
    executors: tuple[str, ...] = ()
    equipment: tuple[Equipped, ...] = ()
    results: tuple[Result, ...] = ()
    reopened: tuple[tuple[str, str, str], ...] = ()  # step, why, by whom: done again, every one that ever was
    waiting: tuple[str, ...] = ()  # steps that are to be done again
    dispositions: tuple[tuple[Disposition, str], ...] = ()  # each with who decided
    reviewer: str = ""
    conclusion: str = ""
    release: Release | None = None
    released_by: str = ""
    ended: str = ""  # why it was rejected or cancelled
    moved_at: Instant = Instant(0.0)
    begun_at: Instant = Instant(0.0)

    @property
    def planned(self) -> Protocol:
        """Give the protocol; raises RefusedError for one that was never planned."""
        if self.protocol is None:
            raise RefusedError(f"qualification {self.id} is not planned")
        return self.protocol

    def last(self, step: str) -> Result | None:
        """Give the last result of a step; None while it has none, or is to be done again."""
        found = [one for one in self.results if one.step == step]
        return found[-1] if found and step not in self.waiting else None

    def pending(self) -> Iterator[str]:
        """Give the steps that can be done now: the first one without a result in each case."""
        for case in self.planned.cases:
            first = next((name for name in case.names if self.last(name) is None), "")
            if first:
                yield first

    @property
    def failures(self) -> tuple[Result, ...]:
        """Give every result that was not as it should be, also of steps that were repeated."""
        return tuple(one for one in self.results if not one.met)

    def undecided(self) -> tuple[str, ...]:
        """Give the deviations of failures about which nobody has decided."""
        decided = {said.deviation for said, _ in self.dispositions}
        return tuple(one.deviation for one in self.failures if one.deviation not in decided)

    @property
    def found_by(self) -> tuple[str, ...]:
        """Give its marks: one that is not over is open; its asset."""
        over = {State.ABSENT, State.RELEASED, State.REJECTED, State.CANCELLED}
        asset = (of_asset(self.asset),) if self.asset else ()
        return (*asset, *(() if self.state in over else (OPEN,)))

    @property
    def dues(self) -> tuple[Due, ...]:
        """Give what has to be done next: approved, executed, reviewed and released, each in its time."""
        steps = {
            State.PLANNED: ("approve", Right.APPROVE),
            State.APPROVED: ("execute", Right.MAINTAIN),
            State.EXECUTING: ("execute", Right.MAINTAIN),
            State.EXECUTED: ("review", Right.REVIEW),
            State.REVIEWED: ("release", Right.APPROVE),
        }
        if self.state not in steps:
            return ()
        what, owner = steps[self.state]
        since = self.begun_at if self.state is State.EXECUTING else self.moved_at
        said = f"{what} qualification {self.id} of {self.asset}"
        return (within(said, owner=owner, since=since, given=_GIVEN[what], escalate=Right.APPROVE),)

    def told(self, site: Site) -> tuple[str, ...]:
        """Say how far it is, what failed, and what stands in the way of its release."""
        if self.protocol is None:
            return ()
        names = [name for name, _, _ in self.protocol.steps()]
        done = sum(self.last(name) is not None for name in names)
        lines = [f"protocol {self.protocol.id} version {self.protocol.version}, digest {self.protocol.digest}"]
        lines += [f"{done} of {len(names)} steps have a result; {len(self.failures)} results were not as expected"]
        if self.state is State.EXECUTING:
            lines += [f"next: {name}: {self._action(name)}" for name in self.pending()]
        if self.state in {State.EXECUTED, State.REVIEWED}:
            lines += [f"in the way: {why}" for why in self.obstacles(site)]
        return tuple(lines)

    def _action(self, name: str) -> str:
        step = self.planned.step(name)
        return "" if step is None else step.action

    def obstacles(self, site: Site) -> Iterator[str]:
        """Give what stands in the way of a release, one sentence each."""
        yield from (f"deviation {one} is not decided" for one in self.undecided())
        for said, _ in self.dispositions:
            if said.decision is Decision.NOT_ACCEPTED:
                yield f"deviation {said.deviation} was not accepted"
        for one in site.marked("deviation", of_subject(f"qualification/{self.id}")):
            if one.state != "closed":
                yield f"deviation {one.id} is {one.state}, not closed"
        for fault in (cast("_Fault", found) for found in site.marked("fault", of_asset(self.asset))):
            if fault.severity == "critical" and fault.state != "closed":
                yield f"critical fault {fault.id} of {self.asset} is {fault.state}, not closed"

    # what no table can say

    def check(self, fact: Fact, site: Site) -> None:
        """Refuse what is one's own, unfit equipment, the untrained, another protocol, and steps out of order."""
        match fact.body:
            case Planned() as said:
                self._check_plan(said, site)
            case Approval(digest=digest):
                self._refuse(fact.by == self.author, f"was planned by {fact.by}; someone else has to approve it")
                self._check_digest(digest)
                self._check_none(not_in_force(self.planned, site))
            case Beginning() as said:
                self._check_begin(fact, said, site)
            case Entry() as said:
                self._check_none(untrained(self.planned, fact.by, site))
                self._check_result(said, site)
                self._judged(said)
            case Observation() as said:
                self._check_none(untrained(self.planned, said.started_by, site))
                self._check_result(said, site)
                self._judged(said)
            case Repetition() as said:
                self._check_repetition(fact.by, said)
            case Disposition() as said:
                self._check_disposition(fact.by, said)
            case Release() as said:
                self._check_release(fact, said, site)
        match fact.kind:
            case "finish":
                self._check_none(untrained(self.planned, fact.by, site))
                self._check_finish()
            case "review" | "release" | "reject":
                own = f"was executed by {fact.by}; someone else has to {fact.kind} it"
                self._refuse(fact.by in self.executors, own)
        if fact.kind in {"release", "reject"}:
            self._refuse(fact.by == self.reviewer, f"was reviewed by {fact.by}; someone else has to {fact.kind} it")
            self._refuse(fact.by == self.author, f"was planned by {fact.by}; someone else has to {fact.kind} it")

    def _refuse(self, wrong: bool, why: str) -> None:  # noqa: FBT001  the question that was asked
        if wrong:
            raise RefusedError(f"qualification {self.id} {why}")

    def _check_none(self, why: str) -> None:
        self._refuse(bool(why), why)

    def _check_plan(self, said: Planned, site: Site) -> None:
        asset = cast("_Asset", site.find("asset", said.asset))
        self._refuse(asset.state in {"absent", "retired"}, f"is of {said.asset}, which is no asset in use here")
        wanted = said.protocol.asset_class
        other = f"is of {said.asset}, a {asset.asset_class}; protocol {said.protocol.id} is for a {wanted}"
        self._refuse(asset.asset_class != wanted, other)
        others = (cast("Self", one) for one in site.marked("qualification", of_asset(said.asset)))
        running = next((one.id for one in others if OPEN in one.found_by), "")
        self._refuse(bool(running), f"has to wait: {running} of {said.asset} is not over")

    def _check_digest(self, digest: str) -> None:
        ours = self.planned.digest
        other = f"goes by the protocol with digest {ours[:12]}; this is another one ({digest[:12]})"
        self._refuse(digest != ours, other)

    def _check_begin(self, fact: Fact, said: Beginning, site: Site) -> None:
        protocol = self.planned
        self._check_digest(said.digest)
        self._check_none(untrained(self.planned, fact.by, site))
        asset = cast("_Asset", site.find("asset", self.asset))
        claim = asset.claim
        self._refuse(claim is not None, f"has to wait: {self.asset} is claimed by batch {claim[0] if claim else ''}")
        self._check_stage(asset, site)
        wanted = {need.role: need.asset_class for need in protocol.equipment}
        given = {one.role: one for one in said.equipment}
        self._refuse(set(wanted) != set(given), f"needs test equipment: {_listed(wanted)}; given: {_listed(given)}")
        for role, asset_class in wanted.items():
            own = f"can't go by {given[role].asset}, which it judges"
            self._refuse(given[role].asset == self.asset, own)
            self._check_none(unfit(given[role], asset_class, site))

    def _check_stage(self, asset: _Asset, site: Site) -> None:
        """Refuse an OQ without its IQ, and a PQ without its OQ, for an asset that is qualified by nothing yet."""
        order = list(Stage)
        first = min(order.index(stage) for stage in self.planned.stages)
        if first == 0 or asset.state in {"qualified", "out of service"}:
            return
        others = (cast("Self", one) for one in site.marked("qualification", of_asset(self.asset)))
        shown = {stage for one in others if one.state is State.RELEASED for stage in one.planned.stages}
        before = order[first - 1]
        self._refuse(before not in shown, f"is an {order[first]} of {self.asset}, which has no released {before}")

    def _check_result(self, said: Entry | Observation, site: Site) -> None:
        """Refuse a step out of order, another's to do, one with a result, lapsed equipment, simulated evidence."""
        name, step = said.step, self.planned.step(said.step)
        if step is None:
            known = ", ".join(one for one, _, _ in self.planned.steps())
            raise RefusedError(f"qualification {self.id} has no step {name}; its steps: {known}")
        has = self.last(name)
        if has is not None:
            told = f"has a result of step {name} ({has.actual}, by {has.by}), which stays"
            raise RefusedError(f"qualification {self.id} {told}; who repeats it says why: repeat --step {name}")
        mine = isinstance(said, Observation) == step.by_program(simulated=site.simulated)
        does = f"the program ({step.check}): cellwright qualify" if isinstance(said, Entry) else "a person"
        self._refuse(not mine, f"has step {name} done by {does}")
        case = name.rpartition(".")[0]
        before = next((one for one in self.pending() if one.rpartition(".")[0] == case), name)
        self._refuse(before != name, f"has to go in order: step {before} comes before {name}")
        self._refuse(said.simulated and not site.simulated, f"takes no evidence of a simulated site in step {name}")
        for sha in (one if isinstance(one, str) else one.sha256 for one in said.evidence):
            lost = f"shows step {name} by a file with SHA-256 {sha[:12]}, which is not kept here"
            self._refuse(not site.keeps(sha), lost)
        for one in self.equipment:
            self._check_none(uncalibrated(one.asset, site))

    def _judged(self, said: Entry | Observation) -> Judged:
        step = self.planned.step(said.step)
        if step is None:
            raise RefusedError(f"qualification {self.id} has no step {said.step}")
        if isinstance(said, Entry):
            return of_entry(step, said, self.results)
        return of_observation(step, said, self.results)

    def _check_repetition(self, by: str, said: Repetition) -> None:
        has = self.last(said.step)
        if has is None:
            raise RefusedError(f"qualification {self.id} has no result of step {said.step} that could be repeated")
        own = by in {has.by, has.started_by}
        self._refuse(own, f"has a result of step {said.step} by {by}; someone else has to let it be repeated")

    def _check_disposition(self, by: str, said: Disposition) -> None:
        failed = next((one for one in self.failures if one.deviation == said.deviation), None)
        if failed is None:
            known = ", ".join(one.deviation for one in self.failures) or "none"
            raise RefusedError(f"qualification {self.id} has no deviation {said.deviation}; it has: {known}")
        self._refuse(by in self.executors, f"was executed by {by}; someone else decides about {said.deviation}")
        accepted = said.decision is Decision.ACCEPTED
        bare = f"accepts {said.deviation} without a restriction; state it"
        self._refuse(accepted and not said.restriction.strip(), bare)
        last = self.last(failed.step)
        not_yet = f"can't take {said.deviation} as repeated: step {failed.step} has no later result that is as expected"
        self._refuse(said.decision is Decision.REPEATED and not (last is not None and last.met), not_yet)

    def _check_finish(self) -> None:
        left = [name for name, _, _ in self.planned.steps() if self.last(name) is None]
        self._refuse(bool(left), f"is not finished: {len(left)} steps have no result, the first is {(*left, '')[0]}")
        undecided = self.undecided()
        self._refuse(bool(undecided), f"is not finished: nobody has decided about {', '.join(undecided)}")

    def _check_release(self, fact: Fact, said: Release, site: Site) -> None:
        first = next(self.obstacles(site), "")
        self._refuse(bool(first), f"can't be released: {first}")
        due, longest = moment(said.due, zone=fact.zone), self.planned.requalify_d
        self._refuse(due <= fact.at, f"is to be requalified at {said.due}, which is over")
        late = f"is to be requalified at {said.due}; its protocol allows {longest} d"
        self._refuse(due > fact.at + (longest + 1) * DAY, late)
        owed = [one.restriction for one, _ in self.dispositions if one.decision is Decision.ACCEPTED]
        missing = [one for one in owed if one not in said.restrictions]
        self._refuse(bool(missing), f"has to state the restriction with which it was accepted: {(*missing, '')[0]}")

    # the fold

    def apply(self, fact: Fact) -> "Qualification":
        """Give the execution as it stands after the fact."""
        after = replace(self, state=State(TABLE.row(self.state, fact.kind).dest), moved_at=fact.at)
        match fact.body:
            case Planned() as said:
                return replace(after, asset=said.asset, protocol=said.protocol, author=fact.by)
            case Beginning() as said:
                return _with(replace(after, equipment=said.equipment, begun_at=fact.at), fact.by)
            case Entry() as said:
                names = zip_longest(said.evidence, said.names[: len(said.evidence)], fillvalue="file")
                found = self._found(said, fact, tuple(Piece(name=name, sha256=sha) for sha, name in names))
                return _with(replace(after, results=(*self.results, found), waiting=self._without(said.step)), fact.by)
            case Observation() as said:
                found = replace(self._found(said, fact, said.evidence), cites=said.cites, started_by=said.started_by)
                left = self._without(said.step)
                return _with(replace(after, results=(*self.results, found), waiting=left), said.started_by)
            case Repetition() as said:
                again = (said.step, said.reason, fact.by)
                return replace(after, reopened=(*self.reopened, again), waiting=(*self.waiting, said.step))
            case Disposition() as said:
                kept = tuple(one for one in self.dispositions if one[0].deviation != said.deviation)
                return replace(after, dispositions=(*kept, (said, fact.by)))
            case Review() as said:
                return replace(after, reviewer=fact.by, conclusion=said.conclusion)
            case Release() as said:
                return replace(after, release=said, released_by=fact.by)
            case Reason(reason=reason):
                ended = reason if fact.kind in {"reject", "cancel"} else ""
                return replace(after, ended=ended, reviewer="" if fact.kind == "return" else self.reviewer)
        if fact.kind == "approve":
            return replace(after, approver=fact.by)
        return _with(after, fact.by)

    def _found(self, said: Entry | Observation, fact: Fact, evidence: tuple[Piece, ...]) -> Result:
        judged = self._judged(said)
        return Result(
            step=said.step,
            actual=said.actual,
            met=judged.met,
            judged=judged.sentence,
            by=fact.by,
            at=fact.at,
            seq=fact.seq,
            deviation="" if judged.met else f"{self.id}-D{len(self.failures) + 1:02d}",
            evidence=evidence,
        )

    def _without(self, step: str) -> tuple[str, ...]:
        return tuple(one for one in self.waiting if one != step)


def _with(one: Qualification, person: str) -> Qualification:
    return replace(one, executors=tuple(dict.fromkeys((*one.executors, person))))


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)) or "none"


def _failed(thing: Thing, _fact: Fact, _site: Site) -> Iterable[Next]:
    one = cast("Qualification", thing)
    last = one.results[-1]
    if not last.met:
        title = f"step {last.step} of {one.planned.id} on {one.asset}: {last.actual}"
        body = {"subject": f"qualification/{one.id}", "title": title, "rule": last.judged}
        yield Next(f"deviation/{last.deviation}", "open", body)


def _taken_out(thing: Thing, _fact: Fact, site: Site) -> Iterable[Next]:
    one = cast("Qualification", thing)
    if site.find("asset", one.asset).state == "qualified":
        yield Next(f"asset/{one.asset}", "take_out", {"reason": f"in qualification {one.id}"})


def _released(thing: Thing, _fact: Fact, _site: Site) -> Iterable[Next]:
    one = cast("Qualification", thing)
    if one.release is not None:
        stage = max(one.planned.stages, key=list(Stage).index)
        body = {"certificate": one.id, "due": one.release.due, "stage": str(stage), "record": one.id}
        yield Next(f"asset/{one.asset}", "release", {**body, "restrictions": list(one.release.restrictions)})


_DEVIATES = "EU GMP Annex 15, 2.8"

FOLLOWS = (
    Follow("qualification-failed", "enter", "a step that fails opens a deviation", _DEVIATES, _failed),
    Follow("qualification-found", "observe", "a step that fails opens a deviation", _DEVIATES, _failed),
    Follow("qualification-begun", "begin", "the asset is out of service meanwhile", "EU GMP Annex 15, 4.1", _taken_out),
    Follow("qualification-released", "release", "the asset is qualified until it is due", "EU GMP Annex 15", _released),
)

KIND = Kind("qualification", "plant", TABLE, Qualification, FOLLOWS)
