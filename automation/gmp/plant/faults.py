"""Faults: what a device or room did wrong, routed by how bad it is, repaired by one and put back to use by another.

A critical fault takes the asset out of service at once. Whoever is late is overtaken: the due passes to the supervisor
and then to quality. A bundle of the timeline and the device's state may be kept with it, named by its hash.
Units:  moments in s (UTC); times to act in h.
Source: 21 CFR 211.67(a), 211.68(a), 211.182; EU GMP chapter 3, 3.38 to 3.44; Annex 11, 13 (incident management).
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Self, cast

from automation.gmp.due import DAY, HOUR, Due, within
from automation.gmp.evidence import is_file, unknown
from automation.gmp.marks import OPEN, of_asset
from automation.gmp.objects import Fact, Follow, Kind, Next, Site, Thing
from automation.gmp.words import Body, Meaning, Reason, Right, field
from automation.kernel.errors import RefusedError
from automation.kernel.machine import Row, Table
from automation.kernel.quantity import Instant, Seconds


class State(StrEnum):
    """Where a fault stands."""

    ABSENT = "absent"
    REPORTED = "reported"
    TAKEN = "taken up"
    REPAIRED = "repaired"
    CLOSED = "closed"


class Severity(StrEnum):
    """How bad it is."""

    MINOR = "minor"  # work goes on
    MAJOR = "major"  # work goes on another way
    CRITICAL = "critical"  # product or people are at risk, or the device can't be used


_RISING = tuple(Severity)
_GIVEN: dict[Severity, tuple[Seconds, Seconds]] = {  # s, until somebody has it and until it is repaired
    Severity.MINOR: (Seconds(3 * float(DAY)), Seconds(30 * float(DAY))),
    Severity.MAJOR: (Seconds(8 * float(HOUR)), Seconds(5 * float(DAY))),
    Severity.CRITICAL: (HOUR, DAY),
}
_CLOSE_IN = 2 * DAY  # s


class Report(Body):
    """What was seen."""

    asset: str = field(label="Asset", length=1)
    severity: Severity = field(label="Severity", help="minor, major or critical")
    what: str = field(label="What happened", length=3)
    code: str = field(label="Error code", help="As the device shows it", default="")
    batch: str = field(label="Batch", default="")
    bundle: str = field(label="Bundle", help="SHA-256 of the file with its timeline and state", default="")


class Escalation(Body):
    """Why it is worse than was thought."""

    severity: Severity = field(label="Severity", help="major or critical")
    reason: str = field(label="Reason", length=3)


class Diagnosis(Body):
    """What made it happen, and what shows that."""

    cause: str = field(label="Cause", length=3)
    evidence: str = field(label="Evidence", help="Streams, files or hashes", length=3)


class Repair(Body):
    """What was done."""

    what: str = field(label="What was done", length=3)
    parts: tuple[str, ...] = field(label="Parts", default=())
    requalify: bool = field(label="Calibration or qualification has to be done again", default=False)


class Proof(Body):
    """What shows that it works again."""

    test: str = field(label="What was tried, and came out", length=3)


_ANYBODY = frozenset({Right.PERFORM, Right.VERIFY, Right.SUPERVISE, Right.MAINTAIN, Right.REVIEW, Right.SYSTEM})

TABLE = Table(
    State.ABSENT,
    (
        Row("report", State.ABSENT, State.REPORTED, by=_ANYBODY, body=Report),
        *(Row("escalate", state, state, by=_ANYBODY, body=Escalation) for state in (State.REPORTED, State.TAKEN)),
        Row("take", State.REPORTED, State.TAKEN, by={Right.MAINTAIN}),
        Row("diagnose", State.TAKEN, State.TAKEN, by={Right.MAINTAIN}, body=Diagnosis),
        Row("repair", State.TAKEN, State.REPAIRED, by={Right.MAINTAIN}, signs=(Meaning.PERFORMED,), body=Repair),
        Row("return", State.REPAIRED, State.TAKEN, by={Right.SUPERVISE, Right.APPROVE}, body=Reason),
        Row(
            "close",
            State.REPAIRED,
            State.CLOSED,
            by={Right.SUPERVISE, Right.APPROVE},
            signs=(Meaning.RESPONSIBLE,),
            body=Proof,
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault of one asset, folded from its events; a value, never edited in place."""

    id: str
    state: State = State.ABSENT
    report: Report | None = None
    severity: Severity = Severity.MINOR
    reported_at: Instant = Instant(0.0)
    moved_at: Instant = Instant(0.0)
    taken_by: str = ""
    diagnoses: tuple[Diagnosis, ...] = ()
    repairs: tuple[Repair, ...] = ()
    repaired_by: frozenset[str] = frozenset()

    @property
    def asset(self) -> str:
        """Give the asset; empty before it is reported."""
        return self.report.asset if self.report else ""

    @property
    def found_by(self) -> tuple[str, ...]:
        """Give its marks: one that is not closed is open; its asset."""
        asset = (of_asset(self.asset),) if self.report else ()
        return asset if self.state in {State.ABSENT, State.CLOSED} else (*asset, OPEN)

    @property
    def dues(self) -> tuple[Due, ...]:
        """Give what has to be done next, sooner the worse it is; who is late is overtaken."""
        take, repair = _GIVEN[self.severity]
        what = f"{self.severity} fault {self.id} of {self.asset}"
        since = self.reported_at
        match self.state:
            case State.REPORTED:
                late = Right.SUPERVISE
                return (within(f"take up {what}", owner=Right.MAINTAIN, since=since, given=take, escalate=late),)
            case State.TAKEN:
                late = Right.APPROVE if self.severity is Severity.CRITICAL else Right.SUPERVISE
                return (within(f"repair {what}", owner=self.taken_by, since=since, given=repair, escalate=late),)
            case State.REPAIRED:
                late, since = Right.APPROVE, self.moved_at
                return (within(f"close {what}", owner=Right.SUPERVISE, since=since, given=_CLOSE_IN, escalate=late),)
        return ()

    def check(self, fact: Fact, site: Site) -> None:
        """Refuse a fault of nothing, one that gets better by itself, a repair without cause, and its maker as judge."""
        match fact.body:
            case Report() as said:
                self._refuse(site.find("asset", said.asset).state == "absent", f"is of {said.asset}, no asset here")
                lost = bool(said.batch) and site.find("batch", said.batch).state == "absent"
                self._refuse(lost, f"names {unknown(f'batch/{said.batch}', site)}")
                odd = bool(said.bundle) and not is_file(said.bundle)
                self._refuse(odd, f"names the file {said.bundle!r}; its SHA-256 is needed, 64 hex digits")
            case Escalation(severity=severity):
                worse = _RISING.index(severity) > _RISING.index(self.severity)
                self._refuse(not worse, f"is {self.severity} already; {severity} is no worse")
            case Repair() if self.severity is not Severity.MINOR:
                self._refuse(not self.diagnoses, f"is {self.severity}; state its cause before its repair")
        if fact.kind == "close":
            self._refuse(fact.by in self.repaired_by, f"was repaired by {fact.by}; someone else puts it back to use")
            self._check_fit(site)

    def _check_fit(self, site: Site) -> None:
        """Refuse to close a fault after which calibration was to be done again, until it is."""
        good: Instant | None = getattr(site.find("asset", self.asset), "good_at", None)
        again = self.repairs[-1].requalify if self.repairs else False
        late = again and (good is None or good <= self.moved_at)
        self._refuse(late, f"wants {self.asset} calibrated again after its repair; that was not done yet")

    def _refuse(self, wrong: bool, why: str) -> None:  # noqa: FBT001  the question that was asked
        if wrong:
            raise RefusedError(f"fault {self.id} {why}")

    def apply(self, fact: Fact) -> Self:
        """Give the fault as it stands after the fact."""
        after = replace(self, state=State(TABLE.row(self.state, fact.kind).dest), moved_at=fact.at)
        match fact.body:
            case Report() as said:
                return replace(after, report=said, severity=said.severity, reported_at=fact.at)
            case Escalation(severity=severity):
                return replace(after, severity=severity)
            case Diagnosis() as said:
                return replace(after, diagnoses=(*self.diagnoses, said))
            case Repair() as said:
                return replace(after, repairs=(*self.repairs, said), repaired_by=self.repaired_by | {fact.by})
        return replace(after, taken_by=fact.by) if fact.kind == "take" else after


def _routed(thing: Thing, fact: Fact, _site: Site) -> Iterable[Next]:
    """Take the asset out of service, and call people, when it is critical; look into what product it met."""
    fault = cast("Fault", thing)
    if fault.report is None or fault.severity is Severity.MINOR:
        return
    said, title = fault.report, f"{fault.severity} fault {fault.id}: {fault.report.what}"
    if fault.severity is Severity.CRITICAL:
        yield Next(f"asset/{fault.asset}", "take_out", {"reason": title})
        body = {"source": fault.asset, "asset": fault.asset, "message": title, "priority": "high", "batch": said.batch}
        yield Next(f"alarm/{fault.id}-fault", "raise", {**body, "product": bool(said.batch)})
    if said.batch:
        body = {"subject": f"asset/{fault.asset}", "title": title, "rule": "fault", "batch": said.batch}
        yield Next(f"deviation/{fault.id}-D{fact.version:02d}", "open", body)


def _over(thing: Thing, _fact: Fact, _site: Site) -> Iterable[Next]:
    """End the alarm of a critical fault."""
    if cast("Fault", thing).severity is Severity.CRITICAL:
        yield Next(f"alarm/{thing.id}-fault", "clear", {"finding": "repaired"})


FOLLOWS = (
    Follow("fault-reported", "report", "it is routed by how bad it is", "21 CFR 211.68(a), 211.192", _routed),
    Follow("fault-escalated", "escalate", "so it is when it is worse than was thought", "21 CFR 211.192", _routed),
    Follow("fault-repaired", "repair", "its alarm ends", "EU GMP chapter 3", _over),
)

KIND = Kind("fault", "plant", TABLE, Fault, FOLLOWS)
